"""Plan to make another title of a show that was taken for the wrong one: its record, its episodes and its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from medialib.completeness import nearly_same_time
from medialib.errors import NotIdentified
from medialib.matching import NotChosen, normalise_title, wanted_title
from medialib.metadata import TitleMetadata
from medialib.model import Episode, ExternalIds, InventoryFile, Place, Show
from medialib.naming import collision_key, companion_suffix, parse_name, safe_part
from medialib.planning import Action, ChangeShow, Move, Plan, Remark, RemarkKind, RemoveFolder, RemoveShow, SetHolding
from medialib.ports import Catalogue, Clock, Location
from medialib.routing import RoutingPolicy, Unrouted, episodes_from, route, same_title, show_from, split_stem
from medialib.workflows.lookup import AIRED, TitleLookup
from medialib.workflows.shows import demand_home, named_show, title_by_ids

__all__ = ["plan_fix_show"]


def plan_fix_show(
    text: str,
    lookup: TitleLookup,
    catalogue: Catalogue,
    roots: Mapping[str, Location],
    policy: RoutingPolicy,
    clock: Clock,
    *,
    ids: ExternalIds | None = None,
    override_folder: bool = False,
    order: str = AIRED,
    configuration: str = "",
) -> Plan:
    """Plan to make the show that the catalogue knows as `text` (title, alias or key) another one.

    Which one is asked, from what the provider offers for that title, or said by `ids`. Record and episodes change in
    one step, so a crash leaves the old or the new one whole; files that were placed for it move to where the right
    show's files belong. If the catalogue has the right show too, its files become that one's and the wrong one goes.
    `override_folder` gives its folder the name `text`. Names that its files came under stay aliases.

    Raises NotIdentified, listing candidates, if `text` names no show or several, or if nobody can be asked; UsageError
    if another show has the folder already; and what the provider raises.
    """
    known = {show.key: show for show in catalogue.shows.all()}
    wrong = named_show(text, known)
    title = title_by_ids(lookup, ids) if ids is not None else _asked(text, lookup)
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
    moving = _Moving(roots, policy, right, episodes, after=() if enter is None else (enter.id,))
    moving.plan(rows)
    actions: list[Action] = [] if enter is None else [enter]
    actions += moving.actions
    if right.key != wrong.key and not moving.left:
        reason = f"{right.key} is the right one"
        after = tuple(action.id for action in moving.actions)
        actions.append(RemoveShow("a2", wrong, reason, after, episodes=before))
    if not actions:
        place = Place(policy.tv or "tv", right.folder or right.title)
        reason = f"{right.title!r} ({title.reference}) is what the catalogue has it for already"
        moving.remarks.append(Remark("known", place, reason))
    return attrs.evolve(plan, actions=tuple(actions), remarks=tuple(moving.remarks))


def _asked(text: str, lookup: TitleLookup) -> TitleMetadata:
    offers = lookup.offers(wanted_title(text))
    title = lookup.ask(wanted_title(text), NotChosen("a person must choose", offers))
    if title is not None:
        return title
    first = offers[0].title if offers else None
    raise NotIdentified(
        f"which show {text!r} is was not said" if offers else f"{lookup.provider} offers nothing for {text!r}",
        (str(offer) for offer in offers),
        remedy="Say which by its number"
        + ("." if first is None else f": medialib shows fix {text!r} --{first.provider}-id {first.identifier}"),
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


class _Moving:
    """The moves of a show's files to where they belong now."""

    def __init__(
        self,
        roots: Mapping[str, Location],
        policy: RoutingPolicy,
        show: Show,
        episodes: tuple[Episode, ...],
        *,
        after: tuple[str, ...],
    ) -> None:
        self._roots = roots
        self._policy = attrs.evolve(policy, minimum_confidence=0.0)
        self._show = show
        self._episodes = episodes
        self._after = after
        self._taken: set[tuple[str, str]] = set()
        self.actions: list[Action] = []
        self.remarks: list[Remark] = []
        self.left = False

    def plan(self, rows: tuple[InventoryFile, ...]) -> None:
        """Videos first, then what travels with them, then the folders that end up empty."""
        videos = {row.place: row for row in rows if row.holding.role == "video"}
        targets: dict[Place, tuple[InventoryFile, InventoryFile]] = {}
        for row in videos.values():
            there = self._routed(row)
            if there is not None:
                targets[row.place] = (row, there)
                self._put(row, there)
        for row in rows:
            if row.holding.role == "companion":
                self._follow(row, targets)
        self._remove_folders()

    def _routed(self, row: InventoryFile) -> InventoryFile | None:
        """The row as it shall be, or None with a remark."""
        release = row.holding.release or row.place.path
        decided = route(release, parse_name(release), self._show, self._policy, episodes=self._episodes)
        if isinstance(decided, Unrouted):
            self._leave("unrouted", row, str(decided))
            return None
        holding = attrs.evolve(row.holding, unit=decided.holding.unit)
        return attrs.evolve(row, place=decided.place, holding=holding)

    def _follow(self, row: InventoryFile, targets: Mapping[Place, tuple[InventoryFile, InventoryFile]]) -> None:
        for video, there in targets.values():
            suffix = _suffix_beside(video, row) or _suffix_by_release(video, row)
            if suffix is not None:
                folder, stem, _ = split_stem(there.place.path)
                place = Place(there.place.location, f"{folder}/{stem}{suffix}")
                holding = attrs.evolve(row.holding, unit=there.holding.unit)
                self._put(row, attrs.evolve(row, place=place, holding=holding))
                return
        self._leave("unrouted", row, "the video that it travels with is not moved")

    def _put(self, row: InventoryFile, there: InventoryFile) -> None:
        name, reason = f"m{len(self.actions) + 1}", f"of {self._show.title!r}"
        if there.place == row.place:
            if there.holding != row.holding:
                self.actions.append(SetHolding(name, row.place, row.holding, there.holding, reason, self._after))
            return
        standing = self._roots[row.place.location].entry(row.place.path)
        same = standing is not None and standing.size == row.size
        if standing is None or not same or not nearly_same_time(standing.mtime_ns, row.mtime_ns):
            self._leave("conflict", row, "it is not there, or not as the catalogue has it")
            return
        key = (there.place.location, collision_key(there.place.path))
        if key in self._taken or self._roots[there.place.location].entry(there.place.path) is not None:
            self._leave("conflict", row, f"something stands at {there.place}, or is to stand there")
            return
        self._taken.add(key)
        self.actions.append(
            Move(
                name,
                row.place,
                there.place,
                standing.size,
                standing.mtime_ns,
                there.holding,
                reason=reason,
                after=self._after,
            )
        )

    def _leave(self, kind: RemarkKind, row: InventoryFile, reason: str) -> None:
        self.left = True
        self.remarks.append(Remark(kind, row.place, reason))

    def _remove_folders(self) -> None:
        below: dict[Place, list[str]] = {}
        for action in self.actions:
            if isinstance(action, Move):
                folder = action.source.path.rpartition("/")[0]
                while folder:
                    below.setdefault(Place(action.source.location, folder), []).append(action.id)
                    folder = folder.rpartition("/")[0]
        for place in sorted(below, key=lambda each: (-each.path.count("/"), each)):
            name = f"r{len(self.actions) + 1}"
            self.actions.append(RemoveFolder(name, place, "its files have moved", tuple(below[place])))


def _suffix_beside(video: InventoryFile, companion: InventoryFile) -> str | None:
    """What a companion that stands beside a video adds to the video's stem."""
    folder, stem, _ = split_stem(video.place.path)
    its_folder, _, name = companion.place.path.rpartition("/")
    beside = video.place.location == companion.place.location and folder == its_folder
    return companion_suffix(stem, name) if beside else None


def _suffix_by_release(video: InventoryFile, companion: InventoryFile) -> str | None:
    """The same for one whose video has moved already, as after a crash: by the names that both came under."""
    if video.holding.release is None or companion.holding.release is None:
        return None
    _, stem, _ = split_stem(video.holding.release)
    return companion_suffix(stem, companion.holding.release.rpartition("/")[2])
