"""One SFTP session of a server that has manners. It writes the wire format itself, so every byte can be ill-mannered.

What the files are is told by an `asyncssh.SFTPServer`.
"""

from __future__ import annotations

import asyncio
import enum
import heapq
import random
import stat
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncssh
import attrs

from medialib.testing.sftp_manners import (
    AnswersTwice,
    AnswersUnasked,
    Boasting,
    EarlyEnd,
    HandlesReused,
    HangUp,
    ImpossibleFrame,
    LongReads,
    Manner,
    NarrowWindow,
    NoExtensions,
    OtherKind,
    OutOfOrder,
    Pause,
    ReadLimit,
    ShortReads,
)

__all__ = ["Conduct", "MannersSession"]


@attrs.define
class Conduct:
    """How a server behaves, and has behaved, in all its sessions."""

    manners: tuple[Manner, ...] = ()
    """No two of a kind."""
    seed: int = 0
    """Of what is left to chance."""
    struck: dict[Manner, int] = attrs.field(factory=dict)
    """How often each has shown."""
    opened: Counter[object] = attrs.field(factory=Counter)
    """Files that were opened on each connection."""
    reads: int = 0
    """Reads that were asked for."""

    def strike(self, manner: Manner, times: int | None = None) -> bool:
        """Count that a manner shows; False if it showed `times` times before."""
        if times is not None and self.struck.get(manner, 0) >= times:
            return False
        self.struck[manner] = self.struck.get(manner, 0) + 1
        return True


class _Ask(enum.IntEnum):
    INIT = 1
    OPEN = 3
    CLOSE = 4
    READ = 5
    LSTAT = 7
    FSTAT = 8
    OPENDIR = 11
    READDIR = 12
    REALPATH = 16
    STAT = 17
    READLINK = 19
    EXTENDED = 200


_VERSION, _STATUS, _HANDLE, _DATA, _NAME, _ATTRS, _EXTENDED_REPLY = 2, 101, 102, 103, 104, 105, 201
_OK, _EOF, _UNSUPPORTED = 0, 1, 8
_LARGEST_READ = 255 * 1024
_NAMES_AT_A_TIME = 100
_IDLE = 0.002
_WORD = struct.Struct(">I")


def _text(data: bytes) -> bytes:
    return _WORD.pack(len(data)) + data


class _Request:
    """A request, read from its start."""

    def __init__(self, frame: bytes) -> None:
        self.kind = frame[0]
        (self.number,) = _WORD.unpack_from(frame, 1)
        self._rest = frame[5:]

    def text(self) -> bytes:
        """The next string."""
        (length,) = _WORD.unpack_from(self._rest)
        found, self._rest = self._rest[4 : 4 + length], self._rest[4 + length :]
        return found

    def numbers(self, form: str) -> tuple[int, ...]:
        """The next numbers, by their form in `struct`."""
        found = struct.unpack_from(form, self._rest)
        self._rest = self._rest[struct.calcsize(form) :]
        return found


class MannersSession(asyncssh.SSHServerSession[bytes]):
    """One SFTP session; `files` makes what tells what is served."""

    def __init__(self, conduct: Conduct, files: Callable[[Any], asyncssh.SFTPServer]) -> None:
        self._conduct = conduct
        self._strike = conduct.strike
        self._manners = {type(manner): manner for manner in conduct.manners}
        self._make_files = files
        self._chances = random.Random(conduct.seed)
        self._buffer = bytearray()
        self._requests: asyncio.Queue[bytes] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._handles: dict[bytes, Any] = {}
        self._free: list[int] = []
        self._given_out = 0
        self._held: list[bytes] = []
        self._answered = self._asked = self._reads = 0

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """See `asyncssh.SSHServerSession`, as for what follows."""
        self._channel = chan
        match self._manners.get(NarrowWindow):
            case NarrowWindow(widens=False):
                # what is taken is told of once less than half of this is left
                chan._init_recv_window = 0
        self._files: Any = self._make_files(chan)

    def subsystem_requested(self, subsystem: str) -> bool:
        """Nothing else is served."""
        return subsystem == "sftp"

    def session_started(self) -> None:
        """Begin to answer."""
        self._task = asyncio.create_task(self._serve())

    def connection_lost(self, exc: Exception | None) -> None:
        """Whatever is half answered is forgotten."""
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Cut into requests."""
        self._buffer += data
        while len(self._buffer) >= 4:
            (length,) = _WORD.unpack_from(self._buffer)
            if len(self._buffer) < 4 + length:
                return
            self._requests.put_nowait(bytes(self._buffer[4 : 4 + length]))
            del self._buffer[: 4 + length]

    async def _serve(self) -> None:
        while True:
            if self._held and self._requests.empty():
                await asyncio.sleep(_IDLE)
                if self._requests.empty():
                    self._release()
            request = await self._requests.get()
            if request[0] == _Ask.INIT:
                self._send(self._greeting())
                continue
            self._asked += 1
            await self._pause()
            await self._answer(_Request(request))

    def _greeting(self) -> bytes:
        greeting = bytes([_VERSION]) + _WORD.pack(3)
        if NoExtensions not in self._manners:
            greeting += _text(b"posix-rename@openssh.com") + _text(b"1")
            if ReadLimit not in self._manners or Boasting in self._manners:
                greeting += _text(b"limits@openssh.com") + _text(b"1")
        return greeting

    async def _pause(self) -> None:
        pause = self._manners.get(Pause)
        if isinstance(pause, Pause) and self._asked == pause.after + 1:
            self._strike(pause)
            self._channel.pause_reading()
            await (asyncio.Event().wait() if pause.seconds is None else asyncio.sleep(pause.seconds))
            self._channel.resume_reading()

    # ------------------------------------------------------------------------------------------------------ answering

    async def _answer(self, request: _Request) -> None:
        try:
            kind, body = await self._looked_up(request)
        except asyncssh.SFTPError as error:
            kind, body = _STATUS, _status(error.code, error.reason)
        answer = bytes([kind]) + _WORD.pack(request.number) + body
        self._answered += 1
        self._reads += request.kind == _Ask.READ
        self._say(answer)
        for manner in self._manners.values():
            if isinstance(manner, AnswersTwice) and self._answered % manner.every == 0:
                self._strike(manner)
                self._say(answer)
            elif isinstance(manner, AnswersUnasked) and self._answered % manner.every == 0:
                self._strike(manner)
                never = 0x70000000 + self._chances.randrange(0x10000)
                self._say(bytes([_DATA]) + _WORD.pack(never) + _text(b"nobody asked"))
            elif isinstance(manner, ImpossibleFrame) and request.kind == _Ask.READ and self._reads == manner.after:
                self._strike(manner)
                self._channel.write(b"\xff\xff\xff\xf0")

    def _say(self, answer: bytes) -> None:
        order = self._manners.get(OutOfOrder)
        if not isinstance(order, OutOfOrder):
            self._send(answer)
            return
        self._held.append(answer)
        if len(self._held) >= order.most:
            self._release()

    def _release(self) -> None:
        if len(self._held) > 1:
            self._strike(self._manners[OutOfOrder])
        self._chances.shuffle(self._held)
        for answer in self._held:
            self._send(answer)
        self._held.clear()

    def _send(self, answer: bytes) -> None:
        if not self._channel.is_closing():
            self._channel.write(_text(answer))

    async def _looked_up(self, request: _Request) -> tuple[int, bytes]:
        """The kind and body of an answer, before any manner but those of reading."""
        match request.kind:
            case _Ask.OPEN:
                opened = self._files.open(request.text(), request.numbers(">I")[0], asyncssh.SFTPAttrs())
                self._conduct.opened[self._channel.get_connection()] += 1
                return _HANDLE, _text(self._handle(opened))
            case _Ask.READ:
                opened = self._found(request.text())
                return await self._read(opened, *request.numbers(">QI"))
            case _Ask.CLOSE:
                self._close(request.text())
                return _STATUS, _status(_OK, "")
            case _Ask.OPENDIR:
                path = request.text()
                if not stat.S_ISDIR(self._files.stat(path).permissions or 0):
                    raise asyncssh.SFTPFailure("not a folder")
                return _HANDLE, _text(self._handle(self._files.scandir(path)))
            case _Ask.READDIR:
                names = await _first(self._found(request.text()))
                listed = b"".join(name.encode(3) for name in names)
                return (_NAME, _WORD.pack(len(names)) + listed) if names else (_STATUS, _status(_EOF, "no more"))
            case _Ask.LSTAT:
                return _ATTRS, self._files.lstat(request.text()).encode(3)
            case _Ask.STAT:
                return _ATTRS, self._files.stat(request.text()).encode(3)
            case _Ask.FSTAT:
                return _ATTRS, self._files.fstat(self._found(request.text())).encode(3)
            case _Ask.REALPATH:
                return _NAME, _one_name(self._files.realpath(request.text()))
            case _Ask.READLINK:
                return _NAME, _one_name(self._files.readlink(request.text()))
            case _Ask.EXTENDED if NoExtensions not in self._manners and request.text() == b"limits@openssh.com":
                boast = self._manners.get(Boasting)
                most = boast.most_read if isinstance(boast, Boasting) else _LARGEST_READ
                return _EXTENDED_REPLY, struct.pack(">QQQQ", _LARGEST_READ + 1024, most, _LARGEST_READ, 0)
        return _STATUS, _status(_UNSUPPORTED, "not served here")

    async def _read(self, opened: Any, offset: int, length: int) -> tuple[int, bytes]:
        length = min(length, _LARGEST_READ)
        self._conduct.reads += 1
        connection = self._channel.get_connection()
        for manner in self._manners.values():
            match manner:
                case HangUp() if self._conduct.opened[connection] >= manner.after_opens:
                    if self._strike(manner, manner.times):
                        connection.abort()
                        raise asyncio.CancelledError
                case ReadLimit() if length > manner.most:
                    self._strike(manner)
                    if manner.hangs_up:
                        connection.abort()
                        raise asyncio.CancelledError
                    raise asyncssh.SFTPFailure("that is too much to ask")
                case EarlyEnd() if offset >= manner.at and self._strike(manner, manner.times):
                    return _STATUS, _status(_EOF, "no more")
                case OtherKind() if self._conduct.reads % manner.every == 0:
                    self._strike(manner)
                    return _HANDLE, _text(b"a handle")
                case ShortReads():
                    self._strike(manner)
                    length = min(length, self._chances.randint(1, manner.most))
                case LongReads():
                    self._strike(manner)
                    length += manner.more
        data = await self._files.read(opened, offset, length)
        return (_DATA, _text(data)) if data else (_STATUS, _status(_EOF, "no more"))

    # -------------------------------------------------------------------------------------------------------- handles

    def _handle(self, opened: Any) -> bytes:
        if self._free and HandlesReused in self._manners:
            self._strike(self._manners[HandlesReused])
            handle = _WORD.pack(heapq.heappop(self._free))
        else:
            handle = _WORD.pack(self._given_out)
            self._given_out += 1
        self._handles[handle] = opened
        return handle

    def _found(self, handle: bytes) -> Any:
        if handle not in self._handles:
            raise asyncssh.SFTPFailure("no such handle")
        return self._handles[handle]

    def _close(self, handle: bytes) -> None:
        self._found(handle)
        del self._handles[handle]
        heapq.heappush(self._free, _WORD.unpack(handle)[0])


def _status(code: int, reason: str) -> bytes:
    return _WORD.pack(code) + _text(reason.encode()) + _text(b"en")


def _one_name(path: bytes) -> bytes:
    return _WORD.pack(1) + _text(path) + _text(path) + _WORD.pack(0)


async def _first(names: AsyncIterator[asyncssh.SFTPName]) -> list[asyncssh.SFTPName]:
    """The next names of a listing, as many as fit an answer."""
    found: list[asyncssh.SFTPName] = []
    async for name in names:
        found.append(name)
        if len(found) == _NAMES_AT_A_TIME:
            break
    return found
