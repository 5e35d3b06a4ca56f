"""Writes names: valid on every file system, laid out as Plex and Jellyfin document.

Limits: a part of a path holds at most 255 bytes on ext4, XFS, Btrfs, ZFS and APFS and 255 UTF-16 units on NTFS and SMB;
Windows forbids ``<>:"/\\|?*``, control characters, dots and spaces at the end, and device names (``CON``, ``COM1`` …)
with any extension ("Naming Files, Paths, and Namespaces", Microsoft Learn). Layouts: "Naming and organizing your TV
show files" (support.plex.tv) and "Shows" (jellyfin.org/docs).
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import attrs

from medialib.model import ExternalIds
from medialib.naming.grammar import CONTAINERS

__all__ = [
    "JELLYFIN",
    "ORIGINAL",
    "PLEX",
    "NamingPreset",
    "collision_key",
    "companion_suffix",
    "safe_part",
    "unsafe_reason",
]

_LONGEST_PART: Final = 255
_REPLACED: Final = {
    "/": "-", "\\": "-", "|": "-", ":": " -", "*": "", "?": "", '"': "'", "<": "", ">": "",
}  # fmt: skip
_DEVICE: Final = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=[ ]*(?:\.|$))")
_SPACES: Final = re.compile(r"\s+")
_COLON_GAP: Final = re.compile(r" +-(?= )")
_EXTENSION: Final = re.compile(r"\.([A-Za-z0-9]{1,8})$")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAMELESS: Final = "Untitled"
_COMPANION: Final = re.compile(r"(?:[.\-_ ][^/\\]*)?\.[^./\\]+", re.DOTALL)


def safe_part(text: str, *, room: int = 40) -> str:
    """One part of a path that Linux, macOS, Windows and SMB accept, made of any text.

    Composed (NFC), without separators, control and formatting characters; no dot or space at either end, no device
    name; at most ``255 - room`` bytes of UTF-8, so that a companion's ``.en.forced.srt`` still fits; never empty.
    A known extension is no concern here: see `NamingPreset.episode_file`. Applying it twice changes nothing.

    >>> safe_part("Fate/stay: night?")
    'Fate-stay - night'
    >>> safe_part("..."), safe_part("CON"), safe_part("AC/DC")
    ('Untitled', 'CON_', 'AC-DC')
    >>> len(safe_part("x" * 300))
    215
    """
    limit = max(16, _LONGEST_PART - max(0, room))
    previous = text
    # A step may bring about what an earlier one removes (a cut leaves a space), so they are repeated until nothing
    # changes; after the first time the text only shortens, but for the one mark behind a device name.
    while (current := _cleaned(previous, limit)) != previous:
        previous = current
    return previous


def _cleaned(text: str, limit: int) -> str:
    composed = unicodedata.normalize("NFC", text)
    visible = (" " if character in "\t\n\r\v\f" else character for character in composed)
    kept = "".join(
        _REPLACED.get(character, character)
        for character in visible
        if unicodedata.category(character) not in _INVISIBLE
    )
    spaced = _COLON_GAP.sub(" -", _SPACES.sub(" ", unicodedata.normalize("NFC", kept)))
    trimmed = spaced.strip(" .")
    device = _DEVICE.match(trimmed)
    if device is not None:
        trimmed = f"{trimmed[: device.end()]}_{trimmed[device.end() :]}"
    return _cut(trimmed, limit).rstrip(" .") or _NAMELESS


def _cut(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, between characters and never between a letter and its accents."""
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
    if re.match(r"[A-Za-z]:", path):
        return "it names a drive"
    for character in path:
        if character == "\0":
            return "it holds a NUL character"
        if "\ud800" <= character <= "\udfff":
            return "it is not valid UTF-8"
        if unicodedata.category(character) == "Cc":
            return f"it holds a control character (U+{ord(character):04X})"
    for part in re.split(r"[/\\]", path):
        if part == "..":
            return "it climbs out of its folder ('..')"
        if part in {"", "."}:
            return "it has an empty part"
        if len(part.encode()) > _LONGEST_PART:
            return f"a part is longer than {_LONGEST_PART} bytes"
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


def _split_extension(file_name: str) -> tuple[str, str]:
    match = _EXTENSION.search(file_name)
    if match is None or match[1].casefold() not in CONTAINERS:
        return file_name, ""
    return file_name[: match.start()], match[0]


def _number(value: float, width: int) -> str:
    whole = int(value)
    return f"{whole:0{width}d}" + (
        f".{value:g}".partition(".")[2].partition(".")[2].join((".", "")) if value != whole else ""
    )


@attrs.frozen
class NamingPreset:
    """A layout: how folders and files of shows and films are called.

    >>> PLEX.episode_file("Show Name", extension="mkv", season=1, episodes=(2, 3), episode_title="Pilot")
    'Show Name - S01E02-E03 - Pilot.mkv'
    """

    name: str
    """What a configuration calls it."""
    specials: str
    """Folder of season 0."""
    id_form: str
    """How an identifier is appended to a folder: ``{source}`` and ``{id}``; empty for not at all."""
    keeps_episode_names: bool = False
    """Episodes keep the name they were released under, made safe; films are named by title and year all the same."""

    def show_folder(self, title: str, year: int | None = None, ids: ExternalIds | None = None) -> str:
        """Folder of a show: ``Title (Year)``, with an identifier where the preset's server reads one.

        >>> JELLYFIN.show_folder("Show: Name", 2019, ExternalIds(tvdb=7))
        'Show - Name (2019) [tvdbid-7]'
        """
        return self._folder(title, year, ids, ("tvdb", "tmdb", "imdb"))

    def season_folder(self, number: int) -> str:
        """Folder of a season; season 0 as the server wants it.

        >>> PLEX.season_folder(0), JELLYFIN.season_folder(0), PLEX.season_folder(12)
        ('Specials', 'Season 00', 'Season 12')
        """
        return self.specials if number == 0 else f"Season {number:02d}"

    def episode_file(
        self,
        title: str,
        *,
        extension: str,
        season: int | None = None,
        episodes: Sequence[float] = (),
        absolute_episodes: Sequence[float] = (),
        date: datetime.date | None = None,
        episode_title: str | None = None,
        original: str | None = None,
        room: int = 40,
    ) -> str:
        """File name of an episode: by season and episode, else by date, else by absolute number.

        `extension` is given without its dot; `original` is the release's file name, which a preset that keeps names
        uses. `room` bytes stay free for companions; the extension is never cut.

        >>> import datetime
        >>> PLEX.episode_file("Title", extension="mkv", date=datetime.date(2024, 5, 17))
        'Title - 2024-05-17.mkv'
        >>> PLEX.episode_file("Title", extension="mkv", absolute_episodes=(1071,))
        'Title - 1071.mkv'
        >>> ORIGINAL.episode_file("Title", extension="mkv", season=1, episodes=(2,), original="Show.S01E02.mkv")
        'Show.S01E02.mkv'
        """
        if self.keeps_episode_names and original:
            return _file(_split_extension(original)[0], extension, room=room)
        if season is not None and episodes:
            number = f"S{season:02d}E" + _run(episodes, 2, "-E")
        elif date is not None:
            number = date.isoformat()
        elif absolute_episodes or episodes:
            number = _run(absolute_episodes or episodes, 2, "-")
        else:
            number = ""
        # The number is what finds the file again, so the titles give way to it.
        reserved = len(number.encode()) + 3
        shown = safe_part(title, room=room + _extension_bytes(extension) + reserved)
        stem = f"{shown} - {number}" if number else shown
        if episode_title:
            stem = f"{stem} - {safe_part(episode_title, room=0)}"
        return _file(stem, extension, room=room)

    def movie_folder(self, title: str, year: int | None = None, ids: ExternalIds | None = None) -> str:
        """Folder of a film: ``Title (Year)``, with an identifier where the preset's server reads one.

        >>> PLEX.movie_folder("The Matrix", 1999, ExternalIds(tmdb=603))
        'The Matrix (1999) {tmdb-603}'
        """
        return self._folder(title, year, ids, ("tmdb", "imdb"))

    def movie_file(
        self,
        title: str,
        year: int | None = None,
        *,
        extension: str,
        part: int | None = None,
        room: int = 40,
    ) -> str:
        """File name of a film: ``Title (Year).ext``; of a film in several files ``Title (Year) - part1.ext``.

        >>> PLEX.movie_file("The Matrix", 1999, extension="mkv")
        'The Matrix (1999).mkv'
        >>> PLEX.movie_file("The Long Film", 1999, extension="mkv", part=2)
        'The Long Film (1999) - part2.mkv'
        """
        tail = f" ({year})" if year is not None else ""
        if part is not None:
            tail += f" - part{part}"
        shown = safe_part(title, room=room + _extension_bytes(extension) + len(tail))
        return _file(shown + tail, extension, room=room)

    def _folder(self, title: str, year: int | None, ids: ExternalIds | None, sources: Sequence[str]) -> str:
        tail = f" ({year})" if year is not None else ""
        if self.id_form and ids is not None:
            known = next(
                ((source, getattr(ids, source)) for source in sources if getattr(ids, source) is not None), None
            )
            if known is not None:
                tail += " " + self.id_form.format(source=known[0], id=known[1])
        return safe_part(title, room=40 + len(tail.encode())) + tail


def _run(numbers: Sequence[float], width: int, joint: str) -> str:
    """First and last of consecutive numbers, or all of scattered ones: ``02-E03``, ``05-E09``."""
    ordered = sorted(set(numbers))
    consecutive = len(ordered) > 1 and all(after - before == 1 for before, after in pairwise(ordered))
    shown = (ordered[0], ordered[-1]) if consecutive else ordered
    return (joint if consecutive else joint.strip("-") or "+").join(_number(number, width) for number in shown)


def _extension_bytes(extension: str) -> int:
    return len(_clean_extension(extension).encode()) + 1


def _clean_extension(extension: str) -> str:
    return "".join(character for character in extension if character.isascii() and character.isalnum())[:16]


def _file(stem: str, extension: str, *, room: int) -> str:
    clean = _clean_extension(extension)
    safe = safe_part(stem, room=room + len(clean) + 1)
    return f"{safe}.{clean}" if clean else safe


PLEX: Final = NamingPreset(name="plex", specials="Specials", id_form="{{{source}-{id}}}")
"""As Plex documents: specials in ``Specials``, identifiers as ``{tvdb-1}``."""

JELLYFIN: Final = NamingPreset(name="jellyfin", specials="Season 00", id_form="[{source}id-{id}]")
"""As Jellyfin documents: specials in ``Season 00``, identifiers as ``[tvdbid-1]``."""

ORIGINAL: Final = NamingPreset(name="original", specials="Season 00", id_form="", keeps_episode_names=True)
"""Folders of title and season, episodes under the name they were released by, films by title and year."""
