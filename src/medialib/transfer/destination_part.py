"""A file on its way to another machine or service: ``<name>.part`` there, with what is known of it beside it.

Names and notes are those of `local_part`. What differs is proof: a disk of this machine is asked to keep what it was
given; another one is asked what it has.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from medialib.errors import Cancelled, ContentChanged, OutOfReach, TargetTaken
from medialib.ports import CancelToken, PartRecord
from medialib.transfer.local_part import dump_note, load_note, part_address
from medialib.transfer.writable_trees import WritableTree, translating

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["DestinationPart"]

_CHUNK = 2**20
_HASHED_BY_US = 2**20


class DestinationPart:
    """See `medialib.ports.Part`, `SupportsHolding`, `SupportsSettling` and `SupportsProving`.

    `address` is the final path, `label` the same for messages; `open_at` opens a file there, `ready` raises if the
    folder is missing, `free` raises `TargetTaken` if the name is not to be had, `named` is told once it is given.

    As on a disk the note is made before the part and removed after it, so that a file of that name without a note is
    known for somebody else's.
    """

    def __init__(
        self,
        tree: WritableTree,
        address: str,
        label: str,
        *,
        open_at: Callable[[str], BinaryIO],
        ready: Callable[[], None],
        free: Callable[[], None],
        named: Callable[[], None],
    ) -> None:
        self._tree = tree
        self._address = address
        self._label = label
        self._open_at = open_at
        self._ready = ready
        self._free = free
        self._named = named
        self._part = part_address(address)
        self._note = f"{self._part}.json"
        self._held: bytes | None = None
        self._noted: PartRecord | None = None
        # What went through here since the part was last opened: its whole length, and its hash while that is at hand.
        self._written: tuple[int, str | None] | None = None
        self._proven = False
        self._settled: int | None = None

    def __repr__(self) -> str:
        return f"<DestinationPart {self._label}>"

    @property
    def record(self) -> PartRecord | None:
        """See `Part.record`."""
        try:
            found = load_note(self._tree.content(self._note))
        except (FileNotFoundError, OutOfReach):
            return None
        if found is not None and found.offset != found.size and not self._tree.traits.appends:
            return None
        self._noted = found
        return found

    def read(self) -> BinaryIO:
        """See `Part.read`."""
        if self._held is not None:
            return io.BytesIO(self._held)
        if not self._is_ours():
            return io.BytesIO()
        try:
            return self._open_at(self._part)
        except FileNotFoundError:
            return io.BytesIO()

    def write(self, offset: int) -> BinaryIO:
        """See `Part.write`."""
        self._put_held()
        self._begin()
        self._settled, self._written, self._proven = None, None, False
        return cast(BinaryIO, _Sink(self._tree.append(self._part, offset), offset, self._note_written))

    def hold(self, content: bytes | bytearray | memoryview) -> bool:
        """See `SupportsHolding.hold`: here, in memory."""
        self._put_held()
        if self._is_ours():
            return False
        self._held = bytes(content)
        return True

    def note(self, record: PartRecord) -> None:
        """See `Part.note`."""
        self._put_held()
        self._tree.replace(self._note, dump_note(record))
        self._noted = record

    def prove(self, size: int, sha256: str, *, cancelled: CancelToken) -> bool:
        """See `SupportsProving.prove`; what is held is small, and is proven when it is settled."""
        if self._held is not None:
            return False
        self._written = size, sha256
        self._prove(size, sha256, cancelled)
        return True

    def settle(self, *, mtime_ns: int) -> None:
        """See `SupportsSettling.settle`: what the other side has is asked for, unless that was done already."""
        self._put_held()
        if not self._is_ours():
            raise FileNotFoundError(f"nothing was received for {self._label}")
        try:
            size = self._tree.settle(self._part, mtime_ns)
        except FileNotFoundError:
            raise FileNotFoundError(f"nothing was received for {self._label}") from None
        wanted, sha256 = self._expected(size)
        if size != wanted:
            self._forget_record()
            raise ContentChanged(
                f"{self._part} has {size} bytes, and {wanted} were written", remedy="Is the disk there full?"
            )
        if sha256 is not None and not self._proven:
            self._prove(size, sha256, threading.Event())
        self._settled = mtime_ns

    def publish(self, *, mtime_ns: int) -> int:
        """See `Part.publish`."""
        if self._settled != mtime_ns or self._held is not None:
            self.settle(mtime_ns=mtime_ns)
        self._free()
        try:
            self._tree.give_name(self._part, self._address)
        except FileExistsError:
            raise TargetTaken(f"{self._label} is taken") from None
        # The file has its name: a note that stays behind is no failure of that.
        with contextlib.suppress(OSError):
            self._tree.remove(self._note)
        self._named()
        found = self._tree.standing(self._address)
        return mtime_ns if found is None else found.mtime_ns

    def discard(self) -> None:
        """See `Part.discard`."""
        self._held = self._noted = self._written = None
        if not self._is_ours():
            return
        for path in (self._part, f"{self._note}.part", self._note):
            with contextlib.suppress(FileNotFoundError):
                self._tree.remove(path)

    # ---------------------------------------------------------------------------------------------------- inner works

    def _is_ours(self) -> bool:
        return self._tree.standing(self._note) is not None

    def _begin(self) -> None:
        """See that there is a part, and that it is ours."""
        self._ready()
        ours = self._is_ours()
        try:
            if not ours:
                self._tree.create(self._note)
            if not ours or self._tree.standing(self._part) is None:
                self._tree.create(self._part)
        except FileNotFoundError:
            raise OutOfReach(f"the folder of {self._label} is not there", remedy="Is the disk still mounted?") from None
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                self._tree.remove(self._note)
            raise TargetTaken(
                f"{self._part} is in the way of {self._label}: it was not begun by medialib",
                remedy="Move it elsewhere.",
            ) from None

    def _put_held(self) -> None:
        """Let what is held be a part like any other."""
        if self._held is None:
            return
        content = self._held
        self._begin()
        with self._tree.append(self._part, 0) as sink:
            _write_all(sink, content)
        self._written = len(content), hashlib.sha256(content).hexdigest()
        self._held, self._settled, self._proven = None, None, False

    def _note_written(self, size: int, sha256: str | None) -> None:
        self._written = size, sha256

    def _expected(self, size: int) -> tuple[int, str | None]:
        """What the part should have: as it was written here, or else as it was noted."""
        if self._written is None:
            noted = self._noted or self.record
            return (size, noted.sha256) if noted is not None and noted.offset == size else (size, None)
        wanted, sha256 = self._written
        if sha256 is None and self._noted is not None and self._noted.offset == wanted:
            sha256 = self._noted.sha256
        return wanted, sha256

    def _prove(self, size: int, sha256: str, cancelled: CancelToken) -> None:
        told = self._tree.checksum(self._part, size, cancelled) or self._read_back(cancelled)
        if told != sha256:
            self.discard()
            raise ContentChanged(
                f"{self._part} gives back other bytes than were written (SHA-256 {told}, not {sha256})",
                remedy="Check the disk and the memory of that machine before anything else.",
            )
        self._proven = True

    def _read_back(self, cancelled: CancelToken) -> str:
        digest = hashlib.sha256()
        with self._open_at(self._part) as stream:
            while data := stream.read(_CHUNK):
                if cancelled.is_set():
                    raise Cancelled("stopped on request", remedy="What was received is kept and used by the next run.")
                digest.update(data)
        return digest.hexdigest()

    def _forget_record(self) -> None:
        self._noted = None
        with contextlib.suppress(OSError):
            self._tree.replace(self._note, b"")


class _Sink(io.RawIOBase):
    """Counts what is written, and hashes the first of it: small files are noted by nobody else."""

    def __init__(self, inner: BinaryIO, offset: int, ended: Callable[[int, str | None], None]) -> None:
        super().__init__()
        self._inner = inner
        self._at = offset
        self._ended = ended
        self._digest: _Hash | None = None if offset else hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        with translating():
            taken = self._inner.write(data)
        self._at += taken
        if self._at > _HASHED_BY_US:
            self._digest = None
        elif self._digest is not None:
            self._digest.update(memoryview(data)[:taken])
        return taken

    def flush(self) -> None:
        if not self._inner.closed:
            with translating():
                self._inner.flush()

    def close(self) -> None:
        if self.closed:
            return
        try:
            with translating():
                self._inner.close()
        finally:
            self._ended(self._at, None if self._digest is None else self._digest.hexdigest())
            super().close()


def _write_all(sink: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[sink.write(view) :]
