"""What the clients of a library share, and how often a service may be called."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import attrs

from medialib.ports import CancelToken, Clock

__all__ = ["HttpOptions", "Rate", "SystemClock"]


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        time.sleep(seconds)


def _nobody(note: str) -> None:
    """Tell no one."""


@attrs.frozen
class Rate:
    """At most so many calls in so many seconds, wherever those seconds begin.

    >>> Rate(20, 10)
    Rate(calls=20, seconds=10.0)
    """

    calls: int = attrs.field(validator=attrs.validators.ge(1))
    """How many calls."""
    seconds: float = attrs.field(converter=float, validator=attrs.validators.gt(0))
    """In how many seconds."""


@attrs.frozen
class HttpOptions:
    """What all clients of a library share."""

    cache: Path | None = None
    """Folder for answers and for the ledger of calls that processes share; None: both in memory.

    All that is in it can be rebuilt. Files in it are for their owner alone (mode 0600).
    """
    read_only: bool = False
    """A dry run: what is cached is read, nothing on disk changes, and no folder is made."""
    timeout: float = attrs.field(default=15.0, validator=attrs.validators.gt(0))
    """Seconds that a service may be silent; a whole answer may take four times as long."""
    patience: float = attrs.field(default=60.0, validator=attrs.validators.ge(0))
    """Seconds that one call may spend waiting and trying again."""
    clock: Clock = attrs.field(factory=SystemClock)
    """Where time comes from: for waiting, for the ledger of calls and for dates of services."""
    cancelled: CancelToken | None = None
    """How a caller asks for an early end; every call then raises `Cancelled` within a second."""
    told: Callable[[str], None] = _nobody
    """Called with a line (no secret in it) about what a reader may want to know: an old answer used, a cache set aside.

    May be called on any thread that calls a client.
    """
    max_bytes: int = attrs.field(default=64 * 1024 * 1024, validator=attrs.validators.gt(0))
    """Bytes that an answer may have, unpacked."""
