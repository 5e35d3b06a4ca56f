"""IMDb's own files made into an index: read in one pass each, in bounded memory, and put in place whole or not at all.

The index that is there serves until the new one is finished. An import that ends in the middle, however it ends, leaves
it as it was; the next one begins again.
"""

from __future__ import annotations

import fcntl
import gzip
import os
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Final

import attrs

from medialib.errors import Cancelled, OutOfReach, TransientError, UnusableFile, UsageError
from medialib.events import Observer, RecordsRead, nobody
from medialib.matching import normalise_title
from medialib.model import utc
from medialib.ports import CancelToken
from medialib.providers.imdb_index import SCHEMA, VERSION, ImdbIndex, name_hash, read_index
from medialib.providers.imdb_rows import (
    HEADERS,
    MOVIE,
    SHOW,
    DataSet,
    Kinds,
    data_set_of,
    read_akas,
    read_basics,
    read_episodes,
    read_ratings,
)

__all__ = ["DATA_SETS", "ImdbImport", "files_among", "import_imdb"]

DATA_SETS: Final[tuple[DataSet, ...]] = tuple(HEADERS)
"""The files of IMDb's that are used, in the order they are read; all but ``title.basics`` may be missing."""

_BATCH = 1 << 20
_CACHE_KIB = 96 * 1024
_MOST_REFUSED = 0.01
_FEW = 100
_PARTS = 2000


@attrs.frozen
class ImdbImport:
    """What an import made."""

    index: ImdbIndex
    """The index that is in place now."""
    read: Mapping[str, int] = attrs.field(hash=False)
    """Lines that were read of each of IMDb's files."""
    refused: Mapping[str, int] = attrs.field(hash=False)
    """Lines of each that were not in its form, and were left out; those without any are not named."""


def files_among(paths: Iterable[Path]) -> dict[DataSet, Path]:
    """IMDb's files among these, folders looked into; other files of IMDb's in a folder are left alone.

    Raises UsageError for a file that is none of those that are used, for two of one kind, and if ``title.basics`` is
    missing; OutOfReach for a path that cannot be read.
    """
    found: dict[DataSet, Path] = {}
    for path in paths:
        try:
            listed = sorted(path.iterdir()) if path.is_dir() else [path]
            path.stat()
        except OSError as error:
            raise OutOfReach(f"{path} cannot be read: {error.strerror}") from None
        for file in listed:
            kind = data_set_of(file.name)
            if kind is None and file == path:
                names = ", ".join(f"{name}.tsv.gz" for name in DATA_SETS)
                raise UsageError(f"{file.name} is none of IMDb's files that are used", remedy=f"Those are {names}.")
            if kind is not None and found.get(kind, file) != file:
                raise UsageError(f"{found[kind]} and {file} are both {kind}", remedy="Name one of them.")
            if kind is not None:
                found[kind] = file
    if "title.basics" not in found:
        raise UsageError(
            "title.basics.tsv.gz is not among the files, and without it no title is known",
            remedy="It is at https://datasets.imdbws.com.",
        )
    return found


def import_imdb(
    files: Mapping[DataSet, Path],
    index: Path,
    *,
    made: datetime,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> ImdbImport:
    """Make the index anew from IMDb's files, packed or not, at the moment `made`.

    Needs room for some 3 GB beside the old index, and 200 MB of memory. A line that is not in its file's form is left
    out and counted. Raises UnusableFile for a file that is cut or damaged, lacks its header, or has more than one such
    line in a hundred; TransientError while another import is at work; OutOfReach where the disk refuses; Cancelled soon
    after the caller asks to stop. The index that was there stays then.
    """
    with _alone(index) as part:
        try:
            with closing(_fresh(part)) as connection:
                work = _Import(connection, observer, cancelled)
                for name in DATA_SETS:
                    if name in files:
                        work.read(name, files[name])
                work.finish(utc(made))
            _put_in_place(part, index)
        except sqlite3.Error as error:
            raise OutOfReach(
                f"the index of IMDb's titles could not be written: {error}",
                remedy=f"Make room (some 3 GB) on the disk of {index.parent}; the index that was there stays.",
            ) from None
        return ImdbImport(read_index(index), work.lines, {name: count for name, count in work.refused.items() if count})


class _Import:
    """One import: what it read so far, and where it writes."""

    def __init__(self, connection: sqlite3.Connection, observer: Observer, cancelled: CancelToken | None) -> None:
        self.lines: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self._connection = connection
        self._observer = observer
        self._cancelled = cancelled
        self._kinds = Kinds()

    def read(self, name: DataSet, file: Path) -> None:
        """Read one of the files into its tables."""
        take = {
            "title.ratings": self._ratings,
            "title.basics": self._basics,
            "title.akas": self._akas,
            "title.episode": self._episodes,
        }[name]
        lines, refused, garbled = 0, 0, b""
        for batch in _batches(file, HEADERS[name]):
            self._go_on()
            some = take(batch)
            lines += len(batch)
            refused += len(some)
            garbled = garbled or b"".join(some[:1])
            self._observer(RecordsRead(name, lines))
        self.lines[name], self.refused[name] = lines, refused
        if refused > max(_FEW, lines * _MOST_REFUSED) or (refused and refused == lines):
            shown = garbled[:60].decode("utf-8", "backslashreplace").strip()
            raise UnusableFile(
                f"{file} is not in the form of IMDb's {name}: {refused} of {lines} lines are not, such as {shown!r}",
                remedy="Fetch it again from https://datasets.imdbws.com.",
            )
        self._observer(RecordsRead(name, lines, done=True))

    def finish(self, made: datetime) -> None:
        """Make what is searched by, and note what there is."""
        run = self._connection.execute
        run("CREATE INDEX episodes_of ON episodes (show, season, number)")
        run("CREATE TEMP TABLE hashes (hash INTEGER NOT NULL, number INTEGER NOT NULL)")
        for kind in (SHOW, MOVIE):
            self._searchable(kind)
        # sorted first, a tree is written from left to right
        run("INSERT OR IGNORE INTO named SELECT hash, number FROM hashes ORDER BY hash, number")
        counted = {
            "series": f"SELECT count(*) FROM titles WHERE kind = {SHOW}",  # noqa: S608 - a number of ours
            "films": f"SELECT count(*) FROM titles WHERE kind = {MOVIE}",  # noqa: S608 - a number of ours
            "other titles": "SELECT count(*) FROM aliases",
            "episodes": "SELECT count(*) FROM episodes",
            "ratings": "SELECT count(*) FROM ratings",
        }
        about = [(f"count {name}", str(run(question).fetchone()[0])) for name, question in counted.items()]
        about += [("version", VERSION), ("made", made.isoformat())]
        self._connection.executemany("INSERT INTO about VALUES (?, ?)", about)
        self._connection.commit()

    def _searchable(self, kind: int) -> None:
        """Enter titles of a kind by their words and names, the best known first."""
        writer = self._connection.cursor()
        ranked = self._connection.execute(
            "SELECT t.number, t.title, t.original FROM titles t LEFT JOIN ratings r ON r.number = t.number "
            "WHERE t.kind = ? ORDER BY coalesce(r.votes, 0) DESC, t.number",
            (kind,),
        )
        rank, purpose = 0, "search for series" if kind == SHOW else "search for films"
        while some := ranked.fetchmany(_PARTS):
            self._go_on()
            names = {number: {title, original or title} for number, title, original in some}
            for number, name in self._connection.execute(
                f"SELECT number, name FROM aliases WHERE number IN ({','.join('?' * len(some))})",  # noqa: S608
                list(names),
            ):
                names[number].add(name)
            compared = {number: {normalise_title(name) for name in those} for number, those in names.items()}
            writer.executemany(
                f"INSERT INTO words_{kind} (rowid, names) VALUES (?, ?)",  # noqa: S608 - a number of ours
                ((rank + at, " ".join(those)) for at, those in enumerate(compared.values())),
            )
            writer.executemany(
                "INSERT INTO ranks VALUES (?, ?, ?)", ((kind, rank + at, number) for at, number in enumerate(compared))
            )
            writer.executemany(
                "INSERT INTO hashes VALUES (?, ?)",
                ((name_hash(name), number) for number, those in compared.items() for name in those if name),
            )
            rank += len(some)
            self._observer(RecordsRead(purpose, rank))
        self._observer(RecordsRead(purpose, rank, done=True))

    def _ratings(self, lines: Collection[bytes]) -> list[bytes]:
        rows, refused = read_ratings(lines)
        self._connection.executemany("INSERT OR REPLACE INTO ratings VALUES (?, ?)", rows)
        return refused

    def _basics(self, lines: Collection[bytes]) -> list[bytes]:
        titles, episodes, refused = read_basics(lines, self._kinds)
        self._connection.executemany("INSERT OR REPLACE INTO titles VALUES (?, ?, ?, ?, ?, ?)", titles)
        self._connection.executemany("INSERT OR REPLACE INTO episode_titles VALUES (?, ?)", episodes)
        return refused

    def _akas(self, lines: Collection[bytes]) -> list[bytes]:
        rows, refused = read_akas(lines, self._kinds)
        self._connection.executemany("INSERT OR IGNORE INTO aliases VALUES (?, ?)", rows)
        return refused

    def _episodes(self, lines: Collection[bytes]) -> list[bytes]:
        rows, refused = read_episodes(lines, self._kinds)
        self._connection.executemany("INSERT INTO episodes VALUES (?, ?, ?, ?)", rows)
        return refused

    def _go_on(self) -> None:
        if self._cancelled is not None and self._cancelled.is_set():
            raise Cancelled("stopped while IMDb's files were read; the index that was there stays")


def _batches(file: Path, header: bytes) -> Iterator[list[bytes]]:
    """The lines of a file behind its header, some at a time; raises UnusableFile for one that is cut or damaged."""
    packed = file.name.endswith(".gz")
    again = "Fetch it again from https://datasets.imdbws.com."
    try:
        with _opened(file, packed) as stream:
            first = stream.readline(4096).rstrip(b"\r\n")
            if first != header:
                shown = first[:60].decode("utf-8", "backslashreplace")
                wanted = header.decode().replace("\t", ", ")
                raise UnusableFile(
                    f"{file} does not begin as IMDb's file does, but with {shown!r}",
                    remedy=f"Its first line must name {wanted}, with tabs between them. {again}",
                )
            while lines := stream.readlines(_BATCH):
                yield lines
    except EOFError:
        raise UnusableFile(f"{file} ends too early: it was not fetched whole", remedy=again) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnusableFile(f"{file} is damaged: {error}", remedy=again) from None
    except OSError as error:
        raise OutOfReach(f"{file} cannot be read: {error.strerror}") from None


def _opened(file: Path, packed: bool) -> IO[bytes]:
    opened: IO[bytes] = gzip.open(file, "rb") if packed else file.open("rb")  # type: ignore[assignment] # noqa: SIM115
    return opened


@contextmanager
def _alone(index: Path) -> Iterator[Path]:
    """The path to write the new index at, while no other import does; what a killed one left there is gone."""
    part = index.with_name(f"{index.name}.new")
    lock = index.with_name(f"{index.name}.lock")
    try:
        index.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OutOfReach(f"{index.parent} cannot be written: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise TransientError(
                f"another import into {index} is at work", remedy="Wait until it has ended, or stop it."
            ) from None
        part.unlink(missing_ok=True)
        try:
            yield part
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _fresh(part: Path) -> sqlite3.Connection:
    """A file with empty tables. It is thrown away if anything goes wrong, so nothing in it is safe before the end."""
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(part)
    for pragma in (
        "page_size = 8192",
        "journal_mode = OFF",
        "synchronous = OFF",
        "locking_mode = EXCLUSIVE",
        f"cache_size = -{_CACHE_KIB}",
        "temp_store = FILE",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.executescript(SCHEMA)
    return connection


def _put_in_place(part: Path, index: Path) -> None:
    """Flush the new index to the disk, and give it its name."""
    try:
        for path, rename in ((part, True), (index.parent, False)):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if rename:
                part.replace(index)
    except OSError as error:
        raise OutOfReach(f"{index} could not be put in place: {error.strerror}") from None
