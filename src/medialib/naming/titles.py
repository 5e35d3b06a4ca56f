"""Titles: the free text before what ends it, other names of the same thing, and the title of the episode."""

from __future__ import annotations

import re
from typing import Final

from medialib.naming.claims import Reading
from medialib.naming.grammar import COUNTRIES
from medialib.naming.grouping import leading_group
from medialib.naming.markers import Marker
from medialib.naming.outline import Outline, matches_at
from medialib.naming.parsed import Finding
from medialib.naming.scanning import Tag, bracket_pairs, only_separators

__all__ = ["ARTICLE", "part_of_series", "read_titles", "tidy"]

_YEARS: Final = re.compile(r"(?<![^\W_])((?:19|20)\d\d)\s?-\s?((?:19|20)\d\d)(?!\d)")
_COUNTRY_AT_END: Final = re.compile(r"[\s._]+[\[(]?(US|USA|UK|AU|NZ)[\])]?[\s._-]*$")
_PART: Final = re.compile(
    r"(?i)(?<![^\W_])(?:part|pt|p)[ ._-]?(\d{1,2}|I{1,3}|IV|VI{0,3}|one|two|three|four|five)(?![^\W_])"
)
_PART_NUMBERS: Final = {
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
}  # fmt: skip
_PART_AT_END: Final = re.compile(
    r"(?i)(?<!,)[\s._-]{1,3}\(?(?:part[ ._]|(?<=-)pt[ ._]?)(\d{1,2}|I{1,3}|IV|VI{0,3}|one|two|three|four|five)\)?$|"
    r"[ ._]\((\d|[a-z]{4,12})\)$"
)
_PART_INSIDE: Final = re.compile(r"(?i)-pt[ ._]?(\d{1,2})(?=[ ._-])")
"""A part glued to the title of an episode, behind which only the title in other words follows."""
_DASH_BETWEEN: Final = re.compile(r"[\s._]-[\s._]")
_OUTSIDE_RUN: Final = re.compile(r"(?i)(?<![^\W\d_])(?:specials?|extras?)(?![^\W_])")
_EXTRAS_DASH: Final = re.compile(r"(?i)[\s._]*extras?[\s._]*-")
_FANSUB: Final = re.compile(r"\s*\[")
_EASTERN: Final = re.compile(r"[\u0600-\u06ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NOT_EASTERN: Final = re.compile(r"[^\u0600-\u06ff\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef\[\]/·★]+")
_LETTERS: Final = re.compile(r"[A-Za-z]")
_COLLECTION: Final = re.compile(
    r"(?i)(?:(?<![\s._-])[\s._-]+(?:the[ ._])?complete(?:[ ._](?:series|seasons?|collection|set))?|"
    r"(?<![:\s._-])[:\s._-]+the[ ._]complete|(?<![\s._-])(?:[\s._-]+(?:&[ ]?)?vol(?:ume)?[.]?\s?\d*(?:v\d)?){1,2}|"
    r"(?<![\s._])[\s._]+(?:season|ep)|[\s._]collection|[\s._]-[\s._](?:NCOP|NCED|PV|OP|ED|OVA|"
    r"Specials?|Movie)\d{0,2}|"
    r"(?<![\s._-])[\s._-]+(?:temporadas?|saisons?|stagion[ei]|staffel|sezon)[ ._]complet[aeo]?s?)[\s._:(\[-]*$"
)
_OTHER_NAME: Final = re.compile(r"[\s._]+\((?!TV\)|(?:19|20)\d\d|US\)|UK\))([^()\[\]]{3,80})\)$")
ARTICLE: Final = re.compile(r"(?i)[\W_]*(?:the|an?|der|die|das|le|la|les|el|il)?[\W_]*")
"""Nothing, or an article: too little to be left of a title."""
_LATIN: Final = re.compile(r"[A-Za-z]{2}")
_ALNUM: Final = re.compile(r"[^\W_]")
_LONE_LETTER: Final = re.compile(r"[.].[.]")
_BEHIND_ACRONYM: Final = re.compile(r"(?<=[^\W\d_]\.)(?=[^\W_]{2})")
_IN_BRACKETS: Final = re.compile(r"\[[^\[\]]*\]")
_IN_BRACKETS_OR_OPEN: Final = re.compile(r"\[[^\[\]]*\]?")
_LEADING_BRACKETS: Final = re.compile(r"(?:[\s._-]*\[[^\[\]]{0,80}\]){1,3}[\s._-]*(?=[^\W_])")
_BETWEEN_BARS: Final = re.compile(r"[^/|]+")
_ALSO_KNOWN_AS: Final = re.compile(r"(?i)[\s._(]a[.]?k[.]?a[.]?[\s._]|--+(?=[^\W_])")
_BONUS: Final = re.compile(r"(?<=[^\W_])-(x|f)\d\d-(?=[^\W_])")
"""The number of a film in its series, before its title, or of an extra, behind it: ``Series-f02-Film-x01-Extra``."""
_ALSO_BEFORE: Final = re.compile(r"(?i)a[.]?k[.]?a[.]?[\s._]+")
_CUT: Final = re.compile(r"[\[{]|\((?=[^()]*$)")
_ENDS_COUNTRY: Final = "SAKUZ"
_ACRONYM: Final = re.compile(r"(?<![^\W_])(?:[^\W\d_][.]){2,12}(?:[^\W\d_](?![^\W_]))?")


def tidy(text: str) -> str:
    """Free text as a person writes it: separators to spaces, acronyms kept, edges trimmed.

    >>> tidy("Marvels.Agents.of.S.H.I.E.L.D.")
    'Marvels Agents of S.H.I.E.L.D.'
    >>> tidy("_Show_Name_-_")
    'Show Name'
    """
    if " " not in text.strip():
        if _LONE_LETTER.search(text):
            text = _ACRONYM.sub(lambda match: match[0].replace(".", "\0"), text)
        text = text.replace(".", " ").replace("\0", ".")
        if "." in text:
            text = _BEHIND_ACRONYM.sub(" ", text)
    text = " ".join(text.replace("_", " ").split())
    return text.strip(" -_,;|/\\*·+=~#" if text.count("~") != 2 else " -_,;|/\\*·+=#").strip()


def read_titles(
    text: str,
    begin: int,
    high: int,
    reading: Reading,
    markers: list[Marker],
    tags: list[Tag],
    year: tuple[int, int, int] | None,
    shape: Outline,
    pairs: list[tuple[int, int]],
    *,
    named: bool = False,
) -> None:
    """Claims titles, country, episode title and part in ``text[begin:high]``, which markers, tags and year have cut.

    `shape` is its outline, `pairs` its brackets; `named` says that what follows the year names an episode.
    """
    whole = begin
    word = _ALNUM.search(text, begin, high)
    first_word = high if word is None else word.start()
    stops = [marker.start for marker in markers]
    stops += [tag.start for tag in tags if text[tag.start] < "\u0600" or not _EASTERN.match(text, tag.start)]
    group = reading.first("release_group")
    if group is not None and group.start > begin:
        stops.append(group.start)
    if year is not None:
        stops.append(year[1])
    stops.sort()
    years = _YEARS.search(text, begin, high) if year is None and len(shape.years) > 1 else None
    if years is not None and not only_separators(text, begin, years.start()):
        stops = sorted([*stops, years.start()])
    stops = [stop for stop in stops if stop > first_word or stop == begin] or [high]
    title_end = min(stops[0], high)
    first = next((marker for marker in markers if marker.start <= first_word), None)
    if first is not None and first.form == "leading" and reading.has("release_group"):
        begin = first.end
        title_end = next((stop for stop in stops if stop > begin), high)
        markers = [marker for marker in markers if marker is not first]
    elif first is not None:
        title_end = begin
    elif (
        text.find("[", begin, high) >= 0
        and (bracket := leading_group(text, begin, high))
        and bracket[1] < high
        and any(tag.start < bracket[1] and tag.start >= begin for tag in tags)
    ):
        begin = bracket[1]
        title_end = next((stop for stop in stops if stop > begin and not only_separators(text, begin, stop)), high)
    if begin != whole:
        pairs = bracket_pairs(text, begin, high)
    for opening, closing in pairs:
        if opening < title_end < closing and opening >= begin:
            title_end = opening if not only_separators(text, begin, opening) else title_end
    start, end = _title_span(text, begin, title_end)
    if start < end:
        end = _without_collection(text, start, end, volumes=_follows_bracket(text, begin), counted=bool(markers))
        start, end = _latin_run(text, start, end)
        last = text[end - 1 : end]
        country = _COUNTRY_AT_END.search(text, start, end) if last in _ENDS_COUNTRY or not last.isalnum() else None
        if country is not None and not only_separators(text, start, country.start()) and (markers or "(" in country[0]):
            reading.claim("country", COUNTRIES[country[1]], *country.span(1))
            end = country.start()
        other = _OTHER_NAME.search(text, start, end) if text[end - 1 : end] == ")" else None
        if other is not None and other.start() > start and not _follows_bracket(text, begin):
            shorter = _title_span(text, start, other.start())[1]
            if _LATIN.search(text, start, shorter) or not _LATIN.search(other[1]):
                also = _ALSO_BEFORE.match(other[1])
                begin_other = other.start(1) + (also.end() if also is not None else 0)
                if written := tidy(text[begin_other : other.end(1)]):
                    reading.claim("alternative_titles", written, begin_other, other.end(1))
                end = shorter
            else:
                reading.claim("alternative_titles", tidy(text[start:shorter]), start, shorter)
                start, end = other.span(1)
        _claim_title(text, start, end, reading)
    _episode_title(text, high, reading, markers, tags, year, shape, named=named)
    if not shape.parts:
        return
    behind = max([marker.end for marker in markers], default=title_end)
    part = next(matches_at(_PART, text, [start for start in shape.parts if start >= behind], high), None)
    if part is not None:
        value = _PART_NUMBERS.get(part[1].casefold()) or (int(part[1]) if part[1].isdigit() else 0)
        if value and not (part[0][:1] in "pP" and part[0][1:2] not in "tTaA" and not markers):
            reading.claim("part", value, *part.span())


def part_of_series(text: str, starts: list[int], begin: int, high: int) -> Marker | None:
    """The part of a series without seasons, behind its title: ``Title.Part.Two``; `starts` are where it can begin.

    >>> found = part_of_series("Title.Part.Two.720p", [6], 0, 19)
    >>> found.start, found.findings[0].value
    (6, 2)
    """
    for match in matches_at(_PART, text, starts, high):
        value = _PART_NUMBERS.get(match[1].casefold()) or (int(match[1]) if match[1].isdigit() else 0)
        if value and match[0][:4].casefold() == "part" and not only_separators(text, begin, match.start()):
            return Marker("part", (Finding("part", value, *match.span()),), *match.span(), "a part of a series")
    return None


def _follows_bracket(text: str, begin: int) -> bool:
    """Whether the name began with a group in brackets, after which round brackets belong to the title."""
    return text[max(0, begin - 1) : begin] == "]"


def _without_collection(text: str, start: int, end: int, *, volumes: bool, counted: bool) -> int:
    """Trims words for a whole run (``The Complete Series``) and, in names of fansubs, numbers of volumes."""
    title = text[start:end].casefold()
    if not (
        "-" in title
        or "ep" in title
        or "complet" in title
        or "season" in title
        or "vol" in title
        or "collection" in title
    ):
        return end
    match = _COLLECTION.search(text, start, end)
    if match is not None and not counted and match[0].strip(" ._").casefold() == "season":
        return end
    if match is not None and not volumes and "vol" in match[0].casefold():
        return end
    if match is None or match.start() <= start or ARTICLE.fullmatch(text, start, match.start()):
        return end
    return match.start()


def _latin_run(text: str, start: int, end: int) -> tuple[int, int]:
    """Of a title in Chinese, Japanese, Korean or Arabic script and in Latin letters, the Latin one."""
    if text[start:end].isascii() or not _EASTERN.search(text, start, end):
        return start, end
    runs = [match for match in _NOT_EASTERN.finditer(text, start, end) if _LATIN.search(match[0])]
    if not runs:
        return start, end
    longest = max(runs, key=lambda match: len(_LETTERS.findall(match[0])))
    if len(_LETTERS.findall(longest[0])) < 5:
        return start, end
    return _title_span(text, *longest.span())


def _title_span(text: str, start: int, end: int) -> tuple[int, int]:
    """Trims separators and brackets off a title's stretch; of several brackets takes the one with Latin letters."""
    if "[" in (stretch := text[start:end]):
        if _IN_BRACKETS.search(stretch) and not _ALNUM.search(_IN_BRACKETS.sub("", stretch)):
            spans = [match.span() for match in _IN_BRACKETS_OR_OPEN.finditer(stretch)]
            spans = [span for span in spans if "月" not in stretch[span[0] : span[1]]] or spans
            latin = [span for span in spans if _LATIN.search(stretch[span[0] : span[1]])]
            first, last = (latin or spans)[0]
            start, end = start + first + 1, start + last - 1
        elif (leading := _LEADING_BRACKETS.match(stretch)) is not None:
            start += leading.end()
    if text[start:end].startswith("[") and "]" not in text[start:end]:
        start += 1
    while start < end and not (text[start].isalnum() or text[start] in "#'\"!~.¡¿([$+@"):
        start += 1
    while start < end and (text[end - 1].isspace() or text[end - 1] in "._-([{,;:/|*·+=\\#"):
        end -= 1
    return start, end


def _claim_title(text: str, start: int, end: int, reading: Reading) -> None:
    stretch = text[start:end]
    pieces = [(start, end)]
    trimmed = "[" not in stretch and stretch[:1].isalnum() and stretch[-1:].isalnum()
    if "/" in stretch or "|" in stretch:
        pieces = [(match.start() + start, match.end() + start) for match in _BETWEEN_BARS.finditer(stretch)]
    bonus = _BONUS.search(stretch) if "-x" in stretch or "-f" in stretch else None
    if bonus is not None:
        pieces = [(start + bonus.end(), end)] if bonus[1] == "f" else [(start, start + bonus.start())]
    can_be_also = "k" in stretch or "K" in stretch or "\u212a" in stretch or "--" in stretch
    also = _ALSO_KNOWN_AS.search(stretch) if can_be_also else None
    aka = also is not None and also.start() > 0 and len(pieces) == 1
    if aka and also is not None:
        pieces = [(start, start + also.start()), (start + also.end(), end)]
    spans = [_title_span(text, *piece) for piece in pieces] if pieces != [(start, end)] or not trimmed else pieces
    titles = [(span, written) for span in spans if (written := tidy(text[span[0] : span[1]]))]
    main = titles[0][0] if titles else (start, end)
    if len(titles) > 1 and not aka and not _LATIN.search(text[main[0] : main[1]]):
        main = next((span for span, _ in reversed(titles) if _LATIN.search(text[span[0] : span[1]])), main)
    for span, written in titles:
        reading.claim("title" if span == main else "alternative_titles", written, *span)


def _without_part(text: str, begin: int, end: int, reading: Reading) -> int:
    """The end of an episode's title without the number of a part behind it, which is claimed."""
    stretch = text[begin:end].casefold()
    if "-pt" in stretch and (inside := _PART_INSIDE.search(text, begin, end)) is not None:
        reading.claim("part", int(inside[1]), *inside.span(1))
        return inside.start()
    can_end_so = stretch.endswith(")") or "part" in stretch or "-pt" in stretch
    match = _PART_AT_END.search(text, begin, end) if can_end_so else None
    if match is None or match.start() <= begin or _FANSUB.match(text):
        return end
    if match[1]:
        value = _PART_NUMBERS.get(match[1].casefold()) or int(match[1])
        reading.claim("part", value, *match.span(1))
    return match.start()


def _episode_title(
    text: str,
    high: int,
    reading: Reading,
    markers: list[Marker],
    tags: list[Tag],
    year: tuple[int, int, int] | None,
    shape: Outline,
    *,
    named: bool,
) -> None:
    counting = [marker for marker in markers if marker.form != "season"]
    if counting:
        begin = max(marker.end for marker in counting)
    elif markers and (shape.outside or shape.parts or text.startswith("Extra", markers[-1].end)):
        begin = markers[-1].end
    elif not markers and year is not None and (named or shape.outside):
        begin = year[2]
    else:
        return
    stops = [tag.start for tag in tags if tag.start >= begin] + [
        start for start, _, field in reading.taken if start >= begin and field in {"release_group", "year", "container"}
    ]
    end = min(stops, default=high)
    cut = _CUT.search(text, begin, end)
    if cut is not None:
        end = cut.start()
    while begin < end and not (text[begin].isalnum() or text[begin] in "#'\"!¡¿($"):
        begin += 1
    while begin < end and (text[end - 1].isspace() or text[end - 1] in "._-([{,;:/|*+="):
        end -= 1
    if not counting:
        # A season or a year is followed by a title only where something says so.
        outside = _OUTSIDE_RUN.search(text, begin, end)
        part = _PART_AT_END.search(text, begin, end) if markers else None
        if outside is None and (part is None or part.start() <= begin) and not (named and not markers):
            return
        if (extras := _EXTRAS_DASH.match(text, begin, end)) is not None:
            begin = extras.end()
        elif outside is not None and markers and outside.start() == begin and outside.end() == end:
            return
        while begin < end and not text[begin].isalnum():
            begin += 1
    end = _without_part(text, begin, end, reading) if begin < end and text[end - 1] not in ".]" else end
    if len(markers) == 1 and markers[0].form == "date" and reading.low == 0 and not reading.has("title"):
        # Without folders the show is named behind the day.
        _claim_title(text, begin, end, reading)
        return
    if markers[:1] and markers[0].form == "leading" and reading.low == 0 and not reading.has("title"):
        # Without folders the show is named in the file: ``03 - Show - Title``.
        between = _DASH_BETWEEN.search(text, begin, end)
        if between is not None:
            _claim_title(text, begin, between.start(), reading)
            begin = between.end()
    title = tidy(text[begin:end])
    if title and _ALNUM.search(title) and title.casefold() not in {"end", "final", "v2", "complete"}:
        reading.claim("episode_title", title, begin, end)
