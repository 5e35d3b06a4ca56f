"""Fetch, understand and shelve films, series and anime on disks of your own.

Read facts, decide (pure), plan (data), apply (the only writer, journalled), undo. The pure parts work alone:

>>> import medialib
>>> medialib.parse_name("Show.Name.S01E02.1080p.WEB-GRP.mkv").episodes
(2,)

Names are loaded when they are first used, so that a script that reads release names loads nothing of SSH or databases.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medialib.completeness import Complete, StabilityRules, StillArriving, Unknown, judge_completeness
    from medialib.config import Settings, load_settings
    from medialib.errors import ConfigurationError, MedialibError, TransientError
    from medialib.executors import open_executor
    from medialib.filters import PathRules, Verdict, judge_path
    from medialib.library import Library, Work, open_library
    from medialib.matching import (
        Chosen,
        Identified,
        KnownTitle,
        NotChosen,
        TitleIndex,
        Unidentified,
        Wanted,
        choose_title,
        identify,
        known_title,
    )
    from medialib.metadata import EpisodeMetadata, EpisodeOrder, TitleMetadata, with_absolute_numbers
    from medialib.model import Episode, ExternalIds, FileEntry, Movie, Place, Show
    from medialib.naming import (
        JELLYFIN,
        KODI,
        ORIGINAL,
        PLEX,
        NamingPreset,
        ParsedName,
        Template,
        parse_name,
        parse_names,
        parse_template,
        preset_from_templates,
        safe_part,
    )
    from medialib.planning import Action, Plan, Remark, dump_plan, load_plan
    from medialib.routing import Routed, RoutingPolicy, Unrouted, route
    from medialib.selection import Selected, Unselected, select
    from medialib.workflows.apply import Report, apply

__all__ = [
    "JELLYFIN",
    "KODI",
    "ORIGINAL",
    "PLEX",
    "Action",
    "Chosen",
    "Complete",
    "ConfigurationError",
    "Episode",
    "EpisodeMetadata",
    "EpisodeOrder",
    "ExternalIds",
    "FileEntry",
    "Identified",
    "KnownTitle",
    "Library",
    "MedialibError",
    "Movie",
    "NamingPreset",
    "NotChosen",
    "ParsedName",
    "PathRules",
    "Place",
    "Plan",
    "Remark",
    "Report",
    "Routed",
    "RoutingPolicy",
    "Selected",
    "Settings",
    "Show",
    "StabilityRules",
    "StillArriving",
    "Template",
    "TitleIndex",
    "TitleMetadata",
    "TransientError",
    "Unidentified",
    "Unknown",
    "Unrouted",
    "Unselected",
    "Verdict",
    "Wanted",
    "Work",
    "apply",
    "choose_title",
    "dump_plan",
    "identify",
    "judge_completeness",
    "judge_path",
    "known_title",
    "load_plan",
    "load_settings",
    "open_executor",
    "open_library",
    "parse_name",
    "parse_names",
    "parse_template",
    "preset_from_templates",
    "route",
    "safe_part",
    "select",
    "with_absolute_numbers",
]

_HOMES = {
    "completeness": ("Complete", "StabilityRules", "StillArriving", "Unknown", "judge_completeness"),
    "config": ("Settings", "load_settings"),
    "errors": ("ConfigurationError", "MedialibError", "TransientError"),
    "executors": ("open_executor",),
    "filters": ("PathRules", "Verdict", "judge_path"),
    "library": ("Library", "Work", "open_library"),
    "matching": (
        *("Chosen", "Identified", "KnownTitle", "NotChosen", "TitleIndex", "Unidentified", "Wanted"),
        *("choose_title", "identify", "known_title"),
    ),
    "metadata": ("EpisodeMetadata", "EpisodeOrder", "TitleMetadata", "with_absolute_numbers"),
    "model": ("Episode", "ExternalIds", "FileEntry", "Movie", "Place", "Show"),
    "naming": (
        *("JELLYFIN", "KODI", "ORIGINAL", "PLEX", "NamingPreset", "ParsedName", "Template"),
        *("parse_name", "parse_names", "parse_template", "preset_from_templates", "safe_part"),
    ),
    "planning": ("Action", "Plan", "Remark", "dump_plan", "load_plan"),
    "routing": ("Routed", "RoutingPolicy", "Unrouted", "route"),
    "selection": ("Selected", "Unselected", "select"),
    "workflows.apply": ("Report", "apply"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name from its room when it is first asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'medialib' has no attribute {name!r}")
    value = getattr(import_module(f"medialib.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
