"""Back doors of locations: they set scenes, and check what was written, without going through the code under test."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from medialib.model import FileEntry
from medialib.ports import Location
from medialib.testing.memory_location import MemoryLocation

__all__ = ["MOMENT", "Backdoor", "DiskBackdoor", "MemoryBackdoor", "files_of"]

MOMENT = 1_700_000_000_123_456_789
"""A time of last change, finer than any location keeps."""


class Backdoor(Protocol):
    """Sets scenes and checks what was written, without going through the code under test."""

    links: bool
    """Whether the location can hold links."""
    any_names: bool
    """Whether it can hold names with newlines and undecodable bytes."""

    def write(self, path: str, content: bytes, mtime_ns: int = MOMENT) -> None:
        """Put a file there, with the folders above it."""

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is none."""

    def remove(self, path: str) -> None:
        """Remove a file."""

    def link(self, path: str, target: str) -> None:
        """Make a link with that text."""

    def unplug(self) -> None:
        """Take the root away."""


class DiskBackdoor:
    """The back door of locations whose root is a folder of this machine, served by whatever means."""

    links = True
    any_names = True

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, content: bytes, mtime_ns: int = MOMENT) -> None:
        """See `Backdoor`."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, ns=(mtime_ns, mtime_ns))

    def read(self, path: str) -> bytes | None:
        """See `Backdoor`."""
        file = self.root / path
        return file.read_bytes() if file.is_file() else None

    def remove(self, path: str) -> None:
        """See `Backdoor`."""
        (self.root / path).unlink()

    def link(self, path: str, target: str) -> None:
        """See `Backdoor`."""
        (self.root / path).symlink_to(target)

    def unplug(self) -> None:
        """See `Backdoor`."""
        self.root.rename(self.root.with_name("unplugged"))


class MemoryBackdoor:
    """The back door of `MemoryLocation`."""

    links = True
    any_names = True

    def __init__(self, location: MemoryLocation) -> None:
        self.location = location

    def write(self, path: str, content: bytes, mtime_ns: int = MOMENT) -> None:
        """See `Backdoor`."""
        if path in self.location.files:
            self.location.files[path].content = content  # a reader sees it, as on a disk
            self.location.files[path].mtime_ns = mtime_ns
        else:
            self.location.put(path, content, mtime_ns=mtime_ns)

    def read(self, path: str) -> bytes | None:
        """See `Backdoor`."""
        file = self.location.files.get(path)
        return None if file is None else file.content

    def remove(self, path: str) -> None:
        """See `Backdoor`."""
        del self.location.files[path]

    def link(self, path: str, target: str) -> None:
        """See `Backdoor`."""
        self.location.links[path] = target

    def unplug(self) -> None:
        """See `Backdoor`."""
        self.location.reachable = False


def files_of(location: Location, path: str = "") -> dict[str, FileEntry]:
    """The files of a walk, by path; fails if one comes twice."""
    found: dict[str, FileEntry] = {}
    for entry in location.walk(path):
        if isinstance(entry, FileEntry):
            assert entry.path not in found
            found[entry.path] = entry
    return found
