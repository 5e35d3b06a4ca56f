"""An fsspec file system over SFTP that trusts only hosts it knows, never mistakes a lost connection for an end of file,
and connects again by itself.

It is registered with fsspec as ``medialib-sftp``; fsspec's own ``sftp`` is left as it is.
"""

# os, not pathlib: it speaks in plain strings, which carry undecodable names, and in descriptors.
# ruff: noqa: PTH103, PTH105, PTH108, PTH110, PTH112, PTH120, PTH123

from __future__ import annotations

import getpass
import io
import os
import secrets
import stat
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from fsspec import AbstractFileSystem
from fsspec.callbacks import DEFAULT_CALLBACK

from medialib.errors import OutOfReach
from medialib.transfer.credentials import Credentials
from medialib.transfer.session import DEFAULT_KNOWN_HOSTS, Endpoint, SshSession
from medialib.transfer.sftp_channel import SftpChannel
from medialib.transfer.sftp_folders import FolderListing
from medialib.transfer.sftp_messages import OpenFor
from medialib.transfer.sftp_names import RemoteAttributes
from medialib.transfer.sftp_reading import SftpReader, write_pieces
from medialib.transfer.sftp_writing import SftpWriter

__all__ = ["SftpFileSystem"]

_FLAGS = {
    "rb": OpenFor.READ,
    "wb": OpenFor.WRITE | OpenFor.CREATE | OpenFor.TRUNCATE,
    "xb": OpenFor.WRITE | OpenFor.CREATE | OpenFor.EXCLUSIVE,
    "ab": OpenFor.WRITE | OpenFor.CREATE,
}
_GET_AT_ONCE = 2**22


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


class SftpFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec ships no types
    """Files on an SSH server.

    Paths are those of the server: absolute, or relative to the account's home. Instances are not shared by fsspec's
    cache, and neither tokens, pickles nor texts of them hold `password` or `passphrase`: a copy made by pickle must
    authenticate by key or agent. Nothing connects before the first use. Several threads may use one instance.

    >>> SftpFileSystem("seedbox.example", port=2222, username="ann", password="secret")
    <SftpFileSystem ann@seedbox.example:2222>
    """

    protocol = ("medialib-sftp",)
    cachable = False
    root_marker = ""
    _strip_tokenize_options = ("password", "passphrase")

    def __init__(
        self,
        host: str,
        *,
        port: int | None = None,
        username: str | None = None,
        password: str | None = None,
        key_file: str | os.PathLike[str] | None = None,
        passphrase: str | None = None,
        agent: bool | None = None,
        known_hosts: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
        connect_timeout: float = 10.0,
        timeout: float = 30.0,
        keepalive: int = 15,
        attempts: int = 3,
        most_names: int = 1_000_000,
        auto_mkdir: bool = False,
        **options: Any,
    ) -> None:
        """Describe the server; the fields of `Endpoint` and `Credentials` say what each argument means.

        `port` is 22, `username` the present user's name unless given. With neither key file nor password, the agent
        and the usual key files are tried. `auto_mkdir` makes missing parent folders of files that are written.
        """
        super().__init__(**options)
        if known_hosts is None:
            known_hosts = DEFAULT_KNOWN_HOSTS
        elif isinstance(known_hosts, (str, os.PathLike)):
            known_hosts = (known_hosts,)
        nothing_given = key_file is None and password is None
        self.session = SshSession(
            Endpoint(
                host,
                port or 22,
                known_hosts=tuple(os.fspath(file) for file in known_hosts),
                connect_timeout=connect_timeout,
                timeout=timeout,
                keepalive=keepalive,
                attempts=attempts,
                most_names=most_names,
            ),
            Credentials(
                username or getpass.getuser(),
                key_file=None if key_file is None else os.fspath(key_file),
                passphrase=passphrase,
                password=password,
                agent=nothing_given if agent is None else agent,
                default_keys=nothing_given,
            ),
        )
        self.auto_mkdir = auto_mkdir

    def __repr__(self) -> str:
        return f"<SftpFileSystem {self.session.address}>"

    __str__ = __repr__

    @property
    def fsid(self) -> str:
        """The server and account, for comparing file systems between runs."""
        return f"medialib-sftp:{self.session.address}"

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(item) for item in path]
        path = os.fspath(path)
        for scheme in ("medialib-sftp://", "sftp://", "ssh://"):
            if path.startswith(scheme):
                path = "/" + path.removeprefix(scheme).partition("/")[2]
        return path.rstrip("/") or ("/" if path.startswith("/") else "")

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, Any]:
        parts = urlsplit(path)
        found = {
            "host": parts.hostname,
            "port": parts.port,
            "username": parts.username and unquote(parts.username),
            "password": parts.password and unquote(parts.password),
        }
        return {key: value for key, value in found.items() if value is not None}

    def close(self) -> None:
        """Hang up; the next use connects again."""
        self.session.close()

    # ------------------------------------------------------------------------------------------------------- looking

    def scan(self, path: str) -> list[RemoteAttributes]:
        """A folder's entries as the server gives them, links not followed. Raises as `ls` does."""
        most = self.session.endpoint.most_names
        return self.session.run(
            f"listing {path}", lambda channel: FolderListing(channel.pipeline, _raw(path), most=most).result()
        )

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        """A folder's entries; a file's own. Raises FileNotFoundError, or `OutOfReach` for what may not be read."""
        path = self._strip_protocol(path)
        try:
            entries = self.scan(path or ".")
        except (FileNotFoundError, OutOfReach):
            own = self.info(path)
            if own["type"] == "directory":
                raise
            return [own] if detail else [own["name"]]
        prefix = f"{path.rstrip('/')}/" if path else ""
        if not detail:
            return sorted(prefix + entry.name for entry in entries)
        return [_described(prefix + entry.name, entry) for entry in entries]

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """What a path is, links followed; ``islink`` tells of them. A link that leads nowhere is of type ``link``."""
        path = self._strip_protocol(path)

        def look(channel: SftpChannel) -> dict[str, Any]:
            own = channel.lstat(_raw(path or "."))
            if not stat.S_ISLNK(own.mode):
                return _described(path, own)
            try:
                target = channel.stat(_raw(path))
            except FileNotFoundError:
                target = own
            return {**_described(path, target), "islink": True}

        try:
            return self.session.run(f"looking at {path}", look)
        except FileNotFoundError:
            raise FileNotFoundError(path) from None

    def canonical(self, path: str) -> str:
        """The absolute path with every link followed. Raises FileNotFoundError if there is none."""
        return self.session.run(f"resolving {path}", lambda channel: channel.canonical(_raw(path or ".")))

    def read_link(self, path: str) -> str:
        """Where a link points, as it is written in it."""

        return self.session.run(f"reading the link {path}", lambda channel: channel.read_link(_raw(path)))

    def created(self, path: str) -> datetime:
        """The time of last change: SFTP version 3 knows no other."""
        return self.modified(path)

    def modified(self, path: str) -> datetime:
        """The time of last change, UTC, whole seconds."""
        return datetime.fromtimestamp(self.info(path)["mtime"], UTC)

    # ------------------------------------------------------------------------------------------------- opening a file

    def open_reader(self, path: str, *, size: int, offset: int = 0, whole: bool = False) -> SftpReader:
        """An unbuffered reader that asks ahead; `size` is a hint of how far, `whole` tells that all of it is wanted.

        Raises FileNotFoundError.
        """

        def begin() -> SftpReader:
            channel, handle = self._handle(self.session, path, "rb")
            return SftpReader(self.session, channel, handle, size=size, name=path, offset=offset, whole=whole)

        reader = self.session.retried(begin)
        if whole:
            reader.reinforce(lambda session: self._handle(session, path, "rb"))
        return reader

    def _handle(self, session: SshSession, path: str, mode: str) -> tuple[SftpChannel, bytes]:
        """Open a file on a channel that is leased until its stream is closed."""
        channel = session.lease()
        try:
            with session.translating(channel, f"opening {path}"):
                return channel, channel.open(_raw(path), _FLAGS[mode])
        except BaseException:
            session.release(channel)
            raise

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: Any = None,
        **kwargs: Any,
    ) -> BinaryIO:
        if mode not in ("rb", "wb", "ab", "xb"):
            raise ValueError(f"mode {mode!r} is not one of rb, wb, ab, xb")
        if mode == "rb":
            info = self.info(path)
            if info["type"] == "directory":
                raise IsADirectoryError(path)
            return io.BufferedReader(self.open_reader(path, size=info["size"]), buffer_size=block_size or 2**18)
        if self.auto_mkdir:
            self.makedirs(self._parent(path), exist_ok=True)
        target = path if autocommit else _temporary(path)
        offset = self.info(path)["size"] if mode == "ab" and self.exists(path) else 0
        try:
            channel, handle = self.session.retried(lambda: self._handle(self.session, target, mode), idempotent=False)
        except OutOfReach:
            # Version 3 has no word for "exists": OpenSSH calls it a failure like any other.
            if mode == "xb" and self.exists(path):
                raise FileExistsError(path) from None
            raise

        def settle(good: bool) -> None:
            if good and target != path:
                self.mv(target, path)
            elif not good:
                self._rm(target)

        return SftpWriter(self.session, channel, handle, name=path, offset=offset, settle=settle)

    # ------------------------------------------------------------------------------------------------------- changing

    def mkdir(self, path: str, create_parents: bool = True, mode: int = 0o777, **kwargs: Any) -> None:
        """Make a folder. Raises FileExistsError if something is there."""
        path = self._strip_protocol(path)
        if create_parents and self._parent(path) and not self.exists(self._parent(path)):
            self.makedirs(self._parent(path), exist_ok=True)
        try:
            self.session.run(f"making {path}", lambda channel: channel.make_folder(_raw(path), mode), idempotent=False)
        except OutOfReach:
            if self.exists(path):
                raise FileExistsError(path) from None
            raise

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make a folder and those above it."""
        path = self._strip_protocol(path)
        missing = []
        at = path
        while at not in ("", "/") and not self.exists(at):
            missing.append(at)
            at = self._parent(at)
        if not missing and not exist_ok:
            raise FileExistsError(path)
        for folder in reversed(missing):
            try:
                self.mkdir(folder, create_parents=False)
            except FileExistsError:
                continue  # another thread was faster

    def rmdir(self, path: str) -> None:
        """Remove an empty folder."""
        path = self._strip_protocol(path)
        self.session.run(f"removing {path}", lambda channel: channel.remove_folder(_raw(path)), idempotent=False)

    def _rm(self, path: str) -> None:
        path = self._strip_protocol(path)

        def remove(channel: SftpChannel) -> None:
            if stat.S_ISDIR(channel.lstat(_raw(path)).mode):
                channel.remove_folder(_raw(path))
            else:
                channel.remove(_raw(path))

        self.session.run(f"removing {path}", remove, idempotent=False)

    def mv(self, path1: str, path2: str, recursive: bool = False, maxdepth: int | None = None, **kwargs: Any) -> None:
        """Rename a file or folder by one step, replacing what stands there (``posix-rename@openssh.com``)."""
        source, target = self._strip_protocol(path1), self._strip_protocol(path2)
        self.session.run(
            f"renaming {source}", lambda channel: channel.rename(_raw(source), _raw(target)), idempotent=False
        )

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        """Copy a file through here: SFTP version 3 has no copy of its own. Folders are made."""
        if self.isdir(path1):
            self.makedirs(path2, exist_ok=True)
            return
        self.makedirs(self._parent(self._strip_protocol(path2)), exist_ok=True)
        with self.open(path1, "rb") as source:
            self._put(source, self._strip_protocol(path2))

    def touch(self, path: str, truncate: bool = True, **kwargs: Any) -> None:
        """Make an empty file, or, with ``truncate=False``, set an existing one's time to now."""
        path = self._strip_protocol(path)
        if not truncate and self.exists(path):
            now = int(time.time())
            self.session.run(f"touching {path}", lambda channel: channel.set_times(_raw(path), now, now))
            return
        self.open(path, "wb").close()

    def put_file(
        self, lpath: Any, rpath: str, callback: Any = DEFAULT_CALLBACK, mode: str = "overwrite", **kwargs: Any
    ) -> None:
        """Send a file under a temporary name, then rename it: what stands under `rpath` is always whole."""
        rpath = self._strip_protocol(rpath)
        if mode == "create" and self.exists(rpath):
            raise FileExistsError(rpath)
        if os.path.isdir(lpath):
            self.makedirs(rpath, exist_ok=True)
            return
        self.makedirs(self._parent(rpath), exist_ok=True)
        with open(lpath, "rb") as source:
            callback.set_size(os.fstat(source.fileno()).st_size)
            self._put(source, rpath, callback)

    def get_file(
        self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, outfile: Any = None, **kwargs: Any
    ) -> None:
        """Fetch a file under a temporary name, then rename it: what stands under `lpath` is always whole."""
        if outfile is not None or hasattr(lpath, "write") or self.isdir(rpath):
            super().get_file(rpath, lpath, callback=callback, outfile=outfile, **kwargs)
            return
        rpath, lpath = self._strip_protocol(rpath), os.fspath(lpath)
        os.makedirs(os.path.dirname(lpath) or ".", exist_ok=True)
        size = self.info(rpath)["size"]
        callback.set_size(size)
        temporary = _temporary(lpath)
        try:
            with self.open_reader(rpath, size=size, whole=True) as reader, open(temporary, "wb", buffering=0) as sink:
                while pieces := reader.pieces(_GET_AT_ONCE):
                    write_pieces(sink.fileno(), pieces)
                    callback.relative_update(sum(map(len, pieces)))
            os.replace(temporary, lpath)
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise

    def _put(self, source: Any, path: str, callback: Any = DEFAULT_CALLBACK) -> None:
        temporary = _temporary(path)
        try:
            with self.open(temporary, "wb", buffering=0) as sink:
                for chunk in iter(lambda: source.read(2**20), b""):
                    sink.write(chunk)
                    callback.relative_update(len(chunk))
            self.mv(temporary, path)
        except BaseException:
            if self.exists(temporary):
                self._rm(temporary)
            raise

    def exists(self, path: str, **kwargs: Any) -> bool:
        """Whether something stands there. Raises where that cannot be told: out of reach is not absent."""
        try:
            self.info(path)
        except FileNotFoundError:
            return False
        return True


def _temporary(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{name[:40]}.{secrets.token_hex(4)}.part"


def _described(path: str, entry: RemoteAttributes) -> dict[str, Any]:
    kinds: Iterable[tuple[int, str]] = ((stat.S_IFDIR, "directory"), (stat.S_IFREG, "file"), (stat.S_IFLNK, "link"))
    kind = next((name for bits, name in kinds if stat.S_IFMT(entry.mode) == bits), "other")
    return {
        "name": path,
        "size": entry.size,
        "type": kind,
        "mtime": entry.mtime,
        "mode": entry.mode,
        "uid": entry.uid,
        "gid": entry.gid,
        "islink": kind == "link",
    }
