"""Reading and writing remote files with many requests under way, and bounded memory."""

from __future__ import annotations

import errno
import io
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from paramiko.message import Message
from paramiko.sftp import CMD_CLOSE, CMD_DATA, CMD_READ, CMD_STATUS, CMD_WRITE, int64

if TYPE_CHECKING:
    from medialib.transfer.session import SshSession
    from medialib.transfer.sftp_channel import SftpChannel

__all__ = ["SftpReader", "SftpWriter"]

# Every SFTP server serves 32 KiB at a time; 64 of them under way fill a line of 500 Mbit/s at 30 ms.
_BLOCK = 32768
_WINDOW = 64


class _Block:
    """A stretch of a file that was asked for."""

    __slots__ = ("data", "length", "offset", "view")

    def __init__(self, offset: int, length: int) -> None:
        self.offset = offset
        self.length = length
        self.data: bytes | None = None
        self.view = 0


class SftpReader(io.RawIOBase):
    """A remote file's bytes. At most `_WINDOW` blocks are held or under way, whatever the size of the file.

    The end of the file is what the server calls so; a connection that goes away raises `ConnectionLost`. `size` is a
    hint: blocks beyond it are asked for one at a time.
    """

    def __init__(
        self, session: SshSession, channel: SftpChannel, handle: bytes, *, size: int, name: str, offset: int = 0
    ) -> None:
        super().__init__()
        self._session = session
        self._channel = channel
        self._handle = handle
        self._size = size
        self._position = offset
        self._asked = offset
        self._end: int | None = None
        self._blocks: deque[_Block] = deque()
        self._under_way: dict[int, _Block] = {}
        self._error: OSError | None = None
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
            self._blocks.clear()
            self._under_way.clear()
            self._position = self._asked = target
            self._end = None
        return target

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the next bytes, as many as are there; 0 at the end of the file."""
        if self.closed:
            raise ValueError("read of a closed file")
        target = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(target):
            block = self._next_block(wait=filled == 0)
            if block is None:
                break
            assert block.data is not None
            count = min(len(target) - filled, len(block.data) - block.view)
            target[filled : filled + count] = memoryview(block.data)[block.view : block.view + count]
            block.view += count
            filled += count
            self._position += count
            if block.view == len(block.data):
                self._blocks.popleft()
        return filled

    def close(self) -> None:
        """Let the server forget the file, and give the channel back."""
        if self.closed:
            return
        super().close()
        self._blocks.clear()
        self._under_way.clear()
        try:
            with self._channel.lock:
                if self._channel.alive():
                    self._channel.close_handle(self._handle)
        except (OSError, EOFError):
            self._error = None  # the connection is gone, and with it the handle
        finally:
            self._session.release(self._channel)

    def _next_block(self, *, wait: bool) -> _Block | None:
        """The block at the present position; None at the end of the file, or if it is not there and not waited for."""
        if self._blocks and self._blocks[0].data:
            return self._blocks[0]
        with self._channel.lock, self._session.translating(self._channel, f"reading {self.name}"):
            self._ask_ahead()
            while self._blocks:
                block = self._blocks[0]
                if block.data:
                    return block
                if self._error is not None:
                    raise self._error
                if block.data is not None:
                    self._blocks.popleft()  # beyond the end
                    continue
                if not wait:
                    return None
                self._channel.pump()
        return None

    def _ask_ahead(self) -> None:
        while self._end is None and len(self._blocks) < _WINDOW:
            beyond = self._asked >= self._size
            if beyond and self._blocks and self._blocks[-1].offset >= self._size:
                return
            length = _BLOCK if beyond else min(_BLOCK, self._size - self._asked)
            block = _Block(self._asked, length)
            self._asked += length
            self._blocks.append(block)
            self._ask(block)

    def _ask(self, block: _Block) -> None:
        number = self._channel._async_request(self, CMD_READ, self._handle, int64(block.offset), block.length)
        self._under_way[number] = block

    def _async_response(self, kind: int, message: Message, number: int) -> None:
        block = self._under_way.pop(number, None)
        if block is None:
            return  # asked for before a seek
        if kind == CMD_DATA:
            block.data = message.get_binary()
            missing = block.length - len(block.data)
            if not block.data:
                self._error = OSError(errno.EIO, "the server sent no bytes and did not say that the file ends")
            elif missing > 0:
                # A server may answer with less than was asked for; only EOF is the end.
                rest = _Block(block.offset + len(block.data), missing)
                self._blocks.insert(self._blocks.index(block) + 1, rest)
                self._ask(rest)
        elif kind == CMD_STATUS:
            try:
                self._channel._convert_status(message)
            except EOFError:
                block.data = b""
                self._end = min(block.offset, self._end if self._end is not None else block.offset)
            except OSError as error:
                self._error = error


class _RawWriter(io.RawIOBase):
    """Writes with many blocks under way; the first refusal is raised at the next write, or on closing."""

    def __init__(self, session: SshSession, channel: SftpChannel, handle: bytes, *, name: str, offset: int) -> None:
        super().__init__()
        self._session = session
        self._channel = channel
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
        block = bytes(memoryview(data).cast("B")[:_BLOCK])
        with self._channel.lock, self._session.translating(self._channel, f"writing {self.name}"):
            self._settle(_WINDOW - 1)
            self._channel._async_request(self, CMD_WRITE, self._handle, int64(self._position), block)
            self._unanswered += 1
        self._position += len(block)
        return len(block)

    def close(self) -> None:
        """Wait for every answer, then close the remote file. Raises what the server refused."""
        if self.closed:
            return
        super().close()
        try:
            with self._channel.lock, self._session.translating(self._channel, f"writing {self.name}"):
                if not self._channel.alive():
                    raise EOFError("the last bytes were not confirmed")
                self._settle(0)
                # Waited for: some file systems report a full disk only now.
                self._channel._request(CMD_CLOSE, self._handle)
        finally:
            self._session.release(self._channel)

    def _settle(self, most: int) -> None:
        while self._unanswered > most:
            self._channel.pump()
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def _async_response(self, _kind: int, message: Message, _number: int) -> None:
        self._unanswered -= 1
        try:
            self._channel._convert_status(message)
        except OSError as error:
            self._error = self._error or error


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
        super().__init__(_RawWriter(session, channel, handle, name=name, offset=offset), buffer_size=8 * _BLOCK)
        self._settle = settle

    def commit(self) -> None:
        """Give the file its final name."""
        self._settle(True)

    def discard(self) -> None:
        """Remove what was written."""
        self._settle(False)
