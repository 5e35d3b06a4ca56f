"""Which of two files of one episode or film is the better one, by what their release names said of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import attrs

from medialib.model import Holding

__all__ = ["Alike", "Better", "Comparison", "compare"]


@attrs.frozen
class Better:
    """One of two files is the better one."""

    side: Literal["left", "right"]
    """Which."""
    reasons: tuple[str, ...]
    """What they have in common up to where they differ, and that, for a reader."""


@attrs.frozen
class Alike:
    """Neither of two files is the better one, as far as their release names tell."""

    reasons: tuple[str, ...]
    """What was compared, and what cannot be, for a reader."""


Comparison: TypeAlias = Better | Alike
"""What `compare` answers."""

_UNFINISHED: Final = frozenset({"Workprint", "CAM", "Telesync", "Telecine", "Screener"})
"""Sources that are no finished picture, whatever their resolution."""
_IN_ORDER: Final = (
    # WEB alone is what scene groups call a WEB-DL; PPV, which says how it was sold, has no rank
    *(("Workprint",), ("CAM",), ("Telesync",), ("Telecine",), ("Screener",), ("VHS",), ("TV", "SAT"), ("DTV",)),
    *(("HDTV",), ("DVD",), ("WEBRip",), ("WEB", "WEB-DL"), ("HDDVD",), ("BluRay",)),
)
"""From the worst to the best, as the default qualities of Radarr are ordered at one resolution."""
_SOURCES: Final = {source: rank for rank, sources in enumerate(_IN_ORDER) for source in sources}
_STANDARD: Final = 576
"""Lines up to which a picture is of standard definition; a DVD has 480 or 576 by its country, and neither is better."""
_ALWAYS_STANDARD: Final = frozenset({"DVD", "VHS"})
_WIDTHS: Final = ((7680, 4320), (3840, 2160), (2560, 1440), (1920, 1080), (1280, 720))
"""Widths and the lines of the full picture, of which a film may be a strip."""


def compare(left: Holding, right: Holding) -> Comparison:
    """Which of two files is the better one: the first of these that tells decides.

    1. A finished picture before a recording in a cinema, a screener or a workprint.
    2. The higher resolution. All of standard definition count the same; at one height, progressive before interlaced.
    3. The better source: BluRay, stream, DVD, broadcast; a remux before what was encoded anew.
    4. A proper release before one that it may replace.
    5. Of one group, the later version or the repack.

    Where one name says what the other is silent about, nothing is guessed: they are alike. So are versions of different
    groups. What is better than another is better than everything that that one is better than.

    >>> def holding(**details: str) -> Holding:
    ...     return Holding(details=details)
    >>> compare(holding(resolution="720p", source="BluRay"), holding(resolution="1080p", source="WEB-DL"))
    Better(side='right', reasons=('1080p before 720p',))
    >>> compare(holding(resolution="1080p", source="WEB-DL", proper="yes"), holding(resolution="1080p", source="WEB"))
    Better(side='left', reasons=('both 1080p', 'WEB-DL and WEB count the same', 'a proper release before another'))
    >>> compare(holding(resolution="1080p"), holding(source="HDTV"))
    Alike(reasons=('only one name tells its resolution (1080p)',))
    >>> compare(holding(source="CAM", resolution="1080p"), holding(source="DVD")).reasons
    ('a finished picture before CAM',)
    """
    reasons: list[str] = []
    for criterion in (_finished, _resolution, _source, _proper, _revision):
        side, reason = criterion(left.details, right.details)
        if side in ("left", "right"):
            # what came before was the same for both
            return Better(side, (*reasons, reason))
        if reason:
            reasons.append(reason)
        if side == "unclear":
            break
    return Alike(tuple(reasons) or ("their names tell nothing to compare",))


_Verdict: TypeAlias = tuple[Literal["left", "right", "same", "unclear"], str]
_Details: TypeAlias = Mapping[str, str]


def _by(left: float, right: float) -> Literal["left", "right", "same"]:
    return "left" if left > right else "right" if right > left else "same"


def _finished(left: _Details, right: _Details) -> _Verdict:
    mine, theirs = left.get("source"), right.get("source")
    side = _by(mine not in _UNFINISHED, theirs not in _UNFINISHED)
    if side == "same":
        return side, ""
    return side, f"a finished picture before {theirs if side == 'left' else mine}"


def _resolution(left: _Details, right: _Details) -> _Verdict:
    mine, theirs = _lines(left), _lines(right)
    if mine is None and theirs is None:
        return "same", ""
    if mine is None or theirs is None:
        return "unclear", f"only one name tells its resolution ({_picture(left if theirs is None else right)})"
    if mine == theirs:
        return "same", _both(_picture(left), _picture(right))
    side: Literal["left", "right"] = "left" if mine > theirs else "right"
    better, worse = (left, right) if side == "left" else (right, left)
    return side, f"{_picture(better)} before {_picture(worse)}"


def _lines(details: _Details) -> tuple[int, bool] | None:
    """How many lines a full picture of this kind has, and whether all of them at once."""
    text = details.get("resolution", "")
    size = re.fullmatch(r"(?:(\d+) ?x ?)?(\d+)([pi]?)", text)
    if size is None:
        return (_STANDARD, True) if details.get("source") in _ALWAYS_STANDARD else None
    height = int(size[2])
    if size[1] is not None:
        height = max([height, *(lines for width, lines in _WIDTHS if int(size[1]) >= width)])
    if height <= _STANDARD:
        return _STANDARD, True
    return height, size[3] != "i"


def _picture(details: _Details) -> str:
    return details.get("resolution") or f"{details.get('source')}, which is of standard definition"


def _source(left: _Details, right: _Details) -> _Verdict:
    mine, theirs = left.get("source"), right.get("source")
    ranks = _SOURCES.get(mine or ""), _SOURCES.get(theirs or "")
    if mine != theirs:
        if mine is None or theirs is None:
            return "unclear", f"only one name tells its source ({mine or theirs})"
        if ranks[0] is None or ranks[1] is None:
            return "unclear", f"{mine} and {theirs} cannot be compared"
        side = _by(ranks[0], ranks[1])
        if side != "same":
            return side, f"{mine} before {theirs}" if side == "left" else f"{theirs} before {mine}"
    if ("remux" in left) != ("remux" in right):
        return ("left" if "remux" in left else "right"), "a remux before what was encoded anew"
    return "same", "" if mine is None or theirs is None else _both(mine, theirs)


def _proper(left: _Details, right: _Details) -> _Verdict:
    side = _by(_is_proper(left), _is_proper(right))
    return side, "" if side == "same" else "a proper release before another"


def _is_proper(details: _Details) -> bool:
    """Whether it replaces what others released; a repack replaces only what its own group did."""
    return "proper" in details and "repack" not in details


def _revision(left: _Details, right: _Details) -> _Verdict:
    mine, theirs = _edition(left), _edition(right)
    if mine == theirs:
        return "same", ""
    groups = left.get("release_group"), right.get("release_group")
    if (groups[0] or "").casefold() != (groups[1] or "").casefold():
        return "unclear", "versions of different groups cannot be compared"
    side: Literal["left", "right"] = "left" if mine > theirs else "right"
    version, older = max(mine, theirs)[0], min(mine, theirs)[0]
    return side, f"version {version} before {older}" if version != older else "a repack before what it replaces"


def _edition(details: _Details) -> tuple[int, bool]:
    version = details.get("version", "1")
    return (int(version) if version.isdecimal() else 1), "repack" in details


def _both(mine: str, theirs: str) -> str:
    return f"both {mine}" if mine == theirs else f"{mine} and {theirs} count the same"
