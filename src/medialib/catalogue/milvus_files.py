"""Known files and the inventory in Milvus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from medialib.catalogue.milvus_rows import INVENTORY, KNOWN_FILES, digest
from medialib.catalogue.milvus_store import MilvusStore
from medialib.model import InventoryFile, KnownFile, Place

__all__ = ["MilvusInventory", "MilvusKnownFiles"]


class MilvusKnownFiles:
    """`ports.KnownFileRepository` over rows of Milvus."""

    def __init__(self, store: MilvusStore) -> None:
        self._store = store

    def get(self, remote: str, path: str) -> KnownFile | None:
        """One row, or None."""
        return self._store.get(KNOWN_FILES, digest(remote, path))

    def put(self, files: Iterable[KnownFile]) -> None:
        """Enter or replace rows."""
        self._store.put(KNOWN_FILES, files)

    def remove(self, remote: str, path: str) -> bool:
        """Forget one; tells whether there was one."""
        with self._store.writing():
            if self.get(remote, path) is None:
                return False
            self._store.remove(KNOWN_FILES, [digest(remote, path)])
            return True

    def of_remote(self, remote: str, under: str = "") -> Iterator[KnownFile]:
        """The rows of a remote, by path; only those below the folder `under` if one is given."""
        folder = under.rstrip("/") + "/" if under else ""
        found = self._store.find(KNOWN_FILES, "remote", digest(remote))
        return iter(sorted((file for file in found if file.path.startswith(folder)), key=lambda file: file.path))

    def by_local(self, place: Place) -> KnownFile | None:
        """The row recorded last that was received at `place`, or None."""
        found = self._store.find(KNOWN_FILES, "local", digest(place.location, place.path))
        return max(found, key=lambda file: (file.recorded, file.remote, file.path), default=None)


class MilvusInventory:
    """`ports.InventoryRepository` over rows of Milvus."""

    def __init__(self, store: MilvusStore) -> None:
        self._store = store

    def get(self, place: Place) -> InventoryFile | None:
        """One row, or None."""
        return self._store.get(INVENTORY, digest(place.location, place.path))

    def put(self, files: Iterable[InventoryFile]) -> None:
        """Enter or replace rows."""
        self._store.put(INVENTORY, files)

    def remove(self, place: Place) -> bool:
        """Remove a row; tells whether there was one."""
        with self._store.writing():
            if self.get(place) is None:
                return False
            self._store.remove(INVENTORY, [digest(place.location, place.path)])
            return True

    def of_unit(self, kind: Literal["episode", "movie"], key: str) -> Iterator[InventoryFile]:
        """The files of a show or film, by place."""
        return iter(_by_place(self._store.find(INVENTORY, "unit", digest(kind, key))))

    def by_sha256(self, sha256: str) -> tuple[InventoryFile, ...]:
        """The files with that content, by place."""
        return tuple(_by_place(self._store.find(INVENTORY, "content", digest(sha256))))

    def all(self, location: str | None = None) -> Iterator[InventoryFile]:
        """All rows, or those of one location, by place."""
        if location is None:
            return iter(_by_place(self._store.all(INVENTORY)))
        return iter(_by_place(self._store.find(INVENTORY, "location", digest(location))))


def _by_place(files: Iterable[InventoryFile]) -> list[InventoryFile]:
    return sorted(files, key=lambda file: file.place)
