"""What is particular to Milvus: two stores that must agree, one process to a folder, a server that goes away."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from medialib.catalogue import open_catalogue
from medialib.catalogue.milvus import BESIDE, open_embedded_milvus, open_milvus_server
from medialib.catalogue.milvus_log import Change, Log
from medialib.catalogue.milvus_rows import EPISODES, Row, Table, digest, row_of
from medialib.catalogue.milvus_server import connect_embedded
from medialib.catalogue.milvus_store import MilvusStore
from medialib.catalogue.milvus_tables import MilvusTables, Rows
from medialib.catalogue.sqlite import open_sqlite
from medialib.errors import (
    CatalogueBusy,
    CatalogueCorrupt,
    CatalogueError,
    CatalogueFromTheFuture,
    CatalogueMissing,
    ConfigurationError,
    ConnectionLost,
)
from medialib.model import Episode, Movie, Show
from medialib.ports import Catalogue
from medialib.testing.servers import MilvusServer, require_modules

_BATCHES = """
import sys
from medialib.catalogue import open_catalogue
from medialib.model import Episode, Show
catalogue = open_catalogue(sys.argv[1])
prefix, last = sys.argv[2], int(sys.argv[3])
for batch in range(last):
    with catalogue.transaction():
        catalogue.shows.add(Show(f"{prefix}{batch:05}", "title", aliases=("one", "two")))
        catalogue.episodes.put(Episode(f"{prefix}{batch:05}", 1, number) for number in range(30))
        catalogue.checkpoints.put(prefix, str(batch))
    print(batch, flush=True)
"""


@pytest.fixture(autouse=True)
def _installed() -> None:
    require_modules("pymilvus", "milvus_lite")


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    return f"opening_{request.node.name.replace('[', '_').replace(']', '')[:60]}"


def writing(url: str, prefix: str, batches: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _BATCHES, url, prefix, str(batches)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def whole_batches(catalogue: Any, prefix: str) -> int:
    shows = [show.key for show in catalogue.shows.all() if show.key.startswith(prefix)]
    assert shows == [f"{prefix}{batch:05}" for batch in range(len(shows))]
    assert catalogue.checkpoints.get(prefix) == (str(len(shows) - 1) if shows else None)
    for key in shows[-3:]:
        assert [season.episodes for season in catalogue.episodes.seasons(key)] == [30]
    return len(shows)


# -------------------------------------------------------------------------------------------------------- one process


def test_a_folder_serves_one_process_until_it_dies(tmp_path: Path) -> None:
    """The other is told what to do; the kernel takes the lock from the dead; what was acknowledged is whole."""
    folder = tmp_path / "catalogue.db"
    holder = writing(f"milvus:///{folder}", "a", 1_000_000)
    assert holder.stdout is not None
    acknowledged = [int(holder.stdout.readline()) for _ in range(8)][-1]
    for read_only in (False, True):
        with pytest.raises(
            CatalogueBusy, match=r"another process.*milvus-lite server --data-dir.*milvus://127"
        ) as told:
            open_embedded_milvus(folder, read_only=read_only)
        assert str(folder) in str(told.value)
    holder.send_signal(signal.SIGKILL)
    rest, _ = holder.communicate(timeout=30)
    acknowledged = max([acknowledged, *map(int, rest.split("\n")[:-1])])
    for read_only in (True, False):
        catalogue = open_embedded_milvus(folder, read_only=read_only)
        assert whole_batches(catalogue, "a") > acknowledged
        catalogue.close()


def held(folder: Path) -> bool:
    """Whether somebody has the folder."""
    import fcntl

    with (folder / "LOCK").open("rb+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_closing_lets_go_of_the_folder(tmp_path: Path) -> None:
    """Once the last one here is closed, however it came to that."""
    folder = tmp_path / "catalogue.db"
    first, second = open_embedded_milvus(folder), open_embedded_milvus(folder, read_only=True)
    first.close()
    assert held(folder)
    second.close()
    second.close()
    assert not held(folder)
    (folder / BESIDE).write_bytes(b"no database")
    with pytest.raises(CatalogueCorrupt):
        open_embedded_milvus(folder)
    assert not held(folder)


def _interrupted(catalogue: Catalogue) -> None:
    with catalogue.transaction():
        catalogue.shows.put(Show("a", "A"))
        catalogue.checkpoints.put("done", "yes")
        raise KeyboardInterrupt


def test_what_failed_in_a_transaction_lets_go_too(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue.db"
    catalogue = open_embedded_milvus(folder)
    with pytest.raises(KeyboardInterrupt):
        _interrupted(catalogue)
    assert (catalogue.shows.get("a"), catalogue.checkpoints.names()) == (None, ())
    catalogue.close()
    assert not held(folder)


def test_folders_that_cannot_be_one(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"end in \.db"):
        open_embedded_milvus(tmp_path / "catalogue")
    with pytest.raises(CatalogueMissing):
        open_embedded_milvus(tmp_path / "none.db", create=False)
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "file.db").write_bytes(b"SQLite format 3\x00")
    with pytest.raises(CatalogueError, match="is a file"):
        open_embedded_milvus(tmp_path / "file.db")
    looking = open_embedded_milvus(tmp_path / "none.db", read_only=True)
    assert (looking.identity, list(looking.shows.all())) == ("", [])
    looking.close()
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("milvus:///catalogue", "ends in .db"),
        ("milvus://user:s3cret@nas", "wants ?beside="),
        ("milvus://nas?beside=/x&color=red", "unknown option 'color'"),
        ("milvus://nas?beside=/x&timeout=soon", "number of seconds"),
        ("milvus://nas:port?beside=/x", "no address"),
    ],
)
def test_addresses_that_are_none(url: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as told:
        open_catalogue(url)
    assert problem in str(told.value)
    assert "s3cret" not in str(told.value)


# ---------------------------------------------------------------------------------------------------------- two stores


class Killed(BaseException):
    """The process is no more."""


class DyingRows:
    """Rows whose user dies at the n-th call, before or after it took effect."""

    def __init__(self, rows: Rows, *, deaths: Mapping[str, tuple[int, bool]]) -> None:
        self._rows = rows
        self._deaths = deaths
        self._calls: dict[str, int] = {}

    def get(self, table: Table[Any], key: str) -> Row | None:
        return self._rows.get(table, key)

    def find(self, table: Table[Any], field: str, value: str) -> list[Row]:
        return self._rows.find(table, field, value)

    def all(self, table: Table[Any]) -> list[Row]:
        return self._rows.all(table)

    def apply(self, changes: Mapping[Change, Row | None]) -> None:
        # one change after the other, so that a death leaves some of them
        for change, row in changes.items():
            self._step("apply", lambda change=change, row=row: self._rows.apply({change: row}))  # type: ignore[misc]

    def flush(self, tables: Iterable[str]) -> None:
        self._step("flush", lambda: self._rows.flush(tables))

    def close(self) -> None:
        self._rows.close()

    def _step(self, name: str, work: Any) -> None:
        at, after = self._deaths.get(name, (0, False))
        self._calls[name] = self._calls.get(name, 0) + 1
        if self._calls[name] == at and not after:
            raise Killed
        work()
        if self._calls[name] == at:
            raise Killed


def _change(catalogue: Catalogue) -> None:
    with catalogue.transaction():
        catalogue.shows.put(Show("a", "after"))
        catalogue.shows.remove("gone")
        catalogue.shows.add(Show("new", "after"))
        catalogue.episodes.put(Episode("a", 1, number) for number in range(3))
        catalogue.checkpoints.put("done", "yes")


@pytest.mark.parametrize(
    "deaths",
    [{"apply": (1, False)}, {"apply": (2, False)}, {"apply": (4, True)}, {"flush": (1, False)}, {"flush": (1, True)}],
    ids=str,
)
def test_a_death_at_any_step_is_mended_by_opening(tmp_path: Path, deaths: Mapping[str, tuple[int, bool]]) -> None:
    folder = tmp_path / "catalogue.db"
    catalogue = open_embedded_milvus(folder)
    catalogue.shows.put(Show("a", "before"))
    catalogue.shows.put(Show("gone", "before"))
    store: MilvusStore = catalogue._store
    store._rows = DyingRows(store._rows, deaths=deaths)
    store._longest_log = 5
    with pytest.raises(Killed):
        _change(catalogue)
    for reopened in (False, True, False):
        # the survivor, one that only looks, and one that mends all see the same
        if reopened:
            catalogue.close()
            catalogue = open_embedded_milvus(folder, read_only=True)
        elif catalogue.read_only:
            catalogue.close()
            catalogue = open_embedded_milvus(folder)
        assert [(show.key, show.title) for show in catalogue.shows.all()] == [("a", "after"), ("new", "after")]
        assert len(list(catalogue.episodes.of_show("a"))) == 3
        assert catalogue.checkpoints.get("done") == "yes"
    catalogue.shows.put(Show("a", "later"))
    catalogue.close()
    catalogue = open_embedded_milvus(folder)
    assert [show.title for show in catalogue.shows.all()] == ["later", "after"]
    catalogue.close()


def test_what_milvus_lost_is_told_again_from_the_log(tmp_path: Path) -> None:
    """As after a loss of power: Milvus Lite does not see to it that its own log is on the disk."""
    folder = tmp_path / "catalogue.db"
    catalogue = open_embedded_milvus(folder)
    catalogue.shows.put(Show("a", "A"))
    catalogue.close()
    for log in folder.glob("collections/*/wal/*"):
        log.unlink()
    catalogue = open_embedded_milvus(folder, read_only=True)
    assert catalogue.shows.get("a") == Show("a", "A")
    catalogue.close()
    catalogue = open_embedded_milvus(folder)
    assert list(catalogue.shows.all()) == [Show("a", "A")]
    catalogue.close()


def test_a_collection_that_is_gone_is_missed(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue.db"
    catalogue = open_embedded_milvus(folder)
    catalogue.shows.put(Show("a", "A"))
    catalogue.close()
    connection = connect_embedded(folder)
    connection.client.drop_collection("medialib_shows")
    connection.close()
    for read_only in (True, False):
        with pytest.raises(CatalogueCorrupt, match="lost its shows"):
            open_embedded_milvus(folder, read_only=read_only)
    assert not held(folder)


def test_rows_of_a_later_format_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue.db"
    open_embedded_milvus(folder).close()
    beside = open_sqlite(folder / BESIDE)
    with beside.store.writing() as connection:
        connection.exec_driver_sql("UPDATE milvus_state SET value = '99' WHERE name = 'format'")
    beside.close()
    with pytest.raises(CatalogueFromTheFuture):
        open_embedded_milvus(folder)


@pytest.mark.parametrize("count", [19, 20, 21, 45])
def test_more_rows_than_one_answer_holds(tmp_path: Path, count: int) -> None:
    tables = MilvusTables(connect_embedded(tmp_path / "catalogue.db"), window=20)
    rows = [row_of(EPISODES, Episode("a", 1, number)) for number in range(count)]
    tables.apply({("episodes", row.key): row for row in rows})
    for found in (tables.all(EPISODES), tables.find(EPISODES, "of_show", digest("a"))):
        assert sorted(found, key=lambda row: row.key) == sorted(rows, key=lambda row: row.key)
    tables.close()


def test_a_long_log_is_worked_in(tmp_path: Path) -> None:
    catalogue = open_embedded_milvus(tmp_path / "catalogue.db")
    catalogue.shows.put(Show("a", "A"))
    with catalogue._beside.store.reading() as connection:
        assert Log(connection).size() == 1
    catalogue.episodes.put(Episode("a", 1, number) for number in range(1_001))
    with catalogue._beside.store.reading() as connection:
        assert (Log(connection).size(), Log(connection).told()) == (0, 1_002)
    assert len(list(catalogue.episodes.of_show("a"))) == 1_001
    catalogue.close()


# ------------------------------------------------------------------------------------------------------------- servers


def test_traits_say_what_is_kept_beside(tmp_path: Path, milvus_server: MilvusServer, database: str) -> None:
    beside = tmp_path / "beside.sqlite"
    served = open_milvus_server(milvus_server.host, milvus_server.port, beside=beside, database=database)
    embedded = open_embedded_milvus(tmp_path / "catalogue.db")
    assert served.traits.processes
    assert not embedded.traits.processes
    for catalogue in (served, embedded):
        assert catalogue.traits.transactions
        assert catalogue.traits.kept_beside == ("sightings", "journal", "checkpoints", "leases")
        catalogue.close()


def test_a_server_has_one_file_beside_it(tmp_path: Path, milvus_server: MilvusServer, database: str) -> None:
    address = (milvus_server.host, milvus_server.port)
    mine = open_milvus_server(*address, beside=tmp_path / "mine.sqlite", database=database)
    mine.shows.put(Show("a", "A"))
    mine.close()
    for read_only in (True, False):
        with pytest.raises(CatalogueError, match="belong to another catalogue"):
            open_milvus_server(*address, beside=tmp_path / "yours.sqlite", database=database, read_only=read_only)
    with pytest.raises(CatalogueMissing):
        open_milvus_server(*address, beside=tmp_path / "none.sqlite", database=database, create=False)


def test_processes_write_to_a_server_together(tmp_path: Path, milvus_server: MilvusServer, database: str) -> None:
    beside = tmp_path / "beside.sqlite"
    url = f"milvus://{milvus_server.host}:{milvus_server.port}/{database}?beside={beside}"
    other = writing(url, "other", 40)
    catalogue = open_catalogue(url)
    assert other.stdout is not None
    other.stdout.readline()
    for batch in range(20):
        with catalogue.transaction():
            catalogue.shows.add(Show(f"mine{batch:05}", "title"))
            catalogue.episodes.put(Episode(f"mine{batch:05}", 1, number) for number in range(30))
            catalogue.checkpoints.put("mine", str(batch))
        whole_batches(catalogue, "other")
    _, errors = other.communicate(timeout=60)
    assert (other.returncode, errors) == (0, "")
    assert (whole_batches(catalogue, "mine"), whole_batches(catalogue, "other")) == (20, 40)
    catalogue.close()


def test_an_outage_loses_nothing(tmp_path: Path) -> None:
    """What is written meanwhile is durable beside, and told once the server is back; questions say that it is away."""
    with MilvusServer(tmp_path / "server") as server:
        told: list[Any] = []
        catalogue = open_milvus_server(
            server.host, server.port, beside=tmp_path / "beside.sqlite", busy_timeout=1, observer=told.append
        )
        catalogue.shows.put(Show("a", "before"))
        server.stop()
        catalogue.movies.put(Movie("b", "meanwhile"))
        assert any("Milvus could not be told" in str(noted) for noted in told)
        assert catalogue.movies.get("b") == Movie("b", "meanwhile")
        with pytest.raises(ConnectionLost, match=rf"Milvus at 127\.0\.0\.1:{server.port} does not answer"):
            catalogue.shows.get("a")
        server.start()
        catalogue.close()
        catalogue = open_milvus_server(server.host, server.port, beside=tmp_path / "beside.sqlite")
        assert list(catalogue.shows.all()) == [Show("a", "before")]
        assert list(catalogue.movies.all()) == [Movie("b", "meanwhile")]
        assert MilvusTables(catalogue._store._rows._connection).tables() == {"shows", "movies"}
        catalogue.close()


# --------------------------------------------------------------------------------------------------------------- quiet


def test_pymilvus_is_loaded_late_and_keeps_quiet(tmp_path: Path) -> None:
    """It would read .env into the environment, and write what fails to the terminal."""
    (tmp_path / ".env").write_text("MEDIALIB_LEAKED=1\n")
    script = """
import os, sys
import medialib.catalogue, medialib.catalogue.sqlite
assert not {"pymilvus", "milvus_lite", "grpc", "numpy"} & set(sys.modules)
from medialib.catalogue.milvus import open_embedded_milvus, open_milvus_server
assert not {"pymilvus", "milvus_lite", "grpc", "numpy"} & set(sys.modules)
catalogue = open_embedded_milvus(sys.argv[1])
catalogue.close()
from medialib.errors import ConnectionLost
try:
    open_milvus_server("127.0.0.1", 9, beside=sys.argv[1] + "/x.sqlite", busy_timeout=0.2)
except ConnectionLost:
    pass
assert "MEDIALIB_LEAKED" not in os.environ
assert "PYTHON_DOTENV_DISABLED" not in os.environ
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(tmp_path / "catalogue.db")],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHON_DOTENV_DISABLED"},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert all(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("pymilvus").handlers)
