"""Writes names: valid on every file system, laid out as Plex, Jellyfin and Kodi document or by a template of one's own.

The presets and templates are in `presets` and `templates`; what templates may say is in `tokens`, from the values of
`facts`; `safety` makes any text a part of a path.
"""

from __future__ import annotations

from medialib.naming.rendering.facts import NameFacts, edition_label
from medialib.naming.rendering.presets import JELLYFIN, KODI, ORIGINAL, PLEX, NamingPreset, preset_from_templates
from medialib.naming.rendering.safety import collision_key, companion_suffix, safe_part, unsafe_reason
from medialib.naming.rendering.templates import InvalidTemplate, Template, parse_template
from medialib.naming.rendering.tokens import TemplateKind

__all__ = [
    "JELLYFIN",
    "KODI",
    "ORIGINAL",
    "PLEX",
    "InvalidTemplate",
    "NameFacts",
    "NamingPreset",
    "Template",
    "TemplateKind",
    "collision_key",
    "companion_suffix",
    "edition_label",
    "parse_template",
    "preset_from_templates",
    "safe_part",
    "unsafe_reason",
]
