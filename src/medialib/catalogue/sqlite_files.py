"""What is done with SQLite files as files: looked at without a trace, copied while others write, checked."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from medialib.catalogue.publishing import out_of_reach, publish, stamped
from medialib.errors import (
    CatalogueBusy,
    CatalogueCorrupt,
    CatalogueError,
    CatalogueMissing,
    MedialibError,
    TargetTaken,
)

__all__ = [
    "backup_sqlite",
    "check_sqlite",
    "connect_bytes",
    "connect_file",
    "explain",
    "faults_in",
    "restore_sqlite",
    "size_of",
    "snapshot",
    "stored_revision",
    "without_log",
]

_MAGIC = b"SQLite format 3\x00"
_RESTORE = "Restore a backup of it (they stand beside it as *.bak); it was not touched."
_COMPANIONS = ("-wal", "-journal")


def explain(error: sqlite3.Error, where: object) -> MedialibError:
    """What a failure of SQLite means for a reader; `where` names the catalogue.

    >>> failure = sqlite3.OperationalError("database is locked")
    >>> failure.sqlite_errorcode = sqlite3.SQLITE_BUSY
    >>> type(explain(failure, "catalogue.db")).__name__
    'CatalogueBusy'
    """
    code = getattr(error, "sqlite_errorcode", None)
    match code & 0xFF if code is not None else None:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return CatalogueBusy(
                f"{where} is held by another process, which did not let go in time", remedy="Try again once it is done."
            )
        case sqlite3.SQLITE_FULL:
            return out_of_reach(
                f"{where} cannot be written, the disk is full; what was under way was not written",
                errno.ENOSPC,
                remedy="Make room, then run the same command again.",
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return CatalogueCorrupt(f"{where} is damaged ({error})", remedy=_RESTORE)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_AUTH:
            return out_of_reach(
                f"{where} or its folder cannot be written ({error})",
                errno.EACCES,
                remedy="SQLite keeps files beside the catalogue: make the folder writable for this user.",
            )
        case sqlite3.SQLITE_IOERR:
            return out_of_reach(
                f"{where} cannot be read or written ({error})", errno.EIO, remedy="Look at the disk and its free space."
            )
        case _:
            return CatalogueError(f"{where} refused: {error}")


def size_of(path: Path) -> int | None:
    """Bytes of the catalogue's file, None if there is none.

    Raises CatalogueError for what is no file, OutOfReach for what cannot be looked at, and CatalogueCorrupt for a file
    that is no SQLite database, was emptied while its write-ahead log still stands beside it, or has lost that log.
    """
    try:
        if not path.exists():
            return None
        if not path.is_file():
            raise CatalogueError(f"{path} is no file", remedy="Name a file for the catalogue.")
        size = path.stat().st_size  # First: another process may just be making it.
        with path.open("rb") as stream:
            begin = stream.read(len(_MAGIC))
        log = _beside(path, "-wal")
        emptied = size == 0 and log.exists() and log.stat().st_size > 0
        robbed = size > 0 and begin == _MAGIC and _has_lost_its_log(path)
    except OSError as error:
        raise out_of_reach(f"{path} cannot be read: {error.strerror}", error.errno) from error
    if emptied or (size > 0 and begin != _MAGIC):
        raise CatalogueCorrupt(f"{path} is damaged: it is not an SQLite database", remedy=_RESTORE)
    if robbed:
        raise CatalogueCorrupt(
            f"{log} is missing, which held what was written last to {path}; it was not touched",
            remedy=f"Put it back, or restore a backup. To go on without what it held: rm {_beside(path, '-shm')}",
        )
    return size


def connect_file(path: Path, *, options: str = "mode=rw", busy_timeout: float = 30.0) -> sqlite3.Connection:
    """A connection to an existing file that begins no transactions by itself; `options` as in SQLite's URIs."""
    address = f"file:{quote(os.fsencode(path.absolute()))}?{options}"
    try:
        return sqlite3.connect(
            address,
            uri=True,
            timeout=busy_timeout,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
    except sqlite3.Error as error:
        raise explain(error, path) from error


def connect_bytes(data: bytes) -> sqlite3.Connection:
    """A connection to a database in memory, with the given content or none."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=256)
    if data:
        connection.deserialize(without_log(data))
    return connection


def stored_revision(connection: sqlite3.Connection, where: object) -> str | None:
    """The schema revision of a catalogue; None for a database without any table.

    Raises CatalogueError for a database of something else, CatalogueCorrupt for one that cannot be read.
    """
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return None
        if not {"alembic_version", "catalogue_identity"} <= tables:
            raise CatalogueError(
                f"{where} is an SQLite database, but no catalogue of medialib; it was not touched",
                remedy="Name another file for the catalogue.",
            )
        rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error as error:
        raise explain(error, where) from error
    except UnicodeDecodeError as error:  # of SQLite's message, which quotes the damaged bytes
        raise CatalogueCorrupt(f"{where} is damaged", remedy=_RESTORE) from error
    if len(rows) != 1:
        raise CatalogueCorrupt(f"{where} is damaged: it has {len(rows)} schema revisions", remedy=_RESTORE)
    return str(rows[0][0])


def snapshot(path: Path, *, patience: float = 5.0) -> bytes:
    """The content of a database at one moment, read without changing, making or locking any file beside it.

    Files that others write meanwhile are read again, for `patience` seconds at most; then CatalogueBusy is raised.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            before = _signature(path)
            data = path.read_bytes()
            companions = {suffix: content for suffix in _COMPANIONS if (content := _read(_beside(path, suffix)))}
            unchanged = before == _signature(path)
        except OSError as error:
            raise out_of_reach(f"{path} cannot be read: {error.strerror}", error.errno) from error
        if unchanged:
            return _merged(data, companions, path) if companions else data
        if time.monotonic() >= deadline:
            raise CatalogueBusy(f"{path} is written to without a pause", remedy="Try again once that is done.")
        time.sleep(0.02)


def check_sqlite(path: Path | str) -> tuple[str, ...]:
    """What is wrong with a catalogue's file, one line a fault, read without touching it; empty if nothing is.

    Raises CatalogueMissing if there is none, and as `snapshot` does.
    """
    file = Path(path)
    if not size_of(file):
        raise CatalogueMissing(f"there is no catalogue at {file}")
    connection = connect_bytes(snapshot(file))
    try:
        stored_revision(connection, file)
        return faults_in(connection)
    except CatalogueCorrupt as error:
        return (error.message,)
    finally:
        connection.close()


def backup_sqlite(source_path: Path | str, target_path: Path | str) -> Path:
    """Copy a catalogue as it is at one moment, while others may go on writing to it; returns the copy's path.

    The copy passes an integrity check before it gets its name, is readable for its owner alone (mode 0600), and may lie
    on a network file system. It is held in memory on the way. Raises CatalogueMissing, CatalogueCorrupt if the source
    does not pass the check, TargetTaken if something stands at `target_path`, and OutOfReach if that cannot be written.
    """
    source, target = Path(source_path), Path(target_path)
    if not size_of(source):
        raise CatalogueMissing(f"there is no catalogue at {source}")
    if os.path.lexists(target):
        raise TargetTaken(f"{target} exists already, nothing was copied", remedy="Name another file.")
    copy = connect_bytes(b"")
    try:
        origin = connect_file(source)
        try:
            origin.backup(copy)
        finally:
            origin.close()
        if faults := faults_in(copy):
            raise CatalogueCorrupt(f"{source} is damaged: {'; '.join(faults)}", remedy=_RESTORE)
        data = without_log(copy.serialize())
    except sqlite3.Error as error:
        raise explain(error, source) from error
    finally:
        copy.close()
    publish(data, target)
    return target


def restore_sqlite(backup_path: Path | str, target_path: Path | str) -> Path | None:
    """Put the content of a backup in the place of a catalogue, damaged or not, or where there is none.

    What stood there is kept beside it, named with a UTC stamp and ``.bak``; returns that path, None if nothing did. The
    backup is checked before anything is touched. Raises CatalogueMissing, CatalogueCorrupt or CatalogueError for a
    backup that is none, CatalogueBusy while somebody has the catalogue open, and OutOfReach.
    """
    backup, target = Path(backup_path), Path(target_path)
    if not size_of(backup):
        raise CatalogueMissing(f"there is no backup at {backup}")
    data = snapshot(backup)
    connection = connect_bytes(data)
    try:
        if stored_revision(connection, backup) is None:
            raise CatalogueError(f"{backup} holds no catalogue; nothing was touched", remedy="Name another backup.")
        if faults := faults_in(connection):
            raise CatalogueCorrupt(f"{backup} is damaged: {'; '.join(faults)}", remedy="Name another backup.")
    finally:
        connection.close()
    aside = None
    if target.exists():
        _settle(target)
        aside = stamped(target)
        try:
            # A log that is left beside another database would be worked into that: it goes first, after its index.
            _beside(target, "-shm").unlink(missing_ok=True)
            for suffix in _COMPANIONS:
                if _beside(target, suffix).exists():
                    _beside(target, suffix).rename(_beside(aside, suffix))
            publish(target.read_bytes(), aside)
        except OSError as error:
            raise out_of_reach(f"{target} cannot be put aside: {error.strerror}", error.errno) from error
    publish(without_log(data), target, replace=True)
    return aside


def _settle(path: Path) -> None:
    """Work the log into the file and see that nobody has it open; a damaged file stays as it is."""
    try:
        size_of(path)
    except CatalogueCorrupt:
        return  # Nobody can have it open, and SQLite would throw away the log, which may be all that is left.
    connection = connect_file(path, busy_timeout=0.5)
    try:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    except sqlite3.Error as error:
        failure = explain(error, path)
        if not isinstance(failure, CatalogueCorrupt):
            raise failure from error
    finally:
        connection.close()


def faults_in(connection: sqlite3.Connection) -> tuple[str, ...]:
    """What an integrity check of a database finds, one line a fault; empty if nothing is wrong."""
    try:
        found = [str(fault) for (fault,) in connection.execute("PRAGMA integrity_check") if fault != "ok"]
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
            found.append(f"row {row} of {table} refers to nothing in {parent}")
    except sqlite3.Error as error:
        return (str(error),)
    return tuple(found)


def _has_lost_its_log(path: Path) -> bool:
    """Whether somebody took away the write-ahead log of a catalogue whose writer died.

    SQLite makes the log before its index (``-shm``) and removes it after that: an index alone is nothing of its doing.
    Another process may make or remove them just between two looks, so it takes several.
    """
    log, index = _beside(path, "-wal"), _beside(path, "-shm")
    for pause in (0.0, 0.01, 0.03):
        if not index.exists() or log.exists():
            return False
        time.sleep(pause)
    return index.exists() and not log.exists()


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _read(path: Path, size: int = -1) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(size)
    except FileNotFoundError:
        return b""


def _signature(path: Path) -> tuple[object, ...]:
    """What stays the same while the files can be copied one after the other.

    With a log beside it, the log's header: pages that are copied back from the log meanwhile are all in the log that is
    read afterwards. Without one, every sign of a change.
    """
    status = path.stat()
    headers = tuple(_read(_beside(path, suffix), 32) for suffix in _COMPANIONS)
    if any(headers):
        return (status.st_ino, headers)
    return (status.st_ino, status.st_size, status.st_mtime_ns, headers)


def _merged(data: bytes, companions: dict[str, bytes], where: Path) -> bytes:
    """The content with its log worked in, by SQLite itself, on copies in a folder of our own."""
    with tempfile.TemporaryDirectory(prefix="medialib-") as folder:
        copy = Path(folder) / "catalogue.db"
        copy.write_bytes(data)
        for suffix, content in companions.items():
            _beside(copy, suffix).write_bytes(content)
        connection = connect_file(copy)
        try:
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        except sqlite3.Error as error:
            raise explain(error, where) from error
        finally:
            connection.close()
        return copy.read_bytes()


def without_log(data: bytes) -> bytes:
    """The content marked as one without a write-ahead log: bytes 18 and 19 of the header, see SQLite's file format."""
    # joined from views: a slice would be one more copy of what may be hundreds of megabytes
    whole = memoryview(data)
    return b"".join((whole[:18], b"\x01\x01", whole[20:]))
