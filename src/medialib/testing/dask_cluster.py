"""A Dask cluster on 127.0.0.1: a scheduler and workers, each a process of its own that can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

from medialib.testing.servers import unavailable

__all__ = ["DaskCluster"]

_PATIENCE = 30.0


class DaskCluster:
    """A context manager: the cluster runs inside the block. Skips the test where dask.distributed is absent.

    Every worker does one thing at a time, and is not started again when it dies.
    """

    def __init__(self, folder: Path, *, workers: int = 2) -> None:
        self._folder = folder
        self._wanted = workers
        self._processes: list[subprocess.Popen[bytes]] = []
        self.address = ""
        """``dask://127.0.0.1:…``, as `medialib.executors.open_executor` takes it."""

    def __enter__(self) -> DaskCluster:
        if find_spec("distributed") is None:
            unavailable("dask.distributed is not installed here")
        try:
            self._begin()
        except BaseException:
            self._kill(self._processes)
            raise
        return self

    def _begin(self) -> None:
        told = self._folder / "scheduler.json"
        self._start("scheduler", "--port", "0", "--scheduler-file", str(told))
        # it is written where it stands: there, and still empty, for a moment
        _wait_for(lambda: told.exists() and told.read_text().endswith("\n}"))
        address: str = json.loads(told.read_text())["address"]
        self.address = address.replace("tcp://", "dask://")
        for _ in range(self._wanted):
            self._start("worker", address, "--nthreads", "1", "--no-nanny", "--memory-limit", "0")
        logs = [self._log("worker", number) for number in range(1, self._wanted + 1)]
        _wait_for(lambda: all(b"Registered to:" in log.read_bytes() for log in logs))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill(self._processes)

    @property
    def workers(self) -> int:
        """How many workers are still alive."""
        return sum(process.poll() is None for process in self._processes[1:])

    def kill_workers(self) -> None:
        """Let every worker go away without a word."""
        self._kill(self._processes[1:])

    def kill_scheduler(self) -> None:
        """Let the scheduler go away without a word."""
        self._kill(self._processes[:1])

    def _kill(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()

    def _start(self, part: str, *arguments: str) -> None:
        own: Any = {**os.environ, "DASK_TEMPORARY_DIRECTORY": str(self._folder)}
        command = [sys.executable, "-m", f"distributed.cli.dask_{part}", *arguments]
        command += ["--host", "127.0.0.1", "--no-dashboard"]
        with self._log(part, len(self._processes)).open("wb") as log:
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=own))

    def _log(self, part: str, number: int) -> Path:
        return self._folder / f"{part}-{number}.log"


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
