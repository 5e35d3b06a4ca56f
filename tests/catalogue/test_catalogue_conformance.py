from __future__ import annotations

from pathlib import Path

from medialib.catalogue import MemoryCatalogue
from medialib.catalogue.sqlite import open_sqlite
from medialib.ports import Catalogue
from medialib.testing.catalogue import CatalogueConformance


class TestMemoryCatalogue(CatalogueConformance):
    def open(self, place: Path, *, read_only: bool = False) -> Catalogue:
        return MemoryCatalogue(read_only=read_only)


class TestSqliteCatalogue(CatalogueConformance):
    def open(self, place: Path, *, read_only: bool = False) -> Catalogue:
        return open_sqlite(place, read_only=read_only)
