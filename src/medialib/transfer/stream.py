"""Carries one file from any location into its part: hashed on the way, resumed where it had got to."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeAlias, runtime_checkable

import attrs

from medialib.errors import Cancelled, ContentChanged
from medialib.model import FileEntry
from medialib.ports import (
    CancelToken,
    Location,
    Part,
    PartRecord,
    Received,
    SupportsHolding,
    SupportsReadingAhead,
    SupportsReserving,
    offers,
)

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["StreamTransfer"]

_WATCH = 0.2
# Seconds for which what arrives is gathered before it is handed on.
_GATHERED_FOR = 0.1
_CHUNKS_WAITING = 3
_SENT_AGAIN = 2**17
_WORTH_RESERVING = 2**20
_NOTES_A_FILE = 16
_IDLE_FOR = 5.0

_Piece: TypeAlias = bytes | bytearray | memoryview


@runtime_checkable
class _GivesPieces(Protocol):
    """A stream that can give what arrived uncopied."""

    def pieces(self, most: int, /) -> Sequence[_Piece]:
        """The next bytes; empty at the end."""


@attrs.frozen
class _Chunk:
    """Bytes in order."""

    pieces: Sequence[_Piece]
    """Some of them; empty at the end."""
    last: bool = False
    """Whether the file ends here."""
    after: FileEntry | None = None
    """What stands there once all was read; told with the last bytes of a file that came in one chunk."""

    def data(self) -> _Piece:
        """In one piece: hashing and writing each let go of the interpreter, and then wait for their turn."""
        return self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)


class _Hands:
    """Threads that wait for the outside, used again: a new one for each small file would cost more than the file."""

    def __init__(self) -> None:
        self._idle: list[queue.SimpleQueue[Callable[[], None]]] = []
        self._lock = threading.Lock()

    def do(self, work: Callable[[], None]) -> None:
        """Do it on a thread that nobody waits for; `work` raises nothing."""
        with self._lock:
            orders = self._idle.pop() if self._idle else None
        if orders is None:
            orders = queue.SimpleQueue()
            threading.Thread(target=self._serve, args=(orders,), name="medialib-read", daemon=True).start()
        orders.put(work)

    def _serve(self, orders: queue.SimpleQueue[Callable[[], None]]) -> None:
        while True:
            try:
                work = orders.get(timeout=_IDLE_FOR)
            except queue.Empty:
                with self._lock:
                    if orders not in self._idle:
                        continue  # it was just given something to do
                    self._idle.remove(orders)
                return
            work()
            del work
            with self._lock:
                self._idle.append(orders)


class _AtHand:
    """A file that is here already: nobody is waited for, so no other thread has to wait."""

    def __init__(self, source: Location, entry: FileEntry) -> None:
        self._source = source
        self._entry = entry

    def next_chunk(self, cancelled: CancelToken) -> _Chunk:
        """All of it, and what stands there after; raises what reading raises."""
        with self._source.open(self._entry.path) as stream:
            data = stream.read()
        return _Chunk((data,), last=True, after=self._source.entry(self._entry.path))

    def stop(self) -> None:
        """Nothing is under way."""


class _Source:
    """Reads a file on another thread, so that a silent server can delay neither a cancellation nor the disk."""

    def __init__(self, hands: _Hands, source: Location, entry: FileEntry, offset: int, chunk: int) -> None:
        self._source = source
        self._entry = entry
        self._offset = offset
        self._chunk = chunk
        self._stopped = threading.Event()
        self._failed: BaseException | None = None
        self._ready: queue.Queue[_Chunk | BaseException] = queue.Queue(maxsize=_CHUNKS_WAITING)
        hands.do(self._read)

    def next_chunk(self, cancelled: CancelToken) -> _Chunk:
        """The next bytes, empty at the end; raises what reading raised, or `Cancelled`."""
        item = _awaited(self._ready, cancelled)
        if isinstance(item, BaseException):
            raise item
        return item

    def stop(self) -> None:
        """Read no further. A read that waits for a silent server ends by itself, at that server's time-out."""
        self._stopped.set()
        with contextlib.suppress(queue.Empty):
            while True:
                self._ready.get_nowait()

    def _hand_over(self, item: _Chunk | BaseException) -> None:
        while not self._stopped.is_set():
            try:
                self._ready.put(item, timeout=_WATCH)
            except queue.Full:
                continue
            return

    def _read(self) -> None:
        try:
            with self._source.open(self._entry.path, offset=self._offset) as stream:
                pieces = self._gathered(stream)
                if not self._offset and sum(map(len, pieces)) == self._entry.size < self._chunk:
                    following = self._gathered(stream)
                    if not following:
                        self._hand_over(_Chunk(pieces, last=True, after=self._source.entry(self._entry.path)))
                        return
                    pieces += following
                while pieces and not self._stopped.is_set():
                    self._hand_over(_Chunk(pieces))
                    pieces = self._gathered(stream)
            # after a close that may take a journey; asked last, so that a change while it was read is seen
            self._hand_over(_Chunk((), last=True, after=self._source.entry(self._entry.path)))
        except BaseException as error:  # noqa: BLE001 - raised again on the thread that waits
            self._hand_over(error)

    def _gathered(self, stream: BinaryIO) -> list[_Piece]:
        """The next bytes, about a chunk, less where they come slowly; empty at the end."""
        if self._failed is not None:
            raise self._failed
        take: Callable[[int], Sequence[_Piece]] = stream.pieces if offers(stream, _GivesPieces) else _one(stream)
        gathered: list[_Piece] = []
        left, until = self._chunk, time.monotonic() + _GATHERED_FOR
        try:
            while left > 0 and not self._stopped.is_set() and time.monotonic() < until:
                found = take(left)
                if not found:
                    break
                gathered += found
                left -= sum(map(len, found))
        except BaseException as error:
            if not gathered:
                raise
            # what arrived before is handed on first
            self._failed = error
        return gathered


def _one(stream: BinaryIO) -> Callable[[int], Sequence[_Piece]]:
    def take(most: int) -> Sequence[_Piece]:
        data = stream.read(most)
        return (data,) if data else ()

    return take


class StreamTransfer:
    """See `medialib.ports.Transfer`. Works between any location and any part; several threads may use one.

    `chunk` is how many bytes are handed on at a time, `note_every` after how many at most a part's record is noted: it
    is after a sixteenth of the file, since several that are under way may all lose what was not noted.
    """

    def __init__(self, *, chunk: int = 2**20, note_every: int = 2**23) -> None:
        self._chunk = chunk
        self._note_every = note_every
        self._hands = _Hands()

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
        digest, offset = self._proven(part, source, entry, cancelled)
        if offset:
            arrived(offset)
        try:
            size, after = self._carry(source, entry, part, digest, offset, cancelled, arrived)
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

    def _proven(self, part: Part, source: Location, entry: FileEntry, cancelled: CancelToken) -> tuple[_Hash, int]:
        """How much of the part can be used again, and the hash of it."""
        record = part.record
        if (
            record is None
            or record != PartRecord.of(source, entry, record.offset, record.sha256)
            or not 0 < record.offset <= entry.size
        ):
            return hashlib.sha256(), 0
        digest, left = hashlib.sha256(), record.offset
        with part.read() as stream:
            while left:
                if cancelled.is_set():
                    raise _stopped()
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
        digest: _Hash,
        offset: int,
        cancelled: CancelToken,
        arrived: Callable[[int], None],
    ) -> tuple[int, FileEntry | None]:
        at = noted = offset
        note_every = min(self._note_every, entry.size // _NOTES_A_FILE)

        def note() -> None:
            try:
                part.note(PartRecord.of(source, entry, at, digest.hexdigest()))
            except OSError as error:
                # the bytes may have room that was kept for them; without the note a later try sends more again
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise

        reading: _AtHand | _Source
        if not offset and offers(source, SupportsReadingAhead) and source.at_hand(entry.path):
            reading = _AtHand(source, entry)
        else:
            # asked for before the part is opened: the two take their time together
            reading = _Source(self._hands, source, entry, offset, self._chunk)
        try:
            chunk = None
            if not offset and entry.size <= _SENT_AGAIN and offers(part, SupportsHolding):
                chunk = reading.next_chunk(cancelled)
                data = chunk.data()
                if chunk.last and len(data) == entry.size and part.hold(data):
                    digest.update(data)
                    arrived(len(data))
                    return len(data), chunk.after
            if entry.size - offset > _WORTH_RESERVING and offers(part, SupportsReserving):
                part.reserve(entry.size)
            with part.write(offset) as sink:
                try:
                    while True:
                        chunk = reading.next_chunk(cancelled) if chunk is None else chunk
                        data = chunk.data()
                        if at + len(data) > entry.size:
                            raise ContentChanged(
                                f"{source.name}:{entry.path} is longer than the {entry.size} bytes listed"
                            )
                        _write_all(sink, data)
                        digest.update(data)
                        at += len(data)
                        if data:
                            arrived(len(data))
                        if chunk.last:
                            break
                        if at - noted >= note_every:
                            sink.flush()
                            note()
                            noted = at
                        chunk = None
                    if at != entry.size:
                        raise ContentChanged(
                            f"{source.name}:{entry.path} ended after {at} bytes of the {entry.size} listed"
                        )
                    sink.flush()
                    if at > _SENT_AGAIN:
                        note()
                except BaseException:
                    # What was proven so far is worth keeping even where noting it fails, as on a full disk.
                    with contextlib.suppress(OSError):
                        sink.flush()
                        note()
                    raise
        finally:
            reading.stop()
        return at, chunk.after


def _awaited(ready: queue.Queue[_Chunk | BaseException], cancelled: CancelToken) -> _Chunk | BaseException:
    while True:
        if cancelled.is_set():
            raise _stopped()
        try:
            return ready.get(timeout=_WATCH)
        except queue.Empty:
            continue


def _stopped() -> Cancelled:
    return Cancelled("stopped on request", remedy="What was received is kept and used by the next run.")


def _write_all(sink: BinaryIO, data: _Piece) -> None:
    view = memoryview(data)
    while view:
        # An unbuffered stream may take less than it is given.
        view = view[sink.write(view) :]
