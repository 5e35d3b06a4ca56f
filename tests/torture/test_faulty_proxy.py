"""What the proxy does to a line, looked at from both ends of it."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from medialib.testing.faulty_proxy import (
    CutOff,
    FaultyProxy,
    FlippedBit,
    Lag,
    LineFault,
    Reset,
    Silence,
    Truncation,
    draw_fault,
)
from medialib.testing.web_server import Answer, Request, WebServer

SAID = bytes(range(256)) * 40


@pytest.fixture
def speaker() -> Iterator[int]:
    """A server that says `SAID` once it was sent a byte, then listens until the end and sends back how much came."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(line: socket.socket) -> None:
        with line:
            heard = 0
            try:
                while data := line.recv(65536):
                    if not heard:
                        line.sendall(SAID)
                    heard += len(data)
                line.sendall(b"%d" % heard)
            except OSError:
                return

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(line,), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def heard(line: socket.socket, count: int) -> bytes:
    """The next bytes, as many as asked for or as come before the end or half a second of silence."""
    line.settimeout(0.3)
    data = b""
    try:
        while len(data) < count and (more := line.recv(count - len(data))):
            data += more
    except TimeoutError:
        return data
    return data


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (CutOff(1000), SAID[:1000]),
        (CutOff(0), b""),
        (Truncation(5000), SAID[:5000]),
        (Silence(700), SAID[:700]),
        (FlippedBit(3, 7), SAID[:3] + bytes([3 ^ 128]) + SAID[4:]),
        (CutOff(len(SAID)), SAID),
        (CutOff(0, "to server"), b""),
        (Silence(0, "to server"), b""),
    ],
)
def test_what_arrives_of_what_was_said(speaker: int, fault: LineFault, expected: bytes) -> None:
    with FaultyProxy(speaker, fault) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as line:
        line.sendall(b"x")
        assert heard(line, len(SAID)) == expected
        assert proxy.struck == ([] if fault == CutOff(len(SAID)) else [fault])
        assert proxy.connections == 1


def test_a_reset_is_an_error_and_no_end(speaker: int) -> None:
    with FaultyProxy(speaker, Reset(1)) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as line:
        line.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            assert heard(line, len(SAID)) == b"", "it ended in order"


def test_after_a_truncation_the_other_way_goes_on(speaker: int) -> None:
    fault = Truncation(2, "to server")
    with FaultyProxy(speaker, fault) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as line:
        line.sendall(b"xyz")
        assert heard(line, len(SAID) + 9) == SAID + b"2"


def test_a_lag_delays_and_loses_nothing(speaker: int) -> None:
    with FaultyProxy(speaker, Lag(0.05)) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as line:
        began = time.monotonic()
        line.sendall(b"x")
        assert heard(line, len(SAID)) == SAID
        assert time.monotonic() - began >= 0.1


def test_faults_are_chosen_by_connection_and_run_out(speaker: int) -> None:
    with FaultyProxy(speaker, strikes=2, choose=lambda number: [CutOff(number)]) as proxy:
        for expected in (SAID[:1], SAID[:2], SAID):
            with socket.create_connection(("127.0.0.1", proxy.port)) as line:
                line.sendall(b"x")
                assert heard(line, len(SAID)) == expected
        assert proxy.struck == [CutOff(1), CutOff(2)]


def test_every_connection_can_be_cut_at_once(speaker: int) -> None:
    with FaultyProxy(speaker) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as line:
        line.sendall(b"x")
        assert heard(line, len(SAID)) == SAID
        proxy.cut_now()
        line.settimeout(5)
        with pytest.raises(ConnectionResetError):
            line.recv(1)


def test_over_plain_http_a_flipped_bit_is_content() -> None:
    class Service(WebServer):
        def answer(self, request: Request) -> Answer:
            return Answer(SAID)

    with Service() as service:
        port = int(service.url.rpartition(":")[2])
        body = urlopen(service.url, timeout=5).read()
        assert body == SAID
        with FaultyProxy(port, FlippedBit(1000)) as proxy:
            falsified = urlopen(f"http://127.0.0.1:{proxy.port}", timeout=5).read()
        assert len(falsified) == len(SAID)
        assert sum(a != b for a, b in zip(falsified, SAID, strict=True)) == 1


def test_drawn_faults_can_be_drawn_again() -> None:
    drawn = [draw_fault(random.Random(seed), first=10, last=20) for seed in range(60)]
    assert drawn == [draw_fault(random.Random(seed), first=10, last=20) for seed in range(60)]
    assert {type(fault) for fault in drawn} == {Lag, CutOff, Reset, Silence, Truncation, FlippedBit}
