"""Compiles the rules of tags: for the two characters a word begins with, the few spellings that can begin so.

A word is tried against those alone, in the order of the table, so that most words of a title cost one look-up. What a
spelling can begin with is read off its regular expression; what this reader does not understand is tried everywhere.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from itertools import groupby, product
from typing import Final, NamedTuple

from medialib.naming.grammar import TAG_RULES, Rule

__all__ = ["SPELLINGS", "Spellings", "alternatives", "beginnings"]

_GLUED: Final = r"(?i:(?=\d{3,4}p|[xh][ .]?26[45]|AAC|AC-?3|DTS|XviD|DivX|Remux|10-?bit|HEVC|BluRay|HDTV|WEB))"
_ANYTHING: Final = frozenset(string.printable)
_NOTHING: Final = frozenset([""])
_CLASSES: Final = {"d": frozenset(string.digits), "w": frozenset(string.ascii_letters + string.digits + "_")}
_ESCAPE: Final = re.compile(r"\\(.)")
_SET: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_REPEAT: Final = re.compile(r"[?*+][?+]?|\{\d*,?\d*\}\??")
_OPENING: Final = re.compile(r"\(\?(?::|<?[=!])")
_ALSO: Final = {"i": "\u0130\u0131", "s": "\u017f", "k": "\u212a"}
"""Letters of other scripts that Python's expressions take for these when case is ignored."""


class Spellings(NamedTuple):
    """What can begin with the same characters."""

    pattern: re.Pattern[str]
    """The spellings, one group for each rule."""
    rules: tuple[Rule, ...]
    """Rule of the first group, of the second …"""


def _members(written: str) -> frozenset[str]:
    """The characters of a set such as ``[xh]`` or ``[0-9A-F]``."""
    found: set[str] = set()
    inner = written[1:-1]
    if inner.startswith("^"):
        return _ANYTHING
    for escape in _ESCAPE.finditer(inner):
        found |= _CLASSES.get(escape[1], frozenset(escape[1]))
    for low, high in re.findall(r"(.)-(.)", inner):
        found.update(map(chr, range(ord(low), ord(high) + 1)))
    return frozenset(found | set(_ESCAPE.sub("", inner)))


def _closing(pattern: str, opening: int) -> int:
    """Index of the bracket that closes the one at `opening`."""
    depth, position = 0, opening
    while position < len(pattern):
        if pattern[position] == "\\":
            position += 1
        elif pattern[position] == "[" and (written := _SET.match(pattern, position)):
            position = written.end() - 1
        elif pattern[position] in "()":
            depth += 1 if pattern[position] == "(" else -1
            if depth == 0:
                return position
        position += 1
    raise ValueError(f"no bracket closes the one at {opening} of {pattern!r}")


def alternatives(pattern: str) -> list[str]:
    """The alternatives of an expression, those inside its brackets left alone.

    >>> alternatives(r"a[|]b|c(?:d|e)")
    ['a[|]b', 'c(?:d|e)']
    """
    found, begin, position = [], 0, 0
    while position < len(pattern):
        if pattern[position] == "\\":
            position += 1
        elif pattern[position] == "[" and (written := _SET.match(pattern, position)):
            position = written.end() - 1
        elif pattern[position] == "(":
            position = _closing(pattern, position)
        elif pattern[position] == "|":
            found.append(pattern[begin:position])
            begin = position + 1
        position += 1
    return [*found, pattern[begin:]]


def beginnings(pattern: str) -> frozenset[str]:
    """The first one or two characters of whatever an expression matches, as written in it; a superset where unsure.

    What is shorter than two characters is what can be all of a match.

    >>> sorted(beginnings(r"(?:HD_)?M[PK]|(?<=x)4"))
    ['4', 'HD', 'MK', 'MP']
    """
    return frozenset().union(*(_sequence(alternative) for alternative in alternatives(pattern)))


def _joined(first: frozenset[str], second: frozenset[str]) -> frozenset[str]:
    """What a piece and the next begin with, cut at two characters."""
    return frozenset((one + two)[:2] for one in first for two in (second if len(one) < 2 else _NOTHING))


def _sequence(sequence: str) -> frozenset[str]:
    found, position = _NOTHING, 0
    while position < len(sequence) and any(len(one) < 2 for one in found):
        piece, position = _first_piece(sequence, position)
        if (repeat := _REPEAT.match(sequence, position)) is not None:
            position = repeat.end()
            if repeat[0][0] != "?":
                piece |= _joined(piece, piece)
            if repeat[0][0] in "?*" or repeat[0].startswith(("{0", "{,")):
                piece |= _NOTHING
        found = _joined(found, piece)
    return found


def _first_piece(sequence: str, position: int) -> tuple[frozenset[str], int]:
    """What the piece at `position` begins with, and where the next begins."""
    character = sequence[position]
    if character == "(":
        end = _closing(sequence, position)
        opening = _OPENING.match(sequence, position)
        if opening is None:
            return _ANYTHING, end + 1
        return (beginnings(sequence[opening.end() : end]) if opening[0] == "(?:" else _NOTHING), end + 1
    if character == "[" and (written := _SET.match(sequence, position)):
        return _members(written[0]), written.end()
    if character == "\\":
        return _CLASSES.get(sequence[position + 1], frozenset(sequence[position + 1])), position + 2
    if character in "^$":
        return _NOTHING, position + 1
    return _ANYTHING if character == "." else frozenset(character), position + 1


def _source(spelt: Iterable[tuple[Rule, Iterable[str]]]) -> str:
    """One group for each rule; what may not be followed by a letter says so once for rules that stand together."""
    stretches = []
    for free, together in groupby(spelt, key=lambda item: item[0].free):
        body = "|".join(
            f"({'|'.join(spellings)})" if rule.cased else f"((?i:{'|'.join(spellings)}))"
            for rule, spellings in together
        )
        stretches.append(body if free else rf"(?:{body})(?:(?![^\W_])|{_GLUED})")
    return "|".join(stretches)


def _any_case(written: str) -> set[str]:
    """A beginning in every case, and in the letters of other scripts that count as the same."""
    forms = [{character.lower(), character.upper(), *_ALSO.get(character.lower(), "")} for character in written]
    return {"".join(form) for form in product(*forms)}


class _Table(dict[str, "Spellings | None"]):
    """Spellings by the two characters that a word begins with, compiled when a word first begins so."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        super().__init__()
        self._rules = rules
        self._written: list[tuple[int, str]] = []
        self._beginning: dict[str, list[int]] = {}
        for number, rule in enumerate(rules):
            for alternative in alternatives(rule.pattern):
                written = beginnings(alternative)
                forms = written if rule.cased else {form for one in written for form in _any_case(one)}
                for form in forms:
                    self._beginning.setdefault(form, []).append(len(self._written))
                self._written.append((number, alternative))
        self._patterns: dict[str, Spellings] = {}
        self._firsts: dict[str, list[int]] = {}
        for form, places in self._beginning.items():
            self._firsts.setdefault(form[:1], []).extend(places)
        self._foreign = {character: self._of(character) for character in self._firsts if not character.isascii()}
        self._digits = self._of("0")

    def __missing__(self, beginning: str) -> Spellings | None:
        if beginning.isascii():
            self[beginning] = found = self._of(beginning)
            return found
        character = beginning[0]
        if character.isascii():
            return self[character]
        # A digit of a script that FOLD does not know is one all the same.
        return self._digits if character.isdecimal() else self._foreign.get(character)

    def _of(self, beginning: str) -> Spellings | None:
        spelt: dict[int, list[str]] = {}
        if len(beginning) == 1:
            places = set(self._firsts.get(beginning, ()))
        else:
            places = {*self._beginning.get(beginning, ()), *self._beginning.get(beginning[0], ())}
        for place in sorted(places):
            number, alternative = self._written[place]
            spelt.setdefault(number, []).append(alternative)
        if not spelt:
            return None
        source = _source((self._rules[number], written) for number, written in spelt.items())
        if source not in self._patterns:
            self._patterns[source] = Spellings(re.compile(source), tuple(self._rules[number] for number in spelt))
        return self._patterns[source]


SPELLINGS: Final[Mapping[str, Spellings | None]] = _Table(TAG_RULES)
"""By the two characters (the one, at the end) from where a word begins; None for most, which no tag begins with.

>>> SPELLINGS["Th"] is None, SPELLINGS["10"] is None
(True, False)
"""
