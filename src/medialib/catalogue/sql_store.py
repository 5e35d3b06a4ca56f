"""One connection to a relational database, shared by threads one at a time, and the only place that begins and ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import attrs
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError, StatementError

from medialib.errors import CatalogueError, MedialibError

__all__ = ["Backend", "Store"]


@attrs.frozen
class Backend:
    """What differs between databases."""

    insert: Callable[[Table], Any]
    """The dialect's own ``insert``, which knows ``on_conflict_do_update``."""
    begin: Callable[[Connection, bool], None]
    """Begins a transaction on a connection where the driver does not; True for one that may write."""
    explain: Callable[[DBAPIError], MedialibError]
    """What a failure of the database means for a reader."""


class Store:
    """A connection with a lock around it.

    A transaction keeps the lock from its begin to its end, so what it did is seen by other threads whole or not at all.
    One that a failure of the database hit is lost, and says so whatever its user caught meanwhile: some databases have
    then taken back a part of it already.
    """

    def __init__(self, connection: Connection, backend: Backend, *, read_only: bool) -> None:
        self.read_only = read_only
        self._connection = connection
        self._backend = backend
        self._lock = threading.RLock()
        self._inside = False
        self._failure: BaseException | None = None
        self._closed = False
        self._upserts: dict[str, Any] = {}

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """The connection, for questions that shall all see one state."""
        with self._lock:
            if self._inside:
                with self._statement():
                    yield self._connection
            else:
                with self._outermost(write=False), self._statement():
                    yield self._connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The connection, for changes that are durable together once this and any transaction around it end."""
        with self._lock:
            if self.read_only:
                raise CatalogueError("the catalogue was opened read-only, nothing can be written to it")
            if self._inside:
                with self._statement():
                    yield self._connection
            else:
                with self._outermost(write=True), self._statement():
                    yield self._connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one inside another belongs to the outer one."""
        with self._lock:
            if self._inside:
                yield
            else:
                with self._outermost(write=not self.read_only):
                    yield

    def upsert(self, connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Enter rows, or replace those that have the same primary key; of two such the later one stays."""
        if not rows:
            return
        statement = self._upserts.get(table.name)
        if statement is None:
            statement = self._backend.insert(table)
            keys = [column.name for column in table.primary_key]
            changed = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
            statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
            self._upserts[table.name] = statement
        connection.execute(statement, rows)

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._connection.close()
                self._connection.engine.dispose()

    @contextmanager
    def _outermost(self, *, write: bool) -> Iterator[None]:
        if self._closed:
            raise CatalogueError("the catalogue is closed")
        try:
            transaction = self._connection.begin()
            self._backend.begin(self._connection, write)
        except DBAPIError as error:
            self._connection.rollback()
            raise self._backend.explain(error) from error
        self._inside, self._failure = True, None
        try:
            yield
            if self._failure is not None:
                raise CatalogueError(
                    "the transaction failed earlier, nothing of it was written", remedy="Run the command again."
                ) from self._failure
            transaction.commit()
        except DBAPIError as error:
            raise self._backend.explain(error) from error
        finally:
            # Also after a commit that failed, and after an interrupt: nothing may be left open on the connection.
            self._inside = False
            if self._connection.get_transaction() is not None:
                self._roll_back()

    def _roll_back(self) -> None:
        try:
            if not self._connection.in_transaction():
                # After a commit that failed, on a full disk say, SQLAlchemy has nothing to take back; the database has.
                with suppress(self._connection.dialect.loaded_dbapi.Error):
                    self._connection.connection.rollback()
            self._connection.rollback()
        except DBAPIError as error:
            raise self._backend.explain(error) from error

    @contextmanager
    def _statement(self) -> Iterator[None]:
        """Marks the transaction as lost if the database, or the driver half-way through its rows, fails."""
        if self._failure is not None:
            raise CatalogueError("the transaction failed earlier, nothing more is written") from self._failure
        try:
            yield
        except (KeyError, MedialibError):
            raise
        except DBAPIError as error:
            self._failure = error
            raise self._backend.explain(error) from error
        except StatementError as error:
            self._failure = error
            raise (error.orig or error) from None
        except BaseException as error:
            self._failure = error
            raise
