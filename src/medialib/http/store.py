"""Where answers are kept: a storage for requests-cache that survives a damaged, full or read-only disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from requests_cache.backends.base import BaseCache, BaseStorage
from requests_cache.models.response import CachedResponse
from requests_cache.serializers.preconf import json_serializer

from medialib.http.rebuildable import Busy, RebuildableFile

__all__ = ["AnswerCache"]

_SCHEMA = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL, stored REAL NOT NULL)"
_KEPT = 90 * 24 * 3600


class _Answers(BaseStorage[str, CachedResponse]):
    """Answers by key, written as JSON: nothing in the file is ever executed, as a pickle would be."""

    def __init__(self, path: Path | None, *, read_only: bool, told: Callable[[str], None]) -> None:
        super().__init__(serializer=json_serializer)
        self._file = RebuildableFile(path, _SCHEMA, what="the cache of answers", read_only=read_only, told=told)
        self._trimmed = False

    def __getitem__(self, key: str) -> CachedResponse:
        text = self._read(key)
        if text is None:
            raise KeyError(key)
        try:
            answer = json_serializer.loads(text)
        except (ValueError, TypeError, KeyError, AttributeError, ExceptionGroup):
            raise KeyError(key) from None  # written by another version: as good as absent
        if not isinstance(answer, CachedResponse):
            raise KeyError(key)
        answer.cache_key = key
        return answer

    def _read(self, key: str) -> str | None:
        def work(connection: Any) -> str | None:
            schemas = ("main", "disk") if self._file.has_disk else ("main",)
            for schema in schemas:
                row = connection.execute(f"SELECT answer FROM {schema}.answers WHERE key = ?", (key,)).fetchone()  # noqa: S608 - one of two words
                if row is not None:
                    return str(row[0])
            return None

        try:
            return self._file.run(work)
        except Busy:
            return None

    def __setitem__(self, key: str, value: CachedResponse) -> None:
        text = json_serializer.dumps(value)
        now = time.time()

        def work(connection: Any) -> None:
            connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, text, now))
            if not self._trimmed:
                connection.execute("DELETE FROM answers WHERE stored < ?", (now - _KEPT,))

        self._quietly(work)
        self._trimmed = True

    def __delitem__(self, key: str) -> None:
        self._quietly(lambda connection: connection.execute("DELETE FROM answers WHERE key = ?", (key,)))

    def __iter__(self) -> Iterator[str]:
        return iter(
            self._file.run(lambda connection: [row[0] for row in connection.execute("SELECT key FROM answers")])
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _quietly(self, work: Callable[[Any], object]) -> None:
        """What cannot be kept now is not kept."""
        try:
            self._file.run(work)
        except Busy:
            return

    def close(self) -> None:
        self._file.close()


class AnswerCache(BaseCache):
    """The backend for requests-cache. Redirects are followed behind the cache, so it has none to remember."""

    def __init__(self, path: Path | None, *, read_only: bool, told: Callable[[str], None]) -> None:
        super().__init__(cache_name="medialib")
        self._answers = _Answers(path, read_only=read_only, told=told)
        self.responses = self._answers

    def close(self) -> None:
        """Let go of the file."""
        self._answers.close()
