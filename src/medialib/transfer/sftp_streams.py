"""Reading and writing remote files with many requests under way, and bounded memory."""

from __future__ import annotations

import errno
import io
import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from medialib.transfer.sftp_messages import NotSftp, Reply, Request, parse_status, span, string

if TYPE_CHECKING:
    from medialib.transfer.session import SshSession
    from medialib.transfer.sftp_channel import SftpChannel

__all__ = ["SftpReader", "SftpWriter", "write_pieces"]

_MOST_UNDER_WAY = 2**25
# A short line is full with far less, and what stays small stays in the processor's caches.
_LEAST_UNDER_WAY = 2**23
_BYTES_A_SECOND = 2**31
_FIRST_AHEAD = 2**17
_ASKED_TOGETHER = 4
_SMALL_PIECE = 4096
_WRITES_UNDER_WAY = 64
_PIECES_A_WRITE = 1024


def write_pieces(descriptor: int, pieces: Sequence[memoryview | bytearray]) -> None:
    """Write what `SftpReader.pieces` gave to an open file, uncopied, in as few calls as can be.

    Every call lets go of the interpreter, and then waits its turn behind the thread that decrypts.
    """
    waiting = [memoryview(piece) for piece in pieces]
    while waiting:
        written = os.writev(descriptor, waiting[:_PIECES_A_WRITE])
        whole = 0
        while whole < len(waiting) and written >= len(waiting[whole]):
            written -= len(waiting[whole])
            whole += 1
        del waiting[:whole]
        if written:
            waiting[0] = waiting[0][written:]


class _Block:
    """A stretch of a file that was asked for, and what has come of it."""

    __slots__ = ("asked", "at", "forgotten", "length", "offset", "pieces", "reader", "received")

    def __init__(self, reader: SftpReader, offset: int, length: int) -> None:
        self.reader = reader
        self.offset = offset
        self.length = length
        self.received = 0
        self.asked = 0
        self.at = 0
        self.pieces: deque[memoryview | bytearray] = deque()
        self.forgotten = False

    def piece(self, data: memoryview, left: int) -> None:
        """Keep it."""
        if self.forgotten:
            return
        count = len(data)
        self.received += count
        if self.received + left > self.length:
            raise NotSftp("more bytes of a file than were asked for")
        if count >= _SMALL_PIECE:
            self.pieces.append(data)
        elif self.pieces and isinstance(self.pieces[-1], bytearray) and len(self.pieces[-1]) < self.length:
            self.pieces[-1] += data  # a server that answers byte by byte must not cost an object each
        elif count:
            self.pieces.append(bytearray(data))
        if not left:
            self.reader.block_answered(self)

    def answered(self, kind: int, body: memoryview) -> None:
        """The end of the file, or a refusal."""
        if kind != Reply.STATUS:
            raise NotSftp(f"reply {kind} to a request for bytes")
        if not self.forgotten:
            self.reader.block_refused(self, parse_status(body))


class SftpReader(io.RawIOBase):
    """A remote file's bytes, asked for ahead. At most 32 MiB are held or under way, whatever the size of the file.

    The end of the file is what the server calls so; a connection that goes away raises `ConnectionLost`. `size` is a
    hint: blocks beyond it are asked for one at a time. With ``whole=True`` all of the file is wanted, and as much as
    the line can carry is asked for at once; else it is asked for further ahead the longer it is read in order.
    """

    def __init__(
        self,
        session: SshSession,
        channel: SftpChannel,
        handle: bytes,
        *,
        size: int,
        name: str,
        offset: int = 0,
        whole: bool = False,
    ) -> None:
        super().__init__()
        self._session = session
        self._channel = channel
        self._pipeline = channel.pipeline
        self._handle = string(handle)
        self._size = size
        self._position = offset
        self._asked = offset
        self._end: int | None = None
        self._blocks: deque[_Block] = deque()
        self._error: OSError | None = None
        self._whole = whole
        self._ahead = _MOST_UNDER_WAY if whole else _FIRST_AHEAD
        self.name = name

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Bytes from the start of the file."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere; what was read ahead is forgotten."""
        target = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if target < 0:
            raise ValueError(f"cannot seek to {target}")
        if target != self._position:
            with self._pipeline.lock:
                self._forget()
                self._position = self._asked = target
                self._end = None
                self._ahead = _MOST_UNDER_WAY if self._whole else _FIRST_AHEAD
        return target

    def pieces(self, most: int) -> list[memoryview | bytearray]:
        """The next bytes, `most` at most, as they arrived and uncopied; an empty list at the end of the file."""
        if self.closed:
            raise ValueError("read of a closed file")
        with self._session.translating(self._channel, f"reading {self.name}"):
            with self._pipeline.lock:
                self._ask_ahead()
            self._pipeline.settle(self._arrived)
            with self._pipeline.lock:
                return self._taken(most)

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes: as many as are there, `size` at most; all to the end of the file if `size` is negative."""
        if size is None or size < 0:
            return self.readall()
        pieces = self.pieces(size) if size else []
        return bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)

    def readall(self) -> bytes:
        """All bytes to the end of the file."""
        return b"".join([piece for pieces in iter(lambda: self.pieces(2**20), []) for piece in pieces])

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the next bytes, as many as are there; 0 at the end of the file."""
        target = memoryview(buffer).cast("B")
        filled = 0
        for piece in self.pieces(len(target)) if len(target) else []:
            target[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def close(self) -> None:
        """Let the server forget the file, and give the channel back."""
        if self.closed:
            return
        super().close()
        try:
            with self._pipeline.lock:
                self._forget()
                if self._channel.alive():
                    self._pipeline.ask(Request.CLOSE, self._handle)
                    self._pipeline.flush()
        except Exception as error:  # noqa: BLE001 - the connection is gone, and with it the handle
            self._error = self._error or OSError(str(error))
        finally:
            self._session.release(self._channel)

    # ------------------------------------------------------------------------------- what blocks report, with the lock

    def block_answered(self, block: _Block) -> None:
        """One of its answers is complete; a server may answer with less than was asked for: only EOF is the end."""
        if block.received == block.asked:
            self._error = OSError(errno.EIO, "the server sent no bytes and did not say that the file ends")
        elif block.received < block.length:
            self._session.learn_read_size(block.received - block.asked)
            self._ask(block)

    def block_refused(self, block: _Block, error: Exception | None) -> None:
        """The file ends where the block has got to, or cannot be read there."""
        if isinstance(error, EOFError):
            end = block.offset + block.received
            self._end = end if self._end is None else min(end, self._end)
            block.length = block.received
        elif isinstance(error, OSError):
            self._error = error
        else:
            self._error = OSError(errno.EIO, "the server answered a request for bytes with neither bytes nor an error")

    # ---------------------------------------------------------------------------------------------------- inner works

    def _arrived(self) -> bool:
        """Whether there is something to take, or nothing to wait for."""
        while self._blocks:
            block = self._blocks[0]
            if block.pieces or self._error is not None:
                return True
            if block.at < block.length:
                return False
            self._blocks.popleft()
        return True

    def _taken(self, most: int) -> list[memoryview | bytearray]:
        taken: list[memoryview | bytearray] = []
        while most and self._blocks:
            block = self._blocks[0]
            if not block.pieces:
                if block.at < block.length:
                    break
                self._blocks.popleft()
                continue
            piece = block.pieces.popleft()
            if len(piece) > most:
                block.pieces.appendleft(piece[most:])
                piece = piece[:most]
            block.at += len(piece)
            most -= len(piece)
            self._position += len(piece)
            taken.append(piece)
            if self._end is not None and self._position >= self._end:
                break
        if not taken and self._error is not None:
            raise self._error
        return taken

    def _forget(self) -> None:
        for block in self._blocks:
            block.forgotten = True
            block.pieces.clear()
        self._blocks.clear()

    def _most_ahead(self) -> int:
        """How much may be under way: what the line holds, and more the longer it is read in order."""
        line = int(self._pipeline.round_trip * _BYTES_A_SECOND)
        most = min(max(line, _LEAST_UNDER_WAY), _MOST_UNDER_WAY)
        if self._ahead < most:
            self._ahead *= 2
        return min(self._ahead, most)

    def _ask_ahead(self) -> None:
        read_size = min(self._pipeline.limits.read, self._session.read_size)
        free = self._position + self._most_ahead() - self._asked
        # Several requests travel together: no packet is sent for a single one while enough are under way.
        if free < read_size * _ASKED_TOGETHER and self._blocks:
            return
        while self._end is None and (free > 0 or not self._blocks):
            beyond = self._asked >= self._size
            if beyond and self._blocks and self._blocks[-1].offset >= self._size:
                return
            length = read_size if beyond else min(read_size, self._size - self._asked)
            block = _Block(self, self._asked, length)
            self._asked += length
            free -= length
            self._blocks.append(block)
            self._ask(block)

    def _ask(self, block: _Block) -> None:
        block.asked = block.received
        body = self._handle + span(block.offset + block.received, block.length - block.received)
        self._pipeline.ask(Request.READ, body, block)


class _RawWriter(io.RawIOBase):
    """Writes with many blocks under way; the first refusal is raised at the next write, or on closing."""

    def __init__(self, session: SshSession, channel: SftpChannel, handle: bytes, *, name: str, offset: int) -> None:
        super().__init__()
        self._session = session
        self._channel = channel
        self._pipeline = channel.pipeline
        self._handle = handle
        self._position = offset
        self._unanswered = 0
        self._error: OSError | None = None
        self.name = name

    def writable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Bytes from the start of the file."""
        return self._position

    def write(self, data: Any) -> int:
        """Send at most one block of `data`; returns how many bytes were taken."""
        with self._session.translating(self._channel, f"writing {self.name}"):
            block = memoryview(data).cast("B")[: self._pipeline.limits.write]
            self._settle(_WRITES_UNDER_WAY - 1)
            with self._pipeline.lock:
                self._unanswered += 1
                header = string(self._handle) + self._position.to_bytes(8, "big")
                self._pipeline.ask(Request.WRITE, header + string(block), self)
        self._position += len(block)
        return len(block)

    def close(self) -> None:
        """Wait for every answer, then close the remote file. Raises what the server refused."""
        if self.closed:
            return
        super().close()
        try:
            with self._session.translating(self._channel, f"writing {self.name}"):
                if not self._channel.alive():
                    raise EOFError("the last bytes were not confirmed")
                self._settle(0)
                self._channel.close(self._handle)
        finally:
            self._session.release(self._channel)

    def piece(self, data: memoryview, left: int) -> None:
        """Nobody asked for bytes."""
        raise NotSftp("bytes of a file in answer to written ones")

    def answered(self, kind: int, body: memoryview) -> None:
        """Note a refusal."""
        if kind != Reply.STATUS:
            raise NotSftp(f"reply {kind} to written bytes")
        self._unanswered -= 1
        error = parse_status(body)
        if error is not None and self._error is None:
            self._error = error if isinstance(error, OSError) else OSError(errno.EIO, str(error))

    def _settle(self, most: int) -> None:
        self._pipeline.settle(lambda: self._unanswered <= most)
        if self._error is not None:
            error, self._error = self._error, None
            raise error


class SftpWriter(io.BufferedWriter):
    """A remote file being written, in fsspec's sense: under a temporary name until `commit`, where it has one."""

    def __init__(
        self,
        session: SshSession,
        channel: SftpChannel,
        handle: bytes,
        *,
        name: str,
        offset: int = 0,
        settle: Callable[[bool], None],
    ) -> None:
        super().__init__(_RawWriter(session, channel, handle, name=name, offset=offset), buffer_size=2**18)
        self._settle = settle

    def commit(self) -> None:
        """Give the file its final name."""
        self._settle(True)

    def discard(self) -> None:
        """Remove what was written."""
        self._settle(False)
