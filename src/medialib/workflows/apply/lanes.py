"""Several files under way at once, with everything that is told of them told on one thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from medialib.events import Event, Observer

__all__ = ["Lanes"]

_Result = TypeVar("_Result")


class Lanes(Generic[_Result]):
    """At most `most` pieces of work at once, each on a thread of its own; of files, only a big one or some small ones.

    What a lane tells by `tell` reaches `observer` in `settle`, on the thread that calls it.
    """

    def __init__(self, most: int, bytes_at_once: int, observer: Observer) -> None:
        self._most = most
        self._bytes_at_once = bytes_at_once
        self._observer = observer
        self._told: queue.SimpleQueue[Event | tuple[int, _Result | BaseException]] = queue.SimpleQueue()
        self._sizes: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._sizes)

    def tell(self, event: Event) -> None:
        """Called on any thread."""
        self._told.put(event)

    def has_room(self, size: int) -> bool:
        """Whether work on so many bytes may begin now."""
        if not self._sizes:
            return True
        return len(self._sizes) < self._most and sum(self._sizes.values()) + size <= self._bytes_at_once

    def begin(self, number: int, size: int, work: Callable[[], _Result]) -> None:
        """Do `work`, known by a number, on a lane."""

        def run() -> None:
            try:
                result: _Result | BaseException = work()
            except BaseException as error:  # noqa: BLE001 - raised again on the thread that waits
                result = error
            self._told.put((number, result))

        self._sizes[number] = size
        threading.Thread(target=run, name=f"medialib-lane-{number}", daemon=True).start()

    def settle(self, seconds: float | None) -> tuple[int, _Result] | None:
        """Pass on what is told, until work ends or so many seconds have gone; None for as long as it takes.

        Returns the number and result of what ended, if anything did; raises what its work raised.
        """
        while self._sizes or not self._told.empty():
            try:
                told = self._told.get(timeout=seconds) if seconds != 0 else self._told.get_nowait()
            except queue.Empty:
                return None
            if not isinstance(told, tuple):
                self._observer(told)
                continue
            number, result = told
            del self._sizes[number]
            if isinstance(result, BaseException):
                raise result
            return number, result
        return None

    def abandon(self) -> None:
        """Wait for what is under way, of which nobody wants to hear any more."""
        while self._sizes:
            told = self._told.get()
            if isinstance(told, tuple):
                del self._sizes[told[0]]
