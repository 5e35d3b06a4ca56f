"""One action, as often as it is worth trying; and remotes that are left alone once they keep failing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from medialib.errors import (
    AuthenticationFailed,
    Cancelled,
    ConnectionLost,
    HostKeyChanged,
    HostKeyUnknown,
    MedialibError,
    TransientError,
)
from medialib.events import Noted, Observer
from medialib.planning import (
    Action,
    Discard,
    Fetch,
    MakeFolder,
    Move,
    Outcome,
    Purge,
    ReleaseFile,
    ReleaseFolder,
    ReleaseMark,
    ReleaseMove,
    RemoveFolder,
    WriteText,
)
from medialib.ports import Clock
from medialib.workflows.apply.world import say_failure

__all__ = ["Attempts"]

_TRIES = 3
"""So often an action is tried that fails for a passing reason."""
_PATIENCE = 2
"""So many actions in a row lost to a connection, and a remote is left alone for the rest of the plan."""
_Result = TypeVar("_Result")


class Attempts:
    """Tries actions, and remembers which remotes failed. Threads may share it."""

    def __init__(self, clock: Clock) -> None:
        self._lock = threading.Lock()
        self._losses: Counter[str] = Counter()
        self._given_up: dict[str, str] = {}
        # What arrived stays in its part, so another try resumes there.
        self._again = Retrying(
            stop=stop_after_attempt(_TRIES),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            retry=retry_if_exception_type(TransientError),
            sleep=clock.sleep,
            before_sleep=_tell_retry,
            reraise=True,
        )

    def refusal(self, action: Action) -> str | None:
        """Why an action is not worth beginning; None if it is."""
        remote = _remote_of(action)
        return f"{remote}: {self._given_up[remote]}" if remote in self._given_up else None

    def of(self, action: Action, work: Callable[[], _Result], observer: Observer) -> _Result | Outcome:
        """What `work` returns, tried again after failures that pass; the outcome of having failed otherwise."""
        try:
            result: _Result = self._again(_do, action, work, observer)
        except (MedialibError, OSError) as error:
            return self.failed(action, error)
        with self._lock:
            self._losses[_remote_of(action)] = 0
        return result

    def failed(self, action: Action, error: MedialibError | OSError) -> Outcome:
        """The outcome of an action that ended with `error`."""
        if isinstance(error, Cancelled):
            return Outcome("skipped", "stopped by request; what arrived is kept for the next run")
        remote = _remote_of(action)
        with self._lock:
            if isinstance(error, ConnectionLost):
                self._losses[remote] += 1
                if self._losses[remote] >= _PATIENCE:
                    # the message says who was lost, which may be where files are carried to
                    self._given_up[remote] = f"left alone for the rest of this run: {say_failure(error)}"
            elif isinstance(error, (AuthenticationFailed, HostKeyChanged, HostKeyUnknown)):
                self._given_up[remote] = say_failure(error)
        return Outcome("failed", say_failure(error))


def _do(action: Action, work: Callable[[], _Result], observer: Observer) -> _Result:
    return work()


def _tell_retry(state: RetryCallState) -> None:
    action, _, observer = state.args
    error = None if state.outcome is None else state.outcome.exception()
    pause = 0.0 if state.next_action is None else state.next_action.sleep
    if isinstance(error, MedialibError):
        observer(Noted(f"{action.id}: {say_failure(error)} Trying again in {pause:.1f} s.", level="warning"))


def _remote_of(action: Action) -> str:
    """Name of the location whose connection an action may lose: for a fetch the remote; empty for the catalogue."""
    match action:
        case Fetch() | ReleaseFile() | ReleaseMove():
            return action.source.location
        case Move() | Discard():
            return action.target.location
        case ReleaseMark() | ReleaseFolder() | MakeFolder() | RemoveFolder() | Purge() | WriteText():
            return action.place.location
        case _:
            return ""
