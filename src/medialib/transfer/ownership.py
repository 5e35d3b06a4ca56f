"""Modes and owners that placed files and folders are given, for disks that others read (a NAS)."""

# os, not pathlib: it speaks in plain strings, which carry undecodable names, and in descriptors.
# ruff: noqa: PTH101

from __future__ import annotations

import grp
import os
import pwd
import stat

import attrs

from medialib.errors import OutOfReach, UsageError

__all__ = ["Ownership"]


def _number(given: str | int | None, kind: str) -> int:
    if given is None:
        return -1
    if isinstance(given, int) or given.isdigit():
        return int(given)
    try:
        return pwd.getpwnam(given).pw_uid if kind == "user" else grp.getgrnam(given).gr_gid
    except KeyError:
        raise UsageError(f"this machine has no {kind} named {given!r}") from None


@attrs.frozen
class Ownership:
    """What placed files and folders are to be like. What is None stays as the system makes it.

    >>> Ownership.of(file_mode=0o640).file_mode == 0o640
    True
    """

    file_mode: int | None = None
    """Permission bits of files."""
    folder_mode: int | None = None
    """Permission bits of folders that are made."""
    user: int = -1
    """Number of the owner; -1 leaves it."""
    group: int = -1
    """Number of the group; -1 leaves it."""

    @classmethod
    def of(
        cls,
        *,
        file_mode: int | None = None,
        folder_mode: int | None = None,
        owner: str | int | None = None,
        group: str | int | None = None,
    ) -> Ownership:
        """Look up names of users and groups; raises `UsageError` for one that this machine does not know."""
        return cls(file_mode, folder_mode, _number(owner, "user"), _number(group, "group"))

    def fits(self, found: os.stat_result) -> bool:
        """Whether a file is so already.

        >>> Ownership().fits(os.stat("/"))
        True
        """
        return (
            self.file_mode in (None, stat.S_IMODE(found.st_mode))
            and self.user in (-1, found.st_uid)
            and self.group in (-1, found.st_gid)
        )

    def apply(self, target: str | int, *, folder: bool = False) -> None:
        """Give a file or folder (path or open descriptor) its owner and mode.

        Raises `OutOfReach` where the account that runs this may not, and OSError as it comes.
        """
        mode = self.folder_mode if folder else self.file_mode
        try:
            if (self.user, self.group) != (-1, -1):
                os.chown(target, self.user, self.group)
            if mode is not None:
                os.chmod(target, mode)  # after chown, which clears set-id bits
        except PermissionError:
            raise OutOfReach(
                f"may not set the configured owner or mode of {target}",
                remedy="Run as that owner or as root, or configure no owner, group and mode.",
            ) from None
