"""What is done where a file of the same episode or film stands already: decided from what is known of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, TypeAlias

import attrs

from medialib.model import Holding, Place
from medialib.naming import parse_name, safe_part
from medialib.routing.companions import split_stem
from medialib.routing.copies import details_of, edition_and_part, is_complete
from medialib.routing.quality import Better, compare

__all__ = [
    "Answer",
    "Conflict",
    "ConflictPolicy",
    "Rival",
    "Settle",
    "Settlement",
    "better_of",
    "named_apart",
    "parts_of_one",
]

ConflictPolicy: TypeAlias = Literal["refuse", "better", "both", "ask"]
"""What becomes of a file whose place is taken: it is left, the better one is kept, both are, or a person says which."""
Answer: TypeAlias = Literal["new", "old", "both"]
"""Which file a person wants to keep: the one that comes, what stands there, or both."""

_ROOM: Final = 60
"""Bytes of a name that are left for what tells a second file apart, and for the suffix of a companion."""


@attrs.frozen
class Rival:
    """A file of the same episode or film, or at the same name."""

    place: Place
    """Where it stands, or is to stand."""
    holding: Holding
    """What is known of it."""


@attrs.frozen
class Settlement:
    """Which is the better file: the one that comes, or what stands there."""

    winner: Literal["new", "old"] | None
    """Which; None: that cannot be told."""
    reasons: tuple[str, ...]
    """Why, for a reader."""


@attrs.frozen
class Conflict:
    """A file that comes, and what is in its way: what a person is asked about."""

    new: Rival
    """The file that comes, and where it is now."""
    old: tuple[Rival, ...]
    """What stands there."""
    verdict: Settlement
    """What would be decided without a person."""


Settle: TypeAlias = Callable[[Conflict], Answer | None]
"""Asks a person what to keep; None leaves the file where it is."""


def better_of(new: Holding, old: Sequence[Rival]) -> Settlement:
    """Which is the better: a new file only if it is better than everything that stands there.

    >>> def holding(resolution: str) -> Holding:
    ...     return Holding(details={"resolution": resolution})
    >>> better_of(holding("1080p"), [Rival(Place("tv", "a.mkv"), holding("720p"))])
    Settlement(winner='new', reasons=('1080p before 720p',))
    >>> better_of(Holding(), [Rival(Place("tv", "a.mkv"), Holding())]).winner is None
    True
    """
    found = [compare(new, rival.holding) for rival in old]
    lost = next((each for each in found if isinstance(each, Better) and each.side == "right"), None)
    if lost is not None:
        return Settlement("old", lost.reasons)
    alike = next((each for each in found if not isinstance(each, Better)), None)
    if alike is not None:
        return Settlement(None, alike.reasons)
    return Settlement("new", tuple(dict.fromkeys(reason for each in found for reason in each.reasons)))


def parts_of_one(left: Holding, right: Holding) -> bool:
    """Whether two files of one film are parts or cuts of it that stand beside each other, by their release names.

    >>> def holding(release: str) -> Holding:
    ...     return Holding(release=release)
    >>> parts_of_one(holding("Film (2001) - part1.mkv"), holding("Film (2001) - part2.mkv"))
    True
    >>> parts_of_one(holding("Film.2001.720p.mkv"), holding("Film.2001.1080p.mkv"))
    False
    """
    return _cut(left) != _cut(right)


def _cut(holding: Holding) -> tuple[str, str]:
    known = holding.release is None or is_complete(holding.details)
    return edition_and_part(holding.details if known else details_of(parse_name(holding.release or "")))


def named_apart(path: str, holding: Holding, taken: Callable[[str], bool]) -> tuple[str, str]:
    """A path that is not taken, beside one that is: with what its release is, or else a number; and what was added.

    >>> release = Holding(details={"resolution": "1080p", "source": "WEB-DL", "release_group": "GRP"})
    >>> named_apart("Film (2001)/Film (2001).mkv", release, lambda path: False)
    ('Film (2001)/Film (2001) - 1080p WEB-DL GRP.mkv', '1080p WEB-DL GRP')
    >>> named_apart("Show/S01E01.mkv", Holding(), lambda path: "(2)" in path)
    ('Show/S01E01 (3).mkv', '(3)')
    """
    folder, stem, extension = split_stem(path)
    for added, mark in _marks(holding):
        name = f"{safe_part(stem, room=_ROOM + len(mark.encode()))}{mark}"
        other = f"{folder}/{name}" if folder else name
        other = f"{other}.{extension}" if extension else other
        if not taken(other):
            return other, added
    raise AssertionError("numbers do not end")


def _marks(holding: Holding) -> Iterable[tuple[str, str]]:
    details = holding.details
    words = [details.get("resolution"), details.get("source"), "Remux" if "remux" in details else None]
    if "version" in details:
        words.append(f"v{details['version']}")
    words += ["Proper" if "proper" in details else None, details.get("release_group")]
    said = safe_part(" ".join(word for word in words if word), room=255 - 60) if any(words) else ""
    if said:
        yield said, f" - {said}"
    number = 1
    while True:
        number += 1
        yield f"({number})", f" ({number})"
