from __future__ import annotations

from pathlib import Path

import pytest

from medialib.catalogue import MemoryCatalogue, open_catalogue
from medialib.catalogue.sqlite import open_sqlite
from medialib.ports import Catalogue
from medialib.testing.catalogue import CatalogueConformance
from medialib.testing.postgresql import PostgresqlServer


class TestMemoryCatalogue(CatalogueConformance):
    def open(self, place: Path, *, read_only: bool = False) -> Catalogue:
        return MemoryCatalogue(read_only=read_only)


class TestSqliteCatalogue(CatalogueConformance):
    def open(self, place: Path, *, read_only: bool = False) -> Catalogue:
        return open_sqlite(place, read_only=read_only)


class TestPostgresqlCatalogue(CatalogueConformance):
    @pytest.fixture
    def place(self, postgresql_server: PostgresqlServer) -> str:
        return postgresql_server.fresh_url()

    def open(self, place: str, *, read_only: bool = False) -> Catalogue:
        return open_catalogue(place, read_only=read_only)
