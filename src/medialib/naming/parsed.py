"""What a release name says, with the place in the name of everything that was read."""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, get_origin

import attrs

from medialib.naming.alternatives import Alternative, other_readings

__all__ = ["Finding", "Kind", "ParsedName"]

Kind = Literal["episode", "anime", "daily", "special", "season pack", "movie", "extra", "sample", "subtitle", "unknown"]
"""What a name is the name of. ``anime`` is numbered through without seasons; ``daily`` goes by its date."""

_COLOURS: Final = {
    "title": "bold cyan",
    "alternative_titles": "cyan",
    "episode_title": "cyan",
    "year": "yellow",
    "date": "yellow",
    "seasons": "bold green",
    "episodes": "bold green",
    "absolute_episodes": "bold green",
    "part": "green",
    "release_group": "magenta",
    "resolution": "blue",
    "source": "blue",
    "video_codec": "blue",
}
_OTHER_COLOUR: Final = "dim"
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_CSS: Final = {"cyan": "#0891b2", "yellow": "#a16207", "green": "#15803d", "magenta": "#a21caf", "blue": "#1d4ed8"}


class Finding(NamedTuple):
    """One thing read, and where it stood.

    >>> Finding("year", 1999, 11, 15).text_in("The.Matrix.1999.mkv")
    '1999'
    """

    field: str
    """Name of the field of `ParsedName` that it fills."""
    value: Any
    """What was read, as the field holds it; one item where the field is a tuple."""
    start: int
    """Index of its first character in the name."""
    end: int
    """Index behind its last character."""

    def text_in(self, name: str) -> str:
        """The characters of `name` that it was read from."""
        return name[self.start : self.end]


@attrs.frozen(kw_only=True)
class ParsedName:
    """Everything read out of one release name or path.

    >>> ParsedName(name="x", seasons=(1,), episodes=(2, 3)).season
    1
    """

    name: str
    """The name as given, path and all."""
    kind: Kind = "unknown"
    """What it is the name of."""
    title: str | None = None
    """Title of the show or film with separators turned into spaces; never empty."""
    alternative_titles: tuple[str, ...] = ()
    """The same title in other languages or forms, as the name gives them."""
    year: int | None = None
    """Year in the name: of a film's release, or the one that tells two shows apart."""
    seasons: tuple[int, ...] = ()
    """Season numbers, ascending; 0 is the specials; a show numbered by years has the year."""
    episodes: tuple[int | float, ...] = ()
    """Episode numbers in their season, ascending; a float only for halves such as 12.5."""
    absolute_episodes: tuple[int | float, ...] = ()
    """Numbers counted through from the first episode, as anime uses them."""
    episode_title: str | None = None
    """Title of the episode."""
    date: datetime.date | None = None
    """Day of broadcast, for dailies."""
    part: int | None = None
    """Part of a story or of a film in several files."""
    resolution: str | None = None
    """``1080p``, ``480i``; other sizes as ``width x height`` without spaces."""
    source: str | None = None
    """Where the picture came from: ``BluRay``, ``WEB-DL``, ``WEBRip``, ``WEB``, ``HDTV``, ``DVD``, ``CAM`` …"""
    remux: bool = False
    """Streams of the disc unchanged."""
    video_codec: str | None = None
    """``H.264``, ``H.265``, ``XviD``, ``AV1`` …"""
    bit_depth: int | None = None
    """Bits a colour channel: 8, 10, 12."""
    hdr: tuple[str, ...] = ()
    """Of ``HDR10``, ``HDR10+``, ``DV``, ``SDR``."""
    audio_codecs: tuple[str, ...] = ()
    """Of ``AAC``, ``AC3``, ``EAC3``, ``DTS``, ``DTS-HD``, ``DTS:X``, ``TrueHD``, ``Atmos``, ``FLAC`` …"""
    audio_channels: str | None = None
    """``5.1``, ``2.0``."""
    release_group: str | None = None
    """Who released it, as written."""
    container: str | None = None
    """Extension in lower case without its dot."""
    languages: tuple[str, ...] = ()
    """Spoken languages, ISO 639-1, ascending."""
    subtitle_languages: tuple[str, ...] = ()
    """Languages of subtitles, ISO 639-1, ascending."""
    forced: bool = False
    """A subtitle of foreign dialogue only."""
    edition: tuple[str, ...] = ()
    """Words such as ``extended``, ``directors``, ``remastered``, ascending."""
    proper: bool = False
    """Replaces a faulty release of another or the same group (PROPER, REAL, RERIP, REPACK)."""
    repack: bool = False
    """Replaces the group's own faulty release."""
    version: int | None = None
    """Revision of a fansub: 2 for ``01v2``."""
    crc32: str | None = None
    """Checksum in the name: eight hexadecimal digits as upper case."""
    streaming_service: str | None = None
    """Full name of the service it was taken from."""
    country: str | None = None
    """ISO 3166-1 alpha-2 code that tells two shows of one title apart."""
    season_pack: bool = False
    """A whole season or more: seasons without an episode."""
    special: bool = False
    """Outside the run of episodes: season 0, an OVA, a creditless opening."""
    rejected: bool = False
    """Says nothing but perhaps a title: gibberish, a hash, a lone word."""
    findings: tuple[Finding, ...] = ()
    """Everything read from characters of the name, by position; spans of different fields never overlap."""
    leftover: tuple[str, ...] = ()
    """Words that nothing was made of."""
    confidence: float = 0.0
    """0 (a guess) to 1 (the name follows a convention to the letter)."""
    reasons: tuple[str, ...] = ()
    """Why it was read so, for a reader."""

    @property
    def season(self) -> int | None:
        """The season when there is exactly one."""
        return self.seasons[0] if len(self.seasons) == 1 else None

    @property
    def episode(self) -> int | float | None:
        """The episode in its season when there is exactly one."""
        return self.episodes[0] if len(self.episodes) == 1 else None

    @property
    def absolute_episode(self) -> int | float | None:
        """The absolute episode when there is exactly one."""
        return self.absolute_episodes[0] if len(self.absolute_episodes) == 1 else None

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """Other ways to read the name, the likeliest first; worked out at each call.

        >>> ParsedName(name="A - B.mkv", title="A - B", confidence=0.8).alternatives[0].fields
        (('title', 'A'), ('alternative_titles', ('B',)))
        """
        return other_readings(self)

    @property
    def is_episode(self) -> bool:
        """Belongs to a show: numbered, dated, or a season.

        >>> ParsedName(name="x", absolute_episodes=(1071,)).is_episode
        True
        """
        return bool(self.seasons or self.episodes or self.absolute_episodes or self.date or self.special)

    @property
    def is_movie(self) -> bool:
        """Read as a film."""
        return self.kind == "movie"

    def to_dict(self) -> dict[str, Any]:
        """A row of a table: every field but `findings`, always all of them and in the order of `columns`.

        Values are what JSON holds: what is not known is None, what has several values a list (empty where there are
        none), a date text as in ``2024-05-17``. Half a pair of surrogates, which no table and no UTF-8 can hold (Python
        puts them for bytes of a file's name that it cannot decode), is spelt out: ``\\udcff``.

        >>> row = ParsedName(name="x", title="X", episodes=(2, 3), date=datetime.date(2024, 5, 17)).to_dict()
        >>> row["title"], row["episodes"], row["date"], row["year"], row["hdr"], row["remux"]
        ('X', [2, 3], '2024-05-17', None, [], False)
        """
        row: dict[str, Any] = dict(zip(_COLUMNS, _VALUES(self), strict=True))
        for name in _LISTS:
            row[name] = list(row[name])
        if self.date is not None:
            row["date"] = self.date.isoformat()
        return row if self.name.isascii() or not _SURROGATE.search(self.name) else _spelt_out(row)

    @staticmethod
    def columns() -> dict[str, type]:
        """The columns of a table of readings, in the order of `to_dict`, and the type of their values.

        A column may hold None besides. ``polars.DataFrame(rows, schema=ParsedName.columns())`` has the same columns and
        types whatever the names are, even of no names; ``pandas.DataFrame(rows, columns=list(ParsedName.columns()))``
        likewise has the columns.

        >>> columns = ParsedName.columns()
        >>> columns["title"], columns["year"], columns["episodes"], columns["date"]
        (<class 'str'>, <class 'int'>, list[float], <class 'str'>)
        >>> list(columns) == list(ParsedName(name="x").to_dict())
        True
        """
        return dict(_COLUMNS)

    def explain(self) -> tuple[str, ...]:
        """Lines for a reader: what was read from which characters, then why.

        >>> ParsedName(name="A.1999", findings=(Finding("year", 1999, 2, 6),), reasons=("read so",)).explain()
        ("year: 1999, from '1999'", 'read so')
        """
        read = tuple(f"{found.field}: {found.value}, from {found.text_in(self.name)!r}" for found in self.findings)
        left = (f"unread: {', '.join(self.leftover)}",) if self.leftover else ()
        return (*read, *left, *self.reasons)

    def __rich__(self) -> str:
        r"""The name in rich's markup, coloured by what was read; what no terminal should be sent is spelt out.

        >>> ParsedName(name="[A] B", findings=(Finding("release_group", "A", 1, 2),)).__rich__()
        '\\[[magenta]A[/]] B'
        """
        pieces = self._pieces()
        written = []
        for number, (text, found) in enumerate(pieces, start=1):
            # A run of backslashes is doubled only where rich would read it: before what looks like its markup, or is.
            escaped = _BRACKET.sub(lambda bracket: bracket[1] * (1 if bracket[2] is None else 2) + "\\[", text)
            if found is not None or number < len(pieces):
                escaped += "\\" * (len(text) - len(text.rstrip("\\")))
            colour = _COLOURS.get(found.field, _OTHER_COLOUR) if found else None
            written.append(f"[{colour}]{escaped}[/]" if colour else escaped)
        return "".join(written)

    def _repr_html_(self) -> str:
        """The name for a notebook, each finding coloured and named on hover."""
        pieces = []
        for text, found in self._pieces():
            escaped = html.escape(text)
            if found is not None:
                colour = _CSS.get(_COLOURS.get(found.field, "").removeprefix("bold "), "#6b7280")
                label = html.escape(_shown(f"{found.field}: {found.value}"), quote=True)
                escaped = f'<span style="color:{colour}" title="{label}">{escaped}</span>'
            pieces.append(escaped)
        return f"<code>{''.join(pieces)}</code>"

    def _pieces(self) -> list[tuple[str, Finding | None]]:
        """The name cut at its findings, with everything in it spelt out that does not show."""
        pieces: list[tuple[str, Finding | None]] = []
        position = 0
        for found in self.findings:
            if found.start < position:
                continue
            if found.start > position:
                pieces.append((_shown(self.name[position : found.start]), None))
            pieces.append((_shown(found.text_in(self.name)), found))
            position = found.end
        if position < len(self.name):
            pieces.append((_shown(self.name[position:]), None))
        return pieces


_BRACKET: Final = re.compile(r"(\\*)\[(?=([a-z#/@][^\[]*?\])?)")
"""An opening bracket with the backslashes before it, and whether rich would read it as markup."""


def _shown(text: str) -> str:
    """The text with control characters, marks of direction and the like spelt out."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


_COLUMN_TYPES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "str": str,
        "str | None": str,
        "Kind": str,
        "datetime.date | None": str,
        "bool": bool,
        "float": float,
        "int | None": int,
        "tuple[str, ...]": list[str],
        "tuple[int, ...]": list[int],
        "tuple[int | float, ...]": list[float],
    }
)
"""By the annotation of a field, the type that its column has."""
_COLUMNS: Final[Mapping[str, type]] = MappingProxyType(
    {field.name: _COLUMN_TYPES[str(field.type)] for field in attrs.fields(ParsedName) if field.name != "findings"}
)
_VALUES: Final = attrgetter(*_COLUMNS)
_LISTS: Final = tuple(name for name, kind in _COLUMNS.items() if get_origin(kind) is list)


def _spelt_out(value: Any) -> Any:
    """The same with every half of a pair of surrogates spelt out."""
    if isinstance(value, str):
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    if isinstance(value, list):
        return [_spelt_out(item) for item in value]
    if isinstance(value, dict):
        return {key: _spelt_out(item) for key, item in value.items()}
    return value
