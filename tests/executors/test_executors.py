"""Threads and processes of this machine do what one thread does, also when they die."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from operator import add, truediv
from pathlib import Path

import pytest

from medialib.catalogue.memory import MemoryCatalogue
from medialib.errors import Cancelled, OutOfReach, UsageError, WorkersLost
from medialib.executors import open_executor, saying_where, tasks_ahead
from medialib.executors.processes import RenewedProcesses
from medialib.model import Holding, InventoryFile, Place
from medialib.naming import parse_name, parse_names
from medialib.ports import SupportsReopening
from medialib.testing.fatal_location import FatalLocation
from medialib.testing.memory_location import MemoryLocation
from medialib.testing.worlds import ManualClock
from medialib.transfer import LocalLocation
from medialib.workflows.hashing import Content
from medialib.workflows.reading import Reading, hash_files
from medialib.workflows.scanning import scan
from medialib.workflows.verify import verify


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with open_executor("processes:2") as executor:
        yield executor


@pytest.fixture
def stocked(tmp_path: Path) -> Path:
    """Forty files in folders, a dangling link and an empty folder."""
    for number in range(40):
        file = tmp_path / "tv" / f"Show {number % 3}" / f"Season {number % 2}" / f"{number}.mkv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"%d" % number * 1000)
    (tmp_path / "tv/Show 0/link.mkv").symlink_to("nowhere")
    (tmp_path / "tv/empty").mkdir()
    return tmp_path / "tv"


def recorded(root: Path) -> MemoryCatalogue:
    """A catalogue that knows the files below a folder as they are."""
    catalogue = MemoryCatalogue()
    for entry in LocalLocation("tv", root).walk():
        if not hasattr(entry, "reason"):
            sha256 = hashlib.sha256((root / entry.path).read_bytes()).hexdigest()
            row = InventoryFile(
                Place("tv", entry.path), entry.size, entry.mtime_ns, ManualClock().now(), Holding(sha256=sha256)
            )
            catalogue.inventory.put([row])
    return catalogue


def test_threads_and_processes_hash_scan_and_read_names_as_one_thread_does(stocked: Path, processes: Executor) -> None:
    location = LocalLocation("tv", stocked)
    listed = list(location.walk())
    paths = [entry.path for entry in listed if not hasattr(entry, "reason")]
    hashed = [(path, hashlib.sha256((stocked / path).read_bytes()).hexdigest()) for path in paths]
    names = [path.replace("/", ".") for path in paths]
    with open_executor("threads:3") as threads:
        for executor in (None, threads, processes):
            assert list(scan(location, executor=executor)) == listed
            assert list(scan(location, "Show 1", executor=executor)) == list(location.walk("Show 1"))
            found = hash_files(location, paths, executor=executor)
            told = [(path, content.value("sha256")) for path, content in found if isinstance(content, Content)]
            assert told == hashed
            assert list(parse_names(names, executor=executor, chunk=7)) == [parse_name(name) for name in names]


def test_bytes_are_told_of_wherever_they_are_read(stocked: Path, processes: Executor) -> None:
    location = LocalLocation("tv", stocked)
    path = "Show 0/Season 0/0.mkv"
    for executor in (None, processes):
        told: list[tuple[str, int]] = []

        def arrived(reading: Reading, count: int, told: list[tuple[str, int]] = told) -> None:
            told.append((reading.path, count))

        list(hash_files(location, [path], executor=executor, arrived=arrived))
        assert told == [(path, 1000)]


def test_what_cannot_be_read_is_an_ordinary_error_with_its_name(stocked: Path, processes: Executor) -> None:
    location = LocalLocation("tv", stocked)
    ((_, gone), (_, out)) = hash_files(location, ["gone.mkv", "../out.mkv"], executor=processes)
    assert isinstance(gone, FileNotFoundError)
    assert str(gone) == "tv:gone.mkv"
    assert "out.mkv" in str(out)
    with pytest.raises(OutOfReach, match=r"none: No such file or directory\. Is the disk mounted\?"):
        list(scan(LocalLocation("tv", stocked / "none"), executor=processes))


def test_another_machine_that_lacks_a_file_is_named() -> None:
    with pytest.raises(OutOfReach, match=r"^on \S+: tv:a\.mkv\. Files must stand there"), saying_where("elsewhere"):
        raise FileNotFoundError("tv:a.mkv")


def test_what_cannot_be_opened_elsewhere_is_read_here(processes: Executor) -> None:
    """A location in memory, as one behind a password, never leaves the process."""
    location = MemoryLocation("tv")
    location.put("a.mkv", b"content")
    assert not isinstance(location, SupportsReopening)
    ((_, content),) = hash_files(location, ["a.mkv"], executor=processes)
    assert isinstance(content, Content)
    assert [entry.path for entry in scan(location, executor=processes)] == ["a.mkv"]


def test_a_worker_that_is_killed_changes_nothing(stocked: Path, tmp_path: Path) -> None:
    catalogue = recorded(stocked)
    (stocked / "Show 1/Season 1/7.mkv").write_bytes(b"rotten")
    alone = list(verify(None, {"tv": LocalLocation("tv", stocked)}, catalogue))
    assert [answer.state for answer in alone].count("whole") == 39
    fatal = FatalLocation("tv", stocked, fatal="Show 2/Season 0/8.mkv", marks=tmp_path)
    with open_executor("processes:2") as executor:
        assert list(verify(None, {"tv": fatal}, catalogue, executor=executor)) == alone
        assert len(list(tmp_path.glob("deaths.*"))) == 1
        # and what is there now goes on working
        assert executor.submit(add, 1, 2).result() == 3


def test_a_file_that_kills_every_worker_is_unreadable_and_the_others_are_read(stocked: Path, tmp_path: Path) -> None:
    fatal = FatalLocation("tv", stocked, fatal="Show 2/Season 1/5.mkv", marks=tmp_path, times=3)
    with open_executor("processes:1") as executor:
        answers = verify(None, {"tv": fatal}, recorded(stocked), executor=executor)
        found = {answer.place.path: answer for answer in answers}
    broken = found.pop("Show 2/Season 1/5.mkv")
    assert broken.state == "unreadable"
    assert "3 times the process that worked on it ended abruptly" in broken.notes[0]
    unread = [answer for answer in found.values() if answer.state != "whole"]
    assert len(unread) <= 1, "besides the one, at most what the same process was given next"


def test_a_pool_of_the_callers_own_that_breaks_is_a_clear_error(stocked: Path, tmp_path: Path) -> None:
    fatal = FatalLocation("tv", stocked, fatal="Show 0/Season 0/0.mkv", marks=tmp_path)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        with pytest.raises(WorkersLost, match="gone before its end"):
            list(verify(None, {"tv": fatal}, recorded(stocked), executor=pool))
        with pytest.raises(WorkersLost, match="gone before its end"):
            list(parse_names(["Show.S01E02.mkv"], executor=pool))


def test_an_error_of_the_work_is_its_own_and_the_executor_lives(processes: Executor) -> None:
    with pytest.raises(ZeroDivisionError):
        processes.submit(truediv, 1, 0).result()
    with pytest.raises(Exception, match="pickle"):
        processes.submit(lambda: 1).result()
    futures = [processes.submit(time.sleep, 0.05) for _ in range(12)]
    assert futures[-1].cancel()
    assert futures[0].result() is None
    assert list(processes.map(abs, [-1, -2])) == [1, 2]


def test_closing_gives_up_what_waits_and_stops_what_is_read(tmp_path: Path) -> None:
    with (tmp_path / "endless.mkv").open("wb") as file:
        file.truncate(1 << 40)  # a terabyte that takes no room, and hours to read
    location = LocalLocation("tv", tmp_path)
    with open_executor("processes:1") as executor:
        answers = hash_files(location, ["endless.mkv"] * 4, executor=executor)
        stopping = _Stopping(after=2)
        with pytest.raises(Cancelled):
            list(hash_files(location, ["endless.mkv"], executor=executor, cancelled=stopping))
    answers.close()
    with pytest.raises(RuntimeError, match="closed"):
        executor.submit(add, 1, 2)


class _Stopping:
    """A token that says stop when it is asked for the so-and-so-manieth time."""

    def __init__(self, *, after: int) -> None:
        self._left = after

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def test_an_executor_may_be_closed_while_it_works() -> None:
    executor = RenewedProcesses(1)
    futures = [executor.submit(add, number, 1) for number in range(5)]
    executor.shutdown(wait=False)
    assert [future.result(timeout=30) for future in futures] == [1, 2, 3, 4, 5]
    executor.shutdown()
    assert tasks_ahead(RenewedProcesses(100)) == 400


_ORPHANS = """
import os, sys, time
from medialib.executors import open_executor

if __name__ == "__main__":
    with open_executor("processes:2") as executor:
        futures = [executor.submit(os.getpid) for _ in range(20)]
        print(*{future.result() for future in futures}, flush=True)
        time.sleep(60)
"""


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(_ORPHANS)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        workers = [int(word) for word in starter.stdout.readline().split()]
        starter.kill()
    assert workers
    end = time.monotonic() + 20
    while any(_lives(worker) for worker in workers) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(_lives(worker) for worker in workers)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # one that has ended and was not waited for, by whoever inherited it, is no more either
    return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()


def test_ctrl_c_is_for_the_one_who_asked(processes: Executor) -> None:
    worker = processes.submit(os.getpid).result()
    os.kill(worker, signal.SIGINT)
    assert processes.submit(os.getpid).result() is not None
    assert _lives(worker)


@pytest.mark.parametrize("text", ["fibres", "processes:0", "threads:many", "dask://", "dask://user:pass@host:1", ""])
def test_what_cannot_be_chosen(text: str) -> None:
    with pytest.raises(UsageError, match="an executor wants"), open_executor(text):
        pass
