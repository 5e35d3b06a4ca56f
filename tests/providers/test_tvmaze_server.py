"""The fake of TVmaze keeps its contract: what is documented, and what was recorded of the real one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest
import requests

from medialib.http import HttpOptions
from medialib.metadata import EpisodeGroup, EpisodeMetadata, EpisodeOrder, TitleMetadata
from medialib.model import ExternalIds
from medialib.providers.tvmaze import TvmazeProvider
from medialib.testing.metadata_world import MetadataWorld, invented_world
from medialib.testing.tvmaze_server import TvmazeServer
from medialib.testing.web_server import Answer, Request, WebServer
from medialib.testing.worlds import ManualClock

Json = Any
CONTRACTS = Path(__file__).parents[2] / ".." / "shared" / "contracts"
RECORDED = CONTRACTS / "fixtures" / "tvmaze"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def world() -> MetadataWorld:
    world = invented_world()
    first, second = (EpisodeMetadata(1, number, f"Log {number}", date(2020, 1, number)) for number in (1, 2))
    discs = (EpisodeGroup(1, "Disc", (second, first)),)
    orders = (EpisodeOrder("d", "DVD", "dvd", discs),)
    world.add(TitleMetadata("world", 351, "show", "Starboard"), (first, second), orders)
    return world


@pytest.fixture
def server(world: MetadataWorld, clock: ManualClock) -> Iterator[TvmazeServer]:
    with TvmazeServer(world, clock=clock) as server:
        yield server


def get(server: WebServer, path: str, **settings: Any) -> requests.Response:
    return requests.get(server.url + path, timeout=5, **settings)


# --------------------------------------------------------------------------------------------------- as is documented


def test_what_is_unknown_is_404_with_a_json_body(server: TvmazeServer) -> None:
    for path in (
        "/shows/9",
        "/shows/9/episodes",
        "/shows/9/akas",
        "/shows/9/alternatelists",
        "/shows/101/episodebynumber?season=9&number=9",
        "/shows/101/episodesbydate?date=1950-01-01",
        "/episodes/5",
        "/seasons/5/episodes",
        "/alternatelists/5",
        "/alternatelists/5/alternateepisodes",
        "/lookup/shows?imdb=tt5",
        "/nowhere",
        "/shows/701",
    ):
        answer = get(server, path)
        assert (answer.status_code, answer.json()["status"]) == (404, 404)
    nothing = get(server, "/singlesearch/shows?q=zyx")
    assert (nothing.status_code, nothing.text) == (404, "")


def test_what_is_wrong_is_said(server: TvmazeServer) -> None:
    for path in ("/search/shows", "/singlesearch/shows", "/lookup/shows", "/updates/shows?since=1999"):
        assert get(server, path).status_code == 400
    assert requests.post(f"{server.url}/shows/101", timeout=5).status_code == 405


def test_a_lookup_redirects(server: TvmazeServer) -> None:
    for query in ("thetvdb=900101", "imdb=tt0900101"):
        answer = get(server, f"/lookup/shows?{query}", allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (301, f"{server.url}/shows/101")
        assert get(server, f"/lookup/shows?{query}").json()["name"] == "The Long Voyage"


def test_answers_may_be_kept_and_are_known_again(server: TvmazeServer, world: MetadataWorld) -> None:
    answer = get(server, "/shows/101")
    assert "max-age=3600" in answer.headers["Cache-Control"]
    asked = {"If-None-Match": answer.headers["ETag"]}
    assert (get(server, "/shows/101", headers=asked).status_code, get(server, "/shows/202").status_code) == (304, 200)
    world.add(attrs.evolve(world.titles["show", 101], title="The Longer Voyage"), world.episodes[101])
    again = get(server, "/shows/101", headers=asked)
    assert (again.status_code, again.json()["name"]) == (200, "The Longer Voyage")
    assert "max-age=86400" in get(server, "/shows").headers["Cache-Control"]


def test_the_index_has_pages_by_id_that_are_not_full_and_ends_with_404(
    server: TvmazeServer, world: MetadataWorld
) -> None:
    for number in (249, 250, 1300):
        world.add(TitleMetadata("world", number, "show", f"Show {number}"))
    pages = [get(server, f"/shows?page={page}") for page in range(7)]
    assert [page.status_code for page in pages] == [200] * 6 + [404]
    numbers = [[show["id"] for show in page.json()] for page in pages[:6]]
    assert numbers[0] == [101, 201, 202, 203, 249] == [show["id"] for show in get(server, "/shows").json()]
    assert numbers[1][0] == 250
    assert numbers[3:] == [[], [], [1300]]
    listed = [number for page in numbers for number in page]
    assert listed == sorted(number for kind, number in world.titles if kind == "show")


def test_updates_name_the_instant_of_each_show_s_last_change(
    server: TvmazeServer, world: MetadataWorld, clock: ManualClock
) -> None:
    before = get(server, "/updates/shows").json()
    assert before.keys() == {str(number) for kind, number in world.titles if kind == "show"}
    clock.sleep(8 * 86400)
    assert get(server, "/updates/shows?since=week").json() == {}
    world.episodes[101] += (EpisodeMetadata(3, 1, "A New Season"),)
    world.add(TitleMetadata("world", 900, "show", "Brand New"))
    now = int(clock.now().timestamp())
    for since in ("day", "week"):
        assert get(server, f"/updates/shows?since={since}").json() == {"101": now, "900": now}
    assert get(server, "/updates/shows?since=month").json() == {**before, "101": now, "900": now}
    assert get(server, "/shows/101").json()["updated"] == now
    del world.titles["show", 900]
    assert "900" not in get(server, "/updates/shows").json()


def test_twenty_calls_in_ten_seconds_not_counting_those_its_cache_answers(
    server: TvmazeServer, clock: ManualClock
) -> None:
    server.rate_limited = True
    shows = [number for kind, number in server.world.titles if kind == "show"]
    paths = [*(f"/shows/{number}" for number in shows), *(f"/shows/{number}/akas" for number in shows)]
    assert len(paths) > 21
    assert [get(server, path).status_code for path in paths[:21]] == [200] * 20 + [429]
    assert get(server, paths[0]).status_code == 200
    clock.sleep(10)
    assert get(server, paths[20]).status_code == 200
    clock.sleep(3600)
    assert [get(server, path).status_code for path in paths[:21]] == [200] * 20 + [429]


def test_episodes_and_what_is_embedded(server: TvmazeServer) -> None:
    regular = get(server, "/shows/101/episodes").json()
    assert [(each["season"], each["number"]) for each in regular] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]
    with_specials = get(server, "/shows/101/episodes?specials=1").json()
    (special,) = [each for each in with_specials if each["number"] is None]
    assert (special["type"], special["season"], special["name"]) == ("significant_special", 1, "Before the Voyage")
    assert [each for each in with_specials if each is not special] == regular
    assert get(server, "/shows/101/episodebynumber?season=2&number=1").json() == regular[3]
    assert get(server, f"/shows/101/episodesbydate?date={regular[3]['airdate']}").json() == [regular[3]]
    seasons = get(server, "/shows/101/seasons").json()
    assert [(season["number"], season["episodeOrder"]) for season in seasons] == [(1, 3), (2, 2)]
    of_first = get(server, f"/seasons/{seasons[0]['id']}/episodes").json()
    assert [each for each in of_first if each["number"]] == regular[:3]
    for embed in ("embed", "embed[]"):
        embedded = get(server, f"/shows/101?{embed}=episodes").json()["_embedded"]
        assert embedded == {"episodes": regular}
    embedded = get(server, "/shows/101?embed=episodeswithspecials").json()["_embedded"]
    assert embedded == {"episodeswithspecials": with_specials}
    assert get(server, "/singlesearch/shows?q=long voyage&embed=seasons").json()["_embedded"] == {"seasons": seasons}
    show = get(server, "/shows/101").json()
    last = get(server, "/shows/101?embed=previousepisode").json()["_embedded"]["previousepisode"]
    assert get(server, show["_links"]["previousepisode"]["href"].removeprefix(server.url)).json() == last
    assert "nextepisode" not in show["_links"]
    within = get(server, f"/episodes/{last['id']}?embed=show").json()["_embedded"]["show"]
    assert within == show


def test_an_episode_to_come_is_linked(server: TvmazeServer, world: MetadataWorld) -> None:
    world.episodes[101] += (EpisodeMetadata(3, 1, None, date(2030, 1, 1)),)
    assert get(server, "/shows/101").json()["_links"]["nextepisode"]["name"] == "TBA"


def test_alternate_lists(server: TvmazeServer) -> None:
    (listed,) = get(server, "/shows/351/alternatelists").json()
    assert (listed["dvd_release"], listed["verbatim_order"]) == (True, False)
    assert get(server, f"/alternatelists/{listed['id']}").json() == listed
    plain = get(server, f"/alternatelists/{listed['id']}/alternateepisodes").json()
    assert [(each["season"], each["number"], each["name"]) for each in plain] == [(1, 1, "Log 2"), (1, 2, "Log 1")]
    embedded = get(server, f"/alternatelists/{listed['id']}?embed=alternateepisodes").json()["_embedded"]
    assert embedded == {"alternateepisodes": plain}
    items = get(server, f"/alternatelists/{listed['id']}/alternateepisodes?embed=episodes").json()
    episodes = get(server, "/shows/351/episodes").json()
    assert [item["_embedded"]["episodes"] for item in items] == [[episodes[1]], [episodes[0]]]
    assert get(server, "/shows/301/alternatelists").json() == []


# --------------------------------------------------------------------------------------------------- as was recorded


def recorded(name: str) -> Json:
    file = RECORDED / name
    if not file.exists():
        pytest.skip("the recorded answers of TVmaze are not beside this checkout")
    return json.loads(file.read_text("utf-8"))


def recorded_shows() -> list[Json]:
    """Every show of every recorded answer, old forms of it too."""
    pages = ("shows_page0.2019-11.json", "shows_page0.2024-01.json", "shows_page0.2025-08.json", "shows_union.json")
    shows = [show for name in pages for show in recorded(name)]
    shows += [found["show"] for found in recorded("search_shows_girls.1.json")]
    bodies = [item["body"] for item in recorded("flexget_cassettes.json") if item["status"] == 200]
    return shows + [body for body in bodies if isinstance(body, dict) and "premiered" in body]


def recorded_episodes() -> list[Json]:
    bodies = [item["body"] for item in recorded("flexget_cassettes.json") if "/episode" in item["uri"]]
    found = [each for body in bodies for each in (body if isinstance(body, list) else [body]) if "airdate" in each]
    return recorded("shows_82_episodes.json") + found


class Replay(WebServer):
    """Answers with recorded answers."""

    def __init__(self, answers: Mapping[str, Json]) -> None:
        super().__init__()
        self.answers = answers

    def answer(self, request: Request) -> Answer:
        found = self.answers.get(request.path)
        return Answer({"status": 404}, 404) if found is None else Answer(found)


@contextmanager
def replayed(answers: Mapping[str, Json]) -> Iterator[TvmazeProvider]:
    with Replay(answers) as server:
        provider = TvmazeProvider(server.url, HttpOptions(clock=ManualClock()), rate=None)
        yield provider
        provider.close()


def test_every_recorded_show_is_read() -> None:
    shows = recorded_shows()
    assert len(shows) > 500
    found: list[TitleMetadata] = []
    for start in range(0, len(shows), 20):  # as many as a search answers with
        some = [{"score": 1, "show": show} for show in shows[start : start + 20]]
        with replayed({"/search/shows": some}) as provider:
            found += provider.search("anything")
    assert len(found) == len(shows)
    for title, show in zip(found, shows, strict=True):
        assert (title.id, title.title, title.status) == (show["id"], show["name"], show["status"])
        assert title.year == (int(show["premiered"][:4]) if show["premiered"] else None)
        externals = show["externals"]
        assert title.ids == ExternalIds(tvmaze=show["id"], tvdb=externals["thetvdb"], imdb=externals["imdb"])
        assert title.language is not None
        station = show["network"] or show["webChannel"] or {}
        assert title.countries == ((station["country"]["code"],) if station.get("country") else ())
        assert title.genres == tuple(show["genres"])
        assert (title.summary is None) == (not show["summary"])
        assert title.summary is None or not set("<>") & set(title.summary)
    kinds = {kind: {title.id for title in found if title.type == kind} for kind in ("anime", "daily")}
    assert kinds == {"anime": {25, 26, 27, 40}, "daily": {243, 247, 249, 3928}}


def test_recorded_titles_are_read_one_by_one() -> None:
    shows = recorded_shows()[-12:]
    with replayed({f"/shows/{show['id']}": show for show in shows} | {"/lookup/shows": shows[0]}) as provider:
        for show in shows:
            title = provider.title(show["id"])
            assert title is not None
            assert title.title == show["name"]
        assert provider.find(ExternalIds(tvdb=shows[0]["externals"]["thetvdb"])) == provider.title(shows[0]["id"])


def test_recorded_episodes_are_read() -> None:
    episodes = recorded_episodes()
    with replayed({"/shows/82/episodes": episodes[:73], "/shows/1/episodes": episodes}) as provider:
        thrones = provider.episodes(82)
        found = provider.episodes(1)
    assert len(thrones) == 73
    assert thrones[0] == EpisodeMetadata(1, 1, "Winter is Coming", date(2011, 4, 17))
    assert {episode.season for episode in thrones} == set(range(1, 9))
    different = {each["id"]: each for each in episodes}
    assert sorted((each["season"], each["number"], each["name"]) for each in different.values()) == sorted(
        (episode.season, episode.number, episode.title) for episode in found
    )


def check_like(value: Json, samples: Sequence[Json], way: str) -> None:
    """A value has the keys and kinds of what was recorded in its place; null is the schema's affair."""
    samples = [sample for sample in samples if sample is not None]
    if value is None or not samples:
        return
    kinds = {float if isinstance(sample, int | float) else type(sample) for sample in samples}
    assert (float if isinstance(value, int | float) else type(value)) in kinds, way
    if isinstance(value, dict):
        assert value.keys() <= {key for sample in samples for key in sample}, way
        assert value.keys() >= set.intersection(*(set(sample) for sample in samples)), way
        for key, inner in value.items():
            check_like(inner, [sample[key] for sample in samples if key in sample], f"{way}.{key}")
    elif isinstance(value, list):
        for inner in value:
            check_like(inner, [each for sample in samples for each in sample], f"{way}[]")


def test_the_fake_answers_as_was_recorded(server: TvmazeServer) -> None:
    newest, episodes = recorded("shows_page0.2025-08.json"), recorded("shows_82_episodes.json")
    check_like(get(server, "/shows?page=0").json(), [newest], "shows")
    for number in (101, 202, 301, 401, 351):
        check_like(get(server, f"/shows/{number}").json(), newest, "show")
        check_like(get(server, f"/shows/{number}/episodes").json(), [episodes], "episodes")
    # what was recorded of a search is older than some fields of a show
    found = [item | {"show": show} for item, show in zip(recorded("search_shows_girls.1.json"), newest, strict=False)]
    check_like(get(server, "/search/shows?q=nosferatu").json(), [found], "found")
    interactions = recorded("flexget_cassettes.json")
    seasons = [
        season
        for item in interactions
        if isinstance(item["body"], dict)
        for season in item["body"].get("_embedded", {}).get("seasons", [])
    ]
    assert seasons
    check_like(get(server, "/shows/101/seasons").json(), [seasons], "seasons")
    (missing,) = [item["body"] for item in interactions if item["status"] == 404 and item["body"]]
    check_like(get(server, "/shows/9").json(), [missing], "404")
    assert get(server, "/shows/101/episodebynumber?season=100&number=100").json().keys() == missing.keys()


def as_json_schema(value: Json) -> Json:
    """OpenAPI 3.0 in terms of JSON Schema: what is nullable has one more type."""
    if isinstance(value, list):
        return [as_json_schema(each) for each in value]
    if not isinstance(value, dict):
        return value
    told = {key: as_json_schema(each) for key, each in value.items() if key != "nullable"}
    if value.get("nullable") is True and isinstance(value.get("type"), str):
        told["type"] = [value["type"], "null"]
    return told


@pytest.mark.parametrize(
    ("path", "documented"),
    [
        ("/search/shows?q=voyage", "/search/shows"),
        ("/singlesearch/shows?q=voyage", "/singlesearch/shows"),
        ("/shows/101", "/shows/{id}"),
        ("/shows/202?embed=akas", "/shows/{id}"),
        ("/shows/101/episodes?specials=1", "/shows/{id}/episodes"),
        ("/shows/101/episodebynumber?season=1&number=1", "/shows/{id}/episodebynumber"),
        ("/shows/101/seasons", "/shows/{id}/seasons"),
        ("/shows/101/akas", "/shows/{id}/akas"),
        ("/shows/351/alternatelists", "/shows/{id}/alternatelists"),
        ("/updates/shows", "/updates/shows"),
    ],
)
def test_the_fake_answers_as_is_documented(server: TvmazeServer, path: str, documented: str) -> None:
    file = CONTRACTS / "openapi" / "tvmaze.openapi.json"
    if not file.exists():
        pytest.skip("the API description of TVmaze is not beside this checkout")
    description = json.loads(file.read_text("utf-8"))
    content = description["paths"][documented]["get"]["responses"]["200"]["content"]
    schema = as_json_schema(content["application/json"]["schema"]) | {
        "components": as_json_schema(description["components"])
    }
    told = get(server, path).json()
    assert told
    jsonschema.validate(told, schema)
