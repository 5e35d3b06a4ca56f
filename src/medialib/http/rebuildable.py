"""An SQLite file that may be lost: what is damaged is set aside, what cannot be written is kept in memory instead."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

__all__ = ["Busy", "RebuildableFile"]

T = TypeVar("T")

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class Busy(Exception):
    """Another process holds the file just now."""


class RebuildableFile:
    """Statements are run on the file if it can be had, else on a database in memory; this never ends anyone's work.

    `told` hears, once each, that a file was set aside or is not used. Read-only, the file is attached as ``disk`` if
    there is one that can be read (`has_disk`), and the main database is in memory: not one byte on disk changes. May be
    used by several threads; processes share the file by SQLite's own locks.
    """

    def __init__(
        self, path: Path | None, schema: str, *, what: str, read_only: bool, told: Callable[[str], None]
    ) -> None:
        self._path = path
        self._schema = schema
        self._what = what
        self._read_only = read_only
        self._told = told
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self.has_disk = False

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in one transaction, from the beginning again if the file has to be replaced; raises `Busy`."""
        with self._lock:
            for _ in range(3):
                try:
                    return self._transact(self._open(), work)
                except sqlite3.Error as error:
                    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
                    if code in _BUSY:
                        raise Busy from None
                    self._drop()
                    if self._path is None:
                        raise  # memory itself failed, or the work is wrong
                    self._give_up(code in _DAMAGED)
                except UnicodeDecodeError:
                    # Python fails to read SQLite's message, which quotes the damaged bytes
                    self._drop()
                    if self._path is None:
                        raise
                    self._give_up(damaged=True)
                except OSError:
                    self._drop()
                    self._give_up(damaged=False)
            return self._transact(self._open(), work)

    def give_up(self) -> None:
        """Use memory from now on: somebody holds the file and does not let go."""
        with self._lock:
            self._drop()
            self._give_up(damaged=False)

    def close(self) -> None:
        """Let go of the file, and of what is only in memory; the next `run` begins again. Twice is fine."""
        with self._lock:
            self._drop()

    def _transact(self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.rollback()
            raise
        return result

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self.has_disk = False
            if self._path is None or self._read_only:
                connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, uri=True)
            else:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                # made before SQLite does, for its owner alone; journals take their mode from it
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
                self._path.chmod(0o600)
                connection = sqlite3.connect(self._path, timeout=0.2, isolation_level=None, check_same_thread=False)
            try:
                # a crash of the machine may damage the file, which is then set aside: cheap is right
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute(self._schema)
                if self._read_only and self._path is not None:
                    self._attach(connection, self._path)
            except BaseException:
                connection.close()  # half open is not open: the schema may be missing
                raise
            self._connection = connection
        return self._connection

    def _attach(self, connection: sqlite3.Connection, path: Path) -> None:
        if not path.is_file() or path.stat().st_size == 0:
            return
        try:
            connection.execute("ATTACH ? AS disk", (f"{path.absolute().as_uri()}?mode=ro",))
            connection.execute("SELECT count(*) FROM disk.sqlite_master").fetchone()
            self.has_disk = True
        except (sqlite3.Error, UnicodeDecodeError):
            self._told(f"{self._what} in {path} cannot be read and is not used")

    def _give_up(self, damaged: bool) -> None:
        path = self._path
        if path is None:
            return
        if self._read_only:
            self._told(f"{self._what} in {path} cannot be read and is not used")
            self._path = None
            return
        if damaged and self._set_aside(path):
            return
        self._told(f"{self._what} in {path} cannot be used; it is kept in memory instead")
        self._path = None

    def _set_aside(self, path: Path) -> bool:
        aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
        try:
            for ending in ("-journal", "-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)
            path.replace(aside)
        except FileNotFoundError:
            return True  # another process was faster
        except OSError:
            return False
        self._told(f"{self._what} in {path} is damaged; it was set aside as {aside.name} and begun anew")
        return True

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
