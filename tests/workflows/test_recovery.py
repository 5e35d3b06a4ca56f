"""Whatever step a process dies at, the next run completes, and nothing is lost, cut short or placed twice."""

from __future__ import annotations

import errno
import itertools
from collections import Counter
from collections.abc import Callable

import pytest

from medialib.errors import ConnectionLost, MedialibError
from medialib.model import Holding, Place
from medialib.planning import Move, Plan, Way
from medialib.ports import WritableLocation
from medialib.testing.failing_disk import Killed, KillSwitch
from medialib.testing.memory_location import MemoryLocation
from medialib.testing.worlds import MemoryWorld
from medialib.workflows.apply import writing

FILES = {
    "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.mkv": b"first " * 500,
    "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.en.srt": b"subtitle",
    "Pack.S01.1080p-GRP/Pack.S01E02.1080p-GRP.mkv": b"second " * 500,
    "Show.Name.S01E02.mkv": b"show",
    "Film.Name.2001.1080p.BluRay.x264-GRP.mkv": b"film " * 1000,
}
PLACED = {
    "tv:Pack/Season 01/Pack.S01E01.1080p-GRP.mkv": "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.mkv",
    "tv:Pack/Season 01/Pack.S01E01.1080p-GRP.en.srt": "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.en.srt",
    "tv:Pack/Season 01/Pack.S01E02.1080p-GRP.mkv": "Pack.S01.1080p-GRP/Pack.S01E02.1080p-GRP.mkv",
    "tv:Show Name/Season 01/Show.Name.S01E02.mkv": "Show.Name.S01E02.mkv",
    "movies:Film Name (2001)/Film Name (2001).mkv": "Film.Name.2001.1080p.BluRay.x264-GRP.mkv",
}


def stocked(*, holds: bool = True) -> MemoryWorld:
    world = MemoryWorld()
    for location in world.locations:
        # where it is False, each small file has a part and a note of its own
        location.holds = holds
    for path, content in FILES.items():
        world.remote.put(path, content, mtime_ns=world.clock.ago(hours=1))
    return world


def sync_until_killed(world: MemoryWorld, steps: int) -> bool:
    """Whether the run was killed before its end."""
    world.before_each(KillSwitch(steps))
    try:
        world.sync()
    except Killed:
        return True
    finally:
        world.before_each(lambda operation, path: None)
    return False


def assert_whole(world: MemoryWorld) -> None:
    """Every file of the remote stands whole in exactly one place, and is recorded there once."""
    assert world.contents() == {place: FILES[path] for place, path in PLACED.items()}
    assert {str(row.place) for row in world.catalogue.inventory.all()} == PLACED.keys()
    known = Counter(row.path for row in world.catalogue.known_files.of_remote("remote"))
    assert known == Counter(f"/remote/{path}" for path in FILES)
    for run in world.catalogue.journal.runs():
        assert run.state != "running"
        assert all(line.outcome is not None for line in world.catalogue.journal.lines(run.id))


@pytest.mark.parametrize("holds", [True, False])
def test_a_death_at_any_step_is_survived(holds: bool) -> None:
    for steps in itertools.count():
        world = stocked(holds=holds)
        if not sync_until_killed(world, steps):
            break
        world.sync()
        assert_whole(world)
    else:
        pytest.fail("the run never ended")
    assert steps > 100


@pytest.mark.parametrize("second", range(0, 60, 7))
def test_two_deaths_are_survived(second: int) -> None:
    for first in range(0, 200, 13):
        world = stocked()
        sync_until_killed(world, first)
        sync_until_killed(world, second)
        world.sync()
        assert_whole(world)


def test_a_death_while_undoing_is_survived() -> None:
    for steps in itertools.count():
        world = stocked()
        world.sync()
        run = world.catalogue.journal.runs()[0].id
        world.before_each(KillSwitch(steps))
        try:
            world.undo(run)
        except Killed:
            world.before_each(lambda operation, path: None)
            world.sync()
            lost = set(FILES.values()) - everything(world)
            assert not lost
            continue
        break
    assert steps > 30


def everything(world: MemoryWorld) -> set[bytes]:
    """The content of every file anywhere, the recycle folders too."""
    return {file.content for location in (world.incoming, world.tv, world.movies) for file in location.files.values()}


def test_what_a_dead_run_left_open_is_finished_by_the_next_one_before_anything_else() -> None:
    world = stocked()
    world.sync()
    entry = world.tv.put("late.mkv", b"late", mtime_ns=7)
    run = world.catalogue.journal.runs()[0]
    world.catalogue.journal.finish(run.id, "running", run.started)
    source, target = Place("incoming", "gone.mkv"), Place("tv", "late.mkv")
    world.catalogue.journal.intend(run.id, [Move("x1", source, target, entry.size, entry.mtime_ns)])
    with writing(world.world, "nothing"):
        pass
    last = list(world.catalogue.journal.lines(run.id))[-1]
    assert last.outcome is not None
    assert last.outcome.result == "done"
    assert last.outcome.detail == "finished by recovery"
    finished = world.catalogue.journal.get(run.id)
    assert finished is not None
    assert finished.state == "interrupted"


@pytest.mark.parametrize("way", ["reflink", "hardlink", "copy"])
def test_a_death_while_a_file_is_linked_or_copied_leaves_it_placed_or_not(way: Way) -> None:
    """Whatever the step: the source is whole, the target whole or absent, and the inventory says which."""
    for steps in itertools.count():
        world = MemoryWorld()
        entry = world.incoming.put("a.mkv", b"content" * 100, mtime_ns=7)
        action = Move(
            "m1", Place("incoming", "a.mkv"), Place("tv", "Show/b.mkv"), entry.size, 7, Holding(), ways=(way,)
        )
        plan = Plan("test", world.clock.now(), world.catalogue.identity, "configuration", (action,))
        world.before_each(KillSwitch(steps))
        try:
            world.apply(plan)
        except Killed:
            world.before_each(lambda operation, path: None)
        else:
            world.before_each(lambda operation, path: None)
            break
        with writing(world.world, "nothing"):
            pass
        placed = "tv:Show/b.mkv" in world.contents()
        assert world.contents()["incoming:a.mkv"] == b"content" * 100
        assert [row.place.path for row in world.catalogue.inventory.all()] == (["Show/b.mkv"] if placed else [])
        if placed:
            (run,) = world.catalogue.journal.runs()
            (line,) = world.catalogue.journal.lines(run.id)
            assert line.outcome is not None
            assert (line.outcome.method, line.outcome.source_kept) == (way, True)
            world.undo(run.id)
        assert world.contents() == {"incoming:a.mkv": b"content" * 100}
    else:
        pytest.fail("the run never ended")
    assert steps > 5


@pytest.mark.parametrize(
    ("at_source", "at_target", "result", "detail"),
    [
        (b"late", None, "skipped", "before it had any effect"),
        (b"late", b"late", "done", "will be found to be a duplicate"),
        (b"late", b"else", "skipped", "is another file"),
        (None, None, "failed", "neither"),
    ],
)
def test_an_open_move_is_judged_by_what_the_disks_show(
    at_source: bytes | None, at_target: bytes | None, result: str, detail: str
) -> None:
    world = stocked()
    world.sync()
    run = world.catalogue.journal.runs()[0]
    world.catalogue.journal.finish(run.id, "running", run.started)

    def put(location: MemoryLocation, content: bytes | None) -> None:
        if content is not None:
            location.put("late.mkv", content, mtime_ns=7)

    put(world.incoming, at_source)
    put(world.tv, at_target)
    move = Move("x1", Place("incoming", "late.mkv"), Place("tv", "late.mkv"), 4, 7)
    world.catalogue.journal.intend(run.id, [move])
    with writing(world.world, "nothing"):
        pass
    outcome = list(world.catalogue.journal.lines(run.id))[-1].outcome
    assert outcome is not None
    assert (outcome.result, detail in outcome.detail) == (result, True)
    assert isinstance(world.tv, WritableLocation)
    assert (world.incoming.files.get("late.mkv") is not None) == (at_source is not None)


class Faults:
    """From the N-th matching operation on, each of them fails, until it is told to stop."""

    def __init__(self, operations: frozenset[str], after: int, error: Callable[[str], Exception]) -> None:
        self.operations = operations
        self.left = after
        self.error = error

    def __call__(self, operation: str, path: str) -> None:
        if operation not in self.operations:
            return
        if self.left == 0:
            raise self.error(path)
        self.left -= 1


def full(path: str) -> Exception:
    return OSError(errno.ENOSPC, "No space left on device", path)


def broken(path: str) -> Exception:
    return OSError(errno.EIO, "Input/output error", path)


def lost(path: str) -> Exception:
    return ConnectionLost(f"the line went dead at {path}")


@pytest.mark.parametrize(
    ("operations", "error"),
    [
        (frozenset({"write", "hold", "note", "make_folder", "rename", "sync", "publish", "flush"}), full),
        (frozenset({"write", "hold", "read", "rename", "remove", "sync", "flush", "publish"}), broken),
        (frozenset({"open", "read"}), lost),
    ],
)
def test_a_disk_or_line_that_fails_from_any_operation_on_loses_nothing(
    operations: frozenset[str], error: Callable[[str], Exception]
) -> None:
    for steps in itertools.count():
        world = stocked()
        faults = Faults(operations, steps, error)
        for location in world.locations:
            location.before = faults
        try:
            whole = all(report.whole for report in world.sync())
        except (MedialibError, OSError):
            whole = False
        world.before_each(lambda operation, path: None)
        names = {path.rpartition("/")[2]: FILES[of] for path, of in (*zip(FILES, FILES, strict=True), *PLACED.items())}
        for place, content in world.contents().items():
            name = place.partition(":")[2].rpartition("/")[2]
            assert name.endswith((".part", ".part.json")) or content == names[name]
        if faults.left > 0:
            assert whole
            break
        world.sync()
        assert_whole(world)
    assert steps > 10
