"""A part of the catalogue's law: text is data, whatever is in it and however long it is; instants and order too.

`medialib.testing.catalogue` adds the rest; implementations subclass that.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialib.model import Episode, ExternalIds, Holding, InventoryFile, Movie, Place, Show, Sighting, Unit
from medialib.planning import MakeFolder, Outcome
from medialib.ports import Catalogue, Run
from medialib.testing.catalogue_rows import NOON, RepositoryLaws, known
from medialib.testing.strategies import long_texts, texts, torture_texts

__all__ = ["TextLaws"]

# Examples share a catalogue, which is dear to make, and implementations share the test.
_PROPERTY = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors, HealthCheck.too_slow],
)


class _TakenBack(Exception):
    """Ends a transaction."""


class TextLaws(RepositoryLaws):
    """A test for each sentence about texts and instants."""

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
        more: dict[str, Any] = {"genres": (text,), "countries": (text,), "provenance": {text: text}, "source": text}
        show = Show(text, text, aliases=(text,), folder=text, language=text, status=text, **more)
        movie = Movie(text, text, aliases=(text,), folder=text, ids=ExternalIds(imdb=text), language=text, **more)
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
