"""What the catalogue has of shows: which there are, by rules, and how much of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Literal, TypeAlias

import attrs

from medialib.matching import TitleRules, judge_title, normalise_title
from medialib.model import Show
from medialib.ports import Catalogue, ShowCounts, SupportsCounting, offers

__all__ = ["ListedShow", "ShowOrder", "count_shows", "list_shows"]

ShowOrder: TypeAlias = Literal["title", "year", "type", "status", "language", "source", "seasons", "episodes", "files"]
"""What a list of shows may be sorted by."""


@attrs.frozen
class ListedShow:
    """A show of the catalogue, and how much there is of it."""

    show: Show
    """The show."""
    counts: ShowCounts
    """How much there is of it."""
    reasons: tuple[str, ...] = ()
    """What of it agreed with the rules, for a reader."""


def list_shows(
    catalogue: Catalogue, rules: TitleRules | None = None, *, order: ShowOrder = "title", backwards: bool = False
) -> tuple[ListedShow, ...]:
    """The shows that pass the rules, in `order`, equals by title, year and key; what is not known stands last."""
    wanted = TitleRules() if rules is None else rules
    with catalogue.transaction():
        judged = [(show, judge_title(show, wanted)) for show in catalogue.shows.all()]
        passed = [(show, verdict.reasons) for show, verdict in judged if verdict]
        counts = count_shows(catalogue, [show.key for show, _ in passed])
    listed = [ListedShow(show, counts[show.key], reasons) for show, reasons in passed]
    listed.sort(key=lambda each: (normalise_title(each.show.title), each.show.year or 0, each.show.key))
    told = _TOLD[order]
    if told is None:
        return tuple(reversed(listed) if backwards else listed)
    known = [each for each in listed if told(each) is not None]
    known.sort(key=told, reverse=backwards)
    return (*known, *(each for each in listed if told(each) is None))


def count_shows(catalogue: Catalogue, keys: Collection[str]) -> Mapping[str, ShowCounts]:
    """How much there is of each of these shows, in as few questions as the catalogue allows."""
    if offers(catalogue, SupportsCounting):
        return catalogue.show_counts(keys)
    return {key: _counted(catalogue, key) for key in keys}


def _counted(catalogue: Catalogue, key: str) -> ShowCounts:
    seasons = catalogue.episodes.seasons(key)
    regular = [season for season in seasons if season.number > 0]
    return ShowCounts(
        seasons=len(regular),
        episodes=sum(season.episodes for season in regular),
        specials=sum(season.episodes for season in seasons if season.number == 0),
        files=sum(1 for row in catalogue.inventory.of_unit("episode", key) if row.holding.role == "video"),
    )


_TOLD: Final[Mapping[ShowOrder, Callable[[ListedShow], Any] | None]] = {
    "title": None,
    "year": lambda each: each.show.year,
    "type": lambda each: each.show.type,
    "status": lambda each: each.show.status,
    "language": lambda each: each.show.language,
    "source": lambda each: each.show.source,
    "seasons": lambda each: each.counts.seasons,
    "episodes": lambda each: each.counts.episodes,
    "files": lambda each: each.counts.files,
}
