"""What is planned to be fetched, what is left and why, and what becomes a baseline."""

from __future__ import annotations

from datetime import timedelta
from threading import Event as Stop

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.completeness import StabilityRules
from medialib.errors import Cancelled, OutOfReach
from medialib.events import Event, LocationWalked
from medialib.model import FileEntry, Place
from medialib.planning import Discard, Fetch, Plan, RecordKnown
from medialib.ports import Location
from medialib.testing.memory_location import MemoryFile, MemoryLocation
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.apply import apply
from medialib.workflows.fetch import FetchRules, Observations, Source, plan_baseline, plan_fetch


def fetched(plan: Plan) -> list[str]:
    return [action.source.path for action in plan.actions if isinstance(action, Fetch)]


def left(plan: Plan) -> dict[str, str]:
    return {remark.place.path: remark.kind for remark in plan.remarks}


def test_only_what_is_new_wanted_whole_and_harmless_is_fetched() -> None:
    world = MemoryWorld()
    hour, moment = world.clock.ago(hours=1), world.clock.ago(seconds=10)
    world.remote.put("Show/Show.S01E01.mkv", b"1", mtime_ns=hour)
    world.remote.put("Show/deep/er/Show.S01E02.mkv", b"2", mtime_ns=hour)
    world.remote.put("Show/Show.S01E03.mkv", b"3", mtime_ns=moment)
    world.remote.put("Show/show.nfo", b"4", mtime_ns=hour)
    world.remote.put("Sample/show.mkv", b"5", mtime_ns=hour)
    world.remote.put("Resampled.S01E01.mkv", b"6", mtime_ns=hour)
    world.remote.put("Info.Show.S01E01.mkv", b"7", mtime_ns=hour)
    world.remote.put("new\nline.mkv", b"8", mtime_ns=hour)
    world.remote.links["away.mkv"] = "../../etc/passwd"
    plan = world.plan_fetch()
    assert sorted(fetched(plan)) == [
        "Info.Show.S01E01.mkv",
        "Resampled.S01E01.mkv",
        "Show/Show.S01E01.mkv",
        "Show/deep/er/Show.S01E02.mkv",
    ]
    assert left(plan) == {
        "Show/Show.S01E03.mkv": "still arriving",
        "Show/show.nfo": "excluded",
        "Sample/show.mkv": "excluded",
        "new\nline.mkv": "refused",
        "away.mkv": "refused",
    }
    assert {remark.kind for remark in plan.needs_attention} == {"refused"}
    assert all(isinstance(action, Fetch) and action.reason.startswith("new, unchanged") for action in plan.actions)


def test_a_second_run_fetches_only_what_changed() -> None:
    world = MemoryWorld()
    for name in ("a", "b", "c"):
        world.remote.put(f"Show.S01E0{ord(name) - 96}.mkv", b"1", mtime_ns=world.clock.ago(hours=1))
    world.sync()
    assert not world.plan_fetch()
    world.remote.put("Show.S01E01.mkv", b"longer", mtime_ns=world.clock.ago(hours=1))
    world.remote.put("Show.S01E02.mkv", b"1", mtime_ns=world.clock.ago(minutes=30))
    plan = world.plan_fetch()
    assert fetched(plan) == ["Show.S01E01.mkv", "Show.S01E02.mkv"]
    assert "its size changed" in plan.actions[0].reason
    assert "its time changed" in plan.actions[1].reason


def test_a_new_version_takes_the_place_of_the_old_one_that_still_waits_in_incoming() -> None:
    world = MemoryWorld()
    world.remote.put("a.mkv", b"old", mtime_ns=world.clock.ago(hours=1))
    apply(world.plan_fetch(), world.world)
    world.remote.put("a.mkv", b"newer", mtime_ns=world.clock.ago(minutes=30))
    plan = world.plan_fetch()
    discard, fetch = plan.actions
    assert isinstance(discard, Discard)
    assert isinstance(fetch, Fetch)
    assert fetch.after == (discard.id,)
    assert apply(plan, world.world).whole
    assert world.incoming.files["a.mkv"].content == b"newer"
    assert world.incoming.files[discard.target.path].content == b"old"


def test_a_file_in_incoming_that_is_not_ours_is_never_replaced() -> None:
    world = MemoryWorld()
    world.remote.put("a.mkv", b"theirs", mtime_ns=world.clock.ago(hours=1))
    world.incoming.put("a.mkv", b"mine")
    plan = world.plan_fetch()
    assert left(plan) == {"a.mkv": "conflict"}
    assert not plan.actions


def test_two_names_that_differ_in_case_alone_collide_loudly() -> None:
    world = MemoryWorld()
    for name in ("Show.S01E01.mkv", "SHOW.S01E01.mkv", "Caf\u00e9.mkv", "Cafe\u0301.mkv"):
        world.remote.put(name, name.encode(), mtime_ns=world.clock.ago(hours=1))
    plan = world.plan_fetch()
    assert len(fetched(plan)) == 2
    assert [remark.kind for remark in plan.remarks] == ["collision", "collision"]


def test_two_looks_a_window_apart_must_agree_where_the_rules_want_them() -> None:
    world = MemoryWorld(stability=StabilityRules(timedelta(seconds=60), two_looks=True))
    world.remote.put("a.mkv", b"1", mtime_ns=world.clock.ago(hours=1))
    assert left(world.plan_fetch()) == {"a.mkv": "still arriving"}
    world.clock.sleep(30)
    assert left(world.plan_fetch()) == {"a.mkv": "still arriving"}
    world.clock.sleep(31)
    assert fetched(world.plan_fetch()) == ["a.mkv"]


def test_a_file_that_grows_between_two_looks_is_still_arriving_whatever_its_time_says() -> None:
    world = MemoryWorld()
    world.remote.put("a.mkv", b"1", mtime_ns=world.clock.ago(seconds=5))
    world.plan_fetch()
    world.remote.put("a.mkv", b"12", mtime_ns=world.clock.ago(hours=5))
    assert left(world.plan_fetch()) == {"a.mkv": "still arriving"}
    world.clock.sleep(61)
    assert fetched(world.plan_fetch()) == ["a.mkv"]


def test_a_clock_that_is_ahead_needs_two_looks() -> None:
    world = MemoryWorld()
    world.remote.put("a.mkv", b"1", mtime_ns=world.clock.ago(hours=-2))
    assert left(world.plan_fetch()) == {"a.mkv": "still arriving"}
    world.clock.sleep(61)
    assert fetched(world.plan_fetch()) == ["a.mkv"]


def test_a_dry_run_remembers_no_first_look() -> None:
    world = MemoryWorld()
    world.remote.put("a.mkv", b"1", mtime_ns=world.clock.ago(seconds=5))
    world.plan_fetch(record=False)
    assert world.catalogue.sightings.of_remote("remote") == {}
    world.plan_fetch()
    assert set(world.catalogue.sightings.of_remote("remote")) == {"/remote/a.mkv"}


def test_looks_are_told_of_once_and_settled_when_the_file_is_whole() -> None:
    world = MemoryWorld()
    told: list[Observations] = []

    def look() -> None:
        plan_fetch(
            [Source(world.remote)], world.incoming, world.catalogue, FetchRules(), world.clock, observe=told.append
        )
        world.catalogue.sightings.put(told[-1].seen)

    world.remote.put("a.mkv", b"1", mtime_ns=world.clock.ago(seconds=5))
    look()
    look()
    world.clock.sleep(120)
    look()
    assert [(len(change.seen), change.settled) for change in told] == [(1, ()), (0, ()), (0, ("/remote/a.mkv",))]


def test_a_folder_that_was_suddenly_emptied_is_an_unmounted_disk() -> None:
    world = MemoryWorld()
    world.remote.put("a.mkv", b"1", mtime_ns=world.clock.ago(hours=1))
    world.sync()
    world.remote.files.clear()
    with pytest.raises(OutOfReach, match="empty, though files in it are known"):
        world.plan_fetch()
    plan = plan_fetch(
        [Source(world.remote)], world.incoming, world.catalogue, FetchRules(allow_empty=True), world.clock
    )
    assert not plan


def three_paths(world: MemoryWorld) -> Source:
    for folder in ("one", "two", "three/deep"):
        world.remote.put(f"{folder}/Show.S01E01.mkv", folder.encode(), mtime_ns=world.clock.ago(hours=1))
    return Source(world.remote, ("one", "two", "three"))


def unreadable(world: MemoryWorld, folder: str) -> None:
    def fail(operation: str, path: str) -> None:
        if operation == "walk" and path == folder:
            raise OutOfReach(f"{folder} cannot be listed")

    world.remote.before = fail


def test_one_path_of_three_that_cannot_be_listed_stops_no_other() -> None:
    world = MemoryWorld()
    source = three_paths(world)
    unreadable(world, "two")
    plan = plan_fetch([source], world.incoming, world.catalogue, FetchRules(), world.clock)
    assert fetched(plan) == ["one/Show.S01E01.mkv", "three/deep/Show.S01E01.mkv"]
    assert left(plan) == {"two": "out of reach"}
    assert plan.needs_attention == plan.remarks


def test_files_come_to_their_path_below_the_folder_they_were_listed_from() -> None:
    world = MemoryWorld()
    world.remote.put("home/tv/Show/a.mkv", b"1", mtime_ns=world.clock.ago(hours=1))
    plan = plan_fetch([Source(world.remote, ("home/tv",))], world.incoming, world.catalogue, FetchRules(), world.clock)
    assert [action.target for action in plan.actions if isinstance(action, Fetch)] == [Place("incoming", "Show/a.mkv")]


def test_nothing_is_fetched_after_a_baseline() -> None:
    world = MemoryWorld()
    source = three_paths(world)
    plan = plan_baseline([source], world.catalogue, world.clock, configuration="configuration")
    assert len(plan.actions) == 3
    assert all(isinstance(action, RecordKnown) for action in plan.actions)
    assert apply(plan, world.world).whole
    assert not plan_fetch([source], world.incoming, world.catalogue, FetchRules(), world.clock)
    assert not plan_baseline([source], world.catalogue, world.clock)


def test_a_baseline_leaves_a_path_alone_that_cannot_be_listed_and_does_the_others() -> None:
    world = MemoryWorld()
    source = three_paths(world)
    world.remote.put("one/new\nline.mkv", b"", mtime_ns=0)
    unreadable(world, "two")
    plan = plan_baseline([source], world.catalogue, world.clock)
    paths = [action.path for action in plan.actions if isinstance(action, RecordKnown)]
    assert paths == ["/remote/one/Show.S01E01.mkv", "/remote/three/deep/Show.S01E01.mkv"]
    assert {remark.kind for remark in plan.remarks} == {"refused", "out of reach"}


@pytest.mark.parametrize("planner", ["fetch", "baseline"])
def test_if_no_path_can_be_listed_the_error_is_raised(planner: str) -> None:
    world = MemoryWorld()
    unreadable(world, "")
    plans = {
        "fetch": world.plan_fetch,
        "baseline": lambda: plan_baseline([Source(world.remote)], world.catalogue, world.clock),
    }
    with pytest.raises(OutOfReach):
        plans[planner]()


def test_overlapping_folders_record_and_fetch_each_file_once() -> None:
    world = MemoryWorld()
    world.remote.put("tv/Show/a.mkv", b"1", mtime_ns=world.clock.ago(hours=1))
    source = Source(world.remote, ("tv/Show", "tv/Show"))
    assert len(plan_baseline([source], world.catalogue, world.clock).actions) == 1
    assert fetched(plan_fetch([source], world.incoming, world.catalogue, FetchRules(), world.clock)) == [
        "tv/Show/a.mkv"
    ]


def test_long_listings_tell_how_far_they_are() -> None:
    world = MemoryWorld()
    for number in range(1100):
        world.remote.put(f"{number}.mkv", b"", mtime_ns=world.clock.ago(hours=1))
    told: list[Event] = []
    plan_fetch([Source(world.remote)], world.incoming, world.catalogue, FetchRules(), world.clock, observer=told.append)
    walked = [(event.files, event.done) for event in told if isinstance(event, LocationWalked)]
    assert walked == [(500, False), (1000, False), (1100, True)]


class Unchecked(MemoryLocation):
    """A location that breaks the law: it lets every name pass."""

    def walk(self, path: str = ""):  # type: ignore[no-untyped-def]
        """Every file as it is."""
        for name, file in self.files.items():
            yield FileEntry(name, len(file.content), file.mtime_ns)


@given(st.lists(st.sampled_from(["../x", "/etc/x", "a/../b", "a\nb", "a\0b", "ok.mkv", ""]), unique=True))
def test_a_hostile_name_is_refused_even_if_its_location_let_it_pass(names: list[str]) -> None:
    world = MemoryWorld()
    hostile: Location = Unchecked("remote")
    assert isinstance(hostile, Unchecked)
    for name in names:
        hostile.files[name] = MemoryFile(b"", world.clock.ago(hours=1))
    plan = plan_fetch([Source(hostile)], world.incoming, world.catalogue, FetchRules(), world.clock)
    assert fetched(plan) == [name for name in names if name == "ok.mkv"]
    assert {remark.kind for remark in plan.remarks} <= {"refused"}


def test_a_listing_can_be_broken_off() -> None:
    world = MemoryWorld()
    for number in range(10):
        world.remote.put(f"Show.S01E{number + 1:02}.mkv", b"", mtime_ns=world.clock.ago(hours=1))
    stop = Stop()
    stop.set()
    for planner in (
        lambda: plan_fetch(
            [Source(world.remote)], world.incoming, world.catalogue, FetchRules(), world.clock, cancelled=stop
        ),
        lambda: plan_baseline([Source(world.remote)], world.catalogue, world.clock, cancelled=stop),
    ):
        with pytest.raises(Cancelled):
            planner()


def test_a_name_that_stands_in_other_letters_is_found_before_anything_is_fetched() -> None:
    world = MemoryWorld()
    world.incoming.put("Show/AME\u0301LIE.mkv", b"mine")
    world.remote.put("Show/Amélie.mkv", b"theirs", mtime_ns=world.clock.ago(hours=1))
    plan = world.plan_fetch()
    assert not plan.actions
    (remark,) = plan.remarks
    assert (remark.kind, remark.place.path) == ("collision", "Show/Amélie.mkv")
    assert "AME\u0301LIE" in remark.reason
