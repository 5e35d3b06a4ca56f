"""Folders listed with many requests under way: the next batch of names is asked for before the last one is here."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import TYPE_CHECKING

from medialib.errors import ConnectionLost, OutOfReach
from medialib.transfer.sftp_messages import NotSftp, Reply, Request, parse_handle, parse_status, string
from medialib.transfer.sftp_names import RemoteAttributes, parse_names

if TYPE_CHECKING:
    from medialib.transfer.session import SshSession
    from medialib.transfer.sftp_channel import SftpChannel
    from medialib.transfer.sftp_pipeline import Pipeline

__all__ = ["FolderListing", "FolderQueue"]

_READ_AHEAD = 3
_FOLDERS_UNDER_WAY = 64
_LISTING_CHANNELS = 2
_MANY = 8
_SHORT_TRIP = 0.005
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
        # How many were asked for in the batch that has yet to be sent, and which that is.
        self._unsent, self._batch = 0, -1
        self._needless = 0
        self._wanted = False
        self._abandoned = False
        self._ended = False
        self._closed = False
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
        self._pipeline.settle(lambda: self._ended and self._asked <= self._needless)
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
        if self._closed:
            return
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
        if self._ended and self._asked <= self._needless and self._handle is not None:
            self._pipeline.ask(Request.CLOSE, string(self._handle))
            self._handle, self._closed = None, True

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
        if not self._ended and self._batch == self._pipeline.batches:
            # asked for after this answer was given: there is nothing left for them to tell
            self._needless = self._unsent
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
        if self._batch != self._pipeline.batches:
            self._unsent, self._batch = 0, self._pipeline.batches
        self._unsent += count
        for _ in range(count):
            self._asked += 1
            self._pipeline.ask(Request.READDIR, body, self)


class FolderQueue:
    """Lists folders one after the other, for one thread that knows which are next: up to 64 are under way.

    A connection that is lost costs one more listing, by the session's own patience, and no error.
    """

    def __init__(self, session: SshSession) -> None:
        self._session = session
        self._channels: list[SftpChannel] = []
        self._under_way: dict[str, tuple[SftpChannel, FolderListing]] = {}

    def take(self, folder: str, following: Iterable[str]) -> list[RemoteAttributes]:
        """The entries of `folder`, links not followed; `following` are the folders that will be wanted next.

        Raises what `FolderListing.result` does, and `ConnectionLost`.
        """
        try:
            return self._taken(folder, following)
        except ConnectionLost:
            self.close()
            return self._session.run(f"listing {folder}", lambda channel: self._listing(channel, folder).result())

    def close(self) -> None:
        """Let go of what was asked for and not taken."""
        channels, self._channels = self._channels, []
        abandoned, self._under_way = self._under_way, {}
        for channel, listing in abandoned.values():
            if channel.alive():
                listing.abandon()
        for channel in channels:
            self._session.release(channel)

    def _taken(self, folder: str, following: Iterable[str]) -> list[RemoteAttributes]:
        session = self._session
        if not self._channels:
            self._channels.append(session.retried(session.lease))
        elif len(self._channels) < _LISTING_CHANNELS and self._near():
            self._channels.append(session.lease())
        for path in (folder, *following):
            if path not in self._under_way and len(self._under_way) < _FOLDERS_UNDER_WAY:
                self._begin(path)
        channel, listing = self._under_way.pop(folder)
        with session.translating(channel, f"listing {folder}"):
            return listing.result()

    def _near(self) -> bool:
        """Whether another channel, each of which is a process of the server's, is had for less than it gains."""
        return len(self._under_way) >= _MANY and 0 < self._channels[0].pipeline.round_trip < _SHORT_TRIP

    def _begin(self, path: str) -> None:
        channel = min(self._channels, key=lambda known: known.pipeline.under_way)
        with self._session.translating(channel, f"listing {path}"):
            self._under_way[path] = channel, self._listing(channel, path)
            if len(self._channels) > 1:
                channel.pipeline.flush()

    def _listing(self, channel: SftpChannel, path: str) -> FolderListing:
        raw = path.encode("utf-8", "surrogateescape")
        return FolderListing(channel.pipeline, raw, most=self._session.endpoint.most_names)
