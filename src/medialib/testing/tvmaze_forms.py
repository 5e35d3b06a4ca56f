"""The forms of TVmaze's JSON, told of an invented world: shows, episodes, seasons, aliases and alternate lists."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from medialib.metadata import EpisodeGroup, EpisodeMetadata, EpisodeOrder, OrderKind, TitleMetadata
from medialib.naming.languages import LANGUAGE_WORDS
from medialib.ports import Clock
from medialib.testing.metadata_world import MetadataWorld

__all__ = ["KINDS_OF_LIST", "TvmazeForms", "embeds", "own_number"]

COUNTRIES: Final = {
    "DE": ("Germany", "Europe/Busingen"),
    "GB": ("United Kingdom", "Europe/London"),
    "JP": ("Japan", "Asia/Tokyo"),
    "US": ("United States", "America/New_York"),
}
LANGUAGES: Final = {code: word.capitalize() for word, code in reversed([*LANGUAGE_WORDS.items()])}
KINDS_OF_LIST: Final[Mapping[OrderKind, str]] = {
    "dvd": "dvd_release",
    "other": "verbatim_order",
    "digital": "streaming_premiere",
    "tv": "broadcast_premiere",
}
FLAGS: Final = (
    "dvd_release",
    "verbatim_order",
    "country_premiere",
    "streaming_premiere",
    "broadcast_premiere",
    "language_premiere",
)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "untitled"


def own_number(title: TitleMetadata) -> int:
    """The number under which TVmaze knows a show of a world."""
    return title.id if title.ids.tvmaze is None else title.ids.tvmaze


def embeds(query: Mapping[str, str]) -> frozenset[str]:
    """What a query asks to be embedded."""
    return frozenset(query[name] for name in ("embed", "embed[]") if name in query)


class TvmazeForms:
    """Tells of a world as TVmaze does; ids that a world has not are given out once and stay."""

    def __init__(
        self, world: MetadataWorld, clock: Clock, *, address: Callable[[], str], updated: Callable[[int], datetime]
    ) -> None:
        self._world = world
        self._clock = clock
        self._address = address
        self._updated = updated
        self._numbers: dict[tuple[Any, ...], int] = {}

    def number(self, *what: Any) -> int:
        """An id for something, the same ever after."""
        return self._numbers.setdefault(what, 1_000_001 + len(self._numbers))

    def show(self, title: TitleMetadata, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A show, with what the query asks to be embedded."""
        number, episodes = own_number(title), self.episodes(title)
        links: dict[str, Any] = {"self": {"href": f"{self._address()}/shows/{number}"}}
        today = self._clock.now().date().isoformat()
        past = [each for each in episodes if each["airdate"] and each["airdate"] <= today]
        future = [each for each in episodes if each["airdate"] > today]
        for name, known in (("previousepisode", past[-1:]), ("nextepisode", future[:1])):
            for episode in known:
                links[name] = {"href": episode["_links"]["self"]["href"], "name": episode["name"]}
        country = self._country(title)
        station = {"id": 7, "name": "Channel Seven", "country": country, "officialSite": None}
        # Half of the shows are on television, the others on the web: both say where a show comes from.
        televised = number % 2 == 1 and country is not None
        told = {
            "id": number,
            "url": f"https://www.tvmaze.com/shows/{number}/{_slug(title.title)}",
            "name": title.title,
            "type": {"daily": "Talk Show", "anime": "Animation"}.get(title.type, "Scripted"),
            "language": LANGUAGES.get(title.language or ""),
            "genres": list(title.genres),
            "status": title.status,
            "runtime": 60 if televised else None,
            "averageRuntime": 58 if episodes else None,
            "premiered": self._premiered(title),
            "ended": past[-1]["airdate"] if past and title.status == "Ended" else None,
            "officialSite": None,
            "schedule": {
                "time": "23:00" if title.type == "daily" else "",
                "days": ["Monday", "Tuesday", "Wednesday", "Thursday"] if title.type == "daily" else [],
            },
            "rating": {"average": None},
            "weight": 50,
            "network": station if televised else None,
            "webChannel": None if televised else station,
            "dvdCountry": None,
            "externals": {"tvrage": None, "thetvdb": title.ids.tvdb, "imdb": title.ids.imdb},
            "image": None,
            "summary": None if title.summary is None else f"<p>{html.escape(title.summary)}</p>",
            "updated": int(self._updated(number).timestamp()),
            "_links": links,
        }
        embeddable: Mapping[str, Callable[[], Any]] = {
            "akas": lambda: self.akas(title),
            "episodes": lambda: self.episodes(title, specials=False),
            "episodeswithspecials": lambda: episodes,
            "seasons": lambda: self.seasons(title),
            "previousepisode": lambda: past[-1] if past else None,
            "nextepisode": lambda: future[0] if future else None,
        }
        embedded = {name: tell() for name, tell in embeddable.items() if name in embeds(query or {})}
        return told | ({"_embedded": embedded} if embedded else {})

    @staticmethod
    def _country(title: TitleMetadata) -> dict[str, str] | None:
        for code in title.countries[:1]:
            name, timezone = COUNTRIES.get(code, (code, "UTC"))
            return {"name": name, "code": code, "timezone": timezone}
        return None

    def _premiered(self, title: TitleMetadata) -> str | None:
        if title.year is None:
            return None
        days = [each.aired for each in self._world.episodes.get(title.id, ()) if each.season and each.aired]
        return min([day for day in days if day.year == title.year], default=date(title.year, 1, 1)).isoformat()

    @staticmethod
    def akas(title: TitleMetadata) -> list[dict[str, Any]]:
        """Its other names."""
        names = dict.fromkeys([title.original_title, *title.aliases] if title.original_title else title.aliases)
        return [{"name": name, "country": None} for name in names]

    def episodes(self, title: TitleMetadata, *, specials: bool = True) -> list[dict[str, Any]]:
        """All episodes, by the day they were aired on: a special stands in the season that it was aired in."""
        ordered = sorted(self._world.episodes.get(title.id, ()), key=lambda each: (each.season, each.number))
        told, season = [], 1
        by_day = sorted(ordered, key=lambda each: (each.aired or date.max, each.season == 0, each.season, each.number))
        for episode in ordered:
            self.number("episode", title.id, episode.season, episode.number)
        for episode in by_day:
            season = episode.season or season
            if episode.season or specials:
                told.append(self._episode(title, episode, season))
        return told

    def _episode(self, title: TitleMetadata, episode: EpisodeMetadata, season: int) -> dict[str, Any]:
        identifier = self.number("episode", title.id, episode.season, episode.number)
        special = episode.season == 0
        aired = "" if episode.aired is None else episode.aired.isoformat()
        name = "TBA" if episode.title is None else episode.title
        place = f"{season}x{'special' if special else f'{episode.number:02}'}"
        return {
            "id": identifier,
            "url": f"https://www.tvmaze.com/episodes/{identifier}/{_slug(title.title)}-{place}-{_slug(name)}",
            "name": name,
            "season": season,
            "number": None if special else episode.number,
            "type": "significant_special" if special else "regular",
            "airdate": aired,
            "airtime": "",
            "airstamp": f"{aired}T12:00:00+00:00" if aired else None,
            "runtime": 60,
            "rating": {"average": None},
            "image": None,
            "summary": None,
            "_links": {
                "self": {"href": f"{self._address()}/episodes/{identifier}"},
                "show": {"href": f"{self._address()}/shows/{own_number(title)}", "name": title.title},
            },
        }

    def seasons(self, title: TitleMetadata) -> list[dict[str, Any]]:
        """Its seasons; specials are in none of their own."""
        regular = self.episodes(title, specials=False)
        told = []
        for number in sorted({each["season"] for each in regular}):
            own = [each for each in regular if each["season"] == number]
            days = sorted(each["airdate"] for each in own if each["airdate"])
            identifier = self.number("season", title.id, number)
            told.append(
                {
                    "id": identifier,
                    "url": f"https://www.tvmaze.com/seasons/{identifier}/{_slug(title.title)}-season-{number}",
                    "number": number,
                    "name": "",
                    "episodeOrder": len(own),
                    "premiereDate": days[0] if days else None,
                    "endDate": days[-1] if days else None,
                    "network": None,
                    "webChannel": None,
                    "image": None,
                    "summary": "",
                    "_links": {"self": {"href": f"{self._address()}/seasons/{identifier}"}},
                }
            )
        return told

    def alternate_list(self, title: TitleMetadata, order: EpisodeOrder) -> dict[str, Any]:
        """An alternate list."""
        identifier, kind = self.number("list", title.id, order.id), KINDS_OF_LIST[order.kind]
        return {
            "id": identifier,
            "url": f"https://www.tvmaze.com/alternatelists/{identifier}/{_slug(title.title)}-{_slug(order.name)}",
            **{flag: flag == kind for flag in FLAGS},
            "language": None,
            "network": None,
            "webChannel": None,
            "_links": {
                "self": {"href": f"{self._address()}/alternatelists/{identifier}"},
                "show": {"href": f"{self._address()}/shows/{own_number(title)}", "name": title.title},
            },
        }

    def list_items(self, title: TitleMetadata, order: EpisodeOrder, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The episodes of an alternate list."""
        known = {each["id"]: each for each in self.episodes(title)}
        told, season = [], 0
        for group in order.groups:
            season += not group.special
            for place, episode in enumerate(group.episodes, start=1):
                own = known[self.number("episode", title.id, episode.season, episode.number)]
                told.append(self._list_item(order, own, group, max(season, 1), place, query))
        return told

    def _list_item(
        self,
        order: EpisodeOrder,
        own: Mapping[str, Any],
        group: EpisodeGroup,
        season: int,
        place: int,
        query: Mapping[str, str],
    ) -> dict[str, Any]:
        identifier = self.number("alternate", order.id, own["id"])
        item = {
            "id": identifier,
            "url": own["url"].replace("/episodes/", "/alternateepisodes/"),
            "name": own["name"],
            "season": season,
            "number": None if group.special else place,
            "type": "significant_special" if group.special else "regular",
            **{field: own[field] for field in ("airdate", "airtime", "airstamp", "runtime")},
            "_links": {
                "self": {"href": f"{self._address()}/alternateepisodes/{identifier}"},
                "episodes": [{"href": own["_links"]["self"]["href"], "name": own["name"]}],
            },
        }
        return item | ({"_embedded": {"episodes": [dict(own)]}} if "episodes" in embeds(query) else {})
