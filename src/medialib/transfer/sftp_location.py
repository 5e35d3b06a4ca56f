"""A folder on an SSH server as a `Location`, with what such a server can do besides."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from medialib.errors import MedialibError
from medialib.model import Digest, DigestAlgorithm, FileEntry
from medialib.ports import CancelToken, Untold
from medialib.transfer.remote import FsspecLocation
from medialib.transfer.remote_digests import RemoteDigests
from medialib.transfer.remote_release import RemoteRelease

if TYPE_CHECKING:
    from medialib.transfer.sftp import SftpFileSystem

__all__ = ["SftpLocation"]


class SftpLocation(FsspecLocation):
    """See `FsspecLocation`, `SupportsConnectingAhead`, `SupportsDigests` and `SupportsRelease`.

    With `hash_commands` the server may be told to run ``sha256sum`` and its like.
    """

    def __init__(
        self,
        name: str,
        filesystem: SftpFileSystem,
        root: str,
        *,
        most_names: int = 10_000_000,
        hash_commands: bool = False,
    ) -> None:
        super().__init__(name, filesystem, root, most_names=most_names)
        self._session = filesystem.session
        self._digests = RemoteDigests(filesystem.session, commands=hash_commands)
        self._release = RemoteRelease(self, filesystem, lambda path: self._within(path, self._canonical_root()))

    def connect_ahead(self) -> None:
        """See `SupportsConnectingAhead.connect_ahead`; the root is resolved, too."""
        begun = threading.Event()

        def connect() -> None:
            # Taken first: whoever resolves the root meanwhile waits, and need not ask again.
            with self._resolving:
                if self._session.connect_ahead(begun.set):
                    with contextlib.suppress(MedialibError, OSError):
                        self._canonical_root()

        threading.Thread(target=connect, name="medialib-connect", daemon=True).start()
        begun.wait()

    def digest(self, path: str, algorithms: Sequence[DigestAlgorithm], *, cancelled: CancelToken) -> Digest | Untold:
        """See `SupportsDigests.digest`."""
        found = self.entry(path)
        if found is None:
            raise FileNotFoundError(f"{self.name}:{path}")
        return self._digests.digest(self.address(path), found.size, algorithms, cancelled)

    def remove(self, path: str, *, size: int, mtime_ns: int) -> None:
        """See `SupportsRelease.remove`."""
        self._release.remove(path, size=size, mtime_ns=mtime_ns)

    def remove_folder(self, path: str) -> bool:
        """See `SupportsRelease.remove_folder`."""
        return self._release.remove_folder(path)

    def relocate(self, source: str, path: str) -> tuple[str, ...]:
        """See `SupportsRelease.relocate`."""
        return self._release.relocate(source, path)

    def mark(self, path: str) -> FileEntry:
        """See `SupportsRelease.mark`."""
        return self._release.mark(path)
