"""The writer: what it checks first, what a failure skips, how it waits, gives up, stops and groups."""

from __future__ import annotations

import errno
import hashlib
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import attrs
import pytest

from medialib.catalogue.memory import MemoryCatalogue
from medialib.errors import (
    AuthenticationFailed,
    Cancelled,
    CatalogueBusy,
    CatalogueError,
    ConnectionLost,
    Drifted,
    InvalidPlan,
    MedialibError,
    OutOfReach,
    PlanRefused,
)
from medialib.events import ActionFinished, BytesMoved, Event, Noted, Waiting
from medialib.model import Episode, Holding, InventoryFile, KnownFile, Movie, Place, Show, Unit
from medialib.planning import (
    AddMovie,
    AddShow,
    ChangeShow,
    Discard,
    Fetch,
    MakeFolder,
    Move,
    Plan,
    RecordInventory,
    RecordKnown,
    RemoveFolder,
    RemoveMovie,
    RemoveShow,
    SetEpisodes,
    SetHolding,
    Way,
)
from medialib.planning.actions import Action
from medialib.ports import PartRecord
from medialib.testing.memory_location import MemoryLocation
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.apply import Report, apply, say_failure, writing
from medialib.workflows.apply.session import LEASE
from medialib.workflows.holders import holder_is_dead, holder_name
from medialib.workflows.undo import plan_undo


def plan_of(world: MemoryWorld, *actions: Action, **fields: object) -> Plan:
    plan = Plan("test", world.clock.now(), world.catalogue.identity, "configuration", actions)
    return attrs.evolve(plan, **fields)  # type: ignore[arg-type]


def fetch(world: MemoryWorld, path: str, name: str = "f1", content: bytes = b"content") -> Fetch:
    entry = world.remote.put(path, content, mtime_ns=world.clock.ago(hours=1))
    return Fetch(name, Place("remote", path), Place("incoming", path), entry.size, entry.mtime_ns)


def move(world: MemoryWorld, path: str, target: str, name: str = "m1", content: bytes = b"content") -> Move:
    entry = world.incoming.put(path, content, mtime_ns=7)
    location, _, inside = target.partition(":")
    holding = Holding(Unit("episode", "show", 1, (1,)))
    return Move(name, Place("incoming", path), Place(location, inside), entry.size, 7, holding)


def outcomes(report: Report) -> dict[str, str]:
    return {line.action.id: line.outcome.result for line in report.lines if line.outcome is not None}


# ------------------------------------------------------------------------------------------ what is refused beforehand


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"catalogue": "another"}, "made for the catalogue another"),
        ({"configuration": "another"}, "another configuration"),
        ({"provisional": True}, "provisional"),
    ],
)
def test_a_plan_for_another_world_is_refused(change: dict[str, object], said: str) -> None:
    world = MemoryWorld()
    with pytest.raises(PlanRefused, match=said):
        apply(plan_of(world, fetch(world, "a.mkv"), **change), world.world)
    assert world.contents() == {}


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        (Place("nowhere", "a"), Place("incoming", "a"), "nowhere"),
        (Place("remote", "a"), Place("nowhere", "a"), "nowhere"),
        (Place("remote", "a"), Place("remote", "b"), "only ever read"),
        (Place("incoming", "a"), Place("incoming", "b"), "not in a configured folder of a remote"),
    ],
)
def test_places_that_are_not_configured_are_refused(source: Place, target: Place, said: str) -> None:
    world = MemoryWorld()
    with pytest.raises(PlanRefused, match=said):
        apply(plan_of(world, Fetch("f1", source, target, 1, 1)), world.world)


def test_a_saved_plan_cannot_reach_outside_the_configured_folders_of_a_remote() -> None:
    world = MemoryWorld()
    action = fetch(world, "secret/a.mkv")
    narrow = attrs.evolve(world.world, remote_paths={"remote": ("tv", "films")})
    with pytest.raises(PlanRefused, match="not in a configured folder"):
        apply(plan_of(world, action), narrow)
    wide = attrs.evolve(world.world, remote_paths={"remote": ("secret",)})
    assert apply(plan_of(world, action), wide).whole


@pytest.mark.parametrize("path", ["../etc/passwd", "/etc/passwd", "a/../../b", "a\nb"])
def test_a_plan_that_leaves_its_roots_is_invalid(path: str) -> None:
    world = MemoryWorld()
    with pytest.raises(InvalidPlan):
        apply(plan_of(world, Fetch("f1", Place("remote", "a"), Place("incoming", path), 1, 1)), world.world)


def test_drift_before_the_start_refuses_the_whole_plan_and_names_every_file() -> None:
    world = MemoryWorld()
    actions = (
        fetch(world, "grown.mkv", "f1"),
        fetch(world, "gone.mkv", "f2"),
        fetch(world, "taken.mkv", "f3"),
        fetch(world, "fine.mkv", "f4"),
    )
    world.remote.put("grown.mkv", b"content and more", mtime_ns=actions[0].mtime_ns)
    del world.remote.files["gone.mkv"]
    world.incoming.put("taken.mkv", b"mine")
    with pytest.raises(Drifted) as caught:
        apply(plan_of(world, *actions), world.world)
    assert caught.value.problems == (
        "remote:grown.mkv: it has changed",
        "remote:gone.mkv: it is gone",
        "incoming:taken.mkv: something stands there now",
    )
    assert world.contents() == {"incoming:taken.mkv": b"mine"}
    assert world.catalogue.journal.runs() == ()


# ------------------------------------------------------------------------------------------------- failures on the way


def test_a_failure_skips_what_comes_after_it_and_goes_on_with_the_rest() -> None:
    world = MemoryWorld()
    first = fetch(world, "one.mkv", "f1")
    second = attrs.evolve(fetch(world, "two.mkv", "f2"), after=("f1",))
    third = attrs.evolve(fetch(world, "three.mkv", "f3"), after=("f2",))
    fourth = fetch(world, "four.mkv", "f4")

    def fail(operation: str, path: str) -> None:
        if operation == "make_part" or (operation in ("write", "hold") and path.startswith("one.mkv")):
            raise OSError(errno.EIO, "Input/output error", path)

    world.incoming.before = fail
    report = apply(plan_of(world, first, second, third, fourth), world.world)
    assert outcomes(report) == {"f1": "failed", "f2": "skipped", "f3": "skipped", "f4": "done"}
    assert "comes after f1" in (report.lines[1].outcome.detail if report.lines[1].outcome else "")
    assert [line.action.id for line in report.failures] == ["f1"]
    assert not report.whole
    assert world.catalogue.journal.runs()[0].state == "partial"
    assert world.incoming.files["four.mkv"].content == b"content"


def test_one_file_of_three_fails_and_is_fetched_by_the_next_run() -> None:
    world = MemoryWorld()
    for name in ("a", "b", "c"):
        world.remote.put(f"show/{name}.mkv", name.encode(), mtime_ns=world.clock.ago(hours=1))

    def fail(operation: str, path: str) -> None:
        if operation == "open" and path == "show/b.mkv":
            raise OSError(errno.EIO, "Input/output error", path)

    world.remote.before = fail
    report = apply(world.plan_fetch(), world.world)
    assert Counter(outcomes(report).values()) == {"done": 2, "failed": 1}
    assert len(list(world.catalogue.known_files.of_remote("remote"))) == 2
    world.remote.before = lambda operation, path: None
    again = world.plan_fetch()
    assert [str(action.source) for action in again.actions if isinstance(action, Fetch)] == ["remote:show/b.mkv"]
    assert apply(again, world.world).whole


def test_a_lost_connection_is_tried_again_and_resumed() -> None:
    world = MemoryWorld()
    action = fetch(world, "a.mkv", content=b"x" * 100)
    losses = [0]

    def lose(operation: str, path: str) -> None:
        if operation == "open" and losses[0] < 2:
            losses[0] += 1
            raise ConnectionLost("the line went dead")

    world.remote.before = lose
    assert apply(plan_of(world, action), world.world).whole
    assert losses == [2]


def test_a_remote_that_keeps_dropping_is_given_up_and_others_go_on() -> None:
    world = MemoryWorld()
    fetches = [fetch(world, f"{number}.mkv", f"f{number}") for number in range(1, 6)]
    moved = move(world, "m.mkv", "tv:m.mkv")
    opened = []

    def lose(operation: str, path: str) -> None:
        if operation == "open":
            opened.append(path)
            raise ConnectionLost("the line went dead")

    world.remote.before = lose
    report = apply(plan_of(world, *fetches, moved), world.world)
    skipped = {
        line.outcome.detail for line in report.lines if line.outcome is not None and line.outcome.result == "skipped"
    }
    assert skipped == {"remote: left alone for the rest of this run: the line went dead"}
    assert outcomes(report) == dict.fromkeys(("f1", "f2"), "failed") | dict.fromkeys(("f3", "f4", "f5"), "skipped") | {
        "m1": "done"
    }
    assert set(opened) == {"1.mkv", "2.mkv"}


def test_refused_credentials_are_not_offered_again() -> None:
    world = MemoryWorld()
    fetches = [fetch(world, f"{number}.mkv", f"f{number}") for number in range(1, 4)]
    asked = []

    def refuse(operation: str, path: str) -> None:
        if operation == "open":
            asked.append(path)
            raise AuthenticationFailed("no entry")

    world.remote.before = refuse
    report = apply(plan_of(world, *fetches), world.world)
    assert outcomes(report) == {"f1": "failed", "f2": "skipped", "f3": "skipped"}
    assert asked == ["1.mkv"]


def test_what_arrived_before_needs_no_room_again() -> None:
    world = MemoryWorld()
    action = fetch(world, "a.mkv", content=b"x" * 600)
    part = world.incoming.part("a.mkv")
    with part.write(0) as stream:
        stream.write(b"x" * 500)
    digest = hashlib.sha256(b"x" * 500).hexdigest()
    part.note(PartRecord("remote:/remote/a.mkv", 600, action.mtime_ns, 500, digest))
    world.incoming.free = 150
    report = apply(plan_of(world, action), attrs.evolve(world.world, minimum_free=0))
    assert report.whole
    assert report.lines[0].outcome is not None
    assert report.lines[0].outcome.detail == "resumed at byte 500"


def test_a_file_that_would_leave_too_little_room_is_not_begun() -> None:
    world = MemoryWorld()
    world.incoming.free = 1000
    action = fetch(world, "a.mkv", content=b"x" * 600)
    report = apply(plan_of(world, action), attrs.evolve(world.world, minimum_free=500))
    assert outcomes(report) == {"f1": "failed"}
    assert report.lines[0].outcome is not None
    assert "600 bytes are to come, 1000 are free and 500 are to stay so" in report.lines[0].outcome.detail
    assert world.incoming.files == {}


# -------------------------------------------------------------------------------------------------- moves across disks


def test_a_copied_source_is_let_go_of_only_when_its_whole_unit_is_placed() -> None:
    world = MemoryWorld()
    pack = [
        attrs.evolve(move(world, f"pack/{name}.mkv", f"movies:{name}.mkv", name, name.encode()), unit="pack")
        for name in ("one", "two", "three")
    ]

    def fail(operation: str, path: str) -> None:
        if operation == "make_folder" or (operation in ("write", "hold") and path.startswith("two")):
            raise OSError(errno.ENOSPC, "No space left on device", path)

    world.movies.before = fail
    report = apply(plan_of(world, *pack), world.world)
    assert outcomes(report) == {"one": "done", "two": "failed", "three": "done"}
    assert sorted(world.incoming.files) == ["pack/one.mkv", "pack/three.mkv", "pack/two.mkv"]
    world.movies.before = lambda operation, path: None
    again = attrs.evolve(pack[1], id="again")
    folder = RemoveFolder("r", Place("incoming", "pack"), after=("again",))
    assert apply(plan_of(world, again, folder), world.world).count("done") == 2
    assert sorted(world.movies.files) == ["one.mkv", "three.mkv", "two.mkv"]
    assert sorted(world.incoming.files) == ["pack/one.mkv", "pack/three.mkv"]


def test_a_copy_that_the_disk_has_no_room_for_is_not_begun() -> None:
    world = MemoryWorld()
    world.movies.free = 10
    large, small = move(world, "a.mkv", "movies:a.mkv", "large", bytes(11)), move(world, "b.mkv", "movies:b.mkv")
    report = apply(plan_of(world, large, small), world.world)
    assert outcomes(report) == {"large": "failed", "m1": "done"}
    assert "not enough room: 11 bytes are to come, 10 are free" in str(report.failures[0].outcome)
    assert sorted(world.movies.files) == ["b.mkv"]


def test_a_whole_unit_that_was_copied_leaves_an_empty_folder_that_is_removed() -> None:
    world = MemoryWorld()
    pack = [
        attrs.evolve(move(world, f"pack/{name}.mkv", f"movies:{name}.mkv", name), unit="pack") for name in ("a", "b")
    ]
    folder = RemoveFolder("r", Place("incoming", "pack"), after=("a", "b"))
    report = apply(plan_of(world, *pack, folder), world.world)
    assert report.whole
    assert world.incoming.files == {}
    assert "pack" not in world.incoming.folders
    assert {row.holding.sha256 for row in world.catalogue.inventory.all()} != {None}


def test_a_copy_whose_bytes_are_not_those_received_is_not_placed() -> None:
    world = MemoryWorld()
    action = move(world, "a.mkv", "movies:a.mkv")
    assert action.holding is not None
    action = attrs.evolve(action, holding=attrs.evolve(action.holding, sha256="0" * 64))
    report = apply(plan_of(world, action), world.world)
    assert outcomes(report) == {"m1": "failed"}
    assert world.contents() == {"incoming:a.mkv": b"content"}


def test_a_source_that_cannot_be_removed_after_copying_is_kept_and_told_of() -> None:
    world = MemoryWorld()
    action = move(world, "a.mkv", "movies:a.mkv")
    told: list[Event] = []

    def fail(operation: str, path: str) -> None:
        if operation == "remove":
            raise OSError(errno.EACCES, "Permission denied", path)

    world.incoming.before = fail
    assert apply(plan_of(world, action), world.world, observer=told.append).whole
    assert any(isinstance(event, Noted) and "kept after copying" in event.message for event in told)
    assert "a.mkv" in world.incoming.files


# --------------------------------------------------------------------------------------------------- ways to be placed


@pytest.mark.parametrize(
    ("ways", "offered", "method", "kept"),
    [
        (("reflink", "hardlink", "move"), {"reflink", "hardlink"}, "reflink", True),
        (("reflink", "hardlink", "move"), {"hardlink"}, "hardlink", True),
        (("reflink", "hardlink", "move"), set(), "rename", False),
        (("reflink", "hardlink", "copy"), set(), "copy", True),
        (("copy",), {"reflink"}, "copy", True),
        (("move",), {"reflink"}, "rename", False),
    ],
)
def test_a_file_is_placed_by_the_first_way_that_works_there(
    ways: tuple[Way, ...], offered: set[str], method: str, kept: bool
) -> None:
    world = MemoryWorld()
    world.tv.links_within = frozenset(offered)
    action = attrs.evolve(move(world, "pack/a.mkv", "tv:Show/a.mkv"), ways=ways)
    report = apply(plan_of(world, action), world.world)
    outcome = report.lines[0].outcome
    assert outcome is not None
    assert (outcome.result, outcome.method, outcome.source_kept) == ("done", method, kept)
    assert world.tv.files["Show/a.mkv"].content == b"content"
    assert ("pack/a.mkv" in world.incoming.files) is kept
    (row,) = world.catalogue.inventory.all()
    assert row.place == Place("tv", "Show/a.mkv")
    assert world.undo().whole
    assert world.contents() == {"incoming:pack/a.mkv": b"content"}
    assert list(world.catalogue.inventory.all()) == []
    assert world.tv.folders - {""} == {place for place in world.tv.folders if place.startswith(".medialib")}


def test_across_disks_a_link_is_passed_over_and_a_copy_that_is_to_stay_leaves_its_source() -> None:
    world = MemoryWorld()
    first = attrs.evolve(move(world, "a.mkv", "movies:a.mkv", "m1"), ways=("hardlink", "copy"))
    second = attrs.evolve(move(world, "b.mkv", "movies:b.mkv", "m2"), ways=("reflink", "move"))
    assert apply(plan_of(world, first, second), world.world).whole
    assert sorted(world.incoming.files) == ["a.mkv"]
    assert sorted(world.movies.files) == ["a.mkv", "b.mkv"]


def test_where_no_way_leads_nothing_is_half_done() -> None:
    world = MemoryWorld()
    action = attrs.evolve(move(world, "a.mkv", "movies:Film/a.mkv"), ways=("reflink", "hardlink"))
    report = apply(plan_of(world, action), world.world)
    outcome = report.lines[0].outcome
    assert outcome is not None
    assert outcome.detail == (
        "movies:Film/a.mkv: reflink and hardlink cannot be done from incoming:a.mkv to there. "
        "Add 'copy' or 'move' to routing.ways, or keep both on one disk that can."
    )
    assert world.contents() == {"incoming:a.mkv": b"content"}
    assert world.movies.folders == {""}


def test_a_file_of_the_inventory_that_is_linked_elsewhere_stays_in_it() -> None:
    world = MemoryWorld()
    entry = world.tv.put("a.mkv", b"content", mtime_ns=7)
    held = Holding(release="a.mkv")
    world.catalogue.inventory.put([InventoryFile(Place("tv", "a.mkv"), entry.size, 7, world.clock.now(), held)])
    action = Move("m1", Place("tv", "a.mkv"), Place("tv", "b.mkv"), entry.size, 7, held, ways=("hardlink",))
    assert apply(plan_of(world, action), world.world).whole
    assert [row.place.path for row in world.catalogue.inventory.all()] == ["a.mkv", "b.mkv"]
    world.undo()
    assert [row.place.path for row in world.catalogue.inventory.all()] == ["a.mkv"]


# ------------------------------------------------------------------------------------------ discards and the catalogue


def test_a_duplicate_is_recycled_only_while_it_is_one() -> None:
    world = MemoryWorld()
    entry = world.incoming.put("a.mkv", b"same", mtime_ns=7)
    world.tv.put("b.mkv", b"same")
    bin_ = Place("incoming", ".medialib/recycle/x/a.mkv")
    discard = Discard("d1", Place("incoming", "a.mkv"), bin_, entry.size, 7, Place("tv", "b.mkv"))
    world.tv.put("b.mkv", b"else")
    assert outcomes(apply(plan_of(world, discard), world.world)) == {"d1": "failed"}
    world.tv.put("b.mkv", b"same")
    assert outcomes(apply(plan_of(world, discard), world.world)) == {"d1": "done"}
    assert world.incoming.files[".medialib/recycle/x/a.mkv"].content == b"same"
    world.undo()
    assert world.contents() == {"incoming:a.mkv": b"same", "tv:b.mkv": b"same"}


def test_a_move_whose_source_changed_under_way_fails_alone() -> None:
    world = MemoryWorld()
    first, second = move(world, "a.mkv", "tv:a.mkv", "m1"), move(world, "b.mkv", "tv:b.mkv", "m2")

    def meddle(operation: str, path: str) -> None:
        if operation == "rename" and path == "a.mkv":
            world.incoming.files["b.mkv"].content = b"meddled with"

    world.incoming.before = meddle
    assert outcomes(apply(plan_of(world, first, second), world.world)) == {"m1": "done", "m2": "failed"}


def test_actions_on_the_catalogue_hold_only_if_it_is_as_the_plan_saw_it() -> None:
    world = MemoryWorld()
    show, movie = Show("a", "A"), Movie("b", "B")
    row = KnownFile("remote", "/x", 1, 1, "baseline", world.clock.now())
    actions: tuple[Action, ...] = (
        AddShow("1", show),
        AddShow("2", show),
        RemoveShow("3", attrs.evolve(show, title="Else")),
        AddMovie("4", movie),
        AddMovie("5", movie),
        RemoveMovie("6", attrs.evolve(movie, title="Else")),
        RecordKnown("7", "remote", "/x", None, row),
        RecordKnown("8", "remote", "/x", None, row),
        MakeFolder("9", Place("tv", "new/folder")),
        MakeFolder("10", Place("tv", "new/folder")),
        RemoveFolder("11", Place("tv", "none")),
    )
    report = apply(plan_of(world, *actions), world.world)
    failed = {line.action.id for line in report.failures}
    assert failed == {"2", "3", "5", "6", "8"}
    assert (world.catalogue.shows.get("a"), world.catalogue.movies.get("b")) == (show, movie)
    world.undo()
    assert (world.catalogue.shows.get("a"), world.catalogue.movies.get("b")) == (None, None)
    assert world.catalogue.known_files.get("remote", "/x") is None
    assert world.tv.folders == {""}


def test_shows_and_episodes_change_only_from_what_the_plan_saw() -> None:
    """And then all of it, or nothing of it."""
    world = MemoryWorld()
    show, pilot, second = Show("a", "A"), Episode("a", 1, 1, "Pilot"), Episode("a", 1, 2)
    changed, titled = attrs.evolve(show, title="Else"), attrs.evolve(second, title="Second")
    place, holding = Place("tv", "x.mkv"), Holding(release="x")
    world.catalogue.inventory.put([InventoryFile(place, 1, 1, world.clock.now())])
    actions: tuple[Action, ...] = (
        AddShow("1", show, episodes=(pilot, Episode("b", 1, 1))),
        AddShow("2", show, episodes=(pilot,)),
        SetEpisodes("3", "a", (), (second,)),
        SetEpisodes("4", "a", (), (second,)),
        SetEpisodes("5", "a", (attrs.evolve(pilot, title="Other"),), ()),
        SetEpisodes("6", "none", (), ()),
        SetEpisodes("7", "a", (), (Episode("b", 1, 1),)),
        ChangeShow("8", changed, show),
        ChangeShow("9", show, attrs.evolve(show, key="b")),
        ChangeShow("10", show, changed, previous_episodes=(titled,)),
        ChangeShow("11", show, changed, previous_episodes=(pilot, second), episodes=(titled,)),
        SetHolding("12", place, holding, holding),
        SetHolding("13", place, Holding(), holding),
        SetHolding("14", Place("tv", "y.mkv"), Holding(), holding),
        RemoveShow("15", changed, episodes=(pilot,)),
    )
    report = apply(plan_of(world, *actions), world.world)
    assert {line.action.id for line in report.failures} == {"1", "4", "5", "6", "7", "8", "9", "10", "12", "14"}
    assert (world.catalogue.shows.get("a"), list(world.catalogue.episodes.of_show("a"))) == (changed, [titled])
    row = world.catalogue.inventory.get(place)
    assert row is not None
    assert row.holding == holding
    assert world.undo().whole
    assert world.catalogue.shows.get("a") is None
    assert list(world.catalogue.inventory.all()) == [attrs.evolve(row, holding=Holding())]


def test_files_are_entered_and_forgotten_only_as_the_plan_saw_them() -> None:
    world = MemoryWorld()
    world.tv.put("x.mkv", b"content", mtime_ns=5)
    there, gone = Place("tv", "x.mkv"), Place("tv", "gone.mkv")
    row = InventoryFile(there, 7, 5, world.clock.now(), Holding(release="x"))
    stale = attrs.evolve(row, place=gone)
    world.catalogue.inventory.put([stale])
    actions: tuple[Action, ...] = (
        RecordInventory("1", there, stale, row, adopts=True),
        RecordInventory("2", there, None, stale),
        RecordInventory("3", there, None, row, adopts=True),
        RecordInventory("4", there, None, row),
        RecordInventory("5", gone, stale, None),
    )
    report = apply(plan_of(world, *actions), world.world)
    assert {line.action.id for line in report.failures} == {"1", "2", "4"}
    assert list(world.catalogue.inventory.all()) == [row]
    assert [run for run, _ in world.catalogue.journal.touching(there)] == [report.run] * 4
    assert world.undo().whole
    assert list(world.catalogue.inventory.all()) == [stale]
    assert world.contents() == {"tv:x.mkv": b"content"}


def test_a_file_that_changed_since_is_not_entered() -> None:
    world = MemoryWorld()
    world.tv.put("x.mkv", b"content", mtime_ns=5)
    for place in (Place("tv", "x.mkv"), Place("tv", "y.mkv")):
        row = InventoryFile(place, 6, 5, world.clock.now())
        with pytest.raises(Drifted):
            apply(plan_of(world, RecordInventory("1", place, None, row, adopts=True)), world.world)
    assert not list(world.catalogue.inventory.all())


def test_what_depends_on_a_row_that_was_refused_is_skipped() -> None:
    world = MemoryWorld()
    world.catalogue.shows.add(Show("show", "Other"))
    add = AddShow("a1", Show("show", "Show"))
    moved = attrs.evolve(move(world, "a.mkv", "tv:a.mkv"), after=("a1",))
    assert outcomes(apply(plan_of(world, add, moved), world.world)) == {"a1": "failed", "m1": "skipped"}
    assert world.contents() == {"incoming:a.mkv": b"content"}


def test_a_show_or_film_that_still_has_files_is_kept_by_undo() -> None:
    world = MemoryWorld()
    world.remote.put("Show.S01E01.mkv", b"1", mtime_ns=world.clock.ago(hours=1))
    world.remote.put("Film.Name.2001.1080p.BluRay.mkv", b"2", mtime_ns=world.clock.ago(hours=1))
    first = world.sync()[0].run
    world.remote.put("Show.S01E02.mkv", b"3", mtime_ns=world.clock.ago(hours=1))
    world.remote.put("Film.Name.2001.720p.BluRay.mp4", b"4", mtime_ns=world.clock.ago(hours=1))
    world.sync()
    assert world.undo(first).whole
    assert world.catalogue.shows.get("show") is not None
    assert world.catalogue.movies.get("film-name-2001") is not None
    assert {row.place.location for row in world.catalogue.inventory.all()} == {"tv", "movies"}


# ----------------------------------------------------------------------------------------------- leases, stops, groups


def test_who_waits_for_another_writer_is_told_and_gives_up_in_time() -> None:
    world = MemoryWorld()
    world.catalogue.leases.acquire(LEASE, "elsewhere:1:x", seconds=3600, now=world.clock.now())
    told: list[Event] = []
    with (
        pytest.raises(CatalogueBusy, match="elsewhere:1:x"),
        writing(world.world, "sync", observer=told.append, wait=5),
    ):
        pytest.fail("nobody else may write")
    assert [event.holder for event in told if isinstance(event, Waiting)] == ["elsewhere:1:x"]


def test_a_wait_can_be_broken_off() -> None:
    world = MemoryWorld()
    world.catalogue.leases.acquire(LEASE, "elsewhere:1:x", seconds=3600, now=world.clock.now())
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled), writing(world.world, "sync", cancelled=stop):
        pytest.fail("nobody else may write")


def test_a_lease_that_lapsed_or_whose_holder_died_is_taken() -> None:
    world = MemoryWorld()
    world.catalogue.leases.acquire(LEASE, "elsewhere:1:x", seconds=10, now=world.clock.now())
    with writing(world.world, "sync", wait=60):
        pass
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    dead = holder_name(process.pid)
    assert holder_is_dead(dead)
    assert not holder_is_dead(holder_name())
    assert not holder_is_dead(f"{socket.gethostname()}:{process.pid}:another-x")  # another container of that name
    assert not holder_is_dead("nonsense")
    world.catalogue.leases.acquire(LEASE, dead, seconds=3600, now=world.clock.now())
    with writing(world.world, "sync", wait=0):
        pass
    assert world.catalogue.leases.get(LEASE) is None


def test_a_stop_leaves_the_rest_for_the_next_run() -> None:
    world = MemoryWorld()
    for number in range(200):
        world.remote.put(f"Show.S01E{number + 1:03}.mkv", b"x", mtime_ns=world.clock.ago(hours=1))
    stop = threading.Event()
    seen = Counter[str]()

    def observer(event: Event) -> None:
        if isinstance(event, BytesMoved):
            seen["moved"] += 1
            if seen["moved"] == 100:
                stop.set()

    report = apply(world.plan_fetch(), world.world, observer=observer, cancelled=stop)
    assert report.cancelled
    assert not report.whole
    assert 99 <= report.count("done") <= 101
    assert world.catalogue.journal.runs()[0].state == "interrupted"
    assert apply(world.plan_fetch(), world.world).count("done") == 200 - report.count("done")


def test_many_small_files_share_their_commits() -> None:
    world = MemoryWorld()
    for number in range(256):
        world.remote.put(f"Show.S01E{number + 1:03}.mkv", b"x", mtime_ns=world.clock.ago(hours=1))
    report = apply(world.plan_fetch(), world.world)
    assert report.count("done") == 256
    assert world.incoming.flushes <= 8


def test_an_empty_plan_leaves_no_trace() -> None:
    world = MemoryWorld()
    report = apply(plan_of(world), world.world)
    assert (report.run, report.lines, report.whole) == (None, (), True)
    assert world.catalogue.journal.runs() == ()


def test_events_tell_of_every_action_and_its_end() -> None:
    world = MemoryWorld()
    told: list[Event] = []
    report = apply(
        plan_of(world, fetch(world, "a.mkv"), move(world, "b.mkv", "tv:b.mkv")), world.world, observer=told.append
    )
    ends = {event.action: event.result for event in told if isinstance(event, ActionFinished)}
    assert ends == outcomes(report) == {"f1": "done", "m1": "done"}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x"), "Make room"),
        (OSError(errno.EROFS, "Read-only file system"), "Mount it writable"),
        (OSError("odd"), "OSError"),
        (MedialibError("ours", remedy="Do it."), "ours. Do it."),
    ],
)
def test_failures_are_said_in_one_line(error: MedialibError | OSError, said: str) -> None:
    assert said in say_failure(error)
    assert "\n" not in say_failure(error)


def test_a_clock_that_sleeps_moves_on() -> None:
    world = MemoryWorld()
    before = world.clock.now()
    world.clock.sleep(1.5)
    assert world.clock.now() - before == timedelta(seconds=1.5)
    assert world.clock.monotonic() == 1.5


def test_a_plan_made_before_there_was_a_catalogue_fits_one_without_a_history() -> None:
    world = MemoryWorld()
    plan = plan_of(world, fetch(world, "a.mkv"), catalogue="")
    assert apply(plan, world.world).whole
    later = plan_of(world, fetch(world, "b.mkv"), catalogue="")
    with pytest.raises(PlanRefused, match="this one has a history"):
        apply(later, world.world)


def test_an_undo_that_was_cut_down_leaves_its_run_to_be_taken_back() -> None:
    world = MemoryWorld()
    for name in ("a.mkv", "b.mkv"):
        world.remote.put(name, name.encode(), mtime_ns=world.clock.ago(hours=1))
    run = apply(world.plan_fetch(), world.world).run
    world.clock.sleep(1)
    plan = plan_undo(world.catalogue, world.clock, configuration="configuration")
    assert apply(plan.only("u1-known"), world.world).whole
    assert list(world.contents()) == ["incoming:b.mkv"]
    taken = world.catalogue.journal.get(str(run))
    assert taken is not None
    assert taken.state == "done"


def test_a_lease_is_renewed_while_it_is_needed_and_its_loss_stops_the_session() -> None:
    world = MemoryWorld()
    stealer = "elsewhere:1:x"
    with writing(world.world, "sync", lease_seconds=0.2) as session:
        first = world.catalogue.leases.get(LEASE)
        assert first is not None
        world.clock.sleep(10)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            renewed = world.catalogue.leases.get(LEASE)
            if renewed is not None and renewed.until > first.until:
                break
            time.sleep(0.01)
        assert renewed is not None
        assert (renewed.holder, renewed.until > first.until) == (first.holder, True)
        world.catalogue.leases.release(LEASE, first.holder)
        world.catalogue.leases.acquire(LEASE, stealer, seconds=3600, now=world.clock.now())
        plan = plan_of(world, fetch(world, "a.mkv"))
        time.sleep(0.3)
        report = session.apply(plan)
    assert report.cancelled
    assert world.contents() == {}
    kept = world.catalogue.leases.get(LEASE)
    assert kept is not None
    assert kept.holder == stealer


def test_a_run_that_an_error_broke_off_is_closed_and_can_be_undone() -> None:
    world = MemoryWorld()
    plan = plan_of(world, fetch(world, "a.mkv"))

    def broken_off() -> None:
        with writing(world.world, "sync") as session:
            session.apply(plan)
            raise OutOfReach("the library is not mounted")

    with pytest.raises(OutOfReach):
        broken_off()
    assert world.catalogue.journal.runs()[0].state == "partial"
    world.clock.sleep(1)
    assert world.undo().whole
    assert world.contents() == {}


def test_a_run_whose_catalogue_would_take_no_more_is_closed_by_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    world = MemoryWorld()
    plan = plan_of(world, *(fetch(world, f"{number}.mkv", f"f{number}") for number in range(65)))
    intend = world.catalogue.journal.intend

    def full(run: str, actions: Iterable[Action]) -> tuple[int, ...]:
        if len(world.contents()) == 64:
            raise CatalogueError("the disk of the catalogue is full")
        return intend(run, actions)

    monkeypatch.setattr(world.catalogue.journal, "intend", full)
    with pytest.raises(CatalogueError):
        apply(plan, world.world)
    assert world.catalogue.journal.runs()[0].state == "partial"
    monkeypatch.undo()
    assert world.undo().whole
    assert world.contents() == {}


class Watched(MemoryLocation):
    """A location that can tell of writers, as a local disk can."""

    written = False

    def being_written(self, path: str) -> bool | None:
        """Whether the test says so."""
        return self.written


@pytest.mark.parametrize("target", ["tv:a.mkv", "movies:a.mkv"])
def test_a_file_that_somebody_writes_is_neither_moved_nor_let_go_of(target: str) -> None:
    world = MemoryWorld()
    watched = Watched("incoming", disks={"": "disk"})
    world.incoming = watched
    action = move(world, "a.mkv", target)
    watched.written = True
    assert outcomes(apply(plan_of(world, action), world.world)) == {"m1": "failed"}
    watched.written = False

    def begin_to_write(operation: str, path: str) -> None:
        if operation == "publish":
            watched.written = True

    world.movies.before = begin_to_write
    told: list[Event] = []
    assert apply(plan_of(world, action), world.world, observer=told.append).whole
    assert ("a.mkv" in watched.files) == target.startswith("movies")
    assert bool([event for event in told if isinstance(event, Noted)]) == target.startswith("movies")


class BusyCatalogue(MemoryCatalogue):
    """A catalogue that another process holds while known files are asked for."""

    busy = 0

    def __init__(self) -> None:
        super().__init__()
        inner, outer = self.known_files, self

        class Known(type(inner)):  # type: ignore[misc]
            def get(self, remote: str, path: str) -> KnownFile | None:
                if outer.busy:
                    outer.busy -= 1
                    raise CatalogueBusy("held by another process")
                return inner.get(remote, path)

        self.known_files = Known(inner._state)


def test_a_catalogue_that_is_busy_for_a_moment_leaves_no_file_without_a_row() -> None:
    catalogue = BusyCatalogue()
    world = MemoryWorld(catalogue=catalogue)
    action = fetch(world, "a.mkv")
    catalogue.busy = 2
    assert apply(plan_of(world, action), world.world).whole
    catalogue.busy = 5
    other = fetch(world, "b.mkv", "f2")
    assert outcomes(apply(plan_of(world, other), world.world)) == {"f2": "failed"}
    assert "b.mkv" not in world.incoming.files
