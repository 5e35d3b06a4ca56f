"""What can be asked of an SSH server's files without changing any: an fsspec file system to look at."""

from __future__ import annotations

import getpass
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from fsspec import AbstractFileSystem

from medialib.errors import ConnectionLost, OutOfReach
from medialib.transfer.credentials import Credentials
from medialib.transfer.session import DEFAULT_KNOWN_HOSTS, Endpoint, SshSession
from medialib.transfer.sftp_channel import SftpChannel
from medialib.transfer.sftp_folders import FolderListing, FolderQueue
from medialib.transfer.sftp_names import RemoteAttributes

__all__ = ["LookingFileSystem", "raw"]

_FOLDERS_AHEAD = 64


def raw(path: str) -> bytes:
    """A path as it travels."""
    return path.encode("utf-8", "surrogateescape")


class LookingFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec ships no types
    """Connects to a server, and tells what is there. See `sftp.SftpFileSystem`."""

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
        most_ahead: int | None = None,
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
        self.auto_mkdir = auto_mkdir
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
                most_ahead=most_ahead,
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

    def scan(self, path: str) -> list[RemoteAttributes]:
        """A folder's entries as the server gives them, links not followed. Raises as `ls` does."""
        most = self.session.endpoint.most_names
        return self.session.run(
            f"listing {path}", lambda channel: FolderListing(channel.pipeline, raw(path), most=most).result()
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
        found = self._listed(path, entries)
        return found if detail else sorted(info["name"] for info in found)

    @staticmethod
    def _listed(folder: str, entries: Iterable[RemoteAttributes]) -> list[dict[str, Any]]:
        prefix = f"{folder.rstrip('/')}/" if folder else ""
        return [_described(prefix + entry.name, entry) for entry in entries]

    def walk(
        self,
        path: str,
        maxdepth: int | None = None,
        topdown: bool = True,
        on_error: Any = "omit",
        **kwargs: Any,
    ) -> Iterator[Any]:
        """As in fsspec, folders listed 64 at a time; but a lost connection is raised whatever `on_error` says.

        ``find``, ``du`` and ``glob`` rest on it: none of them mistakes a server that went away for an empty folder.
        """
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        detail = kwargs.pop("detail", False)
        queue = FolderQueue(self.session)
        found: deque[Any] = deque()  # only for the way from the bottom up
        try:
            waiting = [(self._strip_protocol(path), 1)]
            while waiting:
                folder, depth = waiting.pop()
                following = [later for later, _ in reversed(waiting[-_FOLDERS_AHEAD:])]
                try:
                    listing = self.ls(folder) if depth == 1 else self._listed(folder, queue.take(folder, following))
                except ConnectionLost:
                    raise
                except OSError as error:
                    if on_error == "raise":
                        raise
                    if callable(on_error):
                        on_error(error)
                    continue
                # a file is listed as itself, under no name
                files = {info["name"][len(folder) :].lstrip("/"): info for info in listing}
                folders = {name: files.pop(name) for name, info in list(files.items()) if info["type"] == "directory"}
                step = (folder, folders, files) if detail else (folder, list(folders), list(files))
                if topdown:
                    yield step
                else:
                    found.appendleft(step)
                if maxdepth is None or depth < maxdepth:
                    # what the caller took out of the folders is not entered
                    inner = [f"{folder.rstrip('/')}/{name}" if folder else name for name in step[1]]
                    waiting += [(each, depth + 1) for each in (reversed(inner) if topdown else inner)]
            yield from found
        finally:
            queue.close()

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """What a path is, links followed; ``islink`` tells of them. A link that leads nowhere is of type ``link``."""
        path = self._strip_protocol(path)

        def look(channel: SftpChannel) -> dict[str, Any]:
            own = channel.lstat(raw(path or "."))
            if not stat.S_ISLNK(own.mode):
                return _described(path, own)
            try:
                target = channel.stat(raw(path))
            except FileNotFoundError:
                target = own
            return {**_described(path, target), "islink": True}

        try:
            return self.session.run(f"looking at {path}", look)
        except FileNotFoundError:
            raise FileNotFoundError(path) from None

    def canonical(self, path: str) -> str:
        """The absolute path with every link followed. Raises FileNotFoundError if there is none."""
        return self.session.run(f"resolving {path}", lambda channel: channel.canonical(raw(path or ".")))

    def read_link(self, path: str) -> str:
        """Where a link points, as it is written in it."""

        return self.session.run(f"reading the link {path}", lambda channel: channel.read_link(raw(path)))

    def created(self, path: str) -> datetime:
        """The time of last change: SFTP version 3 knows no other."""
        return self.modified(path)

    def modified(self, path: str) -> datetime:
        """The time of last change, UTC, whole seconds."""
        return datetime.fromtimestamp(self.info(path)["mtime"], UTC)

    def exists(self, path: str, **kwargs: Any) -> bool:
        """Whether something stands there. Raises where that cannot be told: out of reach is not absent."""
        try:
            self.info(path)
        except FileNotFoundError:
            return False
        return True


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
