"""The settings, read as the rules of each workflow: pure, and the only place where a key of a setting meets a rule."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

import attrs

from medialib.completeness import StabilityRules
from medialib.config import Settings
from medialib.filters import PathRules
from medialib.naming import JELLYFIN, KODI, ORIGINAL, PLEX, preset_from_templates
from medialib.planning import Way
from medialib.ports import ProviderTraits
from medialib.routing import RootRule, RoutingPolicy, TitleType
from medialib.workflows.release import ReleaseRules
from medialib.workflows.route_rules import RouteRules

__all__ = ["folders_of", "looking_up", "path_rules", "release_rules", "route_rules", "stability_rules"]

_PRESETS = {preset.name: preset for preset in (ORIGINAL, PLEX, JELLYFIN, KODI)}


def folders_of(settings: Settings, remote: str) -> tuple[str, ...]:
    """The folders of a remote that are looked at; the empty one is all of it, which a configuration calls ``.``."""
    return tuple("" if path == "." else path for path in settings.remotes[remote].paths) or ("",)


def path_rules(settings: Settings) -> PathRules:
    """Which names are wanted.

    >>> path_rules(Settings()).include == Settings().download.include
    True
    """
    download = settings.download
    include = (*download.include, "*.nfo") if settings.routing.keep_nfo else download.include
    return PathRules(download.exclude, include)


def stability_rules(settings: Settings) -> StabilityRules:
    """What it takes to believe that a remote file is whole.

    >>> stability_rules(Settings()).window == Settings().download.stability
    True
    """
    download = settings.download
    return StabilityRules(
        download.stability,
        download.two_looks,
        download.temporary_names,
        download.unfinished_markers,
        download.finished_markers,
        download.wait_for_marker,
        download.manifests,
        download.wait_for_whole_sets,
    )


def release_rules(settings: Settings, remote: str) -> ReleaseRules:
    """What is let go of on a remote, and how."""
    of_remote = settings.remotes[remote]
    return ReleaseRules(of_remote.release, of_remote.release_to or "", of_remote.release_after, path_rules(settings))


def route_rules(settings: Settings, roots: Collection[str]) -> RouteRules:
    """How incoming files are routed into the roots that there are, and named there.

    >>> route_rules(Settings(), ["tv"]).policy.movies is None
    True
    """
    routing, library = settings.routing, settings.library
    companions = frozenset(routing.companions)
    return RouteRules(
        RoutingPolicy(
            tv="tv" if "tv" in roots else None,
            anime="anime" if "anime" in roots else None,
            movies="movies" if "movies" in roots else None,
            preset=preset_from_templates(_PRESETS[library.preset], **library.templates),
            minimum_confidence=routing.minimum_confidence,
            roots=tuple(
                RootRule(
                    name,
                    cast(tuple[TitleType, ...], root.types),
                    root.genres,
                    root.languages,
                    root.resolutions,
                    root.minimum_free,
                )
                for name, root in settings.ordered_roots
                if name in roots
            ),
        ),
        unknown_shows=routing.unknown_shows,
        unknown_movies=routing.unknown_movies,
        companions=companions | {"nfo"} if routing.keep_nfo else companions,
        paths=path_rules(settings),
        temporary_names=settings.download.temporary_names,
        ways=cast(tuple[Way, ...], routing.ways),
        conflicts=routing.conflicts,
        nfo=library.nfo,
        review=None if routing.review is None else "review",
    )


def looking_up(rules: RouteRules, provider: ProviderTraits | None) -> RouteRules:
    """The rules, with unknown titles looked up at `provider`; of films only what it can tell."""
    films = rules.unknown_movies if provider is not None and not provider.movies else "look-up"
    return attrs.evolve(rules, unknown_shows="look-up", unknown_movies=films)
