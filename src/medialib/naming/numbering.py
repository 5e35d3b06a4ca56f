"""Seasons, episodes and dates: the ways a name counts.

Each form is a regular expression for its beginning and, where it goes on (``S01E01-E03``, ``1x02x03``), a second one
for what may follow. All counts in them are bounded, so no name can make them stall.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from medialib.naming.chaining import chain, may_count
from medialib.naming.dates import find_dates
from medialib.naming.eastern import find_eastern
from medialib.naming.markers import Marker, Number, numbered, overlaps, plain_number
from medialib.naming.outline import EPISODE_WORDS, SEASON_WORDS, Outline, either, matches_at, outline
from medialib.naming.parsed import Finding
from medialib.naming.seasons import find_seasons

__all__ = ["Marker", "Number", "find_dates", "find_markers", "numbered", "overlaps", "plain_number"]

_EDGE = r"(?<![^\W_])"
_SEASON_WORD: Final = either(SEASON_WORDS)
_EPISODE_WORD: Final = either(EPISODE_WORDS)

_FULL = re.compile(
    rf"(?i){_EDGE}(?:S|T|Sn|Se[.]?)([0O]?\d{{1,4}}|O\d)[ ._-]{{0,3}}(?:[ex]|\.?ep|xE|episode|"
    rf"afl[.])[ ._(]?(\d{{1,5}}(?:[.]5(?=[ ]|$|[\])]))?)[a-d]?(?:v(\d))?(?:(?![^\W_e])|(?=S\d))|"
    rf"{_EDGE}S(?!20[012]\d)(\d\d)(\d\d)(?![^\W_])"
)
_FULL_GLUED = re.compile(
    r"(?i)(?:(?<=[a-z])S(\d\d)E|(?<![^\W_])(\d\d)E(?=\d\d)|(?<=[a-z])(\d)x(?=\d\d))(\d{2,3})(?![^\W_e])"
)
_FULL_TAIL = re.compile(
    r"(?i)(?:(?P<range>[ ._]?[-~][ ._]?|[ ._]to[ ._])|(?P<join>[ ._]?[&+,][ ._]?|"
    r"[ ._](?:en|et|and|und|y|e)[ ._](?=\d)|[ ._]?))"
    r"(?:(?P<letter>(?:S\d{1,4}[ ._]?)?ep?[ ._]?)|"
    r"(?P<bare>(?<=[-~&+,])|(?<=[&,] )|(?<=[ ._](?:e[nt]|to)[ ._])|(?<=[ ._](?:and|und)[ ._])|(?<=[ ._][ye][ ._])|"
    r"(?<=\d[ ._])(?=\d\d(?![\d-]))|(?<=- )(?=\d{2,4}[\])])))"
    r"(?P<number>\d{1,5})(?:v\d)?(?:(?![^\W_e]|[.]\d(?![^\W_]))|(?=S\d))"
)
_CROSS = re.compile(
    rf"(?i){_EDGE}(?<!\D\d[.])(\d{{1,2}}|(?:19[5-9]|20[0-3])\d(?=x\d\d(?!\d)))"
    r"[ ]?[xх][ ]?(\d{1,3})(?:v(\d))?(?:(?![^\W_x])|(?=m?\d{3,4}p))"
)
_CROSS_TAIL = re.compile(
    r"(?i)(?:(?P<range>[ ._]?[-~][ ._]?)|(?P<join>[ ._]?[&+][ ._]?|[ ._]?))"
    r"(?:(?P<letter>\d{0,2}x)|(?P<bare>(?<=[-~&+])))(?P<number>\d{1,3})(?![^\W_x]|[.]\d(?!\d))"
)
_WORDS = re.compile(
    rf"(?i){_EDGE}{_SEASON_WORD}[ ._:-]{{0,3}}(\d{{1,4}})[ ._,/|"
    rf":-]{{0,4}}[\[(]?{_EPISODE_WORD}[ ._:-]{{0,3}}(\d{{1,4}})(?:v(\d))?(?![^\W_])"
)
_EPISODE_FIRST = re.compile(
    rf"(?i)(?:{_EDGE}|(?<=\]))(?:E[ ._]?(?=\d{{2,5}}|\d-)|"
    rf"{_EPISODE_WORD}[ ._:#№(-]{{0,3}})(\d{{1,5}}(?:[.][1-9](?=[^\w.]))?)(?:v(\d))?(?![^\W_e])|"
    rf"{_EDGE}E(\d)(?=E\d|-E\d)"
)
_OUTSIDE = re.compile(r"(?i)(?:SP(?=\d)|(?:OVA|OAD)(?=\d))(\d{1,2}(?:[.]5)?)(?:v(\d))?(?![^\W_])")
_HASH = re.compile(r"#[ ]?(\d{1,4})(?:v(\d))?(?![^\W_])")
_OF = re.compile(
    r"(?i)(?<!\d)(?<!cd)(?<!dis[ck])(?<!part)(\d{1,3})(?:[ ]?-[ ]?(\d{1,3}))?"
    r"(?:[ ]сери[яий])?[ ._]?(?:of|из|von)[ ._]?\d{1,3}(?![^\W_])"
)
_POINT = re.compile(
    rf"(?i){_EDGE}(?:(?:{_EPISODE_WORD}|{_SEASON_WORD})[ ._]{{0,2}}(\d{{1,2}})[.](\d\d)|"
    rf"{_EPISODE_WORD}[ ._]{{0,2}}#(\d{{1,2}})[.](\d{{1,3}}))(?![^\W_]|[.]\d)"
)
_ORDINALS = re.compile(
    rf"(?i)(?<![^\W_])(\d{{1,2}})(?:-?[йя]|[.])?[ ._]?{_SEASON_WORD}[ ._,:(-]{{1,3}}"
    rf"(?:(\d{{1,3}})-)?(\d{{1,3}})(?:-?[йя]|[.])?[ ._]?(?:{_EPISODE_WORD}|ser(?:iya|ija)?)(?![^\W_])"
)
_CAP = re.compile(r"(?i)(?<![^\W_])cap[ ._]{0,2}(\d{1,2})(\d\d)(?:_\d{0,2}(\d\d))?(?![^\W_])")
_CAP_ALONE = re.compile(r"(?i)(?:cap[.][ ]?|(?<=[\W_])cap[ ](?=\d\d))(\d{1,2})(?:v(\d))?(?![^\W_])")
_NTH = re.compile(
    r"(?i)(?<![^\W_])(\d{1,3})(?:-(\d{1,3}))?(?:-?я)?[ .]{1,2}(?:сери[яий]|b[öo]?l[üu]?m|ser(?:ii|iya)?)(?![^\W_])"
)
_DASHED = re.compile(
    r"(?<=[^\W\d_] )(\d\d)-(\d\d)(?=[.]\w{2,4}$|$)|(?<=[^\W_][._-])(0\d)[._](\d\d)(?=[._-][A-Za-z]$|$)"
)

_FIRST_PAIR = re.compile(r"(\d{1,2})-(\d\d)(?=[. ]+[^\W\d_]{2})")
_GLUED_HINT: Final = re.compile(r"\d[eExX]\d\d")


_WORD_OR_DASH: Final = re.compile(r"[^\W\d_]{3}|[ ._]-[ ._]")


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
        if not may_count(match, taken + markers):
            continue
        season, first = int(match[season_group].upper().replace("O", "0")), plain_number(match[episode_group])
        version = _version(match, 3) if match.re is _FULL else None
        end = match.end(episode_group)
        more, end = (
            chain(text, end, first, _FULL_TAIL, high)
            if isinstance(first, int) and (version is None or text[match.end() : match.end() + 1] in "-~")
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
    crossed = [start for start in shape.years if text[start + 4 : start + 5] == "x"]
    starts = sorted(shape.short + crossed) if crossed else shape.short
    for match in matches_at(_CROSS, text, starts, high):
        if not may_count(match, taken + markers) or int(match[2]) in {264, 265}:
            continue
        first = int(match[2])
        version = _version(match, 3)
        more, end = ([], match.end()) if version else chain(text, match.end(2), first, _CROSS_TAIL, high)
        findings = numbered(int(match[1]), match.span(1), first, (match.end(1), match.end(2)), more, version)
        markers.append(Marker("episode", findings, match.start(), max(end, match.end()), "season and episode as 1x02"))
    return markers


def _words(text: str, low: int, high: int, taken: list[Marker], shape: Outline) -> list[Marker]:
    markers: list[Marker] = []
    for match in matches_at(_WORDS, text, shape.seasons, high):
        if not may_count(match, taken, markers):
            continue
        first = int(match[2])
        more, end = chain(text, match.end(2), first, _FULL_TAIL, high)
        findings = numbered(
            int(match[1]), (match.start(), match.end(1)), first, match.span(2), more, _version(match, 3)
        )
        markers.append(Marker("episode", findings, match.start(), max(end, match.end()), "season and episode in words"))
    for match in matches_at(_POINT, text, sorted(shape.seasons + shape.episodes), high):
        if may_count(match, taken + markers):
            group = 2 if match[2] else 4
            findings = numbered(
                int(match[group - 1]), match.span(group - 1), int(match[group]), match.span(group), [], None
            )
            markers.append(Marker("episode", findings, *match.span(), "season and episode in words"))
    for match in matches_at(_ORDINALS, text, shape.short if shape.seasons else [], high):
        if not may_count(match, taken + markers):
            continue
        first, last = int(match[2] or match[3]), int(match[3])
        more = [(value, *match.span(3)) for value in range(first + 1, min(last, first + 400) + 1)]
        findings = numbered(int(match[1]), match.span(1), first, match.span(2 if match[2] else 3), more, None)
        markers.append(Marker("episode", findings, *match.span(), "season and episode in words"))
    for match in matches_at(_CAP, text, shape.chapters, high):
        if not may_count(match, taken + markers):
            continue
        season, first = int(match[1]), int(match[2])
        last = int(match[3]) if match[3] else first
        more = [(value, match.start(3), match.end(3)) for value in range(first + 1, last + 1)]
        findings = numbered(season, match.span(1), first, match.span(2), more, None)
        markers.append(Marker("episode", findings, match.start(), match.end(), "chapter number Cap.SEE"))
    return markers


def _episode_matches(
    text: str, low: int, high: int, shape: Outline
) -> Iterator[tuple[re.Pattern[str], Iterable[re.Match[str]]]]:
    """The ways of counting episodes alone, those whose mark the name does not hold left out."""
    if shape.episodes:
        yield _EPISODE_FIRST, matches_at(_EPISODE_FIRST, text, shape.episodes, high)
    if shape.chapters:
        yield _CAP_ALONE, matches_at(_CAP_ALONE, text, shape.chapters, high)
    if shape.outside:
        yield _OUTSIDE, matches_at(_OUTSIDE, text, [start for start in shape.outside if start > low], high)
    if "#" in text:
        yield _HASH, _HASH.finditer(text, low, high)
    if shape.of:
        yield _OF, _OF.finditer(text, low, high)
    if shape.short and (shape.episodes or shape.behind):
        yield _NTH, matches_at(_NTH, text, shape.short, high)


def _episodes(text: str, low: int, high: int, taken: list[Marker], shape: Outline) -> list[Marker]:
    markers: list[Marker] = []
    for pattern, found in _episode_matches(text, low, high, shape):
        for match in found:
            if not may_count(match, taken + markers):
                continue
            group = 3 if pattern is _EPISODE_FIRST and match[3] else 1
            first = plain_number(match[group])
            more: list[tuple[int, int, int]] = []
            end = match.end(group)
            if pattern in {_OF, _NTH} and match[2]:
                end = match.end(2)
                more = [
                    (value, *match.span(2)) for value in range(int(first) + 1, min(int(match[2]), int(first) + 400) + 1)
                ]
            elif pattern in {_EPISODE_FIRST, _HASH, _CAP_ALONE} and isinstance(first, int):
                more, end = chain(text, end, first, _FULL_TAIL, high)
            version = (
                _version(match, 2) if pattern in {_EPISODE_FIRST, _HASH, _OUTSIDE, _CAP_ALONE} and match[2] else None
            )
            # The word stays with the title, as in the names that have no number behind it.
            start = match.start(1) if pattern is _OUTSIDE and text[match.start()] in "oO" else match.start()
            findings = (
                Finding("episodes", first, start, match.end(group)),
                *(Finding("episodes", value, start, stop) for value, start, stop in more),
                *((Finding("version", int(version[0]), version[1], version[2]),) if version else ()),
            )
            markers.append(
                Marker("number", findings, start, max(end, match.end()), "an episode number without a season")
            )
    return markers


def _without_repeats(text: str, markers: list[Marker]) -> list[Marker]:
    """Of several seasons with episodes the first of the surest form, and what stands right beside it without a dash.

    A number in the title of an episode (``S02E05 - S01E01 again``) counts nothing.
    """
    first, *others = [marker for marker in markers if marker.form == "episode"]
    said = {(item.field, item.value) for item in first.findings}
    dropped = [
        marker
        for marker in others
        if {(item.field, item.value) for item in marker.findings} != said
        and (
            marker.reason != first.reason
            or marker.start < first.start
            or _WORD_OR_DASH.search(text, first.end, marker.start)
        )
    ]
    return [marker for marker in markers if marker not in dropped]


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
    if shape.short or (shape.years and "x" in text):
        taken += _cross(text, low, high, taken, shape)
    if shape.letters or shape.seasons or shape.series or "xAll" in text:
        taken += find_seasons(text, low, high, taken, shape)
    if not text.isascii():
        taken += find_eastern(text, low, high, taken)
    taken += _episodes(text, low, high, taken, shape)
    markers = taken[len(blocked) :]
    if len(markers) > 1 and sum(marker.form == "episode" for marker in markers) > 1:
        markers = _without_repeats(text, markers)
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
    if not markers and shape.short and (match := next(matches_at(_DASHED, text, shape.short, high), None)):
        first = 1 if match[1] else 3
        season, number = int(match[first]), int(match[first + 1])
        if 9 < season < number and first == 1 and high == len(text):
            # Few shows have ten seasons, and what is no file may hold many episodes: these are the first and the last.
            run = tuple(Finding("absolute_episodes", value, *match.span()) for value in range(season, number + 1))
            return [Marker("absolute", run, *match.span(), "a number at the end of the title")]
        findings = numbered(season, match.span(first), number, match.span(first + 1), [], None)
        markers.append(Marker("episode", findings, *match.span(), "season and episode as 03-20"))
    return sorted(markers, key=lambda marker: marker.start) if len(markers) > 1 else markers
