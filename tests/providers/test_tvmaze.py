"""TVmaze: the suite of all providers, and what is its own."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.errors import RateLimited, UnusableAnswer
from medialib.http import HttpOptions
from medialib.metadata import EpisodeGroup, EpisodeMetadata, EpisodeOrder, TitleMetadata
from medialib.model import ExternalIds
from medialib.providers.tvmaze import TvmazeProvider, plain_text
from medialib.testing.metadata_world import MetadataWorld, invented_world
from medialib.testing.providers import MetadataProviderSuite
from medialib.testing.tvmaze_server import TvmazeServer
from medialib.testing.web_server import Answer, Request, WebServer
from medialib.testing.worlds import ManualClock

Json = Any


def world_with_lists() -> MetadataWorld:
    """The invented world, and in it a show that was sold in another order than it was broadcast."""
    world = invented_world()
    special = EpisodeMetadata(0, 1, "The Lost Pilot")
    first, second, third = (EpisodeMetadata(1, number, f"Log {number}") for number in (1, 2, 3))
    discs = (EpisodeGroup(0, "Specials", (special,)), EpisodeGroup(1, "Disc", (second, first)))
    orders = (
        EpisodeOrder("1", "DVD", "dvd", (*discs, EpisodeGroup(2, "Disc", (third,)))),
        EpisodeOrder("2", "Streamed", "digital", discs),
        EpisodeOrder("3", "Broadcast", "tv", discs[1:]),
        EpisodeOrder("4", "As its network counts", "other", (EpisodeGroup(1, "All", (third, first)),)),
    )
    world.add(TitleMetadata("world", 351, "show", "Starboard"), (special, first, second, third), orders)
    return world


class TestTvmaze(MetadataProviderSuite):
    carries = MetadataProviderSuite.carries - {"original_title"}
    carries_ids = frozenset({"tvdb", "imdb"})
    carries_orders = frozenset({"dvd", "digital", "tv", "other"})
    most_found = 10

    @pytest.fixture
    def world(self) -> MetadataWorld:
        return world_with_lists()

    @pytest.fixture
    def web(self, world: MetadataWorld) -> Iterator[TvmazeServer]:
        with TvmazeServer(world) as server:
            yield server

    @pytest.fixture
    def provider(self, web: TvmazeServer, options: HttpOptions) -> Iterator[TvmazeProvider]:
        provider = TvmazeProvider(web.url, options)
        yield provider
        provider.close()


class Told(WebServer):
    """Answers with what it was told, by path; each answer of several once, the last for ever."""

    def __init__(self, answers: Mapping[str, Json] | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.answers: dict[str, list[Json]] = {path: [body] for path, body in (answers or {}).items()}
        self.headers = headers or {}

    def answer(self, request: Request) -> Answer:
        waiting = self.answers.get(request.path)
        if waiting is None:
            return Answer({"name": "Not Found", "status": 404}, 404)
        body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return Answer(body, headers=self.headers)


@pytest.fixture
def told() -> Iterator[Told]:
    with Told() as server:
        yield server


@pytest.fixture
def provider(told: Told) -> Iterator[TvmazeProvider]:
    provider = TvmazeProvider(told.url, HttpOptions(clock=ManualClock()), rate=None)
    yield provider
    provider.close()


def show(told: Told, provider: TvmazeProvider, **fields: Json) -> TitleMetadata:
    """What is read of a show with these fields."""
    told.answers["/shows/7"] = [{"id": 7, "name": "Seven", **fields}]
    found = provider.title(7)
    assert found is not None
    return found


def test_an_id_and_a_name_are_enough(told: Told, provider: TvmazeProvider) -> None:
    assert show(told, provider) == TitleMetadata("tvmaze", 7, "show", "Seven", ids=ExternalIds(tvmaze=7))
    empty: dict[str, Json] = dict.fromkeys(
        [
            "type",
            "language",
            "genres",
            "status",
            "premiered",
            "schedule",
            "network",
            "webChannel",
            "externals",
            "summary",
            "_embedded",
        ]
    )
    assert show(told, provider, **empty) == show(told, provider)
    nested = {"network": {"country": None}, "webChannel": {"country": {"code": None}}, "schedule": {"days": None}}
    assert show(told, provider, **nested, externals={}, _embedded={"akas": None}) == show(told, provider)


@pytest.mark.parametrize(
    ("fields", "type_"),
    [
        ({"type": "Animation", "language": "Japanese", "genres": []}, "anime"),
        ({"type": "Animation", "language": "English", "genres": ["Comedy"]}, "standard"),
        ({"type": "Animation", "language": "Chinese", "genres": ["Anime", "Action"]}, "anime"),
        ({"type": "Scripted", "language": "Japanese", "genres": ["Drama"]}, "standard"),
        ({"type": "Talk Show", "schedule": {"days": ["Monday", "Tuesday"]}}, "daily"),
        ({"type": "News", "schedule": {"days": []}}, "daily"),
        ({"type": "News"}, "daily"),
        ({"type": "Talk Show", "schedule": {"days": ["Sunday"]}}, "standard"),
        ({"type": "Variety", "schedule": {"days": ["Monday", "Tuesday"]}}, "standard"),
        ({"type": None}, "standard"),
    ],
)
def test_what_makes_a_show_anime_or_daily(
    told: Told, provider: TvmazeProvider, fields: Mapping[str, Json], type_: str
) -> None:
    assert show(told, provider, **fields).type == type_


def test_countries_and_languages(told: Told, provider: TvmazeProvider) -> None:
    def country(code: Json) -> Json:
        return {"id": 1, "name": "Channel", "country": {"name": "Somewhere", "code": code}}

    assert show(told, provider, network=country("GB")).countries == ("GB",)
    assert show(told, provider, network=country("UK")).countries == ("GB",)
    assert show(told, provider, network={"country": None}, webChannel=country("kr")).countries == ("KR",)
    assert show(told, provider, network=None, webChannel={"id": 1, "country": None}).countries == ()
    for name, code in {"Japanese": "ja", "english": "en", "Welsh": "cy", "Panjabi": "pa", "Klingon": None}.items():
        assert show(told, provider, language=name).language == code


def test_aliases_are_told_once_and_never_the_title(told: Told, provider: TvmazeProvider) -> None:
    names = ["Seven", "Sieben", "Sept", "Sieben", " Sept ", None, ""]
    akas = [{"name": name, "country": None} for name in names]
    assert show(told, provider, _embedded={"akas": akas}).aliases == ("Sieben", "Sept")


def test_specials_are_numbered_by_day_and_then_by_their_own_number(told: Told, provider: TvmazeProvider) -> None:
    def special(identifier: int, aired: str | None, **fields: Json) -> Json:
        told_of = {"id": identifier, "name": f"S{identifier}", "season": 3, "number": None, "airdate": aired}
        return told_of | {"type": "significant_special"} | fields

    told.answers["/shows/7/episodes"] = [
        [
            special(9, None),
            special(5, "2020-01-02", type="insignificant_special"),
            {"id": 1, "name": "TBA", "season": 2, "number": 1, "airdate": ""},
            special(8, "2020-01-02", number=14),
            {"id": 3, "name": None, "season": 1, "number": 2, "type": "regular", "airdate": "2019-13-45"},
            special(4, "", type=None),
            special(6, "2019-01-02"),
        ]
    ]
    assert provider.episodes(7) == (
        EpisodeMetadata(0, 1, "S6", date(2019, 1, 2)),
        EpisodeMetadata(0, 2, "S5", date(2020, 1, 2)),
        EpisodeMetadata(0, 3, "S8", date(2020, 1, 2)),
        EpisodeMetadata(0, 4, "S4"),
        EpisodeMetadata(0, 5, "S9"),
        EpisodeMetadata(1, 2),
        EpisodeMetadata(2, 1),
    )
    assert told.requests[-1].query == {"specials": "1"}


def test_an_alternate_list_says_what_it_goes_by(told: Told, provider: TvmazeProvider) -> None:
    told.answers["/shows/7/episodes"] = [
        [{"id": number, "name": f"E{number}", "season": 1, "number": number} for number in (1, 2, 3)]
    ]
    told.answers["/shows/7/alternatelists"] = [
        [
            {"id": 10, "dvd_release": True, "network": None, "webChannel": None},
            {"id": 11, "country_premiere": True, "network": {"name": "Kanal 7", "country": {"code": "DE"}}},
            {"id": 12, "language_premiere": True, "language": "French"},
            {"id": 13, "dvd_release": False, "streaming_premiere": True, "webChannel": {"name": "Stream"}},
            {"id": 14, "broadcast_premiere": True},
            {"id": 15, "verbatim_order": True, "name": "As on the box"},
            {"id": 16},
            {"id": 17, "dvd_release": True},
        ]
    ]

    def item(season: int, number: int | None, *held: int) -> Json:
        embedded = {"episodes": [{"id": each} for each in held]}
        return {"id": 99, "name": "Part", "season": season, "number": number, "_embedded": embedded}

    for identifier in range(10, 17):
        told.answers[f"/alternatelists/{identifier}/alternateepisodes"] = [
            [item(2, 1, 3), item(1, 1, 2, 1, 404), item(1, None), item(1, 2, 1)]
        ]
    orders = provider.orders(7)
    assert [(order.id, order.name, order.kind) for order in orders] == [
        ("10", "DVD release", "dvd"),
        ("11", "Country premiere (Kanal 7, DE)", "other"),
        ("12", "Language premiere (French)", "other"),
        ("13", "Streaming premiere (Stream)", "digital"),
        ("14", "Broadcast premiere", "tv"),
        ("15", "As on the box", "other"),
        ("16", "Alternate list", "other"),
    ]
    first, second, third = provider.episodes(7)
    assert orders[0].groups == (
        EpisodeGroup(0, "Specials", ()),
        EpisodeGroup(1, "Season 1", (second, first)),
        EpisodeGroup(2, "Season 2", (third,)),
    )


@pytest.mark.parametrize("document", [None, {}, {"id": 7}, {"name": "Seven"}, {"id": "7", "name": "Seven"}, []])
def test_a_show_without_id_or_name_is_unusable(told: Told, provider: TvmazeProvider, document: Json) -> None:
    told.answers |= {"/shows/7": [document], "/lookup/shows": [document], "/search/shows": [[{"show": document}]]}
    for ask in (
        lambda: provider.title(7),
        lambda: provider.find(ExternalIds(tvdb=1)),
        lambda: provider.search("seven"),
    ):
        with pytest.raises(UnusableAnswer):
            ask()


@pytest.mark.parametrize(
    "episode",
    [
        {"name": "E", "season": 1, "number": 1},
        {"id": 1, "season": None, "number": 1, "type": "regular"},
        {"id": 1, "season": 1, "number": "one", "type": "regular"},
    ],
)
def test_an_episode_without_its_place_is_unusable(told: Told, provider: TvmazeProvider, episode: Json) -> None:
    told.answers["/shows/7/episodes"] = [[episode]]
    with pytest.raises(UnusableAnswer):
        provider.episodes(7)


def test_a_search_that_is_not_there_is_no_empty_answer(provider: TvmazeProvider) -> None:
    with pytest.raises(UnusableAnswer):
        provider.search("seven")


def test_a_bad_answer_does_not_last_as_long_as_the_cache() -> None:
    with Told(headers={"Cache-Control": "public, max-age=3600"}) as server:
        server.answers["/shows/7"] = [{"id": None}, {"id": 7, "name": "Seven"}]
        server.answers["/shows/8"] = [{"id": None}, [], {"id": 8, "name": "Eight"}]
        provider = TvmazeProvider(server.url, HttpOptions(clock=ManualClock()))
        assert provider.title(7) is not None
        with pytest.raises(UnusableAnswer):
            provider.title(8)
        assert (
            provider.title(8)
            == provider.title(8)
            == TitleMetadata("tvmaze", 8, "show", "Eight", ids=ExternalIds(tvmaze=8))
        )
        assert server.asked("/shows/8") == 3
        provider.close()


odd = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just([])
odd_values = odd | st.just({}) | st.lists(odd | st.just({}), max_size=2) | st.dictionaries(st.sampled_from("id"), odd)


def _places(value: Json, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within a document."""
    yield way
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from _places(inner, (*way, key))


def _with(value: Json, way: tuple[Any, ...], new: Json) -> Json:
    if not way:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[way[0]] = _with(value[way[0]], way[1:], new)
    return copied


def test_any_document_is_read_or_said_to_be_unusable(told: Told, provider: TvmazeProvider) -> None:
    """No other error, whatever stands in the place of any value of any answer."""
    with TvmazeServer(world_with_lists()) as server:
        real = {
            path: server.answer(Request("GET", path, query, {})).body
            for path, query in (
                ("/search/shows", {"q": "nosferatu"}),
                ("/shows/101", {"embed": "akas"}),
                ("/shows/351/episodes", {"specials": "1"}),
                ("/shows/351/alternatelists", {}),
            )
        }
        (listed, *_) = real["/shows/351/alternatelists"]
        items = f"/alternatelists/{listed['id']}/alternateepisodes"
        real[items] = server.answer(Request("GET", items, {"embed": "episodes"}, {})).body
    asks = dict(
        zip(
            real,
            (
                partial(provider.search, "nosferatu"),
                partial(provider.title, 101),
                partial(provider.episodes, 351),
                *[partial(provider.orders, 351)] * 2,
            ),
            strict=True,
        )
    )
    told.answers = {path: [body] for path, body in real.items()}
    assert all(ask() for ask in asks.values())
    places = [(path, way) for path, body in real.items() for way in _places(body)]

    said: list[str] = []

    @settings(max_examples=60)
    @given(st.sampled_from(places), odd_values)
    def check(place: tuple[str, tuple[Any, ...]], value: Json) -> None:
        path, way = place
        told.answers[path] = [_with(real[path], way, value)]
        try:
            assert asks[path]() is not None
        except UnusableAnswer as error:
            said.append(str(error))
        finally:
            told.answers[path] = [real[path]]

    check()
    assert said
    assert all("documented form" in line or "not JSON" in line for line in said)


def test_find_asks_for_the_details_of_what_it_found() -> None:
    with TvmazeServer(invented_world()) as server:
        provider = TvmazeProvider(server.url, HttpOptions(clock=ManualClock()))
        found = provider.find(ExternalIds(tmdb=5, tvdb=900101, imdb="tt0900101"))
        assert found == provider.title(101)
        assert found is not None
        assert found.aliases
        assert server.asked("/lookup") == 1
        asked = server.asked()
        assert provider.find(ExternalIds(tvmaze=101, tvdb=900101)) == found
        assert server.asked() == asked
        provider.close()


def test_it_keeps_to_twenty_calls_in_ten_seconds() -> None:
    world, clock = MetadataWorld(), ManualClock()
    for number in range(1, 71):
        world.add(TitleMetadata("world", number, "show", f"Show {number}"))
    with TvmazeServer(world, clock=clock, rate_limited=True) as server:
        greedy = TvmazeProvider(server.url, HttpOptions(clock=clock, patience=0), rate=None)
        assert all(greedy.title(number) for number in range(1, 21))
        with pytest.raises(RateLimited):
            greedy.title(21)
        greedy.close()
        clock.sleep(10)
        provider = TvmazeProvider(server.url, HttpOptions(clock=clock))
        begun, asked = clock.monotonic(), server.asked()
        assert all(provider.title(number) for number in range(1, 71))
        assert server.asked() - asked == 70
        assert 30 <= clock.monotonic() - begun < 45
        provider.close()


@given(st.text())
def test_any_markup_becomes_text(markup: str) -> None:
    text = plain_text(markup)
    assert text == text.strip()
    assert "\n\n\n" not in text
    assert "  " not in text


@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1), min_size=1))
def test_text_that_was_escaped_comes_back(words: list[str]) -> None:
    text = " ".join(words)
    assert plain_text(f"<p>{html.escape(text)}</p>") == text
    assert plain_text(f"<p><b>{html.escape(words[0])}</b></p><p>{html.escape(text)}</p>") == f"{words[0]}\n\n{text}"
