"""A metadata provider of one's own: the (invented) service Showbook, which knows series and wants a key.

GET /shows?title=…             {"shows": [{"id": 7, "title": "Dark", "year": 2017, "names": [], "imdb": null}]}
GET /shows?imdb=tt5753856      the same
GET /shows/7                   one of these objects, or 404
GET /shows/7/episodes          {"episodes": [{"season": 1, "number": 1, "title": "Secrets", "aired": "2017-12-01"}]}
"""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from medialib.errors import UnusableAnswer
from medialib.http import HttpClient, HttpOptions, Rate
from medialib.metadata import EpisodeMetadata, EpisodeOrder, TitleKind, TitleMetadata
from medialib.model import ExternalIds
from medialib.ports import ProviderTraits

T = TypeVar("T")


class ShowbookProvider:
    """`medialib.ports.MetadataProvider` over Showbook."""

    def __init__(self, url: str, key: str, options: HttpOptions | None = None) -> None:
        self._client = HttpClient(
            url,
            name="showbook",
            options=options or HttpOptions(),
            rate=Rate(30, 10),
            headers={"Authorization": f"Bearer {key}"},
            secrets=(key,),
        )

    @property
    def name(self) -> str:
        return "showbook"

    @property
    def traits(self) -> ProviderTraits:
        return ProviderTraits(finds_by=frozenset({"imdb"}), credit="Data by Showbook.")

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        return (self._client.ask("/shows", {"title": title}, shows_of) or ())[:20] if kind == "show" else ()

    def title(self, number: int, kind: TitleKind = "show") -> TitleMetadata | None:
        return self._client.ask(f"/shows/{number}", {}, show_of) if kind == "show" else None

    def find(self, ids: ExternalIds, kind: TitleKind = "show") -> TitleMetadata | None:
        if ids.imdb is None or kind != "show":
            return None
        return next(iter(self._client.ask("/shows", {"imdb": ids.imdb}, shows_of) or ()), None)

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        found = self._client.ask(f"/shows/{show}/episodes", {}, episodes_of, fresh=fresh)
        if found is None:
            raise KeyError(f"Showbook has no show {show}")
        return found

    def orders(self, show: int) -> tuple[EpisodeOrder, ...]:
        return ()

    def close(self) -> None:
        self._client.close()


# Reading answers is pure: from JSON to values. What everything rests on must be there; the rest may be missing.


def shows_of(answer: Any) -> tuple[TitleMetadata, ...]:
    """The shows of a list."""
    return tuple(map(show_of, listed(answer, "shows")))


def show_of(answer: Any) -> TitleMetadata:
    """One show.

    >>> show_of({"id": 7, "title": "Dark", "names": ["Dark (2017)", "Dark"]}).aliases
    ('Dark (2017)',)
    """
    number, title = field(answer, "id", int), field(answer, "title", str)
    if number is None or title is None:
        raise UnusableAnswer("Showbook sent a show without id or title", remedy="Try again later.")
    names = [name for name in field(answer, "names", list) or [] if isinstance(name, str)]
    return TitleMetadata(
        "showbook",
        number,
        "show",
        title,
        year=field(answer, "year", int),
        aliases=tuple(dict.fromkeys(name for name in names if name != title)),
        ids=ExternalIds(imdb=field(answer, "imdb", str)),
    )


def episodes_of(answer: Any) -> tuple[EpisodeMetadata, ...]:
    """The episodes of a show, by season and number."""
    found = []
    for each in listed(answer, "episodes"):
        season, number = field(each, "season", int), field(each, "number", int)
        if season is None or number is None:
            raise UnusableAnswer("Showbook sent an episode without a number", remedy="Try again later.")
        found.append(EpisodeMetadata(season, number, field(each, "title", str), day(field(each, "aired", str))))
    return tuple(sorted(found, key=lambda episode: (episode.season, episode.number)))


def listed(answer: Any, key: str) -> list[Any]:
    """The list that an answer is about; an answer without it is no answer, and never an empty one."""
    found = field(answer, key, list)
    if found is None:
        raise UnusableAnswer(f"Showbook sent no list of {key}", remedy="Try again later.")
    return found


def day(text: str | None) -> date | None:
    """A date; None for what is none.

    >>> day("2017-12-01"), day("soon")
    (datetime.date(2017, 12, 1), None)
    """
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def field(answer: Any, key: str, kind: type[T]) -> T | None:
    """One field of an object; None if it is null, missing or of another kind."""
    value = answer.get(key) if isinstance(answer, dict) else None
    return value if isinstance(value, kind) else None
