"""Rare forms of names: what is read of each, and what is deliberately not."""

from __future__ import annotations

from typing import Any

import pytest

from medialib.naming import Finding, ParsedName, parse_name
from medialib.naming.counting import find_leading
from medialib.naming.numbering import Marker, find_dates, find_markers

NAMES: dict[str, dict[str, Any]] = {
    "(1915) Old Film 1080p.mkv": {"year": 1915, "resolution": "1080p"},
    "Season 02/05 x264-GRP[site].mkv": {"seasons": (2,), "episodes": (5,), "title": None},
    "[www.a.com][www.b.com][Grp] Show - 01.mkv": {"release_group": "Grp", "title": "Show", "absolute_episodes": (1,)},
    "[720p][Grp] Show - 01.mkv": {"release_group": "Grp", "resolution": "720p", "title": "Show"},
    "Show.S01E01.720p.x264-(Grp).mkv": {"release_group": "Grp"},
    "Show.S01E01.720p [two words].mkv": {"release_group": None, "resolution": "720p"},
    "Show.S01E01.720p.x264 [Grp] [site.com] [a] [b] [c].mkv": {"title": "Show", "video_codec": "H.264"},
    "Show.S01E01.x264-GRP-xpost-postbot-Obfuscated-BUYMORE-AsRequested.mkv": {"title": "Show", "episodes": (1,)},
    "Show.S01E01.720p.x264 foo-Bar.mkv": {"title": "Show", "video_codec": "H.264"},
    "Film.EXTENDED.UNRATED.Directors.Cut.2010.mkv": {"title": "Film", "year": 2010},
    "Show OVA 720p.mkv": {"kind": "special", "special": True},
    "Show.S01E01.sdh.forced.en.srt": {"kind": "subtitle", "subtitle_languages": ("en",), "forced": True},
    "Show.S01E01.nzb.torrent": {"container": "torrent", "title": "Show"},
    "Show 16x03-05 313-320.mkv": {"episodes": (3, 4, 5), "absolute_episodes": ()},
    "16x03 (313) Show": {"seasons": (16,), "episodes": (3,), "absolute_episodes": (313,)},
    "Show.S01E05-E02.mkv": {"episodes": (5,)},
    "Show.1x02v2.mkv": {"episodes": (2,), "version": 2},
    "Show.S00.720p.mkv": {"kind": "special", "seasons": (0,), "episodes": ()},
    "Show 2019 S01E01 2020 1080p.mkv": {"year": 2019, "title": "Show"},
    "Show 2010-2012 720p.mkv": {"title": "Show", "year": None},
    "Film.fin.1080p.mkv": {"title": "Film fin", "languages": ()},
    "Show The Complete Series Vol 2.mkv": {"title": "Show The Complete Series Vol 2"},
    "某剧 Show Name S01E01.mkv": {"title": "Show Name", "seasons": (1,)},
    "Show S01E01 Part 0.mkv": {"part": None, "episode_title": "Part 0"},
    "Show S01E01 10bit v2 [ABCD1234] DTS-HD 1920x1080.mkv": {
        "bit_depth": 10,
        "version": 2,
        "crc32": "ABCD1234",
        "audio_codecs": ("DTS-HD",),
        "resolution": "1080p",
    },
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES)
def test_rare_forms(name: str, expected: dict[str, Any]) -> None:
    parsed = parse_name(name)
    assert {field: getattr(parsed, field) for field in expected} == expected


def test_a_run_of_numbers_that_falls_is_no_leading_number() -> None:
    assert find_leading("05-03 - Title", 0, 13, bold=True) is None


@pytest.mark.parametrize("text", ["Show Season 1 Episode 2", "Show Cap.102", "Show 2nd Season"])
def test_what_is_blocked_is_not_read(text: str) -> None:
    assert find_markers(text, 0, len(text), []) != []
    assert find_markers(text, 0, len(text), [Marker("blocked", (), 0, len(text), "")]) == []


def test_a_date_that_is_blocked_is_not_read() -> None:
    assert find_dates("Show 2024.05.17", 0, 15, []) != []
    assert find_dates("Show 2024.05.17", 0, 15, [Marker("blocked", (), 5, 15, "")]) == []


def test_findings_that_share_characters_are_drawn_once() -> None:
    both = (Finding("seasons", 1, 0, 3), Finding("seasons", 2, 0, 3))
    assert ParsedName(name="S01", findings=both).__rich__() == "[bold green]S01[/]"
