"""Searching the catalogue and asking what is alike, through the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from medialib.catalogue import open_catalogue
from medialib.model import Holding, InventoryFile, Movie, Place, Show, Unit
from medialib.testing.servers import require_modules

if TYPE_CHECKING:
    from .conftest import Home

SHOWS = (
    Show("dark", "Dark", year=2017, genres=("Drama", "Mystery"), language="de", aliases=("Finsternis",)),
    Show("1899", "1899", year=2022, genres=("Mystery",), language="de"),
    Show("breaking-bad", "Breaking Bad", year=2008, genres=("Drama", "Crime"), language="en"),
    Show("ozark", "Ozark", year=2017, genres=("Crime", "Drama"), language="en"),
    Show("naruto", "Naruto", year=2002, type="anime", language="ja"),
    Show("hostile", "'; DROP TABLE shows; --\0[bold]\udcff", year=1999),
)


def filled(home: Home) -> Home:
    kept = InventoryFile(
        Place("tv", "Dark/x.mkv"), 1, 1, datetime(2026, 1, 1, tzinfo=UTC), Holding(Unit("episode", "dark"))
    )
    catalogue = open_catalogue(f"sqlite:///{home.folder}/catalogue.db")
    for show in SHOWS:
        catalogue.shows.add(show)
    catalogue.movies.add(Movie("dark-city", "Dark City", year=1998))
    catalogue.inventory.put([kept])
    catalogue.close()
    return home


def keys(home: Home, *arguments: str) -> list[str]:
    answer = home.medialib("--json", "shows", *arguments)
    assert answer.code == 0, answer.err
    assert all(each["reasons"] for each in answer.document["found"])
    return [each["key"] for each in answer.document["found"]]


def test_what_is_called_so_comes_first_and_what_is_misspelt_is_found(home: Home) -> None:
    filled(home)
    assert keys(home, "search", "finsternis") == ["dark"]
    assert keys(home, "search", "DARK")[:2] == ["dark", "dark-city"]
    assert keys(home, "search", "dark", "--type", "movie") == ["dark-city"]
    assert keys(home, "search", "dark", "--year", "2017") == ["dark"]
    assert keys(home, "search", "braking bda", "-n", "1") == ["breaking-bad"]
    assert keys(home, "search", "drop table shows") == ["hostile"]
    drawn = home.medialib("shows", "search", "'; DROP TABLE shows; --")
    assert r"\x00[bold]\udcff" in drawn.out
    nothing = home.medialib("shows", "search", "zzzz")
    assert (nothing.code, nothing.out) == (0, "nothing in the catalogue is called like 'zzzz'\n")
    assert home.medialib("shows", "search", " ").code == 2


def test_what_is_like_a_show_comes_with_reasons(home: Home) -> None:
    filled(home)
    found = home.medialib("--json", "shows", "similar", "Dark").document["found"]
    assert [each["key"] for each in found] == ["1899", "ozark", "breaking-bad"]
    assert found[0]["reasons"] == ["both Mystery", "2022, near 2017", "both in de"]
    assert "nothing in the catalogue is like 'Naruto'" in home.medialib("shows", "similar", "Naruto").out
    unknown = home.medialib("shows", "similar", "Ozarc")
    assert unknown.code == home.medialib("shows", "fix", "Ozarc").code != 0
    assert "Ozark: ozark" in unknown.err


def test_what_has_files_is_not_recommended(home: Home) -> None:
    filled(home)
    assert keys(home, "recommend") == ["1899", "ozark", "breaking-bad"]
    assert keys(home, "recommend", "Breaking Bad", "-n", "1") == ["ozark"]
    assert "like Breaking Bad; both Drama, Crime" in home.medialib("shows", "recommend", "breaking-bad").out


def test_an_index_in_milvus_is_kept_and_follows_the_catalogue(home: Home) -> None:
    require_modules("pymilvus", "milvus_lite")
    filled(home).configure(library='[similarity]\nindex = "milvus:///titles.db"')
    assert keys(home, "search", "ozrak", "-n", "1") == ["ozark"]
    assert (home.folder / "titles.db").exists()
    catalogue = open_catalogue(f"sqlite:///{home.folder}/catalogue.db")
    catalogue.shows.remove("ozark")
    catalogue.shows.add(Show("oz", "Ozrak County"))
    catalogue.close()
    assert keys(home, "search", "ozrak", "-n", "1") == ["oz"]
