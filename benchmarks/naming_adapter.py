"""Puts ``parse_name`` behind the vocabulary of the naming corpus: names of fields, nothing corrected."""

from __future__ import annotations

from collections.abc import Mapping
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


def parse(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `name`; ``options["type"]`` is what the caller knows it to be."""
    found = parse_name(name, kind=options.get("type"))
    fields = {field: getattr(found, field) for field in _SAME}
    fields |= {theirs: list(getattr(found, ours)) for ours, theirs in _LISTS.items()}
    for ours, theirs in _NUMBERS.items():
        values = getattr(found, ours)
        fields[theirs] = values[0] if len(values) == 1 else list(values) or None
    fields["date"] = found.date.isoformat() if found.date else None
    fields["media_type"] = "episode" if found.is_episode else options.get("type") or "movie"
    return {key: value for key, value in fields.items() if value is not None and value is not False and value != []}
