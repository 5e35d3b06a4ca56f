"""Conventions of release names, each shown on names made up for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.naming import parse_name

READ: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "languages of subtitles": [
        ("Lantern.Road.2011.ITA.ENG.SUB.ITA.1080p.x264-QRS", {"languages": ["en", "it"], "subtitle_languages": ["it"]}),
        ("Lantern Road 2011 1080p x264 [Hindi] Eng Subs", {"languages": ["hi"], "subtitle_languages": ["en"]}),
        ("Lantern Road 2011 1080p x264 CHS-ENG SUBS", {"subtitle_languages": ["en", "zh"]}),
        ("Lantern.Road.2011.Danish.Subs.1080p-QRS", {"subtitle_languages": ["da"]}),
        ("Lantern.Road.2011.SWESUB.720p.x264-QRS", {"subtitle_languages": ["sv"], "languages": None}),
        ("Lantern.Road.2011.720p.Legendado.PT", {"subtitle_languages": ["pt"]}),
        ("Lantern Road 2011 720p x264 (ENG-ITA) Multisub", {"languages": ["en", "it"], "subtitle_languages": None}),
        ("Lantern.Road.2011.720p.E-Subs.x264", {"subtitle_languages": ["en"]}),
        ("Subs.Eng.2011.720p.x264-QRS", {"title": "Subs Eng"}),
    ],
    "languages in their own words": [
        ("Lantern.Road.2011.1080p.WEB-DL.Legendado.x264-QRS", {"subtitle_languages": ["pt"], "languages": None}),
        ("Lantern.Road.2011.Legendado.EN.1080p.x264-QRS", {"subtitle_languages": ["en"]}),
        ("Lantern Road 2011 1080p WEB-DL Türkçe Altyazılı", {"subtitle_languages": ["tr"]}),
        ("Lantern.Road.2011.1080p.CZ.titulky.x264-QRS", {"subtitle_languages": ["cs"]}),
        ("Lantern.Road.2011.Napisy.PL.1080p.x264-QRS", {"subtitle_languages": ["pl"], "languages": None}),
        ("Lantern.Road.2011.German.Custom.Subbed.1080p", {"subtitle_languages": ["de"], "languages": None}),
        ("Lantern.Road.2011.1080p.EnglishSubs.x264-QRS", {"subtitle_languages": ["en"]}),
        ("Lantern.Road.2011.1080p.NoSubs.x264-QRS", {"subtitle_languages": None}),
        ("Lantern Road 2011 1080p Sub Indo", {"subtitle_languages": ["id"]}),
        ("Lantern.Road.2011.1080p.TR.Dublaj.x264-QRS", {"languages": ["tr"]}),
        ("Lantern.Road.2011.1080p.Doblado.x264-QRS", {"languages": ["es"]}),
        ("Lantern.Road.2011.LEKTOR.1080p.x264-QRS", {"languages": ["pl"]}),
        ("Lantern Road 2011 1080p Thuyết Minh", {"languages": ["vi"], "release_group": None}),
        ("Lantern Road 2011 1080p พากย์ไทย", {"languages": ["th"]}),
        ("Lantern Road 2011 1080p 日本語 x264", {"languages": ["ja"]}),
        ("Lantern Road 2011 1080p [Hin + Tam + Tel + Mal + Kan]", {"languages": ["hi", "kn", "ml", "ta", "te"]}),
        ("Lantern.Road.2011.Latin.American.Spanish.1080p", {"languages": ["es"], "title": "Lantern Road"}),
        ("The.Black.Cat.1080p.x264-QRS", {"title": "The Black Cat", "languages": None}),
        ("Such.Is.La.Vie.1080p.x264-QRS", {"title": "Such Is La Vie", "languages": None}),
        ("Lantern.Road.2011.MULTi-4.1080p.x264-QRS", {"title": "Lantern Road", "languages": None}),
    ],
    "editions": [
        ("Lantern.Road.Directors.Cut.2004.1080p", {"title": "Lantern Road", "edition": ["directors"]}),
        ("Lantern Road Director's Cut.mkv", {"title": "Lantern Road", "edition": ["directors"]}),
        ("Lantern Road (2004) Ultimate Collectors Edition 1080p", {"edition": ["collector", "ultimate"]}),
        ("Lantern Road (2004) Special Edition 1080p", {"edition": ["special"], "kind": "movie"}),
        ("Lantern.Road.2004.30th.Anniversary.Edition.1080p", {"edition": ["anniversary"]}),
        ("The.Final.Cut.2004.1080p.x264-QRS", {"title": "The Final Cut", "edition": None}),
        ("The.Special.1080p.x264-QRS", {"title": "The Special", "edition": None}),
        ("Lantern Road (2004) {edition-Final Cut} {tmdb-603}.mkv", {"edition": ["final"], "release_group": None}),
        ("Lantern Road (2004) [imdbid-tt0000001].mkv", {"title": "Lantern Road", "release_group": None}),
        ("Lantern Road (2004) [tvdbid-12]/Lantern Road S01E02.mkv", {"title": "Lantern Road", "release_group": None}),
    ],
    "sizes, sources, sound": [
        ("Lantern.Road.2011.UHD.BluRay.REMUX.HDR-QRS", {"resolution": "2160p", "source": "BluRay", "remux": True}),
        ("Lantern.Road.2011.1080p.UHD.BluRay.x265-QRS", {"resolution": "1080p"}),
        ("Lantern.Road.2011.UHD.BD66.Blu-ray-QRS", {"resolution": "2160p", "release_group": "QRS"}),
        ("Lantern Road (2011) [1920x800 x264]", {"resolution": "1080p"}),
        ("Lantern Road (2011) [656x368 XviD]", {"resolution": "656x368"}),
        ("Lantern.Road.2011.960p.x264-QRS", {"resolution": "960p", "title": "Lantern Road"}),
        ("lantern.road.1x13.xvidvd-qrs", {"source": "DVD"}),
        ("Lantern.Road.2011.R5.LiNE.XviD-QRS", {"source": "DVD"}),
        ("Lantern.Road.2011.1080p.EAC3.6.0.x264-QRS", {"audio_channels": "5.1"}),
        ("Lantern Road 2011 1080p x264 5 1-QRS", {"audio_channels": "5.1", "release_group": "QRS"}),
        ("Lantern.Road.2011.1080p.DDP51.x264-QRS", {"audio_codecs": ["EAC3"], "audio_channels": "5.1"}),
        ("Lantern.Road.2011.1080p.AAC.10.bit.x264-QRS", {"audio_channels": None, "bit_depth": 10}),
        ("Lantern.Road.2011.1080p.HEVC10-QRS", {"video_codec": "H.265", "bit_depth": 10}),
        ("Lantern.Road.2011.1080p.DTS-x0r", {"audio_codecs": ["DTS"], "release_group": "x0r"}),
        ("Lantern.Road.2011.RERIP.1080p.x264-QRS", {"repack": True, "proper": True}),
        ("What.Is.Real.1080p.x264-QRS", {"title": "What Is Real", "proper": None}),
        ("[Lamp] Lantern Road Vol.03v2 [BD 1080p]", {"title": "Lantern Road", "version": 2}),
        ("Lantern.Road.2004.US.1080p.x264-QRS", {"title": "Lantern Road", "country": "US"}),
        ("Lantern Road S01E02 1080p WEBRip NF x265", {"streaming_service": "Netflix"}),
        ("Lantern Road S01E02 1080p WEB FOX", {"streaming_service": None, "release_group": "FOX"}),
        ("Lantern.Road.S01E02.1080p.Disney+.WEB-DL.x264-QRS", {"streaming_service": "Disney+"}),
        ("Lantern.Road.S01E02.AmazonSD.h264-QRS", {"streaming_service": "Amazon", "source": "WEB-DL"}),
    ],
    "where groups stand": [
        ("Lantern Road (2011) [1080p BluRay x265 d3g]", {"release_group": "d3g"}),
        ("[Lantern Road][07][720p][AVC_AAC][encoded by QRS].mkv", {"release_group": "QRS"}),
        ("Lantern Road (2011) [1080p][x264][by QRS]", {"release_group": "QRS"}),
        ("Lantern Road S01E01 1080p WEB H264-QRS EZTV", {"release_group": "QRS"}),
        ("Lantern.Road.S01E01.1080p.WEB-EZTV", {"release_group": "EZTV"}),
        ("Lantern.Road.S06E10.1080p.WEB-DL.DUAL.[Dublado].QRS", {"release_group": "QRS", "languages": ["pt"]}),
        ("Lantern.Road.S01E02.Some.Title-QRS", {"release_group": "QRS", "episode_title": "Some Title"}),
        ("Lantern.Road.S01E02.Spider-Man", {"release_group": None, "episode_title": "Spider-Man"}),
        ("Lantern Road S05E05 HDTV XviD-QRS HebSubs", {"release_group": "QRS", "subtitle_languages": ["he"]}),
        ("Films [Old]/Lantern Road (2011) 1080p.mkv", {"release_group": None}),
    ],
    "languages spoken": [
        ("Lantern.Road.2011.PL.1080p.x264-QRS", {"languages": ["pl"]}),
        ("Lantern.Road.2011.PLDUB.1080p.x264-QRS", {"languages": ["pl"]}),
        ("Lantern.Road.2011.German.ML.1080p.x264-QRS", {"languages": ["de", "en"]}),
        ("Lantern Road (2011) 1080p [eng-fre-pt]", {"languages": ["en", "fr", "pt"]}),
        ("Lantern Road (2011) 1080p 2xUkr/Eng", {"languages": ["en", "uk"]}),
        ("Lantern Road 2011 1080p (x264) [RU tracker]", {"languages": None}),
        ("Lantern Road 2011 1080p [Lamp RU]", {"languages": None}),
        ("Lantern Road 2011 1080p [x264 RU]", {"languages": ["ru"]}),
        ("The.Story.of.IT.1080p.x264-QRS", {"title": "The Story of IT", "languages": None}),
        ("The.Story.of.Dan.1080p.x264-QRS", {"title": "The Story of Dan", "languages": None}),
        ("Lantern.Road.S02E03.ita.720p.x264-QRS", {"languages": ["it"]}),
        ("[灯字幕组] Lantern Road - 04 [1080p]", {"languages": ["zh"], "release_group": "灯字幕组"}),
        ("[Group] Lantern Road - 04 [1080p][中日双语字幕]", {"languages": ["zh"]}),
    ],
    "a word behind the last dash is the group": [
        ("Lantern.Road.2011.1080p.x264-NL", {"release_group": "NL", "languages": None}),
        ("Lantern.Road.2011.1080p.x264-LIMITED", {"release_group": "LIMITED", "edition": None}),
        ("Lantern.Road.2011.1080p.x264.ITA-ENG", {"languages": ["en", "it"]}),
        ("Lantern Road S01E01 1080p x264 (1080p NF WEB-DL 5.1 Frost Bite)", {"release_group": "Bite"}),
        ("Lantern Road (Old Lamp, 720p) [46B35E25].mkv", {"release_group": "Old Lamp"}),
        ("[Lamp] Lantern Road - 03 [720p] - Extra", {"release_group": "Lamp"}),
    ],
    "numbers in words and other forms": [
        ("Lantern Road Saison VII FRENCH BDRip XviD-QRS", {"title": "Lantern Road", "seasons": [7]}),
        ("Lantern Road Season Three 720p", {"title": "Lantern Road", "seasons": [3]}),
        ("Lantern.Road.3xAll.720p", {"title": "Lantern Road", "seasons": [3], "season_pack": True}),
        ("Lantern.Road.S03D2-4.DVDR-QRS", {"title": "Lantern Road", "seasons": [3]}),
        ("Lantern Road - Episode 2.13 - The Lamp.avi", {"seasons": [2], "episodes": [13], "episode_title": "The Lamp"}),
        ("Lantern.Road.(4.sez.11.ser.iz.20).avi", {"seasons": [4], "episodes": [11]}),
        ("Lantern.Road.S02E04.05.HDTV.XviD-QRS", {"episodes": [4, 5]}),
        ("Lantern Road Se.2 afl.4 en 5", {"seasons": [2], "episodes": [4, 5]}),
        ("lantern_04_11.avi", {"seasons": [4], "episodes": [11]}),
        ("Lantern.14.09.27.Some.Guest.720p", {"title": "Lantern", "date": "2014-09-27"}),
        ("Lantern.14.13.27.Some.Guest.720p", {"date": None}),
        ("Lantern.Road.S2015E04.720p", {"seasons": [2015], "year": 2015}),
        ("[Lamp] Lantern Road S3 - 04 (28) [720p]", {"seasons": [3], "episodes": [4], "absolute_episodes": [28]}),
        ("[Lamp] Lantern Road 214 10x14", {"absolute_episodes": [214], "seasons": [10], "title": "Lantern Road"}),
        ("2009 The Lantern Road 1080p x264", {"title": "The Lantern Road", "year": 2009}),
        ("Season 1 Episode 2.13.mkv", {"seasons": [1], "episodes": [2]}),
        ("S01E001-E401 " * 6 + "Season Two 3xAll", {"seasons": [1]}),
        ("Season 2 Episode 3 Season Four Season V 4xAll.mkv", {"seasons": [2], "episodes": [3]}),
    ],
    "what posters do to names": [
        ("462x.p027.30E20S.daoR.nretnaL.mkv", {"title": "Lantern Road", "seasons": [2], "episodes": [3]}),
        ("Lantern.Road.S02E03.720p.x264-QRS.mkv.vol003+04.PAR2", {"release_group": "QRS"}),
        ("Lantern.Road.S02E03.720p.x264-QRS.mkv (1.4 GB)", {"release_group": "QRS", "container": "mkv"}),
        ("LanternRoadBD1080.www.lantern.com.mkv", {"title": "LanternRoad", "resolution": "1080p"}),
        ("Lantern Road 2011 720p x264 [www.lantern.TEL]", {"title": "Lantern Road", "languages": None}),
        ("(2)Lantern Road (2011) 720p x264.mkv", {"title": "Lantern Road", "year": 2011}),
        ("[Lantern Road][07][720p].mkv", {"title": "Lantern Road", "absolute_episodes": [7]}),
        ("[Lantern Road 2011] [BDRemux].mkv", {"title": "Lantern Road", "year": 2011}),
    ],
    "other names and parts": [
        ("Lantern Road (aka Lamp Lane) 2011 720p", {"title": "Lantern Road", "alternative_titles": ["Lamp Lane"]}),
        ("Lamp_Lane--Lantern_Road.mkv", {"title": "Lamp Lane", "alternative_titles": ["Lantern Road"]}),
        ("Lamp Lane-f02-Lantern Road.mkv", {"title": "Lantern Road"}),
        ("Lantern Road-x02-Making Lamps.mkv", {"title": "Lantern Road"}),
        ("Lantern.Road.S01E02.The.Lamp.Part.II.720p", {"episode_title": "The Lamp", "part": 2}),
        ("Lantern Road S01E02 The Lamp (1).mkv", {"episode_title": "The Lamp"}),
        ("[Lamp] Lantern Road - 02 - The Lamp Part 2 [720p]", {"episode_title": "The Lamp Part 2"}),
        ("Lantern.Road.S01E02.Part.II.720p", {"episode_title": "Part II"}),
    ],
    "parts of a series without seasons": [
        ("Lantern.Road.Part.Two.720p.HDTV.x264-QRS", {"title": "Lantern Road", "part": 2}),
        ("Lantern.Road.Part.00.Part.3.720p.HDTV.x264-QRS", {"part": 3}),
        ("Part.Two.720p.HDTV.x264-QRS", {"title": "Part Two"}),
        ("Lantern.Road.Part.Two.2011.720p.BluRay.x264-QRS", {"title": "Lantern Road Part Two", "year": 2011}),
    ],
    "a group between the tags": [
        ("Lantern.Road.2011.576p.QRSTU.BRRip", {"release_group": "QRSTU"}),
        ("Lantern.Road.2011.576p.BATCH.BRRip", {"release_group": None}),
    ],
    "services": [
        ("Lantern.Road.S01E02.720p.AdultSwim.WEBRip.x264-QRS", {"streaming_service": "Adult Swim"}),
        ("Lantern.Road.S01E02.720p.Spike TV.WEBRip.x264-QRS", {"streaming_service": "Spike TV"}),
        ("Lantern.Road.S01E02.720p.Comedy.Central.WEBRip.x264-QRS", {"streaming_service": "Comedy Central"}),
        ("Lantern.Road.S01E02.720p.HBO.WEBRip.x264-QRS", {"streaming_service": "HBO"}),
        ("Lantern.Road.S01E02.iTunesHD.x264-QRS", {"streaming_service": "iTunes", "source": "WEB-DL"}),
    ],
    "folders": [
        (
            "Lantern.Road.S03.720p.DD5.1.x264-QRS/lantern.road.0304.mkv",
            {"title": "lantern road", "seasons": [3], "episodes": [4], "audio_codecs": ["AC3"]},
        ),
        ("Lantern Road S03/0304.mkv", {"seasons": [3], "episodes": [4]}),
        (
            "Lantern Road/Season 3/The Lamp.mkv",
            {"title": "Lantern Road", "seasons": [3], "episode_title": "The Lamp"},
        ),
    ],
    "subtitle files": [
        ("Lantern Road - S01E20 - [AAC 2.0].fra.forced.some words.ass", {"subtitle_languages": ["fr"], "forced": True}),
        ("Lantern Road (2011) [AAC 2.0].default.fra.some words.forced.ass", {"subtitle_languages": ["fr"]}),
        ("Lantern Road (2011) [AAC 2.0].some words.srt", {"subtitle_languages": None, "title": "Lantern Road"}),
        ("Lantern Road (2011)-eng(1).srt", {"subtitle_languages": ["en"], "languages": ["en"]}),
        ("Lantern Road (2011) (English).srt", {"subtitle_languages": ["en"]}),
        ("Lantern Road (2011).en.sdh.cc.forced.default.srt", {"forced": True}),
    ],
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [pytest.param(*case, id=f"{what}-{number}") for what, cases in READ.items() for number, case in enumerate(cases)],
)
def test_convention(name: str, expected: dict[str, Any]) -> None:
    read = {field: value for field, value in parse_name(name).to_dict().items() if value is not False and value != []}
    assert {field: read.get(field) for field in expected} == expected


def test_a_reversed_name_has_its_findings_where_they_stand() -> None:
    name = "Folder/462x.p027.30E20S.daoR.nretnaL.mkv"
    found = {item.field: item.text_in(name) for item in parse_name(name).findings}
    assert found["title"] == "daoR.nretnaL"
    assert found["container"] == "mkv"


@given(
    st.lists(st.sampled_from(["ENG", "ITA", "GER", "FRE"]), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(["ENG", "ITA", "GER", "FRE"]), min_size=1, max_size=4, unique=True),
)
def test_languages_behind_sub_are_of_subtitles_and_those_before_are_spoken(spoken: list[str], sub: list[str]) -> None:
    codes = {"ENG": "en", "ITA": "it", "GER": "de", "FRE": "fr"}
    found = parse_name(f"Lantern.Road.2011.1080p.{'.'.join(spoken)}.AC3.SUB.{'.'.join(sub)}.x264-QRS")
    assert found.languages == tuple(sorted(codes[word] for word in spoken))
    assert found.subtitle_languages == tuple(sorted(codes[word] for word in sub))


@given(st.text(max_size=60))
def test_confidence_is_a_share_and_certain_only_with_a_title(text: str) -> None:
    found = parse_name(text)
    assert 0 <= found.confidence <= 1
    assert found.title or found.confidence <= 0.9
