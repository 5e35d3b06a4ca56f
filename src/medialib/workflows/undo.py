"""Plan to take a run back, from the journal alone."""

from __future__ import annotations

from medialib.errors import UsageError
from medialib.planning import RECYCLE, Plan, Remark, irreversible, undo_actions
from medialib.ports import Catalogue, Clock, Run

__all__ = ["plan_undo", "run_to_undo"]


def run_to_undo(catalogue: Catalogue, run: str | None = None) -> Run:
    """The named run, or the latest one that did something and was not taken back.

    Raises UsageError if there is none, if it still runs, or if it was undone already.
    """
    if run is None:
        for latest in catalogue.journal.runs():
            if latest.undoes is None and latest.state not in ("undone", "failed"):
                return _undoable(latest)
        raise UsageError("there is no run to undo", remedy="medialib history lists all runs.")
    named = catalogue.journal.get(run)
    if named is None:
        raise UsageError(f"there is no run {run!r}", remedy="medialib history lists all runs.")
    return _undoable(named)


def plan_undo(
    catalogue: Catalogue,
    clock: Clock,
    *,
    run: str | None = None,
    recycle: str = RECYCLE,
    configuration: str = "",
) -> Plan:
    """Plan the inverses of everything that a run did, last things first.

    What was fetched goes to the recycle folder; it is not destroyed. What cannot be taken back is left, with a remark.
    Raises UsageError as `run_to_undo` does.
    """
    undone = run_to_undo(catalogue, run)
    now = clock.now()
    folder = f"{recycle}/undo-{undone.id}-{now:%Y%m%dT%H%M%SZ}"
    lines = tuple(catalogue.journal.lines(undone.id))
    actions = undo_actions(lines, recycle=folder)
    remarks = tuple(Remark("irreversible", each.place, each.reason) for each in irreversible(lines))
    return Plan("undo", now, catalogue.identity, configuration, actions, remarks, undoes=undone.id)


def _undoable(run: Run) -> Run:
    if run.state == "running":
        raise UsageError(
            f"run {run.id} is not finished", remedy="If its process is gone, any command that writes recovers it first."
        )
    if run.state == "undone":
        raise UsageError(f"run {run.id} was undone already")
    return run
