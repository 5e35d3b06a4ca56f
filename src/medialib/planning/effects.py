"""What an action asks of the files before it may happen, what it does to them, and how it is said."""

from __future__ import annotations

from typing import TypeAlias, assert_never

import attrs

from medialib.model import Episode, Place
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
from medialib.planning.releases import KeptCopy, ReleaseFile, ReleaseFolder, ReleaseMark, ReleaseMove

__all__ = ["Absent", "Precondition", "Unchanged", "bytes_carried", "describe", "effects", "preconditions"]


@attrs.frozen
class Unchanged:
    """The file at `place` has this size and time of last change."""

    place: Place
    """The file."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change."""


@attrs.frozen
class Absent:
    """Nothing stands at `place`."""

    place: Place
    """The name that must be free."""


Precondition: TypeAlias = Unchanged | Absent
"""What an action asks of the world."""


def preconditions(action: Action) -> tuple[Precondition, ...]:
    """What must hold of files for `action` to be carried out.

    >>> preconditions(Fetch("f1", Place("seedbox", "a.mkv"), Place("incoming", "a.mkv"), size=3, mtime_ns=5))
    (Unchanged(place=Place(location='seedbox', path='a.mkv'), size=3, mtime_ns=5),
     Absent(place=Place(location='incoming', path='a.mkv')))
    """
    match action:
        case Fetch() | Move() | Discard():
            return (Unchanged(action.source, action.size, action.mtime_ns), Absent(action.target))
        case MakeFolder() | RemoveFolder():
            return ()
        case AddShow() | RemoveShow() | ChangeShow() | SetEpisodes() | AddMovie() | RemoveMovie():
            return ()
        case SetHolding() | RecordKnown():
            return ()
        case RecordInventory(place=place, record=record):
            return (Unchanged(place, record.size, record.mtime_ns),) if action.adopts and record is not None else ()
        case Purge():
            return (Unchanged(action.place, action.size, action.mtime_ns),)
        case WriteText():
            return (Absent(action.place),)
        case ReleaseFile():
            return (Unchanged(action.source, action.size, action.mtime_ns), *_kept(action.copy))
        case ReleaseMove():
            kept = () if action.back else _kept(action.copy)
            return (Unchanged(action.source, action.size, action.mtime_ns), Absent(action.target), *kept)
        case ReleaseMark():
            if action.back:
                return ()
            listed = (
                Unchanged(Place(action.place.location, file.path), file.size, file.mtime_ns) for file in action.files
            )
            return (*listed, Absent(action.place), *_kept(*action.copies))
        case ReleaseFolder():
            return ()
        case _:
            assert_never(action)


def _kept(*copies: KeptCopy | None) -> tuple[Unchanged, ...]:
    return tuple(Unchanged(copy.place, copy.size, copy.mtime_ns) for copy in copies if copy is not None)


def effects(action: Action) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """The places where files appear, and those where they vanish or may do so, once `action` was carried out.

    >>> effects(Move("m1", Place("incoming", "a"), Place("tv", "b"), size=1, mtime_ns=0))
    ((Place(location='tv', path='b'),), (Place(location='incoming', path='a'),))
    >>> effects(Move("m1", Place("incoming", "a"), Place("tv", "b"), size=1, mtime_ns=0, ways=("hardlink", "copy")))
    ((Place(location='tv', path='b'),), ())
    """
    match action:
        case Fetch():
            return (action.target,), ()
        case Move(may_take_away=False):
            return (action.target,), ()
        case Move() | Discard():
            return (action.target,), (action.source,)
        case MakeFolder() | WriteText():
            return (action.place,), ()
        case RemoveFolder() | Purge():
            return (), (action.place,)
        case AddShow() | RemoveShow() | ChangeShow() | SetEpisodes() | AddMovie() | RemoveMovie():
            return (), ()
        case SetHolding() | RecordInventory() | RecordKnown():
            return (), ()
        case ReleaseFile():
            return (), (action.source,)
        case ReleaseMove():
            return (action.target,), (action.source,)
        case ReleaseMark():
            return ((), (action.place,)) if action.back else ((action.place,), ())
        case ReleaseFolder():
            return (), (action.place,)
        case _:
            assert_never(action)


def bytes_carried(action: Action) -> int:
    """Bytes that `action` is sure to carry; a move may turn out to be a copy, which only trying tells.

    >>> bytes_carried(Fetch("f1", Place("seedbox", "a"), Place("incoming", "a"), size=3, mtime_ns=5))
    3
    """
    return action.size if isinstance(action, Fetch) else 0


def describe(action: Action) -> str:
    """One line for a reader, without the reason.

    >>> describe(RemoveFolder("r1", Place("incoming", "Show.S01")))
    'remove folder incoming:Show.S01 if empty'
    """
    match action:
        case Fetch():
            return f"fetch {action.source} → {action.target}"
        case Move():
            return f"{', else '.join(action.ways) or 'move'} {action.source} → {action.target}"
        case Discard():
            return f"recycle {action.source}"
        case MakeFolder():
            return f"make folder {action.place}"
        case RemoveFolder():
            return f"remove folder {action.place} if empty"
        case AddShow():
            return f"add show {action.show.title}{_year(action.show.year)}{_with(action.episodes)}"
        case RemoveShow():
            return f"remove show {action.show.title}{_year(action.show.year)} from the catalogue"
        case ChangeShow():
            previous, show = action.previous, action.show
            before, now = f"{previous.title}{_year(previous.year)}", f"{show.title}{_year(show.year)}"
            return f"change show {before}{f' to {now}' if now != before else ''}{_with(action.episodes)}"
        case SetEpisodes():
            return f"set {_count(action.episodes)} of {action.show}"
        case SetHolding():
            return f"set what the inventory says of {action.place}"
        case RecordInventory():
            if action.record is None:
                return f"forget {action.place}"
            return f"{'change what is recorded of' if action.previous is not None else 'enter'} {action.place}"
        case AddMovie():
            return f"add film {action.movie.title}{_year(action.movie.year)}"
        case RemoveMovie():
            return f"remove film {action.movie.title}{_year(action.movie.year)} from the catalogue"
        case RecordKnown():
            verb = "forget" if action.record is None else "record as known:"
            return f"{verb} {action.remote}:{action.path}"
        case Purge():
            return f"delete {action.place} for good"
        case WriteText():
            return f"write {action.place}"
        case ReleaseFile():
            return f"delete {action.source} on the remote"
        case ReleaseMove():
            return f"move {action.source} → {action.target} on the remote"
        case ReleaseMark():
            return f"take away the mark {action.place}" if action.back else f"mark as released: {action.place}"
        case ReleaseFolder():
            return f"remove folder {action.place} on the remote if empty"
        case _:
            assert_never(action)


def _year(year: int | None) -> str:
    return "" if year is None else f" ({year})"


def _count(episodes: tuple[Episode, ...]) -> str:
    return "1 episode" if len(episodes) == 1 else f"{len(episodes)} episodes"


def _with(episodes: tuple[Episode, ...]) -> str:
    return f" with {_count(episodes)}" if episodes else ""
