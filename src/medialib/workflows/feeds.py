"""What a feed of releases has that the library lacks: shows that nobody knows yet, seasons, episodes, films."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

import attrs

from medialib.feeds import Feed
from medialib.matching import Identified, KnownTitle, TitleIndex, identify, known_title, normalise_title
from medialib.model import Episode, Movie, Show
from medialib.naming import ParsedName, parse_name
from medialib.ports import Catalogue

__all__ = ["FeedReport", "News", "NewsKind", "Shelves", "judge_feed", "remember_news", "with_told"]

NewsKind: TypeAlias = Literal["new show", "new season", "new episode", "new film", "unclear"]
"""What is news: ``unclear`` is a title that may be any of several of the catalogue's."""

_MARK: Final = "feed news "
"""Names of checkpoints that keep what was told begin so."""
_KEPT: Final = timedelta(days=365)
_RELEASES: Final = 5
_ORDER: Final[tuple[NewsKind, ...]] = ("new show", "new season", "new episode", "new film", "unclear")


@attrs.frozen
class News:
    """One thing that the library lacks, and the releases of it."""

    kind: NewsKind
    """Which sort of news."""
    title: str
    """Title of the show or film: the catalogue's, or as the name has it where the catalogue has none."""
    releases: tuple[str, ...]
    """Names of releases of it, five at most."""
    reasons: tuple[str, ...]
    """Why it is news, for a reader."""
    year: int | None = None
    """Its year, where that is known."""
    key: str | None = None
    """The catalogue's key of the show or film; None where it has none."""
    season: int | None = None
    """The season, where the name has one."""
    episodes: tuple[int, ...] = ()
    """Numbers of the episodes within the season, or counted through where there is no season."""
    aired: date | None = None
    """Day of broadcast, where the name has nothing else."""
    since: datetime | None = None
    """When it was told first, UTC; None for what was not told yet."""

    @property
    def identity(self) -> str:
        """What tells it from other news: another release of the same is no news."""
        return "\0".join((self.kind, self.key or f"{normalise_title(self.title)} {self.year or ''}", *self._numbers))

    @property
    def what(self) -> str:
        """Season and episodes for a reader; empty for a whole show or film.

        >>> News("new episode", "Dark", (), (), season=1, episodes=(2, 3)).what
        'S01E02-03'
        """
        if self.aired is not None:
            return self.aired.isoformat()
        season = "" if self.season is None else f"S{self.season:02}"
        mark = "E" if season else "#"
        return season + (mark + "-".join(f"{number:02}" for number in self.episodes) if self.episodes else "")

    @property
    def _numbers(self) -> tuple[str, ...]:
        if self.kind == "new season":
            return (str(self.season),)
        return (self.what,) if self.kind == "new episode" else ()


@attrs.frozen
class FeedReport:
    """What a feed has."""

    title: str
    """What the feed calls itself."""
    entries: int
    """How many entries it has."""
    news: tuple[News, ...]
    """What the library lacks, sort by sort, each in the order of the feed."""
    present: int
    """How many entries are of what the library has."""
    unread: tuple[str, ...]
    """Titles of entries that are no names of episodes or films."""

    @property
    def untold(self) -> tuple[News, ...]:
        """The news that was not told yet."""
        return tuple(each for each in self.news if each.since is None)


class Shelves:
    """What the library has, for the question whether it has this. Reads a show's files once, and only if asked."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        records: tuple[Show | Movie, ...] = (*catalogue.shows.all(), *catalogue.movies.all())
        self.titles = TitleIndex(map(known_title, records))
        """Every show and film of the catalogue."""
        self._held: dict[str, frozenset[tuple[int | None, int]]] = {}
        self._days: dict[str, frozenset[str]] = {}

    def has_film(self, key: str) -> bool:
        """Whether there is a video of it."""
        return any(row.holding.role == "video" for row in self._catalogue.inventory.of_unit("movie", key))

    def held(self, show: str) -> frozenset[tuple[int | None, int]]:
        """Season and number of each episode that there is a video of; None where a file is known by its number."""
        if show not in self._held:
            units = [
                row.holding.unit
                for row in self._catalogue.inventory.of_unit("episode", show)
                if row.holding.role == "video" and row.holding.unit is not None
            ]
            self._held[show] = frozenset((unit.season, number) for unit in units for number in unit.episodes)
            self._days[show] = frozenset(unit.aired.isoformat() for unit in units if unit.aired is not None)
        return self._held[show]

    def has_day(self, show: str, day: str) -> bool:
        """Whether there is a video of the show that is known by that day of broadcast."""
        self.held(show)
        return day in self._days[show]

    def episodes(self, show: str, parsed: ParsedName) -> tuple[Episode, ...]:
        """The catalogue's episodes that a name means by absolute numbers or a day."""
        found: list[Episode] = []
        for number in parsed.absolute_episodes:
            if isinstance(number, int):
                named = self._catalogue.episodes.by_absolute(show, number)
                found.extend(named if len(named) == 1 else ())
        if parsed.date is not None:
            found.extend(self._catalogue.episodes.by_date(show, parsed.date))
        return tuple(found)


def judge_feed(feed: Feed, shelves: Shelves) -> FeedReport:
    """What of a feed is news.

    Each entry's title is read as the name of a release and looked for among the catalogue's titles. A show that is not
    there is a new show; one that is there may have a season that the library has no file of, or an episode. Other
    releases of the same are no further news.
    """
    found: dict[str, News] = {}
    unread: list[str] = []
    present = 0
    for entry in feed.entries:
        parsed = parse_name(entry.title)
        if parsed.rejected or parsed.title is None or not (parsed.is_episode or parsed.is_movie):
            unread.append(entry.title)
            continue
        news = _news(parsed, shelves)
        if news is None:
            present += 1
        elif news.identity not in found:
            found[news.identity] = news
        elif len(found[news.identity].releases) < _RELEASES:
            before = found[news.identity]
            found[news.identity] = attrs.evolve(before, releases=(*before.releases, *news.releases))
    ordered = sorted(found.values(), key=lambda each: _ORDER.index(each.kind))
    return FeedReport(feed.title, len(feed.entries), tuple(ordered), present, tuple(unread))


def with_told(report: FeedReport, catalogue: Catalogue) -> FeedReport:
    """The report with each news' time of being told, as `remember_news` kept it."""
    marked = []
    for each in report.news:
        text = catalogue.checkpoints.get(_mark(each))
        marked.append(attrs.evolve(each, since=None if text is None else datetime.fromisoformat(text)))
    return attrs.evolve(report, news=tuple(marked))


def remember_news(catalogue: Catalogue, news: Iterable[News], now: datetime) -> None:
    """Remember that these were told, at `now` if not before; what was told a year ago is forgotten.

    An observation: if it is lost, something is told twice.
    """
    with catalogue.transaction():
        for each in news:
            if each.since is None:
                catalogue.checkpoints.put(_mark(each), now.isoformat())
        for name in catalogue.checkpoints.names():
            if name.startswith(_MARK):
                text = catalogue.checkpoints.get(name)
                if text is not None and datetime.fromisoformat(text) < now - _KEPT:
                    catalogue.checkpoints.remove(name)


def _mark(news: News) -> str:
    return _MARK + hashlib.sha256(news.identity.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _news(parsed: ParsedName, shelves: Shelves) -> News | None:
    assert parsed.title is not None
    match = identify(parsed, shelves.titles)
    if isinstance(match, Identified):
        known = match.title
        if known.kind == "movie":
            if shelves.has_film(known.key):
                return None
            return News(
                "new film", known.title, (parsed.name,), ("the library has no file of it",), known.year, known.key
            )
        return _of_show(parsed, known, shelves)
    season = parsed.season
    episodes = _whole(parsed.episodes or parsed.absolute_episodes)
    if match.ambiguous:
        return News("unclear", parsed.title, (parsed.name,), (match.reason,), parsed.year, None, season, episodes)
    kind: NewsKind = "new show" if parsed.is_episode else "new film"
    return News(kind, parsed.title, (parsed.name,), (match.reason,), parsed.year, None, season, episodes)


def _of_show(parsed: ParsedName, show: KnownTitle, shelves: Shelves) -> News | None:
    held = shelves.held(show.key)
    seasons = {season for season, _ in held}
    if parsed.date is not None and shelves.has_day(show.key, parsed.date.isoformat()):
        return None
    wanted: list[tuple[int | None, int]] = [
        (season, number) for season in parsed.seasons for number in _whole(parsed.episodes)
    ]
    counted = _whole(parsed.absolute_episodes)
    if not wanted and counted and all((None, number) in held for number in counted):
        return None
    if not wanted:
        wanted = [(each.season, each.number) for each in shelves.episodes(show.key, parsed)]
    if not wanted and counted:
        wanted = [(None, number) for number in counted]

    def news(kind: NewsKind, reason: str, season: int | None, episodes: tuple[int, ...] = ()) -> News:
        return News(kind, show.title, (parsed.name,), (reason,), show.year, show.key, season, episodes)

    named = {*parsed.seasons, *(season for season, _ in wanted if season is not None)}
    # specials are told one by one: season 0 is no season that begins
    absent = named - seasons - {0}
    if absent:
        first = min(absent)
        episodes = tuple(number for season, number in wanted if season == first)
        return news("new season", f"the library has no file of season {first}", first, episodes)
    lacking = [pair for pair in wanted if pair not in held]
    if lacking:
        season = lacking[0][0]
        numbers = tuple(number for each, number in lacking if each == season)
        return news("new episode", "the library has no file of it", season, numbers)
    if not wanted and parsed.date is not None:
        unknown = news("new episode", "the library has no file of that day, which the catalogue does not know", None)
        return attrs.evolve(unknown, aired=parsed.date)
    return None


def _whole(numbers: Iterable[int | float]) -> tuple[int, ...]:
    return tuple(number for number in numbers if isinstance(number, int))
