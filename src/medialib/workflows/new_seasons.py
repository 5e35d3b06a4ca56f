"""Which shows of the library have a season newer than what it holds, as their providers say today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any, Literal, TypeAlias

import attrs
from rich.text import Text

from medialib.errors import Cancelled, MedialibError
from medialib.model import Episode, Show
from medialib.ports import Catalogue, Clock, Location
from medialib.routing import episodes_from
from medialib.workflows.drawing import table
from medialib.workflows.lookup import TitleLookup
from medialib.workflows.missing import HeldEpisodes, is_aired
from medialib.workflows.shows import named_show
from medialib.workflows.standing import demand_mounted, survey

__all__ = ["NewSeason", "NewSeasons", "find_new_seasons"]

SeasonState: TypeAlias = Literal["aired", "running", "announced"]


@attrs.frozen
class NewSeason:
    """A season that is newer than all that the library holds of its show."""

    show: Show
    """The show."""
    season: int
    """Its number."""
    state: SeasonState
    """``aired``: all of it was broadcast; ``running``: some of it; ``announced``: nothing yet."""
    episodes: int
    """How many episodes its provider lists."""
    aired: int
    """How many of them were broadcast before today."""
    first: date | None
    """Day of its first broadcast, as far as it is known."""
    held: int | None
    """The newest season that the library holds something of; None if it holds nothing that could be told."""
    provider: str
    """Who says so."""


@attrs.frozen
class NewSeasons:
    """What providers say of seasons that the library does not hold."""

    today: date
    """The day by which it was judged what has been broadcast: in UTC."""
    seasons: tuple[NewSeason, ...]
    """By show and number."""
    unasked: tuple[tuple[Show, str], ...] = ()
    """Shows that nobody could be asked about, and why."""
    failed: tuple[tuple[Show, str], ...] = ()
    """Shows whose provider did not answer, and why."""

    def __bool__(self) -> bool:
        return bool(self.seasons)

    def __str__(self) -> str:
        said = [f"{len(self.seasons)} new seasons"]
        if self.unasked:
            said.append(f"{len(self.unasked)} shows that nobody can be asked about")
        if self.failed:
            said.append(f"{len(self.failed)} shows without an answer")
        return ", ".join(said)

    def __rich__(self) -> Text:
        """A row a season."""
        rows = [
            (
                each.show.title,
                str(each.season),
                each.state,
                f"{each.aired} of {each.episodes}",
                str(each.first or ""),
                each.provider,
            )
            for each in self.seasons
        ]
        others = [(show.title, "", "no answer", "", "", why) for show, why in self.failed]
        return table(["show", "season", "is", "broadcast", "from", "says"], [*rows, *others], below=str(self))

    def as_data(self) -> dict[str, Any]:
        """The same as plain data, for JSON."""
        return {
            "today": self.today.isoformat(),
            "seasons": [
                {
                    "show": each.show.key,
                    "title": each.show.title,
                    "season": each.season,
                    "state": each.state,
                    "episodes": each.episodes,
                    "aired": each.aired,
                    "first": None if each.first is None else each.first.isoformat(),
                    "held": each.held,
                    "provider": each.provider,
                }
                for each in self.seasons
            ],
            "unasked": [{"show": show.key, "reason": reason} for show, reason in self.unasked],
            "failed": [{"show": show.key, "reason": reason} for show, reason in self.failed],
        }


def find_new_seasons(
    catalogue: Catalogue,
    roots: Mapping[str, Location],
    lookup: TitleLookup,
    clock: Clock,
    *,
    shows: Collection[str] = (),
) -> NewSeasons:
    """Ask the providers of the named shows, or of all that the library has files of, for seasons newer than it holds.

    Nothing is entered: `medialib shows update` does that. Answers that were kept are as good as their provider lets
    them be kept. Raises NotIdentified for a show that the catalogue does not know, OutOfReach if a root of the library
    is not there or suddenly empty, and what the provider raised if no show at all could be asked about.
    """
    today = clock.now().date()
    known = {show.key: show for show in catalogue.shows.all()}
    chosen = {named_show(text, known).key for text in shows}
    held: defaultdict[str, HeldEpisodes] = defaultdict(HeldEpisodes)
    locations: set[str] = set()
    for line in survey(catalogue.inventory):
        locations.add(line.location)
        if line.kind == "episode" and line.role == "video" and line.key is not None:
            held[line.key].add(line)
    demand_mounted(roots, locations)
    seasons: list[NewSeason] = []
    unasked: list[tuple[Show, str]] = []
    failed: list[tuple[Show, MedialibError]] = []
    answered = False
    wanted = chosen or known.keys() & held.keys()
    for show in sorted((known[key] for key in wanted), key=lambda show: (show.title.casefold(), show.key)):
        try:
            told = lookup.known_episodes(show)
        except Cancelled:
            raise
        except KeyError:
            unasked.append((show, "its provider does not have it any more"))
        except MedialibError as error:
            failed.append((show, error))
        else:
            if told is None:
                unasked.append((show, "no provider that is asked knows it: medialib shows add"))
                continue
            answered = True
            provider, listed = told
            seasons += _newer(show, episodes_from(show.key, listed), held[show.key], today, provider)
    if failed and not answered:
        raise failed[0][1]
    return NewSeasons(today, tuple(seasons), tuple(unasked), tuple((show, str(error)) for show, error in failed))


def _newer(
    show: Show, episodes: Iterable[Episode], held: HeldEpisodes, today: date, provider: str
) -> Iterator[NewSeason]:
    by_season = {
        number: tuple(of_season)
        for number, of_season in groupby(
            sorted(episodes, key=lambda episode: (episode.season, episode.number)), key=lambda episode: episode.season
        )
        if number > 0
    }
    newest = max((number for number, listed in by_season.items() if any(map(held.holds, listed))), default=None)
    for number, listed in by_season.items():
        if newest is not None and number <= newest:
            continue
        aired = sum(is_aired(episode, today) for episode in listed)
        state: SeasonState = "announced" if aired == 0 else "aired" if aired == len(listed) else "running"
        first = min((episode.aired for episode in listed if episode.aired is not None), default=None)
        yield NewSeason(show, number, state, len(listed), aired, first, newest, provider)
