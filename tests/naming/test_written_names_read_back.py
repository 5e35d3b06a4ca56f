"""What the presets write, we and others read back as the same, whatever the title is made of."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.matching import normalise_title
from medialib.naming import JELLYFIN, KODI, PLEX, NamingPreset, ParsedName, parse_name, safe_part

PRESETS: Final = [PLEX, JELLYFIN, KODI]
DIGITS: Final = [
    "24",
    "1923",
    "1984",
    "2012",
    "4400",
    "90210",
    "007",
    "666",
    "0",
    "1",
    "8",
    "11.22.63",
    "9-1-1",
    "10.5",
]
LETTERS: Final = ["X", "A", "Q", "V", "M", "I", "E", "S", "王", "א", "é"]
RESERVED: Final = ["CON", "con", "PRN", "aux", "NUL", "COM1", "LPT9", "CONIN$"]
ENDING_IN_NUMBERS: Final = ["Show 2019", "Blade Runner 2049", "Mob Psycho 100", "The 100", "Room 104", "Steins;Gate 0"]
ODD: Final = [
    "3%", "12 Monkeys", "30 Rock", "2 Broke Girls", "86 - Eighty-Six", "2001: A Space Odyssey", "Fate/stay: night?",
    "24/7", "M*A*S*H", "S.W.A.T.", "E.R.", "Who Is America?", "Love, Death & Robots", "Cam", "Web Therapy", "It", "Us",
    "Lost", "The Real World", "Uncut Gems", "...", "Untitled", "Dark - Light", "#Freekarma", "東京", "Se7en",
    "[Sea] 2", "Harbour [Sea]", "Harbour {tmdb-7}", "Re:Harbour", "12:01", "2:22", "Sea//Salt", "העוגן", "مرسى",
    "WALL-E", "X-Men '97", "8 1/2", "8 1/2 Boats", "Face/Off", "Mr. & Mrs. Oak", "Vol. 1", "Part", "Extras", "Web",
]  # fmt: skip
TITLES: Final = [*DIGITS, *LETTERS, *RESERVED, *ENDING_IN_NUMBERS, *ODD]
"""Titles that are read back from the name of a file alone."""

WITH_MORE: Final[Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "The Office (US)": {"title": "The Office", "country": "US"},
        "The Office (2019)": {"title": "The Office", "year": 2019},
    }
)
"""Titles that are read back in two fields: what stands in brackets tells shows of one title apart."""

NOT_TITLES: Final = ["S1", "1x1", "S01E01", "[Group] Show"]
"""Titles that no name can hold: each is how names write something else. Season and file are right all the same."""

titles = st.sampled_from(TITLES)
years = st.integers(1950, 2030)


def same(found: ParsedName, title: str) -> bool:
    """Whether a title is the one that was written, as the library itself compares titles.

    A character that no name may hold is lost in writing (``M*A*S*H`` becomes ``MASH``), and so cannot come back.
    """
    return normalise_title(found.title or "") == normalise_title(safe_part(title))


@given(titles, years, st.sampled_from(PRESETS), st.integers(0, 60), st.integers(1, 300), st.integers(0, 3))
def test_episodes(title: str, year: int, preset: NamingPreset, season: int, first: int, more: int) -> None:
    """Show, season and episodes: of the file's name alone, and of its path with the show's year besides."""
    episodes = tuple(range(first, first + more + 1))
    name = preset.episode_file(title, extension="mkv", season=season, episodes=episodes, year=year)
    path = f"{preset.show_folder(title, year)}/{preset.season_folder(season)}/{name}"
    for written in (name, path):
        found = parse_name(written)
        assert same(found, title)
        assert (found.seasons, found.episodes, found.special) == ((season,), episodes, season == 0)
    assert parse_name(path).year == year


@given(titles, years, st.sampled_from(PRESETS), st.dates(datetime.date(1970, 1, 1), datetime.date(2035, 12, 31)))
def test_dailies(title: str, year: int, preset: NamingPreset, day: datetime.date) -> None:
    name = preset.episode_file(title, extension="mkv", date=day, year=year)
    for written in (name, f"{preset.show_folder(title, year)}/{preset.season_folder(day.year)}/{name}"):
        found = parse_name(written)
        assert same(found, title)
        assert found.date == day


@given(titles, years, st.sampled_from(PRESETS), st.integers(1, 1800))
def test_absolute_numbers(title: str, year: int, preset: NamingPreset, number: int) -> None:
    name = preset.episode_file(title, extension="mkv", absolute_episodes=(number,), year=year)
    for written in (name, f"{preset.show_folder(title, year)}/{name}"):
        found = parse_name(written)
        assert same(found, title)
        assert found.absolute_episodes == (number,)


@given(titles, years, st.sampled_from(PRESETS), st.none() | st.integers(1, 8))
def test_films(title: str, year: int, preset: NamingPreset, part: int | None) -> None:
    name = preset.movie_file(title, year, extension="mkv", part=part)
    for written in (name, f"{preset.movie_folder(title, year)}/{name}"):
        found = parse_name(written)
        assert same(found, title)
        assert (found.year, found.part) == (year, part)


@given(titles, years, st.sampled_from(PRESETS), st.sampled_from(["Final Cut", "Director's Cut", "Extended"]))
def test_editions(title: str, year: int, preset: NamingPreset, edition: str) -> None:
    found = parse_name(preset.movie_file(title, year, extension="mkv", edition=edition))
    assert same(found, title)
    assert found.year == year
    assert len(found.edition) == 1


EPISODE_TITLES: Final = [
    "S01E07 Again", "S3E4", "3x07", "Episode 9", "Part 2", "720p", "E05", "1x02", "Room 104", "24 Hours", "1-2-3",
    "[3x07]", "Pilot (1)", "2019", "(S09E09)", "Boats: 2x2", "10", "{edition-Final Cut}", "x264", "Ep. 5-9", "第9話",
]  # fmt: skip


@given(st.sampled_from(EPISODE_TITLES), st.sampled_from(PRESETS), st.integers(0, 60), st.integers(1, 300))
def test_no_title_of_an_episode_is_read_for_another_number(
    told: str, preset: NamingPreset, season: int, number: int
) -> None:
    name = preset.episode_file("Silent Harbour", extension="mkv", season=season, episodes=(number,), episode_title=told)
    found = parse_name(f"{preset.show_folder('Silent Harbour', 2019)}/{preset.season_folder(season)}/{name}")
    assert (found.title, found.seasons, found.episodes) == ("Silent Harbour", (season,), (number,))


def test_a_title_that_would_be_read_for_another_episode_is_left_out() -> None:
    def written(told: str) -> str:
        return PLEX.episode_file("Show", extension="mkv", season=1, episodes=(2,), episode_title=told)

    assert written("S01E07 Again") == "Show - S01E02.mkv"
    assert written("Room 104") == "Show - S01E02 - Room 104.mkv"
    assert written("Pilot [1]") == "Show - S01E02 - Pilot 1.mkv"


@pytest.mark.parametrize("title", WITH_MORE)
def test_a_title_that_is_read_in_two_fields(title: str) -> None:
    name = PLEX.episode_file(title, extension="mkv", season=1, episodes=(2,))
    for written in (name, f"{PLEX.show_folder(title)}/{PLEX.season_folder(1)}/{name}"):
        found = parse_name(written)
        assert {key: getattr(found, key) for key in WITH_MORE[title]} == WITH_MORE[title]
        assert (found.season, found.episode) == (1, 2)


@pytest.mark.parametrize("title", ENDING_IN_NUMBERS)
def test_a_number_behind_a_title_needs_the_year_that_is_written_behind_it(title: str) -> None:
    """Where the year is known it stands in the name of the file, so nothing is taken for it."""
    name = PLEX.episode_file(title, extension="mkv", season=1, episodes=(2,), year=2015)
    assert name == f"{title} (2015) - S01E02.mkv"
    assert (parse_name(name).title, parse_name(name).year) == (title, 2015)


@pytest.mark.parametrize("title", NOT_TITLES)
def test_a_title_that_is_how_names_write_something_else_keeps_its_place(title: str) -> None:
    """Honest limit: such a title is not read back; the folder and the file of one episode are still its own."""
    paths = {
        f"{PLEX.show_folder(other, 2015)}/{PLEX.season_folder(season)}/"
        + PLEX.episode_file(other, extension="mkv", season=season, episodes=(number,), year=2015)
        for other in (title, "Show")
        for season in (1, 2)
        for number in (1, 2)
    }
    assert len(paths) == 8
    last = parse_name(sorted(path for path in paths if path.startswith(PLEX.show_folder(title, 2015)))[-1])
    assert 2 in last.seasons
    assert 2 in last.episodes


# ------------------------------------------------------------------------------------------------------------ guessit


@pytest.fixture(scope="module")
def guessit() -> Any:
    """The function of another reader, where it is installed."""
    return pytest.importorskip("guessit", reason="guessit is not installed; it is no dependency").guessit


# No title with a colon: that is written " - ", which guessit takes for the end of the title.
PEER_TITLES: Final = [
    "Silent Harbour", "24", "1923", "The 100", "X", "CON", "Show 2019", "Mob Psycho 100", "30 Rock", "Room 104",
    "Mr. Robot", "Love, Death & Robots", "Märchen", "Who Is America?", "12 Monkeys", "Dark",
]  # fmt: skip


@pytest.mark.parametrize("preset", [PLEX, JELLYFIN], ids=lambda preset: str(preset.name))
@pytest.mark.parametrize("title", PEER_TITLES)
def test_guessit_reads_our_names_as_the_same_episode(guessit: Any, title: str, preset: NamingPreset) -> None:
    """Show, season and episodes of the whole path, as a server has it."""
    for season, episodes in ((1, [2]), (0, [3]), (12, [101]), (2, [5, 6]), (3, [7, 8, 9])):
        name = preset.episode_file(
            title, extension="mkv", season=season, episodes=episodes, year=2015, episode_title="Boats"
        )
        found = guessit(f"{preset.show_folder(title, 2015)}/{preset.season_folder(season)}/{name}")
        read = found["episode"] if isinstance(found["episode"], list) else [found["episode"]]
        assert normalise_title(found["title"]) == normalise_title(title)
        assert (found["type"], found["season"], read) == ("episode", season, episodes)


@pytest.mark.parametrize("preset", [PLEX, JELLYFIN], ids=lambda preset: str(preset.name))
@pytest.mark.parametrize("title", PEER_TITLES)
def test_guessit_reads_our_names_as_the_same_film(guessit: Any, title: str, preset: NamingPreset) -> None:
    name = preset.movie_file(title, 1999, extension="mkv")
    found = guessit(f"{preset.movie_folder(title, 1999)}/{name}")
    assert normalise_title(found["title"]) == normalise_title(title)
    assert (found["type"], found["year"]) == ("movie", 1999)
