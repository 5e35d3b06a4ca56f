"""The law of `ports.Catalogue`, sentence by sentence, as tests for every implementation of it.

An implementation subclasses `CatalogueConformance` and says how one is opened. The random walk against the catalogue in
memory is `CatalogueMachine`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialib.errors import CatalogueError
from medialib.model import (
    Episode,
    ExternalIds,
    Holding,
    InventoryFile,
    Movie,
    Place,
    Show,
    Sighting,
    Unit,
)
from medialib.planning import MakeFolder, Outcome
from medialib.ports import Catalogue, Lease, Run
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
    RepositoryLaws,
    known,
    standing,
)
from medialib.testing.strategies import long_texts, texts, torture_texts

__all__ = ["CatalogueConformance", "CatalogueMachine"]


# Examples share a catalogue, which is dear to make, and implementations share the test.
_PROPERTY = settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors, HealthCheck.too_slow],
)


class _TakenBack(Exception):
    """Ends a transaction."""


class CatalogueConformance(RepositoryLaws):
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

    # ------------------------------------------------------------------------------------------- text, time, numbers

    @pytest.mark.parametrize("text", torture_texts, ids=ascii)
    def test_text_is_data(self, catalogue: Catalogue, text: str) -> None:
        """In every field, as key and as value, and told apart from what looks alike."""
        self._keeps(catalogue, text)

    @_PROPERTY
    @given(text=long_texts() | texts(40))
    def test_any_text_is_data_however_long(self, catalogue: Catalogue, text: str) -> None:
        """Up to 10,000 characters at least; of a row with such keys, every other call takes hold too."""
        with contextlib.suppress(_TakenBack), catalogue.transaction():
            self._keeps(catalogue, text)
            if catalogue.traits.transactions:
                raise _TakenBack
        if not catalogue.traits.transactions:
            return
        place, row = Place(text, text), known("/" + text, remote=text, local=Place(text, text))
        catalogue.known_files.put([row])
        assert list(catalogue.known_files.of_remote(text, "/")) == [row]
        assert catalogue.known_files.remove(text, "/" + text) is True
        catalogue.inventory.put([InventoryFile(place, 1, 2, NOON, Holding())])
        assert (catalogue.inventory.remove(place), catalogue.inventory.get(place)) == (True, None)
        catalogue.sightings.put([Sighting(text, text, 1, 2, NOON)])
        catalogue.sightings.remove(text, [text])
        assert catalogue.sightings.of_remote(text) == {}
        catalogue.checkpoints.put(text, "1")
        catalogue.checkpoints.put(text, "2")
        assert (catalogue.checkpoints.get(text), catalogue.checkpoints.remove(text)) == ("2", True)

    @_PROPERTY
    @given(names=st.lists(long_texts() | texts(40), unique=True, min_size=1, max_size=6), under=long_texts())
    def test_any_texts_sort_as_python_sorts_them(self, catalogue: Catalogue, names: list[str], under: str) -> None:
        """By code point, letter case and Unicode form told apart, and below a folder of any length."""
        inside = [f"/{under}/{name}" for name in names]
        outside = [f"/{under}{name}" for name in names if not name.startswith("/")]
        catalogue.known_files.put(known(path, remote=under) for path in (*inside, *outside))
        found = [row.path for row in catalogue.known_files.of_remote(under, f"/{under}")]
        everything = [row.path for row in catalogue.known_files.of_remote(under)]
        folder = f"/{under}".rstrip("/")
        assert found == [path for path in everything if path.startswith(f"{folder}/")]
        assert set(inside) <= set(found)
        assert everything == sorted(everything)
        for name in names:
            catalogue.checkpoints.put(name, "")
        kept = catalogue.checkpoints.names()
        assert kept == tuple(sorted(kept))
        assert set(names) <= set(kept)

    def _keeps(self, catalogue: Catalogue, text: str) -> None:
        show = Show(text, text, aliases=(text,), folder=text, language=text, status=text, genres=(text,), source=text)
        movie = Movie(text, text, aliases=(text,), folder=text, ids=ExternalIds(imdb=text), source=text)
        row = known(text, remote=text, sha256=text, local=Place(text, text))
        held = Holding(Unit("episode", text), sha256=text, release=text, details={text: text})
        file = InventoryFile(Place(text, text), 1, 2, NOON, held)
        seen = Sighting(text, text, 1, 2, NOON)
        run = Run(text, text, NOON, undoes=text, configuration=text)
        catalogue.shows.add(show)
        catalogue.shows.put(Show(text + " ", "another"))
        catalogue.episodes.put([Episode(text, 1, 1, text)])
        catalogue.movies.add(movie)
        catalogue.known_files.put([row])
        catalogue.inventory.put([file])
        catalogue.sightings.put([seen])
        catalogue.checkpoints.put(text, text)
        catalogue.journal.begin(run)
        catalogue.journal.intend(text, [MakeFolder(text, Place(text, text), text, (text,))])
        catalogue.journal.complete(text, [(1, Outcome("failed", text))])
        assert catalogue.shows.get(text) == show
        assert catalogue.episodes.get(text, 1, 1) == Episode(text, 1, 1, text)
        assert catalogue.movies.get(text) == movie
        assert catalogue.known_files.get(text, text) == row == catalogue.known_files.by_local(Place(text, text))
        assert list(catalogue.inventory.of_unit("episode", text)) == [file] == list(catalogue.inventory.all(text))
        assert catalogue.inventory.by_sha256(text) == (file,)
        assert catalogue.sightings.of_remote(text) == {text: seen}
        assert catalogue.checkpoints.get(text) == text
        assert catalogue.leases.acquire(text, text, seconds=1, now=NOON) == catalogue.leases.get(text)
        assert catalogue.journal.runs() == (run,)
        ((owner, line),) = catalogue.journal.touching(Place(text, text))
        assert (owner, line.action) == (text, MakeFolder(text, Place(text, text), text, (text,)))
        assert line.outcome == Outcome("failed", text)

    def test_long_texts_are_kept_whole(self, catalogue: Catalogue) -> None:
        """10,000 letters in every field, as key too; what differs in the last letter is another key."""
        text, other = "😀" * 9_999 + "\udce9", "😀" * 9_999 + "\udcea"
        show = Show(text, text, aliases=(text, other), folder=text, genres=(text,), source=text)
        row = known(text, remote=text, local=Place(text, text))
        file = InventoryFile(Place(text, text), 1, 2, NOON, Holding(Unit("episode", text), details={text: text}))
        catalogue.shows.add(show)
        catalogue.episodes.put([Episode(text, 1, 1, text)])
        catalogue.known_files.put([row, known(other, remote=text)])
        catalogue.inventory.put([file])
        catalogue.checkpoints.put(text, text)
        assert catalogue.shows.get(text) == show
        assert catalogue.shows.get(other) is None
        assert list(catalogue.episodes.of_show(text)) == [Episode(text, 1, 1, text)]
        assert [found.path for found in catalogue.known_files.of_remote(text)] == [text, other]
        assert catalogue.known_files.by_local(Place(text, text)) == row
        assert list(catalogue.inventory.of_unit("episode", text)) == [file]
        assert (catalogue.checkpoints.get(text), catalogue.checkpoints.get(other)) == (text, None)

    def test_texts_that_look_alike_stay_apart(self, catalogue: Catalogue) -> None:
        """Letter case, Unicode form, what follows a NUL: all part of the key."""
        names = [
            "a",
            "A",
            "é",
            "e\u0301",
            "a\x00",
            "a\x00b",
            "a ",
            "\udc80",
            "\u3480",
            "\ue000\u3480",
            "\x01\x01",
            "\x00",
        ]
        for name in names:
            catalogue.checkpoints.put(name, name)
        assert catalogue.checkpoints.names() == tuple(sorted(names))
        assert [catalogue.checkpoints.get(name) for name in names] == names

    def test_instants_come_back_in_utc(self, catalogue: Catalogue) -> None:
        """Whatever zone they were given in, to the microsecond."""
        moment = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
        catalogue.known_files.put([known("/a", recorded=moment)])
        catalogue.journal.begin(Run("r", "v", moment))
        run, row = catalogue.journal.get("r"), catalogue.known_files.get("seedbox", "/a")
        assert run is not None
        assert row is not None
        assert run.started == row.recorded == NOON

    # -------------------------------------------------------------------------------- transactions, threads, iterators

    def test_a_transaction_is_all_or_nothing(self, catalogue: Catalogue, opener: Opener) -> None:
        """Over all repositories together."""
        if not catalogue.traits.transactions:
            pytest.skip("has no transactions")
        before = everything_in(catalogue)
        with pytest.raises(ZeroDivisionError), catalogue.transaction():
            _write_everywhere(catalogue)
            assert everything_in(catalogue) != before
            raise ZeroDivisionError
        assert everything_in(catalogue) == before
        with catalogue.transaction():
            _write_everywhere(catalogue)
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
        _write_everywhere(catalogue)
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
        """Every call outside a transaction is durable when it returns; the identity stays."""
        if not catalogue.traits.persistent:
            pytest.skip("is not persistent")
        _write_everywhere(catalogue)
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
            _write_everywhere(catalogue)
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


def _write_everywhere(catalogue: Catalogue) -> None:
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
