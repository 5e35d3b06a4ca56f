"""Random sequences of plan, apply and undo: taking back restores everything, and what drifted is named."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import attrs
import pytest

from medialib.errors import Drifted
from medialib.library import Library, open_library
from medialib.naming import collision_key
from medialib.planning import Absent, Fetch, Plan, Unchanged, initial_preconditions
from medialib.ports import Catalogue
from medialib.testing.chances import chances, rounds
from medialib.testing.worlds import ManualClock, MemoryWorld
from medialib.workflows.apply import Report, apply, writing
from medialib.workflows.undo import plan_undo

if TYPE_CHECKING:
    from .conftest import House
else:
    House = Any

BLOCK = 50
# what a fetch that failed leaves for its next try is no file yet
PARTS = (".part", ".part.json")
MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
LOCAL = ("incoming", "tv", "movies")


@attrs.frozen
class Scene:
    """Everything that an undo has to restore: bytes, names, times, folders, rows."""

    files: dict[str, tuple[bytes, int]]
    folders: frozenset[str]
    rows: tuple[Any, ...]


class Stage(Protocol):
    """Where a sequence is played."""

    clock: ManualClock
    catalogue: Catalogue

    def arrive(self, path: str, content: bytes) -> None:
        """A file appears on the remote, or changes there."""

    def put(self, place: str, content: bytes, mtime_ns: int) -> None:
        """A file appears behind medialib's back."""

    def remove(self, place: str) -> None:
        """A file goes behind medialib's back."""

    def perform(self, verb: str) -> tuple[Report, ...]:
        """Plan and apply."""

    def plan(self, verb: str) -> Plan:
        """Only plan: ``download`` or ``route``."""

    def plan_undo(self, run: str) -> Plan:
        """Plan to take a run back."""

    def apply(self, plan: Plan) -> Report:
        """Carry a plan out."""

    def files(self) -> dict[str, tuple[bytes, int]]:
        """Bytes and time of every file, by ``location:path``; medialib's own folder left out."""

    def folders(self) -> frozenset[str]:
        """Every folder, the same way."""


def scene(stage: Stage) -> Scene:
    catalogue = stage.catalogue
    rows = (
        *catalogue.shows.all(),
        *catalogue.movies.all(),
        *catalogue.known_files.of_remote("box"),
        # a row that was removed and entered again was recorded later
        *(attrs.evolve(row, recorded=MOMENT) for row in catalogue.inventory.all()),
    )
    return Scene(stage.files(), stage.folders(), rows)


class MemoryStage:
    """All of it in memory."""

    def __init__(self) -> None:
        self.world = MemoryWorld()
        self.world.remote._name = "box"
        self.clock = self.world.clock
        self.catalogue = self.world.catalogue

    def arrive(self, path: str, content: bytes) -> None:
        self.world.remote.put(path, content, mtime_ns=self.clock.ago(hours=1))

    def put(self, place: str, content: bytes, mtime_ns: int) -> None:
        location, _, path = place.partition(":")
        self._location(location).put(path, content, mtime_ns=mtime_ns)

    def remove(self, place: str) -> None:
        location, _, path = place.partition(":")
        del self._location(location).files[path]

    def _location(self, name: str) -> Any:
        return next(location for location in self.world.locations if location.name == name)

    def perform(self, verb: str) -> tuple[Report, ...]:
        with writing(self._world, verb) as session:
            first = [session.apply(self.plan("download"))] if verb in ("sync", "download") else []
            return (*first, *([session.apply(self.plan("route"))] if verb in ("sync", "route") else []))

    @property
    def _world(self) -> Any:
        return attrs.evolve(self.world.world, remote_paths={"box": ()})

    def plan(self, verb: str) -> Plan:
        return self.world.plan_fetch() if verb == "download" else self.world.plan_route()

    def plan_undo(self, run: str) -> Plan:
        return plan_undo(self.catalogue, self.clock, run=run, configuration="configuration")

    def apply(self, plan: Plan) -> Report:
        return apply(plan, self._world)

    def files(self) -> dict[str, tuple[bytes, int]]:
        return {
            f"{location.name}:{path}": (file.content, file.mtime_ns)
            for location in self.world.locations[1:]
            for path, file in location.files.items()
            if not path.startswith(".medialib/") and not path.endswith(PARTS)
        }

    def folders(self) -> frozenset[str]:
        return frozenset(
            f"{location.name}:{path}"
            for location in self.world.locations[1:]
            for path in location.folders
            if path and not f"{path}/".startswith(".medialib/")
        )


class DiskStage:
    """On a real disk, with a catalogue in SQLite."""

    def __init__(self, home: House) -> None:
        self.home = home
        (home.folder / "remote").mkdir()
        home.configure(f"file://{home.folder}/remote")
        self.clock = ManualClock()
        self.library: Library = open_library(home.config, environment={}, clock=self.clock)
        self.catalogue = self.library.catalogue

    def arrive(self, path: str, content: bytes) -> None:
        self.put(f"remote:{path}", content, self.clock.ago(hours=1))

    def put(self, place: str, content: bytes, mtime_ns: int) -> None:
        file = self._file(place)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, ns=(mtime_ns, mtime_ns))

    def remove(self, place: str) -> None:
        self._file(place).unlink()

    def _file(self, place: str) -> Path:
        return self.home.folder / place.replace("box:", "remote:", 1).replace(":", "/", 1)

    def perform(self, verb: str) -> tuple[Report, ...]:
        return self.library.perform(verb).reports  # type: ignore[arg-type]

    def plan(self, verb: str) -> Plan:
        return self.library.plan_download(record=True) if verb == "download" else self.library.plan_route()

    def plan_undo(self, run: str) -> Plan:
        return self.library.plan_undo(run)

    def apply(self, plan: Plan) -> Report:
        return self.library.apply(plan)

    def files(self) -> dict[str, tuple[bytes, int]]:
        return {
            f"{name}:{path.relative_to(self.home.folder / name)}": (path.read_bytes(), path.stat().st_mtime_ns)
            for name in LOCAL
            for path in (self.home.folder / name).rglob("*")
            if path.is_file() and ".medialib" not in path.parts and not path.name.endswith(PARTS)
        }

    def folders(self) -> frozenset[str]:
        return frozenset(
            f"{name}:{path.relative_to(self.home.folder / name)}"
            for name in LOCAL
            for path in (self.home.folder / name).rglob("*")
            if path.is_dir() and ".medialib" not in path.parts
        )


def drawn_name(chance: random.Random) -> str:
    """A path as remotes have them: episodes, packs, films, companions, and what is none of these."""
    title = chance.choice(("Show", "Show.Name", "Show_Name", "Fate-stay: night?", "Amélie", "進撃の巨人"))
    season, episode = chance.randint(1, 2), chance.randint(1, 3)
    name = f"{title}.S{season:02}E{episode:02}"
    match chance.randrange(10):
        case 0:
            return f"Film.Name.{chance.randint(2001, 2003)}.1080p.BluRay.x264-X.mkv"
        case 1:
            return f"{title}.S{season:02}.1080p-GRP/{name}.1080p-GRP.mkv"
        case 2:
            return f"{title}.S{season:02}.1080p-GRP/Subs/{name}.1080p-GRP/2_English.srt"
        case 3:
            return f"deep/er/{name}.mkv"
        case 4:
            return f"{name}.en.forced.srt"
        case 5:
            return chance.choice(("sample.mkv", "Sample/Show.S01E01.mkv", "readme.txt", "what is this.mkv", "show.nfo"))
        case _:
            return f"{name}.mkv"


def drawn_content(chance: random.Random) -> bytes:
    """Often the same, so that duplicates and conflicts come about."""
    return chance.choice((b"one", b"two", b"three " * 50, b"", b"four" * 400))


class Play:
    """One sequence."""

    def __init__(self, stage: Stage, chance: random.Random) -> None:
        self.stage = stage
        self.chance = chance
        self.runs: list[tuple[str, Scene, Scene]] = []

    def go(self, steps: int) -> None:
        for _ in range(2):
            self.arrive()
        for _ in range(steps):
            self.stage.clock.sleep(self.chance.choice((1, 60, 4000)))
            step = self.chance.choice(
                (self.arrive, self.put, *2 * (self.perform, self.undo), self.part_of_a_plan, self.drift)
            )
            step()
            self.assert_recorded()
        while self.runs:
            self.undo()

    def arrive(self) -> None:
        for _ in range(self.chance.randint(1, 3)):
            self.stage.arrive(drawn_name(self.chance), drawn_content(self.chance))

    def put(self) -> None:
        place = f"incoming:{drawn_name(self.chance)}"
        names = {collision_key(there): there for there in (*self.stage.files(), *self.stage.folders())}
        above = [place.rpartition("/")[0], place]
        # two names that a disk may take for one are somebody else's test
        if not self.runs and all(names.get(collision_key(name), name) == name for name in above):
            self.stage.put(place, drawn_content(self.chance), self.stage.clock.ago(hours=2))

    def perform(self) -> None:
        before = scene(self.stage)
        self.did(self.stage.perform(self.chance.choice(("download", "route", "sync"))), before)

    def part_of_a_plan(self) -> None:
        before = scene(self.stage)
        plan = self.stage.plan(self.chance.choice(("download", "route")))
        names = [action.id for action in plan.actions]
        chosen = self.chance.sample(names, self.chance.randint(0, len(names)))
        self.did([self.stage.apply(plan.only(*chosen))], before)

    def did(self, reports: Any, before: Scene) -> None:
        run = next((report.run for report in reports if report.run is not None), None)
        if run is None:
            assert scene(self.stage) == before
        else:
            self.runs.append((run, before, scene(self.stage)))

    def undo(self) -> None:
        if not self.runs:
            return
        run, before, after = self.runs.pop()
        report = self.stage.apply(self.stage.plan_undo(run))
        assert scene(self.stage) == before
        if report.run is not None and self.chance.random() < 0.3:
            # taking the undo back does it again, and taking that back undoes it again
            again = self.stage.apply(self.stage.plan_undo(report.run))
            assert scene(self.stage) == after
            assert again.run is not None
            self.stage.apply(self.stage.plan_undo(again.run))
            assert scene(self.stage) == before

    def drift(self) -> None:
        """Change something that a plan, or an undo, rests on: it is refused, the file named, and nothing happens."""
        if self.runs and self.chance.random() < 0.6:
            plan = self.stage.plan_undo(self.runs[-1][0])
        else:
            plan = self.stage.plan(self.chance.choice(("download", "route")))
        conditions = initial_preconditions(plan)
        if not conditions:
            return
        condition = self.chance.choice(conditions)
        place = str(condition.place)
        if ":.medialib/" in place:
            return
        match condition:
            case Absent():
                if any(folder == place for folder in self.stage.folders()):
                    return
                folders = self.stage.folders()
                self.stage.put(place, b"in the way", 7)
                self.refused(plan, place)
                self.stage.remove(place)
                self.tidy(folders)
            case Unchanged():
                source = any(isinstance(action, Fetch) and action.source == condition.place for action in plan.actions)
                content, mtime_ns = self.original(place, condition) if source else self.stage.files()[place]
                match self.chance.randrange(3):
                    case 0:
                        self.stage.put(place, content + b"more", mtime_ns)
                    case 1:
                        self.stage.put(place, content, mtime_ns - 5 * 10**9)
                    case _:
                        self.stage.remove(place)
                self.refused(plan, place)
                self.stage.put(place, content, mtime_ns)

    def original(self, place: str, condition: Unchanged) -> tuple[bytes, int]:
        return bytes(condition.size), condition.mtime_ns

    def tidy(self, folders: frozenset[str]) -> None:
        """Remove the folders that came with a file in the way."""
        for folder in sorted(self.stage.folders() - folders, reverse=True):
            location, _, path = folder.partition(":")
            if isinstance(self.stage, DiskStage):
                (self.stage.home.folder / location / path).rmdir()
            else:
                assert isinstance(self.stage, MemoryStage)
                self.stage._location(location).folders.remove(path)

    def refused(self, plan: Plan, place: str) -> None:
        before = scene(self.stage)
        with pytest.raises(Drifted) as caught:
            self.stage.apply(plan)
        assert place in str(caught.value)
        assert scene(self.stage) == before

    def assert_recorded(self) -> None:
        """What stands in the library is recorded, each file once, as it stands."""
        placed = {place: file for place, file in self.stage.files().items() if not place.startswith("incoming:")}
        rows = list(self.stage.catalogue.inventory.all())
        assert {str(row.place): (row.size, row.mtime_ns) for row in rows} == {
            place: (len(content), mtime_ns) for place, (content, mtime_ns) in placed.items()
        }
        assert len(rows) == len(placed)


@pytest.mark.parametrize("block", rounds(sample=3, full=200))
def test_in_memory_whatever_was_done_is_taken_back(block: int) -> None:
    for number in range(block * BLOCK, (block + 1) * BLOCK):
        with chances("sequences in memory", number) as chance:
            Play(MemoryStage(), chance).go(chance.randint(2, 10))


@pytest.mark.parametrize("number", rounds(sample=10, full=200))
def test_on_a_disk_whatever_was_done_is_taken_back(house: Callable[[str], House], number: int) -> None:
    with chances("sequences on a disk", number) as chance:
        stage = DiskStage(house("house"))
        try:
            Play(stage, chance).go(chance.randint(2, 8))
        finally:
            stage.library.close()
