"""Rows in collections of Milvus: made, asked for, written, and nothing decided."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from medialib.catalogue.milvus_log import Change
from medialib.catalogue.milvus_rows import TABLES, Row, Table, digest, joined, pieces
from medialib.catalogue.milvus_server import MilvusConnection, load_pymilvus
from medialib.errors import CatalogueError

__all__ = ["MilvusTables", "NoRows", "Rows", "collection_name"]

_OWNER = "catalogue"
_WINDOW = 16_384  # rows: Milvus gives no more for one question
_BATCH_ROWS = 5_000
_BATCH_BYTES = 16 << 20  # Milvus takes 64 MiB in one call
_DIGEST = 64


def collection_name(name: str) -> str:
    """The name of a collection in Milvus.

    >>> collection_name("shows")
    'medialib_shows'
    """
    return f"medialib_{name}"


class Rows(Protocol):
    """Where rows are kept."""

    def get(self, table: Table[Any], key: str) -> Row | None:
        """The row with that key, or None."""

    def find(self, table: Table[Any], field: str, value: str) -> list[Row]:
        """The rows whose field has that digest, in any order."""

    def all(self, table: Table[Any]) -> list[Row]:
        """All rows, in any order."""

    def apply(self, changes: Mapping[Change, Row | None]) -> None:
        """Enter or replace rows; a None takes a row out."""

    def flush(self, tables: Iterable[str]) -> None:
        """See that what was applied to those tables is on the disk."""

    def close(self) -> None:
        """Let go of the store. Calling it twice is fine."""


class NoRows:
    """Nothing at all, for a catalogue that is not there yet and may only be looked at."""

    def get(self, table: Table[Any], key: str) -> Row | None:
        """None."""
        return None

    def find(self, table: Table[Any], field: str, value: str) -> list[Row]:
        """No rows."""
        return []

    def all(self, table: Table[Any]) -> list[Row]:
        """No rows."""
        return []

    def apply(self, changes: Mapping[Change, Row | None]) -> None:
        """Refused."""
        raise CatalogueError("there is no catalogue to write to")

    def flush(self, tables: Iterable[str]) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to let go of."""


class MilvusTables:
    """`Rows` in Milvus; a collection is made when its first row comes. Failures are `MilvusConnection.asking`'s.

    `window` is how many rows to ask for at once.
    """

    def __init__(self, connection: MilvusConnection, *, window: int = _WINDOW) -> None:
        self._connection = connection
        self._window = window
        self._there = self._listed()
        self._usable: set[str] = set()
        self._guard = threading.Lock()

    def tables(self) -> frozenset[str]:
        """Names of the tables that have a collection now."""
        self._there = self._listed()
        return frozenset(name for name in TABLES if collection_name(name) in self._there)

    def owner(self) -> str | None:
        """The identity of the catalogue whose collections these are; None if that was never written."""
        name = collection_name(_OWNER)
        if name not in self._there:
            return None
        self._prepare(name, (), write=False)
        with self._connection.asking() as client:
            found = client.get(name, ids=[digest(_OWNER)], output_fields=["body"], timeout=self._connection.timeout)
            return joined(found[0]["body"]) if found else None

    def claim(self, identity: str) -> None:
        """Write down whose collections these are."""
        self._write(collection_name(_OWNER), [Row(digest(_OWNER), {}, identity)], ())
        self.flush([_OWNER])

    def get(self, table: Table[Any], key: str) -> Row | None:
        """The row with that key, or None."""
        name = collection_name(table.name)
        if not self._prepare(name, table.found_by, write=False):
            return None
        with self._connection.asking() as client:
            found = client.get(name, ids=[key], output_fields=_fields(table), timeout=self._connection.timeout)
            return _row(table, found[0]) if found else None

    def find(self, table: Table[Any], field: str, value: str) -> list[Row]:
        """The rows whose field has that digest, in any order."""
        return self._query(table, f'{field} == "{value}"')

    def all(self, table: Table[Any]) -> list[Row]:
        """All rows, in any order."""
        return self._query(table, "")

    def apply(self, changes: Mapping[Change, Row | None]) -> None:
        """Enter or replace rows; a None takes a row out."""
        entered: dict[str, list[Row]] = {}
        gone: dict[str, list[str]] = {}
        for (table, key), row in changes.items():
            if row is None:
                gone.setdefault(table, []).append(key)
            else:
                entered.setdefault(table, []).append(row)
        for table, keys in gone.items():
            name = collection_name(table)
            self._prepare(name, TABLES[table].found_by, write=True)
            with self._connection.asking() as client:
                for at in range(0, len(keys), _BATCH_ROWS):
                    client.delete(name, ids=keys[at : at + _BATCH_ROWS], timeout=self._connection.timeout)
        for table, rows in entered.items():
            self._write(collection_name(table), rows, tuple(TABLES[table].found_by))

    def flush(self, tables: Iterable[str]) -> None:
        """See that what was applied to those tables is on the disk."""
        with self._connection.asking() as client:
            for table in tables:
                client.flush(collection_name(table), timeout=self._connection.timeout)
        self._connection.settle()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _listed(self) -> set[str]:
        with self._connection.asking() as client:
            return set(client.list_collections(timeout=self._connection.timeout))

    def _prepare(self, name: str, found_by: Iterable[str], *, write: bool) -> bool:
        """Make a collection ready to be used, once for this connection; False if it is not there and stays so."""
        with self._guard:
            if name in self._usable:
                return True
            if name not in self._there:
                self._there = self._listed()  # another process may have made it
            timeout = self._connection.timeout
            with self._connection.asking() as client:
                if write:
                    if name not in self._there:
                        self._make(client, name, found_by)
                    if "unused" not in client.list_indexes(name):  # nor has it one if its maker died over it
                        self._index(client, name, found_by)
                elif name not in self._there:
                    return False
                # A collection answers once it is loaded, and an embedded Milvus has loaded none when it starts.
                client.load_collection(name, timeout=timeout)
            self._there.add(name)
            self._usable.add(name)
            return True

    def _make(self, client: Any, name: str, found_by: Iterable[str]) -> None:
        types = load_pymilvus().DataType
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("key", types.VARCHAR, is_primary=True, max_length=_DIGEST)
        for field in found_by:
            schema.add_field(field, types.VARCHAR, max_length=_DIGEST)
        schema.add_field("body", types.ARRAY, element_type=types.VARCHAR, max_capacity=4096, max_length=65_535)
        # Milvus has no collection without a vector. The least it takes are two numbers.
        schema.add_field("unused", types.FLOAT_VECTOR, dim=2)
        timeout = self._connection.timeout
        client.create_collection(name, schema=schema, consistency_level="Strong", timeout=timeout)

    def _index(self, client: Any, name: str, found_by: Iterable[str]) -> None:
        indexes = client.prepare_index_params()
        if self._connection.embedded is None:  # Milvus Lite looks at every row with an index as without
            for field in found_by:
                indexes.add_index(field, index_name=field, index_type="INVERTED")
        indexes.add_index("unused", index_name="unused", index_type="FLAT", metric_type="L2")
        # Waiting for the index of an empty collection takes pymilvus half a second; loading waits for what it needs.
        client.create_index(name, indexes, sync=False, timeout=self._connection.timeout)

    def _query(self, table: Table[Any], expression: str) -> list[Row]:
        name, timeout = collection_name(table.name), self._connection.timeout
        if not self._prepare(name, table.found_by, write=False):
            return []
        fields = _fields(table)
        with self._connection.asking() as client:
            found = client.query(name, filter=expression, output_fields=fields, limit=self._window, timeout=timeout)
            if len(found) < self._window:
                return [_row(table, one) for one in found]
            pages = client.query_iterator(name, batch_size=self._window, filter=expression, output_fields=fields)
            rows: list[Row] = []
            while page := pages.next():
                rows += [_row(table, one) for one in page]
            pages.close()
            return rows

    def _write(self, name: str, rows: Sequence[Row], found_by: Sequence[str]) -> None:
        self._prepare(name, found_by, write=True)
        with self._connection.asking() as client:
            for some in _batches(rows):
                data = [
                    {
                        "key": row.key,
                        **{field: row.found_by[field] for field in found_by},
                        "body": pieces(row.body),
                        "unused": [0.0, 0.0],
                    }
                    for row in some
                ]
                client.upsert(name, data, timeout=self._connection.timeout)


def _fields(table: Table[Any]) -> list[str]:
    return ["key", *table.found_by, "body"]


def _row(table: Table[Any], found: Mapping[str, Any]) -> Row:
    return Row(found["key"], {field: found[field] for field in table.found_by}, joined(found["body"]))


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Rows in portions that Milvus takes.

    >>> [len(batch) for batch in _batches([Row("", {}, "")] * 12_000)]
    [5000, 5000, 2000]
    """
    start = size = 0
    for at, row in enumerate(rows):
        length = 4 * len(row.body) + 512
        if at > start and (at - start == _BATCH_ROWS or size + length > _BATCH_BYTES):
            yield rows[start:at]
            start, size = at, 0
        size += length
    if start < len(rows):
        yield rows[start:]
