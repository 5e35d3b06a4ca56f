"""Taking over a library that stands already, through what is configured. See `medialib.workflows.bootstrap`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Literal, TypeAlias, assert_never

import attrs

from medialib.completeness import same_time
from medialib.errors import Cancelled, ConfigurationError, Drifted, UsageError
from medialib.events import Observer, nobody
from medialib.library.record import Library
from medialib.model import ExternalIds
from medialib.planning import Action, ChangeShow, Performed, Plan, RecordInventory, Remark
from medialib.ports import CancelToken, MetadataProvider
from medialib.workflows.apply import Report, Session
from medialib.workflows.bootstrap import (
    Asking,
    InventoryRules,
    Piece,
    joined,
    plan_bootstrap_episodes,
    plan_bootstrap_inventory,
    plan_bootstrap_movies,
    plan_bootstrap_shows,
)
from medialib.workflows.lookup import Ask, TitleLookup

__all__ = ["LibraryPart", "TakenOver", "TakingOver", "bootstrap", "preview_bootstrap"]

LibraryPart: TypeAlias = Literal["shows", "episodes", "movies", "inventory"]
"""What of a library is taken over."""


@attrs.frozen(kw_only=True)
class TakingOver:
    """How a part of a library is taken over."""

    by_name: bool = False
    """Whether shows and films are entered by the names of their folders, and nobody is asked."""
    everything: bool = False
    """Whether files enter the inventory of which nobody can tell what they hold."""
    hashes: bool = False
    """Whether every file is read for its SHA-256."""
    executor: Executor | None = None
    """Who reads files; None: a few threads."""
    ask: Ask | None = None
    """How a person is asked which title is meant; None: nobody is."""


@attrs.frozen(kw_only=True)
class TakenOver:
    """What came of taking over a part of a library, or what would come of it."""

    entered: int
    """Shows, films or files that the catalogue has now, or shows that gained episodes."""
    changed: int
    """Those that it has otherwise now."""
    known: int
    """Those that it had already, as they are."""
    remarks: tuple[Remark, ...]
    """What was left alone, and why."""
    run: str | None = None
    """Identifier of the run in the journal; None if nothing was done."""
    failures: tuple[Performed, ...] = ()
    """What should have been entered or changed, and was not."""
    cancelled: bool = False
    """Whether the caller asked to stop before the end; the next time goes on there."""
    plan: Plan | None = None
    """What would be done, where it was not."""

    @property
    def left(self) -> int:
        """How many remarks need a person's attention."""
        return sum(remark.needs_attention for remark in self.remarks)

    @property
    def state(self) -> Literal["done", "partial", "failed", "interrupted"]:
        """As `medialib.library.Work.state`."""
        if self.cancelled:
            return "interrupted"
        if self.failures:
            return "partial" if self.entered or self.changed else "failed"
        return "partial" if self.left else "done"


def preview_bootstrap(
    library: Library,
    part: LibraryPart,
    how: TakingOver | None = None,
    *,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> TakenOver:
    """What `bootstrap` would do, as one plan; nothing changes. Raises as `bootstrap` does."""
    whole = joined(_pieces(library, part, how or TakingOver(), observer, cancelled))
    counts = Counter(_sort(action) for action in whole.plan.actions)
    return TakenOver(
        entered=counts["entered"],
        changed=counts["changed"],
        known=whole.known,
        remarks=whole.plan.remarks,
        plan=whole.plan,
    )


def bootstrap(
    library: Library,
    part: LibraryPart,
    how: TakingOver | None = None,
    *,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
    wait: float | None = None,
) -> TakenOver:
    """Take over a part of the library, in one run, with nobody else writing in between.

    It is done piece by piece: what was done when it ends early stays, and the next time goes on there. Memory grows
    with what is left alone, not with what is entered.

    Raises UsageError where nobody can be asked or no folder is configured, OutOfReach for a root that cannot be listed
    or is suddenly empty, and what `Session.apply` does.
    """
    pieces = _pieces(library, part, how or TakingOver(), observer, cancelled)
    counts: Counter[str] = Counter()
    remarks: list[Remark] = []
    failures: list[Performed] = []
    known, stopped = 0, False
    with library.writing(f"bootstrap {part}", observer=observer, cancelled=cancelled, wait=wait) as session:
        try:
            for piece in pieces:
                report = _applied(piece.plan, session, library, remarks)
                known += piece.known
                remarks += piece.plan.remarks
                for line in report.lines:
                    if line.outcome is not None and line.outcome.result == "done":
                        counts[_sort(line.action)] += 1
                    else:
                        failures.append(line)
                if report.cancelled:
                    stopped = True
                    break
        except Cancelled:
            stopped = True
        run = session.run
    return TakenOver(
        entered=counts["entered"],
        changed=counts["changed"],
        known=known,
        remarks=tuple(remarks),
        run=run,
        failures=() if stopped else tuple(failures),
        cancelled=stopped,
    )


def _sort(action: Action) -> Literal["entered", "changed"]:
    match action:
        case ChangeShow():
            return "changed"
        case RecordInventory(previous=previous):
            return "entered" if previous is None else "changed"
        case _:
            return "entered"


def _applied(plan: Plan, session: Session, library: Library, remarks: list[Remark]) -> Report:
    """Carry out a piece; a file that has changed since it was looked at does not hold up the others."""
    try:
        return session.apply(plan)
    except Drifted:
        fitting = tuple(action for action in plan.actions if _stands(action, library))
        reason = "it has changed since it was looked at"
        remarks += (
            Remark("still arriving", action.place, reason)
            for action in plan.actions
            if isinstance(action, RecordInventory) and action not in fitting
        )
        return session.apply(attrs.evolve(plan, actions=fitting))


def _stands(action: Action, library: Library) -> bool:
    if not isinstance(action, RecordInventory) or action.record is None:
        return True
    location, record = library.roots[action.place.location], action.record
    entry = location.entry(action.place.path)
    if entry is None or entry.size != record.size:
        return False
    return same_time(entry.mtime_ns, record.mtime_ns, location.traits.mtime_granularity_ns)


# --------------------------------------------------------------------------------------------------------------- wiring


def _pieces(
    library: Library, part: LibraryPart, how: TakingOver, observer: Observer, cancelled: CancelToken | None
) -> Iterator[Piece]:
    rules = library.route_rules
    policy, digest = rules.policy, library.settings.digest
    lookups = _Lookups(library, how.ask)
    match part:
        case "shows":
            _demand(policy.tv or policy.anime, "tv")
            return plan_bootstrap_shows(
                library.roots,
                library.catalogue,
                policy,
                library.clock,
                asking=None if how.by_name else lookups.asking(),
                configuration=digest,
                observer=observer,
                cancelled=cancelled,
            )
        case "episodes":
            return plan_bootstrap_episodes(
                library.catalogue,
                policy,
                library.clock,
                asking=lookups.asking(),
                configuration=digest,
                observer=observer,
                cancelled=cancelled,
            )
        case "movies":
            _demand(policy.movies, "movies")
            return plan_bootstrap_movies(
                library.roots,
                library.catalogue,
                policy,
                library.clock,
                asking=None if how.by_name else lookups.asking(),
                paths=rules.paths,
                configuration=digest,
                observer=observer,
                cancelled=cancelled,
            )
        case "inventory":
            _demand(next(iter(library.roots), None), "tv, library.anime or library.movies")
            return plan_bootstrap_inventory(
                library.roots,
                library.catalogue,
                policy,
                InventoryRules(how.everything, how.hashes, rules.companions, rules.paths, rules.temporary_names),
                library.clock,
                executor=how.executor,
                configuration=digest,
                observer=observer,
                cancelled=cancelled,
            )
        case _:
            assert_never(part)


def _demand(root: str | None, key: str) -> None:
    if root is None:
        raise UsageError("no folder of the library is configured that this is about", remedy=f"Set library.{key}.")


class _Lookups:
    """One `TitleLookup` for each provider, so that no question is asked twice and a provider that is down is left."""

    def __init__(self, library: Library, ask: Ask | None) -> None:
        self._providers = library.providers
        self._ask = ask
        self._made: dict[str, TitleLookup] = {}

    def asking(self) -> Asking:
        """Who is asked; raises UsageError if that is nobody."""
        preferred = self._providers.preferred
        if preferred is None:
            raise UsageError(
                "there is nobody to ask about titles",
                remedy="Set metadata.provider; shows and films can be entered with --by-name, too.",
            )
        return Asking(self._of(preferred), self.by_ids)

    def by_ids(self, ids: ExternalIds) -> TitleLookup | None:
        """Who can go by one of these numbers."""
        try:
            return self._of(self._providers.for_ids(ids))
        except (UsageError, ConfigurationError):
            return None

    def _of(self, provider: MetadataProvider) -> TitleLookup:
        if provider.name not in self._made:
            self._made[provider.name] = TitleLookup(provider, ask=self._ask)
        return self._made[provider.name]
