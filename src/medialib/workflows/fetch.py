"""Plan what to fetch: everything on the remotes that is new, wanted, whole and harmless."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import attrs

from medialib.completeness import (
    Complete,
    StabilityRules,
    Surroundings,
    judge_completeness,
    marked,
    nearly_same_time,
    same_time,
    temporary_reason,
)
from medialib.errors import Cancelled, MedialibError, OutOfReach
from medialib.events import LocationWalked, Observer, nobody
from medialib.filters import PathRules, judge_path
from medialib.model import FileEntry, KnownFile, Place, RefusedEntry, Sighting
from medialib.naming import collision_key, unsafe_reason
from medialib.planning import Action, Discard, Fetch, Plan, RecordKnown, Remark
from medialib.ports import CancelToken, Catalogue, Clock, Location
from medialib.workflows.arrival import Arrivals, by_folder

__all__ = ["FetchRules", "Observations", "Source", "emptied_mark", "plan_baseline", "plan_fetch"]


@attrs.frozen
class Source:
    """A remote and the folders of it that are looked at."""

    location: Location
    """The remote."""
    paths: tuple[str, ...] = ("",)
    """Folders relative to its root; the empty one is all of it."""


@attrs.frozen
class FetchRules:
    """What is fetched."""

    paths: PathRules = PathRules()
    """Which names are wanted."""
    stability: StabilityRules = StabilityRules()
    """When a file is believed to be whole."""
    recycle: str = ".medialib/recycle"
    """Folder, relative to a location's root, that superseded files go to."""
    allow_empty: bool = False
    """Whether a folder that held known files may be empty now; otherwise that is an unmounted disk, and an error."""


@attrs.frozen
class Observations:
    """What a listing has taught that the next one should know: no effect, and no harm if it is lost."""

    remote: str
    """Name of the remote."""
    seen: tuple[Sighting, ...]
    """First looks to remember."""
    settled: tuple[str, ...]
    """Full paths that need no remembering any more."""
    emptied: tuple[str, ...] = ()
    """Full paths of folders that held known files and are believed to be empty now."""
    filled: tuple[str, ...] = ()
    """Full paths of folders that were believed to be empty and hold files again."""

    @property
    def anything(self) -> bool:
        """Whether there is something to remember or forget."""
        return bool(self.seen or self.settled or self.emptied or self.filled)


def plan_fetch(
    sources: Iterable[Source],
    incoming: Location,
    catalogue: Catalogue,
    rules: FetchRules,
    clock: Clock,
    *,
    configuration: str = "",
    observer: Observer = nobody,
    observe: Callable[[Observations], None] | None = None,
    cancelled: CancelToken | None = None,
) -> Plan:
    """Plan the fetches of all files that are new or changed since they were last dealt with.

    A file is fetched to its path below the folder it was listed from. What is excluded, refused, still arriving or in
    conflict is left, with a remark. `observe` is told, once a remote, which first looks to remember; a dry run leaves
    it out. A folder that cannot be listed makes a remark, and what was listed before it is planned all the same; if
    no folder at all could be listed, the first error is raised. Raises Cancelled when asked to stop.
    """
    session = _Fetching(incoming, catalogue, rules, clock)
    errors: list[MedialibError] = []
    listed = 0
    for source in sources:
        known = _KnownFiles(catalogue, source.location)
        sightings = catalogue.sightings.of_remote(source.location.name)
        seen: list[Sighting] = []
        settled: list[str] = []
        emptied: list[str] = []
        filled: list[str] = []
        for start in source.paths:
            folder, found = source.location.address(start), False
            believed = catalogue.checkpoints.get(emptied_mark(source.location.name, folder)) is not None
            doubted = None if rules.allow_empty or believed else known
            arrivals = Arrivals(source.location, rules.stability, clock, dealt_with=known.holds)
            try:
                for listed_folder in by_folder(_listed(source.location, start, observer, doubted, cancelled)):
                    found = True
                    arrivals.enter(listed_folder)
                    for entry in listed_folder.entries:
                        sighting = session.consider(source.location, start, entry, known, sightings, arrivals)
                        if sighting is not None:
                            seen.append(sighting)
                        elif sightings:
                            settled.append(source.location.address(entry.path))
                listed += 1
                if found and believed:
                    filled.append(folder)
                elif not found and rules.allow_empty and known.any_below(folder):
                    emptied.append(folder)
            except Cancelled:
                raise
            except MedialibError as error:
                errors.append(error)
                place = Place(source.location.name, start)
                session.remarks.append(Remark("out of reach", place, str(error)))
        if observe is not None:
            fresh = tuple(sighting for sighting in seen if sightings.get(sighting.path) != sighting)
            gone = tuple(path for path in settled if path in sightings)
            observe(Observations(source.location.name, fresh, gone, tuple(emptied), tuple(filled)))
    if errors and not listed:
        raise errors[0]
    return Plan(
        kind="download",
        created=clock.now(),
        catalogue=catalogue.identity,
        configuration=configuration,
        actions=tuple(session.actions),
        remarks=tuple(session.remarks),
    )


def emptied_mark(remote: str, folder: str) -> str:
    """Name of the checkpoint that a folder of a remote was said to be really empty.

    >>> emptied_mark("seedbox", "/home/me/tv")
    'emptied seedbox:/home/me/tv'
    """
    return f"emptied {remote}:{folder}"


def plan_baseline(
    sources: Iterable[Source],
    catalogue: Catalogue,
    clock: Clock,
    *,
    configuration: str = "",
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Plan:
    """Plan to record every file on the remotes as known, so that none of them is ever fetched.

    A folder that cannot be listed to its end is left as it was, with a remark. Raises the first error if that is true
    of all of them.
    """
    actions: list[Action] = []
    remarks: list[Remark] = []
    errors: list[MedialibError] = []
    listed = 0
    now = clock.now()
    planned: set[str] = set()
    for source in sources:
        location = source.location
        known = _KnownFiles(catalogue, location)
        for start in source.paths:
            found: list[FileEntry] = []
            left: list[Remark] = []
            try:
                for entry in _listed(location, start, observer, None, cancelled):
                    if isinstance(entry, RefusedEntry):
                        left.append(Remark("refused", Place(location.name, entry.path), entry.reason))
                    else:
                        found.append(entry)
            except Cancelled:
                raise
            except MedialibError as error:
                errors.append(error)
                remarks.append(Remark("out of reach", Place(location.name, start), str(error)))
                continue
            listed += 1
            remarks.extend(left)
            for entry in found:
                path = location.address(entry.path)
                previous = known.row(path)
                if known.is_current(entry, path) or (identity := f"{location.name}:{path}") in planned:
                    continue
                planned.add(identity)
                row = KnownFile(location.name, path, entry.size, entry.mtime_ns, "baseline", now)
                reason = "there before medialib" if previous is None else "changed since it was last dealt with"
                actions.append(RecordKnown(f"k{len(actions) + 1}", location.name, path, previous, row, reason))
    if errors and not listed:
        raise errors[0]
    return Plan("bootstrap downloads", now, catalogue.identity, configuration, tuple(actions), tuple(remarks))


class _KnownFiles:
    """The rows of one remote, at hand for a whole listing."""

    def __init__(self, catalogue: Catalogue, location: Location) -> None:
        self._rows = {row.path: row for row in catalogue.known_files.of_remote(location.name)}
        self._granularity = location.traits.mtime_granularity_ns
        self._address = location.address

    def row(self, path: str) -> KnownFile | None:
        return self._rows.get(path)

    def holds(self, path: str) -> bool:
        """Whether the file at this path of the location was dealt with, whatever it was like."""
        return self._address(path) in self._rows

    def any_below(self, folder: str) -> bool:
        prefix = folder.rstrip("/") + "/"
        # what we let go of ourselves is not missed
        return any(path.startswith(prefix) and row.state != "released" for path, row in self._rows.items())

    def is_current(self, entry: FileEntry, path: str) -> bool:
        row = self._rows.get(path)
        return row is not None and row.size == entry.size and same_time(row.mtime_ns, entry.mtime_ns, self._granularity)


class _Fetching:
    """One plan in the making."""

    def __init__(self, incoming: Location, catalogue: Catalogue, rules: FetchRules, clock: Clock) -> None:
        self._incoming = incoming
        self._catalogue = catalogue
        self._rules = rules
        self._now = clock.now()
        self._recycle = f"{rules.recycle}/{self._now:%Y%m%dT%H%M%SZ}"
        self._targets: dict[str, Place] = {}
        self._here: dict[str, str] | None = None
        self.actions: list[Action] = []
        self.remarks: list[Remark] = []

    def consider(
        self,
        location: Location,
        start: str,
        entry: FileEntry | RefusedEntry,
        known: _KnownFiles,
        sightings: Mapping[str, Sighting],
        arrivals: Arrivals,
    ) -> Sighting | None:
        """Decide on one listed file; returns the look to remember if one look was not enough."""
        place = Place(location.name, entry.path)
        below = entry.path.removeprefix(f"{start}/") if start else entry.path
        if isinstance(entry, RefusedEntry):
            self.remarks.append(Remark("refused", place, entry.reason))
            return None
        reason = unsafe_reason(below)
        if reason is not None:
            self.remarks.append(Remark("refused", place, reason))
            return None
        address = location.address(entry.path)
        if known.is_current(entry, address):
            return None
        verdict = judge_path(below, self._rules.paths)
        if not verdict:
            self.remarks.append(Remark("excluded", place, "; ".join(verdict.reasons)))
            return None
        rules = self._rules.stability
        temporary = temporary_reason(below, rules.temporary_names)
        if temporary is not None:
            self.remarks.append(Remark("still arriving", place, temporary))
            return None
        if marked(entry.name, (*rules.finished_markers, *rules.unfinished_markers)) is not None:
            self.remarks.append(Remark("excluded", place, "it only tells whether something else is finished"))
            return None
        sighting = sightings.get(address)
        granularity = location.traits.mtime_granularity_ns
        around = arrivals.around(entry.path)
        wholeness = judge_completeness(
            attrs.evolve(entry, path=below), sighting, self._now, rules, granularity_ns=granularity, around=around
        )
        if not isinstance(wholeness, Complete):
            self.remarks.append(Remark("still arriving", place, wholeness.evidence))
            same = (
                sighting is not None
                and sighting.size == entry.size
                and same_time(sighting.mtime_ns, entry.mtime_ns, granularity)
            )
            if sighting is not None and same:
                return sighting
            return Sighting(location.name, address, entry.size, entry.mtime_ns, self._now)
        self._plan(place, below, entry, known.row(address), wholeness.evidence, around)
        return None

    def _standing(self) -> dict[str, str]:
        """What stands in the incoming folder, by name as the least of file systems tells names apart."""
        if self._here is None:
            found = self._incoming.walk()
            self._here = {collision_key(entry.path): entry.path for entry in found if isinstance(entry, FileEntry)}
        return self._here

    def _plan(
        self,
        place: Place,
        below: str,
        entry: FileEntry,
        known: KnownFile | None,
        evidence: str,
        around: Surroundings,
    ) -> None:
        target = Place(self._incoming.name, below)
        key = collision_key(below)
        other = self._targets.get(key)
        if other == place:
            return
        if other is not None:
            self.remarks.append(
                Remark("collision", place, f"{other} comes to the same name {target}: route that one, then run again")
            )
            return
        after: tuple[str, ...] = ()
        standing = self._incoming.entry(below)
        if standing is None and key in self._standing():
            # found now, not once all of it has come and cannot be given its name
            twin = Place(target.location, self._standing()[key])
            reason = f"{twin} has the same name but for letter case or Unicode form: route that one, then run again"
            self.remarks.append(Remark("collision", place, reason))
            return
        if standing is not None:
            if not self._is_ours(standing, known, target):
                reason = f"another file stands at {target}: route it or take it away, then run again"
                self.remarks.append(Remark("conflict", place, reason))
                return
            name = self._name("d")
            bin_ = Place(target.location, f"{self._recycle}/{len(self.actions) + 1}/{below}")
            self.actions.append(
                Discard(name, target, bin_, standing.size, standing.mtime_ns, reason="the remote has another version")
            )
            after = (name,)
        self._targets[key] = place
        if known is None:
            reason = f"new, {evidence}"
        else:
            what = "size" if known.size != entry.size else "time"
            reason = f"its {what} changed since it was {known.state}, {evidence}"
        # the strongest first
        expected = tuple(sorted(around.expected, key=lambda digest: len(digest.value), reverse=True))
        self.actions.append(Fetch(self._name("f"), place, target, entry.size, entry.mtime_ns, reason, after, expected))

    def _is_ours(self, standing: FileEntry, known: KnownFile | None, target: Place) -> bool:
        """Whether what stands in incoming is the earlier version, as it was received."""
        return (
            known is not None
            and known.local == target
            and known.size == standing.size
            and nearly_same_time(known.mtime_ns, standing.mtime_ns)
        )

    def _name(self, letter: str) -> str:
        return f"{letter}{len(self.actions) + 1}"


def _listed(
    location: Location, start: str, observer: Observer, known: _KnownFiles | None, cancelled: CancelToken | None
) -> Iterator[FileEntry | RefusedEntry]:
    """The listing, counted; with `known`, an empty one raises OutOfReach where known files should be."""
    count = 0
    for entry in location.walk(start):
        if cancelled is not None and cancelled.is_set():
            raise Cancelled(f"stopped while {location.name} was listed")
        count += 1
        if count % 500 == 0:
            observer(LocationWalked(location.name, start, count, done=False))
        yield entry
    if count == 0 and known is not None and known.any_below(location.address(start)):
        raise OutOfReach(
            f"{location.name}:{location.address(start)} is empty, though files in it are known",
            remedy="Is the disk mounted? If it was really emptied, run once with --allow-empty.",
        )
    observer(LocationWalked(location.name, start, count, done=True))
