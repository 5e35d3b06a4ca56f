"""Backups that any kind of catalogue can be restored from: whole catalogues as one SQLite file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Row, func, insert, inspect, select

from medialib.catalogue.columns import CUT, LONGEST_KEY, cut_key, escape, unescape
from medialib.catalogue.copying import Summary, copy_catalogue, summarise
from medialib.catalogue.long_keys import LONG_KEYS
from medialib.catalogue.sqlite import make_catalogue, make_file
from medialib.errors import CatalogueCorrupt
from medialib.events import Observer, nobody
from medialib.ports import CancelToken, Catalogue

__all__ = ["back_up", "back_up_rows"]

_VERSION = "alembic_version"


def back_up(
    source: Catalogue, target: Path, *, observer: Observer = nobody, cancelled: CancelToken | None = None
) -> Summary:
    """Copy a catalogue of any kind into a fresh SQLite file, whole or not at all; what it holds.

    The file has mode 0600, and its name only once it was opened again and its content compared. Others may go on
    writing if `source` was opened read-only. Raises as `copy_catalogue` and `medialib.catalogue.sqlite.make_file` do.
    """
    copied: list[Summary] = []

    def fill(connection: Connection) -> None:
        made = make_catalogue(connection, target)
        copied.append(copy_catalogue(source, made, observer=observer, cancelled=cancelled))

    def prove(kept: Catalogue) -> None:
        found = summarise(kept, purpose="proving", observer=observer, cancelled=cancelled)
        if found != copied[0] or kept.identity != source.identity:
            raise CatalogueCorrupt(f"{target} does not hold what was backed up; it was not kept")

    make_file(target, fill, prove)
    return copied[0]


def back_up_rows(connection: Connection, revision: str, target: Path) -> Path:
    """Copy the rows of a catalogue with an older schema, as they are, into a fresh SQLite file with that same schema.

    `connection` is one to the database, within a transaction that keeps others from writing. Keys that had to be cut
    there are whole in the file. Before it has its name the file is opened, which brings its content up to date in
    memory, and all of it read. Raises CatalogueCorrupt for a row that did not arrive or cannot be read, and as
    `medialib.catalogue.sqlite.make_file` does.
    """
    from medialib.catalogue.migrating import migrate

    def fill(fresh: Connection) -> None:
        with fresh.begin():
            fresh.exec_driver_sql("BEGIN")
            migrate(fresh, revision)
            _copy_rows(connection, fresh)

    return make_file(target, fill, summarise)


def _copy_rows(old: Connection, fresh: Connection) -> None:
    wanted = MetaData()
    wanted.reflect(fresh)
    there = MetaData()
    there.reflect(old, only=[name for name in wanted.tables if inspect(old).has_table(name)])
    long_keys: dict[str, str] = {}
    for table in wanted.sorted_tables:
        if table.name == _VERSION:
            continue
        origin = there.tables.get(table.name)
        if origin is None:
            raise CatalogueCorrupt(f"the catalogue has no table {table.name}", remedy="Restore a backup of it.")
        asked = select(*(origin.c[column.name] for column in table.c))
        for some in old.execute(asked, execution_options={"yield_per": 1000}).partitions():
            fresh.execute(insert(table), [_whole_row(row, long_keys) for row in some])
        counts = [side.scalar(select(func.count()).select_from(each)) for side, each in ((old, origin), (fresh, table))]
        if counts[0] != counts[1]:
            raise CatalogueCorrupt(f"of {counts[0]} rows of {table.name}, {counts[1]} were copied")


def _whole_row(row: Row[Any], long_keys: dict[str, str]) -> dict[str, Any]:
    """A row with the keys whole that were cut; `long_keys` has those that were met, by what they were cut to.

    Tables come after those they refer to, and the places that a line of the journal names after that line.
    """
    found: dict[str, Any] = dict(row._mapping)
    for name in (LONG_KEYS, "action"):
        text = found.get(name)
        if isinstance(text, str) and len(text) * 6 > LONGEST_KEY:
            long_keys.update(_cut_texts(json.loads(unescape(text))))
    return {
        name: long_keys.get(value, value) if isinstance(value, str) and CUT in value else value
        for name, value in found.items()
    } | ({LONG_KEYS: None} if LONG_KEYS in found else {})


def _cut_texts(data: Any) -> Iterator[tuple[str, str]]:
    """Every text in plain data that is too long for an index: what it is cut to, and what it is whole, both escaped."""
    if isinstance(data, str):
        cut = cut_key(data)
        if cut is not None:
            yield cut, escape(data)
    elif isinstance(data, Mapping):
        for each in data.values():
            yield from _cut_texts(each)
    elif isinstance(data, list):
        for each in data:
            yield from _cut_texts(each)
