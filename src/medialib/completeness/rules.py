"""What it takes to believe that a file is whole, and how its age is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs

from medialib.completeness.marks import TEMPORARY_NAMES, UNFINISHED_MARKERS

__all__ = ["StabilityRules", "age_of", "in_words", "nearly_same_time", "same_time"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen
class StabilityRules:
    """What it takes to believe that a file is whole."""

    window: timedelta = timedelta(seconds=60)
    """How long a file must have gone without change."""
    two_looks: bool = False
    """Whether two listings, at least a window apart, must agree whatever the file's age."""
    temporary_names: tuple[str, ...] = TEMPORARY_NAMES
    """Patterns of names of what is not finished, as `temporary_reason` reads them."""
    unfinished_markers: tuple[str, ...] = UNFINISHED_MARKERS
    """Patterns of names beside a file that say that it is not finished; ``*`` is the name that is meant."""
    finished_markers: tuple[str, ...] = ()
    """Patterns of names beside a file that say that it is finished, so that nothing is waited for."""
    wait_for_marker: bool = False
    """Whether only a marker tells that a file is finished."""
    manifests: bool = True
    """Whether lists of checksums beside a file are read."""
    wait_for_whole_sets: bool = True
    """Whether a file waits for the others that a list names with it, or that are pieces of the same thing."""


def same_time(first_ns: int, second_ns: int, granularity_ns: int) -> bool:
    """Whether two file times are equal as far as a location's clock can tell.

    >>> same_time(1_500_000_000, 1_000_000_000, 1_000_000_000), same_time(1, 2, 1)
    (True, False)
    """
    return first_ns // granularity_ns == second_ns // granularity_ns


def nearly_same_time(first_ns: int, second_ns: int) -> bool:
    """Whether two file times are equal as far as the coarsest disks can tell: FAT keeps even seconds.

    >>> nearly_same_time(5_900_000_000, 4_000_000_000), nearly_same_time(0, 3_000_000_000)
    (True, False)
    """
    return abs(first_ns - second_ns) <= 2_000_000_000


def age_of(mtime_ns: int, now: datetime) -> timedelta:
    """How long ago a file time was; negative for one in the future.

    >>> age_of(5_000_000_000, datetime(1970, 1, 1, 0, 1, tzinfo=UTC))
    datetime.timedelta(seconds=55)
    """
    # whole numbers: a float loses the microseconds, and a time beyond the year 9999 is no datetime
    return (now - _EPOCH) - timedelta(microseconds=mtime_ns // 1000)


def in_words(length: timedelta) -> str:
    """A duration for a reader, in the unit that fits.

    >>> in_words(timedelta(seconds=119)), in_words(timedelta(minutes=119)), in_words(timedelta(days=3))
    ('119 s', '119 min', '3 d')
    """
    seconds = int(length.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60} min"
    if seconds < 2 * 86400:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} d"
