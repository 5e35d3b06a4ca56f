"""What TheTVDB's answers (API v4) say of episodes and their orders: from parsed JSON to values, without asking anybody.

An answer that lacks what everything rests on (the list of episodes, an episode's number) raises `UnusableAnswer`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import attrs

from medialib.metadata import EpisodeGroup, EpisodeMetadata, EpisodeOrder, OrderKind
from medialib.providers import tvdb_fields as fields

__all__ = [
    "EpisodePage",
    "EpisodeRecord",
    "SeasonType",
    "episode_order",
    "episode_page",
    "episodes_by_broadcast",
    "season_types",
]

ORDER_KINDS: Final[Mapping[str, OrderKind]] = {"official": "tv", "dvd": "dvd", "altdvd": "dvd", "absolute": "absolute"}
"""What TheTVDB's season types count by; ``alternate``, ``alttwo``, ``regional`` and new ones may be anything."""


@attrs.frozen
class EpisodeRecord:
    """One episode, as a list by some order has it."""

    id: int
    """TheTVDB's number of the episode, the same in every order."""
    season: int
    """Its season in that order; 0 for specials."""
    number: int
    """Its number in that season."""
    title: str | None
    """Its title in the language that was asked for, where it has one."""
    aired: date | None
    """Date of its first broadcast."""
    absolute: int | None
    """Number counted through all seasons; None where TheTVDB says 0, and for specials."""


@attrs.frozen
class EpisodePage:
    """One page of a list of episodes."""

    episodes: tuple[EpisodeRecord, ...]
    """Those that have a place in the order."""
    ids: tuple[int, ...]
    """Numbers of all that are on the page."""
    size: int | None
    """How many episodes a full page has, if it says so."""
    total: int | None
    """How many episodes there are on all pages, if it says so."""
    language: str | None
    """The show's original language, ISO 639-1, if it says so."""


@attrs.frozen
class SeasonType:
    """An order that a show has."""

    slug: str
    """What it is asked for by: ``official``, ``dvd``, ``absolute`` …"""
    name: str
    """What people call it."""
    default: bool
    """Whether the show is kept in this order unless another is asked for."""
    seasons: Mapping[int, str] | None
    """Names of its seasons by number, where they have names; None if there is no word of its seasons at all."""


def episode_page(answer: object) -> EpisodePage:
    """One page of the episodes of a show in some order; those without a season or number in it have no place.

    >>> page = episode_page({"data": {"episodes": [
    ...     {"id": 11, "seasonNumber": 1, "number": 1, "name": "Departure", "aired": "2011-05-17", "absoluteNumber": 0},
    ...     {"id": 12, "seasonNumber": None, "number": None}]}})
    >>> [(each.season, each.number, each.title, each.absolute) for each in page.episodes], page.ids
    ([(1, 1, 'Departure', None)], (11, 12))
    """
    data = fields.record_of(fields.data_of(answer), "data")
    if "episodes" not in data:
        raise fields.unusable("data.episodes")
    records = fields.records(data["episodes"], "data.episodes")
    links = fields.part(fields.record_of(answer, "answer"), "links")
    # without a language the show stands beside its episodes, with one around them
    show = fields.part(data, "series") or data
    ids, episodes = [], []
    for record in records:
        number = fields.number(record, "id")
        if number is None:
            raise fields.unusable("data.episodes.id")
        ids.append(number)
        season, place = fields.number(record, "seasonNumber"), fields.number(record, "number")
        if season is None or place is None or season < 0 or place < 0:
            continue
        absolute = fields.number(record, "absoluteNumber")
        episodes.append(
            EpisodeRecord(
                number,
                season,
                place,
                fields.text(record, "name"),
                fields.date_of(fields.text(record, "aired")),
                absolute if absolute is not None and absolute > 0 and season > 0 else None,
            )
        )
    return EpisodePage(
        tuple(episodes),
        tuple(ids),
        fields.number(links, "page_size"),
        fields.number(links, "total_items"),
        fields.language_of(fields.text(show, "originalLanguage")),
    )


def season_types(answer: object) -> tuple[SeasonType, ...]:
    """The orders that an extended record of a series names.

    >>> show = {"id": 1, "defaultSeasonType": 1, "seasons": None, "seasonTypes": [
    ...     {"id": 1, "name": "Aired Order", "type": "official"}, {"id": 2, "name": "DVD Order", "type": "dvd"}]}
    >>> [(each.slug, each.name, each.default) for each in season_types({"data": show})]
    [('official', 'Aired Order', True), ('dvd', 'DVD Order', False)]
    """
    record = fields.record_of(fields.data_of(answer), "data")
    named: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for season in fields.records(record.get("seasons"), "data.seasons"):
        slug, number = fields.text(fields.part(season, "type"), "type"), fields.number(season, "number")
        if slug is not None and number is not None:
            named[slug][number] = fields.text(season, "name") or ""
    default = fields.number(record, "defaultSeasonType")
    found: dict[str, SeasonType] = {}
    for each in fields.records(record.get("seasonTypes"), "data.seasonTypes"):
        if (slug := fields.text(each, "type")) is None or not re.fullmatch(r"[\w-]+", slug):
            continue
        is_default = slug == "official" if default is None else fields.number(each, "id") == default
        called = fields.text(each, "alternateName") or fields.text(each, "name") or slug
        found.setdefault(slug, SeasonType(slug, called, is_default, dict(named[slug]) if named else None))
    return tuple(found.values())


def episodes_by_broadcast(records: Iterable[EpisodeRecord]) -> Mapping[int, EpisodeMetadata]:
    """The episodes by TheTVDB's number of each; of two in one place the first stays.

    >>> records = [EpisodeRecord(11, 1, 1, "Departure", None, 1), EpisodeRecord(12, 1, 1, "Again", None, None)]
    >>> {number: episode.title for number, episode in episodes_by_broadcast(records).items()}
    {11: 'Departure'}
    """
    places: set[tuple[int, int]] = set()
    found: dict[int, EpisodeMetadata] = {}
    for record in records:
        if (place := (record.season, record.number)) not in places:
            places.add(place)
            found[record.id] = EpisodeMetadata(*place, record.title, record.aired, record.absolute)
    return found


def episode_order(
    type_: SeasonType, records: Iterable[EpisodeRecord], broadcast: Mapping[int, EpisodeMetadata]
) -> EpisodeOrder | None:
    """An order whose groups are the seasons of a type; None if it has no episodes that are broadcast.

    >>> records = [EpisodeRecord(12, 1, 2, None, None, None), EpisodeRecord(11, 1, 1, None, None, None)]
    >>> aired = {11: EpisodeMetadata(1, 5), 12: EpisodeMetadata(1, 4)}
    >>> order = episode_order(SeasonType("dvd", "DVD Order", False, None), records, aired)
    >>> order.kind, [(group.name, [each.number for each in group.episodes]) for group in order.groups]
    ('dvd', [('Season 1', [5, 4])])
    """
    seasons: defaultdict[int, list[tuple[int, EpisodeMetadata]]] = defaultdict(list)
    for record in records:
        if record.id in broadcast:
            seasons[record.season].append((record.number, broadcast[record.id]))
    if not seasons:
        return None
    names = type_.seasons or {}
    groups = tuple(
        EpisodeGroup(
            season,
            names.get(season) or ("Specials" if season == 0 else f"Season {season}"),
            tuple(episode for _, episode in sorted(entries, key=lambda entry: entry[0])),
        )
        for season, entries in sorted(seasons.items())
    )
    return EpisodeOrder(type_.slug, type_.name, ORDER_KINDS.get(type_.slug, "other"), groups)
