"""A file being read: the connections that it is opened on, and the stretches of it that were asked for."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING

from medialib.transfer.lean_paramiko import paramiko
from medialib.transfer.sftp_messages import NotSftp, Reply, Request, parse_status, string

if TYPE_CHECKING:
    from medialib.transfer.session import SshSession
    from medialib.transfer.sftp_channel import SftpChannel
    from medialib.transfer.sftp_reading import SftpReader

__all__ = ["Block", "Line"]

_SMALL_PIECE = 4096


class Line:
    """The file, opened on one connection."""

    def __init__(self, session: SshSession, channel: SftpChannel, handle: bytes) -> None:
        self.session = session
        self.channel = channel
        self.pipeline = channel.pipeline
        self.handle = string(handle)
        self.owed = 0

    def close(self) -> None:
        """Let the server forget the file, and give the channel back."""
        # A connection that is gone has forgotten it already.
        with contextlib.suppress(OSError, EOFError, NotSftp, paramiko.SSHException):
            if self.channel.alive():
                self.pipeline.ask(Request.CLOSE, self.handle)
                self.pipeline.flush()
        self.session.release(self.channel)


class Block:
    """A stretch of a file that was asked for, and what has come of it."""

    __slots__ = (
        "asked",
        "at",
        "forgotten",
        "length",
        "line",
        "offset",
        "pieces",
        "reader",
        "received",
        "request",
        "short",
    )

    def __init__(self, reader: SftpReader, line: Line, offset: int, length: int) -> None:
        self.reader = reader
        self.line = line
        self.offset = offset
        self.length = length
        self.received = 0
        self.asked = 0
        self.request = 0
        self.short = 0
        self.at = 0
        self.pieces: deque[memoryview | bytearray] = deque()
        self.forgotten = False

    def piece(self, data: memoryview, left: int) -> None:
        """Keep it."""
        count = len(data)
        self.line.owed -= count
        if self.forgotten:
            return
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
        self.line.owed -= self.length - self.received
        if not self.forgotten:
            self.reader.block_refused(self, parse_status(body))
