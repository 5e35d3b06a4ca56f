"""Between the two ways to number an episode: counted through all seasons, and within its season.

Where the numbers come from (a provider, an absolute order, counting) is the matter of
`medialib.metadata.with_absolute_numbers`; here they are looked up, in both directions and with reasons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

import attrs

__all__ = [
    "AbsoluteNumbers",
    "CountedEpisode",
    "NotCounted",
    "SeasonNumbers",
    "absolute_to_season",
    "season_to_absolute",
]


class CountedEpisode(Protocol):
    """An episode with both of its numbers: a `model.Episode` or a `metadata.EpisodeMetadata`."""

    @property
    def season(self) -> int:
        """Season number; 0 for specials."""

    @property
    def number(self) -> int:
        """Number within the season."""

    @property
    def absolute(self) -> int | None:
        """Number counted through all seasons; None where that is not known."""


@attrs.frozen
class SeasonNumbers:
    """Episodes within one season."""

    season: int
    """Season number; 0 for specials."""
    episodes: tuple[int, ...]
    """Numbers within the season, ascending."""
    reason: str
    """Why these, for a reader."""


@attrs.frozen
class AbsoluteNumbers:
    """Episodes counted through all seasons."""

    numbers: tuple[int, ...]
    """Absolute numbers, ascending."""
    reason: str
    """Why these, for a reader."""


@attrs.frozen
class NotCounted:
    """The numbers cannot be said without a guess."""

    reason: str
    """Why, for a reader."""
    unknown: bool = False
    """Nobody has told the numbers of these episodes yet; False: what was told does not settle it."""


def absolute_to_season(
    absolute: Sequence[int], episodes: Iterable[CountedEpisode], *, show: str
) -> SeasonNumbers | NotCounted:
    """The season, and the numbers in it, of episodes known by their absolute numbers.

    `episodes` are those that are known of the show, in any order; `show` is its title, for the reasons. A number that
    none of them has, that several have, or numbers of several seasons are answered by `NotCounted`.

    >>> from medialib.model import Episode
    >>> known = (Episode("dark", 1, 1, absolute=1), Episode("dark", 2, 1, absolute=2))
    >>> absolute_to_season((2,), known, show="Dark")
    SeasonNumbers(season=2, episodes=(1,), reason='absolute episode 2 is S02E01')
    >>> absolute_to_season((3,), known, show="Dark").reason
    "the catalogue does not know which season of 'Dark' absolute episode 3 is in"
    """
    by_absolute = _by_absolute(episodes)
    found: list[CountedEpisode] = []
    for number in absolute:
        fitting = by_absolute.get(number, [])
        if not fitting:
            return NotCounted(
                f"the catalogue does not know which season of {show!r} absolute episode {number} is in", unknown=True
            )
        if len(fitting) > 1:
            return _ambiguous(number, fitting, show)
        found.append(fitting[0])
    seasons = {episode.season for episode in found}
    said = ", ".join(str(number) for number in absolute)
    if len(seasons) != 1:
        where = (
            f"absolute episodes {said} of {show!r} lie in several seasons" if found else "no absolute number is given"
        )
        return NotCounted(where)
    season = seasons.pop()
    numbers = tuple(sorted(episode.number for episode in found))
    listed = "E".join(f"{number:02}" for number in numbers)
    return SeasonNumbers(season, numbers, f"absolute episode {said} is S{season:02}E{listed}")


def season_to_absolute(
    season: int, numbers: Sequence[int], episodes: Iterable[CountedEpisode], *, show: str
) -> AbsoluteNumbers | NotCounted:
    """The absolute numbers of episodes known by their season and their numbers in it.

    `episodes` and `show` are as for `absolute_to_season`. An episode that is not known, has no absolute number
    (specials have none) or several is answered by `NotCounted`, and so is one whose absolute number is another's too.

    >>> from medialib.model import Episode
    >>> known = (Episode("dark", 1, 1, absolute=1), Episode("dark", 2, 1, absolute=2))
    >>> season_to_absolute(2, (1,), known, show="Dark")
    AbsoluteNumbers(numbers=(2,), reason='S02E01 is absolute episode 2')
    """
    by_absolute = _by_absolute(episodes)
    counted: dict[tuple[int, int], list[int]] = defaultdict(list)
    for absolute, fitting in by_absolute.items():
        for place in {(episode.season, episode.number) for episode in fitting}:
            counted[place].append(absolute)
    found: list[int] = []
    for number in numbers:
        said = counted.get((season, number), [])
        place_said = f"S{season:02}E{number:02}"
        if not said:
            return NotCounted(f"the catalogue has no absolute number for {place_said} of {show!r}", unknown=True)
        if len(said) > 1:
            listed = ", ".join(str(each) for each in sorted(said))
            return NotCounted(f"{place_said} of {show!r} may be any of the absolute episodes {listed}")
        if len(by_absolute[said[0]]) > 1:
            return _ambiguous(said[0], by_absolute[said[0]], show)
        found += said
    if not found:
        return NotCounted("no episode is given")
    listed = "E".join(f"{number:02}" for number in numbers)
    answer = ", ".join(str(number) for number in found)
    return AbsoluteNumbers(tuple(sorted(found)), f"S{season:02}E{listed} is absolute episode {answer}")


def _by_absolute(episodes: Iterable[CountedEpisode]) -> dict[int, list[CountedEpisode]]:
    found: dict[int, list[CountedEpisode]] = defaultdict(list)
    for episode in episodes:
        if episode.absolute is not None:
            found[episode.absolute].append(episode)
    return found


def _ambiguous(absolute: int, fitting: Sequence[CountedEpisode], show: str) -> NotCounted:
    listed = ", ".join(f"S{episode.season:02}E{episode.number:02}" for episode in fitting)
    return NotCounted(f"absolute episode {absolute} of {show!r} may be any of {listed}")
