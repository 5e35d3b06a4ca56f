"""Whether a remote file is all there, judged by evidence; only what is complete is ever fetched."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeAlias

import attrs

from medialib.completeness.marks import temporary_reason
from medialib.completeness.rules import StabilityRules, age_of, in_words, same_time
from medialib.completeness.surroundings import ALONE, Surroundings
from medialib.model import FileEntry, Sighting

__all__ = [
    "Complete",
    "Completeness",
    "StillArriving",
    "Unknown",
    "judge_completeness",
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


def judge_completeness(
    entry: FileEntry,
    sighting: Sighting | None,
    now: datetime,
    rules: StabilityRules,
    *,
    granularity_ns: int = 1,
    around: Surroundings = ALONE,
) -> Completeness:
    """Judge one listing of a file, with the first sighting of it, if there was one, and what is `around` it.

    A name of what is not finished, a marker that says so, and a set that lacks a file outweigh everything. A marker
    that says that it is finished outweighs looks and age, unless the file was changed after it. A file that looks
    different from its sighting is growing. One that looks the same for a window is whole. Without a sighting its age
    counts, unless the rules want two looks; a time of last change that lies in the future, or is missing (0), tells no
    age, since then the clocks disagree.

    >>> from datetime import UTC
    >>> now = datetime(2024, 5, 17, 12, tzinfo=UTC)
    >>> changed = int((now - timedelta(minutes=5)).timestamp()) * 10**9
    >>> judge_completeness(FileEntry("a.mkv", 7, changed), None, now, StabilityRules())
    Complete(evidence='unchanged for 5 min')
    >>> judge_completeness(FileEntry("a.mkv", 7, changed), None, now, StabilityRules(timedelta(hours=1)))
    StillArriving(evidence='changed 5 min ago, less than 60 min')
    >>> beside = Surroundings(held="a.mkv.aria2 stands beside it")
    >>> judge_completeness(FileEntry("a.mkv", 7, changed), None, now, StabilityRules(), around=beside)
    StillArriving(evidence='a.mkv.aria2 stands beside it')
    """
    temporary = temporary_reason(entry.path, rules.temporary_names)
    if temporary or around.held:
        return StillArriving(temporary or around.held)
    marker = next((each for each in around.finished if each.mtime_ns >= entry.mtime_ns), None)
    verdict: Completeness
    if marker is not None:
        verdict = Complete(marker.said)
    elif rules.wait_for_marker:
        stale = "".join(f"; {each.said}, but it was changed after that" for each in around.finished[:1])
        verdict = Unknown(f"no marker says that it is finished ({', '.join(rules.finished_markers)}){stale}")
    else:
        verdict = _judge_alone(entry, sighting, now, rules, granularity_ns)
    if isinstance(verdict, Complete) and around.backed:
        return Complete(", and ".join((verdict.evidence, *around.backed)))
    return verdict


def _judge_alone(
    entry: FileEntry, sighting: Sighting | None, now: datetime, rules: StabilityRules, granularity_ns: int
) -> Completeness:
    window = in_words(rules.window)
    if sighting is not None:
        if sighting.size != entry.size:
            return StillArriving(f"its size went from {sighting.size} to {entry.size} bytes between two looks")
        if not same_time(sighting.mtime_ns, entry.mtime_ns, granularity_ns):
            return StillArriving("it was written to between two looks")
        if now - sighting.seen >= rules.window:
            return Complete(f"two looks {in_words(now - sighting.seen)} apart agree")
        if rules.two_looks:
            return Unknown(f"first seen {in_words(now - sighting.seen)} ago, less than {window}")
    elif rules.two_looks:
        return Unknown("seen for the first time")
    if entry.mtime_ns <= 0:
        return Unknown("the remote tells no time of last change, so a second look is needed")
    age = age_of(entry.mtime_ns, now)
    if age < timedelta(0):
        return Unknown(f"its time of last change lies {in_words(-age)} in the future, so a second look is needed")
    if age < rules.window:
        return StillArriving(f"changed {in_words(age)} ago, less than {window}")
    return Complete(f"unchanged for {in_words(age)}")
