"""What Milvus still has to be told, written down in the SQLite file beside it before Milvus hears of it.

Milvus has no transactions. So a change is durable, all of it or nothing, once the SQLite file has it: in the same
transaction as the journal. Milvus is told afterwards, and what it was told is kept until it has it on its disk; told
twice, it holds the same. Whoever opens the catalogue for writing tells Milvus all that is still written here, so a
crash at any moment is mended by opening it again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, delete, func, insert, inspect, select
from sqlalchemy.dialects.sqlite import insert as upsert

from medialib.catalogue.milvus_rows import Row, write_row
from medialib.catalogue.sqlite_files import connect_file, explain

__all__ = ["Change", "Log", "read_log"]

Change = tuple[str, str]
"""Name of a table and key of a row in it."""

_metadata = MetaData()
_log = Table(
    "milvus_log",
    _metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("collection", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("row", Text),
    sqlite_autoincrement=True,
)
_state = Table("milvus_state", _metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
_ROWS = "SELECT sequence, collection, key, row FROM milvus_log WHERE sequence > ? ORDER BY sequence"


@attrs.frozen
class Log:
    """The log on a connection to the SQLite file; who begins and ends transactions there is the caller."""

    connection: Connection

    def prepare(self) -> None:
        """Make the tables where they are missing."""
        _metadata.create_all(self.connection)

    def prepared(self) -> bool:
        """Whether the tables are there."""
        return inspect(self.connection).has_table(_state.name)

    def append(self, changes: Mapping[Change, Row | None]) -> int:
        """Write changes down, a None for a row that is gone; returns the number of the last one."""
        rows = [
            {"collection": table, "key": key, "row": None if row is None else write_row(row)}
            for (table, key), row in changes.items()
        ]
        self.connection.execute(insert(_log), rows)
        return self.last()

    def last(self) -> int:
        """The number of the last change, 0 if there is none."""
        return self.connection.scalar(select(func.max(_log.c.sequence))) or 0

    def size(self) -> int:
        """How many changes are written here."""
        return self.connection.scalar(select(func.count()).select_from(_log)) or 0

    def tables(self) -> tuple[str, ...]:
        """The tables that its changes are of, sorted."""
        return tuple(sorted(self.connection.scalars(select(_log.c.collection).distinct())))

    def after(self, sequence: int) -> dict[Change, Row | None]:
        """What the changes after that one come to, the last one of each row."""
        return _read(self.connection.exec_driver_sql(_ROWS, (sequence,)).all())

    def forget(self, sequence: int) -> None:
        """Take out the changes up to that one, which Milvus has on its disk."""
        self.connection.execute(delete(_log).where(_log.c.sequence <= sequence))

    def told(self) -> int:
        """The number of the last change that Milvus was told of."""
        return int(self.state("told") or 0)

    def used(self) -> frozenset[str]:
        """The tables that Milvus was given rows of, ever."""
        return frozenset((self.state("used") or "").split())

    def use(self, tables: Iterable[str]) -> None:
        """Write down that those tables have collections in Milvus: they shall be missed if they are gone."""
        self.note("used", " ".join(sorted(tables)))

    def state(self, name: str) -> str | None:
        """A named text about the whole, or None."""
        return self.connection.scalar(select(_state.c.value).where(_state.c.name == name))

    def note(self, name: str, value: str) -> None:
        """Keep such a text."""
        statement = upsert(_state).values(name=name, value=value)
        self.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def read_log(file: Path) -> dict[Change, Row | None]:
    """What the whole log of a file comes to at this moment, for those who only look. Raises as SQLite's files do."""
    log = file.with_name(f"{file.name}-wal")
    quiet = not (log.exists() and log.stat().st_size > 0)
    connection = connect_file(file, options="mode=ro&immutable=1" if quiet else "mode=ro")
    try:
        return _read(connection.execute(_ROWS, (0,)))
    except sqlite3.Error as error:
        raise explain(error, file) from error
    finally:
        connection.close()


def _read(rows: Iterable[Sequence[Any]]) -> dict[Change, Row | None]:
    return {(table, key): None if row is None else Row(**json.loads(row)) for _, table, key, row in rows}
