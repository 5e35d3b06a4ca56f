from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from medialib.catalogue.milvus import open_embedded_milvus, open_milvus_server
from medialib.catalogue.milvus_rows import digest
from medialib.ports import Catalogue
from medialib.testing.catalogue_machine import CatalogueMachine
from medialib.testing.servers import MilvusServer, require_modules

_SETTINGS = settings(max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))


class EmbeddedMilvusMachine(CatalogueMachine):
    def open(self, place: Path, *, read_only: bool = False) -> Catalogue:
        return open_embedded_milvus(place.with_suffix(".db"), read_only=read_only)


class MilvusServerMachine(CatalogueMachine):
    server: MilvusServer

    def open(self, place: Path, *, read_only: bool = False) -> Catalogue:
        return open_milvus_server(
            self.server.host,
            self.server.port,
            beside=place.with_suffix(".sqlite"),
            database=f"machine_{digest(str(place))[:16]}",
            read_only=read_only,
        )


class TestEmbeddedMilvusMachine(EmbeddedMilvusMachine.TestCase):  # type: ignore[misc, valid-type]
    settings = _SETTINGS

    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        require_modules("pymilvus", "milvus_lite")


class TestMilvusServerMachine(MilvusServerMachine.TestCase):  # type: ignore[misc, valid-type]
    settings = _SETTINGS

    @pytest.fixture(autouse=True)
    def _served(self, milvus_server: MilvusServer) -> None:
        MilvusServerMachine.server = milvus_server
