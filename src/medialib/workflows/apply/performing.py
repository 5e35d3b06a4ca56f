"""Carrying out one action on files, up to the point where only the catalogue's side is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import attrs

from medialib.errors import ContentChanged, OutOfReach, TargetTaken, UnsafePath
from medialib.model import FileEntry, KnownFile, Place
from medialib.planning import (
    RECYCLE,
    Action,
    Discard,
    Fetch,
    MakeFolder,
    Move,
    Outcome,
    Purge,
    ReleaseFile,
    ReleaseFolder,
    ReleaseMark,
    ReleaseMove,
    RemoveFolder,
    Way,
    WriteText,
)
from medialib.ports import (
    CancelToken,
    Part,
    Received,
    SupportsLinking,
    SupportsProving,
    SupportsSettling,
    SupportsWriters,
    WritableLocation,
    offers,
)
from medialib.workflows.apply.checking import is_unchanged
from medialib.workflows.apply.proving import Proof, WatchedPart, prove
from medialib.workflows.apply.releasing import perform_release
from medialib.workflows.apply.room import Room
from medialib.workflows.apply.world import World
from medialib.workflows.hashing import content_hash

__all__ = ["Arrived", "known_row", "perform", "publish", "receive"]


def perform(action: Action, world: World, *, cancelled: CancelToken, arrived: Callable[[int], None]) -> Outcome:
    """Do to the files what `action` says, which is no `Fetch`: see `receive`.

    Raises MedialibError or OSError if it cannot be done: then what stood under a final name still does. An action on
    the catalogue alone is done with its row and has nothing to do here.
    """
    match action:
        case Move():
            return _move(action, world, cancelled, arrived)
        case Discard():
            return _discard(action, world, cancelled, arrived)
        case MakeFolder(place=place):
            made = world.writable(place).make_folder(place.path)
            folders = tuple(Place(place.location, path) for path in made if path != place.path)
            return Outcome("done", created_folders=folders, changed=bool(made))
        case RemoveFolder(place=place):
            gone = world.writable(place).remove_folder(place.path)
            return Outcome("done", "" if gone else "kept: it is not empty, or was gone already", changed=gone)
        case Purge(place=place):
            _purge(action, world.writable(place))
            return Outcome("done")
        case WriteText(place=place):
            return _write(action, world.writable(place), world)
        case ReleaseFile() | ReleaseMove() | ReleaseMark() | ReleaseFolder():
            return perform_release(action, world)
        case _:
            return Outcome("done")


@attrs.frozen
class Arrived:
    """A file that was received and proven, and has not its name yet."""

    action: Fetch
    """What it is fetched by."""
    part: Part
    """Where its bytes are."""
    received: Received
    """What the transfer told."""
    proof: Proof
    """What proving it found out."""
    created: tuple[Place, ...]
    """Folders that had to be made for it."""

    def settle(self) -> None:
        """See it on the disk, where that can be done before it has its name."""
        if offers(self.part, SupportsSettling):
            self.part.settle(mtime_ns=self.action.mtime_ns)


def receive(
    action: Fetch, world: World, room: Room, *, cancelled: CancelToken, arrived: Callable[[int], None]
) -> Arrived:
    """Bring a file into its part, and prove it. Raises MedialibError or OSError if that cannot be done."""
    source, target = world.location(action.source), world.writable(action.target)
    part: Part = target.part(action.target.path)
    record = part.record
    room.claim(action, 0 if record is None else record.offset)
    created = _make_folder(target, action.target)
    if target.entry(action.target.path) is not None:
        raise TargetTaken(f"{action.target}: something stands there now")
    entry = FileEntry(action.source.path, action.size, action.mtime_ns)
    algorithms = tuple(digest.algorithm for digest in action.expected if digest.algorithm != "sha256")
    if algorithms:
        part = WatchedPart(part, algorithms)
    received = world.transfer.receive(source, entry, part, cancelled=cancelled, arrived=arrived)
    proof = prove(action, received, part, source, world.proof, cancelled)
    return Arrived(action, part, received, proof, created)


def publish(arrived: Arrived, world: World, previous: KnownFile | None) -> Outcome:
    """Give a file that arrived its name; `previous` is what the catalogue knew of it. Raises as `perform`."""
    action, received, proof = arrived.action, arrived.received, arrived.proof
    known = known_row(action, received.sha256, world)
    mtime_ns = arrived.part.publish(mtime_ns=action.mtime_ns)
    resumed = f"resumed at byte {received.resumed_at}" if received.resumed_at else ""
    return Outcome(
        "done",
        "; ".join(text for text in (resumed, proof.note) if text),
        sha256=received.sha256,
        mtime_ns=mtime_ns,
        created_folders=arrived.created,
        known=known,
        previous_known=previous,
        written_sha256=proof.written_sha256,
        remote_digest=proof.remote_digest,
    )


def known_row(action: Fetch, sha256: str, world: World) -> KnownFile:
    """What the catalogue shall know of a file that was received."""
    return KnownFile(
        remote=action.source.location,
        path=world.location(action.source).address(action.source.path),
        size=action.size,
        mtime_ns=action.mtime_ns,
        state="fetched",
        recorded=world.clock.now(),
        sha256=sha256,
        local=action.target,
    )


def _move(action: Move, world: World, cancelled: CancelToken, arrived: Callable[[int], None]) -> Outcome:
    source, target = world.writable(action.source), world.writable(action.target)
    _demand_unchanged(source, action)
    row = world.catalogue.inventory.get(action.source)
    created = _make_folder(target, action.target)
    for way in action.ways:
        outcome = _by(way, action, world, cancelled, arrived)
        if outcome is not None:
            previous = None if row is None else row.holding
            return attrs.evolve(outcome, created_folders=created, previous_holding=previous)
    for folder in reversed(created):
        target.remove_folder(folder.path)
    raise OutOfReach(
        f"{action.target}: {' and '.join(action.ways) or 'nothing'} cannot be done from {action.source} to there",
        remedy="Add 'copy' or 'move' to routing.ways, or keep both on one disk that can.",
    )


def _by(way: Way, action: Move, world: World, cancelled: CancelToken, arrived: Callable[[int], None]) -> Outcome | None:
    """What came of placing a file by one way; None where that way does not lead there."""
    source, target = world.writable(action.source), world.writable(action.target)
    here, there = action.source.path, action.target.path
    placed: int | None = None
    match way:
        case "hardlink":
            if offers(source, SupportsLinking):
                placed = source.hardlink(here, target, there)
        case "reflink":
            if offers(source, SupportsLinking):
                placed = source.reflink(here, target, there, size=action.size, mtime_ns=action.mtime_ns)
        case "move":
            renamed = source.rename(here, target, there)
            if renamed is not None:
                return Outcome("done", mtime_ns=renamed, method="rename")
    if way in ("hardlink", "reflink"):
        return None if placed is None else Outcome("done", mtime_ns=placed, method=way, source_kept=True)
    expected = None if action.holding is None else action.holding.sha256
    sha256, mtime_ns = _copy(action, world, cancelled, arrived, expected=expected)
    detail = "copied to another disk" if way == "move" else ""
    return Outcome("done", detail, sha256=sha256, mtime_ns=mtime_ns, method="copy", source_kept=way == "copy")


def _copy(
    action: Move | Discard,
    world: World,
    cancelled: CancelToken,
    arrived: Callable[[int], None],
    *,
    expected: str | None,
) -> tuple[str, int]:
    """Make a second file of it; its SHA-256 and time there. If it is to be moved, its source goes once that is
    journalled."""
    source, target = world.writable(action.source), world.writable(action.target)
    part = target.part(action.target.path)
    _demand_room(action, target, part)
    entry = FileEntry(action.source.path, action.size, action.mtime_ns)
    received = world.transfer.receive(source, entry, part, cancelled=cancelled, arrived=arrived)
    if expected is not None and received.sha256 != expected:
        part.discard()
        raise ContentChanged(
            f"{action.source}: its content is not what was received (SHA-256 {received.sha256}, not {expected})",
            remedy="Fetch it again; the disk or its memory may be at fault.",
        )
    if offers(part, SupportsProving):
        part.prove(received.size, received.sha256, cancelled=cancelled)
    return received.sha256, part.publish(mtime_ns=action.mtime_ns)


def _discard(action: Discard, world: World, cancelled: CancelToken, arrived: Callable[[int], None]) -> Outcome:
    source, target = world.writable(action.source), world.writable(action.target)
    _demand_unchanged(source, action)
    sha256 = None
    if action.duplicate_of is not None:
        sha256 = content_hash(source, action.source.path, cancelled)
        kept = content_hash(world.location(action.duplicate_of), action.duplicate_of.path, cancelled)
        if kept != sha256:
            raise ContentChanged(f"{action.source}: it is no duplicate of {action.duplicate_of} any more")
    row = world.catalogue.inventory.get(action.source)
    created = _make_folder(target, action.target)
    renamed = source.rename(action.source.path, target, action.target.path)
    method: Literal["rename", "copy"] = "rename"
    if renamed is None:
        if source.traits.renames and target.traits.renames:
            raise OutOfReach(f"{action.target}: the recycle folder is on another disk than {action.source}")
        method = "copy"
        sha256, renamed = _copy(action, world, cancelled, arrived, expected=sha256)
    return Outcome(
        "done",
        sha256=sha256,
        mtime_ns=renamed,
        method=method,
        created_folders=created,
        previous_holding=None if row is None else row.holding,
    )


def _purge(action: Purge, location: WritableLocation) -> None:
    """Delete a file of the recycle folder, and the folders that it was the last one in."""
    path = action.place.path
    if not path.startswith(f"{RECYCLE}/"):
        raise UnsafePath(f"{action.place} is not in the recycle folder: it is not deleted")
    location.remove(path, size=action.size, mtime_ns=action.mtime_ns)
    while (path := path.rpartition("/")[0]).startswith(f"{RECYCLE}/") and location.remove_folder(path):
        continue


def _write(action: WriteText, location: WritableLocation, world: World) -> Outcome:
    created = _make_folder(location, action.place)
    if location.entry(action.place.path) is not None:
        raise TargetTaken(f"{action.place}: something stands there now")
    part = location.part(action.place.path)
    with part.write(0) as stream:
        stream.write(action.content)
    mtime_ns = part.publish(mtime_ns=int(world.clock.now().timestamp()) * 10**9)
    return Outcome("done", mtime_ns=mtime_ns, created_folders=created)


def _demand_unchanged(source: WritableLocation, action: Move | Discard) -> None:
    entry = source.entry(action.source.path)
    if entry is None:
        raise ContentChanged(f"{action.source}: it is gone", remedy="Make the plan again.")
    if not is_unchanged(entry, action.size, action.mtime_ns, source):
        raise ContentChanged(f"{action.source}: it has changed since the plan was made", remedy="Make the plan again.")
    if offers(source, SupportsWriters) and source.being_written(action.source.path):
        raise ContentChanged(f"{action.source}: another program has it open for writing", remedy="Wait for it to end.")


def _demand_room(action: Move | Discard, target: WritableLocation, part: Part) -> None:
    """A copy that cannot end well is not begun: what arrived of it would fill the library's disk."""
    free, record = target.free_bytes(), part.record
    coming = action.size - (0 if record is None else record.offset)
    if free is not None and free < coming:
        raise OutOfReach(
            f"{action.target}: not enough room: {coming} bytes are to come, {free} are free",
            remedy="Make room on that disk, then run the same command again.",
        )


def _make_folder(location: WritableLocation, target: Place) -> tuple[Place, ...]:
    folder = target.path.rpartition("/")[0]
    if not folder:
        return ()
    return tuple(Place(target.location, path) for path in location.make_folder(folder))
