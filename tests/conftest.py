"""Fixtures that every room may use: real servers, and how Hypothesis runs."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from medialib.testing import servers
from medialib.testing.postgresql import PostgresqlServer, shared_postgresql

settings.register_profile("medialib", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("medialib"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "medialib")


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.SshServer]:
    """An OpenSSH server, one for each worker process; skipped, with the reason, where there is no sshd."""
    with servers.ssh_server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="session")
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.MilvusServer]:
    """A Milvus server, one for each worker process; skipped, with the reason, where Milvus Lite is not installed."""
    with servers.milvus_server(tmp_path_factory.mktemp("milvus")) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresqlServer]:
    """A PostgreSQL server for all workers of the session; skipped, with the reason, where there is none."""
    with shared_postgresql(tmp_path_factory.getbasetemp()) as server:
        yield server
