"""Reads release names and paths: ``parse_name``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, Literal

import attrs

from medialib.naming.claims import Reading
from medialib.naming.folders import GIBBERISH, merged
from medialib.naming.grammar import FOLD, SUBTITLE_CONTAINERS
from medialib.naming.languages import LANGUAGE_CODES, LANGUAGE_WORDS, TWO_LETTER_CODES
from medialib.naming.parsed import Finding, Kind, ParsedName
from medialib.naming.reading import read_part
from medialib.naming.titles import tidy

__all__ = ["parse_name"]

_LONGEST: Final = 4096
_SEPARATOR: Final = re.compile(r"(?<!\s)[/\\](?!\s)|[/\\]$")
_BRACKETED: Final = re.compile(r"\[[^\[\]]{0,200}\]|\([^()]{0,200}\)")
_WORD: Final = re.compile(r"[^\W_]+")
_SAMPLE: Final = re.compile(
    r"(?i)(?:^|[\s._-])sample(?:[\s._-]*(?:\d{1,2})?[.]\w{2,4})?$|(?:^|[/\\])samples?[/\\]|^sample[\s._-]"
)
_COMPANION: Final = re.compile(r"[.]([A-Za-z]{2,12}(?:-[A-Za-z]{2,4})?)$")
_WRITTEN: Final = frozenset({"title", "alternative_titles", "episode_title", "release_group"})
_SAYS_LITTLE: Final = frozenset({*_WRITTEN, "container", "crc32", "languages", "country"})
_BY_POSITION: Final = attrgetter("start", "end")


def parse_name(name: str, *, kind: Literal["episode", "movie"] | None = None) -> ParsedName:
    """Reads a release name, a file name or a whole path, whose folders help.

    `kind` is what the caller knows it to be, as Sonarr knows that it asks for an episode; it settles readings that
    the name leaves open. Any string is answered, the same one always the same way; nothing is raised. Only the first
    4096 characters are read.

    >>> found = parse_name("Show.Name.S01E02.720p.HDTV.x264-GRP.mkv")
    >>> found.title, found.season, found.episode, found.release_group
    ('Show Name', 1, 2, 'GRP')
    >>> parse_name("[G] One Piece - 1071 [ABCD1234].mkv").absolute_episode
    1071
    >>> parse_name("The.Matrix.1999.1080p.BluRay.x264-GRP.mkv").kind
    'movie'
    """
    text = name[:_LONGEST]
    if not text.isascii():
        text = text.translate(FOLD)
    parts = _parts(text)
    hint = kind
    low, high = parts[-1]
    high, companion = _companion(text, low, high)
    reading = read_part(text, low, high, kind=hint, is_file=companion is None)
    readings = [reading]
    for start, end in reversed(parts[-4:-1]):
        readings.append(read_part(text, start, end, kind=hint, is_file=False))
    chosen, reasons = merged(text, readings)
    if companion is not None:
        chosen += companion[0]
    return _assembled(name, text, chosen, readings, reasons, kind, forced=companion is not None and companion[1])


def _parts(text: str) -> list[tuple[int, int]]:
    """Spans of the parts of a path; a slash with a space beside it, or inside a bracket, belongs to a title."""
    if "/" not in text and "\\" not in text:
        return [(0, len(text))]
    inside = [match.span() for match in _BRACKETED.finditer(text)]
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SEPARATOR.finditer(text):
        if any(opening < match.start() < closing for opening, closing in inside):
            continue
        if match.start() > start:
            spans.append((start, match.start()))
        start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return spans or [(0, len(text))]


def _companion(text: str, low: int, high: int) -> tuple[int, tuple[list[Finding], bool] | None]:
    """The end of the video's own stem in a subtitle's name, and what stood behind it: ``.en.forced.srt``."""
    dot = text.rfind(".", low, high)
    if dot <= low or text[dot + 1 : high].casefold() not in SUBTITLE_CONTAINERS:
        return high, None
    findings = [Finding("container", text[dot + 1 : high].casefold(), dot + 1, high)]
    forced = False
    end = dot
    for _ in range(3):
        match = _COMPANION.search(text, low, end)
        if match is None or match.start() <= low:
            break
        word = match[1].casefold()
        base = word.split("-")[0]
        language = TWO_LETTER_CODES.get(base) or LANGUAGE_CODES.get(base) or LANGUAGE_WORDS.get(base)
        if word == "forced":
            forced = True
        elif language is not None:
            findings.append(Finding("subtitle_languages", language, match.start(1), match.end(1)))
        elif word not in {"sdh", "cc", "default", "full", "hi"}:
            break
        end = match.start()
    return end, (findings, forced)


def _as_written(name: str, text: str, item: Finding) -> Finding:
    """Free text keeps the characters of the name where folding had changed them."""
    written = item.text_in(name)
    if item.field not in _WRITTEN or written == item.text_in(text):
        return item
    value = written if item.field == "release_group" else tidy(written)
    return attrs.evolve(item, value=value) if value else item


def _scalar(values: Mapping[str, list[Any]], field: str) -> Any:
    found = values.get(field)
    return found[0] if found else None


def _source(values: list[str]) -> str | None:
    """A screener is one whatever disc it came on; pay-per-view says less than how it was taken."""
    if "Screener" in values:
        return "Screener"
    return next((value for value in values if value != "PPV"), values[0] if values else None)


def _resolution(text: str, found: Iterable[Finding]) -> str | None:
    """The lines counted (``1080p``) before a word for the format (``4K``), which may name what it was made from."""
    values = [item for item in found if item.field == "resolution"]
    counted = next((item for item in values if item.text_in(text)[:3].strip("mM").isdigit()), None)
    chosen = counted or (values[0] if values else None)
    return None if chosen is None else chosen.value


def _tuple(values: Mapping[str, list[Any]], field: str) -> tuple[Any, ...]:
    found = values.get(field)
    if not found:
        return ()
    return tuple(found) if len(found) == 1 else tuple(sorted(set(found)))


def _assembled(
    name: str,
    text: str,
    found: list[Finding],
    readings: Sequence[Reading],
    reasons: list[str],
    hint: str | None,
    *,
    forced: bool,
) -> ParsedName:
    own = readings[0]
    found.sort(key=_BY_POSITION)
    if not name.isascii():
        found = [_as_written(name, text, item) for item in found]
    values: dict[str, list[Any]] = {}
    for item in found:
        values.setdefault(item.field, []).append(item.value)
    seasons, episodes, absolute = (
        _tuple(values, "seasons"),
        _tuple(values, "episodes"),
        _tuple(values, "absolute_episodes"),
    )
    day = _scalar(values, "date")
    special = own.special or seasons == (0,)
    container = values["container"][-1] if "container" in values else None
    numbered = bool(episodes or absolute or day)
    season_pack = bool(seasons) and not numbered and not own.special
    title = _scalar(values, "title")
    says = not values.keys() <= _SAYS_LITTLE and (bool(title or numbered or own.firm_tags) or len(readings) > 1)
    rejected = (not says and not own.firm_tags and not special) or (
        title is not None and not numbered and not own.firm_tags and bool(GIBBERISH.fullmatch(title))
    )
    if rejected:
        reasons = [*reasons, "nothing but a title, a hash or gibberish"]
    kind = _kind(
        name,
        container,
        own,
        hint,
        rejected=rejected,
        special=special,
        season_pack=season_pack,
        day=day is not None,
        absolute=bool(absolute) and not episodes,
        numbered=bool(seasons) or numbered,
    )
    confidence = (
        0.1
        if rejected
        else min(
            1.0, 0.35 + 0.1 * min(own.firm_tags, 3) + (0.3 if numbered or seasons else 0.0) + (0.05 if title else -0.2)
        )
    )
    return ParsedName(
        name=name,
        kind=kind,
        title=title,
        alternative_titles=tuple(values.get("alternative_titles", ())),
        year=_scalar(values, "year"),
        seasons=seasons,
        episodes=episodes,
        absolute_episodes=absolute,
        episode_title=_scalar(values, "episode_title"),
        date=day,
        part=_scalar(values, "part"),
        resolution=_resolution(text, found) if "resolution" in values else None,
        source=_source(values.get("source", [])),
        remux="remux" in values,
        video_codec=_scalar(values, "video_codec"),
        bit_depth=_scalar(values, "bit_depth"),
        hdr=_tuple(values, "hdr"),
        audio_codecs=_tuple(values, "audio_codecs"),
        audio_channels=_scalar(values, "audio_channels"),
        release_group=_scalar(values, "release_group"),
        container=container,
        languages=_tuple(values, "languages"),
        subtitle_languages=_tuple(values, "subtitle_languages"),
        forced=forced,
        edition=_tuple(values, "edition"),
        proper="proper" in values or "repack" in values,
        repack="repack" in values,
        version=_scalar(values, "version"),
        crc32=_scalar(values, "crc32"),
        streaming_service=_scalar(values, "streaming_service"),
        country=_scalar(values, "country"),
        season_pack=season_pack,
        special=special,
        rejected=rejected,
        findings=tuple(found),
        leftover=_leftover(text, own, found if len(readings) > 1 else ()),
        confidence=round(max(0.0, confidence), 2),
        reasons=tuple(reasons),
    )


def _kind(
    name: str,
    container: str | None,
    own: Reading,
    hint: str | None,
    *,
    rejected: bool,
    special: bool,
    season_pack: bool,
    day: bool,
    absolute: bool,
    numbered: bool,
) -> Kind:
    if container in SUBTITLE_CONTAINERS:
        return "subtitle"
    if "sample" in name.casefold() and _SAMPLE.search(name[:_LONGEST]):
        return "sample"
    if rejected:
        return "unknown"
    if special and numbered:
        return "special"
    if own.extra:
        return "extra"
    if special:
        return "special"
    if season_pack:
        return "season pack"
    if absolute:
        return "anime"
    if day:
        return "daily"
    if numbered:
        return "episode"
    return "episode" if hint == "episode" else "movie"


def _leftover(text: str, own: Reading, borrowed: Iterable[Finding]) -> tuple[str, ...]:
    """Words of the file's own name that no finding covers, `borrowed` ones among them."""
    for item in borrowed:
        if own.low <= item.start < own.high:
            own.cover(item.field, item.start, item.end)
    low, covered = own.low, own.covered
    find = covered.find
    return tuple(
        [
            match[0]
            for match in _WORD.finditer(text, low, own.high)
            if not covered[match.start() - low] and find(1, match.start() - low, match.end() - low) < 0
        ]
    )
