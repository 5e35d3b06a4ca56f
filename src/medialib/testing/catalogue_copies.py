"""The part of the catalogue's law that is about all of it: counted, copied, emptied, seen at one moment, checked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from medialib.catalogue import MemoryCatalogue
from medialib.catalogue.copying import copy_catalogue, is_empty, summarise
from medialib.errors import CatalogueError
from medialib.model import Episode, Holding, InventoryFile, Place, Show, Sighting, Unit
from medialib.ports import Catalogue, ShowCounts, SupportsChecking, SupportsCopying, SupportsCounting, offers
from medialib.testing.catalogue_machine import everything_in
from medialib.testing.catalogue_rows import (
    ACTIONS,
    MOVIE,
    NOON,
    RUN,
    SHOW,
    B,
    Opener,
    RepositoryLaws,
    known,
)

__all__ = ["CopyingLaws", "write_everywhere"]


class CopyingLaws(RepositoryLaws):
    """A test for each sentence about the whole."""

    def test_what_there_is_of_shows_is_counted(self, catalogue: Catalogue) -> None:
        """Only videos of that very show, whatever its key; a show without rows has none of anything."""
        if not offers(catalogue, SupportsCounting):
            pytest.skip("does not count")
        long = "long " * 2_000
        for key in (SHOW.key, long, long + "er", "empty"):
            catalogue.shows.add(Show(key, key[:20]))
        catalogue.episodes.put(Episode(SHOW.key, season, number) for season in (0, 1, 3) for number in (1, 2))
        catalogue.episodes.put([Episode(long, 1, 1)])
        units = (Unit("episode", SHOW.key, 1, (1,)), Unit("movie", SHOW.key), Unit("episode", long + "er"), None)
        catalogue.inventory.put(
            InventoryFile(Place("tv", f"{number}.{role}"), 1, 1, NOON, Holding(unit, role))
            for number, unit in enumerate(units)
            for role in ("video", "companion")
        )
        counts = catalogue.show_counts([SHOW.key, long, long + "er", "empty", "nobody"])
        assert counts == {
            SHOW.key: ShowCounts(2, 4, 2, 1),
            long: ShowCounts(1, 1),
            long + "er": ShowCounts(files=1),
            "empty": ShowCounts(),
            "nobody": ShowCounts(),
        }

    def test_remotes_are_those_of_known_files_and_sightings(self, catalogue: Catalogue) -> None:
        """Each once, sorted by code point, whatever its name."""
        copying = _copyable(catalogue)
        assert copying.remotes() == ()
        names = ["b", "a\x00", "caf\udce9", "B", "x" * 10_000, "\ud83d\ude00"]
        catalogue.known_files.put(known(path, remote=name) for name in names for path in ("/a", "/b" * 4_000))
        catalogue.sightings.put([Sighting(name, "/a", 1, 2, NOON) for name in ("b", "only seen")])
        assert copying.remotes() == tuple(sorted([*names, "only seen"]))

    def test_an_empty_catalogue_takes_over_an_identity(self, catalogue: Catalogue, opener: Opener) -> None:
        """For good, and only if it is empty; leases do not count."""
        copying, before = _copyable(catalogue), catalogue.identity
        catalogue.leases.acquire("first", "me", seconds=30, now=NOON)
        with pytest.raises(CatalogueError):
            copying.adopt("")
        copying.adopt("0123456789abcdef")
        assert catalogue.identity == "0123456789abcdef" != before
        catalogue.checkpoints.put("a", "b")
        with pytest.raises(CatalogueError):
            copying.adopt("another")
        if catalogue.traits.persistent:
            catalogue.close()
            assert opener().identity == "0123456789abcdef"

    def test_clearing_forgets_everything_but_leases(self, catalogue: Catalogue) -> None:
        """The identity stays too; afterwards everything can be entered again."""
        copying, identity = _copyable(catalogue), catalogue.identity
        fresh = everything_in(catalogue)
        write_everywhere(catalogue)
        full = everything_in(catalogue)
        copying.clear()
        assert {**everything_in(catalogue), "leases": []} == {**fresh, "leases": []}
        assert catalogue.leases.get("first") is not None
        assert catalogue.identity == identity
        assert (is_empty(catalogue), copying.remotes()) == (True, ())
        write_everywhere(catalogue)
        assert everything_in(catalogue) == full

    def test_a_failed_transaction_takes_back_what_was_cleared_and_adopted(self, catalogue: Catalogue) -> None:
        """Both belong to the transaction around them."""
        if not catalogue.traits.transactions:
            pytest.skip("has no transactions")
        copying, identity = _copyable(catalogue), catalogue.identity
        write_everywhere(catalogue)
        before = everything_in(catalogue)
        with pytest.raises(ZeroDivisionError), catalogue.transaction():
            copying.clear()
            copying.adopt("another")
            assert (is_empty(catalogue), catalogue.identity) == (True, "another")
            raise ZeroDivisionError
        assert everything_in(catalogue) == before
        assert catalogue.identity == identity

    def test_a_copy_holds_the_same(self, catalogue: Catalogue) -> None:
        """Into it and out of it again."""
        origin, back = MemoryCatalogue(), MemoryCatalogue()
        write_everywhere(origin)
        origin.shows.add(Show("caf\udce9\x00", "A\ud83d\ude00", genres=("x, y",)))
        origin.known_files.put([known("/" + "x" * 9_000, remote="y" * 9_000)])
        copied = copy_catalogue(origin, catalogue)
        assert copy_catalogue(catalogue, back) == copied == summarise(catalogue)
        assert copied.records == 16
        assert _without_leases(back) == _without_leases(catalogue) == _without_leases(origin)
        assert back.identity == catalogue.identity == origin.identity
        with pytest.raises(CatalogueError, match="not empty"):
            copy_catalogue(origin, catalogue)

    def test_a_sound_catalogue_has_no_faults(self, catalogue: Catalogue) -> None:
        """All of it can be read; and where it knows how to look for more than that shows, it finds nothing."""
        write_everywhere(catalogue)
        assert everything_in(catalogue)["inventory"]
        assert not (isinstance(catalogue, SupportsChecking) and catalogue.faults())

    def test_a_transaction_of_one_that_only_reads_sees_one_moment(self, catalogue: Catalogue, opener: Opener) -> None:
        """Whatever others write meanwhile, if they do not have to wait for it; some let nobody else in at all."""
        write_everywhere(catalogue)
        if not (catalogue.traits.persistent and catalogue.traits.processes):
            before = everything_in(catalogue)
            catalogue.close()
            alone = opener(read_only=True)
            with alone.transaction():
                assert everything_in(alone) == everything_in(alone)
            assert (everything_in(alone) == before) is catalogue.traits.persistent
            return
        looking = opener(read_only=True)
        with ThreadPoolExecutor(1) as pool:
            with looking.transaction():
                first = looking.shows.get("a")
                writing = pool.submit(catalogue.shows.put, Show("a", "later"))
                wait([writing], 0.3)
                assert looking.shows.get("a") == first
            writing.result(60)
        assert catalogue.shows.get("a") != first


def _copyable(catalogue: Catalogue) -> SupportsCopying:
    if not isinstance(catalogue, SupportsCopying):
        pytest.skip("cannot be copied")
    return catalogue


def _without_leases(catalogue: Catalogue) -> dict[str, Any]:
    return {name: found for name, found in everything_in(catalogue).items() if name != "leases"}


def write_everywhere(catalogue: Catalogue) -> None:
    """Put something into every repository."""
    catalogue.shows.put(Show("a", "A", aliases=("x",)))
    catalogue.shows.put(SHOW)
    catalogue.episodes.put([Episode("a", 1, 1), Episode("a", 1, 2)])
    catalogue.movies.put(MOVIE)
    catalogue.known_files.put([known("/a")])
    catalogue.sightings.put([Sighting("seedbox", "/a", 1, 2, NOON)])
    catalogue.inventory.put([InventoryFile(B, 1, 2, NOON, Holding(Unit("movie", "heat")))])
    catalogue.journal.begin(RUN)
    catalogue.journal.intend(RUN.id, ACTIONS)
    catalogue.checkpoints.put("first", "here")
    catalogue.leases.acquire("first", "me", seconds=30, now=NOON)
