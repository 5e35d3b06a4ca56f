"""What providers say of newer seasons, and what the library is made of."""

from __future__ import annotations

from datetime import date

import attrs
import pytest

from medialib.errors import ConnectionLost, MedialibError, OutOfReach
from medialib.metadata import EpisodeMetadata
from medialib.model import ExternalIds, Holding, InventoryFile, Movie, Place, Show, Unit
from medialib.testing.metadata_world import MemoryProvider, invented_world
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.lookup import TitleLookup
from medialib.workflows.new_seasons import NewSeasons, find_new_seasons
from medialib.workflows.shows import plan_add_show
from medialib.workflows.statistics import Dimension, count_library


class Failing(MemoryProvider):
    """A provider that is out of reach for some of its shows."""

    lost: frozenset[int] = frozenset()

    def episodes(self, show: int, *, fresh: bool = False) -> tuple[EpisodeMetadata, ...]:
        """See `MetadataProvider.episodes`."""
        if show in self.lost:
            raise ConnectionLost("it does not answer")
        return super().episodes(show, fresh=fresh)


@pytest.fixture
def world() -> MemoryWorld:
    """The first season of two shows."""
    provider = Failing(invented_world(), name="tmdb")
    world = MemoryWorld(provider=provider)
    for number, title in ((101, "The Long Voyage"), (302, "Yoru no Machi")):
        world.apply(world.plan_show(plan_add_show, title, ids=ExternalIds(tmdb=number)))
        world.incoming.put(f"{title}.S01E01.1080p.WEB-GRP.mkv", b"x" * 10, mtime_ns=world.clock.ago(hours=1))
    world.apply(world.plan_route())
    return world


def newer(world: MemoryWorld, *shows: str) -> NewSeasons:
    assert world.provider is not None
    roots = {"tv": world.tv, "movies": world.movies}
    return find_new_seasons(world.catalogue, roots, TitleLookup(world.provider), world.clock, shows=shows)


def test_seasons_that_are_newer_than_what_is_held(world: MemoryWorld) -> None:
    assert isinstance(world.provider, MemoryProvider)
    voyage = world.provider.world.episodes[101]
    today, later = world.clock.now().date(), date(2030, 1, 1)
    more = (
        EpisodeMetadata(3, 1, "New", date(2024, 5, 1)),
        EpisodeMetadata(3, 2, "Newer", today),
        EpisodeMetadata(4, 1, None, later),
        EpisodeMetadata(5, 1),
    )
    world.provider.world.episodes[101] = (*voyage, *more)
    found = newer(world)
    told = [(each.show.title, each.season, each.state, each.aired, each.episodes) for each in found.seasons]
    assert told == [
        ("The Long Voyage", 2, "aired", 2, 2),
        ("The Long Voyage", 3, "running", 1, 2),
        ("The Long Voyage", 4, "announced", 0, 1),
        ("The Long Voyage", 5, "announced", 0, 1),
        ("Yoru no Machi", 2, "aired", 12, 12),
    ]
    assert found.seasons[0].held == 1
    assert found.as_data()["seasons"][2]["first"] == "2030-01-01"
    assert "1 of 2" in str(found.__rich__())
    assert [each.show.title for each in newer(world, "Yoru no Machi").seasons] == ["Yoru no Machi"]


def test_who_cannot_be_asked_and_who_does_not_answer(world: MemoryWorld) -> None:
    world.catalogue.shows.add(Show("by-name", "By Name"))
    unit = Unit("episode", "by-name", 1, (1,))
    world.catalogue.inventory.put([InventoryFile(Place("tv", "a.mkv"), 1, 1, world.clock.now(), Holding(unit))])
    assert isinstance(world.provider, Failing)
    world.provider.lost = frozenset({302})
    found = newer(world)
    assert [show.key for show, _ in found.unasked] == ["by-name"]
    assert [show.title for show, _ in found.failed] == ["Yoru no Machi"]
    assert [each.show.title for each in found.seasons] == ["The Long Voyage"]
    assert "no answer" in str(found.__rich__())
    world.provider.lost = frozenset({101, 302})
    with pytest.raises(MedialibError, match="does not answer"):
        newer(world)


def test_a_library_in_figures(world: MemoryWorld) -> None:
    world.catalogue.movies.add(Movie("salt", "Salt <b>", 2010))
    film = Holding(Unit("movie", "salt"), details={"resolution": "2160p", "source": "BluRay"})
    rows = [
        InventoryFile(Place("movies", "Salt.mkv"), 30_000_000_000, 1, world.clock.now(), film),
        InventoryFile(Place("movies", "Salt.srt"), 5, 1, world.clock.now(), attrs.evolve(film, role="companion")),
        InventoryFile(Place("movies", "What.mkv"), 1, 1, world.clock.now()),
    ]
    world.catalogue.inventory.put(rows)
    world.movies.put("Salt.mkv", b"")
    roots = {"tv": world.tv, "movies": world.movies}
    found = count_library(world.catalogue, roots)
    assert (found.files, found.companions, found.size) == (4, 1, 30_000_000_026)
    shares = {
        dimension: {share.name: (share.files, share.size) for share in several}
        for dimension, several in found.shares.items()
    }
    assert shares["resolution"] == {"2160p": (1, 30_000_000_000), "1080p": (2, 20), "not said": (1, 1)}
    assert shares["show"] == {"The Long Voyage": (1, 10), "Yoru no Machi": (1, 10), "not said": (1, 1)}
    assert shares["film"] == {"Salt <b>": (1, 30_000_000_000)}
    assert shares["year"] == {"2010": (1, 30_000_000_000), "2011": (1, 10), "2015": (1, 10), "not said": (1, 1)}
    assert set(shares["size"]) == {"more than 10 GB", "up to 500 MB"}
    drawn = str(found.__rich__())
    assert "30.0 GB  " + "█" * 20 in drawn
    pictures = found._repr_html_()
    assert pictures.count("<svg") == 7
    assert "Salt &lt;b&gt;" in pictures
    only: tuple[Dimension, ...] = ("show",)
    few = count_library(world.catalogue, roots, dimensions=only, shown=1)
    assert "… and 2 more" in str(few.__rich__())
    assert len(few.as_data()["by show"]) == 3
    world.tv.files.clear()
    with pytest.raises(OutOfReach):
        count_library(world.catalogue, roots)
