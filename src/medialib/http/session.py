"""The cache in front of the transport: requests-cache, told what may be kept and when an old answer will do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests_cache.cache_keys import create_key
from requests_cache.models.response import CachedResponse
from requests_cache.policy.actions import CacheActions
from requests_cache.session import CachedSession

from medialib.errors import TransientError
from medialib.http.store import AnswerCache
from medialib.http.transport import Call, Transport

__all__ = ["AnswerSession"]

# What an answer does not depend on.
_OWN_HEADERS = {"accept-encoding", "cache-control", "connection", "if-modified-since", "if-none-match", "user-agent"}
# Too short to be fresh when it is read, yet kept: to be asked for again, and used when the service is down.
_AT_ONCE = timedelta(microseconds=1)


class AnswerSession(CachedSession):
    """Keeps good answers to GET as long as the service allows, asks conditionally, and bridges failures."""

    def __init__(self, name: str, cache: AnswerCache, transport: Transport, *, told: Callable[[str], None]) -> None:
        super().__init__(
            backend=cache,
            expire_after=_AT_ONCE,
            cache_control=True,
            allowable_codes=(200,),
            allowable_methods=("GET",),
            stale_if_error=True,
            key_fn=_key,
        )
        self._name = name
        self._told = told
        # whatever the environment says is decided behind the cache; a .netrc would add keys of its own
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", transport)
        self.mount("http://", transport)

    def ask(self, request: requests.PreparedRequest, call: Call, *, fresh: bool) -> requests.Response:
        """A kept answer, or one of the service's own. `call` is not seen by the cache."""
        response: requests.Response = self.send(request.copy(), force_refresh=fresh, allow_redirects=False, call=call)
        return response

    def close(self) -> None:
        """Let go of the cache; the transport too."""
        super().close()  # type: ignore[no-untyped-call]

    def _handle_error(self, cached_response: CachedResponse, actions: CacheActions) -> Any:
        """Use an old answer where asking again later may help, and only there: a refused key is never hidden."""
        error = sys.exc_info()[1]
        if not isinstance(error, TransientError) or _must_revalidate(cached_response):
            raise
        age = _age(datetime.now(UTC) - cached_response.created_at)
        self._told(f"an answer of {self._name} from {age} ago is used: {error.message}")
        return cached_response


def _key(
    request: requests.PreparedRequest,
    match_headers: Iterable[str] | bool | None = None,
    **_: object,
) -> str:
    """The key of an answer: address and the headers that it may depend on; no secret is in either."""
    own = {name.lower() for name in request.headers} - _OWN_HEADERS
    named = set() if match_headers is None or isinstance(match_headers, bool) else set(match_headers)
    return create_key(request=request, match_headers=sorted(own | {name.lower() for name in named}))


def _must_revalidate(response: requests.Response) -> bool:
    """Whether the service forbids to use an old answer unasked (RFC 9111, 4.2.4)."""
    return "must-revalidate" in response.headers.get("Cache-Control", "").lower()


def _age(length: timedelta) -> str:
    """A length of time as people say it.

    >>> _age(timedelta(days=1, hours=2)), _age(timedelta(seconds=5))
    ('26 h', '5 s')
    """
    seconds = max(0, int(length.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 3 * 86400 else f"{seconds // 86400} days"
