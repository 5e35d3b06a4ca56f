"""Every remote that lets go of files passes the suite of that ability."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from medialib.errors import OutOfReach
from medialib.ports import SupportsRelease
from medialib.testing.locations import DiskBackdoor, MemoryBackdoor, MemoryLocation, WritableLocationConformance
from medialib.testing.releases import ReleaseConformance
from medialib.testing.servers import SshServer, require
from medialib.transfer import open_location
from medialib.transfer.local_remote import LocalRemote
from medialib.transfer.sftp import SftpFileSystem


class OnDisk:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        root = tmp_path / "outer" / "root"
        root.mkdir(parents=True)
        return root

    @pytest.fixture
    def backdoor(self, root: Path) -> DiskBackdoor:
        return DiskBackdoor(root)


class TestMemoryReleases(ReleaseConformance):
    @pytest.fixture
    def location(self) -> MemoryLocation:
        return MemoryLocation("memory")

    @pytest.fixture
    def backdoor(self, location: MemoryLocation) -> MemoryBackdoor:
        return MemoryBackdoor(location)


class TestLocalRemote(OnDisk, ReleaseConformance, WritableLocationConformance):
    @pytest.fixture
    def location(self, root: Path) -> LocalRemote:
        return LocalRemote("local", root)


class TestSftpReleases(OnDisk, ReleaseConformance):
    @pytest.fixture
    def location(self, root: Path, ssh_server: SshServer) -> Iterator[SupportsRelease]:
        connection = {key: value for key, value in ssh_server.connection.items() if key != "host"}
        location = open_location("seedbox", f"sftp://127.0.0.1{root}", **connection)
        assert isinstance(location, SupportsRelease)
        yield location
        location.close()

    def test_what_comes_to_stand_there_at_the_last_moment_is_not_replaced(
        self, root: Path, ssh_server: SshServer
    ) -> None:
        """The rename itself replaces nothing, whatever was looked at before."""
        (root / "a").write_bytes(b"1")
        (root / "b").write_bytes(b"2")
        filesystem = SftpFileSystem(**ssh_server.connection)
        here, there = f"{root}/a".encode(), f"{root}/b".encode()
        with pytest.raises(OutOfReach):
            filesystem.session.run(
                "moving", lambda channel: channel.rename_without_replacing(here, there), idempotent=False
            )
        filesystem.close()
        assert ((root / "a").read_bytes(), (root / "b").read_bytes()) == (b"1", b"2")


def test_folders_made_for_a_move_that_is_refused_go_again(tmp_path: Path) -> None:
    require("sshd")
    (tmp_path / "root" / "kept").mkdir(parents=True)
    (tmp_path / "root" / "a.mkv").write_bytes(b"1")
    with SshServer(tmp_path / "server") as server:
        server.stop()
        server.start(extra="ForceCommand internal-sftp -P rename")
        connection = {key: value for key, value in server.connection.items() if key != "host"}
        location = open_location("seedbox", f"sftp://127.0.0.1{tmp_path}/root", **connection)
        assert isinstance(location, SupportsRelease)
        for path in ("done/2024/a.mkv", "kept/2024/a.mkv"):
            with pytest.raises(OutOfReach):
                location.relocate("a.mkv", path)
        location.close()
    assert sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "root").rglob("*")) == [
        "root/a.mkv",
        "root/kept",
    ]
