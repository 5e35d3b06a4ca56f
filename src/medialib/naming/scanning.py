"""Finds the tags of a name: one pass over its words, each tried against the tables once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from medialib.naming.grammar import SOFT_WORDS, UPPER_CODES, Rule
from medialib.naming.languages import GLUED, LANGUAGE_CODES, ORDINARY_WORDS, SUBTITLE_WORDS, TWO_LETTER_CODES
from medialib.naming.outline import Word, words_of
from medialib.naming.services import SERVICES, SERVICES_WRITTEN_OUT
from medialib.naming.spelling import SPELLINGS

__all__ = ["Tag", "bracket_pairs", "only_separators", "scan", "tags_that_count"]

_ONLY_SEPARATORS: Final = re.compile(r"[\W_]*+\Z")
_CHANNELS_BEHIND: Final = re.compile(r"[ ._-]{0,2}([1-9])(?:[ ._]|(?<=[A-Za-z+]\d))([0-2])(?:ch)?(?![^\W_]|[.]\d)")
_WORD: Final = re.compile(r"[^\W\d_]+")
_WHOLE_WORD: Final = re.compile(r"[^\W_]+")
_BEHIND_SIZES: Final = frozenset("xXpPiIkKmMgGtT")
"""What stands apart behind four digits that are no year: ``1920 x``, ``2000 MB``."""
_CENTURIES: Final = frozenset(["19", "20"])
_BRACKET: Final = re.compile(r"[\[\](){}]")
_CLOSING: Final = {"[": "]", "(": ")", "{": "}"}
_SECOND_WORD: Final = re.compile(r"[ .-]([^\W_]{2,12})")
_LIST: Final = re.compile(r"[\[({][A-Za-z]{2,3}(?:[-+&,/ ]{1,3}[A-Za-z]{2,3}){1,12}[\])}]")
_MEANINGS: Final = {
    **GLUED,
    **dict.fromkeys(SUBTITLE_WORDS, ("other", "subs")),
    **{word: ("languages", code) for word, code in SOFT_WORDS.items()},
    **{word: ("streaming_service", name) for word, name in SERVICES_WRITTEN_OUT.items()},
}
_FIRST_WORDS: Final = frozenset(
    name.split()[0].casefold() for name in SERVICES.values() if " " in name and name.replace(" ", "").isalnum()
)
_KNOWN: Final = frozenset([*_MEANINGS, *_FIRST_WORDS, *map(str.casefold, SERVICES), *map(str.casefold, UPPER_CODES)])
"""Words, case-folded, that may be tags without a rule: all others are ordinary."""
_STANDARD_HEIGHTS: Final = frozenset({240, 360, 400, 480, 540, 576, 720, 1080, 1440, 2160, 4320})
_WIDTHS: Final = {"1280": "720p", "1920": "1080p", "3840": "2160p"}
_CHANNELS_COUNTED: Final = {"6.0": "5.1", "8.0": "7.1"}
"""All channels counted as one number, as players show them."""
_EDITION_WORDS: Final = {
    "director": "directors",
    "directors": "directors",
    "final": "final",
    "anniversary": "anniversary",
    "fan": "fan",
    "extended": "extended",
    "unrated": "unrated",
    "uncut": "uncut",
    "uncensored": "uncensored",
    "theatrical": "theatrical",
    "special": "special",
    "collector": "collector",
    "criterion": "criterion",
    "limited": "limited",
    "remastered": "remastered",
    "restored": "restored",
    "imax": "imax",
    "ultimate": "ultimate",
    "festival": "festival",
    "deluxe": "deluxe",
    "alternative": "alternative",
    "despecialized": "despecialized",
    "diamond": "diamond",
    "signature": "signature",
    "imperial": "imperial",
    "redux": "redux",
    "assembly": "assembly",
    "rogue": "rogue",
    "international": "international",
    "collectors": "collector",
    "remaster": "remastered",
    "alternate": "alternative",
    "despecialised": "despecialized",
}


class Tag(NamedTuple):
    """A tag where it stands."""

    field: str
    """Field of `ParsedName`, or ``other``."""
    value: Any
    """What it says."""
    start: int
    """Index of its first character."""
    end: int
    """Index behind its last character."""
    firm: bool
    """Never an ordinary word."""


def only_separators(text: str, start: int, end: int) -> bool:
    """Whether nothing but dots, spaces, brackets and the like stands in ``text[start:end]``.

    >>> only_separators("a.-.b", 1, 4)
    True
    """
    return start >= end or _ONLY_SEPARATORS.match(text, start, end) is not None


def bracket_pairs(text: str, low: int, high: int) -> list[tuple[int, int]]:
    """Innermost-first spans of matched brackets, from the opening one to behind the closing one.

    >>> bracket_pairs("a (b [c])", 0, 9)
    [(5, 8), (2, 9)]
    """
    pairs: list[tuple[int, int]] = []
    open_brackets: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(text, low, high):
        character, position = match[0], match.start()
        if character in _CLOSING:
            open_brackets.append((_CLOSING[character], position))
            continue
        for depth in range(len(open_brackets) - 1, max(-1, len(open_brackets) - 4), -1):
            if open_brackets[depth][0] == character:
                pairs.append((open_brackets[depth][1], position + 1))
                del open_brackets[depth:]
                break
    return pairs


def _resolution(text: str) -> str:
    if text[-1] in "pi" and text[:-1].isdecimal() and text.isascii():
        return text
    plain = (
        text.casefold()
        .lstrip("m")
        .replace(" ", "")
        .replace("hd_", "")
        .replace("o", "0")
        .replace("_", "")
        .replace(".", "")
        .replace("-", "")
    )
    size = re.fullmatch(r"(\d{3,4})x(\d{3,4})([pi]?)", plain)
    if size:
        return (
            f"{int(size[2])}{size[3] or 'p'}"
            if int(size[2]) in _STANDARD_HEIGHTS
            else _WIDTHS.get(size[1], f"{size[1]}x{size[2]}")
        )
    height = re.match(r"(\d{3,4})([pi]?)", plain)
    assert height is not None
    return f"{height[1]}{height[2] or 'p'}"


def _values(field: str, text: str) -> tuple[object, ...]:
    """What a rule says whose value the text itself holds."""
    if field == "resolution":
        return (_resolution(text),)
    if field == "bit_depth":
        return (int(re.match(r"\d+", text)[0]),)  # type: ignore[index]
    if field == "version":
        return (int(text[-1]),)
    if field == "crc32":
        return (text.upper(),)
    if field == "audio_channels":
        return (_CHANNELS_COUNTED.get(counted := text[:3].replace(" ", "."), counted),)
    if field == "languages":
        return (SOFT_WORDS[text[2:].casefold()],)
    words = [_EDITION_WORDS.get(word.casefold()) for word in _WORD.findall(text)]
    return tuple(dict.fromkeys(word for word in words if word is not None))


def scan(
    text: str, low: int, high: int, blocked: Iterable[tuple[int, int]], words: Iterable[Word] | None = None
) -> list[Tag]:
    """All tags in ``text[low:high]`` by position, firm and soft; `blocked` spans, ascending, are left alone.

    `words` are its words, where they are known already, those around it too.

    >>> [(tag.field, tag.value) for tag in scan("Title.720p.x264-GRP", 0, 19, ())]
    [('resolution', '720p'), ('video_codec', 'H.264')]
    """
    tags: list[Tag] = []
    lists = _language_lists(text, low, high) if "(" in text or "[" in text else []
    closed = list(blocked)
    if lists:
        tags += lists
        closed = sorted([*closed, *((tag.start, tag.end) for tag in lists)])
    position, next_blocked, limit = low, 0, closed[0][0] if closed else high
    for start, end, word, folded in words_of(text, low, high) if words is None else words:
        if start < position:
            continue
        if start >= limit:
            while next_blocked < len(closed) and closed[next_blocked][1] <= start:
                next_blocked += 1
            limit = closed[next_blocked][0] if next_blocked < len(closed) else high
            if limit <= start:
                if limit == high:
                    break
                position = closed[next_blocked][1]
                continue
        beginning = text[start : start + 2]
        if (
            beginning in _CENTURIES
            and end - start == 4
            and folded.isdecimal()
            and text[end + 1 : end + 2] not in _BEHIND_SIZES
        ):
            position = end
            continue
        spellings = SPELLINGS[beginning]
        if spellings is not None and (found := spellings.pattern.match(text, start, limit)):
            position = _read_on(text, found, spellings.rules[(found.lastindex or 1) - 1], limit, tags)
            continue
        position = end
        if end > limit:
            position, word = limit, text[start:limit]
            folded = word.casefold()
        if folded in _KNOWN:
            position = _known_word(text, word, folded, start, position, limit, tags)
    return sorted(tags, key=lambda tag: tag.start) if lists else tags


def _known_word(text: str, word: str, folded: str, start: int, end: int, limit: int, tags: list[Tag]) -> int:
    """Reads a word that may name a service or a language; answers where to go on."""
    if word in SERVICES:
        if folded in _FIRST_WORDS and (two := _two_words(text, word, end, limit)):
            tags.append(Tag("streaming_service", two[0], start, two[1], False))
            return two[1]
        tags.append(Tag("streaming_service", SERVICES[word], start, end, False))
    elif word in UPPER_CODES:
        if text[max(0, start - 4) : start] != "YTS.":
            tags.append(Tag("languages", UPPER_CODES[word], start, end, False))
    elif (meaning := _MEANINGS.get(folded)) is not None:
        tags.append(Tag(meaning[0], meaning[1], start, end, folded in GLUED))
    elif folded in _FIRST_WORDS and (two := _two_words(text, word, end, limit)):
        tags.append(Tag("streaming_service", two[0], start, two[1], False))
        return two[1]
    return end


def _two_words(text: str, word: str, end: int, limit: int) -> tuple[str, int] | None:
    """The service named by a word and the next (``Adult Swim``), and where that one ends."""
    second = _SECOND_WORD.match(text, end, limit)
    name = SERVICES_WRITTEN_OUT.get((word + second[1]).casefold()) if second is not None else None
    return None if second is None or name is None else (name, second.end())


def _language_lists(text: str, low: int, high: int) -> list[Tag]:
    """Codes of languages, two or more and nothing else in a bracket: ``(eng-fre-pt)``."""
    found: list[Tag] = []
    for match in _LIST.finditer(text, low, high):
        words = list(re.finditer(r"[A-Za-z]+", match[0]))
        codes = [TWO_LETTER_CODES.get(word[0].casefold()) or LANGUAGE_CODES.get(word[0].casefold()) for word in words]
        found += [
            Tag("languages", code, match.start() + word.start(), match.start() + word.end(), False)
            for word, code in zip(words, codes, strict=True)
            if code is not None and None not in codes
        ]
    return found


def _read_on(text: str, match: re.Match[str], rule: Rule, limit: int, tags: list[Tag]) -> int:
    """Reads a tag and those glued to it; answers where to go on."""
    while True:
        position, end = match.span()
        field = rule.field
        if rule.value is not None:
            tags.append(Tag(field, rule.value, position, end, rule.firm))
        else:
            tags.extend(Tag(field, value, position, end, rule.firm) for value in _values(field, match[0]))
        if field == "audio_codecs" and (channels := _CHANNELS_BEHIND.match(text, end, limit)):
            counted = f"{channels[1]}.{channels[2]}"
            tags.append(
                Tag("audio_channels", _CHANNELS_COUNTED.get(counted, counted), channels.start(1), channels.end(), True)
            )
            end = channels.end()
        if end >= limit or not text[end].isalnum():
            return end
        spellings = SPELLINGS[text[end : end + 2]]
        glued = spellings.pattern.match(text, end, limit) if spellings is not None else None
        if spellings is None or glued is None:
            rest = _WHOLE_WORD.match(text, end, limit)
            return rest.end() if rest is not None else end
        match, rule = glued, spellings.rules[(glued.lastindex or 1) - 1]


def tags_that_count(
    text: str,
    tags: list[Tag],
    low: int,
    high: int,
    head_end: int | None,
    pairs: list[tuple[int, int]],
) -> list[Tag]:
    """The firm tags, and those soft ones that stand among tags and not among words.

    `head_end` is where a number or year has ended the title, None while nothing has; `pairs` are the brackets.

    >>> tags = scan("The.Good.German.1080p", 0, 21, ())
    >>> [tag.value for tag in tags_that_count("The.Good.German.1080p", tags, 0, 21, None, [])]
    ['de', '1080p']
    """
    first_firm: int | None = None
    soft: list[Tag] = []
    services = False
    for tag in tags:
        if tag.field == "streaming_service":
            services = True
        if not tag.firm:
            soft.append(tag)
        elif first_firm is None:
            first_firm = tag.start
    counted = tags
    if soft and (pairs or first_firm is None or soft[0].start < first_firm):
        kept = {id(tag) for tag in tags if tag.firm or (first_firm is not None and tag.start > first_firm)}
        edge = high if first_firm is None else first_firm
        for tag in reversed(soft if first_firm is not None or head_end is not None else ()):
            if tag.start >= edge:
                continue
            if not only_separators(text, tag.end, edge) or only_separators(text, low, tag.start):
                break
            written = text[tag.start : tag.end]
            if len(written) == 2 and tag.field == "languages" and (head_end is None or tag.start < head_end):
                break
            if tag.field == "languages" and not written.isupper() and written.casefold() in ORDINARY_WORDS:
                break  # "Kan", "Fin" and "Dan" end titles more often than they name languages
            kept.add(id(tag))
            edge = tag.start
        for opening, closing in pairs:
            inside = [tag for tag in tags if opening < tag.start and tag.end < closing]
            if not inside:
                continue
            read = _all_read(text, opening, closing, inside)
            if read or any(tag.firm for tag in inside):
                kept.update(id(tag) for tag in inside)
            elif any(id(tag) in kept and tag.end - tag.start == 2 for tag in inside):
                kept.difference_update(id(tag) for tag in inside if tag.end - tag.start == 2)
        counted = [tag for tag in tags if id(tag) in kept]
    if not services:
        return counted
    sources = [tag for tag in counted if tag.field == "source"]
    return [
        tag
        for tag in counted
        if tag.field != "streaming_service"
        or any(0 <= source.start - tag.end <= 24 for source in sources)
        or (
            (tag.end - tag.start > 3 or any(source.end == tag.start - 1 for source in sources))
            and any(other.firm and 0 <= other.start - tag.end <= 1 for other in counted)
        )
    ]


def _all_read(text: str, opening: int, closing: int, inside: list[Tag]) -> bool:
    """Whether a bracket holds tags and nothing else."""
    covered = opening + 1
    for tag in inside:
        if not only_separators(text, covered, tag.start):
            return False
        covered = tag.end
    return only_separators(text, covered, closing - 1)
