"""Whole catalogues, copied between any two kinds."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialib.catalogue import MemoryCatalogue, open_catalogue
from medialib.catalogue.copying import UNFINISHED, copy_catalogue, is_empty, records_of, summarise
from medialib.errors import Cancelled, CatalogueCorrupt, CatalogueError
from medialib.events import Event, RecordsRead
from medialib.model import Episode, Movie, Show, Sighting
from medialib.ports import Catalogue, CatalogueTraits
from medialib.testing.catalogue_copies import write_everywhere
from medialib.testing.catalogue_machine import Operation, everything_in, operations, perform
from medialib.testing.catalogue_rows import NOON
from medialib.testing.postgresql import PostgresqlServer

worlds = st.lists(operations(), max_size=40)


def made_of(steps: Iterable[Operation]) -> MemoryCatalogue:
    catalogue = MemoryCatalogue()
    for step in steps:
        perform(catalogue, step)
    return catalogue


def everything_but_leases(catalogue: Catalogue) -> dict[str, Any]:
    return {name: found for name, found in everything_in(catalogue).items() if name != "leases"}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=worlds, names=st.permutations(["memory", "sqlite", "postgresql"]), again=st.booleans())
def test_any_world_is_the_same_in_every_kind(
    postgresql_server: PostgresqlServer, steps: list[Operation], names: list[str], again: bool
) -> None:
    """Copied from kind to kind, and back to where it came from."""
    origin = made_of(steps)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        addresses = {"memory": "memory:", "sqlite": f"{folder}/c.db", "postgresql": postgresql_server.fresh_url()}
        kept: list[Catalogue] = [origin]
        for name in names:
            kept.append(opened.enter_context(closing(open_catalogue(addresses[name]))))
            if again:  # what stood there goes
                kept[-1].shows.put(Show("a", "another"))
                kept[-1].checkpoints.put("stale", "")
            assert copy_catalogue(kept[-2], kept[-1], replace=again) == summarise(origin)
        for each in kept:
            assert everything_but_leases(each) == everything_but_leases(origin)
            assert each.identity == origin.identity
            assert is_empty(each) is (summarise(each).records == 0)


@given(one=worlds, two=worlds)
def test_a_digest_is_that_of_the_content(one: list[Operation], two: list[Operation]) -> None:
    """The same for the same, another for anything else, whatever was done on the way."""
    first, second = made_of(one), made_of(two)
    same = everything_but_leases(first) == everything_but_leases(second)
    assert (summarise(first).digest == summarise(second).digest) is same


def test_texts_that_only_json_would_confuse_have_other_digests() -> None:
    digests = set()
    for title in ("\U0001f600", "\ud83d\ude00", "\\ud83d\\ude00", "\\U0001f600"):
        catalogue = MemoryCatalogue()
        catalogue.movies.add(Movie("a", title))
        digests.add(summarise(catalogue).digest)
    assert len(digests) == 4


def filled() -> MemoryCatalogue:
    catalogue = MemoryCatalogue()
    write_everywhere(catalogue)
    catalogue.episodes.put(Episode("a", 2, number) for number in range(2_500))
    return catalogue


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterable[Catalogue]:
    url = "memory:" if request.param == "memory" else str(tmp_path / "target.db")
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_server").fresh_url()
    with closing(open_catalogue(url)) as catalogue:
        yield catalogue


def test_progress_is_told(target: Catalogue) -> None:
    heard: list[Event] = []
    summary = copy_catalogue(filled(), target, observer=heard.append)
    assert heard == [
        RecordsRead(purpose, records, done=records == summary.records)
        for purpose in ("copying", "proving")
        for records in (1000, 2000, summary.records)
    ]


def test_what_is_stopped_leaves_nothing_behind(target: Catalogue) -> None:
    stop = threading.Event()
    before = target.identity

    def listen(event: Event) -> None:
        if isinstance(event, RecordsRead) and event.records == 2000:
            stop.set()

    with pytest.raises(Cancelled):
        copy_catalogue(filled(), target, observer=listen, cancelled=stop)
    assert is_empty(target)
    assert target.identity == before


def test_what_fails_in_the_end_leaves_what_was_there(target: Catalogue) -> None:
    source = filled()
    write_everywhere(target)
    before, identity = everything_in(target), target.identity

    def listen(event: Event) -> None:
        if event == RecordsRead("proving", 2000):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        copy_catalogue(source, target, replace=True, observer=listen)
    assert (everything_in(target), target.identity) == (before, identity)


class Forgetful(MemoryCatalogue):
    """A catalogue that keeps no sightings, as one with a fault might."""

    def __init__(self) -> None:
        super().__init__()
        self.sightings.put = lambda sightings: None  # type: ignore[method-assign]


def test_a_copy_that_differs_is_not_kept() -> None:
    source, target = filled(), Forgetful()
    with pytest.raises(CatalogueCorrupt, match="sightings: 1 written, 0 read"):
        copy_catalogue(source, target)
    assert is_empty(target)


class Simple(MemoryCatalogue):
    """A catalogue of a kind that has no transactions."""

    @property
    def traits(self) -> CatalogueTraits:
        return CatalogueTraits(transactions=False, persistent=False, processes=False)

    def transaction(self) -> Any:
        return ExitStack()


def test_without_transactions_an_unfinished_copy_is_known_as_one() -> None:
    source, target = filled(), Simple()

    def die(event: Event) -> None:
        if event == RecordsRead("copying", 2000):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        copy_catalogue(source, target, observer=die)
    assert target.checkpoints.get(UNFINISHED) is not None
    assert not is_empty(target)
    summary = copy_catalogue(source, target)
    assert target.checkpoints.get(UNFINISHED) is None
    assert everything_but_leases(target) == everything_but_leases(source)
    with pytest.raises(CatalogueError, match="not empty"):
        copy_catalogue(source, target)
    assert summarise(target) == summary


def test_what_cannot_be_copied_is_said() -> None:
    class Foreign:
        identity = "x"

    with pytest.raises(CatalogueError, match=r"Foreign cannot be copied.*SupportsCopying"):
        copy_catalogue(Foreign(), MemoryCatalogue())  # type: ignore[arg-type]
    with pytest.raises(CatalogueError, match="no catalogue to copy"):
        copy_catalogue(MemoryCatalogue(identity=""), MemoryCatalogue())


def test_a_copy_into_itself_is_refused() -> None:
    catalogue = filled()
    before = everything_in(catalogue)
    for replace in (False, True):
        with pytest.raises(CatalogueError):
            copy_catalogue(catalogue, catalogue, replace=replace)
    assert everything_in(catalogue) == before


def test_records_come_in_an_order_in_which_they_can_be_entered() -> None:
    catalogue = MemoryCatalogue()
    write_everywhere(catalogue)
    catalogue.sightings.put([Sighting("b", "/x", 1, 2, NOON)])
    names = [type(record).__name__ for record in records_of(catalogue)]
    assert names == (
        ["Show", "Episode", "Episode", "Show", "Movie", "Sighting", "KnownFile", "Sighting", "InventoryFile", "Run"]
        + ["JournalLine"] * 4
        + ["Checkpoint"]
    )
