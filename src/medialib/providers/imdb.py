"""IMDb, by an index on this machine of the files that it gives away for personal and non-commercial use.

https://developer.imdb.com/non-commercial-datasets says what they hold; `medialib.providers.imdb_import` makes the
index. Nothing is asked over a network. What IMDb does not say outright is decided so:

- Series are what it calls tvSeries and tvMiniSeries; films are movies, films and specials of television, videos and
  shorts. Video games are neither.
- The title is its *primary* title; every other title of every region is an alias.
- A series is ``daily`` if it has the genre Talk-Show or News. IMDb's files tell no country and no language, so that
  none is ``anime``, and no status.
- Episodes have seasons, numbers and titles, and no dates. Those to which IMDb gives no place are left out, and a title
  such as "Episode #1.3" is none.
"""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs
from rapidfuzz import fuzz

from medialib.matching import normalise_title
from medialib.metadata import EpisodeMetadata, EpisodeOrder, TitleKind, TitleMetadata, imdb_identifier, imdb_number
from medialib.model import ExternalIds
from medialib.ports import ProviderTraits
from medialib.providers.imdb_index import name_hash, open_index, unreadable
from medialib.providers.imdb_rows import MOVIE, SHOW

__all__ = ["ImdbProvider"]

MOST_FOUND = 20
MOST_NAMESAKES = 500
MOST_LIKE = 100
"""How many titles of the very name, and how many with its words, are looked at, the best known first."""
DAILY_GENRES = frozenset({"Talk-Show", "News"})
CREDIT = "Information courtesy of IMDb (https://www.imdb.com). Used with permission."
"""The acknowledgement that IMDb's terms ask for (https://help.imdb.com/article/imdb/general-information/G5JTRESSHJBBHTGX)."""

_KINDS: dict[TitleKind, int] = {"show": SHOW, "movie": MOVIE}
_COLUMNS = "t.number, t.kind, t.title, t.original, t.year, t.genres, coalesce(r.votes, 0)"
_TITLES = f"SELECT {_COLUMNS} FROM titles t LEFT JOIN ratings r ON r.number = t.number"  # noqa: S608 - columns of ours
_CALLED = (
    f"{_TITLES} JOIN named n ON n.number = t.number WHERE n.hash = ? AND t.kind = ? "
    "ORDER BY coalesce(r.votes, 0) DESC, t.number LIMIT ?"
)
_WITH_WORDS = {
    kind: f"{_TITLES} JOIN ranks k ON k.number = t.number WHERE k.kind = ? AND k.rank IN "  # noqa: S608
    f"(SELECT rowid FROM words_{kind} WHERE words_{kind} MATCH ? ORDER BY rowid LIMIT ?)"
    for kind in (SHOW, MOVIE)
}


@attrs.frozen
class _Row:
    number: int
    kind: int
    title: str
    original: str | None
    year: int | None
    genres: str
    votes: int


class ImdbProvider:
    """`ports.MetadataProvider` over the index at `index`.

    An index that is made anew meanwhile is seen by the next question. Every question raises OutOfReach, with what to
    do, where there is none or it is damaged.
    """

    def __init__(self, index: Path) -> None:
        self._path = index
        self._lock = threading.Lock()
        self._opened: tuple[tuple[int, int, int], sqlite3.Connection] | None = None

    def __repr__(self) -> str:
        return f"ImdbProvider({str(self._path)!r})"

    @property
    def name(self) -> str:
        """``imdb``."""
        return "imdb"

    @property
    def traits(self) -> ProviderTraits:
        """It knows films, and goes by its own identifiers."""
        return ProviderTraits(movies=True, finds_by=frozenset({"imdb"}), credit=CREDIT)

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        """Titles one of whose names holds all words of `title`.

        Those that are called so come first, of them those of `year`; then the likeness of the name and how many people
        voted on it decide together.
        """
        wanted = normalise_title(title)
        if not wanted:
            return ()
        with self._lock:
            rows = self._candidates(wanted, _KINDS[kind])
            aliases = self._aliases([row.number for row in rows])
        words = set(wanted.split())
        judged: list[tuple[tuple[bool, bool, float, int], TitleMetadata]] = []
        for row in rows:
            found = _title(row, aliases.get(row.number, ()))
            names = [normalise_title(name) for name in (row.title, row.original or "", *found.aliases)]
            fitting = [name for name in names if words <= set(name.split())]
            if fitting:
                likeness = max(fuzz.ratio(wanted, name) for name in fitting) / 100
                known = likeness + math.log10(row.votes + 1) / 7
                other_year = year is not None and row.year != year
                judged.append(((wanted not in names, other_year, -known, row.number), found))
        return tuple(found for _, found in sorted(judged, key=lambda item: item[0])[:MOST_FOUND])

    def title(self, number: int, kind: TitleKind = "show") -> TitleMetadata | None:
        """All that IMDb says of one title."""
        with self._lock:
            rows = self._rows(f"{_TITLES} WHERE t.number = ? AND t.kind = ?", (number, _KINDS[kind]))
            return _title(rows[0], self._aliases([number]).get(number, ())) if rows else None

    def find(self, ids: ExternalIds, kind: TitleKind = "show") -> TitleMetadata | None:
        """The title of that identifier of IMDb."""
        number = None if ids.imdb is None else imdb_number(ids.imdb)
        return None if number is None else self.title(number, kind)

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        """The episodes of a show that have a place; the index answers, whether `fresh` or not."""
        with self._lock:
            if not self._ask("SELECT 1 FROM titles WHERE number = ? AND kind = ?", (show, SHOW)):
                raise KeyError(f"IMDb has no show {imdb_identifier(show) if show > 0 else show}")
            listed = self._ask(
                "SELECT e.season, e.number, t.title FROM episodes e LEFT JOIN episode_titles t ON t.number = e.episode "
                "WHERE e.show = ? ORDER BY e.season, e.number, e.episode",
                (show,),
            )
        found: dict[tuple[int, int], EpisodeMetadata] = {}
        for season, number, title in listed:
            found.setdefault((season, number), EpisodeMetadata(season, number, title))
        return tuple(found.values())

    def orders(self, show: int) -> tuple[EpisodeOrder, ...]:
        """IMDb keeps no other orders."""
        return ()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._opened is not None:
                self._opened[1].close()
            self._opened = None

    # ------------------------------------------------------------------------------------------------------ the index

    def _candidates(self, wanted: str, kind: int) -> list[_Row]:
        """Titles that may be meant: those of that very name, and of those with these words the best known."""
        named = self._rows(_CALLED, (name_hash(wanted), kind, MOST_NAMESAKES))
        # quoted, a word is a word to the search, whatever is in it
        words = " ".join(f'"{word}"' for word in wanted.split() if _is_word(word))
        found: list[_Row] = []
        if words:
            found = self._rows(_WITH_WORDS[kind], (kind, words, MOST_LIKE))
        return list({row.number: row for row in (*named, *found)}.values())

    def _aliases(self, numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
        marks = ",".join("?" * len(numbers))
        found: dict[int, tuple[str, ...]] = {}
        for number, name in self._ask(
            f"SELECT number, name FROM aliases WHERE number IN ({marks})",  # noqa: S608 - question marks
            numbers,
        ):
            found[number] = (*found.get(number, ()), name)
        return found

    def _rows(self, question: str, values: Sequence[int | str]) -> list[_Row]:
        return [_Row(*row) for row in self._ask(question, values)]

    def _ask(self, question: str, values: Sequence[int | str]) -> list[tuple]:  # type: ignore[type-arg]
        """The rows of the index as it is now; the caller holds the lock."""
        try:
            state = self._path.stat()
            now = (state.st_ino, state.st_size, state.st_mtime_ns)
        except OSError:
            now = (0, 0, 0)
        if self._opened is not None and self._opened[0] != now:
            self._opened[1].close()
            self._opened = None
        if self._opened is None:
            self._opened = now, open_index(self._path)
        try:
            return self._opened[1].execute(question, values).fetchall()
        except (OverflowError, UnicodeEncodeError):  # a number or a text that no index holds
            return []
        except (sqlite3.Error, UnicodeError) as error:
            raise unreadable(self._path, error) from None


def _is_word(word: str) -> bool:
    """Whether the search takes a word for one: other plain signs than letters and digits part words there."""
    return all(letter.isalnum() or not letter.isascii() for letter in word)


def _title(row: _Row, aliases: Iterable[str]) -> TitleMetadata:
    genres = tuple(genre for genre in row.genres.split(",") if genre)
    return TitleMetadata(
        "imdb",
        row.number,
        "show" if row.kind == SHOW else "movie",
        row.title,
        original_title=row.original,
        year=row.year,
        aliases=tuple(name for name in aliases if name != row.title),
        ids=ExternalIds(imdb=imdb_identifier(row.number)),
        genres=genres,
        type="daily" if row.kind == SHOW and DAILY_GENRES & set(genres) else "standard",
    )
