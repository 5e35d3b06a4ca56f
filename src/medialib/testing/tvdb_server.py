"""A small TheTVDB on 127.0.0.1: tells of a `MetadataWorld` in the form of TheTVDB's API, version 4.

Written by TheTVDB's own OpenAPI document, recorded answers and the issues of its v4-api: which keys there are, which
lists are ``null`` where they are empty, how a token is bought, how lists are paged. Its number of a title is what the
title's ids say under ``tvdb``, else `TitleMetadata.id`. Of namesakes all but the first have their year behind their
name, as there.

What it says of a name or summary is English, and a title's `original_title` is in its `language`; episodes of shows in
another language have a title only in translation, beside one that begins with the language's code. Languages and
countries that it has no code for are told as null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from medialib.metadata import EpisodeMetadata, EpisodeOrder, TitleKind, TitleMetadata
from medialib.testing.metadata_world import MetadataWorld
from medialib.testing.web_server import Answer, Request, WebServer

__all__ = ["TVDB_KEY", "TVDB_PIN", "TvdbServer"]

Document: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[int, int]

TVDB_KEY = "01234567-89ab-4cde-8f01-23456789abcd"
"""The key that the server takes: invented, of the form that TheTVDB gives out."""
TVDB_PIN = "ZQ7PIN42"
"""A subscriber's PIN, invented, for servers that want one."""

SEASON_TYPES = {
    "official": (1, "Aired Order"),
    "dvd": (2, "DVD Order"),
    "absolute": (3, "Absolute Order"),
    "alternate": (4, "Alternate Order"),
    "regional": (5, "Regional Order"),
    "altdvd": (6, "Alternate DVD Order"),
}
ALWAYS_NAMED = ("official", "dvd", "absolute")
LANGUAGES = {"de": "deu", "en": "eng", "es": "spa", "fr": "fra", "it": "ita", "ja": "jpn", "ko": "kor", "zh": "zho"}
COUNTRIES = {
    "CA": "can", "CN": "chn", "DE": "deu", "ES": "esp", "FR": "fra", "GB": "gbr", "IT": "ita", "JP": "jpn", "KR": "kor",
    "US": "usa",
}  # fmt: skip
SOURCES = {"imdb": (2, "IMDB"), "tmdb": (12, "TheMovieDB.com"), "tvmaze": (19, "TV Maze")}
MOST_FOUND = 50
UPDATED = "2025-06-01 12:00:00"


class TvdbServer(WebServer):
    """TheTVDB over a world. Its API begins at `api`; what changes in `world` is told from the next request on.

    `pin` is wanted along with the key where it is given. `page_size` is how many episodes a page has.

    >>> import json
    >>> from urllib.request import Request, urlopen
    >>> from medialib.testing.metadata_world import invented_world
    >>> with TvdbServer(invented_world()) as server:
    ...     signed = {"Authorization": f"Bearer {server.issue()}"}
    ...     json.load(urlopen(Request(f"{server.api}/series/900101/extended", headers=signed)))["data"]["name"]
    'The Long Voyage'
    """

    def __init__(
        self, world: MetadataWorld, *, key: str = TVDB_KEY, pin: str | None = None, page_size: int = 500
    ) -> None:
        super().__init__()
        self.world = world
        self.key = key
        self.pin = pin
        self.page_size = page_size
        self.tokens: list[str] = []
        self.valid: set[str] = set()
        self.endless_links = False
        """Whether every page names a next one, though it is empty (issue 138 of v4-api)."""
        self.one_page_for_ever = False
        """Whether every page is the first (issue 74 of v4-api)."""
        self.defaults: dict[int, str] = {}
        """By its own number: the season type that a show is kept in, where that is not ``official``."""

    @property
    def api(self) -> str:
        """The address of its API, version included, without a slash at the end."""
        return f"{self.url}/v4"

    def issue(self) -> str:
        """A new token, as a login gets it."""
        token = f"eyJhbGciOiJub25lIn0.invented{len(self.tokens):04d}.c2lnbmF0dXJl"
        self.tokens.append(token)
        self.valid.add(token)
        return token

    def expire(self) -> None:
        """A month goes by: no token that was issued is good any more."""
        with self.lock:
            self.valid.clear()

    def answer(self, request: Request) -> Answer:
        """What TheTVDB says to a request."""
        path = request.path.strip("/").split("/")
        if path == ["v4", "login"]:
            return self._login(request) if request.method == "POST" else _failure(405, "Method Not Allowed")
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.valid:
            return _failure(401, "Unauthorized")
        if request.method != "GET":
            return _failure(405, "Method Not Allowed")
        match path:
            case ["v4", "search"]:
                return self._search(request.query)
            case ["v4", "search", "remoteid", remote]:
                return self._called(remote)
            case ["v4", "series" | "movies" as kind, number, *rest]:
                title = self._title("show" if kind == "series" else "movie", number)
                if title is None:
                    return _failure(404, f"NotFoundException: {kind} not found")
                return self._part(title, rest, request.query)
        return _failure(404, "NotFoundException: no such route")

    def _login(self, request: Request) -> Answer:
        shown = request.json()
        if shown.get("apikey") != self.key or (self.pin is not None and shown.get("pin") != self.pin):
            return _failure(401, "InvalidAPIKey: InvalidAPIKey: apikey or pin not valid")
        return _success({"token": self.issue()})

    # ------------------------------------------------------------------------------------------------ finding titles

    def _title(self, kind: TitleKind, number: str) -> TitleMetadata | None:
        for title in self.world.titles.values():
            if title.kind == kind and str(_number(title)) == number:
                return title
        return None

    def _search(self, query: Mapping[str, str]) -> Answer:
        text, wanted = query.get("query") or query.get("q", ""), query.get("type", "")
        if not text.strip():
            return _failure(400, "InvalidValueType: query is required")
        kinds: dict[str, TitleKind] = {"series": "show", "movie": "movie"}
        found = [
            title
            for name, kind in kinds.items()
            for title in (self.world.matching(text, kind) if wanted in ("", name) else ())
            if query.get("year", "") in ("", str(title.year))
        ]
        first, limit = int(query.get("offset", 0)), int(query.get("limit", MOST_FOUND))
        # an empty list is told as null, as the service's language has it
        data = [self._found(title) for title in found[first : first + limit]] or None
        return _success(data, {"total_items": len(found), "page_size": limit})

    def _found(self, title: TitleMetadata) -> Document:
        """A title as a list of search results has it."""
        kind, number = "series" if title.kind == "show" else "movie", _number(title)
        said: Document = {
            "objectID": f"{kind}-{number}",
            "aliases": list(title.aliases) or None,
            "country": COUNTRIES.get(title.countries[0]) if title.countries else None,
            "id": f"{kind}-{number}",
            "name": self._names(title)[0],
            "first_air_time": None if title.year is None else f"{title.year}-01-01",
            "overview": _overview(title),
            "primary_language": LANGUAGES.get(title.language or ""),
            "primary_type": kind,
            "status": title.status,
            "type": kind,
            "tvdb_id": str(number),
            "year": None if title.year is None else str(title.year),
            "slug": _slug(title),
            "overviews": dict(_summaries(title)) or None,
            "translations": dict(self._names(title)[1]) or None,
            "remote_ids": _remote_ids(title) or None,
        }
        if title.kind == "movie":
            said["genres"] = list(title.genres)
        return {key: value for key, value in said.items() if value is not None}

    def _called(self, remote: str) -> Answer:
        found: list[Document] = [
            {"series" if title.kind == "show" else "movie": self._base(title)}
            for title in self.world.titles.values()
            if remote in {each["id"] for each in _remote_ids(title)}
        ]
        if found and remote.isdecimal():
            # numbers mean somebody else to another source
            found.insert(0, {"people": {"id": int(remote), "name": "Somebody Else", "aliases": None}})
        return _success(found or None)

    # ------------------------------------------------------------------------------------------------ what it says

    def _names(self, title: TitleMetadata) -> tuple[str, list[tuple[str, str]]]:
        """Its name and the translations of it, by code of the language."""
        namesakes = [
            other for other in self.world.titles.values() if (other.kind, other.title) == (title.kind, title.title)
        ]
        suffix = "" if title.year is None or namesakes[0] is title else f" ({title.year})"
        name = title.original_title or title.title
        translations = [("eng", title.title + suffix)] if title.language or title.original_title else []
        if title.language in LANGUAGES and title.language != "en":
            translations.append((LANGUAGES[title.language], name + suffix))
        return name + suffix, translations

    def _base(self, title: TitleMetadata) -> Document:
        name, translations = self._names(title)
        said: Document = {
            "id": _number(title),
            "name": name,
            "slug": _slug(title),
            "image": None,
            "nameTranslations": [code for code, _ in translations],
            "overviewTranslations": [code for code, _ in _summaries(title)],
            "aliases": [{"language": "eng", "name": alias} for alias in title.aliases],
            "score": 7,
            "status": {
                "id": None if title.status is None else 1,
                "name": title.status,
                "recordType": "series" if title.kind == "show" else "movie",
                "keepUpdated": title.status not in ("Ended", "Released"),
            },
            "lastUpdated": UPDATED,
            "year": "" if title.year is None else str(title.year),
        }
        if title.kind == "movie":
            return said | {"runtime": None}
        return said | {
            "firstAired": "" if title.year is None else f"{title.year}-01-01",
            "lastAired": "",
            "nextAired": "",
            "originalCountry": COUNTRIES.get(title.countries[0]) if title.countries else None,
            "originalLanguage": LANGUAGES.get(title.language or ""),
            "defaultSeasonType": SEASON_TYPES[self.defaults.get(_number(title), "official")][0],
            "isOrderRandomized": False,
            "averageRuntime": None,
            "episodes": None,
            "overview": _overview(title),
        }

    def _part(self, title: TitleMetadata, rest: list[str], query: Mapping[str, str]) -> Answer:
        match rest:
            case []:
                return _success(self._base(title))
            case ["extended"]:
                return _success(self._extended(title, query))
            case ["translations", code]:
                name, overview = dict(self._names(title)[1]).get(code), dict(_summaries(title)).get(code)
                if name is None:
                    return _failure(404, "NotFoundException: translation not found")
                return _success({"name": name, "overview": overview, "language": code, "isPrimary": code == "eng"})
            case ["episodes", slug] if title.kind == "show":
                return self._episodes(title, slug, None, query)
            case ["episodes", slug, code] if title.kind == "show":
                return self._episodes(title, slug, code, query)
        return _failure(404, "NotFoundException: no such route")

    def _extended(self, title: TitleMetadata, query: Mapping[str, str]) -> Document:
        said = self._base(title) | {
            "artworks": None if query.get("short") == "true" else [],
            "characters": None if query.get("short") == "true" else [],
            "genres": [
                {"id": at, "name": genre, "slug": genre.lower().replace(" ", "-")}
                for at, genre in enumerate(title.genres, start=1)
            ],
            "trailers": [],
            "lists": [],
            "remoteIds": _remote_ids(title),
            "contentRatings": None,
        }
        if query.get("meta") == "translations":
            said["translations"] = {
                "nameTranslations": [
                    {"name": name, "language": code, "isPrimary": code == "eng"} for code, name in self._names(title)[1]
                ],
                "overviewTranslations": [
                    {"overview": summary, "language": code, "isPrimary": True} for code, summary in _summaries(title)
                ],
                "alias": list(title.aliases),
            }
        if title.kind == "movie":
            return said | self._of_film(title)
        types = self._orders(title)
        return said | {
            "companies": [],
            "originalNetwork": None,
            "latestNetwork": None,
            "airsDays": dict.fromkeys(("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")),
            "airsTime": "20:00",
            "seasons": self._seasons(title, types),
            "tags": None,
            "seasonTypes": [
                _season_type(slug, types.get(slug)) for slug in SEASON_TYPES if slug in ALWAYS_NAMED or slug in types
            ],
        }

    def _of_film(self, title: TitleMetadata) -> Document:
        codes = [COUNTRIES[country] for country in title.countries if country in COUNTRIES]
        return {
            "audioLanguages": None,
            "awards": [],
            "boxOffice": "",
            "boxOfficeUS": "",
            "budget": "",
            "companies": dict.fromkeys(("studio", "network", "production", "distributor", "special_effects")),
            "first_release": {
                "country": "global", "date": None if title.year is None else f"{title.year}-01-01", "detail": None,
            },
            "inspirations": None,
            "originalCountry": codes[0] if codes else None,
            "originalLanguage": LANGUAGES.get(title.language or ""),
            "production_countries": [{"id": at, "country": code, "name": code} for at, code in enumerate(codes)],
            "releases": [],
            "spoken_languages": None,
            "studios": None,
            "subtitleLanguages": None,
            "tagOptions": None,
        }  # fmt: skip

    # ------------------------------------------------------------------------------------------- episodes and orders

    def _orders(self, title: TitleMetadata) -> dict[str, EpisodeOrder]:
        """The world's orders of a show by the season type that tells them."""
        free = [slug for slug in SEASON_TYPES if slug not in ALWAYS_NAMED]
        found: dict[str, EpisodeOrder] = {}
        for order in self.world.orders.get(title.id, ()):
            fits = order.kind in ("dvd", "absolute") and order.kind not in found
            found[order.kind if fits else free.pop(0)] = order
        return found

    def _placed(self, title: TitleMetadata, slug: str) -> dict[Place, Place] | None:
        """The places of a season type's episodes by their places by broadcast; None for a type that there is not."""
        if slug == "default":
            slug = self.defaults.get(_number(title), "official")
        if slug == "official":
            return {place: place for place in map(_place, self.world.episodes.get(title.id, ()))}
        order = self._orders(title).get(slug)
        if order is None:
            return {} if slug in SEASON_TYPES else None
        placed: dict[Place, Place] = {}
        for group in order.groups:
            for number, episode in enumerate(group.episodes, start=1):
                placed.setdefault(_place(episode), (group.number, number))
        return placed

    def _episodes(self, title: TitleMetadata, slug: str, code: str | None, query: Mapping[str, str]) -> Answer:
        placed, page = self._placed(title, slug), query.get("page", "0")
        if placed is None or not page.isdecimal() or (code is not None and len(code) not in (2, 3, 4)):
            return _failure(400, "InvalidValueType: season type, language or page not valid")
        first = 0 if self.one_page_for_ever else int(page) * self.page_size
        counted = self._placed(title, "absolute") or {}
        told = [
            self._episode(title, episode, placed[_place(episode)], counted.get(_place(episode)), code)
            for episode in self.world.episodes.get(title.id, ())
            if _place(episode) in placed
        ]
        told.sort(key=lambda episode: (episode["seasonNumber"], episode["number"]))
        batch = told[first : first + self.page_size]
        more = self.endless_links or first + self.page_size < len(told)
        route = f"{self.api}/series/{_number(title)}/episodes/{slug}" + ("" if code is None else f"/{code}")
        links = {
            "prev": None if page == "0" else f"{route}?page={int(page) - 1}",
            "self": f"{route}?page={page}",
            "next": f"{route}?page={int(page) + 1}" if more else None,
            "total_items": len(told),
            "page_size": self.page_size,
        }
        # with a language the show is around its episodes, without one beside them
        show = self._base(title)
        data = {"series": show, "episodes": batch} if code is None else show | {"episodes": batch}
        return _success(data, links)

    def _episode(
        self, title: TitleMetadata, episode: EpisodeMetadata, place: Place, counted: Place | None, code: str | None
    ) -> Document:
        own = LANGUAGES.get(title.language or "", "eng")
        name = episode.title if code in (None, own, "eng") else None
        if name is not None and own != "eng" and code in (None, own):
            name = f"{own} {name}"
        absolute = episode.absolute or (counted[1] if counted is not None and counted[0] == 1 else 0)
        return {
            "id": _number(title) * 100_000 + episode.season * 2_000 + episode.number,
            "seriesId": _number(title),
            "name": name,
            "aired": None if episode.aired is None else episode.aired.isoformat(),
            "runtime": None,
            "nameTranslations": None,
            "overview": None,
            "overviewTranslations": None,
            "image": None,
            "imageType": None,
            "isMovie": 0,
            "seasons": None,
            "number": place[1],
            "absoluteNumber": absolute,
            "seasonNumber": place[0],
            "lastUpdated": UPDATED,
            "finaleType": None,
            "year": None if episode.aired is None else str(episode.aired.year),
        }

    def _seasons(self, title: TitleMetadata, types: Mapping[str, EpisodeOrder]) -> list[Document]:
        told = []
        for slug, order in (("official", None), *types.items()):
            names = {} if order is None else {group.number: group.name for group in order.groups}
            numbers = sorted({season for season, _ in (self._placed(title, slug) or {}).values()})
            for number in numbers:
                season: Document = {
                    "id": _number(title) * 1_000 + SEASON_TYPES[slug][0] * 100 + number,
                    "seriesId": _number(title),
                    "type": _season_type(slug, order),
                    "number": number,
                    "nameTranslations": [],
                    "overviewTranslations": [],
                    "companies": dict.fromkeys(("studio", "network", "production", "distributor", "special_effects")),
                    "lastUpdated": UPDATED,
                }
                told.append(season | ({"name": names[number]} if number in names else {}))
        return told


def _success(data: object, links: Document | None = None) -> Answer:
    return Answer({"status": "success", "data": data} | ({} if links is None else {"links": links}))


def _failure(status: int, message: str) -> Answer:
    return Answer({"status": "failure", "message": message, "data": None}, status)


def _number(title: TitleMetadata) -> int:
    return title.id if title.ids.tvdb is None else title.ids.tvdb


def _place(episode: EpisodeMetadata) -> Place:
    return episode.season, episode.number


def _slug(title: TitleMetadata) -> str:
    return "-".join(title.title.lower().split())


def _overview(title: TitleMetadata) -> str | None:
    """The summary in its own language: only what is English is known."""
    return title.summary if title.language in (None, "en") else None


def _summaries(title: TitleMetadata) -> list[tuple[str, str]]:
    return [] if title.summary is None or title.language is None else [("eng", title.summary)]


def _remote_ids(title: TitleMetadata) -> list[Document]:
    values: Iterable[tuple[str, object]] = ((field, getattr(title.ids, field)) for field in SOURCES)
    return [
        {"id": str(value), "type": SOURCES[field][0], "sourceName": SOURCES[field][1]}
        for field, value in values
        if value is not None
    ]


def _season_type(slug: str, order: EpisodeOrder | None) -> Document:
    number, name = SEASON_TYPES[slug]
    renamed = None if order is None or slug in ALWAYS_NAMED else order.name
    return {"id": number, "name": name, "type": slug, "alternateName": renamed}
