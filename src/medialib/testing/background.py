"""An asyncio loop on a thread of its own, for small servers that tests talk to without asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["BackgroundLoop"]

_Result = TypeVar("_Result")
_PATIENCE = 20.0


class BackgroundLoop:
    """A context manager: the loop runs inside the block, and at its end every task on it is cancelled and awaited.

    >>> async def answer() -> int:
    ...     return 42
    >>> with BackgroundLoop("example") as loop:
    ...     loop.run(answer())
    42
    """

    def __init__(self, name: str) -> None:
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None

    def __enter__(self) -> BackgroundLoop:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stopped is not None
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(_PATIENCE)

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run something on the loop and wait for its result, at most 20 s."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    def _serve(self) -> None:
        # Leaving the runner cancels what is left and waits for it.
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        self._stopped = asyncio.Event()
        self._ready.set()
        await self._stopped.wait()
