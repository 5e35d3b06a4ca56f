"""Plan to take a show out of the catalogue, with or without its files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs

from medialib.completeness import nearly_same_time
from medialib.errors import UsageError
from medialib.model import InventoryFile, Place
from medialib.planning import Action, Discard, Plan, Remark, RemoveFolder, RemoveShow, SetHolding
from medialib.ports import Catalogue, Clock, Location
from medialib.workflows.shows import named_show

__all__ = ["FileFate", "plan_remove_show"]

FileFate: TypeAlias = Literal["recycle", "keep"]
"""What becomes of a removed show's files: the recycle folder, or their places, as files of which nothing is known."""

_RECYCLE = ".medialib/recycle"


def plan_remove_show(
    text: str,
    catalogue: Catalogue,
    roots: Mapping[str, Location],
    clock: Clock,
    *,
    files: FileFate | None = None,
    configuration: str = "",
) -> Plan:
    """Plan to take a show (by title, alias or key) and its episodes out of the catalogue.

    Its files go to the recycle folder of their location (``recycle``), or stay, and the inventory then says of them
    that what they hold is not known (``keep``). A file that is not there, or not as the catalogue has it, is left, and
    the show with it. Remote files that were fetched for it stay known, so that they do not come again.

    Raises NotIdentified, listing candidates, if `text` names no show or several; UsageError if there are files and
    `files` does not say what becomes of them.
    """
    show = named_show(text, {show.key: show for show in catalogue.shows.all()})
    rows = tuple(catalogue.inventory.of_unit("episode", show.key))
    if rows and files is None:
        several = "file" if len(rows) == 1 else "files"
        raise UsageError(
            f"the library has {len(rows)} {several} of {show.title!r}, the first of them {rows[0].place}",
            remedy="Say what becomes of them: --files recycle or --files keep.",
        )
    now = clock.now()
    plan = Plan("shows remove", now, catalogue.identity, configuration)
    reason = f"{show.title!r} is removed"
    actions: list[Action] = []
    remarks: list[Remark] = []
    for row in rows:
        name = f"f{len(actions) + 1}"
        if files == "keep":
            unknown = attrs.evolve(row.holding, unit=None)
            actions.append(SetHolding(name, row.place, row.holding, unknown, f"{reason}, and its files stay"))
        elif (mtime_ns := _standing(row, roots)) is None:
            why = "it is not there, or not as the catalogue has it: so it is left, and the show with it"
            remarks.append(Remark("conflict", row.place, why))
        else:
            bin_ = Place(row.place.location, f"{_RECYCLE}/{now:%Y%m%dT%H%M%SZ}/{name}/{row.place.path}")
            actions.append(Discard(name, row.place, bin_, row.size, mtime_ns, reason=reason))
    if remarks:
        return attrs.evolve(plan, remarks=tuple(remarks))
    after = tuple(action.id for action in actions)
    folders = _folders(actions)
    episodes = tuple(catalogue.episodes.of_show(show.key))
    actions.append(RemoveShow("a1", show, "that was asked for", after, episodes=episodes))
    return attrs.evolve(plan, actions=(*actions, *folders))


def _standing(row: InventoryFile, roots: Mapping[str, Location]) -> int | None:
    """The time of last change of a file that is as the catalogue has it."""
    root = roots.get(row.place.location)
    entry = None if root is None else root.entry(row.place.path)
    if entry is None or entry.size != row.size or not nearly_same_time(entry.mtime_ns, row.mtime_ns):
        return None
    return entry.mtime_ns


def _folders(actions: list[Action]) -> tuple[RemoveFolder, ...]:
    """The folders that discarded files leave empty, deepest first."""
    below: dict[Place, list[str]] = {}
    for action in actions:
        if isinstance(action, Discard):
            folder = action.source.path.rpartition("/")[0]
            while folder:
                below.setdefault(Place(action.source.location, folder), []).append(action.id)
                folder = folder.rpartition("/")[0]
    deepest_first = sorted(below, key=lambda each: (-each.path.count("/"), each))
    return tuple(
        RemoveFolder(f"r{number}", place, "its files are gone", tuple(below[place]))
        for number, place in enumerate(deepest_first, start=1)
    )
