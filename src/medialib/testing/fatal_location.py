"""A folder in which one file is fatal to whoever reads it in another process: for tests of executors."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from medialib.transfer.local import LocalLocation

__all__ = ["FatalLocation"]


class FatalLocation(LocalLocation):
    """The files below `root`; a process other than the present one that opens `fatal` is killed, `times` times in all.

    How often that happened is kept in files named ``deaths.0`` and so on in the folder `marks`.
    """

    def __init__(
        self, name: str, root: Path, *, fatal: str, marks: Path, times: int = 1, spared: int | None = None
    ) -> None:
        super().__init__(name, root)
        self._told: dict[str, Any] = {"fatal": fatal, "marks": marks, "times": times}
        self._spared = os.getpid() if spared is None else spared
        self._folder = root

    def reopening(self) -> Callable[[], LocalLocation]:
        """See `medialib.ports.SupportsReopening.reopening`."""
        return partial(FatalLocation, self.name, self._folder, **self._told, spared=self._spared)

    def open(self, path: str, *, offset: int = 0) -> BinaryIO:
        """Die, or see `medialib.ports.Location.open`."""
        if path == self._told["fatal"] and os.getpid() != self._spared:
            for number in range(self._told["times"]):
                try:
                    (self._told["marks"] / f"deaths.{number}").touch(exist_ok=False)
                except FileExistsError:
                    continue
                os.kill(os.getpid(), signal.SIGKILL)
        return super().open(path, offset=offset)
