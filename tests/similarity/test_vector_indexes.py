from __future__ import annotations

from pathlib import Path

import pytest

from medialib.catalogue.milvus import open_embedded_milvus
from medialib.catalogue.milvus_rows import digest
from medialib.errors import ConfigurationError
from medialib.model import Show
from medialib.ports import VectorIndex, VectorSpace
from medialib.similarity import ExactVectorIndex, opening
from medialib.similarity.arrays import NumpyVectorIndex
from medialib.similarity.opening import open_vector_index
from medialib.testing.servers import MilvusServer, require_modules
from medialib.testing.vectors import SPACE, VectorIndexConformance


class TestExactVectorIndex(VectorIndexConformance):
    def open(self, place: Path, space: VectorSpace) -> VectorIndex:
        return ExactVectorIndex(space)


class TestNumpyVectorIndex(VectorIndexConformance):
    def open(self, place: Path, space: VectorSpace) -> VectorIndex:
        require_modules("numpy")
        return NumpyVectorIndex(space)

    def test_equal_ones_for_the_last_place_are_chosen_by_key(self) -> None:
        index = NumpyVectorIndex(SPACE)
        index.put([(key, [1, 0, 0, 0]) for key in "edcba"])
        assert [found.key for found in index.search([1, 0, 0, 0], 2)] == ["a", "b"]


class TestEmbeddedMilvusVectorIndex(VectorIndexConformance):
    persistent = True

    def open(self, place: Path, space: VectorSpace) -> VectorIndex:
        require_modules("pymilvus", "milvus_lite")
        return open_vector_index(f"milvus:///{place}", space)


class TestMilvusServerVectorIndex(VectorIndexConformance):
    persistent = True

    @pytest.fixture(autouse=True)
    def _served(self, milvus_server: MilvusServer) -> None:
        self.server = milvus_server

    def open(self, place: Path, space: VectorSpace) -> VectorIndex:
        database = f"vectors_{digest(str(place))[:16]}"
        return open_vector_index(f"milvus://{self.server.host}:{self.server.port}/{database}?beside=/none", space)


def test_an_index_and_a_catalogue_share_an_embedded_milvus(tmp_path: Path) -> None:
    require_modules("pymilvus", "milvus_lite")
    catalogue = open_embedded_milvus(tmp_path / "both.db")
    index = open_vector_index(f"milvus:///{tmp_path / 'both.db'}", SPACE)
    catalogue.shows.put(Show("a", "A"))
    index.put([("a", [1, 0, 0, 0])])
    catalogue.close()
    assert list(index.keys()) == ["a"]
    index.close()
    catalogue = open_embedded_milvus(tmp_path / "both.db")
    assert list(catalogue.shows.all()) == [Show("a", "A")]
    catalogue.close()


def test_many_vectors_at_once_are_filed(tmp_path: Path) -> None:
    require_modules("pymilvus", "milvus_lite")
    index = open_vector_index(f"milvus:///{tmp_path / 'many.db'}", SPACE)
    index.put((str(number), [number, 1, 0, 0]) for number in range(1_200))
    assert len(index) == 1_200
    assert list(tmp_path.glob("many.db/collections/*/partitions/*/data/*.parquet"))
    assert index.search([0, 1, 0, 0], 1)[0].key == "0"
    index.close()


@pytest.fixture
def _registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is installed as pip would."""
    (tmp_path / "elsewhere.py").write_text(
        "from medialib.similarity import ExactVectorIndex\n\n\nclass Elsewhere(ExactVectorIndex):\n"
        "    def __init__(self, url, space):\n        super().__init__(space)\n        self.url = url\n"
    )
    facts = tmp_path / "elsewhere-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[{opening.GROUP}]\nelsewhere = elsewhere:Elsewhere\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("_registered")
def test_others_are_found_by_their_entry_point() -> None:
    index = open_vector_index("elsewhere:/somewhere", SPACE)
    assert (type(index).__name__, index.space) == ("Elsewhere", SPACE)
    with pytest.raises(ConfigurationError, match="known are memory, exact, milvus, elsewhere"):
        open_vector_index("nowhere:", SPACE)
