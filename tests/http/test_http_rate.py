"""A service never counts more calls than its rate in any window, however many threads and processes ask."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import Cancelled, RateLimited
from medialib.http import HttpClient, HttpOptions, Rate, SystemClock
from medialib.http.ledger import Ledger
from medialib.http.rebuildable import RebuildableFile
from medialib.http.waiting import Patience
from medialib.testing.web_server import Answer, Request, WebServer
from medialib.testing.worlds import ManualClock


class Counter(WebServer):
    """Notes when each call came."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def answer(self, request: Request) -> Answer:
        self.times.append(time.monotonic())
        return Answer({"count": len(self.times)})


@pytest.fixture
def counter() -> Iterator[Counter]:
    server = Counter()
    with server:
        yield server


def most(times: list[float], seconds: float) -> int:
    """How many calls fell into the fullest window."""
    return max(sum(1 for time in times if begin <= time < begin + seconds) for begin in times)


SCRIPT = """
import sys
from pathlib import Path
from medialib.http import HttpClient, HttpOptions, Rate, SystemClock
url, folder, calls = sys.argv[1:]
options = HttpOptions(cache=Path(folder), patience=60)
with HttpClient(url, name="counter", options=options, rate=Rate(5, 0.5)) as client:
    for number in range(int(calls)):
        client.get(f"{number}")
"""


def test_processes_keep_to_a_rate_together(counter: Counter, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, counter.url, str(tmp_path), "7"]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    assert len(counter.times) == 21
    assert most(counter.times, 0.5) <= 5
    # and the rate is used: 21 calls need 4 windows to pass
    assert max(counter.times) - min(counter.times) < 10


def test_threads_keep_to_a_rate_together(counter: Counter) -> None:
    options = HttpOptions(patience=60)
    with HttpClient(counter.url, name="counter", options=options, rate=Rate(4, 0.2)) as client:
        threads = [threading.Thread(target=client.get, args=(f"{number}",)) for number in range(14)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert len(counter.times) == 14
    assert most(counter.times, 0.2) <= 4


def test_a_turn_beyond_patience_is_not_waited_for(counter: Counter) -> None:
    clock = ManualClock()
    options = HttpOptions(patience=5, clock=clock)
    with HttpClient(counter.url, name="counter", options=options, rate=Rate(2, 60)) as client:
        client.get("a")
        client.get("b")
        with pytest.raises(RateLimited, match="2 times in 60 s") as caught:
            client.get("c")
        assert caught.value.retry_after == pytest.approx(60, abs=1)
        clock.sleep(61)
        client.get("c")
    assert len(counter.times) == 3


def test_a_turn_is_waited_for(counter: Counter) -> None:
    clock = ManualClock()
    options = HttpOptions(patience=60, clock=clock)
    with HttpClient(counter.url, name="counter", options=options, rate=Rate(2, 10)) as client:
        for number in range(6):
            client.get(f"{number}")
    assert 20 <= clock.monotonic() < 21


def test_waiting_for_a_turn_is_cancelled_within_a_second(counter: Counter) -> None:
    stop = threading.Event()
    options = HttpOptions(patience=60, cancelled=stop)
    with HttpClient(counter.url, name="counter", options=options, rate=Rate(1, 30)) as client:
        client.get("a")
        threading.Timer(0.2, stop.set).start()
        begin = time.monotonic()
        with pytest.raises(Cancelled):
            client.get("b")
        assert time.monotonic() - begin < 1


def test_a_dry_run_starts_from_what_others_wrote(counter: Counter, tmp_path: Path) -> None:
    clock = ManualClock()
    live = HttpOptions(cache=tmp_path, clock=clock)
    with HttpClient(counter.url, name="counter", options=live, rate=Rate(2, 60)) as client:
        client.get("a")
    dry = HttpOptions(cache=tmp_path, clock=clock, patience=1, read_only=True)
    with HttpClient(counter.url, name="counter", options=dry, rate=Rate(2, 60)) as client:
        client.get("b")
        with pytest.raises(RateLimited):
            client.get("c")


def test_services_have_turns_of_their_own(counter: Counter, tmp_path: Path) -> None:
    options = HttpOptions(cache=tmp_path, clock=ManualClock(), patience=0)
    for name in ("one", "two"):
        with HttpClient(counter.url, name=name, options=options, rate=Rate(1, 60)) as client:
            client.get("a")
    assert len(counter.times) == 2


def test_a_clock_that_is_set_back_blocks_no_one(counter: Counter, tmp_path: Path) -> None:
    clock = ManualClock()
    options = HttpOptions(cache=tmp_path, clock=clock, patience=1)
    with HttpClient(counter.url, name="counter", options=options, rate=Rate(1, 10)) as client:
        client.get("a")
        clock.sleep(-7200)
        client.get("b")
    assert len(counter.times) == 2


def test_a_ledger_that_another_process_holds_is_waited_for(counter: Counter, tmp_path: Path) -> None:
    told: list[str] = []
    holder = sqlite3.connect(tmp_path / "calls.sqlite", isolation_level=None, check_same_thread=False)
    holder.execute("CREATE TABLE something_else (id)")  # before the ledger made its own
    holder.execute("BEGIN EXCLUSIVE")
    threading.Timer(0.4, lambda: holder.execute("COMMIT")).start()
    begin = time.monotonic()
    options = HttpOptions(cache=tmp_path, told=told.append)
    with HttpClient(counter.url, name="counter", options=options, rate=Rate(5, 1)) as client:
        client.get("a")
    assert time.monotonic() - begin >= 0.3
    assert told == []
    assert holder.execute("SELECT count(*) FROM calls").fetchone() == (1,)
    holder.close()


def test_a_ledger_that_is_held_for_ever_stops_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    clock = SystemClock()
    path = tmp_path / "calls.sqlite"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    ledger = Ledger(path, "one", Rate(1, 5), hold=20, clock=clock, read_only=False, told=told.append, busy_patience=0.1)
    with ledger.call(Patience(10, clock, None, "one")):
        assert len(told) == 1
    ledger.close()
    holder.close()


def test_a_caller_that_died_blocks_no_one_for_long(tmp_path: Path) -> None:
    clock = ManualClock()

    def ledger() -> Ledger:
        path = tmp_path / "calls.sqlite"
        return Ledger(path, "one", Rate(1, 5), hold=20, clock=clock, read_only=False, told=print)

    first, second = ledger(), ledger()
    never_ended = first.call(Patience(0, clock, None, "one"))
    never_ended.__enter__()
    with pytest.raises(RateLimited), second.call(Patience(10, clock, None, "one")):
        raise AssertionError("granted while the other may still be in the air")
    with second.call(Patience(20, clock, None, "one")):
        assert clock.monotonic() >= 25
    second.close()
    never_ended.__exit__(None, None, None)
    first.close()


@given(
    calls=st.integers(1, 4),
    seconds=st.floats(0.5, 20),
    pauses=st.lists(st.floats(0, 10), min_size=1, max_size=12),
    lengths=st.lists(st.floats(0, 3), min_size=12, max_size=12),
)
def test_no_window_holds_more_than_the_rate(
    calls: int, seconds: float, pauses: list[float], lengths: list[float]
) -> None:
    """A service counts a call anywhere between grant and end: the windows are kept for each such choice."""
    clock = ManualClock()
    ledger = Ledger(None, "one", Rate(calls, seconds), hold=30, clock=clock, read_only=False, told=print)
    granted: list[tuple[float, float]] = []
    for pause, length in zip(pauses, lengths, strict=False):
        clock.sleep(pause)
        with ledger.call(Patience(1000, clock, None, "one")):
            begin = clock.monotonic()
            clock.sleep(length)
        granted.append((begin, clock.monotonic()))
    ledger.close()
    for (_, counted), (begin, _) in zip(granted, granted[calls:], strict=False):
        assert begin - counted >= seconds - 0.001


def test_a_file_whose_damage_sqlite_cannot_say_in_unicode_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (x)")
        connection.execute("PRAGMA writable_schema = ON")
        nonsense = "name = CAST(x'c328' AS TEXT), sql = 'CREATE TABLE no sense at all ('"
        connection.execute(f"UPDATE sqlite_master SET {nonsense}")
        connection.commit()
    told: list[str] = []
    schema = "CREATE TABLE IF NOT EXISTS calls (at REAL)"
    file = RebuildableFile(path, schema, what="the ledger", read_only=False, told=told.append)
    assert file.run(lambda connection: connection.execute("SELECT count(*) FROM calls").fetchone()) == (0,)
    assert told
    file.close()
