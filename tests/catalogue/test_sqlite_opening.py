from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import pytest

from medialib.catalogue import MemoryCatalogue, open_catalogue
from medialib.catalogue.sqlite import backup_sqlite, check_sqlite, open_sqlite, restore_sqlite
from medialib.errors import (
    CatalogueBusy,
    CatalogueCorrupt,
    CatalogueError,
    CatalogueFromTheFuture,
    CatalogueMissing,
    ConfigurationError,
    OutOfReach,
    TargetTaken,
)
from medialib.model import Episode, Show
from medialib.ports import Run


def all_bytes(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file below a folder, with its hash and time of last change."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def run(script: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A closed catalogue with a show and a few hundred episodes."""
    path = tmp_path / "kept" / "catalogue.db"
    catalogue = open_sqlite(path)
    catalogue.shows.add(Show("a", "A", aliases=("x",)))
    catalogue.episodes.put(Episode("a", 1, number, "title " * 20) for number in range(300))
    catalogue.close()
    return path


@pytest.fixture
def crashed(tmp_path: Path, filled: Path) -> Path:
    """A catalogue whose writer died: what it wrote last stands in the log only."""
    folder = tmp_path / "crashed"
    folder.mkdir()
    catalogue = open_sqlite(filled)
    catalogue.shows.add(Show("b", "only in the log"))
    for path in filled.parent.iterdir():
        if not path.name.endswith("-shm"):
            (folder / path.name).write_bytes(path.read_bytes())
    catalogue.close()
    return folder / filled.name


def test_a_fresh_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "catalogue.db"
    catalogue = open_sqlite(path)
    catalogue.checkpoints.put("a", "b")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(modes) == 3
    catalogue.close()
    assert [file.name for file in path.parent.iterdir()] == ["catalogue.db"]


def test_an_empty_file_is_a_fresh_one_only_if_it_may_be_made(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    with pytest.raises(CatalogueMissing):
        open_sqlite(path, create=False)
    path.touch()
    with pytest.raises(CatalogueMissing):
        open_sqlite(path, create=False)
    assert path.read_bytes() == b""
    open_sqlite(path).close()
    open_sqlite(path, create=False).close()


def test_settings_of_the_connection(tmp_path: Path, filled: Path) -> None:
    catalogue = open_sqlite(filled)
    with catalogue._store.reading() as connection:
        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted
    catalogue.close()


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("damage", ["zeros", "text", "cut", "scribbled", "emptied"])
def test_a_damaged_file_is_refused_and_left_alone(crashed: Path, filled: Path, damage: str, read_only: bool) -> None:
    path = crashed if damage == "emptied" else filled
    content = path.read_bytes()
    damaged = {
        "zeros": b"\x00" * len(content),
        "text": b"not a database at all, but long enough to be one\n" * 200,
        "cut": content[: len(content) // 2],
        "scribbled": content[:100] + b"\xff" * (len(content) - 100),
        "emptied": b"",
    }[damage]
    path.write_bytes(damaged)
    before = all_bytes(path.parent)
    with pytest.raises(CatalogueCorrupt, match=r"[Rr]estore a backup"):
        open_sqlite(path, read_only=read_only)
    assert all_bytes(path.parent) == before


def test_damage_deep_inside_is_said_when_it_is_met(filled: Path) -> None:
    content = bytearray(filled.read_bytes())
    at = content.index(b"title title")
    page = at // 4096 * 4096
    content[page : page + 4096] = b"\xaa" * 4096
    filled.write_bytes(content)
    assert check_sqlite(filled)
    with pytest.raises(CatalogueCorrupt, match="damaged"):
        backup_sqlite(filled, filled.with_name("copy.db"))
    assert not filled.with_name("copy.db").exists()
    catalogue = open_sqlite(filled)
    with pytest.raises(CatalogueCorrupt):
        list(catalogue.episodes.of_show("a"))
    catalogue.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_catalogue_is_refused_and_left_alone(crashed: Path, read_only: bool) -> None:
    with sqlite3.connect(crashed) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = all_bytes(crashed.parent)
    with pytest.raises(CatalogueFromTheFuture, match=r"9999.*0004"):
        open_sqlite(crashed, read_only=read_only)
    assert all_bytes(crashed.parent) == before


def test_a_newer_catalogue_with_a_log_keeps_its_log(filled: Path) -> None:
    writer = sqlite3.connect(filled)
    writer.execute("UPDATE alembic_version SET version_num = '9999'")
    writer.commit()
    kept = {path.name: path.read_bytes() for path in filled.parent.iterdir() if not path.name.endswith("-shm")}
    assert len(kept[f"{filled.name}-wal"]) > 0
    with pytest.raises(CatalogueFromTheFuture):
        open_sqlite(filled)
    assert {name: (filled.parent / name).read_bytes() for name in kept} == kept
    writer.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_of_something_else_is_refused(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("CREATE TABLE series (id INTEGER)")
    connection.close()
    before = all_bytes(tmp_path)
    with pytest.raises(CatalogueError, match="no catalogue of medialib"):
        open_sqlite(path, read_only=read_only)
    assert all_bytes(tmp_path) == before


def test_a_folder_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no file"):
        open_sqlite(tmp_path)


def test_looking_changes_nothing(filled: Path, crashed: Path) -> None:
    for path, keys in ((filled, ["a", "b"]), (crashed, ["a", "b"])):
        before = all_bytes(path.parent)
        catalogue = open_sqlite(path, read_only=True)
        assert [show.key for show in catalogue.shows.all()] == keys
        assert len(list(catalogue.episodes.of_show("a"))) == 300
        assert all_bytes(path.parent) == before
        catalogue.close()
        assert all_bytes(path.parent) == before


def test_looking_while_another_writes_sees_what_was_committed(filled: Path) -> None:
    writer = open_sqlite(filled)
    writer.shows.add(Show("committed", ""))
    with writer.transaction():
        writer.shows.add(Show("under way", ""))
        before = all_bytes(filled.parent)
        looking = open_sqlite(filled, read_only=True)
        assert [show.key for show in looking.shows.all()] == ["a", "committed"]
        looking.close()
        assert all_bytes(filled.parent) == before
    writer.close()


def test_looking_before_the_first_run_makes_nothing(tmp_path: Path) -> None:
    for path in (tmp_path / "absent" / "catalogue.db", tmp_path / "empty.db"):
        if path.parent == tmp_path:
            path.touch()
        before = sorted(tmp_path.rglob("*"))
        catalogue = open_sqlite(path, read_only=True)
        assert catalogue.read_only
        assert catalogue.identity == ""
        assert list(catalogue.shows.all()) == []
        with pytest.raises(CatalogueError):
            catalogue.shows.add(Show("a", "A"))
        catalogue.close()
        assert sorted(tmp_path.rglob("*")) == before
        with pytest.raises(CatalogueMissing):
            open_sqlite(path, read_only=True, create=False)


def test_network_file_systems_are_refused(tmp_path: Path, filled: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / {filled.parent} rw shared:3 - nfs4 nas:/x rw\n")
    link = tmp_path / "link"
    link.symlink_to(filled.parent)
    for path in (filled, link / filled.name, filled.parent / "new.db"):
        with pytest.raises(CatalogueError, match=r"network file system \(nfs4\).*local disk"):
            open_sqlite(path, mount_table=table)
    assert not (filled.parent / "new.db").exists()
    open_sqlite(filled, read_only=True, mount_table=table).close()
    open_sqlite(tmp_path / "elsewhere.db", mount_table=table).close()
    open_sqlite(filled, mount_table=tmp_path / "absent").close()


_UNPRIVILEGED = """
import os, sys
from pathlib import Path
from medialib.catalogue.sqlite import open_sqlite
from medialib.errors import OutOfReach
if os.geteuid() == 0:
    os.seteuid(65534)
made = []
for name, options in (("kept/catalogue.db", {}), ("kept/new.db", {}), ("kept/deeper/new.db", {})):
    try:
        catalogue = open_sqlite(Path(sys.argv[1]) / name)
        catalogue.checkpoints.put("a", "b")
        made.append(name)
    except OutOfReach as error:
        print(error)
seen = open_sqlite(Path(sys.argv[1]) / "kept/catalogue.db", read_only=True)
print([show.key for show in seen.shows.all()])
assert not made, made
if os.getuid() == 0:
    os.seteuid(0)
"""


def test_a_folder_that_cannot_be_written(filled: Path) -> None:
    # pytest's own folders are closed to the unprivileged user that root becomes.
    with tempfile.TemporaryDirectory() as name:
        kept = Path(name) / "kept"
        kept.mkdir()
        (kept / "catalogue.db").write_bytes(filled.read_bytes())
        (kept / "catalogue.db").chmod(0o444)
        kept.chmod(0o555)
        Path(name).chmod(0o755)
        told = run(_UNPRIVILEGED, name).splitlines()
        kept.chmod(0o755)
    assert len(told) == 4
    assert all("writable" in line or "write" in line for line in told[:3])
    assert told[3] == "['a']"


_FULL = """
import errno, resource, signal, sys
from medialib.catalogue.sqlite import open_sqlite
from medialib.errors import OutOfReach
from medialib.model import Show
catalogue = open_sqlite(sys.argv[1])
catalogue.shows.add(Show("before", ""))
if sys.argv[2] == "limit":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
else:
    with catalogue._store.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
try:
    with catalogue.transaction():
        for number in range(10_000):
            try:
                catalogue.shows.add(Show(f"key {number}", "title" * 200))
            except OutOfReach as error:
                caught = error
                break
        try:
            catalogue.shows.add(Show("after", ""))
        except Exception as error:
            print(type(error).__name__)
except Exception as error:
    print(type(error).__name__, "nothing of it was written" in str(error))
assert isinstance(caught, OSError) and caught.errno in (errno.ENOSPC, errno.EIO), caught
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print([show.key for show in catalogue.shows.all()])
if sys.argv[2] == "limit":
    catalogue.shows.add(Show("with room", ""))
catalogue.close()
"""


@pytest.mark.parametrize("how", ["limit", "pages"])
def test_a_full_disk_loses_the_transaction_and_nothing_else(tmp_path: Path, how: str) -> None:
    path = tmp_path / "catalogue.db"
    assert run(_FULL, path, how).splitlines() == ["CatalogueError", "CatalogueError True", "['before']"]
    catalogue = open_sqlite(path)
    assert catalogue.shows.get("before") is not None
    assert catalogue.shows.get("key 0") is None
    assert (catalogue.shows.get("with room") is not None) is (how == "limit")
    catalogue.close()
    assert check_sqlite(path) == ()


def test_a_writer_that_holds_on_is_reported(filled: Path) -> None:
    holder = sqlite3.connect(filled, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    catalogue = open_sqlite(filled, busy_timeout=0.05)
    with pytest.raises(CatalogueBusy):
        catalogue.shows.add(Show("b", "B"))
    with pytest.raises(CatalogueBusy), catalogue.transaction():
        raise AssertionError("the transaction must not begin")
    assert [show.key for show in catalogue.shows.all()] == ["a"]
    holder.execute("ROLLBACK")
    holder.close()
    catalogue.shows.add(Show("b", "B"))
    catalogue.close()


def test_a_value_that_no_column_holds_ends_the_call_and_its_transaction(filled: Path) -> None:
    catalogue = open_sqlite(filled)
    with pytest.raises(CatalogueError), catalogue.transaction(), pytest.raises(OverflowError):
        catalogue.episodes.put([Episode("a", 9, 1), Episode("a", 9, 2**70)])
    with pytest.raises(OverflowError):
        catalogue.episodes.put([Episode("a", 9, 1), Episode("a", 9, 2**70)])
    assert catalogue.episodes.get("a", 9, 1) is None
    catalogue.checkpoints.put("still", "usable")
    catalogue.close()


# ------------------------------------------------------------------------------------------------------------- backups


def test_a_backup_while_another_writes(filled: Path, tmp_path: Path) -> None:
    writer = open_sqlite(filled)
    writer.shows.add(Show("committed", ""))
    target = tmp_path / "copy.db"
    with writer.transaction():
        writer.shows.add(Show("under way", ""))
        assert backup_sqlite(filled, target) == target
    copy = open_sqlite(target)
    assert [show.key for show in copy.shows.all()] == ["a", "committed"]
    assert copy.identity == writer.identity
    copy.close()
    writer.close()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert check_sqlite(target) == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "kept"]


def test_a_backup_replaces_nothing(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("mine")
    with pytest.raises(TargetTaken):
        backup_sqlite(filled, target)
    assert target.read_text() == "mine"
    with pytest.raises(CatalogueMissing):
        backup_sqlite(tmp_path / "absent.db", tmp_path / "other.db")
    with pytest.raises(CatalogueMissing):
        check_sqlite(tmp_path / "absent.db")
    with pytest.raises(OutOfReach):
        backup_sqlite(filled, tmp_path / "no" / "folder" / "copy.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "kept"]


@pytest.mark.parametrize("damage", ["none", "scribbled", "missing"])
def test_a_backup_is_put_back(crashed: Path, tmp_path: Path, damage: str) -> None:
    backup = backup_sqlite(crashed, tmp_path / "copy.db")
    before = backup.read_bytes()
    catalogue = open_sqlite(crashed)
    catalogue.shows.add(Show("later", ""))
    identity = catalogue.identity
    catalogue.close()
    log = crashed.with_name(f"{crashed.name}-wal")
    if damage == "scribbled":
        crashed.write_bytes(b"\xff" * 8192)
        log.write_bytes(b"a log that belongs to it")
    elif damage == "missing":
        crashed.unlink()
    aside = restore_sqlite(backup, crashed)
    catalogue = open_sqlite(crashed, create=False)
    assert [show.key for show in catalogue.shows.all()] == ["a", "b"]
    assert catalogue.identity == identity
    catalogue.close()
    assert backup.read_bytes() == before
    assert not log.exists()
    assert (aside is None) is (damage == "missing")
    if aside is not None and damage == "none":
        kept = open_sqlite(aside, read_only=True)
        assert kept.shows.get("later") is not None
        kept.close()
    elif aside is not None:
        assert aside.read_bytes() == b"\xff" * 8192
        assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"a log that belongs to it"


def test_nothing_is_put_back_that_is_no_sound_backup(filled: Path, tmp_path: Path) -> None:
    before = all_bytes(filled.parent)
    broken, empty = tmp_path / "broken.db", tmp_path / "empty.db"
    broken.write_bytes(filled.read_bytes()[:5000])
    with sqlite3.connect(empty) as connection:
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    for backup, failure in ((broken, CatalogueCorrupt), (empty, CatalogueError), (tmp_path / "no", CatalogueMissing)):
        with pytest.raises(failure):
            restore_sqlite(backup, filled)
    assert all_bytes(filled.parent) == before


def test_nothing_is_put_back_under_one_who_works(filled: Path, tmp_path: Path) -> None:
    backup = backup_sqlite(filled, tmp_path / "copy.db")
    catalogue = open_sqlite(filled)
    catalogue.shows.add(Show("later", ""))
    with pytest.raises(CatalogueBusy):
        restore_sqlite(backup, filled)
    catalogue.shows.add(Show("still", ""))
    catalogue.close()
    assert check_sqlite(filled) == ()
    catalogue = open_sqlite(filled)
    assert [show.key for show in catalogue.shows.all()] == ["a", "later", "still"]
    catalogue.close()


def test_a_naive_instant_is_refused(filled: Path) -> None:
    catalogue = open_sqlite(filled)
    with pytest.raises(ValueError, match="time zone"):
        catalogue.journal.begin(Run("r", "v", datetime(2024, 1, 1)))  # noqa: DTZ001
    assert catalogue.journal.runs() == ()
    catalogue.close()


# ------------------------------------------------------------------------------------------------------------ addresses


def test_addresses(tmp_path: Path, filled: Path) -> None:
    odd = tmp_path / "my media" / "50%?#.db"
    open_sqlite(odd).close()
    quoted = f"sqlite:///{tmp_path}/my%20media/50%25%3F%23.db"
    for url in (odd, str(odd), quoted, f"{quoted}?timeout=0.5"):
        catalogue = open_catalogue(url, create=False)
        assert catalogue.traits.persistent
        catalogue.close()
    assert isinstance(open_catalogue("memory:"), MemoryCatalogue)
    assert open_catalogue("memory:", read_only=True).read_only


@pytest.mark.parametrize(
    "url",
    ["mysql://me:secret@db/medialib", "sqlite://", "sqlite:///", "sqlite:////x.db?mode=ro", "sqlite:////x?timeout=a"],
)
def test_addresses_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_catalogue(url)
    assert "secret" not in str(caught.value)
    assert caught.value.problems


def test_paths_that_no_text_can_hold(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.db")
    open_sqlite(path).close()
    url = f"sqlite:///{tmp_path}/caf%E9.db"
    open_catalogue(url, create=False).close()


def test_the_database_library_is_loaded_late() -> None:
    seen = run(
        "import sys; from medialib.catalogue import open_catalogue; open_catalogue('memory:');"
        "print([name for name in ('sqlalchemy', 'alembic') if name in sys.modules])"
    )
    assert seen.strip() == "[]"


def test_alembic_is_not_loaded_for_what_is_up_to_date(tmp_path: Path, filled: Path) -> None:
    script = (
        "import sys; from medialib.catalogue.sqlite import open_sqlite\n"
        "for path in sys.argv[1:]: open_sqlite(path).close(); open_sqlite(path, read_only=True).close()\n"
        "print('alembic' in sys.modules)"
    )
    assert run(script, filled, tmp_path / "new.db").strip() == "False"
