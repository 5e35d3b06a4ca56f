"""Many SFTP requests under way on one channel: sent in batches, and each answer handed to whoever asked.

No thread of its own: of those that wait for answers, one takes what has arrived and hands it out to all of them.
"""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from medialib.errors import MedialibError
from medialib.transfer.sftp_messages import (
    LIMITS,
    Limits,
    NotSftp,
    Reply,
    Request,
    parse_extensions,
    parse_limits,
    request,
    string,
)
from medialib.transfer.sftp_replies import ReplyParser, ReplyPart

if TYPE_CHECKING:
    import paramiko

    from medialib.transfer.ssh_transport import Inbox, SshTransport

__all__ = ["Answer", "Call", "Pipeline"]

_BATCH = 16384
_DATA = int(Reply.DATA)
_READ = int(Request.READ)
# The window is widened again after so much of it was used: seldom enough to cost nothing, early enough never to stall.
_WIDEN_AFTER = 8
_VERSION = 3


class Answer(Protocol):
    """Whoever asked. Both are called with the pipeline's lock held, so they note what they are told and no more."""

    def piece(self, data: memoryview, left: int) -> None:
        """The next bytes of a file, of which the reply still owes `left`. They may be kept: nobody overwrites them."""

    def answered(self, kind: int, body: memoryview) -> None:
        """Any reply but bytes of a file."""


class _Nobody:
    """For requests of which nobody awaits the answer."""

    def piece(self, data: memoryview, left: int) -> None:
        """Forget it."""

    def answered(self, kind: int, body: memoryview) -> None:
        """Forget it."""


class Call:
    """One request whose whole answer is waited for."""

    __slots__ = ("body", "kind")

    def __init__(self) -> None:
        self.kind = 0
        self.body = b""

    def piece(self, data: memoryview, left: int) -> None:
        """Bytes of a file come to those who know how many they asked for."""
        raise NotSftp("bytes of a file in answer to something else")

    def answered(self, kind: int, body: memoryview) -> None:
        """Keep it."""
        self.kind, self.body = kind, bytes(body)


class Pipeline:
    """One SFTP conversation. Several threads may use it.

    `window` is how many bytes the server may have sent that nobody has taken, `timeout` how many seconds it may be
    silent. What the far side does wrong raises `NotSftp`, its end EOFError, its silence TimeoutError; the same is
    raised again to everybody who waits, now or later.
    """

    def __init__(
        self, transport: SshTransport, channel: paramiko.Channel, inbox: Inbox, *, window: int, timeout: float
    ) -> None:
        self.lock = threading.RLock()
        """Held while answers are handed out; hold it to read what they left."""
        self.limits = Limits()
        """What one request may ask for."""
        self.round_trip = 0.0
        """Seconds that the quickest answer took so far; 0 before there was any."""
        self.largest_request = 0
        """Bytes of a file that were asked for by one request at most."""
        self.largest_answer = 0
        """Bytes of a file that came with one answer at most, or with a part of it."""
        self.batches = 0
        """How many batches of requests were sent: what was asked since the last one is not on its way yet."""
        self._transport = transport
        self._channel = channel
        self._inbox = inbox
        self._window = window
        self._timeout = timeout
        self._handed_out = threading.Condition(self.lock)
        self._pumping = False
        self._parser = ReplyParser()
        self._waiting: dict[int, Answer] = {}
        self._unsent = bytearray()
        self._number = 0
        self._taken = 0
        self._asked_at: tuple[int, float] | None = None
        self._failure: BaseException | None = None
        self.extensions: dict[bytes, bytes] = {}
        """What the server can do besides, with its data."""
        self._greet()

    @property
    def under_way(self) -> int:
        """How many answers are owed."""
        return len(self._waiting)

    def ask(self, kind: int, body: bytes, answer: Answer | None = None) -> None:
        """Send a request, at the latest when somebody next waits for an answer."""
        with self.lock:
            self._number = number = (self._number + 1) & 0xFFFFFFFF
            if number in self._waiting:
                raise NotSftp("four thousand million requests are not answered")
            self._waiting[number] = _NOBODY if answer is None else answer
            self._unsent += request(kind, number, body)
            if kind == _READ and (length := int.from_bytes(body[-4:], "big")) > self.largest_request:
                self.largest_request = length
            if self._asked_at is None and len(self._waiting) == 1:
                self._asked_at = number, 0.0
            if len(self._unsent) >= _BATCH:
                self.flush()

    def call(self, kind: int, body: bytes) -> Call:
        """Send a request and wait for its answer."""
        call = Call()
        self.ask(kind, body, call)
        self.settle(lambda: call.kind != 0)
        return call

    def flush(self) -> None:
        """See that every request asked so far is on its way."""
        with self.lock:
            if self._failure is not None:
                raise self._failure
            if not self._unsent:
                return
            unsent, self._unsent = self._unsent, bytearray()
            self.batches += 1
            if self._asked_at is not None and not self._asked_at[1]:
                self._asked_at = self._asked_at[0], time.monotonic()
            try:
                self._channel.sendall(bytes(unsent))
            except BaseException as error:
                self._failure = error
                raise

    def settle(self, done: Callable[[], bool]) -> None:
        """Hand out answers until `done`; it is asked with the lock held."""
        with self.lock:
            while not done():
                self.flush()
                if self._pumping:
                    self._handed_out.wait()
                    if self._failure is not None and not done():
                        raise self._failure
                    continue
                self._pump()

    def arrived(self, done: Callable[[], bool]) -> bool:
        """Whether `done` is so by what has arrived: that is handed out, and nothing is waited for."""
        with self.lock:
            if not done() and not self._pumping and self._inbox.filled():
                self._pump()
            return done()

    def gather(self) -> None:
        """Once the connection has gone, hand out the answers that had come before; raises nothing."""
        with self.lock:
            # what follows nonsense is none the better
            if self._pumping or not isinstance(self._failure, (EOFError, OSError, type(None))):
                return
            with suppress(MedialibError, NotSftp, EOFError, OSError):
                self._digest(self._inbox.rest())

    def _pump(self) -> None:
        self._pumping = True
        self.lock.release()
        chunks: list[memoryview] = []
        failure: BaseException | None = None
        try:
            chunks = self._inbox.take(self._timeout)
            if not chunks:
                failure = EOFError("the server ended the session")
        except BaseException as error:  # noqa: BLE001 - raised again below, with the lock held
            failure = error
        self.lock.acquire()
        self._pumping = False
        try:
            if failure is not None:
                raise failure
            self._digest(chunks)
        except BaseException as error:
            if isinstance(error, Exception):
                self._failure = error
            raise
        finally:
            self._handed_out.notify_all()

    def _digest(self, chunks: list[memoryview]) -> None:
        waiting = self._waiting
        size = 0
        for chunk in chunks:
            size += len(chunk)
            for kind, number, body, left in self._parser.feed(chunk):
                answer = waiting.get(number)
                if answer is None:
                    raise NotSftp(f"an answer to request {number}, which was not made")
                if not left:
                    del waiting[number]
                    if self._asked_at is not None:
                        self._measure(number, *self._asked_at)
                if kind == _DATA:
                    if len(body) + left > self.largest_answer:
                        self.largest_answer = len(body) + left
                    answer.piece(body, left)
                else:
                    answer.answered(kind, body)
        self._widen(size)

    def _measure(self, answered: int, asked: int, since: float) -> None:
        if answered == asked:
            passed = time.monotonic() - since
            self.round_trip = min(passed, self.round_trip) if self.round_trip else passed
            self._asked_at = None

    def _widen(self, count: int) -> None:
        """Let the server send as many bytes more as were taken."""
        self._inbox.free(count)
        self._taken += count
        if self._taken * _WIDEN_AFTER < self._window:
            return
        taken, self._taken = self._taken, 0
        self._transport.widen(self._channel, taken)

    def _greet(self) -> None:
        """Agree on the version, and ask for the limits; their answer comes before that of whatever is asked next."""
        self._channel.sendall(struct.pack(">IBI", 5, Request.INIT, _VERSION))
        greeting: ReplyPart | None = None
        while greeting is None:
            chunks = self._inbox.take(self._timeout)
            if not chunks:
                raise EOFError("the server ended the session before it began")
            parts = [part for chunk in chunks for part in self._parser.feed(chunk)]
            self._widen(sum(len(chunk) for chunk in chunks))
            if parts:
                greeting = parts[0]
            if len(parts) > 1 or (greeting is not None and greeting.kind != Reply.VERSION):
                raise NotSftp("the server greets with something else than its version")
        if greeting.number < _VERSION:
            raise NotSftp(f"the server speaks version {greeting.number} of SFTP, too old a one")
        self.extensions = parse_extensions(greeting.body)
        if LIMITS in self.extensions:
            self.ask(Request.EXTENDED, string(LIMITS), _LimitsAnswer(self))


class _LimitsAnswer(_Nobody):
    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def answered(self, kind: int, body: memoryview) -> None:
        if kind == Reply.EXTENDED_REPLY:
            self._pipeline.limits = parse_limits(body)


_NOBODY = _Nobody()
