from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings

from medialib.catalogue import open_catalogue
from medialib.catalogue.sqlite import open_sqlite
from medialib.ports import Catalogue
from medialib.testing.catalogue_machine import CatalogueMachine
from medialib.testing.postgresql import PostgresqlServer

_SETTINGS = settings(max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))


class SqliteMachine(CatalogueMachine):
    def open(self, place: Path, *, read_only: bool = False) -> Catalogue:
        return open_sqlite(place, read_only=read_only)


class PostgresqlMachine(CatalogueMachine):
    server: ClassVar[PostgresqlServer]

    def new_place(self, folder: Path) -> str:
        return self.server.fresh_url()

    def open(self, place: str, *, read_only: bool = False) -> Catalogue:
        return open_catalogue(place, read_only=read_only)


@pytest.fixture(scope="module")
def server(postgresql_server: PostgresqlServer) -> None:
    PostgresqlMachine.server = postgresql_server


TestMemoryMachine = CatalogueMachine.TestCase
TestMemoryMachine.settings = _SETTINGS
TestSqliteMachine = SqliteMachine.TestCase
TestSqliteMachine.settings = _SETTINGS


@pytest.mark.usefixtures("server")
class TestPostgresqlMachine(PostgresqlMachine.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(_SETTINGS, max_examples=12)
