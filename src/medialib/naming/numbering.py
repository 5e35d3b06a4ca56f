"""Seasons, episodes and dates: the ways a name counts.

Each form is a regular expression for its beginning and, where it goes on (``S01E01-E03``, ``1x02x03``), a second one
for what may follow. All counts in them are bounded, so no name can make them stall.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from medialib.naming.dates import find_dates
from medialib.naming.markers import Marker, Number, numbered, overlaps, plain_number
from medialib.naming.outline import EPISODE_WORDS, SEASON_WORDS, Outline, either, matches_at, outline
from medialib.naming.parsed import Finding

__all__ = ["Marker", "Number", "find_dates", "find_markers", "numbered", "overlaps", "plain_number"]

_EDGE = r"(?<![^\W_])"
_SEASON_WORD: Final = either(SEASON_WORDS)
_EPISODE_WORD: Final = either(EPISODE_WORDS)

_FULL = re.compile(
    rf"(?i){_EDGE}(?:S|T|Sn|Se[.]?)([0O]?\d{{1,4}}|O\d)[ ._-]{{0,3}}(?:[ex]|\.?ep|xE|episode|"
    rf"afl[.])[ ._(]?(\d{{1,5}})[a-d]?(?:v(\d))?(?![^\W_e])|"
    rf"{_EDGE}S(?!20[012]\d)(\d\d)(\d\d)(?![^\W_])"
)
_FULL_GLUED = re.compile(
    r"(?i)(?:(?<=[a-z])S(\d\d)E|(?<![^\W_])(\d\d)E(?=\d\d)|(?<=[a-z])(\d)x(?=\d\d))(\d\d)(?![^\W_e])"
)
_FULL_TAIL = re.compile(
    r"(?i)(?:(?P<range>[ ._]?[-~][ ._]?|[ ._]to[ ._])|(?P<join>[ ._]?[&+,][ ._]?|"
    r"[ ._](?:en|et|and|und|y|e)[ ._](?=\d)|[ ._]?))"
    r"(?:(?P<letter>(?:S\d{1,4}[ ._]?)?ep?[ ._]?)|"
    r"(?P<bare>(?<=[-~&+,])|(?<=[ ._]e[nt][ ._])|(?<=[ ._](?:and|und)[ ._])|(?<=[ ._][ye][ ._])|"
    r"(?<=\d[ .])(?=\d\d(?![\d-]))|(?<=- )(?=\d{2,4}[\])])))(?P<number>\d{1,5})(?:v\d)?(?![^\W_e]|[.]\d(?!\d))"
)
_CROSS = re.compile(
    rf"(?i){_EDGE}(?<!\D\d[.])(\d{{1,2}})[ ]?[xх][ ]?(\d{{1,3}})(?:v(\d))?(?:(?![^\W_x])|(?=m?\d{{3,4}}p))"
)
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
    rf"[ ]?[pi]\b))|{_SEASON_WORD}[ ._:#№-]{{0,3}}(?!(?:19|20)\d\d(?!\d)))(\d{{1,4}})"
    rf"(?:[ ._]?D(?:is[ck])?[ ._]?\d{{1,2}}(?:[-&,]\d{{1,2}}){{0,8}})?(?=[^\w]|_|$|of|S\d|Extra)"
)
_SEASON_TAIL = re.compile(
    rf"(?i)(?:(?P<range>[-~](?=\d{{1,2}}(?!\d))|[ ._]?[-~][ ._]?(?=S\d|{_SEASON_WORD}|"
    rf"[1-9]\d?[ ._]complete)|[ ._](?:to|through|thru|a|à|al)[ ._])|(?P<join>[ ._]?[&+,][ ._]?|"
    rf"[ ._](?:and|y|et|e)[ ._]|[.](?=\d[ .-])|[ ._]?(?=S\d)|,(?=\d)|[ ](?=\d\d(?:[ ]\d\d|[ .]*$))))"
    rf"(?:S|{_SEASON_WORD}[ ._]?)?(?P<number>\d{{1,2}})(?=[^\w]|_|$|S\d)(?![ ._]?[pi]\b|[ ]of)"
)
_NUMBER_WORDS: Final = {
    word: number
    for words in (
        "one two three four five six seven eight nine ten",
        "un deux trois quatre cinq six sept huit neuf dix",
        "uno dos tres cuatro cinco seis siete ocho nueve diez",
        "eins zwei drei vier fünf sechs sieben acht neun zehn",
    )
    for number, word in enumerate(words.split(), 1)
}
_ALL_OF_SEASON = re.compile(r"(?i)(?<![^\W_])(\d{1,2})xAll(?![^\W_])")
_WRITTEN_SEASON = re.compile(
    rf"(?i){_EDGE}{_SEASON_WORD}[ ._:-]{{1,3}}(?:(?-i:([IVX]{{1,5}}))|({either(_NUMBER_WORDS)}))(?![^\W_])"
)
_ROMAN_DIGITS: Final = {"I": 1, "V": 5, "X": 10}
_ORDINAL = re.compile(
    rf"(?i){_EDGE}(\d{{1,2}})[ ]?(?:st|nd|rd|th|ª|º|°|a[.]?|er|[èe]re|[èe]me|e|-?[йяы]|"
    rf"[.])?(?:[ ._]?(?P<range>-|a|to)[ ._]?(\d{{1,2}})(?:st|nd|rd|th|ª|º|"
    rf"a)?)?[ ._]{_SEASON_WORD}(?![^\W_])(?![ ._]?\d{{1,2}}(?!\d|-?[йя]|[ ._](?:сер|ser)))"
)
_EPISODE_FIRST = re.compile(
    rf"(?i)(?:{_EDGE}|(?<=\]))(?:E[ ._]?(?=\d{{2,5}}|\d-)|"
    rf"{_EPISODE_WORD}[ ._:#№(-]{{0,3}})(\d{{1,5}}(?:[.][1-9](?=[^\w.]))?)(?:v(\d))?(?![^\W_e])|"
    rf"{_EDGE}E(\d)(?=E\d|-E\d)"
)
_HASH = re.compile(r"#[ ]?(\d{1,4})(?:v(\d))?(?![^\W_])")
_OF = re.compile(
    r"(?i)(?<!\d)(?<!\d[.])(?<!cd)(?<!dis[ck])(?<!part)(\d{1,3})[ ._]?(?:of|из|von)[ ._]?(\d{1,3})(?![^\W_])"
)
_POINT = re.compile(rf"(?i){_EDGE}(?:{_EPISODE_WORD}|{_SEASON_WORD})[ ._]{{0,2}}(\d{{1,2}})[.](\d\d)(?![^\W_]|[.]\d)")
_ORDINALS = re.compile(
    r"(?i)(?<![^\W_])(\d{1,2})(?:-?[йя])?[ ._](?:сезон|sez(?:on)?)[ ._,]{1,3}"
    r"(\d{1,3})(?:-?[йя])?[ ._](?:сери[яи]|ser(?:iya|ija)?)(?![^\W_])"
)
_CAP = re.compile(r"(?i)(?<![^\W_])cap[ .]{0,2}(\d{1,2})(\d\d)(?:_\d{0,2}(\d\d))?(?![^\W_])")
_CJK = re.compile(r"第[ ]?(\d{1,4})(?:[-~](\d{1,4}))?[ ]?[話话回集]|第[ ]?(\d{1,2})[ ]?[季期]")
_NTH = re.compile(r"(?i)(?<![^\W_])(\d{1,3})(?:-?я)?[ .]{1,2}(?:сери[яи]|b[öo]?l[üu]?m|ser(?:ii|iya)?)(?![^\W_])")
_DASHED = re.compile(
    r"(?<=[^\W\d_] )(\d\d)-(\d\d)(?=[.]\w{2,4}$|$)|(?<=[^\W_][._-])(0\d)[._](\d\d)(?=[._-][A-Za-z]$|$)"
)

_FIRST_PAIR = re.compile(r"(\d{1,2})-(\d\d)(?=[. ]+[^\W\d_]{2})")
_GLUED_HINT: Final = re.compile(r"\d[eExX]\d\d")


_MOST: Final = 2000
"""Numbers that one part may count: more is no name, and filling range behind range would take long."""


def _may_count(match: re.Match[str], taken: list[Marker], more: Iterable[Marker] = ()) -> bool:
    """Whether a match touches nothing in `taken` and these and `more` markers have not counted thousands already."""
    return not overlaps(*match.span(), taken) and sum(len(marker.findings) for marker in (*taken, *more)) <= _MOST


def _chain(
    text: str, position: int, first: int, tail: re.Pattern[str], high: int
) -> tuple[list[tuple[int, int, int]], int]:
    """Numbers that go on behind a first one, with their spans; ranges are filled."""
    found: list[tuple[int, int, int]] = []
    last = first
    while len(found) < _MOST and (match := tail.match(text, position, high)):
        number = int(match["number"])
        start, end = match.start("number"), match.end()
        if match["range"] is not None:
            apart = "letter" in match.re.groupindex and match["letter"] is not None and " " in match["range"]
            if number <= last or number - last > (30 if apart else 400):
                break
            found += [(value, start, end) for value in range(last + 1, number + 1)]
        elif number < last or (
            "bare" in tail.groupindex
            and match["bare"] is not None
            and match["join"] in {" ", "."}
            and number > last + (2 if text[start] == "0" else 1)
        ):
            break
        else:
            found.append((number, start, end))
        last, position = number, end
    return found, position


def _version(match: re.Match[str], group: int) -> tuple[str, int, int] | None:
    return (match[group], match.start(group) - 1, match.end(group)) if match[group] else None


def _groups_of(match: re.Match[str]) -> tuple[int, int]:
    """Which groups hold season and episode."""
    if match.re is _FULL:
        return (1, 2) if match[1] else (4, 5)
    return next(group for group in (1, 2, 3) if match[group]), 4


def _full(text: str, low: int, high: int, taken: list[Marker], shape: Outline) -> list[Marker]:
    markers: list[Marker] = []
    found = list(matches_at(_FULL, text, shape.letters, high)) if shape.letters else []
    if not found and _GLUED_HINT.search(text, low, high):
        found = list(_FULL_GLUED.finditer(text, low, high))
    for match in found:
        season_group, episode_group = _groups_of(match)
        if not _may_count(match, taken + markers):
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


def _cross(text: str, low: int, high: int, taken: list[Marker], shape: Outline) -> list[Marker]:
    markers: list[Marker] = []
    for match in matches_at(_CROSS, text, shape.short, high):
        if not _may_count(match, taken + markers) or int(match[2]) in {264, 265}:
            continue
        first = int(match[2])
        version = _version(match, 3)
        more, end = ([], match.end()) if version else _chain(text, match.end(2), first, _CROSS_TAIL, high)
        findings = numbered(int(match[1]), match.span(1), first, (match.end(1), match.end(2)), more, version)
        markers.append(Marker("episode", findings, match.start(), max(end, match.end()), "season and episode as 1x02"))
    return markers


def _words(text: str, low: int, high: int, taken: list[Marker], shape: Outline) -> list[Marker]:
    markers: list[Marker] = []
    for match in matches_at(_WORDS, text, shape.seasons, high):
        if not _may_count(match, taken, markers):
            continue
        first = int(match[2])
        more, end = _chain(text, match.end(2), first, _FULL_TAIL, high)
        findings = numbered(
            int(match[1]), (match.start(), match.end(1)), first, match.span(2), more, _version(match, 3)
        )
        markers.append(Marker("episode", findings, match.start(), max(end, match.end()), "season and episode in words"))
    pointed = matches_at(_POINT, text, sorted(shape.seasons + shape.episodes), high)
    for match in (*pointed, *matches_at(_ORDINALS, text, shape.short if shape.seasons else [], high)):
        if _may_count(match, taken + markers):
            findings = numbered(int(match[1]), match.span(1), int(match[2]), match.span(2), [], None)
            markers.append(Marker("episode", findings, *match.span(), "season and episode in words"))
    for match in matches_at(_CAP, text, shape.chapters, high):
        if not _may_count(match, taken + markers):
            continue
        season, first = int(match[1]), int(match[2])
        last = int(match[3]) if match[3] else first
        more = [(value, match.start(3), match.end(3)) for value in range(first + 1, last + 1)]
        findings = numbered(season, match.span(1), first, match.span(2), more, None)
        markers.append(Marker("episode", findings, match.start(), match.end(), "chapter number Cap.SEE"))
    return markers


def _roman(text: str) -> int:
    digits = [_ROMAN_DIGITS[digit] for digit in text]
    return sum(-digit if digit < max(digits[place:]) else digit for place, digit in enumerate(digits))


def _written_seasons(text: str, high: int, taken: list[Marker], shape: Outline) -> list[Marker]:
    """Seasons counted in words or in Roman numbers, and all of one: ``Saison VII``, ``Season Two``, ``1xAll``."""
    markers: list[Marker] = []
    for match in matches_at(_WRITTEN_SEASON, text, shape.seasons, high):
        if _may_count(match, taken):
            number = _roman(match[1]) if match[1] else _NUMBER_WORDS[match[2].casefold()]
            finding = Finding("seasons", number, *match.span())
            markers.append(Marker("season", (finding,), *match.span(), "season in words"))
    for match in matches_at(_ALL_OF_SEASON, text, shape.short if "xAll" in text else [], high):
        if _may_count(match, taken + markers):
            finding = Finding("seasons", int(match[1]), *match.span(1))
            markers.append(Marker("season", (finding,), *match.span(), "a season without an episode"))
    return markers


def _seasons(text: str, low: int, high: int, taken: list[Marker], shape: Outline) -> list[Marker]:
    markers = _written_seasons(text, high, taken, shape) if shape.seasons or "xAll" in text else []
    for match in matches_at(_ORDINAL, text, shape.short if shape.seasons else [], high):
        if not _may_count(match, taken, markers) or overlaps(*match.span(), markers):
            continue
        first = int(match[1])
        last = int(match[3]) if match[3] else first
        findings = tuple(
            Finding("seasons", value, match.start(), match.end()) for value in range(first, max(first, last) + 1)
        )
        markers.append(Marker("season", findings, match.start(), match.end(), "season in words"))
    for match in matches_at(_SEASON_FIRST, text, sorted(shape.letters + shape.seasons + shape.series), high):
        if not _may_count(match, taken + markers):
            continue
        more, end = _chain(text, match.end(1), int(match[1]), _SEASON_TAIL, high)
        findings = (
            Finding("seasons", int(match[1]), match.start(), match.end(1)),
            *(Finding("seasons", value, start, stop) for value, start, stop in more),
        )
        markers.append(Marker("season", findings, match.start(), end, "a season without an episode"))
    return markers


def _episode_matches(
    text: str, low: int, high: int, shape: Outline
) -> Iterator[tuple[re.Pattern[str], Iterable[re.Match[str]]]]:
    """The ways of counting episodes alone, those whose mark the name does not hold left out."""
    if shape.episodes:
        yield _EPISODE_FIRST, matches_at(_EPISODE_FIRST, text, shape.episodes, high)
    if "#" in text:
        yield _HASH, _HASH.finditer(text, low, high)
    if shape.of:
        yield _OF, _OF.finditer(text, low, high)
    if "第" in text:
        yield _CJK, _CJK.finditer(text, low, high)
    if shape.short and (shape.episodes or shape.behind):
        yield _NTH, matches_at(_NTH, text, shape.short, high)


def _episodes(text: str, low: int, high: int, taken: list[Marker], shape: Outline) -> list[Marker]:
    markers: list[Marker] = []
    for pattern, found in _episode_matches(text, low, high, shape):
        for match in found:
            if not _may_count(match, taken + markers):
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


def find_markers(text: str, low: int, high: int, blocked: list[Marker], shape: Outline | None = None) -> list[Marker]:
    """Everything in ``text[low:high]`` that counts seasons, episodes or days in so many words, by position.

    `shape` is its outline, where that is known already.

    >>> [(item.field, item.value) for item in find_markers("Show.S01E02", 0, 11, [])[0].findings]
    [('seasons', 1), ('episodes', 2)]
    """
    shape = shape or outline(text, low, high)
    taken = [*blocked, *_full(text, low, high, blocked, shape)]
    if shape.seasons or shape.chapters or shape.episodes:
        taken += _words(text, low, high, taken, shape)
    if shape.packed or len(shape.short) > 2 or (shape.years and shape.short):
        taken += find_dates(text, low, high, taken, shape)
    if shape.short:
        taken += _cross(text, low, high, taken, shape)
    if shape.letters or shape.seasons or shape.series or "xAll" in text:
        taken += _seasons(text, low, high, taken, shape)
    taken += _episodes(text, low, high, taken, shape)
    markers = taken[len(blocked) :]
    if markers and any(marker.form == "episode" for marker in markers):
        # The marker that has both says more: a season word elsewhere only ends the title.
        markers = [
            attrs.evolve(marker, findings=()) if marker.form == "season" else marker
            for marker in markers
            if marker.form != "number"
        ]
    if not markers and (match := _FIRST_PAIR.match(text, low, high)):
        findings = numbered(int(match[1]), match.span(1), int(match[2]), match.span(2), [], None)
        markers.append(Marker("episode", findings, *match.span(), "season and episode as 4-13"))
    if not markers and (match := next(matches_at(_DASHED, text, shape.short, high), None)):
        first = 1 if match[1] else 3
        season, number = int(match[first]), int(match[first + 1])
        findings = numbered(season, match.span(first), number, match.span(first + 1), [], None)
        markers.append(Marker("episode", findings, *match.span(), "season and episode as 03-20"))
    return sorted(markers, key=lambda marker: marker.start) if len(markers) > 1 else markers
