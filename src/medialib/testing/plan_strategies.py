"""Hypothesis strategies for whole plans of every action, consistent as `medialib.planning.check_plan` wants them.

Texts are as hostile as those of `medialib.testing.strategies`, but for one thing: a high surrogate never stands right
before a low one, since JSON (RFC 8259, section 8.2) cannot tell such a pair from the character that it encodes. File
names never have one: surrogateescape (PEP 383) makes low surrogates only.
"""

from __future__ import annotations

from typing import Any, get_args

import attrs
from hypothesis import strategies as st

from medialib.model import Place
from medialib.planning import (
    Action,
    Outcome,
    Plan,
    ReleaseFile,
    ReleaseMark,
    ReleaseMove,
    Remark,
    RemarkKind,
    WriteText,
)
from medialib.testing.strategies import actions, instants, outcomes, places, texts

__all__ = ["consistent_actions", "json_actions", "json_outcomes", "plans", "remarks", "without_pairs"]


def without_pairs(value: Any) -> Any:
    """A value with every pair of surrogates, at any depth, made the character that it encodes.

    >>> without_pairs(Place("tv", chr(0xD83D) + chr(0xDE00))).path == chr(0x1F600)
    True
    """
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    if isinstance(value, tuple):
        return tuple(without_pairs(item) for item in value)
    if isinstance(value, dict):
        return {without_pairs(key): without_pairs(item) for key, item in value.items()}
    if attrs.has(type(value)):
        return type(value)(
            **{field.name: without_pairs(getattr(value, field.name)) for field in attrs.fields(type(value))}
        )
    return value


def json_actions() -> st.SearchStrategy[Action]:
    """Actions of every kind, each alone, that JSON can hold."""
    return actions().map(without_pairs)


def json_outcomes() -> st.SearchStrategy[Outcome]:
    """Outcomes of every kind that JSON can hold."""
    return outcomes().map(without_pairs)


def remarks() -> st.SearchStrategy[Remark]:
    """Remarks of every kind; their places may be as hostile as a remote can make them."""
    return st.builds(
        Remark,
        kind=st.sampled_from(get_args(RemarkKind)),
        place=places(),
        reason=texts(),
    )


@st.composite
def consistent_actions(draw: st.DrawFn, max_size: int = 5) -> tuple[Action, ...]:
    """Actions that may stand in one plan: ids used once, ``after`` naming earlier ones, safe paths, no collisions."""
    locations = st.sampled_from(("incoming", "tv", "seedbox"))
    made: list[Action] = []
    for number, action in enumerate(draw(st.lists(json_actions(), max_size=max_size)), start=1):
        names = [earlier.id for earlier in made]
        after = tuple(draw(st.lists(st.sampled_from(names), max_size=2, unique=True))) if names else ()
        changes: dict[str, Any] = {"id": f"{draw(st.sampled_from('fmk'))}{number}", "after": after}
        for field in ("source", "place", "duplicate_of"):
            if hasattr(action, field):
                changes[field] = Place(draw(locations), f"Folder/{draw(st.integers(0, 3))} é.mkv")
        if hasattr(action, "target"):
            changes["target"] = Place(draw(locations), f"Show/Season 01/{number}.mkv")
        if isinstance(action, WriteText):
            changes["place"] = Place(draw(locations), f"Show/{number}.nfo")
        if isinstance(action, ReleaseFile | ReleaseMove) and action.copy is not None:
            changes["copy"] = attrs.evolve(action.copy, place=Place("tv", f"Copies/{number}.mkv"))
        if isinstance(action, ReleaseMark):
            changes["place"] = Place(draw(locations), f"Folder/.{number}.mark")
            changes["files"] = tuple(attrs.evolve(file, path=f"Folder/{number}.mkv") for file in action.files)
            changes["copies"] = tuple(
                attrs.evolve(copy, place=Place("tv", f"Copies/{number}.mkv")) for copy in action.copies
            )
        made.append(attrs.evolve(action, **changes))
    return tuple(made)


def plans() -> st.SearchStrategy[Plan]:
    """Plans that `medialib.planning.check_plan` accepts, of every action and every remark."""
    return st.builds(
        Plan,
        kind=texts(),
        created=instants(),
        catalogue=texts(),
        configuration=texts(),
        actions=consistent_actions(),
        remarks=st.lists(remarks(), max_size=2).map(tuple),
        provisional=st.booleans(),
        undoes=st.none() | texts(),
    ).map(without_pairs)
