"""paramiko's SSH connection, made for volume: packets read many at a time, and a channel's bytes handed on uncopied.

All of it goes through paramiko's own seams: ``packetizer_class``, the list of ciphers, and a channel's ``in_buffer``.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from medialib.transfer.lean_paramiko import paramiko

from paramiko.packet import NeedRekeyException, Packetizer  # isort: skip

__all__ = ["Inbox", "SshTransport"]

_BUFFER = 2**20
# RFC 4253 lets a far side send packets of 35,000 bytes; ours are offered 256 KiB and the padding of a block.
_LONGEST_PACKET = 2**18 + 2**12
# RFC 4344, 3.2, lets a key of AES serve for 2^32 blocks, which are 64 GiB, and OpenSSH goes as far (ssh_set_newkeys in
# its packet.c: 1 << (block_size * 2) blocks); RFC 5647, 7.1, asks only that the counter of 64 bits be not used up. This
# is a quarter of that, in which not 2^29 packets fit. paramiko's 512 MiB, chosen for ciphers with small blocks, would
# stop a fast line for a key exchange every few seconds. Whenever the server asks for new keys, it gets them.
_REKEY_AFTER = 2**34
# What a server may still send until it answers the wish for new keys; paramiko's own measure.
_REKEY_OVERFLOW = 2**29
_LONGEST_BANNER_LINE = 8192
_CHANNEL_DATA = 94
_WINDOW_ADJUST = b"\x5d"
# Reasons of a server that could not understand what reached it (RFC 4253, 11.1): key exchange failed, MAC error,
# compression error, connection lost.
_GARBLED = frozenset((3, 5, 6, 10))


class Inbox:
    """Takes the place of a channel's buffer: keeps the stretches that arrive as they are, for one thread to take.

    A far side that sends more than the `window` it was given is cut off: what is held is bounded, whoever sends it.
    """

    def __init__(self, packetizer: _Packetizer, *, window: int) -> None:
        self._packetizer = packetizer
        self._window = window
        self._chunks: deque[memoryview] = deque()
        self._there = threading.Event()
        self._held = 0
        self._count = threading.Lock()
        self.closed = False
        """Whether nothing more will arrive."""

    def feed(self, data: bytes | memoryview) -> None:
        """Called by paramiko as bytes arrive."""
        with self._count:
            self._held += len(data)
            if self._held > self._window:
                raise paramiko.SSHException("the server sends more than it was allowed to")
        self._chunks.append(memoryview(data))
        self._packetizer.fed.add(self)

    def close(self) -> None:
        """Called by paramiko when the far side, or the connection, ends."""
        self.closed = True
        self._there.set()

    def wake(self) -> None:
        """Let go whoever waits for bytes."""
        self._there.set()

    def filled(self) -> bool:
        """Whether `take` would wait for nothing."""
        return bool(self._chunks)

    def take(self, timeout: float) -> list[memoryview]:
        """All that has arrived, in order; empty only at the end. Raises TimeoutError after `timeout` seconds."""
        while not self._chunks:
            if self.closed:
                break
            if not self._there.wait(timeout):
                raise TimeoutError("no answer in time")
            self._there.clear()
        return self.rest()

    def rest(self) -> list[memoryview]:
        """What has arrived and was not taken, without waiting for more."""
        return [self._chunks.popleft() for _ in range(len(self._chunks))]

    def free(self, count: int) -> None:
        """So many bytes more may be sent."""
        with self._count:
            self._held -= count

    # The rest of what paramiko asks of a channel's buffer; nothing is ever left in this one for others.

    def __len__(self) -> int:
        return 0

    def read_ready(self) -> bool:
        """Whether bytes can be read by paramiko's own means: never."""
        return False

    def empty(self) -> bytes:
        """What is left for paramiko: nothing."""
        return b""


class _Discarding(Inbox):
    """For what a server prints on its error channel, of which nobody needs anything; it stays within the window."""

    def feed(self, data: bytes | memoryview) -> None:
        with self._count:
            self._held += len(data)
            if self._held > self._window:
                raise paramiko.SSHException("the server prints without end")


class _ChannelData(paramiko.Message):
    """A packet of bytes for a channel that has an `Inbox`, in place."""

    def __init__(self, body: memoryview) -> None:
        # Not paramiko's own, which copies. A channel asks for its number, then for the bytes, and for nothing else.
        self._body = body
        self._at = 0

    def get_int(self) -> int:
        found = int.from_bytes(self._body[self._at : self._at + 4], "big")
        self._at += 4
        return found

    def get_binary(self) -> Any:
        length = self.get_int()
        found = self._body[self._at :]
        if len(found) != length:
            raise paramiko.SSHException("a packet claims other bytes than it has")
        return found


class _Packetizer(Packetizer):
    """Reads the socket by the megabyte, and opens AES-GCM packets where they lie."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._connection = connection
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0
        self._engine: Any = None
        self._fixed_nonce = b""
        self._nonce = 0
        self._since_keys = 0
        self._compressed = False
        self.fed: set[Inbox] = set()
        self.streams: set[int] = set()
        self.patience: float = 30.0

    if TYPE_CHECKING:  # absent from the stubs
        _Packetizer__sequence_number_in: int

        def _check_keepalive(self) -> None: ...
        def _trigger_rekey(self) -> None: ...

    def set_inbound_cipher(self, *args: Any, **kwargs: Any) -> None:
        super().set_inbound_cipher(*args, **kwargs)
        iv_in: bytes | None = kwargs.get("iv_in")
        self._engine = None
        if iv_in is not None:
            self._engine = kwargs["block_engine"]
            self._fixed_nonce, self._nonce = iv_in[:4], int.from_bytes(iv_in[4:], "big")
            self._since_keys = 0

    def set_inbound_compressor(self, compressor: Any) -> None:
        super().set_inbound_compressor(compressor)
        self._compressed = compressor is not None

    def readline(self, timeout: float) -> str:
        deadline = time.monotonic() + timeout
        while (found := self._buffer.find(b"\n", self._start, self._end)) < 0:
            if self._end - self._start > _LONGEST_BANNER_LINE:
                raise paramiko.SSHException("a greeting without end")
            if not self._receive() and time.monotonic() > deadline:
                raise TimeoutError("no greeting in time")
        line = bytes(self._view[self._start : found]).removesuffix(b"\r")
        self._start = found + 1
        return line.decode("utf-8", "replace")

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        # what an unproven length came to
        if not 0 <= n <= _LONGEST_PACKET:
            raise paramiko.SSHException(f"a packet of {n} bytes")
        self._need(n, check_rekey)
        self._start += n
        return bytes(self._view[self._start - n : self._start])

    def read_message(self) -> tuple[int, paramiko.Message]:
        if self._engine is None or self._compressed:
            return super().read_message()
        self._need(4, True)
        start = self._start
        size = int.from_bytes(self._view[start : start + 4], "big")
        if not 6 <= size <= _LONGEST_PACKET:
            raise paramiko.SSHException(f"a packet of {size} bytes")
        self._need(size + 20, False)
        start = self._start
        nonce = self._fixed_nonce + self._nonce.to_bytes(8, "big")
        self._nonce = (self._nonce + 1) % 2**64
        view = self._view
        packet = self._engine.decrypt(nonce, view[start + 4 : start + 20 + size], view[start : start + 4])
        self._start = start + 20 + size
        # paramiko's own count, by its private name: with a later key exchange the authentication code may need it.
        number: int = self._Packetizer__sequence_number_in
        self._Packetizer__sequence_number_in = (number + 1) & 0xFFFFFFFF
        self._count(size + 20)
        kind, end = packet[1], size - packet[0]
        if end < 2:
            raise paramiko.SSHException("a packet of nothing but padding")
        if kind == _CHANNEL_DATA and int.from_bytes(packet[2:6], "big") in self.streams:
            return kind, _ChannelData(memoryview(packet)[2:end])
        message = paramiko.Message(packet[2:end])
        message.seqno = number
        return kind, message

    def write_all(self, out: Any) -> None:
        # paramiko's own tries for ever where the far side takes nothing more.
        view = memoryview(out)
        stalled = time.monotonic() + self.patience
        while view:
            try:
                sent = self._connection.send(view)
            except TimeoutError:
                if self.closed or time.monotonic() > stalled:
                    raise EOFError("the server takes no more bytes") from None
                continue
            except OSError:
                raise EOFError("the connection is gone") from None
            stalled = time.monotonic() + self.patience
            view = view[sent:]

    def _need(self, count: int, check_rekey: bool) -> None:
        """Have `count` bytes in the buffer, waiting for them as paramiko does."""
        while self._end - self._start < count:
            if self.handshake_timed_out():
                raise EOFError("the handshake took too long")
            if not self._receive():
                if check_rekey and self._end == self._start and self.need_rekey():
                    raise NeedRekeyException
                self._check_keepalive()

    def _receive(self) -> bool:
        """Receive what there is; False if there was nothing for the socket's time-out."""
        if self._start == self._end:
            self._start = self._end = 0
        elif len(self._buffer) - self._start < _LONGEST_PACKET + 20 or self._end == len(self._buffer):
            rest = self._end - self._start
            self._buffer[:rest] = self._buffer[self._start : self._end]
            self._start, self._end = 0, rest
        if self.fed:
            # Nothing more is at hand: whoever waits gets all that came since the last time.
            for inbox in self.fed:
                inbox.wake()
            self.fed.clear()
        try:
            received = self._connection.recv_into(self._view[self._end :])
        except TimeoutError:
            if self.closed:
                raise EOFError("closed") from None
            return False
        except OSError:
            if self.closed:
                raise EOFError("closed") from None
            raise
        if not received:
            raise EOFError("the connection ended")
        self._end += received
        return True

    def _count(self, size: int) -> None:
        self._since_keys += size
        if self._since_keys > _REKEY_AFTER:
            if not self.need_rekey():
                self._trigger_rekey()
            elif self._since_keys > _REKEY_AFTER + _REKEY_OVERFLOW:
                raise paramiko.SSHException("the server does not answer requests for new keys")


class SshTransport(paramiko.Transport):
    """Remembers whether the server took its leave (a line that drops does not), and prefers the fastest ciphers."""

    if TYPE_CHECKING:  # absent from the stubs
        packetizer: _Packetizer
        _preferred_ciphers: ClassVar[tuple[str, ...]]

        def _send_user_message(self, data: paramiko.Message) -> None: ...

    dismissed = False
    # AES-GCM needs no pass of its own for the authentication code; paramiko lists it last.
    _preferred_ciphers = tuple(
        sorted(paramiko.Transport._preferred_ciphers, key=lambda name: "gcm" not in name)  # type: ignore[attr-defined]
    )

    def __init__(self, connection: Any, *, patience: float) -> None:
        super().__init__(connection, packetizer_class=_Packetizer)
        self.packetizer.patience = patience

    def open_stream(self, window: int, packet: int, timeout: float) -> tuple[paramiko.Channel, Inbox]:
        """A session of which the bytes go to an `Inbox`. Raises what paramiko raises if the server opens none."""
        channel = self.open_session(window_size=window, max_packet_size=packet, timeout=timeout)
        channel.settimeout(timeout)
        inbox = Inbox(self.packetizer, window=window)
        self.packetizer.streams.add(channel.chanid)
        channel.in_buffer = inbox  # type: ignore[assignment]
        channel.in_stderr_buffer = _Discarding(self.packetizer, window=window)  # type: ignore[assignment]
        return channel, inbox

    def widen(self, channel: paramiko.Channel, count: int) -> None:
        """Let the far side send so many bytes more."""
        message = paramiko.Message()
        message.add_byte(_WINDOW_ADJUST)
        message.add_int(channel.remote_chanid)
        message.add_int(count)
        self._send_user_message(message)

    def within(self, seconds: float, operation: Callable[[], None]) -> None:
        """Carry out an operation of paramiko's that has no time-out: the connection ends if it takes longer."""
        timer = threading.Timer(seconds, self.close)
        timer.daemon = True
        timer.start()
        try:
            operation()
        finally:
            timer.cancel()

    def _parse_disconnect(self, m: paramiko.Message) -> None:
        self.dismissed = m.get_int() not in _GARBLED
        m.rewind()
        super()._parse_disconnect(m)  # type: ignore[misc]  # absent from the stubs
