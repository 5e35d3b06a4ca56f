"""Taking note of what is there already: on the remotes, and in a library that stands."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer
from rich.markup import escape

from medialib.library import LibraryPart, TakenOver, TakingOver, Work, preview_bootstrap
from medialib.library import bootstrap as take_over
from medialib.observing import log_remarks
from medialib.planning import unstructure
from medialib_cli.invocation import DryRun, Invocation, SavePlan, command
from medialib_cli.main_job import Remote, Wait, perform
from medialib_cli.render import EXIT_BY_STATE, print_json, printable, show_plan, show_remarks

__all__ = ["bootstrap", "downloads", "episodes", "inventory", "movies", "shows"]

ByName = Annotated[
    bool, typer.Option("--by-name", help="Enter them by the names of their folders, and ask no provider.")
]

bootstrap = typer.Typer(no_args_is_help=True, help="Take note of what is there already.")


@bootstrap.command("downloads")
@command
def downloads(
    invocation: Invocation,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
    remote: Remote = None,
    wait: Wait = None,
) -> int:
    """Record every file on the remotes as known, at any depth, so that none of them is fetched."""
    return perform("bootstrap downloads", invocation, dry_run, save_plan, remote=remote, wait=wait)


@bootstrap.command("shows")
@command
def shows(
    invocation: Invocation,
    by_name: ByName = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
    wait: Wait = None,
) -> int:
    """Make each folder of the series and anime a show of the catalogue, which keeps that folder.

    It is looked up by the number in the folder's name, else by title and year. What may be several you are asked;
    without a terminal it is left, and the candidates are listed.
    """
    return _take_over("shows", invocation, TakingOver(by_name=by_name, ask=invocation.ask()), dry_run, save_plan, wait)


@bootstrap.command("episodes")
@command
def episodes(invocation: Invocation, dry_run: DryRun = False, save_plan: SavePlan = None, wait: Wait = None) -> int:
    """Fill in the episodes of all shows in the catalogue that have none, or lack some."""
    return _take_over("episodes", invocation, TakingOver(), dry_run, save_plan, wait)


@bootstrap.command("movies")
@command
def movies(
    invocation: Invocation,
    by_name: ByName = False,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
    wait: Wait = None,
) -> int:
    """Make each folder of a film, and each film without a folder of its own, a film of the catalogue."""
    how = TakingOver(by_name=by_name, ask=invocation.ask())
    return _take_over("movies", invocation, how, dry_run, save_plan, wait)


@bootstrap.command("inventory")
@command
def inventory(
    invocation: Invocation,
    everything: Annotated[
        bool, typer.Option("--all", help="Enter extras too, and files of which nobody can tell what they hold.")
    ] = False,
    hashes: Annotated[bool, typer.Option("--hash", help="Read every file for its SHA-256.")] = False,
    executor: Annotated[
        str | None, typer.Option("--executor", metavar="WHO", help="Who reads: threads:N, processes:N or dask://host.")
    ] = None,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
    wait: Wait = None,
) -> int:
    """Enter every video and companion of the library into the inventory, with what its folder and name say.

    Enter shows and films first. What is in the inventory and has not changed is not looked at again.
    """
    how = TakingOver(everything=everything, hashes=hashes)
    return _take_over("inventory", invocation, how, dry_run, save_plan, wait, executor=executor)


@bootstrap.callback()
def _bootstrap() -> None:
    """Take note of what is there already."""


def _take_over(
    part: LibraryPart,
    invocation: Invocation,
    how: TakingOver,
    dry_run: bool,
    save_plan: str | None,
    wait: float | None,
    *,
    executor: str | None = None,
) -> int:
    """Preview or perform one part, draw what came of it, and return the exit code."""
    applied = not dry_run and save_plan is None
    with (
        invocation.library(read_only=dry_run) as (library, observer),
        library.executor(executor) as workers,
    ):
        do = partial(take_over, wait=wait) if applied else preview_bootstrap
        how = TakingOver(
            by_name=how.by_name, everything=how.everything, hashes=how.hashes, executor=workers, ask=how.ask
        )
        taken = do(library, part, how, observer=observer, cancelled=invocation.cancelled)
        if taken.plan is None:
            log_remarks(taken.remarks, taken.run)
        else:
            invocation.finish(Work((taken.plan,)), save_plan)
    code = EXIT_BY_STATE[taken.state]
    if invocation.as_json:
        print_json(_document(part, taken, applied=applied, exit_code=code))
    else:
        _show(part, taken, invocation)
    return code


def _show(part: LibraryPart, taken: TakenOver, invocation: Invocation) -> None:
    output = invocation.output
    if taken.plan is not None:
        show_plan(taken.plan, output, verbosity=invocation.verbosity)
    else:
        for line in taken.failures:
            detail = "" if line.outcome is None else f": {line.outcome.detail}"
            output.print(f"  [red]failed[/]   {escape(printable(line.action.id + detail))}")
        show_remarks(taken.remarks, output, invocation.verbosity)
    would = " to be" if taken.plan is not None else ""
    said = [f"{taken.entered}{would} entered", f"{taken.changed}{would} changed", f"{taken.known} known already"]
    if taken.left:
        said.append(f"[red]{taken.left} left, which need you[/]")
    output.print(f"{part}: {', '.join(said)}")
    if taken.run is not None:
        output.print(f"[dim]run {taken.run}; undo {taken.run} takes it back[/]")


def _document(part: LibraryPart, taken: TakenOver, *, applied: bool, exit_code: int) -> dict[str, Any]:
    return {
        "verb": f"bootstrap {part}",
        "applied": applied,
        "state": taken.state,
        "run": taken.run,
        "summary": {
            "entered": taken.entered,
            "changed": taken.changed,
            "known": taken.known,
            "left": taken.left,
        },
        "plans": [] if taken.plan is None else [unstructure(taken.plan)],
        "remarks": [unstructure(remark) for remark in taken.remarks],
        "failures": [unstructure(line) for line in taken.failures],
        "exit_code": exit_code,
    }
