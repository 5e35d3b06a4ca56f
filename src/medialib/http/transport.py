"""Behind the cache: retries, turns, secrets, redirects, and the look that tells an answer from a failure."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urljoin, urlsplit

import attrs
import requests
import tenacity
import urllib3
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from medialib.errors import (
    AuthenticationFailed,
    MedialibError,
    RateLimited,
    RequestRefused,
    ServiceUnavailable,
    TransientError,
    UnusableAnswer,
)
from medialib.http.addresses import check_redirect
from medialib.http.exchange import Exchange, Received
from medialib.http.ledger import Ledger
from medialib.http.options import HttpOptions
from medialib.http.redaction import Redactor
from medialib.http.waiting import Patience, ask_cancelled, parse_retry_after

__all__ = ["Call", "NotThere", "Transport", "parse_answer"]

_REDIRECTS = 5
_KEPT_HEADERS = ("Age", "Cache-Control", "Content-Type", "Date", "ETag", "Expires", "Last-Modified", "Vary")
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 20.0


class NotThere(MedialibError):
    """A service answered 404. Never leaves this package: `HttpClient.get` makes None of it."""


@attrs.frozen
class Call:
    """What the cache must not see of a call."""

    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """Secret header lines."""
    parameters: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    """Secret parameters."""
    again: bool = True
    """Whether it may be sent a second time."""
    check: Callable[[bytes], object] | None = None
    """Raises UnusableAnswer for a body that is not what was asked for; None: it is to be JSON."""


def parse_answer(body: bytes, name: str) -> Any:
    """An answer's JSON; raises UnusableAnswer for what is empty or not JSON.

    >>> parse_answer(b'{"id": 1}', "tvmaze")
    {'id': 1}
    """
    if not body.strip():
        raise UnusableAnswer(f"the answer of {name} was empty")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    # raised out here, so that no traceback quotes the answer
    if found is None:
        raise UnusableAnswer(
            f"the answer of {name} was not JSON", remedy="If it stays so, check the base URL: a web page may be there."
        )
    return found


class Transport(BaseAdapter):
    """The adapter that a session of requests sends through. Every answer that it returns is a good one."""

    def __init__(
        self,
        name: str,
        exchange: Exchange,
        ledger: Ledger | None,
        redact: Redactor,
        options: HttpOptions,
        reads: Callable[[bytes, str], Any],
    ) -> None:
        super().__init__()
        self._name = name
        self._exchange = exchange
        self._ledger = ledger
        self._redact = redact
        self._options = options
        self._reads = reads

    def send(  # type: ignore[override] # everything but the call is decided here, not by the session
        self, request: requests.PreparedRequest, *, call: Call = Call(), **_: object
    ) -> requests.Response:
        """The answer to a request: status 2xx, or 304 where it was asked conditionally; everything else is raised."""
        options = self._options
        patience = Patience(options.patience, options.clock, options.cancelled, self._name)
        ask_cancelled(options.cancelled, self._name)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError) if call.again else tenacity.retry_never,
            wait=_wait,
            stop=lambda state: state.upcoming_sleep >= patience.left,
            sleep=patience.wait,
            reraise=True,
        )
        received = retrying(self._attempt, request, call, patience)
        return self._response(request, received)

    def close(self) -> None:
        """Let go of connections and of the ledger."""
        self._exchange.close()
        if self._ledger is not None:
            self._ledger.close()

    def _attempt(self, request: requests.PreparedRequest, call: Call, patience: Patience) -> Received:
        writes = request.method != "GET"
        outgoing, secrets = _with_secrets(request, call), call
        for _ in range(_REDIRECTS + 1):
            received = self._turn(outgoing, patience)
            if received.status not in (301, 302, 303, 307, 308):
                self._judge(request, received, patience, call)
                return received
            if writes:
                raise RequestRefused(
                    f"{self._name} redirects a {request.method} (status {received.status}); nothing was sent on",
                    remedy="Check the service's base URL: scheme, host, port and path must be exactly its own.",
                    status=received.status,
                )
            target, same = self._target(outgoing, received)
            if not same:
                secrets = Call()  # nor do they come back with the way back: who sent us knows not what for
            outgoing = _redirected(request, target, secrets)
        raise RequestRefused(
            f"{self._name} redirects more than {_REDIRECTS} times", remedy="Check the service's base URL."
        )

    def _turn(self, outgoing: requests.PreparedRequest, patience: Patience) -> Received:
        if self._ledger is None:
            return self._exchange(outgoing)
        with self._ledger.call(patience):
            return self._exchange(outgoing)

    def _target(self, outgoing: requests.PreparedRequest, received: Received) -> tuple[str, bool]:
        """Where a redirect leads, and whether that is the same service; raises for one that must not be followed."""
        location = received.headers.get("Location")
        assert outgoing.url is not None
        if not location:
            raise UnusableAnswer(f"{self._name} redirects to nowhere (status {received.status})")
        try:
            # header lines are latin-1 by the letter, but UTF-8 is what is sent
            target = urljoin(outgoing.url, location.encode("latin-1").decode("utf-8", "replace"))
        except ValueError:
            raise UnusableAnswer(f"{self._name} redirects to something unreadable") from None
        same = check_redirect(outgoing.url, target, name=self._name)
        if not same and self._redact.finds(target):
            raise RequestRefused(
                f"{self._name} redirects to another host with a key in the address; it was not followed",
                remedy="Check the service's base URL.",
            )
        return target, same

    def _judge(self, request: requests.PreparedRequest, received: Received, patience: Patience, call: Call) -> None:
        """Let pass a good answer only."""
        status, name = received.status, self._name
        if status == 304 and request.method == "GET":
            if any(header in request.headers for header in ("If-None-Match", "If-Modified-Since")):
                return
            raise UnusableAnswer(f"{name} answered 304 without being asked conditionally")
        if 200 <= status < 300:
            if request.method == "GET":
                if status != 200:
                    raise UnusableAnswer(f"{name} answered {status} where 200 was expected")
                if call.check is None:
                    self._reads(received.body, name)
                else:
                    call.check(received.body)
            elif received.body.strip() or (status not in (204, 205) and request.method != "DELETE"):
                parse_answer(received.body, name)
            return
        self._refuse(request, received, patience)

    def _refuse(self, request: requests.PreparedRequest, received: Received, patience: Patience) -> NoReturn:
        status, name = received.status, self._name
        answer = self._answer(received.body)
        said = _message(answer)
        quoted = f": {said}" if said else ""
        wait = parse_retry_after(received.headers.get("Retry-After"), self._options.clock.now())
        asks = "" if wait is None else f", and asks to be left alone for {wait:g} s"
        if status in (401, 403):
            raise AuthenticationFailed(
                f"{name} refused the key (status {status}){quoted}", remedy=f"Check the key for {name}."
            )
        if status == 404 and request.method == "GET":
            raise NotThere(f"{name} has nothing there")
        if status == 429 or (status >= 500 and wait is not None and wait >= patience.left):
            raise RateLimited(f"{name} asks for fewer calls (status {status}{asks})", retry_after=wait)
        if status in (408, 425) or status >= 500:
            raise ServiceUnavailable(f"{name} cannot answer now (status {status}{asks}){quoted}", retry_after=wait)
        where = self._redact(urlsplit(request.url or "").path)
        raise RequestRefused(
            f"{name} refused {request.method} {where} (status {status}){quoted}", status=status, answer=answer
        )

    def _answer(self, body: bytes) -> Any:
        """What a refusal says, without secrets: JSON if it is that, else text, None for nothing."""
        text = self._redact(body[:65536].decode("utf-8", "replace"))
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text.strip() or None

    def _response(self, request: requests.PreparedRequest, received: Received) -> requests.Response:
        """An answer as the cache may keep it: no cookies, no address of the way, nothing that holds a secret."""
        kept = {name: received.headers[name] for name in _KEPT_HEADERS if name in received.headers}
        seen = received.body.decode("utf-8", "replace") + "".join(kept.values())
        if self._redact.finds(seen) or self._redact.finds(request.url or ""):
            kept = {"Cache-Control": "no-store"}
        response = requests.Response()
        response.status_code = received.status
        response.headers = CaseInsensitiveDict(kept)
        response.request = request
        response.url = request.url or ""
        response.encoding = "utf-8"
        response.raw = urllib3.HTTPResponse(
            body=io.BytesIO(received.body),
            headers=kept,
            status=received.status,
            preload_content=False,
            request_url=request.url,
        )
        return response


def _with_secrets(request: requests.PreparedRequest, call: Call) -> requests.PreparedRequest:
    outgoing = request.copy()
    if call.parameters:
        outgoing.prepare_url(outgoing.url or "", list(call.parameters))
    outgoing.headers.update(call.headers)
    return outgoing


def _redirected(request: requests.PreparedRequest, target: str, call: Call) -> requests.PreparedRequest:
    following = request.copy()
    following.prepare_url(target, None)
    # a key that is in the address already must not be there twice
    names = {name for name, _ in parse_qsl(urlsplit(target).query, keep_blank_values=True)}
    kept = tuple(pair for pair in call.parameters if pair[0] not in names)
    return _with_secrets(following, Call(call.headers, kept))


def _wait(state: tenacity.RetryCallState) -> float:
    """As long as the service asks for, or else twice as long each time; spread, so that processes do not march."""
    assert state.outcome is not None
    asked = getattr(state.outcome.exception(), "retry_after", None)
    if asked:
        return float(asked) + random.uniform(0, 0.25)
    longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (state.attempt_number - 1))
    return random.uniform(longest / 2, longest)


def _message(answer: object) -> str:
    """What a service says of a refusal, in one line of at most 200 characters.

    >>> _message([{"propertyName": "TvdbId", "errorMessage": "already added"}])
    'already added'
    """
    if isinstance(answer, list):
        return "; ".join(filter(None, map(_message, answer[:3])))[:200]
    if isinstance(answer, dict):
        for name in ("errorMessage", "status_message", "message", "error", "title"):
            if isinstance(answer.get(name), str):
                return _message(answer[name])
        return ""
    if not isinstance(answer, str) or answer.lstrip().startswith("<"):
        return ""  # a page for people with browsers
    return " ".join("".join(character if character.isprintable() else " " for character in answer).split())[:200]
