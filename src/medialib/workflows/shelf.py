"""What stands in the library already, as the disks show it and the catalogue tells it; each question is asked once."""

from __future__ import annotations

from collections.abc import Mapping

from medialib.completeness import nearly_same_time
from medialib.errors import OutOfReach
from medialib.model import FileEntry, Holding, InventoryFile, Place, Unit
from medialib.naming import collision_key
from medialib.planning import Move
from medialib.ports import Catalogue, Location, SupportsLinking, WritableLocation, offers
from medialib.routing import split_stem

__all__ = ["Shelf"]


class Shelf:
    """The library as it is while routes are planned: its roots by name, and what the catalogue says of them."""

    def __init__(self, incoming: Location, roots: Mapping[str, WritableLocation], catalogue: Catalogue) -> None:
        self._incoming = incoming
        self._roots = roots
        self._catalogue = catalogue
        self._checked: set[str] = set()
        self._siblings: dict[tuple[str, str], dict[str, FileEntry]] = {}
        self._rows: dict[tuple[str, str], tuple[InventoryFile, ...]] = {}

    def root(self, place: Place) -> WritableLocation:
        """The root that a place is in; raises OutOfReach for one that is suddenly empty."""
        root = self._roots[place.location]
        if place.location not in self._checked:
            self._checked.add(place.location)
            rows = self._catalogue.inventory.all(place.location)
            if next(iter(rows), None) is not None and next(iter(root.walk()), None) is None:
                raise OutOfReach(
                    f"{root.address('')} is empty, though the catalogue knows files in it",
                    remedy="Is the disk mounted?",
                )
        return root

    def at(self, place: Place) -> tuple[Place, FileEntry | None]:
        """What stands at `place`, or beside it under a name that differs in letter case or Unicode form alone."""
        root = self.root(place)
        entry = root.entry(place.path)
        folder = split_stem(place.path)[0]
        if entry is not None or not root.has_folder(folder):
            return place, entry
        if (place.location, folder) not in self._siblings:
            self._siblings[place.location, folder] = {
                collision_key(found.path): found for found in root.walk(folder) if isinstance(found, FileEntry)
            }
        twin = self._siblings[place.location, folder].get(collision_key(place.path))
        return (place, None) if twin is None else (Place(place.location, twin.path), twin)

    def of_title(self, unit: Unit) -> tuple[InventoryFile, ...]:
        """The inventory's rows of the show or film that a unit is of."""
        key = (unit.kind, unit.key)
        if key not in self._rows:
            self._rows[key] = tuple(self._catalogue.inventory.of_unit(*key))
        return self._rows[key]

    def stands(self, row: InventoryFile) -> FileEntry | None:
        """The file of a row, if it stands where the row says; its size and time may be others."""
        return self.root(row.place).entry(row.place.path) if row.place.location in self._roots else None

    def placed_from(self, entry: FileEntry) -> tuple[Place, Holding] | None:
        """Where an incoming file was linked or copied to and stands still; None for one that was not, or has changed.

        Not one byte is read for it. Under another name by now, it is found by the release name that it came under.
        """
        move = self._kept(entry.path)
        if move is None or move.size != entry.size or not nearly_same_time(move.mtime_ns, entry.mtime_ns):
            return None
        holding = Holding() if move.holding is None else move.holding
        rows = () if holding.unit is None else self.of_title(holding.unit)
        places = [row.place for row in rows if row.holding.release == entry.path and row.holding.role == holding.role]
        for place in places if holding.unit is not None else [move.target]:
            found = self.root(place).entry(place.path) if place.location in self._roots else None
            if found is not None and found.size == entry.size:
                return place, holding
        return None

    def was_kept(self, path: str) -> bool:
        """Whether the incoming file at `path` was left there by intent when it was placed last."""
        return self._kept(path) is not None

    def _kept(self, path: str) -> Move | None:
        """What placed an incoming file last, if it was left there by intent."""
        source = Place(self._incoming.name, path)
        kept: Move | None = None
        for _, line in self._catalogue.journal.touching(source):
            action, outcome = line.action, line.outcome
            if (
                isinstance(action, Move)
                and action.source == source
                and outcome is not None
                and outcome.result == "done"
            ):
                kept = action if outcome.source_kept else None
        return kept

    def is_same_file(self, path: str, place: Place) -> bool:
        """Whether the incoming file at `path` and what stands at `place` are two names of one file."""
        incoming = self._incoming
        return offers(incoming, SupportsLinking) and incoming.is_same_file(path, self.root(place), place.path)
