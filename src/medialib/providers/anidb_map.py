"""Which series of TheTVDB an anime of AniDB is, by the list that https://github.com/Anime-Lists/anime-lists keeps.

AniDB has an entry for each run of a series, TheTVDB a season: several anime are one series. The list is a file of the
user's; it is read when it is first needed.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import attrs

from medialib.errors import ConfigurationError, UnusableAnswer
from medialib.metadata import EpisodePlace
from medialib.model import ExternalIds
from medialib.providers.anidb_titles import unpacked
from medialib.providers.anidb_xml import parse_xml

__all__ = ["AnimeList", "MappedAnime", "read_anime_list"]

_LARGEST: Final = 64 * 1024 * 1024


@attrs.frozen
class _Range:
    season: int
    """AniDB's: 1 for regular episodes, 0 for specials."""
    target: int
    """TheTVDB's season."""
    start: int
    end: int
    offset: int


@attrs.frozen
class MappedAnime:
    """What the list says of one anime."""

    number: int
    """AniDB's number."""
    tvdb: int | None = None
    """TheTVDB's number of the series, if it has it."""
    tmdb: int | None = None
    """The Movie Database's number of the series."""
    imdb: str | None = None
    """IMDb's identifier."""
    season: int | None = None
    """The season of TheTVDB that its regular episodes are; None: they go by absolute numbers, or are not there."""
    absolute: bool = False
    """Whether its episodes are counted through as TheTVDB's absolute numbers are."""
    offset: int = 0
    """What has to be added to the number of a regular episode."""
    single: Mapping[tuple[int, int], tuple[int, tuple[int, ...]]] = attrs.field(factory=dict)
    """Episodes with a place of their own: AniDB's season and number to TheTVDB's season and numbers, none of which: it
    has no such episode."""
    ranges: tuple[_Range, ...] = ()
    """Runs of episodes with a place of their own."""

    @property
    def first(self) -> bool:
        """Whether it is the beginning of its series, so that the series' numbers are its own."""
        return (self.absolute or self.season == 1) and self.offset == 0

    def place(self, season: int, number: int) -> EpisodePlace | None:
        """Where TheTVDB has an episode; None if it is not said.

        >>> late = MappedAnime(5, tvdb=72025, season=3, single={(0, 1): (0, (4,))})
        >>> late.place(1, 2), late.place(0, 1)
        (EpisodePlace(season=3, numbers=(2,)), EpisodePlace(season=0, numbers=(4,)))
        """
        if (season, number) in self.single:
            target, numbers = self.single[season, number]
            return EpisodePlace(target, numbers) if numbers else None
        for each in self.ranges:
            if each.season == season and each.start <= number <= each.end:
                return EpisodePlace(each.target, (number + each.offset,))
        if season != 1 or (self.season is None and not self.absolute):
            return None
        return EpisodePlace(self.season, (number + self.offset,))


class AnimeList:
    """The list in a file (``anime-list.xml``, packed with gzip or not); may be used by several threads.

    Every method raises ConfigurationError if the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._read: Mapping[int, MappedAnime] | None = None

    def ids(self, number: int) -> ExternalIds:
        """What others call an anime; nothing for one that is a later season of what they call a series."""
        found = self._all().get(number)
        if found is None or not found.first:
            return ExternalIds()
        return ExternalIds(tvdb=found.tvdb, tmdb=found.tmdb, imdb=found.imdb)

    def number_of(self, ids: ExternalIds) -> int | None:
        """The anime that a series of that number begins with; None if there is none, or it cannot be told."""
        for field in ("tvdb", "tmdb", "imdb"):
            value = getattr(ids, field)
            if value is None:
                continue
            found = [each.number for each in self._all().values() if each.first and getattr(each, field) == value]
            if len(found) == 1:
                return found[0]
        return None

    def tvdb_place(self, number: int, season: int, episode: int) -> tuple[int, EpisodePlace] | None:
        """TheTVDB's number of the series that an anime is part of, and where it has an episode; None if not said."""
        found = self._all().get(number)
        place = None if found is None else found.place(season, episode)
        return None if found is None or found.tvdb is None or place is None else (found.tvdb, place)

    def _all(self) -> Mapping[int, MappedAnime]:
        with self._lock:
            if self._read is None:
                try:
                    plain = unpacked(self._path.read_bytes(), _LARGEST)
                    self._read = {each.number: each for each in read_anime_list(plain)}
                except (OSError, UnusableAnswer) as error:
                    said = error.strerror if isinstance(error, OSError) else "it is no anime-list.xml"
                    problem = f"anidb.anime_list: {self._path} cannot be read: {said}"
                    raise ConfigurationError("the configuration cannot be used", [problem]) from None
            return self._read


def read_anime_list(plain: bytes) -> Iterator[MappedAnime]:
    """What the list says, anime by anime; what it has of no provider's (``unknown``, ``OVA``) is left out.

    Raises UnusableAnswer for what is no such list.
    """
    root = parse_xml(plain)
    if root.tag != "anime-list":
        raise UnusableAnswer("this is no anime-list.xml")
    for anime in root.iterfind("anime"):
        number = _number(anime.get("anidbid"))
        if number is None:
            continue
        season = anime.get("defaulttvdbseason") or ""
        imdb = (anime.get("imdbid") or "").split(",")[0]
        single, ranges = _mappings(anime)
        yield MappedAnime(
            number,
            _number(anime.get("tvdbid")),
            _number(anime.get("tmdbtv")),
            imdb if re.fullmatch(r"tt\d+", imdb) else None,
            _number(season),
            season == "a",
            _signed(anime.get("episodeoffset")),
            single,
            ranges,
        )


def _mappings(
    anime: ElementTree.Element,
) -> tuple[dict[tuple[int, int], tuple[int, tuple[int, ...]]], tuple[_Range, ...]]:
    single: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {}
    ranges: list[_Range] = []
    for mapping in anime.iterfind("mapping-list/mapping"):
        season, target = _number(mapping.get("anidbseason")), _number(mapping.get("tvdbseason"))
        if season is None or target is None:
            continue
        start, end = _number(mapping.get("start")), _number(mapping.get("end"))
        if start is not None and end is not None:
            ranges.append(_Range(season, target, start, end, _signed(mapping.get("offset"))))
        for pair in (mapping.text or "").split(";"):
            found = re.fullmatch(r"(\d+)-(\d+(?:\+\d+)*)", pair.strip())
            if found is not None:
                numbers = tuple(int(each) for each in found[2].split("+"))
                single[season, int(found[1])] = (target, () if numbers == (0,) else numbers)
    return single, tuple(ranges)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,9}", text, re.ASCII) else None


def _signed(text: str | None) -> int:
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,6}", text, re.ASCII) else 0
