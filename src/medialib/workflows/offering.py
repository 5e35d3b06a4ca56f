"""What a provider offers under a title, and which of it the catalogue has."""

from __future__ import annotations

import attrs

from medialib.errors import UsageError
from medialib.matching import TitleRules, wanted_title
from medialib.metadata import TitleKind, TitleMetadata
from medialib.model import Movie, Show
from medialib.ports import Catalogue
from medialib.routing import same_title
from medialib.workflows.lookup import TitleLookup

__all__ = ["OfferedTitle", "offer_titles"]


@attrs.frozen
class OfferedTitle:
    """A title that a provider offers."""

    title: TitleMetadata
    """The title."""
    known: str | None
    """Key of the show or film that the catalogue has of it; None if it has none."""
    score: float
    """How well it fits what was asked for, 0 to 1."""
    reasons: tuple[str, ...]
    """Why it is offered, for a reader."""


def offer_titles(
    query: str, lookup: TitleLookup, catalogue: Catalogue, rules: TitleRules | None = None, *, kind: TitleKind = "show"
) -> tuple[OfferedTitle, ...]:
    """What the provider offers for `query` (a title, with a year in parentheses if there is one), best first.

    Only what passes the rules, of the first 20. Raises UsageError if the provider knows no films and they are asked
    for, and what the provider raises.
    """
    if not lookup.knows(kind):
        raise UsageError(f"{lookup.provider} knows no films", remedy="Ask another with --provider, tmdb for example.")
    offers = lookup.offers(wanted_title(query, kind), rules)
    records: tuple[Show | Movie, ...] = tuple(catalogue.shows.all() if kind == "show" else catalogue.movies.all())
    return tuple(
        OfferedTitle(
            offer.title,
            next((record.key for record in records if same_title(record, offer.title)), None),
            offer.score,
            offer.reasons,
        )
        for offer in offers
    )
