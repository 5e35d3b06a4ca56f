"""The client of one service: asks for JSON, and says in plain errors what came of it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Collection, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

from medialib.errors import UnusableAnswer, UsageError
from medialib.http.options import HttpOptions, Rate
from medialib.http.redaction import Redactor, guard_logs, is_secret_name

if TYPE_CHECKING:
    import requests

    from medialib.http.session import AnswerSession
    from medialib.http.transport import Call, Transport

__all__ = ["HttpClient"]

Answered = TypeVar("Answered")

_SHORTEST = 4
"""A value under a telling name that is shorter is kept from cache and log, but not taken out of prose."""


class HttpClient:
    """Asks one service for JSON, or what `reads` makes of its answers; for several threads; a context manager.

    `base_url` begins with ``http://`` or ``https://`` and may point into a private network. `name` is how errors call
    the service. `rate` is kept by all processes that share `HttpOptions.cache`. `headers` and `parameters` go along
    with every call. `reads` makes a value of the body of an answer to `get`, given the service's name too, and raises
    UnusableAnswer for one that is not whole or not what it should be. A value that is among `secrets`, or has a name
    such as ``Authorization`` or ``api_key``, goes only to the service itself: no cache, log, error or repr holds it,
    and no redirect takes it to another host.

    Answers are kept as the service allows (``Cache-Control``, ``ETag``, ``Last-Modified``); where it says nothing, each
    is asked for again. When the service does not answer, an older answer is used if there is one, and
    `HttpOptions.told` hears of it.

    >>> HttpClient("https://api.tvmaze.com", name="tvmaze", rate=Rate(20, 10))
    HttpClient('tvmaze', 'https://api.tvmaze.com')
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str,
        options: HttpOptions = HttpOptions(),  # noqa: B008 - a frozen value
        rate: Rate | None = None,
        headers: Mapping[str, str] = {},
        parameters: Mapping[str, str] = {},
        secrets: Collection[str] = (),
        reads: Callable[[bytes, str], Any] | None = None,
    ) -> None:
        self._name = name
        self._options = options
        self._redactor = Redactor(secrets)
        guard_logs(self._redactor)
        self._base, credentials = _split_base(base_url, name)
        if credentials:
            basic = base64.b64encode(credentials.encode()).decode()
            self._redactor.learn((basic, credentials, credentials.partition(":")[2]))
            headers = {"Authorization": f"Basic {basic}", **headers}
        if self._redactor.finds(self._base):
            raise UsageError(f"the base URL of {name} holds a secret", remedy="Give the key as a header or parameter.")
        self._reads = reads
        self._headers = {"Accept": "application/json" if reads is None else "*/*", "User-Agent": _agent(), **headers}
        self._parameters = dict(parameters)
        self._check_headers(self._headers)
        self._rate = rate
        self._lock = threading.Lock()
        self._wired: tuple[Transport, AnswerSession] | None = None

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"HttpClient({self._name!r}, {self._base!r})"

    def get(
        self,
        path: str,
        parameters: Mapping[str, str | int] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        fresh: bool = False,
    ) -> Any | None:
        """The JSON at a path below the base URL, or what `reads` makes of it; None if there is nothing (404).

        `path` is percent-encoded where it must be. `fresh` asks the service itself, past every cache, and uses no old
        answer in its place. A failure that may pass is tried again for `HttpOptions.patience` seconds.

        Raises AuthenticationFailed (401, 403) and RequestRefused (any other 4xx, a redirect that must not be followed)
        at once; after the retries RateLimited, ServiceUnavailable (5xx, time-out), ConnectionLost, or UnusableAnswer
        (cut, empty, not JSON); OutOfReach for a certificate that cannot be verified; Cancelled.
        """
        from medialib.http.transport import NotThere, parse_answer

        read = self._reads or parse_answer
        request, call = self._request("GET", path, parameters or {}, headers or {}, None, again=True)
        try:
            _, session = self._wires()
            response = session.ask(request, call, fresh=fresh)
            try:
                return read(response.content, self._name)
            except UnusableAnswer:  # only a damaged cache has such: what the transport lets through was read once
                return read(session.ask(request, call, fresh=True).content, self._name)
        except NotThere:
            return None

    def ask(
        self,
        path: str,
        parameters: Mapping[str, str | int] | None,
        read: Callable[[Any], Answered],
        *,
        fresh: bool = False,
    ) -> Answered | None:
        """What `read` makes of the JSON at a path, or None if the service says that there is nothing (404).

        `read` raises UnusableAnswer for an answer that is not in its documented form; it is then asked for once more
        past every cache, so that no bad answer lasts as long as it may be kept. Raises as `get` does, and what `read`
        raises the second time.
        """
        answer = self.get(path, parameters, fresh=fresh)
        try:
            return None if answer is None else read(answer)
        except UnusableAnswer:
            answer = self.get(path, parameters, fresh=True)
            return None if answer is None else read(answer)

    def fetch(
        self, path: str, parameters: Mapping[str, str | int] | None, check: Callable[[bytes], object]
    ) -> bytes | None:
        """The bytes at a path, which are no JSON, or None if the service says that there is nothing (404).

        `check` raises UnusableAnswer for what is not in its documented form, which is then asked for again as other
        failures are. Nothing is kept: that is the caller's to do. Raises as `get` does, and what `check` raises.
        """
        import attrs

        from medialib.http.transport import NotThere

        request, call = self._request("GET", path, parameters or {}, {"Accept": "*/*"}, None, again=True)
        transport, _ = self._wires()
        try:
            return transport.send(request, call=attrs.evolve(call, check=check)).content
        except NotThere:
            return None

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        idempotent: bool = False,
    ) -> Any | None:
        """Send JSON with POST, PUT or DELETE; the JSON that is answered, or None for an answer without content.

        Never cached, never redirected, and sent a second time only if `idempotent` says that this does no harm: a call
        that was not answered may have been carried out.

        Raises as `get` does, save that 404 is RequestRefused too (its `status` tells), without retries unless
        `idempotent`. An empty answer of status 200 to anything but DELETE is UnusableAnswer.
        """
        from medialib.http.transport import parse_answer

        request, call = self._request(method.upper(), path, {}, headers or {}, body, again=idempotent)
        transport, _ = self._wires()
        response = transport.send(request, call=call)
        content = response.content
        return parse_answer(content, self._name) if content.strip() else None

    def close(self) -> None:
        """Let go of connections and files. Calling it twice is fine."""
        with self._lock:
            wired = self._wired
        if wired is not None:
            transport, session = wired
            session.close()
            transport.close()

    def _wires(self) -> tuple[Transport, AnswerSession]:
        """Transport and session, made for the first call: to load requests and open files costs a fifth of a second."""
        with self._lock:
            if self._wired is None:
                self._wired = self._wire(self._rate)
            return self._wired

    def _wire(self, rate: Rate | None) -> tuple[Transport, AnswerSession]:
        from medialib.http.exchange import Exchange
        from medialib.http.ledger import Ledger
        from medialib.http.session import AnswerSession
        from medialib.http.store import AnswerCache
        from medialib.http.transport import Transport, parse_answer

        options, name = self._options, self._name
        exchange = Exchange(name, timeout=options.timeout, max_bytes=options.max_bytes, cancelled=options.cancelled)
        ledger = (
            None
            if rate is None
            else Ledger(
                options.cache and options.cache / "calls.sqlite",
                f"{name} ({urlsplit(self._base).netloc})",
                rate,
                hold=exchange.limit,
                clock=options.clock,
                read_only=options.read_only,
                told=self._tell,
            )
        )
        transport = Transport(name, exchange, ledger, self._redactor, options, self._reads or parse_answer)
        cache = AnswerCache(
            options.cache and options.cache / "answers.sqlite", read_only=options.read_only, told=self._tell
        )
        return transport, AnswerSession(name, cache, transport, told=self._tell)

    def _tell(self, note: str) -> None:
        self._options.told(self._redactor(note))

    def _request(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str | int],
        headers: Mapping[str, str],
        body: Any,
        *,
        again: bool,
    ) -> tuple[requests.PreparedRequest, Call]:
        """The request without secrets, and the secrets."""
        import requests

        from medialib.http.transport import Call

        self._check_headers(headers)
        all_headers = {**self._headers, **headers}
        all_parameters = {**self._parameters, **{name: str(value) for name, value in parameters.items()}}
        hidden_headers = {name: value for name, value in all_headers.items() if self._hides(name, value)}
        hidden_parameters = {name: value for name, value in all_parameters.items() if self._hides(name, value)}
        seen_headers = {name: value for name, value in all_headers.items() if name not in hidden_headers}
        content: bytes | None = None
        if body is not None:
            content = json.dumps(body, allow_nan=False).encode()
            seen_headers["Content-Type"] = "application/json"
        request = requests.PreparedRequest()
        try:
            request.prepare(
                method,
                f"{self._base}/{path.lstrip('/')}",
                headers=seen_headers,
                params=[pair for pair in all_parameters.items() if pair[0] not in hidden_parameters],
                data=content,
            )
        except (requests.RequestException, ValueError):
            raise UsageError(f"a request to {self._name} has a path or header that cannot be sent") from None
        return request, Call(hidden_headers, tuple(hidden_parameters.items()), again)

    def _hides(self, name: str, value: str) -> bool:
        """Whether a header or parameter is a secret; what is learned to be one is taken out of every text."""
        if is_secret_name(name):
            # of "Bearer token" the token is the secret, of "Digest a=…, b=…" all of it
            parts = value.split(" ", 1) if name.lower().endswith("authorization") else [value]
            self._redactor.learn(part for part in (value, parts[-1]) if len(part) >= _SHORTEST)
            return True
        return self._redactor.finds(value)

    def _check_headers(self, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            if not (value.isprintable() and value == value.strip() and value.isascii()):
                raise UsageError(
                    f"the header {name} for {self._name} holds characters that cannot be sent",
                    remedy="Look for a line break or a letter that is not ASCII in the key.",
                )


def _split_base(base_url: str, name: str) -> tuple[str, str]:
    """The base URL without credentials and slash at its end, and the credentials; raises UsageError."""
    remedy = "Give a base URL such as https://host/path."
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError(f"the base URL of {name} cannot be read", remedy=remedy) from None
    if parts.scheme not in ("http", "https") or not host or not base_url.isprintable() or " " in base_url:
        raise UsageError(f"the base URL of {name} is not one of http or https", remedy=remedy)
    if parts.query or parts.fragment:
        raise UsageError(f"the base URL of {name} has a query or a fragment", remedy=remedy)
    shown = f"[{host}]" if ":" in host else host
    base = urlunsplit((parts.scheme, shown if port is None else f"{shown}:{port}", parts.path.rstrip("/"), "", ""))
    return base, ":".join(unquote(part) for part in (parts.username, parts.password) if part is not None)


def _agent() -> str:
    try:
        return f"medialib/{version('medialib')}"
    except PackageNotFoundError:
        return "medialib"
