"""Conventions of counting and of titles, each shown on names made up for it: those it reads, and those it leaves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.naming import parse_name

READ: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "several episodes": [
        ("Lantern.Road.S01E01_02.720p", {"episodes": [1, 2]}),
        ("Lantern.Road.S01E01S01E02.720p", {"title": "Lantern Road", "seasons": [1], "episodes": [1, 2]}),
        ("Lantern.Road.S04E01.E02.E03.4k.WEB", {"episodes": [1, 2, 3]}),
        ("Lantern Road - S01E05+09 - The Lamp.mkv", {"episodes": [5, 9], "episode_title": "The Lamp"}),
        ("Lantern Road - S01E02.5 - The Lamp.mkv", {"episodes": [2.5], "episode_title": "The Lamp"}),
        ("Lantern Road Season 1 Ep 1 to 4 720p", {"seasons": [1], "episodes": [1, 2, 3, 4]}),
        ("Lantern Road S02 [01-03 of 10] 720p", {"seasons": [2], "episodes": [1, 2, 3]}),
        ("Lantern.Road.Season.2of5.3of9.HDTV", {"seasons": [2], "episodes": [3]}),
        ("[Lamp] Lantern Road 3-5 & 7-8 [720p]", {"title": "Lantern Road", "absolute_episodes": [3, 4, 5, 7, 8]}),
        ("Lantern Road - 103, 104 - The Lamp.mkv", {"absolute_episodes": [103, 104], "episode_title": "The Lamp"}),
        ("[Lamp] Lantern Road 8 & 3 [720p]", {"seasons": None}),
        ("Salt & Lamps, 2 & 3 (2009).mkv", {"kind": "movie", "year": 2009}),
        ("Lantern Road 13-16", {"title": "Lantern Road", "absolute_episodes": [13, 14, 15, 16]}),
        ("Lantern Road 11-13.avi", {"seasons": [11], "episodes": [13]}),
        ("Lantern.Road.10708.HDTV-QRS.mp4", {"title": "Lantern Road", "seasons": [1], "episodes": [7, 8]}),
        ("Lantern.Road.10799.HDTV-QRS.mp4", {"seasons": None}),
    ],
    "a number in words, or beside one": [
        ("Lantern Season 1 Episode 2 сезон 3 серия.mkv", {"seasons": [1], "episodes": [2]}),
        ("Lantern Road The Second Season 720p", {"title": "Lantern Road", "seasons": [2]}),
        ("The Second Season (2012) 1080p BluRay", {"seasons": None, "year": 2012}),
        ("Lantern Road S2.05.avi", {"seasons": [2], "episodes": [5]}),
        ("Lantern Road s02 05 The Lamp.avi", {"seasons": [2], "episodes": [5], "episode_title": "The Lamp"}),
        ("Lantern.Road.S01.02.03", {"seasons": [1, 2, 3]}),
        ("Lantern.Road.S02P01.720p.WEB", {"title": "Lantern Road", "seasons": [2], "part": 1}),
        ("Lantern Road EP #1.2.mkv", {"seasons": [1], "episodes": [2]}),
        ("Lantern Road 1. Sezon 5. Bölüm.mp4", {"title": "Lantern Road", "seasons": [1], "episodes": [5]}),
        ("Lantern Road Cap 12.avi", {"title": "Lantern Road", "episodes": [12]}),
        ("The Knee Cap 2 (2019).mkv", {"title": "The Knee Cap 2", "kind": "movie"}),
        ("Lantern.2019x05.North.Race.720p.HDTV", {"title": "Lantern", "seasons": [2019], "episodes": [5]}),
        ("Lantern Road SP01.mkv", {"title": "Lantern Road", "episodes": [1], "kind": "special"}),
        ("SP2 (2015).mkv", {"title": "SP2", "year": 2015}),
        ("[Lamp] Lantern Road OVA3.5 [720p]", {"title": "Lantern Road OVA", "episodes": [3.5]}),
    ],
    "other scripts": [
        ("灯.第3季第05集.1080p.mp4", {"title": "灯", "seasons": [3], "episodes": [5]}),
        ("灯 第十二季 第二十集.mp4", {"title": "灯", "seasons": [12], "episodes": [20]}),
        ("랜턴 시즌2 05-07화.mp4", {"title": "랜턴", "seasons": [2], "episodes": [5, 6, 7]}),
        ("فانوس الموسم 2 الحلقة 5.mp4", {"title": "فانوس", "seasons": [2], "episodes": [5]}),
        ("랜턴 시즌 2화.mp4", {"title": "랜턴", "seasons": [2]}),
        ("第1話" * 60, {"seasons": None}),
    ],
    "season and episode as one number": [
        ("Lantern.Road.2005.211.The.Lamp.avi", {"title": "Lantern Road", "seasons": [2], "episodes": [11]}),
        ("Lantern.Road.2005.0308-QRS", {"seasons": [3], "episodes": [8], "year": 2005}),
        ("Lantern.Road.2005.200.Lamps.avi", {"seasons": None}),
        ("Lantern.Road.2005.480.x264.avi", {"seasons": None}),
        ("Lantern Road - 205 (31) - The Lamp.avi", {"seasons": [2], "episodes": [5], "episode_title": "The Lamp"}),
        ("[Lamp] Lantern Road (2014) - 114 (115) [720p]", {"absolute_episodes": [114], "seasons": None}),
    ],
    "numbers between words": [
        ("Lantern.Road.05.The.Lamp.avi", {"title": "Lantern Road", "absolute_episodes": [5]}),
        ("Lantern.Vol.05.The.Lamp.avi", {"absolute_episodes": None}),
        ("Lantern.Road.06.2010.1080p.BluRay", {"title": "Lantern Road 06", "kind": "movie"}),
        ("Lantern Road - S01E02 - 112 - The Lamp.mkv", {"absolute_episodes": [112], "episode_title": "The Lamp"}),
        ("Lantern.Road.S02E05.100.Lamps.720p.WEB", {"episode_title": "100 Lamps", "absolute_episodes": None}),
        ("(500) Lamps of Summer (2009)", {"title": "(500) Lamps of Summer", "kind": "movie"}),
        ("03. Lantern Road - The Lamp.avi", {"title": "Lantern Road", "episodes": [3], "episode_title": "The Lamp"}),
        ("01 - Lantern Road (2019).mkv", {"title": "Lantern Road", "year": 2019}),
    ],
    "numbers in the title of an episode": [
        ("Lantern - S02E05 - S01E01 again.mkv", {"seasons": [2], "episodes": [5], "episode_title": "S01E01 again"}),
        ("Lantern - S02E05 - 1x01 Again.mkv", {"seasons": [2], "episodes": [5], "episode_title": "1x01 Again"}),
        ("10x10 - S01E02 - The Lamp.mkv", {"title": "10x10", "seasons": [1], "episodes": [2]}),
        ("Lantern - S02E05 - Summer of 2001.mkv", {"episode_title": "Summer of 2001", "year": None}),
        ("Lantern - S02E05 - 2001.mkv", {"episode_title": "2001", "year": None}),
        ("Lantern.S02E05.2001.720p.WEB", {"year": 2001}),
    ],
    "days": [
        ("Lantern_19.03.12_20-15_zdf_60.avi", {"title": "Lantern", "date": "2019-03-12"}),
        ("2019-03-12 The Lantern Show.mkv", {"title": "The Lantern Show", "date": "2019-03-12"}),
        ("Lantern/2019-03-12 The Lamp.mkv", {"title": "Lantern", "episode_title": "The Lamp"}),
    ],
    "years": [
        ("1080p (2001) 720p BluRay x264-LAMP.mkv", {"title": "1080p", "year": 2001, "resolution": "720p"}),
        ("4K.(2019).1080p.WEB-DL.mkv", {"title": "4K", "year": 2019, "resolution": "1080p"}),
        ("Lantern DVD (2001).mkv", {"title": "Lantern", "year": 2001, "source": "DVD"}),
        ("90312 (2015).mkv", {"title": "90312", "year": 2015, "kind": "movie"}),
        ("9-2-3 (2015).mkv", {"year": 2015, "kind": "movie"}),
        ("2019 - Lantern Road.mkv", {"title": "Lantern Road", "year": 2019}),
        ("(2019) Lantern Road.mkv", {"title": "Lantern Road", "year": 2019}),
        ("Lantern-Road-2019-1080p", {"title": "Lantern-Road", "year": 2019}),
    ],
    "specials, extras and titles behind a season or a year": [
        ("Lantern.2013.Christmas.Special.The.Lamp.avi", {"episode_title": "Christmas Special The Lamp"}),
        ("Lantern 2005 50th Anniversary Special.avi", {"kind": "special", "edition": None}),
        ("Lantern.Road.2012.Special.Edition.1080p.BluRay", {"kind": "movie", "episode_title": None}),
        ("A.Special.Lamp.1977.1080p.BluRay", {"title": "A Special Lamp", "kind": "movie"}),
        ("The.Specials.2019.1080p.BluRay", {"title": "The Specials", "kind": "movie"}),
        ("Mating Season (1980) 720p", {"title": "Mating Season"}),
        ("Lantern.S02.The.Lamp.Part.2.720p.WEB", {"episode_title": "The Lamp", "part": 2}),
        ("Lantern.S02.Extras.720p.WEB", {"episode_title": None}),
        ("Lantern.S01Extras.-.The.Lamp.DVDRip", {"episode_title": "The Lamp", "seasons": [1]}),
        ("Lantern.S01E02.The.Interview.720p.WEB", {"kind": "episode", "episode_title": "The Interview"}),
        ("Lantern - S01E02-trailer.mkv", {"kind": "extra"}),
        ("Lantern.S02E01.lamp_one-pt1.xyz.720p", {"episode_title": "lamp one", "part": 1}),
        ("Lantern - S01E02 - The Lamp, Part 1.mkv", {"episode_title": "The Lamp, Part 1"}),
        ("Puerto Lantern - Temporada Completa 720p", {"title": "Puerto Lantern"}),
    ],
    "what media servers write": [
        ("Lantern (2012) BluRay - 720p - [Tamil + Hindi] - 1.4GB - ESub.mkv", {"absolute_episodes": None}),
        ("Lantern (2019) [tmdbid-603].mkv", {"title": "Lantern", "year": 2019, "release_group": None}),
        ("Lantern {tvdb-7}/Season 01/Lantern - S01E03.mkv", {"title": "Lantern", "release_group": None}),
        ("Lantern (2019) {edition-Final Cut} - part1.mkv", {"part": 1, "release_group": None}),
        ("Lantern (2019) {edition-Final Cut} - cd2.mkv", {"part": None, "release_group": None}),
        ("Lantern (2019)/Featurettes/The Lamp.mkv", {"title": "Lantern", "kind": "extra", "episode_title": "The Lamp"}),
        ("Lantern (2019)/Subs/English.srt", {"title": "Lantern", "kind": "subtitle"}),
        ("Lantern (2019)/movie.mkv", {"title": "Lantern", "year": 2019}),
        ("Subs/English.srt", {"kind": "subtitle"}),
    ],
    "what the folder of a show settles": [
        ("Lantern/Season 1/Lantern - ♥ - 1x10 - First.mkv", {"title": "Lantern - ♥", "alternative_titles": None}),
        ("Lantern/S1/Lantern - 03.mkv", {"seasons": [1], "episodes": [3]}),
        ("Lantern/S20/[Lamp] Lantern - 926 [720p].mkv", {"absolute_episodes": [926], "seasons": None}),
        ("Lantern (2012)/S2/[Q] Lantern - Lamps - 12.mkv", {"title": "Lantern", "alternative_titles": ["Lamps"]}),
        ("Lantern/The Lamp - Lantern S02E06.mkv", {"title": "Lantern", "episode_title": "The Lamp"}),
        ("Lantern/Season 1/03. Lantern - The Lamp.avi", {"title": "Lantern", "episode_title": "The Lamp"}),
        ("Lantern/Season 1/03. Other - The Lamp.avi", {"episode_title": "Other - The Lamp"}),
        ("Extras (1950)/Season 01/Extras - S01E02.mkv", {"title": "Extras", "year": 1950}),
        ("Extras (1950)/Season 01/S01E02 - The Lamp.mkv", {"title": "Extras", "year": 1950}),
        (
            "S01E01 (2019)/Season 02/S01E01 (2019) - S02E03 - The Lamp.mkv",
            {"title": "S01E01", "year": 2019, "seasons": [2], "episodes": [3], "episode_title": "The Lamp"},
        ),
        ("Season 1/Season 1 - The Lamp.mkv", {"seasons": [1], "episodes": None}),
        ("Season 1/Season 1 - S02E03.mkv", {"title": "Season 1", "seasons": [2], "episodes": [3]}),
        ("Lantern.S01E05.1080p.WEB.H264-QRS/qrs-la.s01e05.mkv", {"title": "Lantern", "episodes": [5]}),
    ],
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [pytest.param(*case, id=f"{what}-{number}") for what, cases in READ.items() for number, case in enumerate(cases)],
)
def test_convention(name: str, expected: dict[str, Any]) -> None:
    read = parse_name(name).to_dict()
    assert {field: read[field] or None for field in expected} == expected


@given(st.integers(1, 40), st.integers(1, 99), st.sampled_from([". ", " ", "_"]), st.sampled_from(["Lamp", "Old Lamp"]))
def test_season_and_episode_are_read_whatever_the_numbers(season: int, episode: int, between: str, words: str) -> None:
    title = words.replace(" ", between.strip(" ") or " ")
    found = parse_name(f"{title}{between}S{season:02}E{episode:02}{between}720p{between}WEB")
    assert (found.seasons, found.episodes) == ((season,), (episode,))


@given(st.integers(1, 99), st.integers(1, 300))
def test_seasons_and_episodes_of_other_scripts_are_read_whatever_the_numbers(season: int, episode: int) -> None:
    for name in (f"灯 第{season}季 第{episode}集.mp4", f"랜턴 시즌{season} {episode}화.mp4"):
        found = parse_name(name)
        assert (found.seasons, found.episodes) == ((season,), (episode,))
