"""File systems behind fsspec as places that files are carried to, each with what it lacks beside a local disk."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from medialib.errors import Cancelled, ConnectionLost, ContentChanged, TargetTaken, UsageError
from medialib.ports import Location, PartRecord, SupportsHolding, Transfer, WritableLocation
from medialib.testing.failing_disk import Killed, KillSwitch
from medialib.testing.locations import (
    MOMENT,
    Backdoor,
    DiskBackdoor,
    MemoryBackdoor,
    MemoryLocation,
    WritableLocationConformance,
    files_of,
)
from medialib.testing.object_store import ObjectStore, SteppedTree, StoreBackdoor
from medialib.testing.servers import SshServer, require
from medialib.testing.transfers import TransferConformance
from medialib.transfer import StreamTransfer
from medialib.transfer.destination import FsspecDestination, open_destination


class InMemory:
    @pytest.fixture
    def backdoor(self, tmp_path: Path) -> Iterator[StoreBackdoor]:
        filesystem = fsspec.filesystem("memory")
        filesystem.makedirs(str(tmp_path))
        backdoor = StoreBackdoor(filesystem, str(tmp_path))
        yield backdoor
        backdoor.unplug()

    @pytest.fixture
    def location(self, backdoor: StoreBackdoor) -> WritableLocation:
        return open_destination("memory", f"memory://{backdoor.root}")


class InAnObjectStore:
    @pytest.fixture
    def backdoor(self, tmp_path: Path) -> Iterator[StoreBackdoor]:
        backdoor = StoreBackdoor(ObjectStore(skip_instance_cache=True), str(tmp_path))
        backdoor.write(".medialib/root", b"")
        yield backdoor
        backdoor.unplug()

    @pytest.fixture
    def location(self, backdoor: StoreBackdoor) -> WritableLocation:
        return FsspecDestination("bucket", backdoor.filesystem, backdoor.root)


class OnDisk:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        root = tmp_path / "outer" / "root"
        root.mkdir(parents=True)
        return root

    @pytest.fixture
    def backdoor(self, root: Path) -> DiskBackdoor:
        return DiskBackdoor(root)


class ThroughFsspec(OnDisk):
    @pytest.fixture
    def location(self, root: Path) -> WritableLocation:
        return FsspecDestination("disk", fsspec.filesystem("file"), str(root))


class OverSftp(OnDisk):
    @pytest.fixture
    def location(self, root: Path, ssh_server: SshServer) -> Iterator[WritableLocation]:
        found = sftp_destination(ssh_server, root)
        yield found
        found.close()


def sftp_destination(server: SshServer, root: Path) -> WritableLocation:
    return open_destination("nas", url_of(server, root), **keys_of(server))


def url_of(server: SshServer, root: Path) -> str:
    return f"sftp://{server.username}@{server.host}:{server.port}{root}"


def keys_of(server: SshServer) -> dict:
    return {"key_file": str(server.user_key), "known_hosts": str(server.known_hosts), "agent": False}


class TestMemoryDestination(InMemory, WritableLocationConformance):
    pass


class TestObjectStoreDestination(InAnObjectStore, WritableLocationConformance):
    pass


class TestDiskThroughFsspec(ThroughFsspec, WritableLocationConformance):
    pass


class TestSftpDestination(OverSftp, WritableLocationConformance):
    pass


class Receives(TransferConformance):
    @pytest.fixture
    def transfer(self) -> Transfer:
        return StreamTransfer(chunk=2**16)  # what is read ahead is then less than a file

    @pytest.fixture
    def source(self) -> Location:
        return MemoryLocation("source")

    @pytest.fixture
    def source_backdoor(self, source: MemoryLocation) -> Backdoor:
        return MemoryBackdoor(source)

    @pytest.fixture
    def target(self, location: WritableLocation) -> WritableLocation:
        return location

    @pytest.fixture
    def target_backdoor(self, backdoor: Backdoor) -> Backdoor:
        return backdoor


class TestReceivingInMemory(InMemory, Receives):
    pass


class TestReceivingInAnObjectStore(InAnObjectStore, Receives):
    pass


class TestReceivingThroughFsspec(ThroughFsspec, Receives):
    pass


class TestReceivingOverSftp(OverSftp, Receives):
    pass


# -------------------------------------------------------------------------------------------- what a kill leaves behind


def carry(location: FsspecDestination, content: bytes, *, hold: bool) -> None:
    part = location.part("show/a.mkv")
    record = part.record
    offset = 0 if record is None else record.offset
    if not (hold and isinstance(part, SupportsHolding) and part.hold(content)):
        if offset:
            with part.read() as stream:
                assert stream.read()[:offset] == content[:offset]
        with part.write(offset) as sink:
            for start in range(offset, len(content), 400):
                sink.write(content[start : start + 400])
                sink.flush()
                end = min(start + 400, len(content))
                part.note(PartRecord("s:/a", len(content), MOMENT, end, hashlib.sha256(content[:end]).hexdigest()))
    part.publish(mtime_ns=MOMENT)


class KilledAnywhere:
    """A process that dies at any step leaves nothing, or the whole file, under the final name; the next one ends it."""

    @pytest.mark.parametrize("hold", [True, False])
    def test_no_half_file_is_ever_seen(self, location: FsspecDestination, backdoor: Backdoor, hold: bool) -> None:
        content = bytes(range(256)) * 4
        for after in range(100):
            switch = KillSwitch(after)
            location.make_folder("show")
            inner = location._writing
            location._writing = SteppedTree(inner, switch)
            try:
                carry(location, content, hold=hold)
            except Killed:
                assert backdoor.read("show/a.mkv") in (None, content)
            location._writing = inner
            if backdoor.read("show/a.mkv") is None:
                carry(location, content, hold=hold)
            location.part("show/a.mkv").discard()  # as recovery does
            assert backdoor.read("show/a.mkv") == content
            assert files_of(location).keys() - {".medialib/root"} == {"show/a.mkv"}
            backdoor.remove("show/a.mkv")
            if switch.left:
                break
        assert after > 8

    def test_a_kill_between_the_two_names_leaves_the_file_whole(
        self, location: FsspecDestination, backdoor: Backdoor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with location.part("a.mkv").write(0) as sink:
            sink.write(b"12345")
        part = location.part("a.mkv")

        def die(*arguments: object) -> None:
            raise Killed

        tree = location._writing
        with monkeypatch.context() as patched:
            patched.setattr(tree, "remove", die)
            patched.setattr(tree._filesystem, "rm_file", die)
            with pytest.raises(Killed):
                part.publish(mtime_ns=MOMENT)
        assert backdoor.read("a.mkv") == b"12345"
        assert backdoor.read("a.mkv.part") == b"12345"
        with pytest.raises(TargetTaken):
            location.part("a.mkv").publish(mtime_ns=MOMENT)
        location.part("a.mkv").discard()
        assert backdoor.read("a.mkv") == b"12345"
        assert files_of(location).keys() == {"a.mkv"}


class TestKilledInMemory(InMemory, KilledAnywhere):
    pass


class TestKilledInAnObjectStore(InAnObjectStore, KilledAnywhere):
    pass


class TestKilledThroughFsspec(ThroughFsspec, KilledAnywhere):
    pass


class TestKilledOverSftp(OverSftp, KilledAnywhere):
    pass


# ------------------------------------------------------------------------------------------------------ an SSH server


class TestSftpSteps(OverSftp):
    """What OpenSSH's extensions are used for, and what is done where they are not offered."""

    def test_what_the_server_can_do_is_told(self, location: FsspecDestination) -> None:
        traits = location.traits
        assert (traits.exclusive, traits.durable, traits.tells_room) == (True, "content", True)
        assert (traits.keeps_mtime, traits.renames, traits.appends, traits.holds_folders) == (True,) * 4

    def test_what_comes_to_stand_there_at_the_last_moment_is_not_replaced(
        self, location: FsspecDestination, root: Path
    ) -> None:
        (root / "old").write_bytes(b"old")
        (root / "new").write_bytes(b"new")
        tree = location._writing
        looked = tree.standing

        def blind(path: str):
            found = looked(path)
            return None if path.endswith("/old") and not blind.seen.append(path) and len(blind.seen) == 1 else found

        blind.seen = []
        tree.standing = blind
        with pytest.raises(FileExistsError):
            tree.give_name(f"{root}/new", f"{root}/old")
        assert ((root / "old").read_bytes(), (root / "new").read_bytes()) == (b"old", b"new")

    @pytest.mark.parametrize("without", ["hardlink@openssh.com", "hardlink@openssh.com posix-rename@openssh.com"])
    def test_a_server_without_extensions_names_files_by_the_rename_of_version_3(
        self, location: FsspecDestination, root: Path, without: str
    ) -> None:
        tree = location._writing
        tree._known_extensions = tree._extensions() - {name.encode() for name in without.split()}
        assert not location.traits.exclusive
        (root / "old").write_bytes(b"old")
        with location.part("new").write(0) as sink:
            sink.write(b"new")
        location.part("new").note(PartRecord("s:/a", 3, MOMENT, 3, hashlib.sha256(b"new").hexdigest()))
        location.part("new").publish(mtime_ns=MOMENT)
        assert location.rename("new", location, "newer") is not None
        with pytest.raises(TargetTaken):
            location.rename("newer", location, "old")
        assert {path.name: path.read_bytes() for path in root.iterdir()} == {"old": b"old", "newer": b"new"}

    def test_modes_are_set_whatever_the_umask_there(self, ssh_server: SshServer, root: Path) -> None:
        location = open_destination(
            "nas", url_of(ssh_server, root), file_mode=0o666, folder_mode=0o777, **keys_of(ssh_server)
        )
        location.make_folder("show")
        with location.part("show/a").write(0) as sink:
            sink.write(b"1")
        location.part("show/a").publish(mtime_ns=MOMENT)
        assert (root / "show").stat().st_mode & 0o777 == 0o777
        assert (root / "show/a").stat().st_mode & 0o7777 == 0o666
        location.close()

    def test_the_server_hashes_where_it_may(self, ssh_server: SshServer, root: Path) -> None:
        location = open_destination("nas", url_of(ssh_server, root), **keys_of(ssh_server), hash_commands=True)
        part = location.part("a")
        with part.write(0) as sink:
            sink.write(b"12345")
        location._writing._worth_asking = 1
        part._open_at = None  # nothing is read back
        assert part.prove(5, hashlib.sha256(b"12345").hexdigest(), cancelled=threading.Event())
        (root / "a.part").write_bytes(b"12X45")
        with pytest.raises(ContentChanged, match="gives back other bytes"):
            part.prove(5, hashlib.sha256(b"12345").hexdigest(), cancelled=threading.Event())
        assert list(root.iterdir()) == []
        location.close()

    def test_proving_can_be_stopped(self, location: FsspecDestination) -> None:
        part = location.part("a")
        with part.write(0) as sink:
            sink.write(b"12345")
        stopped = threading.Event()
        stopped.set()
        with pytest.raises(Cancelled):
            part.prove(5, hashlib.sha256(b"12345").hexdigest(), cancelled=stopped)
        with part.read() as stream:
            assert stream.read() == b"12345"

    def test_a_name_whose_confirmation_was_lost_is_a_name(
        self, location: FsspecDestination, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tree, lost = location._writing, []

        def link(source: str, target: str) -> bool:
            link.found(source, target)
            lost.append(target)
            raise ConnectionLost("the answer never came")

        link.found = tree._link
        monkeypatch.setattr(tree, "_link", link)
        (root / "a").write_bytes(b"1")
        assert location.rename("a", location, "b") is not None
        assert lost == [f"{root}/b"]
        assert {path.name for path in root.iterdir()} == {"b"}

        def never(source: str, target: str) -> bool:
            raise ConnectionLost("it never went")

        monkeypatch.setattr(tree, "_link", never)
        with pytest.raises(ConnectionLost):
            location.rename("b", location, "c")
        assert {path.name for path in root.iterdir()} == {"b"}

    def test_a_server_that_goes_away_in_the_middle_costs_no_byte_twice(self, tmp_path: Path) -> None:
        require("sshd", "ssh-keygen")
        with SshServer(tmp_path / "sshd") as server:
            location = sftp_destination(server, server.root)
            source = MemoryLocation("source")
            content = bytes(range(256)) * 40_000
            entry = source.put("a.mkv", content, mtime_ns=MOMENT)
            arrivals: list[int] = []

            def arrived(count: int) -> None:
                arrivals.append(count)
                if sum(arrivals) > 5_000_000 and server.running:
                    server.stop()

            transfer = StreamTransfer(chunk=2**18, note_every=2**20)
            with pytest.raises(ConnectionLost):
                transfer.receive(source, entry, location.part("a.mkv"), cancelled=threading.Event(), arrived=arrived)
            server.start()
            part = location.part("a.mkv")
            received = transfer.receive(source, entry, part, cancelled=threading.Event(), arrived=lambda count: None)
            assert received.resumed_at > 3_000_000
            part.publish(mtime_ns=MOMENT)
            assert {path.name: path.read_bytes() for path in server.root.iterdir()} == {"a.mkv": content}
            location.close()

    def test_two_folders_of_one_server_rename_to_each_other(
        self, location: FsspecDestination, ssh_server: SshServer, root: Path
    ) -> None:
        (root.parent / "tv").mkdir()
        other = sftp_destination(ssh_server, root.parent / "tv")
        (root / "a").write_bytes(b"1")
        assert location.rename("a", other, "b") is not None
        assert (root.parent / "tv/b").read_bytes() == b"1"
        assert not (root / "a").exists()
        other.close()


def test_what_cannot_give_a_whole_file_its_name_is_no_destination() -> None:
    with pytest.raises(UsageError, match="files cannot be carried to data://"):
        open_destination("tv", "data://tv")
    with pytest.raises(UsageError, match="have no modes"):
        open_destination("tv", "memory:///tv", file_mode=0o644)
