"""Reads what a person types to choose from a numbered list: ``1,3,5-8``, ``all``, ``new``.

The answer is a value either way: the numbers chosen, or the reason why nothing was, so that a caller can ask again.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

import attrs

__all__ = ["Selected", "Unselected", "select"]

_PIECE: Final = re.compile(r"([0-9]{1,9})(?:\s*(?:-|\.\.)\s*([0-9]{1,9}))?")
_SEPARATOR: Final = re.compile(r"[,;]")


@attrs.frozen
class Selected:
    """The numbers chosen.

    >>> len(Selected((1, 3)))
    2
    """

    numbers: tuple[int, ...]
    """Positions in the list, from 1, ascending, each once."""

    def __len__(self) -> int:
        return len(self.numbers)


@attrs.frozen
class Unselected:
    """Nothing was chosen, and why."""

    reason: str
    """What was wrong and what would do, for the person who typed it."""

    def __len__(self) -> int:
        return 0


def select(expression: str, count: int, *, new: Collection[int] = ()) -> Selected | Unselected:
    """Reads a choice from a list numbered 1 to `count`.

    Numbers, ranges (``5-8``, also ``5..8``; the order of its ends does not matter, so ``9-2`` is ``2-9``), ``all`` and
    ``new`` may be joined by commas or semicolons; capitals and spaces do not matter. `new` holds the positions that
    the list marks as new. A number outside the list makes the whole choice void: half a choice would surprise.

    >>> select("1,3,5-8", 10)
    Selected(numbers=(1, 3, 5, 6, 7, 8))
    >>> select("9-2", 10)
    Selected(numbers=(2, 3, 4, 5, 6, 7, 8, 9))
    >>> select("new, 1", 4, new={3, 4})
    Selected(numbers=(1, 3, 4))
    >>> select("x", 4)
    Unselected(reason="'x' is not a number, a range such as 2-5, 'all' or 'new'")
    >>> select("7", 4)
    Unselected(reason='7 is not in the list, which goes from 1 to 4')
    """
    if count < 1:
        return Unselected("the list is empty")
    chosen: set[int] = set()
    pieces = [piece.strip().casefold() for piece in _SEPARATOR.split(expression)]
    if not any(pieces):
        return Unselected("nothing was typed: give numbers such as 1,3,5-8, 'all' or 'new'")
    for piece in pieces:
        numbers = _numbers(piece, count, new)
        if isinstance(numbers, Unselected):
            return numbers
        chosen.update(numbers)
    return Selected(tuple(sorted(chosen)))


def _numbers(piece: str, count: int, new: Collection[int]) -> Collection[int] | Unselected:
    if not piece:
        return ()
    if piece == "all":
        return range(1, count + 1)
    if piece == "new":
        marked = {number for number in new if 1 <= number <= count}
        return marked or Unselected("nothing in the list is new")
    match = _PIECE.fullmatch(piece)
    if match is None:
        return Unselected(f"{piece!r} is not a number, a range such as 2-5, 'all' or 'new'")
    low, high = sorted((int(match[1]), int(match[2] or match[1])))
    for number in (low, high):
        if not 1 <= number <= count:
            return Unselected(f"{number} is not in the list, which goes from 1 to {count}")
    return range(low, high + 1)
