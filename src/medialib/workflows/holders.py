"""Who holds the right to write: names of processes, told apart across machines."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from functools import cache
from pathlib import Path

__all__ = ["holder_is_dead", "holder_name"]


def holder_name(process: int | None = None) -> str:
    """A name for this process (or another one here) that no other has: ``host:pid:machine-random``."""
    return f"{socket.gethostname()}:{process or os.getpid()}:{_machine()}-{secrets.token_hex(4)}"


def holder_is_dead(holder: str) -> bool:
    """Whether a lease's holder (see `holder_name`) was a process of this machine that has ended.

    Where many machines share a catalogue, two may have one name: containers often do. What tells them apart is a part
    of the holder's name, so that nobody takes the processes of another machine for ended ones of its own.

    >>> holder_is_dead("another-machine:1:x")
    False
    """
    host, _, rest = holder.partition(":")
    process, _, mark = rest.partition(":")
    if host != socket.gethostname() or mark.partition("-")[0] != _machine() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@cache
def _machine() -> str:
    """What tells this run of a machine, and its processes seen from here, from every other; always the same here."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        processes = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        # Not Linux: the name of the host has to do.
        boot, processes = socket.gethostname(), ""
    return hashlib.sha256(f"{boot}\n{processes}".encode()).hexdigest()[:8]
