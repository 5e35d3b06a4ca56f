"""An index in a collection of Milvus, which searches it by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from medialib.catalogue.columns import escape, unescape
from medialib.catalogue.milvus_address import read_address
from medialib.catalogue.milvus_rows import digest, joined, pieces
from medialib.catalogue.milvus_server import MilvusConnection, connect_embedded, connect_server, load_pymilvus
from medialib.catalogue.milvus_tables import collection_name
from medialib.ports import Neighbour, Vector, VectorSpace
from medialib.similarity.arrays import unit_rows
from medialib.similarity.checking import MOST, checked_count

__all__ = ["MilvusVectorIndex", "open_milvus_index"]

_BATCH = 2_000
_MANY = 1_000  # vectors; looking through so many that are in no file yet takes Milvus Lite some 50 ms


def open_milvus_index(url: str, space: VectorSpace) -> MilvusVectorIndex:
    """Open the index of a space at the address of a catalogue in Milvus, beside that or without one.

    ``beside=`` means nothing here. Raises as the connection does: CatalogueBusy
    while another process has an embedded Milvus, ConnectionLost, AuthenticationFailed, ConfigurationError.
    """
    address = read_address(url, with_file=False)
    if address.folder is not None:
        return MilvusVectorIndex(connect_embedded(Path(address.folder), timeout=address.timeout), space)
    connection = connect_server(
        address.host,
        address.port,
        database=address.database,
        token=address.token,
        secure=address.secure,
        timeout=address.timeout,
    )
    return MilvusVectorIndex(connection, space)


class MilvusVectorIndex:
    """`ports.VectorIndex` over a connection that it closes. Each space has a collection of its own.

    What it holds survives the process. It is no part of the catalogue's transactions: it can be built again.
    """

    def __init__(self, connection: MilvusConnection, space: VectorSpace) -> None:
        self._connection = connection
        self._space = space
        self._name = collection_name(f"vectors_{digest(space.name, space.dimension)[:32]}")
        self._lock = threading.Lock()
        self._unfiled = 0
        try:
            self._make()
        except BaseException:
            connection.close()
            raise

    @property
    def space(self) -> VectorSpace:
        """Where its vectors belong."""
        return self._space

    def put(self, vectors: Iterable[tuple[str, Vector]]) -> None:
        """Enter vectors, or replace those of the same key. Many at once are written to a file before this returns."""
        given = dict(vectors)
        rows = unit_rows(list(given.values()), self._space)
        keys = list(given)
        with self._lock, self._connection.asking() as client:
            for at in range(0, len(keys), _BATCH):
                some = zip(keys[at : at + _BATCH], rows[at : at + _BATCH], strict=True)
                data = [{"key": digest(key), "name": pieces(escape(key)), "vector": row} for key, row in some]
                client.upsert(self._name, data, timeout=self._connection.timeout)
            self._unfiled += len(keys)
            if self._unfiled >= _MANY:
                client.flush(self._name, timeout=self._connection.timeout)
                self._unfiled = 0
                # The first search reads the file that was just written: let it be this one.
                self._search(client, [1.0] * self._space.dimension, 1)

    def remove(self, keys: Iterable[str]) -> None:
        """Take vectors out; a key that is not there is fine."""
        gone = [digest(key) for key in keys]
        with self._lock, self._connection.asking() as client:
            for at in range(0, len(gone), _BATCH):
                client.delete(self._name, ids=gone[at : at + _BATCH], timeout=self._connection.timeout)

    def search(self, vector: Vector, count: int) -> tuple[Neighbour, ...]:
        """The nearest ones, best first, those of equal score by key; between equals for the last place Milvus decides.

        A server answers with strong consistency: what was put before is found.
        """
        checked_count(count)
        wanted = unit_rows([vector], self._space)[0]
        with self._lock, self._connection.asking() as client:
            found = self._search(client, wanted.tolist(), count)
        neighbours = (Neighbour(_name(one["entity"]), float(one["distance"])) for one in found)
        return tuple(sorted(neighbours, key=lambda neighbour: (-neighbour.score, neighbour.key)))

    def keys(self) -> Iterator[str]:
        """All keys, in any order."""
        with self._lock, self._connection.asking() as client:
            pages = client.query_iterator(self._name, batch_size=MOST, filter="", output_fields=["name"])
            names: list[str] = []
            while page := pages.next():
                names += [_name(one) for one in page]
            pages.close()
        return iter(names)

    def __len__(self) -> int:
        """How many vectors there are."""
        with self._lock, self._connection.asking() as client:
            timeout = self._connection.timeout
            (row,) = client.query(self._name, filter="", output_fields=["count(*)"], timeout=timeout)
            return int(row["count(*)"])

    def close(self) -> None:
        """Let go of the connection. Calling it twice is fine."""
        self._connection.close()

    def _search(self, client: Any, wanted: list[float], count: int) -> Any:
        return client.search(
            self._name,
            data=[wanted],
            anns_field="vector",
            limit=count,
            output_fields=["name"],
            search_params={"metric_type": "IP"},
            consistency_level="Strong",
            timeout=self._connection.timeout,
        )[0]

    def _make(self) -> None:
        types = load_pymilvus().DataType
        timeout = self._connection.timeout
        with self._connection.asking() as client:
            if not client.has_collection(self._name, timeout=timeout):
                schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
                schema.add_field("key", types.VARCHAR, is_primary=True, max_length=64)
                schema.add_field("name", types.ARRAY, element_type=types.VARCHAR, max_capacity=4096, max_length=65_535)
                schema.add_field("vector", types.FLOAT_VECTOR, dim=self._space.dimension)
                client.create_collection(self._name, schema=schema, consistency_level="Strong", timeout=timeout)
            if not client.list_indexes(self._name):
                indexes = client.prepare_index_params()
                # Vectors of length 1: their inner product is the cosine. FLAT looks at all of them, so it is exact.
                indexes.add_index("vector", index_name="vector", index_type="FLAT", metric_type="IP")
                client.create_index(self._name, indexes, sync=False, timeout=timeout)
            client.load_collection(self._name, timeout=timeout)


def _name(found: Any) -> str:
    return unescape(joined(found["name"]))
