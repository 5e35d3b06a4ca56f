"""From the readings of a name's parts to what the whole says: what ``parse_name`` does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, Final, Literal

import attrs

from medialib.naming.claims import Reading
from medialib.naming.companions import companion, parts_of_path
from medialib.naming.folders import GIBBERISH, merged, with_show
from medialib.naming.grammar import CONTAINERS, FOLD, SUBTITLE_CONTAINERS
from medialib.naming.parsed import Finding, Kind, ParsedName
from medialib.naming.reading import read_part
from medialib.naming.titles import tidy
from medialib.naming.trust import confidence

__all__ = ["read_name"]

_LONGEST: Final = 4096
_BACKWARDS_EPISODE: Final = re.compile(r"S(?<=\d\dS)(?![^\W_])")
_BACKWARDS_LINES: Final = ("p027", "p0801", "p0612")
_BACKWARDS: Final = re.compile(r"(?:(?<![^\W_])\d{2,3}E-?\d{2}S|(?<![^\W_])p(?:027|0801|0612))(?![^\W_])")
_BROADCAST: Final = frozenset({"HDTV", "DTV", "TV", "SAT"})
_TECHNICAL: Final = frozenset({"resolution", "source", "video_codec"})
_SAMPLE: Final = re.compile(
    r"(?i)(?:^|[\s._-])sample(?:[\s._-]*(?:\d{1,2})?[.]\w{2,4})?$|(?:^|[/\\])samples?[/\\]|^sample[\s._-]"
)
_SEVERAL: Final = frozenset(
    {
        "seasons", "episodes", "absolute_episodes", "alternative_titles", "hdr", "audio_codecs", "languages",
        "subtitle_languages", "edition",
    }
)  # fmt: skip
_WRITTEN: Final = frozenset({"title", "alternative_titles", "episode_title", "release_group"})
_SAYS_LITTLE: Final = frozenset({*_WRITTEN, "container", "crc32", "languages", "country"})
_BY_POSITION: Final = itemgetter(2)


def read_name(name: str, kind: Literal["episode", "movie"] | None = None) -> ParsedName:
    """See `medialib.naming.parse_name`.

    >>> read_name("Show.Name.S01E02.720p.mkv").episodes
    (2,)
    """
    return _read(name, kind, turns=True)


def _read(name: str, kind: Literal["episode", "movie"] | None, *, turns: bool) -> ParsedName:
    """The reading of a name; of one that is written backwards as well, if it `turns`: only ever once."""
    text = name[:_LONGEST]
    if not text.isascii():
        text = text.translate(FOLD)
    parts = parts_of_path(text)
    low, high = parts[-1]
    if (
        turns
        and (_BACKWARDS_EPISODE.search(text, low, high) or ("p0" in text and any(map(text.count, _BACKWARDS_LINES))))
        and _BACKWARDS.search(text, low, high)
    ):
        return _turned(name[:_LONGEST], low, high, kind)
    high, behind = companion(text, low, high)
    reading = read_part(text, low, high, kind=kind, is_file=behind is None)
    readings = [reading]
    for start, end in reversed(parts[-4:-1]):
        readings.append(read_part(text, start, end, kind=kind, is_file=False))
    if len(readings) > 1:
        readings = with_show(text, readings, kind)
    chosen, reasons = merged(text, readings)
    if behind is not None:
        chosen += behind[0]
    return _assembled(name, text, chosen, readings, reasons, kind, forced=behind is not None and behind[1])


def _turned(name: str, low: int, high: int, kind: Literal["episode", "movie"] | None) -> ParsedName:
    """Reads a file name written backwards (``462x.p027.20E10S.emaN``); spans are those of the name as given."""
    dot = name.rfind(".", low, high)
    stem = dot if dot > low and name[dot + 1 : high].casefold() in CONTAINERS else high
    found = _read(name[low:stem][::-1] + name[stem:high], kind, turns=False)
    findings = [
        item._replace(start=item.start + low, end=item.end + low)
        if item.start >= stem - low
        else item._replace(start=stem - item.end, end=stem - item.start)
        for item in found.findings
    ]
    return attrs.evolve(
        found,
        name=name,
        findings=tuple(sorted(findings, key=_BY_POSITION)),
        reasons=("the name is written backwards", *found.reasons),
    )


def _as_written(name: str, text: str, item: Finding) -> Finding:
    """Free text keeps the characters of the name where folding had changed them."""
    written = item.text_in(name)
    if item.field not in _WRITTEN or written == item.text_in(text):
        return item
    value = written if item.field == "release_group" else tidy(written)
    return item._replace(value=value) if value else item


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


def _together(field: str, values: list[Any]) -> Any:
    """What a field with several findings holds: all of them, sorted but for other titles, or the one that counts."""
    if field == "source":
        return _source(values)
    if field == "container":
        return values[-1]
    if field == "alternative_titles":
        return tuple(values)
    return tuple(sorted(set(values))) if field in _SEVERAL else values[0]


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
    fields: dict[str, Any] = {}
    repeated: dict[str, list[Any]] = {}
    for item in found:
        field = item.field
        if field not in fields:
            fields[field] = (item.value,) if field in _SEVERAL else item.value
        elif field in repeated:
            repeated[field].append(item.value)
        else:
            repeated[field] = [*(fields[field] if field in _SEVERAL else (fields[field],)), item.value]
    for field, values in repeated.items():
        fields[field] = _resolution(text, found) if field == "resolution" else _together(field, values)
    seasons, episodes = fields.get("seasons", ()), fields.get("episodes", ())
    absolute = fields.get("absolute_episodes", ())
    day, title, container = fields.get("date"), fields.get("title"), fields.get("container")
    special = own.special or seasons == (0,)
    numbered = bool(episodes or absolute or day)
    season_pack = bool(seasons) and not numbered and not own.special
    says = not fields.keys() <= _SAYS_LITTLE and (bool(title or numbered or own.firm_tags) or len(readings) > 1)
    rejected = (not says and not own.firm_tags and not special) or (
        title is not None
        and not numbered
        and not own.firm_tags
        and "year" not in fields
        and bool(GIBBERISH.fullmatch(title))
    )
    if rejected:
        reasons = [*reasons, "nothing but a title, a hash or gibberish"]
    leftover = _leftover(text, own, found if len(readings) > 1 else ())
    trust = (
        0.1
        if rejected
        else confidence(
            name,
            title,
            counted=numbered or bool(seasons),
            firm=bool(seasons and episodes),
            year="year" in fields,
            technical=not _TECHNICAL.isdisjoint(fields),
            other_names="alternative_titles" in fields,
            broadcast=fields.get("source") in _BROADCAST,
            uneven=(day is not None and bool(episodes)) or float in map(type, episodes or absolute),
            unread=leftover,
            reasons=reasons,
        )
    )
    fields["kind"] = _kind(
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
    if seasons and seasons[-1] > 1900 and day is None and "year" not in fields:
        fields["year"] = next(number for number in seasons if number > 1900)
    if "languages" not in fields:
        if container in SUBTITLE_CONTAINERS:
            fields["languages"] = fields.get("subtitle_languages", ())
        elif "字幕" in fields.get("release_group", ""):
            fields["languages"] = ("zh",)
    if "repack" in fields:
        fields["proper"] = True
    return ParsedName(
        name=name,
        forced=forced,
        season_pack=season_pack,
        special=special,
        rejected=rejected,
        findings=tuple(found),
        leftover=leftover,
        confidence=trust,
        reasons=tuple(reasons),
        **fields,
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
        [word for start, end, word, _ in own.words if not covered[start - low] and find(1, start - low, end - low) < 0]
    )
