"""Indexes and embedders by their address; those of other packages by their entry points."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from medialib.errors import ConfigurationError
from medialib.ports import Embedder, VectorIndex, VectorSpace
from medialib.similarity.exact import ExactVectorIndex
from medialib.similarity.lexical import LexicalEmbedder

__all__ = ["GROUP", "open_embedder", "open_vector_index"]

GROUP = "medialib.vector_indexes"
"""Entry points of indexes: the kind of address, and a callable that takes an address and a `VectorSpace`."""

_OURS = ("memory", "exact", "milvus")


def open_vector_index(url: str, space: VectorSpace) -> VectorIndex:
    """Open the index of a space at an address.

    ``memory:`` forgets everything and uses NumPy where that is installed, ``exact:`` does so in plain Python,
    ``milvus:`` is the address of a catalogue in Milvus, and any other kind is looked up among the entry points of
    `GROUP`. Raises ConfigurationError for a kind that nobody knows, and as the index does.

    >>> len(open_vector_index("memory:", VectorSpace("example", 2)))
    0
    >>> open_vector_index("chroma:/srv/chroma", VectorSpace("example", 2))
    Traceback (most recent call last):
    medialib.errors.ConfigurationError: there is no index of the kind 'chroma'; known are memory, exact, milvus. ...
    """
    kind = url.partition(":")[0]
    if kind == "exact" or (kind == "memory" and importlib.util.find_spec("numpy") is None):
        return ExactVectorIndex(space)
    if kind == "memory":
        from medialib.similarity.arrays import NumpyVectorIndex

        return NumpyVectorIndex(space)
    if kind == "milvus":
        from medialib.similarity.milvus_vectors import open_milvus_index

        return open_milvus_index(url, space)
    registered = {point.name: point for point in entry_points(group=GROUP)}
    if kind not in registered:
        raise ConfigurationError(
            f"there is no index of the kind {kind!r}; known are {', '.join((*_OURS, *sorted(registered)))}",
            remedy=f"Install the package that registers it as an entry point of {GROUP}.",
        )
    opener = cast("Callable[[str, VectorSpace], VectorIndex]", registered[kind].load())
    return opener(url, space)


def open_embedder(name: str = "lexical") -> Embedder:
    """An embedder: ``lexical``, or the path of a folder with a sentence model.

    Raises ConfigurationError where the folder, or what is needed to run it, is absent: see `SentenceEmbedder`.

    >>> open_embedder().space
    VectorSpace(name='lexical-1-256', dimension=256)
    """
    if name == "lexical":
        return LexicalEmbedder()
    from medialib.similarity.sentences import SentenceEmbedder

    return SentenceEmbedder(Path(name).expanduser())
