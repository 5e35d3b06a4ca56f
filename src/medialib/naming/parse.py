"""Reads release names and paths: ``parse_name``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import attrs

from medialib.naming.claims import Reading
from medialib.naming.grammar import FOLD, SUBTITLE_CONTAINERS
from medialib.naming.languages import LANGUAGE_CODES, LANGUAGE_WORDS, TWO_LETTER_CODES
from medialib.naming.parsed import Finding, Kind, ParsedName
from medialib.naming.reading import read_part
from medialib.naming.titles import tidy

__all__ = ["parse_name"]

_LONGEST: Final = 4096
_SEPARATOR: Final = re.compile(r"(?<!\s)[/\\](?!\s)|[/\\]$")
_PLAIN_FOLDERS: Final = frozenset(
    [
        "tv",
        "movies",
        "movie",
        "films",
        "film",
        "series",
        "shows",
        "downloads",
        "download",
        "complete",
        "incoming",
        "video",
        "videos",
        "media",
        "test",
        "specials",
        "extras",
        "subs",
        "subtitles",
        "sample",
        "samples",
        "season",
        "seasons",
        "anime",
        "folder",
        "somefolder",
        "volume1",
        "mnt",
        "data",
        "home",
        "c",
        "d",
        "tv_drop",
    ]
)
_GIBBERISH: Final = re.compile(
    r"(?i)(?:_unpack[ _])?(?:[0-9a-f]{12,64}|(?=\w*\d\w*\d)[a-z0-9]{20,}|"
    r"(?:[a-z]{1,4}[.]){1,3}[0-9a-f]{10,}|[\d_.-]{5,}|[a-z]{1,3}\d{1,6})"
)
_SCENE_FILE: Final = re.compile(r"[a-z0-9]{2,6}-[a-z0-9.-]+$")
_SAMPLE: Final = re.compile(
    r"(?i)(?:^|[\s._-])sample(?:[\s._-]*(?:\d{1,2})?[.]\w{2,4})?$|(?:^|[/\\])samples?[/\\]|^sample[\s._-]"
)
_COMPANION: Final = re.compile(r"[.]([A-Za-z]{2,12}(?:-[A-Za-z]{2,4})?)$")
_TECHNICAL: Final = ("resolution", "source", "video_codec")
_NUMBERED: Final = ("seasons", "episodes", "absolute_episodes", "date")
_WRITTEN: Final = frozenset({"title", "alternative_titles", "episode_title", "release_group"})


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
    text = name[:_LONGEST].translate(FOLD)
    parts = _parts(text)
    hint = kind
    low, high = parts[-1]
    high, companion = _companion(text, low, high)
    reading = read_part(text, low, high, kind=hint, is_file=companion is None)
    readings = [reading]
    for start, end in reversed(parts[-4:-1]):
        readings.append(read_part(text, start, end, kind=hint, is_file=False))
    chosen, reasons = _merged(text, readings)
    if companion is not None:
        chosen += companion[0]
    return _assembled(name, text, chosen, readings, reasons, kind, forced=companion is not None and companion[1])


def _parts(text: str) -> list[tuple[int, int]]:
    """Spans of the parts of a path; a slash with a space beside it, or inside a bracket, belongs to a title."""
    inside = [match.span() for match in re.finditer(r"\[[^\[\]]{0,200}\]|\([^()]{0,200}\)", text)]
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


def _gibberish(text: str, reading: Reading) -> bool:
    title = reading.first("title")
    stem_end = reading.high
    container = reading.first("container")
    if container is not None:
        stem_end = container.start - 1
    return title is None or bool(_GIBBERISH.fullmatch(text[reading.low : stem_end].strip()))


def _merged(text: str, readings: Sequence[Reading]) -> tuple[list[Finding], list[str]]:
    """The file's own findings, with gaps filled from its folders."""
    own, *folders = readings
    chosen = list(own.findings)
    reasons = list(own.reasons)
    hidden = _gibberish(text, own)
    if hidden and folders:
        chosen = [
            found
            for found in chosen
            if found.field not in {"title", "year", "absolute_episodes"}
            or not _GIBBERISH.fullmatch(text[own.low : own.high])
        ]
    bare = not own.has(*_NUMBERED) and (not own.firm_tags or bool(_SCENE_FILE.match(text, own.low, own.high)))
    if folders and (hidden or bare) and folders[0].firm_tags >= 2 and folders[0].has("title"):
        hidden = True
        named = {"title", "alternative_titles", "episode_title", "release_group", "year"}
        chosen = [found for found in chosen if found.field not in named]
        reasons.append("the file's own name says less than its release folder")
    for folder in folders:
        have = {found.field for found in chosen}
        numbered = have & set(_NUMBERED)
        title = folder.first("title")
        plain = title is None or title.value.casefold() in _PLAIN_FOLDERS or _gibberish(text, folder)
        plain = plain and not (folder.firm_tags and title is not None)
        counts_episode = folder.has("episodes", "absolute_episodes", "date")
        if folder.has("seasons") and not have & {"seasons", "date", "absolute_episodes"}:
            if (
                not numbered
                and not counts_episode
                and (number := re.match(r"(\d{1,3})(?=[\s._-])", text[own.low : own.high]))
            ):
                chosen = [found for found in chosen if found.field != "title"]
                episode_title = own.first("title")
                chosen.append(Finding("episodes", int(number[1]), own.low, own.low + number.end()))
                if episode_title is not None:
                    begin = max(episode_title.start, own.low + number.end())
                    while begin < episode_title.end and not text[begin].isalnum():
                        begin += 1
                    if begin < episode_title.end:
                        chosen.append(
                            Finding("episode_title", text[begin : episode_title.end].strip(), begin, episode_title.end)
                        )
                reasons.append("the file's leading number counts episodes, for its folder names a season")
            chosen += [
                found
                for found in folder.findings
                if found.field in {"seasons", "episodes"} and (found.field == "seasons" or not numbered)
            ]
            reasons.append("season from the folder")
            if counts_episode and not numbered and title is not None:
                chosen = [found for found in chosen if found.field != "title"]
        elif not numbered and counts_episode and not own.firm_tags:
            chosen = [found for found in chosen if found.field != "title"]
            chosen += [found for found in folder.findings if found.field in _NUMBERED]
        have = {found.field for found in chosen}
        if "title" not in have and not plain and title is not None:
            chosen += [found for found in folder.findings if found.field in {"title", "alternative_titles", "country"}]
            reasons.append("title from the folder")
            have = {found.field for found in chosen}
        if not plain and (hidden or folder.firm_tags or folder.has("year")):
            wanted = {"year"} if not folder.firm_tags else {"year", "release_group", *_TECHNICAL}
            if hidden:
                wanted |= {found.field for found in folder.findings} - {"title", "container"}
            if "date" in have:
                wanted -= {"year"}
            chosen += [found for found in folder.findings if found.field in wanted and found.field not in have]
        hidden = hidden and "title" not in {found.field for found in chosen}
    return chosen, reasons


def _as_written(name: str, text: str, item: Finding) -> Finding:
    """Free text keeps the characters of the name where folding had changed them."""
    written = item.text_in(name)
    if item.field not in _WRITTEN or written == item.text_in(text):
        return item
    value = written if item.field == "release_group" else tidy(written)
    return attrs.evolve(item, value=value) if value else item


def _scalar(found: Iterable[Finding], field: str) -> Any:
    return next((item.value for item in found if item.field == field), None)


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


def _tuple(found: Iterable[Finding], field: str) -> tuple[Any, ...]:
    values = {item.value for item in found if item.field == field}
    return tuple(sorted(values))


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
    found = [_as_written(name, text, item) for item in sorted(found, key=lambda item: (item.start, item.end))]
    seasons, episodes, absolute = (
        _tuple(found, "seasons"),
        _tuple(found, "episodes"),
        _tuple(found, "absolute_episodes"),
    )
    day = _scalar(found, "date")
    special = own.special or seasons == (0,)
    container = next((item.value for item in reversed(found) if item.field == "container"), None)
    numbered = bool(episodes or absolute or day)
    season_pack = bool(seasons) and not numbered and not own.special
    title = _scalar(found, "title")
    says = {item.field for item in found} - {
        "title",
        "alternative_titles",
        "episode_title",
        "container",
        "crc32",
        "release_group",
        "languages",
        "country",
    }
    if not title and not (numbered or own.firm_tags) and len(readings) == 1:
        says = set()
    rejected = (not says and not own.firm_tags and not special) or (
        title is not None and bool(_GIBBERISH.fullmatch(title)) and not numbered and not own.firm_tags
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
        alternative_titles=tuple(item.value for item in found if item.field == "alternative_titles"),
        year=_scalar(found, "year"),
        seasons=seasons,
        episodes=episodes,
        absolute_episodes=absolute,
        episode_title=_scalar(found, "episode_title"),
        date=day,
        part=_scalar(found, "part"),
        resolution=_resolution(text, found),
        source=_source([item.value for item in found if item.field == "source"]),
        remux=any(item.field == "remux" for item in found),
        video_codec=_scalar(found, "video_codec"),
        bit_depth=_scalar(found, "bit_depth"),
        hdr=_tuple(found, "hdr"),
        audio_codecs=_tuple(found, "audio_codecs"),
        audio_channels=_scalar(found, "audio_channels"),
        release_group=_scalar(found, "release_group"),
        container=container,
        languages=_tuple(found, "languages"),
        subtitle_languages=_tuple(found, "subtitle_languages"),
        forced=forced,
        edition=_tuple(found, "edition"),
        proper=any(item.field in {"proper", "repack"} for item in found),
        repack=any(item.field == "repack" for item in found),
        version=_scalar(found, "version"),
        crc32=_scalar(found, "crc32"),
        streaming_service=_scalar(found, "streaming_service"),
        country=_scalar(found, "country"),
        season_pack=season_pack,
        special=special,
        rejected=rejected,
        findings=tuple(found),
        leftover=_leftover(text, own, found),
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
    if _SAMPLE.search(name[:_LONGEST]):
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


def _leftover(text: str, own: Reading, found: list[Finding]) -> tuple[str, ...]:
    """Words of the file's own name that no finding covers."""
    spans = sorted([(item.start, item.end) for item in found] + [(start, end) for start, end, _ in own.taken])
    words: list[str] = []
    index = 0
    for match in re.finditer(r"[^\W_]+", text[own.low : own.high]):
        start, end = match.start() + own.low, match.end() + own.low
        while index < len(spans) and spans[index][1] <= start:
            index += 1
        if not any(begin < end and start < stop for begin, stop in spans[index : index + 40]):
            words.append(match[0])
    return tuple(words)
