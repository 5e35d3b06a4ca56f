"""Reads and writes the names of media files.

``parse_name`` reads what others wrote; `medialib.naming.rendering` writes names that Plex, Jellyfin, Kodi and every
file system accept. What a preset writes, ``parse_name`` reads back.
"""

from __future__ import annotations

from medialib.naming.absolute import (
    AbsoluteNumbers,
    NotCounted,
    SeasonNumbers,
    absolute_to_season,
    season_to_absolute,
)
from medialib.naming.alternatives import Alternative
from medialib.naming.bulk import parse_names
from medialib.naming.parse import parse_name
from medialib.naming.parsed import Finding, Kind, ParsedName
from medialib.naming.rendering import (
    JELLYFIN,
    KODI,
    ORIGINAL,
    PLEX,
    InvalidTemplate,
    NameFacts,
    NamingPreset,
    Template,
    TemplateKind,
    collision_key,
    companion_suffix,
    edition_label,
    parse_template,
    preset_from_templates,
    safe_part,
    unsafe_reason,
)
from medialib.naming.title_folders import TitleFolder, is_for_extras, is_of_the_system, read_title_folder

__all__ = [
    "JELLYFIN",
    "KODI",
    "ORIGINAL",
    "PLEX",
    "AbsoluteNumbers",
    "Alternative",
    "Finding",
    "InvalidTemplate",
    "Kind",
    "NameFacts",
    "NamingPreset",
    "NotCounted",
    "ParsedName",
    "SeasonNumbers",
    "Template",
    "TemplateKind",
    "TitleFolder",
    "absolute_to_season",
    "collision_key",
    "companion_suffix",
    "edition_label",
    "is_for_extras",
    "is_of_the_system",
    "parse_name",
    "parse_names",
    "parse_template",
    "preset_from_templates",
    "read_title_folder",
    "safe_part",
    "season_to_absolute",
    "unsafe_reason",
]
