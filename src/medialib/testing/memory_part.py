"""What a `MemoryLocation` is made of: files, streams over them, and parts that become files."""

from __future__ import annotations

import errno
import io
import os
import weakref
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import attrs

from medialib.errors import TargetTaken
from medialib.ports import PartRecord
from medialib.transfer.local_part import dump_note, load_note, part_address

if TYPE_CHECKING:
    from medialib.testing.memory_location import MemoryLocation

__all__ = ["MemoryFile", "MemoryPart", "MemoryReader", "MemoryWriter"]


@attrs.define
class MemoryFile:
    """A file: its bytes and its time of last change."""

    content: bytes
    """All of its bytes."""
    mtime_ns: int
    """Nanoseconds since the epoch, UTC."""
    synced: bool = True
    """Whether its bytes were seen on the disk; a loss of power takes from others."""
    spoiled: bool = False
    """Whether that failed once: another try may say that all is well, and does not make it so."""


class MemoryReader(io.RawIOBase):
    """Reads a file as it is at each moment, as from a disk."""

    def __init__(self, location: MemoryLocation, path: str, offset: int) -> None:
        super().__init__()
        self._location, self._path, self._at = location, path, offset
        self._file = location.files[path]

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the next bytes; 0 at the end of the file."""
        self._location.before("read", self._path)
        data = self._file.content[self._at : self._at + len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class MemoryWriter(io.RawIOBase):
    """Appends to a file, as long as there is room: what was kept for it, or what is free."""

    def __init__(self, location: MemoryLocation, path: str, kept: int) -> None:
        super().__init__()
        self._location, self._path, self._kept = location, path, kept

    def writable(self) -> bool:
        """True."""
        return True

    def write(self, data: Any) -> int:
        """Append as much as there is room for, and tell how much; raises ENOSPC if there is none."""
        location = self._location
        location.before("write", self._path)
        given = bytes(data)
        with location.lock:
            taken = given if location.free is None else given[: location.free + self._kept]
            if given and not taken:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            from_kept = min(self._kept, len(taken))
            self._kept -= from_kept
            if location.free is not None:
                location.free -= len(taken) - from_kept
            file = location.files[self._path]
            file.content += taken
            file.synced = False
        return len(taken)

    def close(self) -> None:
        """Give back what was kept and not used."""
        with self._location.lock:
            if self._location.free is not None:
                self._location.free += self._kept
            self._kept = 0
        super().close()


class MemoryPart:
    """See `medialib.ports.Part`."""

    def __init__(self, location: MemoryLocation, path: str) -> None:
        self._location = location
        self._path = path
        self._part = part_address(path)
        self._note = f"{self._part}.json"
        self._wanted = 0
        self._settled: int | None = None
        self._held: MemoryFile | None = None
        # What gives its room back once nobody can name it any more.
        self._let_go: weakref.finalize[[int], MemoryPart] | None = None

    @property
    def record(self) -> PartRecord | None:
        """See `Part.record`."""
        note = self._location.files.get(self._note)
        return None if note is None else load_note(note.content)

    def read(self) -> BinaryIO:
        """See `Part.read`."""
        self._location.before("read_part", self._path)
        if self._held is not None:
            return io.BytesIO(self._held.content)
        file = self._location.files.get(self._part) if self._note in self._location.files else None
        return io.BytesIO(b"" if file is None else file.content)

    def write(self, offset: int) -> BinaryIO:
        """See `Part.write`."""
        location = self._location
        location.before("write_part", self._path)
        location.require_folder(self._path)
        self._settled = None
        with location.lock:
            self._name_held()
            if self._part in location.files and self._note not in location.files:
                raise TargetTaken(f"{self._part} is in the way of {self._path}: it was not begun by medialib")
            location.files.setdefault(self._note, MemoryFile(b"", 0))
            file = location.files.setdefault(self._part, MemoryFile(b"", 0))
            if location.free is not None:
                location.free += max(0, len(file.content) - offset)
            file.spoiled = file.spoiled and offset > 0
            file.content = file.content[:offset].ljust(offset, b"\0")
            kept, self._wanted = max(0, self._wanted - offset), 0
            if location.free is None:
                kept = 0
            elif kept > location.free:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._part)
            else:
                location.free -= kept
        return cast(BinaryIO, MemoryWriter(location, self._part, kept))

    def reserve(self, size: int) -> None:
        """See `SupportsReserving.reserve`."""
        self._wanted = size

    def release(self) -> None:
        """A stream that is closed keeps nothing."""

    def hold(self, content: bytes | bytearray | memoryview) -> bool:
        """See `SupportsHolding.hold`."""
        location = self._location
        if not location.holds or self._note in location.files:
            return False
        location.before("hold", self._path)
        with location.lock:
            if location.free is not None:
                if len(content) > location.free:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._path)
                location.free -= len(content)
                self._let_go = weakref.finalize(self, location.give_back, len(content))
            self._held, self._settled = MemoryFile(bytes(content), 0, synced=False), None
        return True

    def _name_held(self) -> None:
        """Let what is held be a part like any other."""
        if self._held is not None:
            self._location.files[self._part] = self._held
            self._forget_held(stands=True)
            self._location.files[self._note] = MemoryFile(b"", 0, synced=False)

    def note(self, record: PartRecord) -> None:
        """See `Part.note`."""
        self._location.before("note", self._path)
        with self._location.lock:
            self._name_held()
            self._location.files[self._note] = MemoryFile(dump_note(record), 0, synced=False)

    def settle(self, *, mtime_ns: int) -> None:
        """See `SupportsSettling.settle`."""
        try:
            self._location.before("sync", self._path)
        except OSError:
            # as a disk that cannot be believed: nothing is proven
            self._forget_held()
            if self._note in self._location.files:
                self._location.files[self._note] = MemoryFile(b"", 0)
            if self._part in self._location.files:
                self._location.files[self._part].spoiled = True
            raise
        file = self._location.files.get(self._part) if self._held is None else self._held
        if file is None:
            raise FileNotFoundError(f"nothing was received for {self._location.name}:{self._path}")
        file.synced = not file.spoiled
        self._settled = mtime_ns

    def publish(self, *, mtime_ns: int) -> int:
        """See `Part.publish`."""
        location = self._location
        if self._settled != mtime_ns:
            self.settle(mtime_ns=mtime_ns)
        location.before("publish", self._path)
        if self._held is not None:
            with location.lock:
                location.require_folder(self._path)
                location.refuse_collision(self._path)
                location.files[self._path] = attrs.evolve(self._held, mtime_ns=mtime_ns)
                self._forget_held(stands=True)
            return mtime_ns
        with location.lock:
            if self._part not in location.files or self._note not in location.files:
                raise FileNotFoundError(f"nothing was received for {location.name}:{self._path}")
            location.refuse_collision(self._path)
            location.files[self._path] = attrs.evolve(location.files.pop(self._part), mtime_ns=mtime_ns)
            location.files.pop(self._note, None)
        return mtime_ns

    def discard(self) -> None:
        """See `Part.discard`."""
        location = self._location
        location.before("discard", self._path)
        self._forget_held()
        with location.lock:
            if location.files.pop(self._note, None) is None:
                return
            gone = location.files.pop(self._part, None)
            if gone is not None and location.free is not None:
                location.free += len(gone.content)

    def _forget_held(self, *, stands: bool = False) -> None:
        self._held = None
        if self._let_go is not None:
            if stands:
                self._let_go.detach()
            self._let_go()
