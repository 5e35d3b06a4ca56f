"""Disks of one's own that fail, lose power or bits, and processes that die at a step."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from medialib.errors import MedialibError
from medialib.ports import WritableLocation
from medialib.testing.chances import chances, rounds
from medialib.testing.failing_disk import (
    WRITING,
    FailingDisk,
    Hook,
    Killed,
    KillSwitch,
    PowerCut,
    SteppedLocation,
    remount,
    small_disk,
)
from medialib.testing.locations import DiskBackdoor, WritableLocationConformance
from medialib.testing.worlds import MemoryWorld
from medialib.transfer import LocalLocation

if TYPE_CHECKING:
    from .conftest import House
else:
    House = Any

FILES = {
    "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.mkv": b"first " * 500,
    "Pack.S01.1080p-GRP/Pack.S01E01.1080p-GRP.en.srt": b"subtitle",
    "Pack.S01.1080p-GRP/Pack.S01E02.1080p-GRP.mkv": b"second " * 500,
    "Show.Name.S01E02.mkv": b"show",
    "Film.Name.2001.1080p.BluRay.x264-GRP.mkv": b"film " * 1000,
}
ORIGINALS = {path.rpartition("/")[2]: content for path, content in FILES.items()}


class TestSteppedLocation(WritableLocationConformance):
    """A location that counts steps is a location like any other."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        root = tmp_path / "outer" / "root"
        root.mkdir(parents=True)
        return root

    @pytest.fixture
    def backdoor(self, root: Path) -> DiskBackdoor:
        return DiskBackdoor(root)

    @pytest.fixture
    def location(self, root: Path) -> WritableLocation:
        return SteppedLocation(LocalLocation("local", root), FailingDisk(after=10**9))


# -------------------------------------------------------------------------------------------------------- loss of power


def stocked(*, holds: bool) -> MemoryWorld:
    world = MemoryWorld()
    for location in world.locations:
        location.holds = holds
    for path, content in FILES.items():
        world.remote.put(path, content, mtime_ns=world.clock.ago(hours=1))
    return world


def assert_nothing_half(world: MemoryWorld) -> None:
    for place, content in world.contents().items():
        assert place.endswith((".part", ".part.json")) or content in FILES.values(), f"{place} is not whole"


def assert_settled(world: MemoryWorld) -> None:
    placed = {place: content for place, content in world.contents().items() if not place.startswith("incoming:")}
    assert sorted(placed.values()) == sorted(FILES.values())
    assert len(world.contents()) == len(placed)
    assert {str(row.place): row.size for row in world.catalogue.inventory.all()} == {
        place: len(content) for place, content in placed.items()
    }
    for run in world.catalogue.journal.runs():
        assert run.state != "running"
        assert all(line.outcome is not None for line in world.catalogue.journal.lines(run.id))


@pytest.mark.parametrize("block", rounds(sample=4, full=60))
def test_whatever_a_loss_of_power_takes_back_the_next_run_completes(block: int) -> None:
    """What no flush had made to last may be gone: each disk comes back as it was at a moment of its own."""
    for number in range(block * 50, (block + 1) * 50):
        with chances("loss of power", number) as chance:
            world = stocked(holds=chance.random() < 0.5)
            for _ in range(chance.randint(1, 3)):
                PowerCut(world.locations[1:], chance.randint(0, 170), chance)
                try:
                    world.sync()
                except Killed:
                    assert_nothing_half(world)
                world.before_each(lambda operation, path: None)
            world.sync()
            assert_nothing_half(world)
            world.sync()
            assert_settled(world)


# ----------------------------------------------------------------------------------------------------------- on a disk


@pytest.fixture
def stocked_house(house: Callable[[str], House]) -> Callable[[str], House]:
    """Makes houses whose remote is a folder with `FILES`."""

    def make(name: str) -> House:
        home = house(name)
        backdoor = DiskBackdoor(home.folder / "remote")
        for path, content in FILES.items():
            backdoor.write(path, content)
        home.configure(f"file://{home.folder}/remote")
        return home

    return make


def sync_with(home: House, hook: Hook) -> None:
    """One sync with a hook before every step on the local disks."""
    with home.library() as library:
        assert library.incoming is not None
        stepped = attrs.evolve(
            library,
            incoming=SteppedLocation(library.incoming, hook),
            roots={name: SteppedLocation(root, hook) for name, root in library.roots.items()},
        )
        stepped.perform("sync")


def test_a_death_at_any_step_on_a_real_disk_is_survived(stocked_house: Callable[[str], House]) -> None:
    every = len(rounds(sample=17, full=1))
    for step in itertools.count(0, every):
        home = stocked_house(f"step {step}")
        try:
            sync_with(home, KillSwitch(step))
        except Killed:
            home.assert_nothing_half(ORIGINALS)
            with home.library() as library:
                library.perform("sync")
            home.assert_settled(ORIGINALS)
            continue
        break
    assert step > 60


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_failure_of_any_write_or_rename_or_sync_is_survived(stocked_house: Callable[[str], House], code: int) -> None:
    every = len(rounds(sample=13, full=1))
    for step in itertools.count(0, every):
        home = stocked_house(f"step {step}")
        disk = FailingDisk(step, code, times=1)
        try:
            sync_with(home, disk)
        except (MedialibError, OSError):
            assert disk.failures == 1
        home.assert_nothing_half(ORIGINALS)
        for _ in range(2):
            with home.library() as library:
                library.perform("sync")
        home.assert_settled(ORIGINALS)
        if disk.failures == 0:
            break
    assert step > len(WRITING)


def flip_a_bit(file: Path) -> None:
    """As a disk does it: neither size nor time tell."""
    times = file.stat()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_bit_that_flips_between_fetch_and_route_is_found_by_a_copy(stocked_house: Callable[[str], House]) -> None:
    """The move to another disk reads the bytes, and refuses; the source stays for a look, and is not recorded."""
    home = stocked_house("house")
    with small_disk(home.folder / "movies", "4m"):
        assert home.run("download").returncode == 0
        film = "Film.Name.2001.1080p.BluRay.x264-GRP.mkv"
        flip_a_bit(home.folder / "incoming" / film)
        done = home.run("route")
        assert done.returncode == 3
        assert f"incoming:{film}: its content is not what was received" in done.stdout
        assert "Fetch it again" in done.stdout
        assert list(home.files("incoming")) == [f"incoming/{film}"]
        assert home.files("movies") == {}
        assert home.rows("select * from inventory where location = 'movies'") == []
        assert list((home.folder / "movies").rglob("*.part*")) == []


def test_a_bit_that_flips_between_fetch_and_route_cannot_be_seen_by_a_rename(
    stocked_house: Callable[[str], House],
) -> None:
    """A rename reads nothing. What was received stays on record, so that a later look at the content finds it."""
    home = stocked_house("house")
    assert home.run("download").returncode == 0
    received = home.rows("select sha256 from known_files where path like '%Show.Name%'")
    flip_a_bit(home.folder / "incoming/Show.Name.S01E02.mkv")
    assert home.run("route").returncode == 0
    (falsified,) = set(home.files("tv").values()) - set(ORIGINALS.values())
    assert len(falsified) == len(ORIGINALS["Show.Name.S01E02.mkv"])
    assert home.rows("select sha256 from inventory where path like '%Show.Name%'") == received


@pytest.mark.parametrize("room", [*rounds(sample=6, full=60)])
def test_a_catalogue_without_room_says_so_in_a_line_and_goes_on_once_there_is(
    house: Callable[[str], House], tmp_path: Path, room: int
) -> None:
    """Everything on one disk, which is full at one step or another: while the catalogue is made, or in mid-commit."""
    home = house("house")
    backdoor = DiskBackdoor(tmp_path / "remote")
    for path, content in FILES.items():
        backdoor.write(path, content * 20)
    originals = {name: content * 20 for name, content in ORIGINALS.items()}
    size = 120 + room * (240 // len(rounds(sample=6, full=60)))
    with small_disk(home.folder, f"{size}k"):
        for name in ("incoming", "tv", "movies"):
            (home.folder / name).mkdir()
        home.configure(f"file://{tmp_path}/remote")
        done = home.run("sync")
        home.assert_nothing_half(originals)
        assert done.returncode != 0
        assert "room" in done.stdout + done.stderr
        remount(home.folder, "size=32m")
        assert home.run("sync").returncode == 0
        home.run("sync")
        home.assert_settled(originals)
