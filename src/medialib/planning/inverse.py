"""What came of an action, and the actions that take it back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, assert_never

import attrs

from medialib.model import Digest, Holding, KnownFile, Place
from medialib.planning.actions import (
    Action,
    AddMovie,
    AddShow,
    ChangeShow,
    Discard,
    Fetch,
    MakeFolder,
    Move,
    Purge,
    RecordInventory,
    RecordKnown,
    RemoveFolder,
    RemoveMovie,
    RemoveShow,
    SetEpisodes,
    SetHolding,
    WriteText,
)
from medialib.planning.effects import effects
from medialib.planning.releases import ReleaseFile, ReleaseFolder, ReleaseMark, ReleaseMove

__all__ = ["Irreversible", "Outcome", "Performed", "inverse", "irreversible", "undo_actions"]


@attrs.frozen
class Outcome:
    """What came of one action, as the journal keeps it."""

    result: Literal["done", "failed", "skipped"]
    """How it ended."""
    detail: str = ""
    """Why, for what failed or was skipped; what was special, for what was done."""
    sha256: str | None = None
    """SHA-256 of the file, lower-case hex, where its bytes were read."""
    mtime_ns: int | None = None
    """Time of last change of the file at its target, where one was placed."""
    method: Literal["rename", "copy", "hardlink", "reflink"] | None = None
    """How a file came to its target within the local disks."""
    created_folders: tuple[Place, ...] = ()
    """Folders that had to be made, outermost first."""
    known: KnownFile | None = None
    """The row of known files that was written."""
    previous_known: KnownFile | None = None
    """The row of known files that it replaced."""
    previous_holding: Holding | None = None
    """What the inventory said of the file at its source."""
    written_sha256: str | None = None
    """SHA-256 of what a fetched file was on the disk, lower-case hex, where it was read again for that."""
    remote_digest: Digest | None = None
    """What the remote said that a fetched file's bytes come to, where it was asked and told."""
    released: tuple[KnownFile, ...] = ()
    """The rows of known files whose remote copies were released, or taken back, as they were before."""
    changed: bool = True
    """False where there was nothing to do: a folder that was not empty, or stood already."""
    source_kept: bool = False
    """Whether the file stands at its source as well, by intent."""


@attrs.frozen
class Performed:
    """One line of the journal: an action and its outcome."""

    sequence: int
    """Place in its run, counted from 1."""
    action: Action
    """What was intended."""
    outcome: Outcome | None
    """What came of it; None: it was begun and never finished."""


@attrs.frozen
class Irreversible:
    """Why an action cannot be taken back."""

    action: str
    """Identifier of the action."""
    place: Place
    """What it was about."""
    reason: str
    """For a reader."""


def inverse(performed: Performed, *, recycle: str) -> tuple[Action, ...] | Irreversible:
    """The actions that take back what was done, in the order they are to happen.

    `recycle` names the folder, relative to a location's root, that files without a former place go to: what was fetched
    is not destroyed, nor is what was linked or copied, whose source is where it was. An action that did nothing has the
    empty inverse. Folders that the action had to make are removed again if empty. What was deleted for good has no
    inverse, and is `Irreversible`.

    Raises ValueError for an action without outcome: its run must be recovered first.

    >>> made = Performed(1, MakeFolder("k1", Place("tv", "Show")), Outcome("done"))
    >>> inverse(made, recycle=".medialib/recycle/r2")
    (RemoveFolder(id='u1', place=Place(location='tv', path='Show'), reason='undo of k1', after=()),)
    """
    action, outcome = performed.action, performed.outcome
    if outcome is None:
        raise ValueError(f"{action.id} has no outcome yet: recover its run first")
    if outcome.result != "done" or not outcome.changed:
        return ()
    name, reason = f"u{performed.sequence}", f"undo of {action.id}"
    folders = tuple(
        RemoveFolder(f"{name}-folder{depth}", folder, reason)
        for depth, folder in enumerate(reversed(outcome.created_folders), start=1)
    )
    match action:
        case Fetch():
            bin_ = Place(action.target.location, f"{recycle}/{performed.sequence}/{action.target.path}")
            mtime_ns = action.mtime_ns if outcome.mtime_ns is None else outcome.mtime_ns
            taken: list[Action] = [Discard(name, action.target, bin_, action.size, mtime_ns, reason=reason)]
            if outcome.known is not None:
                known = outcome.known
                taken.append(
                    RecordKnown(
                        f"{name}-known", known.remote, known.path, known, outcome.previous_known, reason, (name,)
                    )
                )
            return (*taken, *folders)
        case Move() if outcome.source_kept:
            bin_ = Place(action.target.location, f"{recycle}/{performed.sequence}/{action.target.path}")
            mtime_ns = action.mtime_ns if outcome.mtime_ns is None else outcome.mtime_ns
            return (Discard(name, action.target, bin_, action.size, mtime_ns, reason=reason), *folders)
        case Move() | Discard():
            mtime_ns = action.mtime_ns if outcome.mtime_ns is None else outcome.mtime_ns
            back = Move(
                name,
                source=action.target,
                target=action.source,
                size=action.size,
                mtime_ns=mtime_ns,
                holding=outcome.previous_holding,
                reason=reason,
            )
            return (back, *folders)
        case MakeFolder():
            return (RemoveFolder(name, action.place, reason), *folders)
        case RemoveFolder():
            return (MakeFolder(name, action.place, reason),)
        case AddShow():
            return (RemoveShow(name, action.show, reason, episodes=action.episodes),)
        case RemoveShow():
            return (AddShow(name, action.show, reason, episodes=action.episodes),)
        case ChangeShow():
            return (
                ChangeShow(
                    name,
                    previous=action.show,
                    show=action.previous,
                    reason=reason,
                    previous_episodes=action.episodes,
                    episodes=action.previous_episodes,
                ),
            )
        case SetEpisodes():
            return (SetEpisodes(name, action.show, action.episodes, action.previous, reason),)
        case SetHolding():
            return (SetHolding(name, action.place, action.holding, action.previous, reason),)
        case AddMovie():
            return (RemoveMovie(name, action.movie, reason),)
        case RemoveMovie():
            return (AddMovie(name, action.movie, reason),)
        case RecordKnown():
            return (RecordKnown(name, action.remote, action.path, action.record, action.previous, reason),)
        case RecordInventory():
            # whether the file still stands there is for those to see who look for what is stale
            return (RecordInventory(name, action.place, action.record, action.previous, reason),)
        case Purge():
            return Irreversible(action.id, action.place, "it was deleted from the recycle folder, which keeps nothing")
        case WriteText():
            bin_ = Place(action.place.location, f"{recycle}/{performed.sequence}/{action.place.path}")
            mtime_ns = 0 if outcome.mtime_ns is None else outcome.mtime_ns
            return (Discard(name, action.place, bin_, len(action.content), mtime_ns, reason=reason), *folders)
        case ReleaseFile():
            return Irreversible(action.id, action.source, "it was deleted on the remote, which keeps nothing")
        case ReleaseMove():
            back_there = attrs.evolve(
                action,
                id=name,
                source=action.target,
                target=action.source,
                reason=reason,
                after=(),
                back=not action.back,
            )
            emptied = (ReleaseFolder(folder.id, folder.place, reason, back=not action.back) for folder in folders)
            return (back_there, *emptied)
        case ReleaseMark():
            return (attrs.evolve(action, id=name, reason=reason, after=(), back=not action.back),)
        case ReleaseFolder():
            # what comes back makes its folders itself
            return ()
        case _:
            assert_never(action)


def undo_actions(lines: Iterable[Performed], *, recycle: str) -> tuple[Action, ...]:
    """The actions that take back a whole run, last things first.

    Each comes `after` the latest earlier one that touches the same file, or a folder above or below it, so that cutting
    the plan down never leaves a step without its ground.

    >>> lines = [
    ...     Performed(1, MakeFolder("k1", Place("tv", "Show")), Outcome("done")),
    ...     Performed(2, MakeFolder("k2", Place("tv", "Show/Season 01")), Outcome("done")),
    ... ]
    >>> [(action.id, action.after) for action in undo_actions(lines, recycle=".medialib/recycle/r2")]
    [('u2', ()), ('u1', ('u2',))]
    """
    done: list[Action] = []
    latest: dict[Place, str] = {}
    beneath: dict[Place, dict[str, None]] = {}
    # what went through a disk with a coarse clock comes back with its coarse time
    left: dict[Place, int] = {}
    for performed in sorted(lines, key=lambda line: line.sequence, reverse=True):
        taken_back = inverse(performed, recycle=recycle)
        for action in () if isinstance(taken_back, Irreversible) else taken_back:
            appear, vanish = effects(action)
            touched = dict.fromkeys(action.after)
            for place in (*appear, *vanish):
                for above in (place, *_folders_above(place)):
                    if above in latest:
                        touched[latest[above]] = None
                if isinstance(action, RemoveFolder | ReleaseFolder):
                    touched.update(beneath.get(place, {}))
            chained = attrs.evolve(action, after=tuple(touched))
            if isinstance(chained, Move | Discard):
                chained = attrs.evolve(chained, mtime_ns=left.pop(chained.source, chained.mtime_ns))
                left[chained.target] = chained.mtime_ns
            done.append(chained)
            for place in (*appear, *vanish):
                latest[place] = chained.id
                for above in _folders_above(place):
                    beneath.setdefault(above, {})[chained.id] = None
    return tuple(done)


def irreversible(lines: Iterable[Performed]) -> tuple[Irreversible, ...]:
    """What a run did that nothing takes back, in order.

    >>> gone = ReleaseFile("r1", Place("seedbox", "a.mkv"), 3, 0)
    >>> [str(each.place) for each in irreversible([Performed(1, gone, Outcome("done"))])]
    ['seedbox:a.mkv']
    """
    found = (inverse(performed, recycle="") for performed in sorted(lines, key=lambda line: line.sequence))
    return tuple(each for each in found if isinstance(each, Irreversible))


def _folders_above(place: Place) -> Iterable[Place]:
    path = place.path
    while "/" in path:
        path = path.rpartition("/")[0]
        yield Place(place.location, path)
