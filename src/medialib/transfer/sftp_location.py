"""A folder on an SSH server as a `Location`, with what such a server can do besides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medialib.model import Digest, DigestAlgorithm
from medialib.ports import CancelToken, Untold
from medialib.transfer.remote import FsspecLocation
from medialib.transfer.remote_digests import RemoteDigests

if TYPE_CHECKING:
    from medialib.transfer.sftp import SftpFileSystem

__all__ = ["SftpLocation"]


class SftpLocation(FsspecLocation):
    """See `FsspecLocation` and `SupportsDigests`. `hash_commands`: the server may be told to run ``sha256sum``."""

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
        self._digests = RemoteDigests(filesystem.session, commands=hash_commands)

    def digest(self, path: str, algorithms: Sequence[DigestAlgorithm], *, cancelled: CancelToken) -> Digest | Untold:
        """See `SupportsDigests.digest`."""
        found = self.entry(path)
        if found is None:
            raise FileNotFoundError(f"{self.name}:{path}")
        return self._digests.digest(self.address(path), found.size, algorithms, cancelled)
