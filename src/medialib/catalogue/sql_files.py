"""Known files, sightings and the inventory in tables."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from sqlalchemy import Select, bindparam, delete, select, type_coerce

from medialib.catalogue.columns import EscapedText
from medialib.catalogue.long_keys import below, whole
from medialib.catalogue.schema import inventory, known_files, sightings
from medialib.catalogue.sql_store import Store
from medialib.model import Holding, InventoryFile, KnownFile, Place, Sighting, Unit
from medialib.ports import InventoryLine

__all__ = ["SqlInventory", "SqlKnownFiles", "SqlSightings"]

_KNOWN = select(
    known_files.c.remote,
    known_files.c.path,
    known_files.c.size,
    known_files.c.mtime_ns,
    known_files.c.state,
    known_files.c.recorded,
    known_files.c.sha256,
    known_files.c.local_location,
    known_files.c.local_path,
    known_files.c.long_keys,
)
_SIGHTINGS = select(
    sightings.c.path, sightings.c.size, sightings.c.mtime_ns, sightings.c.seen, sightings.c.long_keys
).order_by(sightings.c.path)
_INVENTORY = select(inventory).order_by(inventory.c.location, inventory.c.path)
_SURVEY = select(
    inventory.c.location,
    inventory.c.path,
    inventory.c.size,
    inventory.c.mtime_ns,
    inventory.c.role,
    inventory.c.unit_kind,
    inventory.c.unit_key,
    inventory.c.season,
    # few lists of numbers are written many times: each is read once
    type_coerce(inventory.c.episodes, EscapedText),
    inventory.c.aired,
    inventory.c.sha256,
    inventory.c.long_keys,
).order_by(inventory.c.location, inventory.c.path)
_ASKED_AT_ONCE = 500


class SqlKnownFiles:
    """`ports.KnownFileRepository` over one table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, remote: str, path: str) -> KnownFile | None:
        """One row, or None."""
        return next(self._read(_KNOWN.where(known_files.c.remote == remote, known_files.c.path == path)), None)

    def put(self, files: Iterable[KnownFile]) -> None:
        """Enter or replace rows."""
        rows = [
            {
                "remote": file.remote,
                "path": file.path,
                "size": file.size,
                "mtime_ns": file.mtime_ns,
                "state": file.state,
                "recorded": file.recorded,
                "sha256": file.sha256,
                "local_location": None if file.local is None else file.local.location,
                "local_path": None if file.local is None else file.local.path,
            }
            for file in files
        ]
        with self._store.writing() as connection:
            self._store.upsert(connection, known_files, rows)

    def remove(self, remote: str, path: str) -> bool:
        """Forget one; tells whether there was one."""
        doomed = delete(known_files).where(known_files.c.remote == remote, known_files.c.path == path)
        with self._store.writing() as connection:
            return connection.execute(doomed).rowcount > 0

    def of_remote(self, remote: str, under: str = "") -> Iterator[KnownFile]:
        """The rows of a remote, by path; only those below the folder `under` if one is given."""
        wanted = _KNOWN.where(known_files.c.remote == remote).order_by(known_files.c.path)
        if not under:
            return self._read(wanted)
        folder = under.rstrip("/")
        found = self._read(wanted.where(below(known_files.c.path, folder, self._store.dialect)))
        return (file for file in found if file.path.startswith(f"{folder}/"))

    def by_local(self, place: Place) -> KnownFile | None:
        """The row recorded last that was received at `place`, or None."""
        wanted = _KNOWN.where(known_files.c.local_location == place.location, known_files.c.local_path == place.path)
        # Few files were ever received at one place, and keys that were cut sort only when they are whole.
        return max(self._read(wanted), key=lambda file: (file.recorded, file.remote, file.path), default=None)

    def _read(self, wanted: Select[Any]) -> Iterator[KnownFile]:
        with self._store.reading() as connection:
            rows = connection.execute(wanted).all()
        return (_known_file(row) for row in whole(rows, lambda row: (row.remote, row.path)))


class SqlSightings:
    """`ports.SightingRepository` over one table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_remote(self, remote: str) -> Mapping[str, Sighting]:
        """The sightings of a remote, by full path."""
        with self._store.reading() as connection:
            rows = connection.execute(_SIGHTINGS.where(sightings.c.remote == remote)).all()
        found = whole(rows, lambda row: row.path)
        return {row.path: Sighting(remote, row.path, row.size, row.mtime_ns, row.seen) for row in found}

    def put(self, seen: Iterable[Sighting]) -> None:
        """Enter or replace sightings."""
        rows = [
            {
                "remote": sighting.remote,
                "path": sighting.path,
                "size": sighting.size,
                "mtime_ns": sighting.mtime_ns,
                "seen": sighting.seen,
            }
            for sighting in seen
        ]
        with self._store.writing() as connection:
            self._store.upsert(connection, sightings, rows)

    def remove(self, remote: str, paths: Iterable[str]) -> None:
        """Forget those."""
        rows = [{"gone": path} for path in paths]
        doomed = delete(sightings).where(sightings.c.remote == remote, sightings.c.path == bindparam("gone"))
        with self._store.writing() as connection:
            if rows:
                connection.execute(doomed, rows)


class SqlInventory:
    """`ports.InventoryRepository` over one table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, place: Place) -> InventoryFile | None:
        """One row, or None."""
        wanted = _INVENTORY.where(inventory.c.location == place.location, inventory.c.path == place.path)
        return next(self._read(wanted), None)

    def at(self, places: Iterable[Place]) -> Mapping[Place, InventoryFile]:
        """The rows of those of `places` that have one."""
        by_location: defaultdict[str, list[str]] = defaultdict(list)
        for place in places:
            by_location[place.location].append(place.path)
        found: dict[Place, InventoryFile] = {}
        for location, paths in by_location.items():
            for start in range(0, len(paths), _ASKED_AT_ONCE):
                asked = inventory.c.path.in_(paths[start : start + _ASKED_AT_ONCE])
                rows = self._read(_INVENTORY.where(inventory.c.location == location, asked))
                found.update((row.place, row) for row in rows)
        return found

    def put(self, files: Iterable[InventoryFile]) -> None:
        """Enter or replace rows."""
        rows = [_inventory_row(file) for file in files]
        with self._store.writing() as connection:
            self._store.upsert(connection, inventory, rows)

    def remove(self, place: Place) -> bool:
        """Remove a row; tells whether there was one."""
        doomed = delete(inventory).where(inventory.c.location == place.location, inventory.c.path == place.path)
        with self._store.writing() as connection:
            return connection.execute(doomed).rowcount > 0

    def of_unit(self, kind: Literal["episode", "movie"], key: str) -> Iterator[InventoryFile]:
        """The files of a show or film, by place."""
        return self._read(_INVENTORY.where(inventory.c.unit_kind == kind, inventory.c.unit_key == key))

    def by_sha256(self, sha256: str) -> tuple[InventoryFile, ...]:
        """The files with that content, by place."""
        return tuple(self._read(_INVENTORY.where(inventory.c.sha256 == sha256)))

    def all(self, location: str | None = None) -> Iterator[InventoryFile]:
        """All rows, or those of one location, by place."""
        return self._read(_INVENTORY if location is None else _INVENTORY.where(inventory.c.location == location))

    def survey(self, location: str | None = None) -> Iterator[InventoryLine]:
        """See `ports.SupportsSurvey.survey`."""
        wanted = _SURVEY if location is None else _SURVEY.where(inventory.c.location == location)
        with self._store.reading() as connection:
            rows = self._store.tuples(connection, wanted)
        return _lines(rows)

    def _read(self, wanted: Select[Any]) -> Iterator[InventoryFile]:
        with self._store.reading() as connection:
            rows = connection.execute(wanted).all()
        return (_inventory_file(row) for row in whole(rows, lambda row: (row.location, row.path)))


def _lines(rows: list[tuple[Any, ...]]) -> Iterator[InventoryLine]:
    """The rows of `_SURVEY`; where a key was cut, in the order of the whole ones."""
    if any(row[-1] is not None for row in rows):
        for at, row in enumerate(rows):
            if row[-1] is not None:
                keys = {"location": row[0], "path": row[1], "unit_key": row[6], "sha256": row[10]} | row[-1]
                path, key, sha256 = keys["path"], keys["unit_key"], keys["sha256"]
                rows[at] = (keys["location"], path, *row[2:6], key, *row[7:10], sha256, None)
        rows.sort(key=lambda row: row[:2])
    numbers: dict[str | None, tuple[int, ...]] = {None: ()}
    for row in rows:
        written = row[8]
        if written not in numbers:
            numbers[written] = tuple(json.loads(written))
        # which is what InventoryLine._make does, in half the time
        yield tuple.__new__(InventoryLine, (*row[:8], numbers[written], row[9], row[10]))


def _known_file(row: Any) -> KnownFile:
    remote, path, size, mtime_ns, state, recorded, sha256, location, local_path, _ = row
    local = None if location is None else Place(location, local_path)
    return KnownFile(remote, path, size, mtime_ns, state, recorded, sha256, local)


def _inventory_row(file: InventoryFile) -> dict[str, Any]:
    holding, unit = file.holding, file.holding.unit
    return {
        "location": file.place.location,
        "path": file.place.path,
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "recorded": file.recorded,
        "unit_kind": None if unit is None else unit.kind,
        "unit_key": None if unit is None else unit.key,
        "season": None if unit is None else unit.season,
        "episodes": None if unit is None else list(unit.episodes),
        "aired": None if unit is None else unit.aired,
        "role": holding.role,
        "sha256": holding.sha256,
        "release": holding.release,
        "details": dict(holding.details),
    }


def _inventory_file(row: Any) -> InventoryFile:
    unit = None
    if row.unit_kind is not None:
        unit = Unit(row.unit_kind, row.unit_key, season=row.season, episodes=tuple(row.episodes), aired=row.aired)
    holding = Holding(unit=unit, role=row.role, sha256=row.sha256, release=row.release, details=row.details)
    return InventoryFile(Place(row.location, row.path), row.size, row.mtime_ns, row.recorded, holding)
