"""Plan what the catalogue is to know of shows: entering one that a provider describes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from medialib.errors import NotIdentified, UsageError
from medialib.matching import Chosen, NotChosen, TitleIndex, known_title, normalise_title, wanted_title
from medialib.metadata import TitleMetadata
from medialib.model import ExternalIds, Place, Show
from medialib.naming import collision_key, safe_part
from medialib.planning import Action, AddShow, ChangeShow, MakeFolder, Plan, Remark
from medialib.ports import Catalogue, Clock, WritableLocation
from medialib.routing import RoutingPolicy, Unrouted, episodes_from, home_of, merge_episodes, same_title, show_from
from medialib.workflows.lookup import AIRED, TitleLookup

__all__ = ["demand_home", "named_show", "plan_add_show", "title_by_ids"]


def plan_add_show(
    text: str,
    lookup: TitleLookup,
    catalogue: Catalogue,
    roots: Mapping[str, WritableLocation],
    policy: RoutingPolicy,
    clock: Clock,
    *,
    ids: ExternalIds | None = None,
    override_folder: bool = False,
    order: str = AIRED,
    configuration: str = "",
) -> Plan:
    """Plan to enter a show with its episodes, and to make its folder.

    `text` is its title, with a year or country in parentheses if that tells it from others; with `ids` it is the show
    that goes by one of them, whatever its title. `override_folder` gives its folder the name `text` in place of its
    title. `order` numbers its episodes by another order than that of broadcast; see `TitleLookup.episodes`. A show that
    the catalogue has under the same ids is left alone, with a remark; one that was entered by its name alone gains what
    the provider knows.

    Raises NotIdentified, listing the candidates with their ids, if no title or more than one answers; UsageError if
    there is no such order or folder, or another show has the folder already; and what the provider raises.
    """
    title, why = _identified(text, lookup, ids)
    now = clock.now()
    known = {show.key: show for show in catalogue.shows.all()}
    folder = safe_part(text) if override_folder else ""
    alias = wanted_title(text).title
    plan = Plan("shows add", now, catalogue.identity, configuration)
    same = next((show for show in known.values() if same_title(show, title)), None)
    if same is not None:
        home = home_of(same, policy)
        place = Place("tv", same.folder or same.title) if isinstance(home, Unrouted) else home
        reason = f"{same.title!r} ({title.reference}) already exists in the catalogue, as {same.key}"
        if order != AIRED and lookup.order_named(title, order) != same.episode_order:
            reason += f", numbered by the order {same.episode_order!r}: medialib shows fix numbers it by another"
        return attrs.evolve(plan, remarks=(Remark("known", place, reason),))
    episode_order = lookup.order_named(title, order)
    listed = lookup.episodes(title, episode_order)
    show = show_from(lookup.credited(title), known, folder=folder, alias=alias, order=episode_order)
    named = _entered_by_name(known.values(), title, alias)
    if named is not None:
        show = attrs.evolve(show, key=named.key, folder=folder or named.folder or _present_folder(named, policy))
    home = demand_home(show, known.values(), policy)
    rows = episodes_from(show.key, listed)
    enter: Action = AddShow("a1", show, why, episodes=rows)
    if named is not None:
        changes = merge_episodes(catalogue.episodes.of_show(show.key), rows)
        reason = f"entered by its name alone until now; {why}"
        enter = ChangeShow("a1", named, show, reason, previous_episodes=changes.previous, episodes=changes.episodes)
    folders = (
        []
        if roots[home.location].has_folder(home.path)
        else [MakeFolder("k2", home, f"the folder of {show.title!r}", ("a1",))]
    )
    return attrs.evolve(plan, actions=(enter, *folders))


def title_by_ids(lookup: TitleLookup, ids: ExternalIds) -> TitleMetadata:
    """The show that goes by one of these ids; raises NotIdentified if there is none."""
    title = lookup.find(ids, "show")
    if title is None:
        given = ", ".join(f"{name} {value}" for name, value in attrs.asdict(ids).items() if value is not None)
        raise NotIdentified(f"{lookup.provider} has no show {given}", remedy="Look its number up on the web site.")
    return title


def named_show(text: str, known: Mapping[str, Show]) -> Show:
    """The show that goes by this key, title or alias, with a year in parentheses if that tells it from others.

    Raises NotIdentified, listing candidates, if none or several do.
    """
    if text in known:
        return known[text]
    index = TitleIndex(known_title(show) for show in known.values())
    wanted = wanted_title(text)
    found = index.named(text) or index.named(wanted.title)
    fitting = [title for title in found if wanted.year in (None, title.year)]
    if len(fitting) == 1:
        return known[fitting[0].key]
    if fitting:
        listed = (f"{title.title} ({title.year or 'no year'}): {title.key}" for title in fitting)
        raise NotIdentified(f"the catalogue has several shows called {text!r}", listed, remedy="Name one by its key.")
    near = (f"{each.title.title}: {each.title.key}" for each in index.near(text, "show"))
    raise NotIdentified(f"the catalogue has no show called {text!r}", near, remedy="Try its key or an alias.")


def _identified(text: str, lookup: TitleLookup, ids: ExternalIds | None) -> tuple[TitleMetadata, str]:
    if ids is not None:
        title = title_by_ids(lookup, ids)
        return title, f"{title.reference} was asked for"
    choice = lookup.title(wanted_title(text))
    if isinstance(choice, Chosen):
        return choice.title, f"{choice.title.provider} says: {', '.join(choice.reasons)}"
    raise NotIdentified(
        choice.reason.partition(" may be any of ")[0] + (" may be any of these" if choice.ambiguous else ""),
        (str(offer) for offer in choice.offers[:20]),
        remedy=_remedy(choice),
    )


def _remedy(choice: NotChosen) -> str:
    if not choice.offers:
        return "Try its original title, or another metadata.provider."
    first = choice.offers[0].title
    return f"Say which: --{first.provider}-id {first.identifier}, or put its year into the title."


def _entered_by_name(known: Iterable[Show], title: TitleMetadata, alias: str) -> Show | None:
    """The show of the same title that no provider was asked about so far."""
    words = {normalise_title(title.title), normalise_title(alias)}
    for show in known:
        unasked = show.source in ("name", "user") and show.ids == ExternalIds()
        same_year = show.year is None or title.year is None or show.year == title.year
        if unasked and same_year and normalise_title(show.title) in words:
            return show
    return None


def _present_folder(show: Show, policy: RoutingPolicy) -> str:
    """The folder that its files stand in by now, which a year that is learnt must not change."""
    home = home_of(show, policy)
    return "" if isinstance(home, Unrouted) else home.path


def demand_home(show: Show, known: Iterable[Show], policy: RoutingPolicy) -> Place:
    """The folder that a show's files belong in; raises UsageError if there is none, or another show has it."""
    home = home_of(show, policy)
    if isinstance(home, Unrouted):
        raise UsageError(home.reason, remedy=home.remedy)
    for other in known:
        theirs = home_of(other, policy)
        if other.key == show.key or isinstance(theirs, Unrouted):
            continue
        if theirs.location == home.location and collision_key(theirs.path) == collision_key(home.path):
            raise UsageError(
                f"the folder {home} is that of {other.title!r} ({other.key})",
                remedy='Give this one another: medialib shows add "Another Name" --override-dir with its id.',
            )
    return home
