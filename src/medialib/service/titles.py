"""Tools about shows and films of the catalogue: what it has, what is alike, what is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Final, Literal

import attrs

from medialib.errors import UsageError
from medialib.library import kept_shows, near_titles
from medialib.matching import TitleRules, TitleType, normalise_title
from medialib.model import InventoryFile, Movie, Show
from medialib.service.desk import Desk
from medialib.service.tools import LIMIT, LONGEST_NAME, OFFSET, page, said, tool
from medialib.workflows.likeness import Alike
from medialib.workflows.shows import named_show
from medialib.workflows.similar import recommend_shows, search_titles, similar_shows

__all__ = ["TITLE_TOOLS", "ShowLine", "show_lines"]


@attrs.frozen
class ShowLine:
    """A show of the catalogue in one line."""

    key: str
    """What it is called in the catalogue."""
    title: str
    """Its title."""
    year: int | None = None
    """Year of the first broadcast."""
    type: str = "standard"
    """How its episodes are numbered."""
    status: str | None = None
    """Running, Ended … as its provider says."""
    language: str | None = None
    """Original language, ISO 639-1."""
    genres: tuple[str, ...] = ()
    """As its provider says."""
    files: int = 0
    """How many videos of it stand in the library."""


@attrs.frozen
class ListShowsRequest:
    """Which shows to list."""

    text: str | None = attrs.field(
        default=None, metadata=said("Only those with this in their title or an alias.", maxLength=LONGEST_NAME)
    )
    year: int | None = attrs.field(default=None, metadata=said("Only those first broadcast in this year."))
    type: Literal["standard", "anime", "daily"] | None = attrs.field(
        default=None, metadata=said("Only those that are numbered so.")
    )
    genre: str | None = attrs.field(default=None, metadata=said("Only those of this genre.", maxLength=LONGEST_NAME))
    language: str | None = attrs.field(
        default=None, metadata=said("Only those in this original language, ISO 639-1.", maxLength=20)
    )
    status: str | None = attrs.field(
        default=None, metadata=said("Only those with this status, such as Ended.", maxLength=LONGEST_NAME)
    )
    with_files: bool | None = attrs.field(
        default=None, metadata=said("Only those that the library has videos of (true), or has none of (false).")
    )
    offset: int = attrs.field(default=0, metadata=OFFSET)
    limit: int = attrs.field(default=50, metadata=LIMIT)


@attrs.frozen
class ShowList:
    """Shows of the catalogue, by title."""

    total: int
    """How many answer to what was asked."""
    shows: tuple[ShowLine, ...] = ()
    """Those of this page."""
    next_offset: int | None = None
    """Where the next page begins; none at the end."""


@attrs.frozen
class SearchRequest:
    """What to search for in the catalogue."""

    query: str = attrs.field(
        metadata=said("A title or alias, as far as it is known.", minLength=1, maxLength=LONGEST_NAME)
    )
    year: int | None = attrs.field(default=None, metadata=said("Only those of this year."))
    type: TitleType | None = attrs.field(
        default=None, metadata=said("Only shows that are numbered so, or only films (movie).")
    )
    limit: int = attrs.field(default=20, metadata=LIMIT)


@attrs.frozen
class FoundTitle:
    """A title that was found, and why."""

    key: str
    """What it is called in the catalogue."""
    title: str
    """Its title."""
    type: str
    """How it is numbered, or ``movie``."""
    score: float
    """0 to 1."""
    reasons: tuple[str, ...]
    """Why it is among the answers."""
    year: int | None = None
    """Its year."""


@attrs.frozen
class FoundTitles:
    """Titles, best first."""

    found: tuple[FoundTitle, ...]
    """Each with its score and reasons."""
    show: str | None = None
    """Key of the show that the others are compared with."""


@attrs.frozen
class SimilarRequest:
    """What to compare the catalogue's shows with."""

    show: str = attrs.field(
        metadata=said("Title, alias or key of a show of the catalogue.", minLength=1, maxLength=LONGEST_NAME)
    )
    limit: int = attrs.field(default=10, metadata=LIMIT)


@attrs.frozen
class RecommendRequest:
    """What recommendations go by."""

    liked: tuple[str, ...] = attrs.field(
        default=(),
        metadata=said(
            "Titles, aliases or keys of shows of the catalogue; none: all that the library has files of.",
            maxItems=50,
            items={"type": "string", "maxLength": LONGEST_NAME},
        ),
    )
    limit: int = attrs.field(default=10, metadata=LIMIT)


@attrs.frozen
class DetailsRequest:
    """Which show, and which of its episodes."""

    show: str = attrs.field(
        metadata=said(
            "Title, alias or key of a show of the catalogue; a year in parentheses tells it from others.",
            minLength=1,
            maxLength=LONGEST_NAME,
        )
    )
    season: int | None = attrs.field(default=None, metadata=said("Only this season; 0 holds the specials.", minimum=0))
    missing: bool = attrs.field(default=False, metadata=said("Only episodes that the library has no file of."))
    offset: int = attrs.field(default=0, metadata=OFFSET)
    limit: int = attrs.field(default=50, metadata=LIMIT)


@attrs.frozen
class SeasonLine:
    """One season in numbers."""

    number: int
    """0 holds the specials."""
    episodes: int
    """How many episodes the catalogue knows."""
    with_files: int
    """How many of them the library has a video of."""


@attrs.frozen
class EpisodeLine:
    """One episode of a show."""

    season: int
    """0 holds the specials."""
    number: int
    """Number within the season."""
    title: str | None = None
    """Its title."""
    absolute: int | None = None
    """Number counted through all seasons."""
    aired: date | None = None
    """Date of the first broadcast."""
    files: tuple[str, ...] = ()
    """The videos that hold it, as location:path."""


@attrs.frozen
class ShowDetails:
    """A show of the catalogue with its episodes and files."""

    show: Show
    """Its record."""
    seasons: tuple[SeasonLine, ...]
    """All of its seasons."""
    total: int
    """How many episodes answer to what was asked."""
    episodes: tuple[EpisodeLine, ...] = ()
    """Those of this page."""
    other_files: tuple[str, ...] = ()
    """Videos of it that no episode of the catalogue answers to, 50 at most."""
    next_offset: int | None = None
    """Where the next page begins; none at the end."""


@tool("List shows of the catalogue")
def list_shows(desk: Desk, request: ListShowsRequest) -> ShowList:
    """List the shows that the catalogue knows, by title, a page at a time, with how many videos of each there are."""
    with desk.library() as library:
        lines = show_lines(library.catalogue.shows.all(), library.catalogue.inventory.all(), request)
    rows, further = page(lines, request.offset, request.limit)
    return ShowList(len(lines), rows, further)


@tool("Search the catalogue")
def search_catalogue(desk: Desk, request: SearchRequest) -> FoundTitles:
    """Search the catalogue's shows and films by title and alias, forgiving misspelling; each comes with why."""
    if not request.query.strip():
        raise UsageError("there is nothing to search for", remedy="Give a title, or a part of it.")
    rules = TitleRules(
        year=() if request.year is None else (str(request.year),), type=() if request.type is None else (request.type,)
    )
    with desk.library() as library, near_titles(library) as titles:
        found = search_titles(request.query, titles, rules, count=request.limit)
    return FoundTitles(tuple(map(_found, found)))


@tool("Find similar shows")
def find_similar_shows(desk: Desk, request: SimilarRequest) -> FoundTitles:
    """Tell which shows of the catalogue are like one of them: by genres, title, year and language, with reasons."""
    with desk.library() as library, near_titles(library) as titles:
        show, found = similar_shows(request.show, titles, count=request.limit)
    return FoundTitles(tuple(map(_found, found)), show.key)


@tool("Recommend shows")
def recommend(desk: Desk, request: RecommendRequest) -> FoundTitles:
    """Recommend shows that the catalogue knows and the library has no file of, by their likeness to those named."""
    with desk.library() as library, near_titles(library) as titles:
        found = recommend_shows(request.liked, titles, kept_shows(library), count=request.limit)
    return FoundTitles(tuple(map(_found, found)))


@tool("Show details")
def show_details(desk: Desk, request: DetailsRequest) -> ShowDetails:
    """Tell everything of one show of the catalogue: ids, aliases, seasons, episodes, and the files that hold them.

    With missing, only the episodes that the library has no video of; future ones have a later date or none.
    """
    with desk.library() as library:
        catalogue = library.catalogue
        show = named_show(request.show, {each.key: each for each in catalogue.shows.all()})
        episodes = tuple(catalogue.episodes.of_show(show.key))
        files = tuple(row for row in catalogue.inventory.of_unit("episode", show.key) if row.holding.role == "video")
    places: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    known = {(each.season, each.number) for each in episodes}
    by_absolute = {each.absolute: (each.season, each.number) for each in episodes if each.absolute is not None}
    by_date = {each.aired: (each.season, each.number) for each in episodes if each.aired is not None}
    other = []
    for row in files:
        held = _held(row, by_absolute, by_date) & known
        for each in held:
            places[each].append(str(row.place))
        if not held:
            other.append(str(row.place))
    seasons = Counter(each.season for each in episodes)
    with_files = Counter(season for season, _ in places)
    wanted = [
        EpisodeLine(each.season, each.number, each.title, each.absolute, each.aired, tuple(held))
        for each in episodes
        for held in [places.get((each.season, each.number), [])]
        if request.season in (None, each.season) and not (request.missing and held)
    ]
    rows, further = page(wanted, request.offset, request.limit)
    lines = tuple(SeasonLine(number, seasons[number], with_files[number]) for number in sorted(seasons))
    return ShowDetails(show, lines, len(wanted), rows, tuple(other[:50]), further)


def show_lines(
    shows: Iterable[Show], inventory: Iterable[InventoryFile], request: ListShowsRequest
) -> tuple[ShowLine, ...]:
    """The shows that answer to a request, by title and key, each with the number of its videos."""
    files = Counter(
        row.holding.unit.key
        for row in inventory
        if row.holding.unit is not None and row.holding.unit.kind == "episode" and row.holding.role == "video"
    )
    chosen = [show for show in shows if _answers(show, request) and request.with_files in (None, files[show.key] > 0)]
    return tuple(
        ShowLine(show.key, show.title, show.year, show.type, show.status, show.language, show.genres, files[show.key])
        for show in sorted(chosen, key=lambda each: (each.title.casefold(), each.key))
    )


def _answers(show: Show, request: ListShowsRequest) -> bool:
    text = normalise_title(request.text or "")
    return (
        (not text or any(text in normalise_title(name) for name in (show.title, *show.aliases)))
        and request.year in (None, show.year)
        and request.type in (None, show.type)
        and _same(request.language, show.language)
        and _same(request.status, show.status)
        and (request.genre is None or request.genre.casefold() in {genre.casefold() for genre in show.genres})
    )


def _same(wanted: str | None, held: str | None) -> bool:
    return wanted is None or (held is not None and wanted.casefold() == held.casefold())


def _held(
    row: InventoryFile, by_absolute: dict[int, tuple[int, int]], by_date: dict[date, tuple[int, int]]
) -> set[tuple[int, int]]:
    """Season and number of the episodes that a file holds."""
    unit = row.holding.unit
    if unit is None:
        return set()
    if unit.season is not None:
        return {(unit.season, number) for number in unit.episodes}
    dated = {by_date[unit.aired]} if unit.aired in by_date else set()
    return dated | {by_absolute[number] for number in unit.episodes if number in by_absolute}


def _found(alike: Alike) -> FoundTitle:
    record: Show | Movie = alike.record
    kind = record.type if isinstance(record, Show) else "movie"
    return FoundTitle(record.key, record.title, kind, alike.score, alike.reasons, record.year)


TITLE_TOOLS: Final = (list_shows, search_catalogue, find_similar_shows, recommend, show_details)
