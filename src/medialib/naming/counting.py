"""Bare numbers: episodes counted through, and season and episode run together.

What these are depends on what stands beside them, so they are looked for only where nothing says it in so many words.
"""

from __future__ import annotations

import re

from medialib.naming.markers import Marker, numbered, overlaps, plain_number
from medialib.naming.parsed import Finding

__all__ = ["find_absolute", "find_beside", "find_compact", "find_compact_beside", "find_leading", "find_padded"]

_BESIDE_AFTER = re.compile(
    r"(?:[\s._]{1,2}|[\s._]-[\s._](?=0|\d{3}(?:-\d{3}|[ ]-[ ])))[\[(]?(?!(?:480|576|720)(?!\d))(\d{3})(?:-(\d{3}))?"
    r"[\])]?(?=[\s._]|-(?!\d)|$)|[\s_-]{0,3}\((\d{2,3})\)"
)
_BEFORE_BARE = re.compile(r"(?<=[\s._])(?!(?:19|20)\d\d)(\d{3})()[\s._]$")
_BESIDE_BEFORE = re.compile(
    r"(?:[\s._]-[\s._]|(?<=[\s._])(?=\d{3}-\d{3}))(\d{1,3}[.]5|\d{3})(?:-(\d{3}))?[\s._-]{0,3}[\[(]?$"
)
_PART_BEFORE = re.compile(
    r"(?i)(?:parte?|teil|deel|pt|vol|volume|movies?|extras?|no|chapter|cd|disc|box|op|ed)[ ._]{0,2}$"
)
_ABSOLUTE_DASH = re.compile(
    r"(?:(?<=[\s._])|"
    r"(?<=[\])]))[-][\s._]{0,2}#?(\d{1,4}(?:[.]\d)?)(?:[ ._]?v(\d))?(?:[ ]?[-~&+][ ]?(\d{1,4})(?:v\d)?)?(?:[ _]?(?:END|"
    r"Final|Fin))?(?=[\s_]*(?:$|[\[({-])|[\s_.]|v\d)"
)
_ABSOLUTE_DASH_ALONE = re.compile(
    r"(?:(?<=[\s._])|"
    r"(?<=[\])]))[-][\s._]{0,2}#?(\d{1,4}(?:[.]\d)?)(?:[ ._]?v(\d))?(?:[ ]?[-~&+][ ]?(\d{1,4})(?:v\d)?)?(?:[ _]?(?:END|"
    r"Final|Fin))?[A-D]?(?=[\s_]*(?:$|[\[({]|[-]))"
)
_ABSOLUTE_BRACKET = re.compile(
    r"(?i)[\[(](?:EP?|第)?[ ]?(\d{1,4}(?:[.]\d)?)(?:[ _]?v(\d))?(?:[-~](\d{1,4}))?(?:[ _]?(?:END|"
    r"FIN|完|话|話|集|合集))?(?:TV)?(?:[+][^\[\]()]{1,30})?[\])]"
)
_ABSOLUTE_LAST = re.compile(
    r"(?<=[\s._\]-])(?!0(?!\d))(\d{1,4}(?:[.]\d)?)(?:[ ]?v(\d))?(?:[ ._]?[-~&][ ._]?(\d{1,4}))?"
    r"(?:[ _]END)?(?=[\s._-]*(?:$|[\[({])|[\s._]-[\s._])"
)
_LEADING = re.compile(r"[\s._-]{0,3}(\d{2,3})(?:-(\d{2,3}))?(?=[\s._]{0,2}[-.]?[\s._]{1,2}[^\W\d_])")
_COMPACT = re.compile(r"(?<![^\W_])(\d{1,2})(\d\d)(?:(\d\d))?(?=[\s._-]*$)")
_COMPACT_BEHIND_YEAR = re.compile(
    r"[ ._](?:(?!(?:480|540|576|720)(?!\d))([1-9])([0-4]\d)(?=[ ._][^\W\d_]{2})|(0[1-9])([0-4]\d)(?=[ ._-]|$))"
)
_COMPACT_IN_DASHES = re.compile(r"[ _]-[ _](\d{1,2})(\d\d)[ _]\((\d{1,3})\)[ _]-[ _]")
_ABSOLUTE_LISTED = re.compile(
    r"(?:-[\s._]{1,2}|(?<=[\s._]))(\d{1,4})(?:-(\d{1,4}))?((?:,[ ._]?|[ ._]?[&+][ ._]?)\d{1,4}(?:-\d{1,4})?){1,12}"
    r"(?=[\s._]*(?:$|[\[({])|[\s._]-[\s._])"
)
_RANGE = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")
_PADDED_BETWEEN = re.compile(r"(?<=[^\W\d_])[ ._](0[1-9])[ ._](?=[^\W\d_]{2})")


def _absolute(match: re.Match[str], reason: str) -> Marker | None:
    first = plain_number(match[1])
    findings = [Finding("absolute_episodes", first, *match.span(1))]
    if match.re.groups > 2 and match[3]:
        last = int(match[3])
        if not isinstance(first, int) or not first < last <= first + 1500:
            return None
        findings += [Finding("absolute_episodes", value, *match.span(3)) for value in range(first + 1, last + 1)]
    if match[2]:
        findings.append(Finding("version", int(match[2]), match.start(2) - 1, match.end(2)))
    return Marker("absolute", tuple(sorted(findings, key=lambda item: item.start)), *match.span(), reason)


def find_absolute(text: str, low: int, high: int, taken: list[Marker], *, bold: bool) -> Marker | None:
    """The number of an episode counted through, in the free text before the tags.

    `bold` takes a bare number at the end of the title too, which a film's title may also have.

    >>> found = find_absolute("Mob Psycho 100 - 03", 0, 19, [], bold=False)
    >>> found.findings[0].value
    3
    """
    patterns = []
    if text.find("-", low, high) >= 0:
        patterns += [(_ABSOLUTE_DASH_ALONE, "a number behind a dash"), (_ABSOLUTE_DASH, "a number behind a dash")]
    if text.find("[", low, high) >= 0 or text.find("(", low, high) >= 0:
        patterns += [(_ABSOLUTE_BRACKET, "a number in brackets")]
    if bold:
        patterns += [(_ABSOLUTE_LAST, "a number at the end of the title")]
    several = "&" in text or "," in text or "+" in text
    if several and (listed := _listed(text, low, high, taken, bold=bold)) is not None:
        return listed
    for pattern, reason in patterns:
        for match in pattern.finditer(text, low, high):
            if text[match.start()] == "(" and not any(map(str.isalnum, text[low : match.start()])):
                continue
            year_like = len(match[1]) == 4 and "1900" <= match[1] <= "2039"
            if (
                year_like
                or overlaps(*match.span(1), taken)
                or _PART_BEFORE.search(text, max(low, match.start(1) - 9), match.start(1))
            ):
                continue
            marker = _absolute(match, reason)
            if marker is not None:
                return marker
    return None


def _listed(text: str, low: int, high: int, taken: list[Marker], *, bold: bool) -> Marker | None:
    """Numbers and ranges that a comma or ``&`` joins: ``493-498 & 500-507``."""
    for match in _ABSOLUTE_LISTED.finditer(text, low, high):
        dashed = match[0].startswith("-")
        if overlaps(*match.span(), taken) or not (bold or dashed):
            continue
        findings: list[Finding] = []
        for each in _RANGE.finditer(text, match.start(1), match.end()):
            first = int(each[1])
            last = int(each[2] or first)
            if (findings and first <= findings[-1].value) or not first <= last <= first + 400:
                break
            findings += [Finding("absolute_episodes", value, *each.span()) for value in range(first, last + 1)]
        else:
            return Marker("absolute", tuple(findings), *match.span(), "a number behind a dash")
    return None


def find_padded(text: str, low: int, high: int) -> Marker | None:
    """A number with a leading zero between title and episode title: ``Show.05.Down.the.Road``.

    >>> find_padded("Show.05.Down.the.Road", 0, 21).findings[0].value
    5
    """
    match = _PADDED_BETWEEN.search(text, low, high)
    if match is None or _PART_BEFORE.search(text, max(low, match.start(1) - 9), match.start(1)):
        return None
    finding = Finding("absolute_episodes", int(match[1]), *match.span(1))
    return Marker("absolute", (finding,), *match.span(1), "a number between title and episode title")


def find_compact_beside(text: str, low: int, high: int, year: tuple[int, int] | None) -> Marker | None:
    """Season and episode as one number right behind the year, or between dashes with the number counted through.

    >>> [item.value for item in find_compact_beside("Show.2005.211.Title", 0, 19, (5, 9)).findings]
    [2, 11]
    >>> [item.value for item in find_compact_beside("Show - 205 (31) - Title", 0, 23, None).findings]
    [2, 5]
    """
    match = None if year is None else _COMPACT_BEHIND_YEAR.match(text, year[1], high)
    if match is None and text.find("(", low, high) >= 0:
        match = _COMPACT_IN_DASHES.search(text, low, high)
    if match is None:
        return None
    group = 1 if match[1] else 3
    season, episode = int(match[group]), int(match[group + 1])
    if episode == 0:
        return None
    findings = numbered(season, match.span(group), episode, match.span(group + 1), [], None)
    return Marker("episode", findings, match.start(group), match.end(), "season and episode as one number")


def find_compact(text: str, low: int, high: int) -> Marker | None:
    """Season and episode written as one number, ``113`` for 1x13, right before the tags.

    >>> [item.value for item in find_compact("Show.113", 0, 8).findings]
    [1, 13]
    """
    match = _COMPACT.search(text, low, high)
    if match is None or match[1] in {"19", "20"} or match[2] == "00" or (int(match[1]) == 0 and len(match[1]) == 1):
        return None
    more = [(int(match[3]), *match.span(3))] if match[3] else []
    if more and more[0][0] != int(match[2]) + 1:
        return None
    findings = numbered(int(match[1]), match.span(1), int(match[2]), match.span(2), more, None)
    return Marker("episode", findings, *match.span(), "season and episode as one number")


def find_beside(text: str, low: int, high: int, marker: Marker, *, fansub: bool = False) -> Marker | None:
    """The absolute number that stands right beside a season and episode: ``S10E14 214``, ``- 17.5 (S00E01)``.

    >>> from medialib.naming.numbering import find_markers
    >>> found = find_markers("Show 16x03-04 313-314", 0, 21, [])[0]
    >>> [item.value for item in find_beside("Show 16x03-04 313-314", 0, 21, found).findings]
    [313, 314]
    """
    match = (
        _BESIDE_AFTER.match(text, marker.end, high)
        or _BESIDE_BEFORE.search(text, low, marker.start)
        or (_BEFORE_BARE.search(text, low, marker.start) if fansub else None)
    )
    if match is None:
        return None
    group = 1 if match[1] else 3
    first = plain_number(match[group])
    findings = [Finding("absolute_episodes", first, *match.span(group))]
    if match[2]:
        episodes = sum(item.field == "episodes" for item in marker.findings)
        if int(match[2]) - int(first) + 1 != episodes:
            return None
        findings += [
            Finding("absolute_episodes", value, *match.span(2)) for value in range(int(first) + 1, int(match[2]) + 1)
        ]
    return Marker("beside", tuple(findings), *match.span(group), "an absolute number beside season and episode")


def find_leading(text: str, low: int, high: int, *, bold: bool) -> Marker | None:
    """A number that the name begins with: ``01 - Title``; `bold` takes one that is not padded with a zero too.

    >>> find_leading("01 - Title", 0, 10, bold=False).findings[0].value
    1
    """
    match = _LEADING.match(text, low, high)
    if match is None or not (bold or match[1].startswith("0") or match[2]):
        return None
    first = int(match[1])
    findings = [Finding("episodes", first, *match.span(1))]
    if match[2]:
        if not first < int(match[2]) <= first + 400:
            return None
        findings += [Finding("episodes", value, *match.span(2)) for value in range(first + 1, int(match[2]) + 1)]
    return Marker("leading", tuple(findings), *match.span(), "a number at the beginning")
