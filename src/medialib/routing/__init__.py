"""Where a file belongs: decided from its parsed name, its match and the policy, with every reason kept."""

from medialib.routing.companions import Companion, Orphan, extension_of, pair_companions, split_stem
from medialib.routing.copies import (
    Verdict,
    details_of,
    differences,
    edition_and_part,
    is_complete,
    judge,
    which_stays,
)
from medialib.routing.quality import Alike, Better, Comparison, compare
from medialib.routing.records import (
    EpisodeChanges,
    episodes_from,
    merge_episodes,
    movie_from,
    movie_of_folder,
    new_movie,
    new_show,
    same_title,
    show_from,
    show_of_folder,
)
from medialib.routing.route import Route, Routed, RoutingPolicy, Unrouted, held_by, home_of, route

__all__ = [
    "Alike",
    "Better",
    "Companion",
    "Comparison",
    "EpisodeChanges",
    "Orphan",
    "Route",
    "Routed",
    "RoutingPolicy",
    "Unrouted",
    "Verdict",
    "compare",
    "details_of",
    "differences",
    "edition_and_part",
    "episodes_from",
    "extension_of",
    "held_by",
    "home_of",
    "is_complete",
    "judge",
    "merge_episodes",
    "movie_from",
    "movie_of_folder",
    "new_movie",
    "new_show",
    "pair_companions",
    "route",
    "same_title",
    "show_from",
    "show_of_folder",
    "split_stem",
    "which_stays",
]
