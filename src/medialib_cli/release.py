"""Letting go of what stands in the library on the remotes it came from."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from medialib.library import Work
from medialib_cli.invocation import DryRun, Invocation, SavePlan, command

__all__ = ["release"]


@command
def release(
    invocation: Invocation,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
    remote: Annotated[str | None, typer.Option("--remote", metavar="NAME", help="Only this remote.")] = None,
) -> int:
    """Delete, move or mark on the remotes, as their configuration says, what is proven to stand in the library.

    Only units (a file or a folder) of which every file was fetched, is unchanged there, and is read again in the
    library now and found to be what was received. No other command changes anything on a remote.
    """
    applied = not dry_run and save_plan is None
    with invocation.library(read_only=not applied) as (library, observer):
        plan = partial(library.plan_release, remote=remote, observer=observer, cancelled=invocation.cancelled)
        if applied:
            work = library.plan_and_apply("release", plan, observer=observer, cancelled=invocation.cancelled)
        else:
            work = Work((plan(),))
        invocation.finish(work, save_plan)
    return invocation.answer("release", work, applied=applied)
