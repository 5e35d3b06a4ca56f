"""Disks that fail, and processes that die, at a chosen step.

A *hook* is called with the name of an operation and its path before each. `MemoryLocation` calls one by itself;
`SteppedLocation` calls one for any other writable location, a real disk say, with the same names. What a hook raises,
the operation raises. Besides, `small_disk` is a real disk of any size.
"""

from __future__ import annotations

import errno
import io
import os
import random
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import attrs
import pytest

from medialib.model import FileEntry, RefusedEntry
from medialib.ports import (
    LocationTraits,
    Part,
    PartRecord,
    SupportsHolding,
    SupportsLinking,
    SupportsReserving,
    SupportsSettling,
    SupportsWriters,
    WritableLocation,
)
from medialib.testing.memory_location import MemoryFile, MemoryLocation
from medialib.testing.servers import unavailable

__all__ = [
    "WRITING",
    "FailingDisk",
    "Hook",
    "KillSwitch",
    "Killed",
    "PowerCut",
    "SteppedLocation",
    "remount",
    "small_disk",
    "thin_disk",
]

Hook: TypeAlias = Callable[[str, str], None]
"""Called with an operation and its path before it happens."""

WRITING = frozenset(
    (
        *("make_folder", "write_part", "write", "hold", "sync", "note", "publish"),
        *("rename", "remove", "remove_folder", "flush"),
    )
)
"""The operations that change a disk, or see that a change lasts (``sync`` for bytes, ``flush`` for names)."""


class Killed(BaseException):
    """The process is gone: nothing that catches errors catches this."""


class KillSwitch:
    """The process dies before its step number `after`, counted from 0, and nothing is done any more.

    Only steps of the thread that made the switch count: those of other threads come in no order that could be had
    again, unless threads take turns (`medialib.testing.turns`). Then `turn` is called before each step, and the steps
    of every thread count. Unlike a death by SIGKILL this one runs ``finally`` blocks; what they try on a disk fails.
    """

    def __init__(self, after: int, *, turn: Callable[[], None] | None = None) -> None:
        self.left = after
        self._turn = turn
        self._thread = threading.get_ident()

    def __call__(self, operation: str, path: str) -> None:
        """Die, if it is time."""
        if self._turn is not None:
            self._turn()
        self._count()

    def _count(self) -> None:
        if self._turn is None and threading.get_ident() != self._thread and self.left > 0:
            return
        if self.left == 0:
            self.die()
        self.left -= 1

    def die(self) -> None:
        """What happens at the end."""
        raise Killed


@attrs.define
class FailingDisk:
    """From one of some operations on they fail, as often as said; then the disk is well again.

    >>> disk = FailingDisk(after=1, times=1)
    >>> disk("write", "a.mkv")
    >>> disk("write", "a.mkv")
    Traceback (most recent call last):
    OSError: [Errno 28] No space left on device: 'a.mkv'
    >>> disk("write", "a.mkv")
    """

    after: int
    """How many of the operations go well before."""
    code: int = errno.ENOSPC
    """The error: ENOSPC, EIO …"""
    operations: frozenset[str] = WRITING
    """Which can fail."""
    times: int | None = None
    """How many fail; None for all from then on."""
    failures: int = 0
    """How many have."""
    _lock: threading.Lock = attrs.field(factory=threading.Lock, repr=False, eq=False)

    def __call__(self, operation: str, path: str) -> None:
        """Fail, if it is time."""
        if operation not in self.operations:
            return
        with self._lock:
            if self.after > 0:
                self.after -= 1
                return
            if self.failures == self.times:
                return
            self.failures += 1
        raise OSError(self.code, os.strerror(self.code), path)


class PowerCut(KillSwitch):
    """The machine loses power before step number `after`: what no flush had made to last may be gone.

    Names: each disk comes back as it was at some moment since its latest ``flush``, drawn from `chances`. Bytes: those
    that were not synced, under whatever name, come back cut short, or with nothing but zeros at their end. Locations
    whose roots share a disk come back together.
    """

    def __init__(
        self,
        locations: Iterable[MemoryLocation],
        after: int,
        chances: random.Random,
        *,
        turn: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(after, turn=turn)
        self._chances = chances
        self._disks: dict[str, list[MemoryLocation]] = {}
        for location in locations:
            self._disks.setdefault(location.disk(""), []).append(location)
        self._moments = {disk: [_Moment.of(group)] for disk, group in self._disks.items()}
        for group in self._disks.values():
            for location in group:
                location.before = self._hook_of(location)

    def _hook_of(self, location: MemoryLocation) -> Hook:
        disk = location.disk("")

        def hook(operation: str, path: str) -> None:
            if self._turn is not None:
                self._turn()
            if self.left > 0 and operation in WRITING:
                now = _Moment.of(self._disks[disk])
                self._moments[disk] = [now] if operation == "flush" else [*self._moments[disk], now]
            self._count()

        return hook

    def die(self) -> None:
        """Let every disk come back as it may, once; then, and ever after, die."""
        for disk, moments in self._moments.items():
            last = _Moment.of(self._disks[disk])
            self._chances.choice([*moments, last]).restore(self._disks[disk], self._chances)
        self._moments = {}
        raise Killed


@attrs.frozen
class _Moment:
    """Names and bytes of a disk's locations."""

    files: tuple[dict[str, MemoryFile], ...]
    folders: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, group: list[MemoryLocation]) -> _Moment:
        return cls(
            tuple({path: attrs.evolve(file) for path, file in at.files.items()} for at in group),
            tuple(frozenset(location.folders) for location in group),
        )

    def restore(self, group: list[MemoryLocation], chances: random.Random) -> None:
        for location, files, folders in zip(group, self.files, self.folders, strict=True):
            location.folders = set(folders)
            location.files = {
                path: attrs.evolve(file) if file.synced else MemoryFile(_worn(file.content, chances), file.mtime_ns)
                for path, file in files.items()
            }


def _worn(content: bytes, chances: random.Random) -> bytes:
    kept = chances.randint(0, len(content))
    return content[:kept] + (bytes(len(content) - kept) if chances.random() < 0.5 else b"")


class SteppedLocation:
    """Any writable location, with a hook before every operation on it, its streams and its parts.

    The names of operations are those of `WritableLocation`, and ``read``, ``write`` for streams, ``read_part``,
    ``write_part``, ``hold``, ``note``, ``sync``, ``publish``, ``discard`` for parts. A rename or link calls the hook of
    either side. A ``sync`` that fails is one of the disk: what was not seen there is forgotten
    (`SupportsSettling.settle`).
    """

    def __init__(self, inner: WritableLocation, before: Hook) -> None:
        self.inner = inner
        self.before = before

    @property
    def name(self) -> str:
        """The configured name."""
        return self.inner.name

    @property
    def traits(self) -> LocationTraits:
        """How the inner one differs from others."""
        return self.inner.traits

    def address(self, path: str) -> str:
        """See `Location.address`."""
        return self.inner.address(path)

    def walk(self, path: str = "") -> Iterator[FileEntry | RefusedEntry]:
        """See `Location.walk`."""
        self.before("walk", path)
        yield from self.inner.walk(path)

    def entry(self, path: str) -> FileEntry | None:
        """See `Location.entry`."""
        self.before("entry", path)
        return self.inner.entry(path)

    def entries(self, paths: Iterable[str]) -> Mapping[str, FileEntry]:
        """See `Location.entries`."""
        self.before("entries", "")
        return self.inner.entries(paths)

    def open(self, path: str, *, offset: int = 0) -> BinaryIO:
        """See `Location.open`."""
        self.before("open", path)
        return _stepped(self.inner.open(path, offset=offset), self, path)

    def close(self) -> None:
        """See `Location.close`."""
        self.inner.close()

    def make_folder(self, path: str) -> tuple[str, ...]:
        """See `WritableLocation.make_folder`."""
        self.before("make_folder", path)
        return self.inner.make_folder(path)

    def part(self, path: str) -> Part:
        """See `WritableLocation.part`."""
        self.before("part", path)
        return _SteppedPart(self, self.inner.part(path), path)

    def rename(self, source: str, target: WritableLocation, path: str) -> int | None:
        """See `WritableLocation.rename`."""
        self.before("rename", source)
        if isinstance(target, SteppedLocation):
            target.before("rename", path)
            target = target.inner
        return self.inner.rename(source, target, path)

    def hardlink(self, source: str, target: WritableLocation, path: str) -> int | None:
        """See `SupportsLinking.hardlink`; a location that does not link has no such way."""
        inner, target = self._linking("hardlink", source, target, path)
        return None if inner is None else inner.hardlink(source, target, path)

    def reflink(self, source: str, target: WritableLocation, path: str, *, size: int, mtime_ns: int) -> int | None:
        """See `SupportsLinking.reflink`; a location that does not link has no such way."""
        inner, target = self._linking("reflink", source, target, path)
        return None if inner is None else inner.reflink(source, target, path, size=size, mtime_ns=mtime_ns)

    def is_same_file(self, source: str, target: WritableLocation, path: str) -> bool:
        """See `SupportsLinking.is_same_file`."""
        inner, target = self._linking("is_same_file", source, target, path)
        return inner is not None and inner.is_same_file(source, target, path)

    def _linking(
        self, operation: str, source: str, target: WritableLocation, path: str
    ) -> tuple[SupportsLinking | None, WritableLocation]:
        self.before(operation, source)
        if isinstance(target, SteppedLocation):
            target.before(operation, path)
            target = target.inner
        return (self.inner if isinstance(self.inner, SupportsLinking) else None), target

    def remove(self, path: str, *, size: int, mtime_ns: int) -> None:
        """See `WritableLocation.remove`."""
        self.before("remove", path)
        self.inner.remove(path, size=size, mtime_ns=mtime_ns)

    def remove_folder(self, path: str) -> bool:
        """See `WritableLocation.remove_folder`."""
        self.before("remove_folder", path)
        return self.inner.remove_folder(path)

    def has_folder(self, path: str) -> bool:
        """See `WritableLocation.has_folder`."""
        self.before("has_folder", path)
        return self.inner.has_folder(path)

    def free_bytes(self) -> int | None:
        """See `WritableLocation.free_bytes`."""
        self.before("free_bytes", "")
        return self.inner.free_bytes()

    def flush(self) -> None:
        """See `WritableLocation.flush`."""
        self.before("flush", "")
        self.inner.flush()

    def being_written(self, path: str) -> bool | None:
        """See `SupportsWriters.being_written`; None where the inner one cannot tell."""
        return self.inner.being_written(path) if isinstance(self.inner, SupportsWriters) else None


class _SteppedPart:
    """See `medialib.ports.Part`."""

    def __init__(self, location: SteppedLocation, inner: Part, path: str) -> None:
        self._location = location
        self._inner = inner
        self._path = path
        self._held = False
        self._settled: int | None = None

    @property
    def record(self) -> PartRecord | None:
        return self._inner.record

    def read(self) -> BinaryIO:
        self._location.before("read_part", self._path)
        return _stepped(self._inner.read(), self._location, self._path)

    def write(self, offset: int) -> BinaryIO:
        self._location.before("write_part", self._path)
        self._settled = None
        return _stepped(self._inner.write(offset), self._location, self._path)

    def hold(self, content: bytes | bytearray | memoryview) -> bool:
        if not isinstance(self._inner, SupportsHolding):
            return False
        self._location.before("hold", self._path)
        self._settled = None
        self._held = self._inner.hold(content)
        return self._held

    def note(self, record: PartRecord) -> None:
        self._location.before("note", self._path)
        self._held = False
        self._inner.note(record)

    def reserve(self, size: int) -> None:
        if isinstance(self._inner, SupportsReserving):
            self._inner.reserve(size)

    def release(self) -> None:
        if isinstance(self._inner, SupportsReserving):
            self._inner.release()

    def settle(self, *, mtime_ns: int) -> None:
        try:
            self._location.before("sync", self._path)
        except OSError:
            if self._held:
                self._inner.discard()
            else:
                self._inner.note(PartRecord("", 0, 0, 0, ""))
            raise
        if isinstance(self._inner, SupportsSettling):
            self._inner.settle(mtime_ns=mtime_ns)
        self._settled = mtime_ns

    def publish(self, *, mtime_ns: int) -> int:
        if self._settled != mtime_ns:
            self.settle(mtime_ns=mtime_ns)
        self._location.before("publish", self._path)
        return self._inner.publish(mtime_ns=mtime_ns)

    def discard(self) -> None:
        self._location.before("discard", self._path)
        self._inner.discard()


class _SteppedStream(io.RawIOBase):
    """A stream that steps before each read and write."""

    def __init__(self, inner: BinaryIO, location: SteppedLocation, path: str) -> None:
        super().__init__()
        self._inner, self._location, self._path = inner, location, path

    def readable(self) -> bool:
        return self._inner.readable()

    def writable(self) -> bool:
        return self._inner.writable()

    def readinto(self, buffer: Any) -> int:
        self._location.before("read", self._path)
        data = self._inner.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        self._location.before("write", self._path)
        return self._inner.write(data)

    def fileno(self) -> int:
        return self._inner.fileno()

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()


def _stepped(stream: BinaryIO, location: SteppedLocation, path: str) -> BinaryIO:
    return cast(BinaryIO, _SteppedStream(stream, location, path))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of that size (``300k``, ``4m``) at `folder`; skips the test where the right to mount is missing."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        unavailable("mounting a small disk needs root")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if done.returncode != 0:
        unavailable(f"mounting a small disk failed: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def thin_disk(folder: Path, *, backing: str, promised: str) -> Iterator[Callable[[str], None]]:
    """A disk at `folder` that promises more than is behind it, so that writing goes well and fsync does not (ext4).

    Yields what makes its backing larger. Skips the test where loop devices, or the right to mount, are missing.
    """
    below = folder.with_name(f"{folder.name}.backing")
    below.mkdir()
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("there is no mkfs.ext4")
    with small_disk(below, backing):
        image = below / "image"
        subprocess.run(["truncate", "-s", promised, str(image)], check=True)
        # without a journal an error leaves it as it is, and does not end all writing
        make = ["mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-E", "lazy_itable_init=1", "-m", "0", str(image)]
        subprocess.run(make, check=True)
        done = subprocess.run(
            ["mount", "-t", "ext4", "-o", "loop,errors=continue", str(image), str(folder)], capture_output=True
        )
        if done.returncode != 0:
            pytest.skip(f"a loop device cannot be mounted: {done.stderr.decode().strip()}")
        try:
            yield lambda size: remount(below, f"size={size}")
        finally:
            subprocess.run(["umount", str(folder)], check=True)


def remount(folder: Path, option: str) -> None:
    """Change a small disk that stands: ``size=4m``, ``ro``, ``rw``."""
    subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True)
