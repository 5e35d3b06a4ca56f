"""Saved plans, undo and history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medialib.errors import UsageError
from medialib.library import Work
from medialib.planning import Plan, load_plan, unstructure
from medialib.workflows.apply import Report
from medialib_cli.invocation import DryRun, Invocation, SavePlan, command
from medialib_cli.render import print_json, show_plan, show_report

__all__ = ["history", "plan", "undo"]

PlanFile = Annotated[str, typer.Argument(metavar="FILE", help="A plan that --save-plan wrote.")]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="ID", help="Only this action and what it comes after (repeatable)."),
]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="ID", help="Not this action nor what comes after it (repeatable)."),
]

plan = typer.Typer(no_args_is_help=True, help="Show or apply a saved plan.")


@plan.command("show")
@command
def show(invocation: Invocation, file: PlanFile, only: Only = None, without: Without = None) -> int:
    """Print a saved plan, a line an action with its reason."""
    loaded = _cut(_read(file), only, without)
    if invocation.as_json:
        print_json(unstructure(loaded))
    else:
        show_plan(loaded, invocation.output, verbosity=1)
    return 0


@plan.command("apply")
@command
def apply(
    invocation: Invocation,
    file: PlanFile,
    only: Only = None,
    without: Without = None,
) -> int:
    """Carry out a saved plan, if the world is still as it saw it; otherwise nothing is done."""
    loaded = _cut(_read(file), only, without)
    with invocation.library(read_only=False) as (library, observer):
        work = Work((loaded,), (library.apply(loaded, observer=observer, cancelled=invocation.cancelled),))
        invocation.finish(work)
    return invocation.answer(loaded.kind, work, applied=True)


@command
def undo(
    invocation: Invocation,
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Run to take back; default: the last one.")] = None,
    dry_run: DryRun = False,
    save_plan: SavePlan = None,
) -> int:
    """Take a run back: names, bytes and records as they were.

    What was fetched goes to the recycle folder in the incoming folder; nothing is destroyed.
    """
    applied = not dry_run and save_plan is None
    with invocation.library(read_only=not applied) as (library, observer):
        if applied:
            work = library.undo(run, observer=observer, cancelled=invocation.cancelled)
        else:
            work = Work((library.plan_undo(run),))
        invocation.finish(work, save_plan)
    return invocation.answer("undo", work, applied=applied)


@command
def history(
    invocation: Invocation,
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Show every line of this run.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many runs to list, latest first.")] = 20,
) -> int:
    """List past runs, latest first, or everything that one of them did."""
    with invocation.library(read_only=True) as (library, _):
        journal = library.catalogue.journal
        if run is None:
            runs = journal.runs(limit)
            if invocation.as_json:
                print_json([unstructure(item) for item in runs])
            for item in () if invocation.as_json else runs:
                started = f"{item.started:%Y-%m-%d %H:%M:%S}Z"
                invocation.output.print(f"{item.id}  {started}  {item.verb:<20} {item.state}", markup=False)
            return 0
        found = journal.get(run)
        if found is None:
            raise UsageError(f"there is no run {run!r}", remedy="medialib history lists all runs.")
        lines = tuple(journal.lines(run))
    if invocation.as_json:
        print_json({**unstructure(found), "lines": [unstructure(line) for line in lines]})
    else:
        show_report(Report(run, lines), invocation.output, every=True)
    return 0


def _read(file: str) -> Plan:
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the plan {file} cannot be read: {error}") from None
    return load_plan(text)


def _cut(loaded: Plan, only: list[str] | None, without: list[str] | None) -> Plan:
    try:
        if without:
            loaded = loaded.without(*without)
        return loaded.only(*only) if only else loaded
    except KeyError as error:
        raise UsageError(str(error.args[0])) from None
