"""What a catalogue in memory keeps, behind its lock: contents that a failed transaction puts back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import attrs

from medialib.errors import CatalogueError
from medialib.model import Episode, Holding, InventoryFile, KnownFile, Movie, Place, Show, Sighting
from medialib.planning import Action, Move, Outcome, Performed
from medialib.ports import Lease, Run

__all__ = ["Contents", "Repository", "State", "own_action", "own_file", "own_holding", "own_line", "own_outcome"]

T = TypeVar("T")


@attrs.define
class Contents:
    """All that is remembered."""

    identity: str = ""
    shows: dict[str, Show] = attrs.field(factory=dict)
    episodes: dict[tuple[str, int, int], Episode] = attrs.field(factory=dict)
    movies: dict[str, Movie] = attrs.field(factory=dict)
    known_files: dict[tuple[str, str], KnownFile] = attrs.field(factory=dict)
    sightings: dict[tuple[str, str], Sighting] = attrs.field(factory=dict)
    inventory: dict[Place, InventoryFile] = attrs.field(factory=dict)
    runs: dict[str, Run] = attrs.field(factory=dict)
    lines: dict[tuple[str, int], Performed] = attrs.field(factory=dict)
    checkpoints: dict[str, str] = attrs.field(factory=dict)
    leases: dict[str, Lease] = attrs.field(factory=dict)

    def copy(self) -> Contents:
        """The same values in dictionaries of their own."""
        copied = Contents(self.identity)
        for name, rows in self.repositories().items():
            getattr(copied, name).update(rows)
        return copied

    def repositories(self) -> dict[str, dict[Any, Any]]:
        """What is kept of each kind, by name."""
        return {name: rows for name, rows in attrs.asdict(self, recurse=False).items() if name != "identity"}


class State:
    """The contents behind a lock that a transaction keeps from its begin to its end."""

    def __init__(self, *, read_only: bool, identity: str = "") -> None:
        self.now = Contents(identity)
        self.read_only = read_only
        self.closed = False
        self._lock = threading.RLock()
        self._inside = False

    @contextmanager
    def reading(self) -> Iterator[Contents]:
        """The contents, which nobody else changes meanwhile."""
        with self._lock:
            if self.closed:
                raise CatalogueError("the catalogue is closed")
            yield self.now

    @contextmanager
    def writing(self) -> Iterator[Contents]:
        """The contents, to be changed by whole steps only."""
        with self.reading() as contents:
            if self.read_only:
                raise CatalogueError("the catalogue was opened read-only, nothing can be written to it")
            yield contents

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one inside another belongs to the outer one."""
        with self.reading() as contents:
            if self._inside:
                yield
                return
            before = contents.copy()
            self._inside = True
            try:
                yield
            except BaseException:
                self.now = before
                raise
            finally:
                self._inside = False


class Repository:
    """A view of the contents."""

    def __init__(self, state: State) -> None:
        self._state = state

    def _select(self, ask: Callable[[Contents], Iterable[T]]) -> Iterator[T]:
        """What `ask` finds now, whatever is written later."""
        with self._state.reading() as contents:
            return iter(list(ask(contents)))


# A holding's details are a mapping that its owner could change: what is kept and given out is a copy.


def own_holding(holding: Holding) -> Holding:
    """A holding with details of its own."""
    return attrs.evolve(holding, details=dict(holding.details))


def own_file(file: InventoryFile) -> InventoryFile:
    """An inventory row with details of its own."""
    return attrs.evolve(file, holding=own_holding(file.holding))


def own_action(action: Action) -> Action:
    """An action with details of its own."""
    if isinstance(action, Move) and action.holding is not None:
        return attrs.evolve(action, holding=own_holding(action.holding))
    return action


def own_outcome(outcome: Outcome) -> Outcome:
    """An outcome with details of its own."""
    if outcome.previous_holding is not None:
        return attrs.evolve(outcome, previous_holding=own_holding(outcome.previous_holding))
    return outcome


def own_line(line: Performed) -> Performed:
    """A line with details of its own."""
    outcome = None if line.outcome is None else own_outcome(line.outcome)
    return attrs.evolve(line, action=own_action(line.action), outcome=outcome)
