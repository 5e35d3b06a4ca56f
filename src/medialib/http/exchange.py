"""One request and its whole answer: within a time, within a size, and never quoting an address in an error."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import requests
import urllib3
from requests.adapters import HTTPAdapter

from medialib.errors import ConnectionLost, MedialibError, OutOfReach, ServiceUnavailable, UnusableAnswer, UsageError
from medialib.http.waiting import ask_cancelled
from medialib.ports import CancelToken

__all__ = ["Exchange", "Received"]

_CHUNK = 64 * 1024
_WATCH = 0.1


@attrs.frozen
class Received:
    """What a service answered, whole."""

    status: int
    """HTTP status."""
    headers: urllib3.HTTPHeaderDict = attrs.field(repr=False)
    """Header lines."""
    body: bytes = attrs.field(repr=False)
    """The body, unpacked."""


class Exchange:
    """Sends prepared requests over kept connections; for several threads.

    Each is sent on a thread of its own, so that neither a name server nor a service that trickles can delay the
    caller: not beyond `timeout` seconds of silence, `limit` seconds in all, nor a cancellation.
    """

    def __init__(self, name: str, *, timeout: float, max_bytes: int, cancelled: CancelToken | None) -> None:
        self.limit = 4 * timeout
        self._name = name
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._cancelled = cancelled
        self._adapter = HTTPAdapter()
        # only ever asked about proxies and certificates of the environment; no request goes through it
        self._environment = requests.Session()

    def close(self) -> None:
        """Let go of connections."""
        self._adapter.close()
        self._environment.close()

    def __call__(self, request: requests.PreparedRequest) -> Received:
        """The whole answer. Raises ConnectionLost, ServiceUnavailable, UnusableAnswer, OutOfReach or Cancelled."""
        abandoned = threading.Event()
        outcome: list[Received | MedialibError | BaseException] = []
        done = threading.Event()

        def work() -> None:
            try:
                outcome.append(self._fetch(request, abandoned))
            except Exception as error:  # noqa: BLE001 - told apart and raised on the caller's thread
                outcome.append(self.explained(error))
            finally:
                done.set()

        threading.Thread(target=work, name=f"medialib-http-{self._name}", daemon=True).start()
        end = time.monotonic() + self.limit
        try:
            while not done.wait(_WATCH):
                ask_cancelled(self._cancelled, self._name)
                if time.monotonic() > end:
                    raise ServiceUnavailable(f"{self._name} did not finish its answer within {self.limit:g} s")
        finally:
            abandoned.set()
        ask_cancelled(self._cancelled, self._name)
        (result,) = outcome
        if isinstance(result, BaseException):
            raise result
        return result

    def _fetch(self, request: requests.PreparedRequest, abandoned: threading.Event) -> Received:
        settings: dict[str, Any] = dict(
            self._environment.merge_environment_settings(request.url or "", {}, True, None, None)
        )
        response = self._adapter.send(
            request,
            stream=True,
            timeout=(self._timeout, self._timeout),
            verify=settings["verify"],
            cert=settings["cert"],
            proxies=settings["proxies"],
        )
        raw: urllib3.HTTPResponse = response.raw
        try:
            announced = raw.headers.get("Content-Length", "")
            if announced.isdigit() and int(announced) > self._max_bytes:
                raise self._too_large()
            body = bytearray()
            for chunk in _chunks(raw, abandoned):
                body += chunk
                if len(body) > self._max_bytes:
                    raise self._too_large()
        except BaseException:
            raw.close()  # a connection in the middle of an answer must not be used again
            raise
        raw.release_conn()
        return Received(response.status_code, raw.headers, bytes(body))

    def _too_large(self) -> MedialibError:
        return UnusableAnswer(f"the answer of {self._name} is larger than {self._max_bytes} bytes")

    def explained(self, error: BaseException) -> BaseException:
        """The error that says the same without quoting addresses, which hold keys."""
        for kinds, explain in self._explanations():
            if isinstance(error, kinds):
                return explain(error)
        return error

    def _explanations(
        self,
    ) -> Iterator[tuple[tuple[type[BaseException], ...], Callable[[BaseException], BaseException]]]:
        name = self._name
        yield (MedialibError,), lambda error: error
        yield (
            (requests.exceptions.SSLError,),
            lambda error: self._certificate() if _is_certificate(error) else ConnectionLost(f"no TLS with {name}"),
        )
        yield (
            (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError),
            lambda _: ServiceUnavailable(f"{name} did not answer within {self._timeout:g} s"),
        )
        yield (
            (requests.exceptions.ProxyError,),
            lambda _: ConnectionLost(
                f"{name} could not be reached through the proxy",
                remedy="Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY in the environment.",
            ),
        )
        yield (
            (urllib3.exceptions.IncompleteRead, urllib3.exceptions.InvalidChunkLength),
            lambda _: UnusableAnswer(f"the answer of {name} was cut"),
        )
        yield (
            (urllib3.exceptions.DecodeError,),
            lambda _: UnusableAnswer(f"the answer of {name} could not be unpacked"),
        )
        yield (urllib3.exceptions.ProtocolError,), lambda _: UnusableAnswer(f"the answer of {name} was cut")
        yield (
            (requests.exceptions.ConnectionError,),
            lambda error: ConnectionLost(
                f"{name} ended the connection without an answer"
                if _is_hang_up(error)
                else f"{name} could not be connected to",
                remedy="Check its address and the network.",
            ),
        )
        yield (
            (
                requests.exceptions.InvalidURL,
                requests.exceptions.InvalidHeader,
                requests.exceptions.InvalidSchema,
                urllib3.exceptions.LocationValueError,
                ValueError,
            ),
            lambda _: UsageError(f"a request to {name} has an address or header that cannot be sent"),
        )
        yield (
            (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError),
            lambda error: ConnectionLost(f"the connection to {name} was lost ({type(error).__name__})"),
        )

    def _certificate(self) -> MedialibError:
        return OutOfReach(
            f"the certificate of {self._name} cannot be verified",
            remedy="Check this machine's clock and its certificates (REQUESTS_CA_BUNDLE names others).",
        )


def _chunks(raw: urllib3.HTTPResponse, abandoned: threading.Event) -> Iterator[bytes]:
    """What arrives, as it arrives: `read` would wait for a whole chunk of a service that trickles."""
    while not abandoned.is_set():
        chunk = raw.read1(_CHUNK, decode_content=True)
        if not chunk:
            return
        yield chunk


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What an exception of requests or urllib3 wraps, and it itself."""
    waiting, seen = [error], 0
    while waiting and (seen := seen + 1) < 20:
        current = waiting.pop()
        yield current
        inner = (*current.args, getattr(current, "reason", None), current.__cause__, current.__context__)
        waiting.extend(part for part in inner if isinstance(part, BaseException))


def _is_certificate(error: BaseException) -> bool:
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _is_hang_up(error: BaseException) -> bool:
    return any(isinstance(cause, urllib3.exceptions.ProtocolError) for cause in _causes(error))
