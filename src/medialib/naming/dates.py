"""Days of broadcast, in any order of day, month and year."""

from __future__ import annotations

import datetime
import re
from typing import Final

from medialib.naming.markers import Marker, overlaps
from medialib.naming.outline import MONTHS, Outline, matches_at, outline
from medialib.naming.parsed import Finding

__all__ = ["find_dates"]

_MONTH: Final = "|".join(MONTHS)
_YEAR_FIRST: Final = re.compile(r"(?<![^\W_])((?:19|20)\d\d)[ ._/-]([0-3]?\d)[ ._/-]([0-3]?\d)(?![^\W_])")
_DAY_FIRST: Final = re.compile(r"(?<![^\W_])([0-3]?\d)[ ._-]([0-3]?\d)[ ._-]((?:19|20)\d\d)(?![^\W_])")
_PACKED: Final = re.compile(r"(?<![^\W_])((?:19|20)\d\d)([01]\d)([0-3]\d)(?![^\W_])")
_SHORT: Final = re.compile(r"(?<=[^\W\d_][ ._])([012]\d)[.]([01]\d)[.]([0-3]\d)(?=[. _][^\W\d_]|_\d\d-\d\d_)")
_MIXED: Final = re.compile(r"\d-\d+_\d|\d_\d+-\d")
_NAMED_DAY: Final = re.compile(
    rf"(?i)(?<![^\W_])([0-3]?\d)(?:st|nd|rd|th)?[ ._-]({_MONTH})[a-z]{{0,7}}[ ._-]((?:19|20)\d\d)(?![^\W_])"
)
_NAMED_MONTH: Final = re.compile(
    rf"(?i)(?<![^\W_])({_MONTH})[a-z]{{0,7}}[ ._-]([0-3]?\d)(?:st|nd|rd|th)?,?[ ._-]((?:19|20)\d\d)(?![^\W_])"
)


def find_dates(text: str, low: int, high: int, taken: list[Marker], shape: Outline | None = None) -> list[Marker]:
    """The day of broadcast in ``text[low:high]``, whose `shape` may be known already: one marker, or none.

    >>> [found.findings[0].value.isoformat() for found in find_dates("Show.2024.05.17", 0, 15, [])]
    ['2024-05-17']
    """
    shape = shape or outline(text, low, high)
    if not shape.packed and len(shape.short) < 3 and not (shape.years and shape.short):
        return []
    for pattern, order, starts in (
        (_YEAR_FIRST, "ymd", shape.years),
        (_DAY_FIRST, "dmy", shape.short),
        (_NAMED_DAY, "dmy", shape.short if shape.months else []),
        (_NAMED_MONTH, "mdy", shape.months),
        (_PACKED, "ymd", shape.packed),
        (_SHORT, "ymd", shape.short),
    ):
        if not starts:
            continue
        for match in matches_at(pattern, text, starts, high):
            if overlaps(*match.span(), taken) or _MIXED.search(match[0]):
                continue
            parts = dict(zip(order, match.groups(), strict=True))
            month = MONTHS.get(parts["m"].casefold()) or int(parts["m"])
            day = int(parts["d"])
            if month > 12 >= day and pattern is not _SHORT:
                month, day = day, month
            try:
                value = datetime.date(int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0), month, day)
            except ValueError:
                continue
            finding = Finding("date", value, *match.span())
            return [Marker("date", (finding,), *match.span(), "a day of broadcast")]
    return []
