"""A small TMDB on 127.0.0.1: tells of a `MetadataWorld` in the form of The Movie Database's API, version 3.

Written by TMDB's own OpenAPI document and recorded answers: which keys there are, which are ``null`` or ``""`` where
nothing is known, how answers are paged, appended to each other and refused. A `TitleMetadata.id` of the world is
TMDB's number of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

from medialib.metadata import EpisodeMetadata, EpisodeOrder, TitleKind, TitleMetadata
from medialib.model import ExternalIds
from medialib.testing.metadata_world import MetadataWorld
from medialib.testing.web_server import Answer, Request, WebServer

__all__ = ["TMDB_KEY", "TMDB_TOKEN", "TmdbServer"]

Document: TypeAlias = dict[str, Any]

TMDB_KEY = "0123456789abcdef0123456789abcdef"
"""The v3 key that the server takes: invented, of the form that TMDB gives out."""
TMDB_TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJpbnZlbnRlZCJ9.aW52ZW50ZWQ"
"""The read access token that the server takes: an invented JWT."""

PAGE, LAST_PAGE, MOST_APPENDED = 20, 500, 20
GROUP_TYPES = {"other": 1, "absolute": 2, "dvd": 3, "digital": 4, "story": 5, "production": 6, "tv": 7}
GENRE_NUMBERS = {
    "Action": 28, "Action & Adventure": 10759, "Adventure": 12, "Animation": 16, "Comedy": 35, "Crime": 80,
    "Documentary": 99, "Drama": 18, "Family": 10751, "Fantasy": 14, "History": 36, "Horror": 27, "Kids": 10762,
    "Music": 10402, "Mystery": 9648, "News": 10763, "Reality": 10764, "Romance": 10749, "Sci-Fi & Fantasy": 10765,
    "Science Fiction": 878, "Soap": 10766, "Talk": 10767, "Thriller": 53, "War": 10752, "War & Politics": 10768,
    "Western": 37,
}  # fmt: skip

REFUSALS = {
    5: (422, "Invalid parameters: Your request parameters are incorrect."),
    7: (401, "Invalid API key: You must be granted a valid key."),
    22: (400, "Invalid page: Pages start at 1 and max at 500. They are expected to be an integer."),
    27: (400, "Too many append to response objects: The maximum number of remote calls is 20."),
    34: (404, "The resource you requested could not be found."),
    42: (405, "This resource does not support this request method."),
}


class TmdbServer(WebServer):
    """TMDB over a world. Its API begins at `api`; what changes in `world` is told from the next request on.

    >>> from urllib.request import urlopen
    >>> from medialib.testing.metadata_world import invented_world
    >>> with TmdbServer(invented_world()) as server:
    ...     json.load(urlopen(f"{server.api}/tv/101?api_key={TMDB_KEY}"))["original_name"]
    'The Long Voyage'
    """

    def __init__(
        self,
        world: MetadataWorld,
        *,
        key: str = TMDB_KEY,
        token: str = TMDB_TOKEN,
        today: date = date(2025, 6, 1),
        max_age: int = 21600,
    ) -> None:
        super().__init__()
        self.world = world
        self.key = key
        self.token = token
        self.today = today
        self.max_age = max_age

    @property
    def api(self) -> str:
        """The address of its API, version included, without a slash at the end."""
        return f"{self.url}/3"

    def answer(self, request: Request) -> Answer:
        """What TMDB says to a request, with the header lines that let a client keep it."""
        if request.query.get("api_key") != self.key and request.headers.get("authorization") != f"Bearer {self.token}":
            return _refused(7)
        if request.method != "GET":
            return _refused(42)
        said = self._document(request)
        if isinstance(said, int):
            return _refused(said)
        tag = f'W/"{hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]}"'
        kept = {"ETag": tag, "Cache-Control": f"public, max-age={self.max_age}", "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == tag:
            return Answer(b"", 304, kept)
        return Answer(said, headers=kept)

    def _document(self, request: Request) -> Document | int:
        language = request.query.get("language", "en-US").partition("-")[0]
        match request.path.strip("/").split("/"):
            case ["3", "search", "tv" | "movie" as kind]:
                return self._search("show" if kind == "tv" else "movie", request.query, language)
            case ["3", "find", external]:
                return self._find(external, request.query.get("external_source", ""), language)
            case ["3", "tv", "episode_group", order]:
                return self._order(order)
            case ["3", "tv" | "movie" as kind, number]:
                title = self._title("show" if kind == "tv" else "movie", number)
                return 34 if title is None else self._details(title, request.query, language)
            case ["3", "tv" | "movie" as kind, number, *rest]:
                title = self._title("show" if kind == "tv" else "movie", number)
                part = None if title is None else self._part(title, "/".join(rest))
                if title is None or part is None:
                    return 34
                return part if "id" in part else {"id": title.id, **part}
        return 34

    def _title(self, kind: TitleKind, number: str) -> TitleMetadata | None:
        return self.world.titles.get((kind, int(number))) if number.isascii() and number.isdecimal() else None

    # ------------------------------------------------------------------------------------------------ finding titles

    def _search(self, kind: TitleKind, query: Mapping[str, str], language: str) -> Document | int:
        page, text = query.get("page", "1"), query.get("query", "")
        if not page.isdecimal() or not 1 <= int(page) <= LAST_PAGE:
            return 22
        # A film's "year" is that of any release, a series' that of any episode: here all are the first.
        year = query.get("first_air_date_year") or query.get("primary_release_year") or query.get("year") or ""
        if year and not year.isdecimal():
            return 5
        found = [
            title
            for title in (self.world.matching(text, kind) if text.strip() else ())
            if not year or title.year == int(year)
        ]
        first = (int(page) - 1) * PAGE
        return {
            "page": int(page),
            "results": [self._brief(title, language) for title in found[first : first + PAGE]],
            "total_pages": max(1, -(-len(found) // PAGE)),
            "total_results": len(found),
        }

    def _find(self, external: str, source: str, language: str) -> Document | int:
        shows: list[Document] = []
        films: list[Document] = []
        if source not in ("imdb_id", "tvdb_id"):
            return 5
        if source == "tvdb_id":
            ids = ExternalIds(tvdb=int(external)) if external.isascii() and external.isdecimal() else ExternalIds()
        else:
            ids = ExternalIds(imdb=external)
        if (show := self.world.called(ids, "show")) is not None:
            shows.append({**self._brief(show, language), "media_type": "tv"})
        # TheTVDB's numbers of films are not among those that TMDB goes by.
        if source == "imdb_id" and (film := self.world.called(ids, "movie")) is not None:
            films.append({**self._brief(film, language), "media_type": "movie"})
        return {
            "movie_results": films,
            "person_results": [],
            "tv_results": shows,
            "tv_episode_results": [],
            "tv_season_results": [],
        }

    def _brief(self, title: TitleMetadata, language: str) -> Document:
        """A title as lists of answers show it."""
        name = _name(title, language)
        said: Document = {
            "adult": False,
            "backdrop_path": None,
            "genre_ids": [genre["id"] for genre in _genres(title)],
            "id": title.id,
            "original_language": title.language,
            "overview": title.summary or "",
            "popularity": 1.5,
            "poster_path": None,
            "vote_average": 7.25,
            "vote_count": 12,
        }
        original = title.original_title or title.title
        if title.kind == "movie":
            return {
                **said,
                "original_title": original,
                "release_date": self._first_date(title),
                "title": name,
                "video": False,
            }
        return {
            **said,
            "first_air_date": self._first_date(title),
            "name": name,
            "origin_country": list(title.countries),
            "original_name": original,
        }

    def _first_date(self, title: TitleMetadata) -> str:
        """The day of the first broadcast or of release; TMDB says ``""`` where it knows none."""
        if title.year is None:
            return ""
        aired = [
            episode.aired
            for episode in self.world.episodes.get(title.id, ())
            if title.kind == "show" and episode.season and episode.aired and episode.aired.year == title.year
        ]
        return min(aired, default=date(title.year, 1, 1)).isoformat()

    # ------------------------------------------------------------------------------------------------ one title

    def _details(self, title: TitleMetadata, query: Mapping[str, str], language: str) -> Document | int:
        wanted = [name for name in query.get("append_to_response", "").split(",") if name]
        if len(wanted) > MOST_APPENDED:
            return 27
        said = self._show(title, language) if title.kind == "show" else self._film(title, language)
        # What a title does not have is not appended, without a word.
        parts = {name: self._part(title, name) for name in wanted}
        return said | {name: part for name, part in parts.items() if part is not None}

    def _part(self, title: TitleMetadata, name: str) -> Document | None:
        """What may be asked for by itself or appended to a title."""
        place, _, number = name.partition("/")
        match place:
            case "external_ids":
                known: Document = {"imdb_id": title.ids.imdb, "wikidata_id": None}
                if title.kind == "show":
                    known |= dict.fromkeys(("freebase_mid", "freebase_id", "tvrage_id")) | {"tvdb_id": title.ids.tvdb}
                return known | dict.fromkeys(("facebook_id", "instagram_id", "twitter_id"))
            case "alternative_titles":
                # the original title is a field of its own and not among them
                others = [name for name in title.aliases if name != title.original_title]
                titles = [{"iso_3166_1": "US", "title": name, "type": ""} for name in others]
                return {"results" if title.kind == "show" else "titles": titles}
            case "episode_groups" if title.kind == "show":
                return {"results": [_order_summary(order) for order in self.world.orders.get(title.id, ())]}
            case "season" if title.kind == "show" and number.isascii() and number.isdecimal():
                return self._season(title, int(number))
        return None

    def _show(self, title: TitleMetadata, language: str) -> Document:
        episodes = sorted(self.world.episodes.get(title.id, ()), key=lambda episode: (episode.season, episode.number))
        regular = [episode for episode in episodes if episode.season]
        seasons = sorted({episode.season for episode in episodes})
        dated = sorted((episode.aired, episode.season, episode.number, episode) for episode in regular if episode.aired)
        past = [episode for *_, episode in dated if episode.aired and episode.aired <= self.today]
        future = [episode for *_, episode in dated if episode.aired and episode.aired > self.today]
        brief = self._brief(title, language)
        del brief["genre_ids"]
        return brief | {
            "created_by": [],
            "episode_run_time": [],
            "genres": _genres(title),
            "homepage": "",
            "in_production": bool(future),
            "languages": [] if title.language is None else [title.language],
            "last_air_date": past[-1].aired.isoformat() if past and past[-1].aired else None,
            "last_episode_to_air": _episode(title.id, past[-1]) if past else None,
            "networks": [],
            "next_episode_to_air": _episode(title.id, future[0]) if future else None,
            "number_of_episodes": len(regular),
            "number_of_seasons": len([season for season in seasons if season]),
            "production_companies": [],
            "production_countries": [{"iso_3166_1": country, "name": country} for country in title.countries],
            "seasons": [self._season_summary(title, season) for season in seasons],
            "spoken_languages": _spoken(title),
            "status": title.status,
            "tagline": "",
            "type": "Talk Show" if title.type == "daily" else "Scripted",
        }

    def _film(self, title: TitleMetadata, language: str) -> Document:
        brief = self._brief(title, language)
        del brief["genre_ids"]
        return brief | {
            "belongs_to_collection": None,
            "budget": 0,
            "genres": _genres(title),
            "homepage": "",
            "imdb_id": title.ids.imdb,
            "origin_country": list(title.countries),
            "production_companies": [],
            "production_countries": [{"iso_3166_1": country, "name": country} for country in title.countries],
            "revenue": 0,
            "runtime": 0,
            "spoken_languages": _spoken(title),
            "status": title.status,
            "tagline": "",
        }

    # ------------------------------------------------------------------------------------------- seasons and orders

    def _season_summary(self, title: TitleMetadata, season: int) -> Document:
        episodes = [episode for episode in self.world.episodes.get(title.id, ()) if episode.season == season]
        aired = [episode.aired for episode in episodes if episode.aired]
        return {
            "air_date": min(aired).isoformat() if aired else None,
            "episode_count": len(episodes),
            "id": title.id * 1000 + season,
            "name": f"Season {season}" if season else "Specials",
            "overview": "",
            "poster_path": None,
            "season_number": season,
            "vote_average": 0,
        }

    def _season(self, title: TitleMetadata, season: int) -> Document | None:
        episodes = sorted(
            (episode for episode in self.world.episodes.get(title.id, ()) if episode.season == season),
            key=lambda episode: episode.number,
        )
        if not episodes:
            return None
        summary = self._season_summary(title, season)
        del summary["episode_count"]
        return {
            "_id": f"{title.id:020x}{season:04x}",
            **summary,
            "episodes": [{**_episode(title.id, episode), "crew": [], "guest_stars": []} for episode in episodes],
            "networks": [],
        }

    def _order(self, identifier: str) -> Document | int:
        for show, orders in self.world.orders.items():
            for order in orders:
                if order.id == identifier:
                    groups = [
                        {
                            "id": f"{order.id}-{group.number}",
                            "name": group.name,
                            "order": group.number,
                            "episodes": [
                                {**_episode(show, episode), "order": place}
                                for place, episode in enumerate(group.episodes)
                            ],
                            "locked": True,
                        }
                        for group in order.groups
                    ]
                    return {**_order_summary(order), "groups": groups}
        return 34


def _refused(code: int) -> Answer:
    status, message = REFUSALS[code]
    return Answer({"success": False, "status_code": code, "status_message": message}, status)


def _name(title: TitleMetadata, language: str) -> str:
    """The title in a language: the world knows that of its own language, and one for all others."""
    return title.original_title if title.original_title and language == title.language else title.title


def _genres(title: TitleMetadata) -> list[Document]:
    """Genres with TMDB's numbers; one that TMDB has not gets a number that no other has."""
    return [
        {
            "id": GENRE_NUMBERS.get(name, 90_000 + int.from_bytes(hashlib.sha256(name.encode()).digest()[:2])),
            "name": name,
        }
        for name in title.genres
    ]


def _spoken(title: TitleMetadata) -> list[Document]:
    if title.language is None:
        return []
    return [{"english_name": title.language, "iso_639_1": title.language, "name": title.language}]


def _episode(show: int, episode: EpisodeMetadata) -> Document:
    return {
        "air_date": None if episode.aired is None else episode.aired.isoformat(),
        "episode_number": episode.number,
        "episode_type": "standard",
        "id": (show * 100 + episode.season) * 10_000 + episode.number,
        "name": episode.title or "",
        "overview": "",
        "production_code": "",
        "runtime": None,
        "season_number": episode.season,
        "show_id": show,
        "still_path": None,
        "vote_average": 0.0,
        "vote_count": 0,
    }


def _order_summary(order: EpisodeOrder) -> Document:
    return {
        "description": "",
        "episode_count": sum(len(group.episodes) for group in order.groups),
        "group_count": len(order.groups),
        "id": order.id,
        "name": order.name,
        "network": None,
        "type": GROUP_TYPES[order.kind],
    }
