"""Several files under way at once, in an order that can be had again: death, loss of power, a stop at any step."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import attrs
import pytest

from medialib.errors import ConnectionLost, MedialibError
from medialib.planning import Plan
from medialib.ports import Transfer
from medialib.testing.chances import chances, rounds
from medialib.testing.failing_disk import FailingDisk, Hook, Killed, KillSwitch, PowerCut
from medialib.testing.memory_location import FarLocation
from medialib.testing.turns import Turns
from medialib.testing.worlds import MemoryWorld
from medialib.transfer import StreamTransfer, stream, wrapping
from medialib.transfer.wrapping import Budget, ThrottledTransfer
from medialib.workflows.apply import attempting, fetching, lanes, room, writing

SIDE_BY_SIDE = 2**20 + 1
"""Files of more than a mebibyte do not wait for each other."""
CHUNK = 2**19
SAMPLE = 16
"""Steps that are met where not all are."""
FILES = {
    **{f"Pack.S01.1080p-GRP/Pack.S01E{n:02}.1080p-GRP.mkv": bytes([n]) * (SIDE_BY_SIDE + n) for n in range(1, 6)},
    **{f"Pack.S01.1080p-GRP/Pack.S01E{n:02}.1080p-GRP.en.srt": b"subtitle %d" % n for n in range(1, 6)},
    "Show.Name.S01E02.mkv": b"show" * 50_000,
    "Film.Name.2001.1080p.BluRay.x264-GRP.mkv": b"film " * (SIDE_BY_SIDE // 5 + 1),
}
MODULES = (attempting, fetching, lanes, room, stream, wrapping)


@attrs.define
class Ground:
    """A world whose threads take turns."""

    world: MemoryWorld
    turns: Turns

    def hook(self, hook: Hook) -> None:
        """Call it before each step, in turn."""

        def before(operation: str, path: str) -> None:
            self.turns.step()
            hook(operation, path)

        self.world.before_each(before)

    def well(self) -> None:
        """Nothing fails any more."""
        self.hook(lambda operation, path: None)


@contextmanager
def stocked(chance: random.Random, *, holds: bool = True, bandwidth: float = 0) -> Iterator[Ground]:
    with Turns(chance, *MODULES) as turns:
        # made in here: so are its locks and queues
        transfer: Transfer = StreamTransfer(chunk=CHUNK, note_every=CHUNK)
        if bandwidth:
            transfer = ThrottledTransfer(transfer, Budget(int(bandwidth), turns), turns)
        remote = FarLocation("remote")
        remote.near = frozenset(path for path in FILES if chance.random() < 0.5)
        world = MemoryWorld(remote=remote, transfer=transfer, transfers=4)
        for location in world.locations:
            location.holds = holds
        for path, content in FILES.items():
            world.remote.put(path, content, mtime_ns=world.clock.ago(hours=1))
        yield Ground(world, turns)


def assert_nothing_half(world: MemoryWorld) -> None:
    for place, content in world.contents().items():
        assert place.endswith((".part", ".part.json")) or content in FILES.values(), f"{place} is not whole"
    for location in world.locations:
        for path, file in location.files.items():
            assert file.synced or path.endswith((".part", ".part.json")), f"{path} is not known to be on the disk"


def assert_settled(world: MemoryWorld) -> None:
    placed = world.contents()
    assert_nothing_half(world)
    assert sorted(placed.values()) == sorted(FILES.values())
    assert not any(place.startswith("incoming:") for place in placed)
    assert {str(row.place): row.size for row in world.catalogue.inventory.all()} == {
        place: len(content) for place, content in placed.items()
    }
    known = [row.path for row in world.catalogue.known_files.of_remote("remote")]
    assert sorted(known) == sorted(f"/remote/{path}" for path in FILES)
    for run in world.catalogue.journal.runs():
        assert run.state != "running"
        assert all(line.outcome is not None for line in world.catalogue.journal.lines(run.id))


def settled_after(ground: Ground, syncs: int = 2) -> None:
    ground.well()
    for _ in range(syncs):
        ground.world.sync()
    assert_settled(ground.world)


def steps_of(schedule: random.Random, chance: random.Random) -> list[int]:
    """Which steps to meet, of all that a run without a fault takes: in order, or drawn for a sample."""
    counted = 0

    def count(operation: str, path: str) -> None:
        nonlocal counted
        counted += 1

    with stocked(schedule, holds=False) as ground:
        ground.hook(count)
        ground.world.sync()
        assert_settled(ground.world)
    assert counted > 200
    if len(rounds(sample=1, full=2)) == 2:
        return list(range(counted))
    return sorted(chance.sample(range(counted), SAMPLE))


def test_threads_take_turns_alike_for_the_same_chance() -> None:
    def story(seed: int) -> list[tuple[str, str]]:
        told: list[tuple[str, str]] = []
        with stocked(random.Random(seed)) as ground:
            ground.hook(lambda operation, path: told.append((operation, path)))
            ground.world.sync()
            assert ground.turns.switches > 200
            assert_settled(ground.world)
        return told

    first, again, other = story(1), story(1), story(2)
    assert first == again
    assert first != other


@pytest.mark.parametrize("seed", range(3))
def test_all_that_is_under_way_shares_the_bandwidth(seed: int) -> None:
    """By a clock that goes on only while everybody waits: neither faster than the budget, nor slower."""
    total = sum(map(len, FILES.values()))
    with stocked(random.Random(seed), bandwidth=total / 10) as ground:
        report = ground.world.apply(ground.world.plan_fetch())
        assert report.whole
        # a second's worth may come at once
        assert 8.99 < ground.turns.monotonic() < 9.5


Fault = Callable[[Ground, int, random.Random], None]


def death(ground: Ground, step: int, chance: random.Random) -> None:
    ground.world.before_each(KillSwitch(step, turn=ground.turns.step))
    with suppress(Killed):
        ground.world.sync()


def loss_of_power(ground: Ground, step: int, chance: random.Random) -> None:
    PowerCut(ground.world.locations[1:], step, chance, turn=ground.turns.step)
    # the remote stands elsewhere
    ground.world.remote.before = lambda operation, path: ground.turns.step()
    with suppress(Killed):
        ground.world.sync()


def ill_disk(ground: Ground, step: int, chance: random.Random) -> None:
    code, times = chance.choice((errno.ENOSPC, errno.EIO)), chance.choice((1, 3, None))
    if chance.random() < 0.5:
        ground.hook(FailingDisk(step // 4, code, times=times))
    else:
        # each file is seen on the disk once, or is not
        ground.hook(FailingDisk(step % len(FILES), code, operations=frozenset(("sync",)), times=times))
    with suppress(MedialibError, OSError):
        ground.world.sync()


def lost_line(ground: Ground, step: int, chance: random.Random) -> None:
    """From some step on every line is dead, for a while."""
    left, dead = step // 4, chance.choice((1, 4, 10**9))

    def lost(operation: str, path: str) -> None:
        nonlocal left, dead
        ground.turns.step()
        if operation not in ("open", "read"):
            return
        left -= 1
        if left < 0 < dead:
            dead -= 1
            raise ConnectionLost(f"the line went dead at {path}")

    ground.well()
    ground.world.remote.before = lost
    ground.world.sync()


def stop(ground: Ground, step: int, chance: random.Random) -> None:
    """As by Ctrl-C: what is under way ends in order, and what ended is recorded."""
    world, token = ground.world, _Token()
    count = 0

    def before(operation: str, path: str) -> None:
        nonlocal count
        count += 1
        token.stopped = token.stopped or count > step

    ground.hook(before)
    with writing(world.world, "sync", cancelled=token) as session:
        plan: Plan = world.plan_fetch()
        report = session.apply(plan)
    assert report.cancelled == token.stopped or not plan.actions
    outcomes = [line.outcome.result for line in report.lines if line.outcome is not None]
    assert set(outcomes) <= {"done", "skipped"}
    fetched = {row.path for row in world.catalogue.known_files.of_remote("remote")}
    standing = {path.removeprefix("incoming:") for path in world.contents() if not path.endswith((".part", ".json"))}
    assert len(fetched) == len(standing) == outcomes.count("done")
    assert all(run.state != "running" for run in world.catalogue.journal.runs())


@attrs.define
class _Token:
    """A `CancelToken`."""

    stopped: bool = False

    def is_set(self) -> bool:
        return self.stopped


def narrow_disk(ground: Ground, step: int, chance: random.Random) -> None:
    """There is room for some of the files: what is under way is counted, so that none begins in vain."""
    ground.well()
    ground.world.incoming.free = chance.randint(0, sum(map(len, FILES.values())))
    plan = ground.world.plan_fetch()
    report = ground.world.apply(plan)
    for line in report.failures:
        assert line.outcome is not None
        assert "not enough room" in line.outcome.detail
    assert ground.world.incoming.free >= 0
    ground.world.incoming.free = None


ROUNDS_AN_ORDER = 8
"""Into so many rounds the steps of one order are divided."""


@pytest.mark.parametrize("fault", [death, loss_of_power, ill_disk, lost_line, narrow_disk, stop])
@pytest.mark.parametrize("number", rounds(sample=1, full=4 * ROUNDS_AN_ORDER))
def test_whatever_befalls_any_step_the_next_run_completes(fault: Fault, number: int) -> None:
    schedule, part = divmod(number, ROUNDS_AN_ORDER)
    name = f"{fault.__name__} with several under way"
    with chances(name, schedule) as chance:
        seed = chance.random()
        steps = steps_of(random.Random(seed), chance)
    for step in steps if len(steps) <= SAMPLE else steps[part::ROUNDS_AN_ORDER]:
        with (
            chances(f"{name}, step {step}", schedule) as chance,
            stocked(random.Random(seed), holds=chance.random() < 0.5) as ground,
        ):
            fault(ground, step, chance)
            assert_nothing_half(ground.world)
            settled_after(ground)
