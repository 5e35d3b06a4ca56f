"""One connection to a relational database, shared by threads one at a time, and the only place that begins and ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Dialect, RootTransaction, Select, Table, not_
from sqlalchemy.exc import DBAPIError, StatementError

from medialib.catalogue.columns import EscapedText, is_coded, unescape
from medialib.catalogue.sql_upsert import Upsert, with_long_keys
from medialib.errors import CatalogueError, MedialibError

__all__ = ["Backend", "Store"]


def _count(connection: Connection, statement: Any, row: Mapping[str, Any]) -> int:
    # Of an insert, some drivers forget the count unless they are asked to keep it.
    found: int = connection.execute(statement, dict(row), execution_options={"preserve_rowcount": True}).rowcount
    return found


def _this_machine(_: Connection) -> datetime:
    return datetime.now(UTC)


@attrs.frozen
class Backend:
    """What differs between databases."""

    insert: Callable[[Table], Any]
    """The dialect's own ``insert``, which knows ``on_conflict_do_update``."""
    begin: Callable[[Connection, bool], None]
    """Begins a transaction on a connection where the driver does not; True for one that may write."""
    explain: Callable[[DBAPIError], MedialibError]
    """What a failure of the database means for a reader."""
    bulk: Callable[[Connection, Table, Upsert, Sequence[tuple[Any, ...]]], bool] | None = None
    """A quicker way to enter or replace many rows; it tells whether it could be gone."""
    clock: Callable[[Connection], datetime] = _this_machine
    """The time by which leases lapse, aware."""


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
        self._upserts: dict[str, Upsert] = {}

    @property
    def dialect(self) -> Dialect:
        """How the database speaks SQL."""
        return self._connection.dialect

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

    def upsert(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Enter rows, or replace those that have the same primary key; of two such the later one stays."""
        if not rows:
            return
        if table.name not in self._upserts:
            self._upserts[table.name] = Upsert(table, self._backend.insert, self.dialect)
        upsert = self._upserts[table.name]
        parameters = upsert.parameters(rows)
        if self._backend.bulk is None or not self._backend.bulk(connection, table, upsert, parameters):
            connection.exec_driver_sql(upsert.text, parameters)

    def tuples(self, connection: Connection, wanted: Select[Any]) -> list[tuple[Any, ...]]:
        """The rows of a query as plain tuples, in a third of the time that SQLAlchemy's own rows take."""
        try:
            rows = connection.execute(wanted).cursor.fetchall()
        except self.dialect.loaded_dbapi.Error as error:
            raise DBAPIError(None, None, error) from error
        found: list[tuple[Any, ...]] = list(rows)
        for at, column in enumerate(wanted.selected_columns):
            if isinstance(column.type, EscapedText):
                # Nearly no text has anything to be put back: all of a column is asked at once, each alone only then.
                if is_coded("".join([row[at] for row in found if row[at] is not None])):
                    for number in [n for n, row in enumerate(found) if row[at] is not None and is_coded(row[at])]:
                        row = found[number]
                        found[number] = (*row[:at], unescape(row[at]), *row[at + 1 :])
                continue
            convert = column.type.dialect_impl(self.dialect).result_processor(self.dialect, None)
            if convert is not None:
                found = [row if row[at] is None else (*row[:at], convert(row[at]), *row[at + 1 :]) for row in found]
        return found

    def add(self, connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
        """Enter a row unless there is one with the same primary key; tells whether it was entered."""
        entered = self._backend.insert(table).inline().on_conflict_do_nothing(index_elements=list(table.primary_key))
        return _count(connection, entered, with_long_keys(table, row, self.dialect)) == 1

    def take(self, connection: Connection, table: Table, row: Mapping[str, Any], *, unless: Any) -> bool:
        """Enter a row, or replace the one with the same primary key if `unless` is not so; tells whether it stands."""
        statement = self._backend.insert(table).inline()
        keys = [column.name for column in table.primary_key]
        changed = {name: statement.excluded[name] for name in row if name not in keys}
        taken = statement.on_conflict_do_update(index_elements=keys, set_=changed, where=not_(unless))
        return _count(connection, taken, row) == 1

    def now(self, connection: Connection) -> datetime:
        """The time by the catalogue's own clock, in UTC."""
        return self._backend.clock(connection)

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
        transaction = self._begin(write)
        self._inside, self._failure = True, None
        try:
            yield
            if self._failure is not None:
                raise CatalogueError(
                    "the transaction failed earlier, nothing of it was written", remedy="Run the command again."
                ) from self._failure
            self._commit(transaction)
        finally:
            # Also after a commit that failed, and after an interrupt: nothing may be left open on the connection.
            self._inside = False
            if self._connection.get_transaction() is not None:
                self._roll_back()

    def _begin(self, write: bool) -> RootTransaction:
        """Begin, over a new connection if the old one was lost meanwhile: nothing was said on it that could be lost."""
        for again in (True, False):
            try:
                transaction = self._connection.begin()
                self._backend.begin(self._connection, write)
            except DBAPIError as error:
                self._connection.rollback()
                if not (again and error.connection_invalidated):
                    raise self._backend.explain(error) from error
            except BaseException:
                self._connection.rollback()
                raise
            else:
                return transaction
        raise AssertionError("the second attempt returns or raises")

    def _commit(self, transaction: RootTransaction) -> None:
        try:
            transaction.commit()
        except DBAPIError as error:
            if error.connection_invalidated:
                raise CatalogueError(
                    "the connection was lost just when the catalogue was to keep what was written: it may or may not",
                    remedy="Run the command again: it looks first.",
                ) from error
            raise self._backend.explain(error) from error

    def _roll_back(self) -> None:
        try:
            if not (self._connection.in_transaction() or self._connection.invalidated):
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
