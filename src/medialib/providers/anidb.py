"""AniDB, by its HTTP API and its dump of titles: https://wiki.anidb.net/HTTP_API_Definition.

AniDB knows anime, and nothing else. What it does not say outright is decided so:

- Every title is ``anime`` and a series; a film is a series of one episode, so that questions about films are answered
  with nothing.
- Regular episodes are season 1, with their numbers as absolute ones too; specials (S1 …) are season 0. Openings and
  endings (C), trailers (T), parodies (P) and others (O) are left out. A later season is an anime of its own.
- The title is the official one in the language that was asked for, else AniDB's main title.
- Genres are its tags of at least 400 of 600 points that give nothing away, in its own words.
- What others call it is said by a copy of the list that https://github.com/Anime-Lists/anime-lists keeps, if one is
  given, and only of an anime that a series begins with: a season's entry is not the series.
- It has no search; the dump of all titles is searched, which is fetched once a day at most. It knows no years.

AniDB bans whoever asks too often. So one call is made in two seconds at most, an answer is kept for a week and is never
asked for again within a day, and after a ban nothing is sent for a day; see `medialib.http.pace`.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from medialib.errors import AuthenticationFailed, TransientError, UnusableAnswer
from medialib.http import HttpClient, HttpOptions, Rate
from medialib.http.pace import Pace, PaceRule
from medialib.metadata import EpisodeMetadata, EpisodeOrder, TitleKind, TitleMetadata
from medialib.model import ExternalIds
from medialib.ports import ProviderTraits
from medialib.providers.anidb_kept import DAY, KeptAnswers
from medialib.providers.anidb_map import AnimeList
from medialib.providers.anidb_titles import TitlesIndex, read_titles, unpacked
from medialib.providers.anidb_xml import Anime, Refusal, described, read_anime

__all__ = ["BAN", "PACE", "AnidbProvider", "anidb_pace"]

RATE: Final = Rate(1, 2.0)
""""You should not request more than one page every two seconds on average" (its HTTP_API_Definition)."""
PACE: Final = PaceRule(2.1, 4.1)
"""A packet in two seconds, and in four over time (its UDP_API_Definition); a tenth more, since packets may arrive
closer together than they were sent."""
BAN: Final = DAY
"""Seconds; AniDB names no length, and lifts a ban within a day or so of silence."""
WEEK: Final = 7 * DAY
MOST_FOUND: Final = 20
MOST_NAMESAKES: Final = 5
"""How many titles of the very name that was asked for are looked at for their years, where a year was asked for."""
CLIENT_REMEDY: Final = (
    "Register a client at https://anidb.net/software/add, and set anidb.client and anidb.client_version to its name "
    "and version."
)


def anidb_pace(options: HttpOptions, rule: PaceRule = PACE) -> Pace:
    """How fast AniDB may be sent anything, as all processes that share ``options.cache`` keep to it."""
    path = options.cache and options.cache / "anidb-pace.sqlite"
    return Pace(path, "AniDB", rule, options.clock, read_only=options.read_only)


class AnidbProvider:
    """`ports.MetadataProvider` over AniDB.

    `client` and `client_version` are those of a client that is registered with AniDB. `url` is the address of its HTTP
    API, `titles_url` of its dump of titles; `language` is ISO 639-1; `anime_list` is a copy of ``anime-list.xml``.
    `rate` is what may be asked at most; None: as fast as it can. `ban` is for how many seconds nothing is sent once
    AniDB says that it has banned this address.

    Raises AuthenticationFailed for an empty client.
    """

    def __init__(
        self,
        client: str,
        client_version: int,
        url: str = "http://api.anidb.net:9001/httpapi",
        titles_url: str = "https://anidb.net/api/anime-titles.dat.gz",
        language: str = "en",
        options: HttpOptions | None = None,
        *,
        anime_list: Path | None = None,
        rate: Rate | None = RATE,
        ban: float = BAN,
    ) -> None:
        if not client.strip():
            raise AuthenticationFailed("AniDB answers nobody who does not name a client", remedy=CLIENT_REMEDY)
        self._options = options = options or HttpOptions()
        self._language = language.strip().lower().partition("-")[0]
        self._ban = ban
        self._asked_as = {"client": client.strip().lower(), "clientver": str(client_version), "protover": "1"}
        self._api, self._api_path = _client(url, options, rate)
        self._dump, self._dump_path = _client(titles_url, options, rate)
        folder, read_only, told = options.cache, options.read_only, options.told
        self._pace = anidb_pace(options)
        self._kept = KeptAnswers(
            folder and folder / "anidb-answers.sqlite", options.clock, read_only=read_only, told=told
        )
        self._titles = TitlesIndex(
            folder and folder / "anidb-titles.sqlite", options.clock, read_only=read_only, told=told
        )
        self._list = None if anime_list is None else AnimeList(anime_list)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"AnidbProvider({self._api!r})"

    @property
    def name(self) -> str:
        """``anidb``."""
        return "anidb"

    @property
    def traits(self) -> ProviderTraits:
        """No films and no other orders; goes by others' ids where it has a list of them; keeps answers for a day."""
        listed = frozenset({"tvdb", "tmdb", "imdb"}) if self._list is not None else frozenset[str]()
        return ProviderTraits(
            finds_by=frozenset({"anidb"}) | listed, credit="Data by AniDB (https://anidb.net).", keeps=DAY
        )

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        """Titles that answer to `title`, by the dump, without years.

        If several have the very name and a year was asked for, each of them is asked about, and those of that year come
        first.
        """
        if kind != "show" or not title.strip():
            return ()
        self._refresh_titles()
        found: list[TitleMetadata] = []
        exact = []
        for number, same in self._titles.search(title, MOST_FOUND):
            names = self._titles.names(number)
            if any(name.kind == "main" for name in names):
                found.append(described(number, names, self._language, ids=self._ids(number)))
                exact += [number] if same else []
        if year is None or len(exact) < 2:
            return tuple(found)
        dated = {number: self.title(number) for number in exact[:MOST_NAMESAKES]}
        known = [dated.get(each.id) or each for each in found]
        return tuple(sorted(known, key=lambda each: each.year != year))

    def title(self, number: int, kind: TitleKind = "show") -> TitleMetadata | None:
        """All that AniDB says of one anime."""
        anime = self._anime(number) if kind == "show" else None
        if anime is None:
            return None
        return described(anime.number, anime.names, self._language, anime, self._ids(anime.number))

    def find(self, ids: ExternalIds, kind: TitleKind = "show") -> TitleMetadata | None:
        """The anime of that number, else the one that a series of these others' numbers begins with."""
        if kind != "show":
            return None
        if ids.anidb is not None and (own := self.title(ids.anidb)) is not None:
            return own
        number = None if self._list is None else self._list.number_of(ids)
        return None if number is None else self.title(number)

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        """The regular episodes as season 1, and the specials as season 0; `fresh` if the last answer is a day old."""
        anime = self._anime(show, keep=DAY if fresh else WEEK)
        if anime is None:
            raise KeyError(f"AniDB has no anime {show}")
        return anime.episodes

    def orders(self, show: int) -> tuple[EpisodeOrder, ...]:
        """None: AniDB has one order."""
        return ()

    def close(self) -> None:
        """Let go of connections and files."""
        for each in (self._api, self._dump, self._kept, self._titles, self._pace):
            each.close()

    def _ids(self, number: int) -> ExternalIds:
        return ExternalIds() if self._list is None else self._list.ids(number)

    def _anime(self, number: int, *, keep: float = WEEK) -> Anime | None:
        if number < 1:
            return None
        key = f"anime {number}"
        with self._lock:  # two threads must not ask for the same at once
            kept = self._kept.get(key)
            if kept is not None and kept[1] < keep and (known := self._known(kept[0])) is not None:
                return known[0]
            try:
                body = self._asked(number)
            except TransientError as error:  # a ban, too, leaves what is known as it was
                known = None if kept is None else self._known(kept[0])
                if known is None:
                    raise
                self._options.told(f"an older answer of AniDB about anime {number} is used: {error.message}")
                return known[0]
            self._kept.put(key, body)
            read = read_anime(body, self._language)
            return None if isinstance(read, Refusal) else read

    def _known(self, body: bytes) -> tuple[Anime | None] | None:
        """What a kept answer says; None if it cannot be read."""
        try:
            read = read_anime(body, self._language)
        except UnusableAnswer:
            return None
        return (None,) if isinstance(read, Refusal) else (read,)

    def _asked(self, number: int) -> bytes:
        """What AniDB answers now: an anime, or that there is none."""
        self._pace.check()
        query = {"request": "anime", "aid": str(number), **self._asked_as}
        body = self._api.fetch(self._api_path, query, lambda body: self._check(body, number))
        return b"<error>Anime not found</error>" if body is None else body

    def _check(self, body: bytes, number: int) -> None:
        read = read_anime(body, self._language)
        if isinstance(read, Anime):
            if read.number != number:
                raise UnusableAnswer(f"AniDB answered with anime {read.number} where {number} was asked for")
        elif read.kind == "banned":
            raise self._pace.ban(self._ban, read.text)
        elif read.kind == "client":
            raise AuthenticationFailed(f"AniDB refuses the client that asks ({read.text})", remedy=CLIENT_REMEDY)
        elif read.kind != "nothing":
            raise UnusableAnswer(f"AniDB refuses to answer ({read.text})")

    def _refresh_titles(self) -> None:
        with self._lock:
            age = self._titles.age()
            if age is not None and age < DAY:
                return
            try:
                self._pace.check()
                body = self._dump.fetch(self._dump_path, {}, self._check_dump)
                if body is None:
                    raise UnusableAnswer("AniDB has no dump of titles there", remedy="Check anidb.titles_url.")
                self._titles.fill(unpacked(body, self._options.max_bytes))
            except TransientError as error:
                if age is None:
                    raise
                self._options.told(f"AniDB's titles of {age / DAY:.0f} days ago are used: {error.message}")

    def _check_dump(self, body: bytes) -> None:
        if body[:300].lstrip().startswith(b"<error") and isinstance(read := read_anime(body, ""), Refusal):
            if read.kind == "banned":
                raise self._pace.ban(self._ban, read.text)
            raise UnusableAnswer(f"AniDB refuses its dump of titles ({read.text})")
        if next(read_titles(unpacked(body, self._options.max_bytes)), None) is None:
            raise UnusableAnswer("AniDB's dump of titles holds none")


def _client(url: str, options: HttpOptions, rate: Rate | None) -> tuple[HttpClient, str]:
    """A client of an address whose last part is asked for, and that part."""
    base, _, last = url.rstrip("/").rpartition("/")
    if urlsplit(base).netloc == "":  # an address without a path
        base, last = url, ""
    return HttpClient(base, name="AniDB", options=options, rate=rate), f"/{last}"
