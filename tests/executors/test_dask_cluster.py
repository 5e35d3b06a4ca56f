"""A Dask cluster of two workers on this machine does what one thread does, also when one of them is killed midway."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from medialib.catalogue.memory import MemoryCatalogue
from medialib.errors import OutOfReach, UsageError, WorkersLost
from medialib.executors import open_executor
from medialib.naming import parse_name, parse_names
from medialib.testing.dask_cluster import DaskCluster
from medialib.testing.fatal_location import FatalLocation
from medialib.testing.servers import free_port
from medialib.transfer import LocalLocation
from medialib.workflows.reading import hash_files
from medialib.workflows.scanning import scan
from medialib.workflows.verify import verify


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Files whose names claim a CRC32 that some of them have not."""
    for number in range(40):
        file = tmp_path / "tv" / f"Show {number % 4}" / f"[Group] Show - {number:02} [FEC530A9].mkv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"content" if number % 5 else b"rotten")
    return tmp_path / "tv"


def test_workers_and_then_the_scheduler_are_killed_midway(library: Path, tmp_path: Path) -> None:
    """One worker: nothing changes. All of them, or the scheduler: a clear error. One test, for a cluster takes long."""
    alone = list(verify(None, {"tv": LocalLocation("tv", library)}, MemoryCatalogue()))
    assert {answer.state for answer in alone} == {"whole", "corrupt"}
    names = [answer.place.path for answer in alone]
    fatal = FatalLocation("tv", library, fatal=names[20], marks=tmp_path)
    with DaskCluster(tmp_path) as cluster, open_executor(cluster.address, timeout=4) as executor:
        assert list(scan(fatal, executor=executor)) == list(fatal.walk())
        assert list(parse_names(names, executor=executor, chunk=9)) == [parse_name(name) for name in names]
        assert cluster.workers == 2
        assert list(verify(None, {"tv": fatal}, MemoryCatalogue(), executor=executor)) == alone
        assert cluster.workers == 1
        answers = hash_files(fatal, names * 20, executor=executor)
        next(answers)
        cluster.kill_workers()
        with (
            pytest.raises(OutOfReach, match="the scheduler has no workers"),
            open_executor(cluster.address, timeout=2),
        ):
            pass
        cluster.kill_scheduler()
        with pytest.raises(WorkersLost, match="scheduler went away"):
            list(answers)


def test_nobody_there() -> None:
    with (
        pytest.raises(OutOfReach, match=r"^dask://127\.0\.0\.1:\d+: no Dask scheduler answers there: .*dask scheduler"),
        open_executor(f"dask://127.0.0.1:{free_port()}", timeout=0.3),
    ):
        pass


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r'pip install "medialib\[dask\]"'), open_executor("dask://localhost"):
        pass
