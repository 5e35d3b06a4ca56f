"""The actions a plan is made of.

An action is a frozen value. It names files by `Place`, so it means nothing outside the configured locations. It carries
all that carrying it out needs to know, and nothing secret.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import attrs

from medialib.model import Digest, Episode, Holding, InventoryFile, KnownFile, Movie, Place, Show
from medialib.planning.releases import Release

__all__ = [
    "RECYCLE",
    "Action",
    "AddMovie",
    "AddShow",
    "ChangeShow",
    "Discard",
    "Fetch",
    "MakeFolder",
    "Move",
    "Purge",
    "RecordInventory",
    "RecordKnown",
    "RemoveFolder",
    "RemoveMovie",
    "RemoveShow",
    "SetEpisodes",
    "SetHolding",
    "Way",
    "WriteText",
]


Way: TypeAlias = Literal["reflink", "hardlink", "move", "copy"]
"""How a file gets a place: as a second file that shares its blocks, as a second name of the same file, by being taken
away from where it stands, or as a second file. All but ``move`` leave it where it is, too."""


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
    expected: tuple[Digest, ...] = ()
    """What lists of checksums beside it say of its content; it must agree with each of them."""


@attrs.frozen
class Move:
    """Give a file another place, by the first of its `ways` that works there.

    A ``move`` is a rename where the disks allow it, else a copy, its proof and the removal of the source.
    """

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
    ways: tuple[Way, ...] = ("move",)
    """How, the first that works there; where none does, nothing happens."""

    @property
    def may_take_away(self) -> bool:
        """Whether the file may be gone from its source afterwards."""
        return "move" in self.ways


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


RECYCLE: Final = ".medialib/recycle"
"""Folder, relative to a location's root, that files go to which are not needed."""


@attrs.frozen
class Purge:
    """Delete a file that lies in the recycle folder of its location. This cannot be taken back."""

    id: str
    """Identifier within the plan."""
    place: Place
    """The file; nothing outside the recycle folder is ever deleted."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


@attrs.frozen
class WriteText:
    """Write a small text file where nothing stands."""

    id: str
    """Identifier within the plan."""
    place: Place
    """Where it shall stand."""
    text: str
    """Its content, which is written as UTF-8."""
    holding: Holding | None = None
    """What the inventory shall say of it; None: nothing."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""

    @property
    def content(self) -> bytes:
        """Its bytes; what cannot be encoded is replaced."""
        return self.text.encode(errors="replace")


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


@attrs.frozen
class RecordInventory:
    """Set the inventory's row of one place, whose file stays as it is, as long as it still says what it did."""

    id: str
    """Identifier within the plan."""
    place: Place
    """The file."""
    previous: InventoryFile | None
    """The row as it must stand; None: there must be none."""
    record: InventoryFile | None
    """The row as it shall be; None: the library has no such file any more."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""
    adopts: bool = False
    """Whether a file must stand there that has the size and the time of last change of `record`."""


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
    | RecordInventory
    | RecordKnown
    | Purge
    | WriteText
    | Release
)
"""Anything a plan may hold."""
