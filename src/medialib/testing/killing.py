"""Commands in processes of their own that are killed with SIGKILL: by what they did or logged, or by the clock."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs

__all__ = ["Ended", "killed_after", "killed_after_lines", "killed_once"]

_PATIENCE = 60.0


@attrs.frozen
class Ended:
    """A process that is no more."""

    code: int
    """Exit code; ``-signal.SIGKILL`` for one that was killed before its end."""
    output: str
    """What it said on standard output and standard error."""

    @property
    def killed(self) -> bool:
        """Whether it was killed before it came to its end."""
        return self.code == -signal.SIGKILL


def killed_after_lines(
    command: Sequence[str], log: Path, lines: int, *, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run a command that writes to `log`, and kill it once that holds so many lines, if it is not over by then.

    `environment` replaces the present one.
    """

    def due() -> bool:
        return log.exists() and log.read_bytes().count(b"\n") >= lines

    return _killed(command, due, environment)


def killed_once(
    due: Callable[[], bool], command: Sequence[str], *, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run a command and kill it once `due` says so, if it is not over by then; `environment` as above."""
    return _killed(command, due, environment)


def killed_after(command: Sequence[str], seconds: float, *, environment: Mapping[str, str] | None = None) -> Ended:
    """Run a command and kill it after so many seconds, if it is not over by then; `environment` as above."""
    end = time.monotonic() + seconds
    return _killed(command, lambda: time.monotonic() >= end, environment)


def _killed(command: Sequence[str], due: Callable[[], bool], environment: Mapping[str, str] | None) -> Ended:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    said: list[str] = []
    assert process.stdout is not None
    listening = threading.Thread(target=lambda out: said.append(out.read()), args=(process.stdout,))
    listening.start()
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and not due() and time.monotonic() < end:
        time.sleep(0.0005)
    process.kill()
    process.wait()
    listening.join()
    process.stdout.close()
    return Ended(process.returncode, "".join(said))
