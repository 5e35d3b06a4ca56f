"""Reading remote files with many requests under way, over several connections where the way is long.

What is held is bounded, whatever the size of the file.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from medialib.errors import ConnectionLost, MedialibError
from medialib.transfer.sftp_blocks import Block, Line
from medialib.transfer.sftp_messages import MODEST_READ, Request, span

if TYPE_CHECKING:
    from medialib.transfer.session import SshSession
    from medialib.transfer.sftp_channel import SftpChannel

__all__ = ["SftpReader", "write_pieces"]

# One connection carries what its buffers hold for each round trip; beyond this many seconds of it, several carry more.
_LONG_TRIP = 0.03
_WORTH_SEVERAL = 2**24
_LINE_UNDER_WAY = 2**24
# A short line is full with far less, and what stays small stays in the processor's caches.
_LEAST_UNDER_WAY = 2**23
_BYTES_A_SECOND = 2**31
_FIRST_AHEAD = 2**17
_ASKED_TOGETHER = 4
_PIECES_A_WRITE = 1024
_LOG = logging.getLogger("medialib.transfer")


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


class SftpReader(io.RawIOBase):
    """A remote file's bytes, asked for ahead. What is held or under way is bounded, see `SshSession.share`.

    The end of the file is what the server calls so. A connection that goes away raises `ConnectionLost`, unless the
    file is read over several: then what it owed is asked for on those that are left. `size` is a hint: blocks beyond it
    are asked for one at a time. With ``whole=True`` all of the file is wanted, and as much as the line can carry is
    asked for at once; else it is asked for further ahead the longer it is read in order.
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
        self._lines = [Line(session, channel, handle)]
        self._closing = threading.Lock()
        self._reinforced = False
        self._size = size
        self._position = offset
        self._asked = offset
        self._end: int | None = None
        self._blocks: deque[Block] = deque()
        self._error: OSError | None = None
        self._whole = whole
        self._ahead = self._session.most_under_way if whole else _FIRST_AHEAD
        self.name = name
        session.reading(1)

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
            self._forget()
            self._position = self._asked = target
            self._end = None
            self._ahead = self._session.most_under_way if self._whole else _FIRST_AHEAD
        return target

    def pieces(self, most: int) -> list[memoryview | bytearray]:
        """The next bytes, `most` at most, as they arrived and uncopied; an empty list at the end of the file."""
        if self.closed:
            raise ValueError("read of a closed file")
        while True:
            try:
                self._ask_ahead()
                while not self._arrived():
                    self._await(self._blocks[0])
                break
            except ConnectionLost:
                if self._survives():
                    continue
                # all connections are gone: what came before, in order, need not come again
                for line in self._lines:
                    line.pipeline.gather()
                taken = self._taken(most)
                if taken:
                    return taken
                raise
        taken = self._taken(most)
        if not taken and self._error is not None:
            with self._lines[0].session.translating(self._lines[0].channel, f"reading {self.name}"):
                raise self._error
        return taken

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
        with self._closing:  # a connection that is only now there closes itself
            super().close()
        self._session.reading(-1)
        self._forget()
        for line in self._lines:
            line.close()

    def reinforce(self, reopen: Callable[[SshSession], tuple[SftpChannel, bytes]]) -> None:
        """Read on over several connections if that is worth it; `reopen` opens the same file on another one."""
        far = self._lines[0].pipeline.round_trip > _LONG_TRIP
        if self._reinforced or not far or self._size - self._position < _WORTH_SEVERAL:
            return
        self._reinforced = True
        for sibling in self._session.siblings():
            threading.Thread(target=self._join, args=(sibling, reopen), name="medialib-connect", daemon=True).start()

    def _join(self, sibling: SshSession, reopen: Callable[[SshSession], tuple[SftpChannel, bytes]]) -> None:
        first = self._lines[0]
        try:
            channel, handle = reopen(sibling)
        except (MedialibError, OSError) as error:
            # Among the reasons is a host key that is not the known one any more: then it was told nothing.
            _LOG.info("%s is read over fewer connections: %s", self.name, error)
            self._session.give_up(sibling)
            return
        line = Line(sibling, channel, handle)
        try:
            with sibling.translating(channel, "comparing"):
                here = channel.stat_opened(handle)
            with self._session.translating(first.channel, "comparing"):
                there = first.channel.stat_opened(first.handle[4:])
        except (MedialibError, OSError):
            here, there = None, None
        with self._closing:
            # Another file may have taken the name meanwhile: bytes of two files must never be mixed.
            if here is not None and here == there and not self.closed:
                self._lines.append(line)
                return
        line.close()

    # ------------------------------------------------------------------------------- what blocks report, with the lock

    def block_answered(self, block: Block) -> None:
        """One of its answers is complete; a server may answer with less than was asked for: only EOF is the end."""
        if block.received == block.asked:
            self._error = OSError(errno.EIO, "the server sent no bytes and did not say that the file ends")
            return
        if block.short:
            # There was more behind the short answer, so it was no file's end that made it short.
            self._session.learn_read_size(block.short)
        if block.received < block.length:
            block.short = block.received - block.asked
            self._ask(block)

    def block_refused(self, block: Block, error: Exception | None) -> None:
        """The file ends where the block has got to, or cannot be read there."""
        if isinstance(error, EOFError):
            end = block.offset + block.received
            self._end = end if self._end is None else min(end, self._end)
            block.length = block.received
        elif isinstance(error, OSError):
            if block.request > MODEST_READ:
                # Some servers refuse what is more than they were built for, whatever they say of their limits.
                self._session.learn_read_size(MODEST_READ)
                with block.line.pipeline.lock:
                    block.line.owed += block.length - block.received
                self._ask(block)
                return
            self._error = error
        else:
            self._error = OSError(errno.EIO, "the server answered a request for bytes with neither bytes nor an error")

    # ---------------------------------------------------------------------------------------------------- inner works

    def _await(self, block: Block) -> None:
        def moved() -> bool:
            return bool(block.pieces) or block.at >= block.length or self._error is not None

        with block.line.session.translating(block.line.channel, f"reading {self.name}"):
            block.line.pipeline.settle(moved)

    def _survives(self) -> bool:
        """Have what lost connections owe from one that is left, if there is one.

        What a connection lost never comes twice: of a block that arrived in part, the rest is a block of its own.
        """
        with self._closing:
            left = [line for line in self._lines if line.channel.alive()]
            lost = [line for line in self._lines if line not in left]
            if not left or not lost:
                return False
            self._lines = left
        for line in lost:
            line.close()
        blocks, self._blocks = self._blocks, deque()
        for block in blocks:
            self._blocks.append(block)
            if block.line in lost and block.received < block.length:
                block.forgotten = True
                line = min(left, key=lambda known: known.owed)
                offset, missing = block.offset + block.received, block.length - block.received
                block.length = block.received
                self._blocks.append(Block(self, line, offset, missing))
                with line.pipeline.lock:
                    line.owed += missing
                self._ask(self._blocks[-1])
        return True

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
        while most and self._blocks and (self._end is None or self._position < self._end):
            block = self._blocks[0]
            with block.line.pipeline.lock:
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
        return taken

    def _forget(self) -> None:
        for block in self._blocks:
            block.forgotten = True
            block.pieces.clear()
        self._blocks.clear()

    def _most_ahead(self) -> int:
        """How much may be under way: what the line holds, and more the longer it is read in order."""
        line = int(self._lines[0].pipeline.round_trip * _BYTES_A_SECOND)
        most = min(max(line, _LEAST_UNDER_WAY), self._session.most_under_way)
        if len(self._lines) > 1:
            return min(_LINE_UNDER_WAY * len(self._lines), self._session.share)
        if self._ahead < most:
            self._ahead *= 2
        return min(self._ahead, most, self._session.share)

    def _ask_ahead(self) -> None:
        read_size = min(self._lines[0].pipeline.limits.read, self._session.read_size)
        free = self._position + self._most_ahead() - self._asked
        # Several requests travel together: no packet is sent for a single one while enough are under way.
        if free < read_size * _ASKED_TOGETHER and self._blocks:
            return
        while self._end is None and (free > 0 or not self._blocks):
            beyond = self._asked >= self._size
            if beyond and self._blocks and self._blocks[-1].offset >= self._size:
                return
            length = read_size if beyond else min(read_size, self._size - self._asked)
            line = min(self._lines, key=lambda known: known.owed)
            block = Block(self, line, self._asked, length)
            with line.pipeline.lock:
                line.owed += length
            self._asked += length
            free -= length
            self._blocks.append(block)
            self._ask(block)
        for line in self._lines:
            with line.session.translating(line.channel, f"reading {self.name}"):
                line.pipeline.flush()

    def _ask(self, block: Block) -> None:
        block.asked = block.received
        block.request = min(block.length - block.received, max(self._session.read_size, 1))
        body = block.line.handle + span(block.offset + block.received, block.request)
        with block.line.session.translating(block.line.channel, f"reading {self.name}"):
            block.line.pipeline.ask(Request.READ, body, block)
