"""Names that every file system takes, made of any text; paths that may not be followed, and why.

Limits: a part of a path holds at most 255 bytes on ext4, XFS, Btrfs, ZFS and APFS and 255 UTF-16 units on NTFS and SMB;
Windows forbids ``<>:"/\\|?*``, control characters, dots and spaces at the end, and device names (``CON``, ``COM1`` …)
with any extension ("Naming Files, Paths, and Namespaces", Microsoft Learn).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = [
    "LONGEST_PART",
    "NAMELESS",
    "collision_key",
    "companion_suffix",
    "safe_part",
    "shortened",
    "unsafe_reason",
    "writable",
]

LONGEST_PART: Final = 255
"""Bytes of UTF-8 that one part of a path may have."""
NAMELESS: Final = "Untitled"
"""What stands in place of a title of which nothing can be written."""
_REPLACED: Final = {"*": "", "?": "", '"': "'", "<": "", ">": ""}
_COLON: Final = re.compile(r"(?P<last>:+\s*$)|(?P<apart>[/\\|]*:+(?=\s))|[/\\|:]+")
"""What parts two words: a colon before a space is a dash of its own, anything within a word one within it."""
_DEVICE: Final = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=[ ]*(?:\.|$))")
_DRIVE: Final = re.compile("[A-Za-z]:")
# Control characters (category Cc is these and no others) and halves of pairs. Every name of every listing is searched.
_UNWANTED: Final = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_SPACES: Final = re.compile(r"\s+")
_COLON_GAP: Final = re.compile(r" +-(?= )")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_COMPANION: Final = re.compile(r"(?:[.\-_ ][^/\\]*)?\.[^./\\]+", re.DOTALL)


def safe_part(text: str, *, room: int = 40) -> str:
    """One part of a path that Linux, macOS, Windows and SMB accept, made of any text.

    Composed (NFC), without separators, control and formatting characters; no dot or space at either end, no device
    name; at most ``255 - room`` bytes of UTF-8, so that a companion's ``.en.forced.srt`` still fits; never empty.
    Extensions are no concern here: see `NamingPreset.episode_file`. Applying it twice changes nothing.

    >>> safe_part("Fate/stay: night?")
    'Fate-stay - night'
    >>> safe_part("..."), safe_part("CON"), safe_part("AC/DC")
    ('Untitled', 'CON_', 'AC-DC')
    >>> len(safe_part("x" * 300))
    215
    """
    limit = max(16, LONGEST_PART - max(0, room))
    previous = text
    # A step may bring about what an earlier one removes (a cut leaves a space), so they are repeated until nothing
    # changes; after the first time the text only shortens, but for the one mark behind a device name.
    while (current := _cleaned(previous, limit)) != previous:
        previous = current
    return previous


def _cleaned(text: str, limit: int) -> str:
    trimmed = writable(text).strip(" .")
    device = _DEVICE.match(trimmed)
    if device is not None:
        trimmed = f"{trimmed[: device.end()]}_{trimmed[device.end() :]}"
    return shortened(trimmed, limit).rstrip(" .") or NAMELESS


def writable(text: str) -> str:
    """Text of which every character may stand within a name: composed, visible, without separators of paths.

    >>> writable("AC/DC: Live\\n\\u202e?"), writable("Re:Zero"), writable("...")
    ('AC-DC - Live ', 'Re-Zero', '...')
    """
    composed = unicodedata.normalize("NFC", text)
    visible = (" " if character in "\t\n\r\v\f" else character for character in composed)
    kept = "".join(
        _REPLACED.get(character, character)
        for character in visible
        if unicodedata.category(character) not in _INVISIBLE
    )
    dashed = _COLON.sub(lambda found: "" if found["last"] else " -" if found["apart"] else "-", kept)
    return _COLON_GAP.sub(" -", _SPACES.sub(" ", unicodedata.normalize("NFC", dashed)))


def shortened(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, cut between characters and never between a letter and its accents.

    >>> shortened("Bücher", 3), shortened("Bücher", 2)
    ('Bü', 'B')
    """
    if len(text.encode()) <= limit:
        return text
    short = text.encode()[:limit].decode(errors="ignore")
    while short and unicodedata.combining(text[len(short)]):
        short = short[:-1]
    return short


def unsafe_reason(path: str) -> str | None:
    """Why a relative path that a remote gave must not be followed, or None when it may be.

    >>> unsafe_reason("Show/Show.S01E01.mkv") is None
    True
    >>> unsafe_reason("../secret")
    "it climbs out of its folder ('..')"
    >>> unsafe_reason("/etc/passwd")
    'it is absolute'
    """
    if not path:
        return "it is empty"
    if path.startswith(("/", "\\")):
        return "it is absolute"
    if _DRIVE.match(path):
        return "it names a drive"
    unwanted = _UNWANTED.search(path)
    if unwanted is not None:
        if unwanted[0] == "\0":
            return "it holds a NUL character"
        if unwanted[0] >= "\ud800":
            return "it is not valid UTF-8"
        return f"it holds a control character (U+{ord(unwanted[0]):04X})"
    for part in path.replace("\\", "/").split("/"):
        if part == "..":
            return "it climbs out of its folder ('..')"
        if part in {"", "."}:
            return "it has an empty part"
        if len(part.encode()) > LONGEST_PART:
            return f"a part is longer than {LONGEST_PART} bytes"
    return None


def collision_key(path: str) -> str:
    """The same for all paths that a file system without case or form would take for one.

    >>> collision_key("Caf\\u00e9") == collision_key("CAFE\\u0301")
    True
    """
    # Case folding may decompose, and composing may make what folds again: the order of Unicode's own
    # compatibility match (chapter 3.13, D145), closed by composing.
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", folded.casefold()))


def companion_suffix(video_stem: str, companion_name: str) -> str | None:
    """What a companion's name adds to its video's stem, or None when it belongs to another.

    >>> companion_suffix("Show.S01E01", "Show.S01E01.en.forced.srt")
    '.en.forced.srt'
    >>> companion_suffix("Show.S01E01", "Show.S01E010.srt") is None
    True
    """
    if not video_stem or collision_key(companion_name[: len(video_stem)]) != collision_key(video_stem):
        return None
    suffix = companion_name[len(video_stem) :]
    return suffix if _COMPANION.fullmatch(suffix) else None
