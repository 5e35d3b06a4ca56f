"""What SftpFileSystem does beyond fsspec's own suites."""

from __future__ import annotations

import io
import os
import random
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pytest

from medialib.errors import ConnectionLost, OutOfReach
from medialib.testing.faulty_proxy import CutOff, FaultyProxy
from medialib.testing.servers import SshServer
from medialib.transfer import FsspecLocation, open_location
from medialib.transfer.sftp import SftpFileSystem


@pytest.fixture
def filesystem(ssh_server: SshServer) -> Iterator[SftpFileSystem]:
    filesystem = SftpFileSystem(**ssh_server.connection)
    yield filesystem
    filesystem.close()


def test_fsspec_knows_it_by_its_own_name(ssh_server: SshServer, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12")
    options = {key: value for key, value in ssh_server.connection.items() if key in ("key_file", "known_hosts")}
    url = f"medialib-sftp://{ssh_server.username}@127.0.0.1:{ssh_server.port}{tmp_path}/a"
    filesystem, path = fsspec.core.url_to_fs(url, **options)
    assert isinstance(filesystem, SftpFileSystem)
    assert path == f"{tmp_path}/a"
    with fsspec.open(url, **options) as stream:
        assert stream.read() == b"12"
    assert filesystem.find(str(tmp_path)) == [path]
    filesystem.close()


def test_times_are_whole_seconds_utc(filesystem: SftpFileSystem, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    os.utime(tmp_path / "a", ns=(0, 1_700_000_000_999_999_999))
    assert filesystem.info(f"{tmp_path}/a")["mtime"] == 1_700_000_000
    assert filesystem.modified(f"{tmp_path}/a") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert filesystem.created(f"{tmp_path}/a") == filesystem.modified(f"{tmp_path}/a")
    filesystem.touch(f"{tmp_path}/a", truncate=False)
    assert filesystem.info(f"{tmp_path}/a")["mtime"] > 1_700_000_000


def test_listings_tell_of_links_and_permissions(filesystem: SftpFileSystem, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"123")
    (tmp_path / "a").chmod(0o640)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "broken").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    listed = {entry["name"].rpartition("/")[2]: entry for entry in filesystem.ls(str(tmp_path))}
    kinds = {"a": "file", "folder": "directory", "link": "link", "broken": "link", "pipe": "other"}
    assert {name: entry["type"] for name, entry in listed.items()} == kinds
    assert listed["a"]["mode"] == 0o100640
    assert filesystem.info(f"{tmp_path}/link")["type"] == "file"
    assert filesystem.info(f"{tmp_path}/link")["islink"]
    assert filesystem.info(f"{tmp_path}/broken")["type"] == "link"
    assert filesystem.read_link(f"{tmp_path}/link") == "a"
    assert [entry["size"] for entry in filesystem.ls(f"{tmp_path}/a")] == [3]


def test_reading_here_and_there(filesystem: SftpFileSystem, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(5_000_000)
    (tmp_path / "a").write_bytes(content)
    reader = filesystem.open_reader(f"{tmp_path}/a", size=len(content))
    chance = random.Random(2)
    for _ in range(40):
        start, length = chance.randrange(len(content)), chance.choice([1, 1000, 40_000, 300_000])
        assert reader.seek(start) == start
        data = bytearray()
        while len(data) < length and (more := reader.read(length - len(data))):
            data += more
        assert bytes(data) == content[start : start + length]
    assert reader.seek(-3, io.SEEK_END) == len(content) - 3
    assert reader.read(10) == content[-3:]
    assert reader.read(10) == b""
    with pytest.raises(ValueError, match="cannot seek"):
        reader.seek(-1)
    reader.close()
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        reader.readinto(bytearray(1))


def test_reading_holds_a_window_of_the_file_not_the_file(filesystem: SftpFileSystem, tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(40_000_000)
    buffer = bytearray(2**20)
    filesystem.exists("/")
    tracemalloc.start()
    try:
        with filesystem.open_reader(f"{tmp_path}/a", size=40_000_000) as reader:
            count = sum(iter(lambda: reader.readinto(buffer), 0))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 40_000_000
    assert peak < 12_000_000


def test_a_file_that_grew_is_read_to_its_end(filesystem: SftpFileSystem, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100_000)
    for listed in (0, 10, 40_000, 99_999, 100_001, 900_000):
        with filesystem.open_reader(f"{tmp_path}/a", size=listed) as reader:
            assert reader.readall() == b"x" * 100_000


def test_writing_appending_and_transactions(filesystem: SftpFileSystem, tmp_path: Path) -> None:
    path = f"{tmp_path}/a"
    content = os.urandom(3_000_000)
    filesystem.pipe_file(path, content)
    with filesystem.open(path, "ab") as stream:
        stream.write(b"more")
    assert (tmp_path / "a").read_bytes() == content + b"more"
    with filesystem.transaction, filesystem.open(path, "wb") as stream:
        stream.write(b"new")
        assert (tmp_path / "a").read_bytes() == content + b"more"
    assert (tmp_path / "a").read_bytes() == b"new"
    filesystem.start_transaction()
    with filesystem.open(path, "wb") as stream:
        stream.write(b"never")
    filesystem.transaction.complete(commit=False)
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"new"


def test_folders(filesystem: SftpFileSystem, tmp_path: Path) -> None:
    filesystem.mkdir(f"{tmp_path}/a/b/c")
    with pytest.raises(FileExistsError):
        filesystem.mkdir(f"{tmp_path}/a/b/c")
    with pytest.raises(FileExistsError):
        filesystem.makedirs(f"{tmp_path}/a/b")
    with pytest.raises(FileNotFoundError):
        filesystem.mkdir(f"{tmp_path}/x/y", create_parents=False)
    with pytest.raises(OutOfReach):
        filesystem.rmdir(f"{tmp_path}/a")
    filesystem.rm(f"{tmp_path}/a", recursive=True)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(IsADirectoryError):
        filesystem.open(str(tmp_path))


def test_files_sent_and_fetched_are_whole_or_absent(ssh_server: SshServer, tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    (tmp_path / "there" / "a").write_bytes(os.urandom(4_000_000))
    with FaultyProxy(ssh_server.port, CutOff(2_000_000)) as proxy:
        (tmp_path / "known").write_text(f"[127.0.0.1]:{proxy.port} {ssh_server.host_key_line}\n")
        changes = {"port": proxy.port, "known_hosts": tmp_path / "known"}
        filesystem = SftpFileSystem(**{**ssh_server.connection, **changes})
        with pytest.raises(ConnectionLost):
            filesystem.get(f"{tmp_path}/there/a", f"{tmp_path}/here/a")
        assert list((tmp_path / "here").iterdir()) == []
        filesystem.put(f"{tmp_path}/there/a", f"{tmp_path}/there/b")
        assert (tmp_path / "there" / "b").read_bytes() == (tmp_path / "there" / "a").read_bytes()
        assert sorted(file.name for file in (tmp_path / "there").iterdir()) == ["a", "b"]
        filesystem.close()


def test_a_full_remote_disk_is_no_success(filesystem: SftpFileSystem) -> None:
    with pytest.raises(OutOfReach), filesystem.open("/dev/full", "wb") as stream:
        stream.write(b"x" * 1_000_000)


def test_roots_may_start_at_home(ssh_server: SshServer) -> None:
    server = {key: value for key, value in ssh_server.connection.items() if key != "host"}
    location = open_location("seedbox", "sftp://127.0.0.1/~/no such folder", **server)
    filesystem = SftpFileSystem(**ssh_server.connection)
    assert location.address("a") == f"{filesystem.canonical('')}/no such folder/a"
    with pytest.raises(OutOfReach, match="no such folder"):
        location.entry("a")
    assert FsspecLocation("home", filesystem, "~").address("") == filesystem.canonical("")
    location.close()
    filesystem.close()


def test_any_file_system_that_ends_early_has_lost_its_connection() -> None:
    class Shrinking(type(fsspec.filesystem("memory"))):
        cachable = False
        protocol = "shrinking"

        def info(self, path, **kwargs):
            return {**super().info(path, **kwargs), "size": 10}

    filesystem = Shrinking(global_store=False)
    filesystem.makedirs("/root")
    filesystem.pipe_file("/root/a", b"12345")
    with FsspecLocation("memory", filesystem, "/root").open("a") as stream, pytest.raises(ConnectionLost):
        list(iter(lambda: stream.read(100), b""))
