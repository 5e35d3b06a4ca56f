"""A TCP proxy on 127.0.0.1 that treats a connection as bad lines do: late, cut, silent, ended early, falsified.

It knows nothing of what it carries. Under SSH a falsified byte breaks the message authentication, so a client must take
the connection for lost; under plain HTTP it arrives as content.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

import attrs

from medialib.testing.background import BackgroundLoop

__all__ = [
    "CutOff",
    "Direction",
    "FaultyProxy",
    "FlippedBit",
    "Lag",
    "LineFault",
    "Reset",
    "Silence",
    "Truncation",
    "draw_fault",
]

Direction: TypeAlias = Literal["to client", "to server"]
"""Which way bytes go."""

_CHUNK = 65536
_MOST_WAITING = 256
"""So many chunks may be on a slow line in one direction: 16 MiB."""


@attrs.frozen
class Lag:
    """Every byte, both ways, arrives so much later; the line carries no less for it."""

    seconds: float
    """One-way delay."""


@attrs.frozen
class CutOff:
    """The connection ends both ways, in order, once so many bytes have passed."""

    after: int
    """Bytes that still arrive, counted from the start of the connection."""
    direction: Direction = "to client"
    """Whose bytes are counted."""


@attrs.frozen
class Reset:
    """The connection ends both ways by a reset (RST), once so many bytes have passed."""

    after: int
    """Bytes that were carried, counted from the start of the connection; the last of them may be lost, too."""
    direction: Direction = "to client"
    """Whose bytes are counted."""


@attrs.frozen
class Silence:
    """Nothing more arrives after so many bytes, and the connection stands."""

    after: int
    """Bytes that still arrive, counted from the start of the connection."""
    direction: Direction = "to client"
    """Which way it falls silent; the other way goes on."""


@attrs.frozen
class Truncation:
    """One way ends in order (FIN) after so many bytes, as if all had been said; the other way goes on."""

    after: int
    """Bytes that still arrive, counted from the start of the connection."""
    direction: Direction = "to client"
    """Which way ends."""


@attrs.frozen
class FlippedBit:
    """One bit arrives as its opposite."""

    at: int
    """Which byte, counted from 0 at the start of the connection."""
    bit: int = 0
    """Which of its bits, 0 to 7."""
    direction: Direction = "to client"
    """Which way."""


LineFault: TypeAlias = Lag | CutOff | Reset | Silence | Truncation | FlippedBit
"""One way for a line to be bad."""
_Placed: TypeAlias = CutOff | Reset | Silence | Truncation | FlippedBit


def draw_fault(chances: random.Random, *, first: int, last: int) -> LineFault:
    """Any fault, somewhere between two bytes of what comes from the server.

    >>> draw_fault(random.Random(1), first=5000, last=9000)
    Reset(after=7331, direction='to client')
    """
    kind = chances.randrange(6)
    at = chances.randint(first, last)
    match kind:
        case 0:
            return Lag(chances.uniform(0.001, 0.02))
        case 1:
            return Reset(at)
        case 2:
            return Silence(at)
        case 3:
            return Truncation(at)
        case 4:
            return FlippedBit(at, chances.randrange(8))
        case _:
            return CutOff(at)


class FaultyProxy:
    """Stands in front of a server on a port of 127.0.0.1; a context manager, on a `port` of its own.

    `faults` befall every connection, each by itself; `choose` is asked for further ones with the number of the
    connection, counted from 1. With `strikes` only so many strike in all, then the line is good (a `Lag` is not
    counted and does not end). `struck` tells which did, in order; `connections` how many there were, `delivered` how
    many bytes clients were given.

    >>> with FaultyProxy(9, CutOff(after=0)) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as line:
    ...     line.recv(1)
    b''
    """

    def __init__(
        self,
        port: int,
        *faults: LineFault,
        strikes: int | None = None,
        choose: Callable[[int], Iterable[LineFault]] | None = None,
    ) -> None:
        self._target = port
        self._faults = faults
        self._choose = choose
        self._left = strikes
        self.struck: list[LineFault] = []
        self.connections = 0
        self.delivered = 0
        self.port = 0
        self._loop = BackgroundLoop("faulty-proxy")
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    def __enter__(self) -> FaultyProxy:
        self._loop.__enter__()
        self._loop.run(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._leave())
        self._loop.__exit__()

    def cut_now(self) -> None:
        """Cut every connection that stands, by a reset."""
        self._loop.run(self._hang_up())

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _leave(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._hang_up()

    async def _hang_up(self) -> None:
        _reset(*self._open)
        await asyncio.sleep(0)

    async def _accept(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self.connections += 1
        faults = (*self._faults, *(self._choose(self.connections) if self._choose is not None else ()))
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            to_client.close()
            return
        both = (to_client, to_server)
        self._open.update(both)
        ways = (
            _Way(self, faults, "to client", from_server, to_client, both),
            _Way(self, faults, "to server", from_client, to_server, both),
        )
        try:
            await asyncio.gather(*(way.carry() for way in ways))
        finally:
            for writer in both:
                writer.close()
                self._open.discard(writer)

    def strike(self, fault: LineFault) -> bool:
        """Count a fault that is about to strike; False if the line is good by now."""
        if self._left == 0:
            return False
        if self._left is not None:
            self._left -= 1
        self.struck.append(fault)
        return True


class _Way:
    """One direction of a connection: what is read is put on the line, and taken off it when its time has come."""

    def __init__(
        self,
        proxy: FaultyProxy,
        faults: Iterable[LineFault],
        direction: Direction,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        both: tuple[asyncio.StreamWriter, ...],
    ) -> None:
        self._proxy = proxy
        self._direction = direction
        self._lag = sum(fault.seconds for fault in faults if isinstance(fault, Lag))
        placed = (fault for fault in faults if not isinstance(fault, Lag) and fault.direction == direction)
        self._placed: list[_Placed] = sorted(placed, key=_place)
        self._reader = reader
        self._writer = writer
        self._both = both
        self._line: asyncio.Queue[tuple[float, bytes | LineFault | None]] = asyncio.Queue(_MOST_WAITING)

    async def carry(self) -> None:
        halves = {asyncio.ensure_future(self._put()), asyncio.ensure_future(self._take())}
        try:
            done, _ = await asyncio.wait(halves, return_when=asyncio.FIRST_EXCEPTION)
            if any(half.exception() is not None for half in done):
                for writer in self._both:
                    writer.transport.abort()
        finally:
            for half in halves:
                half.cancel()

    async def _put(self) -> None:
        """Read until the end, and go on reading for nobody once the line is silent."""
        position, silent = 0, False
        while data := await self._read():
            if silent:
                continue
            for item in self._treated(position, data):
                await self._line.put((asyncio.get_running_loop().time() + self._lag, item))
                silent = silent or not isinstance(item, bytes)
            position += len(data)
        if not silent:
            await self._line.put((asyncio.get_running_loop().time() + self._lag, None))

    async def _read(self) -> bytes:
        try:
            return await self._reader.read(_CHUNK)
        except OSError:
            return b""

    def _treated(self, position: int, data: bytes) -> list[bytes | LineFault]:
        """What becomes of a stretch of bytes: itself, falsified, or a part of it and the end."""
        for fault in list(self._placed):
            at = _place(fault) - position
            if at >= len(data):
                break
            self._placed.remove(fault)
            if not self._proxy.strike(fault):
                continue
            if not isinstance(fault, FlippedBit):
                return [data[:at], fault] if at else [fault]
            data = data[:at] + bytes([data[at] ^ 1 << fault.bit]) + data[at + 1 :]
        return [data]

    async def _take(self) -> None:
        while True:
            due, item = await self._line.get()
            wait = due - asyncio.get_running_loop().time()
            if wait > 0:
                await asyncio.sleep(wait)
            match item:
                case bytes():
                    self._writer.write(item)
                    await self._writer.drain()
                    if self._direction == "to client":
                        self._proxy.delivered += len(item)
                case None | Truncation():
                    if not self._writer.is_closing():
                        self._writer.write_eof()
                    return
                case CutOff():
                    for writer in self._both:
                        writer.close()
                    return
                case Reset():
                    _reset(*self._both)
                    return
                case _:
                    return


def _reset(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        raw: socket.socket = writer.get_extra_info("socket")
        with contextlib.suppress(OSError):  # closed by now
            # lingering for no time at all: closing sends RST, not FIN
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


def _place(fault: _Placed) -> int:
    return fault.at if isinstance(fault, FlippedBit) else fault.after
