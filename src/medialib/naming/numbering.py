"""Seasons, episodes and dates: the ways a name counts.

Each form is a regular expression for its beginning and, where it goes on (``S01E01-E03``, ``1x02x03``), a second one
for what may follow. All counts in them are bounded, so no name can make them stall.
"""

from __future__ import annotations

import datetime
import re
from typing import Final

import attrs

from medialib.naming.parsed import Finding

__all__ = ["Marker", "Number", "find_dates", "find_markers", "numbered", "overlaps", "plain_number"]

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


_EDGE = r"(?<![^\W_])"
_SEASON_WORD = (
    r"(?:seasons?|saisons?|sezona?|temporadas?|temp?|sez|stagion[ei]|staffel|seizoen|s[äa]song|s[æa]son|kausi|"
    r"сезон[ыа]?|evad|sæson|season)"
)
_EPISODE_WORD = (
    r"(?:episodes?|[ée]pisodes?|epis[óo]dios?|episode|eps?|odc|folge|afsnit|сери[ияй]|серии|"
    r"эпизод|выпуск|cap[íi]tulos?|"
    r"b[öo]l[üu]m|odcinek|avsnitt|aflevering|puntata)"
)

_FULL = re.compile(
    rf"(?i){_EDGE}(?:S|T|Sn|Se[.]?)([0O]?\d{{1,4}}|O\d)[ ._-]{{0,3}}(?:[ex]|\.?ep|xE|episode|"
    rf"afl[.])[ ._(]?(\d{{1,5}})[a-d]?(?:v(\d))?(?![^\W_e])|"
    rf"{_EDGE}S(?!20[012]\d)(\d\d)(\d\d)(?![^\W_])"
)
_FULL_GLUED = re.compile(
    r"(?i)(?:(?<=[a-z])S(\d\d)E|(?<![^\W_])(\d\d)E(?=\d\d)|(?<=[a-z])(\d)x(?=\d\d))(\d\d)(?![^\W_e])"
)
_FULL_TAIL = re.compile(
    r"(?i)(?:(?P<range>[ ._]?[-~][ ._]?|[ ._]to[ ._])|(?P<join>[ ._]?[&+,][ ._]?|[ ._]?))"
    r"(?:(?P<letter>(?:S\d{1,4}[ ._]?)?ep?[ ._]?)|"
    r"(?P<bare>(?<=[-~&+,])|(?<=- )(?=\d{2,4}[\])])))(?P<number>\d{1,5})(?:v\d)?(?![^\W_e]|[.]\d(?!\d))"
)
_CROSS = re.compile(rf"(?i){_EDGE}(?<!\D\d[.])(\d{{1,2}})[ ]?[xх][ ]?(\d{{1,3}})(?:v(\d))?(?![^\W_x])")
_CROSS_TAIL = re.compile(
    r"(?i)(?:(?P<range>[ ._]?[-~][ ._]?)|(?P<join>[ ._]?[&+][ ._]?|[ ._]?))"
    r"(?:(?P<letter>\d{0,2}x)|(?P<bare>(?<=[-~&+])))(?P<number>\d{1,3})(?![^\W_x]|[.]\d(?!\d))"
)
_WORDS = re.compile(
    rf"(?i){_EDGE}{_SEASON_WORD}[ ._:-]{{0,3}}(\d{{1,4}})[ ._,/|"
    rf":-]{{0,4}}[\[(]?{_EPISODE_WORD}[ ._:-]{{0,3}}(\d{{1,4}})(?:v(\d))?(?![^\W_])"
)
_SEASON_FIRST = re.compile(
    rf"(?i){_EDGE}(?:(?:(?<![^\s]-)(?:S|Sn)|Series[ ._](?!\d{{3}}))(?=(?:\d{{1,2}}|20\d\d)(?!\d|"
    rf"[ ]?[pi]\b))|{_SEASON_WORD}[ ._:#№-]{{0,3}}(?!(?:19|20)\d\d(?!\d)))(\d{{1,4}})(?=[^\w]|_|$|of|S\d|Extra)"
)
_SEASON_TAIL = re.compile(
    rf"(?i)(?:(?P<range>[-~](?=\d{{1,2}}(?!\d))|[ ._]?[-~][ ._]?(?=S\d|{_SEASON_WORD}|"
    rf"[1-9]\d?[ ._]complete)|[ ._](?:to|through|thru|a|à|al)[ ._])|(?P<join>[ ._]?[&+,][ ._]?|"
    rf"[ ._](?:and|y|et|e)[ ._]|[.](?=\d[.-])|[ ._]?(?=S\d)|,(?=\d)|[ ](?=\d\d[ ]\d\d)))"
    rf"(?:S|{_SEASON_WORD}[ ._]?)?(?P<number>\d{{1,2}})(?=[^\w]|_|$|S\d)(?![ ._]?[pi]\b|[ ]of)"
)
_ORDINAL = re.compile(
    rf"(?i){_EDGE}(\d{{1,2}})[ ]?(?:st|nd|rd|th|ª|º|°|a[.]?|er|[èe]re|[èe]me|e|-?[йяы]|"
    rf"[.])?(?:[ ._]?(?P<range>-|a|to)[ ._]?(\d{{1,2}})(?:st|nd|rd|th|ª|º|"
    rf"a)?)?[ ._]{_SEASON_WORD}(?![^\W_])(?![ ._]?\d{{1,2}}(?!\d))"
)
_EPISODE_FIRST = re.compile(
    rf"(?i)(?:{_EDGE}|(?<=\]))(?:E[ ._]?(?=\d{{2,5}}|\d-)|"
    rf"{_EPISODE_WORD}[ ._:#№(-]{{0,3}})(\d{{1,5}}(?:[.][1-9](?=[^\w.]))?)(?:v(\d))?(?![^\W_e])|"
    rf"{_EDGE}E(\d)(?=E\d|-E\d)"
)
_HASH = re.compile(r"#[ ]?(\d{1,4})(?:v(\d))?(?![^\W_])")
_OF = re.compile(r"(?i)(?<!\d)(?<!\d[.])(\d{1,3})[ ._]?(?:of|из|von)[ ._]?(\d{1,3})(?![^\W_])")
_CAP = re.compile(r"(?i)(?<![^\W_])cap[ .]{0,2}(\d{1,2})(\d\d)(?:_\d{0,2}(\d\d))?(?![^\W_])")
_CJK = re.compile(r"第[ ]?(\d{1,4})(?:[-~](\d{1,4}))?[ ]?[話话回集]|第[ ]?(\d{1,2})[ ]?[季期]")
_NTH = re.compile(r"(?i)(?<![^\W_])(\d{1,3})(?:-?я)?[ .]{1,2}(?:сери[яи]|b[öo]?l[üu]?m|ser(?:ii|iya)?)(?![^\W_])")
_DASHED = re.compile(r"(?<=[^\W\d_] )(\d\d)-(\d\d)(?=[.]\w{2,4}$|$)")

_FIRST_PAIR = re.compile(r"(\d{1,2})-(\d\d)(?=[. ]+[^\W\d_]{2})")

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_YEAR_FIRST = re.compile(r"(?<![^\W_])((?:19|20)\d\d)[ ._/-]([0-3]?\d)[ ._/-]([0-3]?\d)(?![^\W_])")
_DAY_FIRST = re.compile(r"(?<![^\W_])([0-3]?\d)[ ._-]([0-3]?\d)[ ._-]((?:19|20)\d\d)(?![^\W_])")
_PACKED = re.compile(r"(?<![^\W_])((?:19|20)\d\d)([01]\d)([0-3]\d)(?![^\W_])")
_NAMED_DAY = re.compile(
    r"(?i)(?<![^\W_])([0-3]?\d)(?:st|nd|rd|th)?[ ._-](jan|feb|mar|apr|may|jun|jul|aug|sep|oct|"
    r"nov|dec)[a-z]{0,7}[ ._-]((?:19|20)\d\d)(?![^\W_])"
)
_NAMED_MONTH = re.compile(
    r"(?i)(?<![^\W_])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|"
    r"dec)[a-z]{0,7}[ ._-]([0-3]?\d)(?:st|nd|rd|th)?,?[ ._-]((?:19|20)\d\d)(?![^\W_])"
)


def overlaps(start: int, end: int, taken: list[Marker]) -> bool:
    """Whether a stretch touches one already read.

    >>> overlaps(3, 5, [Marker("date", (), 0, 4, "")])
    True
    """
    return any(start < other.end and other.start < end for other in taken)


def _chain(
    text: str, position: int, first: int, tail: re.Pattern[str], high: int
) -> tuple[list[tuple[int, int, int]], int]:
    """Numbers that go on behind a first one, with their spans; ranges are filled."""
    found: list[tuple[int, int, int]] = []
    last = first
    while len(found) < 2000 and (match := tail.match(text, position, high)):
        number = int(match["number"])
        start, end = match.start("number"), match.end()
        if match["range"] is not None:
            apart = "letter" in match.re.groupindex and match["letter"] is not None and " " in match["range"]
            if number <= last or number - last > (30 if apart else 400):
                break
            found += [(value, start, end) for value in range(last + 1, number + 1)]
        elif number < last:
            break
        else:
            found.append((number, start, end))
        last, position = number, end
    return found, position


def numbered(
    season: int | None,
    season_span: tuple[int, int],
    first: int,
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


def _version(match: re.Match[str], group: int) -> tuple[str, int, int] | None:
    return (match[group], match.start(group) - 1, match.end(group)) if match[group] else None


def _groups_of(match: re.Match[str]) -> tuple[int, int]:
    """Which groups hold season and episode."""
    if match.re is _FULL:
        return (1, 2) if match[1] else (4, 5)
    return next(group for group in (1, 2, 3) if match[group]), 4


def _full(text: str, low: int, high: int, taken: list[Marker]) -> list[Marker]:
    markers: list[Marker] = []
    for match in (
        *_FULL.finditer(text, low, high),
        *(() if _FULL.search(text, low, high) else _FULL_GLUED.finditer(text, low, high)),
    ):
        season_group, episode_group = _groups_of(match)
        if overlaps(match.start(), match.end(), taken + markers):
            continue
        season, first = int(match[season_group].upper().replace("O", "0")), int(match[episode_group])
        version = _version(match, 3) if match.re is _FULL else None
        end = match.end(episode_group)
        more, end = (
            _chain(text, end, first, _FULL_TAIL, high)
            if version is None or text[match.end() : match.end() + 1] in "-~"
            else ([], match.end())
        )
        findings = numbered(
            season,
            (match.start(), match.end(season_group)),
            first,
            (match.end(season_group), match.end(episode_group)),
            more,
            version,
        )
        markers.append(
            Marker("episode", findings, match.start(), max(end, match.end()), "season and episode as S..E..")
        )
    return markers


def _cross(text: str, low: int, high: int, taken: list[Marker]) -> list[Marker]:
    markers: list[Marker] = []
    for match in _CROSS.finditer(text, low, high):
        if overlaps(*match.span(), taken + markers) or int(match[2]) in {264, 265}:
            continue
        first = int(match[2])
        version = _version(match, 3)
        more, end = ([], match.end()) if version else _chain(text, match.end(2), first, _CROSS_TAIL, high)
        findings = numbered(int(match[1]), match.span(1), first, (match.end(1), match.end(2)), more, version)
        markers.append(Marker("episode", findings, match.start(), max(end, match.end()), "season and episode as 1x02"))
    return markers


def _words(text: str, low: int, high: int, taken: list[Marker]) -> list[Marker]:
    markers: list[Marker] = []
    for match in (found for found in _WORDS.finditer(text, low, high) if not overlaps(*found.span(), taken)):
        first = int(match[2])
        more, end = _chain(text, match.end(2), first, _FULL_TAIL, high)
        findings = numbered(
            int(match[1]), (match.start(), match.end(1)), first, match.span(2), more, _version(match, 3)
        )
        markers.append(Marker("episode", findings, match.start(), max(end, match.end()), "season and episode in words"))
    for match in (found for found in _CAP.finditer(text, low, high) if not overlaps(*found.span(), taken + markers)):
        season, first = int(match[1]), int(match[2])
        last = int(match[3]) if match[3] else first
        more = [(value, match.start(3), match.end(3)) for value in range(first + 1, last + 1)]
        findings = numbered(season, match.span(1), first, match.span(2), more, None)
        markers.append(Marker("episode", findings, match.start(), match.end(), "chapter number Cap.SEE"))
    return markers


def _seasons(text: str, low: int, high: int, taken: list[Marker]) -> list[Marker]:
    markers: list[Marker] = []
    for match in _ORDINAL.finditer(text, low, high):
        if overlaps(*match.span(), taken):
            continue
        first = int(match[1])
        last = int(match[3]) if match[3] else first
        findings = tuple(
            Finding("seasons", value, match.start(), match.end()) for value in range(first, max(first, last) + 1)
        )
        markers.append(Marker("season", findings, match.start(), match.end(), "season in words"))
    for match in _SEASON_FIRST.finditer(text, low, high):
        if overlaps(*match.span(), taken + markers):
            continue
        more, end = _chain(text, match.end(1), int(match[1]), _SEASON_TAIL, high)
        findings = (
            Finding("seasons", int(match[1]), match.start(), match.end(1)),
            *(Finding("seasons", value, start, stop) for value, start, stop in more),
        )
        markers.append(Marker("season", findings, match.start(), end, "a season without an episode"))
    return markers


def plain_number(text: str) -> Number:
    """An int, or a float for a half episode.

    >>> plain_number("07"), plain_number("12.5")
    (7, 12.5)
    """
    return float(text) if "." in text and not text.endswith(".0") else int(float(text))


def _episodes(text: str, low: int, high: int, taken: list[Marker]) -> list[Marker]:
    markers: list[Marker] = []
    for pattern in (_EPISODE_FIRST, _HASH, _OF, _CJK, _NTH):
        for match in pattern.finditer(text, low, high):
            if overlaps(*match.span(), taken + markers):
                continue
            if pattern is _CJK and match[3]:
                markers.append(
                    Marker(
                        "season", (Finding("seasons", int(match[3]), *match.span()),), *match.span(), "season in words"
                    )
                )
                continue
            group = 3 if pattern is _EPISODE_FIRST and match[3] else 1
            first = plain_number(match[group])
            more: list[tuple[int, int, int]] = []
            end = match.end(group)
            if pattern is _CJK and match[2]:
                more = [
                    (value, *match.span(2)) for value in range(int(first) + 1, min(int(match[2]), int(first) + 400) + 1)
                ]
            elif pattern in {_EPISODE_FIRST, _HASH} and isinstance(first, int):
                more, end = _chain(text, end, first, _FULL_TAIL, high)
            version = _version(match, 2) if pattern in {_EPISODE_FIRST, _HASH} and match[2] else None
            findings = (
                Finding("episodes", first, match.start(), match.end(group)),
                *(Finding("episodes", value, start, stop) for value, start, stop in more),
                *((Finding("version", int(version[0]), version[1], version[2]),) if version else ()),
            )
            markers.append(
                Marker("number", findings, match.start(), max(end, match.end()), "an episode number without a season")
            )
    return markers


def find_dates(text: str, low: int, high: int, taken: list[Marker]) -> list[Marker]:
    """Days of broadcast in any order of day, month and year.

    >>> [found.findings[0].value.isoformat() for found in find_dates("Show.2024.05.17", 0, 15, [])]
    ['2024-05-17']
    """
    for pattern, order in (
        (_YEAR_FIRST, "ymd"),
        (_DAY_FIRST, "dmy"),
        (_NAMED_DAY, "dmy"),
        (_NAMED_MONTH, "mdy"),
        (_PACKED, "ymd"),
    ):
        for match in pattern.finditer(text, low, high):
            if overlaps(*match.span(), taken):
                continue
            parts = dict(zip(order, match.groups(), strict=True))
            month = _MONTHS.get(parts["m"].casefold()) or int(parts["m"])
            day = int(parts["d"])
            if month > 12 >= day:
                month, day = day, month
            try:
                value = datetime.date(int(parts["y"]), month, day)
            except ValueError:
                continue
            finding = Finding("date", value, *match.span())
            return [Marker("date", (finding,), *match.span(), "a day of broadcast")]
    return []


def find_markers(text: str, low: int, high: int, blocked: list[Marker]) -> list[Marker]:
    """Everything in ``text[low:high]`` that counts seasons, episodes or days in so many words, by position.

    >>> [(item.field, item.value) for item in find_markers("Show.S01E02", 0, 11, [])[0].findings]
    [('seasons', 1), ('episodes', 2)]
    """
    taken = list(blocked)
    markers: list[Marker] = []
    for reader in (_full, _words, find_dates, _cross, _seasons, _episodes):
        found = reader(text, low, high, taken)
        markers += found
        taken += found
    if any(marker.form == "episode" for marker in markers):
        # The marker that has both says more: a season word elsewhere only ends the title.
        markers = [
            attrs.evolve(marker, findings=()) if marker.form == "season" else marker
            for marker in markers
            if marker.form != "number"
        ]
    if not markers and (match := _FIRST_PAIR.match(text, low, high)):
        findings = numbered(int(match[1]), match.span(1), int(match[2]), match.span(2), [], None)
        markers.append(Marker("episode", findings, *match.span(), "season and episode as 4-13"))
    if not markers and (match := _DASHED.search(text, low, high)):
        findings = numbered(int(match[1]), match.span(1), int(match[2]), match.span(2), [], None)
        markers.append(Marker("episode", findings, *match.span(), "season and episode as 03-20"))
    return sorted(markers, key=lambda marker: marker.start)
