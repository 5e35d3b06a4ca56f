"""The writing session: one lease, one run in the journal, plans applied in order."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from medialib.errors import Cancelled, CatalogueBusy, MedialibError
from medialib.events import Observer, PlanFinished, PlanStarted, Waiting, nobody
from medialib.planning import Plan, irreversible, undo_actions
from medialib.ports import CancelToken, Run, RunState
from medialib.workflows.apply.checking import check_world
from medialib.workflows.apply.progress import Progress, Report
from medialib.workflows.apply.recovery import recover
from medialib.workflows.apply.world import World
from medialib.workflows.leasing import HeldLeases

__all__ = ["LEASE", "Session", "apply", "writing"]

LEASE = "writing"
"""Name of the lease that whoever applies a plan holds."""


class Session:
    """The right to write, for as long as `writing` lasts. Made by `writing`, not by hand."""

    def __init__(self, world: World, verb: str, observer: Observer, cancelled: CancelToken, lost: CancelToken) -> None:
        self._world = world
        self._verb = verb
        self._observer = observer
        self._cancelled = _Either(cancelled, lost)
        self._run: Run | None = None
        self._undoes_all = False
        self._results: Counter[str] = Counter()

    @property
    def run(self) -> str | None:
        """Identifier of the run; None until the first action was intended, and for good if there was none."""
        return None if self._run is None else self._run.id

    def apply(self, plan: Plan) -> Report:
        """Carry out a plan.

        A failure skips what comes `after` it and goes on with the rest. Raises InvalidPlan, PlanRefused or Drifted
        before anything is done; afterwards only errors of the catalogue itself are raised, and then the next session
        recovers.
        """
        check_world(plan, self._world)
        if not plan.actions:
            return Report(self.run)
        if self._run is None:
            self._run = self._begin(plan)
        if plan.undoes is not None:
            # an undo that was cut down leaves the rest of its run to be taken back
            lines = tuple(self._world.catalogue.journal.lines(plan.undoes))
            whole = undo_actions(lines, recycle="")
            planned = {action.id for action in plan.actions}
            self._undoes_all = not irreversible(lines) and {action.id for action in whole} <= planned
        self._observer(PlanStarted(self._run.id, len(plan.actions), plan.bytes))
        report = Progress(self._world, self._run.id, plan, self._observer, self._cancelled).work()
        for result in ("done", "failed", "skipped"):
            self._results[result] += report.count(result)
        self._results["cancelled"] += report.cancelled
        self._observer(
            PlanFinished(self._run.id, report.count("done"), report.count("failed"), report.count("skipped"))
        )
        return report

    def finish(self, *, broken_off: bool = False) -> None:
        """Write down how the run ended, `broken_off` by an error or not. Called by `writing`."""
        if self._run is None:
            return
        results = self._results
        if broken_off:
            # the plan under way has no report, so its outcomes are told by the journal
            outcomes = [line.outcome for line in self._world.catalogue.journal.lines(self._run.id)]
            if None in outcomes:
                return  # for recovery to judge
            results = Counter(outcome.result for outcome in outcomes if outcome is not None)
        state: RunState = "done"
        if results["cancelled"]:
            state = "interrupted"
        elif broken_off or results["failed"] or results["skipped"]:
            state = "partial" if results["done"] else "failed"
        with self._world.catalogue.transaction():
            self._world.catalogue.journal.finish(self._run.id, state, self._world.clock.now())
            if self._run.undoes is not None and state == "done" and self._undoes_all:
                undone = self._world.catalogue.journal.get(self._run.undoes)
                if undone is not None:
                    self._world.catalogue.journal.finish(undone.id, "undone", undone.finished or undone.started)

    def _begin(self, plan: Plan) -> Run:
        started = self._world.clock.now()
        run = Run(
            id=f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
            verb=self._verb,
            started=started,
            undoes=plan.undoes,
            configuration=self._world.configuration,
        )
        self._world.catalogue.journal.begin(run)
        return run


@contextmanager
def writing(
    world: World,
    verb: str,
    *,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
    wait: float | None = None,
    lease_seconds: float = 60.0,
) -> Iterator[Session]:
    """Hold the right to write to the catalogue and the locations.

    Waits, at most `wait` seconds if given, for whoever holds it; a holder that died frees it, at once on this machine
    and after `lease_seconds` elsewhere. The lease is renewed in the background; if it is lost all the same, the
    session stops. What an earlier run left open is recovered first. Plans made inside see the world as no other
    writer can change it.

    Raises CatalogueBusy if the wait was in vain, and Cancelled if the caller asked to stop while waiting.
    """
    token: CancelToken = cancelled if cancelled is not None else threading.Event()
    with HeldLeases(world.catalogue, world.clock, seconds=lease_seconds) as held:
        _take_lease(world, held, observer, token, wait)
        recover(world, cancelled=token, observer=observer)
        session = Session(world, verb, observer, token, held.lost)
        try:
            yield session
        except (MedialibError, OSError):
            # what was done before is in the journal; only if that fails too is it left to recovery
            with suppress(MedialibError, OSError):
                session.finish(broken_off=True)
            raise
        session.finish()


def apply(
    plan: Plan,
    world: World,
    *,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
    wait: float | None = None,
) -> Report:
    """Carry out one plan in a run of its own; see `writing` and `Session.apply`."""
    with writing(world, plan.kind, observer=observer, cancelled=cancelled, wait=wait) as session:
        return session.apply(plan)


class _Either:
    """Stops when either of two tokens says so."""

    def __init__(self, first: CancelToken, second: CancelToken) -> None:
        self._first, self._second = first, second

    def is_set(self) -> bool:
        return self._first.is_set() or self._second.is_set()


def _take_lease(world: World, held: HeldLeases, observer: Observer, cancelled: CancelToken, wait: float | None) -> None:
    clock = world.clock
    deadline = None if wait is None else clock.monotonic() + wait
    told = ""
    while (lease := held.take(LEASE)).holder != held.holder:
        if lease.holder != told:
            observer(Waiting("another medialib at work on this catalogue", lease.holder))
            told = lease.holder
        if cancelled.is_set():
            raise Cancelled("stopped while waiting for another medialib")
        if deadline is not None and clock.monotonic() >= deadline:
            raise CatalogueBusy(
                f"another medialib ({lease.holder}) is at work on this catalogue",
                remedy="Wait for it to end, then run the same command again.",
            )
        clock.sleep(0.1)
