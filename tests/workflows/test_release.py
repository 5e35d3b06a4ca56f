"""A remote lets go of whole units that stand proven in the library, of nothing else, and only if it was told to."""

from __future__ import annotations

import itertools
from datetime import timedelta

import attrs
import pytest

from medialib.errors import ConnectionLost, Drifted, OutOfReach, PlanRefused
from medialib.model import Place
from medialib.planning import (
    KeptCopy,
    Plan,
    ReleaseFile,
    ReleaseMark,
    ReleaseMove,
    dump_plan,
    load_plan,
)
from medialib.testing.failing_disk import Killed, KillSwitch
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.apply import World, writing
from medialib.workflows.apply.world import ReleaseMode
from medialib.workflows.release import ReleaseRules, mark_of
from medialib.workflows.undo import plan_undo

PACK = "Pack.S01.1080p-GRP"
FILES = {
    f"{PACK}/Pack.S01E01.1080p-GRP.mkv": b"first " * 50,
    f"{PACK}/Subs/Pack.S01E01.1080p-GRP.en.srt": b"subtitle",
    f"{PACK}/Pack.S01E02.1080p-GRP.mkv": b"second " * 50,
    f"{PACK}/pack.nfo": b"not wanted",
    "Film.Name.2001.1080p.BluRay.x264-GRP.mkv": b"film " * 100,
}
MODES: tuple[ReleaseMode, ...] = ("delete", "move", "mark")


def synced(mode: ReleaseMode, **rules: timedelta) -> MemoryWorld:
    world = MemoryWorld(release=ReleaseRules(mode, to="done" if mode == "move" else "", **rules))
    for path, content in FILES.items():
        world.remote.put(path, content, mtime_ns=world.clock.ago(hours=1))
    world.sync()
    return world


def states(world: MemoryWorld) -> set[str]:
    return {row.state for row in world.catalogue.known_files.of_remote("remote") if row.sha256 is not None}


def on_remote(world: MemoryWorld) -> dict[str, bytes]:
    return {path: file.content for path, file in world.remote.files.items()}


EXPECTED = {
    "delete": {},
    "move": {f"done/{path}": content for path, content in FILES.items()},
    "mark": FILES
    | {mark_of(PACK, folder=True): b"", mark_of("Film.Name.2001.1080p.BluRay.x264-GRP.mkv", folder=False): b""},
}


@pytest.mark.parametrize("mode", MODES)
def test_what_is_proven_is_released_once_and_never_fetched_again(mode: ReleaseMode) -> None:
    world = synced(mode)
    library = world.contents()
    report = world.apply(world.plan_release())
    assert report.whole
    assert on_remote(world) == EXPECTED[mode]
    assert world.contents() == library
    assert states(world) == {"released"}
    if mode != "mark":
        assert world.remote.folders <= {"", "done", f"done/{PACK}", f"done/{PACK}/Subs"}
    world.clock.sleep(3600)
    assert not world.plan_release().actions
    assert not world.plan_fetch().actions
    assert world.contents() == library


@pytest.mark.parametrize("mode", MODES)
def test_what_comes_back_unchanged_is_not_fetched_again(mode: ReleaseMode) -> None:
    world = synced(mode)
    moment = world.clock.ago(hours=1)
    world.apply(world.plan_release())
    for path, content in FILES.items():
        world.remote.put(path, content, mtime_ns=moment)
    assert not world.plan_fetch().actions


def test_nothing_is_ever_released_unless_that_is_said() -> None:
    world = synced("keep")
    assert world.plan_release() == Plan("release", world.clock.now(), world.catalogue.identity, "configuration")
    assert on_remote(world) == FILES


def test_a_folder_that_our_own_release_emptied_is_no_error_and_one_that_was_unmounted_is() -> None:
    world = synced("delete")
    world.apply(world.plan_release())
    assert world.remote.files == {}
    world.plan_fetch()
    other = synced("delete")
    other.remote.files.clear()
    with pytest.raises(OutOfReach, match="is empty"):
        other.plan_fetch()


# --------------------------------------------------------------------------------------------------- what is held back


def held(world: MemoryWorld, unit: str = PACK) -> str:
    """Why a unit is not released, by a plan that releases the other one."""
    plan = world.plan_release()
    (remark,) = [remark for remark in plan.remarks if remark.place.path == unit]
    assert not any(place.path.startswith(unit) for place in _places(plan))
    assert plan.actions
    return f"{remark.kind}: {remark.reason}"


def _places(plan: Plan) -> list[Place]:
    return [getattr(action, "source", None) or action.place for action in plan.actions]


def test_a_unit_with_a_file_that_was_added_is_kept() -> None:
    world = synced("delete")
    world.remote.put(f"{PACK}/Pack.S01E03.1080p-GRP.mkv", b"third", mtime_ns=1)
    assert held(world) == f"unreleased: {PACK}/Pack.S01E03.1080p-GRP.mkv was never fetched"


def test_a_unit_with_a_file_that_changed_is_kept() -> None:
    world = synced("delete")
    world.remote.files[f"{PACK}/Pack.S01E02.1080p-GRP.mkv"].mtime_ns += 10**9
    assert "has changed since it was fetched" in held(world)


def test_a_unit_with_a_file_that_is_not_placed_is_kept() -> None:
    world = synced("delete")
    (path,) = (path for path in world.tv.files if "E02" in path)
    world.catalogue.inventory.remove(Place("tv", path))
    assert "E02.1080p-GRP.mkv has no place in the library" in held(world)


def test_a_unit_that_is_only_fetched_is_kept() -> None:
    world = MemoryWorld(release=ReleaseRules("delete"))
    for path, content in FILES.items():
        world.remote.put(path, content, mtime_ns=world.clock.ago(hours=1))
    world.apply(world.plan_fetch())
    plan = world.plan_release()
    assert not plan.actions
    assert {remark.kind for remark in plan.remarks} == {"unreleased"}


@pytest.mark.parametrize("harm", ["rotten", "gone", "unreadable"])
def test_a_unit_with_a_copy_that_is_not_what_was_received_is_kept_and_needs_attention(harm: str) -> None:
    world = synced("delete")
    (path,) = (path for path in world.tv.files if "E02" in path)
    if harm == "rotten":
        world.tv.files[path].content = b"SECOND " * 50
    elif harm == "gone":
        del world.tv.files[path]
    else:

        def fault(operation: str, where: str) -> None:
            if operation == "read" and where == path:
                raise OSError(5, "Input/output error", path)

        world.tv.before = fault
    assert held(world).startswith("corrupt: tv:")
    assert any(remark.needs_attention for remark in world.plan_release().remarks)


def test_a_unit_that_holds_something_refused_or_still_arriving_is_kept() -> None:
    world = synced("delete")
    world.remote.links[f"{PACK}/away"] = "../../.."
    assert "is left alone" in held(world)
    world.remote.links.clear()
    world.remote.put(f"{PACK}/late.mkv.part", b"")
    assert "still arriving" in held(world)


def test_a_unit_that_is_owed_to_peers_is_kept_until_its_time() -> None:
    world = synced("delete", after=timedelta(days=7))
    assert {remark.kind for remark in world.plan_release().remarks} == {"unreleased"}
    world.clock.sleep(7 * 86400)
    assert world.plan_release().actions


def test_a_name_that_is_taken_where_it_goes_keeps_the_unit() -> None:
    world = synced("move")
    world.remote.put(f"done/{PACK}/Pack.S01E02.1080p-GRP.mkv", b"another", mtime_ns=1)
    assert held(world).startswith("conflict: its name is taken")


def test_a_remote_that_cannot_be_listed_releases_nothing() -> None:
    world = synced("delete")
    world.remote.reachable = False
    with pytest.raises(OutOfReach):
        world.plan_release()


# --------------------------------------------------------------------------------------------------- applied with care


def test_a_copy_that_went_after_the_plan_was_made_refuses_it() -> None:
    world = synced("delete")
    plan = load_plan(dump_plan(world.plan_release()))
    world.tv.files.clear()
    with pytest.raises(Drifted):
        world.apply(plan)
    assert on_remote(world) == FILES


def test_a_copy_that_goes_while_the_plan_is_applied_keeps_the_remote_file() -> None:
    world = synced("delete")
    plan = world.plan_release()
    (path,) = (path for path in world.tv.files if "E02" in path)

    def vanish(operation: str, where: str) -> None:
        if operation == "remove":
            world.tv.files.pop(path, None)

    world.remote.before = vanish
    report = world.apply(plan)
    assert f"{PACK}/Pack.S01E02.1080p-GRP.mkv" in world.remote.files
    assert f"{PACK}/pack.nfo" in world.remote.files
    assert report.count("failed") == 1


@pytest.mark.parametrize("mode", ["keep", "move", "mark"])
def test_a_saved_plan_cannot_do_what_the_configuration_does_not_want(mode: ReleaseMode) -> None:
    world = synced("delete")
    plan = world.plan_release()
    world.release = ReleaseRules(mode)
    with pytest.raises(PlanRefused, match="release = "):
        world.apply(plan)
    assert on_remote(world) == FILES


def test_a_forged_plan_deletes_nothing_that_has_no_copy() -> None:
    world = synced("delete")
    entry = world.remote.entry(f"{PACK}/Pack.S01E02.1080p-GRP.mkv")
    assert entry is not None
    now, place = world.clock.now(), Place("remote", entry.path)

    def forged(copy: KeptCopy | None) -> Plan:
        action = ReleaseFile("x1", place, entry.size, entry.mtime_ns, copy)
        return Plan("release", now, world.catalogue.identity, "configuration", (action,))

    assert world.apply(forged(None)).failures
    with pytest.raises(PlanRefused, match="in no library"):
        world.apply(forged(KeptCopy(place, entry.size, entry.mtime_ns)))
    outside: World = attrs.evolve(world.world, remote_paths={"remote": ("tv",)})
    with writing(outside, "release") as session, pytest.raises(PlanRefused, match="configured folder"):
        session.apply(forged(None))
    assert on_remote(world) == FILES


def test_an_answer_that_was_lost_is_no_failure() -> None:
    world = synced("delete")
    plan = world.plan_release()
    lost = iter([True])
    original = world.remote.remove

    def remove(path: str, *, size: int, mtime_ns: int) -> None:
        original(path, size=size, mtime_ns=mtime_ns)
        if next(lost, False):
            raise ConnectionLost("the line went dead")

    world.remote.remove = remove  # type: ignore[method-assign]
    assert world.apply(plan).whole
    assert world.remote.files == {}


# ---------------------------------------------------------------------------------------------------------------- undo


@pytest.mark.parametrize("mode", ["move", "mark"])
def test_a_move_and_a_mark_are_taken_back(mode: ReleaseMode) -> None:
    world = synced(mode)
    run = world.apply(world.plan_release()).run
    report = world.undo(run)
    assert report.whole
    assert on_remote(world) == FILES
    assert states(world) == {"fetched"}
    assert {row.path for row in world.catalogue.known_files.of_remote("remote")} == {
        world.remote.address(path) for path in FILES if not path.endswith(".nfo")
    }
    assert run is not None
    undone = world.catalogue.journal.get(run)
    assert undone is not None
    assert undone.state == "undone"
    again = world.plan_release()
    assert world.apply(again).whole
    assert on_remote(world) == EXPECTED[mode]


def test_a_deletion_is_not_and_says_so() -> None:
    world = synced("delete")
    report = world.apply(world.plan_release())
    plan = plan_undo(world.catalogue, world.clock, run=report.run, configuration="configuration")
    assert not plan.actions
    assert {remark.kind for remark in plan.remarks} == {"irreversible"}
    assert len(plan.remarks) == len(FILES)


# -------------------------------------------------------------------------------------------------------------- deaths


@pytest.mark.parametrize("mode", MODES)
def test_a_death_at_any_step_is_survived(mode: ReleaseMode) -> None:
    for steps in itertools.count():
        world = synced(mode)
        library = world.contents()
        plan = world.plan_release()
        world.before_each(KillSwitch(steps))
        try:
            world.apply(plan)
        except Killed:
            world.before_each(lambda operation, path: None)
        else:
            break
        assert set(FILES.values()) - {b"not wanted"} <= set(library.values())
        world.sync()
        world.apply(world.plan_release())
        world.sync()
        if mode == "delete":
            # what was never wanted stays once nothing is left that it went with
            assert set(on_remote(world).values()) <= {b"not wanted"}
        elif mode == "mark":
            assert on_remote(world) == EXPECTED[mode]
        else:
            assert {path for path in on_remote(world) if not path.endswith(".nfo")} == {
                path for path in EXPECTED[mode] if not path.endswith(".nfo")
            }
        assert world.contents() == library
        assert states(world) == {"released"}
        for run in world.catalogue.journal.runs():
            assert run.state != "running"
            assert all(line.outcome is not None for line in world.catalogue.journal.lines(run.id))
    assert steps > 15


@pytest.mark.parametrize("mode", ["move", "mark"])
def test_a_death_while_a_release_is_taken_back_is_survived(mode: ReleaseMode) -> None:
    for steps in itertools.count():
        world = synced(mode)
        library = world.contents()
        run = world.apply(world.plan_release()).run
        world.before_each(KillSwitch(steps))
        try:
            world.undo(run)
        except Killed:
            world.before_each(lambda operation, path: None)
        else:
            break
        world.sync()
        assert set(FILES.values()) <= set(on_remote(world).values())
        assert world.contents() == library
    assert steps > 3


def test_a_release_that_died_waits_for_its_remote_and_holds_up_nothing_else() -> None:
    world = synced("delete")
    plan = world.plan_release()
    removals = iter(range(3))

    def die(operation: str, path: str) -> None:
        if operation == "remove" and next(removals) == 2:
            raise Killed

    world.remote.before = die
    with pytest.raises(Killed):
        world.apply(plan)
    world.before_each(lambda operation, path: None)
    world.remote.reachable = False
    world.apply(Plan("route", world.clock.now(), world.catalogue.identity, "configuration"))
    assert "running" in {run.state for run in world.catalogue.journal.runs()}
    world.remote.reachable = True
    world.sync()
    assert "running" not in {run.state for run in world.catalogue.journal.runs()}


def test_kinds_of_actions_for_each_mode() -> None:
    assert {type(action).__name__ for action in synced("delete").plan_release().actions} == {
        ReleaseFile.__name__,
        "ReleaseFolder",
    }
    assert {type(action).__name__ for action in synced("move").plan_release().actions} == {
        ReleaseMove.__name__,
        "ReleaseFolder",
    }
    assert {type(action) for action in synced("mark").plan_release().actions} == {ReleaseMark}
