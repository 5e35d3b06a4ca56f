"""Large files: fetched whole or not at all, and gone on with where a try broke off."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from medialib.errors import (
    AuthenticationFailed,
    Cancelled,
    ConnectionLost,
    OutOfReach,
    RequestRefused,
    ServiceUnavailable,
    TransientError,
)
from medialib.events import BytesFetched, Event
from medialib.http import HttpOptions
from medialib.http.fetching import fetch_file
from medialib.testing.web_server import Answer, Cut, HangUp, Refuse, Request, WebServer
from medialib.testing.worlds import ManualClock


class FileServer(WebServer):
    """Gives one file away, in parts too."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content
        self.ranges = True
        self.given: list[int] = []

    def answer(self, request: Request) -> Answer:
        if request.path != "/list.gz":
            return Answer({"message": "not here"}, 404)
        mark = f'"{hashlib.sha256(self.content).hexdigest()}"'
        headers = {"ETag": mark, "Content-Type": "application/octet-stream"}
        begins = 0
        asked = re.fullmatch("bytes=([0-9]+)-", request.headers.get("range", ""))
        if self.ranges and asked and request.headers.get("if-range") == mark:
            begins = int(asked[1])
        if begins >= len(self.content) and begins:
            return Answer(b"", 416, headers)
        self.given.append(begins)
        if begins:
            headers["Content-Range"] = f"bytes {begins}-{len(self.content) - 1}/{len(self.content)}"
        return Answer(self.content[begins:], 206 if begins else 200, headers)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer(bytes(range(256)) * 8000) as server:
        yield server


def fetch(server: FileServer, folder: Path, *, patience: float = 5.0, name: str = "list.gz", **options: object) -> Path:
    how = HttpOptions(timeout=2.0, patience=patience, clock=ManualClock(), **options)  # type: ignore[arg-type]
    return fetch_file(f"{server.url}/{name}", folder / name, name="the lists", options=how)


def test_a_file_arrives_whole_and_is_told_of(server: FileServer, tmp_path: Path) -> None:
    heard: list[Event] = []
    options = HttpOptions(timeout=2.0, clock=ManualClock())
    target = fetch_file(
        f"{server.url}/list.gz", tmp_path / "list.gz", name="the lists", options=options, observer=heard.append
    )
    assert target.read_bytes() == server.content
    assert heard[-1] == BytesFetched("list.gz", len(server.content), len(server.content), done=True)
    assert [path.name for path in tmp_path.iterdir()] == ["list.gz"]
    # what stood there is replaced
    server.content = b"new"
    assert fetch(server, tmp_path).read_bytes() == b"new"


def test_what_broke_off_is_gone_on_with(server: FileServer, tmp_path: Path) -> None:
    server.fail(Cut(after=1_000_000), Refuse(503), HangUp(), Cut(after=500_000))
    assert fetch(server, tmp_path).read_bytes() == server.content
    assert server.given[0] == 0
    assert all(begins > 0 for begins in server.given[1:])


def test_a_later_call_goes_on_too(server: FileServer, tmp_path: Path) -> None:
    server.fail(Cut(after=1_000_000), *[Refuse(503)] * 50)
    with pytest.raises(ServiceUnavailable):
        fetch(server, tmp_path, patience=1.0)
    assert not (tmp_path / "list.gz").exists()
    with server.lock:
        server.faults.clear()
    assert fetch(server, tmp_path).read_bytes() == server.content
    assert server.given[-1] > 0


@pytest.mark.parametrize("ranges", [True, False])
def test_another_file_begins_anew(server: FileServer, tmp_path: Path, ranges: bool) -> None:
    server.fail(Cut(after=1_000_000), *[Refuse(503)] * 50)
    with pytest.raises(TransientError):
        fetch(server, tmp_path, patience=1.0)
    with server.lock:
        server.faults.clear()
    server.content, server.ranges = b"x" * 1000, ranges
    assert fetch(server, tmp_path).read_bytes() == server.content


def test_a_part_that_was_whole_already(server: FileServer, tmp_path: Path) -> None:
    mark = f'"{hashlib.sha256(server.content).hexdigest()}"'
    (tmp_path / "list.gz.part").write_bytes(server.content)
    (tmp_path / "list.gz.part.of").write_text(mark)
    assert fetch(server, tmp_path).read_bytes() == server.content


def test_what_is_refused_is_not_asked_again(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(RequestRefused, match="does not give nothing"):
        fetch(server, tmp_path, name="nothing.gz")
    assert server.asked() == 1
    server.fail(Refuse(403))
    with pytest.raises(AuthenticationFailed):
        fetch(server, tmp_path)
    assert server.asked() == 2


def test_trouble_that_lasts_is_raised(server: FileServer, tmp_path: Path) -> None:
    server.stop()
    with pytest.raises(ConnectionLost):
        fetch(server, tmp_path, patience=1.0)
    server.start()
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(Cancelled):
        fetch(server, tmp_path, cancelled=stopping)
    with pytest.raises(OutOfReach):
        fetch(server, tmp_path / "nowhere")
