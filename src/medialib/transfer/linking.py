"""A second place for a file on its disk, without carrying its bytes: hard links, and clones that share its blocks."""

# os, not pathlib: it speaks in plain strings, which carry undecodable names, and in descriptors.

from __future__ import annotations

import errno
import fcntl
import os

__all__ = ["clone_content", "link_without_replacing"]

_FICLONE = 0x40049409
"""``ioctl_ficlone(2)``: btrfs, XFS, bcachefs, ZFS, and NFS and SMB in front of them."""
_NO_CLONES = {
    *(errno.EOPNOTSUPP, errno.ENOTSUP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS),
    *(errno.EISDIR, errno.EPERM, errno.ETXTBSY),
}
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}


def clone_content(source: str, descriptor: int) -> bool:
    """Let an open, empty file share all blocks of the file at `source`; False where that cannot be, which is no error.

    Raises OSError for what else goes wrong, a full disk above all.
    """
    opened = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _FICLONE, opened)
    except OSError as error:
        if error.errno in _NO_CLONES:
            return False
        raise
    finally:
        os.close(opened)
    return True


def link_without_replacing(source: str, target: str) -> bool:
    """Give a file a second name; False where that cannot be: on another disk, or one without hard links.

    Raises FileExistsError if anything stands at `target`, and other OSError as they come.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = open(f"{folder}/a", "w").close()
    >>> link_without_replacing(f"{folder}/a", f"{folder}/b"), os.path.samefile(f"{folder}/a", f"{folder}/b")
    (True, True)
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_LINKS:
            return False
        raise
    return True
