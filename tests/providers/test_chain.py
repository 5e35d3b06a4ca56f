"""Several providers in turn: the law of every provider, and what is the chain's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import AuthenticationFailed, Cancelled, ServiceUnavailable, TransientError, UsageError
from medialib.http import HttpOptions
from medialib.metadata import EpisodeMetadata, OrderKind, TitleMetadata, fill_gaps, gaps_of
from medialib.model import ExternalIds
from medialib.ports import MetadataProvider, ProviderTraits, SupportsSeveral
from medialib.providers.chain import ChainedProvider
from medialib.providers.tmdb import TmdbProvider
from medialib.testing.metadata_world import MemoryProvider, MetadataWorld
from medialib.testing.providers import MetadataProviderSuite
from medialib.testing.tmdb_server import GROUP_TYPES, TMDB_KEY, TmdbServer
from medialib.testing.worlds import ManualClock


class Mirror(TmdbProvider):
    """The same service under another name."""

    @property
    def name(self) -> str:
        return "mirror"


class TestChain(MetadataProviderSuite):
    carries_orders = frozenset({"absolute", "story"})

    @pytest.fixture
    def provider(self, world: MetadataWorld) -> ChainedProvider:
        return ChainedProvider([MemoryProvider(world), MemoryProvider(world, name="other")])


class TestChainOfServices(MetadataProviderSuite):
    carries_ids = frozenset({"imdb", "tvdb"})
    carries_orders = frozenset(cast("dict[OrderKind, int]", GROUP_TYPES))

    @pytest.fixture
    def web(self, world: MetadataWorld) -> Iterator[TmdbServer]:
        with TmdbServer(world) as server:
            yield server

    @pytest.fixture
    def provider(self, web: TmdbServer, options: HttpOptions) -> Iterator[ChainedProvider]:
        members = [kind(TMDB_KEY, web.api, options=options, rate=None) for kind in (TmdbProvider, Mirror)]
        provider = ChainedProvider(members, rest=0.0)
        yield provider
        provider.close()

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return (TMDB_KEY,)


class Fickle(MemoryProvider):
    """Knows its own numbers, and fails while `error` says how."""

    def __init__(self, name: str, *titles: TitleMetadata, finds_by: tuple[str, ...] = (), movies: bool = True) -> None:
        super().__init__(MetadataWorld(), name=name, movies=movies)
        for title in titles:
            self.world.add(attrs.evolve(title, provider=name))
        self.error: Exception | None = None
        self.asked = 0
        self._finds_by = frozenset({name, *finds_by})

    @property
    def traits(self) -> ProviderTraits:
        return attrs.evolve(super().traits, finds_by=self._finds_by)

    def _knows(self, kind: Any) -> bool:
        self.asked += 1  # once or more for each question
        if self.error is not None:
            raise self.error
        return super()._knows(kind)

    def search(self, title: str, kind: Any = "show", *, year: int | None = None) -> tuple[TitleMetadata, ...]:
        return super().search(title, kind, year=year) if self._knows(kind) else ()

    def find(self, ids: ExternalIds, kind: Any = "show") -> TitleMetadata | None:
        known = {name: value if name in self._finds_by else None for name, value in attrs.asdict(ids).items()}
        return super().find(ExternalIds(**known), kind)

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        self._knows("show")
        return super().episodes(show)


def show(number: int, title: str = "The Long Voyage", **values: Any) -> TitleMetadata:
    return TitleMetadata("", number, "show", title, **values)


IMDB = "tt0900101"


class Chain:
    """TMDB, which says little, before TheTVDB, which says more of the same show."""

    def __init__(self, *, rest: float = 60.0) -> None:
        self.first = Fickle("tmdb", show(11, ids=ExternalIds(tmdb=11, imdb=IMDB)), finds_by=("imdb",))
        self.second = Fickle(
            "tvdb",
            show(22, "A Voyage", year=2011, language="en", ids=ExternalIds(tvdb=22, imdb=IMDB), status="Ended"),
            show(23, "Only There", ids=ExternalIds(tvdb=23)),
            finds_by=("imdb",),
        )
        self.told: list[str] = []
        self.clock = ManualClock()
        self.chain = ChainedProvider([self.first, self.second], told=self.told.append, clock=self.clock, rest=rest)


@pytest.fixture
def made() -> Chain:
    return Chain()


DOWN = ServiceUnavailable("TMDB cannot answer now (status 503)")


def test_the_first_that_knows_the_title_answers_alone(made: Chain) -> None:
    assert [title.reference for title in made.chain.search("the long voyage")] == ["tmdb:11"]
    assert made.second.asked == 0
    assert [title.reference for title in made.chain.search("Only There")] == ["tvdb:23"]
    # what is merely alike comes from the first who has any
    assert [title.reference for title in made.chain.search("Voyage")] == ["tmdb:11"]
    assert made.chain.search("Nothing of the Kind") == ()
    assert made.told == []


def test_gaps_are_filled_and_told_of(made: Chain) -> None:
    title = made.chain.title(11)
    assert title is not None
    assert (title.reference, title.title, title.year, title.language) == ("tmdb:11", "The Long Voyage", 2011, "en")
    assert title.ids == ExternalIds(tmdb=11, tvdb=22, imdb=IMDB)
    assert title.provenance == {"year": "tvdb", "language": "tvdb", "status": "tvdb", "ids.tvdb": "tvdb"}
    assert (title.said_by("year"), title.said_by("title")) == ("tvdb", "tmdb")
    assert made.chain.find(ExternalIds(imdb=IMDB)) == title


def test_an_answer_of_another_is_asked_for_by_its_own_number(made: Chain) -> None:
    assert isinstance(made.chain, SupportsSeveral)
    assert made.chain.names == ("tmdb", "tvdb")
    title = made.chain.led_by("tvdb").title(22)
    assert title is not None
    assert (title.reference, title.ids.tmdb, title.provenance) == ("tvdb:22", 11, {"ids.tmdb": "tmdb"})
    assert made.chain.led_by("tvdb").name == "tvdb"
    assert made.chain.alone("tvdb") is made.second
    with pytest.raises(KeyError):
        made.chain.led_by("imdb")


def test_who_is_down_is_passed_over_and_told_of_once(made: Chain) -> None:
    made.first.error = DOWN
    assert [title.reference for title in made.chain.search("A Voyage")] == ["tvdb:22"]
    assert [title.reference for title in made.chain.search("Only There")] == ["tvdb:23"]
    (note,) = made.told
    assert note == "tmdb could not be asked, so that only the other providers were: TMDB cannot answer now (status 503)"
    made.first.error = None
    made.clock.sleep(61)
    assert [title.reference for title in made.chain.search("The Long Voyage")] == ["tmdb:11"]
    made.first.error = DOWN
    made.clock.sleep(61)
    assert made.chain.search("A Voyage")
    assert len(made.told) == 2


def test_nothing_is_only_said_if_all_were_asked(made: Chain) -> None:
    made.first.error = DOWN
    for ask in (
        lambda: made.chain.search("Nothing of the Kind"),
        lambda: made.chain.find(ExternalIds(imdb="tt9999999")),
        lambda: made.chain.title(11),
        lambda: made.chain.episodes(11),
        lambda: made.chain.orders(11),
    ):
        with pytest.raises(ServiceUnavailable):
            ask()
    made.first.error, made.second.error = None, DOWN
    made.clock.sleep(61)
    assert made.chain.title(11) is not None
    assert made.chain.search("The Long Voyage")
    with pytest.raises(TransientError):
        made.chain.search("Nothing of the Kind")
    assert made.chain.title(99) is None


def test_what_may_pass_is_raised_before_what_must_be_mended(made: Chain) -> None:
    made.first.error = AuthenticationFailed("TMDB refuses the key", remedy="Set tmdb.api_key.")
    assert made.chain.search("Only There")
    assert made.told[0].endswith("TMDB refuses the key Set tmdb.api_key.")
    with pytest.raises(AuthenticationFailed):
        made.chain.search("Nothing of the Kind")
    made.second.error = DOWN
    made.clock.sleep(61)
    with pytest.raises(ServiceUnavailable):
        made.chain.search("Only There")
    assert len(made.told) == 2


def test_who_asks_to_stop_is_obeyed(made: Chain) -> None:
    made.first.error = Cancelled("stop")
    with pytest.raises(Cancelled):
        made.chain.search("Only There")
    assert made.told == []


def test_episodes_are_those_of_the_first_who_has_any(made: Chain) -> None:
    listed = (EpisodeMetadata(1, 1, "Departure"),)
    assert made.chain.told_episodes(11) == ("tmdb", ())
    made.second.world.episodes[22] = listed
    assert made.chain.told_episodes(11) == ("tvdb", listed)
    made.first.world.episodes[11] = (EpisodeMetadata(1, 1), EpisodeMetadata(1, 2))
    assert made.chain.told_episodes(11) == ("tmdb", made.first.world.episodes[11])
    assert len(made.chain.episodes(11)) == 2
    with pytest.raises(KeyError):
        made.chain.episodes(99)


def test_a_number_may_be_known_to_others(made: Chain) -> None:
    other = Fickle("tvmaze", show(33, year=2011, ids=ExternalIds(tvmaze=33, tmdb=11)), finds_by=("tmdb",))
    chain = ChainedProvider([made.first, other], clock=made.clock)
    made.first.error = DOWN
    other.world.episodes[33] = (EpisodeMetadata(1, 1),)
    title = chain.title(11)
    assert title is not None
    assert title.reference == "tvmaze:33"
    assert chain.told_episodes(11) == ("tvmaze", (EpisodeMetadata(1, 1),))


def test_films_are_asked_of_those_who_know_them() -> None:
    film = TitleMetadata("", 5, "movie", "Salt", year=2010)
    shows_only, all_kinds = Fickle("tvmaze", show(1), movies=False), Fickle("tmdb", film)
    chain = ChainedProvider([shows_only, all_kinds])
    assert chain.traits.movies
    assert [title.reference for title in chain.search("Salt", "movie")] == ["tmdb:5"]
    assert chain.title(5, "movie") is None
    assert chain.led_by("tmdb").title(5, "movie") is not None


def test_a_chain_wants_different_providers() -> None:
    one: MetadataProvider = MemoryProvider(MetadataWorld())
    for members in ([], [one, MemoryProvider(MetadataWorld())]):
        with pytest.raises(UsageError):
            ChainedProvider(members)
    assert repr(ChainedProvider([one])) == "ChainedProvider(memory)"


NUMBERS = st.none() | st.integers(1, 3)
IDS = st.builds(ExternalIds, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.none() | st.just("tt1"))
TITLES = st.builds(
    TitleMetadata,
    st.sampled_from(("tmdb", "tvdb")),
    st.just(1),
    st.just("show"),
    st.just("A"),
    year=st.none() | st.integers(1990, 1992),
    aliases=st.sampled_from(((), ("B",), ("A", "B"))),
    ids=IDS,
    language=st.none() | st.just("en"),
    status=st.none() | st.just("Ended"),
)


@given(TITLES, TITLES)
def test_filling_overrules_nothing_and_says_who_said_what(title: TitleMetadata, other: TitleMetadata) -> None:
    filled = fill_gaps(title, other)
    mine, theirs, ids = (attrs.asdict(each.ids) for each in (title, other, filled))
    for field in ("title", "year", "aliases", "language", "status", "countries"):
        if getattr(title, field):
            assert getattr(filled, field) == getattr(title, field)
        elif getattr(filled, field):
            assert filled.provenance[field] == other.provider
    for name in ids:
        if ids[name] != mine[name]:
            assert (mine[name], ids[name], filled.provenance[f"ids.{name}"]) == (None, theirs[name], other.provider)
    assert gaps_of(filled, mine) <= gaps_of(title, mine)
    assert filled.title not in filled.aliases or title.aliases
    assert fill_gaps(filled, other) == filled
