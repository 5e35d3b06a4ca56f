"""Seasons and episodes in Chinese, Japanese, Korean and Arabic: ``第3季第05集``, ``시즌2 05화``, ``الموسم 2``."""

from __future__ import annotations

import re
from typing import Final

from medialib.naming.markers import Marker, overlaps
from medialib.naming.parsed import Finding

__all__ = ["find_eastern"]

_DIGITS: Final = "一二三四五六七八九十"
_NUMBER: Final = rf"(?:\d{{1,4}}|[{_DIGITS}]{{1,3}})"
_SEASON: Final = re.compile(
    rf"第[ ]?({_NUMBER})(?:[-~至到]({_NUMBER}))?[ ]?(?:季|期|シーズン|シリーズ|部(?![^\W_]))|시즌[ ]?(\d{{1,2}})(?!\d)|"
    r"(?<!\w)(?:ال)?موسم[ ._](\d{1,2})(?!\d)|(?<!\d)(\d{1,2})[ ]?(?:기|시즌)(?!\w)"
)
_EPISODE: Final = re.compile(
    rf"[第제][ ]?({_NUMBER})(?:[-~至到]({_NUMBER}))?[ ]?[話话回集화회]|"
    rf"(?<!\d)(\d{{1,4}})(?:[-~](\d{{1,4}}))?[화회](?!\w)|"
    r"(?<!\w)(?:ال)?حلقة[ ._](\d{1,4})(?!\d)"
)
_SEASON_HINT: Final = re.compile("[季期部]|シ[ーリ]|시즌|기|موسم")
_EPISODE_HINT: Final = re.compile("[話话回集화회]|حلقة")
_LONGEST_RANGE: Final = 400


def _value(written: str) -> int:
    """A number in digits or in Chinese characters, up to 99."""
    if written.isdecimal():
        return int(written)
    tens, ten, ones = written.rpartition("十")
    units = _DIGITS.index(ones) + 1 if len(ones) == 1 else 0
    if not ten:
        return units
    return 10 * (_DIGITS.index(tens) + 1 if len(tens) == 1 else 1) + units


def find_eastern(text: str, low: int, high: int, taken: list[Marker]) -> list[Marker]:
    """Seasons and episodes counted in these scripts in ``text[low:high]``, a marker each.

    >>> [item.findings[0].value for item in find_eastern("港 第二季 第05集", 0, 10, [])]
    [2, 5]
    """
    markers: list[Marker] = []
    for hint, pattern, field, form, reason in (
        (_SEASON_HINT, _SEASON, "seasons", "season", "season in words"),
        (_EPISODE_HINT, _EPISODE, "episodes", "number", "an episode number without a season"),
    ):
        if hint.search(text, low, high) is None:
            continue
        for match in pattern.finditer(text, low, high):
            if overlaps(*match.span(), taken + markers):
                continue
            written = [(group, match.span(index)) for index, group in enumerate(match.groups(), 1) if group]
            first, last = _value(written[0][0]), _value(written[-1][0])
            last = last if first < last <= first + _LONGEST_RANGE else first
            findings = tuple(Finding(field, value, *match.span()) for value in range(first, last + 1))
            markers.append(Marker(form, findings, *match.span(), reason))
            if len(markers) > 20:
                return markers
    return markers
