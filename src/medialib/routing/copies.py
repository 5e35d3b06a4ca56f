"""What several files of one episode or film differ in, which would stay, and what would be lost with the others.

Their details are what the inventory keeps of their release names; see `details_of`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import attrs

from medialib.model import Holding
from medialib.naming import ParsedName
from medialib.routing.quality import Alike, Better, Comparison, compare

__all__ = ["Verdict", "details_of", "differences", "edition_and_part", "is_complete", "judge", "which_stays"]

_DISC: Final = re.compile(r"(?<![^\W_])(?:cd|disc|disk)[ ._-]?([1-9])(?![^\W_])", re.IGNORECASE)
_SAID_ONCE: Final = ("resolution", "source", "video_codec", "release_group", "streaming_service", "crc32")
_SAID_OFTEN: Final = ("hdr", "edition")
_TOLD: Final[tuple[tuple[str, Callable[[Mapping[str, str]], str]], ...]] = (
    ("resolution", lambda details: details.get("resolution", "")),
    ("source", lambda details: " ".join(filter(None, (details.get("source"), "remux" * ("remux" in details))))),
    ("video codec", lambda details: details.get("video_codec", "")),
    ("HDR", lambda details: details.get("hdr", "")),
    ("language", lambda details: details.get("languages", "")),
    ("edition", lambda details: details.get("edition", "")),
    ("part", lambda details: details.get("part", "")),
    ("service", lambda details: details.get("streaming_service", "")),
    ("group", lambda details: details.get("release_group", "")),
    ("version", lambda details: details.get("version", "")),
    ("proper", lambda details: " ".join(name for name in ("proper", "repack") if name in details)),
)


@attrs.frozen
class Verdict:
    """What is to become of a file beside the one that would stay."""

    comparison: Comparison
    """Which of them is better: the one that would stay is on the left."""
    doubts: tuple[str, ...] = ()
    """What would be lost with it, for a reader."""

    @property
    def goes(self) -> bool:
        """Whether it can go without a person's word: the other is better, and nothing is lost."""
        return isinstance(self.comparison, Better) and self.comparison.side == "left" and not self.doubts

    def __str__(self) -> str:
        return "; ".join((*self.comparison.reasons, *self.doubts))


def details_of(parsed: ParsedName) -> dict[str, str]:
    """What the inventory keeps of a release name: quality, language, edition, part, as far as they are said.

    >>> from medialib.naming import parse_name
    >>> details_of(parse_name("Film.1999.Extended.German.DVDRip.XviD.CD2-GRP.avi"))
    {'source': 'DVD', 'video_codec': 'XviD', ..., 'edition': 'extended', 'part': '2', 'languages': 'de'}
    """
    details = {name: str(value) for name in _SAID_ONCE if (value := getattr(parsed, name)) is not None}
    if parsed.version is not None:
        details["version"] = str(parsed.version)
    details.update({name: "yes" for name in ("proper", "repack", "remux") if getattr(parsed, name)})
    details.update({name: "+".join(value) for name in _SAID_OFTEN if (value := getattr(parsed, name))})
    part = parsed.part if parsed.part is not None else _disc(parsed.name)
    if part is not None:
        details["part"] = str(part)
    # written even if none is said: details without it were kept before it was looked at
    details["languages"] = "+".join(parsed.languages)
    return details


def _disc(name: str) -> int | None:
    """Which disc of several a file is, by its name or its folder's: ``CD1``, which is no part of a story."""
    found = _DISC.findall(name)
    return int(found[-1]) if found else None


def is_complete(details: Mapping[str, str]) -> bool:
    """Whether details are all that `details_of` tells of their name; those that earlier versions kept are not.

    >>> is_complete({"source": "WEB"})
    False
    """
    return "languages" in details


def edition_and_part(details: Mapping[str, str]) -> tuple[str, str]:
    """What tells two files of one film apart that are no copies of each other."""
    return details.get("edition", ""), details.get("part", "")


def which_stays(holdings: Sequence[Holding], sizes: Sequence[int]) -> int:
    """The index of the one that would stay: none is better; of several such the biggest, then the first.

    >>> full, small = Holding(details={"resolution": "1080p"}), Holding(details={"resolution": "720p"})
    >>> which_stays([small, full, full], [9, 5, 7])
    2
    """
    best = [
        index
        for index, holding in enumerate(holdings)
        if not any(_is_better(other, holding) for other in holdings if other is not holding)
    ]
    return max(best, key=lambda index: (sizes[index], -index))


def judge(stays: Holding, other: Holding) -> Verdict:
    """What is to become of a file beside the one that would stay.

    >>> def holding(**details: str) -> Holding:
    ...     return Holding(details=details)
    >>> full = holding(resolution="1080p", languages="en")
    >>> str(judge(full, holding(resolution="720p", languages="en"))), judge(full, holding(resolution="720p")).goes
    ('1080p before 720p', False)
    >>> judge(full, holding(resolution="720p", languages="de")).doubts
    ('it has the language de',)
    >>> judge(Holding(sha256="ab" * 32), Holding(sha256="ab" * 32)).goes
    True
    """
    if stays.sha256 is not None and stays.sha256 == other.sha256:
        return Verdict(Better("left", ("the same, byte for byte",)))
    return Verdict(compare(stays, other), tuple(_lost(stays.details, other.details)))


def differences(holdings: Iterable[Holding], sizes: Iterable[str] = ()) -> tuple[str, ...]:
    """What several files of one thing differ in, for a reader, in the order given; `sizes` as they are to be shown.

    >>> one, other = Holding(details={"resolution": "1080p", "source": "WEB"}), Holding(details={"source": "WEB"})
    >>> differences([one, other], ["2.0 GB", "1.0 GB"])
    ('resolution: 1080p, not said', 'size: 2.0 GB, 1.0 GB')
    """
    given = [holding.details for holding in holdings]
    columns = [(name, [said(details) for details in given]) for name, said in _TOLD]
    columns.append(("size", list(sizes)))
    return tuple(
        f"{name}: {', '.join(value or 'not said' for value in values)}"
        for name, values in columns
        if len(set(values)) > 1
    )


def _is_better(one: Holding, other: Holding) -> bool:
    compared = compare(one, other)
    return not isinstance(compared, Alike) and compared.side == "left"


def _lost(stays: Mapping[str, str], other: Mapping[str, str]) -> Iterable[str]:
    """What would go with the other one, as far as the names say."""
    mine, theirs = (set(filter(None, details.get("languages", "").split("+"))) for details in (stays, other))
    if mine and not theirs:
        yield "it does not say its language"
    elif not theirs <= mine:
        yield f"it has the language {'+'.join(sorted(theirs))}"
    if not set(other.get("hdr", "").split("+")) <= set(stays.get("hdr", "").split("+")) | {""}:
        yield f"it has {other['hdr']}"
    if edition_and_part(stays) != edition_and_part(other):
        yield "it is another edition or part"
