"""TheTVDB: the law of every provider, what is TheTVDB's own, and its contract as it was published and recorded."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from medialib.errors import AuthenticationFailed, ConnectionLost, MedialibError, UnusableAnswer
from medialib.http import HttpOptions
from medialib.metadata import EpisodeGroup, EpisodeMetadata, EpisodeOrder, TitleMetadata, with_absolute_numbers
from medialib.model import ExternalIds
from medialib.providers.iso_codes import country_code, language_code, language_codes
from medialib.providers.tvdb import TvdbProvider
from medialib.providers.tvdb_episodes import EpisodeRecord, SeasonType, episode_order, episode_page, season_types
from medialib.providers.tvdb_titles import found_titles, named_numbers, title_of
from medialib.testing.metadata_world import MetadataWorld, invented_world
from medialib.testing.providers import MetadataProviderSuite
from medialib.testing.tvdb_server import TVDB_KEY, TVDB_PIN, TvdbServer
from medialib.testing.web_server import Answer, Garbage, HangUp, Refuse, Request, WebServer
from medialib.testing.worlds import ManualClock

CONTRACTS = Path(__file__).parents[2] / ".." / "shared" / "contracts"
RECORDED = CONTRACTS / "fixtures" / "tvdb" / "v4"


def world_of_genres() -> MetadataWorld:
    """The invented world; its nightly show has the genre by which TheTVDB tells that it is one."""
    world = invented_world()
    nightly = world.titles["show", 401]
    world.titles["show", 401] = attrs.evolve(nightly, genres=("Talk Show",))
    return world


def asking(url: str, key: str = TVDB_KEY, pin: str | None = None, language: str = "en", **more: Any) -> TvdbProvider:
    options = HttpOptions(timeout=5.0, patience=1.0, clock=ManualClock(), **more)
    return TvdbProvider(key, pin, url, language, options, rate=None)


class TestTvdb(MetadataProviderSuite):
    carries_ids = frozenset({"imdb", "tmdb", "tvmaze"})
    carries_orders = frozenset({"absolute", "other"})

    @pytest.fixture
    def world(self) -> MetadataWorld:
        return world_of_genres()

    @pytest.fixture
    def web(self, world: MetadataWorld) -> Iterator[TvdbServer]:
        with TvdbServer(world, pin=TVDB_PIN) as server:
            yield server

    @pytest.fixture
    def provider(self, web: TvdbServer, options: HttpOptions) -> Iterator[TvdbProvider]:
        provider = TvdbProvider(TVDB_KEY, TVDB_PIN, web.api, options=options, rate=None)
        yield provider
        provider.close()

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return (TVDB_KEY, TVDB_PIN)


class Told(WebServer):
    """A TheTVDB that says what it was told to say, by path; lists of episodes by path and page."""

    def __init__(self, said: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.said = dict(said or {})

    def __enter__(self) -> Told:
        self.start()
        return self

    def answer(self, request: Request) -> Answer:
        if request.path == "/login":
            return Answer({"status": "success", "data": {"token": "told"}})
        page = request.query.get("page")
        for path in (f"{request.path}?{page}", request.path):
            if path in self.said:
                return Answer(self.said[path])
        return Answer({"status": "failure", "message": "NotFoundException", "data": None}, 404)


@pytest.fixture
def world() -> MetadataWorld:
    return world_of_genres()


@pytest.fixture
def tvdb(world: MetadataWorld) -> Iterator[TvdbServer]:
    with TvdbServer(world) as server:
        yield server


@pytest.fixture
def provider(tvdb: TvdbServer) -> Iterator[TvdbProvider]:
    provider = asking(tvdb.api)
    yield provider
    provider.close()


@pytest.fixture
def told() -> Iterator[Told]:
    with Told() as server:
        yield server


def extended(**fields: Any) -> TitleMetadata:
    return title_of({"status": "success", "data": {"id": 7, "name": "Seven", **fields}}, "show", "en")


# --------------------------------------------------------------------------------------------------- keys and tokens


def test_one_login_serves_every_call_and_every_thread(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(provider.title, [900101, 302, 401, 501] * 4))
    assert tvdb.asked("/login$") == 1
    (login,) = [request for request in tvdb.requests if request.path == "/v4/login"]
    assert (login.method, login.json()) == ("POST", {"apikey": TVDB_KEY})
    told = {request.headers.get("authorization") for request in tvdb.requests if request is not login}
    assert told == {f"Bearer {tvdb.tokens[0]}"}


@pytest.mark.parametrize(("pin", "sent"), [(TVDB_PIN, TVDB_PIN), (f" {TVDB_PIN}\n", TVDB_PIN)])
def test_a_pin_goes_along_with_the_key(world: MetadataWorld, pin: str, sent: str) -> None:
    with TvdbServer(world, pin=TVDB_PIN) as tvdb:
        assert asking(tvdb.api, f" {TVDB_KEY}\n", pin).title(302) is not None
        assert tvdb.requests[0].json() == {"apikey": TVDB_KEY, "pin": sent}


@pytest.mark.parametrize("pin", [None, "", " "])
def test_an_empty_pin_is_none(provider: TvdbProvider, tvdb: TvdbServer, pin: str | None) -> None:
    assert asking(tvdb.api, pin=pin).title(302) is not None
    assert "pin" not in tvdb.requests[0].json()


def test_a_token_that_has_run_out_is_bought_anew_once(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    assert provider.title(302) is not None
    tvdb.expire()
    assert provider.title(401) is not None
    assert provider.episodes(302)
    assert tvdb.asked("/login$") == 2


def test_threads_that_meet_a_stale_token_together_buy_one(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    assert provider.title(302) is not None
    tvdb.expire()
    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(provider.title, [900101, 302, 401, 501, 502, 503]))
    assert tvdb.asked("/login$") == 2


def test_a_service_that_takes_no_token_is_not_asked_for_ever(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    tvdb.fail(*[Refuse(401, path="/series/")] * 9)
    with pytest.raises(AuthenticationFailed, match=r"tvdb\.api_key"):
        provider.title(302)
    assert (tvdb.asked("/login$"), tvdb.asked("/series/")) == (2, 2)


@pytest.mark.parametrize(("key", "pin"), [("f" * 36, TVDB_PIN), (TVDB_KEY, "WRONGPIN"), (TVDB_KEY, None)])
def test_a_wrong_key_or_pin_names_the_setting_and_is_not_quoted(
    world: MetadataWorld, key: str, pin: str | None
) -> None:
    with TvdbServer(world, pin=TVDB_PIN) as tvdb:
        provider = asking(tvdb.api, key, pin)
        questions: tuple[Callable[[int], object], ...] = (provider.title, provider.episodes, provider.orders)
        for ask in questions:
            with pytest.raises(AuthenticationFailed, match=r"tvdb\.api_key .*tvdb\.pin") as caught:
                ask(900101)
            said = "".join(traceback.format_exception(caught.value)) + repr(provider)
            assert key not in said
            assert pin is None or pin not in said
        assert tvdb.asked("/series/") == 0


@pytest.mark.parametrize("key", ["", "  "])
def test_an_empty_key_is_refused_before_anything_is_asked(key: str) -> None:
    with pytest.raises(AuthenticationFailed, match=r"tvdb\.api_key"):
        TvdbProvider(key)


@pytest.mark.parametrize("data", [None, {}, {"token": None}, {"token": "two parts"}, {"token": "kéy"}, {"token": [7]}])
def test_a_login_without_a_token_is_unusable(data: Any) -> None:
    class Mumbling(Told):
        def answer(self, request: Request) -> Answer:
            return Answer({"status": "success", "data": data})

    with Mumbling() as web, pytest.raises(UnusableAnswer):
        asking(web.url).title(7)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 503])
def test_a_token_that_is_in_use_is_never_quoted(
    provider: TvdbProvider, tvdb: TvdbServer, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level("DEBUG")
    assert provider.title(302) is not None
    (token,) = tvdb.tokens
    tvdb.fail(*[Refuse(status, body={"message": f"no: {token}"})] * 99)
    said = ""
    if status == 404:
        assert provider.title(900101) is None
    else:
        with pytest.raises(MedialibError) as caught:
            provider.title(900101)
        said = "".join(traceback.format_exception(caught.value))
    assert token not in said + repr(provider) + caplog.text


def test_ten_calls_a_second(tvdb: TvdbServer) -> None:
    clock = ManualClock()
    provider = TvdbProvider(TVDB_KEY, None, tvdb.api, options=HttpOptions(patience=15.0, clock=clock))
    for number in range(1000, 1009):
        assert provider.title(number) is None
    assert clock.monotonic() < 0.5
    assert provider.title(1009) is None
    assert clock.monotonic() >= 1
    provider.close()


def test_it_gives_the_credit_that_thetvdb_asks_for(provider: TvdbProvider) -> None:
    assert "Metadata provided by TheTVDB" in provider.traits.credit


class Keeping(TvdbServer):
    """Lets clients keep its answers for no time, so that they serve when it is down."""

    def answer(self, request: Request) -> Answer:
        return attrs.evolve(super().answer(request), headers={"Cache-Control": "max-age=0", "ETag": '"1"'})


def test_what_was_answered_earlier_serves_while_thetvdb_is_down(world: MetadataWorld, tmp_path: Path) -> None:
    with Keeping(world) as tvdb:
        before = asking(tvdb.api, cache=tmp_path)
        title, episodes = before.title(900101), before.episodes(900101)
        before.close()
        tvdb.stop()
        after = asking(tvdb.api, cache=tmp_path)
        assert (after.title(900101), after.episodes(900101)) == (title, episodes)
        with pytest.raises(ConnectionLost):
            after.title(302)
        after.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert kept
    assert not any(secret.encode() in kept for secret in (TVDB_KEY, *tvdb.tokens))


def test_a_login_that_fails_while_the_rest_is_there_is_said(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    tvdb.fail(*[HangUp("/login$")] * 99)
    with pytest.raises(ConnectionLost):
        provider.title(302)


# ------------------------------------------------------------------------------------------------------------ search


def test_those_of_the_year_come_first_and_others_follow(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    assert [title.year for title in provider.search("Nosferatu", year=2024)] == [2024, 1998, 2014]
    assert [title.year for title in provider.search("Nosferatu", year=1950)] == [1998, 2014, 2024]
    asked = [(each.query["type"], each.query.get("year"), each.query["limit"]) for each in tvdb.requests[1:3]]
    assert asked == [("series", "2024", "20"), ("series", None, "20")]


@pytest.mark.parametrize("text", ["", "  ", "\t\n"])
def test_nothing_is_asked_for_nothing(provider: TvdbProvider, tvdb: TvdbServer, text: str) -> None:
    assert provider.search(text) == ()
    assert tvdb.asked() == 0


@pytest.mark.parametrize("number", [0, -1])
def test_no_title_has_a_number_below_one(provider: TvdbProvider, tvdb: TvdbServer, number: int) -> None:
    assert provider.title(number) is None
    assert provider.orders(number) == ()
    with pytest.raises(KeyError):
        provider.episodes(number)
    assert tvdb.asked() == 0


def test_a_wrong_address_is_not_an_empty_search(told: Told) -> None:
    with pytest.raises(UnusableAnswer, match=r"tvdb\.url"):
        asking(told.url).search("Nosferatu")


@pytest.mark.parametrize(
    ("entry", "number"),
    [
        ({"tvdb_id": "7"}, 7),
        ({"tvdb_id": 7}, 7),
        ({"id": "series-7"}, 7),
        ({"id": 7}, 7),
        ({"tvdb_id": None, "id": "series-7"}, 7),
    ],
)
def test_where_a_result_says_its_number(entry: dict[str, Any], number: int) -> None:
    (found,) = found_titles({"data": [{"name": "Seven", **entry}]}, "show", "en")
    assert (found.id, found.ids, found.reference) == (number, ExternalIds(tvdb=number), f"tvdb:{number}")


@pytest.mark.parametrize("entry", [{}, {"id": "seven"}, {"tvdb_id": "series-"}, {"id": True}, {"id": "series-x7"}])
def test_a_result_without_a_number_spoils_the_answer(entry: dict[str, Any]) -> None:
    with pytest.raises(UnusableAnswer):
        found_titles({"data": [{"name": "Seven", **entry}]}, "show", "en")


def test_results_that_are_no_titles_are_passed_over() -> None:
    data = [
        {"tvdb_id": "1", "name": "Somebody", "type": "person"},
        {"tvdb_id": "2", "type": "series"},
        None,
        {"tvdb_id": "3", "name": "Three", "type": "series"},
        {"tvdb_id": "3", "name": "Three again", "type": "series"},
        {"tvdb_id": "4", "name": "A Film", "type": "movie"},
    ]
    assert [title.title for title in found_titles({"data": data}, "show", "en")] == ["Three"]
    assert [title.title for title in found_titles({"data": data}, "movie", "en")] == ["A Film"]


def test_a_result_says_what_it_says(provider: TvdbProvider) -> None:
    found = provider.search("Kaizoku")[0]
    title = provider.title(900301)
    assert title is not None
    assert found == attrs.evolve(title, genres=(), type="standard", countries=("JP",))


# ------------------------------------------------------------------------------------------------------------- titles


def test_the_year_behind_a_name_is_not_part_of_it(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    said = json.loads(requests.get(f"{tvdb.api}/series/900202", headers=signed(tvdb), timeout=5).text)
    assert said["data"]["name"] == "Nosferatu (2014)"
    title = provider.title(900202)
    assert title is not None
    assert (title.title, title.year, title.aliases) == ("Nosferatu", 2014, ())
    assert extended(name="1984", year="1984").title == "1984"
    assert extended(name="(1984)", year="1984").title == "(1984)"
    assert extended(name="Blade (2049)", year="2017").title == "Blade (2049)"


def test_titles_are_in_the_language_asked_for(tvdb: TvdbServer) -> None:
    japanese = asking(tvdb.api, language="ja-JP").title(900301)
    french = asking(tvdb.api, language="fr").title(900301)
    assert japanese is not None
    assert french is not None
    assert (japanese.title, japanese.original_title) == ("海賊の歌", "海賊の歌")
    assert set(japanese.aliases) == {"Song of the Pirates", "Kaizoku no Uta"}
    assert french.title == "海賊の歌"


def test_a_translation_that_is_an_alias_is_not_the_title() -> None:
    translations = {
        "nameTranslations": [
            {"language": "eng", "name": "Nickname", "isAlias": True},
            {"language": "deu", "name": "Sieben"},
            {"language": "eng", "name": "Seven in English"},
        ],
        "overviewTranslations": [{"language": "eng", "overview": "Line one.\r\nLine two.\n"}],
    }
    title = extended(name="七", originalLanguage="jpn", translations=translations)
    assert (title.title, title.original_title, title.aliases) == ("Seven in English", "七", ("Sieben",))
    assert title.summary == "Line one.\nLine two."


def test_a_title_with_nothing_but_translations_has_one() -> None:
    translations = {"nameTranslations": [{"language": "kor", "name": "칠"}]}
    title = extended(name=None, translations=translations)
    assert (title.title, title.original_title) == ("칠", None)


@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_title_without_any_name_is_unusable(name: str | None) -> None:
    with pytest.raises(UnusableAnswer, match=r"data\.name"):
        extended(name=name)


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("eng", "en"),
        ("deu", "de"),
        ("zho", "zh"),
        ("zhtw", "zh"),
        ("yue", "zh"),
        ("pt", "pt"),
        ("und", None),
        ("", None),
    ],
)
def test_languages(code: str, language: str | None) -> None:
    assert extended(originalLanguage=code).language == language


def test_ids_by_the_name_of_their_source() -> None:
    remote = [
        {"id": "https://example.invalid", "type": 4, "sourceName": "Official Website"},
        {"id": "tt0900101", "type": 2, "sourceName": "IMDB"},
        {"id": "tt0900102", "type": 2, "sourceName": "IMDB"},
        {"id": "101", "type": 12, "sourceName": "TheMovieDB.com"},
        {"id": 102, "type": 19, "sourceName": "TV Maze"},
        {"id": "103", "type": 99, "sourceName": "TheMovieDB Collection"},
        {"id": None, "type": 18, "sourceName": None},
        None,
    ]
    wanted = ExternalIds(tmdb=101, tvdb=7, tvmaze=102, imdb="tt0900101")
    assert extended(remoteIds=remote).ids == wanted
    assert found_titles({"data": [{"id": 7, "name": "7", "remote_ids": remote}]}, "show", "en")[0].ids == wanted


@pytest.mark.parametrize("value", ["", "movie/12", "0900101", "nm0900101", "tt", "12 "])
def test_remote_ids_of_another_form_are_none(value: str) -> None:
    ids = extended(remoteIds=[{"id": value, "sourceName": "IMDB"}]).ids
    assert ids == ExternalIds(tvdb=7)


@pytest.mark.parametrize(
    ("genres", "language", "type_"),
    [
        (["Drama", "Anime"], None, "anime"),
        (["Anime"], "kor", "anime"),
        (["Animation"], "jpn", "anime"),
        (["Animation"], "eng", "standard"),
        (["Drama"], "jpn", "standard"),
        (["Talk Show"], "eng", "daily"),
        (["Documentary", "News"], None, "daily"),
        (["Anime", "News"], None, "anime"),
        ([], None, "standard"),
    ],
)
def test_how_a_series_is_numbered(genres: list[str], language: str | None, type_: str) -> None:
    said = {"id": 7, "name": "Seven", "genres": [{"name": genre} for genre in genres], "originalLanguage": language}
    assert title_of({"data": said}, "show", "en").type == type_
    assert title_of({"data": said}, "movie", "en").type == "standard"


def test_a_film_may_come_from_many_countries() -> None:
    said = {
        "id": 8,
        "name": "Eight",
        "first_release": {"country": "global", "date": "2003-04-05", "detail": None},
        "originalCountry": "gbr",
        "production_countries": [{"country": "usa"}, {"country": "gbr"}, {"country": "xyz"}, {"country": None}],
        "status": {"id": 5, "name": "Released"},
        "year": "",
    }
    film = title_of({"data": said}, "movie", "en")
    assert (film.countries, film.year, film.status, film.kind) == (("GB", "US"), 2003, "Released", "movie")


FIELDS = (
    "aliases", "firstAired", "first_release", "genres", "originalCountry", "originalLanguage", "overview",
    "production_countries", "remoteIds", "status", "translations", "year",
)  # fmt: skip
RESULT_FIELDS = (
    "aliases", "country", "first_air_time", "genres", "overview", "overviews", "primary_language", "remote_ids",
    "status", "translations", "type", "year",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(FIELDS), st.none()), st.dictionaries(st.sampled_from(RESULT_FIELDS), st.none()))
def test_any_field_may_be_null_or_missing(said: dict[str, None], found: dict[str, None]) -> None:
    plain = TitleMetadata("tvdb", 7, "show", "Seven", original_title="Seven", ids=ExternalIds(tvdb=7))
    assert extended(**said) == plain
    assert found_titles({"data": [{"id": "series-7", "name": "Seven", **found}]}, "show", "en") == (plain,)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FIELDS, "id", "name"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*FIELDS, *RESULT_FIELDS, "id", "name", "seasons", "episodes"]), JSON))
def test_anything_is_read_or_unusable(said: dict[str, Any]) -> None:
    readers: tuple[Callable[[Any], Any], ...] = (
        lambda answer: title_of(answer, "show", "en"),
        lambda answer: title_of(answer, "movie", "en"),
        lambda answer: found_titles(answer, "show", "en"),
        lambda answer: named_numbers(answer, "show"),
        episode_page,
        season_types,
    )
    for read in readers:
        for answer in ({"data": said}, {"data": [said]}, {"data": {"episodes": [said]}}, said):
            try:
                found = read(answer)
            except UnusableAnswer as error:
                assert "documented form" in str(error)  # noqa: PT017 - most of it is read
            else:
                assert attrs.has(type(found)) or isinstance(found, tuple)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", None),
        ("id", "seven"),
        ("id", [7]),
        ("name", {"eng": "Seven"}),
        ("year", 2011.5),
        ("aliases", {}),
        ("aliases", ["text"]),
        ("genres", "Drama"),
        ("genres", [None]),
        ("remoteIds", [7]),
        ("status", "Ended"),
        ("translations", []),
        ("originalLanguage", True),
    ],
)
def test_a_field_of_another_type_is_unusable_and_not_quoted(field: str, value: Any) -> None:
    with pytest.raises(UnusableAnswer, match=field) as caught:
        extended(**{field: value})
    assert "seven" not in str(caught.value).lower()


@pytest.mark.parametrize(
    ("field", "value"),
    [("aliases", "one"), ("aliases", [7]), ("genres", {"name": "Drama"}), ("overviews", ["text"]), ("status", {})],
)
def test_a_field_of_a_result_of_another_type_is_unusable(field: str, value: Any) -> None:
    with pytest.raises(UnusableAnswer, match=field):
        found_titles({"data": [{"id": "series-7", "name": "Seven", field: value}]}, "show", "en")


def test_an_answer_that_says_failure_is_unusable(told: Told) -> None:
    told.said = {"/series/7/extended": {"status": "failure", "data": {"id": 7, "name": "Seven"}}}
    with pytest.raises(UnusableAnswer):
        asking(told.url).title(7)


def test_an_answer_of_another_form_is_asked_for_once_more(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    tvdb.fail(Garbage(b'{"data": 7}', path="/search"))
    assert [title.id for title in provider.search("Salt", "movie")] == [703]
    assert tvdb.asked("/search") == 2


# --------------------------------------------------------------------------------------------------------------- find


def test_its_own_number_comes_first(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    found = provider.find(ExternalIds(tvdb=900201, imdb="tt0900101"))
    assert found is not None
    assert found.id == 900201
    assert tvdb.asked("remoteid") == 0


def test_a_number_counts_only_from_the_right_source(provider: TvdbProvider, world: MetadataWorld) -> None:
    world.add(TitleMetadata("world", 8001, "show", "By TVmaze", ids=ExternalIds(tvmaze=42, tmdb=1)))
    world.add(TitleMetadata("world", 8002, "show", "By TMDB", ids=ExternalIds(tmdb=42, tvmaze=2)))
    for ids, number in ((ExternalIds(tmdb=42), 8002), (ExternalIds(tvmaze=42), 8001)):
        found = provider.find(ids)
        assert found is not None
        assert found.id == number
    assert provider.find(ExternalIds(tmdb=2)) is None


@pytest.mark.parametrize("ids", [ExternalIds(anidb=7301), ExternalIds(imdb="../series"), ExternalIds(imdb="")])
def test_ids_that_it_cannot_go_by_are_not_asked_about(
    provider: TvdbProvider, tvdb: TvdbServer, ids: ExternalIds
) -> None:
    assert provider.find(ids) is None
    assert provider.find(ExternalIds(tvmaze=101), "movie") is None
    assert tvdb.asked() == 0


def test_what_else_bears_an_imdb_id_is_passed_over(told: Told) -> None:
    season = {"season": {"id": 5, "seriesId": 6, "number": 2}}
    told.said = {
        "/search/remoteid/tt0900007": {"status": "success", "data": [season, {"series": None}, {"series": {"id": 7}}]},
        "/series/7/extended": {"status": "success", "data": {"id": 7, "name": "Seven"}},
        "/search/remoteid/tt0900008": {"status": "success", "data": [{"series": {"id": 0}}, {"series": {"id": 9}}]},
    }
    found = asking(told.url).find(ExternalIds(imdb="tt0900007"))
    assert found is not None
    assert found.id == 7
    assert asking(told.url).find(ExternalIds(imdb="tt0900008")) is None


# ------------------------------------------------------------------------------------------------ pages of episodes


def listed(*ids: int, season: int = 1, **links: Any) -> dict[str, Any]:
    episodes = [{"id": number, "seasonNumber": season, "number": number, "name": None} for number in ids]
    return {"status": "success", "data": {"episodes": episodes, "series": {"originalLanguage": "eng"}}, "links": links}


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (499, 1), (500, 2), (501, 2), (1001, 3)])
def test_five_hundred_episodes_cost_one_call(
    provider: TvdbProvider, tvdb: TvdbServer, world: MetadataWorld, count: int, calls: int
) -> None:
    many = tuple(EpisodeMetadata(1 + at // 250, 1 + at % 250) for at in range(count))
    world.add(TitleMetadata("world", 8000, "show", "Long", language="en"), many)
    assert provider.episodes(8000) == many
    assert tvdb.asked("/episodes/") == calls
    pages = [each.query["page"] for each in tvdb.requests if "/episodes/" in each.path]
    assert pages == [str(page) for page in range(calls)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_pages_of_any_size(world: MetadataWorld, size: int) -> None:
    with TvdbServer(world, page_size=size) as tvdb:
        assert asking(tvdb.api).episodes(900101) == world.episodes[101]
        assert tvdb.asked("/episodes/") <= 6 // size + 1


def test_next_pages_without_end_are_not_followed(world: MetadataWorld) -> None:
    with TvdbServer(world, page_size=2) as tvdb:
        tvdb.endless_links = True
        assert asking(tvdb.api).episodes(900101) == world.episodes[101]
        assert tvdb.asked("/episodes/") == 4


def test_a_page_that_comes_again_for_ever_ends_the_list(world: MetadataWorld) -> None:
    with TvdbServer(world, page_size=4) as tvdb:
        tvdb.one_page_for_ever = True
        assert asking(tvdb.api).episodes(900101) == world.episodes[101][:4]
        assert tvdb.asked("/episodes/") == 2


def test_a_short_page_is_not_the_last_where_there_are_more(told: Told) -> None:
    told.said = {
        "/series/7/episodes/default?0": listed(1, 2, total_items=4),
        "/series/7/episodes/default?1": listed(2, 3, total_items=4),
        "/series/7/episodes/default?2": listed(4, total_items=4),
    }
    assert [each.number for each in asking(told.url).episodes(7)] == [1, 2, 3, 4]
    assert told.asked("/episodes/") == 3


def test_a_list_that_goes_on_for_ever_is_refused(told: Told) -> None:
    class Endless(Told):
        def answer(self, request: Request) -> Answer:
            said = super().answer(request)
            if "page" in request.query:
                return Answer(listed(int(request.query["page"]), page_size=1))
            return said

    with Endless() as web:
        with pytest.raises(UnusableAnswer, match="does not end"):
            asking(web.url).episodes(7)
        assert web.asked("/episodes/") == 200


def test_a_page_that_is_not_there_ends_the_list(told: Told) -> None:
    told.said = {"/series/7/episodes/default?0": listed(1, page_size=1)}
    assert [each.number for each in asking(told.url).episodes(7)] == [1]


@pytest.mark.parametrize("data", [None, [], {}, {"series": {}}, {"episodes": {}}, {"episodes": [{"number": 1}]}])
def test_a_page_without_its_list_is_never_an_empty_one(told: Told, data: Any) -> None:
    told.said = {"/series/7/episodes/default": {"status": "success", "data": data}}
    with pytest.raises(UnusableAnswer):
        asking(told.url).episodes(7)


def test_an_empty_list_may_be_told_as_null(told: Told) -> None:
    told.said = {"/series/7/episodes/default": {"status": "success", "data": {"episodes": None}}}
    assert asking(told.url).episodes(7) == ()


# ------------------------------------------------------------------------------------------- what episodes are called


def test_episodes_are_called_in_the_language_asked_for(tvdb: TvdbServer, world: MetadataWorld) -> None:
    assert asking(tvdb.api).episodes(900301)[0].title == "Festival"
    assert tvdb.asked("/episodes/default/eng$") == 1
    assert asking(tvdb.api, language="ja").episodes(900301)[0].title == "jpn Festival"
    assert asking(tvdb.api, language="fr").episodes(900301)[0].title == "jpn Festival"
    assert tvdb.asked("/episodes/default/fra$") == 1
    assert asking(tvdb.api, language="??").episodes(900301)[0].title == "jpn Festival"
    assert asking(tvdb.api).episodes(900101) == world.episodes[101]
    assert tvdb.asked("/series/900101/episodes/default/") == 0


def test_a_language_that_it_refuses_costs_nothing_but_the_names(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    tvdb.fail(Refuse(400, path="/default/eng$"))
    assert provider.episodes(900301)[0].title == "jpn Festival"


def test_trouble_with_the_names_is_trouble(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    tvdb.fail(*[Refuse(503, path="/default/eng$")] * 99)
    with pytest.raises(MedialibError):
        provider.episodes(900301)


def test_an_episode_without_a_translation_keeps_its_name(told: Told) -> None:
    first, second = {"id": 1, "seasonNumber": 1, "number": 1}, {"id": 2, "seasonNumber": 1, "number": 2}
    show = {"originalLanguage": "jpn"}
    original = {"series": show, "episodes": [{**first, "name": "一"}, {**second, "name": "二"}]}
    translated = {
        **show,
        "episodes": [{**first, "name": "One"}, {**second, "name": None}, {**second, "id": 3, "name": "Three"}],
    }
    told.said = {
        "/series/7/episodes/default": {"status": "success", "data": original},
        "/series/7/episodes/default/eng": {"status": "success", "data": translated},
    }
    assert [each.title for each in asking(told.url).episodes(7)] == ["One", "二"]


def test_what_stands_in_a_list_of_episodes(told: Told) -> None:
    told.said = {
        "/series/7/episodes/default": {
            "status": "success",
            "data": {
                "series": {"originalLanguage": "eng"},
                "episodes": [
                    {
                        "id": 4,
                        "seasonNumber": 2,
                        "number": 1,
                        "name": " Late ",
                        "aired": "2012-01-02",
                        "absoluteNumber": 3,
                    },
                    {"id": 1, "seasonNumber": 0, "number": 1, "name": "", "aired": "", "absoluteNumber": 9},
                    {"id": 2, "seasonNumber": 1, "number": 1, "aired": "0000-00-00", "absoluteNumber": 0},
                    {"id": 3, "seasonNumber": 1, "number": 2, "aired": None, "absoluteNumber": None},
                    {"id": 5, "seasonNumber": 1, "number": 2, "name": "in the same place"},
                    {"id": 6, "seasonNumber": None, "number": 7, "name": "without a season"},
                    {"id": 7, "seasonNumber": 1, "number": None, "name": "without a number"},
                    {"id": 8, "seasonNumber": -1, "number": 1, "name": "below everything"},
                ],
            },
        }
    }
    assert asking(told.url).episodes(7) == (
        EpisodeMetadata(0, 1),
        EpisodeMetadata(1, 1),
        EpisodeMetadata(1, 2),
        EpisodeMetadata(2, 1, "Late", date(2012, 1, 2), 3),
    )


def test_absolute_numbers_are_thetvdbs_own(provider: TvdbProvider) -> None:
    episodes = provider.episodes(900301)
    assert [each.absolute for each in episodes if each.season == 0] == [None, None]
    assert [each.absolute for each in episodes if each.season] == list(range(1, 26))
    counted = with_absolute_numbers([attrs.evolve(each, absolute=None) for each in episodes], provider.orders(900301))
    assert counted == episodes


# ------------------------------------------------------------------------------------------------------------- orders


def test_each_season_type_is_an_order_in_the_words_of_broadcast(provider: TvdbProvider, world: MetadataWorld) -> None:
    aired = tuple(EpisodeMetadata(season, number) for season in (0, 1) for number in (1, 2, 3))
    story = (EpisodeGroup(0, "Extra", aired[:2]), EpisodeGroup(3, "End", aired[3:]))
    orders = (
        EpisodeOrder("dvd", "DVD Order", "dvd", (EpisodeGroup(1, "Disc", (aired[5], aired[3])),)),
        EpisodeOrder("alternate", "By Story", "other", story),
        EpisodeOrder("regional", "Abroad", "other", (EpisodeGroup(1, "All", aired[::-1]),)),
    )
    world.add(TitleMetadata("world", 8001, "show", "Ordered", language="en"), aired, orders)
    assert provider.orders(8001) == orders


def test_a_show_in_aired_order_alone_costs_one_call(provider: TvdbProvider, tvdb: TvdbServer) -> None:
    assert provider.orders(900101) == ()
    assert tvdb.asked("/series/") == 1


def test_a_show_may_be_kept_in_another_order_than_that_of_broadcast(
    provider: TvdbProvider, tvdb: TvdbServer, world: MetadataWorld
) -> None:
    tvdb.defaults[900301] = "absolute"
    episodes = provider.episodes(900301)
    assert [(each.season, each.number) for each in episodes] == [(0, 1), (0, 2), *((1, at) for at in range(1, 26))]
    assert {each.kind: [len(group.episodes) for group in each.groups] for each in provider.orders(900301)} == {
        "tv": [2, 12, 13],
        "other": [2, 6, 19],
    }


def test_types_by_themselves() -> None:
    types = [
        {"id": 1, "name": "Aired Order", "type": "official", "alternateName": None},
        {"id": 4, "name": "Alternate Order", "type": "alternate", "alternateName": "By Story"},
        {"id": 5, "name": None, "type": "regional"},
        {"id": 9, "name": "Hostile", "type": "../../login"},
        {"id": 9, "name": "Nameless", "type": None},
        {"id": 4, "name": "Again", "type": "alternate"},
    ]
    seasons = [
        {"number": 1, "type": {"type": "official"}},
        {"number": 1, "name": "Harbour", "type": {"type": "alternate"}},
        {"number": None, "type": {"type": "alternate"}},
        {"number": 2, "type": None},
    ]
    answer = {"data": {"seasonTypes": types, "seasons": seasons, "defaultSeasonType": None}}
    assert season_types(answer) == (
        SeasonType("official", "Aired Order", True, {1: ""}),
        SeasonType("alternate", "By Story", False, {1: "Harbour"}),
        SeasonType("regional", "regional", False, {}),
    )
    without = season_types({"data": {"seasonTypes": types, "seasons": None, "defaultSeasonType": 4}})
    assert [(each.slug, each.default, each.seasons) for each in without] == [
        ("official", False, None),
        ("alternate", True, None),
        ("regional", False, None),
    ]


def test_a_type_that_is_named_and_not_there_is_no_order(told: Told) -> None:
    types = [{"id": 1, "type": "official"}, {"id": 2, "type": "dvd"}, {"id": 3, "type": "absolute"}]
    told.said = {
        "/series/7/extended": {"status": "success", "data": {"id": 7, "defaultSeasonType": 1, "seasonTypes": types}},
        "/series/7/episodes/default": listed(1, 2),
        "/series/7/episodes/absolute": listed(99),
    }
    assert asking(told.url).orders(7) == ()
    assert told.asked("/episodes/(dvd|absolute)$") == 2


RECORDS = st.lists(
    st.builds(EpisodeRecord, st.integers(1, 30), st.integers(0, 3), st.integers(0, 9), st.none(), st.none(), st.none()),
    unique_by=lambda record: record.id,
)


@given(RECORDS, st.frozensets(st.integers(1, 30)))
def test_an_order_holds_each_broadcast_episode_once(records: list[EpisodeRecord], known: frozenset[int]) -> None:
    broadcast = {number: EpisodeMetadata(1, number) for number in known}
    order = episode_order(SeasonType("dvd", "DVD Order", False, None), records, broadcast)
    held = [each.number for group in order.groups for each in group.episodes] if order is not None else []
    assert sorted(held) == sorted(record.id for record in records if record.id in known)
    if order is not None:
        numbers = [group.number for group in order.groups]
        assert numbers == sorted(set(numbers))
        assert all(group.episodes for group in order.groups)


# -------------------------------------------------------------------------------------------------------------- codes


@given(st.text(max_size=4))
def test_codes_of_languages_lead_back(code: str) -> None:
    for three in language_codes(code):
        assert len(three) == 3
        assert language_code(three) == language_code(three.upper()) == code.strip().lower()
    assert (language_code(code) is None) or len(language_code(code) or "") == 2


@given(st.text(max_size=4))
def test_codes_of_countries_have_two_capitals(code: str) -> None:
    assert re.fullmatch(r"[A-Z]{2}", country_code(code) or "NO")


# --------------------------------------------------------------------------------------------------- the fake by itself


def signed(tvdb: TvdbServer) -> dict[str, str]:
    return {"Authorization": f"Bearer {tvdb.issue()}"}


def said(tvdb: TvdbServer, path: str, status: int = 200, **query: Any) -> Any:
    answer = requests.get(f"{tvdb.api}{path}", query, headers=signed(tvdb), timeout=5)
    assert answer.status_code == status
    return answer.json()


def test_the_fake_refuses_as_thetvdb_does(tvdb: TvdbServer) -> None:
    for headers in ({}, {"Authorization": "Bearer none"}):
        refused = requests.get(f"{tvdb.api}/series/900101", headers=headers, timeout=5)
        assert (refused.status_code, refused.json()["status"]) == (401, "failure")
    wrong = requests.post(f"{tvdb.api}/login", json={"apikey": "wrong"}, timeout=5)
    assert (wrong.status_code, wrong.json()["data"]) == (401, None)
    assert requests.get(f"{tvdb.api}/login", timeout=5).status_code == 405
    assert requests.post(f"{tvdb.api}/series/900101", headers=signed(tvdb), timeout=5).status_code == 405
    for path in ("/series/1", "/series/x/extended", "/movies/900101", "/nowhere", "/series/900101/nothing",
                 "/movies/701/episodes/default", "/series/900101/translations/fra"):  # fmt: skip
        assert said(tvdb, path, 404)["data"] is None
    for path in ("/search", "/series/900101/episodes/nonsense", "/series/900101/episodes/default/english"):
        assert said(tvdb, path, 400)["status"] == "failure"


def test_the_fake_pages_its_episodes(world: MetadataWorld) -> None:
    with TvdbServer(world, page_size=4) as tvdb:
        pages = [said(tvdb, "/series/900101/episodes/official", page=page) for page in (0, 1, 2)]
    assert [len(page["data"]["episodes"]) for page in pages] == [4, 2, 0]
    assert [(page["links"]["prev"] is None, page["links"]["next"] is None) for page in pages] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert {(page["links"]["total_items"], page["links"]["page_size"]) for page in pages} == {(6, 4)}


# ------------------------------------------------------------------------------------------------------- the contract


def recorded(pattern: str) -> Iterator[Any]:
    if not RECORDED.is_dir():
        pytest.skip("the recorded answers are not beside this checkout")
    for file in sorted(RECORDED.glob(pattern)):
        yield json.loads(file.read_text())


def test_every_recorded_series_can_be_read() -> None:
    count = 0
    for answer in recorded("*series*.json"):
        data, count = answer["data"], count + 1
        with Told({f"/series/{data['id']}/extended": answer}) as web:
            title = asking(web.url).title(data["id"])
        assert title is not None
        assert (title.id, title.title, title.status) == (data["id"], data["name"], data["status"]["name"])
        assert (title.year, title.language, title.countries) == (int(data["year"]), "en", ("US",))
        assert title.genres == tuple(genre["name"] for genre in data["genres"])
        assert title.aliases == tuple(alias["name"] for alias in data["aliases"])
        assert title.summary == data["overview"].replace("\r\n", "\n")
        assert title.ids == ExternalIds(tvdb=data["id"])
        types = season_types(answer)
        assert [(each.slug, each.default) for each in types] == [
            ("official", True),
            ("dvd", False),
            ("absolute", False),
        ]
        assert {each.slug: set(each.seasons or ()) for each in types} == {
            slug: {season["number"] for season in data["seasons"] if season["type"]["type"] == slug}
            for slug in ("official", "dvd", "absolute")
        }
    assert count == 4


def test_every_recorded_episode_can_be_read() -> None:
    episodes = [answer["data"] for answer in recorded("*episode*.json")]
    assert len(episodes) == 5
    for data in episodes:
        page = {"status": "success", "data": {"series": None, "episodes": [data]}, "links": None}
        with Told({f"/series/{data['seriesId']}/episodes/default": page}) as web:
            (episode,) = asking(web.url).episodes(data["seriesId"])
        assert episode == EpisodeMetadata(
            data["seasonNumber"],
            data["number"],
            data["name"],
            date.fromisoformat(data["aired"]),
            data["absoluteNumber"] or None,
        )


def test_the_recorded_login_has_a_token() -> None:
    (login,) = recorded("login.json")

    class Recorded(Told):
        def answer(self, request: Request) -> Answer:
            return Answer(login) if request.path == "/login" else super().answer(request)

    with Recorded({"/series/7/extended": {"data": {"id": 7, "name": "Seven"}}}) as web:
        assert asking(web.url).title(7) is not None
        assert web.requests[-1].headers["authorization"] == f"Bearer {login['data']['token']}"


def form(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every place in a document with the JSON type of what stands there."""
    yield where, {"bool": "boolean", "int": "number", "float": "number"}.get(type(value).__name__, type(value).__name__)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from form(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from form(inner, f"{where}[]")


def check_form(ours: Any, theirs: list[Any], *, without: frozenset[str] = frozenset(), only: str = "") -> None:
    """Each place in ours is one of theirs, with the same type or null; each of theirs, at the top, is one of ours."""
    known = {pair for each in theirs for pair in form(each)}
    places = {place for place, _ in known}
    for place, type_ in form(ours):
        if place in without or any(place.startswith((f"{each}.", f"{each}[")) for each in without):
            continue
        assert place in places, place
        types = {known_type for known_place, known_type in known if known_place == place}
        assert type_ == "NoneType" or type_ in types or types <= {"NoneType"}, f"{place}: {type_}, not {types}"
    top = {place for place in places if place.count(".") == only.count(".") + 1 and place.startswith(f"{only}.")}
    assert {place for place in top if "[" not in place.removeprefix(only)} <= {place for place, _ in form(ours)}


def test_the_fake_says_what_recorded_series_say(tvdb: TvdbServer) -> None:
    theirs = list(recorded("*series*.json"))
    # translations come only where they are asked for, names of seasons only where they have one
    without = frozenset({".data.translations", ".data.seasons[].name"})
    for number in (900101, 900301, 401, 599):
        plain = said(tvdb, f"/series/{number}/extended")
        assert plain["data"]["artworks"] == plain["data"]["characters"] == []
        for ours in (plain, said(tvdb, f"/series/{number}/extended", meta="translations", short="true")):
            check_form(ours, theirs, without=without, only=".data")


def test_the_fake_says_what_recorded_episodes_say(tvdb: TvdbServer) -> None:
    theirs = [answer["data"] for answer in recorded("*episode*.json")]
    extended_only = {
        "awards", "characters", "companies", "contentRatings", "networks", "nominations", "productionCode", "remoteIds",
        "studios", "tagOptions", "trailers",
    }  # fmt: skip
    theirs = [{key: value for key, value in each.items() if key not in extended_only} for each in theirs]
    for number in (900101, 900301):
        for ours in said(tvdb, f"/series/{number}/episodes/default", page=0)["data"]["episodes"]:
            check_form(ours, theirs)


@cache
def published() -> Any:
    file = CONTRACTS / "openapi" / "patched" / "tvdb-v4.openapi.json"
    if not file.is_file():
        pytest.skip("TheTVDB's OpenAPI document is not beside this checkout")
    return json.loads(file.read_text())


def schema_of(path: str, method: str = "get") -> Any:
    """The vendor's schema of an answer, its references followed; anything in it may be null."""
    document = published()

    def closed(schema: Any, depth: int) -> Any:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return closed(document["components"]["schemas"][name], depth + 1) if depth < 12 else {}
        made: dict[str, Any] = {}
        if isinstance(schema.get("type"), str):
            made["type"] = [schema["type"], "null"]
        if "properties" in schema:
            made["properties"] = {key: closed(value, depth) for key, value in schema["properties"].items()}
            made["type"] = ["object", "null"]
        if isinstance(schema.get("additionalProperties"), dict):
            made["additionalProperties"] = closed(schema["additionalProperties"], depth)
        if "items" in schema:
            made["items"] = closed(schema["items"], depth)
        return made

    answer = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    return closed(answer, 0)


def test_the_fake_keeps_to_the_vendors_schemas(tvdb: TvdbServer) -> None:
    login = requests.post(f"{tvdb.api}/login", json={"apikey": TVDB_KEY}, timeout=5).json()
    asked = {
        "/series/{id}": [said(tvdb, f"/series/{number}") for number in (900101, 599)],
        "/series/{id}/extended": [
            said(tvdb, f"/series/{number}/extended", meta="translations") for number in (900101, 900301, 599)
        ],
        "/movies/{id}": [said(tvdb, "/movies/701")],
        "/movies/{id}/extended": [said(tvdb, "/movies/701/extended", meta="translations")],
        "/series/{id}/translations/{language}": [said(tvdb, "/series/900301/translations/jpn")],
        "/movies/{id}/translations/{language}": [said(tvdb, "/movies/701/translations/eng")],
        "/search": [said(tvdb, "/search", query=text) for text in ("Nosferatu", "Kaizoku", "Salt", "zyxwv")],
        "/search/remoteid/{remoteId}": [said(tvdb, f"/search/remoteid/{each}") for each in ("tt0900101", "101", "no")],
        "/series/{id}/episodes/{season-type}": [
            said(tvdb, f"/series/900301/episodes/{slug}", page=0) for slug in ("default", "absolute", "dvd")
        ],
        "/series/{id}/episodes/{season-type}/{lang}": [said(tvdb, "/series/900301/episodes/default/eng", page=0)],
    }
    checks = [("/login", "post", login), *((path, "get", each) for path, said_ in asked.items() for each in said_)]
    for path, method, answer in checks:
        errors = Draft4Validator(schema_of(path, method)).iter_errors(answer)
        assert [f"{path} {error.json_path}: {error.message}" for error in errors] == []
