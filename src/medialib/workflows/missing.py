"""Which episodes the library lacks: broadcast already and not there, or announced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import nullcontext
from datetime import date
from itertools import groupby
from typing import Any

import attrs
from rich.text import Text

from medialib.model import Episode, Show
from medialib.ports import Catalogue, Clock, InventoryLine, Location
from medialib.workflows.drawing import table
from medialib.workflows.shows import named_show
from medialib.workflows.standing import demand_mounted, survey

__all__ = ["Absences", "AbsentSeason", "HeldEpisodes", "collapsed", "find_missing", "is_aired"]

_Number = tuple[int, int]


@attrs.frozen
class AbsentSeason:
    """What is lacking of one season of a show."""

    show: Show
    """The show."""
    season: int
    """Season number; 0 holds the specials."""
    missing: tuple[Episode, ...]
    """Broadcast, and not in the library; by number."""
    unaired: tuple[Episode, ...] = ()
    """Not in the library, and not broadcast yet or without a date; by number."""
    held: int = 0
    """How many episodes of it the library holds."""


@attrs.frozen
class Absences:
    """What the library lacks, by show and season."""

    today: date
    """The day by which it was judged what has been broadcast: in UTC."""
    seasons: tuple[AbsentSeason, ...]
    """Seasons that lack something."""
    untold: tuple[Show, ...] = ()
    """Shows whose episodes the catalogue does not know, so that nothing can be said."""

    @property
    def missing(self) -> int:
        """How many episodes were broadcast and are not there."""
        return sum(len(each.missing) for each in self.seasons)

    @property
    def unaired(self) -> int:
        """How many are still to come."""
        return sum(len(each.unaired) for each in self.seasons)

    def __str__(self) -> str:
        said = [f"{self.missing} missing"]
        if self.unaired:
            said.append(f"{self.unaired} to come")
        if self.untold:
            said.append(f"{len(self.untold)} shows of which no episodes are known")
        return ", ".join(said)

    def __rich__(self) -> Text:
        """A row a season, with runs of episodes as ranges."""
        headings = ["show", "season", "held", "missing", *(["to come"] if self.unaired else [])]
        rows = [
            (
                each.show.title,
                "specials" if each.season == 0 else str(each.season),
                str(each.held),
                collapsed(episode.number for episode in each.missing),
                *([_dated(each.unaired)] if self.unaired else []),
            )
            for each in self.seasons
        ]
        unknown = [(show.title, "?", "", "no episodes are known: medialib shows add") for show in self.untold]
        return table(headings, [*rows, *unknown], below=str(self))

    def as_data(self) -> dict[str, Any]:
        """The same as plain data, for JSON: every episode by itself."""

        def told(episodes: Iterable[Episode]) -> list[dict[str, Any]]:
            return [
                {
                    "season": episode.season,
                    "episode": episode.number,
                    "title": episode.title,
                    "absolute": episode.absolute,
                    "aired": None if episode.aired is None else episode.aired.isoformat(),
                }
                for episode in episodes
            ]

        by_show = groupby(self.seasons, key=lambda each: each.show)
        shows = []
        for show, of_show in by_show:
            seasons = tuple(of_show)
            shows.append(
                {
                    "show": show.key,
                    "title": show.title,
                    "missing": told(episode for each in seasons for episode in each.missing),
                    "unaired": told(episode for each in seasons for episode in each.unaired),
                }
            )
        return {
            "today": self.today.isoformat(),
            "shows": shows,
            "untold": [{"show": show.key, "title": show.title} for show in self.untold],
            "missing": self.missing,
            "unaired": self.unaired,
        }


def find_missing(
    catalogue: Catalogue,
    roots: Mapping[str, Location],
    clock: Clock,
    *,
    shows: Collection[str] = (),
    everything: bool = False,
    unaired: bool = False,
    specials: bool = False,
) -> Absences:
    """The episodes that the catalogue knows and the library does not hold.

    Of the named `shows` (title, alias or key), of `everything` that the catalogue knows, or else of the shows that the
    library has a file of. Broadcast is what has a date before today's, by UTC: what is dated today may still be on its
    way, and what has no date is not known to have been. Those are told with `unaired`; season 0 with `specials`.

    Raises NotIdentified for a show that the catalogue does not know, and OutOfReach if a root of the library is not
    there or suddenly empty.
    """
    today = clock.now().date()
    # what is opened to be read is seen as at one moment; nobody's writing is to wait for this otherwise
    with catalogue.transaction() if catalogue.read_only else nullcontext():
        known = {show.key: show for show in catalogue.shows.all()}
        chosen = {named_show(text, known).key for text in shows}
        held: defaultdict[str, HeldEpisodes] = defaultdict(HeldEpisodes)
        locations: set[str] = set()
        location = None
        for line in survey(catalogue.inventory):
            if line.location != location:
                location = line.location
                locations.add(location)
            if line.kind == "episode" and line.role == "video" and line.key is not None:
                held[line.key].add(line)
        demand_mounted(roots, locations)
        wanted = chosen or (known.keys() if everything else known.keys() & held.keys())
        seasons: list[AbsentSeason] = []
        untold: list[Show] = []
        for show in sorted((known[key] for key in wanted), key=lambda show: (show.title.casefold(), show.key)):
            episodes = tuple(catalogue.episodes.of_show(show.key))
            if not episodes:
                untold.append(show)
            seasons += _absent(show, episodes, held[show.key], today, unaired=unaired, specials=specials)
    return Absences(today, tuple(seasons), tuple(untold))


def is_aired(episode: Episode, today: date) -> bool:
    """Whether an episode was broadcast before today.

    >>> is_aired(Episode("dark", 1, 1, aired=date(2017, 12, 1)), date(2017, 12, 1))
    False
    """
    return episode.aired is not None and episode.aired < today


def collapsed(numbers: Iterable[int]) -> str:
    """Numbers for a reader, with runs as ranges.

    >>> collapsed([1, 2, 3, 5, 7, 8])
    'E01-E03, E05, E07-E08'
    """
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"E{first:02}" if first == last else f"E{first:02}-E{last:02}" for first, last in runs)


def _dated(episodes: tuple[Episode, ...]) -> str:
    """Those that are to come, with the day of the first that has one."""
    dates = [episode.aired for episode in episodes if episode.aired is not None]
    said = collapsed(episode.number for episode in episodes)
    return f"{said} from {min(dates)}" if dates else said


@attrs.define
class HeldEpisodes:
    """What the library holds of one show, by the three ways in which an episode is told."""

    numbers: set[_Number] = attrs.field(factory=set)
    """Season and number."""
    dates: set[date] = attrs.field(factory=set)
    """Day of broadcast, of those that are known by nothing else."""
    absolute: set[int] = attrs.field(factory=set)
    """Number counted through all seasons, of those that are known by nothing else."""

    def add(self, line: InventoryLine) -> None:
        """A video of the show."""
        if line.season is not None:
            for number in line.episodes:
                self.numbers.add((line.season, number))
        elif line.aired is not None:
            self.dates.add(line.aired)
        else:
            self.absolute.update(line.episodes)

    def holds(self, episode: Episode) -> bool:
        """Whether one of the videos is of that episode."""
        return (
            (episode.season, episode.number) in self.numbers
            or (episode.aired is not None and episode.aired in self.dates)
            or (episode.absolute is not None and episode.absolute in self.absolute)
        )


def _absent(
    show: Show, episodes: Iterable[Episode], held: HeldEpisodes, today: date, *, unaired: bool, specials: bool
) -> Iterable[AbsentSeason]:
    for season, of_season in groupby(episodes, key=lambda episode: episode.season):
        if season == 0 and not specials:
            continue
        listed = tuple(of_season)
        lacking = [episode for episode in listed if not held.holds(episode)]
        missing = tuple(episode for episode in lacking if is_aired(episode, today))
        coming = tuple(episode for episode in lacking if not is_aired(episode, today)) if unaired else ()
        if missing or coming:
            yield AbsentSeason(show, season, missing, coming, len(listed) - len(lacking))
