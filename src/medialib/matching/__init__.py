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
from medialib.matching.judging import Borne, Difference, Judgement, ProposedReading, judge_reading
from medialib.matching.title_rules import TitleRule, TitleRules, TitleType, judge_title, lacks_details

__all__ = [
    "Borne",
    "Candidate",
    "Choice",
    "Chosen",
    "Difference",
    "Identified",
    "Judgement",
    "KnownTitle",
    "Match",
    "NotChosen",
    "Offer",
    "ProposedReading",
    "TitleIndex",
    "TitleRule",
    "TitleRules",
    "TitleType",
    "Unidentified",
    "Wanted",
    "choose_title",
    "identify",
    "judge_reading",
    "judge_title",
    "known_title",
    "lacks_details",
    "normalise_title",
    "wanted_of",
    "wanted_title",
]
