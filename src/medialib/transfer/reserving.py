"""Room on a disk that is kept for a file before its bytes are there."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
from collections.abc import Callable
from contextlib import suppress

__all__ = ["reserve_room", "return_room"]

_KEEP_SIZE = 1
_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


@functools.lru_cache(maxsize=1)
def _fallocate() -> Callable[..., int] | None:
    # The standard library has posix_fallocate alone, which makes the file as long as it shall become (so that a part
    # would look whole), and which the C library imitates by writing where the file system cannot.
    library = ctypes.CDLL(None, use_errno=True)
    for name in ("fallocate64", "fallocate"):
        function: Callable[..., int] | None = getattr(library, name, None)
        if function is not None and hasattr(os, "O_TMPFILE"):  # both are Linux's, and others' would be something else
            return function
    return None


def reserve_room(descriptor: int, offset: int, length: int) -> bool:
    """Have the disk keep room for a stretch of an open file, which grows no longer for it (``fallocate(2)``).

    Returns whether it does: False where the system or the file system cannot. Raises OSError, at once and with nothing
    kept, if there is no room for it (ENOSPC, EDQUOT) or the file system has no files that long (EFBIG).

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     _ = reserve_room(file.fileno(), 0, 2**20)
    ...     os.fstat(file.fileno()).st_size
    0
    """
    function = _fallocate()
    if function is None or length <= 0:
        return False
    while function(descriptor, _KEEP_SIZE, ctypes.c_int64(offset), ctypes.c_int64(length)) != 0:
        code = ctypes.get_errno()
        if code == errno.EINTR:
            continue
        # some file systems keep what they had found until then
        with suppress(OSError):
            return_room(descriptor)
        if code in _NO_ROOM:
            raise OSError(code, os.strerror(code))
        return False
    return True


def return_room(descriptor: int) -> None:
    """Give back what is kept beyond the end of an open file; its length stays."""
    os.ftruncate(descriptor, os.fstat(descriptor).st_size)
