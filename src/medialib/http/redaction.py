"""Secrets are taken out of every text that leaves."""

from __future__ import annotations

import json
import logging
import re
import weakref
from collections.abc import Collection, Iterable
from urllib.parse import quote

__all__ = ["HIDDEN", "Redactor", "guard_logs", "is_secret_name"]

HIDDEN = "••••"
"""What stands where a secret was."""

_SECRET_NAMES = re.compile(
    r"(proxy-)?authorization|cookie|(x[-_])?(api|access|auth|session|plex|emby)?[-_]?(key|token|pin|secret)"
    r"|password|passwd|session_id|sid|client_secret|access_token|refresh_token",
    re.IGNORECASE,
)
# Loggers of the libraries below that quote addresses.
_LOGGERS = (
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.response",
    "urllib3.util.retry",
    "requests_cache.backends.base",
    "requests_cache.policy.actions",
    "requests_cache.session",
)


def is_secret_name(name: str) -> bool:
    """Whether a header or parameter of this name carries a secret, whatever its value.

    >>> [is_secret_name(name) for name in ("Authorization", "X-Api-Key", "api_key", "apikey", "pin", "page")]
    [True, True, True, True, True, False]
    """
    return _SECRET_NAMES.fullmatch(name) is not None


def _pattern(secret: str) -> str:
    """A regular expression for a secret, each of its characters as it is or percent-encoded."""

    def form(character: str) -> str:
        encoded = "".join(_any_case(byte) for byte in character.encode("utf-8", "surrogatepass"))
        plus = r"|\+" if character == " " else ""
        return f"(?:{re.escape(character)}|{encoded}{plus})"

    return "".join(form(character) for character in secret)


def _any_case(byte: int) -> str:
    return "%" + "".join(f"[{digit}{digit.lower()}]" if digit.isalpha() else digit for digit in f"{byte:02X}")


class Redactor:
    """Takes secrets out of texts: as they are, percent-encoded in whole or in part, and as JSON or Python writes them.

    >>> redactor = Redactor(["k/y 1"])
    >>> redactor("GET /?api_key=k%2fy+1 failed: k/y 1")
    'GET /?api_key=•••• failed: ••••'
    >>> redactor
    Redactor(1 secret)
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._expression: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Take these out too from now on; empty ones are no secrets."""
        together = self._secrets | {secret for secret in secrets if secret}
        if together == self._secrets:
            return
        forms = {form for secret in together for form in _written(secret)}
        # the longest first, or a secret that begins with another would be taken out by half
        patterns = [_pattern(form) for form in sorted(forms, key=lambda form: (-len(form), form))]
        self._expression = re.compile("|".join(patterns))
        self._secrets = together

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        return text if self._expression is None else self._expression.sub(HIDDEN, text)

    def finds(self, text: str) -> bool:
        """Whether a secret is in the text."""
        return self._expression is not None and self._expression.search(text) is not None

    def __repr__(self) -> str:
        count = len(self._secrets)
        return f"Redactor({count} secret{'' if count == 1 else 's'})"


def _written(secret: str) -> Collection[str]:
    return {
        secret,
        quote(quote(secret, safe=""), safe=""),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }


_redactors: weakref.WeakSet[Redactor] = weakref.WeakSet()


class _LogFilter(logging.Filter):
    """Changes only records that hold a secret of a client that lives."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            said = record.getMessage()
        except (TypeError, ValueError):
            return True  # a record that cannot be written is not written
        redacted = said
        for redactor in tuple(_redactors):
            redacted = redactor(redacted)
        if redacted != said:
            record.msg, record.args = redacted, ()
        return True


_filter = _LogFilter()


def guard_logs(redactor: Redactor) -> None:
    """Take a client's secrets out of what the libraries below write to their logs, for as long as it lives."""
    _redactors.add(redactor)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_filter)  # adding it twice is adding it once
