"""Tools that ask metadata providers about titles."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from medialib.errors import NotIdentified
from medialib.matching import Offer, Wanted
from medialib.metadata import EpisodeMetadata, TitleMetadata
from medialib.service.desk import Desk
from medialib.service.tools import LIMIT, LONGEST_NAME, OFFSET, clipped, page, said, tool
from medialib.workflows.lookup import TitleLookup

__all__ = ["METADATA_TOOLS", "get_title", "search_provider"]

_SUMMARY: Final = 1_000
"""Characters of a summary that are told."""


@attrs.frozen
class ProviderSearchRequest:
    """What to ask a metadata provider for."""

    title: str = attrs.field(metadata=said("Title to look for.", minLength=1, maxLength=LONGEST_NAME))
    kind: Literal["show", "movie"] = attrs.field(default="show", metadata=said("A series or a film."))
    year: int | None = attrs.field(default=None, metadata=said("Its year, if that is known."))
    country: str | None = attrs.field(
        default=None, metadata=said("Its country, ISO 3166-1 alpha-2, if that is known.", minLength=2, maxLength=2)
    )
    provider: str | None = attrs.field(
        default=None, metadata=said("Which provider; the configured one if none is named.", maxLength=50)
    )


@attrs.frozen
class ProviderOffers:
    """What a provider offers for a title."""

    provider: str
    """Who was asked."""
    credit: str
    """The attribution that its terms ask for."""
    offers: tuple[Offer, ...] = ()
    """Best first, 20 at most, each with its score and reasons."""


@attrs.frozen
class ProviderTitleRequest:
    """Which title of a provider, and which of its episodes."""

    id: int = attrs.field(metadata=said("The provider's own number for it, as search_provider tells it."))
    kind: Literal["show", "movie"] = attrs.field(default="show", metadata=said("A series or a film."))
    provider: str | None = attrs.field(
        default=None, metadata=said("Which provider; the configured one if none is named.", maxLength=50)
    )
    order: str = attrs.field(
        default="aired",
        metadata=said("Number the episodes by another order that the provider keeps.", maxLength=LONGEST_NAME),
    )
    season: int | None = attrs.field(default=None, metadata=said("Only episodes of this season.", minimum=0))
    offset: int = attrs.field(default=0, metadata=OFFSET)
    limit: int = attrs.field(default=50, metadata=LIMIT)


@attrs.frozen
class ProviderTitle:
    """A title as its provider describes it."""

    title: TitleMetadata
    """Everything but its episodes."""
    credit: str
    """The attribution that the provider's terms ask for."""
    total: int = 0
    """How many episodes answer to what was asked."""
    episodes: tuple[EpisodeMetadata, ...] = ()
    """Those of this page."""
    next_offset: int | None = None
    """Where the next page begins; none at the end."""


@tool("Search a metadata provider", outward=True)
def search_provider(desk: Desk, request: ProviderSearchRequest) -> ProviderOffers:
    """Ask a metadata provider (TVmaze, TMDB, TheTVDB, AniDB, IMDb) for titles of a name, best first, with reasons.

    Use it for what the catalogue does not have. The numbers that it tells are what plan_add_show and get_title take.
    """
    wanted = Wanted(request.title, request.kind, request.year, request.country)
    with desk.library() as library:
        provider = library.providers.chosen(request.provider)
        offers = TitleLookup(provider).offers(wanted)
        return ProviderOffers(
            provider.name,
            provider.traits.credit,
            tuple(attrs.evolve(offer, title=_shortened(offer.title)) for offer in offers),
        )


@tool("Get a title from a provider", outward=True)
def get_title(desk: Desk, request: ProviderTitleRequest) -> ProviderTitle:
    """Get everything that a metadata provider says of one title, with its episodes a page at a time."""
    with desk.library() as library:
        provider = library.providers.chosen(request.provider)
        title = provider.title(request.id, request.kind)
        if title is None:
            raise NotIdentified(
                f"{provider.name} has no {request.kind} {request.id}", remedy="search_provider tells numbers."
            )
        listed = TitleLookup(provider).episodes(title, request.order) if request.kind == "show" else ()
        credit = provider.traits.credit
    episodes = [each for each in listed if request.season in (None, each.season)]
    rows, further = page(episodes, request.offset, request.limit)
    return ProviderTitle(_shortened(title), credit, len(episodes), rows, further)


def _shortened(title: TitleMetadata) -> TitleMetadata:
    summary = None if title.summary is None else clipped(title.summary, _SUMMARY)
    return attrs.evolve(title, summary=summary, aliases=title.aliases[:50])


METADATA_TOOLS: Final = (search_provider, get_title)
