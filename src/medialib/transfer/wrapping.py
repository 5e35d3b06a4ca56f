"""Transfers around another: tried again, held back, listened to. Each is a `medialib.ports.Transfer` itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from medialib.errors import Cancelled, TransientError
from medialib.model import FileEntry
from medialib.ports import CancelToken, Clock, Location, Part, Received, Transfer

__all__ = ["Budget", "ObservedTransfer", "RetryingTransfer", "ThrottledTransfer"]

_WATCH = 0.1


class RetryingTransfer:
    """Tries again, `tries` times in all, after failures that pass; what arrived is used again.

    `arrived` is told of bytes once, however often a try begins anew with those that are there.
    """

    def __init__(self, inner: Transfer, clock: Clock, *, tries: int = 3, longest_pause: float = 5.0) -> None:
        self._inner = inner
        self._clock = clock
        self._tries = tries
        self._longest_pause = longest_pause

    def receive(
        self,
        source: Location,
        entry: FileEntry,
        part: Part,
        *,
        cancelled: CancelToken,
        arrived: Callable[[int], None],
    ) -> Received:
        """See `Transfer.receive`."""
        told = 0

        def attempt() -> Received:
            there = 0

            def heard(count: int) -> None:
                nonlocal told, there
                there += count
                if there > told:
                    fresh, told = there - told, there
                    arrived(fresh)

            return self._inner.receive(source, entry, part, cancelled=cancelled, arrived=heard)

        again = Retrying(
            stop=stop_after_attempt(self._tries),
            wait=wait_random_exponential(multiplier=0.2, max=self._longest_pause),
            retry=retry_if_exception_type(TransientError),
            sleep=lambda seconds: _pause(self._clock, seconds, cancelled),
            reraise=True,
        )
        return again(attempt)


class Budget:
    """Bytes a second for all that share it. A second's worth may come at once."""

    def __init__(self, bytes_a_second: int, clock: Clock) -> None:
        self._rate = bytes_a_second
        self._clock = clock
        self._lock = threading.Lock()
        self._paid_until = clock.monotonic() - 1.0

    def spend(self, count: int) -> float:
        """Take so many bytes; returns how many seconds to wait before more are taken."""
        with self._lock:
            now = self._clock.monotonic()
            self._paid_until = max(self._paid_until, now - 1.0) + count / self._rate
            return max(0.0, self._paid_until - now)


class ThrottledTransfer:
    """Keeps to a budget, which several may share. Bytes that were there already cost nothing.

    What arrives is held back as it is handed on, so that the far side is asked for no more than is let through; a short
    stretch may arrive ahead.
    """

    def __init__(self, inner: Transfer, budget: Budget, clock: Clock) -> None:
        self._inner = inner
        self._budget = budget
        self._clock = clock

    def receive(
        self,
        source: Location,
        entry: FileEntry,
        part: Part,
        *,
        cancelled: CancelToken,
        arrived: Callable[[int], None],
    ) -> Received:
        """See `Transfer.receive`."""
        record = part.record
        resumed = None if record is None else record.offset

        def paid(count: int) -> None:
            nonlocal resumed
            arrived(count)
            # the first that is told of may be what was there
            there, resumed = resumed == count, None
            if not there:
                _pause(self._clock, self._budget.spend(count), cancelled, quietly=True)

        return self._inner.receive(source, entry, part, cancelled=cancelled, arrived=paid)


class ObservedTransfer:
    """Tells a listener, besides whoever asked, of every count of bytes, by file."""

    def __init__(self, inner: Transfer, listener: Callable[[FileEntry, int], None]) -> None:
        self._inner = inner
        self._listener = listener

    def receive(
        self,
        source: Location,
        entry: FileEntry,
        part: Part,
        *,
        cancelled: CancelToken,
        arrived: Callable[[int], None],
    ) -> Received:
        """See `Transfer.receive`."""

        def heard(count: int) -> None:
            self._listener(entry, count)
            arrived(count)

        return self._inner.receive(source, entry, part, cancelled=cancelled, arrived=heard)


def _pause(clock: Clock, seconds: float, cancelled: CancelToken, *, quietly: bool = False) -> None:
    """Wait, and no longer than it takes to be told to stop; `quietly` leaves it to the caller to notice."""
    left = seconds
    while left > 0:
        if cancelled.is_set():
            if quietly:
                return
            raise Cancelled("stopped on request", remedy="What was received is kept and used by the next run.")
        clock.sleep(min(left, _WATCH))
        left -= _WATCH
