"""Whether a remote file is all there, judged by evidence; only what is complete is ever fetched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import attrs

from medialib.model import FileEntry, Sighting

__all__ = [
    "Complete",
    "Completeness",
    "StabilityRules",
    "StillArriving",
    "Unknown",
    "judge_completeness",
    "nearly_same_time",
    "same_time",
]


@attrs.frozen
class Complete:
    """The file is whole."""

    evidence: str
    """Why that is believed, for a reader."""


@attrs.frozen
class StillArriving:
    """The file is being written, or was until a moment ago."""

    evidence: str
    """Why that is believed, for a reader."""


@attrs.frozen
class Unknown:
    """One look is not enough to tell."""

    evidence: str
    """What is missing, for a reader."""


Completeness: TypeAlias = Complete | StillArriving | Unknown
"""What is known of a file's wholeness."""


@attrs.frozen
class StabilityRules:
    """What it takes to believe that a file is whole."""

    window: timedelta = timedelta(seconds=60)
    """How long a file must have gone without change."""
    two_looks: bool = False
    """Whether two listings, at least a window apart, must agree whatever the file's age."""


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


def judge_completeness(
    entry: FileEntry, sighting: Sighting | None, now: datetime, rules: StabilityRules, *, granularity_ns: int = 1
) -> Completeness:
    """Judge one listing of a file, with the first sighting of it, if there was one.

    A file that looks different from its sighting is growing. One that looks the same for a window is whole. Without a
    sighting its age counts, unless the rules want two looks; a time of last change that lies in the future, or is
    missing (0), tells no age, since then the clocks disagree.

    >>> now = datetime(2024, 5, 17, 12, tzinfo=UTC)
    >>> changed = int((now - timedelta(minutes=5)).timestamp()) * 10**9
    >>> judge_completeness(FileEntry("a.mkv", 7, changed), None, now, StabilityRules())
    Complete(evidence='unchanged for 5 min')
    >>> judge_completeness(FileEntry("a.mkv", 7, changed), None, now, StabilityRules(timedelta(hours=1)))
    StillArriving(evidence='changed 5 min ago, less than 60 min')
    """
    window = _duration(rules.window)
    if sighting is not None:
        if sighting.size != entry.size:
            return StillArriving(f"its size went from {sighting.size} to {entry.size} bytes between two looks")
        if not same_time(sighting.mtime_ns, entry.mtime_ns, granularity_ns):
            return StillArriving("it was written to between two looks")
        if now - sighting.seen >= rules.window:
            return Complete(f"two looks {_duration(now - sighting.seen)} apart agree")
        if rules.two_looks:
            return Unknown(f"first seen {_duration(now - sighting.seen)} ago, less than {window}")
    elif rules.two_looks:
        return Unknown("seen for the first time")
    if entry.mtime_ns <= 0:
        return Unknown("the remote tells no time of last change, so a second look is needed")
    # whole numbers: a float loses the microseconds, and a time beyond the year 9999 is no datetime
    age = (now - _EPOCH) - timedelta(microseconds=entry.mtime_ns // 1000)
    if age < timedelta(0):
        return Unknown(f"its time of last change lies {_duration(-age)} in the future, so a second look is needed")
    if age < rules.window:
        return StillArriving(f"changed {_duration(age)} ago, less than {window}")
    return Complete(f"unchanged for {_duration(age)}")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _duration(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60} min"
    if seconds < 2 * 86400:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} d"
