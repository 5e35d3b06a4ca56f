"""What was done can be taken back: a run on a small file system, then its undo, leaves all as it was.

The file system of this test is a few dictionaries. It demands every precondition of every action it carries out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.model import Holding, KnownFile, Movie, Place, Show, Unit
from medialib.planning import (
    Absent,
    Action,
    AddMovie,
    AddShow,
    Discard,
    Fetch,
    Irreversible,
    MakeFolder,
    Move,
    Outcome,
    Performed,
    Plan,
    Purge,
    RecordKnown,
    ReleaseFile,
    ReleaseFolder,
    ReleaseMark,
    ReleaseMove,
    RemoveFolder,
    RemoveMovie,
    RemoveShow,
    Unchanged,
    Way,
    check_plan,
    effects,
    inverse,
    irreversible,
    preconditions,
    undo_actions,
)
from medialib.testing.plan_strategies import json_actions, json_outcomes

RECYCLE = ".medialib/recycle/r2"
HERE, THERE = Place("incoming", "a/x.mkv"), Place("tv", "b/y.mkv")
MOMENT = datetime(2024, 1, 1, tzinfo=UTC)
GRANULARITY = {"usb": 10}
"""How coarse the clock of a disk is, in nanoseconds; a file placed there gets a coarser time."""


@attrs.frozen
class _File:
    content: int
    size: int
    mtime_ns: int


@attrs.define
class _World:
    files: dict[Place, _File] = attrs.field(factory=dict)
    folders: set[Place] = attrs.field(factory=set)
    shows: dict[str, Show] = attrs.field(factory=dict)
    movies: dict[str, Movie] = attrs.field(factory=dict)
    known: dict[tuple[str, str], KnownFile] = attrs.field(factory=dict)
    inventory: dict[Place, Holding] = attrs.field(factory=dict)

    def copy(self) -> _World:
        return _World(
            dict(self.files),
            set(self.folders),
            dict(self.shows),
            dict(self.movies),
            dict(self.known),
            dict(self.inventory),
        )

    def seen(self) -> tuple[object, ...]:
        """Everything but the recycle folder and the fineness of times, to compare."""
        return (
            {
                place: (file.content, file.size)
                for place, file in self.files.items()
                if not place.path.startswith(".medialib")
            },
            {place for place in self.folders if not place.path.startswith(".medialib")},
            self.shows,
            self.movies,
            self.known,
            self.inventory,
        )

    def _demand(self, action: Action) -> None:
        for condition in preconditions(action):
            there = self.files.get(condition.place)
            if isinstance(condition, Unchanged):
                assert there is not None, f"{action.id}: {condition.place} is gone"
                assert (there.size, there.mtime_ns) == (condition.size, condition.mtime_ns), f"{action.id}: drifted"
            elif isinstance(condition, Absent):
                assert there is None, f"{action.id}: {condition.place} is taken"
                assert condition.place not in self.folders

    def _make(self, folder: Place) -> tuple[Place, ...]:
        parts = folder.path.split("/")
        above = [Place(folder.location, "/".join(parts[:depth])) for depth in range(1, len(parts) + 1)]
        made = tuple(place for place in above if place not in self.folders)
        self.folders.update(made)
        return made

    def _put(self, file: _File, target: Place, mtime_ns: int) -> tuple[int, tuple[Place, ...]]:
        folder = target.path.rpartition("/")[0]
        made = self._make(Place(target.location, folder)) if folder else ()
        mtime_ns -= mtime_ns % GRANULARITY.get(target.location, 1)
        self.files[target] = attrs.evolve(file, mtime_ns=mtime_ns)
        return mtime_ns, made

    def carry_out(self, action: Action, *, rows: bool = True) -> Outcome:
        """Do it as `medialib.workflows.apply` does, rows of the catalogue included."""
        self._demand(action)
        if isinstance(action, Fetch):
            mtime_ns, made = self._put(self.files[action.source], action.target, action.mtime_ns)
            row = KnownFile(
                action.source.location, f"/{action.source.path}", action.size, action.mtime_ns, "fetched", MOMENT
            )
            previous = self.known.get((row.remote, row.path))
            self.known[row.remote, row.path] = row
            return Outcome("done", mtime_ns=mtime_ns, created_folders=made, known=row, previous_known=previous)
        if isinstance(action, Move):
            # the one disk that is apart has neither links nor clones
            apart = "usb" in {action.source.location, action.target.location}
            way = next((way for way in action.ways if not apart or way in ("move", "copy")), None)
            if way is None:
                return Outcome("failed", "none of the ways leads there")
            if way != "move":
                mtime_ns, made = self._put(self.files[action.source], action.target, action.mtime_ns)
                if action.holding is not None:
                    self.inventory[action.target] = action.holding
                return Outcome("done", mtime_ns=mtime_ns, method=way, source_kept=True, created_folders=made)
        if isinstance(action, Move | Discard):
            mtime_ns, made = self._put(self.files.pop(action.source), action.target, action.mtime_ns)
            holding = self.inventory.pop(action.source, None)
            if isinstance(action, Move) and action.holding is not None:
                self.inventory[action.target] = action.holding
            return Outcome("done", mtime_ns=mtime_ns, created_folders=made, previous_holding=holding)
        if isinstance(action, MakeFolder):
            made = self._make(action.place)
            return Outcome(
                "done", created_folders=tuple(place for place in made if place != action.place), changed=bool(made)
            )
        if isinstance(action, RemoveFolder):
            inside = [*self.files, *self.folders]
            full = any(
                place.location == action.place.location and place.path.startswith(f"{action.place.path}/")
                for place in inside
            )
            gone = action.place in self.folders and not full
            if gone:
                self.folders.remove(action.place)
            return Outcome("done", changed=gone)
        if rows:
            self._write_row(action)
        return Outcome("done")

    def _write_row(self, action: Action) -> None:
        if isinstance(action, AddShow):
            assert action.show.key not in self.shows
            self.shows[action.show.key] = action.show
        elif isinstance(action, RemoveShow):
            assert self.shows.pop(action.show.key) == action.show
        elif isinstance(action, AddMovie):
            assert action.movie.key not in self.movies
            self.movies[action.movie.key] = action.movie
        elif isinstance(action, RemoveMovie):
            assert self.movies.pop(action.movie.key) == action.movie
        elif isinstance(action, RecordKnown):
            row = (action.remote, action.path)
            assert self.known.get(row) == action.previous
            if action.record is None:
                self.known.pop(row, None)
            else:
                self.known[row] = action.record


FOLDERS = ("d1", "d2", "d1/e1", "d1/e1/g1")
NAMES = ("f1", "f2", "f3")
spots = st.builds(
    lambda location, folder, name: Place(location, f"{folder}/{name}".lstrip("/")),
    st.sampled_from(("incoming", "tv", "usb")),
    st.sampled_from(("", *FOLDERS)),
    st.sampled_from(NAMES),
)
folders = st.builds(Place, st.sampled_from(("incoming", "tv")), st.sampled_from(FOLDERS))
ways = st.just(("move",)) | st.lists(st.sampled_from(get_args(Way)), min_size=1, max_size=4, unique=True).map(tuple)
holdings = st.builds(Holding, st.builds(Unit, st.just("episode"), st.sampled_from("ab"))) | st.none()
records = st.builds(
    KnownFile,
    st.just("seedbox"),
    st.sampled_from(("/f1", "/f2")),
    st.integers(0, 3),
    st.just(0),
    st.just("baseline"),
    st.just(MOMENT),
)
seeds = st.dictionaries(
    st.builds(Place, st.just("seedbox"), st.sampled_from(NAMES)),
    st.builds(_File, st.integers(0, 99), st.integers(0, 9), st.integers(1, 99)),
    min_size=1,
)


def _possible(draw: st.DrawFn, world: _World, number: int) -> Action | None:
    """An action that the world allows, or None where the one drawn is not possible."""
    kind, name = draw(st.sampled_from(("fetch", "move", "move", "discard", "make", "remove", "row"))), f"a{number}"
    target, folder = draw(spots), draw(folders)
    local = sorted(place for place in world.files if place.location != "seedbox")
    if kind == "fetch" and target not in world.files:
        source = draw(st.sampled_from(sorted(place for place in world.files if place.location == "seedbox")))
        return Fetch(name, source, target, world.files[source].size, world.files[source].mtime_ns)
    if kind in {"move", "discard"} and local:
        source = draw(st.sampled_from(local))
        file = world.files[source]
        if kind == "move" and target not in world.files:
            return Move(name, source, target, file.size, file.mtime_ns, draw(holdings), ways=draw(ways))
        if kind == "discard":
            bin_ = Place(source.location, f".medialib/recycle/r1/{number}/{source.path}")
            return Discard(name, source, bin_, file.size, file.mtime_ns)
    if kind == "make":
        return MakeFolder(name, folder)
    if kind == "remove":
        return RemoveFolder(name, folder)
    if kind == "row":
        return _row(draw, world, name)
    return None


def _row(draw: st.DrawFn, world: _World, name: str) -> Action:
    sort, key, year = (
        draw(st.sampled_from(("show", "movie", "known"))),
        draw(st.sampled_from("ab")),
        draw(st.integers(1, 2)),
    )
    if sort == "show":
        present = world.shows.get(key)
        return AddShow(name, Show(key, key, year)) if present is None else RemoveShow(name, present)
    if sort == "movie":
        film = world.movies.get(key)
        return AddMovie(name, Movie(key, key, year)) if film is None else RemoveMovie(name, film)
    record = draw(records)
    return RecordKnown(
        name,
        record.remote,
        record.path,
        world.known.get((record.remote, record.path)),
        draw(st.sampled_from((None, record))),
    )


@st.composite
def histories(draw: st.DrawFn) -> tuple[_World, _World, tuple[Performed, ...]]:
    """A world, the same after a run, and the run's lines in the journal; some actions failed and did nothing."""
    world = _World(files=draw(seeds))
    for place in draw(st.lists(spots, max_size=3, unique=True)):
        world._put(_File(draw(st.integers(100, 199)), 5, 0), place, draw(st.integers(1, 99)))
        holding = draw(holdings)
        if holding is not None:
            world.inventory[place] = holding
    before = world.copy()
    lines: list[Performed] = []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        action = _possible(draw, world, number)
        if action is not None:
            failed = draw(st.integers(0, 9)) == 9
            outcome = Outcome("failed", "the disk is full") if failed else world.carry_out(action)
            lines.append(Performed(number, action, outcome))
    return before, world, tuple(lines)


@settings(max_examples=300)
@given(histories())
def test_undo_leaves_all_as_it_was(history: tuple[_World, _World, tuple[Performed, ...]]) -> None:
    """`undo` of a run restores names, bytes and rows; what was fetched is not destroyed."""
    before, after, lines = history
    actions = undo_actions(reversed(lines), recycle=RECYCLE)
    plan = Plan("undo", MOMENT, "c", "d", actions, undoes="r1")
    check_plan(plan)
    assert len({action.id for action in actions}) == len(actions)
    world = after.copy()
    for action in actions:
        world.carry_out(action)
    assert world.seen() == before.seen()
    # what undoing fetches took away is all in the recycle folder
    contents = sorted(file.content for file in after.files.values())
    assert sorted(file.content for file in world.files.values()) == contents


@settings(max_examples=300)
@given(histories(), st.data())
def test_an_undo_cut_down_has_its_ground(
    history: tuple[_World, _World, tuple[Performed, ...]], data: st.DataObject
) -> None:
    """Cutting the plan down never leaves a step without its ground."""
    _, after, lines = history
    plan = Plan("undo", MOMENT, "c", "d", undo_actions(lines, recycle=RECYCLE))
    if not plan:
        return
    ids = [action.id for action in plan.actions]
    chosen = data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=2))
    for cut in (plan.only(*chosen), plan.without(*chosen)):
        check_plan(cut)
        world = after.copy()
        for action in cut.actions:
            world.carry_out(action, rows=False)


@settings(max_examples=200)
@given(histories())
def test_each_step_comes_after_what_touched_its_folders(
    history: tuple[_World, _World, tuple[Performed, ...]],
) -> None:
    """Each comes `after` the latest earlier one that touches the same file, or a folder above or below it."""
    actions = undo_actions(history[2], recycle=RECYCLE)
    plan = Plan("undo", MOMENT, "c", "d", actions)
    for index, action in enumerate(actions):
        needed = {other.id for other in plan.only(action.id).actions}
        for earlier in actions[:index]:
            for place in (place for places in effects(action) for place in places):
                for other in (place for places in effects(earlier) for place in places):
                    inside = place.location == other.location and f"{place.path}/".startswith(f"{other.path}/")
                    holds = place.location == other.location and f"{other.path}/".startswith(f"{place.path}/")
                    if inside or (holds and isinstance(action, RemoveFolder)):
                        assert earlier.id in needed, (action, earlier)


@settings(max_examples=200)
@given(histories())
def test_an_undo_can_be_undone(history: tuple[_World, _World, tuple[Performed, ...]]) -> None:
    """An undo is a run like another: its own undo restores what it took back."""
    _, after, lines = history
    world = after.copy()
    undone = [
        Performed(number, action, world.carry_out(action))
        for number, action in enumerate(undo_actions(lines, recycle=RECYCLE), start=1)
    ]
    for action in undo_actions(undone, recycle=".medialib/recycle/r3"):
        world.carry_out(action)
    assert world.seen() == after.seen()


def done(action: Action, **fields: object) -> Performed:
    return Performed(3, action, Outcome("done", **fields))  # type: ignore[arg-type]


def test_a_fetched_file_goes_to_the_recycle_folder_and_its_row_back() -> None:
    row = KnownFile("seedbox", "/a/x.mkv", 7, 5, "fetched", MOMENT)
    older = attrs.evolve(row, size=6)
    fetch = Fetch("f1", Place("seedbox", "a/x.mkv"), HERE, 7, 5)
    undone = inverse(
        done(fetch, mtime_ns=4, known=row, previous_known=older, created_folders=(Place("incoming", "a"),)),
        recycle=RECYCLE,
    )
    assert undone == (
        Discard("u3", HERE, Place("incoming", f"{RECYCLE}/3/a/x.mkv"), 7, 4, reason="undo of f1"),
        RecordKnown("u3-known", "seedbox", "/a/x.mkv", row, older, "undo of f1", ("u3",)),
        RemoveFolder("u3-folder1", Place("incoming", "a"), "undo of f1"),
    )
    assert inverse(done(fetch), recycle=RECYCLE) == (
        Discard("u3", HERE, Place("incoming", f"{RECYCLE}/3/a/x.mkv"), 7, 5, reason="undo of f1"),
    )


def test_a_moved_file_goes_back_with_what_the_inventory_said() -> None:
    holding = Holding(release="r")
    for action in (Move("m1", HERE, THERE, 7, 5), Discard("m1", HERE, THERE, 7, 5)):
        assert inverse(done(action, previous_holding=holding), recycle=RECYCLE) == (
            Move("u3", THERE, HERE, 7, 5, holding=holding, reason="undo of m1"),
        )
        (back,) = inverse(done(action, mtime_ns=4), recycle=RECYCLE)
        assert isinstance(back, Move)
        assert back.mtime_ns == 4


@pytest.mark.parametrize("way", ["hardlink", "reflink", "copy"])
def test_what_was_linked_or_copied_goes_to_the_recycle_folder_and_its_source_stays(way: Way) -> None:
    action = Move("m1", HERE, THERE, 7, 5, Holding(release="r"), ways=(way,))
    assert effects(action) == ((THERE,), ())
    (recycled,) = inverse(done(action, mtime_ns=4, method=way, source_kept=True), recycle=RECYCLE)
    assert recycled == Discard("u3", THERE, Place("tv", f"{RECYCLE}/3/b/y.mkv"), 7, 4, reason="undo of m1")


def test_folders_that_had_to_be_made_are_removed_innermost_first() -> None:
    """Folders that the action had to make are removed again if empty."""
    made = (Place("tv", "a"), Place("tv", "a/b"))
    for action in (Move("m1", HERE, Place("tv", "a/b/c"), 7, 5), MakeFolder("m1", Place("tv", "a/b/c"))):
        undone = inverse(done(action, created_folders=made), recycle=RECYCLE)
        assert [(item.id, item.place.path) for item in undone[1:] if isinstance(item, RemoveFolder)] == [
            ("u3-folder1", "a/b"),
            ("u3-folder2", "a"),
        ]


def test_times_of_a_coarse_disk_come_back_with_the_file() -> None:
    """A file that went through a coarse disk in the run is not taken for one that drifted."""
    middle, last = Place("tv", "m"), Place("usb", "l")
    lines = (
        Performed(1, Move("m1", HERE, middle, 7, 15), Outcome("done", mtime_ns=15)),
        Performed(2, Move("m2", middle, last, 7, 15), Outcome("done", mtime_ns=10)),
    )
    assert [action.mtime_ns for action in undo_actions(lines, recycle=RECYCLE) if isinstance(action, Move)] == [10, 10]


@given(json_actions(), st.integers(1, 9))
def test_a_line_without_outcome_must_be_recovered_first(action: Action, sequence: int) -> None:
    """Raises ValueError for an action without outcome: its run must be recovered first."""
    with pytest.raises(ValueError, match="has no outcome yet: recover its run first"):
        inverse(Performed(sequence, action, None), recycle=RECYCLE)


@given(json_actions(), json_outcomes())
def test_every_action_has_an_inverse_and_nothing_done_has_none(action: Action, outcome: Outcome) -> None:
    """What did nothing has the empty inverse, and a remote's emptied folder too: what comes back into it makes it anew.

    All others have one, whose ids begin alike.
    """
    undone = inverse(Performed(7, action, outcome), recycle=RECYCLE)
    did_something = outcome.result == "done" and outcome.changed and not isinstance(action, ReleaseFolder)
    if isinstance(undone, Irreversible):
        assert isinstance(action, ReleaseFile | Purge)
        assert did_something
        return
    assert bool(undone) is did_something
    assert all(item.id.startswith("u7") for item in undone)
    assert all(item.reason == f"undo of {action.id}" for item in undone)
    assert len({item.id for item in undone}) == len(undone)


def test_what_a_remote_let_go_of_comes_back_or_is_named_as_gone_for_good() -> None:
    moved = ReleaseMove("x1", HERE, Place("incoming", "done/x.mkv"), 1, 2)
    made = Outcome("done", created_folders=(Place("incoming", "done"),))
    back, emptied = undo_actions([Performed(1, moved, made)], recycle=RECYCLE)
    assert emptied == ReleaseFolder("u1-folder1", made.created_folders[0], "undo of x1", ("u1",), back=True)
    assert isinstance(back, ReleaseMove)
    assert (back.source, back.target, back.back) == (moved.target, moved.source, True)
    marked = ReleaseMark("x2", HERE, (), ())
    (back,) = undo_actions([Performed(1, marked, Outcome("done"))], recycle=RECYCLE)
    assert back == attrs.evolve(marked, id="u1", reason="undo of x2", back=True)
    lines = [
        Performed(1, ReleaseFile("x1", HERE, 1, 2), Outcome("done")),
        Performed(2, ReleaseFile("x2", THERE, 1, 2), Outcome("failed")),
        Performed(3, ReleaseFolder("r3", Place("incoming", "a")), Outcome("done")),
    ]
    assert undo_actions(lines, recycle=RECYCLE) == ()
    assert [(gone.action, gone.place) for gone in irreversible(lines)] == [("x1", HERE)]
