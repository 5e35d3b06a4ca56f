"""Reads one part of a path: finds what ends the title, then what stands before and behind it."""

from __future__ import annotations

import re
from typing import Final

from medialib.naming.bare import WORD_NEXT, is_broadcast, with_absolute
from medialib.naming.claims import Reading
from medialib.naming.grammar import CONTAINERS
from medialib.naming.grouping import GroupFound, find_group, leading_group, site_end, unread_bracket
from medialib.naming.markers import Marker, overlaps
from medialib.naming.numbering import find_markers
from medialib.naming.outline import Outline, matches_at, outline, words_of
from medialib.naming.scanning import Tag, bracket_pairs, only_separators, scan, tags_that_count
from medialib.naming.speech import LANGUAGE_FIELDS, with_subtitles, without_group
from medialib.naming.titles import ARTICLE, part_of_series, read_titles

__all__ = ["read_part"]

_SPACED_EXTENSION: Final = re.compile(r"(?i)[ _](mkv|mp4|avi)$")
_POSTED: Final = re.compile(
    r"(?i)[.](mkv|mp4|avi|wmv)(?=['\"]?$|[ ]?[(\[]|[.]vol\d|[.]?-?[._ ]{0,2}-[._ ]{1,2}\d|['\"]?[ ]yenc)|"
    r"[._ -]{1,3}(?:(?:par|by)[._ -]{0,3})?www[.][\w.-]{3,60}$|[ ._-]{0,3}\[www[.][^\[\]]{3,40}\]$|"
    r"[ ._-]{0,3}\[(?:www[.])?[\w-]{2,30}[.](?:[\w-]{2,20}[.])?(?:com|org|net|ru|info|tv|cc|to|nu|me|eu)\]$"
)
_GLUED_END: Final = re.compile(r"(?<=[a-z0-9])(?<!\dx)(M|BD|HD|HDTV|BluRay)?(720|1080|2160)p?$")
_CHINESE: Final = re.compile(r"[简簡繁]|字幕|国语|國語|中字|中文")
_LISTED: Final = re.compile(
    r"0\d(?:[ ]-[ ]|[.][ ])(?=[^\W\d_].{0,120}[ ]\((?:19|20)\d\d\))|\(\d{1,2}\)(?=[^\W\d_])|"
    r"\(0\d\)[ ._](?=[^\W\d_])|\d{1,3}[ ](?=\[[^\[\]]{2,20}\][ _])"
)
"""The number of a file among several that were posted, or of a film in a row of them."""
_GROUP_BETWEEN: Final = re.compile(r"-[A-Za-z0-9@]{2,20}[ ._-]")
_TITLE_BEFORE: Final = re.compile(r"[^\W\d_]{2}[ ._]$")
_YEAR_FIRST: Final = re.compile(
    r"((?:19|20)[0-3]\d)[ ._](?=[^\W\d_]{2})|[(\[]?((?:19\d|20[0-3])\d)(?:[)\]][ ._]{0,2}|[ ._]-[ ._])(?=[^\W\d_]{2})"
)
_NUMBER_NEXT: Final = re.compile(r"[ _]?\[\d{1,3}(?:v\d)?\]")
_IDENTIFIER: Final = re.compile(r"(?i)[\[{(](?:tm|tv|im|ani)db(?:id)?[-=][\w-]{1,20}[\]})]")
_CHECKSUM: Final = re.compile(r"[\[(]((?=\d*[A-Fa-f])(?=[A-Fa-f]*\d)(?:[\dA-F]{8}|[\da-f]{8}))[\])]")
_PLAIN_CHECKSUM: Final = "ABCD1234"
_SPECIAL_NEXT: Final = re.compile(r"(?i)[ ._]special(?![^\W_])(?![ ._]*edition)")
_STACKED: Final = re.compile(r"(?i)(?:(?:part|pt)[ ._-]?(\d{1,2})|(?:cd|dvd|dis[ck])[ ._-]?\d{1,2})")
"""What media servers put behind the name of one of several files of a film."""
_NOTICE: Final = re.compile(r"(?i)www[.]|月|[.](?:com|net|org)$|^\s*\d+\s*$")
_YEAR: Final = re.compile(r"(?<![^\W_])(?<!(?:19|20)\d\d-)((?:19|20)\d\d)(?![^\W_г]|-(?:19|20)\d\d(?!\d))")
_OLD_YEAR: Final = re.compile(r"\((1[89]\d\d|20\d\d)\)")
_SPECIAL: Final = re.compile(
    r"(?i)(?<![^\W_])(?:OVAs?|OADs?|(?-i:ONAs?)|NC(?:OP|ED)\d{0,2}|"
    r"(?:OVA|OAD|SP)\d{1,2}|Specials?(?![ ._-]*(?:Edition|Features?|Cut|Version)))(?![^\W_])"
)
_EXTRA: Final = re.compile(
    r"(?i)(?<![^\W_])(?:extras?|trailer|featurette|behind[ ._]the[ ._]scenes|"
    r"deleted[ ._]scenes?|bloopers?|interview|bonus|NC(?:OP|ED)\d{0,2}|creditless)(?![^\W_])"
)

_DASHED_GROUP: Final = re.compile(r"-([A-Za-z0-9@]{2,20})(?:\[[^\[\]]{1,20}\])?$")
_DASHED_BEHIND_WORDS: Final = re.compile(r"[^ ]*[^\W_]-((?=\w*[A-Z]\w*[A-Z])[A-Za-z0-9@]{3,20})$")
_BRACKETED_GROUP: Final = re.compile(r"\[([A-Za-z0-9@_-]{2,20})\]$")
_NO_GROUP: Final = re.compile(r"[0-9A-Fa-f]{8}|\d+")


def _extension(text: str, low: int, high: int, reading: Reading) -> int:
    for _ in range(2):
        dot = text.rfind(".", low, high)
        written = text[dot + 1 : high]
        if dot < 0 or written.casefold() not in CONTAINERS:
            spaced = high - 4 > low and text[high - 4] in " _"
            match = _SPACED_EXTENSION.match(text, high - 4, high) if spaced else None
            if match is None:
                return high
            dot, written = match.start(), match[1]
        if dot <= low or (written in {"AAC", "MP3", "FLAC", "TS"} and high - low > 24):
            return high
        reading.claim("container", written.casefold(), dot + 1, high)
        high = dot
        if written.casefold() not in {"torrent", "nzb", "par2"}:
            return high
    return high


def _posted(text: str, low: int, high: int, reading: Reading) -> int:
    """Where a name ends that a poster wrote more behind: ``.mkv (1/7)``, ``.mkv.vol003+04.PAR2``, a site's address."""
    stem = text[low:high]
    ends_with_site = stem[-1:] == "]" and "." in stem[stem.rfind("[") :]
    if not (ends_with_site or ".mkv" in stem or ".mp4" in stem or ".avi" in stem or ".wmv" in stem or "www." in stem):
        return high
    match = _POSTED.search(text, low, high)
    if match is None or match.start() <= low:
        return high
    if match[1] and not reading.has("container"):
        reading.claim("container", match[1].casefold(), *match.span(1))
    return match.start()


def _year(
    text: str, low: int, high: int, markers: list[Marker], tags: list[Tag], shape: Outline
) -> tuple[int, int, int] | None:
    """The year and its span: one in parentheses, else the last before the tags, never what is all of the title."""
    for match in _OLD_YEAR.finditer(text, low, high) if text.find("(", low, high) >= 0 else ():
        if not only_separators(text, low, match.start()):
            return int(match[1]), *match.span(1)
    if not shape.years:
        return None
    first_firm = next((tag.start for tag in tags if tag.firm), high)
    if (
        not markers
        and len(shape.years) == 1
        and (first := _YEAR_FIRST.match(text, low, high)) is not None
        and first_firm > first.end()
        and all(tag.start > first.end() for tag in tags)
    ):
        group = 1 if first[1] else 2
        return int(first[group]), *first.span(group)
    found = [match for match in matches_at(_YEAR, text, shape.years, high) if not overlaps(*match.span(), markers)]
    found = [match for match in found if not only_separators(text, low, match.start()) and int(match[1]) < 2040]
    before = [match for match in found if match.start() < first_firm]
    chosen = before[-1] if before else found[0] if found else None
    if (
        markers
        and chosen is not None
        and (full := next((marker for marker in markers if marker.form == "episode"), None))
        and chosen.start() > full.end
        and text[chosen.start() - 1] not in "(["
        and (
            _TITLE_BEFORE.search(text, full.end, chosen.start())
            or (text[chosen.start() - 2] == "-" and text[high : high + 1] == "." and chosen.end() == high)
        )
    ):
        # It ends the title of the episode.
        return None
    if chosen is not None and before and len(before) > 1 and markers and chosen.start() > markers[0].start:
        chosen = next((match for match in before if match.start() < markers[0].start), chosen)
    return None if chosen is None else (int(chosen[1]), *chosen.span(1))


def read_part(text: str, low: int, high: int, *, kind: str | None, is_file: bool) -> Reading:
    """Reads ``text[low:high]``, one part of a path; `text` is folded, so that spans hold in the name as given.

    >>> found = read_part("Show.S01E02.720p", 0, 16, kind=None, is_file=True)
    >>> [(item.field, item.value) for item in found.findings]
    [('seasons', 1), ('episodes', 2), ('resolution', '720p'), ('title', 'Show')]
    """
    reading = Reading(low, high)
    stem_end = _extension(text, low, high, reading) if is_file else high
    stem_end = _posted(text, low, stem_end, reading)
    begin = site_end(text, low, stem_end)
    if number := _LISTED.match(text, begin, stem_end):
        begin = number.end()
    if ("db" in text or "DB" in text) and (identifier := _IDENTIFIER.search(text, begin, stem_end)):
        # What names the entry of a database says nothing else: it is read as if it were not there.
        reading.cover("other", *identifier.span())
        text = text[: identifier.start()] + " " * len(identifier[0]) + text[identifier.end() :]
    checksum = _CHECKSUM.search(text, begin, stem_end)
    if checksum is not None:
        # Some look as if they held an episode or a source: it is read as if it were one that looks like nothing else.
        text = text[: checksum.start(1)] + _PLAIN_CHECKSUM + text[checksum.end(1) :]
    leading = leading_group(text, begin, stem_end)
    group: GroupFound | None = None
    for _ in range(2):
        if leading is None:
            break
        if _is_group(text, leading[0]) and not _NUMBER_NEXT.match(text, leading[1], stem_end):
            group, begin = leading
            break
        if not _NOTICE.search(leading[0][0]):
            break
        begin = leading[1]
        leading = leading_group(text, begin, stem_end)
    words = reading.words = words_of(text, low, high)
    shape = outline(text, begin, stem_end, words)
    markers = find_markers(text, begin, stem_end, [], shape)
    if (
        not markers
        and text.endswith(("0", "p"), begin, stem_end)
        and (glued := _GLUED_END.search(text, max(begin, stem_end - 10), stem_end))
    ):
        reading.claim("resolution", f"{glued[2]}p", *glued.span(2))
        reading.firm_tags = 1
        stem_end = glued.start()
        shape = outline(text, begin, stem_end, words)
    tags = scan(text, begin, stem_end, [(marker.start, marker.end) for marker in markers], words)
    if checksum is not None:
        tags = [tag._replace(value=checksum[1].upper()) if tag.start == checksum.start(1) else tag for tag in tags]
    year = _year(text, begin, stem_end, markers, tags, shape)
    if year is not None and text[year[1] - 1] == "(" and tags and tags[0].start < year[1]:
        tags = _without_title(text, begin, year[1], tags)
    head = leading[1] if group is None and leading is not None else begin
    firm_starts = [tag.start for tag in tags if tag.firm and tag.start >= head]
    first_firm = firm_starts[0] if firm_starts else stem_end
    markers = with_absolute(text, begin, stem_end, first_firm, markers, year, group, kind, tags, shape)
    counting = [marker for marker in markers if marker.form != "date"] or markers
    for marker in markers:
        for found in marker.findings:
            reading.claim_finding(found)
        reading.reasons.append(f"{marker.reason}: {text[marker.start : marker.end]!r}")
    if year is not None:
        reading.claim("year", *year)
    head_end = markers[0].start if markers else None
    if year is not None and (head_end is None or year[1] < head_end):
        head_end = year[1]
    pairs = bracket_pairs(text, begin, stem_end)
    counted = tags_that_count(text, tags, begin, stem_end, head_end, pairs)
    counted = without_group(text, counted, stem_end)
    counted = _edition_before_year(text, begin, tags, counted, year)
    if year is not None:
        counted = _with_those_behind_year(tags, counted, first_firm, year, markers)
    if shape.outside:
        # An anniversary special is no edition.
        counted = [tag for tag in counted if tag.field != "edition" or not _SPECIAL_NEXT.match(text, tag.end)]
    counted = with_subtitles(text, counted)
    tag_ends = _tag_ends(text, counted)
    for tag in counted:
        if tag.field != "other":
            reading.claim(tag.field, tag.value, tag.start, tag.end)
        else:
            reading.cover("other", tag.start, tag.end)
    reading.firm_tags += len([tag for tag in counted if tag.firm])
    last_tag = max(tag_ends) if tag_ends else (max((marker.end for marker in counting), default=None))
    if year is not None and last_tag is not None:
        last_tag = max(last_tag, year[2])
    read = {(tag.start, tag.end) for tag in counted} | {(marker.start, marker.end) for marker in markers}
    found_group = (
        find_group(text, begin, last_tag, stem_end, read, group)
        if tag_ends or group or not markers
        else (_bracket_or_dash(text, last_tag or begin, stem_end) or unread_bracket(text, begin, stem_end, read))
    )
    if is_file and found_group and found_group[0][-1].isdigit() and (stacked := _STACKED.fullmatch(found_group[0])):
        if stacked[1]:
            reading.claim("part", int(stacked[1]), *found_group[1:])
    elif found_group is not None:
        reading.claim("release_group", *found_group)
    if not text.isascii() and not any(tag.value == "zh" for tag in counted):
        any(reading.claim("languages", "zh", *chinese.span()) for chinese in _CHINESE.finditer(text, low, stem_end))
    if shape.parts and reading.firm_tags and not markers and year is None and (kind == "episode" or is_broadcast(tags)):
        part = part_of_series(text, shape.parts, begin, stem_end)
        if part is not None:
            reading.claim_finding(part.findings[0])
            markers = [part]
    if year is not None and not markers and only_separators(text, begin, year[1]):
        reading.reasons.append("the year stands first")
        begin = year[2]
        pairs = bracket_pairs(text, begin, stem_end)
    named = year is not None and not markers and year[1] > begin
    behind_year = (
        _first_at(_SPECIAL, text, shape.outside, year[2], stem_end) if shape.outside and year and named else None
    )
    read_titles(text, begin, stem_end, reading, markers, counted, year, shape, pairs, named=named and kind == "episode")
    if shape.outside:
        _mark_outside(text, begin, stem_end, reading, markers, year, shape, tags, behind_year=behind_year is not None)
    return reading


def _mark_outside(
    text: str,
    begin: int,
    high: int,
    reading: Reading,
    markers: list[Marker],
    year: tuple[int, int, int] | None,
    shape: Outline,
    tags: list[Tag],
    *,
    behind_year: bool,
) -> None:
    """Notes what is no episode of the run; in the title itself the words for it are ordinary ones."""
    episode_end = max((marker.end for marker in markers if marker.form in {"episode", "date"}), default=begin)
    special = _first_at(_SPECIAL, text, shape.outside, episode_end, high)
    title = reading.first("title")
    if special is not None and title is not None and title.start < special.start() and special[0][0] in "sS":
        within = special.end() < title.end and special[0].isalpha()
        if within or ARTICLE.fullmatch(text, begin, special.start()):
            special = _first_at(_SPECIAL, text, shape.outside, title.end, high)
    at_start = special is not None and only_separators(text, begin, special.start())
    reading.special = special is not None and not at_start and (reading.firm_tags > 0 or bool(markers) or behind_year)
    behind = max(episode_end, year[2] if year else begin, title.end if title else begin)
    extra = _first_at(_EXTRA, text, shape.outside, behind, high)
    if extra is not None and any(marker.form == "episode" for marker in markers):
        # In the title of an episode it is an ordinary word, unless it is all of it.
        next_word = WORD_NEXT.match(text, extra.end(), high)
        begins = only_separators(text, episode_end, extra.start()) or text[extra.start() - 1] in "-(["
        ends = next_word is None or any(tag.start <= next_word.end() - 1 < tag.end for tag in tags)
        extra = extra if begins and ends else None
    reading.extra = extra is not None or bool(special is not None and special[0].upper().startswith("NC"))


def _without_title(text: str, begin: int, year: int, tags: list[Tag]) -> list[Tag]:
    """The tags, but for those that are all there is before a year in brackets: they are the title, ``4K (2019)``."""
    at = begin
    for tag in tags:
        if tag.start >= year:
            break
        if not only_separators(text, at, tag.start):
            return tags
        at = max(at, tag.end)
    return [tag for tag in tags if tag.start > year] if only_separators(text, at, year) else tags


def _first_at(pattern: re.Pattern[str], text: str, starts: list[int], low: int, high: int) -> re.Match[str] | None:
    """The first match that begins at one of `starts` from `low` on."""
    return next(matches_at(pattern, text, [start for start in starts if start >= low], high), None)


def _tag_ends(text: str, tags: list[Tag]) -> list[int]:
    """Where the tags end: firm ones, and soft ones that follow them without a dash between."""
    ends: list[int] = []
    for tag in tags:
        if tag.field == "crc32":
            continue
        if ends and tag.field in LANGUAGE_FIELDS and _GROUP_BETWEEN.fullmatch(text, ends[-1], tag.start):
            continue
        if (
            tag.firm
            or not ends
            or tag.field == "audio_channels"
            or (
                only_separators(text, ends[-1], tag.start)
                and (text[ends[-1] : tag.start] != "-" or tag.value == "subs" or tag.field in LANGUAGE_FIELDS)
            )
        ):
            ends.append(tag.end)
    return ends


def _with_those_behind_year(
    tags: list[Tag], counted: list[Tag], first_firm: int, year: tuple[int, int, int], markers: list[Marker]
) -> list[Tag]:
    """Behind a year nothing but tags follows, unless an episode title does."""
    if markers:
        return counted
    kept = set(counted)
    return [tag for tag in tags if tag in kept or year[2] < tag.start <= first_firm]


def _is_group(text: str, found: GroupFound) -> bool:
    """Whether a leading bracket names a group and not tags, a number, or a title with its year."""
    if re.search(r"[^\W_][ ._]\(?(?:19|20)\d\d\)?$", found[0]):
        return False
    if found[0].isdigit() or _NOTICE.search(found[0]) or not any(character.isalnum() for character in found[0]):
        return False
    tags = scan(text, found[1], found[2], ())
    return not any(tag.firm for tag in tags)


def _bracket_or_dash(text: str, last: int, high: int) -> GroupFound | None:
    """The group of a name with a number but without tags: ``Show - 1x02 - Title [grp]``, ``Show.S01E01-GRP``."""
    match = _DASHED_GROUP.match(text, last, high) or _DASHED_BEHIND_WORDS.match(text, last, high)
    if match is not None:
        return match[1], *match.span(1)
    bracket = _BRACKETED_GROUP.search(text, last, high)
    if bracket is not None and not _NO_GROUP.fullmatch(bracket[1]):
        return bracket[1], *bracket.span(1)
    return None


def _edition_before_year(
    text: str, begin: int, tags: list[Tag], counted: list[Tag], year: tuple[int, int, int] | None
) -> list[Tag]:
    """Editions in capitals or of two words, right before the year: ``EXTENDED.2013``."""
    if year is None:
        return counted
    edge = year[1]
    added: list[Tag] = []
    for tag in reversed([tag for tag in tags if tag.end <= edge]):
        written = text[tag.start : tag.end]
        loud = (
            (written.isupper() and len(written) > 3)
            or (written == "3D" and text[tag.end] == ".")
            or len(re.findall(r"[^\W_]+", written)) > 1
        )
        if (
            tag in counted
            or tag.field not in {"edition", "other"}
            or not loud
            or not only_separators(text, tag.end, edge)
            or ARTICLE.fullmatch(text, begin, tag.start)
        ):
            break
        added.append(tag)
        edge = tag.start
    return sorted([*counted, *added], key=lambda tag: tag.start) if added else counted
