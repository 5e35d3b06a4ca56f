"""Plan to make another title of a show that was taken for the wrong one: its record, its episodes and its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from medialib.errors import NotIdentified
from medialib.matching import NotChosen, TitleRules, judge_title, normalise_title, wanted_title
from medialib.metadata import TitleMetadata
from medialib.model import ExternalIds, InventoryFile, Place, Show
from medialib.naming import parse_name, safe_part
from medialib.planning import Action, ChangeShow, Plan, Remark, RemoveShow
from medialib.ports import Catalogue, Clock, WritableLocation
from medialib.routing import RoutingPolicy, episodes_from, same_title, show_from
from medialib.workflows.folder_names import FolderNames
from medialib.workflows.lookup import AIRED, TitleLookup
from medialib.workflows.moving import Routing, move_rows
from medialib.workflows.shows import demand_home, named_show, title_by_ids

__all__ = ["plan_fix_show"]


def plan_fix_show(
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
    rules: TitleRules | None = None,
    configuration: str = "",
) -> Plan:
    """Plan to make the show that the catalogue knows as `text` (title, alias or key) another one.

    Which one is asked, from what the provider offers for that title and passes the rules, or said by `ids`. With an
    empty `text` the rules tell the wrong show, which must be the only one of the catalogue that passes them. Record and
    episodes change in one step, so a crash leaves the old or the new one whole; files that were placed for it move to
    where the right show's files belong. If the catalogue has the right show too, its files become that one's and the
    wrong one goes. `override_folder` gives its folder the name `text`. Names that its files came under stay aliases.

    Raises NotIdentified, listing candidates, if `text` names no show or several, or if nobody can be asked; UsageError
    if another show has the folder already; and what the provider raises.
    """
    known = {show.key: show for show in catalogue.shows.all()}
    wrong = named_show(text, known) if text.strip() else _picked(known.values(), rules or TitleRules())
    name, narrowing = (text, rules) if text.strip() else (wrong.title, None)
    title = title_by_ids(lookup, ids) if ids is not None else _asked(name, lookup, narrowing, wrong)
    plan = Plan("shows fix", clock.now(), catalogue.identity, configuration)
    rows = tuple(catalogue.inventory.of_unit("episode", wrong.key))
    episode_order = lookup.order_named(title, order)
    listed = lookup.episodes(title, episode_order)
    right = next((show for show in known.values() if same_title(show, title) and show.key != wrong.key), None)
    before = tuple(catalogue.episodes.of_show(wrong.key))
    if right is not None:
        aliases = _with_names(right, rows)
        right, enter = attrs.evolve(right, aliases=aliases), _change(right, aliases)
        episodes = tuple(catalogue.episodes.of_show(right.key))
    else:
        show = show_from(lookup.credited(title), folder=safe_part(text) if override_folder else "", order=episode_order)
        right = attrs.evolve(show, key=wrong.key)
        right = attrs.evolve(right, aliases=_with_names(right, rows))
        demand_home(right, known.values(), policy)
        episodes = episodes_from(right.key, listed)
        enter = None
        if (right, episodes) != (wrong, before):
            reason = f"{title.reference} is the right one"
            enter = ChangeShow("a1", wrong, right, reason, previous_episodes=before, episodes=episodes)
    titled = Routing(right, attrs.evolve(policy, minimum_confidence=0.0), episodes)
    after = () if enter is None else (enter.id,)
    moves = move_rows(rows, titled.unit_by_name, FolderNames(roots), after=after)
    actions: list[Action] = [] if enter is None else [enter]
    actions += moves.actions
    remarks = list(moves.remarks)
    if right.key != wrong.key and not remarks:
        reason = f"{right.key} is the right one"
        moved = tuple(action.id for action in moves.actions)
        actions.append(RemoveShow("a2", wrong, reason, moved, episodes=before))
    if not actions:
        place = Place(policy.tv or "tv", right.folder or right.title)
        reason = f"{right.title!r} ({title.reference}) is what the catalogue has it for already"
        remarks.append(Remark("known", place, reason))
    return attrs.evolve(plan, actions=tuple(actions), remarks=tuple(remarks))


def _picked(known: Iterable[Show], rules: TitleRules) -> Show:
    """The only show that passes the rules; raises NotIdentified if there is none or more."""
    fitting = [show for show in known if judge_title(show, rules)]
    if len(fitting) == 1:
        return fitting[0]
    several = f"{len(fitting)} shows pass" if fitting else "no show of the catalogue passes"
    listed = (f"{show.title} ({show.year or 'no year'}): {show.key}" for show in fitting[:20])
    raise NotIdentified(
        f"{several} the filters ({rules})", listed, remedy="Name one by its key, or narrow the filters."
    )


def _asked(text: str, lookup: TitleLookup, rules: TitleRules | None, wrong: Show) -> TitleMetadata:
    offers = lookup.offers(wanted_title(text), rules)
    title = lookup.ask(wanted_title(text), NotChosen("a person must choose", offers))
    if title is not None:
        return title
    first = offers[0].title if offers else None
    nothing = f"{lookup.provider} offers nothing for {text!r}" + (
        f" that passes the filters ({rules})" if rules else ""
    )
    raise NotIdentified(
        f"which show {text!r} is was not said" if offers else nothing,
        (str(offer) for offer in offers),
        remedy="Say which by its number"
        + ("." if first is None else f": medialib shows fix {wrong.key} --{first.provider}-id {first.identifier}"),
    )


def _with_names(show: Show, rows: Iterable[InventoryFile]) -> tuple[str, ...]:
    """The aliases of a show with those names that its files came under."""
    own = normalise_title(show.title)
    names = {normalise_title(alias): alias for alias in show.aliases}
    for row in rows:
        title = None if row.holding.release is None else parse_name(row.holding.release).title
        if title is not None and normalise_title(title) != own:
            names.setdefault(normalise_title(title), title)
    return tuple(names.values())


def _change(show: Show, aliases: tuple[str, ...]) -> ChangeShow | None:
    if aliases == show.aliases:
        return None
    return ChangeShow("a1", show, attrs.evolve(show, aliases=aliases), "files of it came under these names too")
