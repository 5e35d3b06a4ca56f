from __future__ import annotations

from pathlib import Path

import pytest

from medialib.catalogue.milvus import open_embedded_milvus, open_milvus_server
from medialib.catalogue.milvus_rows import digest
from medialib.ports import Catalogue
from medialib.testing.catalogue import CatalogueConformance
from medialib.testing.servers import MilvusServer, require_modules


class TestEmbeddedMilvusCatalogue(CatalogueConformance):
    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        require_modules("pymilvus", "milvus_lite")

    def open(self, place: Path, *, read_only: bool = False) -> Catalogue:
        return open_embedded_milvus(place, read_only=read_only)


class TestMilvusServerCatalogue(CatalogueConformance):
    @pytest.fixture(autouse=True)
    def _served(self, milvus_server: MilvusServer) -> None:
        self.server = milvus_server

    def open(self, place: Path, *, read_only: bool = False) -> Catalogue:
        return open_milvus_server(
            self.server.host,
            self.server.port,
            beside=place.with_suffix(".sqlite"),
            database=f"test_{digest(str(place))[:16]}",
            read_only=read_only,
        )
