"""A file is whole by evidence, never by hope (acceptance 2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.completeness import Complete, StabilityRules, StillArriving, Unknown, judge_completeness, same_time
from medialib.model import FileEntry, Sighting

NOW = datetime(2024, 5, 17, 12, tzinfo=UTC)
SECOND = 10**9
NOW_NS = int(NOW.timestamp()) * SECOND
RULES = StabilityRules(timedelta(seconds=60))
TWO_LOOKS = StabilityRules(timedelta(seconds=60), two_looks=True)


def entry(age_seconds: float, size: int = 7) -> FileEntry:
    return FileEntry("a.mkv", size, NOW_NS - int(age_seconds * SECOND))


def seen(file: FileEntry, seconds_ago: float) -> Sighting:
    return Sighting("seedbox", "/a.mkv", file.size, file.mtime_ns, NOW - timedelta(seconds=seconds_ago))


def test_a_file_modified_ten_seconds_ago_is_still_arriving() -> None:
    """Remote file modified 10 s ago → reported "still arriving"."""
    assert judge_completeness(entry(10), None, NOW, RULES) == StillArriving("changed 10 s ago, less than 60 s")
    assert judge_completeness(entry(10), seen(entry(10), 5), NOW, RULES) == StillArriving(
        "changed 10 s ago, less than 60 s"
    )


def test_a_file_that_grows_between_two_looks_is_still_arriving() -> None:
    """… or still growing between two looks → reported, fetched on a later run; whatever its age."""
    assert judge_completeness(entry(9999, 8), seen(entry(9999, 7), 900), NOW, RULES) == StillArriving(
        "its size went from 7 to 8 bytes between two looks"
    )
    assert judge_completeness(entry(500), seen(entry(501), 900), NOW, RULES) == StillArriving(
        "it was written to between two looks"
    )


@pytest.mark.parametrize(
    ("age", "evidence"),
    [
        (60, "unchanged for 60 s"),
        (119, "unchanged for 119 s"),
        (120, "unchanged for 2 min"),
        (7199, "unchanged for 119 min"),
        (7200, "unchanged for 2 h"),
        (2 * 86400 - 1, "unchanged for 47 h"),
        (2 * 86400, "unchanged for 2 d"),
    ],
)
def test_an_old_file_is_complete_at_the_first_look(age: int, evidence: str) -> None:
    """Without a sighting its age counts."""
    assert judge_completeness(entry(age), None, NOW, RULES) == Complete(evidence)


def test_two_looks_are_wanted_whatever_the_age() -> None:
    """Two listings, at least a window apart, must agree whatever the file's age."""
    old = entry(99999)
    assert judge_completeness(old, None, NOW, TWO_LOOKS) == Unknown("seen for the first time")
    assert judge_completeness(old, seen(old, 59), NOW, TWO_LOOKS) == Unknown("first seen 59 s ago, less than 60 s")
    assert judge_completeness(old, seen(old, 60), NOW, TWO_LOOKS) == Complete("two looks 60 s apart agree")


@pytest.mark.parametrize("mtime_ns", [0, -5])
def test_a_missing_time_tells_no_age(mtime_ns: int) -> None:
    """A time of last change that is missing (0) tells no age."""
    file = FileEntry("a.mkv", 7, mtime_ns)
    verdict = judge_completeness(file, None, NOW, RULES)
    assert verdict == Unknown("the remote tells no time of last change, so a second look is needed")
    assert judge_completeness(file, seen(file, 60), NOW, RULES) == Complete("two looks 60 s apart agree")


@pytest.mark.parametrize("ahead_ns", [1000, SECOND, 3600 * SECOND, 2**62])
def test_a_time_in_the_future_tells_no_age(ahead_ns: int) -> None:
    """A time of last change that lies in the future tells no age, since then the clocks disagree; never an error."""
    file = FileEntry("a.mkv", 7, NOW_NS + ahead_ns)
    verdict = judge_completeness(file, None, NOW, RULES)
    assert isinstance(verdict, Unknown)
    assert "in the future, so a second look is needed" in verdict.evidence
    assert judge_completeness(file, seen(file, 61), NOW, RULES) == Complete("two looks 61 s apart agree")


def test_the_age_is_exact_to_the_microsecond() -> None:
    """A float of seconds would round: one microsecond under the window is under the window."""
    just = FileEntry("a.mkv", 7, NOW_NS - 60 * SECOND + 1000)
    assert isinstance(judge_completeness(just, None, NOW, RULES), StillArriving)
    assert isinstance(judge_completeness(entry(60), None, NOW, RULES), Complete)


def test_granularity_decides_what_is_the_same_time() -> None:
    """Whether two file times are equal as far as a location's clock can tell."""
    fine, coarse = FileEntry("a.mkv", 7, 5 * SECOND + 3), FileEntry("a.mkv", 7, 5 * SECOND)
    assert isinstance(judge_completeness(fine, seen(coarse, 60), NOW, RULES), StillArriving)
    assert isinstance(judge_completeness(fine, seen(coarse, 60), NOW, RULES, granularity_ns=SECOND), Complete)


times = st.integers(-(2**63), 2**63 - 1)


@given(times, times, times, st.integers(1, 2 * SECOND))
def test_same_time_is_an_equivalence(one: int, other: int, third: int, granularity: int) -> None:
    """Equal as far as a clock can tell: reflexive, symmetric, transitive, and never over a granule apart."""
    assert same_time(one, one, granularity)
    assert same_time(one, other, granularity) == same_time(other, one, granularity)
    if same_time(one, other, granularity):
        assert abs(one - other) < granularity
        assert same_time(other, third, granularity) == same_time(one, third, granularity)
    assert same_time(one, other, 1) == (one == other)


@given(
    times,
    st.integers(0, 3),
    st.none() | st.tuples(times, st.integers(0, 3), st.integers(-100, 200)),
    st.integers(0, 120),
    st.booleans(),
    st.sampled_from((1, SECOND)),
)
def test_complete_only_by_two_agreeing_looks_or_by_age(
    mtime_ns: int,
    size: int,
    look: tuple[int, int, int] | None,
    window: int,
    two_looks: bool,
    granularity: int,
) -> None:
    """Only what looks the same for a window, or is older than one, is whole; no listing raises."""
    file = FileEntry("a.mkv", size, mtime_ns)
    before = None
    if look is not None:
        before = Sighting("seedbox", "/a.mkv", look[1], look[0], NOW - timedelta(seconds=look[2]))
    rules = StabilityRules(timedelta(seconds=window), two_looks)
    verdict = judge_completeness(file, before, NOW, rules, granularity_ns=granularity)
    assert verdict.evidence
    agrees = before is None or (before.size == file.size and same_time(before.mtime_ns, file.mtime_ns, granularity))
    if not agrees:
        assert isinstance(verdict, StillArriving)
    elif isinstance(verdict, Complete):
        looked_twice = look is not None and look[2] >= window
        old = not two_looks and 0 < mtime_ns <= NOW_NS - window * SECOND
        assert looked_twice or old
    else:
        assert look is None or look[2] < window


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_waiting_never_makes_a_file_less_complete(age: int, later: int) -> None:
    """A file that stays as it is becomes complete once and stays so."""
    now, then = NOW, NOW + timedelta(seconds=later)
    if isinstance(judge_completeness(entry(age), None, now, RULES), Complete):
        assert isinstance(judge_completeness(entry(age), None, then, RULES), Complete)
