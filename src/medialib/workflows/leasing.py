"""Holding leases: taken, renewed in the background for as long as they are wanted, and given back."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from medialib.errors import MedialibError, TransientError
from medialib.ports import Catalogue, Clock, Lease
from medialib.workflows.holders import holder_is_dead, holder_name

__all__ = ["HeldLeases"]


class HeldLeases:
    """The leases of one holder, this one; a context manager that renews them, and gives them back at its end.

    A lease lapses `seconds` after its last renewal, so whoever dies frees what he held. `lost` is set once one of them
    could not be kept: somebody else may have it.
    """

    def __init__(self, catalogue: Catalogue, clock: Clock, *, seconds: float = 60.0) -> None:
        self._leases = catalogue.leases
        # that of a catalogue which has its own, so that machines need not agree
        self._clock = None if catalogue.traits.own_clock else clock
        self._seconds = seconds
        self._changing = threading.Lock()
        # when each was last renewed, monotonic seconds
        self._held: dict[str, float] = {}
        self._ended = threading.Event()
        self._renewal = threading.Thread(target=self._renew, name="medialib-lease", daemon=True)
        self.holder = holder_name()
        """Who holds them."""
        self.lost = threading.Event()
        """Set once a lease was lost."""

    def __enter__(self) -> HeldLeases:
        self._renewal.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._renewal.join()
        for name in tuple(self._held):
            self.give_back(name)

    def take(self, name: str) -> Lease:
        """Try to get a lease; returns the one that now stands, whose holder is `holder` if we have it.

        What a process of this machine held that has died is free at once.
        """
        while True:
            began = time.monotonic()
            lease = self._ask(name)
            if lease.holder == self.holder:
                with self._changing:
                    self._held[name] = began
                return lease
            if not holder_is_dead(lease.holder):
                return lease
            self._leases.release(name, lease.holder)

    def still_has(self, name: str) -> bool:
        """Renew a lease now, and tell whether it is still ours. Inside a transaction, that holds until its end."""
        return name in self._held and self._ask(name).holder == self.holder

    def give_back(self, name: str) -> None:
        """Let go of a lease."""
        with self._changing:
            self._held.pop(name, None)
        self._leases.release(name, self.holder)

    def _ask(self, name: str) -> Lease:
        now = None if self._clock is None else self._clock.now()
        return self._leases.acquire(name, self.holder, seconds=self._seconds, now=now)

    def _renew(self) -> None:
        while not self._ended.wait(self._seconds / 4):
            for name in tuple(self._held):
                # one that is given back meanwhile must not be taken anew
                with self._changing:
                    if name in self._held and not self._renewed(name):
                        del self._held[name]
                        self.lost.set()

    def _renewed(self, name: str) -> bool:
        began = time.monotonic()
        try:
            ours = self._ask(name).holder == self.holder
        except TransientError:
            # It is ours until it lapses; who cannot renew it until then must take it for somebody else's.
            return began - self._held[name] < self._seconds
        except MedialibError:
            return False
        if ours:
            self._held[name] = began
        return ours
