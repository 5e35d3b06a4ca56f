"""Looking after what stands in the library: what is missing, there twice, stale; and plans that mend it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import Executor
from typing import get_args

from medialib.errors import UsageError
from medialib.library.record import Library
from medialib.model import Place
from medialib.planning import Plan
from medialib.ports import CancelToken
from medialib.workflows.duplicates import Duplicates, find_duplicates, plan_discard
from medialib.workflows.lookup import TitleLookup
from medialib.workflows.missing import Absences, find_missing
from medialib.workflows.new_seasons import NewSeasons, find_new_seasons
from medialib.workflows.quick import QuickCheck, check_quickly
from medialib.workflows.rename import plan_rename
from medialib.workflows.stale import Stale, find_stale, plan_adopt, plan_forget
from medialib.workflows.statistics import Dimension, Statistics, count_library
from medialib.workflows.verify import named_places

__all__ = [
    "adopting",
    "discarding",
    "duplicates",
    "forgetting",
    "missing",
    "new_seasons",
    "renaming",
    "stale",
    "statistics",
    "verify_quickly",
]


def missing(
    library: Library,
    shows: Collection[str] = (),
    *,
    everything: bool = False,
    unaired: bool = False,
    specials: bool = False,
) -> Absences:
    """Episodes that the library lacks; see `medialib.workflows.missing.find_missing`."""
    return find_missing(
        library.catalogue,
        library.roots,
        library.clock,
        shows=shows,
        everything=everything,
        unaired=unaired,
        specials=specials,
    )


def duplicates(library: Library) -> Duplicates:
    """What the library holds more than once; see `medialib.workflows.duplicates.find_duplicates`."""
    return find_duplicates(library.catalogue, library.roots)


def discarding(library: Library, *, cancelled: CancelToken | None = None) -> Plan:
    """Plan to recycle what is there twice, where it is clear what stays; see `plan_discard`."""
    return plan_discard(
        duplicates(library),
        library.catalogue,
        library.roots,
        library.clock,
        recycle=library.route_rules.recycle,
        configuration=library.settings.digest,
        cancelled=cancelled,
    )


def stale(library: Library, *, executor: Executor | None = None, cancelled: CancelToken | None = None) -> Stale:
    """Where the inventory and the disks disagree; see `medialib.workflows.stale.find_stale`."""
    return find_stale(library.catalogue, library.roots, library.route_rules, executor=executor, cancelled=cancelled)


def forgetting(library: Library, *, cancelled: CancelToken | None = None) -> Plan:
    """Plan to forget rows without files; see `medialib.workflows.stale.plan_forget`."""
    found = stale(library, cancelled=cancelled)
    return plan_forget(found, library.catalogue, library.clock, configuration=library.settings.digest)


def adopting(library: Library, *, cancelled: CancelToken | None = None) -> Plan:
    """Plan to enter files without rows, and what changed; see `medialib.workflows.stale.plan_adopt`."""
    return plan_adopt(
        library.catalogue,
        library.roots,
        library.route_rules,
        library.clock,
        configuration=library.settings.digest,
        cancelled=cancelled,
    )


def new_seasons(library: Library, shows: Collection[str] = ()) -> NewSeasons:
    """Seasons newer than what the library holds; see `medialib.workflows.new_seasons.find_new_seasons`.

    Raises UsageError if no provider is configured, too.
    """
    provider = library.providers.preferred
    if provider is None:
        raise UsageError("there is nobody to ask about shows", remedy="Set metadata.provider.")
    return find_new_seasons(library.catalogue, library.roots, TitleLookup(provider), library.clock, shows=shows)


def statistics(library: Library, dimensions: Iterable[Dimension] = (), *, shown: int = 10) -> Statistics:
    """What the library is made of; see `medialib.workflows.statistics.count_library`.

    In a notebook it is drawn as pictures, in a terminal as bars.
    """
    chosen = tuple(dimensions) or get_args(Dimension)
    return count_library(library.catalogue, library.roots, dimensions=chosen, shown=shown)


def renaming(library: Library, shows: Collection[str] = ()) -> Plan:
    """Plan to name shows, or everything, as configured; see `medialib.workflows.rename.plan_rename`."""
    return plan_rename(
        library.catalogue,
        library.roots,
        library.route_rules.policy,
        library.clock,
        shows=shows,
        configuration=library.settings.digest,
    )


def verify_quickly(
    library: Library,
    subjects: Iterable[str] | None = None,
    *,
    executor: Executor | None = None,
    cancelled: CancelToken | None = None,
) -> QuickCheck:
    """Compare sizes and times with the inventory, of files, folders or everything; no file is read.

    See `medialib.workflows.quick.check_quickly`; raises UsageError for what lies in neither library nor incoming.
    """
    here = library.kept
    places = [Place(name, "") for name in here] if subjects is None else named_places(subjects, here)
    return check_quickly(places, here, library.catalogue, executor=executor, cancelled=cancelled)
