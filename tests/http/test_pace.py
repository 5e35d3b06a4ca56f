"""Packets go out no faster than a rule allows, whichever process sends them; a ban stops all of them."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import Banned, Cancelled, OutOfReach, RateLimited
from medialib.http.pace import Pace, PaceRule
from medialib.http.waiting import Patience
from medialib.testing.worlds import ManualClock

RULE = PaceRule(2.0, 4.0)


def patience(clock: ManualClock, seconds: float = 60.0, cancelled: threading.Event | None = None) -> Patience:
    return Patience(seconds, clock, cancelled, "AniDB")


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 90)), min_size=1, max_size=40))
def test_whoever_sends_and_whenever_the_rule_is_kept(wanted: list[tuple[int, float]]) -> None:
    """Never two packets within 2 s; over any ten of one use, 4 s on average but for the first five."""
    clock = ManualClock()
    one = Pace(None, "AniDB", RULE, clock)
    sent: list[float] = []
    for _, pause in wanted:
        clock.sleep(pause)
        one.send(lambda: sent.append(clock.monotonic()), patience(clock))
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert all(gap >= 2.0 - 1e-6 for gap in gaps)
    for start in range(len(sent) - 9):
        run = sent[start : start + 10]
        if all(gap < 60 for gap in gaps[start : start + 9]):
            assert run[-1] - run[0] >= 4 * 2 + 5 * 4 - 1e-6
    one.close()


def test_two_that_share_a_file_count_together(tmp_path: Path) -> None:
    clock = ManualClock()
    both = [Pace(tmp_path / "folder" / "pace.sqlite", "AniDB", RULE, clock) for _ in range(2)]
    sent: list[float] = []
    for at in range(6):
        both[at % 2].send(lambda: sent.append(round(clock.monotonic(), 3)), patience(clock))
    assert sent == [0, 2, 4, 6, 8, 12]
    assert (tmp_path / "folder" / "pace.sqlite").stat().st_mode & 0o777 == 0o600
    with pytest.raises(RateLimited, match="longer than this call may wait"):
        both[0].send(lambda: None, patience(clock, 1.0))
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        both[1].send(lambda: None, patience(clock, 9.0, cancelled))
    for each in both:
        each.close()


def test_what_could_not_be_sent_counts_too(tmp_path: Path) -> None:
    clock = ManualClock()
    pace = Pace(tmp_path / "pace.sqlite", "AniDB", RULE, clock)

    def fail() -> None:
        raise ConnectionError("unplugged")

    with pytest.raises(ConnectionError, match="unplugged"):
        pace.send(fail, patience(clock))
    pace.send(lambda: None, patience(clock))
    assert clock.monotonic() >= 2
    pace.close()


def test_a_ban_is_told_to_all_and_ends(tmp_path: Path) -> None:
    clock = ManualClock()
    one, other = (Pace(tmp_path / "pace.sqlite", "AniDB", RULE, clock) for _ in range(2))
    other.check()
    error = one.ban(3600, "flooding")
    assert "(flooding)" in str(error)
    assert error.retry_after == 3600
    for pace in (one, other):
        with pytest.raises(Banned, match="2024-05-17 13:00Z"):
            pace.send(lambda: pytest.fail("sent in spite of a ban"), patience(clock))
    clock.sleep(3601)
    other.send(lambda: None, patience(clock))
    for pace in (one, other):
        pace.close()


def test_a_clock_that_is_set_back_stops_nobody_for_long(tmp_path: Path) -> None:
    clock = ManualClock()
    pace = Pace(tmp_path / "pace.sqlite", "AniDB", RULE, clock)
    pace.send(lambda: None, patience(clock))
    earlier = ManualClock(clock.now() - timedelta(days=1))
    pace.close()
    again = Pace(tmp_path / "pace.sqlite", "AniDB", RULE, earlier)
    again.send(lambda: None, patience(earlier))
    assert 0 < earlier.monotonic() <= 4
    again.close()


def test_without_its_file_nothing_is_sent(tmp_path: Path) -> None:
    clock = ManualClock()
    path = tmp_path / "pace.sqlite"
    path.write_bytes(b"this is no database, and long enough to be told from one" * 100)
    pace = Pace(path, "AniDB", RULE, clock)
    for _ in range(2):
        with pytest.raises(OutOfReach, match="so it is not asked"):
            pace.send(lambda: pytest.fail("sent without being counted"), patience(clock))
    path.unlink()
    pace.send(lambda: None, patience(clock))
    pace.close()


def test_a_dry_run_sends_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    pace = Pace(tmp_path / "pace.sqlite", "AniDB", RULE, clock, read_only=True)
    pace.check()
    with pytest.raises(RateLimited, match="dry run"):
        pace.send(lambda: pytest.fail("sent in a dry run"), patience(clock))
    assert list(tmp_path.iterdir()) == []
    pace.close()
