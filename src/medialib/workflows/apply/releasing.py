"""Letting go of files on a remote: carried out, finished after a crash, and entered into the catalogue."""

from __future__ import annotations

import attrs

from medialib.completeness import same_time
from medialib.errors import ContentChanged, MedialibError, PlanRefused
from medialib.model import FileEntry, KnownFile, Place
from medialib.planning import (
    KeptCopy,
    Outcome,
    Release,
    ReleaseFile,
    ReleaseFolder,
    ReleaseMark,
    ReleaseMove,
)
from medialib.ports import Catalogue, Location
from medialib.workflows.apply.checking import is_unchanged
from medialib.workflows.apply.world import World

__all__ = ["examine_release", "perform_release", "record_release"]

_AGAIN = "Make the plan again."


def perform_release(action: Release, world: World) -> Outcome:
    """Do to the remote what `action` says, after looking once more at the copies in the library that it rests on.

    What was done already, by an earlier try whose answer was lost, is done. Raises MedialibError or OSError if it
    cannot be done: then nothing was.
    """
    match action:
        case ReleaseFile(source=source):
            remote = world.releasing(source, action)
            outcome = _released(action, world)
            _demand_copies(world, action.copy)
            entry = remote.entry(source.path)
            if entry is None:
                return attrs.evolve(outcome, detail="it was gone already")
            _demand_same(remote, entry, source, action.size, action.mtime_ns)
            remote.remove(source.path, size=entry.size, mtime_ns=entry.mtime_ns)
            return outcome
        case ReleaseMove(source=source):
            remote = world.releasing(source, action)
            outcome = _released(action, world)
            if not action.back:
                _demand_copies(world, action.copy)
            entry, there = remote.entry(source.path), remote.entry(action.target.path)
            if entry is None and is_unchanged(there, action.size, action.mtime_ns, remote):
                return outcome
            _demand_same(remote, entry, source, action.size, action.mtime_ns)
            made = remote.relocate(source.path, action.target.path)
            return attrs.evolve(outcome, created_folders=tuple(Place(source.location, path) for path in made))
        case ReleaseMark(place=place):
            remote = world.releasing(place, action)
            outcome = _released(action, world)
            if action.back:
                mark = remote.entry(place.path)
                if mark is not None:
                    remote.remove(place.path, size=0, mtime_ns=mark.mtime_ns)
                return outcome
            _demand_copies(world, *action.copies)
            for file in action.files:
                listed = Place(place.location, file.path)
                _demand_same(remote, remote.entry(file.path), listed, file.size, file.mtime_ns)
            return attrs.evolve(outcome, known=_mark_row(remote, place, remote.mark(place.path), world))
        case ReleaseFolder(place=place):
            gone = world.releasing(place, action).remove_folder(place.path)
            return Outcome("done", "" if gone else "kept: it is not empty, or was gone already", changed=gone)


def examine_release(action: Release, world: World) -> Outcome | None:
    """What came of an action that a crash cut short, by what the remote shows; None if it cannot be asked now."""
    try:
        return _examine(action, world)
    except PlanRefused as error:
        return Outcome("failed", f"interrupted, and what came of it cannot be told: {error}")
    except (MedialibError, OSError):
        return None


def record_release(catalogue: Catalogue, action: Release, outcome: Outcome) -> None:
    """Write the rows that a release changes, inside the caller's transaction."""
    back = isinstance(action, ReleaseMove | ReleaseMark) and action.back
    if back and outcome.previous_known is not None:
        catalogue.known_files.remove(outcome.previous_known.remote, outcome.previous_known.path)
    catalogue.known_files.put([attrs.evolve(row, state="fetched" if back else "released") for row in outcome.released])
    if outcome.known is not None:
        catalogue.known_files.put([outcome.known])


def _examine(action: Release, world: World) -> Outcome:
    nothing = Outcome("skipped", "interrupted before it had any effect")
    match action:
        case ReleaseFile(source=source):
            if world.location(source).entry(source.path) is not None:
                return nothing
        case ReleaseMove(source=source, target=target):
            remote = world.location(source)
            if remote.entry(source.path) is not None:
                return nothing
            if not is_unchanged(remote.entry(target.path), action.size, action.mtime_ns, remote):
                return Outcome("failed", f"interrupted, and neither {source} nor {target} stands there any more")
        case ReleaseMark(place=place):
            remote = world.location(place)
            mark = remote.entry(place.path)
            if (mark is None) != action.back:
                return nothing
            if mark is not None:
                done = attrs.evolve(_released(action, world), detail="finished by recovery")
                return attrs.evolve(done, known=_mark_row(remote, place, mark, world))
        case ReleaseFolder(place=place):
            gone = world.releasing(place, action).remove_folder(place.path)
            return Outcome("done", "finished by recovery", changed=gone)
    return attrs.evolve(_released(action, world), detail="finished by recovery")


def _released(action: ReleaseFile | ReleaseMove | ReleaseMark, world: World) -> Outcome:
    """The outcome of a release that was carried out, with the rows that it changes.

    Raises PlanRefused if the catalogue says that a file was fetched and the action rests on no copy of it, or the other
    way round: a saved plan may have been written by anybody.
    """
    match action:
        case ReleaseFile():
            row = _row(action.source, world)
            _demand_meant(row, action.copy, action.source)
            return Outcome("done", released=() if row is None or action.copy is None else (row,))
        case ReleaseMove(back=False):
            row = _row(action.source, world)
            _demand_meant(row, action.copy, action.source)
            address = world.location(action.target).address(action.target.path)
            shelved = KnownFile(
                action.target.location, address, action.size, action.mtime_ns, "baseline", world.clock.now()
            )
            if row is not None and action.copy is not None:
                shelved = attrs.evolve(row, path=address, state="released")
            return Outcome("done", known=shelved, released=() if row is None or action.copy is None else (row,))
        case ReleaseMove():
            row = _row(action.target, world)
            returned = () if row is None or action.copy is None else (row,)
            return Outcome("done", previous_known=_row(action.source, world), released=returned)
        case ReleaseMark():
            rows = [_row(Place(action.place.location, file.path), world) for file in action.files]
            if not action.back and (len(action.copies) != len(rows) or not rows or None in rows):
                raise PlanRefused(f"{action.place}: not every file of its unit was fetched", remedy=_AGAIN)
            previous = _row(action.place, world) if action.back else None
            return Outcome("done", previous_known=previous, released=tuple(row for row in rows if row is not None))


def _row(place: Place, world: World) -> KnownFile | None:
    return world.catalogue.known_files.get(place.location, world.location(place).address(place.path))


def _demand_meant(row: KnownFile | None, copy: KeptCopy | None, source: Place) -> None:
    fetched = row is not None and row.state != "baseline"
    if fetched != (copy is not None):
        what = "was fetched, and no copy of it is named" if fetched else "was never fetched, and a copy of it is named"
        raise PlanRefused(f"{source} {what}", remedy=_AGAIN)


def _demand_copies(world: World, *copies: KeptCopy | None) -> None:
    for copy in copies:
        if copy is None:
            continue
        location = world.writable(copy.place)
        if not is_unchanged(location.entry(copy.place.path), copy.size, copy.mtime_ns, location):
            raise ContentChanged(
                f"{copy.place} is not as it was when it was verified, so the remote keeps its own", remedy=_AGAIN
            )


def _demand_same(location: Location, entry: FileEntry | None, place: Place, size: int, mtime_ns: int) -> None:
    if entry is None:
        raise ContentChanged(f"{place}: it is gone", remedy=_AGAIN)
    if entry.size != size or not same_time(entry.mtime_ns, mtime_ns, location.traits.mtime_granularity_ns):
        raise ContentChanged(f"{place}: it has changed since the plan was made", remedy=_AGAIN)


def _mark_row(remote: Location, place: Place, mark: FileEntry, world: World) -> KnownFile:
    """What keeps a mark from being fetched."""
    return KnownFile(
        place.location, remote.address(place.path), mark.size, mark.mtime_ns, "baseline", world.clock.now()
    )
