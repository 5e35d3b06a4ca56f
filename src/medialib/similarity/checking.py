"""What every index asks of vectors and counts."""

from __future__ import annotations

import math

from medialib.errors import UsageError
from medialib.ports import Vector, VectorSpace

__all__ = ["MOST", "checked_count", "checked_vector"]

MOST = 16_384
"""Neighbours that one search may ask for: no more than Milvus gives."""


def checked_count(count: int) -> int:
    """The count, if a search may ask for so many.

    >>> checked_count(0)
    Traceback (most recent call last):
    medialib.errors.UsageError: a search finds 1 to 16384 neighbours, not 0
    """
    if not 1 <= count <= MOST:
        raise UsageError(f"a search finds 1 to {MOST} neighbours, not {count}")
    return count


def checked_vector(vector: Vector, space: VectorSpace) -> Vector:
    """The vector, if it belongs to the space as far as can be told.

    >>> checked_vector([1.0, 2.0], VectorSpace("example", 3))
    Traceback (most recent call last):
    medialib.errors.UsageError: a vector has 2 numbers, and those of example have 3. Embed it with the same embedder.
    """
    if len(vector) != space.dimension:
        raise UsageError(
            f"a vector has {len(vector)} numbers, and those of {space.name} have {space.dimension}",
            remedy="Embed it with the same embedder.",
        )
    if not all(map(math.isfinite, vector)):
        raise UsageError("a vector has a number that is not finite")
    return vector
