from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, settings

from medialib.catalogue.sqlite import open_sqlite
from medialib.ports import Catalogue
from medialib.testing.catalogue_machine import CatalogueMachine

_SETTINGS = settings(max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))


class SqliteMachine(CatalogueMachine):
    def open(self, place: Path, *, read_only: bool = False) -> Catalogue:
        return open_sqlite(place, read_only=read_only)


TestMemoryMachine = CatalogueMachine.TestCase
TestMemoryMachine.settings = _SETTINGS
TestSqliteMachine = SqliteMachine.TestCase
TestSqliteMachine.settings = _SETTINGS
