"""The first half of the catalogue's law: what each repository does with its rows.

`medialib.testing.catalogue` adds the second half; implementations subclass that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medialib.model import (
    Episode,
    ExternalIds,
    Holding,
    InventoryFile,
    KnownFile,
    Movie,
    Place,
    Season,
    Show,
    Sighting,
    Unit,
)
from medialib.planning import Discard, Fetch, MakeFolder, Move, Outcome
from medialib.ports import Catalogue, InventoryLine, Run, SupportsManyPlaces, SupportsSurvey

__all__ = ["ACTIONS", "MOVIE", "NOON", "RUN", "SHOW", "A", "B", "Opener", "RepositoryLaws", "known", "standing"]

NOON = datetime(2024, 5, 17, 12, 0, 0, 123456, tzinfo=UTC)
SHOW = Show(
    "breaking-bad",
    "Breaking Bad",
    year=2008,
    type="standard",
    aliases=("BrBa", "Breaking, Bad", "BrBa"),
    folder="Breaking Bad (2008)",
    ids=ExternalIds(tmdb=1396, tvdb=81189, tvmaze=169, anidb=1, imdb="tt0903747"),
    language="en",
    status="Ended",
    genres=("Drama", "Crime"),
    source="tvmaze",
    countries=("US",),
    provenance={"language": "tmdb", "ids.anidb": "user"},
)
MOVIE = Movie(
    "heat",
    "Heat",
    year=1995,
    aliases=("Heat (1995)",),
    ids=ExternalIds(imdb="tt0113277"),
    folder="Heat",
    source="tmdb",
    language="en",
    genres=("Crime", "Drama"),
    countries=("US", "GB"),
    provenance={"genres": "imdb"},
)
RUN = Run("20240517T120000Z-abcdef", "download", NOON, configuration="c0ffee")
A, B = Place("incoming", "a.mkv"), Place("tv", "Show/b.mkv")
ACTIONS = (
    Fetch("f1", Place("seedbox", "a.mkv"), A, size=1, mtime_ns=2),
    Move("m1", A, B, size=1, mtime_ns=2, holding=Holding(details={"source": "WEB"}), after=("f1",)),
    Discard("d1", B, Place("tv", ".medialib/recycle/b.mkv"), size=1, mtime_ns=2, duplicate_of=A),
    MakeFolder("k1", Place("tv", "Show")),
)

Opener = Callable[..., Catalogue]


def known(path: str, *, remote: str = "seedbox", **changes: Any) -> KnownFile:
    """A row of known files."""
    values: dict[str, Any] = {"size": 7, "mtime_ns": 8, "state": "fetched", "recorded": NOON, **changes}
    return KnownFile(remote, path, **values)


def standing(path: str, *, location: str = "tv", holding: Holding = Holding()) -> InventoryFile:  # noqa: B008
    """A row of the inventory."""
    return InventoryFile(Place(location, path), 7, 8, NOON, holding)


class RepositoryLaws(ABC):
    """Fixtures, and a test for each sentence about rows."""

    @abstractmethod
    def open(self, place: Any, *, read_only: bool = False) -> Catalogue:
        """The catalogue at `place`; made, if it is not there."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Any:
        """Where the catalogue of one test is kept: a path, unless overridden, where nothing is yet."""
        return tmp_path / "catalogue.db"

    @pytest.fixture
    def opener(self, place: Any) -> Iterator[Opener]:
        """Opens the test's catalogue, any number of times."""
        opened: list[Catalogue] = []

        def again(*, read_only: bool = False) -> Catalogue:
            opened.append(self.open(place, read_only=read_only))
            return opened[-1]

        yield again
        for catalogue in opened:
            catalogue.close()

    @pytest.fixture
    def catalogue(self, opener: Opener) -> Catalogue:
        """A fresh catalogue."""
        return opener()

    # ------------------------------------------------------------------------------------------------------- shows

    def test_a_show_comes_back_as_it_went_in(self, catalogue: Catalogue) -> None:
        """Every field, the order and repetition of aliases and genres included."""
        catalogue.shows.add(SHOW)
        assert catalogue.shows.get(SHOW.key) == SHOW
        assert catalogue.shows.get("other") is None

    def test_add_refuses_a_key_that_is_taken(self, catalogue: Catalogue) -> None:
        """And leaves the old record whole."""
        catalogue.shows.add(SHOW)
        with pytest.raises(KeyError):
            catalogue.shows.add(Show(SHOW.key, "Another"))
        assert catalogue.shows.get(SHOW.key) == SHOW

    def test_put_replaces_a_show_and_keeps_its_episodes(self, catalogue: Catalogue) -> None:
        """Aliases are replaced, not added to."""
        catalogue.shows.put(SHOW)
        catalogue.episodes.put([Episode(SHOW.key, 1, 1)])
        replaced = Show(SHOW.key, "Other", aliases=("one",))
        catalogue.shows.put(replaced)
        assert list(catalogue.shows.all()) == [replaced]
        assert list(catalogue.episodes.of_show(SHOW.key)) == [Episode(SHOW.key, 1, 1)]

    def test_removing_a_show_removes_its_episodes(self, catalogue: Catalogue) -> None:
        """And nobody else's."""
        for key in ("a", "b"):
            catalogue.shows.add(Show(key, key))
            catalogue.episodes.put([Episode(key, 1, 1)])
        assert catalogue.shows.remove("a") is True
        assert catalogue.shows.remove("a") is False
        catalogue.shows.add(Show("a", "a"))
        assert list(catalogue.episodes.of_show("a")) == []
        assert list(catalogue.episodes.of_show("b")) == [Episode("b", 1, 1)]

    def test_shows_are_listed_by_key(self, catalogue: Catalogue) -> None:
        """Keys sort by code point, as Python sorts them."""
        keys = ["b", "a", "B", "é", "😀", "\uffff", "a\x00", "caf\udce9", "\ue000", ""]
        for key in keys:
            catalogue.shows.put(Show(key, key))
        assert [show.key for show in catalogue.shows.all()] == sorted(keys)

    # ---------------------------------------------------------------------------------------------------- episodes

    def test_episodes_are_entered_and_replaced(self, catalogue: Catalogue) -> None:
        """The count is that of the episodes given; of two with one number the later one stays."""
        catalogue.shows.add(SHOW)
        first = Episode(SHOW.key, 1, 1, "Pilot", absolute=1, aired=date(2008, 1, 20))
        assert catalogue.episodes.put([first, Episode(SHOW.key, 0, 1)]) == 2
        assert catalogue.episodes.put([Episode(SHOW.key, 1, 1, "x"), Episode(SHOW.key, 1, 1, "y")]) == 2
        assert catalogue.episodes.put([]) == 0
        assert catalogue.episodes.get(SHOW.key, 1, 1) == Episode(SHOW.key, 1, 1, "y")
        assert catalogue.episodes.get(SHOW.key, 1, 2) is None
        catalogue.episodes.put(iter([first]))
        assert list(catalogue.episodes.of_show(SHOW.key)) == [Episode(SHOW.key, 0, 1), first]

    def test_an_episode_without_its_show_refuses_them_all(self, catalogue: Catalogue) -> None:
        """None was entered, inside a transaction either."""
        catalogue.shows.add(SHOW)
        given = [Episode(SHOW.key, 1, 1), Episode("nobody", 1, 1)]
        with pytest.raises(KeyError):
            catalogue.episodes.put(given)
        with catalogue.transaction(), pytest.raises(KeyError):
            catalogue.episodes.put(given)
        assert list(catalogue.episodes.of_show(SHOW.key)) == []

    def test_seasons_are_counted(self, catalogue: Catalogue) -> None:
        """By number, specials first."""
        catalogue.shows.add(SHOW)
        catalogue.episodes.put(
            Episode(SHOW.key, season, number) for season in (2, 0, 10) for number in range(season + 1)
        )
        assert catalogue.episodes.seasons(SHOW.key) == (
            Season(SHOW.key, 0, 1),
            Season(SHOW.key, 2, 3),
            Season(SHOW.key, 10, 11),
        )
        assert catalogue.episodes.seasons("nobody") == ()

    def test_episodes_are_found_by_absolute_number_and_date(self, catalogue: Catalogue) -> None:
        """All of them: more than one means that it is ambiguous."""
        day = date(2024, 2, 29)
        catalogue.shows.add(SHOW)
        catalogue.shows.add(Show("other", "Other"))
        two = Episode(SHOW.key, 2, 1, absolute=13, aired=day)
        one = Episode(SHOW.key, 1, 9, absolute=13, aired=day)
        catalogue.episodes.put([two, one, Episode("other", 1, 1, absolute=13, aired=day), Episode(SHOW.key, 1, 1)])
        assert catalogue.episodes.by_absolute(SHOW.key, 13) == (one, two)
        assert catalogue.episodes.by_date(SHOW.key, day) == (one, two)
        assert catalogue.episodes.by_absolute(SHOW.key, 14) == ()
        assert catalogue.episodes.by_date(SHOW.key, date(2024, 3, 1)) == ()

    def test_episodes_are_removed_by_show_season_or_number(self, catalogue: Catalogue) -> None:
        """Season 0 is a season, not the lack of one; so is number 0 a number."""
        catalogue.shows.add(SHOW)
        catalogue.episodes.put(Episode(SHOW.key, season, number) for season in (0, 1) for number in (0, 1, 2))
        assert catalogue.episodes.remove(SHOW.key, 0, 0) == 1
        assert catalogue.episodes.remove(SHOW.key, 1, 0) == 1
        assert catalogue.episodes.remove(SHOW.key, 0) == 2
        assert [episode.season for episode in catalogue.episodes.of_show(SHOW.key)] == [1, 1]
        assert catalogue.episodes.remove(SHOW.key) == 2
        assert catalogue.episodes.remove(SHOW.key) == 0
        assert catalogue.shows.get(SHOW.key) == SHOW

    # ------------------------------------------------------------------------------------------------------ movies

    def test_movies(self, catalogue: Catalogue) -> None:
        """Entered, refused, replaced, listed, removed."""
        catalogue.movies.add(MOVIE)
        assert catalogue.movies.get(MOVIE.key) == MOVIE
        with pytest.raises(KeyError):
            catalogue.movies.add(MOVIE)
        replaced = Movie(MOVIE.key, "Heat 2")
        catalogue.movies.put(replaced)
        catalogue.movies.put(Movie("alien", "Alien"))
        assert [movie.key for movie in catalogue.movies.all()] == ["alien", "heat"]
        assert catalogue.movies.get(MOVIE.key) == replaced
        assert (catalogue.movies.remove(MOVIE.key), catalogue.movies.remove(MOVIE.key)) == (True, False)
        assert catalogue.movies.get(MOVIE.key) is None

    # ------------------------------------------------------------------------------------------------- known files

    def test_known_files(self, catalogue: Catalogue) -> None:
        """One row for each remote and path."""
        row = known("/tv/a.mkv", sha256="ab" * 32, local=A, size=2**40, mtime_ns=2**62)
        catalogue.known_files.put([row, known("/tv/a.mkv", remote="other", state="baseline")])
        assert catalogue.known_files.get("seedbox", "/tv/a.mkv") == row
        assert catalogue.known_files.get("seedbox", "/tv/b.mkv") is None
        catalogue.known_files.put(iter([known("/tv/a.mkv", size=9)]))
        assert list(catalogue.known_files.of_remote("seedbox")) == [known("/tv/a.mkv", size=9)]
        assert catalogue.known_files.remove("seedbox", "/tv/a.mkv") is True
        assert catalogue.known_files.remove("seedbox", "/tv/a.mkv") is False
        assert len(list(catalogue.known_files.of_remote("other"))) == 1

    def test_known_files_below_a_folder(self, catalogue: Catalogue) -> None:
        """What lies in the folder, at any depth; not the folder's own name, not its neighbours."""
        inside = ["/tv/a", "/tv/caf\udce9/x", "/tv/\x00", "/tv/😀", "/tv/a/b"]
        outside = ["/tv", "/tv0/a", "/tv-a", "/TV/a", "/movies/tv/a", "/tv\x00/a", "/tv."]
        catalogue.known_files.put(known(path) for path in (*inside, *outside))
        for under in ("/tv", "/tv/"):
            assert [row.path for row in catalogue.known_files.of_remote("seedbox", under)] == sorted(inside)
        assert [row.path for row in catalogue.known_files.of_remote("seedbox", "/tv/caf\udce9")] == ["/tv/caf\udce9/x"]
        assert [row.path for row in catalogue.known_files.of_remote("seedbox", "/")] == sorted((*inside, *outside))
        assert [row.path for row in catalogue.known_files.of_remote("seedbox")] == sorted((*inside, *outside))
        assert list(catalogue.known_files.of_remote("other", "/tv")) == []

    def test_known_files_by_local_place(self, catalogue: Catalogue) -> None:
        """The row that was recorded last."""
        later = known("/old", local=A, recorded=NOON + timedelta(microseconds=1))
        catalogue.known_files.put([known("/z", local=A), later, known("/other", local=B), known("/none")])
        assert catalogue.known_files.by_local(A) == later
        assert catalogue.known_files.by_local(Place("tv", A.path)) is None

    # --------------------------------------------------------------------------------------------------- sightings

    def test_sightings(self, catalogue: Catalogue) -> None:
        """By full path; forgetting what is not there is fine."""
        one, two = (Sighting("seedbox", path, 1, 2, NOON) for path in ("/a", "/b"))
        catalogue.sightings.put([one, two, Sighting("other", "/a", 1, 2, NOON)])
        assert dict(catalogue.sightings.of_remote("seedbox")) == {"/a": one, "/b": two}
        grown = Sighting("seedbox", "/a", 5, 2, NOON)
        catalogue.sightings.put([grown])
        catalogue.sightings.remove("seedbox", iter(["/b", "/c"]))
        catalogue.sightings.remove("seedbox", [])
        assert dict(catalogue.sightings.of_remote("seedbox")) == {"/a": grown}
        assert set(catalogue.sightings.of_remote("other")) == {"/a"}

    # --------------------------------------------------------------------------------------------------- inventory

    def test_inventory(self, catalogue: Catalogue) -> None:
        """One row for each place, with all that it holds."""
        unit = Unit("episode", "breaking-bad", season=1, episodes=(2, 3), aired=date(2008, 1, 27))
        holding = Holding(unit, "companion", "ab" * 32, "Pack/Name", {"resolution": "1080p", "b\x00": "caf\udce9"})
        full = standing("Show/b.mkv", holding=holding)
        film = standing("Heat.mkv", location="films", holding=Holding(Unit("movie", "breaking-bad"), sha256="ab" * 32))
        bare = standing("A.mkv")
        catalogue.inventory.put(iter([full, film, bare]))
        assert catalogue.inventory.get(full.place) == full
        assert catalogue.inventory.get(bare.place) == bare
        assert list(catalogue.inventory.all()) == [film, bare, full]
        assert list(catalogue.inventory.all("tv")) == [bare, full]
        assert list(catalogue.inventory.of_unit("episode", "breaking-bad")) == [full]
        assert list(catalogue.inventory.of_unit("movie", "breaking-bad")) == [film]
        assert catalogue.inventory.by_sha256("ab" * 32) == (film, full)
        assert catalogue.inventory.by_sha256("cd" * 32) == ()
        catalogue.inventory.put([standing("Show/b.mkv")])
        assert list(catalogue.inventory.of_unit("episode", "breaking-bad")) == []
        assert (catalogue.inventory.remove(bare.place), catalogue.inventory.remove(bare.place)) == (True, False)
        assert catalogue.inventory.get(bare.place) is None

    def test_many_places_in_one_question(self, catalogue: Catalogue) -> None:
        """As `get` tells of each; long and odd names are no other."""
        if not isinstance(catalogue.inventory, SupportsManyPlaces):
            return
        names = [f"Show/{number}.mkv" for number in range(600)]
        names += ["x/" * 1500 + "a.mkv", "x/" * 1500 + "b.mkv", "caf\udce9", "b\x00"]
        rows = {Place("tv", name): standing(name) for name in names}
        film = standing(names[0], location="films")
        catalogue.inventory.put([*rows.values(), film])
        asked = [*rows, film.place, Place("films", names[1]), Place("tv", "x/" * 1500 + "c.mkv")]
        assert catalogue.inventory.at(iter(asked)) == {**rows, film.place: film}
        assert dict(catalogue.inventory.at([])) == {}

    def test_a_survey_is_of_the_same_rows(self, catalogue: Catalogue) -> None:
        """Where an inventory can be gone through quickly, that tells what going through it whole does."""
        inventory = catalogue.inventory
        long = "x" * 5000
        daily = Unit("episode", long, aired=date(2024, 5, 17))
        double = Unit("episode", "caf\udce9", season=1, episodes=(2, 3))
        inventory.put(
            [
                standing("Show/b.mkv", holding=Holding(double, "companion", "ab" * 32)),
                standing(f"Show/{long}.mkv", holding=Holding(daily)),
                standing(f"Show/{long}.srt", holding=Holding(daily, "companion")),
                standing("caf\udce9\x00.mkv", location="films", holding=Holding(Unit("movie", "heat"))),
                standing("A.mkv"),
            ]
        )
        for location in (None, "tv", "films", "none"):
            rows = [InventoryLine.of(row) for row in inventory.all(location)]
            assert not isinstance(inventory, SupportsSurvey) or list(inventory.survey(location)) == rows

    def test_details_belong_to_the_catalogue(self, catalogue: Catalogue) -> None:
        """Changing the mapping that was given, or that came back, changes nothing that is kept."""
        details = {"source": "WEB"}
        row = standing("a.mkv", holding=Holding(details=details))
        catalogue.inventory.put([row])
        details["source"] = "DVD"
        found = catalogue.inventory.get(row.place)
        assert found is not None
        assert found.holding.details == {"source": "WEB"}
        if isinstance(found.holding.details, dict):
            found.holding.details["source"] = "VHS"
        again = catalogue.inventory.get(row.place)
        assert again is not None
        assert again.holding.details == {"source": "WEB"}

    # ----------------------------------------------------------------------------------------------------- journal

    def test_lines_are_numbered_from_one_without_gaps(self, catalogue: Catalogue) -> None:
        """In the order of `intend`, each run for itself."""
        other = Run("20240518T120000Z-abcdef", "route", NOON + timedelta(days=1))
        for run in (RUN, other):
            catalogue.journal.begin(run)
        assert catalogue.journal.intend(RUN.id, ACTIONS[:2]) == (1, 2)
        assert catalogue.journal.intend(other.id, iter(ACTIONS[:1])) == (1,)
        assert catalogue.journal.intend(RUN.id, []) == ()
        assert catalogue.journal.intend(RUN.id, ACTIONS[2:]) == (3, 4)
        lines = list(catalogue.journal.lines(RUN.id))
        assert [(line.sequence, line.action, line.outcome) for line in lines] == [
            (number, action, None) for number, action in enumerate(ACTIONS, start=1)
        ]
        assert list(catalogue.journal.lines("nothing")) == []

    def test_numbers_that_were_taken_back_are_given_again(self, catalogue: Catalogue) -> None:
        """A transaction that failed leaves no gap."""
        if not catalogue.traits.transactions:
            pytest.skip("has no transactions")
        catalogue.journal.begin(RUN)
        with pytest.raises(ZeroDivisionError), catalogue.transaction():
            catalogue.journal.intend(RUN.id, ACTIONS)
            raise ZeroDivisionError
        assert catalogue.journal.intend(RUN.id, ACTIONS[:1]) == (1,)

    def test_outcomes_are_written_once(self, catalogue: Catalogue) -> None:
        """A line without one, or with one already, is a KeyError, and then none was written."""
        catalogue.journal.begin(RUN)
        catalogue.journal.intend(RUN.id, ACTIONS)
        done = Outcome(
            "done",
            "detail",
            "ab" * 32,
            9,
            "copy",
            created_folders=(Place("tv", "Show"),),
            known=known("/a", local=A),
            previous_known=known("/a", state="baseline"),
            previous_holding=Holding(details={"a": "b"}),
            changed=False,
        )
        catalogue.journal.complete(RUN.id, [(2, done)])
        for wrong in ([(1, done), (2, done)], [(1, done), (5, done)], [(1, done), (1, done)], [(0, done)]):
            with pytest.raises(KeyError):
                catalogue.journal.complete(RUN.id, wrong)
        with pytest.raises(KeyError):
            catalogue.journal.complete("nothing", [(1, done)])
        assert [line.outcome for line in catalogue.journal.lines(RUN.id)] == [None, done, None, None]
        catalogue.journal.complete(RUN.id, iter([(4, Outcome("failed", "why")), (1, Outcome("skipped"))]))
        results = [line.outcome and line.outcome.result for line in catalogue.journal.lines(RUN.id)]
        assert results == ["skipped", "done", None, "failed"]

    def test_runs_are_listed_latest_first(self, catalogue: Catalogue) -> None:
        """With all their fields; a run's id is taken once."""
        undo = Run("20240518T000000Z-000000", "undo", NOON + timedelta(days=1), undoes=RUN.id)
        catalogue.journal.begin(RUN)
        catalogue.journal.begin(undo)
        with pytest.raises(KeyError):
            catalogue.journal.begin(RUN)
        assert catalogue.journal.runs() == (undo, RUN)
        assert catalogue.journal.runs(1) == (undo,)
        assert catalogue.journal.get(RUN.id) == RUN
        assert catalogue.journal.get("nothing") is None
        catalogue.journal.finish(RUN.id, "partial", NOON)
        ended = catalogue.journal.get(RUN.id)
        assert ended is not None
        assert (ended.state, ended.finished, ended.verb) == ("partial", NOON, "download")

    def test_a_run_that_was_not_begun_takes_no_lines(self, catalogue: Catalogue) -> None:
        """Nor an end."""
        with pytest.raises(KeyError):
            catalogue.journal.intend("nothing", ACTIONS)
        with pytest.raises(KeyError):
            catalogue.journal.finish("nothing", "done", NOON)

    def test_the_past_of_a_place(self, catalogue: Catalogue) -> None:
        """Lines that name it as source, target or place, oldest run first; not what merely claims a duplicate of it."""
        newer = Run("20230101T000000Z-ffffff", "route", NOON + timedelta(days=1))
        for run in (newer, RUN):
            catalogue.journal.begin(run)
        catalogue.journal.intend(newer.id, ACTIONS)
        catalogue.journal.intend(RUN.id, ACTIONS)
        catalogue.journal.complete(RUN.id, [(1, Outcome("done"))])
        found = [(run, line.sequence) for run, line in catalogue.journal.touching(A)]
        assert found == [(RUN.id, 1), (RUN.id, 2), (newer.id, 1), (newer.id, 2)]
        first = next(catalogue.journal.touching(A))[1]
        assert first.outcome == Outcome("done")
        assert [line.action.id for _, line in catalogue.journal.touching(Place("tv", "Show"))] == ["k1", "k1"]
        assert list(catalogue.journal.touching(Place("tv", "Sho"))) == []
