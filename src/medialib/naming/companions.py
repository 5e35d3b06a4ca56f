"""The ends of names of subtitle files (``.en.forced.srt``), and the parts of a path."""

from __future__ import annotations

import re
from typing import Final

from medialib.naming.grammar import SOFT_WORDS, SUBTITLE_CONTAINERS, UPPER_CODES
from medialib.naming.languages import LANGUAGE_CODES, LANGUAGE_WORDS, TWO_LETTER_CODES
from medialib.naming.parsed import Finding

__all__ = ["companion", "parts_of_path"]

_SEPARATOR: Final = re.compile(r"(?<!\s)[/\\](?!\s)|[/\\]$")
_BRACKETED: Final = re.compile(r"\[[^\[\]]{0,200}\]|\([^()]{0,200}\)")
_WORD_BEFORE: Final = re.compile(r"(?:(?<=\d)[xх])?([^\W\d_]{2,12})$")
_WORD_BEHIND: Final = re.compile(r"[^\W\d_]{2,12}(?![^\W_])")
_PIECE: Final = re.compile(
    r"(?:[.]([A-Za-z]{2,12}(?:-[A-Za-z]{2,4})?)|-([A-Za-z]{3}|forced)|[ ]\(([A-Za-z]{3,12})\))(?:\(\d\))?$"
)
_FREE_PIECES: Final = re.compile(r"(?<=[\])])[.]([\w -]{2,40}(?:[.][\w -]{2,40}){0,4})$")
_FREE_PIECE: Final = re.compile(r"[^.]+")
_FLAGS: Final = frozenset({"forced", "sdh", "cc", "default", "full", "hi"})


def parts_of_path(text: str) -> list[tuple[int, int]]:
    """Spans of the parts of a path; a slash beside a space, inside a bracket or between languages parts nothing.

    >>> parts_of_path("Show/S01E02"), parts_of_path("Show 2xUkr/Eng")
    ([(0, 4), (5, 11)], [(0, 14)])
    """
    if "/" not in text and "\\" not in text:
        return [(0, len(text))]
    inside = [match.span() for match in _BRACKETED.finditer(text)]
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SEPARATOR.finditer(text):
        if _between_languages(text, match) or any(opening < match.start() < closing for opening, closing in inside):
            continue
        if match.start() > start:
            spans.append((start, match.start()))
        start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return spans or [(0, len(text))]


def _between_languages(text: str, slash: re.Match[str]) -> bool:
    before = _WORD_BEFORE.search(text, max(0, slash.start() - 13), slash.start())
    behind = _WORD_BEHIND.match(text, slash.end())
    if before is None or behind is None:
        return False
    return all(word.casefold() in SOFT_WORDS or word in UPPER_CODES for word in (before[1], behind[0]))


def companion(text: str, low: int, high: int) -> tuple[int, tuple[list[Finding], bool] | None]:
    """The end of the video's own stem in a subtitle's name, what stood behind it, and whether it is forced.

    >>> end, found = companion("Film.en.forced.srt", 0, 18)
    >>> end, [item.value for item in found[0]], found[1]
    (4, ['srt', 'en'], True)
    """
    dot = text.rfind(".", low, high)
    if dot <= low or text[dot + 1 : high].casefold() not in SUBTITLE_CONTAINERS:
        return high, None
    findings = [Finding("container", text[dot + 1 : high].casefold(), dot + 1, high)]
    forced = False
    end = dot
    for _ in range(4):
        match = _PIECE.search(text, low, end)
        if match is None or match.start() <= low:
            break
        group = match.lastindex or 1
        word = match[group].casefold()
        language = _language(word)
        if word not in _FLAGS and language is None:
            break
        if word == "forced":
            forced = True
        elif word not in _FLAGS:
            findings.append(Finding("subtitle_languages", language, *match.span(group)))
        end = match.start()
    if len(findings) == 1 and (free := _FREE_PIECES.search(text, low, dot)) is not None:
        end = free.start(1) - 1
        for piece in _FREE_PIECE.finditer(free[1]):
            word, start = piece[0].casefold(), free.start(1) + piece.start()
            forced = forced or word == "forced"
            base = word.split("-")[0]
            code = TWO_LETTER_CODES.get(base) or LANGUAGE_CODES.get(base)
            if code is not None and word not in _FLAGS and piece[0].islower():
                findings.append(Finding("subtitle_languages", code, start, start + len(base)))
    return end, (findings, forced)


def _language(word: str) -> str | None:
    base = word.split("-")[0]
    return TWO_LETTER_CODES.get(base) or LANGUAGE_CODES.get(base) or LANGUAGE_WORDS.get(base)
