"""A line of the journal as data: what a store keeps of an action and its outcome, and which places it is found by."""

from __future__ import annotations

from typing import Any, cast

from medialib.errors import CatalogueCorrupt, InvalidPlan
from medialib.model import Place
from medialib.planning import Action, Outcome, Performed, structure, unstructure

__all__ = ["action_data", "outcome_data", "places_named", "read_line"]


def places_named(action: Action) -> tuple[Place, ...]:
    """The places an action names as source, target or place, each once.

    >>> from medialib.planning import Move
    >>> [str(place) for place in places_named(Move("m1", Place("incoming", "a"), Place("tv", "b"), size=1, mtime_ns=0))]
    ['incoming:a', 'tv:b']
    """
    named = (getattr(action, field, None) for field in ("source", "target", "place"))
    return tuple(dict.fromkeys(place for place in named if isinstance(place, Place)))


def action_data(action: Action) -> Any:
    """An action as plain JSON data.

    >>> from medialib.planning import MakeFolder
    >>> action_data(MakeFolder("k1", Place("tv", "Show")))
    {'action': 'make folder', 'id': 'k1', 'place': {'location': 'tv', 'path': 'Show'}}
    """
    return unstructure(action, Action)


def outcome_data(outcome: Outcome) -> Any:
    """An outcome as plain JSON data.

    >>> outcome_data(Outcome("done", method="rename"))
    {'result': 'done', 'method': 'rename'}
    """
    return unstructure(outcome)


def read_line(run: str, sequence: int, action: Any, outcome: Any) -> Performed:
    """The line that was kept as data; an outcome of None is one that never came.

    Raises CatalogueCorrupt, naming the line, for what this medialib cannot read.

    >>> data = {"action": "make folder", "id": "k1", "place": {"location": "tv", "path": "Show"}}
    >>> str(read_line("r1", 1, data, None).action.place)
    'tv:Show'
    """
    try:
        return Performed(
            sequence,
            structure(action, cast("type[Action]", Action)),
            None if outcome is None else structure(outcome, Outcome),
        )
    except InvalidPlan as error:
        raise CatalogueCorrupt(
            f"line {sequence} of run {run} in the journal cannot be read: {error}",
            remedy="Use the medialib version that wrote it, or restore a backup of the catalogue.",
        ) from error
