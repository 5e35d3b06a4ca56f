"""Who released it: behind a last dash, in leading or trailing brackets, or the last word among the tags."""

from __future__ import annotations

import re
from typing import Final

from medialib.naming.grammar import GROUP_TAILS

__all__ = ["GroupFound", "find_group", "leading_group", "site_end", "unread_bracket"]

GroupFound = tuple[str, int, int]
"""Name of the group and the span it was read from."""

_WWW = r"ww{1,2}[0-9]*[.,][\w-]{2,40}[.][\w.-]{2,12}"
_SITE_WORD = (
    r"(?:www?[0-9]*[.])?[\w-]{2,40}(?:[.][\w-]{2,40}){0,2}[.](?:com|org|net|io|me|to|cc|tv|sbs|"
    r"se|de|info|biz|ru|site|lol|cz|co[.]\w\w|net[.]au|ca|gov|pl|fr|in|xyz|pw|ws|vip|win|im|is|"
    r"nl|eu|es|it|uk|za|au|re|ag|mx|am|lt|run|club|online|cf|ch|hu)"
)
_SITE: Final = re.compile(
    rf"(?i)[\s_]*(?:[\[({{][\s_]*{_SITE_WORD}[\s_]*[\])}}][\s._]*(?:-[\s._]+)?|(?:{_WWW}|"
    rf"{_SITE_WORD})[\s._]+-[\s._]+|(?:www?[.]){_SITE_WORD}[\s_]+|"
    rf"\d{{6}}[ _](?=[^\W_]))(?:[_.-]+[\s._]*)?"
)
_SITE_BEGINS: Final = re.compile(r"(?i)[\s_]*(?:[\[({]|www?[0-9]*[.,]|\d{6}[ _])")
_APART: Final = re.compile(r"[\s._]-[\s._]")
_CLOSES: Final = frozenset("])}=-\n")
_IS_SITE: Final = re.compile(rf"(?i)[\s_]*(?!YTS[.]){_SITE_WORD}[\s_]*|.*www[.].*")
_LEADING: Final = re.compile(r"[\s._]*+\[\s*+([^\[\]]{1,80}?)\s*+\]")
_TRAILING_BRACKET: Final = re.compile(
    r"(?:[\s._]{0,3}|-(?=\[))(?:\[[\s]{0,3}([^\[\]]{1,60}?)[\s]{0,3}\]|\([\s]{0,3}([^()]{1,60}?)[\s]{0,3}\)|"
    r"[-=]{0,4}[={]{1,4}([^{}=]{0,40})[}=]{1,4}[-=]{0,4})$"
)
_BEHIND_DASH: Final = re.compile(
    r"[\s._\])}'\"]*-[\s_.]?(?:by[\s]+)?(?:re-?enc(?:oded)?[.])?"
    r"([^\s\[\](){}\\/]{1,40}?(?:(?<=[A-Z])(?:[ ][A-Z]{2,8}){1,3})?)(?:[ _]v\d)?[\s._'-]*(?:[ ]-[ ][\w]{2,20})?$"
)
_LAST_DASH: Final = re.compile(r"[^-]{1,80}(?:-subs)?-([A-Za-z0-9@!]{2,25})$")
_TWO_WORDS: Final = re.compile(r"[\s._]{1,2}([A-Za-z0-9]{1,12}-[A-Za-z0-9]{2,20})$")
_FILLER: Final = re.compile(r"(?i)re-?enc\w*-|\w*audio|\w*subs?(?:bed)?-|preair|\d|proof|\w*dubbed")
_CHECKSUM: Final = re.compile(r"[0-9A-Fa-f]{8}|\d{1,3}(?:v\d)?")
_BRACKET: Final = re.compile(r"\[[\s]?([^\[\]\s]{2,30})[\s]?\]")
_BEHIND_PAREN: Final = re.compile(r"[^()]{0,60}[\s.-]?[)\]][\s._]+([A-Za-z0-9]{2,20})$")
_BY: Final = re.compile(r"(?i)(?:^|.*[\s._\]-])by[\s._:]+([^\s\[\](){}][^\[\](){}]{0,60}?(?:\[[^\]]*\])?)[\s]*$")
_BY_INSIDE: Final = re.compile(
    r"(?i)(?:(?:re-?)?(?:enc(?:oded)?|rip(?:ped)?|released|upload(?:ed)?|subbed|translated)[ ._])?"
    r"by[ ._:]{1,2}(\S.{1,38})"
)
_ONE_WORD: Final = re.compile(r"[\s._,+-]{0,40}(?:-\s{1,20})?([^\s\[\](){},]{2,30}?)[\s._)]{0,40}$")
_LAST_IN_BRACKET: Final = re.compile(r"(?:[^()\[\]]{0,30}[ -](?=[A-Z])|[ -]{1,3})([A-Za-z0-9@]{2,16})[\])][ ]?$")
_FIRST_OF_LIST: Final = re.compile(r"\(([A-Z][\w]{2,20}(?:[ -][A-Z][\w-]{2,20})?),[ ](?=\w)")
_LONE_WORD: Final = re.compile(r"[. _]((?=[^.]*[A-Z])(?=[^.]*[A-Z0-9]{2})[A-Za-z0-9]{3,10})[. _]")
_SPACED_DASH: Final = re.compile(r"[\])]?[\s_]-[\s_]")
_JUNK: Final = re.compile(
    r"(?i)\d+|[0-9a-f]{8}|pv|\d+x\w+|\d+-\d+|v\d|batch|end|final|.*subs?(?:bed|titles?)?|完|"
    r"dual.audio|.*简.*|.*繁.*|mkv|mp4|avi|cd\d|.*\d{3,4}x\d{3,4}.*|complete|[a-z]{2}|uncensored|"
    r"sc_tc|big5|gb|mp4\+ass|season.*|serie|tv|ova"
)


def site_end(text: str, low: int, high: int) -> int:
    """Where the name begins behind the address of a site put before it.

    >>> site_end("www.site.org - Show.S01E01", 0, 26)
    15
    """
    dash = text.find("-", low, low + 200)
    if not (_SITE_BEGINS.match(text, low, high) or (dash >= 0 and _APART.search(text, dash - 1, low + 200))):
        return low
    match = _SITE.match(text, low, high)
    return match.end() if match is not None and match.end() < high else low


def leading_group(text: str, low: int, high: int) -> tuple[GroupFound, int] | None:
    """A bracket at the very beginning, and where the name goes on behind it.

    >>> leading_group("[Group] Show", 0, 12)
    (('Group', 1, 6), 7)
    """
    match = _LEADING.match(text, low, high)
    if match is None or match.end() >= high:
        return None
    return (match[1], match.start(1), match.end(1)), match.end()


def _without_tails(text: str, low: int, high: int) -> int:
    for _ in range(4):
        match = GROUP_TAILS.search(text, low, high)
        if match is None or match.start() <= low:
            break
        high = match.start()
    return high


def find_group(
    text: str, low: int, last_tag: int | None, high: int, spans: set[tuple[int, int]], leading: GroupFound | None
) -> GroupFound | None:
    """The release group of ``text[low:high]``, whose last tag ends at `last_tag` (None without tags).

    `spans` are tags already read, `leading` what stood in brackets at the beginning.

    >>> find_group("Show.S01E01.720p.x264-GRP[site]", 0, 21, 31, set(), None)
    ('GRP', 22, 25)
    """
    if last_tag is None:
        return leading or _bracket_at_end(text, low, high, spans)
    end = _without_tails(text, last_tag, high)
    brackets: list[GroupFound] = []
    inner_end = end
    for _ in range(4):
        match = _TRAILING_BRACKET.search(text, last_tag, inner_end) if text[inner_end - 1] in _CLOSES else None
        if match is None:
            break
        number = next((index for index in (1, 2, 3) if match[index]), 0)
        if number and not _IS_SITE.fullmatch(match[number]):
            brackets.append((match[number], match.start(number), match.end(number)))
        inner_end = _without_tails(text, last_tag, match.start())
    dashed = _BEHIND_DASH.match(text, last_tag, inner_end)
    if (
        dashed is not None
        and not (leading is not None and _SPACED_DASH.match(text, last_tag))
        and dashed[1].strip("-.")
        and _free(dashed.span(1), spans)
        and not _CHECKSUM.fullmatch(dashed[1])
    ):
        return dashed[1], dashed.start(1), dashed.end(1)
    if text[last_tag : last_tag + 2] in {"-[", "-("} and (bracketed := _BRACKET.match(text, last_tag + 1, high)):
        return bracketed[1], bracketed.start(1), bracketed.end(1)
    if leading is not None:
        return leading
    last_word = _LAST_IN_BRACKET.match(text, last_tag, end)
    if last_word is not None and not _JUNK.fullmatch(last_word[1]) and _free(last_word.span(1), spans):
        return last_word[1], *last_word.span(1)
    by = _BY.match(text, last_tag, end)
    if by is not None:
        return by[1].rstrip(), by.start(1), by.start(1) + len(by[1].rstrip())
    for bracket in brackets:
        if " " in bracket[0] and (inside := _BY_INSIDE.fullmatch(text, *bracket[1:])) is not None:
            return inside[1], *inside.span(1)
        if not _JUNK.fullmatch(bracket[0]) and " " not in bracket[0] and _inside_closed(text, last_tag, inner_end):
            return bracket
    later = _LAST_DASH.match(text, last_tag, inner_end) or _BEHIND_PAREN.match(text, last_tag, inner_end)
    if (
        later is not None
        and later.re is _LAST_DASH
        and (whole := _TWO_WORDS.match(text, last_tag, inner_end))
        and not _FILLER.match(whole[1])
    ):
        later = whole
    if later is not None and _free(later.span(1), spans) and not _JUNK.fullmatch(later[1]):
        return later[1], later.start(1), later.end(1)
    word = _ONE_WORD.match(text, last_tag, inner_end)
    if (
        word is not None
        and (
            not _JUNK.fullmatch(word[1]) or (len(word[1]) == 2 and word[1].isupper() and text[word.start(1) - 1] == ".")
        )
        and not _IS_SITE.fullmatch(word[1])
        and any(c.isalnum() for c in word[1])
    ):
        written = word[1].rstrip(".")
        start, end = word.start(1), word.start(1) + len(written)
        if "." in written and not written.startswith("YTS."):
            start += written.rindex(".") + 1
        return text[start:end], start, end
    for bracket in brackets:
        if not _JUNK.fullmatch(bracket[0]) and " " not in bracket[0]:
            return bracket
    inner = _FIRST_OF_LIST.search(text, low, end)
    if inner is not None and _free(inner.span(1), spans) and any(start >= inner.end(1) for start, _ in spans):
        return inner[1], *inner.span(1)
    return unread_bracket(text, low, high, spans) or _between_tags(text, last_tag, spans)


def unread_bracket(text: str, low: int, high: int, spans: set[tuple[int, int]]) -> GroupFound | None:
    """A bracket of one word that nothing else was made of: ``Show - 01 [Group][720p]``.

    >>> unread_bracket("Show - 01 [Group][720p]", 0, 23, {(18, 22)})
    ('Group', 11, 16)
    """
    for match in _BRACKET.finditer(text, low, high):
        read = any(match.start() < end and start < match.end() for start, end in spans)
        if not read and not _JUNK.fullmatch(match[1]) and not _IS_SITE.fullmatch(match[1]):
            return match[1], match.start(1), match.end(1)
    return None


def _between_tags(text: str, last_tag: int, spans: set[tuple[int, int]]) -> GroupFound | None:
    """The last unread word right between two tags: ``576p.QRSTU.BRRip``."""
    ends = sorted(spans)
    for (_, end), (start, _) in zip(reversed(ends[:-1]), reversed(ends[1:]), strict=True):
        match = _LONE_WORD.fullmatch(text, end, start) if end < start <= last_tag else None
        if match is not None and not _JUNK.fullmatch(match[1]):
            return match[1], *match.span(1)
    return None


def _free(span: tuple[int, int], spans: set[tuple[int, int]]) -> bool:
    """Whether nothing was read from there yet."""
    low, high = span
    for start, end in spans:  # noqa: SIM110 - half the time of any()
        if low < end and start < high:
            return False
    return True


def _inside_closed(text: str, last_tag: int, end: int) -> bool:
    """Whether the tags were closed by a bracket, so that what follows names the group and not the encoder."""
    return text[last_tag:end].rstrip().endswith((")", "]"))


def _bracket_at_end(text: str, low: int, high: int, spans: set[tuple[int, int]]) -> GroupFound | None:
    match = _TRAILING_BRACKET.search(text, low, high)
    if (
        match is None
        or not match[1]
        or _JUNK.fullmatch(match[1])
        or " " in match[1]
        or match.span(1) in spans
        or _IS_SITE.fullmatch(match[1])
    ):
        return None
    return match[1], match.start(1), match.end(1)
