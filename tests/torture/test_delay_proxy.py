"""The long line, looked at from both ends: what arrives is what was sent, later, and ends as it was ended."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from medialib.testing.delay_proxy import DelayProxy
from medialib.testing.servers import free_port

DELAY = 0.01
Joined = tuple[socket.socket, socket.socket]


@pytest.fixture
def join() -> Iterator[Callable[..., Joined]]:
    """Makes both ends of a connection over a long line: the client's, and the server's."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        listener.settimeout(10)

        def make(delay: float = DELAY, **options: int) -> Joined:
            proxy = stack.enter_context(DelayProxy(listener.getsockname()[1], delay, **options))
            client = stack.enter_context(socket.create_connection(("127.0.0.1", proxy.port), timeout=10))
            server = stack.enter_context(listener.accept()[0])
            server.settimeout(10)
            return client, server

        yield make


def heard(end: socket.socket) -> str:
    """The hash of everything that comes until the other side ends."""
    digest = hashlib.sha256()
    while data := end.recv(2**18):
        digest.update(data)
    return digest.hexdigest()


@pytest.mark.parametrize("window", [2**28, 100_000])
def test_both_ways_at_once_every_byte_arrives_unchanged(join: Callable[..., Joined], window: int) -> None:
    size = 20_000_000 if window > 2**20 else 1_000_000
    said = [os.urandom(size), os.urandom(size)]
    ends = join(0.002, window=window)

    def say(number: int) -> None:
        chances = random.Random(number)
        left = memoryview(said[number])
        while left:
            count = chances.choice([1, 1000, 32_768, 1_000_000])
            ends[number].sendall(left[:count])
            left = left[count:]
        ends[number].shutdown(socket.SHUT_WR)

    speakers = [threading.Thread(target=say, args=(number,)) for number in (0, 1)]
    for speaker in speakers:
        speaker.start()
    results: dict[int, str] = {}
    hearers = [threading.Thread(target=lambda n=n: results.update({n: heard(ends[n])})) for n in (0, 1)]
    for thread in hearers:
        thread.start()
    for thread in speakers + hearers:
        thread.join(20)
    assert results == {1: hashlib.sha256(said[0]).hexdigest(), 0: hashlib.sha256(said[1]).hexdigest()}


def test_nothing_arrives_before_its_time(join: Callable[..., Joined]) -> None:
    client, server = join(0.05)
    for speaker, hearer in ((client, server), (server, client)) * 3:
        began = time.monotonic()
        speaker.sendall(b"x")
        assert hearer.recv(1) == b"x"
        assert time.monotonic() - began >= 0.05


def test_making_a_connection_takes_its_round_trips(join: Callable[..., Joined]) -> None:
    began = time.monotonic()
    client, server = join(0.05)
    assert time.monotonic() - began >= 0.15
    server.sendall(b"x")
    assert client.recv(1) == b"x"
    assert time.monotonic() - began >= 0.2


def test_one_way_may_end_while_the_other_goes_on(join: Callable[..., Joined]) -> None:
    client, server = join()
    client.sendall(b"the question")
    client.shutdown(socket.SHUT_WR)
    assert server.recv(100) == b"the question"
    assert server.recv(100) == b""
    server.sendall(b"the answer")
    server.close()
    assert client.recv(100) == b"the answer"
    assert client.recv(100) == b""


@pytest.mark.parametrize("who", [0, 1])
def test_a_reset_arrives_as_one(join: Callable[..., Joined], who: int) -> None:
    ends = join()
    ends[who].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    ends[who].close()
    with pytest.raises(ConnectionResetError):
        ends[1 - who].recv(1)


def test_what_is_said_to_one_who_left_is_answered_by_a_reset(join: Callable[..., Joined]) -> None:
    client, server = join()
    server.close()
    assert client.recv(1) == b""

    def talk_on() -> None:
        for _ in range(100):
            client.sendall(b"x" * 1000)
            time.sleep(0.01)

    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        talk_on()


def test_a_server_that_is_not_there_ends_the_connection() -> None:
    with DelayProxy(free_port(), DELAY) as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as client:
        client.settimeout(10)
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_client_that_leaves_before_it_was_let_in_leaves_the_line_to_others() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, DelayProxy(listener.getsockname()[1], 0.05) as proxy:
        listener.settimeout(10)
        hasty = socket.create_connection(("127.0.0.1", proxy.port))
        hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        hasty.close()
        with socket.create_connection(("127.0.0.1", proxy.port)) as client, listener.accept()[0] as server:
            client.sendall(b"x")
            assert server.recv(1) == b"x"


def test_no_more_than_the_window_is_under_way(join: Callable[..., Joined]) -> None:
    client, server = join(0.1, window=2**16)
    payload = bytes(2**20)
    arrived = [0]

    def hear() -> None:
        while data := server.recv(2**18):
            arrived[0] += len(data)

    def say() -> None:
        client.sendall(payload)
        client.shutdown(socket.SHUT_WR)

    threads = [threading.Thread(target=hear), threading.Thread(target=say)]
    for thread in threads:
        thread.start()
    # A round trip carries the window and the last chunk that was read in one go: a megabyte needs two at the least.
    began = time.monotonic()
    for thread in threads:
        thread.join(20)
    assert arrived == [len(payload)]
    assert time.monotonic() - began >= 0.4
