"""Keys too long for an index: how their rows are written, found below a folder, and read back whole.

A row whose keys were cut has them whole in its column ``long_keys``. Rows without such a key, which is all of them on
SQLite and nearly all on PostgreSQL, pass through untouched.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Dialect, Table, Text, and_, literal, or_

from medialib.catalogue.columns import CUT, KEPT, EscapedText, KeyText, cut_key, escape, keys_are_cut, unescape

__all__ = ["LONG_KEYS", "as_kept", "below", "every_column", "key_columns", "long_keys_of", "whole"]

LONG_KEYS = "long_keys"
"""The column that holds, by name, the keys of its row that were cut; empty where none was."""


def key_columns(table: Table) -> tuple[str, ...]:
    """The columns of a table that are cut where they are too long, if it has a place to keep them whole."""
    if LONG_KEYS not in table.c:
        return ()
    return tuple(column.name for column in table.c if isinstance(column.type, KeyText))


def long_keys_of(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, str] | None:
    """Those of a row's keys that are cut, whole; None if none is.

    >>> long_keys_of({"path": "a"}, ["path"]) is None
    True
    >>> {name: len(text) for name, text in long_keys_of({"path": "a" * 900, "remote": "r"}, ["path", "remote"]).items()}
    {'path': 900}
    """
    found = {name: row[name] for name in names if row[name] is not None and cut_key(row[name]) is not None}
    return found or None


def as_kept(key: str, dialect: Dialect) -> str:
    """A key as a query for it answers: whole, or cut."""
    cut = cut_key(key) if keys_are_cut(dialect) else None
    return key if cut is None else unescape(cut)


def every_column(table: Table) -> tuple[Column[Any], ...]:
    """The columns of a table as `whole` wants them: ``long_keys`` last, wherever in the table it stands."""
    return tuple(sorted(table.c, key=lambda column: column.name == LONG_KEYS))


def whole(rows: Sequence[Any], order: Callable[[Any], Any] | None = None, *, reverse: bool = False) -> Sequence[Any]:
    """Rows, whose last column is ``long_keys``, with their keys whole.

    A key that was cut does not sort as the whole does: where there is one, the rows are put in `order` here.
    """
    if all(row[-1] is None for row in rows):
        return rows
    made = namedtuple("made", rows[0]._fields)  # type: ignore[misc]  # the names come with the query
    # A query need not ask for every key of its rows.
    found = [
        row if row[-1] is None else made(*(row[-1].get(name, value) for name, value in row._asdict().items()))
        for row in rows
    ]
    return found if order is None else sorted(found, key=order, reverse=reverse)


def below(column: ColumnElement[str], folder: str, dialect: Dialect) -> ColumnElement[bool]:
    """The rows whose path begins with a folder and a slash, as ranges of an index.

    Where keys are cut, paths that only may begin so are among them: what comes back is to be looked at again.
    """
    # What begins with "folder/" sorts from there up to "folder0", since "0" follows "/".
    first, end = f"{folder}/", f"{folder}0"
    inside = and_(column >= literal(first, EscapedText()), column < literal(end, EscapedText()))
    if not keys_are_cut(dialect) or len(first) <= KEPT:
        return inside
    # The folder reaches beyond what is kept of a path that was cut. The mark is no text of ours: it goes in as it is.
    start = escape(first[:KEPT]) + CUT
    plain = Text(collation="C")
    return or_(inside, and_(column >= literal(start, plain), column < literal(f"{start}\x7f", plain)))
