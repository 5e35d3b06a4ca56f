"""Names that say that a file is not finished, or that one is: its own, its folders', and those of markers beside it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

__all__ = [
    "TEMPORARY_NAMES",
    "UNFINISHED_MARKERS",
    "folded",
    "marked",
    "marker_fault",
    "temporary_fault",
    "temporary_reason",
]

TEMPORARY_NAMES: Final = (
    # browsers, and programs that copy files: FileZilla, WinSCP, rclone, lftp
    *("*.part", "*.partial", "*.filepart", "*.crdownload", "*.opdownload", "*.download/", "*.lftp-pget-status"),
    # torrent clients: qBittorrent, µTorrent, BitComet, BitSpirit; aria2; Resilio
    *("*.!qB", "*.!ut", "*.!bt", "*.bc!", "*.bts", "*.aria2", "*.!sync"),
    # rsync as it writes, with --partial-dir and with --delay-updates; Syncthing
    *(".*.??????", ".rsync-partial/", ".~tmp~/", ".syncthing.*.tmp", "~syncthing~*.tmp"),
    # servers that check releases as they come
    *("*.missing", "*-missing"),
    *("*.incomplete", "*.unfinished", "*.tmp", "*.temp", "*~"),
    # usenet clients, and the usual folders for what is under way
    *("_UNPACK_*/", "_FAILED_*/", "__ADMIN__/", "incomplete/", ".incomplete/"),
)
"""Patterns of names that programs give to what they have not finished, unless they are told otherwise."""

UNFINISHED_MARKERS: Final = (
    *("*.aria2", "*.part", "*.partial", "*.filepart", "*.crdownload", "*.!qB", "*.lftp-pget-status"),
    *(".*.??????", ".syncthing.*.tmp", "*.missing", "*-missing", "*.incomplete", "*.unfinished"),
    *(".incomplete", ".unfinished"),
)
"""Patterns of names beside a file that say that it is not finished; ``*`` is the name of the file or folder meant."""


def folded(name: str) -> str:
    """A name as those compare it who set letter case and Unicode form aside.

    >>> folded("Show.R07"), folded("Cafe\\u0301") == folded("CAF\\u00c9")
    ('show.r07', True)
    """
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def temporary_reason(path: str, patterns: tuple[str, ...] = TEMPORARY_NAMES) -> str | None:
    """Why the file at `path` is taken for unfinished by its own name or a folder's; None if it is not.

    A pattern is compared with the whole name, or, with a ``/`` at its end, with the whole name of each folder on the
    path. ``*`` stands for any characters but none at all, ``?`` for one letter or digit. Letter case does not count.

    >>> temporary_reason("Show.S01E01.mkv.!qB")
    "its name ends in '.!qB', so it is not finished"
    >>> temporary_reason("_UNPACK_Show.S01/Show.S01E01.mkv")
    "it lies in '_UNPACK_Show.S01', which holds what is not finished"
    >>> temporary_reason("Part.of.the.Party.mkv") is None
    True
    """
    *folders, name = path.split("/")
    of_names, of_folders = _sorted_out(patterns)
    found = _matching(name, of_names)
    if found is not None:
        pattern = found[0]
        if pattern.startswith("*") and not set("*?") & set(pattern[1:]):
            return f"its name ends in {pattern[1:]!r}, so it is not finished"
        return f"its name {name!r} is one of what is not finished ({pattern!r})"
    for folder in folders:
        if _matching(folder, of_folders) is not None:
            return f"it lies in {folder!r}, which holds what is not finished"
    return None


def marked(name: str, patterns: tuple[str, ...]) -> str | None:
    """What a file of this name speaks for as a marker, folded: the name of what is meant, or ``""`` for its folder.

    None if it is no marker.

    >>> marked("Movie.mkv.aria2", UNFINISHED_MARKERS), marked(".incomplete", UNFINISHED_MARKERS)
    ('movie.mkv', '')
    >>> marked(".movie.mkv.Xa81bQ", UNFINISHED_MARKERS), marked("movie.mkv", UNFINISHED_MARKERS)
    ('movie.mkv', None)
    """
    found = _matching(name, patterns)
    return None if found is None else found[1]


def temporary_fault(pattern: str) -> str | None:
    """What is wrong with a pattern of temporary names; None if nothing is.

    >>> temporary_fault("*"), temporary_fault("_UNPACK_*/")
    ('names every file: say what only unfinished ones have', None)
    """
    bare = pattern.removesuffix("/")
    if "/" in bare:
        return "holds a / before its end: it is compared with one name"
    return None if re.search(r"[^*?]", bare) else "names every file: say what only unfinished ones have"


def marker_fault(pattern: str) -> str | None:
    """What is wrong with a pattern of markers; None if nothing is.

    >>> marker_fault("*.done"), marker_fault(".complete")
    (None, None)
    >>> marker_fault("*.done.*")
    'has more than one *: it stands for the name of the file that is meant'
    """
    if "/" in pattern:
        return "holds a /: a marker is a file beside the one that is meant"
    if pattern.count("*") > 1:
        return "has more than one *: it stands for the name of the file that is meant"
    return None if re.search(r"[^*?]", pattern) else "names every file: say what only markers have"


def _matching(name: str, patterns: tuple[str, ...]) -> tuple[str, str] | None:
    """The first pattern that a name matches, and what its ``*`` stands for there."""
    text = folded(name)
    found = _compiled(patterns).fullmatch(text)
    if found is None or found.lastgroup is None:
        return None
    number = int(found.lastgroup[1:])
    stars = [value for key, value in found.groupdict().items() if key.startswith(f"s{number}_") and value is not None]
    return patterns[number], stars[0] if stars else ""


@lru_cache(maxsize=64)
def _sorted_out(patterns: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The patterns of names, and those of folders without their slash."""
    names = tuple(pattern for pattern in patterns if not pattern.endswith("/"))
    return names, tuple(pattern[:-1] for pattern in patterns if pattern.endswith("/"))


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = []
    for number, pattern in enumerate(patterns):
        stars = 0
        text = ""
        for letter in folded(pattern):
            if letter == "*":
                text += f"(?P<s{number}_{stars}>.+)"
                stars += 1
            else:
                text += r"[^\W_]" if letter == "?" else re.escape(letter)
        # the outer group closes last, so it is the last group, and tells which pattern it was
        alternatives.append(f"(?P<p{number}>{text})")
    return re.compile("|".join(alternatives) or "(?!)", re.DOTALL)
