"""One plan under way: actions in order, failures that skip what comes after them, outcomes committed in groups."""

from __future__ import annotations

from collections import Counter
from functools import partial

import attrs
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from medialib.errors import (
    AuthenticationFailed,
    Cancelled,
    ConnectionLost,
    ContentChanged,
    HostKeyChanged,
    HostKeyUnknown,
    MedialibError,
    TransientError,
)
from medialib.events import ActionFinished, ActionStarted, BytesMoved, Noted, Observer
from medialib.planning import (
    Action,
    Fetch,
    Move,
    Outcome,
    Performed,
    Plan,
    ReleaseFile,
    ReleaseFolder,
    ReleaseMark,
    ReleaseMove,
    RemoveFolder,
    bytes_carried,
    describe,
    effects,
)
from medialib.ports import CancelToken, SupportsWriters, WritableLocation
from medialib.workflows.apply.performing import perform
from medialib.workflows.apply.recording import changes_only_the_catalogue, record
from medialib.workflows.apply.world import World, say_failure

__all__ = ["Progress", "Report"]

_GROUP = 64
"""At most so many actions are between two commits."""
_GROUP_SECONDS = 1.0
"""An outcome waits at most so long for company, once the action under way has ended."""
_TRIES = 3
"""So often an action is tried that fails for a passing reason."""
_PATIENCE = 2
"""So many actions in a row lost to a connection, and a remote is left alone for the rest of the plan."""


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
        self._losses: Counter[str] = Counter()
        self._given_up: dict[str, str] = {}
        self._unit_left = Counter(action.unit for action in plan.actions if isinstance(action, Move))
        self._copied: dict[str | None, list[Move]] = {}

    def work(self) -> Report:
        """Carry out every action of the plan."""
        journal = self._world.catalogue.journal
        actions = self._plan.actions
        for start in range(0, len(actions), _GROUP):
            block = actions[start : start + _GROUP]
            if self._cancelled.is_set():
                break
            for sequence, action in zip(journal.intend(self._run, block), block, strict=True):
                self._step(sequence, action)
            self._commit()
        return Report(self._run, tuple(self._lines), self._cancelled.is_set())

    def _step(self, sequence: int, action: Action) -> None:
        self._commit_if_needed(action)
        outcome = self._refusal(action)
        if outcome is None:
            self._observer(ActionStarted(action.id, describe(action), bytes_carried(action)))
            outcome = self._attempt(action)
        if not self._waiting:
            self._waiting_since = self._world.clock.monotonic()
        self._waiting.append((sequence, action, outcome))
        self._results[action.id] = outcome.result
        if outcome.result == "done":
            for place in (place for places in effects(action) for place in places):
                location = self._world.location(place)
                if isinstance(location, WritableLocation):
                    self._touched[place.location] = location

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
            isinstance(action, RemoveFolder) and any(outcome.method == "copy" for _, _, outcome in self._waiting)
        )
        if rests or self._world.clock.monotonic() - self._waiting_since > _GROUP_SECONDS:
            self._commit()

    def _refusal(self, action: Action) -> Outcome | None:
        if self._cancelled.is_set():
            return Outcome("skipped", "stopped by request")
        for name in action.after:
            if self._results.get(name, "done") != "done":
                return Outcome("skipped", f"comes after {name}, which was not carried out")
        remote = _remote_of(action)
        if remote in self._given_up:
            return Outcome("skipped", f"{remote}: {self._given_up[remote]}")
        return None

    def _attempt(self, action: Action) -> Outcome:
        def arrived(count: int) -> None:
            self._observer(BytesMoved(action.id, count))

        remote = _remote_of(action)
        # What arrived stays in its part, so another try resumes there.
        again = Retrying(
            stop=stop_after_attempt(_TRIES),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            retry=retry_if_exception_type(TransientError),
            sleep=self._world.clock.sleep,
            before_sleep=partial(self._tell_retry, action),
            reraise=True,
        )
        try:
            outcome = again(perform, action, self._world, cancelled=self._cancelled, arrived=arrived)
        except Cancelled:
            return Outcome("skipped", "stopped by request; what arrived is kept for the next run")
        except ConnectionLost as error:
            self._losses[remote] += 1
            if self._losses[remote] >= _PATIENCE:
                self._given_up[remote] = "given up for this run, after losing the connection repeatedly"
            return Outcome("failed", say_failure(error))
        except (AuthenticationFailed, HostKeyChanged, HostKeyUnknown) as error:
            self._given_up[remote] = say_failure(error)
            return Outcome("failed", say_failure(error))
        except (MedialibError, OSError) as error:
            return Outcome("failed", say_failure(error))
        self._losses[remote] = 0
        return outcome

    def _tell_retry(self, action: Action, state: RetryCallState) -> None:
        error = None if state.outcome is None else state.outcome.exception()
        pause = 0.0 if state.next_action is None else state.next_action.sleep
        if isinstance(error, MedialibError):
            self._observer(Noted(f"{action.id}: {say_failure(error)} Trying again in {pause:.1f} s.", level="warning"))

    def _commit(self) -> None:
        """Make files durable, then their rows and outcomes in one transaction, then let go of sources."""
        if not self._waiting:
            return
        for location in self._touched.values():
            location.flush()
        self._touched.clear()
        catalogue, now = self._world.catalogue, self._world.clock.now()
        final: list[tuple[int, Action, Outcome]] = []
        with catalogue.transaction():
            for sequence, action, outcome in self._waiting:
                final.append((sequence, action, record(catalogue, action, outcome, now)))
            catalogue.journal.complete(self._run, [(sequence, outcome) for sequence, _, outcome in final])
        self._waiting.clear()
        for sequence, action, outcome in final:
            self._results[action.id] = outcome.result
            self._lines.append(Performed(sequence, action, outcome))
            self._observer(ActionFinished(action.id, outcome.result, outcome.detail))
            if isinstance(action, Move):
                self._settle(action, outcome)

    def _settle(self, action: Move, outcome: Outcome) -> None:
        """Remove copied sources, once every file of their unit is placed."""
        unit = action.unit
        if outcome.result == "done":
            self._unit_left[unit] -= 1
            if outcome.method == "copy":
                self._copied.setdefault(unit, []).append(action)
        if unit is not None and self._unit_left[unit] > 0:
            return
        for move in self._copied.pop(unit, ()):
            source = self._world.writable(move.source)
            try:
                if isinstance(source, SupportsWriters) and source.being_written(move.source.path):
                    raise ContentChanged("another program has it open for writing")
                source.remove(move.source.path, size=move.size, mtime_ns=move.mtime_ns)
            except (MedialibError, OSError) as error:
                self._observer(Noted(f"kept after copying: {say_failure(error)}", move.source, "warning"))


def _remote_of(action: Action) -> str:
    """Name of the remote that an action talks to; empty if it talks to none."""
    match action:
        case Fetch() | ReleaseFile() | ReleaseMove():
            return action.source.location
        case ReleaseMark() | ReleaseFolder():
            return action.place.location
        case _:
            return ""
