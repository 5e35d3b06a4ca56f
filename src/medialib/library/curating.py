"""Shows that are removed, and the names that they go by."""

from __future__ import annotations

from collections.abc import Iterable

from medialib.library.record import Library
from medialib.planning import Plan
from medialib.workflows.aliases import plan_aliases
from medialib.workflows.remove import FileFate, plan_remove_show

__all__ = ["plan_alias_change", "plan_removal"]


def plan_removal(library: Library, show: str, *, files: FileFate | None = None) -> Plan:
    """Plan to remove a show; see `medialib.workflows.remove.plan_remove_show`."""
    return plan_remove_show(
        show, library.catalogue, library.roots, library.clock, files=files, configuration=library.settings.digest
    )


def plan_alias_change(library: Library, show: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Plan:
    """Plan to add aliases to a show or to remove some; see `medialib.workflows.aliases.plan_aliases`."""
    return plan_aliases(
        show,
        library.catalogue,
        library.route_rules.policy,
        library.clock,
        add=add,
        remove=remove,
        configuration=library.settings.digest,
    )
