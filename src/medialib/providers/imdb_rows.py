"""The lines of IMDb's own files, read: https://developer.imdb.com/non-commercial-datasets.

Tab-separated, UTF-8, a header of fixed names, ``\\N`` for what is not known. There is no quoting: a ``"`` is a letter
of a title like any other, and a line ends where it ends. A line that is not of this form is refused and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

__all__ = [
    "HEADERS",
    "MOVIE",
    "SHOW",
    "DataSet",
    "Kinds",
    "data_set_of",
    "read_akas",
    "read_basics",
    "read_episodes",
    "read_ratings",
]

DataSet: TypeAlias = Literal["title.ratings", "title.basics", "title.akas", "title.episode"]
"""The files of IMDb's that are used, in the order they are read."""

HEADERS: Final[Mapping[DataSet, bytes]] = MappingProxyType(
    {
        "title.ratings": b"tconst\taverageRating\tnumVotes",
        "title.basics": (
            b"tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres"
        ),
        "title.akas": b"titleId\tordering\ttitle\tregion\tlanguage\ttypes\tattributes\tisOriginalTitle",
        "title.episode": b"tconst\tparentTconst\tseasonNumber\tepisodeNumber",
    }
)
"""The first line of each."""

SHOW, MOVIE = 1, 2
_TITLE_KINDS: Final[Mapping[bytes, int]] = MappingProxyType(
    {
        **dict.fromkeys((b"tvSeries", b"tvMiniSeries"), SHOW),
        **dict.fromkeys((b"movie", b"tvMovie", b"tvSpecial", b"video", b"short", b"tvShort", b"tvPilot"), MOVIE),
    }
)
"""What is a series and what is a film; video games and what IMDb may add are neither."""
_EPISODE: Final = b"tvEpisode"
_NULL: Final = b"\\N"
_NUMBERED: Final = re.compile(rb"Episode #[0-9]+\.[0-9]+")
_PAGE_BITS = 16

TitleRow: TypeAlias = tuple[int, int, str, str | None, int | None, str]
NamedRow: TypeAlias = tuple[int, str]
PlacedRow: TypeAlias = tuple[int, int, int, int]


class Kinds:
    """Of which kind the titles are, by number: a byte each, in pages, so that a garbled number costs no more than one.

    >>> kinds = Kinds()
    >>> kinds.put(903747, SHOW)
    >>> kinds.get(903747), kinds.get(903748), kinds.get(10**9)
    (1, 0, 0)
    """

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def put(self, number: int, kind: int) -> None:
        """Remember a title's kind."""
        page = self._pages.get(number >> _PAGE_BITS)
        if page is None:
            page = self._pages[number >> _PAGE_BITS] = bytearray(1 << _PAGE_BITS)
        page[number & ((1 << _PAGE_BITS) - 1)] = kind

    def get(self, number: int) -> int:
        """A title's kind; 0 for one that is neither series nor film."""
        page = self._pages.get(number >> _PAGE_BITS)
        return 0 if page is None else page[number & ((1 << _PAGE_BITS) - 1)]


def data_set_of(name: str) -> DataSet | None:
    """Which of IMDb's files a file name means; None if it is none that is used.

    >>> data_set_of("title.akas.tsv.gz"), data_set_of("title.basics.tsv"), data_set_of("name.basics.tsv.gz")
    ('title.akas', 'title.basics', None)
    """
    plain = name.removesuffix(".gz").removesuffix(".tsv")
    return next((known for known in HEADERS if plain == known and name != plain), None)


def read_ratings(lines: Iterable[bytes]) -> tuple[list[tuple[int, int]], list[bytes]]:
    r"""Titles with how many people voted on them, and the lines that were refused.

    >>> read_ratings([b"tt0903747\t9.5\t2000000\n", b"garbled\n"])
    ([(903747, 2000000)], [b'garbled\n'])
    """
    found: list[tuple[int, int]] = []
    refused: list[bytes] = []
    for line in lines:
        try:
            title, _, votes = line.split(b"\t")
            found.append((_number(title), int(votes)))
        except ValueError:
            refused.append(line)
    return found, refused


def read_basics(lines: Iterable[bytes], kinds: Kinds) -> tuple[list[TitleRow], list[NamedRow], list[bytes]]:
    r"""Series and films, titles of episodes, and the lines that were refused; `kinds` learns of the former.

    A title is its number, kind, title, original title where that differs, year and genres.

    >>> line = b"tt0903747\ttvSeries\tBreaking Bad\tBreaking Bad\t0\t2008\t2013\t45\tCrime,Drama\n"
    >>> pilot = b"tt0959621\ttvEpisode\tPilot\tPilot\t0\t2008\t\\N\t58\tCrime\n"
    >>> read_basics([line, pilot], Kinds())
    ([(903747, 1, 'Breaking Bad', None, 2008, 'Crime,Drama')], [(959621, 'Pilot')], [])
    """
    titles: list[TitleRow] = []
    episodes: list[NamedRow] = []
    refused: list[bytes] = []
    for line in lines:
        try:
            identifier, type_, title, original, _, year, _, _, genres = line.split(b"\t")
            number = _number(identifier)
            kind = _TITLE_KINDS.get(type_)
            if kind is not None:
                named = title.decode()
                if title == _NULL:
                    continue
                first = None if original in (title, _NULL) else original.decode()
                listed = genres.rstrip(b"\r\n")
                began = None if year == _NULL else int(year)
                titles.append((number, kind, named, first, began, "" if listed == _NULL else listed.decode()))
                kinds.put(number, kind)
            elif type_ == _EPISODE and title != _NULL and not _NUMBERED.fullmatch(title):
                episodes.append((number, title.decode()))
        except ValueError:
            refused.append(line)
    return titles, episodes, refused


def read_akas(lines: Iterable[bytes], kinds: Kinds) -> tuple[list[NamedRow], list[bytes]]:
    r"""Other titles of what `kinds` has, and the lines that were refused.

    >>> kinds = Kinds()
    >>> kinds.put(903747, SHOW)
    >>> read_akas([b"tt0903747\t7\tEn mal ganar\tES\t\\N\timdbDisplay\t\\N\t0\n", b"tt1\t1\tElse\t\t\t\t\t\n"], kinds)
    ([(903747, 'En mal ganar')], [])
    """
    found: list[NamedRow] = []
    refused: list[bytes] = []
    for line in lines:
        try:
            number = _number(line[: line.index(b"\t")])
            # most lines are of episodes: what is not kept is not taken apart
            if kinds.get(number):
                _, _, title, _, _, _, _, _ = line.split(b"\t")
                if title != _NULL:
                    found.append((number, title.decode()))
        except ValueError:
            refused.append(line)
    return found, refused


def read_episodes(lines: Iterable[bytes], kinds: Kinds) -> tuple[list[PlacedRow], list[bytes]]:
    r"""Episodes by show, season and number, with their own number, and the lines that were refused.

    Those without a place are left out, and those of a show that `kinds` does not have.

    >>> kinds = Kinds()
    >>> kinds.put(903747, SHOW)
    >>> read_episodes([b"tt0959621\ttt0903747\t1\t1\n", b"tt0959622\ttt0903747\t\\N\t\\N\n"], kinds)
    ([(903747, 1, 1, 959621)], [])
    """
    found: list[PlacedRow] = []
    refused: list[bytes] = []
    for line in lines:
        try:
            episode, parent, season, number = line.split(b"\t")
            show = _number(parent)
            if season != _NULL and number[:2] != _NULL and kinds.get(show) == SHOW:
                found.append((show, int(season), int(number), _number(episode)))
        except ValueError:
            refused.append(line)
    return found, refused


def _number(identifier: bytes) -> int:
    """The number in an identifier; raises ValueError for what is none."""
    digits = identifier[2:]
    if identifier[:2] != b"tt" or not digits.isdigit() or len(digits) > 12:
        raise ValueError("no identifier of a title")
    return int(digits)
