"""What a file that stands in the library holds: by the folder it stands in first, then by its name."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

import attrs

from medialib.matching import Identified, TitleIndex, identify, known_title, normalise_title
from medialib.model import Episode, Holding, InventoryFile, Movie, Place, Show, Unit
from medialib.naming import (
    ParsedName,
    SeasonNumbers,
    absolute_to_season,
    collision_key,
    is_for_extras,
    parse_name,
    read_title_folder,
)
from medialib.ports import Catalogue
from medialib.routing import RoutingPolicy, Unrouted, held_by, home_of, split_stem

__all__ = ["Extra", "FileReading", "Reader"]

_SPECIALS: Final = re.compile(r"(?i)specials?")
_BARE_NUMBER: Final = re.compile(r"\d{1,4}(?:v\d)?")


@attrs.frozen
class Extra:
    """A file beside a film or a show, which is no part of it."""

    reason: str
    """Why, for a reader."""


FileReading: TypeAlias = Holding | Extra | Unrouted
"""What `Reader.video` answers."""


@attrs.frozen
class _Home:
    """The folder of a show or film."""

    record: Show | Movie
    path: str
    text: str
    """What its name says of title and year, as it is read together with the names below it."""


class Reader:
    """Reads names in the light of the folders that the catalogue's shows and films have."""

    def __init__(self, catalogue: Catalogue, policy: RoutingPolicy) -> None:
        self._catalogue = catalogue
        self._records: dict[tuple[str, str], Show | Movie] = {}
        self._homes: dict[tuple[str, str], Show | Movie] = {}
        records: list[Show | Movie] = [*catalogue.shows.all(), *catalogue.movies.all()]
        for record in records:
            self._records[_kind(record), record.key] = record
            for kept in (policy, *(policy.within(rule.name) for rule in policy.roots)):
                home = home_of(record, kept)
                if isinstance(home, Place):
                    self._homes.setdefault((home.location, collision_key(home.path)), record)
        self._index = TitleIndex(known_title(record) for record in self._records.values())
        self._episodes: tuple[str, tuple[Episode, ...]] = ("", ())
        self._folders: tuple[tuple[str, str], _Home | None] = (("", ""), None)
        self._own_names: dict[tuple[str, str], frozenset[str]] = {}

    def video(self, place: Place) -> FileReading:
        """What the video at `place` holds, an extra it is, or why neither can be told."""
        folder, _, name = place.path.rpartition("/")
        if any(is_for_extras(part) for part in folder.split("/")[1:]):
            return Extra("it lies in a folder for extras")
        home = self._home(place.location, folder)
        parsed = _read(place.path, name, home)
        record = self._meant(parsed) if home is None else home.record
        if record is None:
            return Unrouted("no show or film of the catalogue has its folder, or is called like it")
        if home is not None and (other := self._other(parsed, record)) is not None:
            return Unrouted(f"it lies in the folder of {record.title!r}, and its name says {other.title!r}")
        if parsed.kind in ("extra", "sample"):
            return Extra(f"its name says that it is {'an extra' if parsed.kind == 'extra' else 'a sample'}")
        return held_by(place.path, parsed, record, episodes=self.episodes(record))

    def episodes(self, record: Show | Movie) -> tuple[Episode, ...]:
        """The episodes that the catalogue knows of a show."""
        if isinstance(record, Movie):
            return ()
        if self._episodes[0] != record.key:
            # files come folder by folder, so one show at a time is enough
            self._episodes = (record.key, tuple(self._catalogue.episodes.of_show(record.key)))
        return self._episodes[1]

    def numbered(self, row: InventoryFile) -> Holding:
        """What a row says, its absolute numbers told as a season's now that the catalogue knows the episodes."""
        unit = row.holding.unit
        record = None if unit is None else self._records.get(("show", unit.key))
        if unit is None or not counts_through(unit) or not isinstance(record, Show):
            return row.holding
        found = absolute_to_season(unit.episodes, self.episodes(record), show=record.title)
        if not isinstance(found, SeasonNumbers):
            return row.holding
        return attrs.evolve(row.holding, unit=attrs.evolve(unit, season=found.season, episodes=found.episodes))

    def _home(self, location: str, folder: str) -> _Home | None:
        if self._folders[0] == (location, folder):
            return self._folders[1]
        found, above = None, folder
        while above and found is None:
            record = self._homes.get((location, collision_key(above)))
            if record is not None:
                found = _Home(record, above, str(read_title_folder(above.rpartition("/")[2])))
            above = above.rpartition("/")[0]
        self._folders = ((location, folder), found)
        return found

    def _meant(self, parsed: ParsedName) -> Show | Movie | None:
        match = identify(parsed, self._index)
        if not isinstance(match, Identified):
            return None
        return self._records[match.title.kind, match.title.key]

    def _other(self, parsed: ParsedName, record: Show | Movie) -> Show | Movie | None:
        """Another title that the name of a file says outright."""
        identity = (_kind(record), record.key)
        if identity not in self._own_names:
            names = (record.title, *record.aliases, read_title_folder(record.folder).title)
            self._own_names[identity] = frozenset(normalise_title(each) for each in names)
        if parsed.title is None or normalise_title(parsed.title) in self._own_names[identity]:
            return None
        match = identify(parsed, self._index)
        if not isinstance(match, Identified) or (match.title.kind, match.title.key) == identity:
            return None
        return self._records[match.title.kind, match.title.key]


def counts_through(unit: Unit) -> bool:
    """Whether a unit is known by absolute numbers alone.

    >>> counts_through(Unit("episode", "one-piece", None, (1071,))), counts_through(Unit("movie", "salt"))
    (True, False)
    """
    return unit.kind == "episode" and unit.season is None and unit.aired is None and bool(unit.episodes)


def _kind(record: Show | Movie) -> str:
    return "show" if isinstance(record, Show) else "movie"


def _read(path: str, name: str, home: _Home | None) -> ParsedName:
    """The reading of a path, the folder of its show put plainly: ``Breaking Bad (2008)/Season 01/01 - Pilot.mkv``."""
    if home is None:
        return parse_name(path)
    below = path[len(home.path) + 1 :]
    *folders, _ = below.split("/")
    if isinstance(home.record, Movie):
        return parse_name(f"{home.text}/{below}", kind="movie")
    if not folders and _BARE_NUMBER.fullmatch(split_stem(name)[1]):
        return parse_name(f"{home.text}/{home.text} - {name}", kind="episode")
    if folders and _SPECIALS.fullmatch(folders[0]):
        below = "/".join(("Season 00", *folders[1:], name))
    return parse_name(f"{home.text}/{below}", kind="episode")
