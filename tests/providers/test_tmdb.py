"""TMDB: the law of every provider, what is TMDB's own, and its contract as TMDB published and others recorded it."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from medialib.errors import AuthenticationFailed, RequestRefused, TransientError, UnusableAnswer
from medialib.http import HttpOptions
from medialib.metadata import EpisodeGroup, EpisodeMetadata, EpisodeOrder, OrderKind, TitleMetadata
from medialib.model import ExternalIds
from medialib.providers.tmdb import TmdbProvider
from medialib.testing.metadata_world import MetadataWorld, invented_world
from medialib.testing.providers import MetadataProviderSuite
from medialib.testing.tmdb_server import GROUP_TYPES, TMDB_KEY, TMDB_TOKEN, TmdbServer
from medialib.testing.web_server import Answer, Garbage, Request, WebServer
from medialib.testing.worlds import ManualClock

CONTRACTS = Path(__file__).parents[2] / ".." / "shared" / "contracts"


def impatient() -> HttpOptions:
    return HttpOptions(timeout=5.0, patience=1.0, clock=ManualClock())


def asking(url: str, key: str = TMDB_KEY, language: str = "en") -> TmdbProvider:
    return TmdbProvider(key, url, language, impatient(), rate=None)


class TestTmdb(MetadataProviderSuite):
    carries_ids = frozenset({"imdb", "tvdb"})
    carries_orders = frozenset(GROUP_TYPES)

    @pytest.fixture
    def web(self, world: MetadataWorld) -> Iterator[TmdbServer]:
        with TmdbServer(world) as server:
            yield server

    @pytest.fixture
    def provider(self, web: TmdbServer, options: HttpOptions) -> Iterator[TmdbProvider]:
        # the suite asks more often in its patience than TMDB's rate allows; see the test of the rate below
        provider = TmdbProvider(TMDB_KEY, web.api, options=options, rate=None)
        yield provider
        provider.close()

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return (TMDB_KEY,)


class Told(WebServer):
    """Says what it was told to say, by path."""

    def __init__(self, said: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.said = dict(said or {})

    def answer(self, request: Request) -> Answer:
        if request.path not in self.said:
            return Answer({"success": False, "status_code": 34, "status_message": "not here"}, 404)
        document = self.said[request.path]
        wanted = request.query.get("append_to_response", "").split(",")
        parts = {name: self.said[f"{request.path}/{name}"] for name in wanted if f"{request.path}/{name}" in self.said}
        # a new connection for each answer costs less than what the two ends wait for each other on a kept one
        return Answer(
            document | parts if parts else document, headers={"Cache-Control": "no-store", "Connection": "close"}
        )


@pytest.fixture
def world() -> MetadataWorld:
    return invented_world()


@pytest.fixture
def tmdb(world: MetadataWorld) -> Iterator[TmdbServer]:
    with TmdbServer(world) as server:
        yield server


@pytest.fixture
def provider(tmdb: TmdbServer) -> Iterator[TmdbProvider]:
    provider = asking(tmdb.api)
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    with Told() as server:
        yield server


def titled(told: Told, **fields: Any) -> TitleMetadata:
    told.said = {"/tv/7": {"id": 7, "name": "Seven", **fields}}
    title = asking(told.url).title(7)
    assert title is not None
    return title


# ---------------------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize("key", [TMDB_KEY, "0b0f6d7e-1c2d-4e3f-8a9b-0c1d2e3f4a5b", f"  {TMDB_KEY}\n", "two.parts"])
def test_a_v3_key_is_sent_as_a_parameter(world: MetadataWorld, key: str) -> None:
    with TmdbServer(world, key=key.strip()) as tmdb:
        assert asking(tmdb.api, key).title(101) is not None
        (request,) = tmdb.requests
        assert request.query["api_key"] == key.strip()
        assert "authorization" not in request.headers


def test_a_read_access_token_is_sent_as_a_header(tmdb: TmdbServer) -> None:
    provider = asking(tmdb.api, TMDB_TOKEN)
    assert provider.title(101) is not None
    assert provider.search("Nosferatu", year=1900)
    assert [request.headers["authorization"] for request in tmdb.requests] == [f"Bearer {TMDB_TOKEN}"] * 3
    assert not any("api_key" in request.query for request in tmdb.requests)


@pytest.mark.parametrize("key", ["f" * 32, TMDB_TOKEN[:-1] + "Z"])
def test_a_wrong_key_names_the_setting_and_is_not_quoted(tmdb: TmdbServer, key: str) -> None:
    provider = asking(tmdb.api, key)
    for ask in (provider.title, provider.episodes, provider.orders):
        with pytest.raises(AuthenticationFailed, match=r"tmdb\.api_key") as caught:
            ask(101)
        assert key not in "".join(traceback.format_exception(caught.value))
    assert key not in repr(provider) + repr(vars(provider))


@pytest.mark.parametrize("key", ["", "  "])
def test_an_empty_key_is_refused_before_anything_is_asked(key: str) -> None:
    with pytest.raises(AuthenticationFailed, match=r"tmdb\.api_key"):
        TmdbProvider(key)


def test_forty_calls_take_no_time_and_one_more_waits_for_ten_seconds(tmdb: TmdbServer) -> None:
    clock = ManualClock()
    provider = TmdbProvider(TMDB_KEY, tmdb.api, options=HttpOptions(patience=15.0, clock=clock))
    for number in range(1000, 1040):
        assert provider.title(number) is None
    assert clock.monotonic() < 1
    assert provider.title(1040) is None
    assert clock.monotonic() >= 10
    provider.close()


def test_it_gives_the_credit_that_tmdb_asks_for(provider: TmdbProvider) -> None:
    assert "not endorsed, certified, or otherwise approved by TMDB" in provider.traits.credit


# -------------------------------------------------------------------------------------------------------------- titles


def test_a_year_is_asked_for_first_and_then_left_out(provider: TmdbProvider, tmdb: TmdbServer) -> None:
    assert [title.id for title in provider.search("Nosferatu", year=2014)] == [202]
    assert [title.id for title in provider.search("Nosferatu", year=1950)] == [201, 202, 203]
    assert [title.id for title in provider.search("The Glass Harbour", "movie", year=2019)] == [702]
    asked = [(each.path, each.query.get("first_air_date_year"), each.query.get("year")) for each in tmdb.requests]
    assert asked == [
        ("/3/search/tv", "2014", None),
        ("/3/search/tv", "1950", None),
        ("/3/search/tv", None, None),
        ("/3/search/movie", None, "2019"),
    ]


@pytest.mark.parametrize("text", ["", "  ", "\t\n"])
def test_nothing_is_asked_for_nothing(provider: TmdbProvider, tmdb: TmdbServer, text: str) -> None:
    assert provider.search(text) == ()
    assert tmdb.asked() == 0


def test_titles_are_in_the_language_asked_for(tmdb: TmdbServer) -> None:
    japanese = asking(tmdb.api, language="ja")
    title = japanese.title(301)
    assert title is not None
    assert (title.title, title.aliases) == ("海賊の歌", ("Song of the Pirates",))
    assert japanese.search("Kaizoku")[0].title == "海賊の歌"
    assert {request.query["language"] for request in tmdb.requests} == {"ja"}


@pytest.mark.parametrize("name", ["", " ", None, 5])
def test_a_title_without_a_translation_has_its_original_one(told: Told, name: Any) -> None:
    title = titled(told, name=name, original_name="七")
    assert (title.title, title.original_title, title.aliases) == ("七", "七", ())


def test_a_title_without_any_name_is_not_among_the_found(told: Told) -> None:
    told.said = {"/search/tv": {"results": [{"id": 1, "name": None}, {"id": 2, "name": "Two"}]}, "/tv/1": {"id": 1}}
    assert [title.id for title in asking(told.url).search("two")] == [2]
    assert asking(told.url).title(1) == TitleMetadata("tmdb", 1, "show", "", ids=ExternalIds(tmdb=1))


def test_what_editors_leave_behind_is_nothing(told: Told) -> None:
    title = titled(
        told,
        first_air_date="",
        overview="\n",
        origin_country=["", None, "GB"],
        original_language="xx",
        genres=[None, {"id": 18}, {"id": 18, "name": "Drama"}],
        external_ids={"imdb_id": "", "tvdb_id": 0},
        alternative_titles={"results": [{"title": "7"}, {"title": "Seven"}, {"title": "7"}, {"title": None}, None]},
    )
    assert title == TitleMetadata(
        "tmdb", 7, "show", "Seven", aliases=("7",), ids=ExternalIds(tmdb=7), countries=("GB",), genres=("Drama",)
    )


@pytest.mark.parametrize(
    ("fields", "type_"),
    [
        ({"genres": [{"id": 16, "name": "Zeichentrick"}], "origin_country": ["JP"]}, "anime"),
        ({"genre_ids": [35, 16], "original_language": "ja", "origin_country": ["US"]}, "anime"),
        ({"genre_ids": [16], "original_language": "zh", "origin_country": ["CN"]}, "standard"),
        ({"genre_ids": [16], "original_language": "en"}, "standard"),
        ({"genre_ids": [18], "original_language": "ja", "origin_country": ["JP"]}, "standard"),
        ({"type": "Talk Show"}, "daily"),
        ({"type": "News"}, "daily"),
        ({"type": "Scripted"}, "standard"),
        ({"type": None, "genre_ids": None, "genres": {}}, "standard"),
    ],
)
def test_how_a_series_is_numbered(told: Told, fields: dict[str, Any], type_: str) -> None:
    assert titled(told, **fields).type == type_


def test_cantonese_and_no_language(told: Told) -> None:
    assert [titled(told, original_language=code).language for code in ("cn", "xx", "de", "")] == [
        "zh",
        None,
        "de",
        None,
    ]


def test_a_film_without_origin_comes_from_where_it_was_made(told: Told) -> None:
    told.said = {"/movie/8": {"id": 8, "title": "Eight", "production_countries": [{"iso_3166_1": "AU"}, {}]}}
    title = asking(told.url).title(8, "movie")
    assert title is not None
    assert (title.countries, title.type) == (("AU",), "standard")


KEYS = st.sampled_from(["id", "name", "title", "results", "titles", "order", "episodes"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2500)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["2008-01-20", "tt0903747", "JP", "ja", "Talk Show"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "name",
    "original_name",
    "title",
    "original_title",
    "overview",
    "first_air_date",
    "release_date",
    "origin_country",
    "original_language",
    "genres",
    "genre_ids",
    "status",
    "type",
    "imdb_id",
    "external_ids",
    "alternative_titles",
    "production_countries",
]


@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON), data=st.data())
def test_any_field_may_be_anything(told: Told, fields: dict[str, Any], data: st.DataObject) -> None:
    """Almost every field may be null or missing: what cannot be read is None or empty, and never an error."""
    told.said = {
        "/tv/7": {"id": 7, "seasons": [{"season_number": 1}], **fields},
        "/movie/7": {"id": 7, **fields},
        "/search/tv": {"results": [{"id": 7, **fields}]},
        "/tv/7/season/1": {"episodes": [{"episode_number": 1, "name": data.draw(JSON), "air_date": data.draw(JSON)}]},
        "/tv/7/episode_groups": {"results": [{"id": "a", "type": data.draw(JSON)}]},
        "/tv/episode_group/a": {
            "id": "a",
            "type": data.draw(JSON),
            "name": data.draw(JSON),
            "groups": [{"order": data.draw(JSON), "name": data.draw(JSON), "episodes": [{"order": data.draw(JSON)}]}],
        },
    }
    provider = asking(told.url)
    for title in (provider.title(7), provider.title(7, "movie"), *provider.search("seven")):
        assert title is not None
        assert title.id == 7
        assert all(isinstance(each, str) and each for each in (*title.aliases, *title.countries, *title.genres))
        for text in (title.original_title, title.language, title.status, title.summary):
            assert text is None or (isinstance(text, str) and text.strip())
    (episode,) = provider.episodes(7)
    assert episode.title is None or episode.title.strip()
    ((group,),) = [order.groups for order in provider.orders(7)]
    assert group.episodes == ()
    provider.close()


@pytest.mark.parametrize(
    "body", [7, [], {}, {"id": None}, {"id": True}, {"id": "7"}, {"success": False}, {"results": {}}]
)
def test_a_document_of_another_form_is_never_nothing(told: Told, body: Any) -> None:
    told.said = dict.fromkeys(("/tv/7", "/movie/7", "/search/tv", "/find/tt7", "/tv/7/episode_groups"), body)
    provider = asking(told.url)
    for ask in (
        lambda: provider.title(7),
        lambda: provider.title(7, "movie"),
        lambda: provider.search("seven"),
        lambda: provider.find(ExternalIds(imdb="tt7")),
        lambda: provider.episodes(7),
        lambda: provider.orders(7),
    ):
        with pytest.raises(UnusableAnswer, match="documented form"):
            ask()


@pytest.mark.parametrize("results", [[{"name": "no number"}], [None], [[]], None])
def test_a_result_without_a_number_spoils_the_answer(told: Told, results: Any) -> None:
    told.said = {"/search/tv": {"results": results}, "/tv/7/episode_groups": {"results": results}}
    for ask in (lambda: asking(told.url).search("seven"), lambda: asking(told.url).orders(7)):
        with pytest.raises(UnusableAnswer):
            ask()


def test_an_answer_of_another_form_is_not_kept(provider: TmdbProvider, tmdb: TmdbServer) -> None:
    tmdb.fail(Garbage(b'{"page": 1}'))
    assert [title.id for title in provider.search("Salt", "movie")] == [703]
    assert tmdb.asked() == 2


def test_a_wrong_address_is_not_an_empty_search(tmdb: TmdbServer) -> None:
    with pytest.raises(UnusableAnswer, match=r"tmdb\.url"):
        asking(f"{tmdb.url}/4").search("Nosferatu")


# ---------------------------------------------------------------------------------------------------------------- find


def test_its_own_number_comes_first(provider: TmdbProvider, tmdb: TmdbServer) -> None:
    found = provider.find(ExternalIds(tmdb=201, imdb="tt0900101"))
    assert found is not None
    assert found.id == 201
    assert tmdb.asked("find") == 0


def test_ids_that_it_cannot_go_by_are_not_asked_about(provider: TmdbProvider, tmdb: TmdbServer) -> None:
    assert provider.find(ExternalIds(tvmaze=101, anidb=7301, imdb="../configuration")) is None
    assert provider.find(ExternalIds(tvdb=900101), "movie") is None
    assert tmdb.asked() == 0


def test_a_title_that_is_gone_since_it_was_found_is_none(told: Told) -> None:
    told.said = {"/find/tt7": {"tv_results": [{"id": 9}], "movie_results": []}}
    assert asking(told.url).find(ExternalIds(imdb="tt7")) is None


# ---------------------------------------------------------------------------------------------------------- episodes


def many_seasons(count: int) -> tuple[EpisodeMetadata, ...]:
    return tuple(EpisodeMetadata(season, number) for season in range(count) for number in (1, 2))


@pytest.mark.parametrize(("seasons", "calls"), [(0, 1), (1, 2), (20, 2), (21, 3), (45, 4)])
def test_twenty_seasons_cost_one_call(
    provider: TmdbProvider, tmdb: TmdbServer, world: MetadataWorld, seasons: int, calls: int
) -> None:
    world.add(TitleMetadata("world", 8000, "show", "Long"), many_seasons(seasons))
    assert provider.episodes(8000) == many_seasons(seasons)
    assert tmdb.asked() == calls
    provider.title(8000)
    assert tmdb.asked() == calls


def test_a_season_that_is_not_appended_is_asked_for_by_itself(told: Told) -> None:
    class Forgetful(Told):
        def answer(self, request: Request) -> Answer:
            said = super().answer(request)
            refused = {"season/2": {"success": False, "status_code": 34}}
            return Answer({**said.body, **refused} if "append_to_response" in request.query else said.body, said.status)

    def season(number: int) -> dict[str, Any]:
        return {"episodes": [{"episode_number": 1, "name": f"of {number}", "air_date": "2001-02-03"}]}

    said = {
        "/tv/7": {"id": 7, "seasons": [{"season_number": number} for number in (2, 1, 3, 2, None)]},
        "/tv/7/season/1": season(1),
        "/tv/7/season/2": season(2),
    }
    with Forgetful(said) as web:
        assert asking(web.url).episodes(7) == (
            EpisodeMetadata(1, 1, "of 1", date(2001, 2, 3)),
            EpisodeMetadata(2, 1, "of 2", date(2001, 2, 3)),
        )
        assert web.asked("/season/2$") == 1


def test_an_episode_without_a_number_is_left_out_and_one_told_twice_is_one(told: Told) -> None:
    episodes = [{"episode_number": 2, "name": "b"}, {"episode_number": None}, {}, {"episode_number": 2, "name": "c"}]
    told.said = {"/tv/7": {"id": 7, "seasons": [{"season_number": 0}]}, "/tv/7/season/0": {"episodes": episodes}}
    assert asking(told.url).episodes(7) == (EpisodeMetadata(0, 2, "b"),)


@pytest.mark.parametrize("part", [{}, {"episodes": None}, {"episodes": [7]}])
def test_a_season_without_a_list_is_never_an_empty_one(told: Told, part: Any) -> None:
    told.said = {"/tv/7": {"id": 7, "seasons": [{"season_number": 1}]}, "/tv/7/season/1": part}
    with pytest.raises(UnusableAnswer):
        asking(told.url).episodes(7)


def test_a_show_that_goes_while_its_seasons_are_read_is_a_key_error(told: Told) -> None:
    class Going(Told):
        def answer(self, request: Request) -> Answer:
            said = super().answer(request)
            self.said = {}
            return said

    with Going({"/tv/7": {"id": 7, "seasons": [{"season_number": 1}]}}) as web, pytest.raises(KeyError, match="7"):
        asking(web.url).episodes(7)


def test_every_kind_of_order(provider: TmdbProvider, world: MetadataWorld) -> None:
    kinds: tuple[OrderKind, ...] = tuple(GROUP_TYPES)
    groups = (EpisodeGroup(0, "Specials", ()), EpisodeGroup(4, "Disc", (EpisodeMetadata(1, 2), EpisodeMetadata(1, 1))))
    orders = tuple(EpisodeOrder(f"{kind}77", kind, kind, groups) for kind in kinds)
    world.add(TitleMetadata("world", 8001, "show", "Ordered"), many_seasons(2), orders)
    assert provider.orders(8001) == orders


def test_groups_and_episodes_stand_where_their_order_says(told: Told) -> None:
    def episode(number: int, order: int | None) -> dict[str, Any]:
        return {"season_number": 1, "episode_number": number, "order": order}

    told.said = {
        "/tv/7/episode_groups": {"results": [{"id": "a"}, {"id": "gone"}, {"id": "a"}]},
        "/tv/episode_group/a": {
            "id": "a",
            "type": 99,
            "groups": [
                {"order": 2, "name": "late", "episodes": [episode(2, 1), episode(1, 0), {"season_number": 1}]},
                {"order": 1, "name": "early", "episodes": []},
                {"name": None, "episodes": [episode(5, None), episode(4, None)]},
            ],
        },
    }
    (order,) = asking(told.url).orders(7)
    assert order.kind == "other"
    assert [(each.number, each.name, [one.number for one in each.episodes]) for each in order.groups] == [
        (1, "early", []),
        (2, "late", [1, 2]),
        (3, "", [5, 4]),
    ]


# --------------------------------------------------------------------------------------------------- the fake by itself


def said(tmdb: TmdbServer, path: str, status: int = 200, **query: Any) -> Any:
    answer = requests.get(f"{tmdb.api}{path}", {"api_key": TMDB_KEY, **query}, timeout=5)
    assert answer.status_code == status
    return answer.json()


def test_the_fake_refuses_as_tmdb_does(tmdb: TmdbServer) -> None:
    assert said(tmdb, "/tv/101", 401, api_key="wrong")["status_code"] == 7
    assert said(tmdb, "/tv/101", 401, api_key="")["success"] is False
    assert said(tmdb, "/tv/987654", 404)["status_code"] == 34
    for path in (
        "/tv/101/season/9",
        "/movie/701/season/1",
        "/tv/-1",
        "/nowhere",
        "/tv/episode_group/none",
        "/tv/101/x",
    ):
        assert said(tmdb, path, 404)["status_code"] == 34
    for page in ("0", "501", "one"):
        assert said(tmdb, "/search/tv", 400, query="Nosferatu", page=page)["status_code"] == 22
    assert said(tmdb, "/search/tv", 422, query="Nosferatu", year="MM")["status_code"] == 5
    assert said(tmdb, "/find/tt0900101", 422)["status_code"] == 5
    appended = ",".join(f"season/{number}" for number in range(21))
    assert said(tmdb, "/tv/101", 400, append_to_response=appended)["status_code"] == 27
    posted = requests.post(f"{tmdb.api}/tv/101", headers={"Authorization": f"Bearer {TMDB_TOKEN}"}, timeout=5)
    assert (posted.status_code, posted.json()["status_code"]) == (405, 42)


def test_a_refused_request_of_ours_says_what_tmdb_said(tmdb: TmdbServer) -> None:
    with pytest.raises(RequestRefused, match="Invalid parameters") as caught:
        asking(tmdb.api)._client.get("/find/tt0900101")
    assert not isinstance(caught.value, TransientError)


def test_the_fake_pages_by_twenty(tmdb: TmdbServer, world: MetadataWorld) -> None:
    for number in range(5001, 5046):
        world.add(TitleMetadata("world", number, "movie", f"Sequel {number}", year=2000))
    pages = [said(tmdb, "/search/movie", query="sequel", page=page) for page in (1, 2, 3, 4)]
    assert [len(page["results"]) for page in pages] == [20, 20, 5, 0]
    assert {(page["total_pages"], page["total_results"]) for page in pages} == {(3, 45)}
    assert [page["page"] for page in pages] == [1, 2, 3, 4]
    assert said(tmdb, "/search/movie", query="sequel", year=1999)["total_results"] == 0


def test_the_fake_knows_when_nothing_has_changed(tmdb: TmdbServer, world: MetadataWorld) -> None:
    def ask(**headers: str) -> requests.Response:
        return requests.get(f"{tmdb.api}/tv/101", {"api_key": TMDB_KEY}, headers=headers, timeout=5)

    tag = ask().headers["ETag"]
    assert ask(**{"If-None-Match": tag}).status_code == 304
    world.add(attrs.evolve(world.titles["show", 101], title="The Longer Voyage"), world.episodes[101])
    changed = ask(**{"If-None-Match": tag})
    assert (changed.status_code, changed.json()["name"]) == (200, "The Longer Voyage")


def test_the_fake_appends_what_there_is(tmdb: TmdbServer) -> None:
    show = said(tmdb, "/tv/301", append_to_response="season/0,season/9,external_ids,episode_groups,nonsense")
    assert len(show["season/0"]["episodes"]) == 2
    assert len(show["episode_groups"]["results"]) == 2
    assert "id" not in show["external_ids"]
    assert not {"season/9", "nonsense"} & set(show)
    assert said(tmdb, "/tv/301/external_ids")["id"] == 301


# ------------------------------------------------------------------------------------------------------- the contract


@attrs.frozen
class Recorded:
    """An answer of TMDB's, as somebody recorded it."""

    path: str
    query: Mapping[str, str]
    status: int
    body: Any


@cache
def recorded() -> tuple[Recorded, ...]:
    folder = CONTRACTS / "fixtures" / "tmdb"
    if not folder.is_dir():
        pytest.skip("the recorded answers are not beside this checkout")
    answers: list[Recorded] = []
    for file in ("flexget_cassettes.json", "subliminal_cassettes.json"):
        for each in json.loads((folder / file).read_text()):
            address = urlsplit(each["uri"])
            answers.append(Recorded(address.path, dict(parse_qsl(address.query)), each["status"], each["body"]))
    selected = json.loads((folder / "tmdblib_wiremock_selected.json").read_text())
    answers += [Recorded(each["path"], each["params"], each["status"], each["body"]) for each in selected]
    shows = json.loads((folder / "tv_details_list.2019-05.json").read_text())
    answers += [Recorded(f"/3/tv/{each['id']}", {}, 200, each) for each in shows]
    return tuple(attrs.evolve(each, path=each.path.removeprefix("/3")) for each in answers)


NEVER_ASKED = re.compile(
    r"/configuration.*|/search/multi|/tv/changes|/tv/\d+/season/\d+/(external_ids|episode/.*)"
    r"|/(tv|movie)/\d+/(images|keywords|translations|content_ratings|release_dates)"
)


def replay(told: Told, answer: Recorded) -> bool:
    """Ask the provider what leads to this answer, and look that what TMDB said has arrived; False: it never asks so."""
    if NEVER_ASKED.fullmatch(answer.path):
        return False
    body, parts = answer.body, answer.path.strip("/").split("/")
    provider = asking(told.url)
    told.said = {} if answer.status == 404 else {answer.path: body}
    match parts:
        case ["search", "tv" | "movie" as kind]:
            found = provider.search(answer.query["query"], "show" if kind == "tv" else "movie")
            assert [title.id for title in found] == [each["id"] for each in body["results"]]
        case ["find", external]:
            told.said |= {f"/tv/{each['id']}": each for each in body["tv_results"]}
            told.said |= {f"/movie/{each['id']}": each for each in body["movie_results"]}
            ids = ExternalIds(tvdb=int(external)) if external.isdecimal() else ExternalIds(imdb=external)
            for kind, key in (("show", "tv_results"), ("movie", "movie_results")):
                title = provider.find(ids, kind)
                wanted = body[key] if kind == "show" or not external.isdecimal() else []
                assert ([] if title is None else [title.id]) == [each["id"] for each in wanted]
        case ["tv", "episode_group", identifier]:
            told.said["/tv/7/episode_groups"] = {"results": [{"id": identifier}]}
            (order,) = provider.orders(7)
            assert len(order.groups) == body["group_count"]
            assert sum(len(group.episodes) for group in order.groups) == body["episode_count"]
            assert GROUP_TYPES[order.kind] == body["type"]
        case ["tv", number, "season", season]:
            told.said |= {f"/tv/{number}": {"id": int(number), "seasons": [{"season_number": int(season)}]}}
            places = {(int(season), each["episode_number"]) for each in body.get("episodes", ())}
            assert {(each.season, each.number) for each in provider.episodes(int(number))} == places
        case ["tv" | "movie" as kind, number, "alternative_titles"]:
            told.said[f"/{kind}/{number}"] = {"id": int(number), "name": "A", "title": "A"}
            title = provider.title(int(number), "show" if kind == "tv" else "movie")
            assert title is not None
            assert {*title.aliases} == {each["title"] for each in body["results" if kind == "tv" else "titles"]}
        case ["tv" | "movie" as kind, number, "external_ids"]:
            told.said[f"/{kind}/{number}"] = {"id": int(number), "name": "A", "title": "A"}
            title = provider.title(int(number), "show" if kind == "tv" else "movie")
            assert title is not None
            assert (title.ids.imdb, title.ids.tvdb) == (body["imdb_id"], body.get("tvdb_id"))
        case ["tv" | "movie" as kind, number]:
            title = provider.title(int(number), "show" if kind == "tv" else "movie")
            if answer.status == 404:
                assert title is None
                with pytest.raises(KeyError):
                    provider.episodes(int(number))
                return True
            assert title is not None
            began = body["first_air_date" if kind == "tv" else "release_date"]
            assert (title.id, title.title) == (body["id"], body["name" if kind == "tv" else "title"])
            assert title.year == (int(began[:4]) if began else None)
            assert (title.status, title.language) == (body["status"], body["original_language"])
            assert title.genres == tuple(genre["name"] for genre in body["genres"])
            if kind == "tv":
                # the episodes of most were not recorded; here each season has one
                numbers = [each["season_number"] for each in body["seasons"]]
                told.said |= {f"{answer.path}/season/{each}": {"episodes": [{"episode_number": 1}]} for each in numbers}
                assert [each.season for each in provider.episodes(title.id)] == sorted(numbers)
        case _:
            pytest.fail(f"nobody has said what asks for {answer.path}")
    provider.close()
    return True


def test_every_recorded_answer_can_be_read(told: Told) -> None:
    replayed = [answer.path for answer in recorded() if replay(told, answer)]
    for part in (
        "/search/tv",
        "/search/movie",
        "/find/",
        "/movie/",
        "/alternative_titles",
        "/external_ids",
        "/season/",
    ):
        assert any(part in path for path in replayed), part
    assert len(replayed) > 150


def test_recorded_anime_is_anime(told: Told) -> None:
    shows = {answer.path: answer for answer in recorded() if re.fullmatch(r"/tv/\d+", answer.path)}
    for number, wanted in ((37854, "anime"), (1396, "standard"), (1418, "standard")):
        told.said = {f"/tv/{number}": shows[f"/tv/{number}"].body}
        title = asking(told.url).title(number)
        assert title is not None
        assert title.type == wanted


def told_of(tmdb: TmdbServer) -> dict[str, list[Any]]:
    """What the fake answers, by the path of TMDB's contract."""
    everything = ",".join(("external_ids", "alternative_titles", "episode_groups"))
    shows = [number for kind, number in tmdb.world.titles if kind == "show"]
    films = [number for kind, number in tmdb.world.titles if kind == "movie"]
    orders = [order.id for orders in tmdb.world.orders.values() for order in orders]
    return {
        "/3/tv/{series_id}": [said(tmdb, f"/tv/{number}", append_to_response=everything) for number in shows],
        "/3/tv/{series_id}/external_ids": [said(tmdb, f"/tv/{number}/external_ids") for number in shows],
        "/3/tv/{series_id}/alternative_titles": [said(tmdb, f"/tv/{number}/alternative_titles") for number in shows],
        "/3/tv/{series_id}/episode_groups": [said(tmdb, f"/tv/{number}/episode_groups") for number in shows],
        "/3/tv/{series_id}/season/{season_number}": [said(tmdb, f"/tv/{number}/season/1") for number in (101, 301)],
        "/3/tv/episode_group/{tv_episode_group_id}": [said(tmdb, f"/tv/episode_group/{each}") for each in orders],
        "/3/movie/{movie_id}": [said(tmdb, f"/movie/{number}", append_to_response=everything) for number in films],
        "/3/movie/{movie_id}/external_ids": [said(tmdb, f"/movie/{number}/external_ids") for number in films],
        "/3/movie/{movie_id}/alternative_titles": [said(tmdb, f"/movie/{each}/alternative_titles") for each in films],
        "/3/search/tv": [said(tmdb, "/search/tv", query=text) for text in ("Nosferatu", "Barely Known", "zyxwv")],
        "/3/search/movie": [said(tmdb, "/search/movie", query=text) for text in ("Salt", "Glass Harbour", "zyxwv")],
        "/3/find/{external_id}": [
            said(tmdb, "/find/tt0900101", external_source="imdb_id"),
            said(tmdb, "/find/tt0900701", external_source="imdb_id"),
            said(tmdb, "/find/900202", external_source="tvdb_id"),
            said(tmdb, "/find/nobody", external_source="tvdb_id"),
        ],
    }


@cache
def schemas() -> Mapping[str, Any]:
    file = CONTRACTS / "openapi" / "tmdb-v3.openapi.json"
    if not file.is_file():
        pytest.skip("TMDB's OpenAPI document is not beside this checkout")
    paths = json.loads(file.read_text())["paths"]
    return {
        path: paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        for path in paths
        if "get" in paths[path]
    }


def strict(schema: Any) -> Any:
    """The vendor's schema, in which nothing is required and nothing may be null: all is required, all may be null."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items() if key not in ("default", "example")}
    if isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    if isinstance(made.get("properties"), dict):
        made["required"] = sorted(made["properties"])
    return made


def test_the_fake_keeps_to_the_vendors_schemas(tmdb: TmdbServer) -> None:
    for path, answers in told_of(tmdb).items():
        validator = Draft202012Validator(strict(schemas()[path]))
        assert answers
        for answer in answers:
            assert [f"{path} {error.json_path}: {error.message}" for error in validator.iter_errors(answer)] == []


def form(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every place in a document with the JSON type of what stands there."""
    yield where, {"bool": "boolean", "int": "number", "float": "number"}.get(type(value).__name__, type(value).__name__)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from form(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from form(inner, f"{where}[]")


def example(schema: Any) -> Any:
    """A document of the vendor's schema."""
    if schema.get("type") == "object":
        return {key: example(value) for key, value in schema["properties"].items()}
    if schema.get("type") == "array":
        return [example(schema["items"])] if "items" in schema else []
    return schema.get("example", schema.get("default"))


def test_the_fake_says_nothing_that_tmdb_does_not_say(tmdb: TmdbServer) -> None:
    """Each place in its answers is one of TMDB's, recorded or published, and holds a value of the same type or null."""
    templates = {path: re.compile(re.sub(r"\{\w+\}", r"[^/]+", path.removeprefix("/3"))) for path in told_of(tmdb)}
    # appended documents have the form that they have by themselves
    alone = {"external_ids", "alternative_titles", "episode_groups"}
    for path, answers in told_of(tmdb).items():
        known = set(form(example(schemas()[path])))
        for answer in recorded():
            if answer.status == 200 and templates[path].fullmatch(answer.path):
                known |= set(form(answer.body))
        # what was found by an id is what a search shows of it, with its kind
        for kind in ("tv", "movie"):
            for answer in recorded():
                if path == "/3/find/{external_id}" and answer.path == f"/search/{kind}":
                    known |= {
                        (f".{kind}_{place.strip('.')}", type_)
                        for place, type_ in form(answer.body["results"], "results")
                    }
        places = {place for place, _ in known}
        for answer in answers:
            own = {key: value for key, value in answer.items() if key not in alone}
            for place, type_ in form(own):
                assert place in places, f"{path} {place}"
                wanted = {known_type for known_place, known_type in known if known_place == place}
                assert type_ == "NoneType" or type_ in wanted or wanted == {"NoneType"}, f"{path} {place}: {type_}"
