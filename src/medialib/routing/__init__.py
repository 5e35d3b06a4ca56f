"""Where a file belongs: decided from its parsed name, its match and the policy, with every reason kept."""

from medialib.routing.companions import Companion, Orphan, extension_of, pair_companions, split_stem
from medialib.routing.route import Route, Routed, RoutingPolicy, Unrouted, new_movie, new_show, route

__all__ = [
    "Companion",
    "Orphan",
    "Route",
    "Routed",
    "RoutingPolicy",
    "Unrouted",
    "extension_of",
    "new_movie",
    "new_show",
    "pair_companions",
    "route",
    "split_stem",
]
