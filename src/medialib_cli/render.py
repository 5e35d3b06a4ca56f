"""Drawing results: for a person, and as JSON for a machine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape

from medialib.library import Work
from medialib.planning import (
    Irreversible,
    Move,
    Performed,
    Plan,
    Remark,
    RemoveMovie,
    RemoveShow,
    describe,
    inverse,
    unstructure,
)
from medialib.workflows.apply import Report
from medialib.workflows.drawing import printable

__all__ = [
    "EXIT_BY_STATE",
    "counted",
    "print_columns",
    "print_json",
    "printable",
    "show_plan",
    "show_remarks",
    "show_report",
    "show_work",
    "work_document",
]

EXIT_BY_STATE: Final = {"done": 0, "partial": 3, "failed": 1, "interrupted": 130}
"""Exit code by `Work.state`."""
_STYLE: Final = {"done": "green", "failed": "red", "skipped": "yellow", "kept": "yellow"}
_NEWS: Final = 50
"""So many lines are shown unasked."""
_QUIET: Final = frozenset({"excluded", "unchanged", "partial"})


def show_work(work: Work, console: Console, *, verbosity: int, applied: bool) -> None:
    """Draw what was planned, or what came of it."""
    for position, plan in enumerate(work.plans):
        if applied:
            if plan.undoes is not None:
                console.print(f"undo of run {plan.undoes}")
            show_report(work.reports[position], console)
            show_remarks(_worth_telling(plan, verbosity), console, verbosity)
        else:
            show_plan(plan, console, verbosity=verbosity)
    if applied and work.run is not None:
        console.print(f"[dim]run {work.run}{_taken_back(work)}[/]")
    elif applied and not any(plan.actions for plan in work.plans):
        waits = any(remark.needs_attention for remark in work.remarks)
        console.print("nothing to do but what needs you" if waits else "nothing to do")


def _worth_telling(plan: Plan, verbosity: int) -> tuple[Remark, ...]:
    """The remarks of a plan, without those on files that stay in the incoming folder by intent, run after run."""
    stays = plan.kind == "route" and not verbosity
    return tuple(remark for remark in plan.remarks if not (stays and remark.kind == "known"))


def _taken_back(work: Work) -> str:
    """Whether the run can be taken back, for the end of its line."""
    lines = (line for report in work.reports for line in report.lines if line.outcome is not None)
    inverses = [inverse(line, recycle="") for line in lines]
    lost = any(isinstance(each, Irreversible) for each in inverses)
    if not any(each and not isinstance(each, Irreversible) for each in inverses):
        return "; it cannot be taken back" if lost else "; it changed nothing"
    return f"; undo {work.run} takes {'back what can be' if lost else 'it back'}"


def counted(count: int, noun: str) -> str:
    """A number with its noun, whose plural ends in s.

    >>> counted(1, "action"), counted(2, "file")
    ('1 action', '2 files')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def show_plan(plan: Plan, console: Console, *, verbosity: int = 0) -> None:
    """Draw a plan, a line an action with its reason."""
    kind = plan.kind if plan.undoes is None else f"{plan.kind} of run {plan.undoes}"
    title = f"{kind}: {counted(len(plan.actions), 'action')}" + (" (provisional)" if plan.provisional else "")
    console.print(f"[bold]{escape(title)}[/]")
    width = max((len(action.id) for action in plan.actions), default=0)
    for action in plan.actions:
        line = escape(printable(f"{action.id:<{width}}  {describe(action)}"))
        reason = f"  [dim]{escape(printable(action.reason))}[/]" if action.reason else ""
        console.print(f"  {line}{reason}")
    show_remarks(plan.remarks, console, max(verbosity, 1))


def show_report(report: Report, console: Console, *, every: bool = False) -> None:
    """Draw what came of a plan: what was not done and what came to the library, or `every` line."""
    counts: Counter[str] = Counter(line.outcome.result for line in report.lines if line.outcome is not None)
    shown = [line for line in report.lines if every or _is_news(line)]
    for line in shown if every else shown[:_NEWS]:
        _show_line(line, console)
    if not every and len(shown) > _NEWS:
        console.print(f"  [dim]… and {len(shown) - _NEWS} more: medialib history {report.run}[/]")
    if report.lines:
        said = ", ".join(f"[{_STYLE[name]}]{counts[name]} {name}[/]" for name in _STYLE if counts[name])
        console.print(f"{counted(len(report.lines), 'action')}: {said}")


def _is_news(line: Performed) -> bool:
    """Whether a line is worth showing unasked: what was not done, and videos that came to their place."""
    if line.outcome is None or line.outcome.result != "done" or _is_kept(line):
        return True
    holding = line.action.holding if isinstance(line.action, Move) else None
    return holding is not None and holding.role == "video"


def _is_kept(line: Performed) -> bool:
    """Whether a record was to go and stays, since something still needs it."""
    return isinstance(line.action, RemoveShow | RemoveMovie) and line.outcome is not None and not line.outcome.changed


def _show_line(line: Performed, console: Console) -> None:
    if line.outcome is None:
        console.print(escape(printable(f"  open     {describe(line.action)}")))
        return
    result = "kept" if _is_kept(line) else line.outcome.result
    detail = f": {line.outcome.detail}" if line.outcome.detail else ""
    console.print(f"  [{_STYLE[result]}]{result:<8}[/] {escape(printable(describe(line.action) + detail))}")


def show_remarks(remarks: tuple[Remark, ...], console: Console, verbosity: int) -> None:
    """Draw what was left alone and why, a line a file; what the configuration leaves out is counted unless verbose."""
    hidden = 0
    for remark in remarks:
        if remark.kind in _QUIET and not verbosity:
            hidden += 1
            continue
        style = "red" if remark.needs_attention else "yellow"
        text = escape(printable(f"{remark.place}: {remark.reason}"))
        console.print(f"  [{style}]{remark.kind}[/] {text}")
    if hidden:
        console.print(f"[dim]{counted(hidden, 'file')} left as configured; -v names them[/]")


def work_document(verb: str, work: Work, *, applied: bool, exit_code: int) -> dict[str, Any]:
    """Everything about a verb's work as plain data."""
    return {
        "verb": verb,
        "applied": applied,
        "state": work.state,
        "run": work.run,
        "plans": [unstructure(plan) for plan in work.plans],
        "results": [
            {"id": line.action.id, "sequence": line.sequence, **unstructure(line.outcome)}
            for report in work.reports
            for line in report.lines
            if line.outcome is not None
        ],
        "exit_code": exit_code,
    }


def print_columns(
    console: Console, heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[int] = ()
) -> None:
    """Rows beneath their heads, each column as wide as it must be; those at the positions `numbers` stand right.

    Nothing is drawn around them and nothing is cut, so that ten thousand rows take no longer than they are read.
    """
    table = [tuple(heads), *(tuple(printable(cell) for cell in row) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = [
            " " * (width - cell_len(cell)) + cell if at in numbers else cell + " " * (width - cell_len(cell))
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    console.print(line(table[0]), style="bold", markup=False)
    if len(table) > 1:
        console.out("\n".join(map(line, table[1:])), highlight=False)


def print_json(document: Any) -> None:
    """One JSON document on standard output; undecodable bytes of names as escaped lone surrogates."""
    print(json.dumps(document, indent=1, ensure_ascii=True))
