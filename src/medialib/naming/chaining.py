"""Numbers that go on behind a first one, and how many of them one part of a name may count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from medialib.naming.markers import Marker, overlaps

__all__ = ["MOST", "chain", "may_count"]

MOST: Final = 2000
"""Numbers that one part may count: more is no name, and filling range behind range would take long."""


def may_count(match: re.Match[str], taken: list[Marker], more: Iterable[Marker] = ()) -> bool:
    """Whether a match touches nothing in `taken` and these and `more` markers have not counted thousands already."""
    return not overlaps(*match.span(), taken) and sum(len(marker.findings) for marker in (*taken, *more)) <= MOST


def chain(
    text: str, position: int, first: int, tail: re.Pattern[str], high: int
) -> tuple[list[tuple[int, int, int]], int]:
    """Numbers that go on behind a first one, with their spans; ranges are filled."""
    found: list[tuple[int, int, int]] = []
    last = first
    while len(found) < MOST and (match := tail.match(text, position, high)):
        number = int(match["number"])
        start, end = match.start("number"), match.end()
        if match["range"] is not None:
            apart = "letter" in match.re.groupindex and match["letter"] is not None and " " in match["range"]
            if number <= last or number - last > (30 if apart else 400):
                break
            found += [(value, start, end) for value in range(last + 1, number + 1)]
        elif number < last or (
            "bare" in tail.groupindex
            and match["bare"] is not None
            and match["join"] in {" ", ".", "_"}
            and number > last + (2 if text[start] == "0" else 1)
        ):
            break
        else:
            found.append((number, start, end))
        last, position = number, end
    return found, position
