"""The protocols between the decisions and the world: locations, transfers, the catalogue, the clock.

A protocol's docstring is its law. `medialib.testing` ships one conformance suite for each; an adapter proves itself by
subclassing it. Protocols grow by new ``Supports…`` protocols, never by a new must.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import BinaryIO, Literal, Protocol, runtime_checkable

import attrs

from medialib.model import (
    Episode,
    FileEntry,
    InventoryFile,
    KnownFile,
    Movie,
    Place,
    RefusedEntry,
    Season,
    Show,
    Sighting,
)
from medialib.planning import Action, Outcome, Performed

__all__ = [
    "CancelToken",
    "Catalogue",
    "CatalogueTraits",
    "CheckpointRepository",
    "Clock",
    "EpisodeRepository",
    "InventoryRepository",
    "JournalRepository",
    "KnownFileRepository",
    "Lease",
    "LeaseRepository",
    "Location",
    "LocationTraits",
    "MovieRepository",
    "Part",
    "PartRecord",
    "Received",
    "Run",
    "RunState",
    "ShowRepository",
    "SightingRepository",
    "Transfer",
    "WritableLocation",
]


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The present instant, UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, from an arbitrary start."""

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""


class CancelToken(Protocol):
    """How a caller asks for an early end; `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether to stop. Long work MUST ask at least every second and then raise `errors.Cancelled`."""


# ---------------------------------------------------------------------------------------------------------- locations


@attrs.frozen
class LocationTraits:
    """How a location differs from others, as data."""

    mtime_granularity_ns: int = 1
    """How fine its file times are: 1 s for SFTP version 3. Times are compared no finer than that."""
    trusted_clock: bool = True
    """Whether its file times are set by the same clock as `Clock.now` (a local disk)."""
    reports_mtime: bool = True
    """Whether its listings carry file times at all; where not, they are 0."""


@runtime_checkable
class Location(Protocol):
    """A tree of files that can be read: a remote, the incoming folder, a library root.

    Paths are relative to its root, ``/`` between parts, and never leave it: every method MUST raise `UnsafePath` for a
    path for which `naming.unsafe_reason` has a reason, or that a link leads out of the root. Undecodable bytes are
    carried by surrogateescape.

    A place that cannot be reached or read MUST raise, never look empty: `ConnectionLost` (transient) where asking again
    may help, `OutOfReach` otherwise. Methods may be called from several threads.
    """

    @property
    def name(self) -> str:
        """The configured name, as in `Place.location`."""

    @property
    def traits(self) -> LocationTraits:
        """How it differs from others."""

    def address(self, path: str) -> str:
        """The full path on the machine or service that holds it, without credentials; stable between runs."""

    def walk(self, path: str = "") -> Iterator[FileEntry | RefusedEntry]:
        """Every file below a folder, at any depth, in a stable order, as it is found (nothing is collected first).

        Folders themselves are not yielded. A link to a file within the root is yielded as that file, with the file's
        size and time; a link to a folder, a link out of the root or to nothing, a device, and a name with an
        `unsafe_reason` are yielded as `RefusedEntry` and not entered. The folder ``.medialib`` at the root, where
        medialib keeps its own files, is passed over. Raises `OutOfReach` if `path` or any folder below it cannot be
        listed, after what was found before it.
        """

    def entry(self, path: str) -> FileEntry | None:
        """The file at `path`, or None if there is none there (a folder is none)."""

    def entries(self, paths: Iterable[str]) -> Mapping[str, FileEntry]:
        """The files among `paths`, by path; absent ones are left out. At best one question a folder, not one a file."""

    def open(self, path: str, *, offset: int = 0) -> BinaryIO:
        """A stream of the file's bytes from `offset` on, to be closed by the caller.

        Raises FileNotFoundError if there is none. Reading from it MUST raise `ConnectionLost` when the far side goes
        away: an early end is never mistaken for the end of the file.
        """

    def close(self) -> None:
        """Let go of connections. Calling it twice is fine."""


@attrs.frozen
class PartRecord:
    """What a partial file is a part of, and how much of it is proven."""

    source: str
    """`Location.name` and `Location.address` of the source, as ``name:address``."""
    size: int
    """Bytes of the whole file, as listed."""
    mtime_ns: int
    """Its time of last change, as listed."""
    offset: int
    """How many bytes from the start `sha256` covers."""
    sha256: str
    """SHA-256 of those bytes, lower-case hex."""


class Part(Protocol):
    """A file on its way: it stands beside its final name, under a name that readers of media leave alone.

    It survives crashes, and is found again by asking for the same final path.
    """

    @property
    def record(self) -> PartRecord | None:
        """What was last noted of it; None if nothing was, or the note cannot be read."""

    def read(self) -> BinaryIO:
        """A stream of the bytes it holds so far; empty if there is no such file yet."""

    def write(self, offset: int) -> BinaryIO:
        """Cut it down to `offset` bytes and return an unbuffered or buffered stream that appends there."""

    def note(self, record: PartRecord) -> None:
        """Keep `record` beside it, atomically."""

    def publish(self, *, mtime_ns: int) -> int:
        """Give it its final name; returns the resulting time of last change as the location keeps it.

        The content MUST be on the disk before the name is, the time of last change set, the configured mode and owner
        applied, and a file that already stands under the final name (in any letter case or Unicode form, where the
        location cannot tell them apart) MUST never be replaced: then `TargetTaken` is raised and the part stays.
        """

    def discard(self) -> None:
        """Remove it and its note. Nothing to remove is fine."""


@runtime_checkable
class WritableLocation(Location, Protocol):
    """A location that `workflows.apply`, and nothing else, writes to.

    All that changes names is made durable by `flush`, which is called before an outcome is journalled.
    """

    def make_folder(self, path: str) -> tuple[str, ...]:
        """Make the folder and those above it; returns those that had to be made, outermost first.

        Raises `TargetTaken` if a file stands in the way, `OutOfReach` if the root itself is missing: a library root is
        never made, since a missing one is most likely a disk that is not mounted.
        """

    def part(self, path: str) -> Part:
        """The partial file for the final name `path`; its folder must exist before it is written."""

    def rename(self, source: str, target: WritableLocation, path: str) -> int | None:
        """Move a file to `path` in `target` (which may be this location) by one atomic step, replacing nothing.

        Returns its time of last change afterwards, or None where no atomic step leads there (another disk): then
        nothing has happened. Raises `TargetTaken` if something stands there, FileNotFoundError if the source is gone.
        """

    def remove(self, path: str, *, size: int, mtime_ns: int) -> None:
        """Remove a file, if it is still the one with that size and time; raises `ContentChanged` if not."""

    def remove_folder(self, path: str) -> bool:
        """Remove a folder if it is there and empty; tells whether it did. The root is never removed."""

    def has_folder(self, path: str) -> bool:
        """Whether a folder stands there."""

    def free_bytes(self) -> int | None:
        """Bytes that can still be written; None where that cannot be told."""

    def flush(self) -> None:
        """Make every rename, creation and removal so far durable."""


@attrs.frozen
class Received:
    """A file whose bytes all arrived in its part, not yet under its final name."""

    size: int
    """Bytes."""
    sha256: str
    """SHA-256 of all of them, lower-case hex."""
    resumed_at: int = 0
    """How many of them were there already and proven."""


class Transfer(Protocol):
    """Carries the bytes of one file from any location into the part of its final name."""

    def receive(
        self,
        source: Location,
        entry: FileEntry,
        part: Part,
        *,
        cancelled: CancelToken,
        arrived: Callable[[int], None],
    ) -> Received:
        """Fill `part` with the content of `entry`, hash it in the same pass, and see it durable on the disk.

        Bytes that the part holds are used again only if its record is of the same source, size and time, and their hash
        is the noted one. MUST raise `ConnectionLost` if the source went away (the part stays, for the next try),
        `ContentChanged` if the file turned out shorter or longer than listed or its size or time changed meanwhile (the
        part is discarded), `errors.Cancelled` within a second of `cancelled` (the part stays), and let OSError of the
        disk pass. `arrived` is told of each count of bytes, resumed ones included, as they are there.
        """


# ---------------------------------------------------------------------------------------------------------- catalogue

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

    def remove(self, show: str, season: int | None = None) -> int:
        """Remove the show's episodes, or those of one season; returns how many."""


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

    def acquire(self, name: str, holder: str, *, seconds: float, now: datetime) -> Lease:
        """Take or renew a lease until `now` + `seconds`.

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
    returns. Text is data: quotes, NUL characters and lone surrogates come back as they went in. Writes to a catalogue
    opened read-only raise `CatalogueError`. Iterators are safe against later writes. Raises `CatalogueBusy`
    (transient) if another process held it too long.
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
