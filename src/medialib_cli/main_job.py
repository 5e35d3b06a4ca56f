"""The main job: sync, download, route."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from medialib.library import Verb
from medialib_cli.invocation import DryRun, Invocation, SavePlan, command

__all__ = ["Remote", "Wait", "download", "perform", "route", "sync"]

Remote = Annotated[str | None, typer.Option("--remote", metavar="NAME", help="Only this remote.")]
AllowEmpty = Annotated[
    bool, typer.Option("--allow-empty", help="Believe a remote folder that held known files and is empty now.")
]
AutoAdd = Annotated[
    bool, typer.Option("--auto-add", help="Look up shows and films that the catalogue does not know, and enter them.")
]
ByHash = Annotated[
    bool,
    typer.Option(
        "--identify-by-hash", help="Ask AniDB by their content what files are that look like anime or are not known."
    ),
]
Wait = Annotated[
    float | None,
    typer.Option(
        "--wait", metavar="SECONDS", help="Wait at most so long for another medialib; default: until it ends."
    ),
]


@command
def sync(
    invocation: Invocation,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
    remote: Remote = None,
    allow_empty: AllowEmpty = False,
    auto_add: AutoAdd = False,
    wait: Wait = None,
) -> int:
    """Fetch what is new on the remotes, then move everything in the incoming folder to where it belongs.

    With --save-plan the fetches are saved; routes are decided once the files are here.
    """
    return perform(
        "sync",
        invocation,
        dry_run,
        save_plan,
        remote=remote,
        wait=wait,
        allow_empty=allow_empty,
        auto_add=auto_add,
    )


@command
def download(
    invocation: Invocation,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
    remote: Remote = None,
    allow_empty: AllowEmpty = False,
    wait: Wait = None,
) -> int:
    """Fetch what is new on the remotes into the incoming folder.

    Files that are still arriving are left for a later run.
    """
    return perform("download", invocation, dry_run, save_plan, remote=remote, wait=wait, allow_empty=allow_empty)


@command
def route(
    invocation: Invocation,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
    auto_add: AutoAdd = False,
    identify_by_hash: ByHash = False,
    wait: Wait = None,
) -> int:
    """Move what is in the incoming folder to where it belongs in the library.

    What cannot be placed without a guess stays where it is, and is named.
    """
    return perform(
        "route",
        invocation,
        dry_run,
        save_plan,
        wait=wait,
        auto_add=auto_add,
        identify_by_hash=identify_by_hash,
    )


def perform(
    verb: Verb,
    invocation: Invocation,
    dry_run: bool,
    save_plan: str | None,
    *,
    remote: str | None = None,
    wait: float | None = None,
    allow_empty: bool = False,
    auto_add: bool = False,
    identify_by_hash: bool = False,
) -> int:
    """Preview or perform a verb, draw what came of it, and return the exit code."""
    applied = not dry_run and save_plan is None

    connecting = () if verb == "route" else None if remote is None else (remote,)
    with invocation.library(read_only=dry_run, connecting=connecting) as (library, observer):
        do = partial(library.perform, wait=wait) if applied else library.preview
        work = do(
            verb,
            remote=remote,
            allow_empty=allow_empty,
            auto_add=auto_add,
            identify_by_hash=identify_by_hash,
            ask=invocation.ask(),
            settle=invocation.settle(),
            observer=observer,
            cancelled=invocation.cancelled,
        )
        invocation.finish(work, save_plan)
    return invocation.answer(verb, work, applied=applied)
