"""Giving a file its name without ever replacing another.

Three ways, the first that the file system offers: ``renameat2(RENAME_NOREPLACE)``, one atomic step (Linux: ext4, xfs,
btrfs, tmpfs, zfs …); a hard link under the new name and removal of the old one, where a crash between the two leaves
both names on one file; an empty file made exclusively under the new name and then renamed over, where another program
that writes to that name in between loses what it wrote (FAT, some network file systems).
"""

# os, not pathlib: it speaks in plain strings, which carry undecodable names, and in descriptors.
# ruff: noqa: PTH104, PTH108

from __future__ import annotations

import ctypes
import errno
import functools
import os
from collections.abc import Callable

__all__ = ["rename_without_replacing"]

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_NOT_OFFERED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EMLINK, errno.EACCES}


@functools.lru_cache(maxsize=1)
def _renameat2() -> Callable[..., int] | None:
    function: Callable[..., int] | None = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return function


def _atomically(source: str, target: str) -> None:
    function = _renameat2()
    if function is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if function(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), source, None, target)


def _by_link(source: str, target: str) -> None:
    os.link(source, target, follow_symlinks=False)
    os.unlink(source)


def _by_placeholder(source: str, target: str) -> None:
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        os.rename(source, target)
    except BaseException:
        os.unlink(target)
        raise


_WAYS = (_atomically, _by_link, _by_placeholder)


def rename_without_replacing(source: str, target: str, *, ways: tuple[Callable[[str, str], None], ...] = _WAYS) -> bool:
    """Rename a file; False if the two paths are not on one file system, which only trying can tell.

    `ways` are tried in turn while a file system does not offer them. Raises FileExistsError if anything stands at
    `target` (nothing has happened then), FileNotFoundError if `source` is gone, and other OSError as they come.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = open(f"{folder}/a", "w").close()
    >>> rename_without_replacing(f"{folder}/a", f"{folder}/b"), os.listdir(folder)
    (True, ['b'])
    """
    for last, way in zip((False,) * (len(ways) - 1) + (True,), ways, strict=True):
        try:
            way(source, target)
        except OSError as error:
            if error.errno == errno.EXDEV:
                return False
            if last or error.errno not in _NOT_OFFERED:
                raise
        else:
            return True
    raise AssertionError("the last way returns or raises")
