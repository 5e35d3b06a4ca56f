"""Which title a name means: among those that the catalogue knows, and among those that a provider offers."""

from medialib.matching.choosing import Choice, Chosen, NotChosen, Offer, Wanted, choose_title, wanted_of, wanted_title
from medialib.matching.identify import (
    Candidate,
    Identified,
    KnownTitle,
    Match,
    TitleIndex,
    Unidentified,
    identify,
    known_title,
    normalise_title,
)

__all__ = [
    "Candidate",
    "Choice",
    "Chosen",
    "Identified",
    "KnownTitle",
    "Match",
    "NotChosen",
    "Offer",
    "TitleIndex",
    "Unidentified",
    "Wanted",
    "choose_title",
    "identify",
    "known_title",
    "normalise_title",
    "wanted_of",
    "wanted_title",
]
