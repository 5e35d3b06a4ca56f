"""The streaming transfer, between every pair of locations, and on disks that fill up."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from medialib.errors import ConnectionLost
from medialib.ports import Location
from medialib.testing.faulty_proxy import CutOff, FaultyProxy, Silence
from medialib.testing.locations import DiskBackdoor, MemoryBackdoor, MemoryLocation, files_of
from medialib.testing.servers import SshServer, unavailable
from medialib.testing.transfers import TransferConformance
from medialib.transfer import LocalLocation, StreamTransfer, open_location


class Streaming(TransferConformance):
    @pytest.fixture
    def transfer(self) -> StreamTransfer:
        return StreamTransfer(chunk=2**18)


class ToDisk:
    @pytest.fixture
    def target(self, tmp_path: Path) -> LocalLocation:
        (tmp_path / "target").mkdir()
        return LocalLocation("target", tmp_path / "target")

    @pytest.fixture
    def target_backdoor(self, tmp_path: Path) -> DiskBackdoor:
        return DiskBackdoor(tmp_path / "target")


class FromDisk:
    @pytest.fixture
    def source_root(self, tmp_path: Path) -> Path:
        root = tmp_path / "source"
        root.mkdir()
        return root

    @pytest.fixture
    def source_backdoor(self, source_root: Path) -> DiskBackdoor:
        return DiskBackdoor(source_root)


class TestFromServerToDisk(FromDisk, ToDisk, Streaming):
    @pytest.fixture
    def source(self, source_root: Path, ssh_server: SshServer) -> Iterator[Location]:
        server = {key: value for key, value in ssh_server.connection.items() if key != "host"}
        location = open_location("seedbox", f"sftp://127.0.0.1{source_root}", **server)
        yield location
        location.close()


class TestFromDiskToDisk(FromDisk, ToDisk, Streaming):
    @pytest.fixture
    def source(self, source_root: Path) -> Location:
        return LocalLocation("source", source_root)


class TestInMemory(Streaming):
    @pytest.fixture
    def source(self) -> MemoryLocation:
        return MemoryLocation("source")

    @pytest.fixture
    def source_backdoor(self, source: MemoryLocation) -> MemoryBackdoor:
        return MemoryBackdoor(source)

    @pytest.fixture
    def target(self) -> MemoryLocation:
        return MemoryLocation("target")

    @pytest.fixture
    def target_backdoor(self, target: MemoryLocation) -> MemoryBackdoor:
        return MemoryBackdoor(target)


def test_a_connection_cut_in_the_middle_is_resumed_at_the_byte(ssh_server: SshServer, tmp_path: Path) -> None:
    content = os.urandom(6_000_000)
    (tmp_path / "source").mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "source" / "a.mkv").write_bytes(content)
    target = LocalLocation("target", tmp_path / "target")
    with FaultyProxy(ssh_server.port, CutOff(4_000_000), strikes=1) as proxy:
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{proxy.port} {ssh_server.host_key_line}\n")
        source = open_location(
            "seedbox",
            f"sftp://{ssh_server.username}@127.0.0.1:{proxy.port}{tmp_path}/source",
            key_file=str(ssh_server.user_key),
            known_hosts=str(known),
        )
        [entry] = files_of(source).values()
        part = target.part("a.mkv")
        heard: list[int] = []
        with pytest.raises(ConnectionLost) as caught:
            StreamTransfer().receive(source, entry, part, cancelled=threading.Event(), arrived=heard.append)
        assert len(str(caught.value).splitlines()) == 1
        record = part.record
        assert record is not None
        assert 0 < record.offset == sum(heard) < len(content)
        received = StreamTransfer().receive(source, entry, part, cancelled=threading.Event(), arrived=heard.append)
        assert received.resumed_at == record.offset
        part.publish(mtime_ns=entry.mtime_ns)
        assert (tmp_path / "target" / "a.mkv").read_bytes() == content
        assert proxy.connections == 2
        source.close()


def test_a_server_that_falls_silent_is_a_lost_connection(ssh_server: SshServer, tmp_path: Path) -> None:
    (tmp_path / "a.mkv").write_bytes(os.urandom(3_000_000))
    with FaultyProxy(ssh_server.port, Silence(1_000_000)) as proxy:
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{proxy.port} {ssh_server.host_key_line}\n")
        source = open_location(
            "seedbox",
            f"sftp://{ssh_server.username}@127.0.0.1:{proxy.port}{tmp_path}",
            key_file=str(ssh_server.user_key),
            known_hosts=str(known),
            timeout=0.5,
        )
        with source.open("a.mkv") as stream, pytest.raises(ConnectionLost, match="no answer in time"):
            list(iter(lambda: stream.read(100_000), b""))
        source.close()


def test_no_room_leaves_the_proven_bytes_and_no_file() -> None:
    source, target = MemoryLocation("source"), MemoryLocation("target", free=600_000)
    entry = source.put("a.mkv", os.urandom(1_000_000))
    part = target.part("a.mkv")
    with pytest.raises(OSError, match="space") as caught:
        StreamTransfer(chunk=2**16).receive(source, entry, part, cancelled=threading.Event(), arrived=lambda c: None)
    assert caught.value.errno == errno.ENOSPC
    assert target.entry("a.mkv") is None
    target.free = 10_000_000
    received = StreamTransfer().receive(source, entry, part, cancelled=threading.Event(), arrived=lambda count: None)
    assert received.resumed_at >= 500_000
    part.publish(mtime_ns=0)
    assert target.files["a.mkv"].content == source.files["a.mkv"].content


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of two megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "medialib-test", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False, text=True)
    except FileNotFoundError:
        unavailable("there is no mount here")
    if mounted.returncode:
        unavailable(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_ends_the_transfer_and_harms_nothing(small_disk: Path) -> None:
    source, target = MemoryLocation("source"), LocalLocation("small", small_disk)
    entry = source.put("a.mkv", os.urandom(3_000_000), mtime_ns=5)
    part = target.part("a.mkv")
    with pytest.raises(OSError, match="space") as caught:
        StreamTransfer(chunk=2**18).receive(source, entry, part, cancelled=threading.Event(), arrived=lambda c: None)
    assert caught.value.errno == errno.ENOSPC
    assert target.entry("a.mkv") is None
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    part = target.part("a.mkv")
    received = StreamTransfer().receive(source, entry, part, cancelled=threading.Event(), arrived=lambda c: None)
    part.publish(mtime_ns=entry.mtime_ns)
    assert (small_disk / "a.mkv").read_bytes() == source.files["a.mkv"].content
    assert received.size == 3_000_000


def test_files_are_not_renamed_between_disks(small_disk: Path, tmp_path: Path) -> None:
    here, there = LocalLocation("here", tmp_path), LocalLocation("there", small_disk, file_mode=0o604)
    (tmp_path / "a.mkv").write_bytes(b"1")
    (tmp_path / "a.mkv").chmod(0o640)
    assert here.rename("a.mkv", there, "a.mkv") is None
    assert (tmp_path / "a.mkv").read_bytes() == b"1"
    assert (tmp_path / "a.mkv").stat().st_mode & 0o777 == 0o640
    assert list(small_disk.iterdir()) == []
