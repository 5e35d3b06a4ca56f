"""fsspec's own suites, over a real SSH server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec.tests.abstract as abstract
import pytest

from medialib.testing.servers import SshServer
from medialib.transfer.sftp import SftpFileSystem


class SftpFixtures(abstract.AbstractFixtures):
    @pytest.fixture
    def fs(self, ssh_server: SshServer) -> Iterator[SftpFileSystem]:
        filesystem = SftpFileSystem(**ssh_server.connection, auto_mkdir=True)
        yield filesystem
        filesystem.close()

    @pytest.fixture
    def fs_path(self, tmp_path: Path) -> str:
        return str(tmp_path / "served")

    @pytest.fixture
    def fs_join(self):
        return lambda *parts: "/".join(parts)


class TestSftpCopy(abstract.AbstractCopyTests, SftpFixtures):
    pass


class TestSftpGet(abstract.AbstractGetTests, SftpFixtures):
    pass


class TestSftpPut(abstract.AbstractPutTests, SftpFixtures):
    pass


class TestSftpOpen(abstract.AbstractOpenTests, SftpFixtures):
    pass


class TestSftpPipe(abstract.AbstractPipeTests, SftpFixtures):
    pass
