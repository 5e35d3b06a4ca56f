"""An SFTP server on 127.0.0.1 that lies about names, sizes, contents, times, links, ends of folders, and who it is.

What it serves, each lie and each manner (see `medialib.testing.sftp_manners`) is data. Nothing of it touches a disk;
what a client tries to change is refused and noted.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import socket
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import asyncssh
import attrs

from medialib.testing.background import BackgroundLoop
from medialib.testing.sftp_conversation import Conduct, MannersSession
from medialib.testing.sftp_manners import Manner, NarrowWindow

__all__ = ["IMPOSSIBLE_NAMES", "HostileEntry", "HostileFile", "HostileFolder", "HostileLink", "HostileSftpServer"]

LONG_AGO = 1_500_000_000
"""A time of last change, seconds since the epoch, that no stability window reaches."""

IMPOSSIBLE_NAMES = (
    b"../climbs.S01E01.mkv",
    b"../../climbs.higher.S01E01.mkv",
    b"sub/../../climbs.inside.S01E01.mkv",
    b"/tmp/absolute.S01E01.mkv",
    b"slash/inside.S01E01.mkv",
    b"back\\..\\..\\slash.S01E01.mkv",
    b"C:drive.S01E01.mkv",
    b"new\nline.S01E01.mkv",
    b"escape\x1b[2J.S01E01.mkv",
    b"nul\0.S01E01.mkv",
    b"undecodable\xff\xfe.S01E01.mkv",
    b"long" * 2500 + b".S01E01.mkv",
    b"",
)
"""Names that no file can have, or that must not be followed. The long one has 10,000 bytes."""


@attrs.frozen
class HostileFile:
    """A file, and what is told of it."""

    name: bytes
    """Its name in listings, any bytes at all."""
    content: bytes = b"content"
    """What it should hold."""
    mtime: int = LONG_AGO
    """Time of last change, whole seconds since the epoch, UTC."""
    claimed: int | None = None
    """The size that is told; None for the true one."""
    served: bytes | None = None
    """What reading gives; None for the content."""
    becomes: HostileFile | None = None
    """What it changes into …"""
    becomes_after: int = 0
    """… once so many of its bytes have been read."""
    silent_from: int | None = None
    """The offset from which on reads are never answered."""
    failing_from: int | None = None
    """The offset from which on reads are answered with a failure."""
    at_most: int | None = None
    """Reads give at most so many bytes at a time; 0 gives none, and does not say that the file ends."""

    @property
    def reading(self) -> bytes:
        """What reading gives."""
        return self.content if self.served is None else self.served


@attrs.frozen
class HostileLink:
    """A symbolic link."""

    name: bytes
    """Its name."""
    target: bytes
    """What is written in it; absolute, or relative to its folder."""


@attrs.frozen
class HostileFolder:
    """A folder."""

    name: bytes
    """Its name."""
    entries: tuple[HostileEntry, ...] = ()
    """What it holds."""
    endless: bool = False
    """Whether its listing never ends: after `entries` come new names for ever."""
    bottomless: bool = False
    """Whether it holds a folder of its own name and kind, and so on for ever."""


HostileEntry: TypeAlias = HostileFile | HostileLink | HostileFolder
"""Anything a folder can list."""


_OUTSIDE = HostileFolder(b"etc", (HostileFile(b"passwd"),))


class HostileSftpServer:
    """A context manager. `folder` gets a client's key and known_hosts; whoever comes is let in.

    With ``turning_host_key=True`` each connection is shown another host key; `known_hosts` holds the first one.
    Beside the root ``/srv`` stands ``/etc/passwd``, for links to lead to. `attempts` are the changes that clients tried
    to make, such as ``remove /srv/a.mkv``; `connections` is how many came.

    With `manners` it speaks as they say, drawing what is left to chance from `seed`; `conduct.struck` tells how
    often each of them has shown. Without, it is as polite as asyncssh's own server.
    """

    root = "/srv"

    def __init__(
        self,
        folder: Path,
        *entries: HostileEntry,
        turning_host_key: bool = False,
        manners: Sequence[Manner] = (),
        seed: int = 0,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.top = HostileFolder(b"")
        self.serve(*entries)
        self.username = "ann"
        self.user_key = folder / "hostile_user_key"
        self.known_hosts = folder / "hostile_known_hosts"
        self.attempts: list[str] = []
        self.connections = 0
        self.turning_host_key = turning_host_key
        self.conduct = Conduct(tuple(manners), seed)
        self.changed: dict[HostileFile, HostileFile] = {}
        self.read: dict[HostileFile, int] = {}
        self._host_key = asyncssh.generate_private_key("ssh-ed25519")
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(self.user_key))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self.remember_host_key(self.port)
        self._loop = BackgroundLoop("hostile-sftp")
        self._accepting: asyncio.Task[None] | None = None
        self._served: set[asyncio.Task[None]] = set()

    def __enter__(self) -> HostileSftpServer:
        self._loop.__enter__()
        self._loop.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.__exit__()
        self._listener.close()

    def serve(self, *entries: HostileEntry) -> None:
        """From now on these are what its root holds."""
        self.top = HostileFolder(b"", (HostileFolder(b"srv", entries), _OUTSIDE))

    def remember_host_key(self, port: int) -> None:
        """Make `known_hosts` hold the first host key, for the server itself or for a proxy in front of it."""
        key = self._host_key.export_public_key().decode().strip()
        self.known_hosts.write_text(f"[127.0.0.1]:{port} {key}\n")

    @property
    def connection(self) -> dict[str, Any]:
        """Keywords that let `SftpFileSystem` or `open_location` in."""
        return {
            "port": self.port,
            "username": self.username,
            "key_file": str(self.user_key),
            "known_hosts": str(self.known_hosts),
        }

    @property
    def url(self) -> str:
        """The ``sftp://`` address of its files."""
        return f"sftp://{self.username}@127.0.0.1:{self.port}{self.root}"

    async def _start(self) -> None:
        self._accepting = asyncio.create_task(self._accept())

    async def _accept(self) -> None:
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            self.connections += 1
            task = asyncio.create_task(self._serve(connection))
            self._served.add(task)
            task.add_done_callback(self._served.discard)

    async def _serve(self, connection: socket.socket) -> None:
        shown = self._host_key
        if self.turning_host_key and self.connections > 1:
            shown = asyncssh.generate_private_key("ssh-ed25519")
        with contextlib.suppress(OSError, asyncssh.Error):
            windows = [manner.size for manner in self.conduct.manners if isinstance(manner, NarrowWindow)]
            ssh = await asyncssh.run_server(
                connection,
                server_factory=lambda: _Door(self),
                server_host_keys=[shown],
                sftp_factory=None if self.conduct.manners else lambda channel: _Files(self, channel),
                encoding=None,
                line_editor=False,
                **({"window": windows[0]} if windows else {}),
            )
            try:
                await ssh.wait_closed()
            finally:
                ssh.abort()


class _Door(asyncssh.SSHServer):
    def __init__(self, server: HostileSftpServer) -> None:
        self._server = server

    def begin_auth(self, username: str) -> bool:
        return False

    def session_requested(self) -> MannersSession:
        # asked only where there is no `sftp_factory`
        server = self._server
        return MannersSession(server.conduct, lambda channel: _Files(server, channel))


class _Opened:
    """A file as it was when it was opened; what it becomes meanwhile is seen by those who read on."""

    def __init__(self, file: HostileFile) -> None:
        self.file = file


class _Files(asyncssh.SFTPServer):
    def __init__(self, server: HostileSftpServer, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(channel)
        self._server = server

    # ------------------------------------------------------------------------------------------------------- looking

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        folder = self._find(path)
        if not isinstance(folder, HostileFolder):
            raise asyncssh.SFTPNoSuchFile("no such folder")
        for number, entry in enumerate(_listed(folder)):
            yield asyncssh.SFTPName(entry.name, b"-", self._described(entry))
            if number % 1000 == 999:
                await asyncio.sleep(0)

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self._described(self._find(path, follow=False))

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self._described(self._find(path))

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        assert isinstance(file_obj, _Opened)
        return self._described(file_obj.file)

    def readlink(self, path: bytes) -> bytes:
        found = self._find(path, follow=False)
        if not isinstance(found, HostileLink):
            raise asyncssh.SFTPFailure("not a link")
        return found.target

    def realpath(self, path: bytes) -> bytes:
        return b"/" + b"/".join(self._walked(path, follow=True)[1])

    # ------------------------------------------------------------------------------------------------------- reading

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & ~asyncssh.FXF_READ:
            self._refuse("write", path)
        found = self._find(path)
        if not isinstance(found, HostileFile):
            raise asyncssh.SFTPFailure("not a file")
        return _Opened(found)

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        assert isinstance(file_obj, _Opened)
        first = file_obj.file
        file = self._server.changed.get(first, first)
        if file.silent_from is not None and offset + size > file.silent_from:
            await asyncio.Event().wait()
        if file.failing_from is not None and offset + size > file.failing_from:
            raise asyncssh.SFTPFailure("the disk is tired")
        data = file.reading[offset : offset + size]
        if file.at_most is not None:
            data = data[: file.at_most]
            if not data and offset < len(file.reading):
                return b""
        self._server.read[first] = self._server.read.get(first, 0) + len(data)
        if first.becomes is not None and self._server.read[first] >= first.becomes_after:
            self._server.changed[first] = first.becomes
        return data

    def close(self, file_obj: object) -> None:
        """Nothing is held open."""

    # ------------------------------------------------------------------------------------------------------- changing

    def _refuse(self, what: str, path: bytes) -> None:
        self._server.attempts.append(f"{what} {path.decode('utf-8', 'backslashreplace')}")
        raise asyncssh.SFTPPermissionDenied("nothing is changed here")

    def remove(self, path: bytes) -> None:
        self._refuse("remove", path)

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self._refuse("mkdir", path)

    def rmdir(self, path: bytes) -> None:
        self._refuse("rmdir", path)

    def rename(self, oldpath: bytes, newpath: bytes, flags: int = 0) -> None:
        self._refuse("rename", oldpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._refuse("rename", oldpath)

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        self._refuse("symlink", newpath)

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        self._refuse("link", newpath)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs, follow_symlinks: bool = True) -> None:
        self._refuse("setstat", path)

    # ---------------------------------------------------------------------------------------------------- inner works

    def _described(self, entry: HostileEntry) -> asyncssh.SFTPAttrs:
        if isinstance(entry, HostileFile):
            entry = self._server.changed.get(entry, entry)
            size = len(entry.content) if entry.claimed is None else entry.claimed
            mode, mtime = stat.S_IFREG | 0o644, entry.mtime
        else:
            kind = stat.S_IFLNK | 0o777 if isinstance(entry, HostileLink) else stat.S_IFDIR | 0o755
            mode, size, mtime = kind, 0, LONG_AGO
        return asyncssh.SFTPAttrs(size=size, uid=0, gid=0, permissions=mode, atime=mtime, mtime=mtime)

    def _find(self, path: bytes, *, follow: bool = True) -> HostileEntry:
        return self._walked(path, follow=follow)[0]

    def _walked(self, path: bytes, *, follow: bool) -> tuple[HostileEntry, list[bytes]]:
        """What stands at a path, and the path without links."""
        waiting = [part for part in path.split(b"/") if part not in (b"", b".")]
        above: list[HostileFolder] = [self._server.top]
        names: list[bytes] = []
        found: HostileEntry = self._server.top
        followed = 0
        while waiting:
            name = waiting.pop(0)
            if name == b"..":
                above, names = above[: max(1, len(above) - 1)], names[:-1]
                found = above[-1]
                continue
            if not isinstance(found, HostileFolder):
                raise asyncssh.SFTPNoSuchFile("a part of the path is no folder")
            entry = next((entry for entry in _there(found) if entry.name == name), None)
            if entry is None:
                raise asyncssh.SFTPNoSuchFile("no such file")
            if isinstance(entry, HostileLink) and (waiting or follow):
                followed += 1
                if followed > 40:
                    raise asyncssh.SFTPFailure(f"too many links: errno {errno.ELOOP}")
                if entry.target.startswith(b"/"):
                    above, names = above[:1], []
                found = above[-1]
                waiting = [part for part in entry.target.split(b"/") if part not in (b"", b".")] + waiting
                continue
            found = entry
            names.append(name)
            if isinstance(entry, HostileFolder):
                above.append(entry)
        return found, names


def _there(folder: HostileFolder) -> tuple[HostileEntry, ...]:
    return (*folder.entries, folder) if folder.bottomless else folder.entries


def _listed(folder: HostileFolder) -> Iterator[HostileEntry]:
    yield from _there(folder)
    if folder.endless:
        for number in itertools.count():
            yield HostileFile(b"Endless.S01E%d.mkv" % number)
