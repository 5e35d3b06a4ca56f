"""TVmaze: series of all countries, free and without a key; it knows no films.

What its answers are read as:

- *Type.* A show is ``anime`` where its genres name Anime, or where it is of type Animation and in Japanese. It is
  ``daily`` where it is of type Talk Show or News, unless its schedule names a single day of the week: TVmaze does not
  say how a show is numbered, and these two are the ones whose episodes other sites name by their date, while the weekly
  ones among them are named by season and number.
- *Specials* have no number at TVmaze and stand in the season that they were aired in. Here they are season 0, numbered
  by the day they were aired and then by TVmaze's own number, those without a day last. These numbers are ours: other
  providers number specials otherwise.
- *Orders* are its alternate lists: the DVD release, a streaming premiere (``digital``), a broadcast premiere (``tv``);
  verbatim orders and premieres in other countries and languages are ``other``.
- A name ``TBA`` is no title yet. An alias may be in any language; TVmaze does not mark the original title.

A field that is null, absent or of another kind than documented is empty. A document of another form (an object where
a list is due, a show without id or name) is `UnusableAnswer`, and is not believed from the cache either: it is asked
for once more, past it.

TVmaze's data is licensed CC BY-SA 4.0: whoever shows it names TVmaze.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Any, Final, TypeVar

import attrs

from medialib.errors import UnusableAnswer
from medialib.http import HttpClient, HttpOptions, Rate
from medialib.metadata import EpisodeGroup, EpisodeMetadata, EpisodeOrder, OrderKind, TitleKind, TitleMetadata
from medialib.model import ExternalIds, ShowType
from medialib.naming.languages import LANGUAGE_WORDS
from medialib.ports import ProviderTraits

__all__ = ["TvmazeProvider", "plain_text"]

T = TypeVar("T")

FOUND_AT_MOST: Final = 20
OWN_RATE: Final = Rate(20, 10)
"""TVmaze allows 20 calls every 10 seconds for one address (https://www.tvmaze.com/api#rate-limiting)."""

TRAITS: Final = ProviderTraits(
    movies=False,
    orders=True,
    finds_by=frozenset({"tvmaze", "tvdb", "imdb"}),
    credit="Data by TVmaze (https://www.tvmaze.com), licensed CC BY-SA 4.0.",
)

WINDOWS: Final = MappingProxyType(
    {"day": timedelta(hours=23), "week": timedelta(days=6, hours=23), "month": timedelta(days=29)}
)
"""Spans that TVmaze lists updates of, each a little shorter than it is, since clocks differ."""

LISTS: Final[Mapping[str, tuple[OrderKind, str]]] = MappingProxyType(
    {
        "dvd_release": ("dvd", "DVD release"),
        "streaming_premiere": ("digital", "Streaming premiere"),
        "broadcast_premiere": ("tv", "Broadcast premiere"),
        "verbatim_order": ("other", "Verbatim order"),
        "country_premiere": ("other", "Country premiere"),
        "language_premiere": ("other", "Language premiere"),
    }
)
"""What an alternate list goes by, in the words of TVmaze's flags."""

FURTHER_LANGUAGES: Final = MappingProxyType(
    {
        "armenian": "hy",
        "belarusian": "be",
        "burmese": "my",
        "faroese": "fo",
        "irish": "ga",
        "kazakh": "kk",
        "khmer": "km",
        "kyrgyz": "ky",
        "lao": "lo",
        "luxembourgish": "lb",
        "maltese": "mt",
        "nepali": "ne",
        "panjabi": "pa",
        "pashto": "ps",
        "scottish gaelic": "gd",
        "sinhalese": "si",
        "swahili": "sw",
        "tajik": "tg",
        "turkmen": "tk",
        "welsh": "cy",
        "zulu": "zu",
    }
)
"""Languages that TVmaze names and release names do not."""


class TvmazeProvider:
    """`ports.MetadataProvider` over the public API of TVmaze.

    >>> provider = TvmazeProvider()
    >>> provider.search("Salt", "movie")
    ()
    >>> provider.close()
    """

    def __init__(
        self, url: str = "https://api.tvmaze.com", options: HttpOptions | None = None, *, rate: Rate | None = OWN_RATE
    ) -> None:
        self._client = HttpClient(url, name="TVmaze", options=HttpOptions() if options is None else options, rate=rate)

    @property
    def name(self) -> str:
        """``tvmaze``."""
        return "tvmaze"

    @property
    def traits(self) -> ProviderTraits:
        """No films; alternate lists; goes by TheTVDB's and IMDb's ids."""
        return TRAITS

    def search(self, title: str, kind: TitleKind = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        """Shows that answer to `title`, as TVmaze ranks them, which knows nothing of years; without aliases."""
        if kind != "show":
            return ()
        found = self._client.ask("/search/shows", {"q": title}, lambda answer: tuple(map(_found_show, _items(answer))))
        return _due(found, "what a search found")[:FOUND_AT_MOST]

    def title(self, number: int, kind: TitleKind = "show") -> TitleMetadata | None:
        """All that TVmaze says of a show."""
        return self._client.ask(f"/shows/{number}", {"embed": "akas"}, _show) if kind == "show" else None

    def fresh_title(self, show: int) -> TitleMetadata | None:
        """All that TVmaze says of a show now."""
        return self._client.ask(f"/shows/{show}", {"embed": "akas"}, _show, fresh=True)

    def changed_shows(self, since: datetime | None = None) -> Mapping[int, datetime]:
        """The shows of TVmaze's list of updates: of the last day, week or month, else all of them."""
        age = None if since is None else datetime.now(UTC) - since
        window = next((name for name, length in WINDOWS.items() if age is not None and age < length), None)
        parameters = {} if window is None else {"since": window}
        changes = self._client.ask("/updates/shows", parameters, _changes, fresh=True)
        return _due(changes, "the list of updates")

    def find(self, ids: ExternalIds, kind: TitleKind = "show") -> TitleMetadata | None:
        """The show of this TVmaze number, else of this TheTVDB number, else of this IMDb id."""
        if kind != "show":
            return None
        found = None if ids.tvmaze is None else self.title(ids.tvmaze)
        for name, value in (("thetvdb", ids.tvdb), ("imdb", ids.imdb)):
            if found is None and value is not None:
                # the answer is a redirection to the show, without its aliases
                looked_up = self._client.ask("/lookup/shows", {name: value}, _show)
                found = None if looked_up is None else self.title(looked_up.id)
        return found

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        """The episodes of a show, specials as season 0."""
        listed = self._listed(show, fresh=fresh)
        if listed is None:
            raise KeyError(f"TVmaze has no show {show}")
        return tuple(sorted(listed.values(), key=lambda episode: (episode.season, episode.number)))

    def orders(self, show: int) -> tuple[EpisodeOrder, ...]:
        """The alternate lists of a show that hold anything: their parts are its seasons, specials before them."""
        lists = self._client.ask(f"/shows/{show}/alternatelists", {}, _lists)
        known = self._listed(show) if lists else None
        if not lists or known is None:
            return ()
        filled = (attrs.evolve(order, groups=self._groups(order.id, known)) for order in lists)
        return tuple(order for order in filled if order.groups)

    def close(self) -> None:
        """Let go of connections. Calling it twice is fine."""
        self._client.close()

    def _listed(self, show: int, *, fresh: bool = False) -> Mapping[int, EpisodeMetadata] | None:
        return self._client.ask(f"/shows/{show}/episodes", {"specials": 1}, _numbered, fresh=fresh)

    def _groups(self, identifier: str, known: Mapping[int, EpisodeMetadata]) -> tuple[EpisodeGroup, ...]:
        path = f"/alternatelists/{identifier}/alternateepisodes"
        return self._client.ask(path, {"embed": "episodes"}, lambda answer: _parts(answer, known)) or ()


# ------------------------------------------------------------------------------------------------------ reading answers


def _unusable(what: str) -> UnusableAnswer:
    return UnusableAnswer(f"an answer of TVmaze is not in its documented form: {what}", remedy="Try again later.")


def _items(value: Any) -> Sequence[Any]:
    """A list; null is an empty one only inside a document."""
    if not isinstance(value, list):
        raise _unusable(f"{type(value).__name__} where a list was due")
    return value


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _unusable(f"{type(value).__name__} where an object was due")
    return value


def _inner_object(value: Any) -> Mapping[str, Any]:
    return {} if value is None else _object(value)


def _inner_items(value: Any) -> Sequence[Any]:
    return () if value is None else _items(value)


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(_text(value) or "")
    except ValueError:
        return None


def _due(value: T | None, what: str) -> T:
    if value is None:
        raise _unusable(f"{what} is missing")
    return value


def _changes(answer: Any) -> Mapping[int, datetime]:
    """Instants of the last change by number of the show."""
    if answer == []:
        return {}  # an object without entries, as PHP writes it
    told = _object(answer)
    return {
        int(number): datetime.fromtimestamp(_due(_number(moment), "the instant of a change"), UTC)
        for number, moment in told.items()
        if number.isdecimal()
    }


def _found_show(item: Any) -> TitleMetadata:
    return _show(_object(item).get("show"))


def _show(value: Any) -> TitleMetadata:
    told = _object(value)
    number = _due(_number(told.get("id")), "the id of a show")
    title = _due(_text(told.get("name")), "the name of a show")
    externals = _inner_object(told.get("externals"))
    premiered = _day(told.get("premiered"))
    language = (_text(told.get("language")) or "").casefold()
    genres = _texts(told.get("genres"))
    akas = _inner_items(_inner_object(told.get("_embedded")).get("akas"))
    names = _texts([_object(aka).get("name") for aka in akas])
    code = LANGUAGE_WORDS.get(language) or FURTHER_LANGUAGES.get(language)
    return TitleMetadata(
        provider="tvmaze",
        id=number,
        kind="show",
        title=title,
        year=None if premiered is None else premiered.year,
        aliases=tuple(name for name in names if name != title),
        ids=ExternalIds(tvmaze=number, tvdb=_number(externals.get("thetvdb")), imdb=_text(externals.get("imdb"))),
        language=code,
        countries=_countries(told),
        genres=genres,
        status=_text(told.get("status")),
        type=_type(told, genres, code),
        summary=plain_text(_text(told.get("summary")) or "") or None,
    )


def _texts(value: Any) -> tuple[str, ...]:
    """The texts of a list, without doubles."""
    return tuple(dict.fromkeys(text for text in map(_text, _inner_items(value)) if text is not None))


def _countries(told: Mapping[str, Any]) -> tuple[str, ...]:
    for station in ("network", "webChannel"):
        country = _inner_object(_inner_object(told.get(station)).get("country"))
        if (code := _text(country.get("code"))) is not None:
            return ({"UK": "GB"}.get(code.upper(), code.upper()),)
    return ()


def _type(told: Mapping[str, Any], genres: Iterable[str], language: str | None) -> ShowType:
    kind = _text(told.get("type"))
    if "Anime" in genres or (kind == "Animation" and language == "ja"):
        return "anime"
    weekly = len(_texts(_inner_object(told.get("schedule")).get("days"))) == 1
    return "daily" if kind in ("Talk Show", "News") and not weekly else "standard"


def _numbered(answer: Any) -> Mapping[int, EpisodeMetadata]:
    """Episodes by TVmaze's own number, in its order; specials numbered by ours."""
    regular: dict[int, EpisodeMetadata] = {}
    specials: list[tuple[date, int, EpisodeMetadata]] = []
    for item in _items(answer):
        told = _object(item)
        identifier = _due(_number(told.get("id")), "the id of an episode")
        name, aired = _text(told.get("name")), _day(told.get("airdate"))
        episode = EpisodeMetadata(0, 0, None if name == "TBA" else name, aired)
        if _is_special(told):
            specials.append((aired or date.max, identifier, episode))
        else:
            season = _due(_number(told.get("season")), "the season of an episode")
            number = _due(_number(told.get("number")), "the number of an episode")
            regular[identifier] = attrs.evolve(episode, season=season, number=number)
    by_day = sorted(specials, key=lambda special: special[:2])
    return regular | {
        identifier: attrs.evolve(episode, number=number)
        for number, (_, identifier, episode) in enumerate(by_day, start=1)
    }


def _is_special(told: Mapping[str, Any]) -> bool:
    return told.get("number") is None or (_text(told.get("type")) or "").endswith("special")


def _lists(answer: Any) -> tuple[EpisodeOrder, ...]:
    return tuple(map(_list, _items(answer)))


def _list(item: Any) -> EpisodeOrder:
    told = _object(item)
    identifier = _due(_number(told.get("id")), "the id of an alternate list")
    kind, name = next((LISTS[flag] for flag in LISTS if told.get(flag) is True), ("other", "Alternate list"))
    stations = [_inner_object(told.get(station)) for station in ("network", "webChannel")]
    details = _texts([told.get("language"), *(station.get("name") for station in stations), *_countries(told)])
    named = _text(told.get("name")) or (f"{name} ({', '.join(details)})" if details else name)
    return EpisodeOrder(str(identifier), named, kind)


def _parts(answer: Any, known: Mapping[int, EpisodeMetadata]) -> tuple[EpisodeGroup, ...]:
    """The seasons of an alternate list; an episode of it may hold several of those that were broadcast."""
    parts: dict[int, list[EpisodeMetadata]] = {}
    for item in _items(answer):
        told = _object(item)
        season = 0 if _is_special(told) else _due(_number(told.get("season")), "the season of an episode")
        held = [_object(each) for each in _inner_items(_inner_object(told.get("_embedded")).get("episodes"))]
        found = [known.get(_number(each.get("id")) or 0) for each in held]
        parts.setdefault(season, []).extend(episode for episode in found if episode is not None)
    return tuple(
        EpisodeGroup(season, f"Season {season}" if season else "Specials", tuple(dict.fromkeys(parts[season])))
        for season in sorted(parts)
    )


# --------------------------------------------------------------------------------------------------------------- markup


class _PlainText(HTMLParser):
    """Collects text; paragraphs are told apart by an empty line, lines by a line's end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.said.append({"p": "\n\n", "br": "\n"}.get(tag, ""))

    def handle_data(self, data: str) -> None:
        self.said.append(re.sub(r"\s+", " ", data))


def plain_text(markup: str) -> str:
    r"""Text without its HTML: white space runs together, a paragraph follows an empty line.

    >>> plain_text("<p><b>Salt</b> &amp; pepper.</p><p>A story<br />of spices.</p>")
    'Salt & pepper.\n\nA story\nof spices.'
    """
    parser = _PlainText()
    parser.feed(markup)
    parser.close()
    lines = [" ".join(line.split()) for line in "".join(parser.said).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
