"""One face for the file systems behind `FsspecLocation`: ours over SFTP, with listings asked for ahead, and any other.

Paths here are whole paths on the file system, not relative ones. What is raised: FileNotFoundError, other OSError, and
errors of this library.
"""

# os, not pathlib: it speaks in plain strings, which carry undecodable names, and in descriptors.
# ruff: noqa: PTH100

from __future__ import annotations

import io
import os
import posixpath
import stat
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, Protocol

from medialib.errors import ConnectionLost, OutOfReach
from medialib.ports import LocationTraits

if TYPE_CHECKING:
    from medialib.transfer.sftp import SftpFileSystem
    from medialib.transfer.sftp_folders import FolderQueue
    from medialib.transfer.sftp_names import RemoteAttributes
    from medialib.transfer.sftp_small_files import ReadAhead

__all__ = ["AnyTree", "FolderReader", "RawEntry", "SftpTree", "Tree", "raw_entry"]

_SECOND_NS = 1_000_000_000


class RawEntry(NamedTuple):
    """An entry as a listing has it. A tuple, because listings have tens of thousands."""

    name: str
    """Last part of the path."""
    kind: Literal["file", "folder", "link", "other"]
    """What it is, without following it."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change: nanoseconds since the epoch, UTC; 0 where it is not told."""


class FolderReader(Protocol):
    """Lists folders one after the other, knowing which are next."""

    def take(self, folder: str, following: Iterable[str]) -> list[RawEntry]:
        """The entries of `folder`, links not followed; `following` are the folders that will be wanted next."""

    def close(self) -> None:
        """Let go of what was asked for and not taken."""


class Tree(Protocol):
    """A file system that can be read."""

    @property
    def traits(self) -> LocationTraits:
        """How it differs from others."""

    @property
    def links(self) -> bool:
        """Whether it can hold links."""

    def absolute(self, path: str) -> str:
        """The path from the file system's root, as it is remembered."""

    def reader(self) -> FolderReader:
        """Something to list folders with, for one thread."""

    def look(self, path: str) -> RawEntry | None:
        """What a path is, links followed; None if there is nothing, or a link to nothing."""

    def resolve(self, path: str, *, link: bool = False) -> str:
        """The path with every link in it followed; `link` tells that its last part is known to be one."""

    def examine(self, path: str) -> tuple[RawEntry, str] | None:
        """What `look` and `resolve` tell, where it can be in one question."""

    def open(self, path: str, *, offset: int, listed: bool, allowed: Callable[[RawEntry, str], None]) -> BinaryIO:
        """The bytes from `offset` on. `allowed`, told what is there and its canonical path, forbids it by raising.

        `listed` tells that a listing had it as a file. Raises FileNotFoundError.
        """

    def expect(self, files: Iterable[tuple[str, int, int]]) -> None:
        """These files, each with size and time in nanoseconds, are opened next; small ones may be read ahead."""

    def at_hand(self, path: str) -> bool:
        """Whether `taken` would wait for nothing, and find something."""

    def taken(self, path: str) -> tuple[bytes, str] | None:
        """The content of an expected file and its canonical path; None if it is not at hand or not as expected."""

    def close(self) -> None:
        """Let go of connections."""


_KINDS: dict[int, Literal["file", "folder", "link"]] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
}


def raw_entry(found: RemoteAttributes) -> RawEntry:
    """What an SSH server says of a file, as other trees say it."""
    return RawEntry(found.name, _KINDS.get(found.mode & 0o170000, "other"), found.size, found.mtime * _SECOND_NS)


class SftpTree:
    """The files of an SSH server."""

    traits = LocationTraits(mtime_granularity_ns=_SECOND_NS)
    links = True

    def __init__(self, filesystem: SftpFileSystem) -> None:
        self._filesystem = filesystem
        self._ahead: ReadAhead | None = None

    def absolute(self, path: str) -> str:
        """Absolute paths stay; others start at the account's home, which the server is asked for."""
        if path.startswith("/"):
            return path
        home = self._filesystem.canonical("")
        return posixpath.join(home, path.removeprefix("~").lstrip("/")).rstrip("/")

    def reader(self) -> FolderReader:
        """Lists with requests for up to 64 folders under way."""
        from medialib.transfer.sftp_folders import FolderQueue

        return _SftpReader(FolderQueue(self._filesystem.session))

    def look(self, path: str) -> RawEntry | None:
        """One question to the server."""

        raw = path.encode("utf-8", "surrogateescape")
        try:
            return raw_entry(self._filesystem.session.run(f"looking at {path}", lambda channel: channel.stat(raw)))
        except FileNotFoundError:
            return None

    def examine(self, path: str) -> tuple[RawEntry, str] | None:
        """Two questions on one journey."""
        raw = path.encode("utf-8", "surrogateescape")
        try:
            examined = self._filesystem.session.run(
                f"looking at {path}", lambda channel: channel.examine(raw, opens=False)
            )
        except FileNotFoundError:
            return None
        return raw_entry(examined.found), examined.canonical

    def resolve(self, path: str, *, link: bool = False) -> str:
        """As the server resolves it. Not every server follows links here: then a link's own text is gone by."""
        canonical = self._filesystem.canonical(path)
        if not link or canonical != posixpath.join(
            self._filesystem.canonical(posixpath.dirname(path)), posixpath.basename(path)
        ):
            return canonical
        return posixpath.normpath(posixpath.join(posixpath.dirname(canonical), self._filesystem.read_link(path)))

    def open(self, path: str, *, offset: int, listed: bool, allowed: Callable[[RawEntry, str], None]) -> BinaryIO:
        """A reader that asks ahead; what was listed as a file is opened on the journey on which it is looked at."""
        return self._filesystem.open_examined(  # type: ignore[return-value]
            path, offset=offset, at_once=listed, allowed=lambda found, canonical: allowed(raw_entry(found), canonical)
        )

    def expect(self, files: Iterable[tuple[str, int, int]]) -> None:
        """Up to 64 small files are kept under way."""
        from medialib.transfer.sftp_small_files import ReadAhead

        if self._ahead is None:
            self._ahead = ReadAhead(self._filesystem.session, canonical=True)
        self._ahead.expect((path, size, mtime_ns // _SECOND_NS) for path, size, mtime_ns in files)

    def at_hand(self, path: str) -> bool:
        """What was read ahead."""
        return self._ahead is not None and self._ahead.at_hand(path)

    def taken(self, path: str) -> tuple[bytes, str] | None:
        """What was read ahead."""
        return None if self._ahead is None else self._ahead.take(path)

    def close(self) -> None:
        """Hang up."""
        if self._ahead is not None:
            self._ahead.expect(())
        self._filesystem.close()


class _SftpReader:
    def __init__(self, queue: FolderQueue) -> None:
        self._queue = queue

    def take(self, folder: str, following: Iterable[str]) -> list[RawEntry]:
        return [raw_entry(entry) for entry in self._queue.take(folder, following)]

    def close(self) -> None:
        self._queue.close()


class AnyTree:
    """The files of any fsspec file system."""

    def __init__(self, filesystem: Any) -> None:
        self._filesystem = filesystem
        protocol = filesystem.protocol
        self._local = "file" in ((protocol,) if isinstance(protocol, str) else protocol)
        self.links = self._local
        # fsspec hands file times on as floats, which near the present day are good to a quarter of a microsecond.
        self.traits = LocationTraits(
            mtime_granularity_ns=1000 if self._local else _SECOND_NS,
            reports_mtime=self._local or type(filesystem).__name__ not in ("HTTPFileSystem",),
        )

    def absolute(self, path: str) -> str:
        """As the file system itself writes it."""
        return os.path.abspath(path) if self._local else str(self._filesystem._strip_protocol(path))

    def reader(self) -> FolderReader:
        """Lists one folder at a time, past the file system's own cache."""
        return _AnyReader(self._filesystem, self._raw)

    def look(self, path: str) -> RawEntry | None:
        """What the file system's ``info`` says."""
        self._filesystem.invalidate_cache(self._filesystem._parent(path))
        try:
            # fsspec tells of a link's target here, and of a link to nothing that it is not there.
            return self._raw({**self._filesystem.info(path), "islink": False})
        except (FileNotFoundError, NotADirectoryError):
            return None

    def resolve(self, path: str, *, link: bool = False) -> str:
        """Where links exist, the path with every one followed."""
        return os.path.realpath(path) if self._local else path

    def examine(self, path: str) -> tuple[RawEntry, str] | None:
        """One after the other."""
        found = self.look(path)
        return None if found is None else (found, self.resolve(path))

    def open(self, path: str, *, offset: int, listed: bool, allowed: Callable[[RawEntry, str], None]) -> BinaryIO:
        """The file system's own stream, moved to `offset`; what ends early raises `ConnectionLost`."""
        examined = self.examine(path)
        if examined is None:
            raise FileNotFoundError(path)
        allowed(*examined)
        size = examined[0].size
        stream: BinaryIO = self._filesystem.open(path, "rb")
        if offset:
            stream.seek(offset)
        if self._local:
            return stream
        return _Whole(stream, path, size - offset)  # type: ignore[return-value]

    def expect(self, files: Iterable[tuple[str, int, int]]) -> None:
        """Nothing is read ahead."""

    def at_hand(self, path: str) -> bool:
        """Nothing was read ahead."""
        return False

    def taken(self, path: str) -> tuple[bytes, str] | None:
        """Nothing was read ahead."""
        return None

    def close(self) -> None:
        """fsspec keeps its connections by itself."""
        self._filesystem.invalidate_cache()

    def _raw(self, info: dict[str, Any], folder: str | None = None) -> RawEntry:
        kind: Literal["file", "folder", "link", "other"] = "other"
        if info.get("islink") or info["type"] == "link":
            kind = "link"
        elif info["type"] == "file":
            kind = "file"
        elif info["type"] == "directory":
            kind = "folder"
        name = str(info["name"]).rstrip("/")
        above = f"{(folder or '').rstrip('/')}/"
        # A name with a slash left in it is hostile, and is refused further up.
        name = name.removeprefix(above) if folder and name.startswith(above) else name.rpartition("/")[2]
        return RawEntry(name, kind, info.get("size") or 0, _nanoseconds(info, self.traits.mtime_granularity_ns))


class _AnyReader:
    def __init__(self, filesystem: Any, raw: Any) -> None:
        self._filesystem = filesystem
        self._raw = raw

    def take(self, folder: str, following: Iterable[str]) -> list[RawEntry]:
        self._filesystem.invalidate_cache(folder)
        entries = self._filesystem.ls(folder, detail=True)
        if len(entries) == 1 and entries[0]["name"].rstrip("/") == folder.rstrip("/") and entries[0]["type"] == "file":
            raise OutOfReach(f"{folder} is a file, not a folder")  # fsspec lists a file as itself
        return [self._raw(entry, folder) for entry in entries]

    def close(self) -> None:
        self._filesystem.invalidate_cache()


class _Whole(io.RawIOBase):
    """A stream that owes a known count of bytes: less is a lost connection, since not every file system tells."""

    def __init__(self, stream: BinaryIO, path: str, owed: int) -> None:
        super().__init__()
        self._stream = stream
        self._path = path
        self._owed = owed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._owed -= len(data)
        if not data and len(buffer) and self._owed > 0:
            raise ConnectionLost(f"{self._path} ended {self._owed} bytes early", remedy="Try again.")
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _nanoseconds(info: dict[str, Any], granularity: int) -> int:
    for key in ("mtime", "last_modified", "LastModified", "modified", "updated", "created"):
        value = info.get(key)
        if isinstance(value, datetime):
            return int(value.timestamp()) * _SECOND_NS
        if isinstance(value, (int, float)):
            return int(value * 1e9) // granularity * granularity
    return 0
