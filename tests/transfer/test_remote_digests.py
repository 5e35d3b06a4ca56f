"""What servers say of their own files: OpenSSH by a command, others by an extension, some nothing at all."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import paramiko
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import Cancelled, UnsafePath
from medialib.model import Digest
from medialib.ports import SupportsDigests, Untold
from medialib.testing.servers import SshServer
from medialib.transfer import open_location
from medialib.transfer.remote_digests import RemoteDigests, hash_command, read_check_file, read_hash_line
from medialib.transfer.sftp import SftpFileSystem

CONTENT = b"what the server holds" * 100
SHA256 = Digest("sha256", hashlib.sha256(CONTENT).hexdigest())
NEVER = threading.Event()

Opened = Callable[..., SupportsDigests]


@pytest.fixture
def opened(ssh_server: SshServer, tmp_path: Path) -> Iterator[Opened]:
    """A location on the server, over a folder of its own."""
    made: list[Any] = []

    def open_it(*, hash_commands: bool = True) -> SupportsDigests:
        server = {key: value for key, value in ssh_server.connection.items() if key != "host"}
        location = open_location("box", f"sftp://127.0.0.1{tmp_path}", hash_commands=hash_commands, **server)
        made.append(location)
        assert isinstance(location, SupportsDigests)
        return location

    yield open_it
    for location in made:
        location.close()


@pytest.mark.parametrize(
    "name",
    [
        "plain.mkv",
        "with space.mkv",
        'it\'s $(touch x) `y` "z".mkv',
        "-n.mkv",
        "Ünï ✓.mkv",
        "a;b&c|d<e>f*.mkv",
        "#~!.mkv",
    ],
)
def test_openssh_is_told_to_hash_a_file_of_any_name(opened: Opened, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(CONTENT)
    location = opened()
    assert location.digest(name, ["sha256", "md5"], cancelled=NEVER) == SHA256
    assert location.digest(name, ["md5"], cancelled=NEVER) == Digest("md5", hashlib.md5(CONTENT).hexdigest())
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_without_leave_no_command_is_run(opened: Opened, tmp_path: Path, ssh_server: SshServer) -> None:
    (tmp_path / "a.mkv").write_bytes(CONTENT)
    before = ssh_server.log.read_text(errors="replace").count("Starting session: command")
    told = opened(hash_commands=False).digest("a.mkv", ["sha256"], cancelled=NEVER)
    assert isinstance(told, Untold)
    assert "hash_commands" in told.reason
    assert ssh_server.log.read_text(errors="replace").count("Starting session: command") == before


def test_names_that_shells_disagree_on_are_not_handed_to_one(ssh_server: SshServer, tmp_path: Path) -> None:
    file = tmp_path / "back\\slash.mkv"
    file.write_bytes(CONTENT)
    filesystem = SftpFileSystem(**ssh_server.connection)
    told = RemoteDigests(filesystem.session, commands=True).digest(str(file), len(CONTENT), ["sha256"], NEVER)
    assert isinstance(told, Untold)
    assert told.reason.endswith("is not handed to a shell")
    filesystem.close()


def test_files_that_are_absent_or_outside(opened: Opened) -> None:
    location = opened()
    with pytest.raises(FileNotFoundError):
        location.digest("absent.mkv", ["sha256"], cancelled=NEVER)
    with pytest.raises(UnsafePath):
        location.digest("../a.mkv", ["sha256"], cancelled=NEVER)


def test_an_account_for_sftp_alone_tells_nothing(tmp_path: Path, ssh_server: SshServer) -> None:
    (tmp_path / "a.mkv").write_bytes(CONTENT)
    with SshServer(tmp_path / "restricted") as server:
        server.stop()
        server.start(extra="ForceCommand internal-sftp")
        connection = {key: value for key, value in server.connection.items() if key != "host"}
        location = open_location("box", f"sftp://127.0.0.1{tmp_path}", hash_commands=True, **connection)
        assert isinstance(location, SupportsDigests)
        told = location.digest("a.mkv", ["sha256", "md5"], cancelled=NEVER)
        assert isinstance(told, Untold)
        assert location.entry("a.mkv") is not None
        location.close()


def test_a_server_that_is_silent_is_given_up_and_a_wish_to_stop_is_heard(ssh_server: SshServer, tmp_path: Path) -> None:
    """Hashing a pipe that nobody writes to never ends."""
    os.mkfifo(tmp_path / "pipe")
    filesystem = SftpFileSystem(**ssh_server.connection)
    impatient = RemoteDigests(filesystem.session, commands=True, patience=0.4)
    impatient._no_extension = True  # opening the pipe would wait as well
    told = impatient.digest(f"{tmp_path}/pipe", 0, ["sha256"], NEVER)
    assert told == Untold("no answer to sha256sum within 0 s")
    patient = RemoteDigests(filesystem.session, commands=True)
    patient._no_extension = True
    cancelled = threading.Event()
    threading.Timer(0.2, cancelled.set).start()
    with pytest.raises(Cancelled):
        patient.digest(f"{tmp_path}/pipe", 0, ["sha256"], cancelled)
    with suppress(OSError):  # no reader is left: the commands have ended
        os.close(os.open(tmp_path / "pipe", os.O_WRONLY | os.O_NONBLOCK))
    assert filesystem.exists(str(tmp_path))
    filesystem.close()


# ---------------------------------------------------------------------------------------------------- the extension


class _Handle(paramiko.SFTPHandle):
    def stat(self) -> paramiko.SFTPAttributes:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))  # type: ignore[attr-defined]


class _Files(paramiko.SFTPServerInterface):
    """Serves this machine's files for reading."""

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:
        handle = _Handle(flags)
        try:
            handle.readfile = Path(path).open("rb")  # type: ignore[attr-defined]  # noqa: SIM115
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return handle


class _Anyone(paramiko.ServerInterface):
    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.common.AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED


@pytest.fixture
def extended(ssh_server: SshServer, tmp_path: Path) -> Iterator[SftpFileSystem]:
    """paramiko's own server, which speaks ``check-file`` in its older form and runs no commands."""
    key = paramiko.Ed25519Key.from_private_key_file(str(ssh_server.folder / "host_ed25519"))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files)
            transports.append(transport)
            transport.start_server(server=_Anyone())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n")
    filesystem = SftpFileSystem(**{**ssh_server.connection, "port": port, "known_hosts": str(known)})
    yield filesystem
    filesystem.close()
    for transport in transports:
        transport.close()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def test_a_server_with_the_extension_is_asked_by_it(extended: SftpFileSystem, tmp_path: Path) -> None:
    file = tmp_path / "a.mkv"
    file.write_bytes(CONTENT)
    digests = RemoteDigests(extended.session, commands=False)
    told = digests.digest(str(file), len(CONTENT), ["sha256", "sha1", "md5"], NEVER)
    assert told == Digest("sha1", hashlib.sha1(CONTENT).hexdigest())


def test_its_word_on_long_files_is_not_taken(extended: SftpFileSystem, tmp_path: Path) -> None:
    """It is known to hash the wrong bytes of them."""
    file = tmp_path / "long.mkv"
    file.write_bytes(bytes(100_000))
    told = RemoteDigests(extended.session, commands=True).digest(str(file), 100_000, ["sha1"], NEVER)
    assert isinstance(told, Untold)


# ------------------------------------------------------------------------------------------------------ what is read


@given(st.binary(max_size=200))
def test_an_answer_of_any_bytes_is_read_or_not_understood(answer: bytes) -> None:
    assert isinstance(read_check_file(answer, ["sha256", "md5"], 7), Digest | Untold)
    assert read_hash_line("md5", "/a", answer) is None


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])),
    st.binary(min_size=32, max_size=32),
    st.sampled_from(["", "\n", "\r\n"]),
)
def test_a_line_is_read_for_the_file_that_was_asked_for_alone(path: str, content: bytes, end: str) -> None:
    line = f"{content.hex()}  /{path}{end}".encode()
    assert read_hash_line("sha256", f"/{path}", line) == Digest("sha256", content.hex())
    assert read_hash_line("sha256", f"/{path}x", line) is None
    assert read_hash_line("sha1", f"/{path}", line) is None


@given(st.text())
def test_a_command_holds_no_control_character_whatever_the_name(path: str) -> None:
    try:
        command = hash_command("sha256", f"/{path}")
    except UnicodeEncodeError:
        return
    assert command is None or not any(byte < 32 for byte in command)
