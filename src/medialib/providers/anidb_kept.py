"""Answers of AniDB, kept for as long as its terms ask, by all processes together."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from medialib.http.rebuildable import Busy, RebuildableFile
from medialib.ports import Clock

__all__ = ["DAY", "KeptAnswers"]

DAY: Final = 86_400.0
"""Seconds. "Requesting the same dataset multiple times on a single day can get you banned"
(https://wiki.anidb.net/HTTP_API_Definition)."""

_SCHEMA = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, body BLOB NOT NULL, stored REAL NOT NULL)"
_KEPT = 365 * DAY


class KeptAnswers:
    """Bytes by key, with their age. What cannot be kept now is not kept: this never ends anyone's work."""

    def __init__(self, path: Path | None, clock: Clock, *, read_only: bool, told: Callable[[str], None]) -> None:
        self._file = RebuildableFile(path, _SCHEMA, what="what AniDB answered", read_only=read_only, told=told)
        self._clock = clock

    def get(self, key: str) -> tuple[bytes, float] | None:
        """An answer and its age in seconds; None if there is none."""

        def work(connection: sqlite3.Connection) -> tuple[bytes, float] | None:
            schemas = ("main", "disk") if self._file.has_disk else ("main",)
            for schema in schemas:
                query = f"SELECT body, stored FROM {schema}.answers WHERE key = ?"  # noqa: S608 - one of two words
                row = connection.execute(query, (key,)).fetchone()
                if row is not None:
                    return bytes(row[0]), float(row[1])
            return None

        try:
            found = self._file.run(work)
        except Busy:
            return None
        return None if found is None else (found[0], max(0.0, self._clock.now().timestamp() - found[1]))

    def put(self, key: str, body: bytes) -> None:
        """Keep an answer, as of now."""
        now = self._clock.now().timestamp()

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, body, now))
            connection.execute("DELETE FROM answers WHERE stored < ?", (now - _KEPT,))

        for _ in range(20):
            try:
                return self._file.run(work)
            except Busy:
                continue  # each try waits for the lock itself
        return None

    def close(self) -> None:
        """Let go of the file. Calling it twice is fine."""
        self._file.close()
