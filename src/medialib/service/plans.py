"""Tools that plan, and where that is allowed apply; and those that tell what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import attrs

from medialib.errors import UsageError
from medialib.library import Library, Work
from medialib.model import ExternalIds
from medialib.planning import PLAN_FORMAT, Performed, Plan, action_kind, describe, unstructure
from medialib.ports import Run
from medialib.service.desk import Desk
from medialib.service.tools import LIMIT, LONGEST_NAME, OFFSET, clipped, page, said, tool

__all__ = ["PLAN_TOOLS", "MadePlan", "made_plan"]

_PLAN: Final = said("What the tool that made the plan called it (plan_id).", minLength=1, maxLength=100)
_FIRST: Final = 50
"""So many actions and remarks a planning tool tells at once."""
_RESULTS: Final = 100


@attrs.frozen
class MadePlan:
    """A plan that was made and not applied."""

    plan_id: str
    """What show_plan and apply_plan call it."""
    kind: str
    """The verb that made it."""
    actions: int
    """How many actions it has."""
    by_action: Mapping[str, int]
    """How many of each sort."""
    lines: tuple[str, ...]
    """The first actions, each in a line with its reason."""
    bytes: int = 0
    """Bytes that it would fetch."""
    attention: tuple[str, ...] = ()
    """What was left alone and needs a person, 50 at most."""
    left_alone: Mapping[str, int] = attrs.field(factory=dict)
    """How much was left alone, by why."""
    undoes: str | None = None
    """The run that it takes back."""


@attrs.frozen
class DownloadRequest:
    """What to plan fetching of."""

    remote: str | None = attrs.field(
        default=None, metadata=said("Only this remote, as the configuration calls it.", maxLength=LONGEST_NAME)
    )


@attrs.frozen
class RouteRequest:
    """How to plan routing."""

    look_up: bool = attrs.field(
        default=False, metadata=said("Ask the metadata provider about titles that the catalogue does not know.")
    )


@attrs.frozen
class ShowRequest:
    """Which show to enter or to make another of."""

    title: str = attrs.field(
        metadata=said(
            'Its title; a year in parentheses tells it from others: "Nosferatu (2014)". For plan_fix_show: title, '
            "alias or key of the show that the catalogue has.",
            minLength=1,
            maxLength=LONGEST_NAME,
        )
    )
    tmdb_id: int | None = attrs.field(default=None, metadata=said("Its number at The Movie Database."))
    tvdb_id: int | None = attrs.field(default=None, metadata=said("Its number at TheTVDB."))
    tvmaze_id: int | None = attrs.field(default=None, metadata=said("Its number at TVmaze."))
    anidb_id: int | None = attrs.field(default=None, metadata=said("Its number at AniDB."))
    imdb_id: str | None = attrs.field(default=None, metadata=said("Its identifier at IMDb, tt….", maxLength=20))
    name_folder_by_title: bool = attrs.field(
        default=False, metadata=said("Name its folder as title says, not as the provider calls it.")
    )
    order: str = attrs.field(
        default="aired",
        metadata=said("Number its episodes by another order that the provider keeps.", maxLength=LONGEST_NAME),
    )


@attrs.frozen
class RunRequest:
    """Which run."""

    run: str | None = attrs.field(
        default=None, metadata=said("Its identifier, as list_runs tells it; the latest if none.", maxLength=100)
    )


@attrs.frozen
class PlanRequest:
    """Which plan, and which part of it."""

    plan_id: str = attrs.field(metadata=_PLAN)
    offset: int = attrs.field(default=0, metadata=OFFSET)
    limit: int = attrs.field(default=50, metadata=LIMIT)


@attrs.frozen
class PlanDocument:
    """A plan as JSON, a page of its actions at a time."""

    plan_id: str
    """What it is called here."""
    plan: Mapping[str, Any]
    """The document of a saved plan, with the actions of this page, and remarks on the first one."""
    total: int
    """How many actions it has in all."""
    remarks_left_out: int = 0
    """How many remarks are not told."""
    next_offset: int | None = None
    """Where the next page begins; none at the end."""


@attrs.frozen
class ApplyRequest:
    """Which plan to carry out, and which part of it."""

    plan_id: str = attrs.field(metadata=_PLAN)
    only: tuple[str, ...] = attrs.field(
        default=(),
        metadata=said("Only these actions, by id, and what they come after.", items={"type": "string"}, maxItems=1000),
    )
    without: tuple[str, ...] = attrs.field(
        default=(),
        metadata=said("Not these actions, by id, nor what comes after.", items={"type": "string"}, maxItems=1000),
    )


@attrs.frozen
class Result:
    """What came of one action."""

    action: str
    """Its id in the plan."""
    line: str
    """What it was about."""
    result: str
    """``done``, ``failed``, ``skipped``; ``open`` if it was begun and never finished."""
    detail: str = ""
    """Why, for what failed or was skipped."""


@attrs.frozen
class Applied:
    """What came of a plan."""

    state: Literal["done", "partial", "failed", "interrupted"]
    """``done`` only if all of it was done and nothing needs attention."""
    counts: Mapping[str, int]
    """How many actions ended how."""
    run: str | None = None
    """The run in the journal, which undo takes back; none if there was nothing to do."""
    not_done: tuple[Result, ...] = ()
    """What failed or was skipped, and why; 100 at most."""
    attention: tuple[str, ...] = ()
    """What was left alone and needs a person, 50 at most."""


@attrs.frozen
class RunsRequest:
    """Which runs to list."""

    offset: int = attrs.field(default=0, metadata=OFFSET)
    limit: int = attrs.field(default=20, metadata=LIMIT)


@attrs.frozen
class RunList:
    """Runs, latest first."""

    runs: tuple[Run, ...]
    """Those of this page."""
    next_offset: int | None = None
    """Where the next page begins; none at the end."""


@attrs.frozen
class RunLinesRequest:
    """Which run, and which of its lines."""

    run: str = attrs.field(metadata=said("Its identifier, as list_runs tells it.", minLength=1, maxLength=100))
    offset: int = attrs.field(default=0, metadata=OFFSET)
    limit: int = attrs.field(default=50, metadata=LIMIT)


@attrs.frozen
class RunDetails:
    """What one run did."""

    run: str
    """Its identifier."""
    verb: str
    """The verb that started it."""
    state: str
    """How it ended."""
    started: datetime
    """When, UTC."""
    total: int
    """How many lines it has."""
    lines: tuple[Result, ...]
    """Those of this page, in order."""
    next_offset: int | None = None
    """Where the next page begins; none at the end."""


@tool("Plan a download", outward=True)
def plan_download(desk: Desk, request: DownloadRequest) -> MadePlan:
    """Plan to fetch what is new on the remotes into the incoming folder. Lists the remotes; fetches nothing.

    What may still be arriving is left for later, with why.
    """
    with desk.library() as library:
        # first looks at files that may still be arriving are observations: without them no file would ever be whole
        plan = library.plan_download(remote=request.remote, record=desk.allow_writes, cancelled=desk.cancelled)
    return made_plan(desk, plan)


@tool("Plan routing", outward=True)
def plan_route(desk: Desk, request: RouteRequest) -> MadePlan:
    """Plan to move what stands in the incoming folder to where it belongs in the library. Moves nothing."""
    with desk.library() as library:
        return made_plan(desk, library.plan_route(auto_add=request.look_up, cancelled=desk.cancelled))


@tool("Plan to add a show", outward=True)
def plan_add_show(desk: Desk, request: ShowRequest) -> MadePlan:
    """Plan to enter a show as its metadata provider describes it, with its episodes and its folder. Enters nothing.

    Where several shows answer to the title, none is chosen: the error lists them with their numbers. Show those to the
    person, and ask again with the number that is meant.
    """
    with desk.library() as library:
        return made_plan(desk, _plan_show(library, "add", request))


@tool("Plan to fix a show", outward=True)
def plan_fix_show(desk: Desk, request: ShowRequest) -> MadePlan:
    """Plan to make another show of one that was taken for the wrong one, and to move its files. Changes nothing.

    title names the show as the catalogue has it; one of the numbers says which it is. Without a number the error lists
    what the provider offers.
    """
    with desk.library() as library:
        return made_plan(desk, _plan_show(library, "fix", request))


@tool("Plan an undo")
def plan_undo(desk: Desk, request: RunRequest) -> MadePlan:
    """Plan to take a run back: names, bytes and records as they were. Takes nothing back."""
    with desk.library() as library:
        return made_plan(desk, library.plan_undo(request.run))


@tool("Show a plan")
def show_plan(desk: Desk, request: PlanRequest) -> PlanDocument:
    """Tell a plan that was made here as JSON: its actions a page at a time, and its remarks with the first page."""
    plan = desk.plan(request.plan_id)
    actions, further = page(plan.actions, request.offset, request.limit)
    told = plan.remarks[:_RESULTS] if request.offset == 0 else ()
    part = attrs.evolve(plan, actions=actions, remarks=told)
    document = {"format": PLAN_FORMAT, **unstructure(part)}
    return PlanDocument(request.plan_id, document, len(plan), len(plan.remarks) - len(told), further)


@tool("Apply a plan", writes=True, outward=True)
def apply_plan(desk: Desk, request: ApplyRequest) -> Applied:
    """Carry out a plan that a tool of this server made: the only way to change files or the catalogue.

    Show the plan to the person first, and apply it only if they want it so. If the world has changed since it was made
    nothing is done, and the error says what changed: make it again. What was done is in the journal; undo takes it
    back.
    """
    plan = _cut(desk.plan(request.plan_id), request)
    with desk.library() as library:
        work = Work((plan,), (library.apply(plan, cancelled=desk.cancelled),))
    desk.forget(request.plan_id)
    return _applied(work)


@tool("Undo a run", writes=True, outward=True)
def undo(desk: Desk, request: RunRequest) -> Applied:
    """Take a run back at once: names, bytes and records as they were. Nothing is destroyed.

    What was fetched goes to the recycle folder. plan_undo tells beforehand what would happen.
    """
    with desk.library() as library:
        return _applied(library.undo(request.run, cancelled=desk.cancelled))


@tool("List runs", outside=False)
def list_runs(desk: Desk, request: RunsRequest) -> RunList:
    """List past runs, latest first: what was started when, and how it ended."""
    with desk.library() as library:
        runs = library.catalogue.journal.runs(request.offset + request.limit + 1)
    return RunList(*page(runs, request.offset, request.limit))


@tool("Show a run")
def show_run(desk: Desk, request: RunLinesRequest) -> RunDetails:
    """Tell everything that one run did, line by line, and why what failed did so."""
    with desk.library() as library:
        journal = library.catalogue.journal
        found = journal.get(request.run)
        if found is None:
            raise UsageError(f"there is no run {request.run!r}", remedy="list_runs tells them.")
        lines = tuple(journal.lines(request.run))
    rows, further = page(lines, request.offset, request.limit)
    told = tuple(map(_result, rows))
    return RunDetails(found.id, found.verb, found.state, found.started, len(lines), told, further)


def made_plan(desk: Desk, plan: Plan) -> MadePlan:
    """Keep a plan, and tell of it."""
    described = [f"{action.id}  {describe(action)}" for action in plan.actions[:_FIRST]]
    reasons = [f"  ({action.reason})" if action.reason else "" for action in plan.actions[:_FIRST]]
    return MadePlan(
        desk.keep(plan),
        plan.kind,
        len(plan),
        dict(Counter(action_kind(type(action)) for action in plan.actions)),
        tuple(clipped(line + reason, 1_000) for line, reason in zip(described, reasons, strict=True)),
        plan.bytes,
        _attention(plan),
        dict(Counter(remark.kind for remark in plan.remarks)),
        plan.undoes,
    )


def _plan_show(library: Library, what: Literal["add", "fix"], request: ShowRequest) -> Plan:
    ids = ExternalIds(
        tmdb=request.tmdb_id,
        tvdb=request.tvdb_id,
        tvmaze=request.tvmaze_id,
        imdb=request.imdb_id,
        anidb=request.anidb_id,
    )
    if not request.title.strip():
        raise UsageError("a show wants a title", remedy="With name_folder_by_title it names the folder.")
    return library.plan_show(
        what,
        request.title,
        ids=None if ids == ExternalIds() else ids,
        override_folder=request.name_folder_by_title,
        order=request.order,
    )


def _cut(plan: Plan, request: ApplyRequest) -> Plan:
    try:
        kept = plan.without(*request.without) if request.without else plan
        return kept.only(*request.only) if request.only else kept
    except KeyError as error:
        raise UsageError(str(error.args[0])) from None


def _applied(work: Work) -> Applied:
    lines = [line for report in work.reports for line in report.lines]
    results = [_result(line) for line in lines]
    missed = tuple(result for result in results if result.result != "done")
    attention = tuple(line for plan in work.plans for line in _attention(plan))
    return Applied(
        work.state, dict(Counter(result.result for result in results)), work.run, missed[:_RESULTS], attention[:_FIRST]
    )


def _result(line: Performed) -> Result:
    told = clipped(describe(line.action), 1_000)
    if line.outcome is None:
        return Result(line.action.id, told, "open")
    return Result(line.action.id, told, line.outcome.result, clipped(line.outcome.detail, 1_000))


def _attention(plan: Plan) -> tuple[str, ...]:
    remarks = plan.needs_attention[:_FIRST]
    return tuple(clipped(f"{remark.kind}: {remark.place}: {remark.reason}", 1_000) for remark in remarks)


PLAN_TOOLS: Final = (
    plan_download,
    plan_route,
    plan_add_show,
    plan_fix_show,
    plan_undo,
    show_plan,
    apply_plan,
    undo,
    list_runs,
    show_run,
)
