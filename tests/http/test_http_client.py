"""`HttpClient` against real servers: what it makes of every kind of answer, and of none."""

from __future__ import annotations

import socket
import ssl
import threading
import time
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from medialib.errors import (
    AuthenticationFailed,
    Cancelled,
    ConnectionLost,
    OutOfReach,
    RateLimited,
    RequestRefused,
    ServiceUnavailable,
    TransientError,
    UnusableAnswer,
    UsageError,
)
from medialib.http import HttpClient, HttpOptions
from medialib.testing.web_server import (
    Answer,
    Cut,
    Delay,
    Empty,
    Fault,
    Garbage,
    HangUp,
    Refuse,
    Request,
    Trickle,
    WebServer,
)
from medialib.testing.worlds import ManualClock


class Shelf(WebServer):
    """Answers with what it was asked."""

    def answer(self, request: Request) -> Answer:
        if request.path == "/v1/nothing":
            return super().answer(request)
        if request.path == "/v1/silent":
            return Answer(b"", 204)
        return Answer(
            {"path": request.path, "query": dict(request.query), "sent": request.body.decode(), "by": request.method}
        )


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    server = Shelf()
    with server:
        yield server


def client(server: WebServer, *, impatient: bool = False, **options: object) -> HttpClient:
    """A client for a server, on a clock whose sleep costs nothing."""
    merged = {"clock": ManualClock(), "timeout": 2.0, "patience": 0.0 if impatient else 60.0, **options}
    return HttpClient(f"{server.url}/v1", name="shelf", options=HttpOptions(**merged))  # type: ignore[arg-type]


@contextmanager
def bare_server(serve: Callable[[socket.socket], None], *, listens: bool = True) -> Iterator[str]:
    """A server that says exactly what `serve` sends, once for each connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    if listens:
                        connection.recv(65536)
                    serve(connection)
                except OSError:
                    continue  # the client left

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def test_it_asks_below_the_base_url(shelf: Shelf) -> None:
    with client(shelf) as asked:
        found = asked.get("/shows/1", {"page": 2, "name": "å &b"})
    assert found == {"path": "/v1/shows/1", "query": {"page": "2", "name": "å &b"}, "sent": "", "by": "GET"}
    assert shelf.requests[0].headers["accept"] == "application/json"
    assert shelf.requests[0].headers["user-agent"].startswith("medialib")


def test_404_is_nothing(shelf: Shelf) -> None:
    with client(shelf) as asked:
        assert asked.get("nothing") is None


@pytest.mark.parametrize(
    "fault",
    [
        Cut(5),
        Cut(0),
        Empty(),
        Garbage(),
        Garbage(b"null"),
        Garbage(b'{"half": '),
        Garbage(b"\xff\xfe\xfa"),
        Garbage(b"[" * 200_000),
        HangUp(),
        Refuse(500),
        Refuse(503),
        Refuse(429),
        Refuse(408),
        Refuse(429, retry_after="7"),
        Refuse(503, retry_after="Fri, 17 May 2024 12:00:09 GMT"),
    ],
    ids=repr,
)
def test_what_may_pass_is_tried_again(shelf: Shelf, fault: Fault) -> None:
    shelf.fail(fault, fault)
    with client(shelf) as asked:
        assert asked.get("x")["path"] == "/v1/x"
    assert shelf.asked() == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Cut(5), UnusableAnswer),
        (Empty(), UnusableAnswer),
        (Garbage(), UnusableAnswer),
        (HangUp(), ConnectionLost),
        (Refuse(502), ServiceUnavailable),
        (Refuse(429), RateLimited),
    ],
    ids=repr,
)
def test_what_does_not_pass_is_raised_when_patience_ends(
    shelf: Shelf, fault: Fault, error: type[TransientError]
) -> None:
    shelf.fail(*[fault] * 100)
    clock = ManualClock()
    with client(shelf, clock=clock, patience=60.0) as asked, pytest.raises(error):
        asked.get("x")
    assert 4 <= shelf.asked() < 20
    assert 20 <= clock.monotonic() <= 60


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AuthenticationFailed), (403, AuthenticationFailed), (400, RequestRefused), (422, RequestRefused)],
)
def test_a_refusal_is_raised_at_once(shelf: Shelf, status: int, error: type[Exception]) -> None:
    shelf.fail(Refuse(status, body={"status_message": "No\n\x1b[31mway."}))
    with client(shelf) as asked, pytest.raises(error, match=r"shelf refused.*No \[31mway") as caught:
        asked.get("x")
    assert shelf.asked() == 1
    assert "\x1b" not in str(caught.value)


def test_a_refusal_tells_what_was_answered(shelf: Shelf) -> None:
    body = [{"propertyName": "TvdbId", "errorMessage": "This series has already been added"}]
    shelf.fail(Refuse(400, body=body))
    with client(shelf) as asked, pytest.raises(RequestRefused, match="already been added") as caught:
        asked.send("POST", "series", {"tvdbId": 1})
    assert (caught.value.status, caught.value.answer) == (400, body)


@pytest.mark.parametrize("wait", ["90", "Fri, 17 May 2024 12:01:30 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_beyond_patience_is_not_begun(shelf: Shelf, wait: str, status: int) -> None:
    shelf.fail(Refuse(status, retry_after=wait))
    clock = ManualClock()
    with client(shelf, clock=clock) as asked, pytest.raises(RateLimited, match="90 s") as caught:
        asked.get("x")
    assert caught.value.retry_after == pytest.approx(90)
    assert clock.monotonic() == 0
    assert shelf.asked() == 1


def test_a_wait_is_kept_to(shelf: Shelf) -> None:
    shelf.fail(Refuse(429, retry_after="40"))
    clock = ManualClock()
    with client(shelf, clock=clock) as asked:
        asked.get("x")
    assert 40 <= clock.monotonic() <= 41


def test_a_wait_of_nothing_does_not_hammer(shelf: Shelf) -> None:
    shelf.fail(*[Refuse(429, retry_after="0")] * 1000)
    with client(shelf) as asked, pytest.raises(RateLimited):
        asked.get("x")
    assert shelf.asked() < 20


def test_a_silent_service_costs_no_more_than_the_time_out(shelf: Shelf) -> None:
    shelf.fail(Delay(3))
    begin = time.monotonic()
    with client(shelf, impatient=True, timeout=0.2) as asked, pytest.raises(ServiceUnavailable, match=r"0\.2 s"):
        asked.get("x")
    assert time.monotonic() - begin < 1.5


def test_a_trickling_body_costs_no_more_than_the_limit(shelf: Shelf) -> None:
    shelf.fail(Trickle(0.05))
    begin = time.monotonic()
    with client(shelf, impatient=True, timeout=0.1) as asked, pytest.raises(ServiceUnavailable, match=r"0\.4 s"):
        asked.get("x")
    assert time.monotonic() - begin < 1.5


def test_a_trickling_body_in_time_is_an_answer(shelf: Shelf) -> None:
    shelf.fail(Trickle(0.001))
    with client(shelf) as asked:
        assert asked.get("x")["by"] == "GET"


def test_trickling_headers_cost_no_more_than_the_limit() -> None:
    left = threading.Event()

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            connection.sendall(b"X-More: 1\r\n")
            if left.wait(0.05):
                return

    with bare_server(serve) as url:
        options = HttpOptions(timeout=0.1, patience=0)
        with HttpClient(url, name="bare", options=options) as asked, pytest.raises(ServiceUnavailable):
            asked.get("x")
        left.set()


GZIP = zlib.compressobj(wbits=31)
BOMB = GZIP.compress(b'"' + b"a" * 50_000_000 + b'"') + GZIP.flush()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2,", "cut"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n", "cut"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n[1,2]", "cut"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n[1,2]", "larger"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"1" * 2_000_000, "larger"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n[1,2]", "unpacked"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB, "larger"),
        (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\n[1,2]", "206"),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", "conditionally"),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "nowhere"),
    ],
    ids=lambda value: repr(value[:70]),
)
def test_an_answer_that_is_not_whole_is_unusable(said: bytes, message: str) -> None:
    with bare_server(lambda connection: connection.sendall(said)) as url:
        options = HttpOptions(timeout=1, patience=0, max_bytes=1_000_000)
        with HttpClient(url, name="bare", options=options) as asked, pytest.raises(UnusableAnswer, match=message):
            asked.get("x")


def test_what_is_no_http_is_a_lost_connection() -> None:
    with (
        bare_server(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")) as url,
        HttpClient(url, name="bare", options=HttpOptions(timeout=1, patience=0)) as asked,
        pytest.raises(ConnectionLost),
    ):
        asked.get("x")


def test_no_service_is_a_lost_connection(shelf: Shelf) -> None:
    shelf.stop()
    with client(shelf, impatient=True) as asked, pytest.raises(ConnectionLost, match="could not be connected"):
        asked.get("x")


def test_a_service_that_returns_is_found_again(shelf: Shelf) -> None:
    with client(shelf) as asked:
        asked.get("x")
        shelf.stop()
        threading.Timer(0.1, shelf.start).start()
        options = HttpOptions(timeout=1, patience=10)
        with HttpClient(shelf.url, name="shelf", options=options) as patient:
            assert patient.get("y")["path"] == "/y"
        assert asked.get("z")["path"] == "/v1/z"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_is_sent_arrives(shelf: Shelf, method: str) -> None:
    with client(shelf) as asked:
        answer = asked.send(method, "series/1", {"title": "Å", "seasons": [1]})
        assert asked.send(method, "silent") is None
    assert answer == {
        "path": "/v1/series/1",
        "query": {},
        "sent": '{"title": "\\u00c5", "seasons": [1]}',
        "by": method,
    }
    assert shelf.requests[0].headers["content-type"] == "application/json"
    assert "content-type" not in shelf.requests[1].headers


@pytest.mark.parametrize("fault", [Refuse(503), HangUp(), Cut(3), Refuse(429, retry_after="1")], ids=repr)
def test_what_may_have_been_done_is_sent_again_only_if_that_does_no_harm(shelf: Shelf, fault: Fault) -> None:
    shelf.fail(fault)
    with client(shelf) as asked:
        with pytest.raises(TransientError):
            asked.send("POST", "series", {})
        assert shelf.asked() == 1
        shelf.fail(fault)
        assert asked.send("PUT", "series", {}, idempotent=True)["by"] == "PUT"
    assert shelf.asked() == 3


def test_an_empty_answer_to_a_write_is_not_success_unless_it_deletes(shelf: Shelf) -> None:
    shelf.fail(Empty(), Empty())
    with client(shelf) as asked:
        with pytest.raises(UnusableAnswer):
            asked.send("POST", "series", {})
        assert asked.send("DELETE", "series/1") is None


def test_a_write_to_nothing_is_refused(shelf: Shelf) -> None:
    with client(shelf) as asked, pytest.raises(RequestRefused) as caught:
        asked.send("DELETE", "nothing")
    # the shelf answers every method there alike
    assert caught.value.status == 404


def test_a_call_in_the_air_is_cancelled_within_a_second(shelf: Shelf) -> None:
    shelf.fail(Delay(3))
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    begin = time.monotonic()
    options = HttpOptions(timeout=5, cancelled=stop)
    with HttpClient(shelf.url, name="shelf", options=options) as asked, pytest.raises(Cancelled):
        asked.get("x")
    assert time.monotonic() - begin < 1


def test_a_wait_is_cancelled_within_a_second(shelf: Shelf) -> None:
    shelf.fail(Refuse(429, retry_after="30"))
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    begin = time.monotonic()
    options = HttpOptions(timeout=5, cancelled=stop)
    with HttpClient(shelf.url, name="shelf", options=options) as asked, pytest.raises(Cancelled):
        asked.get("x")
    assert time.monotonic() - begin < 1


def test_a_cancelled_caller_asks_nothing(shelf: Shelf) -> None:
    stop = threading.Event()
    stop.set()
    with client(shelf, cancelled=stop) as asked:
        with pytest.raises(Cancelled):
            asked.get("x")
        with pytest.raises(Cancelled):
            asked.send("POST", "x", {})
    assert shelf.asked() == 0


def test_threads_share_a_client(shelf: Shelf) -> None:
    found: list[str] = []
    with client(shelf) as asked:
        threads = [threading.Thread(target=lambda n=n: found.append(asked.get(f"{n}")["path"])) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert sorted(found) == sorted(f"/v1/{n}" for n in range(16))


def test_no_cookie_is_kept() -> None:
    class Baker(WebServer):
        def answer(self, request: Request) -> Answer:
            return Answer([request.headers.get("cookie")], headers={"Set-Cookie": "session=1; Path=/"})

    with Baker() as baker, client(baker) as asked:
        assert [asked.get("x"), asked.get("x")] == [[None], [None]]


def test_a_netrc_gives_no_keys(
    shelf: Shelf, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hush\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with client(shelf) as asked:
        asked.get("x")
    assert "authorization" not in shelf.requests[0].headers


def test_a_proxy_of_the_environment_is_used(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", shelf.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    options = HttpOptions(timeout=1, patience=0)
    with HttpClient("http://service.invalid/v1", name="far", options=options) as asked:
        assert asked.get("x")["by"] == "GET"  # a proxy is asked for the whole address


def test_a_proxy_that_is_gone_is_named_as_the_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://me:hush@127.0.0.1:{port}")
    monkeypatch.setenv("NO_PROXY", "")
    options = HttpOptions(timeout=1, patience=0)
    with (
        HttpClient("http://service.invalid/v1", name="far", options=options) as asked,
        pytest.raises(ConnectionLost, match="proxy") as caught,
    ):
        asked.get("x")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "base", ["ftp://host/", "host", "http://", "http://host/?key=1", "http://host/#a", "http://[::1", "http://a b/"]
)
def test_a_base_url_that_is_none_is_refused(base: str) -> None:
    with pytest.raises(UsageError, match="base URL of shelf"):
        HttpClient(base, name="shelf")


def test_what_cannot_be_sent_is_the_callers_mistake(shelf: Shelf) -> None:
    with pytest.raises(UsageError, match="X-Api-Key") as caught:
        HttpClient(shelf.url, name="shelf", headers={"X-Api-Key": "hush\nhush"})
    assert "hush" not in str(caught.value)
    with client(shelf) as asked:
        with pytest.raises(UsageError):
            asked.get("x", headers={"X-Name": "schön"})
        with pytest.raises(ValueError, match="JSON"):
            asked.send("POST", "x", {"number": float("nan")})
    assert shelf.asked() == 0


def test_closing_twice_is_fine(shelf: Shelf) -> None:
    asked = client(shelf)
    asked.get("x")
    asked.close()
    asked.close()


def test_errors_have_no_chain_that_quotes_addresses(shelf: Shelf) -> None:
    shelf.stop()
    with client(shelf, impatient=True) as asked, pytest.raises(ConnectionLost) as caught:
        asked.get("very-private-path")
    assert "very-private-path" not in "".join(traceback.format_exception_only(caught.value))
    assert "During handling" not in "".join(traceback.format_exception(caught.value))


@contextmanager
def untrusted_server(folder: Path) -> Iterator[str]:
    """A server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    both = folder / "server.pem"
    encoding = serialization.Encoding.PEM
    both.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(encoding)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")

    with bare_server(serve, listens=False) as url:
        yield url.replace("http:", "https:")


def test_a_certificate_that_nobody_vouches_for_ends_it_at_once(tmp_path: Path) -> None:
    clock = ManualClock()
    with (
        untrusted_server(tmp_path) as url,
        HttpClient(url, name="box", options=HttpOptions(timeout=2, clock=clock)) as asked,
        pytest.raises(OutOfReach, match="certificate of box"),
    ):
        asked.get("x")
    assert clock.monotonic() == 0


def test_no_tls_where_some_is_wanted_is_a_lost_connection(shelf: Shelf) -> None:
    options = HttpOptions(timeout=1, patience=0)
    url = shelf.url.replace("http:", "https:")
    with HttpClient(url, name="shelf", options=options) as asked, pytest.raises(ConnectionLost, match="TLS"):
        asked.get("x")
