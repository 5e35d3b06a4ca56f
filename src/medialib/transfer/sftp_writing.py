"""Writing remote files with many requests under way."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from medialib.transfer.sftp_messages import NotSftp, Reply, Request, parse_status, string

if TYPE_CHECKING:
    from medialib.transfer.session import SshSession
    from medialib.transfer.sftp_channel import SftpChannel

__all__ = ["SftpWriter"]

_WRITES_UNDER_WAY = 64


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

    def confirm(self) -> None:
        """Wait for every answer. Raises what the server refused."""
        with self._session.translating(self._channel, f"writing {self.name}"):
            self._settle(0)

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
        self._sent = _RawWriter(session, channel, handle, name=name, offset=offset)
        super().__init__(self._sent, buffer_size=2**18)
        self._settle = settle

    def flush(self) -> None:
        """Send what is held back, and see it confirmed: what is on its way is lost with the connection."""
        super().flush()
        if not self._sent.closed:
            self._sent.confirm()

    def commit(self) -> None:
        """Give the file its final name."""
        self._settle(True)

    def discard(self) -> None:
        """Remove what was written."""
        self._settle(False)
