"""Whether another program has a file open for writing, as far as the system can tell."""

from __future__ import annotations

import fcntl
import os
import signal

__all__ = ["open_for_writing"]


def open_for_writing(path: str) -> bool | None:
    """Whether any process has the file open for writing; None where that cannot be told.

    Linux grants a read lease (``fcntl(2)``, F_SETLEASE) only on a file that nobody has open for writing, and only to
    its owner or a process with CAP_LEASE. Other systems, and most network file systems, tell nothing.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     open_for_writing(file.name) is not False
    True
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # Who opens the file while the lease is held makes the kernel send a signal, SIGIO, which would end us.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return False
