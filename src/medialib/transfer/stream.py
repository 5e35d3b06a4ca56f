"""Carries one file from any location into its part: hashed on the way, resumed where it had got to."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from medialib.errors import Cancelled, ContentChanged
from medialib.model import FileEntry
from medialib.ports import CancelToken, Location, Part, PartRecord, Received

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["StreamTransfer"]

_WATCH = 0.2


class _Source:
    """Reads a file on a thread of its own, so that a silent server can delay neither a cancellation nor the disk."""

    def __init__(self, open_stream: Callable[[], BinaryIO], chunk: int) -> None:
        self._open_stream = open_stream
        self._chunk = chunk
        self._stopped = threading.Event()
        self._ready: queue.Queue[bytes | BaseException] = queue.Queue(maxsize=3)
        self._thread = threading.Thread(target=self._read, name="medialib-read", daemon=True)
        self._thread.start()

    def next_chunk(self, cancelled: CancelToken) -> bytes:
        """The next bytes, empty at the end; raises what reading raised, or `Cancelled`."""
        while True:
            if cancelled.is_set():
                raise Cancelled("stopped on request", remedy="What was received is kept and used by the next run.")
            try:
                item = self._ready.get(timeout=_WATCH)
            except queue.Empty:
                continue
            if isinstance(item, BaseException):
                raise item
            return item

    def stop(self) -> None:
        """Read no further. A read that waits for a silent server ends by itself, at that server's time-out."""
        self._stopped.set()
        with contextlib.suppress(queue.Empty):
            while True:
                self._ready.get_nowait()
        self._thread.join(_WATCH)

    def _hand_over(self, item: bytes | BaseException) -> None:
        while not self._stopped.is_set():
            try:
                self._ready.put(item, timeout=_WATCH)
            except queue.Full:
                continue
            return

    def _read(self) -> None:
        try:
            with self._open_stream() as stream:
                while not self._stopped.is_set():
                    data = stream.read(self._chunk)
                    self._hand_over(data)
                    if not data:
                        return
        except BaseException as error:  # noqa: BLE001 - raised again on the thread that waits
            self._hand_over(error)


class StreamTransfer:
    """See `medialib.ports.Transfer`. Works between any location and any part; several threads may use one.

    `chunk` is how many bytes are read at a time, `note_every` after how many a part's record is noted.
    """

    def __init__(self, *, chunk: int = 2**20, note_every: int = 2**23) -> None:
        self._chunk = chunk
        self._note_every = note_every

    def receive(
        self,
        source: Location,
        entry: FileEntry,
        part: Part,
        *,
        cancelled: CancelToken,
        arrived: Callable[[int], None],
    ) -> Received:
        """See `Transfer.receive`."""
        origin = f"{source.name}:{source.address(entry.path)}"
        digest, offset = self._proven(part, origin, entry, cancelled)
        if offset:
            arrived(offset)
        try:
            size = self._carry(source, entry, part, origin, digest, offset, cancelled, arrived)
            after = source.entry(entry.path)
        except (ContentChanged, FileNotFoundError) as error:
            part.discard()
            if isinstance(error, FileNotFoundError):
                raise ContentChanged(f"{source.name}:{entry.path} is gone since it was listed") from None
            raise
        if after is None or (after.size, after.mtime_ns) != (entry.size, entry.mtime_ns):
            part.discard()
            raise ContentChanged(
                f"{source.name}:{entry.path} changed while it was received", remedy="It is fetched once it is still."
            )
        return Received(size, digest.hexdigest(), resumed_at=offset)

    def _proven(self, part: Part, origin: str, entry: FileEntry, cancelled: CancelToken) -> tuple[_Hash, int]:
        """How much of the part can be used again, and the hash of it."""
        record = part.record
        if (
            record is None
            or (record.source, record.size, record.mtime_ns) != (origin, entry.size, entry.mtime_ns)
            or not 0 < record.offset <= entry.size
        ):
            return hashlib.sha256(), 0
        digest, left = hashlib.sha256(), record.offset
        with part.read() as stream:
            while left:
                if cancelled.is_set():
                    raise Cancelled("stopped on request", remedy="What was received is kept and used by the next run.")
                data = stream.read(min(self._chunk, left))
                if not data:
                    return hashlib.sha256(), 0
                digest.update(data)
                left -= len(data)
        return (digest, record.offset) if digest.hexdigest() == record.sha256 else (hashlib.sha256(), 0)

    def _carry(
        self,
        source: Location,
        entry: FileEntry,
        part: Part,
        origin: str,
        digest: _Hash,
        offset: int,
        cancelled: CancelToken,
        arrived: Callable[[int], None],
    ) -> int:
        at = noted = offset

        def note() -> None:
            part.note(PartRecord(origin, entry.size, entry.mtime_ns, at, digest.hexdigest()))

        with part.write(offset) as sink:
            reading = _Source(lambda: source.open(entry.path, offset=offset), self._chunk)
            try:
                while data := reading.next_chunk(cancelled):
                    if at + len(data) > entry.size:
                        raise ContentChanged(f"{source.name}:{entry.path} is longer than the {entry.size} bytes listed")
                    _write_all(sink, data)
                    digest.update(data)
                    at += len(data)
                    arrived(len(data))
                    if at - noted >= self._note_every:
                        sink.flush()
                        note()
                        noted = at
                if at != entry.size:
                    raise ContentChanged(
                        f"{source.name}:{entry.path} ended after {at} bytes of the {entry.size} listed"
                    )
                _settle(sink)
                note()
            except BaseException:
                # What was proven so far is worth keeping even where noting it fails, as on a full disk.
                with contextlib.suppress(OSError):
                    sink.flush()
                    note()
                raise
            finally:
                reading.stop()
        return at


def _write_all(sink: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        # An unbuffered stream may take less than it is given.
        view = view[sink.write(view) :]


def _settle(sink: BinaryIO) -> None:
    """See the bytes on the disk, where there is one."""
    sink.flush()
    try:
        descriptor = sink.fileno()
    except (io.UnsupportedOperation, AttributeError):
        return
    os.fsync(descriptor)
