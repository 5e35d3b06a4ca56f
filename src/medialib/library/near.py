"""Titles that are searched for: in the index of vectors that is configured, and at a provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from medialib.errors import UsageError
from medialib.library.record import Library
from medialib.matching import TitleRules
from medialib.metadata import TitleKind
from medialib.similarity import open_embedder, open_vector_index
from medialib.workflows.lookup import TitleLookup
from medialib.workflows.offering import OfferedTitle, offer_titles
from medialib.workflows.similar import NearTitles, space_of

__all__ = ["kept_shows", "near_titles", "search_provider"]


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


def search_provider(
    library: Library,
    query: str,
    provider: str | None = None,
    rules: TitleRules | None = None,
    *,
    kind: TitleKind = "show",
) -> tuple[OfferedTitle, ...]:
    """What a provider offers for a title, the configured one if none is named; see `workflows.offering.offer_titles`.

    Raises UsageError if there is no such provider or none is configured, ConfigurationError if it wants a key that is
    not set, and as `offer_titles` does.
    """
    asked = library.providers.preferred if provider is None else library.providers.named(provider)
    if asked is None:
        raise UsageError("there is nobody to ask about titles", remedy="Set metadata.provider, or name one.")
    return offer_titles(query, TitleLookup(asked), library.catalogue, rules, kind=kind)
