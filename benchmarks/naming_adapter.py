"""Puts ``parse_name`` behind the vocabulary of the naming corpus: names of fields, nothing corrected."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from medialib.naming import parse_name

__all__ = ["parse"]

_SAME = (
    "title", "year", "episode_title", "part", "resolution", "source", "remux", "video_codec", "bit_depth",
    "audio_channels", "release_group", "container", "proper", "repack", "version", "crc32", "streaming_service",
    "country", "season_pack", "special", "rejected",
)  # fmt: skip
_LISTS = {
    "alternative_titles": "alternative_title",
    "hdr": "hdr",
    "audio_codecs": "audio_codec",
    "languages": "languages",
    "subtitle_languages": "subtitle_languages",
    "edition": "edition",
}
_NUMBERS = {"seasons": "season", "episodes": "episode", "absolute_episodes": "absolute_episode"}
_ONE_ALONE = frozenset(_NUMBERS.values())
_THEIRS = (*_SAME, *_LISTS.values(), *_NUMBERS.values())
_VALUES = attrgetter(*_SAME, *_LISTS, *_NUMBERS)


def parse(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `name`; ``options["type"]`` is what the caller knows it to be."""
    found = parse_name(name, kind=options.get("type"))
    fields: dict[str, Any] = {}
    for theirs, value in zip(_THEIRS, _VALUES(found), strict=True):
        if value is None or value is False or value == ():
            continue
        if isinstance(value, tuple):
            value = list(value) if len(value) > 1 or theirs not in _ONE_ALONE else value[0]
        fields[theirs] = value
    if found.date:
        fields["date"] = found.date.isoformat()
    fields["media_type"] = "episode" if found.is_episode else options.get("type") or "movie"
    return fields

