"""Folders listed with many requests under way: the next batch of names is asked for before the last one is here."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from medialib.errors import OutOfReach
from medialib.transfer.sftp_messages import NotSftp, Reply, Request, parse_handle, parse_status, string
from medialib.transfer.sftp_names import RemoteAttributes, parse_names

if TYPE_CHECKING:
    from medialib.transfer.sftp_pipeline import Pipeline

__all__ = ["FolderListing"]

_READ_AHEAD = 3
# A folder that nobody waits for yet is read so far, and further when its turn comes: many may be under way.
_MOST_UNWANTED = 2**20
# Bytes that a name takes in a listing on average, at most: it may have 255, and its long form repeats it.
_LONGEST_LINE = 640


class FolderListing:
    """A folder being listed: asked for at once, read when its entries are wanted.

    Several may be under way on one pipeline; whichever is waited for, answers reach all of them. A listing of more than
    `most` names, or of more bytes than so many names have, is not believed: a server's folder need not end.
    """

    def __init__(self, pipeline: Pipeline, path: bytes, *, most: int) -> None:
        self._pipeline = pipeline
        self._most = most
        self._bytes = 0
        self._bodies: list[bytes] = []
        self._count = 0
        self._error: Exception | None = None
        self._handle: bytes | None = None
        self._asked = 1
        self._wanted = False
        self._abandoned = False
        self._ended = False
        pipeline.ask(Request.OPENDIR, string(path), self)

    def result(self) -> list[RemoteAttributes]:
        """The folder's entries, in the server's order, without ``.`` and ``..``.

        Raises FileNotFoundError, PermissionError or OSError as the server says, `OutOfReach` if the folder does not end
        where folders do, and what `Pipeline` raises if the server is gone.
        """
        with self._pipeline.lock:
            self._wanted = True
            if self._handle is not None and not self._asked:
                self._ask(_READ_AHEAD)
        self._pipeline.settle(lambda: self._ended and not self._asked)
        if self._error is not None:
            raise self._error
        # Taken apart here and not as they arrive: that would hold up the answers behind them.
        entries: list[RemoteAttributes] = []
        for body in self._bodies:
            entries += parse_names(body)
        self._bodies.clear()
        return [entry for entry in entries if entry.name not in (".", "..")]

    def abandon(self) -> None:
        """Give up on it; the server forgets the folder once its handle is known."""
        with self._pipeline.lock:
            self._ended = self._abandoned = True
            self._bodies.clear()
            self._close_when_done()

    def piece(self, data: memoryview, left: int) -> None:
        """Folders have no bytes."""
        raise NotSftp("bytes of a file in answer to a listing")

    def answered(self, kind: int, body: memoryview) -> None:
        """Note names, and ask for more."""
        self._asked -= 1
        if kind == Reply.HANDLE:
            self._handle = parse_handle(body)
            self._ask(0 if self._ended else _READ_AHEAD)
        elif kind == Reply.NAME:
            # A server may say that the folder ends before it gives names that were asked for earlier.
            if self._error is None and not self._abandoned:
                self._note(body)
            if not self._ended and (self._wanted or self._bytes < _MOST_UNWANTED):
                self._ask(1)
        elif kind == Reply.STATUS:
            self._refused(parse_status(body))
        else:
            raise NotSftp(f"reply {kind} to a listing")
        self._close_when_done()

    def _close_when_done(self) -> None:
        if self._ended and not self._asked and self._handle is not None:
            self._pipeline.ask(Request.CLOSE, string(self._handle))
            self._handle = None

    def _note(self, body: memoryview) -> None:
        self._bytes += len(body)
        self._count += int.from_bytes(body[:4], "big")
        self._bodies.append(bytes(body))
        if self._count > self._most or self._bytes > self._most * _LONGEST_LINE:
            self._bodies.clear()
            self._ended = True
            self._error = OutOfReach(
                f"the server lists more than {self._most} names in one folder, and there may be no end to it",
                remedy="Ask its owner; a folder that is really so large needs folders inside.",
            )

    def _refused(self, error: Exception | None) -> None:
        self._ended = True
        if isinstance(error, EOFError):
            if self._handle is None:
                self._error = OSError(errno.EIO, "the server did not open the folder")
            return
        if error is None:
            error = OSError(errno.EIO, "the server answered a listing with neither names nor an error")
        self._error = self._error or error

    def _ask(self, count: int) -> None:
        assert self._handle is not None
        body = string(self._handle)
        for _ in range(count):
            self._asked += 1
            self._pipeline.ask(Request.READDIR, body, self)
