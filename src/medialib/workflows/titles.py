"""The titles that files of one plan are matched with: the catalogue's, and those that are to be entered with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import attrs

from medialib.errors import Cancelled, MedialibError
from medialib.events import Noted, Observer, nobody
from medialib.matching import (
    Chosen,
    Identified,
    NotChosen,
    TitleIndex,
    Unidentified,
    identify,
    known_title,
    normalise_title,
)
from medialib.model import Episode, Movie, Place, Show
from medialib.naming import ParsedName, collision_key
from medialib.planning import Action, AddMovie, AddShow, ChangeShow, SetEpisodes
from medialib.ports import Catalogue
from medialib.routing import (
    RoutingPolicy,
    Unrouted,
    episodes_from,
    home_of,
    merge_episodes,
    movie_from,
    new_movie,
    new_show,
    same_title,
    show_from,
)
from medialib.workflows.lookup import TitleLookup

__all__ = ["Titled", "Titles", "UnknownTitles"]

UnknownTitles: TypeAlias = Literal["by-name", "look-up", "refuse"]
"""What becomes of a title that the catalogue does not know: entered by its name, looked up, or left alone."""

Record: TypeAlias = Show | Movie


@attrs.frozen
class Titled:
    """A name has a title."""

    record: Record
    """The show or film, whether it is in the catalogue or is to be entered."""
    why: str
    """Why this one, for a reader."""


class Titles:
    """All titles of a catalogue, and what has to be entered or changed for those that names ask for.

    Nothing is entered here: `entering` gives the actions that do, once a file needs them.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        shows: UnknownTitles = "by-name",
        movies: UnknownTitles = "by-name",
        lookup: TitleLookup | None = None,
        observer: Observer = nobody,
    ) -> None:
        self._catalogue = catalogue
        self._unknown: dict[str, UnknownTitles] = {"show": shows, "movie": movies}
        self._lookup = lookup
        self._observer = observer
        self._records: dict[tuple[str, str], Record] = {}
        self._index = TitleIndex()
        for show in catalogue.shows.all():
            self._remember(show)
        for movie in catalogue.movies.all():
            self._remember(movie)
        self._episodes: dict[str, tuple[Episode, ...]] = {}
        self._refreshed: dict[str, str | None] = {}
        self._waiting: dict[tuple[str, str], list[Callable[[str], Action]]] = {}
        self._entered: dict[tuple[str, str], str] = {}
        self._homes: dict[Place, tuple[str, str]] | None = None

    def of(self, parsed: ParsedName) -> Titled | Unrouted:
        """The show or film that a name means, and why."""
        if parsed.kind == "unknown" or parsed.rejected or parsed.title is None:
            return Unrouted("its name says neither episode nor film", "Rename it, or place it by hand.")
        match = identify(parsed, self._index)
        if isinstance(match, Identified):
            return Titled(self._records[match.title.kind, match.title.key], "; ".join(match.reasons))
        if match.ambiguous:
            return Unrouted(match.reason, "Put the year into the name, or give one of them an alias.")
        kind: Literal["show", "movie"] = "show" if parsed.is_episode else "movie"
        what = "show" if kind == "show" else "film"
        policy = self._unknown[kind]
        if policy == "refuse":
            return Unrouted(
                match.reason, f"Enter the {what} first, route with --auto-add, or set routing.unknown_{kind}s."
            )
        if policy == "look-up":
            if self._lookup is None:
                return Unrouted(match.reason, "Set metadata.provider, so that it can be looked up.")
            if self._lookup.knows(kind):
                return self._look_up(parsed, kind, match)
            by_name = f"{match.reason}; {self._lookup.provider} knows no {what}s, so it is entered by its name"
        else:
            by_name = f"{match.reason}, so it is entered by its name"
        record = new_show(parsed, self._keys("show")) if kind == "show" else new_movie(parsed, self._keys("movie"))
        return Titled(self._new(record, by_name), by_name)

    def known(self, parsed: ParsedName) -> Titled | None:
        """The title that a name means, if it is known by now; nobody is asked."""
        match = identify(parsed, self._index)
        if not isinstance(match, Identified):
            return None
        return Titled(self._records[match.title.kind, match.title.key], "; ".join(match.reasons))

    def only(self, fits: Callable[[Show], bool]) -> Show | None:
        """The one show that fits, whether it is in the catalogue or is to be entered; None if none or several do."""
        fitting = [record for record in self._records.values() if isinstance(record, Show) and fits(record)]
        return fitting[0] if len(fitting) == 1 else None

    def episodes(self, record: Record, parsed: ParsedName) -> tuple[Episode, ...] | Unrouted:
        """What is known of a show's episodes; its provider is asked again if the name speaks of one that is not there.

        `Unrouted` if the provider cannot be asked just now and the name cannot be numbered without it.
        """
        if isinstance(record, Movie):
            return ()
        if record.key not in self._episodes:
            self._episodes[record.key] = tuple(self._catalogue.episodes.of_show(record.key))
        if self._lacks(record, parsed):
            if record.key not in self._refreshed:
                self._refreshed[record.key] = self._refresh(record)
                if self._refreshed[record.key] is None and self._lacks(record, parsed):
                    # an answer that was kept may be older than the episode
                    self._refreshed[record.key] = self._refresh(record, fresh=True)
            trouble = self._refreshed[record.key]
            if trouble is not None:
                told = f"the episodes of {record.title!r} could not be asked for: {trouble}"
                if not (parsed.seasons and parsed.episodes):
                    return Unrouted(told)
                self._observer(Noted(told, level="warning"))
        return self._episodes[record.key]

    def sharing(self, record: Record, policy: RoutingPolicy) -> Record | None:
        """Another title that comes to the same folder, names compared as the least of file systems does; or None."""
        if self._homes is None:
            self._homes = {}
            for known in self._records.values():
                self._settle(known, policy, self._homes)
        owner = self._settle(record, policy, self._homes)
        return None if owner is None or owner == _identity(record) else self._records[owner]

    def _settle(
        self, record: Record, policy: RoutingPolicy, homes: dict[Place, tuple[str, str]]
    ) -> tuple[str, str] | None:
        home = home_of(record, policy)
        if isinstance(home, Unrouted):
            return None
        # where titles may be in any of several roots, no two of a kind may have one folder's name in any of them
        room = _identity(record)[0] if policy.roots else home.location
        return homes.setdefault(Place(room, collision_key(home.path)), _identity(record))

    def entering(self, record: Record, *, first: int) -> tuple[tuple[Action, ...], tuple[str, ...]]:
        """The actions that must come before a file of this title is placed, and the ids that it comes after.

        The actions are called ``a1`` and so on, from `first`. What was given once is not given again.
        """
        identity = _identity(record)
        actions: list[Action] = []
        for make in self._waiting.pop(identity, []):
            action = make(f"a{first + len(actions)}")
            if identity in self._entered:
                action = attrs.evolve(action, after=(self._entered[identity],))
            self._entered[identity] = action.id
            actions.append(action)
        return tuple(actions), (self._entered[identity],) if identity in self._entered else ()

    # ----------------------------------------------------------------------------------------------------- looking up

    def _look_up(self, parsed: ParsedName, kind: Literal["show", "movie"], match: Unidentified) -> Titled | Unrouted:
        assert self._lookup is not None
        try:
            choice = self._lookup.parsed(parsed)
        except Cancelled:
            raise
        except MedialibError as error:
            return Unrouted(f"{match.reason}; it could not be looked up: {error}")
        if isinstance(choice, NotChosen):
            asked = ", ".join(self._lookup.providers)
            return Unrouted(f"{match.reason}; on {asked}, {choice.reason}", self._remedy(parsed, choice))
        why = f"{choice.title.provider} says: {', '.join(choice.reasons)}"
        for record in self._records.values():
            if isinstance(record, Show) == (kind == "show") and same_title(record, choice.title):
                return self._also_called(record, parsed, why)
        return self._offered(choice, parsed, why)

    def _offered(self, choice: Chosen, parsed: ParsedName, why: str) -> Titled | Unrouted:
        """A title that the provider has and the catalogue has not."""
        assert self._lookup is not None
        if choice.title.kind == "movie":
            movie = movie_from(choice.title, self._keys("movie"), alias=parsed.title)
            return Titled(self._new(movie, why), why)
        try:
            listed = self._lookup.episodes(choice.title)
        except Cancelled:
            raise
        except MedialibError as error:
            return Unrouted(f"{choice.title.title!r} was found, but not its episodes: {error}")
        show = show_from(self._lookup.credited(choice.title), self._keys("show"), alias=parsed.title)
        self._refreshed[show.key] = None
        return Titled(self._new(show, why, episodes_from(show.key, listed)), why)

    def _also_called(self, record: Record, parsed: ParsedName, why: str) -> Titled:
        """A title that is known, by a name that was not."""
        names = {normalise_title(name) for name in (record.title, *record.aliases)}
        alias = parsed.title or ""
        if normalise_title(alias) in names:
            # the same words, but another year than the catalogue has
            alias = f"{alias} {parsed.year or parsed.country or ''}".strip()
        if isinstance(record, Movie):
            return Titled(record, f"{why}; it is in the catalogue as {record.title!r}")
        changed = attrs.evolve(record, aliases=(*record.aliases, alias))
        reason = f"is called {alias!r} too"
        self._waiting.setdefault(_identity(record), []).append(lambda name: ChangeShow(name, record, changed, reason))
        self._remember(changed)
        return Titled(changed, f"{why}; it is in the catalogue as {record.title!r}")

    def _remedy(self, parsed: ParsedName, choice: NotChosen) -> str:
        if not parsed.is_episode:
            return "Put the right title and year into the name."
        if not choice.offers:
            return "Route it without --auto-add to enter it by its name, or add it under its original title."
        first = choice.offers[0].title
        option = f"--{first.provider}-id {first.identifier}"
        return f'Say which one, for example: medialib shows add "{parsed.title}" {option}'

    def _lacks(self, show: Show, parsed: ParsedName) -> bool:
        known = self._episodes[show.key]
        if parsed.seasons and parsed.episodes:
            there = {(episode.season, episode.number) for episode in known}
            return any((season, number) not in there for season in parsed.seasons for number in parsed.episodes)
        if parsed.date is not None:
            return not any(episode.aired == parsed.date for episode in known)
        counted = {episode.absolute for episode in known}
        return any(number not in counted for number in (*parsed.absolute_episodes, *parsed.episodes))

    def _refresh(self, show: Show, *, fresh: bool = False) -> str | None:
        """Ask the show's provider for its episodes again; returns what went wrong."""
        try:
            told = None if self._lookup is None else self._lookup.known_episodes(show, fresh=fresh)
        except Cancelled:
            raise
        except MedialibError as error:
            return str(error)
        if told is None:
            return None
        teller, listed = told
        changes = merge_episodes(self._episodes[show.key], episodes_from(show.key, listed))
        if changes.notes and not fresh:
            more = f", and {len(changes.notes) - 1} more" if len(changes.notes) > 1 else ""
            self._observer(Noted(f"{show.title}: {changes.notes[0]}{more}", level="warning"))
        if changes:
            kept = {(each.season, each.number): each for each in self._episodes[show.key]}
            kept.update({(each.season, each.number): each for each in changes.episodes})
            self._episodes[show.key] = tuple(kept[key] for key in sorted(kept))
            reason = f"new on {teller}"
            self._waiting.setdefault(_identity(show), []).append(
                lambda name: SetEpisodes(name, show.key, changes.previous, changes.episodes, reason)
            )
        return None

    # --------------------------------------------------------------------------------------------------------- records

    def _new(self, record: Record, reason: str, episodes: tuple[Episode, ...] = ()) -> Record:
        self._remember(record)
        if isinstance(record, Show):
            show = record
            self._waiting[_identity(record)] = [lambda name: AddShow(name, show, reason, episodes=episodes)]
            self._episodes[show.key] = episodes
        else:
            movie = record
            self._waiting[_identity(record)] = [lambda name: AddMovie(name, movie, reason)]
        return record

    def _remember(self, record: Record) -> None:
        self._records[_identity(record)] = record
        self._index.add(known_title(record))

    def _keys(self, kind: str) -> set[str]:
        return {key for its_kind, key in self._records if its_kind == kind}


def _identity(record: Record) -> tuple[str, str]:
    return ("show" if isinstance(record, Show) else "movie", record.key)
