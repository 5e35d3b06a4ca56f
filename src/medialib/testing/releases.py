"""The conformance suite of remotes that can let go of files: subclass it beside that of locations.

>>> from medialib.testing.locations import MemoryBackdoor, MemoryLocation
>>> class TestMine(ReleaseConformance):
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

import pytest

from medialib.errors import ContentChanged, MedialibError, OutOfReach, TargetTaken, UnsafePath
from medialib.model import FileEntry
from medialib.ports import SupportsRelease
from medialib.testing.backdoors import Backdoor, files_of

__all__ = ["ReleaseConformance"]


class ReleaseConformance:
    """Every remote that `SupportsRelease` passes this. Fixtures: ``location``, whose root is empty; ``backdoor``."""

    @pytest.fixture
    def location(self) -> SupportsRelease:
        raise LookupError("a conformance suite needs the fixture 'location'")

    @pytest.fixture
    def backdoor(self) -> Backdoor:
        raise LookupError("a conformance suite needs the fixture 'backdoor'")

    @staticmethod
    def _entry(location: SupportsRelease, path: str) -> FileEntry:
        entry = location.entry(path)
        assert entry is not None
        return entry

    def test_it_says_that_it_can(self, location: SupportsRelease, backdoor: Backdoor) -> None:
        assert isinstance(location, SupportsRelease)

    def test_only_the_file_that_was_meant_is_deleted(self, location: SupportsRelease, backdoor: Backdoor) -> None:
        backdoor.write("pack/it's é.mkv", b"123")
        entry = self._entry(location, "pack/it's é.mkv")
        for size, mtime_ns in ((4, entry.mtime_ns), (3, entry.mtime_ns + 2_000_000_000)):
            with pytest.raises(ContentChanged):
                location.remove(entry.path, size=size, mtime_ns=mtime_ns)
        assert backdoor.read(entry.path) == b"123"
        location.remove(entry.path, size=3, mtime_ns=entry.mtime_ns)
        assert backdoor.read(entry.path) is None
        with pytest.raises(ContentChanged):
            location.remove(entry.path, size=3, mtime_ns=entry.mtime_ns)

    def test_only_empty_folders_go(self, location: SupportsRelease, backdoor: Backdoor) -> None:
        backdoor.write("x/y/a.mkv", b"1")
        backdoor.write("x/z/b.mkv", b"1")
        entry = self._entry(location, "x/z/b.mkv")
        location.remove(entry.path, size=entry.size, mtime_ns=entry.mtime_ns)
        paths = ("x", "x/y", "x/z", "x/z", "absent", "x/y/a.mkv", "")
        assert [location.remove_folder(path) for path in paths] == [False, False, True, False, False, False, False]
        assert backdoor.read("x/y/a.mkv") == b"1"

    def test_a_file_moves_with_its_size_and_time_and_folders_are_made(
        self, location: SupportsRelease, backdoor: Backdoor
    ) -> None:
        backdoor.write("pack/a.mkv", b"12345")
        before = self._entry(location, "pack/a.mkv")
        made = location.relocate("pack/a.mkv", "done/2024/pack/a.mkv")
        assert made == ("done", "done/2024", "done/2024/pack")
        assert files_of(location) == {
            "done/2024/pack/a.mkv": FileEntry("done/2024/pack/a.mkv", before.size, before.mtime_ns)
        }
        assert location.relocate("done/2024/pack/a.mkv", "a.mkv") == ()
        assert backdoor.read("a.mkv") == b"12345"

    def test_nothing_is_ever_replaced(self, location: SupportsRelease, backdoor: Backdoor) -> None:
        backdoor.write("a.mkv", b"1")
        backdoor.write("done/a.mkv", b"2")
        backdoor.write("file", b"3")
        with pytest.raises(TargetTaken):
            location.relocate("a.mkv", "done/a.mkv")
        with pytest.raises(TargetTaken):
            location.relocate("a.mkv", "done")
        with pytest.raises(MedialibError):
            location.relocate("a.mkv", "file/a.mkv")
        with pytest.raises(TargetTaken):
            location.mark("done/a.mkv")
        with pytest.raises(FileNotFoundError):
            location.relocate("absent.mkv", "elsewhere.mkv")
        assert {path: backdoor.read(path) for path in files_of(location)} == {
            "a.mkv": b"1",
            "done/a.mkv": b"2",
            "file": b"3",
        }

    def test_a_mark_is_an_empty_file_that_may_stand_already(
        self, location: SupportsRelease, backdoor: Backdoor
    ) -> None:
        backdoor.write("pack/a.mkv", b"1")
        mark = location.mark("pack/.released")
        assert (mark.path, mark.size, location.mark("pack/.released")) == ("pack/.released", 0, mark)
        assert backdoor.read("pack/.released") == b""
        location.remove("pack/.released", size=0, mtime_ns=mark.mtime_ns)
        assert set(files_of(location)) == {"pack/a.mkv"}
        with pytest.raises((OutOfReach, FileNotFoundError)):
            location.mark("absent/.released")

    def test_paths_that_leave_the_root_are_refused(self, location: SupportsRelease, backdoor: Backdoor) -> None:
        backdoor.write("a.mkv", b"1")
        for path in ("../b.mkv", "/b.mkv", "x/../../b"):
            with pytest.raises(UnsafePath):
                location.relocate("a.mkv", path)
            with pytest.raises(UnsafePath):
                location.relocate(path, "b.mkv")
            with pytest.raises(UnsafePath):
                location.mark(path)
            with pytest.raises(UnsafePath):
                location.remove(path, size=1, mtime_ns=0)
            with pytest.raises(UnsafePath):
                location.remove_folder(path)
        assert backdoor.read("a.mkv") == b"1"

    def test_links_that_leave_the_root_are_not_followed(self, location: SupportsRelease, backdoor: Backdoor) -> None:
        if not backdoor.links:
            return
        backdoor.write("a.mkv", b"1")
        backdoor.link("away", "../..")
        with pytest.raises(UnsafePath):
            location.relocate("a.mkv", "away/b.mkv")
        with pytest.raises(UnsafePath):
            location.relocate("a.mkv", "away/new/b.mkv")
        with pytest.raises(UnsafePath):
            location.mark("away/.released")
        assert backdoor.read("a.mkv") == b"1"

    def test_a_place_that_is_gone_is_no_success(self, location: SupportsRelease, backdoor: Backdoor) -> None:
        backdoor.write("a.mkv", b"1")
        entry = self._entry(location, "a.mkv")
        backdoor.unplug()
        with pytest.raises(OutOfReach):
            location.remove("a.mkv", size=1, mtime_ns=entry.mtime_ns)
        with pytest.raises(OutOfReach):
            location.relocate("a.mkv", "b.mkv")
        with pytest.raises(OutOfReach):
            location.mark(".released")
