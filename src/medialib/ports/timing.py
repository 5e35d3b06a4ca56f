"""Time, and how a caller asks for an early end."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

__all__ = ["CancelToken", "Clock"]


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The present instant, UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, from an arbitrary start."""

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""


class CancelToken(Protocol):
    """How a caller asks for an early end; `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether to stop. Long work MUST ask at least every second and then raise `errors.Cancelled`."""
