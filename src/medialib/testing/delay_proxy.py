"""A long line on one machine: TCP on 127.0.0.1 that arrives a fixed time later, as fast as it can be read.

It runs in a process of its own, so that it shares no interpreter with what is measured. Beside `FaultyProxy`, which is
for faults and carries some tens of megabytes a second, this one does nothing but wait, and is for benchmarks.

What it leaves out: bytes are acknowledged to their sender at once, so neither TCP's slow start nor the sender's buffer
limits anything; nothing is lost, and no bandwidth is used up. A `window` brings the sender's buffer back.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import heapq
import itertools
import select
import socket
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["DelayProxy"]

_CHUNK = 2**18
_AMPLE = 2**28
"""Bytes a line holds in one direction unless told otherwise: 256 MiB, 1.6 GB/s at 80 ms each way."""
_PATIENCE = 20.0
_RESET = None
"""Stands among the bytes of a direction where its sender reset the connection."""


class DelayProxy:
    """Stands in front of a server on a port of 127.0.0.1; a context manager, on a `port` of its own.

    `seconds` is the one-way delay. A connection takes as long to be made as over a real line: a client's first bytes
    come to the server three delays after it was let in, the server's answer a fourth one later. `window` is how many
    bytes may be under way or unacknowledged in one direction of a connection, as with a sender whose buffer has that
    size; more are not read. Delays are kept to less than a millisecond while a processor is free for it.

    >>> with socket.create_server(("127.0.0.1", 0)) as server, DelayProxy(server.getsockname()[1], 0.001) as proxy:
    ...     with socket.create_connection(("127.0.0.1", proxy.port)) as client:
    ...         client.sendall(b"far away")
    ...         line, _ = server.accept()
    ...         line.recv(8)
    ...         line.close()
    b'far away'
    """

    def __init__(self, port: int, seconds: float, *, window: int = _AMPLE) -> None:
        self._command = [sys.executable, "-m", __name__, str(port), str(seconds), str(window)]
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> DelayProxy:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            self.__exit__()
            raise RuntimeError("the delay proxy did not start; what it said stands on standard error")
        self.port = int(said)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        # the end of its input ends it, so it does not outlive a parent that was killed, either
        self._process.communicate(timeout=_PATIENCE)
        self._process = None


class _Way:
    """One direction of a connection: chunks of bytes, and when each is to arrive."""

    def __init__(self, source: socket.socket, target: socket.socket, opens: float) -> None:
        self.source = source
        self.target = target
        self.opens = opens
        self.held = 0
        """Bytes that were read and are not acknowledged, as far as the sender would know."""
        self.reading = True
        self.line: deque[tuple[float, memoryview | None]] = deque()
        self.unacknowledged: deque[tuple[float, int]] = deque()
        self.blocked = False
        self.done = False


class _Line:
    """Every connection through one proxy."""

    def __init__(self, target: int, delay: float, window: int) -> None:
        self._target = target
        self._delay = delay
        self._window = window
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.setblocking(False)
        self._ways: list[_Way] = []
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._spare: list[bytearray] = []
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Carry until standard input ends."""
        while True:
            now = time.monotonic()
            while self._later and self._later[0][0] <= now:
                heapq.heappop(self._later)[2]()
            for way in self._ways:
                self._deliver(way, now)
            self._ways = [way for way in self._ways if not way.done]
            if not self._wait():
                return

    def _wait(self) -> bool:
        """Wait for bytes, for room, or for the next time that something is due; False at the end of standard input."""
        now = time.monotonic()
        readers: list[Any] = [self._listener, sys.stdin]
        by_source: dict[socket.socket, _Way] = {}
        writers = []
        due = self._later[0][0] if self._later else now + 3600
        for way in self._ways:
            while way.unacknowledged and way.unacknowledged[0][0] <= now:
                way.held -= way.unacknowledged.popleft()[1]
            if way.reading and way.held < self._window:
                readers.append(way.source)
                by_source[way.source] = way
            elif way.reading and way.unacknowledged:
                due = min(due, way.unacknowledged[0][0])
            if way.blocked:
                writers.append(way.target)
            elif way.line:
                due = min(due, way.line[0][0])
        # select, not epoll: its time-out is in microseconds, epoll's in milliseconds
        ready, _, _ = select.select(readers, writers, [], max(0.0, due - now))
        for reader in ready:
            if reader is sys.stdin:
                return False
            if reader is self._listener:
                self._accept()
            else:
                self._read(by_source[reader])
        return True

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            client, _ = self._listener.accept()
            server = socket.socket()
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.setblocking(False)
            # what the client says from now on is under way, and there is nobody to hear it before the server knows
            self._ways.append(_Way(client, server, opens=time.monotonic() + 3 * self._delay))
            self._after(3 * self._delay, lambda: self._connect(client, server))

    def _connect(self, client: socket.socket, server: socket.socket) -> None:
        try:
            server.connect(("127.0.0.1", self._target))
        except OSError:
            # the client may have left by now, and its way with it
            for way in self._ways:
                if way.source is client:
                    self._break(way)
            return
        server.setblocking(False)
        self._ways.append(_Way(server, client, opens=0.0))

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._count), action))

    def _read(self, way: _Way) -> None:
        # Buffers are used again: a fresh one costs the kernel more than filling it.
        buffer = self._spare.pop() if self._spare else bytearray(_CHUNK)
        try:
            count = way.source.recv_into(buffer)
        except BlockingIOError:
            self._spare.append(buffer)
            return
        except OSError:
            way.reading = False
            way.line.append((time.monotonic() + self._delay, _RESET))
            return
        way.line.append((max(time.monotonic() + self._delay, way.opens), memoryview(buffer)[:count]))
        way.held += count
        way.reading = count > 0

    def _deliver(self, way: _Way, now: float) -> None:
        """Hand over what is due, as far as the target takes it."""
        way.blocked = False
        while way.line and way.line[0][0] <= now and not way.done:
            due, data = way.line[0]
            if data is _RESET:
                self._break(way)
                return
            if not data:
                with contextlib.suppress(OSError):
                    way.target.shutdown(socket.SHUT_WR)
                self._end(way)
                return
            try:
                sent = way.target.send(data)
            except BlockingIOError:
                way.blocked = True
                return
            except OSError:
                # The target is gone. Its sender hears of it as late as of anything else.
                self._after(self._delay, lambda: self._break(way))
                way.line.clear()
                way.reading = False
                return
            way.unacknowledged.append((now + self._delay, sent))
            if sent < len(data):
                way.line[0] = (due, data[sent:])
                way.blocked = True
                return
            way.line.popleft()
            self._spare.append(data.obj)  # type: ignore[arg-type]  # made in `_read`

    def _other(self, way: _Way) -> _Way | None:
        return next((other for other in self._ways if other.source is way.target), None)

    def _end(self, way: _Way) -> None:
        way.done = True
        other = self._other(way)
        if other is None or other.done:
            way.source.close()
            way.target.close()

    def _break(self, way: _Way) -> None:
        """Reset both ends of a connection."""
        for part in (way, self._other(way)):
            if part is not None:
                part.done = True
        for end in (way.source, way.target):
            _reset(end)


def _reset(end: socket.socket) -> None:
    try:
        # lingering for no time at all: closing sends RST, not FIN
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError as error:
        if error.errno not in (errno.EBADF, errno.EINVAL):
            raise
    end.close()


def _main(arguments: Iterator[str]) -> None:
    parser = argparse.ArgumentParser(description="Delay TCP connections to a port of 127.0.0.1.")
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("window", type=int)
    given = parser.parse_args(list(arguments))
    line = _Line(given.port, given.seconds, given.window)
    sys.stdout.write(f"{line.port}\n")
    sys.stdout.flush()
    line.serve()


if __name__ == "__main__":
    _main(iter(sys.argv[1:]))
