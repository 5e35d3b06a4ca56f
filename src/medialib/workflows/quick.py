"""Whether files are as the inventory has them by size and time alone: a quick look at a whole library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from typing import Any

import attrs
from rich.text import Text

from medialib.errors import Cancelled, MedialibError, UsageError
from medialib.model import Place
from medialib.planning import unstructure
from medialib.ports import CancelToken, Catalogue, InventoryLine, WritableLocation
from medialib.workflows.drawing import table
from medialib.workflows.standing import standing, survey
from medialib.workflows.verified import Verified

__all__ = ["QuickCheck", "check_quickly"]


@attrs.frozen
class QuickCheck:
    """What a look at sizes and times came to."""

    recorded: int
    """How many rows of the inventory were compared."""
    unrecorded: int
    """How many files have no row to be compared with."""
    broken: tuple[Verified, ...]
    """What is ``changed``, ``missing`` or ``unreadable``."""

    @property
    def counts(self) -> dict[str, int]:
        """How many files were found to be what."""
        found: dict[str, int] = {}
        for each in self.broken:
            found[each.state] = found.get(each.state, 0) + 1
        unchanged = self.recorded - found.get("changed", 0) - found.get("missing", 0)
        told = {"unchanged": unchanged, "unrecorded": self.unrecorded, **found}
        return {state: count for state, count in told.items() if count}

    def __str__(self) -> str:
        said = ", ".join(f"{count} {state}" for state, count in self.counts.items())
        return f"{self.recorded + self.unrecorded} files" + (f": {said}" if said else "")

    def __rich__(self) -> Text:
        """A row a file that is not as it was."""
        rows = [(each.state, str(each.place), "; ".join(each.notes)) for each in self.broken]
        return table(["", "file", ""], rows, below=str(self))

    def as_data(self) -> dict[str, Any]:
        """The same as plain data, for JSON: every file that is not as it was."""
        return {
            "files": [
                {"place": unstructure(each.place), "state": each.state, "notes": list(each.notes)}
                for each in self.broken
            ],
            "counts": self.counts,
        }


def check_quickly(
    places: Iterable[Place],
    locations: Mapping[str, WritableLocation],
    catalogue: Catalogue,
    *,
    executor: Executor | None = None,
    cancelled: CancelToken | None = None,
) -> QuickCheck:
    """Compare the files at and below `places` (the path "" is all of a location) with the inventory.

    A location that cannot be read, or is suddenly empty, is ``unreadable``: nothing is known of its files. Raises
    UsageError for a place where nothing stands and nothing is known to have stood, and Cancelled when asked to stop.
    """
    wanted = _outermost(places)
    rows: dict[Place, dict[str, InventoryLine]] = {place: {} for place in wanted}
    by_location: defaultdict[str, list[Place]] = defaultdict(list)
    for place in wanted:
        by_location[place.location].append(place)
    for location, of_location in by_location.items():
        whole = Place(location, "") in rows
        for line in survey(catalogue.inventory, location):
            for place in of_location:
                if whole or line.path == place.path or line.path.startswith(f"{place.path}/"):
                    rows[place][line.path] = line
                    break
    recorded = unrecorded = 0
    broken: list[Verified] = []
    for place in wanted:
        try:
            found = standing(place, locations[place.location], rows.pop(place), executor=executor, cancelled=cancelled)
        except (UsageError, Cancelled):
            raise
        except (MedialibError, OSError) as error:
            broken.append(Verified(place, "unreadable", notes=(str(error),)))
            continue
        recorded += found.checked
        unrecorded += len(found.strangers)
        broken += [Verified(each, "missing", notes=("nothing stands there",)) for each in found.gone]
        broken += [
            Verified(each.place, "changed", notes=(str(each).removeprefix(f"{each.place}: "),))
            for each in found.changed
        ]
    return QuickCheck(recorded, unrecorded, tuple(broken))


def _outermost(places: Iterable[Place]) -> list[Place]:
    """The places that lie in no other of them, each once."""
    given = dict.fromkeys(places)
    return [
        place
        for place in given
        if not any(
            other != place and other.location == place.location and _is_below(place.path, other.path) for other in given
        )
    ]


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")
