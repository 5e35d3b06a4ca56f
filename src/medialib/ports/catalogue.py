"""Everything that is remembered, as repositories over one store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Final, Literal, NamedTuple, Protocol, runtime_checkable

import attrs

from medialib.events import Observer, nobody
from medialib.model import (
    Episode,
    InventoryFile,
    KnownFile,
    Movie,
    Place,
    Season,
    Show,
    Sighting,
)
from medialib.planning import Action, Outcome, Performed

__all__ = [
    "CATALOGUES",
    "Catalogue",
    "CatalogueOpener",
    "CatalogueTraits",
    "CheckpointRepository",
    "EpisodeRepository",
    "InventoryLine",
    "InventoryRepository",
    "JournalRepository",
    "KnownFileRepository",
    "Lease",
    "LeaseRepository",
    "MovieRepository",
    "Run",
    "RunState",
    "ShowCounts",
    "ShowRepository",
    "SightingRepository",
    "SupportsChecking",
    "SupportsCopying",
    "SupportsCounting",
    "SupportsManyPlaces",
    "SupportsSurvey",
]

CATALOGUES: Final = "medialib.catalogues"
"""The group of entry points by which kinds of catalogue are found: the scheme of an address, and its opener."""

RunState = Literal["running", "done", "partial", "failed", "interrupted", "undone"]


@attrs.frozen
class Run:
    """One run in the journal."""

    id: str
    """Sortable identifier: UTC time stamp and a few random letters."""
    verb: str
    """The verb that started it."""
    started: datetime
    """UTC."""
    state: RunState = "running"
    """``interrupted`` once its holder is found dead or was cancelled; ``undone`` once an undo took all of it back."""
    finished: datetime | None = None
    """UTC; None while it runs."""
    undoes: str | None = None
    """The run it takes back, for an undo."""
    configuration: str = ""
    """Digest of the settings."""


@attrs.frozen
class Lease:
    """A named right that at most one holder has, until it ends."""

    name: str
    """What is held."""
    holder: str
    """Who holds it: ``host:pid:random``."""
    until: datetime
    """When it lapses if not renewed, UTC."""


@attrs.frozen
class CatalogueTraits:
    """How a catalogue differs from others, as data."""

    transactions: bool = True
    """Whether `Catalogue.transaction` covers all repositories together."""
    persistent: bool = True
    """Whether it survives the process."""
    processes: bool = True
    """Whether several processes may have it open at once."""
    kept_beside: tuple[str, ...] = ()
    """Names of the repositories that the database itself is unfit for: an SQLite file beside it keeps them."""
    own_clock: bool = False
    """Whether it has a clock that all who use it share, as a server has: `LeaseRepository.acquire` then goes by that
    where `now` is left out, and machines need not agree on the time."""


@attrs.frozen
class ShowCounts:
    """How much the catalogue knows and has of one show."""

    seasons: int = 0
    """Seasons, that of the specials left out."""
    episodes: int = 0
    """Episodes of those seasons."""
    specials: int = 0
    """Episodes of season 0."""
    files: int = 0
    """Videos of it in the library."""


class ShowRepository(Protocol):
    """Shows by key."""

    def get(self, key: str) -> Show | None:
        """The show, or None."""

    def add(self, show: Show) -> None:
        """Enter a new show; raises KeyError if the key is taken."""

    def put(self, show: Show) -> None:
        """Enter or replace a show."""

    def remove(self, key: str) -> bool:
        """Remove a show with its episodes; tells whether there was one."""

    def all(self) -> Iterator[Show]:
        """All shows, by key."""


class EpisodeRepository(Protocol):
    """Episodes, one for each show, season and number."""

    def put(self, episodes: Iterable[Episode]) -> int:
        """Enter or replace episodes; returns how many. Raises KeyError for an unknown show; then none was."""

    def of_show(self, show: str) -> Iterator[Episode]:
        """The show's episodes, by season and number."""

    def seasons(self, show: str) -> tuple[Season, ...]:
        """The show's seasons, by number."""

    def get(self, show: str, season: int, number: int) -> Episode | None:
        """One episode, or None."""

    def by_absolute(self, show: str, number: int) -> tuple[Episode, ...]:
        """Those with that absolute number, by season and number; more than one means that the number is ambiguous."""

    def by_date(self, show: str, aired: date) -> tuple[Episode, ...]:
        """Those first broadcast on that day, by season and number."""

    def remove(self, show: str, season: int | None = None, number: int | None = None) -> int:
        """Remove the show's episodes, those of one season, or one of them; returns how many."""


class MovieRepository(Protocol):
    """Films by key."""

    def get(self, key: str) -> Movie | None:
        """The film, or None."""

    def add(self, movie: Movie) -> None:
        """Enter a new film; raises KeyError if the key is taken."""

    def put(self, movie: Movie) -> None:
        """Enter or replace a film."""

    def remove(self, key: str) -> bool:
        """Remove a film; tells whether there was one."""

    def all(self) -> Iterator[Movie]:
        """All films, by key."""


class KnownFileRepository(Protocol):
    """Remote files that were dealt with, one for each remote and full path."""

    def get(self, remote: str, path: str) -> KnownFile | None:
        """One row, or None."""

    def put(self, files: Iterable[KnownFile]) -> None:
        """Enter or replace rows."""

    def remove(self, remote: str, path: str) -> bool:
        """Forget one; tells whether there was one."""

    def of_remote(self, remote: str, under: str = "") -> Iterator[KnownFile]:
        """The rows of a remote, by path; only those below the folder `under` (a full path) if one is given."""

    def by_local(self, place: Place) -> KnownFile | None:
        """The row recorded last that was received at `place`, or None."""


class SightingRepository(Protocol):
    """First looks at files that may still be arriving: observations, which may be lost without harm."""

    def of_remote(self, remote: str) -> Mapping[str, Sighting]:
        """The sightings of a remote, by full path."""

    def put(self, sightings: Iterable[Sighting]) -> None:
        """Enter or replace sightings."""

    def remove(self, remote: str, paths: Iterable[str]) -> None:
        """Forget those."""


class InventoryRepository(Protocol):
    """Files in the library, one for each place."""

    def get(self, place: Place) -> InventoryFile | None:
        """One row, or None."""

    def put(self, files: Iterable[InventoryFile]) -> None:
        """Enter or replace rows."""

    def remove(self, place: Place) -> bool:
        """Remove a row; tells whether there was one."""

    def of_unit(self, kind: Literal["episode", "movie"], key: str) -> Iterator[InventoryFile]:
        """The files of a show or film, by place."""

    def by_sha256(self, sha256: str) -> tuple[InventoryFile, ...]:
        """The files with that content, by place."""

    def all(self, location: str | None = None) -> Iterator[InventoryFile]:
        """All rows, or those of one location, by place."""


@runtime_checkable
class SupportsManyPlaces(Protocol):
    """What some inventories can do besides: tell of many places in one question."""

    def at(self, places: Iterable[Place]) -> Mapping[Place, InventoryFile]:
        """The rows of those of `places` that have one."""


class InventoryLine(NamedTuple):
    """What tells the files of a library apart, of one row of the inventory: a plain tuple, for there may be many."""

    location: str
    """`Place.location`."""
    path: str
    """`Place.path`."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change."""
    role: str
    """`Holding.role`."""
    kind: str | None
    """`Unit.kind`; None where it is not known what the file holds, and so are the next four."""
    key: str | None
    """`Unit.key`."""
    season: int | None
    """`Unit.season`."""
    episodes: tuple[int, ...]
    """`Unit.episodes`."""
    aired: date | None
    """`Unit.aired`."""
    sha256: str | None
    """`Holding.sha256`."""

    @classmethod
    def of(cls, row: InventoryFile) -> InventoryLine:
        """What tells a row apart."""
        place, holding, unit = row.place, row.holding, row.holding.unit
        file = (place.location, place.path, row.size, row.mtime_ns, holding.role)
        if unit is None:
            return cls(*file, None, None, None, (), None, holding.sha256)
        return cls(*file, unit.kind, unit.key, unit.season, unit.episodes, unit.aired, holding.sha256)


@runtime_checkable
class SupportsSurvey(Protocol):
    """What some inventories can do besides: go through a hundred thousand rows in a moment."""

    def survey(self, location: str | None = None) -> Iterator[InventoryLine]:
        """As `InventoryRepository.all`, with less of each row."""


class JournalRepository(Protocol):
    """What was intended, and what came of it. Rows are only ever added and completed.

    A run's lines are numbered from 1 without gaps, in the order of `intend`.
    """

    def begin(self, run: Run) -> None:
        """Enter a new run; raises KeyError if the id is taken."""

    def intend(self, run: str, actions: Iterable[Action]) -> tuple[int, ...]:
        """Write down what is about to be done; returns the line numbers. Durable when it, or its transaction, ends."""

    def complete(self, run: str, outcomes: Iterable[tuple[int, Outcome]]) -> None:
        """Write down what came of lines. Raises KeyError for a line that does not exist or has an outcome already."""

    def finish(self, run: str, state: RunState, finished: datetime) -> None:
        """Set the state of a run."""

    def get(self, run: str) -> Run | None:
        """One run, or None."""

    def runs(self, limit: int | None = None) -> tuple[Run, ...]:
        """Runs, latest first."""

    def lines(self, run: str) -> Iterator[Performed]:
        """A run's lines, by number."""

    def touching(self, place: Place) -> Iterator[tuple[str, Performed]]:
        """Run ids and lines whose action names `place` as source, target or place, oldest first."""


class CheckpointRepository(Protocol):
    """Named small texts that long work keeps its place with."""

    def get(self, name: str) -> str | None:
        """The text, or None."""

    def put(self, name: str, text: str) -> None:
        """Enter or replace it."""

    def remove(self, name: str) -> bool:
        """Remove it; tells whether there was one."""

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""


class LeaseRepository(Protocol):
    """Rights that lapse, so that a dead holder frees them."""

    def acquire(self, name: str, holder: str, *, seconds: float, now: datetime | None = None) -> Lease:
        """Take or renew a lease until `now` + `seconds`; None is the time by the catalogue's own clock.

        Returns the lease that now stands: if its holder is not `holder`, somebody else has it and it has not lapsed at
        `now`. Atomic between processes.
        """

    def release(self, name: str, holder: str) -> bool:
        """Give it back; tells whether `holder` had it."""

    def get(self, name: str) -> Lease | None:
        """The lease as it stands, lapsed or not, or None."""


class Catalogue(Protocol):
    """Everything that is remembered, as repositories over one store.

    May be used from several threads at once. Outside a transaction every call is one by itself: durable when it
    returns, and whole for whoever reads meanwhile. Between the calls of a transaction another process may have written,
    unless a lease keeps it from that: who decides by what it read holds one. A transaction of a catalogue that was
    opened read-only sees one moment. Text is data, up to 10,000 characters at
    least: quotes, NUL characters and lone surrogates come back as they went in, and sort by code point. Writes to a
    catalogue opened read-only raise `CatalogueError`. Iterators are safe against later writes. Raises `CatalogueBusy`
    (transient) if another process held it too long, and `CatalogueOutOfReach` (transient) if its server does not
    answer; the next call then tries to reach it again.
    """

    @property
    def identity(self) -> str:
        """What tells this catalogue from every other: set when it is made, kept by backups and copies.

        Empty for one that was opened read-only and is not there yet.
        """

    @property
    def traits(self) -> CatalogueTraits:
        """How it differs from others."""

    @property
    def read_only(self) -> bool:
        """Whether writes are refused."""

    @property
    def shows(self) -> ShowRepository:
        """Shows with their aliases."""

    @property
    def episodes(self) -> EpisodeRepository:
        """Episodes of the shows."""

    @property
    def movies(self) -> MovieRepository:
        """Films."""

    @property
    def known_files(self) -> KnownFileRepository:
        """Remote files that were dealt with."""

    @property
    def sightings(self) -> SightingRepository:
        """First looks at remote files."""

    @property
    def inventory(self) -> InventoryRepository:
        """Files in the library."""

    @property
    def journal(self) -> JournalRepository:
        """Runs and their lines."""

    @property
    def checkpoints(self) -> CheckpointRepository:
        """Where long work had got to."""

    @property
    def leases(self) -> LeaseRepository:
        """Who may write."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: what is done inside, by this thread, is durable together at the end, or not at all if an
        exception leaves it. A transaction inside another belongs to the outer one."""

    def close(self) -> None:
        """Let go of the store. Calling it twice is fine."""


@runtime_checkable
class SupportsCopying(Protocol):
    """What a catalogue can do that is copied, backed up or restored as a whole, besides what every one can.

    All three are part of a transaction that is around them, as calls of the repositories are.
    """

    def remotes(self) -> tuple[str, ...]:
        """The names of the remotes that known files or sightings are of, sorted by code point."""

    def adopt(self, identity: str) -> None:
        """Take over the identity of the catalogue that is copied into this one.

        Raises CatalogueError unless this one is empty, but for leases, and for an identity that is none ("").
        """

    def clear(self) -> None:
        """Forget everything but the identity and the leases."""


@runtime_checkable
class SupportsChecking(Protocol):
    """What a catalogue can do that knows how to look for damage that reading all its records would not show."""

    def faults(self) -> tuple[str, ...]:
        """What is wrong inside, one line a fault; empty if nothing is. Nothing is changed."""


@runtime_checkable
class SupportsCounting(Protocol):
    """What a catalogue can do that counts what it has of many shows faster than by reading all of it."""

    def show_counts(self, shows: Collection[str]) -> Mapping[str, ShowCounts]:
        """What there is of each of these shows, by `Show.key`; of one that it does not have, nothing at all."""


class CatalogueOpener(Protocol):
    """What an entry point of the group `CATALOGUES` names: opens the catalogues whose addresses have its scheme."""

    def __call__(
        self, url: str, *, read_only: bool = False, create: bool = True, observer: Observer = nobody
    ) -> Catalogue:
        """The catalogue at an address, made if it is not there and `create` allows it.

        With `read_only` nothing of it changes, and one that is not there yet is empty, without identity. `observer` is
        told what opening had to do, such as bringing an older one up to date. Raises ConfigurationError for an address
        that cannot be read, never showing it, for it may hold a password; CatalogueMissing if there is none and
        `create` is False; CatalogueFromTheFuture, CatalogueCorrupt, CatalogueBusy and CatalogueError otherwise.
        """
