"""Stretches of a name that count, whatever their form."""

from __future__ import annotations

import attrs

from medialib.naming.parsed import Finding

__all__ = ["Marker", "Number", "numbered", "overlaps", "plain_number"]

Number = int | float


@attrs.frozen
class Marker:
    """A stretch of a name that counts."""

    form: str
    """Which way of counting: ``episode``, ``season``, ``number``, ``date``, ``absolute``."""
    findings: tuple[Finding, ...]
    """What it says; every item its own finding."""
    start: int
    """Index of its first character."""
    end: int
    """Index behind its last character."""
    reason: str
    """Why it was read so."""


def overlaps(start: int, end: int, taken: list[Marker]) -> bool:
    """Whether a stretch touches one already read.

    >>> overlaps(3, 5, [Marker("date", (), 0, 4, "")])
    True
    """
    for other in taken:  # noqa: SIM110 - half the time of any()
        if start < other.end and other.start < end:
            return True
    return False


def numbered(
    season: int | None,
    season_span: tuple[int, int],
    first: Number,
    first_span: tuple[int, int],
    more: list[tuple[int, int, int]],
    version: tuple[str, int, int] | None,
) -> tuple[Finding, ...]:
    """Findings of a season, its episodes and a version, each with its span."""
    findings = [] if season is None else [Finding("seasons", season, *season_span)]
    findings.append(Finding("episodes", first, *first_span))
    findings += [Finding("episodes", value, start, end) for value, start, end in more]
    if version:
        findings.append(Finding("version", int(version[0]), version[1], version[2]))
    return tuple(findings)


def plain_number(text: str) -> Number:
    """An int, or a float for a half episode.

    >>> plain_number("07"), plain_number("12.5")
    (7, 12.5)
    """
    return float(text) if "." in text and not text.endswith(".0") else int(float(text))
