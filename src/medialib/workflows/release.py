"""Plan what a remote may let go of: units of which every file stands proven in the library.

A unit is what lies directly below a folder that is fetched from: a file, or a folder with all that is in it. It is
released as a whole or not at all, and never by the run that fetched it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

import attrs

from medialib.completeness import in_words, same_time, temporary_reason
from medialib.errors import Cancelled, MedialibError
from medialib.events import BytesMoved, FileHashed, HashingStarted, LocationWalked, Observer, nobody
from medialib.filters import PathRules, judge_path
from medialib.model import FileEntry, KnownFile, Place, RefusedEntry
from medialib.naming import collision_key
from medialib.planning import (
    Action,
    KeptCopy,
    Plan,
    ReleaseFile,
    ReleaseFolder,
    ReleaseMark,
    ReleaseMove,
    Remark,
)
from medialib.ports import CancelToken, Catalogue, Clock, Location, WritableLocation
from medialib.workflows.apply.world import ReleaseMode
from medialib.workflows.hashing import read_content

__all__ = ["MARK", "ReleaseRules", "ReleaseSource", "mark_of", "plan_release"]

MARK = ".medialib-released"
"""Name of the empty file that marks a folder as released; behind a dot and a file's name, it marks that file."""


@attrs.frozen
class ReleaseRules:
    """What becomes of a unit."""

    mode: ReleaseMode = "keep"
    """What is done to it."""
    to: str = ""
    """Folder that it is moved to, relative to the remote's root; for ``move`` alone."""
    after: timedelta = timedelta(0)
    """How long after its last file was received; for those who owe their peers some seeding."""
    paths: PathRules = PathRules()
    """Which names are wanted: what is not, and was never fetched, goes with its unit."""


@attrs.frozen
class ReleaseSource:
    """A remote, the folders of it that are fetched from, and what becomes of its units."""

    location: Location
    """The remote."""
    rules: ReleaseRules
    """What becomes of them."""
    paths: tuple[str, ...] = ("",)
    """Folders relative to its root; the empty one is all of it."""


@attrs.frozen
class _Unit:
    place: Place
    entries: tuple[FileEntry | RefusedEntry, ...]


@attrs.frozen
class _Fetched:
    """A file of a unit that was fetched, and where it may stand in the library."""

    entry: FileEntry
    row: KnownFile
    copies: tuple[Place, ...]


@attrs.frozen
class _Held:
    """Why a unit is not released."""

    remark: Remark


_Facts: TypeAlias = tuple[tuple[_Fetched, ...], tuple[FileEntry, ...]]
"""The files of a unit that were fetched, and those that go with them."""


def mark_of(unit: str, *, folder: bool) -> str:
    """The path of the mark of a unit.

    >>> mark_of("tv/Show.S01", folder=True), mark_of("tv/film.mkv", folder=False), mark_of("film.mkv", folder=False)
    ('tv/Show.S01/.medialib-released', 'tv/.film.mkv.medialib-released', '.film.mkv.medialib-released')
    """
    above, slash, name = unit.rpartition("/")
    return f"{unit}/{MARK}" if folder else f"{above}{slash}.{name}{MARK}"


def plan_release(
    sources: Iterable[ReleaseSource],
    library: Mapping[str, WritableLocation],
    catalogue: Catalogue,
    clock: Clock,
    *,
    configuration: str = "",
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Plan:
    """Plan to let go of every unit whose files were all fetched, are unchanged, and stand in the library.

    What stands there is read for this, and its hash compared with that of what was received. A unit with a file that is
    new, changed, not placed, not the same any more or of a kind that is refused is left as it is, with a remark; so is
    a folder that cannot be listed to its end. Raises the first error if that is true of all, and Cancelled when asked
    to stop.
    """
    token: CancelToken = cancelled if cancelled is not None else threading.Event()
    planning = _Releasing(library, catalogue, clock.now(), observer, token)
    errors: list[MedialibError] = []
    listed = 0
    for source in sources:
        if source.rules.mode == "keep":
            continue
        rows = {row.path: row for row in catalogue.known_files.of_remote(source.location.name)}
        for start in source.paths:
            try:
                units = _units(source, start, observer, token)
            except Cancelled:
                raise
            except MedialibError as error:
                errors.append(error)
                planning.remarks.append(Remark("out of reach", Place(source.location.name, start), str(error)))
                continue
            listed += 1
            for unit in units:
                planning.consider(source, start, unit, rows)
    if errors and not listed:
        raise errors[0]
    return Plan(
        "release",
        planning.now,
        catalogue.identity,
        configuration,
        tuple(planning.actions),
        tuple(planning.remarks),
    )


def _units(source: ReleaseSource, start: str, observer: Observer, cancelled: CancelToken) -> tuple[_Unit, ...]:
    """What lies directly below a folder, each with all that is in it."""
    name, to = source.location.name, source.rules.to
    found: dict[str, list[FileEntry | RefusedEntry]] = {}
    count = 0
    for entry in source.location.walk(start):
        if cancelled.is_set():
            raise Cancelled(f"stopped while {name} was listed")
        count += 1
        if to and (entry.path == to or entry.path.startswith(f"{to}/")):
            continue
        below = entry.path.removeprefix(f"{start}/") if start else entry.path
        found.setdefault(below.partition("/")[0], []).append(entry)
    observer(LocationWalked(name, start, count, done=True))
    marks = {f".{unit}{MARK}": unit for unit in found if f".{unit}{MARK}" in found}
    for mark, unit in marks.items():
        found[unit] += found.pop(mark)
    above = f"{start}/" if start else ""
    return tuple(_Unit(Place(name, f"{above}{unit}"), tuple(entries)) for unit, entries in found.items())


class _Releasing:
    """One plan in the making."""

    def __init__(
        self,
        library: Mapping[str, WritableLocation],
        catalogue: Catalogue,
        now: datetime,
        observer: Observer,
        cancelled: CancelToken,
    ) -> None:
        self._library = library
        self._catalogue = catalogue
        self._observer = observer
        self._cancelled = cancelled
        self._targets: set[str] = set()
        self._seen: set[Place] = set()
        self.now = now
        self.actions: list[Action] = []
        self.remarks: list[Remark] = []

    def consider(self, source: ReleaseSource, start: str, unit: _Unit, rows: Mapping[str, KnownFile]) -> None:
        """Plan to release a unit, or say why not."""
        if unit.place in self._seen:
            return
        self._seen.add(unit.place)
        facts = self._facts(source, start, unit, rows)
        if facts is None:
            return
        if isinstance(facts, _Held):
            self.remarks.append(facts.remark)
            return
        fetched, others = facts
        targets = self._free_targets(source, start, unit, (*(each.entry for each in fetched), *others))
        if isinstance(targets, _Held):
            self.remarks.append(targets.remark)
            return
        copies = self._proven(unit, fetched)
        if isinstance(copies, _Held):
            self.remarks.append(copies.remark)
        elif source.rules.mode == "mark":
            self._plan_mark(unit, fetched, copies)
        else:
            self._plan_files(unit, fetched, copies, others, targets)

    # ------------------------------------------------------------------------------------------------- may it be?

    def _facts(
        self, source: ReleaseSource, start: str, unit: _Unit, rows: Mapping[str, KnownFile]
    ) -> _Facts | _Held | None:
        """The files of a unit by what they are; why it is kept; None if nothing of it was ever fetched or is left."""
        location, rules = source.location, source.rules
        marks = {mark_of(unit.place.path, folder=True), mark_of(unit.place.path, folder=False)}
        fetched: list[_Fetched] = []
        others: list[FileEntry] = []
        waiting: list[str] = []
        marked = False
        for entry in unit.entries:
            if isinstance(entry, RefusedEntry):
                waiting.append(f"{entry.path} is left alone: {entry.reason}")
                continue
            if entry.path in marks and not entry.size:
                marked = True
                others.append(entry)
                continue
            row = rows.get(location.address(entry.path))
            below = entry.path.removeprefix(f"{start}/") if start else entry.path
            if row is None or row.state == "baseline":
                unfinished = temporary_reason(below)
                if unfinished is not None:
                    waiting.append(f"{entry.path} is still arriving there: {unfinished}")
                elif not judge_path(below, rules.paths):
                    others.append(entry)
                else:
                    waiting.append(f"{entry.path} was {'never' if row is None else 'recorded, not'} fetched")
                continue
            same = same_time(row.mtime_ns, entry.mtime_ns, location.traits.mtime_granularity_ns)
            if entry.size != row.size or not same or row.sha256 is None:
                waiting.append(f"{entry.path} has changed since it was fetched")
                continue
            fetched.append(_Fetched(entry, row, self._placed(row.sha256)))
        if not fetched or (marked and rules.mode == "mark"):
            return None
        waiting += [f"{each.entry.path} has no place in the library" for each in fetched if not each.copies]
        received = max(each.row.recorded for each in fetched)
        if not waiting and self.now - received < rules.after:
            waiting.append(
                f"its last file was received {received:%Y-%m-%d %H:%M}Z, less than {in_words(rules.after)} ago"
            )
        if waiting:
            more = f", and {len(waiting) - 1} more" if len(waiting) > 1 else ""
            return _Held(Remark("unreleased", unit.place, f"{waiting[0]}{more}"))
        return tuple(fetched), tuple(others)

    def _placed(self, sha256: str) -> tuple[Place, ...]:
        return tuple(
            row.place for row in self._catalogue.inventory.by_sha256(sha256) if row.place.location in self._library
        )

    def _free_targets(
        self, source: ReleaseSource, start: str, unit: _Unit, entries: tuple[FileEntry, ...]
    ) -> dict[str, Place] | _Held:
        """Where the files of a unit are moved to; why that cannot be."""
        if source.rules.mode != "move":
            return {}
        below = {entry.path: entry.path.removeprefix(f"{start}/") if start else entry.path for entry in entries}
        targets = {path: f"{source.rules.to}/{rest}" for path, rest in below.items()}
        standing = source.location.entries(targets.values())
        taken = next((target for target in targets.values() if target in standing), None)
        keys = {collision_key(target) for target in targets.values()}
        if taken is None and len(keys) == len(targets) and not keys & self._targets:
            self._targets |= keys
            return {path: Place(unit.place.location, target) for path, target in targets.items()}
        where = source.rules.to if taken is None else taken
        return _Held(Remark("conflict", unit.place, f"its name is taken in {where}: move one of them away"))

    def _proven(self, unit: _Unit, fetched: tuple[_Fetched, ...]) -> tuple[KeptCopy, ...] | _Held:
        """The copies in the library, each read and found to be what was received; why not."""
        self._observer(HashingStarted(len(fetched), sum(each.entry.size for each in fetched)))
        copies: list[KeptCopy] = []
        for each in fetched:
            copy, said = None, ""
            for place in each.copies:
                copy, said = self._read(place, each.row)
                if copy is not None:
                    break
            self._observer(FileHashed(each.copies[-1], "corrupt" if copy is None else "whole"))
            if copy is None:
                return _Held(Remark("corrupt", unit.place, f"{said}; the remote keeps its own"))
            copies.append(copy)
        return tuple(copies)

    def _read(self, place: Place, row: KnownFile) -> tuple[KeptCopy | None, str]:
        location = self._library[place.location]
        try:
            entry = location.entry(place.path)
            if entry is None:
                return None, f"{place} is gone"
            content = read_content(
                location,
                place.path,
                ["sha256"],
                self._cancelled,
                lambda count: self._observer(BytesMoved(str(place), count)),
            )
        except Cancelled:
            raise
        except (MedialibError, OSError) as error:
            return None, f"{place} cannot be read: {error}"
        if content.value("sha256") != row.sha256:
            return None, f"{place} is not what was received: it has {content.digests[0]}, not SHA-256 {row.sha256}"
        return KeptCopy(place, entry.size, entry.mtime_ns), ""

    # ------------------------------------------------------------------------------------------------ what is done

    def _plan_mark(self, unit: _Unit, fetched: tuple[_Fetched, ...], copies: tuple[KeptCopy, ...]) -> None:
        folder = any(each.entry.path != unit.place.path for each in fetched)
        place = Place(unit.place.location, mark_of(unit.place.path, folder=folder))
        count = len(fetched)
        reason = f"all of its {count} files are proven in the library" if count > 1 else "it is proven in the library"
        self.actions.append(ReleaseMark(self._name("k"), place, tuple(each.entry for each in fetched), copies, reason))

    def _plan_files(
        self,
        unit: _Unit,
        fetched: tuple[_Fetched, ...],
        copies: tuple[KeptCopy, ...],
        others: tuple[FileEntry, ...],
        targets: Mapping[str, Place],
    ) -> None:
        """The files that were fetched, then what goes with them, then the folders, deepest first."""
        location = unit.place.location
        below: dict[str, list[str]] = {}
        wanted: tuple[str, ...] = ()
        rests: Iterator[KeptCopy | None] = iter((*copies, *(None for _ in others)))
        for entry, copy in zip((*(each.entry for each in fetched), *others), rests, strict=True):
            name, source = self._name("x"), Place(location, entry.path)
            reason = f"proven to stand at {copy.place}" if copy is not None else "not wanted; it goes with its unit"
            after = () if copy is not None else wanted
            if targets:
                self.actions.append(
                    ReleaseMove(name, source, targets[entry.path], entry.size, entry.mtime_ns, copy, reason, after)
                )
            else:
                self.actions.append(ReleaseFile(name, source, entry.size, entry.mtime_ns, copy, reason, after))
            if copy is not None:
                wanted = (*wanted, name)
            folder = entry.folder
            while folder == unit.place.path or folder.startswith(f"{unit.place.path}/"):
                below.setdefault(folder, []).append(name)
                folder = folder.rpartition("/")[0]
        for folder in sorted(below, key=lambda path: (-path.count("/"), path)):
            reason = "everything in it is released"
            self.actions.append(ReleaseFolder(self._name("r"), Place(location, folder), reason, tuple(below[folder])))

    def _name(self, letter: str) -> str:
        return f"{letter}{len(self.actions) + 1}"
