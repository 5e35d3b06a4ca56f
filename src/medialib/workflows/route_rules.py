"""How incoming files are routed, as data."""

from __future__ import annotations

import attrs

from medialib.completeness import TEMPORARY_NAMES
from medialib.filters import PathRules
from medialib.planning import RECYCLE, Way
from medialib.routing import ConflictPolicy, RoutingPolicy
from medialib.workflows.titles import UnknownTitles

__all__ = ["VIDEO_EXTENSIONS", "RouteRules"]

VIDEO_EXTENSIONS = frozenset(
    (
        *("3gp", "asf", "avi", "divx", "flv", "iso", "m2ts", "m4v", "mkv", "mov", "mp4"),
        *("mpeg", "mpg", "mts", "ogm", "rmvb", "ts", "vob", "webm", "wmv"),
    )
)
"""Extensions of files that are routed by their own name, lower case without dot."""


@attrs.frozen
class RouteRules:
    """How incoming files are routed."""

    policy: RoutingPolicy = RoutingPolicy()
    """Where things are kept and how they are named."""
    unknown_shows: UnknownTitles = "by-name"
    """What becomes of a show that the catalogue does not know."""
    unknown_movies: UnknownTitles = "by-name"
    """The same for films."""
    companions: frozenset[str] = frozenset(("srt", "ass", "ssa", "sub", "idx", "vtt", "sup"))
    """Extensions of files that travel with a video, lower case without dot."""
    paths: PathRules = PathRules()
    """Which names are wanted."""
    temporary_names: tuple[str, ...] = TEMPORARY_NAMES
    """Patterns of names of what is not finished, as `medialib.completeness.temporary_reason` reads them."""
    recycle: str = RECYCLE
    """Folder, relative to a location's root, that duplicates go to."""
    ways: tuple[Way, ...] = ("move",)
    """How files are placed: the first way that works there."""
    nfo: bool = False
    """Whether NFO files are written beside what is placed."""
    review: str | None = None
    """Name of the location for files whose names are read with too little confidence; None: they are left."""
    conflicts: ConflictPolicy = "refuse"
    """What becomes of a file whose name is taken, and, but for ``refuse``, of one whose episode or film is there."""
