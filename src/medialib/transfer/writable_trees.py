"""One face for the file systems that files are carried to: what each can do by one step, and what it cannot.

Paths here are whole paths on the file system, as in `trees`. What is raised: FileNotFoundError, FileExistsError, other
OSError, and errors of this library.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol, cast

from medialib.errors import ConnectionLost, OutOfReach, UsageError
from medialib.ports import CancelToken, LocationTraits
from medialib.transfer.trees import AnyTree, RawEntry

__all__ = ["AnyWritableTree", "WritableTree", "translating"]

_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "memory"})
"""File systems that show a copied file under its new name only once it is whole, as a put one."""
_DURABLE_STORES = _OBJECT_STORES - {"memory"}
_WITHOUT_FOLDERS = _DURABLE_STORES
_UNDONE = "it can neither rename a file nor copy one at once, so half of it might be seen"


@contextmanager
def translating() -> Iterator[None]:
    """Let a lost connection and a refusal come out as errors of this library; what a disk says of itself passes."""
    try:
        yield
    except (ConnectionLost, OutOfReach, FileNotFoundError, FileExistsError):
        raise
    except PermissionError as error:
        raise OutOfReach(_said(error), remedy="Check the rights of the account there.") from None
    except (ConnectionError, TimeoutError, EOFError) as error:
        raise ConnectionLost(_said(error), remedy="Try again.") from None


def _said(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


class WritableTree(Protocol):
    """A file system that can be written to."""

    @property
    def traits(self) -> LocationTraits:
        """How it differs from a local disk."""

    def same(self, other: WritableTree) -> bool:
        """Whether a file may be renamed from this one to the other."""

    def standing(self, path: str) -> RawEntry | None:
        """What stands under this very name, a link being a link."""

    def make_folder(self, path: str) -> bool:
        """Make one; False if something stands there."""

    def remove_folder(self, path: str) -> None:
        """Remove an empty one. Raises OSError or `OutOfReach` if it is not empty."""

    def create(self, path: str) -> None:
        """Make an empty file. Raises FileExistsError."""

    def content(self, path: str) -> bytes:
        """All of a small file. Raises FileNotFoundError."""

    def replace(self, path: str, content: bytes) -> None:
        """Put a small file there, over another one; a crash leaves the old, the new, or one that makes no sense."""

    def append(self, path: str, offset: int) -> BinaryIO:
        """A stream that adds to a standing file from `offset` on; what it held behind that is gone."""

    def settle(self, path: str, mtime_ns: int) -> int:
        """See a file on the disk, with its time and mode, as far as `traits` go; returns its size."""

    def checksum(self, path: str, size: int, cancelled: CancelToken) -> str | None:
        """The SHA-256 of a file by the file system's own word; None where it tells none."""

    def give_name(self, source: str, target: str) -> None:
        """Have a whole file appear under a name; raises FileExistsError if something stands there.

        A crash in the middle leaves it under the old name, or whole under both.
        """

    def remove(self, path: str) -> None:
        """Remove a file. Raises FileNotFoundError."""

    def free_bytes(self, path: str) -> int | None:
        """Bytes that can still be written below a folder."""


class AnyWritableTree:
    """Any fsspec file system that can give a whole file its name: by a hard link, a rename, or a copy that is atomic.

    Raises `UsageError` for one that can do none of them: half a file might be seen under a final name.
    """

    def __init__(self, filesystem: Any, tree: AnyTree) -> None:
        from fsspec import AbstractFileSystem

        self._filesystem = filesystem
        self._tree = tree
        protocol = filesystem.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        local = bool(names & {"file", "local"})
        renames = type(filesystem).mv is not AbstractFileSystem.mv
        stored = bool(names & _OBJECT_STORES)
        self._linked = local
        self._renamed = renames and not stored
        # Only of these it is known that a file can be cut down to a length, in place.
        self._cut = local or "memory" in names
        if not (renames or stored):
            raise UsageError(
                f"files cannot be carried to {sorted(names)[0]}://: {_UNDONE}",
                remedy="Carry them to sftp://, an object store, or a folder of this machine.",
            )
        self._traits = LocationTraits(
            mtime_granularity_ns=tree.traits.mtime_granularity_ns,
            reports_mtime=tree.traits.reports_mtime,
            keeps_mtime=False,
            renames=self._renamed,
            exclusive=local,
            appends=self._cut,
            durable="names" if names & _DURABLE_STORES else "nothing",
            tells_room=False,
            holds_folders=not names & _WITHOUT_FOLDERS,
        )

    @property
    def traits(self) -> LocationTraits:
        """See `WritableTree`; fsspec has no word for file times, for fsync and for room."""
        return self._traits

    def same(self, other: WritableTree) -> bool:
        """See `WritableTree`: fsspec keeps one instance for the same options."""
        return isinstance(other, AnyWritableTree) and other._filesystem is self._filesystem

    def standing(self, path: str) -> RawEntry | None:
        """See `WritableTree`."""
        found = self._tree.look(path)
        if found is not None and self._tree.links and self._filesystem.islink(path):
            return found._replace(kind="link")
        if found is None and self._tree.links and self._filesystem.lexists(path):
            return RawEntry(path.rpartition("/")[2], "link", 0, 0)
        return found

    @translating()
    def make_folder(self, path: str) -> bool:
        """See `WritableTree`."""
        if self._traits.holds_folders:
            try:
                self._filesystem.mkdir(path, create_parents=False)
            except FileExistsError:
                return False
        return self._traits.holds_folders

    @translating()
    def remove_folder(self, path: str) -> None:
        """See `WritableTree`."""
        self._filesystem.rmdir(path)

    @translating()
    def create(self, path: str) -> None:
        """See `WritableTree`; exclusive where the file system's own mode ``x`` is."""
        if self.standing(path) is not None:
            raise FileExistsError(path)
        try:
            stream = self._filesystem.open(path, "xb")
        except (ValueError, NotImplementedError):  # it knows no such mode
            stream = self._filesystem.open(path, "wb")
        stream.close()

    @translating()
    def content(self, path: str) -> bytes:
        """See `WritableTree`."""
        return bytes(self._filesystem.cat_file(path))

    @translating()
    def replace(self, path: str, content: bytes) -> None:
        """See `WritableTree`."""
        self._filesystem.pipe_file(path, content)

    @translating()
    def append(self, path: str, offset: int) -> BinaryIO:
        """See `WritableTree`; where it cannot append, only from the start, or nothing."""
        if not offset:
            return cast(BinaryIO, self._filesystem.open(path, "wb"))
        if self._cut:
            stream: BinaryIO = self._filesystem.open(path, "r+b")
            stream.truncate(offset)
            stream.seek(offset)
            return stream
        found = self._tree.look(path)
        if found is None or found.size != offset:
            raise OutOfReach(f"{path} cannot be continued there", remedy="Begin it again.")
        return cast(BinaryIO, _Finished(path))

    @translating()
    def settle(self, path: str, mtime_ns: int) -> int:
        """See `WritableTree`: what can be told is its size."""
        found = self._tree.look(path)
        if found is None:
            raise FileNotFoundError(path)
        return found.size

    @translating()
    def checksum(self, path: str, size: int, cancelled: CancelToken) -> str | None:
        """None: what fsspec calls a checksum is not one of the content."""
        return None

    @translating()
    def give_name(self, source: str, target: str) -> None:
        """See `WritableTree`."""
        if self._linked:
            self._filesystem.link(source, target)
            self._filesystem.rm_file(source)
            return
        if self.standing(target) is not None:
            raise FileExistsError(target)
        if self._renamed:
            self._filesystem.mv(source, target)
            return
        self._filesystem.cp_file(source, target)
        # Who reads there next must see it, whatever was remembered of the folder.
        self._filesystem.invalidate_cache(self._filesystem._parent(target))
        was, came = self._tree.look(source), self._tree.look(target)
        if was is None or came is None or was.size != came.size:
            raise OutOfReach(f"{source} was copied to {target}, which is not as long", remedy="Look at both.")
        self._filesystem.rm_file(source)

    @translating()
    def remove(self, path: str) -> None:
        """See `WritableTree`."""
        self._filesystem.rm_file(path)

    @translating()
    def free_bytes(self, path: str) -> int | None:
        """None: fsspec cannot ask."""
        return None


class _Finished(io.RawIOBase):
    """Takes no more."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if len(data):
            raise OutOfReach(f"{self._path} cannot be continued there", remedy="Begin it again.")
        return 0
