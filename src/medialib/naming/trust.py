"""How sure a reading is: ``confidence``, from what in the name speaks for it and against it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["confidence"]

_DASH: Final = re.compile(r"[\s.]-+[\s.]?|--")
_BRACKET: Final = re.compile(r"[\[\](){}/|]")
_NUMBER: Final = re.compile(r"(?<![^\W_])\d+(?![^\W_])")
_GLUED: Final = re.compile(r"[^\W\d_]\d|\d[^\W\d_]")
_UNREAD_NUMBER: Final = re.compile(r"\d{1,3}(?:of\d{1,3})?")
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")

_DOUBTS: Final = {
    "a number at the end of the title": 0.1,
    "a number at the beginning": 0.15,
    "a number in brackets": 0.04,
    "an episode number without a season": 0.04,
    "season and episode as one number": 0.1,
    "season and episode as 4-13": 0.1,
    "season and episode as 03-20": 0.11,
    "the year stands first": 0.11,
    "the file's own name says less than its release folder": 0.05,
    "title from the folder": 0.03,
}
"""What each way of counting takes from confidence, by the reason given."""


def confidence(
    name: str,
    title: str | None,
    *,
    counted: bool,
    firm: bool,
    year: bool,
    technical: bool,
    other_names: bool,
    broadcast: bool,
    uneven: bool,
    unread: Sequence[str],
    reasons: Sequence[str],
) -> float:
    """0 (a guess) to 1 (every part of the name follows a convention).

    >>> confidence("Show.S01E02.720p", "Show", counted=True, firm=True, year=False, technical=True, other_names=False,
    ...            broadcast=False, uneven=False, unread=(), reasons=())
    1.0
    >>> confidence("Show 2", "Show 2", counted=False, firm=False, year=False, technical=False, other_names=False,
    ...            broadcast=False, uneven=False, unread=(), reasons=()) < 0.6
    True
    """
    doubt = 0.0
    if not title:
        doubt += 0.1
    elif not title.replace(" ", "").isalpha():
        doubt += (0.1 if firm else 0.2) if _DASH.search(title) else 0.0
        doubt += 0.15 if _BRACKET.search(title) else 0.0
        if not firm:
            doubt += 0.05 if _NUMBER.search(title) else 0.0
            doubt += 0.05 if _GLUED.search(title) else 0.0
    if not firm and name[:1].isdigit():
        doubt += 0.04
    if not counted and not year:
        doubt += (0.16 if broadcast else 0.08) if technical else 0.5
    if other_names:
        doubt += 0.1
    if uneven:
        doubt += 0.11
    if unread and any(map(_UNREAD_NUMBER.fullmatch, unread)):
        doubt += 0.06 if firm else 0.1
    if len(unread) > 2:
        doubt += 0.04 if firm else 0.06
    if "发布" in name:
        doubt += 0.05
    elif "www." in name or ".com" in name or ".org" in name or ".net" in name:
        doubt += 0.03
    if not firm and name.count("20") + name.count("19") > 1 and len(_YEAR.findall(name)) > 1:
        doubt += 0.06
    for reason in reasons:
        doubt += _DOUBTS.get(reason.partition(":")[0], 0.0)
    return round(max(0.0, 1.0 - doubt), 2)
