"""Several processes on one catalogue, and processes that die."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medialib.catalogue.sqlite import check_sqlite, open_sqlite
from medialib.errors import CatalogueBusy
from medialib.model import Place, Show
from medialib.planning import MakeFolder
from medialib.ports import Run

NOON = datetime(2024, 5, 17, 12, tzinfo=UTC)

_BATCHES = """
import sys
from medialib.catalogue.sqlite import open_sqlite
from medialib.model import Episode, Show
catalogue = open_sqlite(sys.argv[1])
start = len(list(catalogue.shows.all()))
for batch in range(start, 1_000_000):
    with catalogue.transaction():
        catalogue.shows.add(Show(f"{batch:07}", "title", aliases=("one", "two")))
        for season in range(3):
            catalogue.episodes.put(Episode(f"{batch:07}", season, number) for number in range(20))
        catalogue.checkpoints.put("last", str(batch))
    print(batch, flush=True)
"""

_FRESH = """
import sys
from medialib.catalogue.sqlite import open_sqlite
sys.stdin.read(1)
print(open_sqlite(sys.argv[1]).identity)
"""

_LINES = """
import sys
from medialib.catalogue.sqlite import open_sqlite
from medialib.model import Place
from medialib.planning import MakeFolder
catalogue = open_sqlite(sys.argv[1])
print("ready", flush=True)
sys.stdin.read(1)
for turn in range(40):
    with catalogue.transaction():
        (number,) = catalogue.journal.intend("r", [MakeFolder("k", Place("tv", sys.argv[2]))])
        seen = catalogue.checkpoints.get("count") or "0"
        catalogue.checkpoints.put("count", str(int(seen) + 1))
    print(number, flush=True)
"""

_LEASE = """
import sys
from datetime import datetime
from medialib.catalogue.sqlite import open_sqlite
catalogue = open_sqlite(sys.argv[1])
print("ready", flush=True)
sys.stdin.read(1)
now = datetime.fromisoformat(sys.argv[3])
for turn in range(20):
    print(catalogue.leases.acquire(f"lease {turn}", sys.argv[2], seconds=30, now=now).holder)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def at_once(processes: list[subprocess.Popen[str]]) -> list[list[str]]:
    """Let those that said they are ready go; what each printed."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    told = []
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        told.append(output.splitlines())
    return told


def test_a_killed_writer_leaves_whole_transactions_only(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    acknowledged = -1
    for round_ in range(3):
        writer = start(_BATCHES, path)
        assert writer.stdout is not None
        for _ in range(5 + round_):
            acknowledged = int(writer.stdout.readline())
        time.sleep(0.003 * round_)
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate(timeout=30)
        acknowledged = max([acknowledged, *map(int, rest.split("\n")[:-1])])
        assert check_sqlite(path) == ()
        catalogue = open_sqlite(path)
        shows = [show.key for show in catalogue.shows.all()]
        assert shows == [f"{batch:07}" for batch in range(len(shows))]
        assert len(shows) - 1 >= acknowledged
        assert catalogue.checkpoints.get("last") == str(len(shows) - 1)
        for key in shows:
            assert [season.episodes for season in catalogue.episodes.seasons(key)] == [20, 20, 20]
        catalogue.close()


def test_processes_that_start_on_a_fresh_file_find_one_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "new" / "catalogue.db"
    starting = [start(_FRESH, path) for _ in range(3)]
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    told = [process.communicate(timeout=60) for process in starting]
    assert len({output for output, _ in told}) == 1, told
    assert told[0][0].strip()


def test_two_writers_at_once_wait_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    catalogue = open_sqlite(path)
    catalogue.journal.begin(Run("r", "route", NOON))
    told = at_once([start(_LINES, path, name) for name in ("one", "two")])
    assert sorted(int(number) for numbers in told for number in numbers) == list(range(1, 81))
    assert [line.sequence for line in catalogue.journal.lines("r")] == list(range(1, 81))
    assert catalogue.checkpoints.get("count") == "80"
    assert len(list(catalogue.journal.touching(Place("tv", "one")))) == 40
    catalogue.close()


def test_a_lease_goes_to_one_process(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    catalogue = open_sqlite(path)
    names = ("host:1", "host:2", "host:3")
    told = at_once([start(_LEASE, path, name, NOON.isoformat()) for name in names])
    assert told[0] == told[1] == told[2]
    assert len(told[0]) == 20
    assert set(told[0]) <= set(names)
    assert [lease.holder for turn in range(20) if (lease := catalogue.leases.get(f"lease {turn}"))] == told[0]
    catalogue.close()


def test_a_lease_is_renewed_while_another_thread_works(tmp_path: Path) -> None:
    catalogue = open_sqlite(tmp_path / "catalogue.db")
    catalogue.journal.begin(Run("r", "route", NOON))
    ended = threading.Event()
    faults: list[Exception] = []
    renewals = 0

    def renew() -> None:
        nonlocal renewals
        while not ended.is_set():
            try:
                assert catalogue.leases.acquire("apply", "me", seconds=30, now=NOON).holder == "me"
            except Exception as error:
                faults.append(error)
            renewals += 1
            ended.wait(0.001)

    thread = threading.Thread(target=renew)
    thread.start()
    for turn in range(50):
        with catalogue.transaction():
            catalogue.journal.intend("r", [MakeFolder("k", Place("tv", str(turn)))])
            catalogue.shows.put(Show("a", str(turn)))
    ended.set()
    thread.join()
    assert faults == []
    assert renewals > 0
    assert len(list(catalogue.journal.lines("r"))) == 50
    catalogue.close()


def test_a_holder_that_was_killed_frees_the_file(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    open_sqlite(path).close()
    holder = start(
        "import sys, sqlite3\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()",
        path,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    catalogue = open_sqlite(path, busy_timeout=0.05)
    with pytest.raises(CatalogueBusy, match="another process"):
        catalogue.checkpoints.put("a", "b")
    holder.kill()
    holder.communicate(timeout=30)
    catalogue.checkpoints.put("a", "b")
    catalogue.close()


def test_looking_while_another_process_writes(tmp_path: Path) -> None:
    """Whole transactions at each look, however the log is worked in meanwhile."""
    path = tmp_path / "catalogue.db"
    writer = start(_BATCHES, path)
    assert writer.stdout is not None
    try:
        for _ in range(15):
            acknowledged = int(writer.stdout.readline())
            looking = open_sqlite(path, read_only=True)
            shows = [show.key for show in looking.shows.all()]
            assert len(shows) > acknowledged
            assert looking.checkpoints.get("last") == str(len(shows) - 1)
            assert [season.episodes for season in looking.episodes.seasons(shows[-1])] == [20, 20, 20]
            looking.close()
    finally:
        writer.kill()
        writer.communicate(timeout=30)
