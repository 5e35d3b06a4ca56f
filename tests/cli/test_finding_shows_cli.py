"""Shows listed and searched for through the command line, in the catalogue and at providers, by the same filters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs
import pytest

from medialib.library import open_library
from medialib.model import Episode, ExternalIds, Holding, InventoryFile, Movie, Place, Show, Unit

if TYPE_CHECKING:
    from .conftest import Home, Services

SHOWS = (
    Show("dark", "Dark", year=2017, genres=("Drama", "Mystery"), language="de", status="Ended", source="tvmaze"),
    Show("ozark", "Ozark", year=2017, genres=("Crime", "Drama"), language="en", ids=ExternalIds(tmdb=69740)),
    Show("naruto", "Naruto", year=2002, type="anime", language="ja", status="Returning Series"),
    Show("untold", "'; DROP TABLE shows; --\0[bold]\udcff"),
)


def filled(home: Home) -> Home:
    with open_library(home.folder / "medialib.toml") as library:
        catalogue = library.catalogue
        for show in SHOWS:
            catalogue.shows.add(show)
        catalogue.movies.add(Movie("dark-city", "Dark City", year=1998))
        catalogue.episodes.put(Episode("dark", season, number) for season in (0, 1, 2) for number in (1, 2, 3))
        held = Holding(Unit("episode", "dark"))
        catalogue.inventory.put(
            InventoryFile(Place("tv", f"Dark/{name}"), 1, 1, datetime(2026, 1, 1, tzinfo=UTC), holding)
            for name, holding in (("a.mkv", held), ("b.mkv", held), ("a.srt", attrs.evolve(held, role="companion")))
        )
    return home


def listed(home: Home, *arguments: str) -> list[str]:
    answer = home.medialib("--json", "shows", "list", *arguments)
    assert answer.code == 0, answer.err
    return [each["key"] for each in answer.document["shows"]]


@pytest.mark.every_catalogue
def test_shows_are_listed_with_what_there_is_of_them(home: Home) -> None:
    assert home.medialib("shows", "list").out.endswith("0 shows\n")
    filled(home)
    document = home.medialib("--json", "shows", "list").document
    assert [each["key"] for each in document["shows"]] == ["dark", "untold", "naruto", "ozark"]
    dark = document["shows"][0]
    assert (dark["seasons"], dark["episodes"], dark["specials"], dark["files"]) == (2, 6, 3, 2)
    assert (dark["genres"], dark["ids"]["tmdb"]) == (["Drama", "Mystery"], None)
    drawn = home.medialib("shows", "list").out.splitlines()
    assert drawn[0].split() == ["title", "year", "type", "status", "seasons", "episodes", "files", "source", "key"]
    assert drawn[1].split() == ["Dark", "2017", "standard", "Ended", "2", "6+3", "2", "tvmaze", "dark"]
    assert r"\x00[bold]\udcff" in drawn[2]
    assert drawn[-1] == "4 shows"


def test_filters_narrow_the_list(home: Home) -> None:
    filled(home)
    assert listed(home, "--year", "2010-2020", "--genre", "drama") == ["dark", "ozark"]
    assert listed(home, "--genre", "drama", "--genre", "!crime") == ["dark"]
    assert listed(home, "--language", "japanese,german") == ["dark", "naruto"]
    assert listed(home, "--status", "running") == ["naruto"]
    assert listed(home, "--status", "none") == ["untold", "ozark"]
    assert listed(home, "--type", "anime") == ["naruto"]
    assert listed(home, "--provider", "tvmaze") == ["dark"] == listed(home, "--source", "tvmaze")
    assert listed(home, "--missing-ids", "tmdb") == ["dark", "untold", "naruto"]
    assert listed(home, "--year", "-2010") == ["naruto"]
    (reasons,) = (
        each["reasons"] for each in home.medialib("--json", "shows", "list", "--year", "2002").document["shows"]
    )
    assert reasons == ["year 2002"]
    refused = home.medialib("shows", "list", "--year", "soon")
    assert refused.code == 2
    assert "2010-2015" in refused.err


def test_the_list_is_sorted(home: Home) -> None:
    """What is not known stands last, whichever way."""
    filled(home)
    assert listed(home, "--sort", "year") == ["naruto", "dark", "ozark", "untold"]
    assert listed(home, "--sort", "year", "--reverse") == ["dark", "ozark", "naruto", "untold"]
    assert listed(home, "--sort", "files", "--reverse", "--rows", "1") == ["dark"]
    assert home.medialib("shows", "list", "--rows", "1").out.endswith("4 shows, 3 of them not shown\n")


def test_the_catalogue_is_searched_by_the_same_filters(home: Home) -> None:
    filled(home)

    def found(*arguments: str) -> list[str]:
        return [each["key"] for each in home.medialib("--json", "shows", "search", *arguments).document["found"]]

    assert found("dark")[:2] == ["dark", "dark-city"]
    assert found("dark", "--movies") == found("dark", "--type", "movie") == ["dark-city"]
    assert found("dark", "--genre", "mystery") == ["dark"]
    assert found("ozrak", "--missing-ids", "tmdb", "--source", "user") == []


# ----------------------------------------------------------------------------------------------------------- providers


def test_a_provider_is_asked(asking: Home, services: Services) -> None:
    """What it offers, with its numbers; what the catalogue has already is marked; nothing is written."""
    asking.medialib("shows", "add", "Nosferatu", "--tvmaze-id", "202")
    before = asking.digest()
    document = asking.medialib("--json", "shows", "search", "Nosferatu", "--provider").document
    assert [(each["reference"], each["known"]) for each in document["found"]] == [
        ("tvmaze:201", None),
        ("tvmaze:202", "nosferatu-2014"),
        ("tvmaze:203", None),
    ]
    assert document["found"][1]["countries"] == ["DE"]
    drawn = asking.medialib("shows", "search", "--provider", "tmdb", "Nosferatu").out.splitlines()
    assert {line.split()[0] for line in drawn[1:]} == {"tmdb:201", "tmdb:202", "tmdb:203"}
    assert services.tmdb.asked() > 0
    assert asking.digest() == before


def test_filters_apply_to_what_a_provider_offers(asking: Home) -> None:
    """Also to what its search does not tell: that is asked for."""

    def found(provider: str, *arguments: str) -> list[str]:
        answer = asking.medialib("--json", "shows", "search", "Nosferatu", "--provider", provider, *arguments)
        assert answer.code == 0, answer.err
        return [each["reference"].partition(":")[2] for each in answer.document["found"]]

    for provider in ("tvmaze", "tmdb"):
        assert found(provider, "--country", "US", "--status", "running") == ["203"]
        assert found(provider, "--language", "german") == ["202"]
        assert found(provider, "--year", "1990-2015") == ["201", "202"]
    films = asking.medialib("--json", "shows", "search", "salt", "--provider", "tmdb", "--movies").document["found"]
    assert [(each["reference"], each["type"]) for each in films] == [("tmdb:703", "movie")]
    assert "nothing that fits" in asking.medialib("shows", "search", "Zzz", "--provider").out


def test_a_provider_that_cannot_be_asked_says_why(asking: Home, services: Services) -> None:
    assert asking.medialib("shows", "search", "Salt", "--provider", "--movies").code == 2
    unknown = asking.medialib("shows", "search", "Salt", "--provider", "nobody")
    assert unknown.code == 2
    assert "tmdb" in unknown.err
    file = asking.folder / "medialib.toml"
    file.write_text(file.read_text().replace(f'api_key = "{services.key}"', ""))
    keyless = asking.medialib("shows", "search", "Salt", "--provider", "tmdb")
    assert keyless.code == 2
    assert "tmdb.api_key" in keyless.err
    services.tvmaze.stop()
    down = asking.medialib("shows", "search", "Salt", "--provider")
    assert down.code == 1
    assert "TVmaze" in down.err
