"""Many rows entered or replaced at once, past what SQLAlchemy does for each value of each row.

SQLAlchemy writes the statement and knows how each column's values are converted; the rows go to the driver as they are,
converted a column at a time, which takes a third of the time for a hundred thousand of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect, Table

from medialib.catalogue.columns import keys_are_cut
from medialib.catalogue.long_keys import LONG_KEYS, key_columns, long_keys_of

__all__ = ["Upsert", "with_long_keys"]


def with_long_keys(table: Table, row: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """A row with those of its keys that the database's indexes cannot take whole."""
    found = dict(row)
    names = key_columns(table) if keys_are_cut(dialect) else ()
    if names:
        found[LONG_KEYS] = long_keys_of(row, names)
    return found


class Upsert:
    """A statement for one table that enters rows, or replaces those with the same primary key."""

    def __init__(self, table: Table, insert: Callable[[Table], Any], dialect: Dialect) -> None:
        keys = [column.name for column in table.primary_key]
        statement = insert(table)
        changed = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
        compiled = statement.compile(dialect=dialect, column_keys=[column.name for column in table.c])
        self.text = str(compiled)
        """The statement in the words of the driver, with a mark for each value."""
        self.conflict = "ON CONFLICT" + self.text.partition("ON CONFLICT")[2]
        """Its end: what becomes of a row whose key is there."""
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        """The columns that the values are of, in order."""
        self._order = itemgetter(*keys)
        self._cut = key_columns(table) if keys_are_cut(dialect) else ()
        self._convert = tuple(table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in self.names)

    def parameters(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """The rows' values as the driver takes them; of two rows with the same key, those of the later one.

        They are in the order of their keys, so that processes which write the same rows never wait for each other in
        a ring.
        """
        latest = {self._order(row): row for row in rows}
        ordered = [latest[key] for key in sorted(latest)]
        columns = [
            self._column(name, convert, ordered) for name, convert in zip(self.names, self._convert, strict=True)
        ]
        return list(zip(*columns, strict=True))

    def _column(self, name: str, convert: Callable[[Any], Any] | None, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        values: list[Any]
        if name == LONG_KEYS:
            values = [long_keys_of(row, self._cut) for row in rows] if self._cut else [None] * len(rows)
        else:
            values = [row[name] for row in rows]
        return values if convert is None else list(map(convert, values))
