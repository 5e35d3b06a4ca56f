"""TVmaze as a small server: its documented contract, told of an invented world.

What it keeps to, besides the forms of its JSON: lookups answer 301, what is unknown answers 404 with a JSON body, an
index page is ``floor(id / 250)``, is not full, and 404 ends the index; ``/updates/shows`` names every show with the
instant of its last change; answers may be kept for an hour (index pages for a day) and carry an ETag; no more than 20
calls in 10 seconds, of which those that its own cache answers do not count. The world is read anew for each request: a
show that changed since it was last looked at has been updated at that instant.

It does not keep people, schedules and pictures, which nobody here asks for.
"""

from __future__ import annotations

import re
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import attrs

from medialib.metadata import EpisodeOrder, TitleMetadata
from medialib.ports import Clock
from medialib.testing.metadata_world import MetadataWorld
from medialib.testing.tvmaze_forms import KINDS_OF_LIST, TvmazeForms, embeds, own_number
from medialib.testing.web_server import Answer, Request, WebServer
from medialib.testing.worlds import ManualClock

__all__ = ["TvmazeServer"]

PAGE: Final = 250
"""Ids to a page of the index."""
HOUR, DAY = 3600, 86_400
FOUND_AT_MOST: Final = 10

SINCE: Final = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}


def _not_found(message: str = "") -> Answer:
    return Answer({"name": "Not Found", "message": message, "code": 0, "status": 404}, 404)


@attrs.define
class _Known:
    """What the server remembers of a show."""

    seen: object = None
    updated: datetime | None = None


class TvmazeServer(WebServer):
    """TVmaze, telling of a `MetadataWorld`; films are unknown to it.

    >>> import json
    >>> from urllib.request import urlopen
    >>> from medialib.testing.metadata_world import invented_world
    >>> with TvmazeServer(invented_world()) as server:
    ...     json.load(urlopen(f"{server.url}/lookup/shows?thetvdb=900101"))["name"]
    'The Long Voyage'
    """

    def __init__(self, world: MetadataWorld, *, clock: Clock | None = None, rate_limited: bool = False) -> None:
        super().__init__()
        self.world = world
        self.clock: Clock = ManualClock() if clock is None else clock
        self.rate_limited = rate_limited
        self._shows: dict[int, _Known] = {}
        self._forms = TvmazeForms(world, self.clock, address=lambda: self.url, updated=self._instant)
        self._calls: deque[float] = deque()
        self._kept: dict[str, float] = {}

    # ------------------------------------------------------------------------------------------------- the contract

    def answer(self, request: Request) -> Answer:
        """What TVmaze says to a request."""
        if request.method != "GET":
            return Answer({"name": "Method Not Allowed", "message": "", "code": 0, "status": 405}, 405)
        address = f"{request.path}?{urlencode(sorted(request.query.items()))}"
        if self.rate_limited and self._over_the_limit(address):
            return Answer({"name": "Too Many Requests", "message": "", "code": 0, "status": 429}, 429)
        self._look_for_changes()
        answer = self._routed(request)
        lasts = DAY if request.path == "/shows" else HOUR
        self._kept[address] = self.clock.monotonic() + lasts
        etag = f'W/"{zlib.crc32(answer.payload):08x}"'
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "Cache-Control": f"public, max-age={lasts}",
            "ETag": etag,
            "Vary": "Accept-Encoding",
            **answer.headers,
        }
        if answer.status == 200 and etag in request.headers.get("if-none-match", ""):
            return Answer(b"", 304, headers)
        return Answer(answer.body, answer.status, headers)

    def _over_the_limit(self, address: str) -> bool:
        now = self.clock.monotonic()
        if self._kept.get(address, now) > now:
            return False
        while self._calls and self._calls[0] <= now - 10:
            self._calls.popleft()
        if len(self._calls) >= 20:
            return True
        self._calls.append(now)
        return False

    def _look_for_changes(self) -> None:
        for number, title in self._titles().items():
            seen = (title, self.world.episodes.get(title.id), self.world.orders.get(title.id))
            known = self._shows.setdefault(number, _Known())
            if known.seen != seen:
                known.seen, known.updated = seen, self.clock.now()

    def _routed(self, request: Request) -> Answer:
        for pattern, respond in self._routes().items():
            if found := re.fullmatch(pattern, request.path):
                return respond(request.query, *(int(number) for number in found.groups()))
        return _not_found("Page not found.")

    def _routes(self) -> Mapping[str, Callable[..., Answer]]:
        show = r"/shows/(\d+)"
        return {
            "/search/shows": self._search,
            "/singlesearch/shows": self._single_search,
            "/lookup/shows": self._lookup,
            "/shows": self._index,
            "/updates/shows": self._updates,
            show: self._of_show(lambda query, title: self._forms.show(title, query)),
            f"{show}/akas": self._of_show(lambda _, title: self._forms.akas(title)),
            f"{show}/seasons": self._of_show(lambda _, title: self._forms.seasons(title)),
            f"{show}/episodes": self._of_show(
                lambda query, title: self._forms.episodes(title, specials=query.get("specials") == "1")
            ),
            f"{show}/episodebynumber": self._of_show(self._by_number),
            f"{show}/episodesbydate": self._of_show(self._by_date),
            f"{show}/alternatelists": self._of_show(lambda _, title: self._lists(title)),
            r"/seasons/(\d+)/episodes": self._season_episodes,
            r"/episodes/(\d+)": self._episode_by_id,
            r"/alternatelists/(\d+)": self._list_by_id,
            r"/alternatelists/(\d+)/alternateepisodes": self._list_episodes,
        }

    # ----------------------------------------------------------------------------------------------- what is asked for

    def _search(self, query: Mapping[str, str]) -> Answer:
        if "q" not in query:
            return self._missing("q")
        found = self.world.matching(query["q"], "show")[:FOUND_AT_MOST]
        return Answer(
            [
                {"score": round(1 / place, 6), "show": self._forms.show(title)}
                for place, title in enumerate(found, start=1)
            ]
        )

    def _single_search(self, query: Mapping[str, str]) -> Answer:
        if "q" not in query:
            return self._missing("q")
        found = self.world.matching(query["q"], "show")
        return Answer(self._forms.show(found[0], query)) if found else Answer(b"", 404)

    def _lookup(self, query: Mapping[str, str]) -> Answer:
        names = {"thetvdb": "tvdb", "imdb": "imdb"}
        if not query.keys() & {*names, "tvrage"}:
            return self._missing("tvrage, thetvdb, imdb")
        for number, title in sorted(self._titles().items()):
            if any(query.get(name) == str(getattr(title.ids, field)) for name, field in names.items()):
                return Answer(b"", 301, {"Location": f"{self.url}/shows/{number}"})
        return _not_found("Unknown show")

    def _index(self, query: Mapping[str, str]) -> Answer:
        page, titles = query.get("page", "0"), self._titles()
        if not page.isdigit() or int(page) > max(titles, default=-1) // PAGE:
            return _not_found("Page not found.")
        return Answer([self._forms.show(titles[number]) for number in sorted(titles) if number // PAGE == int(page)])

    def _updates(self, query: Mapping[str, str]) -> Answer:
        since = query.get("since")
        if since is not None and since not in SINCE:
            return Answer({"name": "Bad Request", "message": "Unknown value", "code": 0, "status": 400}, 400)
        after = datetime.min.replace(tzinfo=UTC) if since is None else self.clock.now() - SINCE[since]
        changed = {number: self._instant(number) for number in sorted(self._titles())}
        return Answer({str(number): int(when.timestamp()) for number, when in changed.items() if when >= after})

    def _by_number(self, query: Mapping[str, str], title: TitleMetadata) -> Any:
        for episode in self._forms.episodes(title, specials=False):
            if (str(episode["season"]), str(episode["number"])) == (query.get("season"), query.get("number")):
                return episode
        return None

    def _by_date(self, query: Mapping[str, str], title: TitleMetadata) -> Any:
        return [each for each in self._forms.episodes(title) if each["airdate"] == query.get("date")] or None

    def _season_episodes(self, _: Mapping[str, str], number: int) -> Answer:
        for title in self._titles().values():
            for season in self._forms.seasons(title):
                if season["id"] == number:
                    return Answer([each for each in self._forms.episodes(title) if each["season"] == season["number"]])
        return _not_found("Unknown season")

    def _episode_by_id(self, query: Mapping[str, str], number: int) -> Answer:
        for title in self._titles().values():
            for episode in self._forms.episodes(title):
                if episode["id"] == number:
                    embedded = {"_embedded": {"show": self._forms.show(title)}} if "show" in embeds(query) else {}
                    return Answer(episode | embedded)
        return _not_found("Unknown episode")

    def _lists(self, title: TitleMetadata) -> list[dict[str, Any]]:
        return [self._forms.alternate_list(title, order) for known, order in self._orders() if known == title]

    def _list_by_id(self, query: Mapping[str, str], number: int) -> Answer:
        for title, order in self._orders():
            if self._forms.number("list", title.id, order.id) == number:
                embedded = {"alternateepisodes": self._forms.list_items(title, order, {})}
                wanted = "alternateepisodes" in embeds(query)
                return Answer(self._forms.alternate_list(title, order) | ({"_embedded": embedded} if wanted else {}))
        return _not_found("Unknown alternate list")

    def _list_episodes(self, query: Mapping[str, str], number: int) -> Answer:
        for title, order in self._orders():
            if self._forms.number("list", title.id, order.id) == number:
                return Answer(self._forms.list_items(title, order, query))
        return _not_found("Unknown alternate list")

    def _of_show(self, tell: Callable[[Mapping[str, str], TitleMetadata], Any]) -> Callable[..., Answer]:
        def respond(query: Mapping[str, str], number: int) -> Answer:
            title = self._titles().get(number)
            told = None if title is None else tell(query, title)
            return _not_found() if told is None else Answer(told)

        return respond

    @staticmethod
    def _missing(names: str) -> Answer:
        message = f"Missing required parameters: {names}"
        return Answer({"name": "Bad Request", "message": message, "code": 0, "status": 400}, 400)

    # ----------------------------------------------------------------------------------------------- what is known

    def _titles(self) -> dict[int, TitleMetadata]:
        shows = [title for title in self.world.titles.values() if title.kind == "show"]
        return {own_number(title): title for title in shows}

    def _orders(self) -> Iterable[tuple[TitleMetadata, EpisodeOrder]]:
        for title in self._titles().values():
            for order in self.world.orders.get(title.id, ()):
                if order.kind in KINDS_OF_LIST:
                    yield title, order

    def _instant(self, number: int) -> datetime:
        return self._shows[number].updated or self.clock.now()
