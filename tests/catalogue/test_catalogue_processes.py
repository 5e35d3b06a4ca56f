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

from medialib.catalogue import open_catalogue
from medialib.catalogue.sqlite import check_sqlite, open_sqlite
from medialib.errors import CatalogueBusy
from medialib.model import Place, Show
from medialib.planning import MakeFolder
from medialib.ports import Run
from medialib.testing.postgresql import PostgresqlServer

NOON = datetime(2024, 5, 17, 12, tzinfo=UTC)

_BATCHES = """
import sys
from medialib.catalogue import open_catalogue
from medialib.model import Episode, Show
catalogue = open_catalogue(sys.argv[1])
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
from medialib.catalogue import open_catalogue
sys.stdin.read(1)
print(open_catalogue(sys.argv[1]).identity)
"""

_LINES = """
import sys
from medialib.catalogue import open_catalogue
from medialib.model import Place
from medialib.planning import MakeFolder
catalogue = open_catalogue(sys.argv[1])
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
from medialib.catalogue import open_catalogue
catalogue = open_catalogue(sys.argv[1])
print("ready", flush=True)
sys.stdin.read(1)
now = datetime.fromisoformat(sys.argv[3])
for turn in range(20):
    print(catalogue.leases.acquire(f"lease {turn}", sys.argv[2], seconds=30, now=now).holder)
"""


_TAKE = """
import os, signal, sys
from medialib.catalogue import open_catalogue
catalogue = open_catalogue(sys.argv[1])
print("ready", flush=True)
sys.stdin.read(1)
print(catalogue.leases.acquire("apply", sys.argv[2], seconds=1.5).holder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

_HOLDER = """
import sys
from medialib.catalogue import open_catalogue
catalogue = open_catalogue(sys.argv[1])
with catalogue.transaction():
    catalogue.checkpoints.put("count", "lost")
    catalogue.leases.acquire("inside", "holder", seconds=3600)
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A catalogue that many processes may have open, and that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/catalogue.db"
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return server.fresh_url()


def faults(url: str) -> tuple[str, ...]:
    """What is wrong inside, where there is a file that can be looked into."""
    return check_sqlite(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else ()


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def at_once(processes: list[subprocess.Popen[str]], *, code: int = 0) -> list[list[str]]:
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
        assert process.returncode == code, errors
        told.append(output.splitlines())
    return told


def test_a_killed_writer_leaves_whole_transactions_only(url: str) -> None:
    acknowledged = -1
    for round_ in range(3):
        writer = start(_BATCHES, url)
        assert writer.stdout is not None
        for _ in range(5 + round_):
            acknowledged = int(writer.stdout.readline())
        time.sleep(0.003 * round_)
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate(timeout=30)
        acknowledged = max([acknowledged, *map(int, rest.split("\n")[:-1])])
        assert faults(url) == ()
        catalogue = open_catalogue(url)
        shows = [show.key for show in catalogue.shows.all()]
        assert shows == [f"{batch:07}" for batch in range(len(shows))]
        assert len(shows) - 1 >= acknowledged
        assert catalogue.checkpoints.get("last") == str(len(shows) - 1)
        for key in shows:
            assert [season.episodes for season in catalogue.episodes.seasons(key)] == [20, 20, 20]
        catalogue.close()


def test_processes_that_start_on_a_fresh_file_find_one_catalogue(url: str) -> None:
    starting = [start(_FRESH, url) for _ in range(3)]
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    told = [process.communicate(timeout=60) for process in starting]
    assert len({output for output, _ in told}) == 1, told
    assert told[0][0].strip()


def test_two_writers_at_once_wait_for_each_other(url: str) -> None:
    catalogue = open_catalogue(url)
    catalogue.journal.begin(Run("r", "route", NOON))
    told = at_once([start(_LINES, url, name) for name in ("one", "two")])
    assert sorted(int(number) for numbers in told for number in numbers) == list(range(1, 81))
    assert [line.sequence for line in catalogue.journal.lines("r")] == list(range(1, 81))
    assert catalogue.checkpoints.get("count") == "80"
    assert len(list(catalogue.journal.touching(Place("tv", "one")))) == 40
    catalogue.close()


def test_a_lease_goes_to_one_process(url: str) -> None:
    catalogue = open_catalogue(url)
    names = ("host:1", "host:2")
    told = at_once([start(_LEASE, url, name, NOON.isoformat()) for name in names])
    assert told[0] == told[1]
    assert len(told[0]) == 20
    assert set(told[0]) <= set(names)
    assert [lease.holder for turn in range(20) if (lease := catalogue.leases.get(f"lease {turn}"))] == told[0]
    catalogue.close()


def test_a_lease_is_renewed_while_another_thread_works(url: str) -> None:
    catalogue = open_catalogue(url)
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


def test_a_holder_that_was_killed_frees_what_it_held_in_time(url: str) -> None:
    catalogue = open_catalogue(url)
    told = at_once([start(_TAKE, url, name) for name in ("one", "two")], code=-signal.SIGKILL)
    (winner,) = {name for (name,) in told}
    assert catalogue.leases.acquire("apply", "three", seconds=30).holder == winner
    deadline = time.monotonic() + 30
    while (lease := catalogue.leases.acquire("apply", "three", seconds=30)).holder != "three":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert catalogue.leases.get("apply") == lease
    catalogue.close()


def test_a_holder_that_was_killed_leaves_nothing_half_done_and_nothing_locked(url: str) -> None:
    catalogue = open_catalogue(url)
    catalogue.checkpoints.put("count", "1")
    holder = start(_HOLDER, url)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n", holder.communicate()
    looking = open_catalogue(url, read_only=True)
    assert looking.checkpoints.get("count") == "1"
    looking.close()
    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=30)
    catalogue.checkpoints.put("count", "2")
    assert catalogue.leases.get("inside") is None
    assert catalogue.leases.acquire("inside", "me", seconds=1).holder == "me"
    assert catalogue.checkpoints.get("count") == "2"
    catalogue.close()


def test_looking_while_another_process_writes(url: str) -> None:
    """Whole transactions at each look, however the log is worked in meanwhile."""
    writer = start(_BATCHES, url)
    assert writer.stdout is not None
    try:
        for _ in range(15):
            acknowledged = int(writer.stdout.readline())
            looking = open_catalogue(url, read_only=True)
            with looking.transaction():
                shows = [show.key for show in looking.shows.all()]
                assert len(shows) > acknowledged
                assert looking.checkpoints.get("last") == str(len(shows) - 1)
                assert [season.episodes for season in looking.episodes.seasons(shows[-1])] == [20, 20, 20]
            looking.close()
    finally:
        writer.kill()
        writer.communicate(timeout=30)
