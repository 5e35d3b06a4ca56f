"""What the journal says of a file: where it stood, from when to when, and what was done with it by which runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from medialib.model import Place
from medialib.planning import Fetch, Performed, describe, unstructure
from medialib.ports import Catalogue, Run

__all__ = ["Past", "PastLine", "past_of"]


@attrs.frozen
class PastLine:
    """Something that was done with a file, or was to be done."""

    run: Run
    """The run that did it."""
    performed: Performed
    """What was intended, and what came of it."""

    @property
    def order(self) -> tuple[datetime, str, int]:
        """Lines are in the order in which they were done by this."""
        return self.run.started, self.run.id, self.performed.sequence

    def __str__(self) -> str:
        action, outcome = self.performed.action, self.performed.outcome
        result = "open" if outcome is None else outcome.result
        why = f" ({action.reason})" if action.reason else ""
        came = f": {outcome.detail}" if outcome is not None and outcome.detail else ""
        undone = ", undone since" if self.run.state == "undone" else ""
        return f"{self.run.id} {self.run.verb}: {result}{undone}: {describe(action)}{why}{came}"

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        run = self.run
        told = {"run": run.id, "verb": run.verb, "started": run.started.isoformat(), "state": run.state}
        return {**told, "undoes": run.undoes, **unstructure(self.performed)}


@attrs.frozen
class Past:
    """Everything that the journal says of one file."""

    lines: tuple[PastLine, ...]
    """Oldest first."""
    stood: tuple[tuple[Place, datetime, datetime | None], ...]
    """Where it stood, from when to when (None: it still does), latest first."""
    source: Place | None
    """The remote file that it was fetched from, if it was."""


def past_of(place: Place, catalogue: Catalogue) -> Past:
    """The past of the file at `place`, followed back through its earlier places."""
    runs: dict[str, Run] = {}
    lines: dict[tuple[str, int], PastLine] = {}
    by_place: dict[Place, list[PastLine]] = {}
    waiting, visited = [place], {place}
    while waiting:
        here = waiting.pop()
        for name, performed in catalogue.journal.touching(here):
            if name not in runs:
                run = catalogue.journal.get(name)
                assert run is not None
                runs[name] = run
            line = lines.setdefault((name, performed.sequence), PastLine(runs[name], performed))
            by_place.setdefault(here, []).append(line)
            source, target = getattr(performed.action, "source", None), getattr(performed.action, "target", None)
            if isinstance(source, Place) and target in visited and source not in visited:
                visited.add(source)
                waiting.append(source)
    told = tuple(sorted(lines.values(), key=lambda line: line.order))
    return Past(told, *_way(place, by_place, catalogue))


def _way(
    place: Place, by_place: Mapping[Place, list[PastLine]], catalogue: Catalogue
) -> tuple[tuple[tuple[Place, datetime, datetime | None], ...], Place | None]:
    """Where a file stood, latest first, and the remote file that it was."""
    row = catalogue.inventory.get(place)
    stood: list[tuple[Place, datetime, datetime | None]] = []
    here: Place | None = place
    arrived = _latest(by_place.get(place, ()), "target", place, None)
    left = _latest(by_place.get(place, ()), "source", place, None)
    if row is not None or (arrived is not None and left is not None and left.order < arrived.order):
        left = None
    while here is not None:
        came = _latest(by_place.get(here, ()), "target", here, left)
        since = row.recorded if row is not None and not stood else None
        if came is not None:
            since = since or came.run.finished or came.run.started
        if since is not None:
            stood.append((here, since, None if left is None else left.run.started))
        if came is None:
            break
        source = getattr(came.performed.action, "source", None)
        if isinstance(came.performed.action, Fetch):
            return tuple(stood), came.performed.action.source
        here, left = source if isinstance(source, Place) else None, came
    return tuple(stood), None


def _latest(lines: Iterable[PastLine], end: str, place: Place, before: PastLine | None) -> PastLine | None:
    """The last thing that brought a file to `place` (its target) or away from it (its source), before another."""
    done = [
        line
        for line in lines
        if getattr(line.performed.action, end, None) == place
        and line.performed.outcome is not None
        and line.performed.outcome.result == "done"
        and (before is None or line.order < before.order)
    ]
    return max(done, key=lambda line: line.order, default=None)
