"""A server that lists names no file can have: they are reported and never followed."""

from __future__ import annotations

import socket
import stat
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import AuthenticationFailed, MedialibError
from medialib.model import FileEntry, RefusedEntry
from medialib.testing.servers import SshServer
from medialib.transfer import FsspecLocation, open_location
from medialib.transfer.sftp import SftpFileSystem
from medialib.transfer.sftp_names import parse_names

NAMES = (
    "good.mkv",
    "../evil.mkv",
    "/etc/passwd",
    "a/../../b",
    "..",
    ".",
    "new\nline",
    "nul\0",
    "",
    "x" * 300,
    "C:evil",
)


class Door(paramiko.ServerInterface):
    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL if password == "open sesame" else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL

    def get_allowed_auths(self, username):
        return "publickey,password"

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


CONTENT = bytes(range(256)) * 1000


class Sip(paramiko.SFTPHandle):
    """A file of which the server gives less than it is asked for."""

    def read(self, offset, length):
        return CONTENT[offset : offset + min(length, 7000)]


class Liar(paramiko.SFTPServerInterface):
    def open(self, path, flags, attr):
        return Sip()

    def list_folder(self, path):
        return [self.described(name) for name in NAMES]

    def stat(self, path):
        found = self.described(path)
        found.st_mode = stat.S_IFDIR | 0o755
        return found

    lstat = stat

    @staticmethod
    def described(name):
        found = paramiko.SFTPAttributes()
        found.filename = name
        found.st_mode, found.st_size = stat.S_IFREG | 0o644, 5
        found.st_atime = found.st_mtime = 1
        return found


@pytest.fixture
def liar(ssh_server: SshServer) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        connection, _ = listener.accept()
        transport = paramiko.Transport(connection)
        transports.append(transport)
        transport.add_server_key(paramiko.Ed25519Key.from_private_key_file(str(ssh_server.stranger_key)))
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Liar)
        transport.start_server(server=Door())

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(5)
    listener.close()
    for transport in transports:
        transport.close()


def test_hostile_names_from_a_server(liar: int, ssh_server: SshServer, tmp_path: Path) -> None:
    public = ssh_server.stranger_key.with_name("stranger.pub").read_text().split()
    (tmp_path / "known").write_text(f"[127.0.0.1]:{liar} {public[0]} {public[1]}\n")
    location = open_location(
        "liar", f"sftp://127.0.0.1:{liar}/x", key_file=str(ssh_server.user_key), known_hosts=str(tmp_path / "known")
    )
    found = list(location.walk())
    location.close()
    assert [entry for entry in found if isinstance(entry, FileEntry)] == [FileEntry("good.mkv", 5, 1_000_000_000)]
    refused = {entry.path for entry in found if isinstance(entry, RefusedEntry)}
    assert refused == set(NAMES) - {"good.mkv", "..", "."}


@pytest.mark.parametrize("right", [True, False])
def test_a_password_gets_in_or_is_not_repeated(liar: int, ssh_server: SshServer, tmp_path: Path, right: bool) -> None:
    public = ssh_server.stranger_key.with_name("stranger.pub").read_text().split()
    (tmp_path / "known").write_text(f"[127.0.0.1]:{liar} {public[0]} {public[1]}\n")
    secret = "open sesame" if right else "let me in"
    url = f"sftp://ann:{secret.replace(' ', '%20')}@127.0.0.1:{liar}/x"
    location = open_location("liar", url, known_hosts=str(tmp_path / "known"))
    if right:
        assert location.entry("good.mkv") is None  # this server takes everything for a folder
    else:
        with pytest.raises(AuthenticationFailed, match="tried password") as caught:
            list(location.walk())
        assert secret not in str(caught.value)
        assert "ann@127.0.0.1" in str(caught.value)
    assert secret not in repr(location)
    assert secret not in location.address("a")
    location.close()


class LyingFileSystem(MemoryFileSystem):
    cachable = False
    protocol = "lying"

    def ls(self, path, detail=True, **kwargs):
        return [{"name": f"/root/{name}", "size": 5, "type": "file"} for name in ("good.mkv", "../evil.mkv", "a\nb")]

    def info(self, path, **kwargs):
        return {"name": path, "size": 0, "type": "directory"}


def test_short_answers_are_not_taken_for_the_end(liar: int, ssh_server: SshServer, tmp_path: Path) -> None:
    public = ssh_server.stranger_key.with_name("stranger.pub").read_text().split()
    (tmp_path / "known").write_text(f"[127.0.0.1]:{liar} {public[0]} {public[1]}\n")
    filesystem = SftpFileSystem(
        "127.0.0.1", port=liar, key_file=ssh_server.user_key, known_hosts=tmp_path / "known", username="ann"
    )
    with filesystem.open_reader("a", size=len(CONTENT)) as reader:
        assert reader.readall() == CONTENT
    filesystem.close()


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=20),
            st.one_of(st.none(), st.integers(0, 2**64 - 1)),
            st.one_of(st.none(), st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))),
            st.one_of(st.none(), st.sampled_from([0o100644, 0o40755, 0o120777])),
            st.one_of(st.none(), st.integers(0, 2**32 - 1)),
            st.lists(st.tuples(st.binary(max_size=5), st.binary(max_size=5)), max_size=2),
        ),
        max_size=5,
    )
)
def test_every_form_of_attributes_is_read(entries) -> None:
    data = struct.pack(">I", len(entries))
    for name, size, owner, mode, mtime, extended in entries:
        flags = (size is not None) | (owner is not None) << 1 | (mode is not None) << 2 | (mtime is not None) << 3
        flags |= 0x80000000 if extended else 0
        data += struct.pack(">I", len(name)) + name + struct.pack(">I", 3) + b"d--" + struct.pack(">I", flags)
        data += b"" if size is None else struct.pack(">Q", size)
        data += b"" if owner is None else struct.pack(">II", *owner)
        data += b"" if mode is None else struct.pack(">I", mode)
        data += b"" if mtime is None else struct.pack(">II", 7, mtime)
        if extended:
            data += struct.pack(">I", len(extended))
            for part in (part for pair in extended for part in pair):
                data += struct.pack(">I", len(part)) + part
    found = parse_names(data)
    assert [entry.name.encode("utf-8", "surrogateescape") for entry in found] == [entry[0] for entry in entries]
    assert [entry.size for entry in found] == [entry[1] or 0 for entry in entries]
    assert [(entry.uid, entry.gid) for entry in found] == [entry[2] or (0, 0) for entry in entries]
    assert [entry.mode for entry in found] == [entry[3] or stat.S_IFDIR for entry in entries]
    assert [entry.mtime for entry in found] == [entry[4] or 0 for entry in entries]


def test_hostile_names_from_any_file_system() -> None:
    found = list(FsspecLocation("liar", LyingFileSystem(), "/root").walk())
    assert [type(entry) for entry in found] == [RefusedEntry, RefusedEntry, FileEntry]


def test_what_is_no_ssh_server_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(3):
                connection, _ = listener.accept()
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 200)
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        location = open_location("web", f"sftp://ann@127.0.0.1:{listener.getsockname()[1]}/", agent=False, password="x")
        with pytest.raises(MedialibError) as caught:
            list(location.walk())
        thread.join(5)
    assert "did not greet as an SSH server" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
