"""No secret is in an error, a note, a repr, a log or a file."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medialib.errors import MedialibError
from medialib.http import HttpClient, HttpOptions, Rate, Redactor
from medialib.http.redaction import HIDDEN, is_secret_name
from medialib.testing.web_server import Answer, Cut, Empty, Garbage, HangUp, Refuse, Request, WebServer
from medialib.testing.worlds import ManualClock

CANARY = "cAnary/k3y+one two"
TOKEN = "tOken-canary-77"
PASSWORD = "pass@canary"
FORMS = tuple(
    form
    for secret in (CANARY, TOKEN, PASSWORD)
    for form in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), quote(secret, safe="").lower())
)


def assert_clean(text: str) -> None:
    for form in FORMS:
        assert form not in text


class Chatterbox(WebServer):
    """Repeats what it should not."""

    def __init__(self) -> None:
        super().__init__()
        self.echo = False

    def answer(self, request: Request) -> Answer:
        if request.path == "/away":
            return Answer(b"", 302, {"Location": f"ftp://{quote(CANARY)}@127.0.0.1/?k={quote(CANARY)}"})
        headers = {"Cache-Control": "max-age=600", "ETag": '"1"', "Set-Cookie": f"session={TOKEN}", "X-Key": TOKEN}
        return Answer({"said": CANARY if self.echo else "hello"}, headers=headers)


@pytest.fixture
def box() -> Iterator[Chatterbox]:
    server = Chatterbox()
    with server:
        yield server


def client(box: Chatterbox, folder: Path | None, told: list[str], *, patience: float = 0) -> HttpClient:
    options = HttpOptions(cache=folder, timeout=2, patience=patience, clock=ManualClock(), told=told.append)
    base = box.url.replace("http://", f"http://me:{quote(PASSWORD, safe='')}@")
    return HttpClient(
        base,
        name="box",
        options=options,
        rate=Rate(1000, 1),
        parameters={"hidden": CANARY, "language": "en"},
        secrets=[CANARY],
    )


def test_secrets_reach_the_service(box: Chatterbox) -> None:
    with client(box, None, []) as asked:
        asked.get("a", {"api_key": TOKEN, "page": 1}, headers={"X-Api-Key": TOKEN})
    (request,) = box.requests
    assert request.query == {"hidden": CANARY, "language": "en", "api_key": TOKEN, "page": "1"}
    assert request.headers["x-api-key"] == TOKEN
    assert request.headers["authorization"].startswith("Basic ")


def test_nothing_on_disk_holds_a_secret(box: Chatterbox, tmp_path: Path) -> None:
    with client(box, tmp_path, []) as asked:
        asked.get("plain", {"api_key": TOKEN}, headers={"Authorization": f"Bearer {TOKEN}"})
        asked.get("plain", {"api_key": TOKEN}, headers={"Authorization": f"Bearer {TOKEN}"})
        assert box.asked() == 1
        asked.get(f"in/the/path/{quote(CANARY)}")
        box.echo = True
        asked.get("echo")
        asked.send("POST", "login", {"apikey": CANARY})
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"answers.sqlite", "calls.sqlite"}
    for path in files:
        content = path.read_bytes()
        assert_clean(content.decode("latin-1"))
        assert box.requests[0].headers["authorization"].encode() not in content
    assert b"hello" not in CANARY.encode()
    assert b"/plain" in (tmp_path / "answers.sqlite").read_bytes()


def test_an_answer_that_holds_a_secret_is_not_kept(box: Chatterbox) -> None:
    box.echo = True
    with client(box, None, []) as asked:
        assert asked.get("echo") == asked.get("echo") == {"said": CANARY}
    assert box.asked() == 2


def test_another_key_finds_the_same_answers(box: Chatterbox, tmp_path: Path) -> None:
    for key in ("first-key", "second-key"):
        with HttpClient(box.url, name="box", options=HttpOptions(cache=tmp_path), parameters={"api_key": key}) as asked:
            asked.get("a")
    assert box.asked() == 1


@pytest.mark.parametrize(
    "fault",
    [
        Refuse(400, body={"message": f"bad key {CANARY} ({quote(CANARY)}) {TOKEN}"}),
        Refuse(400, body=f"<html>{CANARY}".encode()),
        Refuse(400, body=[f"{CANARY}"]),
        Refuse(401, body={"message": f"bad key {quote_plus(CANARY)}"}),
        Refuse(500, body={"message": CANARY}),
        Refuse(429, retry_after=CANARY),
        Garbage(CANARY.encode()),
        Empty(),
        Cut(3),
        HangUp(),
        None,
    ],
    ids=lambda fault: type(fault).__name__ + str(getattr(fault, "status", "")),
)
def test_no_error_note_or_log_tells_a_secret(
    box: Chatterbox, fault: object, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with client(box, tmp_path, told, patience=3) as asked:
        asked.get("a", {"token": TOKEN}, headers=headers)
        if fault is None:
            box.stop()
        else:
            box.fail(*[fault] * 30)  # type: ignore[list-item]
        path = f"b/{quote(CANARY)}"
        for call in (
            lambda: asked.get(path, {"token": TOKEN}, headers=headers),
            lambda: asked.get("away"),
            lambda: asked.send("POST", path, {"key": CANARY}, headers=headers),
        ):
            with pytest.raises(MedialibError) as caught:
                call()
            assert_clean(str(caught.value) + repr(caught.value) + repr(vars(caught.value)))
            # the lines of this file hold the names of the secrets, not the secrets
            assert_clean("".join(traceback.format_exception(caught.value)))
        assert_clean(repr(asked))
    assert_clean("".join(told))
    assert_clean(caplog.text)
    assert "GET /a?language=en&hidden=••••&token=••••" in caplog.text  # the log is there, without them


def test_the_redirect_that_leaves_is_told_without_secrets(box: Chatterbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with client(box, None, []) as asked, pytest.raises(MedialibError) as caught:
        asked.get("away")
    assert_clean(str(caught.value) + caplog.text)


def test_a_base_url_that_holds_a_secret_is_refused_without_telling_it() -> None:
    with pytest.raises(MedialibError) as caught:
        HttpClient(f"http://host/{TOKEN}", name="box", secrets=[TOKEN])
    assert_clean(str(caught.value))


SECRETS = st.text(min_size=1, max_size=12)


@given(st.lists(SECRETS, min_size=1, max_size=4), st.text(), st.text())
def test_no_form_of_a_secret_is_left(secrets: list[str], before: str, after: str) -> None:
    """Whatever surrounds it: as it is, and percent-encoded in either way."""
    assume(not any(set(secret) & set(HIDDEN) for secret in secrets))
    redact = Redactor(secrets)
    for secret in secrets:
        for form in {secret, *(_quoted(secret))}:
            assert form not in redact(before + form + after)


@given(st.lists(SECRETS, max_size=4), st.text())
def test_what_holds_no_secret_is_not_changed(secrets: list[str], text: str) -> None:
    redact = Redactor(secrets)
    if not redact.finds(text):
        assert redact(text) == text
    assert redact(redact(text)).count(HIDDEN) >= redact(text).count(HIDDEN) or any("•" in secret for secret in secrets)


@given(st.lists(SECRETS))
def test_a_redactor_does_not_tell_what_it_hides(secrets: list[str]) -> None:
    assert repr(Redactor(secrets)).startswith(f"Redactor({len(set(secrets))} secret")


def _quoted(secret: str) -> tuple[str, ...]:
    try:
        return quote(secret, safe=""), quote_plus(secret), quote(quote(secret, safe=""), safe="")
    except UnicodeEncodeError:
        return ()


@pytest.mark.parametrize(
    "name", ["Authorization", "X-Api-Key", "api_key", "apikey", "token", "Cookie", "pin", "X-Plex-Token"]
)
def test_telling_names(name: str) -> None:
    assert is_secret_name(name)
    assert is_secret_name(name.upper())


@pytest.mark.parametrize("name", ["page", "Accept-Language", "tokens", "keyword", "spin", "query", "imdb"])
def test_harmless_names(name: str) -> None:
    assert not is_secret_name(name)
