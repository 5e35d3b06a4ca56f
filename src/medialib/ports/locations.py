"""Trees of files, files on their way, and who carries their bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, Literal, Protocol, TypeAlias, runtime_checkable

import attrs

from medialib.model import Digest, DigestAlgorithm, FileEntry, RefusedEntry
from medialib.ports.timing import CancelToken

__all__ = [
    "PART_SUFFIXES",
    "Durability",
    "FolderListing",
    "Location",
    "LocationTraits",
    "Part",
    "PartRecord",
    "Received",
    "SupportsConnectingAhead",
    "SupportsDigests",
    "SupportsFolderListing",
    "SupportsHolding",
    "SupportsLinking",
    "SupportsProving",
    "SupportsReadingAhead",
    "SupportsRelease",
    "SupportsReopening",
    "SupportsReserving",
    "SupportsSettling",
    "SupportsWriters",
    "Transfer",
    "Untold",
    "WritableLocation",
]


Durability: TypeAlias = Literal["names", "content", "nothing"]
"""What a location sees on its disks when asked to: content and names; content, and of names it cannot be told; neither
can be asked for."""


@attrs.frozen
class LocationTraits:
    """How a location differs from others, as data.

    The first two are of every location. The others are of those that are written to, and say what theirs lacks beside a
    local disk: the law of `WritableLocation` and `Part` names them where it depends on them.
    """

    mtime_granularity_ns: int = 1
    """How fine its file times are: 1 s for SFTP version 3. Times are compared no finer than that."""
    reports_mtime: bool = True
    """Whether its listings carry file times at all; where not, they are 0."""
    keeps_mtime: bool = True
    """Whether a file's time of last change can be set; where not, it is the time at which its name was given."""
    renames: bool = True
    """Whether a file can get another name by one step; where not, files are copied to it."""
    exclusive: bool = True
    """Whether giving a name fails by itself where something stands. Where not, it is looked first, and what another
    program puts there between the look and the step, within milliseconds, may be replaced."""
    appends: bool = True
    """Whether what arrived of a file can be continued; where not, a file that was interrupted begins again."""
    durable: Durability = "names"
    """What is seen on its disks before an outcome is journalled."""
    tells_room: bool = True
    """Whether it tells how many bytes can still be written."""
    holds_folders: bool = True
    """Whether a folder can be without files. Where not, folders need not be made, are gone with their last file, and a
    root without any counts as missing."""


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

        What one folder holds MUST come in one run, before what the folders in it hold, so that a folder is known whole
        once its run is over.

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

    @classmethod
    def of(cls, source: Location, entry: FileEntry, offset: int, sha256: str) -> PartRecord:
        """What is known of the first `offset` bytes of a listed file."""
        return cls(f"{source.name}:{source.address(entry.path)}", entry.size, entry.mtime_ns, offset, sha256)


PART_SUFFIXES = (".part", ".part.json")
"""How the names of a `Part` and of its note end."""


class Part(Protocol):
    """A file on its way: it stands beside its final name, under a name that readers of media leave alone.

    It survives crashes, and is found again by asking for the same final path.
    """

    @property
    def record(self) -> PartRecord | None:
        """What was last noted of it; None if nothing was, or the note cannot be read.

        Where the location does not append, only what was noted of the whole file is told.
        """

    def read(self) -> BinaryIO:
        """A stream of the bytes it holds so far; empty if there is no such file yet."""

    def write(self, offset: int) -> BinaryIO:
        """Cut it down to `offset` bytes and return an unbuffered or buffered stream that appends there.

        Where the location does not append, `offset` is 0, or all that it holds: then nothing can be added.
        """

    def note(self, record: PartRecord) -> None:
        """Keep `record` beside it, atomically."""

    def publish(self, *, mtime_ns: int) -> int:
        """Give it its final name; returns the resulting time of last change as the location keeps it.

        The content MUST be on the disk before the name is (where the location can see to that; where it cannot, what it
        gives back MUST be the bytes that it was given), the time of last change set, the configured mode and owner
        applied, all as far as the location's traits go. At no moment may a part of the file stand under the final name.
        A file that already stands under the final name (in any letter case or Unicode form, where the
        location cannot tell them apart) MUST never be replaced: then `TargetTaken` is raised and the part stays. Raises
        `ContentChanged` if the part is not what was written or noted; then its record is forgotten.
        """

    def discard(self) -> None:
        """Remove it and its note. Nothing to remove is fine."""


@runtime_checkable
class SupportsHolding(Protocol):
    """What some parts can do besides: keep a small file without any name until it is published."""

    def hold(self, content: bytes | bytearray | memoryview) -> bool:
        """Be a part with all of this content, of which a crash leaves nothing; `note` gives it a name of its own.

        False where that cannot be done, or where there is a part already: then nothing has happened.
        """


@runtime_checkable
class SupportsReserving(Protocol):
    """What some parts can do besides: have room on the disk before the bytes are there."""

    def reserve(self, size: int) -> None:
        """Have the next `Part.write` keep room for a file of that size, as long as its stream is open.

        That `write` MUST raise OSError (ENOSPC) if there is none, at once; where room cannot be kept it does as if
        nothing had been asked for. The part is never longer for it than what was written.
        """

    def release(self) -> None:
        """Give back what is kept for it, as it is after a crash. No part, or nothing kept, is fine."""


@runtime_checkable
class SupportsSettling(Protocol):
    """What some parts can do besides: be seen on the disk before they are published, several at a time."""

    def settle(self, *, mtime_ns: int) -> None:
        """See the content on the disk, with this time of last change and the configured mode and owner.

        `Part.publish` with the same time then only gives the name. May be called for several parts at once, on any
        threads. What could not be seen on the disk MUST NOT be taken as proven by a later try: the record is forgotten.
        """


@runtime_checkable
class SupportsProving(Protocol):
    """What some parts can do besides: find out, before they are published, that they are what was received.

    Where a location is another machine, that takes as long as fetching the file from there; `Part.publish` does it by
    itself where nobody asked for it, and then cannot be stopped.
    """

    def prove(self, size: int, sha256: str, *, cancelled: CancelToken) -> bool:
        """Whether the location was asked and said so; False where that is left to `SupportsSettling.settle`.

        By the location's own word, if it gives one, else by reading everything back. Raises `ContentChanged` if it has
        other bytes (the part is discarded), `errors.Cancelled` when asked to stop (the part stays).
        """


@runtime_checkable
class WritableLocation(Location, Protocol):
    """A location that `workflows.apply`, and nothing else, writes to. `traits` say what it lacks beside a local disk.

    All that changes names is made durable by `flush`, which is called before an outcome is journalled.
    """

    def make_folder(self, path: str) -> tuple[str, ...]:
        """Make the folder and those above it; returns those that had to be made, outermost first.

        Raises `TargetTaken` if a file stands in the way, `OutOfReach` if the root itself is missing: a library root is
        never made, since a missing one is most likely a disk that is not mounted. Where the location holds no empty
        folders, nothing is made.
        """

    def part(self, path: str) -> Part:
        """The partial file for the final name `path`; its folder must exist before it is written."""

    def rename(self, source: str, target: WritableLocation, path: str) -> int | None:
        """Move a file to `path` in `target` (which may be this location) by one atomic step, replacing nothing.

        Returns its time of last change afterwards, or None where no atomic step leads there (another disk, or a
        location that does not rename): then nothing has happened. Raises `TargetTaken` if something stands there,
        FileNotFoundError if the source is gone.
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


@runtime_checkable
class SupportsLinking(Protocol):
    """What some locations can do besides: let a file stand at a second place without its bytes being carried there.

    Both ways replace nothing, and leave the source as it was. They return the time of last change of what stands at
    `path` in `target` (which may be this location) afterwards, or None where that way does not lead there: then nothing
    has happened. They raise as `WritableLocation.rename` does.
    """

    def hardlink(self, source: str, target: WritableLocation, path: str) -> int | None:
        """Give the file a second name: what is written to one, or its mode and owner, is that of the other.

        None too where the file has not the mode and owner that are configured for `target`.
        """

    def reflink(self, source: str, target: WritableLocation, path: str, *, size: int, mtime_ns: int) -> int | None:
        """Make a second file of that time of last change which shares the blocks of the first until one is written to.

        Raises `ContentChanged` if the source turns out not to have `size` bytes.
        """

    def is_same_file(self, source: str, target: WritableLocation, path: str) -> bool:
        """Whether both are names of one file; False where one is absent, or that cannot be told."""


@attrs.frozen
class FolderListing:
    """What one folder holds, those below it not looked into."""

    entries: tuple[FileEntry | RefusedEntry, ...]
    """Its files by name, as `Location.walk` gives them, and what is refused."""
    folders: tuple[str, ...]
    """The paths of its folders, by name."""


@runtime_checkable
class SupportsFolderListing(Protocol):
    """What some locations can do besides: list one folder alone, so that several are listed at once."""

    def list_folder(self, path: str) -> FolderListing:
        """What the folder at `path` (empty for the root) holds; raises as `Location.walk` does.

        Put together, each folder's entries before its folders, this MUST be what `Location.walk` gives.
        """


@runtime_checkable
class SupportsReopening(Protocol):
    """What some locations can do besides: be read by another process, or by a machine that has the same files."""

    def reopening(self) -> Callable[[], Location]:
        """What opens it again there, to be read: picklable, small, and without any secret."""


@runtime_checkable
class SupportsReadingAhead(Protocol):
    """What some locations can do besides: ask for files before they are opened, where each question is a journey."""

    def expect(self, entries: Iterable[FileEntry]) -> None:
        """These files will be opened next, about in this order; what was expected before is forgotten.

        Small ones may be read ahead, within bounded memory, once the first of them is opened. `open` then MUST give the
        content of the file that has the entry's size and time, and else do as if nothing had been expected; the next
        `entry` of that path may tell what was found when its last byte was read. Nothing is raised here.
        """

    def at_hand(self, path: str) -> bool:
        """Whether an expected file is here already, so that opening, reading and closing it waits for nobody.

        Answered at once, and never by raising. What is not at hand is opened as ever.
        """


@runtime_checkable
class SupportsConnectingAhead(Protocol):
    """What some locations can do besides: greet the far side while others still make ready."""

    def connect_ahead(self) -> None:
        """Begin to connect, and return at once. A refusal is raised by whatever is asked for first, not here."""


@runtime_checkable
class SupportsWriters(Protocol):
    """What some locations can tell besides: whether a file is being written to this very moment."""

    def being_written(self, path: str) -> bool | None:
        """Whether another program has the file open for writing; None where that cannot be told."""


@runtime_checkable
class SupportsRelease(Location, Protocol):
    """A remote that lets go of files. `workflows.apply`, and nothing else, calls these, and only if the user said so.

    Every change is durable, as far as the remote can make it so, when its method returns. A method whose answer is lost
    raises `ConnectionLost`, and may or may not have done its work: the caller looks.
    """

    def remove(self, path: str, *, size: int, mtime_ns: int) -> None:
        """Remove a file, if it is still the one with that size and time; raises `ContentChanged` if not."""

    def remove_folder(self, path: str) -> bool:
        """Remove a folder if it is there and empty; tells whether it did. The root is never removed."""

    def relocate(self, source: str, path: str) -> tuple[str, ...]:
        """Give a file another place in this location, by one step that replaces nothing; tells which folders it made.

        Those are told outermost first. Size and time stay. Raises `TargetTaken` if something stands at `path`,
        FileNotFoundError if the source is gone.
        """

    def mark(self, path: str) -> FileEntry:
        """Put an empty file at `path`, whose folder must be there; an empty one that stands there already will do.

        Raises `TargetTaken` if something else stands there.
        """


@attrs.frozen
class Untold:
    """A question that a location could have answered, and did not."""

    reason: str
    """Why, for a reader."""


@runtime_checkable
class SupportsDigests(Protocol):
    """What some locations can tell besides: what a file's bytes come to, without sending them."""

    def digest(self, path: str, algorithms: Sequence[DigestAlgorithm], *, cancelled: CancelToken) -> Digest | Untold:
        """What the location says of the whole file at `path`, by the first of `algorithms` that it knows.

        An answer that is not understood to the last letter is `Untold`, as is a refusal. Raises FileNotFoundError if
        there is no such file, `ConnectionLost` when the far side goes away, `errors.Cancelled` soon after `cancelled`.
        """


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
        """Fill `part` with the content of `entry` and hash it in the same pass. It is durable once it is published.

        Bytes that the part holds are used again only if its record is of the same source, size and time, and their hash
        is the noted one. What arrived is noted, at least every 8 MiB and at the end, so that a later try sends little
        twice; not that of a file of 128 KiB or less that arrived whole, which is quicker sent again.

        MUST raise `ConnectionLost` if the source went away (the part stays, for the next try), `ContentChanged` if the
        file turned out shorter or longer than listed or its size or time changed meanwhile (the part is discarded),
        `errors.Cancelled` within a second of `cancelled` (the part stays), and let OSError of the disk pass. `arrived`
        is told of each count of bytes, resumed ones included, as they are there.
        """
