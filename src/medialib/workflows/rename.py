"""Plan to name everything in the library as the configuration says: folders, files, and what goes with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import attrs

from medialib.model import InventoryFile, Movie, Show, Unit
from medialib.planning import Plan, Remark
from medialib.ports import Catalogue, Clock, WritableLocation
from medialib.routing import RoutingPolicy, Unrouted
from medialib.workflows.folder_names import FolderNames
from medialib.workflows.moving import Belongs, Routing, move_rows
from medialib.workflows.shows import named_show
from medialib.workflows.standing import demand_mounted

__all__ = ["plan_rename"]


def plan_rename(
    catalogue: Catalogue,
    roots: Mapping[str, WritableLocation],
    policy: RoutingPolicy,
    clock: Clock,
    *,
    shows: Collection[str] = (),
    configuration: str = "",
) -> Plan:
    """Plan the moves by which the files of the named `shows`, or of everything, come to be called as `policy` says.

    What a file is, is read off the name that it came under; where that says otherwise than the catalogue, it is left
    with a remark, as is what would come to a name that is taken. A video moves with its companions, or none of them
    does. Folders that end up empty are removed. A folder that is there under a name which differs in letter case or
    Unicode form alone keeps it. A second plan of the same library, once the first was carried out, is empty.

    Raises NotIdentified for a show that the catalogue does not know, and OutOfReach if a root of the library is not
    there or suddenly empty.
    """
    known = {show.key: show for show in catalogue.shows.all()}
    chosen = {named_show(text, known).key for text in shows}
    rows = _rows(catalogue, chosen)
    demand_mounted(roots, {row.place.location for row in rows})
    titles = _Belonging(catalogue, known, attrs.evolve(policy, minimum_confidence=0.0))
    here = [row for row in rows if row.place.location in roots]
    moves = move_rows(here, titles.decide, FolderNames(roots))
    away = tuple(
        Remark("out of reach", row.place, f"the folder {row.place.location!r} is not configured")
        for row in rows
        if row.place.location not in roots
    )
    return Plan(
        "library rename", clock.now(), catalogue.identity, configuration, moves.actions, (*moves.remarks, *away)
    )


def _rows(catalogue: Catalogue, chosen: Iterable[str]) -> list[InventoryFile]:
    keys = sorted(chosen)
    if not keys:
        return list(catalogue.inventory.all())
    return [row for key in keys for row in catalogue.inventory.of_unit("episode", key)]


class _Belonging:
    """Where the videos of a catalogue belong."""

    def __init__(self, catalogue: Catalogue, shows: Mapping[str, Show], policy: RoutingPolicy) -> None:
        self._catalogue = catalogue
        self._shows = shows
        self._movies: Mapping[str, Movie] = {movie.key: movie for movie in catalogue.movies.all()}
        self._policy = policy
        self._routings: dict[tuple[str, str], Routing | None] = {}

    def decide(self, row: InventoryFile) -> Belongs | Unrouted:
        """Where one video belongs."""
        unit = row.holding.unit
        if unit is None:
            return Unrouted("it is not known what it holds")
        identity = (unit.kind, unit.key)
        if identity not in self._routings:
            self._routings[identity] = self._routing(unit)
        routing = self._routings[identity]
        if routing is None:
            return Unrouted(f"the catalogue has no {'show' if unit.kind == 'episode' else 'film'} {unit.key!r}")
        return routing.unit_as_recorded(row)

    def _routing(self, unit: Unit) -> Routing | None:
        if unit.kind == "movie":
            movie = self._movies.get(unit.key)
            return None if movie is None else Routing(movie, self._policy)
        show = self._shows.get(unit.key)
        return None if show is None else Routing(show, self._policy, tuple(self._catalogue.episodes.of_show(show.key)))
