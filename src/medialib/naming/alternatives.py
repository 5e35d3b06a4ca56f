"""The other ways a name can be read, ranked: worked out only when somebody asks."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from medialib.naming.parsed import ParsedName

__all__ = ["Alternative", "other_readings"]

_LAST_NUMBER: Final = re.compile(r"^(.{1,200}?)[\s._-]{1,3}(\d{1,4})$")
_FIRST_YEAR: Final = re.compile(r"^((?:19|20)\d\d)(?:[\s._-]+(.+))?$")
_PARTS: Final = re.compile(r"\s-+\s|--")


@attrs.frozen(kw_only=True)
class Alternative:
    """Another reading of a name: the fields that differ from the one chosen."""

    reason: str
    """What is read differently."""
    confidence: float
    """0 to 1; always below that of the reading chosen."""
    fields: tuple[tuple[str, Any], ...]
    """Names of fields of `ParsedName` with their other values."""


def other_readings(found: ParsedName) -> tuple[Alternative, ...]:
    """The other readings of a name, the likeliest first; empty where its form leaves no doubt.

    >>> from medialib.naming import parse_name
    >>> [item.reason for item in other_readings(parse_name("Mob Psycho 100 - 03"))]
    ['the number in the title counts the episode']
    >>> other_readings(parse_name("Show.S01E02.720p.HDTV.x264-GRP"))
    ()
    """
    readings = [*_numbers(found), *_years(found), *_titles(found), *_days(found)]
    readings = [attrs.evolve(item, confidence=round(item.confidence * found.confidence, 2)) for item in readings]
    return tuple(sorted(readings, key=lambda item: (-item.confidence, item.reason)))


def _alternative(reason: str, confidence: float, **fields: Any) -> Alternative:
    return Alternative(reason=reason, confidence=confidence, fields=tuple(fields.items()))


def _numbers(found: ParsedName) -> list[Alternative]:
    readings: list[Alternative] = []
    title = found.title or ""
    number = found.absolute_episode
    if number is not None and not found.seasons:
        if (match := _LAST_NUMBER.match(title)) and not 1900 <= int(match[2]) < 2040:
            readings.append(
                _alternative(
                    "the number in the title counts the episode",
                    0.3,
                    title=match[1],
                    absolute_episodes=(int(match[2]),),
                    episode_title=str(number),
                )
            )
        if any("at the end of the title" in reason for reason in found.reasons):
            readings.append(
                _alternative(
                    "the number belongs to the title", 0.5, title=f"{title} {number}".strip(), absolute_episodes=()
                )
            )
        if isinstance(number, int) and 100 < number < 10_000 and number % 100 and not 1900 <= number < 2040:
            season, episode = divmod(number, 100)
            readings.append(
                _alternative(
                    "season and episode as one number",
                    0.3,
                    seasons=(season,),
                    episodes=(episode,),
                    absolute_episodes=(),
                )
            )
    if found.season and found.episode and any("as one number" in reason for reason in found.reasons):
        together = found.season * 100 + int(found.episode)
        readings.append(
            _alternative("the number counts through", 0.5, seasons=(), episodes=(), absolute_episodes=(together,))
        )
    if found.season and found.episode is not None and any("behind a dash" in reason for reason in found.reasons):
        readings.append(_alternative("the number counts through", 0.4, episodes=(), absolute_episodes=(found.episode,)))
    return readings


def _years(found: ParsedName) -> list[Alternative]:
    title = found.title or ""
    first = _FIRST_YEAR.match(title)
    if first and found.year != int(first[1]):
        rest = first[2] or (str(found.year) if found.year is not None else None)
        return [_alternative("the number at the beginning is the year", 0.3, title=rest, year=int(first[1]))]
    if found.year is not None and title and f"({found.year}" not in found.name and not found.seasons:
        return [_alternative("the year belongs to the title", 0.2, title=f"{title} {found.year}", year=None)]
    return []


def _titles(found: ParsedName) -> list[Alternative]:
    parts = _PARTS.split(found.title or "")
    if len(parts) < 2 or not all(parts):
        return []
    return [
        _alternative("what follows the dash is another title", 0.5, title=parts[0], alternative_titles=tuple(parts[1:]))
    ]


def _days(found: ParsedName) -> list[Alternative]:
    day = found.date
    if day is None or day.day > 12 or day.day == day.month:
        return []
    written = next((item.text_in(found.name) for item in found.findings if item.field == "date"), "")
    if re.match(r"(?:19|20)\d\d", written) or re.search(r"[^\W\d_]", written):
        return []
    return [_alternative("month and day the other way round", 0.3, date=datetime.date(day.year, day.day, day.month))]
