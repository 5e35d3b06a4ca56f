"""What a metadata provider says of titles and their episodes: facts of the world, not of anybody's library.

A `TitleMetadata` is about a show or film as its provider knows it; a `model.Show` or `model.Movie` is what a library
made of it. The two are kept apart, so that what a provider says tomorrow never changes silently what was decided today.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

import attrs

from medialib.model import ExternalIds, ShowType

__all__ = [
    "EpisodeGroup",
    "EpisodeMetadata",
    "EpisodeOrder",
    "EpisodePlace",
    "FileMetadata",
    "OrderKind",
    "TitleKind",
    "TitleMetadata",
    "fill_gaps",
    "gaps_of",
    "imdb_identifier",
    "imdb_number",
    "in_order",
    "number_among",
    "with_absolute_numbers",
]

TitleKind = Literal["show", "movie"]
OrderKind = Literal["absolute", "production", "dvd", "digital", "story", "tv", "other"]

_FILLED = ("original_title", "year", "aliases", "language", "countries", "genres", "status", "summary")
_WANTED = ("year", "aliases", "language", "countries", "genres", "status")
_IMDB = re.compile("tt0*([0-9]{1,12})")


@attrs.frozen
class TitleMetadata:
    """A show or film, as a provider describes it. What it does not say is None or empty.

    >>> title = TitleMetadata("tvmaze", 82, "show", "The Long Voyage", year=2011)
    >>> title.reference
    'tvmaze:82'
    """

    provider: str
    """Name of the provider: ``tvmaze``, ``tmdb`` …"""
    id: int
    """The provider's own number for it; of IMDb's identifiers the digits."""
    kind: TitleKind
    """Whether it is a series or a film."""
    title: str
    """Its title in the language that was asked for."""
    original_title: str | None = None
    """Its title in its own language."""
    year: int | None = None
    """Year of the first broadcast or of release."""
    aliases: tuple[str, ...] = ()
    """Other titles it is known by, each without doubles; often known only once its details are asked for."""
    ids: ExternalIds = ExternalIds()
    """What this and other providers call it."""
    language: str | None = None
    """Original language, ISO 639-1."""
    countries: tuple[str, ...] = ()
    """Countries it comes from, ISO 3166-1 alpha-2."""
    genres: tuple[str, ...] = ()
    """Genres, in the provider's words."""
    status: str | None = None
    """Running, Ended …, in the provider's words."""
    type: ShowType = "standard"
    """How a series is numbered and kept: see each provider for what makes one ``anime`` or ``daily``."""
    summary: str | None = None
    """What it is about, plain text without markup."""
    provenance: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    """Who said what `provider` did not: another provider's name by field; ``ids.imdb`` is one of the ids."""

    @property
    def identifier(self) -> str:
        """The provider's number as it writes it: ``1396``, and ``tt0903747`` at IMDb."""
        return imdb_identifier(self.id) if self.provider == "imdb" else str(self.id)

    @property
    def reference(self) -> str:
        """Provider and number, as a person may pass it on: ``tmdb:1396``, ``imdb:tt0903747``."""
        return f"{self.provider}:{self.identifier}"

    def said_by(self, field: str) -> str:
        """Who said one field of it.

        >>> TitleMetadata("tmdb", 1, "show", "Dark", provenance={"status": "tvdb"}).said_by("status")
        'tvdb'
        """
        return self.provenance.get(field, self.provider)


@attrs.frozen
class EpisodeMetadata:
    """One episode, as a provider describes it, by the order of its broadcast."""

    season: int
    """Season number; 0 for specials."""
    number: int
    """Number within the season."""
    title: str | None = None
    """Its title."""
    aired: date | None = None
    """Date of the first broadcast where it comes from."""
    absolute: int | None = None
    """Number counted through all seasons, where that is known."""


@attrs.frozen
class EpisodeGroup:
    """One part of an order of episodes: a season, an arc, a disc."""

    number: int
    """Its place in the order; providers put specials at 0."""
    name: str
    """Its name."""
    episodes: tuple[EpisodeMetadata, ...]
    """Its episodes in turn, each with its season and number by broadcast."""

    @property
    def special(self) -> bool:
        """Whether it holds specials: it stands at 0, is called so, or holds nothing else.

        >>> EpisodeGroup(3, "Specials", ()).special
        True
        """
        named = self.name.strip().casefold() in ("special", "specials", "extras", "ova", "ovas")
        return self.number == 0 or named or (bool(self.episodes) and all(each.season == 0 for each in self.episodes))


@attrs.frozen
class EpisodeOrder:
    """Another order than that of broadcast, which a provider keeps for a show."""

    id: str
    """The provider's identifier."""
    name: str
    """Its name."""
    kind: OrderKind
    """What it counts by."""
    groups: tuple[EpisodeGroup, ...] = ()
    """Its parts, in order."""


def imdb_identifier(number: int) -> str:
    """A number of IMDb as it writes it.

    >>> imdb_identifier(903747), imdb_identifier(12345678)
    ('tt0903747', 'tt12345678')
    """
    return f"tt{number:07}"


def imdb_number(identifier: str) -> int | None:
    """The number in an identifier of IMDb; None for one of a person, or of another form.

    >>> imdb_number("tt0903747"), imdb_number("nm0186505")
    (903747, None)
    """
    found = _IMDB.fullmatch(identifier)
    return None if found is None else int(found[1])


def number_among(ids: ExternalIds, provider: str) -> int | None:
    """A provider's own number among external ids, as `TitleMetadata.id` has it; None where it is not among them.

    >>> number_among(ExternalIds(tvdb=81189, imdb="tt0903747"), "imdb")
    903747
    """
    found = attrs.asdict(ids).get(provider)
    return imdb_number(found) if isinstance(found, str) else found


def gaps_of(title: TitleMetadata, providers: Iterable[str] = ()) -> frozenset[str]:
    """What is not known of a title and others may say; ``ids.tvdb`` is the number of one of these `providers`.

    >>> sorted(gaps_of(TitleMetadata("tmdb", 1, "movie", "Salt", year=2010, language="en"), ["tmdb", "tvdb"]))
    ['aliases', 'countries', 'genres', 'ids.tmdb', 'ids.tvdb', 'status']
    """
    known = attrs.asdict(title.ids)
    numbers = {f"ids.{name}" for name in providers if name in known and known[name] is None}
    return frozenset({field for field in _WANTED if not getattr(title, field)} | numbers)


def fill_gaps(title: TitleMetadata, other: TitleMetadata) -> TitleMetadata:
    """A title with what it leaves out said by `other`, of which its provenance tells.

    Only what is null or empty is filled, so that nothing which the one says is overruled by the other. If the two are
    not the same title, because an id that both have differs, nothing is.

    >>> dark = TitleMetadata("tvmaze", 17861, "show", "Dark", ids=ExternalIds(tvmaze=17861, imdb="tt5753856"))
    >>> more = TitleMetadata("tmdb", 70523, "show", "Dark (DE)", language="de", ids=ExternalIds(tmdb=70523))
    >>> filled = fill_gaps(dark, more)
    >>> filled.title, filled.language, filled.ids.tmdb, dict(filled.provenance)
    ('Dark', 'de', 70523, {'language': 'tmdb', 'ids.tmdb': 'tmdb'})
    """
    mine, theirs = attrs.asdict(title.ids), attrs.asdict(other.ids)
    if any(None not in (mine[name], theirs[name]) and mine[name] != theirs[name] for name in mine):
        return title
    values = {field: getattr(other, field) for field in _FILLED if not getattr(title, field) and getattr(other, field)}
    if "aliases" in values:
        values["aliases"] = tuple(name for name in other.aliases if name != title.title)
    new_ids = [name for name in mine if mine[name] is None and theirs[name] is not None]
    said = {field: other.said_by(field) for field in values}
    said.update({f"ids.{name}": other.said_by(f"ids.{name}") for name in new_ids})
    return attrs.evolve(title, **values, ids=title.ids.merged(other.ids), provenance={**title.provenance, **said})


@attrs.frozen
class EpisodePlace:
    """Where a series has an episode that another provider numbers otherwise."""

    season: int | None
    """Season number, 0 for specials; None: `numbers` are counted through all seasons."""
    numbers: tuple[int, ...]
    """Episode numbers; more than one where one episode of the one are several of the other."""


@attrs.frozen
class FileMetadata:
    """One file, as a provider knows it by its content."""

    provider: str
    """Name of the provider."""
    id: int
    """The provider's own number for the file."""
    title: int
    """The provider's number of the series that it is of."""
    names: tuple[str, ...]
    """Titles of that series, the provider's own first."""
    label: str
    """How the provider numbers the episode: ``5``, ``S1`` (a special), ``C1`` (an opening) …"""
    episode: EpisodePlace | None = None
    """The same as season and number: regular episodes as season 1, specials as 0; None for what is neither."""
    others: tuple[int, ...] = ()
    """The provider's numbers of further episodes that are in the same file."""
    episode_title: str | None = None
    """Title of the episode."""
    year: int | None = None
    """Year that the series began in."""
    group: str | None = None
    """Who released it, in short."""
    size: int | None = None
    """Bytes."""
    crc32: str | None = None
    """CRC32 of the content, lower-case hex."""
    version: int = 1
    """Revision: 2 for ``01v2``."""
    damaged: bool = False
    """Whether the provider knows that it is not as its group released it."""

    @property
    def reference(self) -> str:
        """The series and the episode, for a reader.

        >>> FileMetadata("anidb", 1, 959, ("Fullmetal Panic? Fumoffu",), "5").reference
        'Fullmetal Panic? Fumoffu episode 5 [anidb:959]'
        """
        return f"{self.names[0]} episode {self.label} [{self.provider}:{self.title}]"


def in_order(order: EpisodeOrder) -> tuple[EpisodeMetadata, ...]:
    """The episodes numbered by an order: each group is a season, groups of specials make up season 0.

    >>> pilot, first = EpisodeMetadata(0, 1, "Pilot"), EpisodeMetadata(1, 1, "First")
    >>> arcs = EpisodeOrder("g1", "Arcs", "production", (
    ...     EpisodeGroup(0, "Specials", (pilot,)), EpisodeGroup(1, "Arc one", (first,))))
    >>> [(episode.season, episode.number, episode.title) for episode in in_order(arcs)]
    [(0, 1, 'Pilot'), (1, 1, 'First')]
    """
    numbered: list[EpisodeMetadata] = []
    specials = season = 0
    for group in order.groups:
        if group.special:
            for episode in group.episodes:
                specials += 1
                numbered.append(attrs.evolve(episode, season=0, number=specials, absolute=None))
        else:
            season += 1
            numbered.extend(
                attrs.evolve(episode, season=season, number=number, absolute=None)
                for number, episode in enumerate(group.episodes, start=1)
            )
    return tuple(sorted(numbered, key=lambda episode: (episode.season, episode.number)))


def with_absolute_numbers(
    episodes: Iterable[EpisodeMetadata], orders: Iterable[EpisodeOrder] = ()
) -> tuple[EpisodeMetadata, ...]:
    """The episodes with their absolute numbers, by season and number.

    Numbers that are there already stay. Otherwise the provider's absolute orders say them, specials left out; an
    episode or a number on which two such orders differ gets none. Where there is no absolute order, the broadcast
    order is counted through from season 1 on, whether its seasons begin at 1 or count on by themselves (season 2 begins
    with 26), and only up to the first gap, since behind a gap every number would be a guess. Specials have none.

    >>> aired = [EpisodeMetadata(1, 1), EpisodeMetadata(1, 2), EpisodeMetadata(2, 1), EpisodeMetadata(0, 1)]
    >>> [(each.season, each.number, each.absolute) for each in with_absolute_numbers(aired)]
    [(0, 1, None), (1, 1, 1), (1, 2, 2), (2, 1, 3)]
    """
    ordered = sorted(episodes, key=lambda episode: (episode.season, episode.number))
    if any(episode.absolute is not None for episode in ordered):
        return tuple(ordered)
    absolute = [order for order in orders if order.kind == "absolute"]
    numbers = _by_orders(absolute) if absolute else _by_counting(ordered)
    return tuple(attrs.evolve(episode, absolute=numbers.get((episode.season, episode.number))) for episode in ordered)


def _by_orders(orders: Iterable[EpisodeOrder]) -> dict[tuple[int, int], int]:
    numbers: dict[tuple[int, int], set[int]] = {}
    places: dict[int, set[tuple[int, int]]] = {}
    for order in orders:
        regular = [episode for group in order.groups if not group.special for episode in group.episodes]
        for number, episode in enumerate(regular, start=1):
            place = (episode.season, episode.number)
            numbers.setdefault(place, set()).add(number)
            places.setdefault(number, set()).add(place)
    return {
        place: next(iter(found))
        for place, found in numbers.items()
        if len(found) == 1 and len(places[next(iter(found))]) == 1
    }


def _by_counting(ordered: Iterable[EpisodeMetadata]) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    season, counted, before = 0, 0, 0
    for episode in ordered:
        if episode.season == 0:
            continue
        begins = episode.season != season
        if begins and (episode.season != season + 1 or episode.number not in (1, counted + 1)):
            break
        if not begins and episode.number != before + 1:
            break
        season, before = episode.season, episode.number
        counted += 1
        found[episode.season, episode.number] = counted
    return found
