"""Files that stay in the incoming folder once they are placed, for seeding: known from then on, never taken twice."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.model import Place
from medialib.planning import Discard, Move, Plan, Way
from medialib.testing.memory_location import MemoryLocation
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.release import ReleaseRules

PACK = {
    "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.mkv": b"first",
    "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.en.srt": b"subtitle",
    "Pack.S01.1080p-GRP/Pack.S01E02.1080p-GRP.mkv": b"second",
}


def seeding(*ways: Way) -> MemoryWorld:
    world = MemoryWorld(ways=ways)
    for path, content in PACK.items():
        world.remote.put(path, content, mtime_ns=world.clock.ago(hours=1))
    return world


def told(plan: Plan) -> dict[str, str]:
    return {remark.place.path: f"{remark.kind}: {remark.reason}" for remark in plan.remarks}


@pytest.mark.parametrize("ways", [("reflink",), ("hardlink", "move"), ("copy",)])
def test_what_was_linked_stays_and_is_known_without_reading_it_again(ways: tuple[Way, ...]) -> None:
    world = seeding(*ways)
    assert all(report.whole for report in world.sync())
    assert set(PACK) <= set(world.incoming.files)
    assert len(world.tv.files) == 3
    opened: list[str] = []
    world.before_each(lambda operation, path: opened.append(path) if operation == "open" else None)
    plan = world.plan_route()
    assert plan.actions == ()
    assert told(plan) == {
        path: f"known: placed already at tv:Pack/Season 01/{path.rpartition('/')[2]}" for path in PACK
    }
    assert opened == []
    assert not plan.needs_attention
    # nor is any of it fetched again
    assert world.plan_fetch().actions == ()


def test_a_late_subtitle_of_a_linked_video_finds_it() -> None:
    world = seeding("hardlink")
    world.sync()
    late = "Pack.S01.1080p-GRP/Pack.S01E02.1080p-GRP.de.srt"
    world.incoming.put(late, b"late", mtime_ns=5)
    plan = world.plan_route()
    (action,) = plan.actions
    assert isinstance(action, Move)
    assert (action.target.path, action.ways) == ("Pack/Season 01/Pack.S01E02.1080p-GRP.de.srt", ("hardlink",))


def test_it_is_known_under_the_name_that_it_has_now_and_placed_anew_once_it_is_gone() -> None:
    world = seeding("copy")
    world.sync()
    (row,) = [row for row in world.catalogue.inventory.all() if row.place.path.endswith("E02.1080p-GRP.mkv")]
    renamed = Place("tv", "Pack/Season 01/Renamed.mkv")
    plan = attrs.evolve(
        world.plan_route(),
        actions=(Move("m1", row.place, renamed, row.size, row.mtime_ns, row.holding),),
        remarks=(),
    )
    assert world.apply(plan).whole
    path = "Pack.S01.1080p-GRP/Pack.S01E02.1080p-GRP.mkv"
    assert told(world.plan_route())[path] == f"known: placed already at {renamed}"
    del world.tv.files[renamed.path]
    assert [str(action.target) for action in world.plan_route().actions if isinstance(action, Move)] == [str(row.place)]


def test_what_was_linked_stays_known_when_files_are_moved_from_now_on() -> None:
    world = seeding("hardlink")
    world.sync()
    world.ways = ("move",)
    assert world.plan_route().actions == ()


def test_what_was_meant_to_go_and_could_not_is_a_duplicate_as_ever() -> None:
    world = seeding("move")
    world.tv = MemoryLocation("tv")  # another disk

    def keep(operation: str, path: str) -> None:
        if operation == "remove":
            raise OSError(13, "Permission denied", path)

    world.incoming.before = keep
    world.sync()
    assert set(PACK) <= set(world.incoming.files)
    world.incoming.before = lambda operation, path: None
    assert {type(action) for action in world.plan_route().actions} == {Discard}


def test_two_names_of_one_file_are_known_whatever_became_of_the_row() -> None:
    world = seeding("hardlink")
    world.sync()
    for row in list(world.catalogue.inventory.all()):
        world.catalogue.inventory.remove(row.place)
    plan = world.plan_route()
    assert plan.actions == ()
    assert "two names of one file" in told(plan)["Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.mkv"]


def test_a_remote_is_released_once_what_was_linked_stands_proven() -> None:
    world = seeding("hardlink")
    world.release = ReleaseRules("delete")
    world.sync()
    assert world.apply(world.plan_release()).whole
    assert world.remote.files == {}
    assert world.plan_route().actions == ()


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(("reflink", "hardlink", "move", "copy")), min_size=1, max_size=4, unique=True),
    st.sets(st.sampled_from(("reflink", "hardlink"))),
    st.booleans(),
)
def test_any_way_is_taken_back_without_trace_and_plans_nothing_twice(
    ways: list[Way], offered: set[str], same_disk: bool
) -> None:
    world = seeding(*ways)
    world.tv = MemoryLocation("tv", disks={"": "disk" if same_disk else "another"})
    world.tv.links_within = frozenset(offered)
    world.apply(world.plan_fetch())
    before = world.contents()
    report = world.apply(world.plan_route())
    if report.whole:
        assert world.plan_route().actions == ()
    assert report.run is not None
    if any(line.outcome is not None and line.outcome.result == "done" for line in report.lines):
        world.undo(report.run)
    assert world.contents() == before
    assert list(world.catalogue.inventory.all()) == []
