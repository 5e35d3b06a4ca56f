"""One plan under way: actions in order, failures that skip what comes after them, outcomes committed in groups."""

from __future__ import annotations

from collections import Counter, deque

import attrs

from medialib.errors import ContentChanged, MedialibError
from medialib.events import ActionFinished, ActionStarted, BytesMoved, Noted, Observer
from medialib.model import Place
from medialib.planning import (
    Action,
    Discard,
    Fetch,
    Move,
    Outcome,
    Performed,
    Plan,
    RemoveFolder,
    bytes_carried,
    describe,
    effects,
)
from medialib.ports import CancelToken, SupportsWriters, WritableLocation, offers
from medialib.workflows.apply.attempting import Attempts
from medialib.workflows.apply.fetching import Fetching, independent_fetches
from medialib.workflows.apply.performing import perform
from medialib.workflows.apply.recording import changes_only_the_catalogue, record_all
from medialib.workflows.apply.world import World, say_failure

__all__ = ["Progress", "Report"]

_GROUP = 64
"""At most so many actions are between two commits."""
_GROUP_SECONDS = 1.0
"""An outcome waits at most so long for company, once the action under way has ended."""


@attrs.frozen
class Report:
    """What came of a plan."""

    run: str | None
    """Identifier of the run in the journal; None if there was nothing to do."""
    lines: tuple[Performed, ...] = ()
    """Every action with its outcome, in order."""
    cancelled: bool = False
    """Whether the caller asked to stop before the end."""

    def count(self, result: str) -> int:
        """How many actions ended as ``done``, ``failed`` or ``skipped``."""
        return sum(1 for line in self.lines if line.outcome is not None and line.outcome.result == result)

    @property
    def failures(self) -> tuple[Performed, ...]:
        """The lines that failed."""
        return tuple(line for line in self.lines if line.outcome is not None and line.outcome.result == "failed")

    @property
    def whole(self) -> bool:
        """Whether everything was done."""
        return not self.cancelled and self.count("done") == len(self.lines)


class Progress:
    """One plan under way: what is intended, what has an outcome that is not committed yet."""

    def __init__(self, world: World, run: str, plan: Plan, observer: Observer, cancelled: CancelToken) -> None:
        self._world = world
        self._run = run
        self._plan = plan
        self._observer = observer
        self._cancelled = cancelled
        self._results: dict[str, str] = {}
        self._lines: list[Performed] = []
        self._waiting: list[tuple[int, Action, Outcome]] = []
        self._waiting_since = 0.0
        self._touched: dict[str, WritableLocation] = {}
        self._attempts = Attempts(world.clock)
        self._unit_left = Counter(action.unit for action in plan.actions if isinstance(action, Move))
        self._copied: dict[str | None, list[Move]] = {}
        # Not every place keeps the times that a plan foresees for what comes to stand there.
        self._times: dict[Place, int] = {}

    def work(self) -> Report:
        """Carry out every action of the plan."""
        journal = self._world.catalogue.journal
        actions = self._plan.actions
        fetches = [action for action in actions if isinstance(action, Fetch)]
        fetching = Fetching(self._world, fetches, self._attempts, self._observer, self._cancelled, self._ended)
        try:
            for start in range(0, len(actions), _GROUP):
                block = actions[start : start + _GROUP]
                if self._cancelled.is_set():
                    break
                numbered = deque(zip(journal.intend(self._run, block), block, strict=True))
                while numbered:
                    run = independent_fetches(numbered)
                    if run:
                        for _, fetch in run:
                            self._commit_if_needed(fetch)
                        fetching.work(run, self._refusal, self._commit_if_due)
                    else:
                        self._step(*numbered.popleft())
                self._commit()
        finally:
            fetching.close()
        return Report(self._run, tuple(sorted(self._lines, key=_sequence)), self._cancelled.is_set())

    def _step(self, sequence: int, action: Action) -> None:
        self._commit_if_needed(action)
        outcome = self._refusal(action)
        if outcome is None:
            self._observer(ActionStarted(action.id, describe(action), bytes_carried(action)))
            outcome = self._attempts.of(action, lambda: self._perform(action), self._observer)
        self._ended(sequence, action, outcome)

    def _perform(self, action: Action) -> Outcome:
        def arrived(count: int) -> None:
            self._observer(BytesMoved(action.id, count))

        return perform(self._as_it_stands(action), self._world, cancelled=self._cancelled, arrived=arrived)

    def _as_it_stands(self, action: Action) -> Action:
        """An action on a file that an earlier one put there, with the time that it got there."""
        if isinstance(action, Move | Discard) and action.source in self._times:
            return attrs.evolve(action, mtime_ns=self._times[action.source])
        return action

    def _ended(self, sequence: int, action: Action, outcome: Outcome) -> None:
        if not self._waiting:
            self._waiting_since = self._world.clock.monotonic()
        self._waiting.append((sequence, action, outcome))
        self._results[action.id] = outcome.result
        if outcome.result == "done":
            if isinstance(action, Fetch | Move | Discard) and outcome.mtime_ns is not None:
                self._times[action.target] = outcome.mtime_ns
            names = {place.location for places in effects(action) for place in places}
            self._touched |= {name: place for name, place in self._world.writes_to.items() if name in names}

    def _commit_if_needed(self, action: Action) -> None:
        """Commit what waits if this action rests on a row of it, or if it has waited long enough."""
        if not self._waiting:
            return
        places = {place for found in effects(action) for place in found}
        rests = any(
            (changes_only_the_catalogue(earlier) and earlier.id in action.after)
            or places.intersection(place for found in effects(earlier) for place in found)
            for _, earlier, _ in self._waiting
        )
        # a folder is empty only once the copied files in it have been let go of
        rests = rests or (
            isinstance(action, RemoveFolder)
            and any(outcome.method == "copy" and not outcome.source_kept for _, _, outcome in self._waiting)
        )
        if rests:
            self._commit()
        else:
            self._commit_if_due()

    def _commit_if_due(self) -> None:
        """Commit what has waited long enough."""
        if self._waiting and self._world.clock.monotonic() - self._waiting_since > _GROUP_SECONDS:
            self._commit()

    def _refusal(self, action: Action) -> Outcome | None:
        if self._cancelled.is_set():
            return Outcome("skipped", "stopped by request")
        for name in action.after:
            if self._results.get(name, "done") != "done":
                return Outcome("skipped", f"comes after {name}, which was not carried out")
        given_up = self._attempts.refusal(action)
        return None if given_up is None else Outcome("skipped", given_up)

    def _commit(self) -> None:
        """Make files durable, then their rows and outcomes in one transaction, then let go of sources."""
        if not self._waiting:
            return
        for location in self._touched.values():
            location.flush()
        self._touched.clear()
        catalogue, now = self._world.catalogue, self._world.clock.now()
        with catalogue.transaction():
            final = record_all(catalogue, self._waiting, now)
            catalogue.journal.complete(self._run, [(sequence, outcome) for sequence, _, outcome in final])
        self._waiting.clear()
        for sequence, action, outcome in final:
            self._results[action.id] = outcome.result
            self._lines.append(Performed(sequence, action, outcome))
            self._observer(ActionFinished(action.id, outcome.result, outcome.detail))
            if isinstance(action, Move):
                self._settle(action, outcome)
            elif isinstance(action, Discard) and outcome.method == "copy":
                self._let_go(action)

    def _settle(self, action: Move, outcome: Outcome) -> None:
        """Remove copied sources, once every file of their unit is placed."""
        unit = action.unit
        if outcome.result == "done":
            self._unit_left[unit] -= 1
            if outcome.method == "copy" and not outcome.source_kept:
                self._copied.setdefault(unit, []).append(action)
        if unit is not None and self._unit_left[unit] > 0:
            return
        for move in self._copied.pop(unit, ()):
            self._let_go(move)

    def _let_go(self, copied: Move | Discard) -> None:
        """Remove a source that stands under its new name as well."""
        source = self._world.writable(copied.source)
        try:
            if offers(source, SupportsWriters) and source.being_written(copied.source.path):
                raise ContentChanged("another program has it open for writing")
            mtime_ns = self._times.get(copied.source, copied.mtime_ns)
            source.remove(copied.source.path, size=copied.size, mtime_ns=mtime_ns)
        except (MedialibError, OSError) as error:
            self._observer(Noted(f"kept after copying: {say_failure(error)}", copied.source, "warning"))


def _sequence(line: Performed) -> int:
    return line.sequence
