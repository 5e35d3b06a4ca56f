"""What a name is made of, and how numbers, editions and qualities are written."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import attrs

from medialib.model import ExternalIds
from medialib.naming.parsed import ParsedName

__all__ = ["NameFacts", "edition_label", "episode_run", "quality_of"]


@attrs.frozen(kw_only=True)
class NameFacts:
    """Everything that a name of a file or folder may be made of; what is not known is None or empty.

    >>> NameFacts(title="Dark", season=1, episodes=(2,)).release.resolution is None
    True
    """

    title: str
    """Title of the show or film, as a person writes it."""
    year: int | None = None
    """Year of the first broadcast or of release."""
    ids: ExternalIds = ExternalIds()
    """What metadata providers call it."""
    season: int | None = None
    """Season number; 0 for specials."""
    episodes: tuple[float, ...] = ()
    """Episode numbers in that season; a fraction for halves such as 12.5."""
    absolute_episodes: tuple[float, ...] = ()
    """Numbers counted through all seasons."""
    date: datetime.date | None = None
    """Day of broadcast."""
    episode_title: str | None = None
    """Title of the episode."""
    edition: str | None = None
    """Edition in words: ``Director's Cut``; see `edition_label`."""
    part: int | None = None
    """Which of the files that one film or episode comes in, from 1."""
    original: str | None = None
    """Name of the released file, without its extension."""
    release: ParsedName = ParsedName(name="")
    """What the release name says of resolution, source, codecs, group …"""


_EDITIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "alternative": "Alternate Cut",
        "anniversary": "Anniversary Edition",
        "assembly": "Assembly Cut",
        "collector": "Collector's Edition",
        "despecialized": "Despecialized",
        "directors": "Director's Cut",
        "fan": "Fan Edit",
        "festival": "Festival Cut",
        "final": "Final Cut",
        "imax": "IMAX",
        "international": "International Cut",
        "special": "Special Edition",
        "theatrical": "Theatrical Cut",
        "ultimate": "Ultimate Edition",
    }
)


def edition_label(words: Iterable[str]) -> str | None:
    """The words that `ParsedName.edition` has, as people write an edition; None where there is none.

    >>> edition_label(("directors", "extended"))
    "Extended Director's Cut"
    >>> edition_label(()) is None
    True
    """
    # "Cut" and "Edition" end what they stand in, so what has neither comes first.
    labels = sorted(
        (_EDITIONS.get(word, word[:1].upper() + word[1:]) for word in dict.fromkeys(words)),
        key=lambda label: (label.endswith(("Cut", "Edition", "Edit")), label),
    )
    return " ".join(labels) or None


def episode_run(numbers: Sequence[float], *, width: int, letter: str, repeats: bool) -> str:
    """Numbers as a name writes them: first and last of consecutive ones, or all of scattered ones.

    `width` is how many digits a number has at least, `letter` what stands before each but the first (``E``). With
    `repeats`, consecutive ones are written one by one too, for programs that do not fill a range.

    >>> episode_run((1, 2, 3), width=2, letter="E", repeats=False)
    '01-E03'
    >>> episode_run((1, 2, 3), width=2, letter="E", repeats=True)
    '01E02E03'
    >>> episode_run((5, 9), width=2, letter="E", repeats=False), episode_run((12.5,), width=2, letter="", repeats=False)
    ('05E09', '12.5')
    """
    ordered = sorted(set(numbers))
    consecutive = len(ordered) > 1 and all(after - before == 1 for before, after in pairwise(ordered))
    if consecutive and not repeats:
        joint, shown = f"-{letter}", [ordered[0], ordered[-1]]
    else:
        joint, shown = letter or ("-" if consecutive else "+"), ordered
    return joint.join(_number(number, width) for number in shown)


def _number(value: float, width: int) -> str:
    whole = int(value)
    return f"{whole:0{width}d}" + (f"{value % 1:g}"[1:] if value != whole else "")


_SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {"WEB-DL": "WEBDL", "WEB": "WEBDL", "BluRay": "Bluray", "DTV": "SDTV", "TV": "SDTV", "SAT": "SDTV"}
)


def quality_of(release: ParsedName) -> str:
    """Source and resolution as Sonarr and Radarr name a quality; empty where a release says neither.

    >>> quality_of(ParsedName(name="x", source="BluRay", resolution="2160p", remux=True))
    'Remux-2160p'
    >>> quality_of(ParsedName(name="x", source="WEB-DL", resolution="1080p"))
    'WEBDL-1080p'
    """
    source = "Remux" if release.remux else _SOURCES.get(release.source or "", release.source)
    if source == "SDTV" and release.resolution not in (None, "480p", "576p", "480i", "576i"):
        source = "HDTV"
    return "-".join(word for word in (source, release.resolution) if word)
