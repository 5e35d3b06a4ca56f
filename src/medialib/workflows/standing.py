"""What stands in the library beside what the inventory says of it: by place, size and time, with no file read."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor

import attrs

from medialib.completeness import nearly_same_time
from medialib.errors import Cancelled, OutOfReach, UsageError
from medialib.model import FileEntry, InventoryFile, Place
from medialib.ports import (
    PART_SUFFIXES,
    CancelToken,
    InventoryLine,
    InventoryRepository,
    Location,
    SupportsManyPlaces,
    SupportsSurvey,
    WritableLocation,
    offers,
)
from medialib.workflows.scanning import scan

__all__ = ["ChangedFile", "Standing", "demand_mounted", "rows_of", "standing", "survey"]


@attrs.frozen
class ChangedFile:
    """A file that is not as the inventory has it."""

    place: Place
    """Where it stands."""
    size: int
    """Bytes, as recorded."""
    mtime_ns: int
    """Time of last change, as recorded."""
    now: FileEntry
    """As it is listed."""

    def __str__(self) -> str:
        if self.size != self.now.size:
            return f"{self.place}: recorded with {self.size} bytes, has {self.now.size}"
        return f"{self.place}: of the same size, and changed since it was recorded"


@attrs.frozen
class Standing:
    """How what stands in one location, or below one folder of it, differs from what the inventory says."""

    checked: int
    """How many rows were compared."""
    gone: tuple[Place, ...]
    """Rows without a file."""
    changed: tuple[ChangedFile, ...]
    """Rows whose file has another size, or another time of last change."""
    strangers: tuple[FileEntry, ...]
    """Files without a row, whatever they are."""


def survey(inventory: InventoryRepository, location: str | None = None) -> Iterator[InventoryLine]:
    """The inventory's rows in short, of one location or all, by place; quickly where the catalogue can."""
    if offers(inventory, SupportsSurvey):
        return inventory.survey(location)
    return map(InventoryLine.of, inventory.all(location))


def rows_of(inventory: InventoryRepository, places: Iterable[Place]) -> Iterator[InventoryFile]:
    """The rows of places that have one, by place."""
    wanted = sorted(places)
    if offers(inventory, SupportsManyPlaces):
        found = inventory.at(wanted)
        return (found[place] for place in wanted if place in found)
    return (row for place in wanted if (row := inventory.get(place)) is not None)


def demand_mounted(roots: Mapping[str, Location], known: Iterable[str]) -> None:
    """See that no root of which the inventory knows files, by its name, is suddenly empty: nothing is gone by that.

    Raises OutOfReach if one is, or cannot be read.
    """
    for name in sorted(set(known) & roots.keys()):
        if next(iter(roots[name].walk()), None) is None:
            raise _empty(roots[name])


def standing(
    place: Place,
    location: WritableLocation,
    rows: dict[str, InventoryLine],
    *,
    executor: Executor | None = None,
    cancelled: CancelToken | None = None,
) -> Standing:
    """Compare what stands at `place`, a file, a folder or (by the path "") a location's root, with the inventory.

    `rows` are those of the place and of all below it, by path; they are used up. Two times that differ by what the
    coarsest disks round off are the same.

    Raises OutOfReach if the location cannot be read, or is suddenly empty as a whole; UsageError for a place where
    nothing stands and nothing is known to have stood; Cancelled when asked to stop.
    """
    token: CancelToken = cancelled if cancelled is not None else threading.Event()
    checked, changed, strangers, seen = len(rows), list[ChangedFile](), list[FileEntry](), False
    for entry in _listed(place, location, executor, token, known=bool(rows)):
        seen = True
        line = rows.pop(entry.path, None)
        if line is None:
            strangers.append(entry)
        elif entry.size != line.size or (
            entry.mtime_ns != line.mtime_ns and not nearly_same_time(entry.mtime_ns, line.mtime_ns)
        ):
            there = Place(place.location, entry.path)
            changed.append(ChangedFile(there, line.size, line.mtime_ns, entry))
    if rows and not seen and next(iter(location.walk()), None) is None:
        raise _empty(location)
    gone = tuple(Place(place.location, path) for path in rows)
    return Standing(checked, gone, tuple(changed), tuple(strangers))


def _listed(
    place: Place, location: WritableLocation, executor: Executor | None, cancelled: CancelToken, *, known: bool
) -> Iterator[FileEntry]:
    single = location.entry(place.path) if place.path else None
    if single is not None:
        yield single
        return
    if place.path and not location.has_folder(place.path):
        if not known:
            raise UsageError(f"{place}: nothing stands there, and nothing is known to have stood there")
        return
    for number, entry in enumerate(scan(location, place.path, executor=executor, cancelled=cancelled)):
        if number % 256 == 0 and cancelled.is_set():
            raise Cancelled(f"stopped while {place.location} was listed")
        if isinstance(entry, FileEntry) and not entry.path.endswith(PART_SUFFIXES):
            yield entry


def _empty(location: Location) -> OutOfReach:
    return OutOfReach(
        f"{location.address('')} is empty, though the catalogue knows files in it", remedy="Is the disk mounted?"
    )
