"""What a provider says of a file by its content, held against a name and a show, and believed only where it fits."""

from __future__ import annotations

import re
from typing import Any

import attrs

from medialib.matching import normalise_title
from medialib.metadata import EpisodePlace, FileMetadata
from medialib.model import Episode, Show, Unit
from medialib.naming import NotCounted, ParsedName, absolute_to_season

__all__ = ["contradiction", "doubt", "is_of", "place_in", "renamed"]


def doubt(file: FileMetadata, size: int, crc32: str | None) -> str | None:
    """Why what was said cannot be of these bytes, for a reader; None if size and CRC32 agree, as far as both are known.

    >>> said = FileMetadata("anidb", 1, 959, ("Fumoffu",), "5", size=7, crc32="0a1b2c3d")
    >>> doubt(said, 7, "0a1b2c3d"), doubt(said, 8, None)
    (None, 'anidb says that it has 7 bytes, and it has 8')
    """
    if file.size is not None and file.size != size:
        return f"{file.provider} says that it has {file.size} bytes, and it has {size}"
    if file.crc32 is not None and crc32 is not None and file.crc32 != crc32:
        return f"{file.provider} says that its CRC32 is {file.crc32}, and it is {crc32}"
    return None


def is_of(show: Show, file: FileMetadata, tvdb: int | None = None) -> bool:
    """Whether the file is of that show, by a number that both have; `tvdb` is TheTVDB's of the series that holds it.

    A show that is told by the same provider has one entry a season there, as the file has; others hold all seasons.

    >>> from medialib.model import ExternalIds
    >>> said = FileMetadata("anidb", 1, 3, ("3x3 Eyes: Seima Densetsu",), "1")
    >>> is_of(Show("eyes", "3x3 Eyes", ids=ExternalIds(tvdb=70973)), said, 70973)
    True
    """
    own = getattr(show.ids, file.provider, None)
    if own == file.title:
        return True
    return show.source != file.provider and tvdb is not None and show.ids.tvdb == tvdb


def place_in(show: Show | None, file: FileMetadata, tvdb: tuple[int, EpisodePlace] | None) -> EpisodePlace | None:
    """Where a show has the file's episode; None where that cannot be told. None for `show`: one that is entered for it.

    A show that nobody else has numbered goes by the provider's own numbers; one of TheTVDB's by what `tvdb` says of it;
    any other by the absolute number, where it begins with what the provider calls so.
    """
    if file.episode is None or file.others:
        return None
    numbered = show is not None and show.source not in (file.provider, "name", "user")
    if not numbered:
        return file.episode
    if tvdb is not None and show is not None and show.ids.tvdb == tvdb[0]:
        return tvdb[1]
    return EpisodePlace(None, file.episode.numbers) if file.episode.season == 1 else None


def renamed(parsed: ParsedName, file: FileMetadata, show: Show | None, place: EpisodePlace | None) -> ParsedName:
    """The name as it would have to be: of that show (None: the one that the provider names), with the episode's place.

    Without a place the numbers of the name stay; what is an opening, a trailer or the like becomes an extra.
    """
    extra = re.match(r"[CTPO]\d", file.label) is not None
    changes: dict[str, Any] = {
        "rejected": False,
        "confidence": 1.0,
        "kind": "extra" if extra else "anime" if parsed.kind in ("unknown", "movie", "anime") else parsed.kind,
        "release_group": parsed.release_group or file.group,
    }
    if show is None:
        changes |= {
            "title": file.names[0],
            "alternative_titles": file.names[1:],
            "year": None,
            "country": None,
        }
    if place is not None:
        changes |= {
            "seasons": () if place.season is None else (place.season,),
            "episodes": () if place.season is None else place.numbers,
            "absolute_episodes": place.numbers if place.season is None else (),
            "episode_title": file.episode_title,
            "special": place.season == 0,
            "season_pack": False,
            "date": None,
        }
    return attrs.evolve(parsed, **changes)


def contradiction(
    unit: Unit, show: Show, file: FileMetadata, tvdb: tuple[int, EpisodePlace] | None, episodes: tuple[Episode, ...]
) -> str | None:
    """How what the library calls a file and what the provider does contradict each other, for a reader; None if not.

    Where it cannot be told whether both mean the same, nothing contradicts.
    """
    names = {normalise_title(name) for name in (show.title, *show.aliases)}
    series = None if tvdb is None else tvdb[0]
    if not is_of(show, file, series) and not names & {normalise_title(name) for name in file.names}:
        numbered = getattr(show.ids, file.provider, None)
        known = show.source == file.provider and numbered is not None
        other = series is not None and show.ids.tvdb is not None and show.ids.tvdb != series
        return f"{file.provider} says that it is {file.reference}, not of {show.title!r}" if known or other else None
    place = place_in(show, file, tvdb)
    if place is None or unit.aired is not None:
        return None
    if place.season is None:
        counted = absolute_to_season(place.numbers, episodes, show=show.title)
        if isinstance(counted, NotCounted):
            return None
        place = EpisodePlace(counted.season, counted.episodes)
    if unit.season is None or (place.season, place.numbers) == (unit.season, unit.episodes):
        return None
    listed = "E".join(f"{number:02}" for number in place.numbers)
    return f"{file.provider} says that it is {file.reference}, which is S{place.season:02}E{listed} here"
