"""Small files read before they are asked for: each costs the server's time, not a journey of its own.

Of each, the canonical path and the handle are asked for together, then its bytes, its attributes and its closing; 64
files are under way at once. What a server answers to requests on one handle is as if they had been made one after the
other (draft-ietf-secsh-filexfer-02, 4), so the attributes are those after the bytes were read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from medialib.transfer.sftp_messages import NotSftp, OpenFor, Reply, Request, parse_handle, span, string
from medialib.transfer.sftp_names import parse_attributes, parse_names

if TYPE_CHECKING:
    from medialib.transfer.session import SshSession
    from medialib.transfer.sftp_channel import SftpChannel
    from medialib.transfer.sftp_pipeline import Pipeline

__all__ = ["ReadAhead", "SmallFile"]

_LARGEST = 2**20
_UNDER_WAY = 64
_FEW_UNDER_WAY = 48
_MOST_HELD = 2**24
# Seconds after which content that nobody has taken is read again: meanwhile the file may well be another one.
_FRESH = 60.0


class SmallFile(NamedTuple):
    """A file that was read whole, and is the one that was expected."""

    content: bytes
    """All its bytes."""
    canonical: str
    """Its path with every link followed; empty if that was not asked for."""


class _Reading:
    """One file on its way. Whatever the server refuses, or does otherwise than expected, makes it `failed`."""

    def __init__(
        self, pipeline: Pipeline, path: bytes, size: int, mtime: int, read_size: int, *, canonical: bool
    ) -> None:
        self.size = size
        self.begun = time.monotonic()
        self.failed = False
        self.canonical = ""
        self._pipeline = pipeline
        self.mtime = mtime
        self._read_size = read_size
        self._opened = False
        self._owed = 1 + canonical
        self._content = bytearray(size)
        self._received = 0
        if canonical:
            pipeline.ask(Request.REALPATH, string(path), _Part(self, Reply.NAME))
        pipeline.ask(
            Request.OPEN, string(path) + int(OpenFor.READ).to_bytes(4, "big") + bytes(4), _Part(self, Reply.HANDLE)
        )

    def done(self) -> bool:
        """Whether every answer is here."""
        return not self._owed

    def result(self) -> SmallFile | None:
        """The file, if it is the one that was expected."""
        if self.failed or self._received != self.size:
            return None
        return SmallFile(bytes(self._content), self.canonical)

    def fill(self, offset: int, data: memoryview) -> None:
        """Bytes from an offset on."""
        self._content[offset : offset + len(data)] = data
        self._received += len(data)

    def settled(self, kind: int, wanted: int, body: memoryview) -> None:
        """One answer is complete."""
        self._owed -= 1
        if kind != wanted:
            self.failed = True
        elif kind == Reply.HANDLE:
            self._read(string(parse_handle(body)))
        elif kind == Reply.NAME:
            names = parse_names(body)
            self.canonical = names[0].name if names else ""
        elif kind == Reply.ATTRS:
            found = parse_attributes(body)
            self.failed |= (found.size, found.mtime) != (self.size, self.mtime)

    def _read(self, handle: bytes) -> None:
        # One byte more than there should be: a file that is longer than listed shows it.
        for offset in range(0, self.size + 1, self._read_size):
            length = min(self._read_size, self.size + 1 - offset)
            wanted = Reply.DATA if offset < self.size else Reply.STATUS
            self._owed += 1
            self._pipeline.ask(Request.READ, handle + span(offset, length), _Part(self, wanted, offset, length))
        self._owed += 1
        self._pipeline.ask(Request.FSTAT, handle, _Part(self, Reply.ATTRS))
        self._pipeline.ask(Request.CLOSE, handle)


class _Part:
    """One request of a file's."""

    __slots__ = ("_at", "_end", "_reading", "_wanted")

    def __init__(self, reading: _Reading, wanted: int, offset: int = 0, length: int = 0) -> None:
        self._reading = reading
        self._wanted = wanted
        self._at = offset
        self._end = offset + length

    def piece(self, data: memoryview, left: int) -> None:
        if self._at + len(data) + left > self._end:
            raise NotSftp("more bytes of a file than were asked for")
        self._reading.fill(self._at, data)
        self._at += len(data)
        if not left:
            self._reading.settled(Reply.DATA, self._wanted, data)

    def answered(self, kind: int, body: memoryview) -> None:
        self._reading.settled(kind, self._wanted, body)


class ReadAhead:
    """Keeps the next small files of a known order under way: at most 64 files and 16 MiB, or what the session allows.

    Threads may share it. It never fails: what cannot be read ahead, or turns out otherwise than expected, is left to be
    asked for as ever. `canonical` says whether each file's canonical path is asked for, too.
    """

    def __init__(self, session: SshSession, *, canonical: bool) -> None:
        self._session = session
        self._canonical = canonical
        self._lock = threading.Lock()
        self._channel: SftpChannel | None = None
        self._expected: dict[str, tuple[int, int]] = {}
        self._under_way: dict[str, _Reading] = {}

    def expect(self, files: Iterable[tuple[str, int, int]]) -> None:
        """These files, each with size and time in whole seconds, are wanted next, in this order, and no others."""
        wanted = {path: (size, mtime) for path, size, mtime in files if size <= _LARGEST}
        with self._lock:
            self._under_way = {path: reading for path, reading in self._under_way.items() if path in wanted}
            self._expected = {path: known for path, known in wanted.items() if path not in self._under_way}
            if not wanted:
                self._let_go()

    def at_hand(self, path: str) -> bool:
        """Whether `take` would wait for nothing."""
        with self._lock:
            reading, channel = self._under_way.get(path), self._channel
        if reading is None or channel is None or not channel.alive():
            return False  # over a new line it would have to be asked for again
        try:
            return channel.pipeline.arrived(reading.done)
        except (OSError, EOFError):
            return False  # which `take` meets, too

    def take(self, path: str) -> SmallFile | None:
        """An expected file, once it is here; None for any other. It is handed out once."""
        with self._lock:
            if path not in self._expected and path not in self._under_way:
                return None
            try:
                reading, channel = self._ready(path)
            except (OSError, EOFError):
                self._let_go()
                return None
        try:
            with self._session.translating(channel, f"reading {path}"):
                channel.pipeline.settle(reading.done)
        except OSError:
            with self._lock:
                if channel is self._channel:
                    self._let_go()
            return None
        with self._lock:
            if not self._expected and not self._under_way:
                self._let_go()
        return reading.result() if time.monotonic() - reading.begun < _FRESH else None

    def _ready(self, path: str) -> tuple[_Reading, SftpChannel]:
        """The reading of `path`, and as many more begun behind it as there is room for."""
        if self._channel is None or not self._channel.alive():
            lost = {path: (reading.size, reading.mtime) for path, reading in self._under_way.items()}
            self._expected = lost | self._expected
            self._let_go(forget=False)
            self._channel = self._session.retried(self._session.lease)
        channel = self._channel
        if path in self._expected:
            self._begin(channel, path)
        reading = self._under_way.pop(path)
        if self._expected and len(self._under_way) <= _FEW_UNDER_WAY:
            # Several are begun together: each packet costs both sides more than what stands in it.
            held = reading.size + sum(other.size for other in self._under_way.values())
            with self._session.translating(channel, f"reading {path}"):
                for following in list(islice(self._expected, _UNDER_WAY - len(self._under_way))):
                    held += self._expected[following][0]
                    if held > min(_MOST_HELD, self._session.most_held):
                        break
                    self._begin(channel, following)
                channel.pipeline.flush()
        return reading, channel

    def _begin(self, channel: SftpChannel, path: str) -> None:
        size, mtime = self._expected.pop(path)
        read_size = min(channel.pipeline.limits.read, self._session.read_size)
        raw = path.encode("utf-8", "surrogateescape")
        with channel.pipeline.lock:
            self._under_way[path] = _Reading(channel.pipeline, raw, size, mtime, read_size, canonical=self._canonical)

    def _let_go(self, *, forget: bool = True) -> None:
        """Give the channel back; what was under way on it is lost."""
        channel, self._channel = self._channel, None
        self._under_way.clear()
        if forget:
            self._expected.clear()
        if channel is not None:
            self._session.release(channel)
