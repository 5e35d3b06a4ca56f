"""What is kept of answers, when it is used, and that losing it never matters."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from medialib.errors import AuthenticationFailed, ConnectionLost, RequestRefused, TransientError
from medialib.http import HttpClient, HttpOptions, Rate
from medialib.testing.web_server import Answer, Cut, Empty, Fault, Garbage, HangUp, Refuse, Request, WebServer
from medialib.testing.worlds import ManualClock


class News(WebServer):
    """Counts what it answered; keeps to HTTP's rules about freshness."""

    def __init__(self) -> None:
        super().__init__()
        self.edition = 1
        self.headers: dict[str, str] = {}
        self.keys: set[str] | None = None

    def answer(self, request: Request) -> Answer:
        if self.keys is not None and request.headers.get("x-api-key") not in self.keys:
            return Answer({"error": "who are you?"}, 401)
        if request.path == "/gone" and self.edition > 1:
            return super().answer(request)
        tag = f'"{self.edition}"'
        headers = {name: value.replace("EDITION", tag) for name, value in self.headers.items()}
        if request.headers.get("if-none-match") == tag or request.headers.get("if-modified-since") == headers.get(
            "Last-Modified", "never"
        ):
            return Answer(b"", 304, headers)
        return Answer({"edition": self.edition, "language": request.headers.get("accept-language")}, 200, headers)


@pytest.fixture
def news() -> Iterator[News]:
    server = News()
    with server:
        yield server


@pytest.fixture
def told() -> list[str]:
    return []


class Reader:
    """Makes clients that share a folder, as runs of a program do."""

    def __init__(self, server: News, folder: Path | None, told: list[str]) -> None:
        self.server, self.folder, self.told = server, folder, told

    def __call__(self, *, read_only: bool = False, key: str = "", rate: Rate | None = None) -> HttpClient:
        options = HttpOptions(
            cache=self.folder, read_only=read_only, timeout=2, clock=ManualClock(), told=self.told.append
        )
        headers = {"X-Api-Key": key} if key else {}
        return HttpClient(self.server.url, name="news", options=options, rate=rate, headers=headers)


@pytest.fixture(params=["disk", "memory"])
def reader(request: pytest.FixtureRequest, news: News, told: list[str], tmp_path: Path) -> Reader:
    return Reader(news, tmp_path / "cache" if request.param == "disk" else None, told)


@pytest.fixture
def on_disk(news: News, told: list[str], tmp_path: Path) -> Reader:
    return Reader(news, tmp_path / "cache", told)


def digest(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Every file below a folder: hash, mode and time."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mode,
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


def test_a_fresh_answer_is_not_asked_for_again(reader: Reader, news: News) -> None:
    news.headers = {"Cache-Control": "max-age=3600"}
    with reader(rate=Rate(1, 3600)) as client:
        assert [client.get("a")["edition"] for _ in range(5)] == [1] * 5
    assert news.asked() == 1


def test_an_answer_outlives_its_client_on_disk(on_disk: Reader, news: News) -> None:
    news.headers = {"Cache-Control": "max-age=3600"}
    for _ in range(3):
        with on_disk() as client:
            assert client.get("a", {"page": 1})["edition"] == 1
    assert news.asked() == 1


def test_where_the_service_says_nothing_it_is_asked_again(reader: Reader, news: News) -> None:
    with reader() as client:
        client.get("a")
        news.edition = 2
        assert client.get("a")["edition"] == 2


@pytest.mark.parametrize(
    "headers",
    [{"ETag": "EDITION", "Cache-Control": "max-age=0"}, {"Last-Modified": "Fri, 17 May 2024 12:00:00 GMT"}],
    ids=lambda headers: next(iter(headers)),
)
def test_an_old_answer_is_asked_for_conditionally(reader: Reader, news: News, headers: dict[str, str]) -> None:
    news.headers = headers
    with reader() as client:
        assert [client.get("a")["edition"] for _ in range(3)] == [1, 1, 1]
    conditional = [{"if-none-match", "if-modified-since"} & set(request.headers) for request in news.requests]
    assert [bool(names) for names in conditional] == [False, True, True]


def test_a_changed_answer_replaces_the_old_one(reader: Reader, news: News) -> None:
    news.headers = {"ETag": "EDITION", "Cache-Control": "no-cache"}
    with reader() as client:
        client.get("a")
        news.edition = 2
        assert [client.get("a")["edition"], client.get("a")["edition"]] == [2, 2]


def test_fresh_goes_past_the_cache_and_fills_it(reader: Reader, news: News) -> None:
    news.headers = {"Cache-Control": "max-age=3600"}
    with reader() as client:
        client.get("a")
        news.edition = 2
        assert client.get("a")["edition"] == 1
        assert client.get("a", fresh=True)["edition"] == 2
        assert client.get("a")["edition"] == 2
        news.stop()
        with pytest.raises(ConnectionLost):
            client.get("a", fresh=True)


def test_answers_are_kept_apart_by_parameter_and_header(reader: Reader, news: News) -> None:
    news.headers = {"Cache-Control": "max-age=3600"}
    with reader() as client:
        for language in ("de", "en"):
            for page in (1, 2):
                answer = client.get("a", {"page": page}, headers={"Accept-Language": language})
                assert answer["language"] == language
        assert news.asked() == 4
        client.get("a", {"page": 1}, headers={"Accept-Language": "en"})
        assert news.asked() == 4


def test_what_must_not_be_stored_is_not(on_disk: Reader, news: News) -> None:
    news.headers = {"Cache-Control": "no-store"}
    with on_disk() as client:
        client.get("a")
        news.edition = 2
        assert client.get("a")["edition"] == 2
        news.stop()
        with pytest.raises(ConnectionLost):
            client.get("a")


def test_a_write_is_not_cached(reader: Reader, news: News) -> None:
    news.headers = {"Cache-Control": "max-age=3600"}
    with reader() as client:
        client.send("POST", "a", {})
        client.send("POST", "a", {})
        client.get("a")
    assert [request.method for request in news.requests] == ["POST", "POST", "GET"]


@pytest.mark.parametrize("fault", [Empty(), Garbage(), Garbage(b"null"), Cut(4)], ids=repr)
def test_a_bad_answer_never_enters(on_disk: Reader, news: News, fault: Fault) -> None:
    news.headers = {"Cache-Control": "max-age=3600"}
    news.fail(*[fault] * 100)
    with on_disk() as client, pytest.raises(TransientError):
        client.get("a")
    news.faults.clear()
    with on_disk() as client:
        assert client.get("a")["edition"] == 1


@pytest.mark.parametrize("fault", [Empty(), Garbage(), Cut(4), HangUp(), Refuse(500), Refuse(429)], ids=repr)
def test_an_old_answer_bridges_a_failure_and_that_is_told(
    reader: Reader, news: News, told: list[str], fault: Fault
) -> None:
    with reader() as client:
        client.get("a")
        news.edition = 2
        news.fail(*[fault] * 100)
        assert client.get("a")["edition"] == 1
        assert len(told) == 1
        assert told[0].startswith("an answer of news from ")
        news.faults.clear()
        assert client.get("a")["edition"] == 2


def test_an_old_answer_outlives_a_service_that_is_gone(on_disk: Reader, news: News, told: list[str]) -> None:
    with on_disk() as client:
        client.get("a")
    news.stop()
    with on_disk() as client:
        assert client.get("a")["edition"] == 1
        with pytest.raises(ConnectionLost):
            client.get("b")
    assert len(told) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_an_old_answer_never_hides_a_refused_key(reader: Reader, news: News, status: int) -> None:
    with reader() as client:
        client.get("a")
        news.fail(Refuse(status))
        with pytest.raises(AuthenticationFailed):
            client.get("a")
        news.fail(Refuse(400))
        with pytest.raises(RequestRefused):
            client.get("a")


def test_an_old_answer_never_hides_that_there_is_nothing(reader: Reader, news: News) -> None:
    with reader() as client:
        assert client.get("gone")["edition"] == 1
        news.edition = 2
        assert client.get("gone") is None


def test_an_old_answer_is_not_used_where_the_service_forbids_it(reader: Reader, news: News) -> None:
    news.headers = {"ETag": "EDITION", "Cache-Control": "max-age=0, must-revalidate"}
    with reader() as client:
        client.get("a")
        news.stop()
        with pytest.raises(ConnectionLost):
            client.get("a")


def test_files_are_their_owners_alone(on_disk: Reader, news: News) -> None:
    with on_disk(rate=Rate(5, 1)) as client:
        client.get("a")
    assert on_disk.folder is not None
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in on_disk.folder.iterdir()}
    assert modes == {"answers.sqlite": "0o600", "calls.sqlite": "0o600"}
    assert oct(on_disk.folder.stat().st_mode & 0o777) == "0o700"


def test_read_only_reads_and_changes_nothing(on_disk: Reader, news: News) -> None:
    news.headers = {"Cache-Control": "max-age=3600"}
    with on_disk(rate=Rate(50, 1)) as client:
        client.get("a")
    assert on_disk.folder is not None
    before = digest(on_disk.folder)
    with on_disk(read_only=True, rate=Rate(50, 1)) as client:
        assert client.get("a")["edition"] == 1
        assert news.asked() == 1
        assert [client.get("b")["edition"], client.get("b")["edition"]] == [1, 1]
        assert news.asked() == 2  # what a dry run learns it remembers while it lasts
        news.edition = 2
        assert client.get("a", fresh=True)["edition"] == 2
        assert digest(on_disk.folder) == before
    assert digest(on_disk.folder) == before


def test_read_only_makes_no_cache(on_disk: Reader, news: News) -> None:
    with on_disk(read_only=True, rate=Rate(5, 1)) as client:
        client.get("a")
    assert on_disk.folder is not None
    assert not on_disk.folder.exists()


@pytest.mark.parametrize("name", ["answers.sqlite", "calls.sqlite"])
@pytest.mark.parametrize("content", [b"this is no database" * 500, b"SQLite format 3\0" + b"\xff" * 8192, b""], ids=len)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_damaged_file_stops_nothing(
    on_disk: Reader, news: News, told: list[str], name: str, content: bytes, read_only: bool
) -> None:
    news.headers = {"Cache-Control": "max-age=3600"}
    assert on_disk.folder is not None
    on_disk.folder.mkdir()
    (on_disk.folder / name).write_bytes(content)
    before = digest(on_disk.folder)
    for _ in range(2):
        with on_disk(rate=Rate(5, 1), read_only=read_only) as client:
            assert client.get("a")["edition"] == 1
    assert news.asked() == (2 if read_only else 1)
    if read_only:
        assert digest(on_disk.folder) == before
        assert len(told) == (2 if content else 0)
    else:
        aside = [path for path in on_disk.folder.iterdir() if ".damaged-" in path.name]
        assert [path.read_bytes() for path in aside] == ([content] if content else [])
        assert len(told) == len(aside)


@pytest.mark.parametrize("damage", ["middle", "schema", "row", "number", "body"])
def test_a_file_that_is_damaged_within_stops_nothing(on_disk: Reader, news: News, damage: str) -> None:
    news.headers = {"Cache-Control": "max-age=3600"}
    with on_disk() as client:
        client.get("a")
    assert on_disk.folder is not None
    path = on_disk.folder / "answers.sqlite"
    if damage == "middle":
        content = path.read_bytes()
        path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    else:
        statement = {
            "schema": "ALTER TABLE answers RENAME COLUMN answer TO told",
            "row": 'UPDATE answers SET answer = \'{"status_code": 200, "_content": "!!", "headers": 5}\'',
            "body": "UPDATE answers SET answer = json_set(answer, '$._content', 'bm8=')",
            "number": "UPDATE answers SET answer = 5",
        }[damage]
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.commit()
        connection.close()
    for _ in range(2):
        with on_disk() as client:
            assert client.get("a")["edition"] == 1
            assert client.get("a")["edition"] == 1


@pytest.mark.parametrize("name", ["answers.sqlite", "calls.sqlite", ""])
def test_a_place_that_cannot_be_written_stops_nothing(news: News, told: list[str], tmp_path: Path, name: str) -> None:
    news.headers = {"Cache-Control": "max-age=3600"}
    if name:
        (tmp_path / "cache" / name).mkdir(parents=True)
    else:
        (tmp_path / "cache").write_text("a file where a folder should be")
    with Reader(news, tmp_path / "cache", told)(rate=Rate(2, 10)) as client:
        assert [client.get("a")["edition"] for _ in range(3)] == [1, 1, 1]
        client.get("b")
        client.get("c")
    assert news.asked() == 3
    assert len(told) == (1 if name else 2)
    assert all("kept in memory" in note for note in told)


def test_a_file_that_another_process_holds_stops_nothing(on_disk: Reader, news: News) -> None:
    with on_disk() as client:
        client.get("a")
        assert on_disk.folder is not None
        holder = sqlite3.connect(on_disk.folder / "answers.sqlite", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        assert client.get("a")["edition"] == 1
        holder.execute("ROLLBACK")
        holder.close()


def test_two_clients_share_answers_while_both_run(on_disk: Reader, news: News) -> None:
    news.headers = {"Cache-Control": "max-age=3600"}
    with on_disk() as one, on_disk() as other:
        threads = [threading.Thread(target=client.get, args=(f"{n}",)) for client in (one, other) for n in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        asked = news.asked()
        assert all(other.get(f"{n}")["edition"] == 1 for n in range(10))
        assert news.asked() == asked
