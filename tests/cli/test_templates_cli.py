"""A user's own templates name what is routed; what is wrong with one is told before anything moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Home
else:
    Home = Any

TEMPLATES = """\
preset = "jellyfin"
show_folder = "{Series TitleYear} {tvdb-{TvdbId}}"
season_folder = "S{season:00}"
episode_file = "{Series.Title}.S{season:00}E{episode:00}{.Episode Title}{.Quality Title}{-Release Group}"
movie_folder = "{Movie Title}"
movie_file = "{Movie Title} ({Release Year}) {[Quality Full]} {edition-{Edition Tags}}"
"""


def test_ones_own_templates_name_folders_files_and_companions(home: Home) -> None:
    home.configure(library=TEMPLATES)
    for name in (
        "Show.Name.S01E02E03.Proper.1080p.WEB-DL.x264-GRP.mkv",
        "Show.Name.S01E02E03.Proper.1080p.WEB-DL.x264-GRP.en.forced.srt",
        "Show.Name.S00E01.mkv",
        "Daily.Show.2024.05.17.720p.HDTV.x264-GRP.mkv",
        "Film.Name.2001.Extended.1080p.BluRay.x264-X.mkv",
    ):
        home.put(name, name.encode(), where="incoming")
    assert home.medialib("route").code == 0
    assert sorted(home.files()) == [
        "movies/Film Name/Film Name (2001) [Bluray-1080p] {edition-Extended}.mkv",
        "tv/Daily Show/S2024/Daily.Show.2024-05-17.HDTV-720p-GRP.mkv",
        "tv/Show Name/S00/Show.Name.S00E01.mkv",
        "tv/Show Name/S01/Show.Name.S01E02-E03.WEBDL-1080p-GRP.en.forced.srt",
        "tv/Show Name/S01/Show.Name.S01E02-E03.WEBDL-1080p-GRP.mkv",
    ]
    told = home.medialib("explain", "Show.Name.S01E04.mkv")
    assert "named for jellyfin with templates of your own" in " ".join(told.out.split())


def test_one_template_leaves_the_rest_to_the_preset(home: Home) -> None:
    home.configure(library='preset = "kodi"\nmovie_file = "{Movie TitleYear} {[Quality Full]}"')
    for name in ("Show.S01E01-E03.mkv", "Show.S00E03.mkv", "Film.2001.1080p.BluRay.x264-X.mkv"):
        home.put(name, name.encode(), where="incoming")
    assert home.medialib("route").code == 0
    assert sorted(home.files()) == [
        "movies/Film (2001)/Film (2001) [Bluray-1080p].mkv",
        "tv/Show/Season 00/Show - S00E03.mkv",
        "tv/Show/Season 01/Show - S01E01E02E03.mkv",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('episode_file = "{Serie Title} S{season:00}E{episode:00}"', "library.episode_file: {Serie Title} is no token"),
        ('movie_file = "{Series Title}"', "library.movie_file: {Series Title} says nothing in the file of a film"),
        ('show_folder = "{Series Year}"', "library.show_folder: {Series Title} is missing"),
        ('season_folder = "Season"', "library.season_folder: {season:00} is missing"),
        ('movie_folder = "{Movie Title}/x"', "library.movie_folder: a template is one part of a path"),
        ("movie_folder = 1", "library.movie_folder: wants text in quotes, got 1"),
    ],
)
def test_a_template_that_cannot_be_used_stops_the_run_with_its_key(home: Home, line: str, problem: str) -> None:
    """Wrong configuration → all problems at once, each with its key path; exit code 2; nothing moved."""
    home.configure(library=line)
    home.put("Show.S01E01.mkv", where="incoming")
    answer = home.medialib("route")
    assert answer.code == 2
    assert problem in " ".join(answer.err.split())
    assert list(home.files()) == ["incoming/Show.S01E01.mkv"]


def test_a_plan_made_under_other_templates_is_refused(home: Home) -> None:
    home.put("Show.S01E01.mkv", where="incoming")
    file = str(home.folder / "plan.json")
    assert home.medialib("route", "-n", "--save-plan", file).code == 0
    home.configure(library='season_folder = "S{season}"')
    answer = home.medialib("plan", "apply", file)
    assert answer.code == 1
    assert "another configuration" in " ".join(answer.err.split())
    assert list(home.files()) == ["incoming/Show.S01E01.mkv"]


def test_what_is_configured_is_shown_as_it_was_written(home: Home) -> None:
    home.configure(library='episode_file = "{Series Title} S{season:00}E{episode:00}"')
    shown = home.medialib("config", "show", "--json").document
    assert "{Series Title} S{season:00}E{episode:00}" in str(shown)
