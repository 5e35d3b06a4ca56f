"""Plan what a provider says of a show now: what is new at once, what is pinned only as a proposal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Literal, TypeAlias

import attrs

from medialib.errors import NotIdentified, UsageError
from medialib.matching import TitleIndex, known_title
from medialib.metadata import EpisodeMetadata, TitleMetadata
from medialib.model import Episode, InventoryFile, Place, Show, Unit
from medialib.naming import parse_name
from medialib.planning import Action, ChangeShow, Move, Plan, Remark, SetEpisodes, SetHolding
from medialib.ports import Catalogue, Clock, WritableLocation
from medialib.routing import (
    EpisodeComparison,
    RoutingPolicy,
    Unrouted,
    compare_episodes,
    compare_show,
    episodes_from,
    home_of,
    route,
    show_from,
)
from medialib.workflows.folder_names import FolderNames
from medialib.workflows.lookup import TitleLookup
from medialib.workflows.moving import Belongs, move_rows
from medialib.workflows.shows import demand_home

__all__ = ["UPDATE", "Following", "ShowUpdate", "plan_update_show"]

UPDATE = "shows update"
"""What its plans are called."""

Following: TypeAlias = Literal["renumber", "rename"]
"""A sort of pinned facts that a provider is followed in: numbers of episodes, or title, year and type of a show."""

_SHOWN = 5


@attrs.frozen
class ShowUpdate:
    """What a provider says of a show now, as plans."""

    plan: Plan
    """What is new, and what was asked for of the rest; what was not is a remark of the kind ``proposed``."""
    proposed: Plan
    """What follows the provider in all that is pinned, where nothing of that was asked for; it rests on `plan`."""

    @property
    def whole(self) -> Plan:
        """Both as one plan, to be saved and applied as one."""
        remarks = [remark for remark in self.plan.remarks if remark.kind != "proposed"]
        return attrs.evolve(
            self.plan,
            actions=(*self.plan.actions, *self.proposed.actions),
            remarks=(*remarks, *self.proposed.remarks),
        )


@attrs.frozen
class _State:
    """A show and its episodes at one point of a plan."""

    show: Show
    episodes: tuple[Episode, ...]


def plan_update_show(
    show: Show,
    lookup: TitleLookup,
    catalogue: Catalogue,
    roots: Mapping[str, WritableLocation],
    policy: RoutingPolicy,
    clock: Clock,
    *,
    follow: Collection[Following] = (),
    episodes_only: bool = False,
    fresh: bool = False,
    prefix: str = "",
    index: TitleIndex | None = None,
    teller: TitleLookup | None = None,
    configuration: str = "",
) -> ShowUpdate:
    """Plan to take over what the provider says of a show now.

    New episodes and what fills gaps are planned at once, and so are corrected titles and days of episodes, status,
    genres, language, countries, ids and further names of the show. What files stand by is *pinned*: the numbers of
    episodes (of a daily their days, too), and title, year and type of the show. It is followed only where `follow` says
    so, with all files that it concerns: their holdings first, then their places. Otherwise it is `ShowUpdate.proposed`.
    `episodes_only` leaves the show's own record alone; `fresh` asks past every answer that was kept; ids of actions
    begin with `prefix`. `teller` is who says the episodes, where that is another. `index` holds every title of the
    catalogue, where that is at hand: a name that another show goes by is not taken over.

    Raises NotIdentified if the provider has no such show any more, UsageError if it cannot go by the show's ids, and
    what it raises.
    """
    title = lookup.find(show.ids, fresh=fresh)
    if title is None:
        raise NotIdentified(
            f"{lookup.provider} has no such show as {show.title!r} ({show.key}) any more",
            remedy=f"Say which it is now: medialib shows fix {show.key}.",
        )
    listed = _listed(show, title, lookup, teller, fresh=fresh)
    before = tuple(catalogue.episodes.of_show(show.key))
    episodes = compare_episodes(before, episodes_from(show.key, listed), dated=show.type == "daily")
    fresh_record = attrs.evolve(show_from(title), key=show.key)
    record = compare_show(show, _without_others_names(fresh_record, catalogue if index is None else index))
    if episodes_only:
        record = attrs.evolve(record, settled=show, followed=show, pinned=())
    files = tuple(catalogue.inventory.of_unit("episode", show.key))
    settled = _State(_kept_in_place(show, record.settled, files, policy), episodes.settled)
    offered: dict[Following, tuple[str, ...]] = {"renumber": episodes.pinned, "rename": record.pinned}
    steps: list[Following] = [step for step in offered if offered[step]]
    asked = [step for step in steps if step in follow]
    others = tuple(catalogue.shows.all()) if "rename" in steps else ()
    making = _Making(roots, policy, files, prefix, lookup.provider, _State(show, before))
    making.take(settled, f"new at {lookup.provider}")

    def followed(chosen: Collection[Following]) -> None:
        goal = _State(
            record.followed if "rename" in chosen else settled.show,
            episodes.followed if "renumber" in chosen else settled.episodes,
        )
        units = _units(episodes) if "renumber" in chosen else {}
        said = tuple(line for step in chosen for line in offered[step])
        making.follow(goal, units, said, others if "rename" in chosen else ())

    if asked:
        followed(asked)
    for step in steps:
        if step not in asked:
            making.propose(step, offered[step])
    plan = Plan(UPDATE, clock.now(), catalogue.identity, configuration)
    made = attrs.evolve(plan, actions=tuple(making.actions), remarks=tuple(making.remarks))
    if steps and not asked:
        followed(steps)
    rest = attrs.evolve(
        plan,
        kind=f"{UPDATE}, proposed",
        actions=tuple(making.actions[len(made.actions) :]),
        remarks=tuple(making.remarks[len(made.remarks) :]),
    )
    return ShowUpdate(made, rest)


def _listed(
    show: Show, title: TitleMetadata, lookup: TitleLookup, teller: TitleLookup | None, *, fresh: bool
) -> tuple[EpisodeMetadata, ...]:
    number = None if teller is None else teller.number_of(show.ids)
    if teller is None or number is None:
        return lookup.episodes(title, show.episode_order, fresh=fresh)
    return teller.episodes(number, show.episode_order, fresh=fresh)


def _without_others_names(fresh: Show, known: Catalogue | TitleIndex) -> Show:
    """A record without those names that another show goes by: files of such a name could be either's."""
    index = known if isinstance(known, TitleIndex) else TitleIndex(map(known_title, known.shows.all()))
    free = tuple(
        alias
        for alias in fresh.aliases
        if all(title.kind != "show" or title.key == fresh.key for title in index.named(alias))
    )
    return attrs.evolve(fresh, aliases=free)


def _home(show: Show, policy: RoutingPolicy) -> Place:
    home = home_of(show, policy)
    return Place(policy.tv or "tv", show.folder or show.title) if isinstance(home, Unrouted) else home


def _kept_in_place(before: Show, after: Show, files: tuple[InventoryFile, ...], policy: RoutingPolicy) -> Show:
    """The record with the folder that its files stand in, where what was learnt would give it another."""
    home, now = home_of(before, policy), home_of(after, policy)
    if home == now or isinstance(home, Unrouted) or not files:
        return after
    return attrs.evolve(after, folder=home.path)


class _Making:
    """A plan that grows from state to state of one show."""

    def __init__(
        self,
        roots: Mapping[str, WritableLocation],
        policy: RoutingPolicy,
        files: tuple[InventoryFile, ...],
        prefix: str,
        provider: str,
        state: _State,
    ) -> None:
        self._roots = roots
        self._policy = attrs.evolve(policy, minimum_confidence=0.0)
        self._files = files
        self._prefix = prefix
        self._provider = provider
        self._home = _home(state.show, policy)
        self._state = state
        self.actions: list[Action] = []
        self.remarks: list[Remark] = []
        self._latest: tuple[str, ...] = ()
        self._held: dict[Place, str] = {}

    def take(self, state: _State, reason: str) -> None:
        """Let record and episodes come to another state."""
        before, self._state = self._state, state
        old, new = set(before.episodes), set(state.episodes)
        previous = tuple(each for each in before.episodes if each not in new)
        episodes = tuple(each for each in state.episodes if each not in old)
        name = f"{self._prefix}a{len(self.actions) + 1}"
        show = state.show
        if show != before.show:
            self.actions.append(ChangeShow(name, before.show, show, reason, self._latest, previous, episodes))
        elif previous or episodes:
            self.actions.append(SetEpisodes(name, show.key, previous, episodes, reason, self._latest))
        else:
            return
        self._latest = (name,)

    def propose(self, step: Following, pinned: tuple[str, ...]) -> None:
        """Say what is not followed."""
        told = "; ".join(pinned[:_SHOWN]) + (f"; and {len(pinned) - _SHOWN} more" if len(pinned) > _SHOWN else "")
        what = "numbers episodes otherwise" if step == "renumber" else "names it otherwise"
        reason = f"{self._provider} {what}: {told}. --{step} follows it; --plan shows how"
        self.remarks.append(Remark("proposed", self._home, reason))

    def follow(
        self,
        goal: _State,
        units: Mapping[tuple[int, int], tuple[int, int] | str],
        said: tuple[str, ...],
        others: Iterable[Show],
    ) -> None:
        """Follow the provider, with the files that it concerns; or say why that cannot be.

        `units` says where numbers went; `others` are the shows that may have the new folder, if it is a new one.
        """
        renamed = goal.show != self._state.show
        held = [(row, _renumbered(row.holding.unit, units)) for row in self._files]
        refused = [Remark("conflict", row.place, unit) for row, unit in held if isinstance(unit, str)]
        if renamed:
            try:
                demand_home(goal.show, others, self._policy)
            except UsageError as error:
                refused.append(Remark("conflict", self._home, str(error)))
        if refused:
            self.remarks += refused
            return
        reason = f"{self._provider} says: {'; '.join(said)}"
        self.take(goal, reason)
        moving = self._hold(held, reason)
        decide = partial(self._belongs, state=goal, reason=f"of {goal.show.title!r}")
        moves = move_rows(self._files if renamed else moving, decide, FolderNames(self._roots), after=self._latest)
        self.actions += (self._within(action) for action in moves.actions)
        self.remarks += moves.remarks

    def _within(self, action: Action) -> Action:
        """An action on files by its id in this plan; a move comes after the change of what its file holds."""
        own = set(self._latest)
        after = tuple(name if name in own else f"{self._prefix}{name}" for name in action.after)
        if isinstance(action, Move) and action.source in self._held:
            after = (*after, self._held[action.source])
        return attrs.evolve(action, id=f"{self._prefix}{action.id}", after=after)

    def _hold(self, held: Iterable[tuple[InventoryFile, Unit | str | None]], reason: str) -> tuple[InventoryFile, ...]:
        """Say what the files hold by their new numbers, before any of them moves: so no crash leaves two countings.

        Returns those of which that is something else now.
        """
        files, changed = [], []
        for row, unit in held:
            now = row
            if unit != row.holding.unit and not isinstance(unit, str):
                now = attrs.evolve(row, holding=attrs.evolve(row.holding, unit=unit))
                name = f"{self._prefix}h{len(self.actions) + 1}"
                self.actions.append(SetHolding(name, row.place, row.holding, now.holding, reason, self._latest))
                changed.append(now)
                self._held[row.place] = name
            files.append(now)
        self._files = tuple(files)
        return tuple(changed)

    def _belongs(self, row: InventoryFile, state: _State, reason: str) -> Belongs | Unrouted:
        """Where a file belongs by what it holds now."""
        release, unit = row.holding.release or row.place.path, row.holding.unit
        parsed = parse_name(release)
        if unit is not None and unit.season is not None:
            parsed = attrs.evolve(
                parsed,
                kind="episode",
                seasons=(unit.season,),
                episodes=unit.episodes,
                absolute_episodes=(),
                season_pack=False,
                date=unit.aired,
            )
        elsewhere = row.place.location in {rule.name for rule in self._policy.roots}
        policy = self._policy.within(row.place.location) if elsewhere else self._policy
        decided = route(release, parsed, state.show, policy, episodes=state.episodes)
        return decided if isinstance(decided, Unrouted) else Belongs(decided.place, row.holding, reason)


def _units(compared: EpisodeComparison) -> dict[tuple[int, int], tuple[int, int] | str]:
    """Where each number went; of one that means another episode now, why its files cannot follow."""
    found: dict[tuple[int, int], tuple[int, int] | str] = {
        (each.previous.season, each.previous.number): (each.episode.season, each.episode.number)
        for each in compared.renumbered
    }
    for before, _ in compared.replaced:
        found[before.season, before.number] = (
            f"it holds S{before.season:02}E{before.number:02}, which is another episode now, and was found under no "
            "other number. Move it away, or say what it is: medialib shows fix"
        )
    return found


def _renumbered(unit: Unit | None, units: Mapping[tuple[int, int], tuple[int, int] | str]) -> Unit | str | None:
    """What a file holds by the new numbers, or why that cannot be said."""
    if unit is None or unit.season is None:
        return unit
    numbers = [units.get((unit.season, number), (unit.season, number)) for number in unit.episodes]
    objections = [each for each in numbers if isinstance(each, str)]
    if objections:
        return objections[0]
    places = [each for each in numbers if not isinstance(each, str)]
    if len({season for season, _ in places}) > 1:
        return "its episodes are of several seasons now"
    return attrs.evolve(unit, season=places[0][0], episodes=tuple(number for _, number in places)) if places else unit
