"""How titles and files become rows of Milvus: keys and questions are digests, the value itself is JSON in pieces.

No text of a user ever stands in an expression that Milvus reads: a row is found by the SHA-256 of its key, or by that
of what it belongs to. So quotes, expressions, NUL and lone surrogates need no quoting, and a key of any length fits.
The value may be longer than Milvus's longest text (65,535 bytes): it is cut into an array of texts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import attrs

from medialib.catalogue.columns import escape, unescape
from medialib.errors import CatalogueCorrupt, CatalogueError, InvalidPlan
from medialib.model import Episode, InventoryFile, KnownFile, Movie, Show
from medialib.planning import structure, unstructure

__all__ = [
    "EPISODES",
    "INVENTORY",
    "KNOWN_FILES",
    "MOVIES",
    "SHOWS",
    "TABLES",
    "Row",
    "Table",
    "digest",
    "joined",
    "pieces",
    "read_row",
    "row_of",
    "write_row",
]

T = TypeVar("T")

_PIECE = 16_000  # letters; of four bytes each at most, so 64,000 bytes
_LONGEST = 16 << 20  # bytes; Milvus takes 64 MiB in one call


@attrs.frozen
class Row:
    """What Milvus keeps of one value."""

    key: str
    """Digest of the value's key."""
    found_by: Mapping[str, str]
    """Digests that it is found by, by the name of their field; empty text where there is nothing to be found by."""
    body: str
    """The value as JSON, without NUL and surrogates."""


@attrs.frozen
class Table(Generic[T]):
    """A kind of value and how it is found."""

    name: str
    """Name of its collection, after the prefix."""
    kind: type[T]
    """The class of its values."""
    key: Callable[[T], str]
    """Digest of a value's key."""
    found_by: Mapping[str, Callable[[T], str]]
    """What its values are found by besides their key."""


def digest(*parts: str | int) -> str:
    r"""SHA-256 of texts and numbers, lower-case hex; parts of different kinds and borders never meet.

    >>> digest("a", "b") == digest("ab"), digest("1") == digest(1), digest("\ud83d\ude00") == digest("😀")
    (False, False, False)
    >>> len(digest("'; DROP TABLE shows; --" * 1000))
    64
    """
    # Two lone surrogates are not the one letter that they would be in UTF-16: "surrogatepass" keeps them apart.
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


SHOWS: Table[Show] = Table("shows", Show, lambda show: digest(show.key), {})
MOVIES: Table[Movie] = Table("movies", Movie, lambda movie: digest(movie.key), {})
EPISODES: Table[Episode] = Table(
    "episodes",
    Episode,
    lambda episode: digest(episode.show, episode.season, episode.number),
    {
        "of_show": lambda episode: digest(episode.show),
        "absolute": lambda episode: "" if episode.absolute is None else digest(episode.show, episode.absolute),
        "aired": lambda episode: "" if episode.aired is None else digest(episode.show, episode.aired.isoformat()),
    },
)
KNOWN_FILES: Table[KnownFile] = Table(
    "known_files",
    KnownFile,
    lambda file: digest(file.remote, file.path),
    {
        "remote": lambda file: digest(file.remote),
        "local": lambda file: "" if file.local is None else digest(file.local.location, file.local.path),
    },
)
INVENTORY: Table[InventoryFile] = Table(
    "inventory",
    InventoryFile,
    lambda file: digest(file.place.location, file.place.path),
    {
        "location": lambda file: digest(file.place.location),
        "unit": lambda file: "" if file.holding.unit is None else digest(file.holding.unit.kind, file.holding.unit.key),
        "content": lambda file: "" if file.holding.sha256 is None else digest(file.holding.sha256),
    },
)
TABLES: Mapping[str, Table[Any]] = {table.name: table for table in (SHOWS, EPISODES, MOVIES, KNOWN_FILES, INVENTORY)}
"""Every kind of value that Milvus keeps, by name."""


def row_of(table: Table[T], value: T) -> Row:
    r"""The row that keeps a value.

    Raises ValueError for an instant without a zone, and CatalogueError for a value of more than 16 MiB.

    >>> row_of(MOVIES, Movie("heat", "Heat \"1995\" \udce9")).body
    '{"key":"heat","title":"Heat \\"1995\\" \ue000㣩"}'
    """
    body = escape(json.dumps(unstructure(value), ensure_ascii=False, separators=(",", ":")))
    if len(body) > _LONGEST // 4 and len(body.encode()) > _LONGEST:
        raise CatalogueError(
            f"a row of {table.name} has more than {_LONGEST >> 20} MiB, which Milvus may not take",
            remedy="Shorten its texts, or keep the catalogue in SQLite.",
        )
    return Row(table.key(value), {name: find(value) for name, find in table.found_by.items()}, body)


def read_row(table: Table[T], row: Row) -> T:
    """The value that a row keeps. Raises CatalogueCorrupt for what this medialib cannot read.

    >>> read_row(MOVIES, row_of(MOVIES, Movie("heat", "Heat")))
    Movie(key='heat', title='Heat', ...)
    """
    try:
        return structure(json.loads(unescape(row.body)), table.kind)
    except (InvalidPlan, ValueError) as error:
        raise CatalogueCorrupt(
            f"row {row.key} of {table.name} cannot be read: {error}",
            remedy="Use the medialib version that wrote it, or restore a backup of the catalogue.",
        ) from error


def write_row(row: Row) -> str:
    """A row as one text, for the log.

    >>> write_row(Row("k", {"remote": "r"}, "{}"))
    '{"key":"k","found_by":{"remote":"r"},"body":"{}"}'
    """
    return json.dumps(attrs.asdict(row), ensure_ascii=False, separators=(",", ":"))


def pieces(body: str) -> list[str]:
    """A body cut so that each piece fits into a text of Milvus.

    >>> [len(piece) for piece in pieces("x" * 40_000)], pieces("")
    ([16000, 16000, 8000], [''])
    """
    return [body[at : at + _PIECE] for at in range(0, len(body), _PIECE)] or [""]


def joined(parts: list[str]) -> str:
    """The body that `pieces` cut.

    >>> joined(pieces("ab" * 20_000)) == "ab" * 20_000
    True
    """
    return "".join(parts)
