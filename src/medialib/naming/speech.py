"""Languages among the tags: which are spoken, which are subtitles, and which word only names the group."""

from __future__ import annotations

import re
from typing import Final

from medialib.naming.languages import SUBTITLE_WORDS
from medialib.naming.scanning import Tag, only_separators

__all__ = ["LANGUAGE_FIELDS", "with_subtitles", "without_group"]

LANGUAGE_FIELDS: Final = frozenset({"languages", "subtitle_languages"})
"""Fields that hold languages."""
_JOINED: Final = re.compile(r"[ ]?[-+&,/][ ]?")
_CLOSING: Final = re.compile(r"[\])}]")
_BEHIND_GROUP: Final = re.compile(
    r"(?i)(?:[-_. ]?\[[^\[\]]{1,20}\])*(?:[ .][A-Z]{2,8}){0,3}(?:-(?:xpost|postbot|obfuscated|nzbgeek))?$"
)


def with_subtitles(text: str, tags: list[Tag]) -> list[Tag]:
    """The tags, with languages of subtitles told from those spoken: the ones behind ``Sub``, else the one before it.

    Before it several count where marks join them or all are codes: ``CHS-ENG SUBS``, ``Ger.Eng.Sub``. Without one, a
    word of one language for subtitles names it: ``Legendado``.

    >>> from medialib.naming.scanning import scan
    >>> [(tag.field, tag.value) for tag in with_subtitles("ITA.SUB.ENG", scan("ITA.SUB.ENG", 0, 11, ()))]
    [('languages', 'it'), ('other', 'subs'), ('subtitle_languages', 'en')]
    """
    if "subs" not in [tag.value for tag in tags]:
        return tags
    result = list(tags)
    for index, tag in enumerate(tags):
        if tag.value != "subs":
            continue
        behind = index + 1
        while (
            behind < len(tags) and tags[behind].field == "languages" and _beside(text, tags[behind - 1], tags[behind])
        ):
            result[behind] = tags[behind]._replace(field="subtitle_languages")
            behind += 1
        if behind > index + 1 or text.startswith(("Multi", "MULTI", "multi"), tag.start):
            continue
        _those_before(text, tags, index, result)
        own = SUBTITLE_WORDS.get(text[tag.start : tag.end].casefold())
        if own is not None and (index == 0 or result[index - 1].field != "subtitle_languages"):
            result[index] = tag._replace(field="subtitle_languages", value=own)
    return result


def _those_before(text: str, tags: list[Tag], index: int, result: list[Tag]) -> None:
    """Marks the languages before the word for subtitles."""
    before = index - 1
    while (
        before >= 0
        and tags[before].field == "languages"
        and _beside(text, tags[before], tags[before + 1])
        and not _CLOSING.search(text, tags[before].end, tags[index].start)
    ):
        result[before] = tags[before]._replace(field="subtitle_languages")
        if before == 0:
            break
        joined = _JOINED.fullmatch(text, tags[before - 1].end, tags[before].start) is not None
        if not joined and not all(tag.end - tag.start == 3 for tag in tags[before - 1 : before + 1]):
            break
        before -= 1


def _beside(text: str, first: Tag, second: Tag) -> bool:
    return second.start - first.end <= 3 and only_separators(text, first.end, second.start)


def without_group(text: str, tags: list[Tag], high: int) -> list[Tag]:
    """The tags without a last ordinary word behind a dash, which names the group: ``x264-NL``.

    >>> from medialib.naming.scanning import scan
    >>> [tag.value for tag in without_group("720p.x264-NL", scan("720p.x264-NL", 0, 12, ()), 12)]
    ['720p', 'H.264']
    """
    if not tags:
        return tags
    last = tags[-1]
    if last.firm or last.value == "subs" or text[last.start - 1 : last.start] != "-":
        return tags
    before = tags[-2] if len(tags) > 1 else None
    if before is not None and (before.end != last.start - 1 or before.field in LANGUAGE_FIELDS):
        return tags
    return tags[:-1] if text[last.start - 2].isalnum() and _BEHIND_GROUP.match(text, last.end, high) else tags
