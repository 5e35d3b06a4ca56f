"""Large files over HTTP: in pieces onto a disk, gone on with where an earlier try broke off, named once they are whole.

What `HttpClient` asks for fits into memory and is JSON. This is for what does not and is not: lists that services give
away. No key goes along.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import requests
import tenacity
import urllib3

from medialib.errors import (
    AuthenticationFailed,
    ConnectionLost,
    MedialibError,
    OutOfReach,
    RateLimited,
    RequestRefused,
    ServiceUnavailable,
    TransientError,
    UnusableAnswer,
)
from medialib.events import BytesFetched, Observer, nobody
from medialib.http.exchange import Exchange
from medialib.http.options import HttpOptions
from medialib.http.waiting import Patience, ask_cancelled, parse_retry_after

__all__ = ["fetch_file"]

_CHUNK: Final = 256 * 1024
_TOLD: Final = 1 << 20


def fetch_file(url: str, target: Path, *, name: str, options: HttpOptions, observer: Observer = nobody) -> Path:
    """Fetch what is at `url` into `target`, replacing what stands there; returns that path.

    What arrives stands in ``target`` with ``.part`` at its end until it is whole. A try that broke off, in an earlier
    call too, is gone on with if the service still has the same file (by its ETag or date). `name` is how errors call
    the service. Failures that may pass are tried again while that brings anything, or for `HttpOptions.patience`
    seconds.

    Raises ConnectionLost, ServiceUnavailable, RateLimited or UnusableAnswer after that; AuthenticationFailed and
    RequestRefused at once; OutOfReach if the disk refuses; Cancelled.
    """
    fetching = _Fetching(url, target, name, options, observer)
    patience = Patience(options.patience, options.clock, options.cancelled, name)
    try:
        while True:
            before = fetching.size
            try:
                tenacity.Retrying(
                    retry=tenacity.retry_if_exception_type(TransientError),
                    wait=tenacity.wait_exponential(0.5, max=20),
                    stop=lambda state: state.upcoming_sleep >= patience.left or fetching.size > before,  # noqa: B023
                    sleep=patience.wait,
                    reraise=True,
                )(fetching.attempt)
                return fetching.finish()
            except TransientError:
                if fetching.size <= before:
                    raise
                # it comes on, if in pieces: every piece that came earns new patience
                patience = Patience(options.patience, options.clock, options.cancelled, name)
    except OSError as error:
        if isinstance(error, MedialibError):
            raise
        raise OutOfReach(f"{target} cannot be written: {error.strerror}", remedy="Is the disk full?") from None


class _Fetching:
    def __init__(self, url: str, target: Path, name: str, options: HttpOptions, observer: Observer) -> None:
        self._url = url
        self._target = target
        self._part = target.with_name(f"{target.name}.part")
        self._mark = target.with_name(f"{target.name}.part.of")
        self._name = name
        self._options = options
        self._observer = observer
        self._exchange = Exchange(name, timeout=options.timeout, max_bytes=1, cancelled=options.cancelled)

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        try:
            return self._part.stat().st_size
        except FileNotFoundError:
            return 0

    def finish(self) -> Path:
        """Give the whole file its name."""
        self._part.replace(self._target)
        self._mark.unlink(missing_ok=True)
        return self._target

    def attempt(self) -> None:
        """Ask once for what is missing, and write it as it comes."""
        ask_cancelled(self._options.cancelled, self._name)
        try:
            with requests.Session() as session:
                self._ask(session)
        except MedialibError:
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            explained = self._exchange.explained(error)
            raise explained from None

    def _ask(self, session: requests.Session) -> None:
        have, of = self.size, self._kept_mark()
        headers = {"Accept-Encoding": "identity"}
        if have and of:
            headers |= {"Range": f"bytes={have}-", "If-Range": of}
        timeout = (self._options.timeout, self._options.timeout)
        with session.get(self._url, headers=headers, stream=True, timeout=timeout) as answer:
            if answer.status_code == 416:
                # as much as is here was all there is, or of another file: from the start
                self._part.unlink(missing_ok=True)
                raise UnusableAnswer(f"{self._name} has another file now")
            if answer.status_code not in (200, 206):
                self._refuse(answer)
            begins, total = _span(answer)
            if begins not in (0, have):
                raise UnusableAnswer(f"{self._name} answered with another part than was asked for")
            if not begins:
                mark = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
                self._mark.write_text("" if mark.startswith("W/") else mark, encoding="utf-8")
            self._write(answer, begins, total)

    def _write(self, answer: requests.Response, begins: int, total: int | None) -> None:
        arrived = told = begins
        with self._part.open("ab" if begins else "wb", buffering=0) as stream:
            for chunk in answer.raw.stream(_CHUNK, decode_content=False):
                ask_cancelled(self._options.cancelled, self._name)
                stream.write(chunk)
                arrived += len(chunk)
                if arrived - told >= _TOLD:
                    told = arrived
                    self._observer(BytesFetched(self._target.name, arrived, total))
            os.fsync(stream.fileno())
        if total is not None and arrived < total:
            raise ConnectionLost(f"{self._name} ended the connection after {arrived} of {total} bytes")
        self._observer(BytesFetched(self._target.name, arrived, total, done=True))

    def _kept_mark(self) -> str:
        try:
            return self._mark.read_text(encoding="utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            return ""

    def _refuse(self, answer: requests.Response) -> None:
        status = answer.status_code
        wait = parse_retry_after(answer.headers.get("Retry-After"), self._options.clock.now())
        if status in (401, 403):
            raise AuthenticationFailed(f"{self._name} refuses to give {self._target.name} (status {status})")
        if status == 429:
            raise RateLimited(f"{self._name} asks for fewer calls (status {status})", retry_after=wait)
        if status in (408, 425) or status >= 500:
            raise ServiceUnavailable(f"{self._name} cannot answer now (status {status})", retry_after=wait)
        raise RequestRefused(f"{self._name} does not give {self._target.name} (status {status})", status=status)


def _span(answer: requests.Response) -> tuple[int, int | None]:
    """Where an answer begins in the file, and how long the whole file is, if it says so."""
    if answer.status_code == 206:
        found = re.fullmatch(r"bytes ([0-9]+)-[0-9]+/([0-9]+)", answer.headers.get("Content-Range", ""))
        return (-1, None) if found is None else (int(found[1]), int(found[2]))
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None
