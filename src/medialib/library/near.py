"""The catalogue's titles in the index of vectors that is configured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from medialib.library.record import Library
from medialib.similarity import open_embedder, open_vector_index
from medialib.workflows.similar import NearTitles, space_of

__all__ = ["kept_shows", "near_titles"]


@contextmanager
def near_titles(library: Library) -> Iterator[NearTitles]:
    """The catalogue's shows and films in the index that is configured, brought up to date, until the block ends.

    Writes to the index alone, which holds nothing that cannot be made again. Raises ConfigurationError where the index
    or the embedder wants what is not installed.
    """
    chosen, catalogue = library.settings.similarity, library.catalogue
    embedder = open_embedder(chosen.embedder)
    index = open_vector_index(chosen.index.reveal(), space_of(embedder, catalogue))
    try:
        titles = NearTitles((*catalogue.shows.all(), *catalogue.movies.all()), index, embedder)
        titles.update()
        yield titles
    finally:
        index.close()


def kept_shows(library: Library) -> frozenset[str]:
    """Keys of the shows that the library has files of."""
    units = (row.holding.unit for row in library.catalogue.inventory.all())
    return frozenset(unit.key for unit in units if unit is not None and unit.kind == "episode")
