"""An index in one NumPy array: exact, and quick to some hundred thousand vectors."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from medialib.errors import CatalogueError, ConfigurationError, UsageError
from medialib.ports import Neighbour, Vector, VectorSpace
from medialib.similarity.checking import checked_count, checked_vector

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, numpy.dtype[numpy.float32]]

__all__ = ["NumpyVectorIndex", "unit_rows"]

_ROOM = 1024


def load_numpy() -> Any:
    """The module numpy. Raises ConfigurationError, with the remedy, where it is not installed."""
    try:
        import numpy
    except ImportError as error:
        raise ConfigurationError("this index needs numpy", remedy='pip install "medialib[similar]".') from error
    return numpy


def unit_rows(vectors: list[Vector], space: VectorSpace) -> Array:
    """The vectors as rows of length 1, zeros left as they are. Raises UsageError as `checked_vector` does."""
    numpy = load_numpy()
    for vector in vectors:
        if len(vector) != space.dimension:
            checked_vector(vector, space)
    rows = numpy.array(vectors, dtype=numpy.float64).reshape(len(vectors), space.dimension)
    if not numpy.isfinite(rows).all():
        raise UsageError("a vector has a number that is not finite")
    # First by the largest number: squares of very large or very small ones are not what they should be.
    rows /= _never_zero(numpy.abs(rows).max(axis=1, keepdims=True))
    rows /= _never_zero(numpy.sqrt((rows * rows).sum(axis=1, keepdims=True)))
    found: Array = rows.astype(numpy.float32)
    return found


def _never_zero(sizes: Any) -> Any:
    sizes[sizes == 0] = 1
    return sizes


class NumpyVectorIndex:
    """`ports.VectorIndex` in memory. Raises ConfigurationError where NumPy is not installed."""

    def __init__(self, space: VectorSpace) -> None:
        numpy = load_numpy()
        self._space = space
        self._rows: Array = numpy.zeros((_ROOM, space.dimension), dtype=numpy.float32)
        self._keys: list[str] = []
        self._places: dict[str, int] = {}
        self._lock = threading.Lock()
        self._closed = False

    @property
    def space(self) -> VectorSpace:
        """Where its vectors belong."""
        return self._space

    def put(self, vectors: Iterable[tuple[str, Vector]]) -> None:
        """Enter vectors, or replace those of the same key."""
        given = dict(vectors)
        if not given:
            return
        rows = unit_rows(list(given.values()), self._space)
        with self._lock:
            self._refuse_closed()
            new = [key for key in given if key not in self._places]
            self._make_room(len(self._keys) + len(new))
            self._places.update({key: len(self._keys) + at for at, key in enumerate(new)})
            self._keys += new
            self._rows[[self._places[key] for key in given]] = rows

    def remove(self, keys: Iterable[str]) -> None:
        """Take vectors out; a key that is not there is fine."""
        gone = list(keys)
        with self._lock:
            self._refuse_closed()
            for key in gone:
                place = self._places.pop(key, None)
                if place is None:
                    continue
                last = self._keys.pop()
                if last != key:  # the last one moves to the place that came free
                    self._keys[place] = last
                    self._places[last] = place
                    self._rows[place] = self._rows[len(self._keys)]

    def search(self, vector: Vector, count: int) -> tuple[Neighbour, ...]:
        """The nearest ones, best first, those of equal score by key."""
        numpy = load_numpy()
        checked_count(count)
        wanted = unit_rows([vector], self._space)[0]
        with self._lock:
            self._refuse_closed()
            if not self._keys:
                return ()
            scores = self._rows[: len(self._keys)] @ wanted
            if count < len(scores):
                # All that reach the score of the last one that has a place, so that the key decides between equals.
                least = numpy.partition(scores, len(scores) - count)[len(scores) - count]
                places = numpy.flatnonzero(scores >= least).tolist()
            else:
                places = range(len(scores))
            found = sorted((-float(scores[place]), self._keys[place]) for place in places)
        return tuple(Neighbour(key, -score) for score, key in found[:count])

    def keys(self) -> Iterator[str]:
        """All keys, in any order."""
        with self._lock:
            self._refuse_closed()
            return iter(list(self._keys))

    def __len__(self) -> int:
        """How many vectors there are."""
        with self._lock:
            self._refuse_closed()
            return len(self._keys)

    def close(self) -> None:
        """Refuse everything from now on."""
        with self._lock:
            self._closed = True
            self._keys.clear()
            self._places.clear()

    def _make_room(self, count: int) -> None:
        if count > len(self._rows):
            numpy = load_numpy()
            grown = numpy.zeros((max(count, 2 * len(self._rows)), self._space.dimension), dtype=numpy.float32)
            grown[: len(self._keys)] = self._rows[: len(self._keys)]
            self._rows = grown

    def _refuse_closed(self) -> None:
        if self._closed:
            raise CatalogueError("the index is closed")
