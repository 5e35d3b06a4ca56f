"""A small HTTP server on 127.0.0.1 to write fakes of services on, which fails in the ways that real ones do.

A fake subclasses `WebServer`, keeps its state, and answers requests from it by the service's own contract. Faults are
given as data: each is used up by the next request that it fits.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

__all__ = ["Answer", "Cut", "Delay", "Empty", "Fault", "Garbage", "HangUp", "Refuse", "Request", "Trickle", "WebServer"]


@attrs.frozen
class Request:
    """What a client asked."""

    method: str
    """GET, POST …"""
    path: str
    """The path, percent-decoded, without query."""
    query: Mapping[str, str]
    """The query; of a name given twice, the last value."""
    headers: Mapping[str, str]
    """Header lines, names in lower case."""
    body: bytes = b""
    """What was sent along."""

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@attrs.frozen
class Answer:
    """What a fake answers."""

    body: Any = None
    """Anything that JSON can say, or bytes as they are."""
    status: int = 200
    """HTTP status."""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    """Further header lines."""

    @property
    def payload(self) -> bytes:
        """The body as it is sent."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@attrs.frozen
class Refuse:
    """Answer with a status of trouble, such as 429 or 503."""

    status: int
    """HTTP status."""
    retry_after: str | None = None
    """Value of the header ``Retry-After``: seconds or an HTTP date."""
    body: Any = attrs.field(factory=lambda: {"message": "not now"})
    """What is said besides."""
    path: str = ""
    """Regular expression that the path must hold for this fault to be used."""


@attrs.frozen
class Delay:
    """Answer rightly, but late."""

    seconds: float
    """How late."""
    path: str = ""
    """Regular expression that the path must hold for this fault to be used."""


@attrs.frozen
class Cut:
    """Announce the whole body, send a part of it, and end the connection."""

    after: int = 10
    """Bytes of the body that are sent."""
    path: str = ""
    """Regular expression that the path must hold for this fault to be used."""


@attrs.frozen
class Empty:
    """Answer 200 with no body at all."""

    path: str = ""
    """Regular expression that the path must hold for this fault to be used."""


@attrs.frozen
class Garbage:
    """Answer 200 with something that is not what was asked for: a page of HTML, half a document."""

    body: bytes = b"<html>the gateway is tired</html>"
    """What is sent."""
    path: str = ""
    """Regular expression that the path must hold for this fault to be used."""


@attrs.frozen
class HangUp:
    """End the connection without an answer."""

    path: str = ""
    """Regular expression that the path must hold for this fault to be used."""


@attrs.frozen
class Trickle:
    """Answer rightly, but a byte at a time."""

    pause: float
    """Seconds before each byte of the body."""
    path: str = ""
    """Regular expression that the path must hold for this fault to be used."""


Fault: TypeAlias = Refuse | Delay | Cut | Empty | Garbage | HangUp | Trickle
"""One way to fail."""


class WebServer:
    """A server that answers from `answer`; a context manager, on a port of its own.

    >>> class Greeter(WebServer):
    ...     def answer(self, request: Request) -> Answer:
    ...         return Answer({"hello": request.query["name"]})
    >>> from urllib.request import urlopen
    >>> with Greeter() as server:
    ...     urlopen(f"{server.url}/greet?name=Ada").read()
    b'{"hello": "Ada"}'
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.lock = threading.Lock()
        self._server: _Threads | None = None
        self._port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    def answer(self, request: Request) -> Answer:
        """What the service says to a request; called under the server's lock."""
        return Answer({"message": f"nothing is at {request.path}"}, 404)

    def fail(self, *faults: Fault) -> None:
        """Let the next requests that they fit meet these faults, in turn."""
        with self.lock:
            self.faults.extend(faults)

    def asked(self, path: str = "") -> int:
        """How many requests so far had this regular expression in their path."""
        with self.lock:
            return sum(1 for request in self.requests if re.search(path, request.path))

    def start(self) -> None:
        """Start it; started again it keeps its port, so it can play an outage."""
        if self._server is not None:
            return
        self._server = _Threads(("127.0.0.1", self._port), _handler(self))
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Stop answering, and end every connection that is kept open. Calling it twice is fine."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.hang_up()
            self._server = None

    def next_fault(self, request: Request) -> Fault | None:
        """The fault that this request meets, if any; it is used up. Called under the server's lock."""
        for fault in self.faults:
            if re.search(fault.path, request.path):
                self.faults.remove(fault)
                return fault
        return None


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *arguments: Any) -> None:
        self._connections: set[socket.socket] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note a connection: clients keep them open."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End every connection, as a machine that goes down does."""
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left in the middle is no news."""


def _handler(server: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # head and body in one packet: apart, each answer on a kept connection waits 40 ms for an acknowledgement
        disable_nagle_algorithm = True
        wbufsize = 1 << 16
        timeout = 30

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of its parent
            """Nothing is said on standard error."""

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            request = Request(
                self.command,
                unquote(parts.path),
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length) if length else b"",
            )
            with server.lock:
                server.requests.append(request)
                fault = server.next_fault(request)
                answer = None if isinstance(fault, HangUp) else server.answer(request)
            match fault:
                case HangUp():
                    self._hang_up()
                case Refuse(status, retry_after, body, _):
                    headers = {} if retry_after is None else {"Retry-After": retry_after}
                    self._send(Answer(body, status, headers))
                case Empty():
                    self._send(Answer(b""))
                case Garbage(body, _):
                    self._send(Answer(body))
                case Cut(after, _):
                    assert answer is not None
                    self._send(answer, cut=after)
                case Trickle(pause, _):
                    assert answer is not None
                    self._send(answer, pause=pause)
                case _:
                    assert answer is not None
                    if isinstance(fault, Delay):
                        time.sleep(fault.seconds)
                    self._send(answer)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - names that http.server looks for

        def _send(self, answer: Answer, *, cut: int | None = None, pause: float = 0) -> None:
            payload = answer.payload
            self.send_response(answer.status, HTTPStatus(answer.status).phrase)
            names = {name.lower() for name in answer.headers}
            if "content-type" not in names:
                self.send_header("Content-Type", "application/json")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            for piece in [bytes([byte]) for byte in payload] if pause else [payload[:cut]]:
                time.sleep(pause)
                self.wfile.write(piece)
                if pause:
                    self.wfile.flush()
            if cut is not None:
                self._hang_up()

        def _hang_up(self) -> None:
            self.wfile.flush()
            self.close_connection = True
            # the standard library would close in its own time; a cut is now
            self.connection.shutdown(socket.SHUT_RDWR)

    return Handler
