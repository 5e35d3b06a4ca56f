"""Reads and writes the names of media files.

``parse_name`` reads what others wrote; `medialib.naming.render` writes names that Plex, Jellyfin and every file system
accept. What render writes, ``parse_name`` reads back.
"""

from __future__ import annotations

from medialib.naming.bulk import parse_names
from medialib.naming.parse import parse_name
from medialib.naming.parsed import Finding, Kind, ParsedName
from medialib.naming.render import (
    JELLYFIN,
    ORIGINAL,
    PLEX,
    NamingPreset,
    collision_key,
    companion_suffix,
    safe_part,
    unsafe_reason,
)

__all__ = [
    "JELLYFIN",
    "ORIGINAL",
    "PLEX",
    "Finding",
    "Kind",
    "NamingPreset",
    "ParsedName",
    "collision_key",
    "companion_suffix",
    "parse_name",
    "parse_names",
    "safe_part",
    "unsafe_reason",
]
