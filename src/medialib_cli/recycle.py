"""What was put into the recycle folders."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Annotated

import typer

from medialib.completeness import in_words
from medialib.config import format_size, parse_duration, parse_size
from medialib.errors import UsageError
from medialib.library import Work
from medialib.library.recycling import plan_emptying, recycle_folders
from medialib.planning import unstructure
from medialib_cli.invocation import DryRun, Invocation, SavePlan, command
from medialib_cli.render import counted, print_json, printable

__all__ = ["recycle"]


@command
def recycle(
    invocation: Invocation,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
    empty: Annotated[bool, typer.Option("--empty", help="Delete for good what is too old or too much.")] = False,
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", metavar="DURATION", help="With --empty: in place of what is configured."),
    ] = None,
    above: Annotated[
        str | None, typer.Option("--above", metavar="SIZE", help="With --empty: in place of what is configured.")
    ] = None,
) -> int:
    """List what lies in the recycle folders: its age and size, where it came from, and which run put it there.

    Nothing goes from there by itself. With --empty, what is older than library.recycle_keep, and the oldest of what is
    more than library.recycle_size in one location, is deleted; that cannot be undone.
    """
    if not empty:
        return _listed(invocation)
    keep, size = _duration(older_than), _bytes(above)
    applied = not dry_run and save_plan is None
    with invocation.library(read_only=not applied) as (library, observer):
        plan = partial(plan_emptying, library, keep=keep, size=size)
        if applied:
            work = library.plan_and_apply("recycle", plan, observer=observer, cancelled=invocation.cancelled)
        else:
            work = Work((plan(),))
        invocation.finish(work, save_plan)
    return invocation.answer("recycle", work, applied=applied)


def _listed(invocation: Invocation) -> int:
    with invocation.library(read_only=True) as (library, _):
        found, now = recycle_folders(library), library.clock.now()
    if invocation.as_json:
        print_json({"files": [unstructure(item) for item in found], "bytes": sum(item.size for item in found)})
        return 0
    for item in found:
        age = (
            "of unknown age"
            if item.since is None
            else in_words(timedelta(seconds=int((now - item.since).total_seconds())))
        )
        came = "" if item.source is None else f" from {item.source}, by run {item.run}: {item.reason}"
        invocation.output.print(printable(f"{item.place}  {format_size(item.size)}, {age}{came}"), markup=False)
    total = format_size(sum(item.size for item in found))
    invocation.output.print(f"{counted(len(found), 'file')}, {total}" if found else "nothing is in the recycle folders")
    return 0


def _duration(text: str | None) -> timedelta | None:
    try:
        return None if text is None else parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}") from None


def _bytes(text: str | None) -> int | None:
    try:
        return None if text is None else parse_size(text)
    except ValueError as error:
        raise UsageError(f"--above: {error}") from None
