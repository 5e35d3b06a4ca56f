"""Release names are read as people mean them (acceptance 13, 15), and no string at all breaks the reader."""

from __future__ import annotations

import datetime
import json
import time
from typing import Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medialib.naming import Finding, ParsedName, parse_name

READ_RIGHT: list[tuple[str, dict[str, Any]]] = [
    ("Show.Name.S01E02.mkv", {"title": "Show Name", "seasons": (1,), "episodes": (2,), "kind": "episode"}),
    (
        "[G] One Piece - 1071 [ABCD1234].mkv",
        {
            "title": "One Piece",
            "absolute_episodes": (1071,),
            "crc32": "ABCD1234",
            "release_group": "G",
            "kind": "anime",
        },
    ),
    ("Show.S21E1071.mkv", {"title": "Show", "seasons": (21,), "episodes": (1071,)}),
    ("Show.S01E01E02.mkv", {"episodes": (1, 2), "title": "Show"}),
    ("Show.S01E01-E03.mkv", {"episodes": (1, 2, 3), "title": "Show"}),
    ("Show.S00E03.mkv", {"seasons": (0,), "episodes": (3,), "special": True, "kind": "special"}),
    ("Show.2x05.mkv", {"seasons": (2,), "episodes": (5,), "title": "Show"}),
    (
        "Show.Name.2024.05.17.1080p.WEB.h264-GRP.mkv",
        {
            "date": datetime.date(2024, 5, 17),
            "title": "Show Name",
            "kind": "daily",
            "year": None,
            "release_group": "GRP",
        },
    ),
    ("[G] Show - 12.5.mkv", {"absolute_episodes": (12.5,), "title": "Show"}),
    ("[G] Show - 01v2 [720p].mkv", {"absolute_episodes": (1,), "version": 2, "title": "Show"}),
    ("Mob Psycho 100 - 03.mkv", {"title": "Mob Psycho 100", "absolute_episodes": (3,)}),
    ("Kaijuu 8-gou - 01.mkv", {"title": "Kaijuu 8-gou", "absolute_episodes": (1,)}),
    ("Steins;Gate 0 - 05.mkv", {"title": "Steins;Gate 0", "absolute_episodes": (5,)}),
    ("24.S01E05.mkv", {"title": "24", "seasons": (1,), "episodes": (5,)}),
    ("1923.S01E02.mkv", {"title": "1923", "year": None, "seasons": (1,), "episodes": (2,)}),
    ("2012.2009.1080p.mkv", {"title": "2012", "year": 2009, "kind": "movie"}),
    ("Blade.Runner.2049.2017.mkv", {"title": "Blade Runner 2049", "year": 2017}),
    (
        "Show.S01.1080p.WEB-DL-GRP",
        {
            "title": "Show",
            "seasons": (1,),
            "episodes": (),
            "season_pack": True,
            "kind": "season pack",
            "release_group": "GRP",
        },
    ),
    (
        "Show.S01E01.en.forced.srt",
        {"kind": "subtitle", "episodes": (1,), "subtitle_languages": ("en",), "forced": True, "container": "srt"},
    ),
    (
        "The.Matrix.1999.1080p.BluRay.x264-GRP.mkv",
        {
            "kind": "movie",
            "title": "The Matrix",
            "year": 1999,
            "resolution": "1080p",
            "source": "BluRay",
            "video_codec": "H.264",
            "release_group": "GRP",
            "container": "mkv",
        },
    ),
    (
        "Show (2019)/Season 02/03 - Title.mkv",
        {"title": "Show", "year": 2019, "seasons": (2,), "episodes": (3,), "episode_title": "Title"},
    ),
    ("Show.S01.1080p-GRP/ep01.mkv", {"title": "Show", "seasons": (1,), "episodes": (1,), "release_group": "GRP"}),
    ("Show.Name.S01.720p.HDTV.x264-GRP/0e895c37245186812cb08aab1529cf8ee389dd05.mkv", {"title": "Show Name"}),
    ("Resampled.S01E01.mkv", {"kind": "episode", "title": "Resampled"}),
    ("Show/Sample/show.s01e01.mkv", {"kind": "sample"}),
    ("Movie.2019.German.DL.1080p.BluRay.x264-GRP", {"title": "Movie", "languages": ("de",)}),
    ("The.Good.German.2006.720p.BluRay.x264-GRP", {"title": "The Good German", "year": 2006, "languages": ()}),
    (
        "Викинги / Vikings / Сезон: 5 / Серии: 1-3 из 20 [2017, WEB-DL 1080p] MVO",
        {"seasons": (5,), "episodes": (1, 2, 3)},
    ),
    ("[字幕组][Anime Title][13][1080P][MP4]", {"title": "Anime Title", "absolute_episodes": (13,)}),
    ("The.Final.Cut.2004.1080p.mkv", {"title": "The Final Cut", "edition": ()}),
    ("The.Four.Seasons.2025.S01E01.1080p", {"title": "The Four Seasons", "year": 2025, "seasons": (1,)}),
    ("Special.Ops.Lioness.S01E01.1080p.mkv", {"title": "Special Ops Lioness", "special": False}),
    ("Show - S00E01 - Christmas Special.mkv", {"episode_title": "Christmas Special", "special": True}),
    ("[sam] Long Series - NCOP [BD 1080p FLAC] [BBC3BC68].mkv", {"title": "Long Series", "kind": "extra"}),
    ("Cam.2018.1080p.NF.WEB-DL.DDP5.1.x264-NTG", {"title": "Cam", "source": "WEB-DL"}),
    ("Elf.2003.TS.mkv", {"source": "Telesync", "container": "mkv"}),
    ("S.W.A.T.2017.S01E01.720p.HDTV.x264-GRP", {"title": "S.W.A.T", "year": 2017}),
    ("[SubsPlease] 86 - Eighty Six - 03 (1080p).mkv", {"title": "86 - Eighty Six", "absolute_episodes": (3,)}),
    ("Show.113.720p.HDTV.x264-GRP", {"seasons": (1,), "episodes": (13,)}),
    ("Movie.2020.DVDSCR.x264-GRP", {"source": "Screener"}),
    ("Show 16x03-04 313-314", {"episodes": (3, 4), "absolute_episodes": (313, 314)}),
    ("004 - The Boat.mkv", {"episodes": (4,), "episode_title": "The Boat"}),
    ("[Group] Show 第12話 [1080p]", {"episodes": (12,), "release_group": "Group"}),
    ("[Group] Show 第2季 - 05 [1080p]", {"seasons": (2,), "episodes": (5,)}),
    ("Show 第3-5話", {"episodes": (3, 4, 5)}),
    ("Доктор Хаус 03-20.mkv", {"seasons": (3,), "episodes": (20,)}),
    ("4-13 Cursed (HD).m4v", {"seasons": (4,), "episodes": (13,)}),
    ("Show Season 2 Episode 7", {"seasons": (2,), "episodes": (7,)}),
    ("Show - Temporada 1 [HDTV][Cap.105_107]", {"seasons": (1,), "episodes": (5, 6, 7)}),
    ("Show.3rd.Season.1080p", {"seasons": (3,), "season_pack": True}),
    ("Show.May.23.2014.720p", {"date": datetime.date(2014, 5, 23)}),
    ("Show.28.05.2014.720p", {"date": datetime.date(2014, 5, 28)}),
    ("Show.2014.28.05.720p", {"date": datetime.date(2014, 5, 28)}),
    ("Show.2014.02.31.720p", {"date": None}),
    ("Show/Season 02/3 - Title.mkv", {"seasons": (2,), "episodes": (3,), "episode_title": "Title", "title": "Show"}),
    ("Show/Season 02/3 - .mkv", {"seasons": (2,)}),
    ("[G] Show - 12-10 [720p]", {"absolute_episodes": ()}),
    ("[NoobSubs] 06 Sword Art Online II (720p)", {"title": "Sword Art Online II", "episodes": (6,)}),
    ("009-004 - Show [720p]", {"episodes": ()}),
    ("Show 16x03-04 313-319", {"absolute_episodes": ()}),
    ("Show 1x02 S01E02", {"episodes": (2,)}),
    ("Show.S01E01.1080p.mkv.torrent", {"container": "torrent", "episodes": (1,)}),
    ("Film AKA Autre Film 2010 1080p", {"title": "Film", "alternative_titles": ("Autre Film",)}),
    ("Film (Autre Film) 2010 1080p", {"title": "Film", "alternative_titles": ("Autre Film",)}),
    ("О мышах и людях (Of Mice and Men) 1992 BDRip", {"title": "Of Mice and Men"}),
    ("Show - 1x02 - 24-Hour [720p]/Hour.mkv", {"seasons": (1,), "episodes": (2,)}),
    ("Show.2024.05.17/video.mkv", {"date": datetime.date(2024, 5, 17), "title": "Show"}),
    ("Show.S01E01.1080p.x264-D-Z0N3", {"release_group": "D-Z0N3"}),
    ("Show.S01E01.1080p.x264.YIFY", {"release_group": "YIFY"}),
    ("Show S01E01 (1080p BluRay x265 Silence) [QxR]", {"release_group": "QxR"}),
    ("Show.S01E01.1080p.x264-GRP-Obfuscated", {"release_group": "GRP"}),
    ("Movie 2022 1080p BluRay x264-[YTS.AG]", {"release_group": "YTS.AG"}),
    ("Movie 2019 1080p BluRay x264 by SomeOne", {"release_group": "SomeOne"}),
    ("Movie.Part.II.2019.1080p", {"title": "Movie Part II"}),
    ("Show.S02.Part.III.1080p", {"part": 3, "seasons": (2,)}),
    ("Movie.4K.Remastered.BluRay.1080p.x264", {"resolution": "1080p"}),
    ("Movie.2019.852x480.x264", {"resolution": "480p"}),
    ("Movie.2019.1280x544.x264", {"resolution": "720p"}),
    ("The Office (US) - S01E02.mkv", {"title": "The Office", "country": "US"}),
    ("Movie.2020.2160p.UHD.BluRay.REMUX.DV.HDR10.TrueHD.Atmos.7.1-GRP", {"remux": True, "hdr": ("DV", "HDR10")}),
    ("Movie.2013.EXTENDED.1080p.REPACK.BluRay-GRP", {"edition": ("extended",), "repack": True, "proper": True}),
    ("Show.S01E01.1080p.NF.WEB-DL.DDP5.1-GRP", {"streaming_service": "Netflix", "audio_channels": "5.1"}),
]


@pytest.mark.parametrize(("name", "expected"), READ_RIGHT, ids=[name for name, _ in READ_RIGHT])
def test_read_right(name: str, expected: dict[str, Any]) -> None:
    found = parse_name(name)
    assert {field: getattr(found, field) for field in expected} == expected


@pytest.mark.parametrize(
    "name",
    [
        "185d86a343e39f3341e35c4dad3f9959",
        "dPBAtu681Ycy3A4NpJDH6kNVQooLxqtnsW1Umfiv",
        "Just A Title.mkv",
        "",
        " ",
        "/",
        "...",
    ],
)
def test_what_says_nothing_is_rejected(name: str) -> None:
    found = parse_name(name)
    assert found.rejected
    assert found.kind == "unknown"
    assert found.confidence <= 0.2


def test_the_hint_settles_what_is_open() -> None:
    assert parse_name("Shrek.2.2004.1080p", kind="movie").title == "Shrek 2"
    assert parse_name("Show 13 [720p]", kind="episode").absolute_episodes == (13,)
    assert parse_name("Movie 43 [720p]", kind="movie").absolute_episodes == ()


def test_title_keeps_the_characters_of_the_name() -> None:
    assert parse_name("【Group】Title～！ - 03 [1080p].mkv").title == "Title～！"


def test_explains_itself() -> None:
    found = parse_name("Show.S01E02.720p.HDTV.x264-GRP")
    lines = found.explain()
    assert "title: Show, from 'Show'" in lines
    assert any("S01E02" in line for line in found.reasons)
    assert found.season == 1
    assert found.episode == 2
    assert found.absolute_episode is None
    assert found.is_episode
    assert not found.is_movie
    json.dumps(found.to_dict())
    assert "[bold cyan]Show[/]" in found.__rich__()
    assert 'title="title: Show"' in found._repr_html_()


def test_unread_words_are_left_over() -> None:
    found = parse_name("Movie.2010.1080p.Strangeword.BluRay.x264-GRP")
    assert found.leftover == ("Strangeword",)
    assert any("Strangeword" in line for line in found.explain())


names = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="aAbS01E2x.- _[](){}/\\#第話季vVp@", max_size=60),
    st.lists(
        st.sampled_from(
            [
                "Show",
                "Name",
                "S01E02",
                "S01",
                "2x03",
                "2019",
                "(2020)",
                "[Group]",
                "[ABCD1234]",
                "1080p",
                "x264",
                "-GRP",
                "BluRay",
                "WEB-DL",
                "12.5",
                "- 07",
                "01v2",
                "German",
                "Season 2",
                "Episode 3",
                "2024.05.17",
                "EXTENDED",
                "第12話",
                "Сезон 3",
                "/",
                "\\",
                ".mkv",
                ".en.srt",
                "DTS-HD.MA.5.1",
                "AKA",
                "(US)",
                "Part 2",
                "01-12",
            ]
        ),
        max_size=12,
    ).flatmap(lambda words: st.sampled_from([".", " ", "_", ""]).map(lambda joint: joint.join(words))),
)


@settings(max_examples=400, deadline=None)
@given(names, st.sampled_from([None, "episode", "movie"]))
@example("\ud800.S01E01.mkv", None)
@example("[[[[((((", None)
@example("S99999E99999", None)
def test_invariants(name: str, kind: Any) -> None:
    """Never raises; spans lie inside the name and never overlap across fields; the same name is read the same way."""
    found = parse_name(name, kind=kind)
    assert found == parse_name(name, kind=kind)
    assert found.name == name
    assert found.title != ""
    assert 0.0 <= found.confidence <= 1.0
    assert all(0 <= item.start < item.end <= len(name) for item in found.findings)
    for one in found.findings:
        for other in found.findings:
            assert one.field == other.field or one.end <= other.start or other.end <= one.start
    fields = {field.name for field in attrs.fields(ParsedName)}
    for item in found.findings:
        assert item.field in fields
        value = getattr(found, item.field)
        assert value is not None
        assert value is not False
        assert value != ()
    assert found.seasons == tuple(sorted(set(found.seasons)))
    assert found.episodes == tuple(sorted(set(found.episodes)))
    assert (
        sum(isinstance(value, float) and value.is_integer() for value in found.episodes + found.absolute_episodes) == 0
    )
    json.dumps(found.to_dict())
    assert found.__rich__() is not None
    assert found._repr_html_().startswith("<code>")


@pytest.mark.parametrize(
    "piece",
    [
        ".",
        "=",
        "-",
        "[",
        "(",
        "a",
        "1",
        "S01",
        "E01",
        "S01E01",
        "1x01",
        "-01",
        " - 1",
        "[a]",
        "2019.",
        "a.b ",
        "www.",
        "_",
        "by ",
        "{=",
        "Season 1 ",
        "DTS-",
        "com.",
        "1.1.",
        "第1",
        "\u0600a",
        "/",
        "a/",
        "(a ",
        "xx-",
    ],
)
def test_long_names_do_not_stall(piece: str) -> None:
    """A thousand characters of anything take 20 ms; the bound here leaves room for a busy machine."""
    name = (piece * 1000)[:1000]
    best = min(_seconds(name) for _ in range(3))
    assert best < 0.2


def _seconds(name: str) -> float:
    begin = time.process_time()
    parse_name(name)
    return time.process_time() - begin


def test_finding_shows_its_text() -> None:
    assert Finding("year", 1999, 0, 4).text_in("1999.mkv") == "1999"


CHECKSUMS = st.integers(0, 2**32 - 1).map("{:08X}".format).filter(lambda text: any(map(str.isalpha, text)))


@given(CHECKSUMS.filter(lambda text: any(map(str.isdigit, text))), st.booleans())
@example("E7E162F0", False)  # no seventh episode
@example("BD9041AB", True)  # no disc
def test_a_checksum_is_never_taken_for_anything_else(checksum: str, small: bool) -> None:
    found = parse_name(f"[Group] Show - 001 [{checksum.lower() if small else checksum}].mkv")
    assert (found.crc32, found.title, found.absolute_episodes) == (checksum, "Show", (1,))
    assert (found.episodes, found.source, found.video_codec, found.release_group) == ((), None, None, "Group")
