"""AniDB's dump of all titles: read, indexed on disk once a day, and searched there.

AniDB has no search to ask; this file is what clients search (https://wiki.anidb.net/API#Anime_Titles). Both its forms
are read: lines of ``aid|type|language|title``, and XML.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from rapidfuzz import fuzz, process

from medialib.errors import CatalogueBusy, UnusableAnswer
from medialib.http.rebuildable import Busy, RebuildableFile
from medialib.matching import normalise_title
from medialib.ports import Clock
from medialib.providers.anidb_xml import AnimeName, NameKind, parse_xml

__all__ = ["TitlesIndex", "read_titles", "unpacked"]

T = TypeVar("T")

_KINDS: Final[dict[str, NameKind]] = {"1": "main", "2": "synonym", "3": "short", "4": "official"}
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS titles (aid INTEGER NOT NULL, kind TEXT, language TEXT, title TEXT, words TEXT)"
)
_STAMP: Final = 0
"""The number, which no anime has, of the row that holds when the dump was fetched."""
_ALIKE: Final = 85
_SHORTEST: Final = 5
"""Fewer letters are like too many others."""


def unpacked(body: bytes, most: int) -> bytes:
    """The dump as it was before it was packed with gzip, if it was.

    Raises UnusableAnswer if it cannot be unpacked, or would have more than `most` bytes.
    """
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(body, most)
    except zlib.error:
        plain = b""
    if not plain or not unpacking.eof:
        raise UnusableAnswer("AniDB's dump of titles is cut, or larger than it may be")
    return plain


def read_titles(plain: bytes) -> Iterator[tuple[int, AnimeName]]:
    """The names in a dump, each with the number of its anime. Lines that cannot be read are passed over.

    Raises UnusableAnswer for what is neither form.

    >>> list(read_titles(b"# a comment\\n1|1|x-jat|Seikai no Monshou\\n"))
    [(1, AnimeName(kind='main', language='x-jat', text='Seikai no Monshou'))]
    """
    if plain.lstrip()[:1] == b"<":
        root = parse_xml(plain)
        for anime in root.iterfind("anime"):
            number = anime.get("aid") or ""
            for title in anime.iterfind("title"):
                kind = title.get("type") or ""
                code = {"syn": "synonym"}.get(kind, kind)
                language = title.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
                known = next((each for each in _KINDS.values() if each == code), None)
                if number.isdecimal() and known is not None and (title.text or "").strip():
                    yield int(number), AnimeName(known, language.lower(), _written(title.text or ""))
        return
    for line in plain.decode("utf-8", "replace").split("\n"):
        parts = line.strip("\r").split("|", 3)
        if len(parts) == 4 and parts[0].isdecimal() and parts[1] in _KINDS and parts[3].strip():
            yield int(parts[0]), AnimeName(_KINDS[parts[1]], parts[2].lower(), _written(parts[3]))


def _written(text: str) -> str:
    return text.replace("`", "'").strip()


class TitlesIndex:
    """The dump on disk. To make it takes a second or two, once a day; to search it some hundredths of one."""

    def __init__(self, path: Path | None, clock: Clock, *, read_only: bool, told: Callable[[str], None]) -> None:
        self._file = RebuildableFile(path, _SCHEMA, what="the index of AniDB's titles", read_only=read_only, told=told)
        self._clock = clock

    def age(self) -> float | None:
        """Seconds since the dump that it was made of was fetched; None if there is none."""

        def work(connection: sqlite3.Connection) -> float | None:
            if self._file.has_disk:
                count = connection.execute("SELECT count(*) FROM main.titles").fetchone()[0]
                if count == 0:
                    connection.execute("INSERT INTO main.titles SELECT * FROM disk.titles")
            row = connection.execute("SELECT title FROM titles WHERE aid = ?", (_STAMP,)).fetchone()
            return None if row is None else max(0.0, self._clock.now().timestamp() - float(row[0]))

        return self._run(work)

    def fill(self, plain: bytes) -> None:
        """Put the names of a dump, fetched just now, in place of what is there."""
        rows = [
            (number, name.kind, name.language, name.text, f" {normalise_title(name.text)} ")
            for number, name in read_titles(plain)
        ]
        if not rows:
            raise UnusableAnswer("AniDB's dump of titles holds none")
        stamp = (_STAMP, "stamp", "", repr(self._clock.now().timestamp()), "")

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM titles")
            connection.executemany("INSERT INTO titles VALUES (?, ?, ?, ?, ?)", [stamp, *rows])

        self._run(work)

    def search(self, text: str, most: int) -> tuple[tuple[int, bool], ...]:
        """Numbers of anime one of whose names holds all the words of `text`, and whether it holds no others.

        Those with no other words come first, then by number. Where there is none, those with names that are alike.
        """
        wanted = normalise_title(text)
        words = sorted(set(wanted.split()))
        if not words:
            return ()

        def work(connection: sqlite3.Connection) -> tuple[tuple[int, bool], ...]:
            holds = " AND ".join(["instr(words, ?) > 0"] * len(words))
            query = (
                f"SELECT aid, max(words = ?) AS same FROM titles WHERE aid > 0 AND {holds} "  # noqa: S608 - ? alone
                "GROUP BY aid ORDER BY same DESC, aid LIMIT ?"
            )
            found = connection.execute(query, (f" {wanted} ", *(f" {word} " for word in words), most)).fetchall()
            return tuple((int(number), bool(same)) for number, same in found)

        found = self._run(work)
        return found or (self._alike(wanted, most) if len(wanted) >= _SHORTEST else ())

    def names(self, number: int) -> tuple[AnimeName, ...]:
        """The names of an anime."""

        def work(connection: sqlite3.Connection) -> list[tuple[NameKind, str, str]]:
            query = "SELECT kind, language, title FROM titles WHERE aid = ? ORDER BY rowid"
            return connection.execute(query, (number,)).fetchall()

        return tuple(AnimeName(*row) for row in self._run(work))

    def close(self) -> None:
        """Let go of the file. Calling it twice is fine."""
        self._file.close()

    def _alike(self, wanted: str, most: int) -> tuple[tuple[int, bool], ...]:
        rows = self._run(
            lambda connection: connection.execute("SELECT trim(words), aid FROM titles WHERE aid > 0").fetchall()
        )
        near = process.extract(wanted, [row[0] for row in rows], scorer=fuzz.ratio, limit=5 * most, score_cutoff=_ALIKE)
        numbers = dict.fromkeys(int(rows[at][1]) for _, _, at in near)
        return tuple((number, False) for number in numbers)[:most]

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        for _ in range(50):
            try:
                return self._file.run(work)
            except Busy:
                continue  # each try waits for the lock itself
        raise CatalogueBusy("another process holds the index of AniDB's titles")
