"""The recycle folders of a library: what lies there, and what may go."""

from __future__ import annotations

from datetime import timedelta

from medialib.library.record import Library
from medialib.planning import Plan
from medialib.ports import WritableLocation
from medialib.workflows.recycling import Recycled, RecycleRules, plan_purge, recycled

__all__ = ["plan_emptying", "recycle_folders"]


def recycle_folders(library: Library) -> tuple[Recycled, ...]:
    """Everything in the recycle folders of the library, the incoming folder and the one for review, the oldest first.

    Raises OutOfReach for a location that is not there.
    """
    return recycled(_locations(library), library.catalogue)


def plan_emptying(library: Library, *, keep: timedelta | None = None, size: int | None = None) -> Plan:
    """Plan to delete for good what is older than `keep`, or more than `size` bytes; as configured where none is given.

    Raises UsageError if neither is given or configured, and OutOfReach for a location that is not there.
    """
    chosen = library.settings.library
    rules = (
        RecycleRules(chosen.recycle_keep, chosen.recycle_size)
        if keep is None and size is None
        else RecycleRules(keep, size)
    )
    return plan_purge(
        _locations(library), library.catalogue, rules, library.clock, configuration=library.settings.digest
    )


def _locations(library: Library) -> dict[str, WritableLocation]:
    found = dict(library.roots)
    others = {"incoming": library.incoming, "review": library.review}
    return found | {name: location for name, location in others.items() if location is not None}
