"""TheTVDB, by version 4 of its API: https://thetvdb.github.io/v4-api.

TheTVDB knows series and films, absolute numbers and other orders of episodes ("season types"). What it does not say
outright is decided so:

- A series is ``anime`` if it has the genre Anime, or the genre Animation and Japanese as its original language.
- A series is ``daily`` if it has the genre Talk Show or News.
- The order of broadcast is that in which TheTVDB keeps the series unless asked for another (its *default* order). That
  is "Aired Order" for nearly all; for the others, "Aired Order" is among `TvdbProvider.orders` with the kind ``tv``.
- A year behind a name, by which TheTVDB tells namesakes apart, is left out: ``Nosferatu (2014)`` is ``Nosferatu``.
- Titles that have no translation into the language that was asked for stand in their original one.
- Aliases are its aliases and its translations of the title, whatever their language.
- Its codes ``pt`` (Brazil), ``zhtw`` and ``yue`` are given as ``pt`` and ``zh``.
- The status is TheTVDB's word: "Continuing", "Ended", "Upcoming" for series, "Released" and others for films.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

import attrs

from medialib.errors import AuthenticationFailed, ConnectionLost, RequestRefused, ServiceUnavailable, UnusableAnswer
from medialib.http import HttpClient, HttpOptions, Rate
from medialib.metadata import EpisodeMetadata, EpisodeOrder, TitleKind, TitleMetadata
from medialib.model import ExternalIds
from medialib.ports import ProviderTraits
from medialib.providers.iso_codes import language_codes
from medialib.providers.tvdb_episodes import (
    EpisodePage,
    EpisodeRecord,
    SeasonType,
    episode_order,
    episode_page,
    episodes_by_broadcast,
    season_types,
)
from medialib.providers.tvdb_fields import token
from medialib.providers.tvdb_titles import found_titles, named_numbers, title_of

__all__ = ["TvdbProvider"]

Answered = TypeVar("Answered")

RATE: Final = Rate(10, 1.0)
"""TheTVDB names no limit; this is ours."""
DETAILS: Final[Mapping[str, str]] = {"meta": "translations", "short": "true"}
MOST_FOUND: Final = 20
MOST_NAMESAKES: Final = 10
"""How many titles that bear one remote id are looked at: TMDB's 5 is also somebody else's 5."""
PAGE_SIZE: Final = 500
MOST_PAGES: Final = 200
CREDIT: Final = (
    "Metadata provided by TheTVDB (https://thetvdb.com). Please consider adding missing information or subscribing."
)
"""What TheTVDB asks for of everybody who shows its data (https://thetvdb.com/api-information)."""
REMEDY: Final = (
    "Set tvdb.api_key to a key for version 4 of its API (https://thetvdb.com/api-information), "
    "and tvdb.pin to a subscriber's PIN if the key wants one."
)


class TvdbProvider:
    """`ports.MetadataProvider` over TheTVDB.

    `api_key` is a key for version 4; `pin` is a subscriber's, for keys that want one. `url` is the address of the API
    with its version; `language` is ISO 639-1. `rate` is what may be asked at most; None: as fast as it can.

    The key buys a token, good for a month, which is kept in memory only; a token that is refused is bought anew, once.
    Where TheTVDB is out of reach for that, older answers still serve.

    Raises AuthenticationFailed for an empty key.
    """

    def __init__(
        self,
        api_key: str,
        pin: str | None = None,
        url: str = "https://api4.thetvdb.com/v4",
        language: str = "en",
        options: HttpOptions | None = None,
        *,
        rate: Rate | None = RATE,
    ) -> None:
        key, pin = api_key.strip(), (pin or "").strip()
        if not key:
            raise AuthenticationFailed("TheTVDB answers nobody without a key", remedy=REMEDY)
        self._credentials = {"apikey": key, "pin": pin} if pin else {"apikey": key}
        self._language = language.strip().lower().partition("-")[0]
        self._client = HttpClient(
            url,
            name="TheTVDB",
            options=options or HttpOptions(),
            rate=rate,
            secrets=tuple(self._credentials.values()),
        )
        self._token: str | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"TvdbProvider({self._client!r})"

    @property
    def name(self) -> str:
        """``tvdb``."""
        return "tvdb"

    @property
    def traits(self) -> ProviderTraits:
        """It knows films and other orders, and goes by the ids of IMDb, TMDB and TVmaze."""
        return ProviderTraits(
            movies=True, orders=True, finds_by=frozenset({"tvdb", "imdb", "tmdb", "tvmaze"}), credit=CREDIT
        )

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        """Titles that answer to `title`: those of `year` first, which costs a second call."""
        if not title.strip():
            return ()
        query = {"query": title, "type": "series" if kind == "show" else "movie", "limit": str(MOST_FOUND)}
        found: dict[int, TitleMetadata] = {}
        # a year leaves out all that began in another, so it is asked without one too
        for narrowed in ({},) if year is None else ({"year": str(year)}, {}):
            answer = self._ask("/search", query | narrowed, partial(found_titles, kind=kind, language=self._language))
            if answer is None:
                raise UnusableAnswer("TheTVDB has no search at the configured address", remedy="Check tvdb.url.")
            for each in answer:
                found.setdefault(each.id, each)
        return tuple(found.values())[:MOST_FOUND]

    def title(self, number: int, kind: TitleKind = "show") -> TitleMetadata | None:
        """All that TheTVDB says of one title."""
        return self._details(number, kind, partial(title_of, kind=kind, language=self._language))

    def find(self, ids: ExternalIds, kind: TitleKind = "show") -> TitleMetadata | None:
        """The title of that TheTVDB number, else of that id of IMDb, TMDB or (a series) TVmaze.

        TheTVDB looks for a remote id among those of all sources at once. So of numbers, which mean another title to
        each source, only a title that bears it from the right source counts.
        """
        if ids.tvdb is not None and (own := self.title(ids.tvdb, kind)) is not None:
            return own
        for field in ("imdb", "tmdb", "tvmaze") if kind == "show" else ("imdb", "tmdb"):
            value = getattr(ids, field)
            if value is None or not re.fullmatch(r"\w+", str(value)):
                continue
            numbers = self._ask(f"/search/remoteid/{value}", {}, partial(named_numbers, kind=kind))
            for number in (numbers or ())[:MOST_NAMESAKES]:
                found = self.title(number, kind)
                if found is not None and (field == "imdb" or getattr(found.ids, field) == value):
                    return found
        return None

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        """The episodes of a show; 500 cost one call, or two where its language is not the one that was asked for."""
        found = self._broadcast(show, fresh=fresh)
        if found is None:
            raise KeyError(f"TheTVDB has no show {show}")
        return tuple(sorted(found.values(), key=lambda episode: (episode.season, episode.number)))

    def orders(self, show: int) -> tuple[EpisodeOrder, ...]:
        """The season types of a show besides its default one; the identifier is TheTVDB's, such as ``dvd``.

        The groups are that type's seasons. Episodes are known again by TheTVDB's numbers of them; one that has no place
        in the default order is left out.
        """
        types: tuple[SeasonType, ...] = self._details(show, "show", season_types) or ()
        # a type without seasons is one that TheTVDB could keep and does not
        others = [each for each in types if not each.default and (each.seasons is None or each.seasons)]
        broadcast = self._broadcast(show) if others else None
        if not broadcast:
            return ()
        listed = ((each, self._listed(show, each.slug)) for each in others)
        orders = (episode_order(each, found[0], broadcast) for each, found in listed if found is not None)
        return tuple(order for order in orders if order is not None)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _details(self, number: int, kind: TitleKind, read: Callable[[Any], Answered]) -> Answered | None:
        if number < 1:
            return None
        return self._ask(f"/{'series' if kind == 'show' else 'movies'}/{number}/extended", DETAILS, read)

    def _broadcast(self, show: int, *, fresh: bool = False) -> dict[int, EpisodeMetadata] | None:
        """The episodes by TheTVDB's numbers of them, or None for a show that it does not have."""
        listed = self._listed(show, "default", fresh=fresh)
        if listed is None:
            return None
        records, language = listed
        found = dict(episodes_by_broadcast(records))
        if found and language != self._language:
            for number, translated in self._translated_titles(show).items():
                if number in found:
                    found[number] = attrs.evolve(found[number], title=translated)
        return found

    def _translated_titles(self, show: int) -> dict[int, str]:
        code = next(iter(language_codes(self._language)), None)
        try:
            listed = None if code is None else self._listed(show, f"default/{code}")
        except RequestRefused:  # a language that TheTVDB does not have
            listed = None
        return {} if listed is None else {each.id: each.title for each in listed[0] if each.title is not None}

    def _listed(
        self, show: int, order: str, *, fresh: bool = False
    ) -> tuple[tuple[EpisodeRecord, ...], str | None] | None:
        """All pages of a list of episodes, and the show's language; None where there is no such show.

        Neither ``links.next`` nor an empty page alone ends it: TheTVDB has named next pages without end, and has
        answered every page with the same one (issues 74 and 138 of its v4-api).
        """
        if show < 1:
            return None
        found: dict[int, EpisodeRecord] = {}
        seen: set[int] = set()
        language = None
        for number in range(MOST_PAGES):
            page: EpisodePage | None = self._ask(
                f"/series/{show}/episodes/{order}", {"page": str(number)}, episode_page, fresh=fresh
            )
            if page is None and number == 0:
                return None
            if page is None or seen.issuperset(page.ids):
                return tuple(found.values()), language
            language = language or page.language
            seen.update(page.ids)
            for each in page.episodes:
                found.setdefault(each.id, each)
            if len(page.ids) < (page.size or PAGE_SIZE) and len(seen) >= (page.total or 0):
                return tuple(found.values()), language
        raise UnusableAnswer(f"TheTVDB's list of the episodes of show {show} does not end")

    def _ask(
        self, path: str, parameters: Mapping[str, str], read: Callable[[Any], Answered], *, fresh: bool = False
    ) -> Answered | None:
        """What `read` makes of TheTVDB's answer, None where it has no such thing.

        An answer of another form is asked for once more past the cache, which may have kept it.
        """
        try:
            answer = self._get(path, parameters, fresh=fresh)
            return None if answer is None else read(answer)
        except UnusableAnswer:
            answer = self._get(path, parameters, fresh=True)
            return None if answer is None else read(answer)

    def _get(self, path: str, parameters: Mapping[str, str], *, fresh: bool) -> Any | None:
        try:
            shown = self._signed_in(None)
        except (ConnectionLost, ServiceUnavailable) as unreachable:
            # what was answered earlier is still there to be had, without a token too
            try:
                return self._client.get(path, parameters, fresh=fresh)
            except AuthenticationFailed:
                raise unreachable from None
        try:
            return self._client.get(path, parameters, headers=_signed(shown), fresh=fresh)
        except AuthenticationFailed:
            shown = self._signed_in(shown)
        try:
            return self._client.get(path, parameters, headers=_signed(shown), fresh=fresh)
        except AuthenticationFailed as error:
            raise _refused() from error

    def _signed_in(self, refused: str | None) -> str:
        """A token that is not the refused one."""
        with self._lock:
            if self._token is None or self._token == refused:
                self._token = None
                try:
                    answer = self._client.send("POST", "/login", self._credentials, idempotent=True)
                except AuthenticationFailed as error:
                    raise _refused() from error
                self._token = token(answer)
            return self._token


def _signed(shown: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown}"}


def _refused() -> AuthenticationFailed:
    return AuthenticationFailed("TheTVDB refuses the key that it was shown", remedy=REMEDY)
