"""Removing, moving and marking files on an SFTP server: the only code that changes anything there for medialib."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from medialib.errors import ContentChanged, MedialibError, OutOfReach, TargetTaken
from medialib.model import FileEntry

if TYPE_CHECKING:
    from medialib.transfer.remote import FsspecLocation
    from medialib.transfer.sftp import SftpFileSystem

__all__ = ["RemoteRelease"]


class RemoteRelease:
    """See `SupportsRelease`. `within` raises `UnsafePath` for a standing path that a link leads out of the root."""

    def __init__(self, location: FsspecLocation, filesystem: SftpFileSystem, within: Callable[[str], None]) -> None:
        self._location = location
        self._filesystem = filesystem
        self._within = within

    def remove(self, path: str, *, size: int, mtime_ns: int) -> None:
        """See `SupportsRelease.remove`."""
        found = self._location.entry(path)
        if found is None:
            raise ContentChanged(f"{self._location.name}:{path} is gone")
        if (found.size, found.mtime_ns) != (size, mtime_ns):
            raise ContentChanged(f"{self._location.name}:{path} is not the file it was: it was not removed")
        address = self._location.address(path)
        try:
            self._filesystem.session.run(
                f"removing {address}", lambda channel: channel.remove(_raw(address)), idempotent=False
            )
        except FileNotFoundError:
            raise ContentChanged(f"{self._location.name}:{path} is gone") from None

    def remove_folder(self, path: str) -> bool:
        """See `SupportsRelease.remove_folder`."""
        if not path:
            return False
        self._location.entry(path)  # raises for a path that may not be used
        address = self._location.address(path)
        if not self._filesystem.exists(address):
            return False
        self._within(path)
        try:
            self._filesystem.rmdir(address)
        except FileNotFoundError:
            return False
        except OutOfReach:
            # version 3 has no word for "not empty": only what is empty and stays all the same is a refusal
            if not self._filesystem.isdir(address) or self._filesystem.scan(address):
                return False
            raise
        return True

    def relocate(self, source: str, path: str) -> tuple[str, ...]:
        """See `SupportsRelease.relocate`: by SFTP's rename, which replaces nothing, not by OpenSSH's."""
        name = self._location.name
        if self._location.entry(source) is None:
            raise FileNotFoundError(f"{name}:{source}")
        self._location.entry(path)  # raises for a path that may not be used
        here, there = self._location.address(source), self._location.address(path)
        if self._filesystem.exists(there):
            raise TargetTaken(f"{name}:{path} is taken")
        made = self._make_folders(path.rpartition("/")[0])
        try:
            self._filesystem.session.run(
                f"moving {here}",
                lambda channel: channel.rename_without_replacing(_raw(here), _raw(there)),
                idempotent=False,
            )
        except FileNotFoundError:
            raise FileNotFoundError(f"{name}:{source}") from None
        except OutOfReach:
            for folder in reversed(made):
                with contextlib.suppress(MedialibError):
                    self.remove_folder(folder)
            if self._filesystem.exists(there) and self._filesystem.exists(here):
                raise TargetTaken(f"{name}:{path} is taken") from None
            raise
        return made

    def mark(self, path: str) -> FileEntry:
        """See `SupportsRelease.mark`."""
        found = self._location.entry(path)
        if found is None:
            try:
                self._filesystem.open(self._location.address(path), "xb").close()
            except FileExistsError:
                raise TargetTaken(f"{self._location.name}:{path} is taken") from None
            found = self._location.entry(path)
        if found is None or found.size:
            raise TargetTaken(f"{self._location.name}:{path} is taken by something that is no mark")
        return found

    def _make_folders(self, path: str) -> tuple[str, ...]:
        parts = path.split("/") if path else []
        made = []
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            address = self._location.address(folder)
            if not self._filesystem.exists(address):
                self._filesystem.mkdir(address, create_parents=False)
                made.append(folder)
            elif not self._filesystem.isdir(address):
                raise TargetTaken(f"{self._location.name}:{folder} is a file, where a folder is wanted")
            else:
                self._within(folder)
        return tuple(made)


def _raw(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
