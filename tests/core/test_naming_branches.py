"""Rarer ways of writing a release name: what overlaps, repeats or is missing."""

from __future__ import annotations

from typing import Any

import pytest

from medialib.naming import Finding, ParsedName, parse_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "Show.S01E01.720p.x264-GRP-NZBGeek-postbot-Scrambled-xpost.mkv",
            {"title": "Show", "release_group": "GRP", "resolution": "720p"},
            id="four re-posters behind the group",
        ),
        pytest.param(
            "Show S01E01 720p x264 [one] [two] [three] [four] [five].mkv",
            {"title": "Show", "seasons": [1], "episodes": [1], "resolution": "720p"},
            id="more brackets at the end than anybody reads",
        ),
        pytest.param(
            "Show Season 1 Episode 2019.05.17.mkv",
            {"title": "Show", "seasons": [1], "episodes": [2019]},
            id="a date within an episode number is no date",
        ),
        pytest.param(
            "2019.05.17 Season.mkv",
            {"date": "2019-05-17", "kind": "daily"},
            id="a day before the word season is no season number",
        ),
        pytest.param(
            "Show Season 1/10.bit.x264.mkv",
            {"title": "Show", "seasons": [1], "episodes": [], "video_codec": "H.264", "bit_depth": 10},
            id="a leading number that says something else",
        ),
        pytest.param(
            "Show.S01E01.torrent.nzb",
            {"title": "Show", "seasons": [1], "episodes": [1], "container": "nzb"},
            id="two extensions of downloads",
        ),
        pytest.param(
            "[01月][02月] Show S01E02.mkv",
            {"title": "Show", "seasons": [1], "episodes": [2]},
            id="two notices before the title",
        ),
        pytest.param("~/.mkv", {"rejected": True}, id="a title of nothing but marks"),
    ],
)
def test_rare_names(name: str, expected: dict[str, Any]) -> None:
    read = parse_name(name).to_dict()
    assert {field: read.get(field) for field in expected} == expected


def test_characters_that_two_findings_share_are_drawn_once() -> None:
    """`S01E01-E03` is three findings of one stretch; each character is drawn once."""
    read = ParsedName(name="abc", findings=(Finding("year", 1, 0, 2), Finding("part", 2, 1, 3)))
    assert read.__rich__() == "[yellow]ab[/]c"
