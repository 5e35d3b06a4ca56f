"""A folder on a disk of this machine as a remote, which files are fetched from and may be released on."""

# os, not pathlib: it speaks in plain strings, which carry undecodable names.

from __future__ import annotations

import os

from medialib.errors import OutOfReach, TargetTaken
from medialib.model import FileEntry
from medialib.transfer.local import LocalLocation

__all__ = ["LocalRemote"]


class LocalRemote(LocalLocation):
    """See `LocalLocation` and `SupportsRelease`."""

    def relocate(self, source: str, path: str) -> tuple[str, ...]:
        """See `SupportsRelease.relocate`."""
        if self.entry(source) is None:
            raise FileNotFoundError(f"{self.name}:{source}")
        folder = path.rpartition("/")[0]
        made = self.make_folder(folder) if folder else ()
        if self.rename(source, self, path) is None:
            raise OutOfReach(
                f"{self.address(path)} is on another disk than {self.address(source)}",
                remedy="Set release_to to a folder on the same disk.",
            )
        self.flush()
        return tuple(made)

    def mark(self, path: str) -> FileEntry:
        """See `SupportsRelease.mark`."""
        found = self.entry(path)
        if found is None:
            try:
                os.close(os.open(self.address(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
            except FileExistsError:
                raise TargetTaken(f"{self.name}:{path} is taken") from None
            except OSError as error:
                raise OutOfReach(f"{self.address(path)}: {error.strerror}") from None
            self._touch(path)
            self.flush()
            found = self.entry(path)
        if found is None or found.size:
            raise TargetTaken(f"{self.name}:{path} is taken by something that is no mark")
        return found
