"""Backups, restores, copies and migrations of real catalogues: under a writer, killed half-way, of damaged ones."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from medialib.catalogue import open_catalogue
from medialib.catalogue.copying import is_empty
from medialib.catalogue.migrating import migrate as run_migrations
from medialib.catalogue.postgresql import connect
from medialib.catalogue.postgresql_address import read_address
from medialib.catalogue.schema import REVISIONS
from medialib.catalogue.sqlite import check_sqlite, open_sqlite
from medialib.errors import (
    CatalogueBusy,
    CatalogueCorrupt,
    CatalogueError,
    CatalogueFromTheFuture,
    CatalogueMissing,
    MedialibError,
    OutOfReach,
    TargetTaken,
    UsageError,
)
from medialib.events import RecordsRead
from medialib.library import administration
from medialib.model import Episode, Show
from medialib.ports import Catalogue
from medialib.testing.catalogue_copies import write_everywhere
from medialib.testing.catalogue_machine import everything_in
from medialib.testing.chances import chances, rounds
from medialib.testing.failing_disk import remount, small_disk
from medialib.testing.postgresql import PostgresqlServer
from medialib.testing.servers import MilvusServer, require_modules
from medialib.workflows.apply.session import LEASE

RELEASED = Path(__file__).parent / "released_0001.sql"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where backups go that have no file to stand beside."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "medialib"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A catalogue that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kept/catalogue.db"
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return server.fresh_url()


@contextmanager
def opened(url: str | Path, **options: Any) -> Iterator[Catalogue]:
    with closing(open_catalogue(url, **options)) as catalogue:
        yield catalogue


def fill(url: str, episodes: int = 300) -> dict[str, Any]:
    with opened(url) as catalogue:
        write_everywhere(catalogue)
        catalogue.episodes.put(Episode("a", 2, number, "title " * 20) for number in range(episodes))
        return held(catalogue)


def held(catalogue: Catalogue) -> dict[str, Any]:
    """Everything that a copy has too, and the identity."""
    return {**everything_in(catalogue), "leases": catalogue.identity}


def content(url: str | Path) -> dict[str, Any]:
    with opened(url, read_only=True) as catalogue:
        return held(catalogue)


# ------------------------------------------------------------------------------------------------------ under a writer

_WRITER = """
import sys
from medialib.catalogue import open_catalogue
from medialib.model import Episode, Show
catalogue = open_catalogue(sys.argv[1])
for turn in range(1_000_000):
    with catalogue.transaction():
        catalogue.shows.put(Show(f"{turn % 20:02}", str(turn), aliases=(str(turn), str(turn))))
        catalogue.episodes.put(Episode(f"{turn % 20:02}", 1, number, str(turn)) for number in range(20))
        catalogue.checkpoints.put("turn", str(turn))
    if turn == 20:
        print("ready", flush=True)
"""


def test_backups_under_a_writer_are_whole(url: str, tmp_path: Path) -> None:
    """Each is of one moment, and passes an integrity check."""
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, url], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    seen = []
    try:
        assert writer.stdout.readline() == "ready\n"
        for _ in rounds(sample=10, full=50):
            backup = administration.back_up(url, tmp_path)
            assert check_sqlite(backup.path) == ()
            assert stat.S_IMODE(backup.path.stat().st_mode) == 0o600
            with opened(backup.path, read_only=True) as catalogue:
                turn = int(catalogue.checkpoints.get("turn") or 0)
                seen.append(turn)
                shows = list(catalogue.shows.all())
                assert {int(show.title) for show in shows} == set(range(turn - 19, turn + 1))
                for show in shows:
                    assert show.aliases == (show.title, show.title)
                    assert {episode.title for episode in catalogue.episodes.of_show(show.key)} == {show.title}
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]


# --------------------------------------------------------------------------------------------------- there and back


def test_a_backup_is_put_back_where_it_came_from(url: str, home: Path) -> None:
    before = fill(url)
    backup = administration.back_up(url)
    assert backup.path.parent == (home if url.startswith("postgresql") else Path(url.removeprefix("sqlite:///")).parent)
    with opened(url) as catalogue:
        catalogue.shows.remove("a")
        catalogue.shows.add(Show("later", "Later"))
        after = held(catalogue)
    restored = administration.restore(backup.path, url)
    assert content(url) == before == content(backup.path)
    assert restored.aside is not None
    assert content(restored.aside) == after
    assert stat.S_IMODE(restored.aside.stat().st_mode) == 0o600
    assert restored.summary == backup.summary


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_a_catalogue_moves_to_any_kind(
    url: str, to: str, postgresql_server: PostgresqlServer, tmp_path: Path, home: Path
) -> None:
    before = fill(url)
    target = str(tmp_path / "target.db") if to == "sqlite" else postgresql_server.fresh_url()
    copied = administration.copy(url, target)
    assert content(target) == before == content(url)
    with pytest.raises(CatalogueError, match="not empty"):
        administration.copy(url, target)
    described = administration.describe(target)
    assert (described.summary, described.identity) == (copied.summary, copied.identity)
    assert described.writing is None
    assert administration.check(target) == administration.Checked((), copied.summary)
    other = tmp_path / "from-any-kind.db"
    administration.back_up(target, other)
    with opened(url) as catalogue:
        catalogue.checkpoints.put("later", "")
    administration.restore(other, url)
    assert content(url) == before


@pytest.mark.parametrize("how", ["embedded", "server"])
def test_a_catalogue_in_milvus_is_copied_backed_up_and_restored(
    how: str, request: pytest.FixtureRequest, tmp_path: Path, home: Path
) -> None:
    require_modules("pymilvus", "milvus_lite")
    url = f"milvus:///{tmp_path}/milvus.db"
    if how == "server":
        server: MilvusServer = request.getfixturevalue("milvus_server")
        url = f"milvus://{server.host}:{server.port}/copied?beside={tmp_path}/beside.sqlite"
    before = fill(f"{tmp_path}/catalogue.db", episodes=10)
    copied = administration.copy(f"{tmp_path}/catalogue.db", url)
    assert content(url) == before
    backup = administration.back_up(url)
    assert backup.path.parent == home
    assert content(backup.path) == before
    with opened(url) as catalogue:
        catalogue.shows.remove("a")
        after = held(catalogue)
    restored = administration.restore(backup.path, url)
    assert restored.aside is not None
    assert content(restored.aside) == after
    assert content(url) == before
    assert administration.check(url) == administration.Checked((), copied.summary)
    administration.copy(url, f"{tmp_path}/back.db")
    assert content(f"{tmp_path}/back.db") == before


def test_a_backup_is_restored_where_there_is_nothing(url: str, tmp_path: Path) -> None:
    fill(f"{tmp_path}/other.db")
    backup = administration.back_up(f"{tmp_path}/other.db", tmp_path / "backup.db").path
    restored = administration.restore(backup, url)
    assert restored.aside is None
    assert content(url) == content(backup)


def test_nothing_is_overwritten(url: str, tmp_path: Path) -> None:
    fill(url)
    taken = tmp_path / "taken.db"
    taken.write_text("mine")
    with pytest.raises(TargetTaken):
        administration.back_up(url, taken)
    assert taken.read_text() == "mine"
    with pytest.raises(OutOfReach):
        administration.back_up(url, tmp_path / "no" / "folder" / "backup.db")


def test_what_is_not_there_is_not_made(url: str, tmp_path: Path) -> None:
    for act in (
        lambda: administration.back_up(url, tmp_path),
        lambda: administration.copy(url, f"{tmp_path}/copy.db"),
        lambda: administration.check(url),
        lambda: administration.describe(url),
        lambda: administration.migrate(url),
        lambda: administration.restore(tmp_path / "absent.db", url),
    ):
        with pytest.raises(CatalogueMissing):
            act()
    assert not list(tmp_path.rglob("*.db"))
    assert administration.initialise(url).made
    assert not administration.initialise(url).made


def test_who_is_at_work_is_not_disturbed(url: str, tmp_path: Path) -> None:
    """Backups are made all the same."""
    before = fill(url)
    backup = administration.back_up(url, tmp_path / "backup.db").path
    with opened(url) as catalogue:
        catalogue.leases.acquire(LEASE, "elsewhere:1:x", seconds=60)
        for act in (
            lambda: administration.copy(url, f"{tmp_path}/copy.db"),
            lambda: administration.restore(backup, url),
        ):
            with pytest.raises(CatalogueBusy):
                act()
        assert administration.back_up(url, tmp_path / "second.db").summary.records
        catalogue.leases.release(LEASE, "elsewhere:1:x")
    assert content(url) == before
    assert not (tmp_path / "copy.db").exists()
    administration.copy(url, f"{tmp_path}/copy.db")


def test_a_catalogue_is_no_backup_of_itself(tmp_path: Path) -> None:
    fill(f"{tmp_path}/catalogue.db")
    with pytest.raises(UsageError, match="itself"):
        administration.restore(tmp_path / "catalogue.db", f"sqlite:///{tmp_path}/catalogue.db")
    with pytest.raises(UsageError, match="forgotten"):
        administration.copy(f"{tmp_path}/catalogue.db", "memory:")


# ------------------------------------------------------------------------------------------------------ killed half-way

_FORKS = """
import os, sys, traceback
from pathlib import Path
import medialib.catalogue.portable, medialib.catalogue.postgresql, medialib.catalogue.migrating
from medialib.library import administration
for line in sys.stdin:
    verb, *words = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if not child:
        try:
            getattr(administration, verb)(*(Path(word[5:]) if word.startswith("path:") else word for word in words))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Killing:
    """A process that does as it is told in children of its own, which can be killed; it imports everything once."""

    def __init__(self, data: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _FORKS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_DATA_HOME": str(data)},
        )

    def __call__(self, after: float, verb: str, *words: str | Path) -> bool:
        """Do it, and kill who does after so many seconds; whether that was before the end."""
        said, heard = self._process.stdin, self._process.stdout
        assert said is not None
        assert heard is not None
        said.write("\t".join([verb, *(f"path:{word}" if isinstance(word, Path) else word for word in words)]) + "\n")
        said.flush()
        child = int(heard.readline())
        ready, _, _ = select.select([heard], [], [], after)
        if not ready:
            os.kill(child, signal.SIGKILL)
        status = int(heard.readline())
        assert status in (0, -signal.SIGKILL)
        return status != 0

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def killing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killing]:
    with closing(Killing(tmp_path_factory.mktemp("data"))) as process:
        yield process


@contextmanager
def killed_at_some_point(name: str, killing: Killing, verb: str, *words: str | Path) -> Iterator[Callable[[], bool]]:
    """Gives a function that kills what is asked for at a moment drawn within the time it takes; once it ran whole."""
    began = time.monotonic()
    assert not killing(60, verb, *words)
    took = time.monotonic() - began
    numbers = iter(rounds(sample=2, full=40))

    def again() -> bool:
        number = next(numbers, None)
        if number is None:
            return False
        with chances(f"{name} {verb}", number) as chance:
            killing(chance.uniform(0, took), verb, *words)
        return True

    yield again


def test_a_killed_backup_leaves_no_file_that_passes_for_one(url: str, tmp_path: Path, killing: Killing) -> None:
    before = fill(url)
    folder = tmp_path / "backups"
    folder.mkdir()
    with killed_at_some_point(url[:6], killing, "back_up", url, folder) as again:
        while again():
            for path in folder.glob("*.bak"):
                assert content(path) == before
                path.unlink()
            assert content(url) == before
    administration.back_up(url, folder)


def test_what_a_killed_backup_left_is_removed_by_the_next_and_nothing_else(tmp_path: Path) -> None:
    """What is young, or locked by who writes it, or of another name, stays."""
    url = f"{tmp_path}/catalogue.db"
    fill(url)
    stamp = "20260517T120000123456Z.bak"
    left = [f".catalogue.db.{stamp}.0123abcd.part", ".catalogue.db.4567cdef.part"]
    kept = [
        ".other.db.4567cdef.part",
        ".catalogue.db.part",
        "catalogue.db.0123abcd.part",
        ".catalogue.db.xyz.4567cdef.part",
    ]
    young, locked = f".catalogue.db.{stamp}.aaaaaaaa.part", f".catalogue.db.{stamp}.bbbbbbbb.part"
    for name in (*left, *kept, young, locked):
        (tmp_path / name).write_bytes(b"half")
        if name != young:
            os.utime(tmp_path / name, (1_700_000_000, 1_700_000_000))
    with (tmp_path / locked).open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        first = administration.back_up(url).path
        assert {path.name for path in tmp_path.glob(".*.part")} == {
            young,
            locked,
            *(name for name in kept if name[0] == "."),
        }
    second = administration.back_up(url).path
    assert not (tmp_path / locked).exists()
    assert all((tmp_path / name).exists() for name in (young, *kept))
    assert content(first) == content(second)


@pytest.mark.parametrize("to", ["sqlite", "postgresql", "milvus"])
def test_the_right_to_write_is_renewed_for_as_long_as_a_copy_takes(
    url: str, to: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """In the source always, and in a target on which others could work meanwhile; given back in the end."""
    match to:
        case "sqlite":
            target = f"{tmp_path}/copy.db"
        case "postgresql":
            target = request.getfixturevalue("postgresql_server").fresh_url()
        case _:
            require_modules("pymilvus", "milvus_lite")
            target = f"milvus:///{tmp_path}/copy.db"
    fill(url, episodes=10)
    watched = [url, *([target] if to == "postgresql" else [])]
    seen: list[int] = []

    def wait(event: object) -> None:
        """Until each lease has been renewed five times, which is longer than it lasts unless it is."""
        if seen or not isinstance(event, RecordsRead):
            return
        for address in watched:
            with opened(address) as catalogue:
                ends = set()
                deadline = time.monotonic() + 20
                while len(ends) < 6 and time.monotonic() < deadline:
                    lease = catalogue.leases.get(LEASE)
                    assert lease is not None
                    ends.add(lease.until)
                    time.sleep(0.02)
                seen.append(len(ends))

    administration.copy(url, target, observer=wait, lease_seconds=0.4)
    assert seen == [6] * len(watched)
    for address in (url, target):
        with opened(address) as catalogue:
            assert catalogue.leases.get(LEASE) is None
    assert content(url) == content(target)


def test_a_killed_copy_leaves_an_empty_catalogue_or_a_whole_one(url: str, tmp_path: Path, killing: Killing) -> None:
    """And nobody is kept from trying again."""
    before = fill(f"{tmp_path}/source.db")
    with killed_at_some_point(url[:6], killing, "copy", f"{tmp_path}/source.db", url) as again:
        while True:
            assert administration.check(url).faults == ()
            with opened(url) as catalogue:
                if not is_empty(catalogue):
                    assert held(catalogue) == before
                    catalogue.clear()  # type: ignore[attr-defined]
            if not again():
                break
    administration.copy(f"{tmp_path}/source.db", url)
    assert content(url) == before


def test_a_killed_restore_leaves_the_old_or_the_new(url: str, tmp_path: Path, killing: Killing) -> None:
    old = fill(url)
    backup = administration.back_up(url, tmp_path / "backup.db").path
    with opened(url) as catalogue:
        catalogue.shows.put(Show("a", "later"))
        new = held(catalogue)
    other = administration.back_up(url, tmp_path / "other.db").path
    with killed_at_some_point(url[:6], killing, "restore", backup, url) as again:
        while again():
            assert administration.check(url).faults == ()
            assert content(url) in (old, new)
            administration.restore(other, url)
            assert content(url) == new
    assert content(backup) == old


# ---------------------------------------------------------------------------------------------------------- migrations


def older(url: str, server: PostgresqlServer | None) -> None:
    """Make a catalogue of the first revision."""
    script = RELEASED.read_text(encoding="utf-8")
    if server is None:
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(path)) as made:
            made.executescript(script)
        return
    address = read_address(url)
    with closing(connect(address, read_only=False)) as connection, connection.begin():
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql(f"CREATE SCHEMA {address.schema}")
        run_migrations(connection, "0001")
        connection.exec_driver_sql("DELETE FROM alembic_version")
        # The rows are sorted by table, not by which refers to which.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for line in script.splitlines():
            if line.startswith("INSERT"):
                connection.exec_driver_sql(line.replace("%", "%%"))


def revision_of(url: str, server: PostgresqlServer | None) -> str:
    asked = "SELECT version_num FROM alembic_version"
    if server is None:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return str(connection.execute(asked).fetchone()[0])
    return str(server.execute(asked, schema=read_address(url).schema)[0][0])


@pytest.fixture
def server(url: str, request: pytest.FixtureRequest) -> PostgresqlServer | None:
    if url.startswith("sqlite"):
        return None
    found: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return found


def test_a_migration_backs_up_first(url: str, server: PostgresqlServer | None, home: Path) -> None:
    """Into a file with the older schema, from which any kind can be restored."""
    older(url, server)
    opened_now = administration.migrate(url)
    step = opened_now.migrated
    assert step is not None
    assert (step.before, step.revision) == ("0001", REVISIONS[-1])
    backup = Path(step.backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    there = content(url)
    assert content(backup) == there
    assert there["shows"][0].title == "O'Brien\x00"
    assert administration.check(url).faults == ()
    assert administration.migrate(url).migrated is None
    administration.restore(backup, url)
    assert content(url) == there
    if server is not None:
        assert list(home.glob("postgresql-catalogue.*.bak"))


def test_a_full_disk_during_a_migration_leaves_the_old_one(tmp_path: Path) -> None:
    """Be it full before the backup is made, or after."""
    folder = tmp_path / "disk"
    folder.mkdir()
    path = folder / "catalogue.db"
    with small_disk(folder, "8m"):
        older(f"sqlite:///{path}", None)
        before = content(path)
        size = path.stat().st_size
        for room in (0, size // 2, size + 8192):
            ballast = folder / "ballast"
            free = os.statvfs(folder)
            ballast.write_bytes(b"x" * (free.f_bavail * free.f_frsize - room))
            with pytest.raises(OutOfReach, match=r"[Nn]o space|full|cannot be"):
                administration.migrate(str(path))
            assert revision_of(f"sqlite:///{path}", None) == "0001"
            assert check_sqlite(path) == ()
            assert content(path) == before
            ballast.unlink()
            for leftover in folder.glob("*.bak"):
                assert content(leftover) == before
                leftover.unlink()
        administration.migrate(str(path))
        assert content(path) == before


def test_a_full_disk_for_the_backup_leaves_the_old_one_on_the_server(
    postgresql_server: PostgresqlServer, tmp_path: Path
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, "40k"):
        url = postgresql_server.fresh_url(backups=str(folder))
        older(url, postgresql_server)
        with pytest.raises(OutOfReach, match="No space left"):
            administration.migrate(url)
        assert revision_of(url, postgresql_server) == "0001"
        assert list(folder.iterdir()) == []
        remount(folder, "size=4m")
        step = administration.migrate(url).migrated
        assert step is not None
        assert Path(step.backup).parent == folder
        assert content(step.backup) == content(url)


def test_a_killed_migration_leaves_the_old_one_or_the_new(
    url: str, server: PostgresqlServer | None, killing: Killing, tmp_path: Path
) -> None:
    older(url, server)
    kept = administration.back_up(url, tmp_path / "kept.db") if server is None else None
    before = None if kept is None else content(kept.path)
    took = 0.5
    for number in rounds(sample=2, full=20):
        with chances(f"migrate {url[:6]}", number) as chance:
            began = time.monotonic()
            if not killing(chance.uniform(0, took), "migrate", url):
                took = time.monotonic() - began
        revision = revision_of(url, server)
        assert revision in ("0001", REVISIONS[-1])
        if revision == REVISIONS[-1]:
            break
    administration.migrate(url)
    assert content(url)["known files"]
    assert before is None or content(url) == before
    assert administration.check(url).faults == ()


# ------------------------------------------------------------------------------------------------------------ trouble


def everything_on(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def attempts(url: str, folder: Path) -> list[Callable[[], object]]:
    return [
        lambda: administration.migrate(url),
        lambda: administration.back_up(url, folder / "never.db"),
        lambda: administration.copy(url, f"{folder}/never.db"),
        lambda: administration.describe(url),
    ]


def test_a_corrupt_page_is_found_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "catalogue.db"
    fill(str(path))
    backup = administration.back_up(str(path), tmp_path / "backup.db").path
    data = bytearray(path.read_bytes())
    page = data.index(b"title title") // 4096 * 4096
    data[page : page + 4096] = b"\xaa" * 4096
    path.write_bytes(data)
    before = everything_on(path.parent)
    checked = administration.check(str(path))
    assert checked.faults
    assert checked.summary is None
    for attempt in attempts(str(path), tmp_path)[1:]:
        with pytest.raises(CatalogueCorrupt, match="damaged"):
            attempt()
        assert everything_on(path.parent) == before
    restored = administration.restore(backup, str(path))
    assert content(path) == content(backup)
    assert restored.aside is not None
    assert restored.aside.read_bytes()[4096:] == bytes(data)[4096:]


def test_an_older_one_with_a_corrupt_page_is_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    older(f"sqlite:///{path}", None)
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO checkpoints (name, text) VALUES (?, ?)", [(f"{number}", "x" * 500) for number in range(100)]
        )
        connection.commit()
    data = bytearray(path.read_bytes())
    page = data.index(b"x" * 500) // 4096 * 4096
    data[page : page + 4096] = b"\xaa" * 4096
    path.write_bytes(data)
    with pytest.raises(CatalogueCorrupt, match="damaged"):
        administration.migrate(str(path))
    assert path.read_bytes()[4096:] == bytes(data)[4096:]
    assert revision_of(f"sqlite:///{path}", None) == "0001"
    assert not list(tmp_path.glob("*.bak"))


def test_a_missing_log_is_missed(tmp_path: Path) -> None:
    """A writer died, and somebody removed what it had written last."""
    folder = tmp_path / "kept"
    path = folder / "catalogue.db"
    fill(str(path))
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(open_sqlite(path)) as catalogue:
        catalogue.shows.add(Show("b", "only in the log"))
        for file in folder.iterdir():
            (crashed / file.name).write_bytes(file.read_bytes())
    assert sorted(file.name for file in crashed.iterdir()) == ["catalogue.db", "catalogue.db-shm", "catalogue.db-wal"]
    log = (crashed / "catalogue.db-wal").read_bytes()
    (crashed / "catalogue.db-wal").unlink()
    url, before = str(crashed / "catalogue.db"), everything_on(crashed)
    (fault,) = administration.check(url).faults
    assert "catalogue.db-wal is missing" in fault
    assert "rm " in fault
    for attempt in attempts(url, tmp_path):
        with pytest.raises(CatalogueCorrupt, match=r"catalogue\.db-wal is missing"):
            attempt()
        assert everything_on(crashed) == before
    (crashed / "catalogue.db-wal").write_bytes(log)
    with opened(url) as catalogue:
        assert catalogue.shows.get("b") is not None


def test_a_missing_log_is_got_over_as_the_remedy_says(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    fill(str(path))
    (tmp_path / "catalogue.db-shm").write_bytes(b"\x00" * 32768)
    backup = tmp_path / "backup.db"
    with pytest.raises(CatalogueCorrupt):
        administration.back_up(str(path), backup)
    (tmp_path / "catalogue.db-shm").unlink()
    before = content(path)
    assert administration.back_up(str(path), backup).path == backup
    (tmp_path / "catalogue.db-shm").write_bytes(b"\x00" * 32768)
    administration.restore(backup, str(path))
    assert content(path) == before


def test_a_schema_from_the_future_is_left_alone(url: str, server: PostgresqlServer | None, tmp_path: Path) -> None:
    fill(url)
    backup = administration.back_up(url, tmp_path / "backup.db").path
    newer = "UPDATE alembic_version SET version_num = '9999'"
    folder = tmp_path / "kept"
    for path in (backup, *([folder / "catalogue.db"] if server is None else [])):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(newer)
            connection.commit()
    if server is not None:
        server.execute(newer, schema=read_address(url).schema)
    before = everything_on(folder)
    checking: Callable[[], object] = lambda: administration.check(url)  # noqa: E731
    for attempt in (*attempts(url, tmp_path), checking):
        with pytest.raises(CatalogueFromTheFuture, match=r"9999.*not touched.*Update medialib"):
            attempt()
        assert everything_on(folder) == before
    assert not list(tmp_path.glob("never*"))
    assert revision_of(url, server) == "9999"
    fill(f"{tmp_path}/other.db")
    kept = content(f"{tmp_path}/other.db")
    with pytest.raises(CatalogueFromTheFuture):
        administration.restore(backup, f"{tmp_path}/other.db")
    assert content(f"{tmp_path}/other.db") == kept


def test_only_a_sound_backup_is_restored(url: str, tmp_path: Path) -> None:
    before = fill(url)
    backup = administration.back_up(url, tmp_path / "backup.db").path
    data = bytearray(backup.read_bytes())
    page = data.index(b"title title") // 4096 * 4096
    broken, other = tmp_path / "broken.db", tmp_path / "other.db"
    broken.write_bytes(bytes(data[:page]) + b"\xaa" * 4096 + bytes(data[page + 4096 :]))
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE series (id INTEGER)")
    for path, failure in ((broken, CatalogueCorrupt), (other, CatalogueError)):
        with pytest.raises(failure):
            administration.restore(path, url)
        assert content(url) == before


def test_what_is_damaged_on_a_server_is_said_and_not_thrown_away(
    postgresql_server: PostgresqlServer, tmp_path: Path, home: Path
) -> None:
    url = postgresql_server.fresh_url()
    fill(url)
    backup = administration.back_up(url, tmp_path / "backup.db").path
    schema = read_address(url).schema
    postgresql_server.execute('UPDATE journal_lines SET action = \'{"action":"explode"}\'', schema=schema)
    checked = administration.check(url)
    assert len(checked.faults) == 1
    assert "line 1 of run" in checked.faults[0]
    with pytest.raises(CatalogueCorrupt, match=r"nothing was restored.*--without-backup"):
        administration.restore(backup, url)
    assert administration.check(url) == checked
    assert not list(home.glob("*"))
    restored = administration.restore(backup, url, keep=False)
    assert restored.aside is None
    assert content(url) == content(backup)


def test_a_check_finds_rows_that_refer_to_nothing(postgresql_server: PostgresqlServer) -> None:
    url = postgresql_server.fresh_url()
    fill(url)
    schema = read_address(url).schema
    postgresql_server.execute("ALTER TABLE episodes DROP CONSTRAINT fk_episodes_show", schema=schema)
    postgresql_server.execute("INSERT INTO episodes (show, season, number) VALUES ('nobody', 1, 1)", schema=schema)
    checked = administration.check(url)
    assert checked.faults == ("1 rows of episodes refer to nothing in shows",)
    assert checked.summary is not None


def test_passwords_are_in_no_message(tmp_path: Path, postgresql_server: PostgresqlServer) -> None:
    url = f"postgresql://nobody:hunter2@127.0.0.1:{postgresql_server.port}/medialib"
    fill(f"{tmp_path}/catalogue.db")
    for act in (
        lambda: administration.back_up(url, tmp_path),
        lambda: administration.copy(f"{tmp_path}/catalogue.db", url),
        lambda: administration.check(url),
        lambda: administration.restore(tmp_path / "catalogue.db", url),
    ):
        with pytest.raises(MedialibError) as caught:
            act()
        assert "hunter2" not in str(caught.value)
