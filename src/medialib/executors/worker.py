"""What a piece of work knows of where it runs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

from medialib.errors import OutOfReach
from medialib.ports import CancelToken

__all__ = ["STOPPING", "saying_where", "shares_memory", "stopping", "this_host"]

STOPPING = threading.Event()
"""Set, in a process that works for another one, once that wants no more answers."""


def stopping() -> CancelToken:
    """The token that long work asks where it was not given one, because none can be sent to where it runs.

    A process of `RenewedProcesses` is told when its executor is closed. On a cluster nobody tells, and what was begun
    is finished.
    """
    return STOPPING


def shares_memory(executor: Executor) -> bool:
    """Whether what is handed to an executor stays in this process, and so may be anything, a lock or a callback too.

    >>> shares_memory(ThreadPoolExecutor(1))
    True
    """
    return isinstance(executor, ThreadPoolExecutor)


def this_host() -> str:
    """The name of this machine, as errors tell it."""
    return socket.gethostname()


@contextmanager
def saying_where(asked_by: str) -> Iterator[None]:
    """An OSError on another machine than `asked_by` becomes one that names this machine: it may lack a mount.

    >>> with saying_where("another-machine"):
    ...     raise FileNotFoundError("tv:Show/a.mkv")
    Traceback (most recent call last):
        ...
    medialib.errors.OutOfReach: on ...: tv:Show/a.mkv. Files must stand there under the same path as here, and be ...
    """
    try:
        yield
    except OSError as error:
        if this_host() == asked_by:
            raise
        raise OutOfReach(
            f"on {this_host()}: {error}",
            remedy="Files must stand there under the same path as here, and be readable for the account of the worker.",
        ) from None
