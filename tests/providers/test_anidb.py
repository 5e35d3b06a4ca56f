"""AniDB's HTTP API and dump of titles: the law of every provider, what is AniDB's own, and its recorded answers."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest

from medialib.errors import AuthenticationFailed, Banned, ConfigurationError, UnusableAnswer
from medialib.http import HttpOptions
from medialib.metadata import EpisodeMetadata, EpisodePlace
from medialib.model import ExternalIds
from medialib.providers.anidb import AnidbProvider
from medialib.providers.anidb_kept import DAY
from medialib.providers.anidb_map import AnimeList, read_anime_list
from medialib.providers.anidb_titles import TitlesIndex, read_titles, unpacked
from medialib.providers.anidb_xml import Anime, Refusal, described, parse_xml, read_anime
from medialib.testing.anidb_server import ANIDB_CLIENT, ANIDB_CLIENT_VERSION, AnidbServer, anidb_world
from medialib.testing.metadata_world import MetadataWorld, invented_world
from medialib.testing.providers import MetadataProviderSuite
from medialib.testing.web_server import HangUp
from medialib.testing.worlds import ManualClock

RECORDED = Path(__file__).parents[2] / ".." / "shared" / "contracts" / "fixtures" / "anidb"
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="AniDB's recorded answers are not on this machine")

ANIME_LIST = """<?xml version="1.0" encoding="utf-8"?>
<anime-list>
  <anime anidbid="101" tvdbid="900101" defaulttvdbseason="1" tmdbtv="101" imdbid="tt0900101"><name>A</name></anime>
  <anime anidbid="102" tvdbid="900101" defaulttvdbseason="2" tmdbtv="101" imdbid="tt0900101"><name>B</name></anime>
  <anime anidbid="103" tvdbid="900103" defaulttvdbseason="1" episodeoffset="12"><name>C</name></anime>
  <anime anidbid="104" tvdbid="900104" defaulttvdbseason="a"><name>D</name><mapping-list>
    <mapping anidbseason="1" tvdbseason="2" start="13" end="24" offset="-12"/>
    <mapping anidbseason="0" tvdbseason="0">;1-3;2-0;3-5+6;</mapping></mapping-list></anime>
  <anime anidbid="105" tvdbid="OVA" imdbid="unknown"><name>E</name></anime>
  <anime anidbid="201" tvdbid="900201" defaulttvdbseason="1" tmdbtv="201"><name>F</name></anime>
</anime-list>
"""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def web() -> Iterator[AnidbServer]:
    with AnidbServer(anidb_world(invented_world())) as server:
        yield server


def asking(web: AnidbServer, options: HttpOptions, **more: Any) -> AnidbProvider:
    more = {"rate": None, **more}
    return AnidbProvider(ANIDB_CLIENT, ANIDB_CLIENT_VERSION, web.api, web.titles, options=options, **more)


class TestAnidb(MetadataProviderSuite):
    carries = MetadataProviderSuite.carries - {"countries", "status"}
    carries_ids = frozenset()
    finds_years = False
    one_season = True
    only_type = "anime"
    unsayable = "`"

    @pytest.fixture
    def world(self) -> MetadataWorld:
        return anidb_world(invented_world())

    @pytest.fixture
    def web(self, world: MetadataWorld) -> Iterator[AnidbServer]:
        with AnidbServer(world) as server:
            yield server

    @pytest.fixture
    def provider(self, web: AnidbServer, options: HttpOptions) -> Iterator[AnidbProvider]:
        provider = asking(web, options)
        yield provider
        provider.close()


def test_an_anime_is_asked_for_once_in_a_week_and_never_twice_within_a_day(
    web: AnidbServer, clock: ManualClock, tmp_path: Path
) -> None:
    def ask(fresh: bool) -> int:
        provider = asking(web, HttpOptions(cache=tmp_path, clock=clock))
        provider.title(101)
        provider.episodes(101, fresh=fresh)
        assert provider.title(987) is None
        provider.close()
        return web.asked("httpapi")

    assert [ask(True), ask(False), ask(True)] == [2, 2, 2]
    clock.sleep(DAY + 1)
    assert [ask(False), ask(True)] == [2, 3]
    clock.sleep(6 * DAY)
    assert ask(False) == 4  # that there is none is a week old by now, what was asked afresh is not
    assert (tmp_path / "anidb-answers.sqlite").stat().st_mode & 0o777 == 0o600


def test_the_titles_are_fetched_once_a_day_and_kept(web: AnidbServer, clock: ManualClock, tmp_path: Path) -> None:
    told: list[str] = []

    def ask() -> int:
        provider = asking(web, HttpOptions(cache=tmp_path, clock=clock, patience=0, told=told.append))
        assert [each.id for each in provider.search("Nosferatu")] == [201, 202, 203]
        provider.close()
        return web.asked("titles")

    assert [ask(), ask()] == [1, 1]
    clock.sleep(DAY)
    assert ask() == 2
    clock.sleep(3 * DAY)
    web.fail(HangUp())
    assert ask() == 3
    assert "titles of 3 days ago" in told[0]


def test_what_is_misspelt_is_found_where_nothing_else_is(web: AnidbServer, clock: ManualClock) -> None:
    provider = asking(web, HttpOptions(clock=clock))
    assert [each.title for each in provider.search("Kaizoku no Utah")] == ["Kaizoku no Uta"]
    provider.close()


def test_a_year_tells_namesakes_apart(web: AnidbServer, clock: ManualClock) -> None:
    provider = asking(web, HttpOptions(clock=clock))
    assert [(each.id, each.year) for each in provider.search("Nosferatu", year=2014)] == [
        (202, 2014),
        (201, 1998),
        (203, 2024),
    ]
    provider.close()


def test_one_call_in_two_seconds_at_most(web: AnidbServer, clock: ManualClock) -> None:
    provider = AnidbProvider(ANIDB_CLIENT, ANIDB_CLIENT_VERSION, web.api, web.titles, options=HttpOptions(clock=clock))
    begun = clock.monotonic()
    for number in (101, 201, 202, 203):
        provider.title(number)
    assert clock.monotonic() - begun >= 6
    provider.close()


def test_a_ban_stops_every_process_until_it_ends_and_what_is_known_still_serves(
    web: AnidbServer, clock: ManualClock, tmp_path: Path
) -> None:
    told: list[str] = []
    options = HttpOptions(cache=tmp_path, clock=clock, told=told.append)
    first, second = asking(web, options), asking(web, options)
    known = first.title(101)
    web.banned = True
    with pytest.raises(Banned, match="has banned this address") as caught:
        first.title(201)
    assert caught.value.remedy is not None
    assert "anidb-pace.sqlite" in caught.value.remedy
    sent = web.asked()
    for provider in (first, second):
        for question in (lambda: provider.title(202), lambda: provider.search("Salt")):  # noqa: B023
            with pytest.raises(Banned):
                question()
    clock.sleep(8 * 3600)
    assert second.title(101) == known
    assert web.asked() == sent
    clock.sleep(16 * 3600 + 1)
    web.banned = False
    assert second.title(201) is not None
    for provider in (first, second):
        provider.close()


def test_a_dry_run_knows_of_a_ban_and_writes_nothing(web: AnidbServer, clock: ManualClock, tmp_path: Path) -> None:
    writing = asking(web, HttpOptions(cache=tmp_path, clock=clock))
    writing.search("Nosferatu")
    writing.title(101)
    web.banned = True
    with pytest.raises(Banned):
        writing.title(201)
    writing.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    dry = asking(web, HttpOptions(cache=tmp_path, clock=clock, read_only=True))
    assert dry.title(101) is not None
    assert len(dry.search("Nosferatu")) == 3
    with pytest.raises(Banned):
        dry.title(202)
    dry.close()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_client_that_is_refused_is_told_how_to_register(web: AnidbServer, clock: ManualClock) -> None:
    provider = AnidbProvider("somebody", 1, web.api, web.titles, options=HttpOptions(clock=clock), rate=None)
    with pytest.raises(AuthenticationFailed, match="Register a client"):
        provider.title(101)
    with pytest.raises(AuthenticationFailed, match="Register a client"):
        AnidbProvider(" ", 1)
    provider.close()


def test_others_numbers_lead_to_the_anime_that_a_series_begins_with(
    web: AnidbServer, clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "anime-list.xml.gz"
    path.write_bytes(gzip.compress(ANIME_LIST.encode()))
    provider = asking(web, HttpOptions(clock=clock), anime_list=path)
    assert provider.traits.finds_by == {"anidb", "tvdb", "tmdb", "imdb"}
    for ids in (ExternalIds(tvdb=900101), ExternalIds(imdb="tt0900101"), ExternalIds(anidb=9, tmdb=101)):
        found = provider.find(ids)
        assert found is not None
        assert found.ids == ExternalIds(anidb=101, tvdb=900101, tmdb=101, imdb="tt0900101")
    assert provider.find(ExternalIds(tvdb=900103)) is None  # begins in the middle of that series
    assert provider.find(ExternalIds(tvmaze=101)) is None
    provider.close()


def test_where_thetvdb_has_an_episode(tmp_path: Path) -> None:
    path = tmp_path / "anime-list.xml"
    path.write_text(ANIME_LIST)
    known = AnimeList(path)
    assert known.tvdb_place(102, 1, 3) == (900101, EpisodePlace(2, (3,)))
    assert known.tvdb_place(103, 1, 1) == (900103, EpisodePlace(1, (13,)))
    assert known.tvdb_place(104, 1, 5) == (900104, EpisodePlace(None, (5,)))
    assert known.tvdb_place(104, 1, 13) == (900104, EpisodePlace(2, (1,)))
    assert known.tvdb_place(104, 0, 3) == (900104, EpisodePlace(0, (5, 6)))
    assert [known.tvdb_place(*place) for place in ((104, 0, 2), (104, 0, 9), (105, 1, 1), (9, 1, 1))] == [None] * 4
    assert known.ids(102) == ExternalIds()


@pytest.mark.parametrize("content", [b"", b"<html/>", b"\x1f\x8bcut", b"<!DOCTYPE x><anime-list/>"])
def test_a_list_of_anime_that_cannot_be_read_is_a_fault_of_the_configuration(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "list.xml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"anidb\.anime_list"):
        AnimeList(path).ids(1)
    with pytest.raises(ConfigurationError, match="No such file"):
        AnimeList(tmp_path / "absent").ids(1)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"<anime/>", b"<anime id='7'><titles/></anime>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"]
)
def test_what_is_no_anime_is_unusable(body: bytes) -> None:
    with pytest.raises(UnusableAnswer):
        read_anime(body, "en")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('<error code="500">banned</error>', "banned"),
        ("<error>Banned</error>", "banned"),
        ("<error>Anime not found</error>", "nothing"),
        ("<error>aid Missing or Invalid</error>", "nothing"),
        ('<error code="302">client version missing or invalid</error>', "client"),
        ('<error code="310">illegal input or access denied</error>', "client"),
        ("<error>something else</error>", "other"),
    ],
)
def test_refusals_are_told_apart(text: str, kind: str) -> None:
    read = read_anime(text.encode(), "en")
    assert isinstance(read, Refusal)
    assert read.kind == kind


def test_the_dump_is_read_in_both_forms_and_bombs_are_not_unpacked() -> None:
    lines = b"# <aid>|<type>|<language>|<title>\r\n1|1|x-jat|A|B\r\nrubbish\r\n1|4|zh-Hans|it`s\r\n2|9|en|C\r\n"
    told = list(read_titles(unpacked(gzip.compress(lines), 1000)))
    assert [(number, name.language, name.text) for number, name in told] == [
        (1, "x-jat", "A|B"),
        (1, "zh-hans", "it's"),
    ]
    xml = b'<animetitles><anime aid="1"><title type="syn" xml:lang="en">A</title></anime></animetitles>'
    assert [(number, name.kind) for number, name in read_titles(xml)] == [(1, "synonym")]
    with pytest.raises(UnusableAnswer):
        unpacked(gzip.compress(bytes(10**6)), 1000)


@recorded
def test_recorded_answers_are_read() -> None:
    read = read_anime((RECORDED / "http_anime_959.xml").read_bytes(), "en")
    assert isinstance(read, Anime)
    assert (read.number, len([each for each in read.episodes if each.season == 1])) == (959, 11)
    assert [(each.season, each.number) for each in read.episodes[:2]] == [(0, 1), (0, 2)]
    title = described(read.number, read.names, "en", read)
    assert (title.title, title.original_title, title.year) == (
        "Full Metal Panic? Fumoffu",
        "フルメタル・パニック? ふもっふ",
        2003,
    )
    assert (title.language, title.type) == ("ja", "anime")
    assert title.genres
    assert title.summary is not None
    assert "anidb.net" not in title.summary
    assert "Kaname's classmate" in title.summary
    for path in RECORDED.glob("http_anime_*.xml"):
        found = read_anime(path.read_bytes(), "de")
        assert isinstance(found, Anime)
        regular = [each for each in found.episodes if each.season]
        root = parse_xml(path.read_bytes())
        assert len(regular) == int(root.findtext("episodecount") or 0)
        assert [each.absolute for each in regular] == [each.number for each in regular]
        assert all(isinstance(each.aired, date) for each in regular)


@recorded
def test_the_whole_dump_is_indexed_and_searched() -> None:
    index = TitlesIndex(None, ManualClock(), read_only=False, told=lambda note: None)
    index.fill(unpacked((RECORDED / "anime-titles.dat.gz").read_bytes(), 10**8))
    assert index.search("full metal panic fumoffu", 20)[0] == (959, True)
    assert index.search("Fullmetal Panic Fumofu", 20)[0][0] == 959
    index.close()


@recorded
def test_the_whole_list_of_anime_is_read() -> None:
    plain = unpacked((RECORDED / "anime-list.xml.gz").read_bytes(), 10**8)
    listed = {each.number: each for each in read_anime_list(plain)}
    assert listed[3].place(1, 2) == EpisodePlace(2, (2,))
    assert listed[12].place(1, 9) == EpisodePlace(0, (1,))
    assert listed[12].place(1, 12) == EpisodePlace(1, (11,))
    assert len(listed) > 5000


def test_episodes_without_a_title_have_none_and_what_has_no_place_is_left_out(
    web: AnidbServer, clock: ManualClock
) -> None:
    web.world.episodes[101] = (EpisodeMetadata(1, 1), EpisodeMetadata(0, 1), EpisodeMetadata(1, 2, "Told"))
    provider = asking(web, HttpOptions(clock=clock))
    assert [attrs.astuple(each)[:3] for each in provider.episodes(101)] == [
        (0, 1, None),
        (1, 1, None),
        (1, 2, "Told"),
    ]
    provider.close()
