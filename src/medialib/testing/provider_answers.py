"""What a provider answers when its service is well: the first half of the law of `ports.MetadataProvider`, as tests.

The other half, and how to subclass the whole, is in `medialib.testing.providers`.
"""

# What a test asks for stands in its name.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from itertools import count
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from medialib.http import HttpOptions
from medialib.matching import normalise_title
from medialib.metadata import (
    EpisodeMetadata,
    OrderKind,
    TitleKind,
    TitleMetadata,
    imdb_identifier,
    in_order,
    number_among,
)
from medialib.model import ExternalIds, ShowType
from medialib.ports import MetadataProvider
from medialib.testing.metadata_world import MetadataWorld, invented_world
from medialib.testing.web_server import WebServer
from medialib.testing.worlds import ManualClock

__all__ = ["EVERY_ID", "UNKNOWN_SHOW", "VOYAGE", "ProviderAnswers", "own_number"]

VOYAGE, UNKNOWN_SHOW, FILM = 101, 987_654, 701
EVERY_ID = frozenset(attrs.fields_dict(ExternalIds))

PLAIN = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
WORDS = st.lists(PLAIN, min_size=1, max_size=4).map(" ".join).filter(lambda text: text != "TBA")
DATES = st.dates(date(1930, 1, 1), date(2079, 12, 31))
DETAILS: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda title, year, aliases, summary: {
        "title": title,
        "year": year,
        "aliases": tuple(name for name in aliases if name != title),
        "summary": summary,
    },
    WORDS,
    st.none() | st.integers(1930, 2079),
    st.lists(WORDS, unique=True, max_size=3),
    st.none() | WORDS,
)


def own_number(title: TitleMetadata, provider: str) -> int:
    """The number under which the provider of that name knows a title of a world.

    >>> own_number(TitleMetadata("world", 101, "show", "The Long Voyage", ids=ExternalIds(tvdb=900101)), "tvdb")
    900101
    """
    number = number_among(title.ids, provider)
    return title.id if number is None else number


class ProviderAnswers:
    """Fixtures, tools and tests of right answers, which `MetadataProviderSuite` inherits."""

    carries: ClassVar[frozenset[str]] = frozenset(
        {"original_title", "year", "aliases", "language", "countries", "genres", "status", "type", "summary"}
    )
    """The fields of `TitleMetadata` that the service can say of a title; all others stay empty."""
    carries_ids: ClassVar[frozenset[str]] = EVERY_ID
    """The fields of `ExternalIds` that the service can say of a title; its own is always there."""
    carries_orders: ClassVar[frozenset[OrderKind]] = frozenset()
    """The kinds of other orders that the service can keep."""
    carries_dates: ClassVar[bool] = True
    """Whether the service can say when an episode was first broadcast."""
    most_found: ClassVar[int] = 20
    """How many titles the service answers to a search at most."""
    finds_years: ClassVar[bool] = True
    """Whether what a search finds has its year, even where none was asked for."""
    one_season: ClassVar[bool] = False
    """Whether a show has one season only; its world must then be such a one."""
    only_type: ClassVar[ShowType] = "standard"
    """How every show is numbered where the service knows one type only; its world must then be such a one."""
    unsayable: ClassVar[str] = ""
    """Characters that the service has no way to say."""

    @pytest.fixture
    def world(self) -> MetadataWorld:
        """What the provider is to tell of."""
        return invented_world()

    @pytest.fixture
    def web(self, world: MetadataWorld) -> Iterator[WebServer | None]:
        """The fake service; None for a provider that asks nobody, to which no fault of a service can happen."""
        yield None

    @pytest.fixture
    def provider(self, web: WebServer | None, world: MetadataWorld) -> Iterator[MetadataProvider]:
        raise LookupError("a conformance suite needs the fixture 'provider'")

    @pytest.fixture
    def clock(self) -> ManualClock:
        """The clock that a client waits by: sleeping costs nothing."""
        return ManualClock()

    @pytest.fixture
    def options(self, clock: ManualClock) -> HttpOptions:
        """For the provider's client: patient enough for so many calls in 10 s, by a clock that costs nothing."""
        return HttpOptions(timeout=0.5, patience=12.0, clock=clock)

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        """The keys that the provider was given: override where it wants one."""
        return ()

    # ----------------------------------------------------------------------------------------------------- the tools

    def kinds(self, provider: MetadataProvider) -> tuple[Any, ...]:
        """The kinds of titles that the provider knows."""
        return ("show", "movie") if provider.traits.movies else ("show",)

    def known(self, provider: MetadataProvider, world: MetadataWorld) -> tuple[TitleMetadata, ...]:
        """The titles of the world that the provider knows."""
        return tuple(title for title in world.titles.values() if title.kind in self.kinds(provider))

    def number(self, provider: MetadataProvider, world: MetadataWorld, number: int) -> int:
        """The provider's own number of a show of the world."""
        return own_number(world.titles["show", number], provider.name)

    def questions(self, provider: MetadataProvider, world: MetadataWorld) -> Mapping[str, Callable[[], Any]]:
        """One question for each method, to each of which the world has an answer that is not empty."""
        title, number = world.titles["show", VOYAGE], self.number(provider, world, VOYAGE)
        asked: dict[str, Callable[[], Any]] = {
            "search": lambda: provider.search(title.title),
            "search with year": lambda: provider.search(title.title, year=title.year),
            "title": lambda: provider.title(number),
            "episodes": lambda: provider.episodes(number),
        }
        for field in sorted(provider.traits.finds_by):
            if (value := getattr(title.ids, field)) is not None:
                asked[f"find by {field}"] = partial(provider.find, ExternalIds(**{field: value}))
        for show, orders in world.orders.items():
            if any(order.kind in self.carries_orders for order in orders):
                asked["orders"] = partial(provider.orders, self.number(provider, world, show))
        if provider.traits.movies:
            film = world.titles["movie", FILM]
            asked["search a film"] = lambda: provider.search(film.title, "movie", year=film.year)
            asked["film"] = lambda: provider.title(own_number(film, provider.name), "movie")
        return asked

    def check_title(self, provider: MetadataProvider, found: TitleMetadata | None, title: TitleMetadata) -> None:
        """What was found says of a title of the world all that the provider carries, and nothing else."""
        assert found is not None
        assert (found.provider, found.kind, found.title) == (provider.name, title.kind, title.title)
        assert found.id == own_number(title, provider.name)
        for field in ("year", "language", "countries", "genres", "status", "type", "summary"):
            wanted = title if field in self.carries else TitleMetadata("", 0, "show", "")
            assert (field, getattr(found, field)) == (field, getattr(wanted, field))
        own = imdb_identifier(found.id) if provider.name == "imdb" else found.id
        for field in EVERY_ID:
            wanted_id = getattr(title.ids, field) if field in self.carries_ids else None
            assert (field, getattr(found.ids, field)) == (field, own if field == provider.name else wanted_id)
        if "original_title" in self.carries:
            assert (found.original_title or found.title) == (title.original_title or title.title)
        else:
            assert found.original_title is None
        mentioned = {found.title, found.original_title}
        assert len({*found.aliases}) == len(found.aliases)
        assert found.title not in found.aliases
        wanted_aliases = {*title.aliases} if "aliases" in self.carries else set()
        assert {*found.aliases} - mentioned == wanted_aliases - mentioned

    def check_episodes(self, found: tuple[EpisodeMetadata, ...], episodes: tuple[EpisodeMetadata, ...]) -> None:
        """The episodes are those of the world, by season and number."""
        assert isinstance(found, tuple)
        places = [(episode.season, episode.number) for episode in found]
        assert places == sorted(set(places))
        wanted = sorted(episodes, key=lambda episode: (episode.season, episode.number))
        assert [attrs.evolve(episode, absolute=None) for episode in found] == [
            attrs.evolve(episode, absolute=None, aired=episode.aired if self.carries_dates else None)
            for episode in wanted
        ]
        assert all(episode.absolute is None or episode.absolute >= 1 for episode in found)

    # ---------------------------------------------------------------------------------------------------------- search

    @pytest.mark.parametrize(
        "text", ["Nosferatu", "the long voyage", "Kaizoku", "City at Night", "harbour", "part one"]
    )
    def test_search_answers_with_titles_best_first(
        self, provider: MetadataProvider, world: MetadataWorld, text: str
    ) -> None:
        for kind in self.kinds(provider):
            wanted = world.matching(text, kind)[: self.most_found]
            found = provider.search(text, kind)
            assert isinstance(found, tuple)
            assert [(title.provider, title.kind, title.id, title.title) for title in found] == [
                (provider.name, kind, own_number(title, provider.name), title.title) for title in wanted
            ]
            if self.finds_years:
                assert [title.year for title in found] == [title.year for title in wanted]

    def test_search_with_a_year_finds_those_of_that_year(
        self, provider: MetadataProvider, world: MetadataWorld
    ) -> None:
        for year in (1998, 2014, 2024):
            found = provider.search("Nosferatu", year=year)
            assert year in {title.year for title in found}
            assert {title.title for title in found} == {"Nosferatu"}
        assert {title.title for title in provider.search("Nosferatu", year=1950)} <= {"Nosferatu"}

    def test_search_that_finds_nothing(self, provider: MetadataProvider) -> None:
        for year in (None, 2011):
            assert provider.search("Zyxwv Utsrq", year=year) == ()

    def test_search_answers_with_twenty_at_most(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        for number in range(2001, 2046):
            world.add(TitleMetadata("world", number, "show", f"Namesake {number}", year=2000))
        assert self.most_found <= 20
        for year in (None, 2000):
            found = provider.search("namesake", year=year)
            assert len(found) == self.most_found
            assert [title.id for title in found] == list(range(2001, 2001 + self.most_found))

    def test_search_takes_any_text(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        @settings(max_examples=25)
        @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40).filter(normalise_title))
        def check(text: str) -> None:
            wanted = world.matching(text, "show")[: self.most_found]
            assert [title.id for title in provider.search(text)] == [own_number(each, provider.name) for each in wanted]

        check()

    # ----------------------------------------------------------------------------------------------------------- title

    def test_every_title_with_all_that_is_said_of_it(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        for title in self.known(provider, world):
            self.check_title(provider, provider.title(own_number(title, provider.name), title.kind), title)

    def test_a_number_that_it_has_not_is_none(self, provider: MetadataProvider) -> None:
        for number in (UNKNOWN_SHOW, 0, -1, 2**31):
            for kind in self.kinds(provider):
                assert provider.title(number, kind) is None

    def test_what_is_left_null_is_empty(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        (title,) = world.matching("Barely Known", "show")
        number = own_number(title, provider.name)
        found = provider.title(number)
        assert found is not None
        plain = attrs.evolve(found, ids=ExternalIds(), original_title=None)
        assert plain == TitleMetadata(provider.name, number, "show", "Barely Known", type=self.only_type)
        assert provider.episodes(number) == ()
        assert provider.orders(number) == ()
        (answer,) = provider.search("Barely Known")
        assert (answer.id, answer.title, answer.year, answer.aliases) == (number, "Barely Known", None, ())

    def test_what_the_world_says_arrives(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        numbers = count(10_001)

        @settings(max_examples=25)
        @given(DETAILS, st.lists(st.tuples(st.none() | WORDS, st.none() | DATES), max_size=5))
        def check(details: dict[str, Any], parts: list[tuple[str | None, date | None]]) -> None:
            said = [details["title"], details["summary"] or "", *details["aliases"], *(name or "" for name, _ in parts)]
            assume(not set(self.unsayable) & set("".join(said)))
            number = next(numbers)
            title = world.add(
                TitleMetadata("world", number, "show", type=self.only_type, **details),
                tuple(EpisodeMetadata(1, at, name, aired) for at, (name, aired) in enumerate(parts, start=1)),
            )
            self.check_title(provider, provider.title(number), title)
            self.check_episodes(provider.episodes(number), world.episodes[number])

        check()

    # ------------------------------------------------------------------------------------------------------------ find

    def test_find_goes_by_every_id_that_it_says_it_does(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        assert provider.traits.finds_by <= EVERY_ID
        for title in self.known(provider, world):
            for field in provider.traits.finds_by:
                if (value := getattr(title.ids, field)) is not None:
                    self.check_title(provider, provider.find(ExternalIds(**{field: value}), title.kind), title)

    def test_find_of_what_is_unknown_is_none(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        unknown: dict[str, Any] = {"imdb": "tt9999999", **dict.fromkeys(EVERY_ID - {"imdb"}, UNKNOWN_SHOW)}
        for kind in self.kinds(provider):
            assert provider.find(ExternalIds(), kind) is None
            for field, value in unknown.items():
                assert provider.find(ExternalIds(**{field: value}), kind) is None

    def test_find_passes_over_what_it_cannot_go_by(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        for title in self.known(provider, world):
            other = {field: getattr(title.ids, field) for field in EVERY_ID - provider.traits.finds_by}
            assert provider.find(ExternalIds(**other), title.kind) is None

    def test_find_tries_every_id(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        title = world.titles["show", VOYAGE]
        told = {field for field in provider.traits.finds_by if getattr(title.ids, field) is not None}
        for right in told:
            wrong = {field: "tt9999999" if field == "imdb" else UNKNOWN_SHOW for field in EVERY_ID if field != right}
            ids = ExternalIds(**{**wrong, right: getattr(title.ids, right)})
            self.check_title(provider, provider.find(ids), title)

    def test_a_show_is_no_film_and_a_film_no_show(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        for title in world.titles.values():
            other: TitleKind = "movie" if title.kind == "show" else "show"
            if (other, title.id) not in world.titles:
                assert provider.title(own_number(title, provider.name), other) is None
                assert provider.find(title.ids, other) is None

    def test_films_are_answered_with_nothing_where_it_knows_none(
        self, provider: MetadataProvider, web: WebServer | None
    ) -> None:
        if provider.traits.movies:
            return
        assert provider.search("The Glass Harbour", "movie", year=2003) == ()
        assert provider.title(FILM, "movie") is None
        assert provider.find(ExternalIds(imdb=f"tt0900{FILM}", tmdb=FILM), "movie") is None
        assert web is None or web.asked() == 0

    # -------------------------------------------------------------------------------------------- episodes and orders

    def test_every_episode_of_every_show(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        for number, episodes in world.episodes.items():
            self.check_episodes(provider.episodes(self.number(provider, world, number)), episodes)

    def test_episodes_of_an_unknown_show_are_a_key_error(self, provider: MetadataProvider) -> None:
        for number in (UNKNOWN_SHOW, 0, -1):
            with pytest.raises(KeyError):
                provider.episodes(number)

    def test_what_is_asked_afresh_is_no_kept_answer(
        self, provider: MetadataProvider, world: MetadataWorld, clock: ManualClock
    ) -> None:
        number = self.number(provider, world, 101)
        before = provider.episodes(number)
        place = (before[-1].season, before[-1].number + 1)
        new = EpisodeMetadata(*place, "A part that came later", date(2014, 3, 3))
        world.episodes[101] = (*world.episodes[101], new)
        clock.sleep(provider.traits.keeps)
        after = provider.episodes(number, fresh=True)
        assert len(after) == len(before) + 1
        assert (after[-1].season, after[-1].number) == place

    def test_many_episodes(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        many = tuple(
            EpisodeMetadata(season, number, f"Part {season}.{number}", date(1990 + season, 1, 1 + number % 28))
            for season in (1,) * self.one_season or range(1, 27)
            for number in range(1, 26 * 42 + 1 if self.one_season else 43)
        )
        world.add(TitleMetadata("world", 3001, "show", "Endless"), many)
        self.check_episodes(provider.episodes(3001), many)

    def test_orders(self, provider: MetadataProvider, world: MetadataWorld) -> None:
        assert provider.traits.orders or not self.carries_orders
        for number, orders in world.orders.items():
            found = provider.orders(self.number(provider, world, number))
            assert isinstance(found, tuple)
            assert {order.kind for order in found} <= self.carries_orders
            assert len({order.id for order in found}) == len(found)
            for wanted in orders:
                if wanted.kind in self.carries_orders:
                    (order,) = [order for order in found if order.kind == wanted.kind]
                    places = [(episode.season, episode.number) for group in order.groups for episode in group.episodes]
                    assert set(places) <= {(each.season, each.number) for each in world.episodes[number]}
                    assert [(each.season, each.number, each.title, each.aired) for each in in_order(order)] == [
                        (each.season, each.number, each.title, each.aired) for each in in_order(wanted)
                    ]

    def test_orders_of_an_unknown_show_are_none(self, provider: MetadataProvider) -> None:
        assert provider.orders(UNKNOWN_SHOW) == ()
