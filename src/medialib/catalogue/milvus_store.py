"""Rows in Milvus and an SQLite file beside it as one store with transactions.

The SQLite file is the truth about what was done: a change is written to its log together with the journal, in one
transaction, and Milvus is told of it afterwards. Answers are those of Milvus with what it was not told yet laid over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from medialib.catalogue.gates import Gate
from medialib.catalogue.milvus_log import Change, Log
from medialib.catalogue.milvus_rows import Row, Table, read_row, row_of
from medialib.catalogue.milvus_tables import Rows
from medialib.catalogue.sql import SqlCatalogue
from medialib.errors import CatalogueError, MedialibError
from medialib.events import Noted, Observer, nobody

__all__ = ["MilvusStore"]

T = TypeVar("T")

_LONGEST_LOG = 1_000  # changes; what opening tells Milvus again takes some 50 ms then


class MilvusStore:
    """Values by key and by what they belong to, for one thread at a time.

    A transaction keeps the store from its begin to its end. `unwritten` reads the log where nothing may be written:
    then all of it is laid over what Milvus answers. After `longest_log` changes Milvus is asked to put all on its disk.
    """

    def __init__(
        self,
        rows: Rows,
        beside: SqlCatalogue,
        gate: Gate | None,
        *,
        unwritten: Callable[[], Mapping[Change, Row | None]] | None = None,
        observer: Observer = nobody,
        longest_log: int = _LONGEST_LOG,
    ) -> None:
        self.read_only = unwritten is not None
        self._rows = rows
        self._beside = beside
        self._gate = gate
        self._unwritten = unwritten
        self._observer = observer
        self._longest_log = longest_log
        self._lock = threading.RLock()
        self._inside = False
        self._looking = False
        self._told = 0
        self._closed = False
        self._untold: dict[Change, Row | None] = {}
        self._changes: dict[Change, Row | None] = {}

    def mend(self) -> None:
        """Tell Milvus all that the log still holds: a crash, or a loss of power, may have kept it from its disk.

        Raises as Milvus does.
        """
        with self._lock, self._alone():
            self._catch_up(after=0)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """For questions that shall all see one state."""
        with self._lock:
            if self._inside or self._looking:
                yield
                return
            self._refuse_closed()
            with self._together():
                self._untold, self._looking = self._read_untold(), True
                try:
                    yield
                finally:
                    self._untold, self._looking = {}, False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """For changes that are durable together once this and any transaction around it end."""
        with self._lock:
            if self.read_only:
                raise CatalogueError("the catalogue was opened read-only, nothing can be written to it")
            with self.transaction():
                yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, with what is kept beside; one inside another belongs to the outer one."""
        with self._lock:
            if self._inside:
                yield
                return
            self._refuse_closed()
            if self.read_only:
                with self.reading(), self._beside.transaction():
                    yield
            else:
                with self._alone():
                    self._try(self._catch_up)
                    changes, last = yield from self._transact()
                    if changes:
                        self._try(lambda: self._tell(changes, last))

    def get(self, table: Table[T], key: str) -> T | None:
        """The value with that digest of its key, or None."""
        with self.reading():
            for over in (self._changes, self._untold):
                if (table.name, key) in over:
                    row = over[table.name, key]
                    break
            else:
                row = self._rows.get(table, key)
        return None if row is None else read_row(table, row)

    def find(self, table: Table[T], field: str, value: str) -> list[T]:
        """The values whose field has that digest, in any order."""
        with self.reading():
            found = self._laid_over(table, self._rows.find(table, field, value))
        return [read_row(table, row) for row in found if row.found_by[field] == value]

    def all(self, table: Table[T]) -> list[T]:
        """All values, in any order."""
        with self.reading():
            found = self._laid_over(table, self._rows.all(table))
        return [read_row(table, row) for row in found]

    def put(self, table: Table[T], values: Iterable[T]) -> None:
        """Enter or replace values; of two with the same key the later one stays."""
        rows = [row_of(table, value) for value in values]
        with self.writing():
            self._changes.update({(table.name, row.key): row for row in rows})

    def remove(self, table: Table[Any], keys: Iterable[str]) -> None:
        """Take out the values with those digests of their keys."""
        gone = list(keys)
        with self.writing():
            self._changes.update({(table.name, key): None for key in gone})

    def close(self) -> None:
        """Let go of everything. Calling it twice is fine."""
        with self._lock:
            if not self._closed:
                self._closed = True
                try:
                    self._rows.close()
                finally:
                    self._beside.close()
                    if self._gate is not None:
                        self._gate.close()

    def _laid_over(self, table: Table[Any], found: Iterable[Row]) -> Iterable[Row]:
        over = {key: row for (name, key), row in (self._untold | self._changes).items() if name == table.name}
        if not over:
            return found
        newer = [row for row in over.values() if row is not None]
        return [*(row for row in found if row.key not in over), *newer]

    def _transact(self) -> Generator[None, None, tuple[dict[Change, Row | None], int]]:
        """Run the caller's block; what it changed, which is durable then, and the number of the last change."""
        self._untold, self._changes, self._inside = self._read_untold(), {}, True
        last = 0
        try:
            with self._beside.transaction():
                yield
                changes = self._changes
                if changes:
                    with self._beside.store.writing() as connection:
                        log = Log(connection)
                        log.note("told", str(self._told))
                        last = log.append(changes)
        finally:
            self._untold, self._changes, self._inside = {}, {}, False
        return changes, last

    def _try(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except MedialibError as error:
            # Nothing is lost: it is laid over every answer, and told before the next change.
            self._observer(Noted(f"Milvus could not be told of changes, which are kept beside it: {error}"))

    def _catch_up(self, *, after: int | None = None) -> None:
        with self._beside.store.reading() as connection:
            log = Log(connection)
            changes, last = log.after(max(self._told, log.told()) if after is None else after), log.last()
        if changes:
            self._tell(changes, last)

    def _tell(self, changes: Mapping[Change, Row | None], last: int) -> None:
        self._rows.apply(changes)
        self._told = last
        with self._beside.store.reading() as connection:
            log = Log(connection)
            tables = log.tables() if log.size() > self._longest_log else ()
            used, known = log.used(), {table for table, _ in changes}
        if tables:
            self._rows.flush(tables)
        if tables or not known <= used:
            with self._beside.store.writing() as connection:
                log = Log(connection)
                log.use(used | known)
                log.note("told", str(last))
                if tables:
                    log.forget(last)

    def _read_untold(self) -> dict[Change, Row | None]:
        if self._unwritten is not None:
            return dict(self._unwritten())
        with self._beside.store.reading() as connection:
            log = Log(connection)
            return log.after(max(self._told, log.told()))

    def _refuse_closed(self) -> None:
        if self._closed:
            raise CatalogueError("the catalogue is closed")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with nullcontext() if self._gate is None else self._gate.alone():
            yield

    @contextmanager
    def _together(self) -> Iterator[None]:
        with nullcontext() if self._gate is None else self._gate.together():
            yield
