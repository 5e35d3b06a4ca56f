"""How fast packets may be sent to a service, by all processes together, and until when none may be sent at all.

`medialib.http.ledger` counts calls by their answers, and goes on in memory where its file cannot be used. A service
that bans whoever is too fast wants more: here the file is the law, and where it cannot be had, nothing is sent.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import attrs

from medialib.errors import Banned, OutOfReach, RateLimited
from medialib.http.waiting import Patience
from medialib.ports import Clock

__all__ = ["Pace", "PaceRule"]

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pace (service TEXT PRIMARY KEY, began REAL, packets INTEGER, last REAL);
CREATE TABLE IF NOT EXISTS bans (service TEXT PRIMARY KEY, until REAL, reason TEXT);
"""
_LOCK_PATIENCE = 10.0


@attrs.frozen
class PaceRule:
    """How far apart packets must be.

    Packets belong to one *use* as long as no two of them are further apart than `rest`. The first `burst` of a use, as
    far as they come within `minute` seconds of its beginning, are `short` apart; all later ones `long`.
    """

    short: float = attrs.field(validator=attrs.validators.gt(0))
    """Seconds."""
    long: float = attrs.field(validator=attrs.validators.gt(0))
    """Seconds."""
    burst: int = attrs.field(default=5, validator=attrs.validators.ge(1))
    """How many."""
    minute: float = 60.0
    """Seconds."""
    rest: float = 60.0
    """Seconds."""

    def gap(self, packets: int, length: float) -> float:
        """Seconds that must lie between the last packet and the next, given how many a use has had, and for how long.

        >>> [PaceRule(2, 4).gap(packets, 10.0) for packets in (0, 1, 4, 5)]
        [0.0, 2, 2, 4]
        """
        if packets == 0:
            return 0.0
        return self.short if packets < self.burst and length < self.minute else self.long


class Pace:
    """Lets packets to one service go out by a `PaceRule`, whichever process sends them, and none while it is banned.

    The file is for its owner alone. With `read_only` (a dry run) it is read and never written, so nothing may be sent.
    Without a path everything is in memory, and other processes are not known of. May be used by several threads.
    """

    def __init__(
        self, path: Path | None, service: str, rule: PaceRule, clock: Clock, *, read_only: bool = False
    ) -> None:
        self._path = path
        self._service = service
        self._rule = rule
        self._clock = clock
        self._read_only = read_only
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def send(self, send: Callable[[], object], patience: Patience) -> None:
        """Wait for a turn, then call `send` while no other process can have one; what it raises is raised.

        Raises Banned; RateLimited if the turn would not come within patience, and in a dry run; Cancelled; and
        OutOfReach if the file cannot be used.
        """
        if self._read_only:
            raise RateLimited(
                f"a dry run sends nothing to {self._service}: what it sends could not be counted",
                remedy="Run it without --dry-run, or save the plan.",
            )
        while True:
            wait = self._run(lambda connection: self._turn(connection, send))
            if wait is None:
                return
            if wait > patience.left or patience.left == 0:
                raise RateLimited(
                    f"the next packet to {self._service} may go out in {wait:.1f} s, which is longer than this call "
                    "may wait",
                    remedy="Ask for less at a time, or allow more patience.",
                    retry_after=wait,
                )
            patience.wait(wait)

    def check(self) -> None:
        """Raise Banned if nothing may be sent to the service now."""
        self._run(self._check)

    def ban(self, seconds: float, reason: str) -> Banned:
        """Let no process send anything for so long; returns the error that says so, for the caller to raise."""
        until = self._clock.now().timestamp() + seconds

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO bans VALUES (?, ?, ?)", (self._service, until, reason))

        self._run(work)
        return self._banned(until, reason)

    def close(self) -> None:
        """Let go of the file. Calling it twice is fine."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _turn(self, connection: sqlite3.Connection, send: Callable[[], object]) -> float | None:
        """Call `send` if it is time; else for how many seconds it is not."""
        self._check(connection)
        now = self._clock.now().timestamp()
        row = connection.execute("SELECT began, packets, last FROM pace WHERE service = ?", (self._service,)).fetchone()
        began, packets, last = row or (now, 0, now)
        if last > now:  # a clock was set back
            began, last = now, now
            self._write(connection, began, packets, last)
        elif now - last >= self._rule.rest:
            began, packets = now, 0
        due = last + self._rule.gap(packets, now - began)
        if due > now:
            return float(due - now)
        # before it is sent, so that a disk that cannot hold it is found out; and after, since sending takes time too
        self._write(connection, began, packets + 1, now)
        try:
            send()
        finally:
            self._write(connection, began, packets + 1, self._clock.now().timestamp())
        return None

    def _write(self, connection: sqlite3.Connection, began: float, packets: int, last: float) -> None:
        connection.execute("INSERT OR REPLACE INTO pace VALUES (?, ?, ?, ?)", (self._service, began, packets, last))

    def _check(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT until, reason FROM bans WHERE service = ?", (self._service,)).fetchone()
        if row is not None and row[0] > self._clock.now().timestamp():
            raise self._banned(*row)

    def _banned(self, until: float, reason: str) -> Banned:
        said = f" ({reason})" if reason else ""
        return Banned(
            f"{self._service} has banned this address{said}; nothing is sent to it until "
            f"{datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M}Z",
            remedy="Wait until then. Look for other programs here that ask it too often"
            + ("." if self._path is None else f"; if it was lifted sooner, delete {self._path}."),
            retry_after=max(0.0, until - self._clock.now().timestamp()),
        )

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in one transaction that keeps all others out; what it wrote is kept if it raises, too."""
        with self._lock:
            try:
                connection = self._open()
                connection.execute("BEGIN IMMEDIATE")
            except (sqlite3.Error, OSError) as error:
                raise self._unusable(error) from None
            try:
                try:
                    return work(connection)
                finally:
                    connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> OutOfReach:
        self.close()
        return OutOfReach(
            f"how fast {self._service} was asked stands in {self._path}, which cannot be used ({error}); "
            "so it is not asked",
            remedy="Make it writable, or delete it if nothing was asked within the last day.",
        )

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            path = self._path
            if path is None or (self._read_only and not path.is_file()):
                connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            elif self._read_only:
                # a copy: a dry run may learn of a ban, and remembers it to its end
                connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
                with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as standing:
                    standing.backup(connection)
            else:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
                connection = sqlite3.connect(
                    path, timeout=_LOCK_PATIENCE, isolation_level=None, check_same_thread=False
                )
            try:
                connection.executescript(_SCHEMA)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection
