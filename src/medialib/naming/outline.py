"""What the words of a part begin with, so that each way of counting is tried only where it can begin.

Every way that `medialib.naming.numbering` knows begins at the start of a word, with one of the words below or with
digits. One pass over the words notes where; most names then need two or three attempts instead of twenty searches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

__all__ = ["EPISODE_WORDS", "MONTHS", "SEASON_WORDS", "Outline", "Word", "either", "matches_at", "outline", "words_of"]

SEASON_WORDS: Final = frozenset(
    [
        "season", "seasons", "saison", "saisons", "sezon", "sezona", "temporada", "temporadas", "tem", "temp",
        "sez", "stagione", "stagioni", "staffel", "seizoen", "säsong", "sasong", "sæson", "sason", "kausi",
        "сезон", "сезона", "сезоны", "evad", "évad",
    ]
)  # fmt: skip
"""Words for a season, case-folded."""

EPISODE_WORDS: Final = frozenset(
    [
        "episode", "episodes", "épisode", "épisodes", "episodio", "episodios", "episódio", "episódios", "ep",
        "eps", "odc", "odcinek", "folge", "afsnit", "avsnitt", "серия", "серии", "серий", "эпизод", "выпуск",
        "capitulo", "capitulos", "capítulo", "capítulos", "bölüm", "bölum", "bolüm", "bolum", "aflevering",
        "puntata", "jakso", "díl", "episod", "episodul",
    ]
)  # fmt: skip
"""Words for an episode, case-folded."""

MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
"""What the names of the months begin with, and their numbers."""

_BEHIND_A_NUMBER: Final = frozenset(
    ["серия", "серии", "serii", "seriya", "blm", "bölm", "bolm", "blüm", "blum", "bölüm", "bölum", "bolüm", "bolum"]
)
"""Words for an episode whose number may stand before them."""
_OUTSIDE: Final = frozenset(
    [
        "ova", "ovas", "oad", "oads", "ncop", "nced", "special", "specials", "sp", "extra", "extras", "trailer",
        "featurette", "behind", "deleted", "blooper", "bloopers", "interview", "bonus", "creditless",
    ]
)  # fmt: skip
_LETTERS: Final = {
    **dict.fromkeys(SEASON_WORDS, "seasons"),
    **dict.fromkeys(EPISODE_WORDS, "episodes"),
    **dict.fromkeys(_BEHIND_A_NUMBER - EPISODE_WORDS, "behind"),
    **dict.fromkeys(["s", "sn", "se", "so", "sno", "seo", "t", "to"], "letters"),
    "series": "series",
    "e": "episodes",
    **dict.fromkeys(["of", "из", "von"], "of"),
    **dict.fromkeys([*MONTHS, "sept"], "months"),
    **dict.fromkeys(["january", "february", "march", "april", "june", "july"], "months"),
    **dict.fromkeys(["august", "september", "october", "november", "december"], "months"),
    "cap": "chapters",
    **dict.fromkeys(_OUTSIDE, "outside"),
    **{
        word + number: "parts"
        for word in ("part", "pt", "p")
        for number in ("", "i", "ii", "iii", "iv", "vi", "vii", "viii", "v", "one", "two", "three", "four", "five")
    },
}
_WORD: Final = re.compile(r"[^\W_]+")
_RUN: Final = re.compile(r"([^\W\d_]+)|\d+")

Word = tuple[int, int, str, str]
"""Where a word begins and ends, the word, and the same case-folded."""


class Outline(NamedTuple):
    """Indexes of words, ascending, by what they begin with."""

    letters: list[int]
    """``S``, ``T`` and what stands for them."""
    seasons: list[int]
    """A word for a season."""
    series: list[int]
    """The word ``Series``."""
    episodes: list[int]
    """``E`` or a word for an episode."""
    chapters: list[int]
    """``Cap``."""
    behind: list[int]
    """A word that only counts behind its number."""
    outside: list[int]
    """A word for what is no episode of the run, or no episode at all: ``OVA``, ``Trailer``."""
    parts: list[int]
    """``Part``."""
    short: list[int]
    """One to three digits."""
    years: list[int]
    """Four digits from 1900 to 2099."""
    of: list[int]
    """A word between a number and how many there are: ``of``, alone or behind digits."""
    numbers: list[int]
    """Any word that begins with a digit."""
    months: list[int]
    """A month's name, whole or its first three letters."""
    packed: list[int]
    """Eight digits."""
    words: list[int]
    """Any word that begins with a letter."""


_PLACES: Final = {run: Outline._fields.index(kind) for run, kind in _LETTERS.items()}
"""Which list of an `Outline` a word belongs to."""


def words_of(text: str, low: int, high: int) -> list[Word]:
    """The runs of letters and digits in ``text[low:high]``.

    >>> words_of("The.Show_2", 0, 10)
    [(0, 3, 'The', 'the'), (4, 8, 'Show', 'show'), (9, 10, '2', '2')]
    """
    found = _WORD.finditer(text, low, high)
    return [(match.start(), match.end(), word := match[0], word.casefold()) for match in found]


def outline(text: str, low: int, high: int, words: Iterable[Word] | None = None) -> Outline:
    """Notes what the words of ``text[low:high]`` begin with; `words` may be known already, those around it too.

    >>> found = outline("Show S01E02 2019", 0, 16)
    >>> found.letters, found.years, found.words
    ([5], [12], [0, 5])
    """
    found = Outline([], [], [], [], [], [], [], [], [], [], [], [], [], [], [])
    with_letters = found.words
    for start, end, word, run in words_of(text, low, high) if words is None else words:
        if start < low or start >= high or (start == low and low and text[low - 1].isalnum()):
            continue
        if end > high:
            word = text[start:high]
            run = word.casefold()
        if not word.isalpha():
            match = _RUN.match(word)
            assert match is not None  # a word is made of nothing else
            if match[1] is None:
                found.numbers.append(start)
                length = match.end()
                if length < end - start and ("of" in run or "из" in run or "von" in run):
                    found.of.append(start)
                if length < 4:
                    found.short.append(start)
                elif length == 4:
                    if word.startswith(("19", "20")):
                        found.years.append(start)
                elif length == 8:
                    found.packed.append(start)
                continue
            if "of" in run or "из" in run or "von" in run:
                found.of.append(start)
            run = match[0].casefold()
        with_letters.append(start)
        if (place := _PLACES.get(run)) is not None:
            found[place].append(start)
    return found


def matches_at(pattern: re.Pattern[str], text: str, starts: Iterable[int], high: int) -> Iterator[re.Match[str]]:
    """The matches that begin at one of `starts` (ascending), none inside another.

    >>> [match[0] for match in matches_at(re.compile("a+"), "aaa ab", [0, 1, 4], 6)]
    ['aaa', 'a']
    """
    behind = 0
    for start in starts:
        if start >= behind and (match := pattern.match(text, start, high)) is not None:
            behind = match.end()
            yield match


def either(words: Iterable[str]) -> str:
    """A regular expression for any of `words`, the longest first.

    >>> either(["ep", "episode"])
    '(?:episode|ep)'
    """
    return f"(?:{'|'.join(sorted(words, key=lambda word: (-len(word), word)))})"
