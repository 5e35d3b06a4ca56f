"""Plan to enter the shows whose folders stand in the library."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import attrs

from medialib.events import LocationWalked, Observer, nobody
from medialib.matching import NotChosen, normalise_title
from medialib.model import ExternalIds, Place, Show
from medialib.naming import TitleFolder, collision_key, read_title_folder
from medialib.planning import AddShow, ChangeShow
from medialib.ports import CancelToken, Catalogue, Clock, Location
from medialib.routing import RoutingPolicy, Unrouted, home_of, same_title, show_from, show_of_folder
from medialib.workflows.bootstrap.describing import (
    Asking,
    Unasked,
    describe_folder,
    remedy_for,
    share_number,
    with_numbers,
)
from medialib.workflows.bootstrap.pieces import Gathering, Piece, refuse_empty, top_of

__all__ = ["plan_bootstrap_shows"]

VERB = "bootstrap shows"
_SIZE = 20
"""So many shows are entered together: what was asked for them is not asked again."""


def plan_bootstrap_shows(
    roots: Mapping[str, Location],
    catalogue: Catalogue,
    policy: RoutingPolicy,
    clock: Clock,
    *,
    asking: Asking | None = None,
    configuration: str = "",
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Iterator[Piece]:
    """Plan to make each folder of the roots for series and anime a show, piece by piece.

    Which show it is, is asked; without `asking` it is entered by the name of its folder. It keeps that folder, under
    exactly that name, and is anime where it stands in the root for anime. A show that the catalogue has in that folder
    is left as it is; one that it has without any folder on the disk gains it. What may be several titles, what nobody
    knows, and a second folder of one show, are left with a remark. A piece may be applied before the next is asked for.

    Raises OutOfReach if a root cannot be listed, or is empty though the catalogue knows shows in it, and Cancelled when
    asked to stop.
    """
    gathering = Gathering(VERB, catalogue, clock, configuration, cancelled, size=_SIZE)
    folders = [
        Place(name, folder)
        for name in dict.fromkeys((policy.tv, policy.anime))
        if name is not None and name in roots
        for folder in _folders(roots[name], catalogue, policy, gathering, observer)
    ]
    entering = _Entering(catalogue, policy, gathering, asking, folders)
    for place in folders:
        gathering.go_on()
        entering.enter(place)
        if gathering.full:
            yield gathering.take()
    yield gathering.take()


def _folders(
    location: Location, catalogue: Catalogue, policy: RoutingPolicy, gathering: Gathering, observer: Observer
) -> tuple[str, ...]:
    folders, files, refused = top_of(location)
    if not folders and not files:
        homes = (home_of(show, policy) for show in catalogue.shows.all() if show.folder)
        kept = any(isinstance(home, Place) and home.location == location.name for home in homes)
        refuse_empty(location, catalogue, observer, known=kept)
    for entry in refused:
        gathering.remark("refused", Place(location.name, entry.path), entry.reason)
    observer(LocationWalked(location.name, "", len(folders), done=True))
    return folders


class _Entering:
    """Shows on their way into the catalogue."""

    def __init__(
        self,
        catalogue: Catalogue,
        policy: RoutingPolicy,
        gathering: Gathering,
        asking: Asking | None,
        folders: Collection[Place],
    ) -> None:
        self._policy = policy
        self._gathering = gathering
        self._asking = asking
        self._folders = frozenset(folders)
        self._standing = {_key(place) for place in folders}
        self._shows = {show.key: show for show in catalogue.shows.all()}
        self._homes: dict[tuple[str, str], str] = {}
        for show in self._shows.values():
            self._settle(show)

    def enter(self, place: Place) -> None:
        """Plan what one folder wants."""
        owner = self._homes.get(_key(place))
        if owner is not None:
            self._stands(self._shows[owner], place)
            return
        told = read_title_folder(place.path)
        same = next((show for show in self._shows.values() if share_number(show.ids, told.ids)), None)
        if same is not None:
            self._gain(same, attrs.evolve(same, folder=place.path), place, "its folder has its number")
            return
        if self._asking is None:
            self._by_name(told, place)
            return
        choice = describe_folder(told, "show", self._asking)
        if isinstance(choice, Unasked):
            self._gathering.remark("out of reach", place, f"it could not be looked up: {choice.reason}")
            return
        if isinstance(choice, NotChosen):
            self._gathering.remark("unidentified", place, f"{choice.reason}. {remedy_for(choice, place.path)}")
            return
        why = f"{choice.title.provider} says: {', '.join(choice.reasons)}"
        show = show_from(choice.title, self._shows, folder=place.path, alias=told.title)
        show = with_numbers(show, told.ids)
        same = next((known for known in self._shows.values() if same_title(known, choice.title)), None)
        same = same or self._unasked(told, choice.title.year, (choice.title.title, *choice.title.aliases))
        if same is None:
            self._add(self._kept_at(show, place), place, why)
        elif same.ids == ExternalIds():
            self._gain(same, attrs.evolve(show, key=same.key), place, f"entered by its name alone until now; {why}")
        else:
            self._gain(same, attrs.evolve(same, folder=place.path), place, why)

    def _by_name(self, told: TitleFolder, place: Place) -> None:
        show = self._kept_at(show_of_folder(told, place.path, self._shows), place)
        same = self._unasked(told, told.year, ())
        if same is None:
            self._add(show, place, "by the name of its folder")
        else:
            self._gain(same, attrs.evolve(same, folder=place.path), place, "the same title")

    def _unasked(self, told: TitleFolder, year: int | None, names: tuple[str, ...]) -> Show | None:
        """A show of the same title that no provider was asked about."""
        words = {normalise_title(name) for name in (told.title, *names)}
        for show in self._shows.values():
            if show.ids == ExternalIds() and normalise_title(show.title) in words and not self._is_standing(show):
                same_year = show.year is None or year is None or show.year == year
                if same_year and show.source in ("name", "user"):
                    return show
        return None

    def _add(self, show: Show, place: Place, why: str) -> None:
        home = home_of(show, self._policy)
        if isinstance(home, Unrouted):
            self._gathering.remark("refused", place, str(home))
            return
        self._remember(show)
        self._gathering.add(AddShow(self._gathering.name(), show, why))

    def _gain(self, known: Show, show: Show, place: Place, why: str) -> None:
        """A folder for a show that the catalogue has, unless it has one."""
        if self._is_standing(known):
            home = home_of(known, self._policy)
            reason = f"it is another folder of {known.title!r} ({known.key}), which stands at {home}"
            self._gathering.remark("collision", place, f"{reason}. Put the two together.")
            return
        show = self._kept_at(show, place)
        self._remember(show)
        reason = f"its folder is {place}; {why}"
        self._gathering.add(ChangeShow(self._gathering.name(), known, show, reason))

    def _stands(self, show: Show, place: Place) -> None:
        """A folder that is known to be a show's, if perhaps by another spelling."""
        home = home_of(show, self._policy)
        if home == place:
            self._gathering.known += 1
        elif home in self._folders:
            self._gain(show, show, place, "")
        else:
            spelt = attrs.evolve(show, folder=place.path)
            self._shows[show.key] = spelt
            reason = f"its folder is {place} on the disk"
            self._gathering.add(ChangeShow(self._gathering.name(), show, spelt, reason))

    def _kept_at(self, show: Show, place: Place) -> Show:
        """The show with the type that keeps it in the root where it stands."""
        if self._policy.anime is None:
            return show
        if place.location == self._policy.anime:
            return attrs.evolve(show, type="anime")
        return attrs.evolve(show, type="standard") if show.type == "anime" else show

    def _is_standing(self, show: Show) -> bool:
        home = home_of(show, self._policy)
        return isinstance(home, Place) and _key(home) in self._standing

    def _remember(self, show: Show) -> None:
        self._shows[show.key] = show
        self._settle(show)

    def _settle(self, show: Show) -> None:
        home = home_of(show, self._policy)
        if isinstance(home, Place):
            self._homes.setdefault(_key(home), show.key)


def _key(place: Place) -> tuple[str, str]:
    return (place.location, collision_key(place.path))
