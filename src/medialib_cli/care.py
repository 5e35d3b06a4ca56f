"""What the library lacks, has twice, or has otherwise than the inventory says."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from medialib.errors import UsageError
from medialib.library import care
from medialib.workflows.statistics import Dimension
from medialib_cli.invocation import DryRun, Invocation, SavePlan, command

__all__ = ["duplicates", "missing", "new_seasons", "rename", "stale", "stats"]

Shows = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SHOW]...", help="Title, alias or key of shows; otherwise those that it has files of."),
]


@command
def missing(
    invocation: Invocation,
    shows: Shows = None,
    everything: Annotated[bool, typer.Option("--all", help="Every show of the catalogue, kept or not.")] = False,
    unaired: Annotated[bool, typer.Option("--unaired", help="Also what is still to come.")] = False,
    specials: Annotated[bool, typer.Option("--specials", help="Also season 0.")] = False,
) -> int:
    """List the episodes that were broadcast before today and that the library does not have, by show and season.

    By the inventory: `library stale` says whether it is right. Exit code 3 if something is missing.
    """
    if shows and everything:
        raise UsageError("name shows, or give --all, not both")
    with invocation.library(read_only=True) as (library, _):
        found = care.missing(library, shows or (), everything=everything, unaired=unaired, specials=specials)
    return invocation.tell(found, found.as_data(), attention=found.missing > 0)


@command
def duplicates(
    invocation: Invocation,
    discard: Annotated[
        bool, typer.Option("--discard", help="Recycle what would not stay, where that is clear; undo brings it back.")
    ] = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> int:
    """List what the library has more than once, what the files differ in, which would stay, and why.

    The same episodes, the same film, or the same content. Exit code 3 if there is any.
    """
    if discard:
        plan = partial(care.discarding, cancelled=invocation.cancelled)
        return invocation.perform("library duplicates", plan, dry_run=dry_run, save_plan=save_plan)
    _demand_plan(dry_run, save_plan, "--discard")
    with invocation.library(read_only=True) as (library, _):
        found = care.duplicates(library)
    return invocation.tell(found, {"duplicates": found.as_data()}, attention=bool(found))


@command
def stale(
    invocation: Invocation,
    forget: Annotated[bool, typer.Option("--forget", help="Forget the rows that have no file.")] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Enter the files that have no row, and how changed ones are now.")
    ] = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> int:
    """List where the inventory and the disks disagree: rows without files, files without rows, files that changed.

    Names, sizes and times are compared; nothing is read. Exit code 3 if there is any.
    """
    if forget and adopt:
        raise UsageError("give --forget or --adopt, one after the other")
    if forget or adopt:
        plan = partial(care.forgetting if forget else care.adopting, cancelled=invocation.cancelled)
        return invocation.perform("library stale", plan, dry_run=dry_run, save_plan=save_plan)
    _demand_plan(dry_run, save_plan, "--forget or --adopt")
    with invocation.library(read_only=True) as (library, _), library.executor() as workers:
        found = care.stale(library, executor=workers, cancelled=invocation.cancelled)
    return invocation.tell(found, found.as_data(), attention=bool(found))


@command
def rename(
    invocation: Invocation,
    shows: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SHOW]...", help="Title, alias or key of shows; otherwise everything, films too."),
    ] = None,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> int:
    """Name folders and files as the configuration says now (library.preset, library.templates); undo takes it back.

    Companions go with their videos, emptied folders go. What would come to a name that is taken, and what is read
    otherwise than the catalogue has it, is left and named.
    """
    plan = partial(care.renaming, shows=shows or ())
    return invocation.perform("library rename", plan, dry_run=dry_run, save_plan=save_plan)


@command
def new_seasons(invocation: Invocation, shows: Shows = None) -> int:
    """Ask the providers of your shows for seasons newer than what the library holds, announced ones with them.

    Made to be run every day: answers are kept as long as their provider lets them be. Exit code 3 if there is one, or
    if a provider did not answer.
    """
    # what providers answer is only kept by what may write
    with invocation.library(read_only=False) as (library, _):
        found = care.new_seasons(library, shows or ())
    return invocation.tell(found, found.as_data(), attention=bool(found.seasons or found.failed))


@command
def stats(
    invocation: Invocation,
    by: Annotated[
        Dimension | None, typer.Option("--by", help="By this alone; otherwise by each of them in turn.")
    ] = None,
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=1, help="Draw at most so many of each.")] = 10,
) -> int:
    """Count what the library is made of: files and sizes by show, film, resolution, codec, source, year and size."""
    with invocation.library(read_only=True) as (library, _):
        found = care.statistics(library, () if by is None else (by,), shown=rows)
    return invocation.tell(found, found.as_data(), attention=False)


def _demand_plan(dry_run: bool, save_plan: str | None, option: str) -> None:
    if dry_run or save_plan is not None:
        raise UsageError(f"there is no plan without {option}", remedy="The list itself changes nothing.")
