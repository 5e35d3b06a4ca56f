"""Stretches of many remote files, all asked for at once: no file and no stretch waits for another one's journey."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import TYPE_CHECKING

from medialib.transfer.sftp_messages import (
    MODEST_READ,
    NotSftp,
    OpenFor,
    Reply,
    Request,
    parse_handle,
    parse_status,
    span,
    string,
)
from medialib.transfer.sftp_names import parse_attributes

if TYPE_CHECKING:
    from medialib.transfer.sftp_pipeline import Pipeline

__all__ = ["Stretches"]

# A stretch of more than this is asked for once the file's size is known: its end may lie far beyond the file's.
_MODEST_STRETCH = 2**24


class Stretches:
    """Some stretches of one file, being read. What the server refuses, or sends wrongly, becomes the `error`.

    A stretch is a start and an end, as in a slice: negative ones count from the file's end, None is the end.
    """

    def __init__(
        self, pipeline: Pipeline, path: bytes, wanted: Sequence[tuple[int | None, int | None]], *, read_size: int
    ) -> None:
        self.error: OSError | None = None
        """Why there is nothing, once `done`."""
        self._pipeline = pipeline
        self._wanted = wanted
        self._read_size = read_size
        self._handle = b""
        self._owed = 1
        self._starts = [0] * len(wanted)
        self._pieces: list[dict[int, bytearray]] = [{} for _ in wanted]
        pipeline.ask(Request.OPEN, string(path) + int(OpenFor.READ).to_bytes(4, "big") + bytes(4), _Opened(self))

    def done(self) -> bool:
        """Whether every answer is here."""
        return not self._owed

    def result(self) -> list[bytes]:
        """The bytes of each stretch, fewer where the file ends before it does. Raises the `error`."""
        if self.error is not None:
            raise self.error
        return [_joined(pieces, start) for pieces, start in zip(self._pieces, self._starts, strict=True)]

    # ------------------------------------------------------------------------------ what answers report, with the lock

    def opened(self, kind: int, body: memoryview) -> None:
        """The file is open, or not to be had."""
        if kind != Reply.HANDLE:
            self.settled(_refused(kind, body))
            return
        self._handle = string(parse_handle(body))
        if all(start is not None and end is not None and start >= 0 and end >= 0 for start, end in self._wanted) and (
            sum(max(0, (end or 0) - (start or 0)) for start, end in self._wanted) <= _MODEST_STRETCH
        ):
            self._read([(start or 0, end or 0) for start, end in self._wanted])
            self.settled(None)
        else:
            self._pipeline.ask(Request.FSTAT, self._handle, _Measured(self))

    def measured(self, kind: int, body: memoryview) -> None:
        """The file's size is known."""
        if kind != Reply.ATTRS:
            self.settled(_refused(kind, body))
            return
        size = parse_attributes(body).size
        self._read([slice(start, end).indices(size)[:2] for start, end in self._wanted])
        self.settled(None)

    def ask(self, stretch: int, offset: int, end: int) -> None:
        """Have the bytes from `offset` to `end`."""
        self._owed += 1
        self._pipeline.ask(Request.READ, self._handle + span(offset, end - offset), _Piece(self, stretch, offset, end))

    def fill(self, stretch: int, offset: int, data: memoryview) -> bytearray:
        """Keep bytes."""
        piece = self._pieces[stretch][offset] = bytearray(data)
        return piece

    def settled(self, error: OSError | None) -> None:
        """One answer is complete."""
        self._owed -= 1
        self.error = self.error or error
        if not self._owed and self._handle:
            self._pipeline.ask(Request.CLOSE, self._handle)

    def _read(self, stretches: Sequence[tuple[int, int]]) -> None:
        for number, (start, end) in enumerate(stretches):
            self._starts[number] = start
            for offset in range(start, end, self._read_size):
                self.ask(number, offset, min(offset + self._read_size, end))


class _Opened:
    def __init__(self, stretches: Stretches) -> None:
        self._stretches = stretches

    def piece(self, data: memoryview, left: int) -> None:
        raise NotSftp("bytes of a file in answer to something else")

    def answered(self, kind: int, body: memoryview) -> None:
        self._stretches.opened(kind, body)


class _Measured(_Opened):
    def answered(self, kind: int, body: memoryview) -> None:
        self._stretches.measured(kind, body)


class _Piece:
    """One request for bytes; what a short answer leaves is asked for again."""

    __slots__ = ("_at", "_end", "_held", "_offset", "_stretch", "_stretches")

    def __init__(self, stretches: Stretches, stretch: int, offset: int, end: int) -> None:
        self._stretches = stretches
        self._stretch = stretch
        self._offset = self._at = offset
        self._end = end
        self._held: bytearray | None = None

    def piece(self, data: memoryview, left: int) -> None:
        if self._at + len(data) + left > self._end:
            raise NotSftp("more bytes of a file than were asked for")
        if self._held is None:
            self._held = self._stretches.fill(self._stretch, self._offset, data)
        else:
            self._held += data
        self._at += len(data)
        if left:
            return
        error = None
        if self._at == self._offset:
            error = OSError(errno.EIO, "the server sent no bytes and did not say that the file ends")
        elif self._at < self._end:
            self._stretches.ask(self._stretch, self._at, self._end)
        self._stretches.settled(error)

    def answered(self, kind: int, body: memoryview) -> None:
        if kind != Reply.STATUS:
            raise NotSftp(f"reply {kind} to a request for bytes")
        error = parse_status(body)
        if isinstance(error, OSError) and self._end - self._at > MODEST_READ:
            # Some servers refuse what is more than they were built for, whatever they say of their limits.
            for offset in range(self._at, self._end, MODEST_READ):
                self._stretches.ask(self._stretch, offset, min(offset + MODEST_READ, self._end))
            error = None
        elif not isinstance(error, EOFError):
            error = _refused(kind, body)
        self._stretches.settled(None if isinstance(error, EOFError) else error)


def _refused(kind: int, body: memoryview) -> OSError:
    if kind != Reply.STATUS:
        raise NotSftp(f"reply {kind} where a file was asked for")
    error = parse_status(body)
    return error if isinstance(error, OSError) else OSError(errno.EIO, "the server answers with neither yes nor no")


def _joined(pieces: dict[int, bytearray], start: int) -> bytes:
    """What lies together from the start on: where a file ends, nothing behind it counts."""
    found: list[bytearray] = []
    while start in pieces:
        found.append(pieces[start])
        start += len(pieces[start])
    return b"".join(found)
