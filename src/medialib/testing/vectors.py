"""The laws of `ports.VectorIndex` and `ports.Embedder`, as tests for every implementation of them.

An implementation subclasses the suite and says how one is opened.
"""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from operator import mul
from pathlib import Path

import pytest

from medialib.errors import MedialibError, UsageError
from medialib.ports import Embedder, Neighbour, Vector, VectorIndex, VectorSpace
from medialib.similarity import ExactVectorIndex
from medialib.testing.strategies import torture_texts

__all__ = ["SPACE", "EmbedderConformance", "VectorIndexConformance"]

SPACE = VectorSpace("conformance", 4)
_NEAR = 1e-5  # an index may keep 32 bits of a number

IndexOpener = Callable[..., VectorIndex]


class VectorIndexConformance(ABC):
    """Subclass it in a test module and write `open`; set `persistent` for one that survives its process."""

    persistent = False

    @abstractmethod
    def open(self, place: Path, space: VectorSpace) -> VectorIndex:
        """The index of a space at `place`; made, if it is not there."""

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Iterator[IndexOpener]:
        """Opens the test's index, any number of times."""
        opened: list[VectorIndex] = []

        def again(space: VectorSpace = SPACE) -> VectorIndex:
            opened.append(self.open(tmp_path / "index.db", space))
            return opened[-1]

        yield again
        for index in opened:
            index.close()

    @pytest.fixture
    def index(self, opener: IndexOpener) -> VectorIndex:
        """An empty index."""
        return opener()

    def test_the_nearest_come_first(self, index: VectorIndex) -> None:
        """With the cosine as score, whatever the length of a vector; not more than there are."""
        assert (len(index), index.search([1, 0, 0, 0], 3), list(index.keys())) == (0, (), [])
        index.put([("same", [5, 0, 0, 0]), ("half", [1, 1, 0, 0]), ("none", [0, 0, 1, 0]), ("far", [-1e-3, 0, 0, 0])])
        found = index.search([0.1, 0, 0, 0], 10)
        assert [neighbour.key for neighbour in found] == ["same", "half", "none", "far"]
        assert [neighbour.score for neighbour in found] == pytest.approx([1, math.sqrt(0.5), 0, -1], abs=_NEAR)
        assert index.search([0.1, 0, 0, 0], 2) == found[:2]
        assert (len(index), sorted(index.keys())) == (4, ["far", "half", "none", "same"])

    def test_what_is_put_again_is_replaced(self, index: VectorIndex) -> None:
        """Of two in one call the later one stays."""
        index.put([("a", [1, 0, 0, 0]), ("b", [0, 1, 0, 0]), ("a", [0, 0, 1, 0])])
        assert _keys(index.search([0, 0, 1, 0], 1)) == ["a"]
        index.put([("a", [0, 0, 0, 1])])
        index.put([])
        assert index.search([0, 0, 0, 1], 1)[0].score == pytest.approx(1, abs=_NEAR)
        assert len(index) == 2

    def test_what_is_removed_is_not_found(self, index: VectorIndex) -> None:
        """What was not there is fine; what comes again is found again."""
        index.put([(key, [1, 0, 0, number]) for number, key in enumerate("abcd")])
        index.remove(["b", "nobody", "a"])
        index.remove([])
        assert (sorted(index.keys()), len(index)) == (["c", "d"], 2)
        assert sorted(_keys(index.search([1, 0, 0, 0], 4))) == ["c", "d"]
        index.put([("a", [1, 0, 0, 0])])
        assert _keys(index.search([1, 0, 0, 0], 1)) == ["a"]

    def test_equal_ones_come_by_key(self, index: VectorIndex) -> None:
        """All that were found."""
        index.put([(key, [1, 2, 3, 4]) for key in ("b", "c", "a", "Ä")])
        assert _keys(index.search([4, 3, 2, 1], 4)) == ["a", "b", "c", "Ä"]

    def test_zeros_have_nothing_in_common(self, index: VectorIndex) -> None:
        """With anything, other zeros included."""
        index.put([("zeros", [0, 0, 0, 0]), ("one", [1, 0, 0, 0])])
        assert index.search([1, 0, 0, 0], 2)[1] == Neighbour("zeros", 0)
        assert {neighbour.score for neighbour in index.search([0, 0, 0, 0], 2)} == {0}

    @pytest.mark.parametrize(
        "vector",
        [[1, 2, 3], [1, 2, 3, 4, 5], [], [1, 2, 3, math.nan], [math.inf, 0, 0, 0]],
        ids=str,
    )
    def test_vectors_that_do_not_belong(self, index: VectorIndex, vector: Vector) -> None:
        """A UsageError; none of the call was entered."""
        with pytest.raises(UsageError):
            index.put([("good", [1, 0, 0, 0]), ("bad", vector)])
        with pytest.raises(UsageError):
            index.search(vector, 1)
        assert len(index) == 0

    @pytest.mark.parametrize("count", [0, -1, 16_385])
    def test_counts_that_cannot_be(self, index: VectorIndex, count: int) -> None:
        """A UsageError."""
        with pytest.raises(UsageError):
            index.search([1, 0, 0, 0], count)

    def test_keys_are_data(self, index: VectorIndex) -> None:
        """Any text, told apart from what looks alike."""
        keys = [*torture_texts, "x" * 10_000, "😀" * 20_000]
        index.put((key, [1, 0, 0, number]) for number, key in enumerate(keys))
        assert sorted(index.keys()) == sorted(keys)
        assert sorted(_keys(index.search([1, 0, 0, 0], len(keys)))) == sorted(keys)
        index.remove(keys[1:])
        assert list(index.keys()) == keys[:1]

    def test_very_large_and_very_small_numbers(self, index: VectorIndex) -> None:
        """Have a direction like others."""
        index.put([("large", [1e300, 1e300, 0, 0]), ("small", [0, 0, 1e-300, 0])])
        assert index.search([1e-300, 1e-300, 0, 0], 1)[0].score == pytest.approx(1, abs=_NEAR)
        (small,) = index.search([0, 0, 1, 0], 1)
        assert small.key == "small"
        assert small.score == pytest.approx(1, abs=_NEAR)

    def test_it_finds_what_looking_at_each_finds(self, index: VectorIndex) -> None:
        """Among some hundreds, after changes."""
        chance = random.Random(7)
        plain = ExactVectorIndex(SPACE)
        for turn in range(3):
            given = [(str(chance.randrange(400)), [chance.gauss(0, 1) for _ in range(4)]) for _ in range(300)]
            for each in (index, plain):
                each.put(given)
                each.remove(map(str, range(turn * 50, turn * 50 + 25)))
        for _ in range(5):
            wanted = [chance.gauss(0, 1) for _ in range(4)]
            found, expected = index.search(wanted, 20), plain.search(wanted, 20)
            assert [one.score for one in found] == pytest.approx([one.score for one in expected], abs=_NEAR)
            assert len(set(_keys(found)) & set(_keys(expected))) >= 19  # two of nearly equal score may change places
        assert len(index) == len(plain)

    def test_several_threads(self, index: VectorIndex) -> None:
        """Nothing is lost, and every answer is one."""

        def work(worker: int) -> None:
            for turn in range(5):
                index.put([(f"{worker}-{turn}", [worker, turn, 1, 1])])
                assert f"{worker}-{turn}" in _keys(index.search([worker, turn, 1, 1], 20))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        assert len(index) == 20

    def test_spaces_do_not_see_each_other(self, index: VectorIndex, opener: IndexOpener) -> None:
        """Neither another embedder's nor those of another dimension."""
        index.put([("a", [1, 0, 0, 0])])
        for space in (VectorSpace("other", 4), VectorSpace("conformance", 5)):
            beside = opener(space)
            assert (len(beside), beside.space) == (0, space)
        assert (len(index), index.space) == (1, SPACE)

    def test_it_is_still_there_when_it_is_opened_again(self, index: VectorIndex, opener: IndexOpener) -> None:
        """If it says so; else it is empty."""
        index.put([("a", [1, 0, 0, 0]), ("b", [0, 1, 0, 0])])
        index.remove(["b"])
        index.close()
        again = opener()
        left = ["a"] if self.persistent else []
        assert (list(again.keys()), _keys(again.search([1, 0, 0, 0], 5))) == (left, left)

    def test_closing_twice_is_fine(self, index: VectorIndex) -> None:
        """What is closed says so when it is asked."""
        index.close()
        index.close()
        for ask in (lambda: len(index), index.keys, lambda: index.search([1, 0, 0, 0], 1)):
            with pytest.raises(MedialibError):
                ask()


_ELSEWHERE = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from importlib import import_module
module, name = sys.argv[2].split(":")
embedder = getattr(import_module(module), name)(*json.loads(sys.argv[3]))
print(json.dumps([embedder.space.name, [list(vector) for vector in embedder.embed(json.loads(sys.argv[4]))]]))
"""


class EmbedderConformance(ABC):
    """Subclass it in a test module, and write `open` and `again`."""

    texts = ("Breaking Bad", "Braking Bad", "The Wire", "進撃の巨人", "Amélie", "", *torture_texts)

    @abstractmethod
    def open(self) -> Embedder:
        """The embedder."""

    @abstractmethod
    def again(self) -> tuple[str, tuple[str, ...]]:
        """How another process makes the same one: ``module:callable`` and its arguments."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        """The one that is tried."""
        return self.open()

    def test_vectors_belong_to_the_space(self, embedder: Embedder) -> None:
        """One for each text, of length 1 or 0."""
        vectors = embedder.embed(self.texts)
        assert [len(vector) for vector in vectors] == [embedder.space.dimension] * len(self.texts)
        for vector in vectors:
            assert math.hypot(*vector) in (0, pytest.approx(1, abs=_NEAR))
        assert embedder.embed([]) == []

    def test_a_text_has_one_vector(self, embedder: Embedder) -> None:
        """Whatever stands beside it."""
        together = embedder.embed(self.texts)
        for text, vector in zip(self.texts, together, strict=True):
            assert list(embedder.embed([text])[0]) == pytest.approx(list(vector), abs=_NEAR)

    def test_a_slip_of_the_pen_lies_near(self, embedder: Embedder) -> None:
        """Nearer than another title."""
        one, typo, other, *_ = embedder.embed(self.texts)
        assert sum(map(mul, one, typo)) > sum(map(mul, one, other))

    def test_another_process_finds_the_same(self, embedder: Embedder) -> None:
        """With other seeds of Python's own hashes."""
        made, arguments = self.again()
        texts = [text for text in self.texts if text.isprintable()]
        told = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE, json.dumps(sys.path), made, json.dumps(arguments), json.dumps(texts)],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": "4711"},
        )
        name, vectors = json.loads(told.stdout)
        assert name == embedder.space.name
        for found, vector in zip(vectors, embedder.embed(texts), strict=True):
            assert found == pytest.approx(list(vector), abs=_NEAR)


def _keys(found: tuple[Neighbour, ...]) -> list[str]:
    return [neighbour.key for neighbour in found]
