"""What a crash left open: each open line of the journal is finished or taken back, by what the disks show."""

from __future__ import annotations

import contextlib

import attrs

from medialib.completeness import nearly_same_time
from medialib.errors import MedialibError
from medialib.events import Noted, Observer, nobody
from medialib.model import FileEntry, Place
from medialib.planning import (
    Action,
    Discard,
    Fetch,
    MakeFolder,
    Move,
    Outcome,
    Purge,
    Release,
    RemoveFolder,
    WriteText,
)
from medialib.ports import CancelToken, Run, SupportsLinking, SupportsReserving, WritableLocation, offers
from medialib.workflows.apply.performing import known_row
from medialib.workflows.apply.recording import record
from medialib.workflows.apply.releasing import examine_release
from medialib.workflows.apply.world import World
from medialib.workflows.hashing import content_hash

__all__ = ["recover"]


def recover(world: World, *, cancelled: CancelToken, observer: Observer = nobody) -> tuple[Run, ...]:
    """Close every run that is still marked as running; returns those runs.

    The caller holds the writing lease, so whoever began them is gone. A file that reached its final name is recorded;
    an action that had no effect is written down as skipped, and what arrived of its bytes stays for the next try.
    Files are never removed here; a folder that was to be removed is, if it is empty. A run that let go of files on a
    remote which cannot be asked now stays open, and holds up nothing else.
    """
    recovered = []
    for run in world.catalogue.journal.runs():
        if run.state != "running":
            continue
        told = True
        for line in world.catalogue.journal.lines(run.id):
            if line.outcome is not None:
                continue
            if isinstance(line.action, Release):
                outcome = examine_release(line.action, world)
            else:
                outcome = _examine(line.action, world, cancelled)
            if outcome is None:
                told = False
                observer(
                    Noted(f"{line.action.id} of run {run.id} waits until its remote can be asked", level="warning")
                )
                continue
            now = world.clock.now()
            with world.catalogue.transaction():
                final = record(world.catalogue, line.action, outcome, now)
                world.catalogue.journal.complete(run.id, [(line.sequence, final)])
            observer(Noted(f"recovered {line.action.id} of run {run.id}: {final.result} ({final.detail})"))
        if not told:
            continue
        world.catalogue.journal.finish(run.id, "interrupted", world.clock.now())
        recovered.append(run)
    return tuple(recovered)


def _examine(action: Action, world: World, cancelled: CancelToken) -> Outcome:
    nothing = Outcome("skipped", "interrupted before it had any effect")
    match action:
        case Fetch():
            location = world.writable(action.target)
            entry = location.entry(action.target.path)
            if entry is None or not _may_be(entry, action, location):
                _release_part(location, action.target.path)
                return Outcome("skipped", "interrupted; what arrived is kept for the next run")
            _forget_part(location, action.target)
            sha256 = content_hash(location, action.target.path, cancelled)
            known = known_row(action, sha256, world)
            return Outcome(
                "done",
                "finished by recovery",
                sha256=sha256,
                mtime_ns=entry.mtime_ns,
                known=known,
                previous_known=world.catalogue.known_files.get(known.remote, known.path),
            )
        case Move() | Discard():
            return _examine_move(action, world, cancelled)
        case MakeFolder(place=place):
            there = world.writable(place).has_folder(place.path)
            return Outcome("done", "finished by recovery", changed=False) if there else nothing
        case Purge(place=place):
            gone = world.writable(place).entry(place.path) is None
            return Outcome("done", "finished by recovery") if gone else nothing
        case WriteText(place=place):
            return _examine_text(action, world.writable(place))
        case RemoveFolder(place=place):
            # nothing would plan it again: an empty folder is not looked at by any later run
            gone = world.writable(place).remove_folder(place.path)
            there = not gone and world.writable(place).has_folder(place.path)
            return nothing if there else Outcome("done", "finished by recovery")
        case _:
            return nothing


def _examine_move(action: Move | Discard, world: World, cancelled: CancelToken) -> Outcome:
    source, target = world.writable(action.source), world.writable(action.target)
    standing, arrived = source.entry(action.source.path), target.entry(action.target.path)
    if arrived is None or not _may_be(arrived, action, target):
        if standing is not None:
            _release_part(target, action.target.path)
            return Outcome("skipped", "interrupted before it had any effect")
        return Outcome("failed", f"interrupted, and neither {action.source} nor {action.target} stands there any more")
    _forget_part(target, action.target)
    row = world.catalogue.inventory.get(action.source)
    done = Outcome(
        "done",
        "finished by recovery",
        mtime_ns=arrived.mtime_ns,
        method="rename",
        previous_holding=None if row is None else row.holding,
    )
    if standing is None:
        return done
    if isinstance(action, Move) and offers(source, SupportsLinking):
        linked = source.is_same_file(action.source.path, target, action.target.path)
        if linked and "hardlink" in action.ways:
            return attrs.evolve(done, method="hardlink", source_kept=True)
    if _same_content(action.source, action.target, world, cancelled):
        for way in action.ways if isinstance(action, Move) else ():
            # a move that had got as far as this would take its source away next; it stays instead
            if way in ("reflink", "copy"):
                return attrs.evolve(done, method=way, source_kept=True)
        return Outcome(
            "done",
            f"finished by recovery; {action.source} still stands, and will be found to be a duplicate",
            mtime_ns=done.mtime_ns,
            method="copy",
            previous_holding=done.previous_holding,
        )
    return Outcome("skipped", f"interrupted before it had any effect; {action.target} is another file")


def _examine_text(action: WriteText, location: WritableLocation) -> Outcome:
    entry = location.entry(action.place.path)
    if entry is None:
        return Outcome("skipped", "interrupted before it had any effect")
    with location.open(action.place.path) as stream:
        written = stream.read(len(action.content) + 1)
    if entry.size != len(action.content) or written != action.content:
        return Outcome("skipped", "interrupted before it had any effect; another file stands there")
    _forget_part(location, action.place)
    return Outcome("done", "finished by recovery", mtime_ns=entry.mtime_ns)


def _may_be(entry: FileEntry, action: Fetch | Move | Discard, location: WritableLocation) -> bool:
    """Whether what stands at a target, where nothing stood before, is the file that was to come there.

    The disk may keep times less finely than the source tells them, or not at all.
    """
    in_time = not location.traits.keeps_mtime or nearly_same_time(entry.mtime_ns, action.mtime_ns)
    return entry.size == action.size and in_time


def _forget_part(location: WritableLocation, target: Place) -> None:
    """Remove what is left of the part of a file that has its name: a second name of it, or a note."""
    with contextlib.suppress(MedialibError, OSError):
        location.part(target.path).discard()


def _release_part(location: WritableLocation, path: str) -> None:
    """Give back the room that was kept for the rest of a file, which may never be fetched again."""
    part = location.part(path)
    if isinstance(part, SupportsReserving):
        part.release()


def _same_content(first: Place, second: Place, world: World, cancelled: CancelToken) -> bool:
    return content_hash(world.location(first), first.path, cancelled) == content_hash(
        world.location(second), second.path, cancelled
    )
