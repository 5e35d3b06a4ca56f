"""The main job in an object store: nothing is renamed, continued, dated or made a folder there; and killed anywhere."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from medialib.errors import Drifted
from medialib.testing.failing_disk import Killed, KillSwitch
from medialib.testing.object_store import ObjectStore, SteppedTree, StoreBackdoor
from medialib.testing.worlds import MemoryWorld
from medialib.transfer.destination import FsspecDestination

FILES = {
    "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.mkv": b"first " * 30_000,
    "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.en.srt": b"subtitle",
    "Film.Name.2001.1080p.BluRay.x264-GRP.mkv": b"film " * 1000,
}


@attrs.define
class FarWorld(MemoryWorld):
    """A world whose incoming folder and library are three prefixes of one bucket."""

    bucket: Any = None
    doors: dict[str, StoreBackdoor] = attrs.field(factory=dict)

    @classmethod
    def at(cls, root: str) -> FarWorld:
        store = ObjectStore(skip_instance_cache=True)
        world = cls(bucket=store)
        for name in ("incoming", "tv", "movies"):
            world.doors[name] = StoreBackdoor(store, f"{root}/{name}")
            world.doors[name].unplug()
            world.doors[name].write(".medialib/root", b"")
            setattr(world, name, FsspecDestination(name, store, f"{root}/{name}"))
        for path, content in FILES.items():
            world.remote.put(path, content, mtime_ns=world.clock.ago(hours=1))
        return world

    def contents(self) -> dict[str, bytes]:
        return {
            f"{name}:{path}": content
            for name, door in self.doors.items()
            for path, content in door.files().items()
            if not path.startswith(".medialib/")
        }

    def recycled(self) -> list[bytes]:
        return sorted(
            content
            for door in self.doors.values()
            for path, content in door.files().items()
            if path.startswith(".medialib/recycle/")
        )


def assert_placed(world: FarWorld) -> None:
    contents = world.contents()
    assert sorted(contents.values()) == sorted(FILES.values())
    assert not [place for place in contents if place.startswith("incoming:") or place.endswith((".part", ".json"))]
    assert {str(row.place): row.size for row in world.catalogue.inventory.all()} == {
        place: len(content) for place, content in contents.items()
    }
    assert all(run.state != "running" for run in world.catalogue.journal.runs())


def test_what_is_copied_there_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each copy there is a second younger than the one before, as in a slower world."""
    world = FarWorld.at(str(tmp_path))
    copied, seconds = ObjectStore.cp_file, itertools.count(1)

    def copy_later(store: ObjectStore, source: str, target: str) -> None:
        copied(store, source, target)
        store.store[store._strip_protocol(target)].created += timedelta(seconds=next(seconds))

    monkeypatch.setattr(ObjectStore, "cp_file", copy_later)
    assert [report.whole for report in world.sync()] == [True, True]
    assert_placed(world)
    assert world.undo().whole
    assert world.contents() == {}
    assert world.recycled() == sorted(FILES.values())
    assert [report.whole for report in world.sync()] == [True, True]
    assert_placed(world)


def killed(world: FarWorld, after: int, work: Callable[[], object]) -> bool:
    """Do some work with a process that dies at a step; False if it came to its end before."""
    switch = KillSwitch(after)
    places: list[Any] = [world.incoming, world.tv, world.movies]
    trees = [place._writing for place in places]
    for place in places:
        place._writing = SteppedTree(place._writing, switch)
    try:
        work()
    except Killed:
        for name, content in world.contents().items():
            assert name.endswith((".part", ".part.json")) or content in FILES.values(), (after, name)
    finally:
        for place, tree in zip(places, trees, strict=True):
            place._writing = tree
    return not switch.left


def test_a_sync_that_is_killed_at_any_step_is_made_good(tmp_path: Path) -> None:
    for after in itertools.count(0, 2):
        world = FarWorld.at(f"{tmp_path}/{after}")
        died = killed(world, after, world.sync)
        for _ in range(2):
            world.sync()
        assert_placed(world)
        if not died:
            break
    assert after > 60


def test_an_undo_that_is_killed_at_any_step_loses_nothing(tmp_path: Path) -> None:
    for after in itertools.count(0, 5):
        world = FarWorld.at(f"{tmp_path}/{after}")
        world.sync()
        died = killed(world, after, world.undo)
        # a copy that has its name beside a source that is not yet gone is left to the next route
        with contextlib.suppress(Drifted):
            if died:
                world.undo()
        for _ in range(2):
            assert set(world.recycled()) | set(world.contents().values()) >= set(FILES.values()), after
            world.sync()
        if not died:
            break
    assert after > 60
