"""Vectors from letters alone: names that are spelt alike lie near, whatever they mean."""

from __future__ import annotations

import hashlib
import math
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from medialib.errors import UsageError
from medialib.matching import normalise_title
from medialib.ports import Vector, VectorSpace

__all__ = ["LexicalEmbedder"]

_VERSION = 1
_SHORTEST, _LONGEST = 2, 4


class LexicalEmbedder:
    """`ports.Embedder` that counts runs of two to four letters, spread over `dimension` numbers by a hash.

    It is *lexical*: "Breaking Bad" lies near "Braking Bad", and no nearer to "Better Call Saul" than to anything else.
    Letter case, accents and punctuation make no difference. It needs no model, and no network.

    >>> from operator import mul
    >>> one, typo, other = LexicalEmbedder().embed(["Breaking Bad", "Braking  bad!", "The Wire"])
    >>> sum(map(mul, one, typo)) > 0.7, sum(map(mul, one, other)) < 0.2
    (True, True)
    """

    def __init__(self, dimension: int = 256) -> None:
        if not 2 <= dimension <= 32_768:
            raise UsageError(f"a vector has 2 to 32768 numbers, not {dimension}")
        self._space = VectorSpace(f"lexical-{_VERSION}-{dimension}", dimension)

    @property
    def space(self) -> VectorSpace:
        """Its version and dimension."""
        return self._space

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A vector of length 1 for each text; of zeros for one without any letter or sign."""
        return [self._embedded(text) for text in texts]

    def _embedded(self, text: str) -> Vector:
        dimension = self._space.dimension
        numbers: dict[int, float] = {}
        for run, times in Counter(_runs(text)).items():
            spread = _hashed(run)
            at = (spread >> 1) % dimension
            # The lowest bit is the sign, so that what meets in one number cancels out as often as it adds up.
            numbers[at] = numbers.get(at, 0.0) + (1 if spread & 1 else -1) * math.sqrt(times)
        length = math.sqrt(math.fsum(number * number for number in numbers.values()))
        # As 32 bits: what the last bit of a root is on one machine or another is lost in the rounding.
        vector = array("f", bytes(4 * dimension))
        for at, number in numbers.items():
            vector[at] = number / length if length else number
        return vector


def _runs(text: str) -> Iterator[str]:
    """The runs of letters of each word, with its borders.

    >>> list(_runs("A b!"))
    ['‹a', 'a›', '‹a›', '‹b', 'b›', '‹b›']
    """
    for word in normalise_title(text).split():
        bordered = f"‹{word}›"
        for size in range(_SHORTEST, _LONGEST + 1):
            for at in range(len(bordered) - size + 1):
                yield bordered[at : at + size]


@lru_cache(maxsize=1 << 16)
def _hashed(run: str) -> int:
    # Python's own hash differs from process to process.
    return int.from_bytes(hashlib.blake2b(run.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
