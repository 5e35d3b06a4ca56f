"""Every location passes the suite of its protocol."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medialib.ports import Location, WritableLocation
from medialib.testing.locations import (
    MOMENT,
    DiskBackdoor,
    LocationConformance,
    MemoryBackdoor,
    MemoryLocation,
    WritableLocationConformance,
)
from medialib.testing.servers import SshServer
from medialib.transfer import FsspecLocation, LocalLocation, open_location


class OnDisk:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        # Two folders down, so that a link out of the root is not a link out of the test's folder only.
        root = tmp_path / "outer" / "root"
        root.mkdir(parents=True)
        return root

    @pytest.fixture
    def backdoor(self, root: Path) -> DiskBackdoor:
        return DiskBackdoor(root)


class TestLocalLocation(OnDisk, WritableLocationConformance):
    @pytest.fixture
    def location(self, root: Path) -> WritableLocation:
        return LocalLocation("local", root)


class TestMemoryLocation(WritableLocationConformance):
    @pytest.fixture
    def location(self) -> MemoryLocation:
        return MemoryLocation("memory")

    @pytest.fixture
    def backdoor(self, location: MemoryLocation) -> MemoryBackdoor:
        return MemoryBackdoor(location)


class TestSftpLocation(OnDisk, LocationConformance):
    @pytest.fixture
    def location(self, root: Path, ssh_server: SshServer) -> Iterator[Location]:
        server = {key: value for key, value in ssh_server.connection.items() if key != "host"}
        location = open_location("seedbox", f"sftp://127.0.0.1{root}", **server)
        yield location
        location.close()


class TestFsspecLocalLocation(OnDisk, LocationConformance):
    @pytest.fixture
    def location(self, root: Path) -> Location:
        import fsspec

        return FsspecLocation("disk", fsspec.filesystem("file"), str(root))


class FsspecMemoryBackdoor:
    links = False
    any_names = False

    def __init__(self, filesystem, root: str) -> None:
        self.filesystem, self.root = filesystem, root

    def write(self, path: str, content: bytes, mtime_ns: int = MOMENT) -> None:
        self.filesystem.makedirs(self.filesystem._parent(f"{self.root}/{path}"), exist_ok=True)
        self.filesystem.pipe_file(f"{self.root}/{path}", content)
        self.filesystem.store[f"{self.root}/{path}"].created = datetime.fromtimestamp(mtime_ns // 10**9, UTC)

    def read(self, path: str) -> bytes | None:
        return self.filesystem.cat_file(f"{self.root}/{path}")

    def link(self, path: str, target: str) -> None:
        raise LookupError("fsspec's memory file system has no links")

    def unplug(self) -> None:
        self.filesystem.rm(self.root, recursive=True)


class TestFsspecMemoryLocation(LocationConformance):
    @pytest.fixture
    def backdoor(self, tmp_path: Path) -> Iterator[FsspecMemoryBackdoor]:
        import fsspec

        filesystem = fsspec.filesystem("memory")
        filesystem.makedirs(str(tmp_path))
        yield FsspecMemoryBackdoor(filesystem, str(tmp_path))
        if filesystem.exists(str(tmp_path)):
            filesystem.rm(str(tmp_path), recursive=True)

    @pytest.fixture
    def location(self, backdoor: FsspecMemoryBackdoor) -> Location:
        return FsspecLocation("memory", backdoor.filesystem, backdoor.root)
