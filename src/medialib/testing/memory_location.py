"""A writable location that lives in memory: quick, with several disks, room that can run out, and faults on order."""

from __future__ import annotations

import hashlib
import posixpath
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, cast

from medialib.errors import ContentChanged, OutOfReach, TargetTaken, UnsafePath
from medialib.model import Digest, DigestAlgorithm, FileEntry, RefusedEntry
from medialib.naming import collision_key, unsafe_reason
from medialib.ports import CancelToken, LocationTraits, Part, Untold, WritableLocation
from medialib.testing.memory_part import MemoryFile, MemoryPart, MemoryReader

__all__ = ["FarLocation", "MemoryFile", "MemoryLocation"]


def _no_fault(operation: str, path: str) -> None:
    """What `MemoryLocation.before` is unless a test wants a fault."""


class MemoryLocation:
    """See `medialib.ports.WritableLocation`. Its parts are files of its own, as on a disk, so that walks show them.

    `disks` maps a folder to the name of the disk that holds it, ``""`` being the root's: files are renamed only within
    a disk, also between two locations. `free` is how many bytes can still be written, None for no limit; beyond it
    writing raises OSError with ENOSPC. With ``holds=False`` its parts cannot be held without a name. `before` is called
    with the name of an operation and its path before each (also before each ``read`` and ``write`` of a stream); what
    it raises, the operation raises. `reachable` set to False plays a disk that is not mounted. `links_within`
    says by which ways files are linked within a disk, also between two locations.
    """

    def __init__(
        self,
        name: str,
        *,
        disks: Mapping[str, str] | None = None,
        free: int | None = None,
        holds: bool = True,
        before: Callable[[str, str], None] = _no_fault,
    ) -> None:
        self._name = name
        self._disks = {"": f"disk of {name}"} | dict(disks or {})
        self.free = free
        self.holds = holds
        self.before = before
        self.reachable = True
        self.links_within: frozenset[str] = frozenset(("hardlink", "reflink"))
        self.files: dict[str, MemoryFile] = {}
        self.folders: set[str] = {""}
        self.links: dict[str, str] = {}
        self.flushes = 0
        self.told_digests: tuple[DigestAlgorithm, ...] = ("sha256", "sha1", "md5")
        self.lock = threading.RLock()

    def put(self, path: str, content: bytes = b"", *, mtime_ns: int = 0) -> FileEntry:
        """Put a file there, with the folders above it, past every rule: for setting a scene."""
        self.files[path] = MemoryFile(content, mtime_ns)
        folder = posixpath.dirname(path)
        while folder.strip("/"):
            self.folders.add(folder)
            folder = posixpath.dirname(folder)
        return FileEntry(path, len(content), mtime_ns)

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    @property
    def traits(self) -> LocationTraits:
        """Nanoseconds, set by tests as they like."""
        return LocationTraits(tells_room=self.free is not None)

    def address(self, path: str) -> str:
        """The path below a folder named like the location."""
        return f"/{self._name}/{path}" if path else f"/{self._name}"

    def disk(self, path: str) -> str:
        """The name of the disk that holds a path."""
        above = [folder for folder in self._disks if not folder or path == folder or path.startswith(f"{folder}/")]
        return self._disks[max(above, key=len)]

    # ------------------------------------------------------------------------------------------------------- reading

    def walk(self, path: str = "") -> Iterator[FileEntry | RefusedEntry]:
        """See `Location.walk`."""
        with self._step("walk", path, root=True):
            if path not in self.folders:
                raise OutOfReach(f"{self._name} has no folder {path}", remedy="Is the disk mounted?")
            below = sorted(
                (p for p in (*self.files, *self.links) if not path or p.startswith(f"{path}/")), key=_in_order
            )
        for found in below:
            entry = self._seen(found, named=path.startswith(".medialib"))
            if entry is not None:
                yield entry

    def entry(self, path: str) -> FileEntry | None:
        """See `Location.entry`."""
        with self._step("entry", path):
            target = self._target(path)
            if target is None or target not in self.files:
                return None
            file = self.files[target]
            return FileEntry(path, len(file.content), file.mtime_ns)

    def entries(self, paths: Iterable[str]) -> Mapping[str, FileEntry]:
        """See `Location.entries`."""
        found = ((path, self.entry(path)) for path in paths)
        return {path: entry for path, entry in found if entry is not None}

    def open(self, path: str, *, offset: int = 0) -> BinaryIO:
        """See `Location.open`."""
        with self._step("open", path):
            target = self._target(path)
            if target is None or target not in self.files:
                raise FileNotFoundError(f"{self._name}:{path}")
            return cast(BinaryIO, MemoryReader(self, target, offset))

    def digest(self, path: str, algorithms: Sequence[DigestAlgorithm], *, cancelled: CancelToken) -> Digest | Untold:
        """See `SupportsDigests.digest`: by the first of `told_digests`, which may be none, that is asked for."""
        with self._step("digest", path):
            target = self._target(path)
            if target is None or target not in self.files:
                raise FileNotFoundError(f"{self._name}:{path}")
            for algorithm in algorithms:
                if algorithm in self.told_digests:
                    return Digest(algorithm, hashlib.new(algorithm, self.files[target].content).hexdigest())
            return Untold("it knows none of those")

    def close(self) -> None:
        """Nothing is held open."""

    # ------------------------------------------------------------------------------------------------------- writing

    def make_folder(self, path: str) -> tuple[str, ...]:
        """See `WritableLocation.make_folder`."""
        made: list[str] = []
        with self._step("make_folder", path):
            parts = path.split("/")
            for folder in ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1)):
                if folder in self.files:
                    raise TargetTaken(f"{self._name}:{folder} is a file, where a folder is wanted")
                if folder not in self.folders:
                    self.refuse_collision(folder)
                    self.folders.add(folder)
                    made.append(folder)
        return tuple(made)

    def part(self, path: str) -> Part:
        """See `WritableLocation.part`."""
        with self._step("part", path):
            return MemoryPart(self, path)

    def rename(self, source: str, target: WritableLocation, path: str) -> int | None:
        """See `WritableLocation.rename`."""
        here = self._step("rename", source)
        if not isinstance(target, MemoryLocation):
            return None
        there = target._step("rename", path)
        with here, there:
            if source in self.links:
                raise UnsafePath(f"{self._name}:{source} is a link, and links are not moved")
            if source not in self.files:
                raise FileNotFoundError(f"{self._name}:{source}")
            target.require_folder(path)
            target.refuse_collision(path, besides=source if target is self else None)
            if self.disk(source) != target.disk(path):
                return None
            target.files[path] = self.files.pop(source)
            return target.files[path].mtime_ns

    def hardlink(self, source: str, target: WritableLocation, path: str) -> int | None:
        """See `SupportsLinking.hardlink`."""
        return self._link("hardlink", source, target, path, lambda file: file)

    def reflink(self, source: str, target: WritableLocation, path: str, *, size: int, mtime_ns: int) -> int | None:
        """See `SupportsLinking.reflink`."""

        def cloned(file: MemoryFile) -> MemoryFile:
            if len(file.content) != size:
                raise ContentChanged(f"{self._name}:{source} has {len(file.content)} bytes, not {size}")
            return MemoryFile(file.content, mtime_ns)

        return self._link("reflink", source, target, path, cloned)

    def _link(
        self,
        way: str,
        source: str,
        target: WritableLocation,
        path: str,
        make: Callable[[MemoryFile], MemoryFile],
    ) -> int | None:
        here = self._step(way, source)
        if not isinstance(target, MemoryLocation):
            return None
        there = target._step(way, path)
        with here, there:
            if source in self.links:
                raise UnsafePath(f"{self._name}:{source} is a link, and links are not moved")
            if source not in self.files:
                raise FileNotFoundError(f"{self._name}:{source}")
            target.require_folder(path)
            target.refuse_collision(path)
            if way not in target.links_within or self.disk(source) != target.disk(path):
                return None
            target.files[path] = make(self.files[source])
            return target.files[path].mtime_ns

    def is_same_file(self, source: str, target: WritableLocation, path: str) -> bool:
        """See `SupportsLinking.is_same_file`."""
        here = self._step("is_same_file", source)
        if not isinstance(target, MemoryLocation):
            return False
        there = target._step("is_same_file", path)
        with here, there:
            return source in self.files and self.files[source] is target.files.get(path)

    def remove(self, path: str, *, size: int, mtime_ns: int) -> None:
        """See `WritableLocation.remove`."""
        with self._step("remove", path):
            file = self.files.get(path)
            if file is None or (len(file.content), file.mtime_ns) != (size, mtime_ns):
                raise ContentChanged(f"{self._name}:{path} is not the file it was: it was not removed")
            del self.files[path]
            if self.free is not None:
                self.free += size

    def remove_folder(self, path: str) -> bool:
        """See `WritableLocation.remove_folder`."""
        with self._step("remove_folder", path, root=True):
            inside = any(p.startswith(f"{path}/") for p in (*self.files, *self.folders, *self.links))
            if not path or path not in self.folders or inside:
                return False
            self.folders.remove(path)
            return True

    def relocate(self, source: str, path: str) -> tuple[str, ...]:
        """See `SupportsRelease.relocate`."""
        here, there = self._step("relocate", source), self._step("relocate", path)
        with here, there:
            if source not in self.files:
                raise FileNotFoundError(f"{self._name}:{source}")
            self._target(path)
            self.refuse_collision(path)
            parts = path.split("/")[:-1]
            above = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
            if self.files.keys() & above:
                raise TargetTaken(f"{self._name}:{path} has a file where a folder is wanted")
            made = tuple(folder for folder in above if folder not in self.folders)
            self.folders |= set(made)
            self.files[path] = self.files.pop(source)
            return made

    def mark(self, path: str) -> FileEntry:
        """See `SupportsRelease.mark`; marks are of the beginning of time."""
        with self._step("mark", path):
            self._target(path)
            self.require_folder(path)
            if self.files.setdefault(path, MemoryFile(b"", 0)).content:
                raise TargetTaken(f"{self._name}:{path} is taken by something that is no mark")
            return FileEntry(path, 0, self.files[path].mtime_ns)

    def has_folder(self, path: str) -> bool:
        """See `WritableLocation.has_folder`."""
        with self._step("has_folder", path, root=True):
            return path in self.folders

    def free_bytes(self) -> int | None:
        """See `WritableLocation.free_bytes`."""
        with self._step("free_bytes", "", root=True):
            return self.free

    def flush(self) -> None:
        """See `WritableLocation.flush`; `flushes` counts the calls."""
        with self._step("flush", "", root=True):
            self.flushes += 1

    # ---------------------------------------------------------------------------------------------------- inner works

    def _step(self, operation: str, path: str, *, root: bool = False) -> AbstractContextManager[object]:
        """Check a path, give the fault its chance, and return the lock to hold."""
        reason = None if root and not path else unsafe_reason(path)
        if reason is not None:
            raise UnsafePath(f"{self._name} has no usable path {path!r}: {reason}")
        self.before(operation, path)
        if not self.reachable:
            raise OutOfReach(f"{self._name} is not there", remedy="Is the disk mounted?")
        return self.lock

    def _target(self, path: str) -> str | None:
        """Where links in a path lead; None for nowhere; raises UnsafePath for out of the root."""
        for _ in range(8):
            link = next((k for k in self.links if path == k or path.startswith(f"{k}/")), None)
            if link is None:
                return path
            rest = path.removeprefix(link)
            path = posixpath.normpath(posixpath.join(posixpath.dirname(link), self.links[link]) + rest)
            if path.startswith(("/", "..")):
                raise UnsafePath(f"{self._name}:{link} is a link that leaves {self._name}")
        return None

    def _seen(self, path: str, *, named: bool = False) -> FileEntry | RefusedEntry | None:
        reason = unsafe_reason(path)
        if reason is not None:
            return RefusedEntry(path, reason)
        if path.startswith(".medialib/") and not named:
            return None
        try:
            entry = self.entry(path)
        except UnsafePath:
            return RefusedEntry(path, f"it is a link that leaves {self._name}")
        if path in self.links and entry is None:
            return RefusedEntry(path, "it is a link to a folder or to nothing")
        return entry

    def require_folder(self, path: str) -> None:
        """Raise OutOfReach if the folder of `path` is not there."""
        if posixpath.dirname(path) not in self.folders:
            raise OutOfReach(f"{self._name} has no folder {posixpath.dirname(path)}", remedy="Is the disk mounted?")

    def give_back(self, count: int) -> None:
        """So many bytes are free again."""
        with self.lock:
            if self.free is not None:
                self.free += count

    def refuse_collision(self, path: str, *, besides: str | None = None) -> None:
        """Raise TargetTaken if a name stands there that differs from this one at most in case or form."""
        for other in (*self.files, *self.folders, *self.links):
            if other == besides or not other or posixpath.dirname(other) != posixpath.dirname(path):
                continue
            if collision_key(posixpath.basename(other)) == collision_key(posixpath.basename(path)):
                raise TargetTaken(f"{self._name}:{path} is taken by {posixpath.basename(other)!r}")


class FarLocation(MemoryLocation):
    """One where each question is a journey: files come from it side by side, and it is told which come next.

    Those in `near` are there before anybody asks, once they are expected.
    """

    near: frozenset[str] = frozenset()
    expected: tuple[FileEntry, ...] = ()

    def at_hand(self, path: str) -> bool:
        """See `SupportsReadingAhead.at_hand`."""
        return path in self.near and any(entry.path == path for entry in self.expected)

    def expect(self, entries: Iterable[FileEntry]) -> None:
        """See `SupportsReadingAhead.expect`."""
        self.expected = tuple(entries)


def _in_order(path: str) -> tuple[tuple[int, str], ...]:
    """Sorts a folder's files by name before its folders by name, each with what it holds."""
    *folders, name = path.split("/")
    return (*((1, folder) for folder in folders), (0, name))
