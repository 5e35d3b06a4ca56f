"""Plan to enter the files that stand in the library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from itertools import groupby
from typing import TypeAlias

import attrs

from medialib.completeness import TEMPORARY_NAMES, same_time, temporary_reason
from medialib.events import BytesMoved, FileHashed, HashingStarted, LocationWalked, Observer, nobody
from medialib.executors import shares_memory
from medialib.filters import PathRules, judge_path
from medialib.model import FileEntry, Holding, InventoryFile, Place, RefusedEntry, Unit
from medialib.naming import is_of_the_system
from medialib.planning import RecordInventory
from medialib.ports import CancelToken, Catalogue, Clock, Location, SupportsWriters, offers
from medialib.routing import Companion, Orphan, RoutingPolicy, Unrouted, extension_of, pair_companions
from medialib.workflows.bootstrap.identifying import FileReading, Reader, counts_through
from medialib.workflows.bootstrap.pieces import Gathering, Piece, refuse_empty
from medialib.workflows.hashing import Content
from medialib.workflows.reading import Reading, read_each
from medialib.workflows.route_rules import VIDEO_EXTENSIONS
from medialib.workflows.scanning import scan

__all__ = ["InventoryRules", "plan_bootstrap_inventory"]

VERB = "bootstrap inventory"
_SIZE = 512
"""So many files are entered together."""
_SECONDS = 10.0
"""A piece waits at most about so long for files that are read."""
_SETTLED_SECONDS = 60.0
_TOLD_EVERY = 1000

_Row: TypeAlias = tuple[int, int, bool, bool]
"""What is kept of a row while its root is gone through: size, time, whether it says all that can be said, and whether
it has a hash. Small, since there are many."""


@attrs.frozen
class InventoryRules:
    """Which files of the library enter the inventory, and with what."""

    everything: bool = False
    """Whether files enter too of which nobody can tell what they hold, and extras."""
    hashes: bool = False
    """Whether every file is read for its SHA-256."""
    companions: frozenset[str] = frozenset(("srt", "ass", "ssa", "sub", "idx", "vtt", "sup"))
    """Extensions of files that travel with a video, lower case without dot."""
    paths: PathRules = PathRules()
    """Which names are wanted."""
    temporary_names: tuple[str, ...] = TEMPORARY_NAMES
    """Patterns of names of what is not finished."""


def plan_bootstrap_inventory(
    roots: Mapping[str, Location],
    catalogue: Catalogue,
    policy: RoutingPolicy,
    rules: InventoryRules,
    clock: Clock,
    *,
    executor: Executor | None = None,
    configuration: str = "",
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Iterator[Piece]:
    """Plan to enter every video in `roots` and what travels with it, piece by piece.

    What a file holds is told by the folder it stands in, if that is a show's or film's of the catalogue, and by its
    name, read in the light of that folder; else by its name alone. What cannot be told is left with a remark, or enters
    without a unit. A file whose row still has its size and time is passed over unread, unless the row lacks what can be
    told by now: a unit, the season of an absolute number, or a hash that is wanted. Files are read by `executor`, or by
    a few threads; what changes meanwhile is left for another time. Rows without a file are left alone.

    Raises OutOfReach if a root cannot be listed, or is empty though the catalogue knows files in it, WorkersLost as
    `read_each` does, and Cancelled when asked to stop.
    """
    gathering = Gathering(VERB, catalogue, clock, configuration, cancelled, size=_SIZE)
    listing = executor if executor is not None and shares_memory(executor) else None
    entering = _Entering(catalogue, policy, rules, clock, gathering)
    if rules.hashes:
        entering.announce(roots, observer)
    for location in roots.values():
        drafts = entering.drafts(location, scan(location, executor=listing, cancelled=cancelled), observer)
        if rules.hashes:
            drafts = _hashed(drafts, location, gathering, executor, observer, cancelled)
        began = clock.monotonic()
        for draft in drafts:
            reason = draft.reason
            gathering.add(
                RecordInventory(gathering.name(), draft.record.place, draft.previous, draft.record, reason, adopts=True)
            )
            if gathering.full or clock.monotonic() - began > _SECONDS:
                yield gathering.take()
                began = clock.monotonic()
    yield gathering.take()


@attrs.frozen
class _Draft:
    """A row as it shall be."""

    previous: InventoryFile | None
    record: InventoryFile
    reason: str

    @property
    def hashed(self) -> bool:
        return self.record.holding.sha256 is not None


class _Entering:
    """Files on their way into the inventory."""

    def __init__(
        self, catalogue: Catalogue, policy: RoutingPolicy, rules: InventoryRules, clock: Clock, gathering: Gathering
    ) -> None:
        self._catalogue = catalogue
        self._reader = Reader(catalogue, policy)
        self._rules = rules
        self._clock = clock
        self._gathering = gathering

    def announce(self, roots: Mapping[str, Location], observer: Observer) -> None:
        """Say how much will be read."""
        files = size = 0
        for location in roots.values():
            rows = self._rows(location.name)
            for entry in location.walk():
                self._gathering.go_on()
                if isinstance(entry, FileEntry) and self._is_wanted(entry.path):
                    row = rows.get(entry.path)
                    if row is None or not _same(row, entry, location) or not row[3]:
                        files, size = files + 1, size + entry.size
        observer(HashingStarted(files, size))

    def drafts(
        self, location: Location, entries: Iterator[FileEntry | RefusedEntry], observer: Observer
    ) -> Iterator[_Draft]:
        """The rows to be entered or changed of one root, folder by folder."""
        rows = self._rows(location.name)
        count = 0
        for _, group in groupby(entries, key=lambda entry: entry.path.partition("/")[0] if "/" in entry.path else ""):
            found = list(group)
            self._gathering.go_on()
            count += len(found)
            if count // _TOLD_EVERY > (count - len(found)) // _TOLD_EVERY:
                observer(LocationWalked(location.name, "", count, done=False))
            yield from self._of_group(location, found, rows)
        if not count:
            refuse_empty(location, self._catalogue, observer)
        observer(LocationWalked(location.name, "", count, done=True))

    def _rows(self, location: str) -> dict[str, _Row]:
        return {
            row.place.path: (
                row.size,
                row.mtime_ns,
                row.holding.unit is not None and not counts_through(row.holding.unit),
                row.holding.sha256 is not None,
            )
            for row in self._catalogue.inventory.all(location)
        }

    def _is_wanted(self, path: str) -> bool:
        extension = extension_of(path)
        if extension not in VIDEO_EXTENSIONS and extension not in self._rules.companions:
            return False
        return not any(is_of_the_system(part) for part in path.split("/")[:-1])

    def _of_group(
        self,
        location: Location,
        entries: list[FileEntry | RefusedEntry],
        rows: Mapping[str, _Row],
    ) -> Iterator[_Draft]:
        """The rows of what one folder at the root holds, at any depth, or of the files at the root."""
        videos: list[str] = []
        companions: list[FileEntry] = []
        holdings: dict[str, Holding | None] = {}
        for entry in entries:
            place = Place(location.name, entry.path)
            if isinstance(entry, RefusedEntry):
                if not any(is_of_the_system(part) for part in entry.path.split("/")[:-1]):
                    self._gathering.remark("refused", place, entry.reason)
                continue
            if not self._is_wanted(entry.path) or self._is_left(entry, place):
                continue
            if extension_of(entry.path) not in VIDEO_EXTENSIONS:
                companions.append(entry)
                continue
            videos.append(entry.path)
            row = rows.get(entry.path)
            if row is not None and self._is_settled(row, entry, location):
                self._gathering.known += 1
            elif not self._is_arriving(entry, location):
                self._gathering.go_on()
                yield from self._video(entry, location, None if row is None else self._row(place), holdings)
        yield from self._companions(location, videos, companions, rows, holdings)

    def _is_settled(self, row: _Row, entry: FileEntry, location: Location) -> bool:
        told, hashed = row[2:]
        return _same(row, entry, location) and told and (hashed or not self._rules.hashes)

    def _is_left(self, entry: FileEntry, place: Place) -> bool:
        verdict = judge_path(entry.path, self._rules.paths)
        if not verdict:
            self._gathering.remark("excluded", place, "; ".join(verdict.reasons))
        elif (temporary := temporary_reason(entry.path, self._rules.temporary_names)) is not None:
            self._gathering.remark("partial", place, temporary)
        else:
            return False
        return True

    def _is_arriving(self, entry: FileEntry, location: Location) -> bool:
        """Whether a file that has changed just now may be changing still."""
        age = self._clock.now().timestamp() - entry.mtime_ns / 1e9
        if not 0 <= age < _SETTLED_SECONDS:
            return False
        if offers(location, SupportsWriters) and location.being_written(entry.path) is False:
            return False
        reason = f"changed {round(age)} s ago, and may be written to still"
        self._gathering.remark("still arriving", Place(location.name, entry.path), reason)
        return True

    def _row(self, place: Place) -> InventoryFile | None:
        return self._catalogue.inventory.get(place)

    def _video(
        self,
        entry: FileEntry,
        location: Location,
        row: InventoryFile | None,
        holdings: dict[str, Holding | None],
    ) -> Iterator[_Draft]:
        place = Place(location.name, entry.path)
        if row is not None and row.holding.unit is not None:
            found: FileReading = self._reader.numbered(row)
        else:
            found = self._reader.video(place)
        holdings[entry.path] = found if isinstance(found, Holding) else None
        if isinstance(found, Holding):
            yield from self._drafted(row, found, entry, location)
        elif row is not None or self._rules.everything:
            yield from self._drafted(row, Holding(release=entry.path), entry, location)
        elif isinstance(found, Unrouted):
            self._gathering.remark("unidentified", place, str(found))
        else:
            self._gathering.remark("excluded", place, found.reason)

    def _companions(
        self,
        location: Location,
        videos: list[str],
        companions: list[FileEntry],
        rows: Mapping[str, _Row],
        holdings: Mapping[str, Holding | None],
    ) -> Iterator[_Draft]:
        waiting: dict[str, FileEntry] = {}
        for entry in companions:
            row = rows.get(entry.path)
            if row is not None and self._is_settled(row, entry, location):
                self._gathering.known += 1
            elif not self._is_arriving(entry, location):
                waiting[entry.path] = entry
        for pair in pair_companions(videos, waiting) if waiting else ():
            self._gathering.go_on()
            entry, place = waiting[pair.path], Place(location.name, pair.path)
            row_there = self._row(place) if pair.path in rows else None
            holding = self._beside(pair, place, holdings) if row_there is None else self._reader.numbered(row_there)
            if holding is not None or self._rules.everything:
                held = Holding(role="companion", release=entry.path) if holding is None else holding
                yield from self._drafted(row_there, held, entry, location)
            elif isinstance(pair, Companion):
                reason = f"it travels with {pair.video}, of which it could not be told what it holds"
                self._gathering.remark("excluded", place, reason)
            else:
                self._gathering.remark("unidentified", place, pair.reason)

    def _beside(self, pair: Companion | Orphan, place: Place, holdings: Mapping[str, Holding | None]) -> Holding | None:
        """What a companion travels with, if that is known; what its own name says where it travels with nothing."""
        if isinstance(pair, Orphan):
            found = self._reader.video(place)
            alone = found if isinstance(found, Holding) else None
            return None if alone is None else Holding(alone.unit, "companion", release=place.path)
        if pair.video in holdings:
            video = holdings[pair.video]
        else:
            row = self._row(Place(place.location, pair.video))
            video = None if row is None else row.holding
        if video is None or video.unit is None:
            return None
        return Holding(video.unit, "companion", release=place.path)

    def _drafted(
        self, row: InventoryFile | None, holding: Holding, entry: FileEntry, location: Location
    ) -> Iterator[_Draft]:
        """The row that there shall be, unless it is there."""
        now = self._clock.now()
        if row is None:
            place = Place(location.name, entry.path)
            reason = "nobody can tell what it holds" if holding.unit is None else f"it holds {_said(holding.unit)}"
            yield _Draft(None, InventoryFile(place, entry.size, entry.mtime_ns, now, holding), reason)
            return
        told = row.holding if holding.unit is None else holding
        if _same((row.size, row.mtime_ns, True, True), entry, location):
            record = attrs.evolve(row, holding=told)
            reason = "more can be told of it"
        else:
            record = InventoryFile(row.place, entry.size, entry.mtime_ns, now, attrs.evolve(told, sha256=None))
            reason = "it has changed since it was recorded"
        if record != row or (self._rules.hashes and row.holding.sha256 is None):
            yield _Draft(row, record, reason)
        else:
            self._gathering.known += 1


def _said(unit: Unit) -> str:
    if unit.kind == "movie":
        return unit.key
    numbers = "".join(f"E{number:02}" for number in unit.episodes)
    if unit.season is not None:
        return f"{unit.key} S{unit.season:02}{numbers}"
    return f"{unit.key} {unit.aired.isoformat() if unit.aired is not None else numbers}"


def _same(row: _Row, entry: FileEntry, location: Location) -> bool:
    size, mtime_ns, *_ = row
    return size == entry.size and same_time(mtime_ns, entry.mtime_ns, location.traits.mtime_granularity_ns)


def _hashed(
    drafts: Iterator[_Draft],
    location: Location,
    gathering: Gathering,
    executor: Executor | None,
    observer: Observer,
    cancelled: CancelToken | None,
) -> Iterator[_Draft]:
    """The drafts with what their files come to; what cannot be read, or changes meanwhile, is left."""

    def reading(draft: _Draft) -> Reading | None:
        return None if draft.hashed else Reading(location, draft.record.place.path, ("sha256",))

    def arrived(reading: Reading, count: int) -> None:
        observer(BytesMoved(str(Place(location.name, reading.path)), count))

    for draft, found in read_each(drafts, reading, executor=executor, cancelled=cancelled, arrived=arrived):
        record = draft.record
        if found is None:
            yield draft
        elif not isinstance(found, Content):
            gathering.remark("out of reach", record.place, f"it could not be read: {found}")
        else:
            entry = location.entry(record.place.path)
            whole = found.size == record.size and entry is not None
            if entry is None or not whole or not _same((record.size, record.mtime_ns, True, True), entry, location):
                gathering.remark("still arriving", record.place, "it changed while it was read")
            else:
                holding = attrs.evolve(record.holding, sha256=found.value("sha256"))
                yield attrs.evolve(draft, record=attrs.evolve(record, holding=holding))
            observer(FileHashed(record.place, "read"))
