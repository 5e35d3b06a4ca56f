"""Plan to give a show another name that its files go by, or to take one away."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from medialib.errors import UsageError
from medialib.matching import normalise_title
from medialib.model import Place, Show
from medialib.planning import ChangeShow, Plan, Remark
from medialib.ports import Catalogue, Clock
from medialib.routing import RoutingPolicy, Unrouted, home_of
from medialib.workflows.shows import named_show

__all__ = ["plan_aliases"]


def plan_aliases(
    text: str,
    catalogue: Catalogue,
    policy: RoutingPolicy,
    clock: Clock,
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    configuration: str = "",
) -> Plan:
    """Plan to add aliases to a show (by title, alias or key), or to remove some.

    An alias matches only as a whole, commas and all; letter case, accents and punctuation do not count. What the show
    is called already is left, with a remark. Raises NotIdentified, listing candidates, if `text` names no show or
    several; UsageError for an empty name, for one that another show goes by, which is named, and for one to be
    removed that is none of its aliases.
    """
    known = {show.key: show for show in catalogue.shows.all()}
    show = named_show(text, known)
    aliases = list(show.aliases)
    remarks = []
    home = home_of(show, policy)
    place = Place(policy.tv or "tv", show.folder or show.title) if isinstance(home, Unrouted) else home
    for alias in (name.strip() for name in remove):
        wanted = normalise_title(alias)
        kept = [each for each in aliases if normalise_title(each) != wanted]
        if len(kept) == len(aliases):
            listed = ", ".join(map(repr, aliases)) or "none"
            raise UsageError(f"{show.title!r} has no alias {alias!r}", remedy=f"It has {listed}.")
        aliases = kept
    for alias in (name.strip() for name in add):
        wanted = normalise_title(alias)
        if not wanted:
            raise UsageError(f"{alias!r} is no name", remedy="Give one that is not empty.")
        if wanted in {normalise_title(name) for name in (show.title, *aliases)}:
            remarks.append(Remark("known", place, f"{show.title!r} is called {alias!r} already"))
            continue
        _demand_free(alias, show, known.values())
        aliases.append(alias)
    plan = Plan("shows alias", clock.now(), catalogue.identity, configuration, remarks=tuple(remarks))
    if tuple(aliases) == show.aliases:
        return plan
    changed = attrs.evolve(show, aliases=tuple(aliases))
    told = ", ".join(map(repr, aliases)) or "nothing else"
    return attrs.evolve(plan, actions=(ChangeShow("a1", show, changed, f"it goes by {told} too"),))


def _demand_free(alias: str, show: Show, known: Iterable[Show]) -> None:
    """Raise UsageError if another show goes by that name."""
    wanted = normalise_title(alias)
    for other in known:
        for name in (other.title, *other.aliases):
            if other.key != show.key and normalise_title(name) == wanted:
                what = "the title" if name == other.title else f"the alias {name!r}"
                raise UsageError(
                    f"{alias!r} is {what} of {other.title!r} ({other.key})",
                    remedy="Files of that name could be either's. Put a year or a country into it.",
                )
