"""Whether a bare number of a part counts an episode, by what stands around it."""

from __future__ import annotations

import re
from typing import Final

import attrs

from medialib.naming.counting import (
    find_absolute,
    find_beside,
    find_compact,
    find_compact_beside,
    find_leading,
    find_padded,
)
from medialib.naming.grouping import GroupFound
from medialib.naming.markers import Marker, overlaps
from medialib.naming.outline import Outline
from medialib.naming.scanning import Tag, only_separators

__all__ = ["WORD_NEXT", "is_broadcast", "with_absolute"]

WORD_NEXT: Final = re.compile(r"[ ._][^\W\d_]")
"""A word behind a separator."""
_PADDED: Final = re.compile(
    r"(?<=[^\W\d_][\s._])0\d{1,2}(?=[\s._-]*(?:$|[\[(]))|[\s._]\d{2,3}-\d{2,3}(?=[\s_]*[\[(])|"
    r"[\s._]0?1-\d{2,3}(?=[\s_]*(?:[\[(]|$))"
)


def is_broadcast(tags: list[Tag]) -> bool:
    """Whether a tag says that it was recorded from the air, where series are."""
    return any(tag.field == "source" and tag.value in {"HDTV", "DTV", "TV", "SAT"} for tag in tags)


def with_absolute(
    text: str,
    begin: int,
    high: int,
    first_firm: int,
    markers: list[Marker],
    year: tuple[int, int, int] | None,
    group: GroupFound | None,
    kind: str | None,
    tags: list[Tag],
    shape: Outline,
) -> list[Marker]:
    """The markers, and a bare number where nothing else counts episodes."""
    if not shape.numbers:
        return markers
    full = next((marker for marker in markers if marker.form == "episode"), None)
    if full is not None:
        beside = find_beside(text, begin, high, full, fansub=group is not None)
        if (
            beside is not None
            and not overlaps(beside.start, beside.end, markers)
            and not only_separators(text, begin, beside.start)
            and not _begins_title(text, full, beside, high, tags)
        ):
            return sorted([*markers, beside], key=lambda marker: marker.start)
        return markers
    if kind == "movie":
        return markers
    if not markers or (len(markers) == 1 and markers[0].form == "date"):
        span = None if year is None else year[1:]
        compact = find_compact_beside(text, begin, high, span)
        if compact is not None and not any(compact.start <= tag.start <= compact.end + 1 for tag in tags):
            return sorted([*markers, compact], key=lambda marker: marker.start)
    if markers and any(marker.form in {"date", "number", "absolute"} for marker in markers):
        return markers
    if text.isascii() and not shape.episodes and not _has_bare(shape.numbers, year, tags):
        return markers
    blocked = list(markers)
    if year is not None:
        blocked.append(Marker("year", (), year[1], year[2], ""))
    checks = [
        tag
        for tag in tags
        if (tag.firm or tag.field in {"crc32", "audio_channels", "resolution"})
        and not text[tag.start : tag.end].isdigit()
    ]
    blocked += [Marker("tag", (), tag.start, tag.end, "") for tag in checks]
    fields = {tag.field for tag in tags}
    broadcast = "source" in fields and is_broadcast(tags)
    translated = "subtitle_languages" in fields
    bold = group is not None or translated or kind == "episode" or (year is None and (broadcast or "crc32" in fields))
    padded = year is None and bool(shape.short) and _PADDED.search(text[begin:first_firm]) is not None
    dashed = find_absolute(text, begin, first_firm, blocked, bold=False)
    if dashed is None and first_firm < high:
        dashed = find_absolute(text, first_firm, high, blocked, bold=False)
    found = dashed or (find_absolute(text, begin, first_firm, blocked, bold=True) if bold or padded else None)
    if (
        dashed is None
        and group is None
        and year is None
        and (broadcast or kind == "episode")
        and not markers
        and not translated
    ):
        compact = find_compact(text, begin, first_firm)
        if compact is not None and not only_separators(text, begin, compact.start):
            return sorted([*markers, compact], key=lambda marker: marker.start)
    if (
        found is None
        and not markers
        and year is None
        and (leading := find_leading(text, begin, high, bold=group is not None))
    ):
        return [leading]
    if found is None and not markers and year is None and (padded_number := find_padded(text, begin, first_firm)):
        return [padded_number]
    if found is None:
        return markers
    seasons = [item for marker in markers for item in marker.findings if item.field == "seasons"]
    if seasons:
        found = attrs.evolve(
            found,
            findings=tuple(
                item._replace(field="episodes" if item.field == "absolute_episodes" else item.field)
                for item in found.findings
            ),
        )
        beside = find_beside(text, begin, high, found)
        if beside is not None and beside.start >= found.end:
            markers = [*markers, beside]
    return sorted([*markers, found], key=lambda marker: marker.start)


def _has_bare(numbers: list[int], year: tuple[int, int, int] | None, tags: list[Tag]) -> bool:
    """Whether a number begins where no firm tag and no year stands."""
    begun = {tag.start for tag in tags if tag.firm}
    if year is not None:
        begun.add(year[1])
    left = [number for number in numbers if number not in begun]
    return bool(left) and any(not any(tag.firm and tag.start < number < tag.end for tag in tags) for number in left)


def _begins_title(text: str, full: Marker, beside: Marker, high: int, tags: list[Tag]) -> bool:
    """Whether a number behind season and episode is the first word of a title: ``S02E05.100.Days``."""
    if beside.start < full.end or text[beside.start - 1] in "([":
        return False
    word = WORD_NEXT.match(text, beside.end, high)
    return word is not None and not any(tag.start <= word.end() - 1 < tag.end for tag in tags)
