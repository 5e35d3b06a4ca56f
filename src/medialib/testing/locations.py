"""The conformance suites of locations and transfers: subclass one, give it its fixtures, and an adapter is proven.

>>> from medialib.testing.locations import MemoryBackdoor, MemoryLocation, WritableLocationConformance
>>> class TestMine(WritableLocationConformance):
...     @pytest.fixture
...     def location(self):
...         return MemoryLocation("mine")
...     @pytest.fixture
...     def backdoor(self, location):
...         return MemoryBackdoor(location)
"""

# What a test asks for stands in its name.
# ruff: noqa: D102

from __future__ import annotations

import hashlib
import os
import threading
import unicodedata
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from medialib.errors import ContentChanged, OutOfReach, TargetTaken, UnsafePath
from medialib.model import FileEntry, RefusedEntry
from medialib.ports import (
    Location,
    PartRecord,
    SupportsHolding,
    SupportsLinking,
    SupportsProving,
    SupportsReserving,
    SupportsSettling,
    WritableLocation,
)
from medialib.testing.backdoors import MOMENT, Backdoor, DiskBackdoor, MemoryBackdoor, files_of
from medialib.testing.memory_location import MemoryFile, MemoryLocation

__all__ = [
    "MOMENT",
    "Backdoor",
    "DiskBackdoor",
    "LocationConformance",
    "MemoryBackdoor",
    "MemoryFile",
    "MemoryLocation",
    "WritableLocationConformance",
    "files_of",
]


def _refused(location: Location) -> Mapping[str, str]:
    return {entry.path: entry.reason for entry in location.walk() if isinstance(entry, RefusedEntry)}


class LocationConformance:
    """Every `Location` passes this. Fixtures: ``location``, whose root is empty, and its ``backdoor``."""

    @pytest.fixture
    def location(self) -> Location:
        raise LookupError("a conformance suite needs the fixture 'location'")

    @pytest.fixture
    def backdoor(self) -> Backdoor:
        raise LookupError("a conformance suite needs the fixture 'backdoor'")

    def test_an_empty_root_has_no_files(self, location: Location, backdoor: Backdoor) -> None:
        assert list(location.walk()) == []

    def test_a_walk_finds_every_file_at_any_depth_and_no_folder(self, location: Location, backdoor: Backdoor) -> None:
        wanted = {"a.mkv": b"1", "Show/b.mkv": b"22", "Show/Season 01/c é.mkv": b"333", "Show/Season 01/d": b""}
        for path, content in wanted.items():
            backdoor.write(path, content)
        found = files_of(location)
        assert {path: entry.size for path, entry in found.items()} == {p: len(c) for p, c in wanted.items()}
        fine = location.traits.mtime_granularity_ns
        if location.traits.reports_mtime:
            assert {entry.mtime_ns // fine for entry in found.values()} == {MOMENT // fine}
        else:
            assert {entry.mtime_ns for entry in found.values()} == {0}
        assert list(location.walk()) == list(location.walk())
        assert set(files_of(location, "Show/Season 01")) == {"Show/Season 01/c é.mkv", "Show/Season 01/d"}

    def test_a_walk_goes_folder_by_folder(self, location: Location, backdoor: Backdoor) -> None:
        for path in ("b/c/d", "b/a", "b/z", "b/c/a", "a", "b/ca", "z", "b c/x", "b/c d/y"):
            backdoor.write(path, b"x")
        folders = [path.rpartition("/")[0] for path in files_of(location)]
        runs = [folder for position, folder in enumerate(folders) if folders[:position][-1:] != [folder]]
        assert sorted(runs) == ["", "b", "b c", "b/c", "b/c d"]
        assert runs.index("") < runs.index("b") < min(runs.index("b/c"), runs.index("b/c d"))

    def test_a_walk_agrees_with_single_questions(self, location: Location, backdoor: Backdoor) -> None:
        for path in ("a", "x/b", "x/c", "x/y/d"):
            backdoor.write(path, path.encode())
        found = files_of(location)
        assert {path: location.entry(path) for path in found} == found
        assert location.entries([*found, "absent", "x/absent", "gone/e", "gone/f", "x/y"]) == found

    def test_many_folders_and_files(self, location: Location, backdoor: Backdoor) -> None:
        wanted = {f"{outer}/{inner}/{number}" for outer in range(7) for inner in range(6) for number in range(3)}
        wanted |= {f"big/{number:03}" for number in range(250)}
        for path in wanted:
            backdoor.write(path, b"x")
        assert set(files_of(location)) == wanted

    def test_own_folder_is_passed_over_and_yet_usable(self, location: Location, backdoor: Backdoor) -> None:
        backdoor.write(".medialib/recycle/a.mkv", b"old")
        backdoor.write("x/.medialib/b.mkv", b"not ours")
        assert set(files_of(location)) == {"x/.medialib/b.mkv"}
        entry = location.entry(".medialib/recycle/a.mkv")
        assert entry is not None
        assert entry.size == 3

    def test_absent_files_and_folders_are_no_files(self, location: Location, backdoor: Backdoor) -> None:
        backdoor.write("folder/a", b"1")
        for path in ("absent", "folder", "folder/b", "absent/c", "folder/a/b"):
            assert location.entry(path) is None
            with pytest.raises(FileNotFoundError):
                location.open(path)

    def test_reading_from_any_offset(self, location: Location, backdoor: Backdoor) -> None:
        content = bytes(range(256)) * 3000
        backdoor.write("a", content)
        for offset in (0, 1, 40_000, len(content) - 1, len(content), len(content) + 10):
            with location.open("a", offset=offset) as stream:
                data = b"".join(iter(lambda stream=stream: stream.read(100_000), b""))  # type: ignore[misc]
            assert data == content[offset:]

    def test_unsafe_paths_are_refused(self, location: Location, backdoor: Backdoor) -> None:
        for path in ("../x", "/etc/passwd", "a/../../x", "a\nb", "x//y", ".", "\udcff"):
            with pytest.raises(UnsafePath):
                list(location.walk(path))
            with pytest.raises(UnsafePath):
                location.entry(path)
            with pytest.raises(UnsafePath):
                location.entries([path])
            with pytest.raises(UnsafePath):
                location.open(path)

    def test_hostile_names_are_reported_and_the_others_go_on(self, location: Location, backdoor: Backdoor) -> None:
        if not backdoor.any_names:
            return
        for path in ("good.mkv", "new\nline.mkv", "\udcff\udcfe.mkv", "bad\udcff/inside.mkv", "z/good.mkv"):
            backdoor.write(path, b"x")
        assert set(files_of(location)) == {"good.mkv", "z/good.mkv"}
        refused = _refused(location)
        assert {"new\nline.mkv", "\udcff\udcfe.mkv"} < set(refused)
        assert any(path.startswith("bad\udcff") for path in refused)
        assert all(refused.values())

    def test_links(self, location: Location, backdoor: Backdoor) -> None:
        if not backdoor.links:
            return
        backdoor.write("real/file.mkv", b"12345")
        for path, target in {
            "inside.mkv": "real/file.mkv",
            "real/beside.mkv": "file.mkv",
            "broken.mkv": "nowhere",
            "outside.mkv": "../../../../../../../../etc/passwd",
            "absolute.mkv": "/etc/passwd",
            "folder": "real",
            "away": "../..",
        }.items():
            backdoor.link(path, target)
        found = files_of(location)
        assert set(found) == {"inside.mkv", "real/beside.mkv", "real/file.mkv"}
        assert found["inside.mkv"].size == 5
        assert set(_refused(location)) == {"absolute.mkv", "away", "broken.mkv", "folder", "outside.mkv"}
        assert location.entry("inside.mkv") == found["inside.mkv"]
        assert location.entry("broken.mkv") is None
        assert set(location.entries(["inside.mkv", "broken.mkv", "real/file.mkv"])) == {"inside.mkv", "real/file.mkv"}
        with location.open("inside.mkv") as stream:
            assert stream.read() == b"12345"
        for path in ("outside.mkv", "absolute.mkv"):
            with pytest.raises(UnsafePath):
                location.open(path)

    def test_a_place_that_cannot_be_listed_never_looks_empty(self, location: Location, backdoor: Backdoor) -> None:
        backdoor.write("a", b"1")
        for path in ("absent", "a", "a/b"):
            with pytest.raises(OutOfReach):
                list(location.walk(path))
        backdoor.unplug()
        with pytest.raises(OutOfReach):
            list(location.walk())
        with pytest.raises(OutOfReach):
            location.entry("a")
        with pytest.raises(OutOfReach):
            location.entries(["a", "b", "c/d"])

    def test_addresses_are_stable_and_tell_paths_apart(self, location: Location, backdoor: Backdoor) -> None:
        assert location.address("a/b") == location.address("a/b")
        assert location.address("a/b") == f"{location.address('').rstrip('/')}/a/b"

    def test_several_threads_may_read_and_list(self, location: Location, backdoor: Backdoor) -> None:
        contents = {f"{number % 3}/{number}": os.urandom(70_000 + number) for number in range(12)}
        for path, content in contents.items():
            backdoor.write(path, content)

        def fetch(path: str) -> bytes:
            assert set(files_of(location)) == set(contents)
            with location.open(path) as stream:
                return b"".join(iter(lambda: stream.read(10_000), b""))

        with ThreadPoolExecutor(6) as pool:
            assert dict(zip(contents, pool.map(fetch, contents), strict=True)) == contents

    def test_closing_twice_is_fine(self, location: Location, backdoor: Backdoor) -> None:
        location.close()
        location.close()


class WritableLocationConformance(LocationConformance):
    """Every `WritableLocation` passes this, with the fixtures of `LocationConformance`.

    Nothing is skipped for what a location lacks: where its `traits` say that it does not do something, what it does
    instead is tested.
    """

    @pytest.fixture
    def location(self) -> WritableLocation:
        raise LookupError("a conformance suite needs the fixture 'location'")

    @staticmethod
    def _fill(location: WritableLocation, path: str, content: bytes) -> None:
        with location.part(path).write(0) as sink:
            sink.write(content)

    def test_folders_are_made_outermost_first(self, location: WritableLocation, backdoor: Backdoor) -> None:
        if not location.traits.holds_folders:
            assert location.make_folder("a/b/c") == ()
            assert not location.has_folder("a")
            self._fill(location, "a/b/c/d", b"1")
            assert location.has_folder("a/b/c")
            return
        assert location.make_folder("a/b/c") == ("a", "a/b", "a/b/c")
        assert location.make_folder("a/b/d") == ("a/b/d",)
        assert location.make_folder("a/b") == ()
        assert location.has_folder("a/b/c")
        assert location.has_folder("")
        assert not location.has_folder("a/x")

    def test_folders_in_the_way_of_files_and_of_each_other(
        self, location: WritableLocation, backdoor: Backdoor
    ) -> None:
        backdoor.write("Show/file", b"1")
        assert not location.has_folder("Show/file")
        for path in ("Show/file", "Show/file/x", "SHOW", "show/x"):
            with pytest.raises(TargetTaken):
                location.make_folder(path)

    def test_a_missing_root_is_never_made(self, location: WritableLocation, backdoor: Backdoor) -> None:
        backdoor.unplug()
        with pytest.raises(OutOfReach, match="mounted" if location.traits.holds_folders else "holds no empty folders"):
            location.make_folder("a")
        with pytest.raises(OutOfReach):
            location.has_folder("a")

    def test_a_part_becomes_a_file(self, location: WritableLocation, backdoor: Backdoor) -> None:
        location.make_folder("x")
        part = location.part("x/a.mkv")
        assert part.record is None
        with part.read() as stream:
            assert stream.read() == b""
        self._fill(location, "x/a.mkv", b"12345")
        assert location.entry("x/a.mkv") is None
        mtime_ns = part.publish(mtime_ns=MOMENT)
        location.flush()
        assert backdoor.read("x/a.mkv") == b"12345"
        assert files_of(location) == {"x/a.mkv": FileEntry("x/a.mkv", 5, mtime_ns)}
        if location.traits.keeps_mtime:
            assert abs(mtime_ns - MOMENT) < 2_000_000_000
        assert location.traits.keeps_mtime or mtime_ns > MOMENT
        with pytest.raises(FileNotFoundError):
            location.part("x/a.mkv").publish(mtime_ns=MOMENT)

    def test_a_part_and_its_note_are_found_again(self, location: WritableLocation, backdoor: Backdoor) -> None:
        self._fill(location, "a.mkv", b"12345678")
        record = PartRecord("seedbox:/x/\udcff", 20, MOMENT, 5, "ab" * 32)
        location.part("a.mkv").note(record)
        again = location.part("a.mkv")
        if location.traits.appends:
            assert again.record == record
            with again.write(record.offset) as sink:
                sink.write(b"abc")
            with again.read() as stream:
                assert stream.read() == b"12345abc"
        else:
            assert again.record is None
            with again.read() as stream:
                assert stream.read() == b"12345678"
            with pytest.raises(OutOfReach), again.write(record.offset) as sink:
                sink.write(b"abc")
            whole = PartRecord(record.source, 8, MOMENT, 8, hashlib.sha256(b"12345678").hexdigest())
            again.note(whole)
            assert location.part("a.mkv").record == whole
            again.write(8).close()
        again.discard()
        again.discard()
        assert location.part("a.mkv").record is None
        assert list(location.walk()) == []

    def test_a_part_is_as_long_as_what_was_written_whatever_is_kept_for_it(
        self, location: WritableLocation, backdoor: Backdoor
    ) -> None:
        part = location.part("a.mkv")
        if isinstance(part, SupportsReserving):
            part.release()
            part.reserve(2**21)
        with part.write(0) as sink:
            assert backdoor.read("a.mkv.part") == b""
            sink.write(b"123")
            sink.flush()
            assert backdoor.read("a.mkv.part") == b"123"
        if isinstance(part, SupportsReserving):
            part.release()
        with part.read() as stream:
            assert stream.read() == b"123"
        part.publish(mtime_ns=MOMENT)
        assert backdoor.read("a.mkv") == b"123"

    def test_a_file_that_is_only_named_like_a_part_is_left_alone(
        self, location: WritableLocation, backdoor: Backdoor
    ) -> None:
        backdoor.write("a.mkv.part", b"theirs")
        part = location.part("a.mkv")
        with pytest.raises(TargetTaken):
            part.write(0)
        with part.read() as stream:
            assert stream.read() == b""
        with pytest.raises(FileNotFoundError):
            part.publish(mtime_ns=0)
        part.discard()
        assert backdoor.read("a.mkv.part") == b"theirs"
        assert set(files_of(location)) == {"a.mkv.part"}

    @pytest.mark.parametrize("length", [255, 242, 241])
    def test_the_longest_names_have_parts(self, location: WritableLocation, backdoor: Backdoor, length: int) -> None:
        name = "x" * (length - 4) + ".mkv"
        self._fill(location, name, b"1")
        location.part(name).note(PartRecord("s:/a", 1, 0, 1, hashlib.sha256(b"1").hexdigest()))
        assert location.part(name).record is not None
        location.part(name).publish(mtime_ns=0)
        assert set(files_of(location)) == {name}

    def test_what_is_proven_or_settled_before_is_published_as_it_was(
        self, location: WritableLocation, backdoor: Backdoor
    ) -> None:
        part = location.part("a.mkv")
        with part.write(0) as sink:
            sink.write(b"12345")
        if isinstance(part, SupportsProving):
            assert part.prove(5, hashlib.sha256(b"12345").hexdigest(), cancelled=threading.Event())
        if isinstance(part, SupportsSettling):
            part.settle(mtime_ns=MOMENT)
        assert location.entry("a.mkv") is None
        part.publish(mtime_ns=MOMENT)
        small = location.part("small.mkv")
        if isinstance(small, SupportsHolding) and small.hold(b"held"):
            small.publish(mtime_ns=MOMENT)
            assert backdoor.read("small.mkv") == b"held"
        assert backdoor.read("a.mkv") == b"12345"

    @pytest.mark.parametrize("instead", [b"12X45", b"123"])
    def test_a_part_that_is_not_what_was_written_gets_no_name(
        self, location: WritableLocation, backdoor: Backdoor, instead: bytes
    ) -> None:
        """Of a disk of this machine nobody asks what it has: it is asked to keep what it was given."""
        part = location.part("a.mkv")
        if not isinstance(part, SupportsProving):
            assert location.traits.durable == "names"
            return
        self._fill(location, "a.mkv", b"12345")
        part = location.part("a.mkv")
        part.note(PartRecord("s:/a", 5, 0, 5, hashlib.sha256(b"12345").hexdigest()))
        with part.write(5):
            backdoor.write("a.mkv.part", instead)
        with pytest.raises(ContentChanged):
            part.publish(mtime_ns=MOMENT)
        assert location.entry("a.mkv") is None
        assert location.part("a.mkv").record is None

    @pytest.mark.parametrize("there", ["Café.mkv", "CAFÉ.mkv", unicodedata.normalize("NFD", "Café.mkv"), "café.MKV"])
    def test_no_file_is_ever_replaced(self, location: WritableLocation, backdoor: Backdoor, there: str) -> None:
        backdoor.write(there, b"old")
        backdoor.write("other.mkv", b"other")
        self._fill(location, "Café.mkv", b"new")
        with pytest.raises(TargetTaken):
            location.part("Café.mkv").publish(mtime_ns=MOMENT)
        with pytest.raises(TargetTaken):
            location.rename("other.mkv", location, "Café.mkv")
        assert backdoor.read(there) == b"old"
        assert backdoor.read("other.mkv") == b"other"
        with location.part("Café.mkv").read() as stream:
            assert stream.read() == b"new"

    def test_renaming(self, location: WritableLocation, backdoor: Backdoor) -> None:
        backdoor.write("a.mkv", b"1")
        location.make_folder("x")
        before = location.entry("a.mkv")
        mtime_ns = location.rename("a.mkv", location, "x/b.mkv")
        assert before is not None
        if not location.traits.renames:
            assert mtime_ns is None
            assert files_of(location) == {"a.mkv": before}
            return
        assert mtime_ns == before.mtime_ns
        assert files_of(location) == {"x/b.mkv": FileEntry("x/b.mkv", 1, before.mtime_ns)}
        assert location.rename("x/b.mkv", location, "x/B.mkv") == before.mtime_ns
        location.flush()
        assert set(files_of(location)) == {"x/B.mkv"}

    def test_renaming_what_cannot_be(self, location: WritableLocation, backdoor: Backdoor) -> None:
        backdoor.write("a.mkv", b"1")
        with pytest.raises(FileNotFoundError):
            location.rename("absent", location, "b.mkv")
        if location.traits.holds_folders:
            with pytest.raises(OutOfReach):
                location.rename("a.mkv", location, "no folder/b.mkv")
        for path in ("../b.mkv", "/b.mkv", "x/../../b"):
            with pytest.raises(UnsafePath):
                location.rename("a.mkv", location, path)
            with pytest.raises(UnsafePath):
                location.rename(path, location, "b.mkv")
            with pytest.raises(UnsafePath):
                location.part(path)
            with pytest.raises(UnsafePath):
                location.make_folder(path)
        assert backdoor.read("a.mkv") == b"1"

    def test_another_kind_of_location_cannot_be_renamed_to(
        self, location: WritableLocation, backdoor: Backdoor
    ) -> None:
        backdoor.write("a.mkv", b"1")
        assert location.rename("a.mkv", MemoryLocation("elsewhere"), "a.mkv") is None
        assert backdoor.read("a.mkv") == b"1"

    def test_a_hard_link_is_a_second_name_or_nothing(self, location: WritableLocation, backdoor: Backdoor) -> None:
        backdoor.write("a.mkv", b"12345")
        location.make_folder("x")
        if not isinstance(location, SupportsLinking):
            return
        before = location.entry("a.mkv")
        assert before is not None
        mtime_ns = location.hardlink("a.mkv", location, "x/b.mkv")
        location.flush()
        if mtime_ns is None:
            assert files_of(location) == {"a.mkv": before}
            return
        assert files_of(location) == {"a.mkv": before, "x/b.mkv": FileEntry("x/b.mkv", 5, mtime_ns)}
        assert mtime_ns == before.mtime_ns
        assert location.is_same_file("a.mkv", location, "x/b.mkv")
        location.remove("a.mkv", size=5, mtime_ns=before.mtime_ns)
        assert backdoor.read("x/b.mkv") == b"12345"

    def test_a_clone_is_a_second_file_or_nothing(self, location: WritableLocation, backdoor: Backdoor) -> None:
        backdoor.write("a.mkv", b"12345")
        location.make_folder("x")
        if not isinstance(location, SupportsLinking):
            return
        before = location.entry("a.mkv")
        assert before is not None
        mtime_ns = location.reflink("a.mkv", location, "x/b.mkv", size=5, mtime_ns=MOMENT)
        location.flush()
        if mtime_ns is None:
            assert files_of(location) == {"a.mkv": before}
            return
        assert files_of(location) == {"a.mkv": before, "x/b.mkv": FileEntry("x/b.mkv", 5, mtime_ns)}
        assert not location.is_same_file("a.mkv", location, "x/b.mkv")
        backdoor.write("a.mkv", b"other")
        assert backdoor.read("x/b.mkv") == b"12345"
        with pytest.raises(ContentChanged):
            location.reflink("a.mkv", location, "x/c.mkv", size=6, mtime_ns=MOMENT)
        assert location.entry("x/c.mkv") is None

    @pytest.mark.parametrize("way", ["hardlink", "reflink"])
    def test_no_link_replaces_or_leaves_the_root(
        self, location: WritableLocation, backdoor: Backdoor, way: str
    ) -> None:
        if not isinstance(location, SupportsLinking):
            return
        backdoor.write("a.mkv", b"1")
        backdoor.write("Other.mkv", b"old")

        def link(source: str, target: WritableLocation, path: str) -> int | None:
            if way == "hardlink":
                return location.hardlink(source, target, path)
            return location.reflink(source, target, path, size=1, mtime_ns=MOMENT)

        for path in ("Other.mkv", "other.MKV"):
            with pytest.raises(TargetTaken):
                link("a.mkv", location, path)
        with pytest.raises(FileNotFoundError):
            link("absent", location, "b.mkv")
        if location.traits.holds_folders:
            with pytest.raises(OutOfReach):
                link("a.mkv", location, "no folder/b.mkv")
        for path in ("../b.mkv", "/b.mkv"):
            with pytest.raises(UnsafePath):
                link("a.mkv", location, path)
            with pytest.raises(UnsafePath):
                link(path, location, "b.mkv")
        assert link("a.mkv", MemoryLocation("elsewhere"), "a.mkv") is None
        assert not location.is_same_file("a.mkv", MemoryLocation("elsewhere"), "a.mkv")
        assert not location.is_same_file("a.mkv", location, "absent")
        assert (backdoor.read("a.mkv"), backdoor.read("Other.mkv")) == (b"1", b"old")

    def test_only_the_file_that_was_meant_is_removed(self, location: WritableLocation, backdoor: Backdoor) -> None:
        backdoor.write("a.mkv", b"123")
        entry = location.entry("a.mkv")
        assert entry is not None
        for size, mtime_ns in ((4, entry.mtime_ns), (3, entry.mtime_ns + 2_000_000_000)):
            with pytest.raises(ContentChanged):
                location.remove("a.mkv", size=size, mtime_ns=mtime_ns)
        assert backdoor.read("a.mkv") == b"123"
        location.remove("a.mkv", size=3, mtime_ns=entry.mtime_ns)
        assert backdoor.read("a.mkv") is None
        with pytest.raises(ContentChanged):
            location.remove("a.mkv", size=3, mtime_ns=entry.mtime_ns)

    def test_only_empty_folders_are_removed(self, location: WritableLocation, backdoor: Backdoor) -> None:
        backdoor.write("x/y/a.mkv", b"1")
        location.make_folder("x/z")
        assert [location.remove_folder(path) for path in ("x", "x/y", "x/z", "x/z", "absent", "")] == [
            False, False, location.traits.holds_folders, False, False, False,
        ]  # fmt: skip
        assert not location.has_folder("x/z")
        assert backdoor.read("x/y/a.mkv") == b"1"

    def test_room_is_told_or_not_known(self, location: WritableLocation, backdoor: Backdoor) -> None:
        free = location.free_bytes()
        assert (free is not None) == location.traits.tells_room
        assert free is None or free > 0
