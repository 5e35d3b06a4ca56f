"""The Movie Database (TMDB), by version 3 of its API: https://developer.themoviedb.org/reference.

TMDB knows series and films, and other orders of episodes ("episode groups"), but no absolute numbers of its own: those
follow from an absolute order, see `medialib.metadata.with_absolute_numbers`. Almost every field of its answers may be
null, empty or missing, so each is read by itself and left out where it says nothing; only an answer without its
backbone (a title's number, the list that was asked for) is refused as `UnusableAnswer`.

What it does not say outright is decided so:

- A series is ``anime`` if it has the genre Animation (number 16) and comes from Japan: JP is among its countries of
  origin, or Japanese is its original language. Chinese and Korean series are not.
- A series is ``daily`` if its type is "Talk Show" or "News": those are named by date. Lists of search results do not
  tell the type, so there it is known only of anime.
- Genres stand in a title's details only, in the language that was asked for; lists of search results give numbers.
- The status is TMDB's word: "Returning Series", "Planned", "Ended", "Canceled" and their like, "Released" for films.
- Its code ``cn`` (Cantonese) is given as ``zh``, and ``xx`` (no language) as none: neither is part of ISO 639-1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

from medialib.errors import AuthenticationFailed, UnusableAnswer
from medialib.http import HttpClient, HttpOptions, Rate
from medialib.metadata import EpisodeGroup, EpisodeMetadata, EpisodeOrder, OrderKind, TitleKind, TitleMetadata
from medialib.model import ExternalIds, ShowType
from medialib.ports import ProviderTraits

__all__ = ["TmdbProvider"]

Answered = TypeVar("Answered")
Document: TypeAlias = Mapping[str, Any]

RATE = Rate(40, 10.0)
"""TMDB's limit until 2019. Today's is about 40 a second, not promised (developer.themoviedb.org/docs/rate-limiting)."""
DETAILS = {"append_to_response": "external_ids,alternative_titles"}
MOST_FOUND = 20
MOST_APPENDED = 20
ANIMATION = 16
DAILY_TYPES = frozenset({"Talk Show", "News"})
ORDER_KINDS: Mapping[int, OrderKind] = {2: "absolute", 3: "dvd", 4: "digital", 5: "story", 6: "production", 7: "tv"}
"""Types of episode groups. 1 is the original order of broadcast, told anew by somebody: ``other``, as is a new type."""
OTHER_LANGUAGES: Mapping[str, str | None] = {"cn": "zh", "xx": None}
CREDIT = "This program uses TMDB and the TMDB APIs but is not endorsed, certified, or otherwise approved by TMDB."
"""The notice that TMDB's API terms of use ask for, "program" chosen (https://www.themoviedb.org/api-terms-of-use)."""
REMEDY = (
    "Set tmdb.api_key to the API key or the API read access token "
    "that your account at https://www.themoviedb.org/settings/api shows."
)


class TmdbProvider:
    """`ports.MetadataProvider` over TMDB.

    `api_key` is a v3 API key, sent as the parameter ``api_key``, or a v4 read access token (a JWT: three parts with
    dots between them), sent as ``Authorization: Bearer``. `url` is the address of the API with its version; `language`
    is ISO 639-1, or with a country (``pt-BR``). `rate` is what may be asked at most; None: as fast as it can.

    Raises AuthenticationFailed for an empty key.
    """

    def __init__(
        self,
        api_key: str,
        url: str = "https://api.themoviedb.org/3",
        language: str = "en",
        options: HttpOptions | None = None,
        *,
        rate: Rate | None = RATE,
    ) -> None:
        key = api_key.strip()
        if not key:
            raise AuthenticationFailed("TMDB answers nobody without a key", remedy=REMEDY)
        token = re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", key) is not None
        self._client = HttpClient(
            url,
            name="TMDB",
            options=options or HttpOptions(),
            rate=rate,
            headers={"Authorization": f"Bearer {key}"} if token else {},
            parameters={"language": language} if token else {"language": language, "api_key": key},
            secrets=(key,),
        )

    @property
    def name(self) -> str:
        """``tmdb``."""
        return "tmdb"

    @property
    def traits(self) -> ProviderTraits:
        """It knows films and other orders; of TheTVDB's numbers only those of series."""
        return ProviderTraits(movies=True, orders=True, finds_by=frozenset({"tmdb", "imdb", "tvdb"}), credit=CREDIT)

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        """Titles that answer to `title`: those of `year` where there are any, else of all years."""
        if not title.strip():
            return ()
        path = "/search/tv" if kind == "show" else "/search/movie"
        in_year = {} if year is None else {"first_air_date_year" if kind == "show" else "year": year}
        for narrowed in (in_year, {}) if in_year else ({},):
            found = self._ask(path, {"query": title, **narrowed}, partial(_found, kind=kind))
            if found is None:
                raise UnusableAnswer(f"TMDB has no {path} at the configured address", remedy="Check tmdb.url.")
            if found:
                return found[:MOST_FOUND]
        return ()

    def title(self, number: int, kind: TitleKind = "show") -> TitleMetadata | None:
        """All that TMDB says of one title."""
        return self._ask(_path(number, kind), DETAILS, partial(_title, kind=kind))

    def find(self, ids: ExternalIds, kind: TitleKind = "show") -> TitleMetadata | None:
        """The title of that TMDB number, else of that IMDb identifier, else (a series) of that TheTVDB number."""
        if ids.tmdb is not None and (own := self.title(ids.tmdb, kind)) is not None:
            return own
        sources = (("imdb_id", _imdb(ids.imdb)), ("tvdb_id", ids.tvdb if kind == "show" else None))
        for source, value in sources:
            if value is None:
                continue
            found = self._ask(f"/find/{value}", {"external_source": source}, partial(_first, kind=kind))
            if found and (title := self.title(found[0], kind)) is not None:
                return title
        return None

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        """The episodes of a show; up to 20 seasons cost one call."""
        # asked in the words of `title`, so that a client which has just asked for the title has the answer already
        seasons = self._ask(_path(show, "show"), DETAILS, _season_numbers, fresh=fresh)
        if seasons is None:
            raise KeyError(f"TMDB has no show {show}")
        found: dict[tuple[int, int], EpisodeMetadata] = {}
        for start in range(0, len(seasons), MOST_APPENDED):
            for episode in self._some_seasons(show, seasons[start : start + MOST_APPENDED], fresh=fresh):
                found.setdefault((episode.season, episode.number), episode)
        return tuple(found[place] for place in sorted(found))

    def orders(self, show: int) -> tuple[EpisodeOrder, ...]:
        """The episode groups of a show, one call for each."""
        identifiers = self._ask(f"{_path(show, 'show')}/episode_groups", {}, _order_identifiers) or ()
        orders = (self._ask(f"/tv/episode_group/{quote(each, safe='')}", {}, _order) for each in identifiers)
        return tuple(order for order in orders if order is not None)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _some_seasons(self, show: int, seasons: Sequence[int], *, fresh: bool) -> tuple[EpisodeMetadata, ...]:
        """The episodes of as many seasons as one answer can hold."""
        path = _path(show, "show")
        appended = {"append_to_response": ",".join(f"season/{season}" for season in seasons)}
        parts = self._ask(path, appended, partial(_appended_seasons, seasons=seasons), fresh=fresh)
        if parts is None:
            raise KeyError(f"TMDB has no show {show}")
        found: list[EpisodeMetadata] = []
        for season in seasons:
            # what is not appended may be gone by now, or was left out by mistake: its own address tells
            part = parts.get(season)
            if part is None:
                part = self._ask(f"{path}/season/{season}", {}, partial(_season, season=season), fresh=fresh)
            found.extend(part or ())
        return tuple(found)

    def _ask(
        self,
        path: str,
        parameters: Mapping[str, str | int],
        read: Callable[[Any], Answered],
        *,
        fresh: bool = False,
    ) -> Answered | None:
        """What `read` makes of TMDB's answer, None where TMDB has no such thing."""
        try:
            return self._client.ask(path, parameters, read, fresh=fresh)
        except AuthenticationFailed as error:
            raise AuthenticationFailed("TMDB refuses the key that it was shown", remedy=REMEDY) from error
        except UnusableAnswer as error:
            message = f"TMDB's answer to {path} is cut or not in its documented form: {error.message}"
            raise UnusableAnswer(message) from None


def _path(number: int, kind: TitleKind) -> str:
    return f"/tv/{number}" if kind == "show" else f"/movie/{number}"


# ------------------------------------------------------------------------------------------------ what a document says


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _imdb(value: object) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"tt[0-9]+", value) else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text for text in map(_text, value) if text) if isinstance(value, list) else ()


def _documents(value: object) -> tuple[Document, ...]:
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def _document(value: object) -> Document:
    """A whole answer, which must be an object."""
    if not isinstance(value, dict):
        raise UnusableAnswer("it is no JSON object")
    return value


def _list(value: object, key: str) -> tuple[Document, ...]:
    """The list of objects that an answer is about; where it is missing, nothing is known of what it would hold."""
    found = _document(value).get(key)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UnusableAnswer(f"{key!r} is no list of objects")
    return tuple(found)


def _number(document: Document) -> int:
    number = _whole(document.get("id"))
    if number is None:
        raise UnusableAnswer("'id' is no whole number")
    return number


def _identifier(document: Document) -> str:
    identifier = _text(document.get("id"))
    if identifier is None:
        raise UnusableAnswer("'id' is no text")
    return identifier


# --------------------------------------------------------------------------------------------------------------- titles


def _found(answer: object, kind: TitleKind) -> tuple[TitleMetadata, ...]:
    """The titles in a list of results; one without any name could not be told from another, and is left out."""
    titles = (_title(each, kind) for each in _list(answer, "results"))
    return tuple(title for title in titles if title.title)


def _first(answer: object, kind: TitleKind) -> tuple[int, ...]:
    """The number that `find` found, if any."""
    return tuple(_number(each) for each in _list(answer, "tv_results" if kind == "show" else "movie_results"))[:1]


def _title(answer: object, kind: TitleKind) -> TitleMetadata:
    """A title from its details or from a list of results: the one has fields that the other has not."""
    document = _document(answer)
    number = _number(document)
    original = _text(document.get("original_name" if kind == "show" else "original_title"))
    title = _text(document.get("name" if kind == "show" else "title")) or original or ""
    began = _day(document.get("first_air_date" if kind == "show" else "release_date"))
    status = _text(document.get("status"))
    return TitleMetadata(
        "tmdb",
        number,
        kind,
        title,
        original_title=original,
        year=None if began is None else began.year,
        aliases=_aliases(document, title, original),
        ids=_ids(document, number),
        language=_language(document),
        countries=_countries(document),
        genres=tuple(name for each in _documents(document.get("genres")) if (name := _text(each.get("name")))),
        status=status,
        type=_type(document) if kind == "show" else "standard",
        summary=_text(document.get("overview")),
    )


def _aliases(document: Document, title: str, original: str | None) -> tuple[str, ...]:
    """Alternative titles, listed as ``results`` for series and as ``titles`` for films; the original one last."""
    listed = document.get("alternative_titles")
    named = listed if isinstance(listed, dict) else {}
    others = [_text(each.get("title")) for key in ("results", "titles") for each in _documents(named.get(key))]
    return tuple(dict.fromkeys(name for name in (*others, original) if name and name != title))


def _ids(document: Document, number: int) -> ExternalIds:
    listed = document.get("external_ids")
    known = listed if isinstance(listed, dict) else {}
    # a film's details have its IMDb identifier twice; 0 and "" are what editors leave behind
    imdb = _imdb(known.get("imdb_id")) or _imdb(document.get("imdb_id"))
    return ExternalIds(tmdb=number, tvdb=_whole(known.get("tvdb_id")) or None, imdb=imdb)


def _language(document: Document) -> str | None:
    code = _text(document.get("original_language"))
    return None if code is None else OTHER_LANGUAGES.get(code, code)


def _countries(document: Document) -> tuple[str, ...]:
    """Countries of origin; for a film that has none, those of its production."""
    produced = [each.get("iso_3166_1") for each in _documents(document.get("production_countries"))]
    return _texts(document.get("origin_country")) or _texts(produced)


def _type(document: Document) -> ShowType:
    if _text(document.get("type")) in DAILY_TYPES:
        return "daily"
    listed = document.get("genre_ids")
    genres = [*(listed if isinstance(listed, list) else ()), *(e.get("id") for e in _documents(document.get("genres")))]
    japanese = "JP" in _texts(document.get("origin_country")) or document.get("original_language") == "ja"
    return "anime" if ANIMATION in genres and japanese else "standard"


# ------------------------------------------------------------------------------------------------- episodes and orders


def _season_numbers(answer: object) -> tuple[int, ...]:
    """The numbers of a show's seasons, each once, ascending."""
    _number(_document(answer))
    numbers = (_whole(each.get("season_number")) for each in _list(answer, "seasons"))
    return tuple(sorted({number for number in numbers if number is not None and number >= 0}))


def _appended_seasons(answer: object, seasons: Sequence[int]) -> Mapping[int, tuple[EpisodeMetadata, ...]]:
    """The episodes of those seasons that are appended to a show's details."""
    document = _document(answer)
    _number(document)
    parts = {season: document.get(f"season/{season}") for season in seasons}
    # a part that failed by itself is a refusal in small ("success": false), and counts as not appended
    return {
        season: _season(part, season)
        for season, part in parts.items()
        if isinstance(part, dict) and part.get("success") is not False
    }


def _season(answer: object, season: int) -> tuple[EpisodeMetadata, ...]:
    episodes = (_episode(each, season) for each in _list(answer, "episodes"))
    return tuple(episode for episode in episodes if episode is not None)


def _episode(document: Document, season: int | None) -> EpisodeMetadata | None:
    """An episode; None where it has no number, so that no file could be it."""
    number = _whole(document.get("episode_number"))
    if season is None or number is None:
        return None
    return EpisodeMetadata(season, number, _text(document.get("name")), _day(document.get("air_date")))


def _order_identifiers(answer: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_identifier(each) for each in _list(answer, "results")))


def _order(answer: object) -> EpisodeOrder:
    """An episode group in TMDB's words, whose groups and episodes each carry their place in ``order``."""
    document = _document(answer)
    groups = [
        EpisodeGroup(place, _text(each.get("name")) or "", _group_episodes(each))
        for place, each in _in_place(_list(document, "groups"), first=1)
    ]
    kind = ORDER_KINDS.get(_whole(document.get("type")) or 0, "other")
    return EpisodeOrder(_identifier(document), _text(document.get("name")) or "", kind, tuple(groups))


def _group_episodes(group: Document) -> tuple[EpisodeMetadata, ...]:
    placed = _in_place(_list(group, "episodes"), first=0)
    episodes = (_episode(each, _whole(each.get("season_number"))) for _, each in placed)
    return tuple(episode for episode in episodes if episode is not None)


def _in_place(documents: Sequence[Document], *, first: int) -> list[tuple[int, Document]]:
    """Documents by their ``order``; one that does not say it has the place where it stands."""
    places = (_whole(each.get("order")) for each in documents)
    placed = [
        (at if place is None else place, each)
        for at, (place, each) in enumerate(zip(places, documents, strict=True), start=first)
    ]
    return sorted(placed, key=lambda item: item[0])
