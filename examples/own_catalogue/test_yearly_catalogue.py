"""The law of the catalogue, proved for ``yearly://``: every test comes from medialib."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from yearly_catalogue import open_yearly

from medialib.errors import CatalogueMissing, ConfigurationError
from medialib.ports import Catalogue
from medialib.testing.catalogue import CatalogueConformance, CatalogueMachine


class TestYearlyCatalogue(CatalogueConformance):
    @pytest.fixture
    def place(self, tmp_path: Path) -> str:
        return f"yearly://{tmp_path}/years"

    def open(self, place: str, *, read_only: bool = False) -> Catalogue:
        return open_yearly(place, read_only=read_only)


class YearlyMachine(CatalogueMachine):
    def new_place(self, folder: Path) -> str:
        return f"yearly://{folder}/years"

    def open(self, place: str, *, read_only: bool = False) -> Catalogue:
        return open_yearly(place, read_only=read_only)


TestYearlyMachine = YearlyMachine.TestCase
TestYearlyMachine.settings = settings(max_examples=5, stateful_step_count=10, deadline=None)


def test_what_is_its_own(tmp_path: Path) -> None:
    for year in ("2019", "2021"):
        (tmp_path / f"{year}.db").touch()
    catalogue = open_yearly(f"yearly://{tmp_path}")
    catalogue.checkpoints.put("a", "b")
    catalogue.close()
    assert (tmp_path / "2019.db").stat().st_size == 0 < (tmp_path / "2021.db").stat().st_size
    with pytest.raises(CatalogueMissing):
        open_yearly(f"yearly://{tmp_path}/none", create=False)
    with pytest.raises(ConfigurationError):
        open_yearly("yearly:///")
