"""Seasons without an episode, in figures and in words: ``S01-S03``, ``Season Two``, ``2nd Season``, ``Saison VII``."""

from __future__ import annotations

import re
from typing import Final

from medialib.naming.chaining import chain, may_count
from medialib.naming.markers import Marker, numbered, overlaps
from medialib.naming.outline import SEASON_WORDS, Outline, either, matches_at
from medialib.naming.parsed import Finding

__all__ = ["find_seasons"]

_EDGE = r"(?<![^\W_])"
_SEASON_WORD: Final = either(SEASON_WORDS)

_SEASON_FIRST = re.compile(
    rf"(?i){_EDGE}(?:(?:(?<![^\s]-)(?:S|Sn)|Series[ ._](?!\d{{3}}))(?=(?:\d{{1,2}}|20\d\d)(?!\d|"
    rf"[ ]?[pi]\b))|{_SEASON_WORD}[ ._:#№-]{{0,3}}(?!(?:19|20)\d\d(?!\d)))(\d{{1,4}})"
    rf"(?:[ ._]?D(?:is[ck])?[ ._]?\d{{1,2}}(?:[-&,]\d{{1,2}}){{0,8}})?"
    rf"(?:(?=[^\w]|_|$|of|S\d|Extra)|P(\d{{1,2}})(?![^\W_]))"
)
_SEASON_TAIL = re.compile(
    rf"(?i)(?:(?P<range>[-~](?=\d{{1,2}}(?!\d))|[ ._]?[-~][ ._]?(?=S\d|{_SEASON_WORD}|"
    rf"[1-9]\d?[ ._]complete)|[ ._](?:to|through|thru|a|à|al)[ ._])|(?P<join>[ ._]?[&+,][ ._]?|"
    rf"[ ._](?:and|y|et|e)[ ._]|[.](?=\d[ .-])|[ ._]?(?=S\d)|,(?=\d)|[ ._](?=\d\d[ ._]\d\d(?![^\W_]))|"
    rf"(?<=\d\d[ ._]\d\d)[ ._](?=\d\d[ .]*$)))"
    rf"(?:S|{_SEASON_WORD}[ ._]?)?(?P<number>\d{{1,2}})(?=[^\w]|_|$|S\d)(?![ ._]?[pi]\b|[ ]of)"
)
_DOTTED_EPISODE = re.compile(
    r"(?i)S(\d{1,2})(?:[ ._](?!0?[1-9][ ._]0?[1-9](?![^\W_]))(?=0[1-9])|[.](?=\d\d(?:[ ]|$)))(\d\d)"
    r"(?=[ ._-]{1,3}[^\W\d_]{2}|$)"
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
_ORDINAL_WORDS: Final = {
    word: number
    for words in (
        "first second third fourth fifth sixth seventh eighth ninth tenth",
        "primera segunda tercera cuarta quinta sexta",
        "prima seconda terza quarta quinta sesta",
        "première deuxième troisième quatrième cinquième sixième",
        "erste zweite dritte vierte fünfte sechste",
        "первый второй третий четвертый пятый шестой",
    )
    for number, word in enumerate(words.split(), 1)
}
_ORDINAL_BEFORE = re.compile(rf"(?i)(?<![^\W_])(?:the[ ._])?({either(_ORDINAL_WORDS)})[ ._]$")
_AFTER_WORD = re.compile(r"[^\W\d_]+(?=[^\w]|_|$)")
_ROMAN_DIGITS: Final = {"I": 1, "V": 5, "X": 10}
_ORDINAL = re.compile(
    rf"(?i){_EDGE}(\d{{1,2}})[ ]?(?:st|nd|rd|th|ª|º|°|a[.]?|er|[èe]re|[èe]me|e|-?[йяы]|"
    rf"[.])?(?:[ ._]?(?P<range>-|a|to)[ ._]?(\d{{1,2}})(?:st|nd|rd|th|ª|º|"
    rf"a)?)?[ ._]{_SEASON_WORD}(?![^\W_])(?![ ._]?\d{{1,2}}(?!\d|-?[йя]|[ ._](?:сер|ser)))"
)


def _roman(text: str) -> int:
    digits = [_ROMAN_DIGITS[digit] for digit in text]
    return sum(-digit if digit < max(digits[place:]) else digit for place, digit in enumerate(digits))


def _written_seasons(text: str, low: int, high: int, taken: list[Marker], shape: Outline) -> list[Marker]:
    """Seasons counted in words or in Roman numbers, and all of one: ``Saison VII``, ``Season Two``, ``1xAll``."""
    markers: list[Marker] = []
    for match in matches_at(_WRITTEN_SEASON, text, shape.seasons, high):
        if may_count(match, taken):
            number = _roman(match[1]) if match[1] else _NUMBER_WORDS[match[2].casefold()]
            finding = Finding("seasons", number, *match.span())
            markers.append(Marker("season", (finding,), *match.span(), "season in words"))
    for start in shape.seasons:
        before = _ORDINAL_BEFORE.search(text, max(low, start - 16), start)
        word = _AFTER_WORD.match(text, start, high) if before and before.start() > low else None
        if before is not None and word is not None and not overlaps(before.start(), word.end(), taken + markers):
            finding = Finding("seasons", _ORDINAL_WORDS[before[1].casefold()], before.start(), word.end())
            markers.append(Marker("season", (finding,), before.start(), word.end(), "season in words"))
    for match in matches_at(_ALL_OF_SEASON, text, shape.short if "xAll" in text else [], high):
        if may_count(match, taken + markers):
            finding = Finding("seasons", int(match[1]), *match.span(1))
            markers.append(Marker("season", (finding,), *match.span(), "a season without an episode"))
    return markers


def find_seasons(text: str, low: int, high: int, taken: list[Marker], shape: Outline) -> list[Marker]:
    """The seasons counted in ``text[low:high]``, whose outline is `shape`, outside of what is `taken`.

    >>> from medialib.naming.outline import outline
    >>> [item.value for item in find_seasons("Show S01-S03", 0, 12, [], outline("Show S01-S03", 0, 12))[0].findings]
    [1, 2, 3]
    """
    begun = {marker.start for marker in taken}
    starts = [start for start in (*shape.letters, *shape.seasons, *shape.series) if start not in begun]
    if not starts and "xAll" not in text:
        return []
    markers = _written_seasons(text, low, high, taken, shape) if shape.seasons or "xAll" in text else []
    for match in matches_at(_ORDINAL, text, shape.short, high) if shape.seasons else ():
        if not may_count(match, taken, markers) or overlaps(*match.span(), markers):
            continue
        first = int(match[1])
        last = int(match[3]) if match[3] else first
        findings = tuple(
            Finding("seasons", value, match.start(), match.end()) for value in range(first, max(first, last) + 1)
        )
        markers.append(Marker("season", findings, match.start(), match.end(), "season in words"))
    for match in matches_at(_SEASON_FIRST, text, sorted(starts), high):
        if not may_count(match, taken + markers):
            continue
        if (beside := _DOTTED_EPISODE.match(text, match.start(), high)) is not None:
            findings = numbered(int(beside[1]), beside.span(1), int(beside[2]), beside.span(2), [], None)
            markers.append(Marker("episode", findings, *beside.span(), "season and episode as S.. and a number"))
            continue
        more, end = chain(text, match.end(1), int(match[1]), _SEASON_TAIL, high)
        findings = (
            Finding("seasons", int(match[1]), match.start(), match.end(1)),
            *(Finding("seasons", value, start, stop) for value, start, stop in more),
            *((Finding("part", int(match[2]), match.end(1), match.end(2)),) if match[2] else ()),
        )
        end = max(end, match.end(2))
        markers.append(Marker("season", findings, match.start(), end, "a season without an episode"))
    return markers
