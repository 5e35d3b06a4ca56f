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
_VALUES, _MANY = attrgetter(*_SAME), attrgetter(*_LISTS)


def parse(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `name`; ``options["type"]`` is what the caller knows it to be."""
    found = parse_name(name, kind=options.get("type"))
    fields = {key: value for key, value in zip(_SAME, _VALUES(found)) if value is not None and value is not False}  # noqa: B905
    fields |= {key: list(values) for key, values in zip(_LISTS.values(), _MANY(found)) if values}  # noqa: B905
    for ours, theirs in _NUMBERS.items():
        if values := getattr(found, ours):
            fields[theirs] = values[0] if len(values) == 1 else list(values)
    if found.date:
        fields["date"] = found.date.isoformat()
    fields["media_type"] = "episode" if found.is_episode else options.get("type") or "movie"
    return fields
