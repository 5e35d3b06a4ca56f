"""The catalogue's side of an outcome: which rows change once a file is where it shall be.

Actions that change nothing but the catalogue happen here altogether, inside the transaction that commits their outcome.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal, assert_never

import attrs

from medialib.model import Episode, InventoryFile, KnownFile, Place
from medialib.planning import (
    Action,
    AddMovie,
    AddShow,
    ChangeShow,
    Discard,
    Fetch,
    MakeFolder,
    Move,
    Outcome,
    Purge,
    RecordInventory,
    RecordKnown,
    ReleaseFile,
    ReleaseFolder,
    ReleaseMark,
    ReleaseMove,
    RemoveFolder,
    RemoveMovie,
    RemoveShow,
    SetEpisodes,
    SetHolding,
    WriteText,
)
from medialib.ports import Catalogue, SupportsManyPlaces, offers
from medialib.workflows.apply.releasing import record_release

__all__ = ["changes_only_the_catalogue", "record", "record_all"]


_CATALOGUE_ONLY = (
    *(AddShow, RemoveShow, ChangeShow, SetEpisodes, AddMovie, RemoveMovie),
    *(SetHolding, RecordInventory, RecordKnown),
)


def changes_only_the_catalogue(action: Action) -> bool:
    """Whether an action touches no file."""
    return isinstance(action, _CATALOGUE_ONLY)


def record_all(
    catalogue: Catalogue, ended: Iterable[tuple[int, Action, Outcome]], now: datetime
) -> list[tuple[int, Action, Outcome]]:
    """`record` for several actions in order; fetches, and rows of the inventory, that follow each other go together."""
    final: list[tuple[int, Action, Outcome]] = []
    for kind, group in groupby(ended, key=lambda each: type(each[1])):
        several = list(group)
        if kind is Fetch:
            outcomes = [outcome for _, _, outcome in several]
            done = [outcome.known for outcome in outcomes if outcome.result == "done" and outcome.known is not None]
            _record_fetched(catalogue, done)
        elif kind is RecordInventory:
            outcomes = _record_inventory(catalogue, several)
        else:
            outcomes = [record(catalogue, action, outcome, now) for _, action, outcome in several]
        final += [(each[0], each[1], outcome) for each, outcome in zip(several, outcomes, strict=True)]
    return final


def _record_inventory(catalogue: Catalogue, several: Sequence[tuple[int, Action, Outcome]]) -> list[Outcome]:
    """Set many rows of the inventory, asking once what they are."""
    inventory = catalogue.inventory
    places = {action.place for _, action, _ in several if isinstance(action, RecordInventory)}
    if offers(inventory, SupportsManyPlaces):
        standing: dict[Place, InventoryFile | None] = dict(inventory.at(places))
    else:
        standing = {place: inventory.get(place) for place in places}
    changed: dict[Place, InventoryFile | None] = {}
    outcomes = []
    for _, action, outcome in several:
        assert isinstance(action, RecordInventory)
        place, entered = action.place, action.record
        if outcome.result == "done" and standing.get(place) != action.previous:
            outcome = _failed(f"what the inventory says of {place} has changed since")
        elif outcome.result == "done" and entered is not None and entered.place != place:
            outcome = _failed(f"the row that is to be entered for {place} is of {entered.place}")
        elif outcome.result == "done":
            standing[place] = changed[place] = entered
        outcomes.append(outcome)
    inventory.put([row for row in changed.values() if row is not None])
    for place, row in changed.items():
        if row is None:
            inventory.remove(place)
    return outcomes


def _record_fetched(catalogue: Catalogue, fetched: list[KnownFile]) -> None:
    if not fetched:
        return
    catalogue.known_files.put(fetched)
    by_remote: defaultdict[str, list[str]] = defaultdict(list)
    for known in fetched:
        by_remote[known.remote].append(known.path)
    for remote, paths in by_remote.items():
        catalogue.sightings.remove(remote, paths)


def record(catalogue: Catalogue, action: Action, outcome: Outcome, now: datetime) -> Outcome:
    """Write the rows that `action` changes, inside the caller's transaction; returns the outcome to journal.

    For an action on the catalogue alone, `outcome` says ``done`` on the way in, and may come back as ``failed`` if the
    rows are not as the action wants them.
    """
    if outcome.result != "done":
        return outcome
    match action:
        case Fetch():
            _record_fetched(catalogue, [] if outcome.known is None else [outcome.known])
            return outcome
        case Move():
            if outcome.previous_holding is not None and not outcome.source_kept:
                catalogue.inventory.remove(action.source)
            if action.holding is not None:
                holding = action.holding
                if outcome.sha256 is not None:
                    holding = attrs.evolve(holding, sha256=outcome.sha256)
                mtime_ns = action.mtime_ns if outcome.mtime_ns is None else outcome.mtime_ns
                catalogue.inventory.put([InventoryFile(action.target, action.size, mtime_ns, now, holding)])
            return outcome
        case Discard():
            if outcome.previous_holding is not None:
                catalogue.inventory.remove(action.source)
            return outcome
        case WriteText():
            if action.holding is not None:
                size, mtime_ns = len(action.content), outcome.mtime_ns or 0
                catalogue.inventory.put([InventoryFile(action.place, size, mtime_ns, now, action.holding)])
            return outcome
        case MakeFolder() | RemoveFolder() | Purge():
            return outcome
        case AddShow(show=show):
            if catalogue.shows.get(show.key) is not None:
                return _failed(f"the catalogue has a show {show.key!r} already")
            if any(episode.show != show.key for episode in action.episodes):
                return _failed(f"some of the episodes are not of the show {show.key!r}")
            catalogue.shows.add(show)
            catalogue.episodes.put(action.episodes)
            return outcome
        case RemoveShow(show=show):
            if catalogue.shows.get(show.key) != show:
                return _failed(f"the show {show.key!r} has been changed or removed since")
            if _holds_files(catalogue, "episode", show.key):
                return _KEPT
            if set(catalogue.episodes.of_show(show.key)) != set(action.episodes):
                return attrs.evolve(_KEPT, detail="kept: its episodes have changed since")
            catalogue.shows.remove(show.key)
            return outcome
        case ChangeShow(previous=previous):
            if catalogue.shows.get(previous.key) != previous:
                return _failed(f"the show {previous.key!r} has been changed or removed since")
            if action.show.key != previous.key:
                return _failed(f"the show {previous.key!r} cannot be given another key")
            refusal = _set_episodes(catalogue, previous.key, action.previous_episodes, action.episodes)
            if refusal is not None:
                return _failed(refusal)
            catalogue.shows.put(action.show)
            return outcome
        case SetEpisodes():
            refusal = _set_episodes(catalogue, action.show, action.previous, action.episodes)
            return outcome if refusal is None else _failed(refusal)
        case SetHolding(place=place):
            row = catalogue.inventory.get(place)
            if row is None or row.holding != action.previous:
                return _failed(f"what the inventory says of {place} has changed since")
            catalogue.inventory.put([attrs.evolve(row, holding=action.holding)])
            return outcome
        case AddMovie(movie=movie):
            if catalogue.movies.get(movie.key) is not None:
                return _failed(f"the catalogue has a film {movie.key!r} already")
            catalogue.movies.add(movie)
            return outcome
        case RemoveMovie(movie=movie):
            if catalogue.movies.get(movie.key) != movie:
                return _failed(f"the film {movie.key!r} has been changed or removed since")
            if _holds_files(catalogue, "movie", movie.key):
                return _KEPT
            catalogue.movies.remove(movie.key)
            return outcome
        case RecordKnown():
            if catalogue.known_files.get(action.remote, action.path) != action.previous:
                return _failed(f"what is known of {action.remote}:{action.path} has changed since")
            if action.record is None:
                catalogue.known_files.remove(action.remote, action.path)
            else:
                catalogue.known_files.put([action.record])
            return outcome
        case RecordInventory():
            return _record_inventory(catalogue, [(0, action, outcome)])[0]
        case ReleaseFile() | ReleaseMove() | ReleaseMark() | ReleaseFolder():
            record_release(catalogue, action, outcome)
            return outcome
        case _:
            assert_never(action)


_KEPT = Outcome("done", "kept: the library holds files of it", changed=False)


def _set_episodes(
    catalogue: Catalogue, show: str, previous: tuple[Episode, ...], episodes: tuple[Episode, ...]
) -> str | None:
    """Put episodes in place of others; returns why not, having changed nothing, if the rows are not as expected."""
    if catalogue.shows.get(show) is None:
        return f"the catalogue has no show {show!r}"
    if any(episode.show != show for episode in (*previous, *episodes)):
        return f"some of the episodes are not of the show {show!r}"
    expected = {(episode.season, episode.number): episode for episode in previous}
    wanted = {(episode.season, episode.number) for episode in episodes}
    standing = {(episode.season, episode.number): episode for episode in catalogue.episodes.of_show(show)}
    for season, number in sorted(expected.keys() | wanted):
        if standing.get((season, number)) != expected.get((season, number)):
            return f"S{season:02}E{number:02} of the show {show!r} has been changed since"
    for season, number in expected.keys() - wanted:
        catalogue.episodes.remove(show, season, number)
    catalogue.episodes.put(episodes)
    return None


def _holds_files(catalogue: Catalogue, kind: Literal["episode", "movie"], key: str) -> bool:
    return next(iter(catalogue.inventory.of_unit(kind, key)), None) is not None


def _failed(detail: str) -> Outcome:
    return Outcome("failed", detail)
