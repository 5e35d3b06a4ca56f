"""The actions a plan is made of, and what each asks of the world before it may happen.

An action is a frozen value. It names files by `Place`, so it means nothing outside the configured locations. It carries
all that carrying it out needs to know, and nothing secret.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

import attrs

from medialib.model import Episode, Holding, KnownFile, Movie, Place, Show

__all__ = [
    "Absent",
    "Action",
    "AddMovie",
    "AddShow",
    "ChangeShow",
    "Discard",
    "Fetch",
    "MakeFolder",
    "Move",
    "Precondition",
    "RecordKnown",
    "RemoveFolder",
    "RemoveMovie",
    "RemoveShow",
    "SetEpisodes",
    "SetHolding",
    "Unchanged",
    "bytes_carried",
    "describe",
    "effects",
    "preconditions",
]


@attrs.frozen
class Fetch:
    """Receive a remote file, prove its size and hash, and let it stand under its name; then record it as known."""

    id: str
    """Identifier within the plan."""
    source: Place
    """The remote file."""
    target: Place
    """Where it shall stand; nothing may stand there."""
    size: int
    """Bytes, as listed."""
    mtime_ns: int
    """Time of last change, as listed; the received file gets it too."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


@attrs.frozen
class Move:
    """Give a file another place, by rename where the disks allow it, else by copy, proof and removal."""

    id: str
    """Identifier within the plan."""
    source: Place
    """Where it stands."""
    target: Place
    """Where it shall stand; nothing may stand there."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change."""
    holding: Holding | None = None
    """What the inventory shall say of it; None: it is not to be in the inventory any more."""
    unit: str | None = None
    """Name of the unit (pack, album) it belongs to: a copied source is removed only once its whole unit is placed."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


@attrs.frozen
class Discard:
    """Put a file that is not needed into the recycle folder of its own location."""

    id: str
    """Identifier within the plan."""
    source: Place
    """Where it stands."""
    target: Place
    """Its place in the recycle folder."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change."""
    duplicate_of: Place | None = None
    """A file with the same content, compared byte by byte again before this is carried out; None: none is claimed."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


@attrs.frozen
class MakeFolder:
    """Make a folder that is not there."""

    id: str
    """Identifier within the plan."""
    place: Place
    """The folder."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


@attrs.frozen
class RemoveFolder:
    """Remove a folder if it is empty; one that is not stays, and that is no failure."""

    id: str
    """Identifier within the plan."""
    place: Place
    """The folder."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


@attrs.frozen
class AddShow:
    """Enter a show into the catalogue, with its episodes."""

    id: str
    """Identifier within the plan."""
    show: Show
    """The record; its key must be free."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""
    episodes: tuple[Episode, ...] = ()
    """Its episodes."""


@attrs.frozen
class RemoveShow:
    """Take a show and its episodes out of the catalogue, as long as all of it is still as given."""

    id: str
    """Identifier within the plan."""
    show: Show
    """The record as it must stand."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""
    episodes: tuple[Episode, ...] = ()
    """Its episodes as they must stand, no others besides."""


@attrs.frozen
class ChangeShow:
    """Put another record, and other episodes, in place of a show's, as long as those are still as given."""

    id: str
    """Identifier within the plan."""
    previous: Show
    """The record as it must stand."""
    show: Show
    """The record as it shall be, under the same key."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""
    previous_episodes: tuple[Episode, ...] = ()
    """The episodes that are replaced or removed, as they must stand; the rest of them stay."""
    episodes: tuple[Episode, ...] = ()
    """The episodes that there shall be instead."""


@attrs.frozen
class SetHolding:
    """Set what the inventory says of a file that stays where it is, as long as it still says what it did."""

    id: str
    """Identifier within the plan."""
    place: Place
    """The file."""
    previous: Holding
    """What the inventory must say of it."""
    holding: Holding
    """What it shall say."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


@attrs.frozen
class SetEpisodes:
    """Put episodes of one show in place of others, as long as those are still as given; the rest of them stay."""

    id: str
    """Identifier within the plan."""
    show: str
    """`Show.key`."""
    previous: tuple[Episode, ...]
    """The rows that are replaced or removed, as they must stand."""
    episodes: tuple[Episode, ...]
    """The rows that there shall be instead; a season and number that `previous` lacks must be free."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


@attrs.frozen
class AddMovie:
    """Enter a film into the catalogue."""

    id: str
    """Identifier within the plan."""
    movie: Movie
    """The record; its key must be free."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


@attrs.frozen
class RemoveMovie:
    """Take a film out of the catalogue, as long as it is still the given record."""

    id: str
    """Identifier within the plan."""
    movie: Movie
    """The record as it must stand."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


@attrs.frozen
class RecordKnown:
    """Set what the catalogue knows of one remote file, as long as it still knows what it did."""

    id: str
    """Identifier within the plan."""
    remote: str
    """Name of the remote."""
    path: str
    """Full path on the remote."""
    previous: KnownFile | None
    """The row as it must stand; None: there must be none."""
    record: KnownFile | None
    """The row as it shall be; None: it is forgotten."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


Action: TypeAlias = (
    Fetch
    | Move
    | Discard
    | MakeFolder
    | RemoveFolder
    | AddShow
    | RemoveShow
    | ChangeShow
    | SetEpisodes
    | SetHolding
    | AddMovie
    | RemoveMovie
    | RecordKnown
)
"""Anything a plan may hold."""


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
        case _:
            assert_never(action)


def effects(action: Action) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """The places where files appear, and those where they vanish, once `action` was carried out.

    >>> effects(Move("m1", Place("incoming", "a"), Place("tv", "b"), size=1, mtime_ns=0))
    ((Place(location='tv', path='b'),), (Place(location='incoming', path='a'),))
    """
    match action:
        case Fetch():
            return (action.target,), ()
        case Move() | Discard():
            return (action.target,), (action.source,)
        case MakeFolder():
            return (action.place,), ()
        case RemoveFolder():
            return (), (action.place,)
        case AddShow() | RemoveShow() | ChangeShow() | SetEpisodes() | AddMovie() | RemoveMovie():
            return (), ()
        case SetHolding() | RecordKnown():
            return (), ()
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
            return f"move {action.source} → {action.target}"
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
        case AddMovie():
            return f"add film {action.movie.title}{_year(action.movie.year)}"
        case RemoveMovie():
            return f"remove film {action.movie.title}{_year(action.movie.year)} from the catalogue"
        case RecordKnown():
            verb = "forget" if action.record is None else "record as known:"
            return f"{verb} {action.remote}:{action.path}"
        case _:
            assert_never(action)


def _year(year: int | None) -> str:
    return "" if year is None else f" ({year})"


def _count(episodes: tuple[Episode, ...]) -> str:
    return "1 episode" if len(episodes) == 1 else f"{len(episodes)} episodes"


def _with(episodes: tuple[Episode, ...]) -> str:
    return f" with {_count(episodes)}" if episodes else ""
