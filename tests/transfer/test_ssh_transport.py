"""The SSH connection under the transfers: new keys on the way, falsified packets, several lines, nothing left over."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from medialib.errors import ConnectionLost
from medialib.testing.delay_proxy import DelayProxy
from medialib.testing.faulty_proxy import FaultyProxy, FlippedBit
from medialib.testing.servers import SshServer, require
from medialib.transfer import ssh_transport
from medialib.transfer.lean_paramiko import paramiko
from medialib.transfer.session import SshSession
from medialib.transfer.sftp import SftpFileSystem
from medialib.transfer.ssh_transport import SshTransport

MIB = 2**20
CIPHERS = {
    "gcm": (("aes128-gcm@openssh.com",), ("hmac-sha2-256-etm@openssh.com",)),
    "ctr, encrypt then authenticate": (("aes128-ctr",), ("hmac-sha2-256-etm@openssh.com",)),
    "ctr, authenticate and encrypt": (("aes128-ctr",), ("hmac-sha2-256",)),
}


@pytest.mark.parametrize("module", ["sftp", "credentials", "remote_digests", "session", "probing", "sftp_location"])
def test_paramiko_is_loaded_without_what_only_its_ssh_config_needs(module: str) -> None:
    program = f"import sys, medialib.transfer.{module}; print('paramiko' in sys.modules, 'invoke' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False"]


@pytest.fixture(params=CIPHERS)
def cipher(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    ciphers, codes = CIPHERS[request.param]
    monkeypatch.setattr(SshTransport, "_preferred_ciphers", ciphers)
    monkeypatch.setattr(SshTransport, "_preferred_macs", codes)
    return ciphers[0]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    require("sshd", "ssh-keygen")
    with SshServer(tmp_path / "server") as server:
        yield server


@pytest.fixture
def opened() -> Iterator[Callable[..., SftpFileSystem]]:
    filesystems: list[SftpFileSystem] = []

    def open_one(server: SshServer, **changes) -> SftpFileSystem:
        filesystems.append(SftpFileSystem(**{**server.connection, **changes}))
        return filesystems[-1]

    yield open_one
    for filesystem in filesystems:
        filesystem.close()


def exchanges(server: SshServer) -> int:
    """How often keys were agreed on, as the server tells."""
    return len(re.findall(r"kex: client->server cipher", server.log.read_text()))


def test_keys_change_on_the_way(
    server: SshServer, opened: Callable[..., SftpFileSystem], monkeypatch: pytest.MonkeyPatch, cipher: str
) -> None:
    """Each side asks for new keys while the other's answers are under way; every byte arrives."""
    monkeypatch.setattr(ssh_transport, "_REKEY_AFTER", 3 * MIB)
    monkeypatch.setattr(paramiko.packet.Packetizer, "REKEY_BYTES", 3 * MIB)
    content = os.urandom(20 * MIB)
    (server.root / "a").write_bytes(content)
    filesystem = opened(server, attempts=1)
    for _ in range(2):
        with filesystem.open_reader(f"{server.root}/a", size=len(content), whole=True) as reader:
            assert reader.readall() == content
    assert exchanges(server) >= 5
    assert f"cipher: {cipher}" in server.log.read_text()
    filesystem.close()
    server.stop()
    server.start(extra="RekeyLimit 2M")
    with filesystem.open_reader(f"{server.root}/a", size=len(content), whole=True) as reader:
        assert reader.readall() == content


def test_keys_change_while_eight_threads_read_and_list(
    server: SshServer, opened: Callable[..., SftpFileSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_transport, "_REKEY_AFTER", 2 * MIB)
    contents = [os.urandom(2 * MIB + number) for number in range(8)]
    for number, content in enumerate(contents):
        (server.root / f"{number}").write_bytes(content)
    filesystem = opened(server, attempts=1)

    def work(number: int) -> bool:
        for turn in range(3):
            path = f"{server.root}/{(number + turn) % 8}"
            assert filesystem.cat_file(path) == contents[(number + turn) % 8]
            assert len(filesystem.ls(str(server.root))) == 8
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))
    assert exchanges(server) > 2


def test_a_flipped_bit_is_found_by_every_cipher(
    server: SshServer, opened: Callable[..., SftpFileSystem], cipher: str, tmp_path: Path
) -> None:
    """Wherever it flips, in a length, a padding, a code or among the bytes: never one wrong byte is handed out."""
    content = os.urandom(400_000)
    (server.root / "a").write_bytes(content)
    for at in (*range(4000, 4060, 5), *range(40_000, 340_000, 40_009)):
        with FaultyProxy(server.port, FlippedBit(at, at % 8)) as proxy:
            (tmp_path / "known").write_text(f"[127.0.0.1]:{proxy.port} {server.host_key_line}\n")
            filesystem = opened(server, port=proxy.port, known_hosts=tmp_path / "known", timeout=1, attempts=1)
            received = b""
            with (  # noqa: PT012 - what came before the error is looked at
                pytest.raises(ConnectionLost),
                filesystem.open_reader(f"{server.root}/a", size=len(content), whole=True) as reader,
            ):
                while data := reader.read(2**16):
                    received += data
            assert content.startswith(received)
            assert len(received) <= at
            assert proxy.struck
            filesystem.close()


def test_nothing_is_compressed(server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    """What is compressed would be taken apart before its length is judged; nothing of it is ever agreed on."""
    filesystem = opened(server)
    filesystem.ls("/")
    assert "compression: none" in server.log.read_text()
    assert "compression: zlib" not in server.log.read_text()


# ------------------------------------------------------------------------------------------------------- several lines


def far(server: SshServer, proxy: DelayProxy | FaultyProxy, tmp_path: Path) -> dict[str, object]:
    known = tmp_path / "known"
    known.write_text(f"[127.0.0.1]:{proxy.port} {server.host_key_line}\n")
    return {"port": proxy.port, "known_hosts": known, "timeout": 5, "attempts": 1}


def settled(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def entered(server: SshServer) -> int:
    return server.log.read_text().count("Accepted publickey")


def test_a_far_file_comes_over_several_lines(
    server: SshServer, opened: Callable[..., SftpFileSystem], tmp_path: Path
) -> None:
    content = os.urandom(40 * MIB)
    (server.root / "a").write_bytes(content)
    with DelayProxy(server.port, 0.02, window=2 * MIB) as proxy:
        filesystem = opened(server, **far(server, proxy, tmp_path))
        with filesystem.open_reader(f"{server.root}/a", size=len(content), whole=True) as reader:
            head = reader.read(1000)
            assert settled(lambda: len(reader._lines) == 4)
            assert head + reader.readall() == content
        assert entered(server) == 4
        filesystem.close()
        assert settled(lambda: not any("medialib" in thread.name for thread in threading.enumerate()))


def test_the_host_key_is_looked_at_on_every_line(
    server: SshServer, opened: Callable[..., SftpFileSystem], tmp_path: Path
) -> None:
    """Once the first line stands, another key counts as the known one: on no other line it is said who we are."""
    content = os.urandom(20 * MIB)
    (server.root / "a").write_bytes(content)
    other = (server.stranger_key.with_name("stranger.pub")).read_text().split()[:2]
    with DelayProxy(server.port, 0.02) as proxy:
        options = far(server, proxy, tmp_path)
        filesystem = opened(server, **options)
        filesystem.info(f"{server.root}/a")
        (tmp_path / "known").write_text(f"[127.0.0.1]:{proxy.port} {' '.join(other)}\n")
        with filesystem.open_reader(f"{server.root}/a", size=len(content), whole=True) as reader:
            assert settled(lambda: len(filesystem.session._unwelcome) == 3)
            assert reader.readall() == content
        assert entered(server) == 1
        assert server.log.read_text().count("userauth-request for user") == server.log.read_text().count(
            "userauth-request for user", 0, server.log.read_text().index("Accepted publickey")
        )


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_a_line_that_is_lost_is_made_up_for_by_the_others(
    server: SshServer, opened: Callable[..., SftpFileSystem], tmp_path: Path, lost: int
) -> None:
    content = os.urandom(60 * MIB)
    (server.root / "a").write_bytes(content)
    with DelayProxy(server.port, 0.02, window=MIB) as proxy:
        filesystem = opened(server, **far(server, proxy, tmp_path))
        with filesystem.open_reader(f"{server.root}/a", size=len(content), whole=True) as reader:
            head = reader.read(1000)
            assert settled(lambda: len(reader._lines) == 4)
            head += reader.read(MIB)
            reader._lines[lost].channel.transport.sock.shutdown(2)
            assert head + reader.readall() == content
            assert len(reader._lines) == 3
            reader.seek(0)
            for line in reader._lines:
                line.channel.transport.sock.shutdown(2)
            with pytest.raises(ConnectionLost):
                reader.readall()


# ------------------------------------------------------------------------------------------------------ left behind


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc here")
def test_fifty_connections_leave_nothing_behind(server: SshServer) -> None:
    (server.root / "a").write_bytes(b"a" * 100_000)

    def once() -> None:
        filesystem = SftpFileSystem(**server.connection)
        stream = filesystem.open(f"{server.root}/a")
        assert stream.read(10) == b"a" * 10
        list(filesystem.walk(str(server.root)))
        if os.urandom(1)[0] % 2:
            stream.close()
        filesystem.close()

    once()
    gc.collect()
    before, threads = descriptors(), threading.active_count()
    for _ in range(50):
        once()
    gc.collect()
    # fewer are no fault: what tests before this one left may have ended meanwhile
    left = "nothing"

    def nothing_is_left() -> bool:
        nonlocal left
        left = f"{descriptors()} descriptors of {before}, {threading.active_count()} threads of {threads}"
        return descriptors() <= before and threading.active_count() <= threads

    assert settled(nothing_is_left), left


def test_who_waits_does_not_spin(server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    """Processor time of an idle connection: some wake-ups a second for keepalives."""
    filesystem = opened(server)
    filesystem.ls("/")
    began = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - began < 0.1


def test_files_share_what_may_be_under_way(server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    session: SshSession = opened(server).session
    assert session.share == 64 * MIB
    session.reading(4)
    assert session.share == 16 * MIB
    session.reading(-4)
    assert session.share == 64 * MIB


def test_no_more_is_asked_for_ahead_than_is_allowed(server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    """What was asked for comes at full speed: a rate that is kept only when bytes are taken is kept by nobody."""
    filesystem = opened(server, most_ahead=MIB)
    asked = 0
    for name in "ab":
        (server.root / name).write_bytes(bytes(4 * MIB))
        reader = filesystem.open_reader(f"{server.root}/{name}", size=4 * MIB, whole=True)
        assert reader.read(1) == b"\0"
        asked += reader._asked
    assert 0 < asked < 2 * MIB


def test_a_reader_closed_in_a_fork_harms_nobody(server: SshServer, opened: Callable[..., SftpFileSystem]) -> None:
    content = os.urandom(3 * MIB)
    (server.root / "a").write_bytes(content)
    filesystem = opened(server)
    reader = filesystem.open_reader(f"{server.root}/a", size=len(content), whole=True)
    head = reader.read(1000)
    with filesystem.session._lock:  # as another thread may hold it
        child = os.fork()
        if not child:
            reader.close()
            os._exit(0 if filesystem.cat_file(f"{server.root}/a") == content else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert head + reader.readall() == content
    reader.close()
