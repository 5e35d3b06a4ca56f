"""Texts as vectors, and what lies near: the protocols of similar titles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import attrs

__all__ = ["Embedder", "Neighbour", "Vector", "VectorIndex", "VectorSpace"]

Vector = Sequence[float]
"""As many numbers as its space has dimensions."""


@attrs.frozen
class VectorSpace:
    """What makes two vectors comparable: who made them, and how many numbers they have."""

    name: str
    """The embedder with all that its vectors depend on: another model, or other settings, is another name."""
    dimension: int
    """Numbers in a vector."""


@attrs.frozen
class Neighbour:
    """What a search found."""

    key: str
    """The key it was entered with."""
    score: float
    """Cosine of the angle between both vectors: 1 for the same direction, 0 for nothing in common, down to -1."""


class Embedder(Protocol):
    """Turns texts into vectors, so that what is alike lies near.

    The same text becomes the same vector in every process and on every machine. Text is data: NUL and lone surrogates
    are texts like others, and the empty text has a vector too, which may be all zeros.
    """

    @property
    def space(self) -> VectorSpace:
        """Where its vectors belong."""

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A vector for each text, in their order; all of length 1, or 0 for a text that says nothing."""


class VectorIndex(Protocol):
    """Vectors by key, and which of them lie near another: something that can be built again at any time.

    May be used from several threads at once. A vector of another dimension, or with a number that is not finite, is a
    UsageError, and then none of the call was entered. The length of a vector does not matter, only its direction; one
    of zeros alone has the score 0 with everything.
    """

    @property
    def space(self) -> VectorSpace:
        """Where its vectors belong; those of another space are never seen."""

    def put(self, vectors: Iterable[tuple[str, Vector]]) -> None:
        """Enter vectors, or replace those of the same key; of two such the later one stays."""

    def remove(self, keys: Iterable[str]) -> None:
        """Take vectors out; a key that is not there is fine."""

    def search(self, vector: Vector, count: int) -> tuple[Neighbour, ...]:
        """The nearest ones, at most `count` (1 to 16,384), best first, those of equal score by key.

        Exact but for rounding where the index is, else as near as it comes. Raises UsageError for another count.
        """

    def keys(self) -> Iterator[str]:
        """All keys, in any order; safe against later writes."""

    def __len__(self) -> int:
        """How many vectors there are."""

    def close(self) -> None:
        """Let go of the store. Calling it twice is fine; what is closed raises MedialibError when it is asked."""
