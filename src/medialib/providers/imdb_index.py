"""The index of IMDb's own files: an SQLite file that is made anew by each import, and never changed.

What it holds can be made again, so it stands in the cache. A file of another version is as good as none.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

import attrs

from medialib.errors import OutOfReach

__all__ = ["SCHEMA", "VERSION", "ImdbIndex", "name_hash", "open_index", "read_index", "unreadable"]

VERSION: Final = "1"
REMEDY: Final = (
    "Make it with: medialib providers imdb import --download (it fetches about 1 GB), "
    "or name files that you have from https://datasets.imdbws.com."
)

SCHEMA: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE titles (
    number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, title TEXT NOT NULL, original TEXT, year INTEGER,
    genres TEXT NOT NULL
);
CREATE TABLE ratings (number INTEGER PRIMARY KEY, votes INTEGER NOT NULL);
CREATE TABLE aliases (number INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (number, name)) WITHOUT ROWID;
CREATE TABLE episode_titles (number INTEGER PRIMARY KEY, title TEXT NOT NULL);
CREATE TABLE episodes (
    show INTEGER NOT NULL, season INTEGER NOT NULL, number INTEGER NOT NULL, episode INTEGER NOT NULL
);
CREATE TABLE named (hash INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (hash, number)) WITHOUT ROWID;
CREATE TABLE ranks (kind INTEGER NOT NULL, rank INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (kind, rank))
    WITHOUT ROWID;
CREATE VIRTUAL TABLE words_1 USING fts5 (names, content='', detail=none, columnsize=0, tokenize='ascii');
CREATE VIRTUAL TABLE words_2 USING fts5 (names, content='', detail=none, columnsize=0, tokenize='ascii');
"""
"""`named` finds titles by the hash of a whole name, `words_1` (series) and `words_2` (films) by words, best known
first: their rows are `ranks.rank`. Words are those of `medialib.matching.normalise_title`, letters and digits only,
which the tokenizer ``ascii`` takes as they are."""


@attrs.frozen
class ImdbIndex:
    """What an index holds."""

    path: Path
    """The file."""
    made: datetime
    """When it was made, UTC."""
    counts: Mapping[str, int] = attrs.field(hash=False)
    """How many there are: ``series``, ``films``, ``other titles``, ``episodes``, ``ratings``."""

    @property
    def rows(self) -> int:
        """How many there are of all."""
        return sum(self.counts.values())

    @property
    def listed(self) -> str:
        """How many there are of each, for a reader."""
        return ", ".join(f"{count:,} {name}" for name, count in self.counts.items())


def name_hash(name: str) -> int:
    """A number of 64 bits for a name in its compared form; two names hardly ever share one.

    >>> name_hash("breaking bad") == name_hash("breaking bad"), name_hash("a") == name_hash("b")
    (True, False)
    """
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def open_index(path: Path) -> sqlite3.Connection:
    """A connection that only reads; the file is never changed while it has its name.

    Raises OutOfReach if there is none, or none of this version.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        size = 0
    except OSError as error:
        raise OutOfReach(f"the index of IMDb's titles {path} cannot be read: {error.strerror}") from None
    if not size:
        raise OutOfReach(f"there is no index of IMDb's titles at {path}", remedy=REMEDY)
    try:
        raw = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    except sqlite3.Error as error:
        raise unreadable(path, error) from None
    try:
        found = raw.execute("SELECT value FROM about WHERE name = 'version'").fetchone()
    except sqlite3.Error as error:
        raw.close()
        raise unreadable(path, error) from None
    if found != (VERSION,):
        raw.close()
        raise OutOfReach(f"the index of IMDb's titles {path} was made by another medialib", remedy=REMEDY)
    return raw


def read_index(path: Path) -> ImdbIndex:
    """What the index at `path` holds; raises as `open_index` does."""
    with closing(open_index(path)) as connection:
        try:
            about = dict(connection.execute("SELECT name, value FROM about"))
            counts = {name.removeprefix("count "): int(about[name]) for name in about if name.startswith("count ")}
            return ImdbIndex(path, datetime.fromisoformat(about["made"]), counts)
        except (sqlite3.Error, KeyError, ValueError) as error:
            raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> OutOfReach:
    """The error for an index that is damaged."""
    return OutOfReach(f"the index of IMDb's titles {path} cannot be read: {error}", remedy=REMEDY)
