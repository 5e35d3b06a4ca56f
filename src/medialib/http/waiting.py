"""How long to wait, and how to wait so that a caller can end it."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from medialib.errors import Cancelled
from medialib.ports import CancelToken, Clock

__all__ = ["Patience", "ask_cancelled", "parse_retry_after"]

_STEP = 0.25


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a header ``Retry-After`` asks to wait: a whole number, or an HTTP date (RFC 9110, 10.2.3).

    A date that has passed asks for no wait. None for what is neither form. Never raises.

    >>> now = datetime(2024, 5, 17, 12, 0, 0, tzinfo=UTC)
    >>> parse_retry_after("120", now), parse_retry_after("Fri, 17 May 2024 12:01:00 GMT", now)
    (120.0, 60.0)
    >>> parse_retry_after("soon", now) is None
    True
    """
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text):  # a fraction is not in the standard, but is sent
        return float(text)
    try:
        then = parsedate_to_datetime(text)
        if then.tzinfo is None:
            then = then.replace(tzinfo=UTC)
        seconds = (then - now).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def ask_cancelled(cancelled: CancelToken | None, name: str) -> None:
    """Raise `Cancelled` if the caller asked to stop."""
    if cancelled is not None and cancelled.is_set():
        raise Cancelled(f"the call to {name} was cancelled")


class Patience:
    """What is left of the seconds that one call may spend waiting and trying again."""

    def __init__(self, seconds: float, clock: Clock, cancelled: CancelToken | None, name: str) -> None:
        self._clock = clock
        self._cancelled = cancelled
        self._name = name
        self._end = clock.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._end - self._clock.monotonic())

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass in small steps; raises `Cancelled` when the caller asks to stop."""
        end = self._clock.monotonic() + seconds
        ask_cancelled(self._cancelled, self._name)
        # less than a clock of microseconds can tell is nothing
        while (left := end - self._clock.monotonic()) > 1e-5:
            self._clock.sleep(min(left, _STEP))
            ask_cancelled(self._cancelled, self._name)
