"""Letting a disk begin to write before anybody waits for it."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable

__all__ = ["begin_writing"]

_SYNC_FILE_RANGE_WRITE = 2


@functools.lru_cache(maxsize=1)
def _sync_file_range() -> Callable[..., int] | None:
    try:
        function: Callable[..., int] = ctypes.CDLL(None, use_errno=True).sync_file_range
    except (AttributeError, OSError):
        return None
    return function


def begin_writing(descriptor: int, offset: int, length: int) -> None:
    """Have a stretch of an open file on its way to the disk, where the system can (Linux: ``sync_file_range(2)``).

    It proves nothing, is no substitute for fsync, and never fails: what goes wrong, fsync tells.

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     _ = file.write(b"content")
    ...     begin_writing(file.fileno(), 0, 7)
    """
    function = _sync_file_range()
    if function is not None:
        function(descriptor, ctypes.c_int64(offset), ctypes.c_int64(length), ctypes.c_uint(_SYNC_FILE_RANGE_WRITE))
