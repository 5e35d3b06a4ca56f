"""A gate that processes of one machine pass together to look, or alone to write; who dies leaves it open."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medialib.catalogue.publishing import out_of_reach
from medialib.errors import CatalogueBusy

__all__ = ["Gate"]


class Gate:
    """A file that is locked with ``flock``: the kernel takes the lock from a process that ends, however it ends.

    For one thread at a time. `patience` is how many seconds to wait for others.
    """

    def __init__(self, file: Path, *, patience: float) -> None:
        self._file = file
        self._patience = patience
        try:
            self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise out_of_reach(f"{file} cannot be opened: {error.strerror}", error.errno) from error

    @contextmanager
    def together(self) -> Iterator[None]:
        """Nobody writes meanwhile. Raises CatalogueBusy after waiting in vain."""
        with self._held(fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody looks or writes meanwhile. Raises CatalogueBusy after waiting in vain."""
        with self._held(fcntl.LOCK_EX):
            yield

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    @contextmanager
    def _held(self, kind: int) -> Iterator[None]:
        deadline, pause = time.monotonic() + self._patience, 0.0005
        while True:
            try:
                fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise CatalogueBusy(
                        f"{self._file} is held by another process, which did not let go in time",
                        remedy="Try again once it is done.",
                    ) from None
            time.sleep(pause)
            pause = min(2 * pause, 0.02)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
