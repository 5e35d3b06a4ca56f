"""The plan: ordered actions, and remarks on what was looked at and left alone."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape
from typing import Literal, TypeAlias

import attrs

from medialib.errors import InvalidPlan
from medialib.model import Place
from medialib.naming import collision_key, unsafe_reason
from medialib.planning.actions import Action
from medialib.planning.effects import Absent, Precondition, bytes_carried, describe, effects, preconditions

__all__ = ["PLAN_FORMAT", "Plan", "Remark", "RemarkKind", "check_plan", "initial_preconditions"]

PLAN_FORMAT = "medialib.plan/1"
"""What a saved plan calls its format."""

RemarkKind: TypeAlias = Literal[
    "still arriving",
    "excluded",
    "unchanged",
    "duplicate",
    "partial",
    "known",
    "disputed",
    "unreleased",
    "proposed",
    "refused",
    "conflict",
    "collision",
    "unrouted",
    "unidentified",
    "out of reach",
    "corrupt",
    "irreversible",
]
"""Why something was left alone. The last nine need a person's attention."""

_ATTENTION: frozenset[RemarkKind] = frozenset(
    {
        "proposed",
        "refused",
        "conflict",
        "collision",
        "unrouted",
        "unidentified",
        "out of reach",
        "corrupt",
        "irreversible",
    }
)


@attrs.frozen
class Remark:
    """Something that a plan looked at and left alone, and why.

    >>> Remark("still arriving", Place("seedbox", "a.mkv"), "changed 10 s ago").needs_attention
    False
    """

    kind: RemarkKind
    """Which sort of leaving alone."""
    place: Place
    """What was left."""
    reason: str
    """Why, for a reader."""

    @property
    def needs_attention(self) -> bool:
        """Whether something that was asked for will not happen unless somebody acts."""
        return self.kind in _ATTENTION


@attrs.frozen
class Plan:
    """What is to be done, in order, for which catalogue and configuration.

    A plan does nothing. `medialib.workflows.apply` carries it out.
    """

    kind: str
    """The verb that made it: ``download``, ``route``, ``undo`` …"""
    created: datetime
    """When it was made, UTC."""
    catalogue: str
    """Identity of the catalogue that it was made with."""
    configuration: str
    """Digest of the settings that it was made with, lower-case hex."""
    actions: tuple[Action, ...] = ()
    """What to do, in order."""
    remarks: tuple[Remark, ...] = ()
    """What was left alone, and why."""
    provisional: bool = False
    """Whether it rests on files that are not there yet; such a plan can be read, not applied."""
    undoes: str | None = None
    """The run that it takes back, for an ``undo`` plan."""

    def __len__(self) -> int:
        return len(self.actions)

    def __bool__(self) -> bool:
        return bool(self.actions)

    @property
    def needs_attention(self) -> tuple[Remark, ...]:
        """The remarks that a person must act on."""
        return tuple(remark for remark in self.remarks if remark.needs_attention)

    @property
    def bytes(self) -> int:
        """Bytes that its fetches carry."""
        return sum(bytes_carried(action) for action in self.actions)

    def only(self, *ids: str) -> Plan:
        """The plan cut down to the named actions and all that they come after.

        Raises KeyError for an id that the plan does not have.
        """
        by_id = {action.id: action for action in self.actions}
        wanted: set[str] = set()
        waiting = list(ids)
        while waiting:
            name = waiting.pop()
            if name not in by_id:
                raise KeyError(f"the plan has no action {name!r}")
            if name not in wanted:
                wanted.add(name)
                waiting.extend(by_id[name].after)
        return attrs.evolve(self, actions=tuple(action for action in self.actions if action.id in wanted))

    def without(self, *ids: str) -> Plan:
        """The plan without the named actions and all that come after them.

        Raises KeyError for an id that the plan does not have.
        """
        unknown = set(ids) - {action.id for action in self.actions}
        if unknown:
            raise KeyError(f"the plan has no action {min(unknown)!r}")
        dropped = set(ids)
        kept = []
        for action in self.actions:
            if action.id in dropped or dropped.intersection(action.after):
                dropped.add(action.id)
            else:
                kept.append(action)
        return attrs.evolve(self, actions=tuple(kept))

    def lines(self) -> tuple[str, ...]:
        """One line an action, then one line a remark, each with its reason."""
        width = max((len(action.id) for action in self.actions), default=0)
        done = [
            f"{action.id:<{width}}  {describe(action)}" + (f"  ({action.reason})" if action.reason else "")
            for action in self.actions
        ]
        left = [f"{remark.kind}: {remark.place}  ({remark.reason})" for remark in self.remarks]
        return (*done, *left)

    def __rich__(self) -> str:
        """Rich console markup."""
        # rich reads a run of backslashes before a bracket as escapes, so it is doubled
        return "\n".join(re.sub(r"(\\*)\[", r"\1\1\\[", line) for line in self.lines()) or "nothing to do"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(action.id)}</td><td>{escape(describe(action))}</td><td>{escape(action.reason)}</td></tr>"
            for action in self.actions
        )
        left = "".join(
            f"<tr><td>{escape(remark.kind)}</td><td>{escape(str(remark.place))}</td>"
            f"<td>{escape(remark.reason)}</td></tr>"
            for remark in self.remarks
        )
        return f"<table><thead><tr><th></th><th>{escape(self.kind)}</th><th>why</th></tr></thead>{rows}{left}</table>"


def check_plan(plan: Plan) -> None:
    """Refuse a plan that contradicts itself.

    Raises InvalidPlan, naming every fault: an id used twice, an ``after`` that names nothing before it, a path that
    leaves its root, two files for one name (names are compared by NFC and case folding).

    >>> from datetime import UTC
    >>> from medialib.planning.actions import MakeFolder
    >>> away = MakeFolder("k1", Place("tv", "../elsewhere"))
    >>> check_plan(Plan("test", datetime(2024, 1, 1, tzinfo=UTC), "c", "d", (away,)))
    Traceback (most recent call last):
    medialib.errors.InvalidPlan: the plan contradicts itself. Make it again.
      k1: tv:../elsewhere: it climbs out of its folder ('..')
    """
    problems: list[str] = []
    seen: set[str] = set()
    standing: dict[tuple[str, str], Place] = {}
    for action in plan.actions:
        if action.id in seen:
            problems.append(f"{action.id}: the id is used twice")
        problems.extend(
            f"{action.id}: comes after {name!r}, which is no action before it"
            for name in action.after
            if name not in seen
        )
        seen.add(action.id)
        appear, vanish = effects(action)
        places = {*appear, *vanish, *(condition.place for condition in preconditions(action))}
        for place in sorted(places):
            reason = unsafe_reason(place.path)
            if reason is not None:
                problems.append(f"{action.id}: {place!s}: {reason}")
        for place in vanish:
            standing.pop(_key(place), None)
        if any(isinstance(condition, Absent) for condition in preconditions(action)):
            for place in appear:
                if _key(place) in standing:
                    problems.append(f"{action.id}: {place} collides with {standing[_key(place)]}")
                standing.setdefault(_key(place), place)
    if problems:
        raise InvalidPlan("the plan contradicts itself", problems, remedy="Make it again.")


def initial_preconditions(plan: Plan) -> tuple[Precondition, ...]:
    """The preconditions that must hold before the first action: those on places that no earlier action touches.

    >>> from medialib.planning.actions import Fetch, Move
    >>> from datetime import UTC, datetime
    >>> fetch = Fetch("f1", Place("seedbox", "a"), Place("incoming", "a"), size=1, mtime_ns=0)
    >>> move = Move("m1", Place("incoming", "a"), Place("tv", "a"), size=1, mtime_ns=0, after=("f1",))
    >>> plan = Plan("sync", datetime(2024, 1, 1, tzinfo=UTC), "c", "d", (fetch, move))
    >>> [str(condition.place) for condition in initial_preconditions(plan)]
    ['seedbox:a', 'incoming:a', 'tv:a']
    """
    touched: set[tuple[str, str]] = set()
    found: list[Precondition] = []
    for action in plan.actions:
        found.extend(condition for condition in preconditions(action) if _key(condition.place) not in touched)
        appear, vanish = effects(action)
        touched.update(_key(place) for place in (*appear, *vanish))
    return tuple(found)


def _key(place: Place) -> tuple[str, str]:
    return (place.location, collision_key(place.path))
