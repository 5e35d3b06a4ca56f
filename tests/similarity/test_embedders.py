from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given

from medialib.errors import UsageError
from medialib.ports import Embedder, VectorSpace
from medialib.similarity import ExactVectorIndex, LexicalEmbedder
from medialib.testing.strategies import texts
from medialib.testing.vectors import EmbedderConformance


class TestLexicalEmbedder(EmbedderConformance):
    def open(self) -> Embedder:
        return LexicalEmbedder()

    def again(self) -> tuple[str, tuple[str, ...]]:
        return "medialib.similarity:LexicalEmbedder", ()


def test_the_numbers_are_what_they_were() -> None:
    """Indexes that are kept hold them: whatever changes these changes the name of the space too."""
    embedder = LexicalEmbedder(8)
    assert embedder.space == VectorSpace("lexical-1-8", 8)
    assert [round(number, 4) for number in embedder.embed(["Dark"])[0]] == [
        -0.5477,
        0.0,
        -0.3651,
        0.3651,
        0.0,
        0.0,
        -0.3651,
        -0.5477,
    ]


def test_dimensions_that_cannot_be() -> None:
    for dimension in (0, 1, 32_769):
        with pytest.raises(UsageError):
            LexicalEmbedder(dimension)


@given(texts(30))
def test_case_and_form_make_no_difference(text: str) -> None:
    embedder = LexicalEmbedder(64)
    one, other = embedder.embed([text, unicodedata.normalize("NFD", text)])
    assert one == other


def test_slips_of_the_pen_find_the_title() -> None:
    titles = ["Breaking Bad", "Better Call Saul", "The Wire", "Severance", "Star Trek: Deep Space Nine", "Silo", "Dark"]
    embedder = LexicalEmbedder()
    index = ExactVectorIndex(embedder.space)
    index.put(zip(titles, embedder.embed(titles), strict=True))
    slips = {
        "braking bda": 0,
        "beter cal sual": 1,
        "wire the": 2,
        "sevrance": 3,
        "deep spce 9 star treck": 4,
        "drak": 6,
    }
    for slip, at in slips.items():
        assert index.search(embedder.embed([slip])[0], 1)[0].key == titles[at], slip
