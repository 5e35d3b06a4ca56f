"""Where the inventory and the disks disagree: rows without files, files without rows, files that have changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

import attrs
from rich.text import Text

from medialib.filters import judge_path
from medialib.model import FileEntry, Place
from medialib.planning import Plan, RecordInventory, unstructure
from medialib.ports import CancelToken, Catalogue, Clock, InventoryLine, WritableLocation
from medialib.routing import extension_of
from medialib.workflows.bootstrap import InventoryRules, joined, plan_bootstrap_inventory
from medialib.workflows.drawing import table
from medialib.workflows.route_rules import VIDEO_EXTENSIONS, RouteRules
from medialib.workflows.standing import ChangedFile, rows_of, standing, survey

__all__ = ["Stale", "find_stale", "plan_adopt", "plan_forget"]


@attrs.frozen
class Stale:
    """Where the inventory and the disks disagree."""

    checked: int
    """How many rows were compared."""
    gone: tuple[Place, ...] = ()
    """Rows without a file."""
    changed: tuple[ChangedFile, ...] = ()
    """Rows whose file has another size, or another time of last change."""
    strangers: tuple[tuple[Place, FileEntry], ...] = ()
    """Videos and companions without a row."""
    elsewhere: Mapping[str, int] = attrs.field(factory=dict, hash=False)
    """How many rows are of locations that are not configured, by name: nothing is known of their files."""

    def __bool__(self) -> bool:
        return bool(self.gone or self.changed or self.strangers or self.elsewhere)

    def __str__(self) -> str:
        counts = {
            "without a file": len(self.gone),
            "with a file that changed": len(self.changed),
            "of folders that are not configured": sum(self.elsewhere.values()),
        }
        said = [f"{count} {what}" for what, count in counts.items() if count]
        rows = f"{self.checked} rows checked: {', '.join(said) or 'nothing is stale'}"
        return f"{rows}; files without a row: {len(self.strangers)}" if self.strangers else rows

    def __rich__(self) -> Text:
        """A row a place."""
        rows = [
            *(("no file", str(place), "") for place in self.gone),
            *(("changed", str(each.place), str(each).removeprefix(f"{each.place}: ")) for each in self.changed),
            *(("no row", str(place), "") for place, _ in self.strangers),
            *(("not configured", f"{name}:", f"{count} rows") for name, count in self.elsewhere.items()),
        ]
        return table(["what", "place", ""], rows, below=str(self))

    def as_data(self) -> dict[str, Any]:
        """The same as plain data, for JSON."""
        return {
            "checked": self.checked,
            "gone": [unstructure(place) for place in self.gone],
            "changed": [
                {
                    "place": unstructure(each.place),
                    "recorded": {"size": each.size, "mtime_ns": each.mtime_ns},
                    "now": {"size": each.now.size, "mtime_ns": each.now.mtime_ns},
                }
                for each in self.changed
            ],
            "strangers": [
                {"place": unstructure(place), "size": entry.size, "mtime_ns": entry.mtime_ns}
                for place, entry in self.strangers
            ],
            "elsewhere": dict(self.elsewhere),
        }


def find_stale(
    catalogue: Catalogue,
    roots: Mapping[str, WritableLocation],
    rules: RouteRules,
    *,
    executor: Executor | None = None,
    cancelled: CancelToken | None = None,
) -> Stale:
    """Compare every root of the library with the inventory, by names, sizes and times; no file is read.

    Raises OutOfReach if a root cannot be read or is suddenly empty, and Cancelled when asked to stop.
    """
    checked, gone, changed = 0, list[Place](), list[ChangedFile]()
    strangers: list[tuple[Place, FileEntry]] = []
    rows: defaultdict[str, dict[str, InventoryLine]] = defaultdict(dict)
    for line in survey(catalogue.inventory):
        rows[line.location][line.path] = line
    for name, root in roots.items():
        found = standing(Place(name, ""), root, rows.pop(name, {}), executor=executor, cancelled=cancelled)
        checked += found.checked
        gone += found.gone
        changed += found.changed
        strangers += [(Place(name, entry.path), entry) for entry in found.strangers if _is_kept(entry.path, rules)]
    elsewhere = {name: len(of_location) for name, of_location in rows.items()}
    return Stale(checked, tuple(gone), tuple(changed), tuple(strangers), elsewhere)


def plan_forget(stale: Stale, catalogue: Catalogue, clock: Clock, *, configuration: str = "") -> Plan:
    """Plan to forget the rows that have no file. Nothing on a disk changes, and undo brings the rows back."""
    actions = tuple(
        RecordInventory(f"n{number}", row.place, row, None, "its file is gone")
        for number, row in enumerate(rows_of(catalogue.inventory, stale.gone), start=1)
    )
    return Plan("library stale", clock.now(), catalogue.identity, configuration, actions)


def plan_adopt(
    catalogue: Catalogue,
    roots: Mapping[str, WritableLocation],
    rules: RouteRules,
    clock: Clock,
    *,
    executor: Executor | None = None,
    configuration: str = "",
    cancelled: CancelToken | None = None,
) -> Plan:
    """Plan to enter the files that have no row, and to note how those that changed are now.

    It is what `medialib.workflows.bootstrap.plan_bootstrap_inventory` plans, as one plan: what cannot be told is left
    with a remark, and the content of a file that changed is not known any more. Raises as that does.
    """
    entering = InventoryRules(companions=rules.companions, paths=rules.paths, temporary_names=rules.temporary_names)
    pieces = plan_bootstrap_inventory(
        roots,
        catalogue,
        rules.policy,
        entering,
        clock,
        executor=executor,
        configuration=configuration,
        cancelled=cancelled,
    )
    return attrs.evolve(joined(pieces).plan, kind="library stale")


def _is_kept(path: str, rules: RouteRules) -> bool:
    extension = extension_of(path)
    return (extension in VIDEO_EXTENSIONS or extension in rules.companions) and bool(judge_path(path, rules.paths))
