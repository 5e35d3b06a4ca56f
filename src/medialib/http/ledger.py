"""The ledger of calls: by it, all processes together keep to a service's rate."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from medialib.errors import RateLimited
from medialib.http.options import Rate
from medialib.http.rebuildable import Busy, RebuildableFile
from medialib.http.waiting import Patience
from medialib.ports import Clock

__all__ = ["Ledger"]

_SCHEMA = "CREATE TABLE IF NOT EXISTS calls (id INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT, until REAL, held REAL)"
_LOOK = 0.005


class Ledger:
    """Grants calls so that a service never counts more than its rate in any window.

    A call counts from when it is granted until the length of the window after its *answer*: the service counted it at
    some moment between, so whatever is granted after that is in another window, however slow the way there was. A
    process that died in a call holds its place for `hold` seconds; one that holds the file itself is waited for during
    `busy_patience` seconds, then this ledger goes on in memory, and `told` hears of it.
    """

    def __init__(
        self,
        path: Path | None,
        service: str,
        rate: Rate,
        *,
        hold: float,
        clock: Clock,
        read_only: bool,
        told: Callable[[str], None],
        busy_patience: float = 10.0,
    ) -> None:
        self._file = RebuildableFile(path, _SCHEMA, what="the ledger of calls", read_only=read_only, told=told)
        self._service = service
        self._rate = rate
        self._hold = hold
        self._clock = clock
        self._busy_patience = busy_patience
        self._copied = False

    @contextmanager
    def call(self, patience: Patience) -> Iterator[None]:
        """Wait for a turn and hold it; raises RateLimited if it would not come within patience, or Cancelled."""
        turn = self._claim(patience)
        try:
            yield
        finally:
            self._finish(turn)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _claim(self, patience: Patience) -> int:
        busy_since: float | None = None
        while True:
            try:
                turn, wait = self._file.run(self._try)
            except Busy:
                now = self._clock.monotonic()
                busy_since = now if busy_since is None else busy_since
                if now - busy_since > self._busy_patience:
                    self._file.give_up()
                patience.wait(0.02)
                continue
            busy_since = None
            if turn is not None:
                return turn
            if wait > patience.left or patience.left == 0:
                calls, seconds = self._rate.calls, self._rate.seconds
                raise RateLimited(
                    f"{self._service} may be called {calls} times in {seconds:g} s, and the next call is "
                    f"{wait:.1f} s away, longer than this one may wait",
                    remedy="Ask for less at a time, or allow more patience.",
                    retry_after=wait,
                )
            patience.wait(max(wait, _LOOK))

    def _try(self, connection: sqlite3.Connection) -> tuple[int | None, float]:
        """A turn, or for how many seconds there will be none."""
        if self._file.has_disk and not self._copied:
            # a dry run keeps to the rate too: it starts from what other processes wrote
            connection.execute("INSERT INTO main.calls SELECT * FROM disk.calls")
        self._copied = True
        now = self._clock.now().timestamp()
        longest = self._rate.seconds + self._hold
        # what ends later than any call can was written before a clock was set back
        connection.execute(
            "DELETE FROM calls WHERE service = ? AND (until <= ? OR until > ?)", (self._service, now, now + longest + 1)
        )
        count, first = connection.execute(
            "SELECT count(*), min(until - held) FROM calls WHERE service = ?", (self._service,)
        ).fetchone()
        if count >= self._rate.calls:
            return None, max(0.0, first - now)
        row = connection.execute(
            "INSERT INTO calls (service, until, held) VALUES (?, ?, ?)", (self._service, now + longest, self._hold)
        )
        return row.lastrowid, 0.0

    def _finish(self, turn: int) -> None:
        def write(connection: sqlite3.Connection) -> None:
            until = self._clock.now().timestamp() + self._rate.seconds
            connection.execute(
                "UPDATE calls SET until = ?, held = 0 WHERE id = ? AND service = ?", (until, turn, self._service)
            )

        for _ in range(20):
            try:
                return self._file.run(write)
            except Busy:
                continue  # each try waits for the lock itself
        return None
