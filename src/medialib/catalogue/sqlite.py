"""A catalogue in an SQLite file: opened so that nothing can be lost, or read so that nothing is touched."""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from medialib.catalogue.mounts import MOUNT_TABLE, network_file_system
from medialib.catalogue.publishing import out_of_reach, publish, stamped
from medialib.catalogue.schema import REVISIONS
from medialib.catalogue.sql import SqlCatalogue, create_schema, pending_revisions
from medialib.catalogue.sql_store import Backend
from medialib.catalogue.sqlite_files import (
    backup_sqlite,
    check_sqlite,
    connect_bytes,
    connect_file,
    explain,
    faults_in,
    restore_sqlite,
    size_of,
    snapshot,
    stored_revision,
    without_log,
)
from medialib.errors import (
    CatalogueBusy,
    CatalogueCorrupt,
    CatalogueError,
    CatalogueMissing,
    ConfigurationError,
    MedialibError,
    Problem,
    TargetTaken,
)
from medialib.events import CatalogueMigrated, Observer, nobody

__all__ = [
    "backup_sqlite",
    "check_sqlite",
    "make_catalogue",
    "make_file",
    "migrate_file",
    "open_bytes",
    "open_sqlite",
    "open_sqlite_address",
    "read_address",
    "restore_sqlite",
]


def open_sqlite(
    path: Path | str,
    *,
    read_only: bool = False,
    create: bool = True,
    busy_timeout: float = 30.0,
    observer: Observer = nobody,
    mount_table: Path | str = MOUNT_TABLE,
) -> SqlCatalogue:
    """Open the catalogue in an SQLite file.

    A missing or empty file becomes a fresh catalogue if `create` allows it: mode 0600, in a folder that is made with
    mode 0700 if it is missing. An older schema is brought up to date after a backup beside it, which `observer` is told
    of. Writers wait `busy_timeout` seconds for each other.

    Read-only, the content is copied into memory at one moment and no file is changed, made or locked; an older schema
    is brought up to date in memory; where there is no catalogue yet, it is an empty one
    without identity.

    Raises CatalogueMissing (only if `create` is False), CatalogueFromTheFuture, CatalogueCorrupt (a damaged file is
    never replaced), CatalogueBusy, OutOfReach for a folder or disk that cannot be read or written, and CatalogueError
    for a network file system (as `mount_table`, in the form of ``/proc/self/mountinfo``, tells it) or a database of
    something else.
    """
    file = Path(path)
    size = size_of(file)
    if not size and not create:
        raise CatalogueMissing(
            f"there is no catalogue at {file}", remedy="The first run that writes makes one; check catalogue.url."
        )
    if read_only:
        return open_bytes(b"" if not size else snapshot(file), file)
    _refuse_network(file, Path(mount_table))
    if size:
        _refuse_future(file, busy_timeout)
    else:
        _make_file(file)
    raw = connect_file(file, busy_timeout=busy_timeout)
    connection = _connection(raw)
    with _closing_on_failure(connection, file):
        _set_up(raw, file, busy_timeout)
        _bring_up_to_date(connection, raw, file, observer)
        return SqlCatalogue(connection, _backend(file), read_only=False)


def open_sqlite_address(
    url: str, *, read_only: bool = False, create: bool = True, observer: Observer = nobody
) -> SqlCatalogue:
    """Open the file that an address names: ``sqlite:///relative/path``, ``sqlite:////absolute/path``, percent-encoded.

    ``?timeout=5`` at its end is how many seconds to wait for other processes; a ``~`` at its start is the home folder.
    Raises ConfigurationError for an address that cannot be read, and as `open_sqlite` does.
    """
    path, timeout = read_address(url)
    return open_sqlite(path, read_only=read_only, create=create, observer=observer, busy_timeout=timeout)


def read_address(url: str) -> tuple[Path, float]:
    """The file that an address names, and the seconds to wait for other processes; see `open_sqlite_address`.

    >>> read_address("sqlite:////srv/my%20media/catalogue.db?timeout=5")
    (PosixPath('/srv/my media/catalogue.db'), 5.0)
    """
    location, _, query = url.partition("://")[2].partition("?")
    if not location.startswith("/") or location == "/":
        raise _unusable("names no file: wants sqlite:///relative/path or sqlite:////absolute/path")
    timeout = 30.0
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key != "timeout":
            raise _unusable(f"has an unknown option {key!r}; known is timeout")
        try:
            timeout = float(value)
        except ValueError:
            raise _unusable("wants a number of seconds for timeout") from None
    return Path(unquote(location[1:], errors="surrogateescape")).expanduser(), timeout


def _unusable(problem: str) -> ConfigurationError:
    return ConfigurationError("the catalogue's address cannot be used", [Problem.at(("catalogue", "url"), problem)])


def open_bytes(data: bytes, file: Path) -> SqlCatalogue:
    """Open a file's content, read-only, in memory; an older schema is brought up to date there. See `open_sqlite`."""
    raw = connect_bytes(data)
    connection = _connection(raw)
    with _closing_on_failure(connection, file):
        revision = stored_revision(raw, file)
        if revision is None:
            with connection.begin():
                create_schema(connection, identity="", created=datetime.now(UTC))
        elif pending_revisions(revision, where=str(file)):
            with connection.begin():
                _migrate(connection)
        raw.execute("PRAGMA query_only = ON")
        return SqlCatalogue(connection, _backend(file), read_only=True)


def make_file(
    target: Path, fill: Callable[[Connection], object], prove: Callable[[SqlCatalogue], object] = lambda _: None
) -> Path:
    """Make a file with a catalogue that `fill` writes, from no table on, whole or not at all; returns its path.

    It has mode 0600 and may lie on a network file system. Before it gets its name it passes an integrity check, and
    `prove` is given it, opened again read-only. It is held in memory on the way. Raises CatalogueCorrupt if it does not
    pass, TargetTaken if something stands at `target`, OutOfReach if that cannot be written, and whatever the two raise.
    """
    if os.path.lexists(target):
        raise TargetTaken(f"{target} exists already, nothing was copied", remedy="Name another file.")
    raw = connect_bytes(b"")
    connection = _connection(raw)
    with _closing_on_failure(connection, target):
        fill(connection)
        if faults := faults_in(raw):
            raise CatalogueCorrupt(f"{target} did not come out sound: {'; '.join(faults)}")
        data = without_log(raw.serialize())
    connection.close()
    catalogue = open_bytes(data, target)
    try:
        prove(catalogue)
    finally:
        catalogue.close()
    publish(data, target)
    return target


def make_catalogue(connection: Connection, file: Path) -> SqlCatalogue:
    """A fresh catalogue in a database without tables, which is to become `file`: for `make_file`."""
    with connection.begin():
        _begin(connection, True)
        create_schema(connection, identity=uuid.uuid4().hex, created=datetime.now(UTC))
    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    connection.rollback()  # which SQLAlchemy thinks has begun
    return SqlCatalogue(connection, _backend(file), read_only=False)


@contextmanager
def _closing_on_failure(connection: Connection, file: Path) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        connection.close()
        raise _explained(error, file) from error
    except sqlite3.Error as error:
        connection.close()
        raise explain(error, file) from error
    except BaseException:
        connection.close()
        raise


def _refuse_network(file: Path, mount_table: Path) -> None:
    try:
        mounts = mount_table.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return  # Not Linux: there is no way to tell that would be worth its guesses.
    kind = network_file_system(file.resolve().parent, mounts)
    if kind is not None:
        raise CatalogueError(
            f"{file} lies on a network file system ({kind}), on which SQLite loses data",
            remedy="Keep the catalogue on a local disk; backups of it may go there.",
        )


def _refuse_future(file: Path, busy_timeout: float) -> None:
    """Look at the revision before anything is opened for writing: a newer catalogue is not even tidied up."""
    log = file.with_name(f"{file.name}-wal")
    quiet = not (log.exists() and log.stat().st_size > 0)
    probe = connect_file(file, options="mode=ro&immutable=1" if quiet else "mode=ro", busy_timeout=busy_timeout)
    try:
        revision = stored_revision(probe, file)
    except MedialibError:
        if quiet and log.exists():
            return  # Somebody else began to write meanwhile; what is read under locks, later, is what counts.
        raise
    finally:
        probe.close()
    if revision is not None:
        pending_revisions(revision, where=str(file))


def _make_file(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise out_of_reach(
            f"{file} cannot be made: {error.strerror}", error.errno, remedy="Name a folder that this user can write to."
        ) from error


def _set_up(raw: sqlite3.Connection, file: Path, busy_timeout: float) -> None:
    deadline, mode = time.monotonic() + busy_timeout, ""
    while not mode:
        try:
            (mode,) = raw.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.Error as error:
            # SQLite does not wait by itself while another process changes the mode of a fresh file.
            failure = explain(error, file)
            if not isinstance(failure, CatalogueBusy) or time.monotonic() >= deadline:
                raise failure from error
            time.sleep(0.01)
    if mode != "wal":
        raise CatalogueError(
            f"{file} lies on a file system without shared memory, which SQLite needs",
            remedy="Keep the catalogue on a local disk.",
        )
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
        raw.execute(f"PRAGMA {pragma}")


def _bring_up_to_date(connection: Connection, raw: sqlite3.Connection, file: Path, observer: Observer) -> None:
    revision = stored_revision(raw, file)
    if revision is None:
        with connection.begin():
            _begin(connection, True)
            if (
                stored_revision(raw, file) is None
            ):  # Two processes may start on a fresh file; the second finds all made.
                create_schema(connection, identity=uuid.uuid4().hex, created=datetime.now(UTC))
    elif pending_revisions(revision, where=str(file)):
        migrate_file(connection, raw, file, observer, _migrate)


def migrate_file(
    connection: Connection,
    raw: sqlite3.Connection,
    file: Path,
    observer: Observer,
    migrate: Callable[[Connection], object],
    *,
    wanted: Sequence[str] = REVISIONS,
) -> None:
    """Back the file up, then let `migrate` change it, in one transaction that other writers wait for.

    `connection` is SQLAlchemy's over `raw`; nothing happens if the schema is at the last of the `wanted` revisions. A
    migration that fails, or that leaves a row without what it refers to, is taken back as a whole.
    """
    raw.execute("PRAGMA foreign_keys = OFF")  # Tables are rebuilt by some steps; SQLite ignores this inside them.
    try:
        with connection.begin():
            _begin(connection, True)
            revision = stored_revision(raw, file)
            if revision != wanted[-1]:  # Another process may have done it while this one waited.
                backup = stamped(file)
                backup_sqlite(file, backup)
                migrate(connection)
                if raw.execute("PRAGMA foreign_key_check").fetchone() is not None:
                    raise CatalogueError(f"{file} could not be brought up to date; it is as it was")
                observer(CatalogueMigrated(str(file), str(revision), wanted[-1], str(backup)))
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


def _migrate(connection: Connection) -> None:
    from medialib.catalogue.migrating import migrate

    migrate(connection)


def _connection(raw: sqlite3.Connection) -> Connection:
    return create_engine("sqlite://", creator=lambda: raw, poolclass=NullPool).connect()


def _backend(file: Path) -> Backend:
    return Backend(insert=insert, begin=_begin, explain=lambda error: _explained(error, file))


def _begin(connection: Connection, write: bool) -> None:
    # A writer takes its lock at once: one that read first could not wait for another any more, only fail.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _explained(error: DBAPIError, file: Path) -> MedialibError:
    if isinstance(error.orig, sqlite3.Error):
        return explain(error.orig, file)
    return CatalogueError(f"{file} refused: {error.orig}")
