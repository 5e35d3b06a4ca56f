"""The law of `ports.Catalogue`, sentence by sentence, as tests for every implementation of it.

An implementation subclasses `CatalogueConformance` and says how one is opened. The random walk against the catalogue in
memory is `CatalogueMachine`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from medialib.errors import CatalogueError
from medialib.model import (
    Episode,
    Movie,
    Show,
    Sighting,
)
from medialib.planning import Outcome
from medialib.ports import Catalogue, Lease, Run, SupportsCopying
from medialib.testing.catalogue_copies import CopyingLaws, write_everywhere
from medialib.testing.catalogue_machine import CatalogueMachine, everything_in
from medialib.testing.catalogue_rows import (
    ACTIONS,
    MOVIE,
    NOON,
    RUN,
    SHOW,
    A,
    B,
    Opener,
    known,
    standing,
)
from medialib.testing.catalogue_texts import TextLaws

__all__ = ["CatalogueConformance", "CatalogueMachine"]


class CatalogueConformance(TextLaws, CopyingLaws):
    """Subclass it in a test module and write `open`; override the fixture `place` for what is not kept in files."""

    # --------------------------------------------------------------------------------------- checkpoints and leases

    def test_checkpoints(self, catalogue: Catalogue) -> None:
        """Entered, replaced, listed, removed."""
        for name, text in (("b", "1"), ("a", "2"), ("b", "3")):
            catalogue.checkpoints.put(name, text)
        assert catalogue.checkpoints.names() == ("a", "b")
        assert (catalogue.checkpoints.get("b"), catalogue.checkpoints.get("c")) == ("3", None)
        assert (catalogue.checkpoints.remove("b"), catalogue.checkpoints.remove("b")) == (True, False)
        assert catalogue.checkpoints.names() == ("a",)

    def test_a_lease_has_one_holder_until_it_lapses(self, catalogue: Catalogue) -> None:
        """At the very instant `until` it has lapsed, not a microsecond before."""
        leases, ends = catalogue.leases, NOON + timedelta(seconds=30)
        mine = leases.acquire("apply", "me", seconds=30, now=NOON)
        assert mine == Lease("apply", "me", ends) == leases.get("apply")
        assert leases.acquire("apply", "you", seconds=9, now=ends - timedelta(microseconds=1)) == mine
        assert leases.get("apply") == mine
        yours = leases.acquire("apply", "you", seconds=9, now=ends)
        assert yours == Lease("apply", "you", ends + timedelta(seconds=9)) == leases.get("apply")
        assert leases.acquire("apply", "me", seconds=30, now=ends) == yours
        assert leases.acquire("other", "me", seconds=1, now=NOON).holder == "me"

    def test_a_lease_goes_by_the_catalogues_own_clock(self, catalogue: Catalogue) -> None:
        """Where no time is given: it lapses by itself."""
        leases, before = catalogue.leases, datetime.now(UTC)
        mine = leases.acquire("apply", "me", seconds=0.15)
        assert mine.holder == "me"
        # The clock of a server may differ from this machine's; tests run on one.
        assert timedelta(seconds=-5) < mine.until - before < timedelta(seconds=15)
        assert leases.acquire("other", "you", seconds=3600).holder == "you"
        assert leases.acquire("other", "me", seconds=3600).holder == "you"
        deadline = time.monotonic() + 20
        while leases.acquire("apply", "you", seconds=30).holder != "you":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert leases.acquire("apply", "me", seconds=30).holder == "you"

    def test_a_holder_renews_and_gives_back(self, catalogue: Catalogue) -> None:
        """Only its own; what has lapsed can be renewed while nobody took it."""
        leases = catalogue.leases
        leases.acquire("apply", "me", seconds=30, now=NOON)
        renewed = leases.acquire("apply", "me", seconds=10, now=NOON + timedelta(hours=1))
        assert renewed.until == NOON + timedelta(hours=1, seconds=10)
        assert leases.release("apply", "you") is False
        assert leases.get("apply") == renewed
        assert leases.release("apply", "me") is True
        assert leases.release("apply", "me") is False
        assert leases.get("apply") is None

    # -------------------------------------------------------------------------------- transactions, threads, iterators

    def test_a_transaction_is_all_or_nothing(self, catalogue: Catalogue, opener: Opener) -> None:
        """Over all repositories together."""
        if not catalogue.traits.transactions:
            pytest.skip("has no transactions")
        before = everything_in(catalogue)
        with pytest.raises(ZeroDivisionError), catalogue.transaction():
            write_everywhere(catalogue)
            assert everything_in(catalogue) != before
            raise ZeroDivisionError
        assert everything_in(catalogue) == before
        with catalogue.transaction():
            write_everywhere(catalogue)
        after = everything_in(catalogue)
        assert after != before
        if catalogue.traits.persistent:
            catalogue.close()
            assert everything_in(opener()) == after

    def test_an_inner_transaction_belongs_to_the_outer(self, catalogue: Catalogue) -> None:
        """What failed inside and was caught stands or falls with the outer one."""
        if not catalogue.traits.transactions:
            pytest.skip("has no transactions")
        with catalogue.transaction():
            with pytest.raises(ZeroDivisionError), catalogue.transaction():
                catalogue.checkpoints.put("inner", "1")
                raise ZeroDivisionError
            catalogue.checkpoints.put("outer", "2")
        assert catalogue.checkpoints.names() == ("inner", "outer")
        with pytest.raises(ZeroDivisionError), catalogue.transaction():
            with catalogue.transaction():
                catalogue.checkpoints.put("lost", "3")
            raise ZeroDivisionError
        assert catalogue.checkpoints.names() == ("inner", "outer")

    def test_a_key_error_inside_a_transaction_ends_only_its_own_call(self, catalogue: Catalogue) -> None:
        """The rest is written."""
        catalogue.shows.add(SHOW)
        with catalogue.transaction():
            catalogue.checkpoints.put("before", "")
            with pytest.raises(KeyError):
                catalogue.shows.add(SHOW)
            catalogue.checkpoints.put("after", "")
        assert catalogue.checkpoints.names() == ("after", "before")

    def test_a_transaction_is_its_threads_own(self, catalogue: Catalogue) -> None:
        """Another thread does not see it unfinished, and what it writes meanwhile is not taken back with it."""
        if not catalogue.traits.transactions:
            pytest.skip("has no transactions")
        begun = threading.Event()
        seen: list[str | None] = []

        def other() -> None:
            begun.wait(10)
            seen.append(catalogue.checkpoints.get("mine"))
            catalogue.checkpoints.put("yours", "kept")

        with ThreadPoolExecutor(1) as pool:
            with pytest.raises(ZeroDivisionError), catalogue.transaction():
                catalogue.checkpoints.put("mine", "lost")
                working = pool.submit(other)
                begun.set()
                working.done()
                raise ZeroDivisionError
            working.result(30)
        assert seen == [None]
        assert catalogue.checkpoints.names() == ("yours",)

    def test_many_threads_at_once(self, catalogue: Catalogue) -> None:
        """Line numbers have no gaps and no doubles; nothing is lost."""
        catalogue.journal.begin(RUN)

        def work(worker: int) -> list[int]:
            numbers: list[int] = []
            for turn in range(5):
                with catalogue.transaction():
                    numbers += catalogue.journal.intend(RUN.id, ACTIONS[:2])
                    catalogue.checkpoints.put(f"{worker}-{turn}", "")
                assert len(list(catalogue.journal.lines(RUN.id))) >= numbers[-1]
            return numbers

        with ThreadPoolExecutor(4) as pool:
            given = sorted(number for numbers in pool.map(work, range(4)) for number in numbers)
        assert given == list(range(1, 41))
        assert [line.sequence for line in catalogue.journal.lines(RUN.id)] == given
        assert len(catalogue.checkpoints.names()) == 20

    def test_iterators_are_safe_against_later_writes(self, catalogue: Catalogue) -> None:
        """They yield what was there when they were asked for."""
        write_everywhere(catalogue)
        iterators: list[Iterator[Any]] = [
            catalogue.shows.all(),
            catalogue.episodes.of_show("a"),
            catalogue.movies.all(),
            catalogue.known_files.of_remote("seedbox"),
            catalogue.inventory.all(),
            catalogue.inventory.of_unit("movie", "heat"),
            catalogue.journal.lines(RUN.id),
            catalogue.journal.touching(A),
        ]
        firsts = [next(iterator) for iterator in iterators]
        seen = catalogue.sightings.of_remote("seedbox")
        catalogue.shows.remove("a")
        catalogue.shows.add(Show("zzz", "later"))
        catalogue.movies.put(Movie("zzz", "later"))
        catalogue.known_files.put([known("/zzz")])
        catalogue.inventory.put([standing("zzz")])
        catalogue.inventory.remove(B)
        catalogue.journal.intend(RUN.id, ACTIONS)
        catalogue.sightings.remove("seedbox", ["/a"])
        assert len(firsts) == 8
        assert [len(list(iterator)) for iterator in iterators] == [1, 1, 0, 0, 0, 0, 3, 1]
        assert set(seen) == {"/a"}

    # ------------------------------------------------------------------------------------------- opening and closing

    def test_it_is_still_there_when_it_is_opened_again(self, catalogue: Catalogue, opener: Opener) -> None:
        """Every call outside a transaction is durable when it returns; the identity stays. Else it is a new one."""
        if not catalogue.traits.persistent:
            empty = everything_in(catalogue)
            write_everywhere(catalogue)
            assert everything_in(catalogue) != empty == everything_in(opener())
            assert opener().identity != catalogue.identity
            return
        write_everywhere(catalogue)
        before, identity = everything_in(catalogue), catalogue.identity
        beside = opener()
        assert everything_in(beside) == before
        catalogue.close()
        again = opener()
        assert everything_in(again) == before
        assert again.identity == beside.identity == identity
        assert identity

    def test_read_only_refuses_writes(self, catalogue: Catalogue, opener: Opener) -> None:
        """Every one of them; reading goes on, in a transaction too."""
        if catalogue.traits.persistent:
            write_everywhere(catalogue)
        before = everything_in(catalogue)
        catalogue.close()
        looking = opener(read_only=True)
        assert looking.read_only
        assert not catalogue.read_only
        writes: list[Callable[[], object]] = [
            lambda: looking.shows.add(Show("new", "new")),
            lambda: looking.shows.put(SHOW),
            lambda: looking.shows.remove("a"),
            lambda: looking.episodes.put([Episode("a", 1, 1)]),
            lambda: looking.episodes.remove("a"),
            lambda: looking.movies.add(Movie("new", "new")),
            lambda: looking.movies.put(MOVIE),
            lambda: looking.movies.remove("heat"),
            lambda: looking.known_files.put([known("/a")]),
            lambda: looking.known_files.remove("seedbox", "/a"),
            lambda: looking.sightings.put([Sighting("seedbox", "/a", 1, 2, NOON)]),
            lambda: looking.sightings.remove("seedbox", ["/a"]),
            lambda: looking.inventory.put([standing("a")]),
            lambda: looking.inventory.remove(B),
            lambda: looking.journal.begin(Run("new", "v", NOON)),
            lambda: looking.journal.intend(RUN.id, ACTIONS),
            lambda: looking.journal.complete(RUN.id, [(1, Outcome("done"))]),
            lambda: looking.journal.finish(RUN.id, "done", NOON),
            lambda: looking.checkpoints.put("a", "b"),
            lambda: looking.checkpoints.remove("a"),
            lambda: looking.leases.acquire("apply", "you", seconds=1, now=NOON),
            lambda: looking.leases.release("apply", "me"),
            *([looking.clear, lambda: looking.adopt("x")] if isinstance(looking, SupportsCopying) else []),
        ]
        for write in writes:
            with pytest.raises(CatalogueError):
                write()
        with looking.transaction():
            assert everything_in(looking) == before

    def test_closing_twice_is_fine(self, catalogue: Catalogue) -> None:
        """What is closed says so when it is asked."""
        catalogue.close()
        catalogue.close()
        with pytest.raises(CatalogueError):
            catalogue.shows.get("a")
