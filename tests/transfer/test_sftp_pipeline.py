"""Many requests under way against real servers: kept apart, bounded, and never taken for an answer they are not."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import paramiko
import pytest

from medialib.errors import ConnectionLost, OutOfReach, UnsafePath
from medialib.model import FileEntry
from medialib.testing.faulty_proxy import CutOff, FaultyProxy, Silence
from medialib.testing.servers import SshServer
from medialib.transfer import FsspecLocation, open_location
from medialib.transfer.sftp import SftpFileSystem
from medialib.transfer.sftp_messages import OpenFor
from medialib.transfer.sftp_reading import SftpReader


def reply(kind: int, number: int, body: bytes) -> bytes:
    return struct.pack(">IBI", 5 + len(body), kind, number) + body


def text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


STATUS, HANDLE, DATA, NAME, ATTRS = range(101, 106)
OK, EOF, GONE, FAILURE = (struct.pack(">I", code) + text(b"x") + text(b"") for code in (0, 1, 2, 4))


class Door(paramiko.ServerInterface):
    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL

    def get_allowed_auths(self, username):
        return "password"

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


class ScriptedServer:
    """Speaks SFTP to the letter of `answer`: what it returns for a request (kind, number, body) is sent, as it is.

    It stands on paramiko's SSH, and has no idea of what is right.
    """

    def __init__(self, server: SshServer, folder: Path, answer: Callable[[int, int, bytes], bytes]) -> None:
        self.answer = answer
        self.most_at_once = 1_000_000
        self.version = b"\0\0\0\x03"
        self._closing = False
        self.transports: list[paramiko.Transport] = []
        self._key = paramiko.Ed25519Key.from_private_key_file(str(server.stranger_key))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.known = folder / "scripted_known"
        self.known.write_text(f"[127.0.0.1]:{self.port} {self._key.get_name()} {self._key.get_base64()}\n")
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        self._closing = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join(10)
        self._listener.close()
        for transport in self.transports:
            transport.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                if self._closing:
                    return connection.close()
                transport = paramiko.Transport(connection)
                self.transports.append(transport)
                transport.add_server_key(self._key)
                transport.set_subsystem_handler("sftp", Script, self)
                transport.start_server(event=threading.Event(), server=Door())

    def connect(self, **changes: Any) -> SftpFileSystem:
        return SftpFileSystem(
            "127.0.0.1",
            port=self.port,
            username="ann",
            password="x",
            known_hosts=self.known,
            timeout=1,
            attempts=1,
            **changes,
        )


class Script(paramiko.SubsystemHandler):
    def __init__(self, channel, name, server, script: ScriptedServer) -> None:
        super().__init__(channel, name, server)
        self.script = script

    def start_subsystem(self, name, transport, channel) -> None:
        waiting = bytearray()
        with contextlib.suppress(OSError, EOFError):
            while received := channel.recv(65536):
                waiting += received
                packets = []
                while len(waiting) >= 4 and len(waiting) >= 4 + (length := struct.unpack_from(">I", waiting)[0]):
                    packets.append(bytes(waiting[4 : 4 + length]))
                    del waiting[: 4 + length]
                if sum(packet[0] == 5 for packet in packets) > self.script.most_at_once:
                    channel.close()
                    return
                for packet in packets:
                    if packet[0] == 1:
                        channel.sendall(struct.pack(">IB", 1 + len(self.script.version), 2) + self.script.version)
                    else:
                        channel.sendall(self.script.answer(packet[0], struct.unpack(">I", packet[1:5])[0], packet[5:]))


CONTENT = os.urandom(300_000)


def plain(kind: int, number: int, body: bytes) -> bytes:
    """One file, CONTENT, whatever it is called."""
    if kind == 3:
        return reply(HANDLE, number, text(b"h"))
    if kind == 5:
        offset, length = struct.unpack(">QI", body[5:17])
        data = CONTENT[offset : offset + min(length, 32768)]
        return reply(DATA, number, text(data)) if data else reply(STATUS, number, EOF)
    if kind in (7, 17):
        return reply(ATTRS, number, struct.pack(">IQI", 5, len(CONTENT), 0o100644))
    return reply(STATUS, number, OK)


@pytest.fixture
def scripted(
    ssh_server: SshServer, tmp_path: Path
) -> Iterator[Callable[[Callable[[int, int, bytes], bytes]], ScriptedServer]]:
    running: list[ScriptedServer] = []

    def start(answer: Callable[[int, int, bytes], bytes]) -> ScriptedServer:
        running.append(ScriptedServer(ssh_server, tmp_path, answer))
        return running[-1]

    yield start
    for server in running:
        server.close()


def read(filesystem: SftpFileSystem, **how: Any) -> bytes:
    with filesystem.open_reader("/a", size=len(CONTENT), **how) as reader:
        return reader.readall()


def test_answers_may_come_in_any_order(scripted) -> None:
    held: list[bytes] = []

    def answer(kind: int, number: int, body: bytes) -> bytes:
        if kind != 5:
            return plain(kind, number, body)
        held.append(plain(kind, number, body))
        # ten requests are needed for the file, one proves its end
        return b"".join(reversed(held)) if len(held) == 11 else b""

    filesystem = scripted(answer).connect()
    assert read(filesystem, whole=True) == CONTENT
    filesystem.close()


@pytest.mark.parametrize("most", [1, 3, 7000])
def test_answers_may_be_short_and_are_asked_for_smaller_then(scripted, most: int) -> None:
    asked: list[int] = []
    content = CONTENT[: 3000 * most]

    def answer(kind: int, number: int, body: bytes) -> bytes:
        if kind != 5:
            return plain(kind, number, body)
        offset, length = struct.unpack(">QI", body[5:17])
        asked.append(length)
        data = content[offset : offset + min(length, most)]
        return reply(DATA, number, text(data)) if data else reply(STATUS, number, EOF)

    filesystem = scripted(answer).connect()
    with filesystem.open_reader("/a", size=len(content)) as reader:
        assert reader.readall() == content
    asked.clear()
    with filesystem.open_reader("/a", size=len(content)) as reader:
        assert reader.readall() == content
    assert max(asked) == max(most, 4096)
    filesystem.close()


def broken(change: Callable[[int, int], bytes]) -> Callable[[int, int, bytes], bytes]:
    def answer(kind: int, number: int, body: bytes) -> bytes:
        offset = struct.unpack(">Q", body[5:13])[0] if kind == 5 else 0
        return change(number, offset) if offset else plain(kind, number, body)

    return answer


@pytest.mark.parametrize(
    "change",
    [
        lambda number, offset: reply(DATA, number + 5000, text(b"x" * 100)),
        lambda number, offset: reply(DATA, number, text(b"x" * 32769)),
        lambda number, offset: reply(HANDLE, number, text(b"h")),
        lambda number, offset: reply(NAME, number, b"\xff\xff\xff\xff"),
        lambda number, offset: reply(55, number, b""),
        lambda number, offset: reply(STATUS, number, b"\0"),
        lambda number, offset: b"\xff" * 100,
        lambda number, offset: struct.pack(">I", 3) + b"abc",
        lambda number, offset: b"",
    ],
    ids=["stranger", "too-much", "handle", "names", "unknown", "no-code", "rubbish", "short", "silence"],
)
def test_what_is_no_answer_is_a_lost_connection(scripted, change) -> None:
    filesystem = scripted(broken(change)).connect()
    with pytest.raises(ConnectionLost) as caught:
        read(filesystem, whole=True)
    assert len(str(caught.value).splitlines()) == 1
    filesystem.close()


def test_a_server_that_drops_what_is_too_much_is_asked_for_less(scripted) -> None:
    server = scripted(plain)
    server.most_at_once = 130  # a window of 64, and what is left of the one before
    filesystem = server.connect()
    with pytest.raises(ConnectionLost), filesystem.open_reader("/a", size=40_000_000, whole=True) as reader:
        reader.readall()
    for _ in range(2):
        with filesystem.open_reader("/a", size=40_000_000, whole=True) as reader:
            assert reader.readall() == CONTENT
    filesystem.close()


@pytest.mark.parametrize("status", [FAILURE, OK], ids=["failure", "success"])
def test_a_refusal_in_the_middle_is_no_end(scripted, status: bytes) -> None:
    filesystem = scripted(broken(lambda number, offset: reply(STATUS, number, status))).connect()
    with pytest.raises(OutOfReach):
        read(filesystem, whole=True)
    filesystem.close()


def test_an_end_in_the_middle_is_where_the_file_ends(scripted) -> None:
    def change(number: int, offset: int) -> bytes:
        body = b"\0\0\0\x01h" + struct.pack(">QI", offset, 32768)
        return plain(5, number, body) if offset < 98304 else reply(STATUS, number, EOF)

    filesystem = scripted(broken(change)).connect()
    assert read(filesystem, whole=True) == CONTENT[:98304]
    filesystem.close()


@pytest.mark.parametrize("greeting", [b"\0\0\0\x02", b"\0\0\0\x03\0\0\0\x09abc", b"\0"], ids=["old", "cut", "short"])
def test_a_greeting_that_is_none(scripted, greeting: bytes) -> None:
    server = scripted(plain)
    server.version = greeting
    filesystem = server.connect()
    with pytest.raises(OutOfReach, match="offers no SFTP"):
        filesystem.exists("/a")
    filesystem.close()


@pytest.fixture
def served(ssh_server: SshServer, tmp_path: Path) -> Iterator[FsspecLocation]:
    server = {key: value for key, value in ssh_server.connection.items() if key != "host"}
    location = open_location("seedbox", f"sftp://127.0.0.1{tmp_path}", **server)
    assert isinstance(location, FsspecLocation)
    yield location
    location.close()


def test_small_files_are_read_ahead_and_are_what_they_were(served: FsspecLocation, tmp_path: Path) -> None:
    contents = {f"{number}.nfo": os.urandom(number * 37 % 5000) for number in range(200)}
    contents["large"] = os.urandom(2**20 + 1)
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    entries = [entry for entry in served.walk() if isinstance(entry, FileEntry)]
    served.expect(entries)
    for entry in entries:
        with served.open(entry.path) as stream:
            assert stream.read(3_000_000) == contents[entry.path] or entry.path == "large"
        assert served.entry(entry.path) == entry
    with served.open("9.nfo", offset=100) as stream:
        assert stream.read() == contents["9.nfo"][100:]


def test_what_is_at_hand_is_told_without_waiting(served: FsspecLocation, tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(name.encode())
    entries = [entry for entry in served.walk() if isinstance(entry, FileEntry)]
    assert not served.at_hand("a")  # nobody expects it
    served.expect(entries)
    assert not served.at_hand("a")  # nobody has asked for anything yet
    with served.open("a") as stream:
        assert stream.read() == b"a"
    until = time.monotonic() + 20
    while not (served.at_hand("b") and served.at_hand("c")):
        assert time.monotonic() < until, "what is read ahead never arrives"
        time.sleep(0.01)
    with served.open("b") as stream:
        assert stream.read() == b"b"
    assert not served.at_hand("b")  # it was handed out
    served.expect(())
    assert not served.at_hand("c")


def test_a_file_that_is_not_as_expected_is_asked_for_as_ever(served: FsspecLocation, tmp_path: Path) -> None:
    for name in "abcde":
        (tmp_path / name).write_bytes(b"old")
    entries = [entry for entry in served.walk() if isinstance(entry, FileEntry)]
    (tmp_path / "b").write_bytes(b"newer")
    (tmp_path / "c").unlink()
    os.utime(tmp_path / "d", (1, 1))
    (tmp_path / "e").unlink()
    (tmp_path / "e").symlink_to("/etc/passwd")
    served.expect([*entries, FileEntry("../x", 1, 1)])
    with served.open("a") as stream:
        assert stream.read(10) == b"old"
    with served.open("b") as stream:
        assert stream.read(10) == b"newer"
    with pytest.raises(FileNotFoundError):
        served.open("c")
    with served.open("d") as stream:
        assert stream.read(10) == b"old"
    assert served.entry("d") == FileEntry("d", 3, 1_000_000_000)
    with pytest.raises(UnsafePath, match="leaves seedbox"):
        served.open("e")


def test_links_out_of_the_root_are_not_read_ahead(served: FsspecLocation, tmp_path: Path) -> None:
    (tmp_path.parent / "outside").write_bytes(b"12")
    (tmp_path / "link").symlink_to("../outside")
    found = (tmp_path / "link").stat()
    served.expect([FileEntry("link", 2, int(found.st_mtime) * 10**9)])
    with pytest.raises(UnsafePath, match="leaves seedbox"):
        served.open("link")


def test_a_line_that_is_lost_with_64_files_under_way(ssh_server: SshServer, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    for number in range(150):
        (tmp_path / "files" / f"{number:03d}").write_bytes(bytes([number]) * 4000)
    with FaultyProxy(ssh_server.port, CutOff(200_000), strikes=1) as proxy:
        (tmp_path / "known").write_text(f"[127.0.0.1]:{proxy.port} {ssh_server.host_key_line}\n")
        location = open_location(
            "seedbox",
            f"sftp://{ssh_server.username}@127.0.0.1:{proxy.port}{tmp_path}/files",
            key_file=str(ssh_server.user_key),
            known_hosts=str(tmp_path / "known"),
        )
        assert isinstance(location, FsspecLocation)
        entries = [entry for entry in location.walk() if isinstance(entry, FileEntry)]
        location.expect(entries)
        for entry in entries:
            with location.open(entry.path) as stream:
                assert stream.read(5000) == bytes([int(entry.path)]) * 4000
        assert proxy.struck == [CutOff(200_000)]
        location.close()


def test_silence_ends_at_the_time_out(ssh_server: SshServer, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(os.urandom(3_000_000))
    with FaultyProxy(ssh_server.port, Silence(1_000_000)) as proxy:
        (tmp_path / "known").write_text(f"[127.0.0.1]:{proxy.port} {ssh_server.host_key_line}\n")
        changes = {"port": proxy.port, "known_hosts": tmp_path / "known", "timeout": 1, "attempts": 1}
        filesystem = SftpFileSystem(**{**ssh_server.connection, **changes})
        with pytest.raises(ConnectionLost, match="no answer in time"):
            filesystem.cat_file(f"{tmp_path}/a")
        filesystem.close()


def test_threads_that_share_one_channel(ssh_server: SshServer, tmp_path: Path) -> None:
    contents = [os.urandom(700_000 + number) for number in range(6)]
    for number, content in enumerate(contents):
        (tmp_path / str(number)).write_bytes(content)
    filesystem = SftpFileSystem(**ssh_server.connection)
    with filesystem.session.channel("sharing") as channel:
        ready = threading.Barrier(6)

        def fetch(number: int) -> bytes:
            handle = channel.open(f"{tmp_path}/{number}".encode(), OpenFor.READ)
            ready.wait(10)
            channel.users += 1
            with SftpReader(
                filesystem.session, channel, handle, size=len(contents[number]), name=str(number), whole=True
            ) as reader:
                return reader.readall()

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(fetch, range(6))) == contents
    filesystem.close()


@pytest.mark.parametrize("listed", [True, False])
def test_what_took_a_files_place_is_not_opened_for_anybody(
    served: FsspecLocation, tmp_path: Path, listed: bool
) -> None:
    """A listed file is opened on the journey on which it is looked at; nothing of it is handed out before the look."""
    outside = tmp_path.parent / f"outside-{listed}"
    outside.write_bytes(b"secret" * 10)
    for name in ("link", "folder", "gone", "kept"):
        (tmp_path / name).write_bytes(CONTENT * 8)
    entries = [entry for entry in served.walk() if isinstance(entry, FileEntry)]
    for name in ("link", "folder", "gone"):
        (tmp_path / name).unlink()
    (tmp_path / "link").symlink_to(outside)
    (tmp_path / "folder").mkdir()
    served.expect(entries if listed else ())
    with pytest.raises(UnsafePath, match="leaves seedbox"):
        served.open("link")
    for name in ("folder", "gone"):
        with pytest.raises(FileNotFoundError):
            served.open(name)
    with served.open("kept", offset=5) as stream:
        assert stream.read(100) == CONTENT[5:105]
    outside.unlink()


def test_a_pipe_is_not_opened(served: FsspecLocation, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        served.open("pipe")
    assert served.entry("pipe") is None
