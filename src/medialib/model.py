"""The values everything else speaks in: files, shows, episodes, films, and what is remembered of them.

All are frozen. Paths are relative to a location, written with ``/``, and carry undecodable bytes by surrogateescape
(PEP 383). Instants are aware UTC datetimes; file times are whole nanoseconds since the epoch, UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final, Literal

import attrs

__all__ = [
    "DIGEST_LENGTHS",
    "Digest",
    "DigestAlgorithm",
    "Episode",
    "ExternalIds",
    "FileEntry",
    "Holding",
    "InventoryFile",
    "KnownFile",
    "Movie",
    "Photo",
    "Place",
    "RefusedEntry",
    "Season",
    "Show",
    "ShowType",
    "Sighting",
    "Unit",
    "utc",
]

ShowType = Literal["standard", "anime", "daily"]
KnownState = Literal["fetched", "baseline", "released"]
DigestAlgorithm = Literal["crc32", "ed2k", "md5", "sha1", "sha256"]
"""How a digest was computed: those that lists of checksums have, and ``ed2k``, by which AniDB knows files."""
DIGEST_LENGTHS: Final[Mapping[DigestAlgorithm, int]] = MappingProxyType(
    {"crc32": 8, "ed2k": 32, "md5": 32, "sha1": 40, "sha256": 64}
)
"""How many hexadecimal digits a digest of each kind has."""
_SPELT: Final = {"crc32": "CRC32", "ed2k": "ed2k", "md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256"}


def utc(moment: datetime) -> datetime:
    """The same instant in UTC.

    Raises ValueError for a naive datetime, which names no instant.

    >>> from datetime import timedelta, timezone
    >>> utc(datetime(2024, 5, 17, 2, tzinfo=timezone(timedelta(hours=2))))
    datetime.datetime(2024, 5, 17, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC)


@attrs.frozen(order=True)
class Place:
    """A file or folder by the name of its location and its path in it.

    >>> str(Place("seedbox", "tv/Show.S01E01.mkv"))
    'seedbox:tv/Show.S01E01.mkv'
    """

    location: str
    """Name of a configured location: a remote, the incoming folder, a library root."""
    path: str
    """Path relative to that location's root, ``/`` between parts, never starting with one."""

    def __str__(self) -> str:
        return f"{self.location}:{self.path}"


@attrs.frozen
class FileEntry:
    """A file as a listing shows it.

    >>> FileEntry("Show/Show.S01E01.mkv", size=7, mtime_ns=0).name
    'Show.S01E01.mkv'
    """

    path: str
    """Path relative to its location's root."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change: nanoseconds since the epoch, UTC. The location's traits say how fine it is."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The path without its last part; empty at the root."""
        return self.path.rpartition("/")[0]


@attrs.frozen(order=True)
class Digest:
    """A checksum of a file's content, as somebody says it should be.

    Raises ValueError for a value that no such digest can have.

    >>> Digest("crc32", "0a1b2c3d")
    Digest(algorithm='crc32', value='0a1b2c3d')
    >>> Digest("crc32", "0A1B2C3D")
    Traceback (most recent call last):
    ValueError: '0A1B2C3D' is no crc32: that has 8 digits, 0 to 9 and a to f
    >>> str(Digest("crc32", "0a1b2c3d"))
    'CRC32 0a1b2c3d'
    """

    algorithm: DigestAlgorithm
    """How it was computed. CRC-32 is the one of ZIP and of ``.sfv`` files."""
    value: str = attrs.field()
    """Lower-case hex."""

    def __str__(self) -> str:
        return f"{_SPELT[self.algorithm]} {self.value}"

    @value.validator
    def _check(self, _attribute: object, value: str) -> None:
        digits = DIGEST_LENGTHS.get(self.algorithm, 0)
        if len(value) != digits or re.fullmatch("[0-9a-f]+", value) is None:
            raise ValueError(f"{value!r} is no {self.algorithm}: that has {digits} digits, 0 to 9 and a to f")


@attrs.frozen
class RefusedEntry:
    """Something a listing shows that is never touched: a link out of the root, a device, a hostile name."""

    path: str
    """Path relative to its location's root, as the listing gave it."""
    reason: str
    """Why it is left alone, for a reader."""


@attrs.frozen(order=True)
class ExternalIds:
    """What others call the same title.

    >>> ExternalIds(tvdb=81189).merged(ExternalIds(tvmaze=169))
    ExternalIds(tmdb=None, tvdb=81189, tvmaze=169, anidb=None, imdb=None)
    """

    tmdb: int | None = None
    """The Movie Database number."""
    tvdb: int | None = None
    """TheTVDB number."""
    tvmaze: int | None = None
    """TVmaze number."""
    anidb: int | None = None
    """AniDB number."""
    imdb: str | None = None
    """IMDb identifier with its letters, for example ``tt0903747``."""

    def merged(self, other: ExternalIds) -> ExternalIds:
        """These ids, with the gaps filled from `other`."""
        return ExternalIds(
            tmdb=self.tmdb if self.tmdb is not None else other.tmdb,
            tvdb=self.tvdb if self.tvdb is not None else other.tvdb,
            tvmaze=self.tvmaze if self.tvmaze is not None else other.tvmaze,
            anidb=self.anidb if self.anidb is not None else other.anidb,
            imdb=self.imdb if self.imdb is not None else other.imdb,
        )


@attrs.frozen
class Show:
    """A series that the library knows.

    >>> Show("breaking-bad", "Breaking Bad", year=2008, folder="Breaking Bad (2008)").aliases
    ()
    """

    key: str
    """The library's own identifier: lower-case, stable, unique among shows."""
    title: str
    """The title as a person writes it."""
    year: int | None = None
    """Year of the first broadcast."""
    type: ShowType = "standard"
    """How its episodes are numbered and where it is kept."""
    aliases: tuple[str, ...] = ()
    """Other names, each matched only as a whole."""
    folder: str = ""
    """Name of its folder under a library root; empty: rendered from the title."""
    ids: ExternalIds = ExternalIds()
    """What metadata providers call it."""
    language: str | None = None
    """Original language, ISO 639-1."""
    status: str | None = None
    """Running, Ended …, as its provider says."""
    genres: tuple[str, ...] = ()
    """Genres, as its provider says."""
    source: str = "user"
    """Where this record comes from: ``user``, ``name`` (read off a release name) or a provider's name."""
    episode_order: str = "aired"
    """The order its episodes are numbered by: that of broadcast, or the identifier of a provider's other order."""
    countries: tuple[str, ...] = ()
    """Countries it comes from, ISO 3166-1 alpha-2."""
    provenance: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    """Who said what `source` did not: a provider's name or ``user`` by field; ``ids.imdb`` is one of the ids."""

    def said_by(self, field: str) -> str:
        """Who said one field of it.

        >>> dark = Show("dark", "Dark", language="de", source="tvmaze", provenance={"language": "tmdb"})
        >>> dark.said_by("language"), dark.said_by("title")
        ('tmdb', 'tvmaze')
        """
        return self.provenance.get(field, self.source)


@attrs.frozen
class Season:
    """One season of a show, counted over its episodes."""

    show: str
    """`Show.key`."""
    number: int
    """Season number; 0 holds the specials."""
    episodes: int
    """How many episodes the catalogue knows of it."""


@attrs.frozen
class Episode:
    """One episode of a show."""

    show: str
    """`Show.key`."""
    season: int
    """Season number; 0 holds the specials."""
    number: int
    """Number within the season."""
    title: str | None = None
    """Title of the episode."""
    absolute: int | None = None
    """Number counted through all seasons, for shows numbered so."""
    aired: date | None = None
    """Date of the first broadcast."""


@attrs.frozen
class Movie:
    """A film that the library knows."""

    key: str
    """The library's own identifier: lower-case, stable, unique among films."""
    title: str
    """The title as a person writes it."""
    year: int | None = None
    """Year of release."""
    aliases: tuple[str, ...] = ()
    """Other names, each matched only as a whole."""
    folder: str = ""
    """Name of its folder under a library root; empty: rendered from title and year."""
    ids: ExternalIds = ExternalIds()
    """What metadata providers call it."""
    source: str = "user"
    """Where this record comes from: ``user``, ``name`` or a provider's name."""
    language: str | None = None
    """Original language, ISO 639-1."""
    genres: tuple[str, ...] = ()
    """Genres, as its provider says."""
    countries: tuple[str, ...] = ()
    """Countries it comes from, ISO 3166-1 alpha-2."""
    provenance: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    """Who said what `source` did not: a provider's name or ``user`` by field; ``ids.imdb`` is one of the ids."""

    def said_by(self, field: str) -> str:
        """Who said one field of it.

        >>> Movie("salt", "Salt", source="tmdb", provenance={"ids.imdb": "imdb"}).said_by("ids.imdb")
        'imdb'
        """
        return self.provenance.get(field, self.source)


@attrs.frozen
class Photo:
    """A picture in an archive, known by its content."""

    sha256: str
    """SHA-256 of the file, lower-case hex."""
    place: Place
    """Where it stands."""
    size: int
    """Bytes."""
    author: str | None = None
    """Who made it, as its source says."""
    taken: datetime | None = None
    """When it was taken, UTC."""


@attrs.frozen
class KnownFile:
    """A remote file that was dealt with: fetched, or recorded as not wanted."""

    remote: str
    """Name of the remote."""
    path: str
    """Full path on the remote, from its file system's root, so that narrowing a configured folder forgets nothing."""
    size: int
    """Bytes, as listed when it was dealt with."""
    mtime_ns: int
    """Time of last change as listed then."""
    state: KnownState
    """``fetched``: its bytes were received. ``baseline``: recorded without fetching. ``released``: it was fetched, and
    the remote's own copy was deleted, moved away or marked since."""
    recorded: datetime
    """When this was recorded, UTC."""
    sha256: str | None = None
    """SHA-256 of the received bytes, lower-case hex; None for a baseline."""
    local: Place | None = None
    """Where the received file was put; None for a baseline."""


@attrs.frozen
class Sighting:
    """How a remote file looked at one listing: the first of two looks."""

    remote: str
    """Name of the remote."""
    path: str
    """Full path on the remote."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change as listed."""
    seen: datetime
    """When it first looked exactly so, UTC."""


@attrs.frozen
class Unit:
    """What a library file holds: the episodes of one show, or a film."""

    kind: Literal["episode", "movie"]
    """Which of the two."""
    key: str
    """`Show.key` or `Movie.key`."""
    season: int | None = None
    """Season number; None for films and for episodes known by date or absolute number alone."""
    episodes: tuple[int, ...] = ()
    """Episode numbers within the season (or absolute ones where there is no season)."""
    aired: date | None = None
    """Broadcast date, for daily shows."""


@attrs.frozen
class Holding:
    """What a library file holds and where it came from: the part of an inventory row that survives a move."""

    unit: Unit | None = None
    """The episodes or the film; None where that is not known."""
    role: Literal["video", "companion"] = "video"
    """A video, or a file that travels with one."""
    sha256: str | None = None
    """SHA-256 of the content, lower-case hex; None until it was read."""
    release: str | None = None
    """The release name that it came under, with its folders."""
    details: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    """What the release name said of it: resolution, source, video codec, release group …; and, where it was identified
    by its content, its ``ed2k`` hash."""


@attrs.frozen
class InventoryFile:
    """A file that stands in the library."""

    place: Place
    """Where it stands."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change on the library's disk."""
    recorded: datetime
    """When it was placed or found, UTC."""
    holding: Holding = Holding()
    """What it holds."""
