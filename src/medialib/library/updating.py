"""What providers say of shows now, one show after the other: none stops the others, and a second run goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from medialib.errors import AuthenticationFailed, Cancelled, MedialibError, TransientError, UsageError
from medialib.events import Noted, Observer, RecordsRead, nobody
from medialib.library.record import Library
from medialib.library.work import Work
from medialib.matching import TitleIndex, known_title
from medialib.metadata import number_among
from medialib.model import ExternalIds, Place, Show
from medialib.planning import Plan, Remark
from medialib.ports import CancelToken, MetadataProvider, SupportsChanges, offers
from medialib.routing import Unrouted, home_of
from medialib.workflows.apply import Report
from medialib.workflows.lookup import TitleLookup
from medialib.workflows.shows import named_show
from medialib.workflows.update import UPDATE, Following, ShowUpdate, plan_update_show

__all__ = ["UpdateRules", "apply_updates", "plan_updates", "saved_updates"]

_PATIENCE = 3
"""After so many failures in a row a provider is left alone for the rest of a run."""
_BEGUN = UPDATE
"""Checkpoint: when an update of every show began that has not come to its end."""
_GIVEN_UP = timedelta(days=7)
"""An update of every show that was broken off so long ago is begun anew."""


@attrs.frozen(kw_only=True)
class UpdateRules:
    """Which shows are updated, and how far."""

    shows: tuple[str, ...] = ()
    """Titles, aliases or keys; empty: every show."""
    follow: frozenset[Following] = frozenset()
    """What is followed though it is pinned."""
    episodes_only: bool = False
    """Whether the records of the shows themselves are left alone."""


def plan_updates(
    library: Library, rules: UpdateRules, *, observer: Observer = nobody, cancelled: CancelToken | None = None
) -> tuple[Plan, Plan]:
    """What an update would do, and what it would leave as a proposal; nothing is written, and no show is skipped.

    Raises NotIdentified for a name that is no show or several, and what asking about a single named show raises.
    """
    updating = _Updating(library, rules, observer)
    for show in updating.due(every=True):
        if cancelled is not None and cancelled.is_set():
            raise Cancelled("stopped while asking about shows")
        updating.plan(show)
    empty = updating.empty
    plans = [update.plan for update in updating.planned]
    proposed = [update.proposed for update in updating.planned]
    return _joined(empty, plans, updating.remarks), _joined(attrs.evolve(empty, kind=f"{UPDATE}, proposed"), proposed)


def apply_updates(
    library: Library, rules: UpdateRules, *, observer: Observer = nobody, cancelled: CancelToken | None = None
) -> Work:
    """Ask about shows and take over what is new, show by show, in one run.

    Of every show, those are skipped that their provider says have not changed since they were last asked about, and
    those that an update has dealt with that was broken off. What fails is a remark, and the others go on; raises as
    `plan_updates` does.
    """
    reports: list[Report] = []
    with library.writing(UPDATE, observer=observer, cancelled=cancelled) as session:
        updating = _Updating(library, rules, observer, listening=not rules.shows)
        for show in updating.due(every=bool(rules.shows)):
            if cancelled is not None and cancelled.is_set():
                reports.append(Report(session.run, cancelled=True))
                break
            update = updating.plan(show)
            if update is None:
                continue
            report = session.apply(update.plan)
            reports.append(report)
            if report.whole:
                updating.settle(show)
        else:
            updating.end()
    joined = _joined(updating.empty, [update.plan for update in updating.planned], updating.remarks)
    lines = tuple(line for report in reports for line in report.lines)
    run = next((report.run for report in reports if report.run is not None), None)
    return Work((joined,), (Report(run, lines, any(report.cancelled for report in reports)),))


def saved_updates(library: Library, rules: UpdateRules, *, observer: Observer = nobody) -> Plan:
    """One plan of everything that an update would do, proposals included, to be saved."""
    updating = _Updating(library, rules, observer)
    for show in updating.due(every=True):
        updating.plan(show)
    return _joined(updating.empty, [update.whole for update in updating.planned], updating.remarks)


class _Updating:
    """One run over shows."""

    def __init__(self, library: Library, rules: UpdateRules, observer: Observer, *, listening: bool = False) -> None:
        self._library = library
        self._rules = rules
        self._observer = observer
        self._listening = listening
        self._now = library.clock.now()
        self._known = {show.key: show for show in library.catalogue.shows.all()}
        self._named = [named_show(text, self._known) for text in rules.shows]
        self._single = len(self._named) == 1
        self._index = TitleIndex(map(known_title, self._known.values()))
        self._failures: dict[str, int] = {}
        self._changes: dict[str, Mapping[int, datetime]] = {}
        self._asked = 0
        self.empty = Plan(UPDATE, self._now, library.catalogue.identity, library.settings.digest)
        self.planned: list[ShowUpdate] = []
        self.remarks: list[Remark] = []

    # ------------------------------------------------------------------------------------------------- which are due

    def due(self, *, every: bool) -> Iterable[Show]:
        """The shows to be asked about, in turn; with `every`, also those that need not be."""
        if self._rules.shows:
            yield from dict.fromkeys(self._named)
            return
        since = None if every else self._begun()
        skipped = 0
        for show in self._known.values():
            if not every and self._settled(show, since):
                skipped += 1
            else:
                yield show
        if skipped:
            self._observer(Noted(f"{skipped} shows have not changed since they were last asked about"))

    def _begun(self) -> datetime:
        """When the update began that this one goes on with, or that this one is."""
        checkpoints = self._library.catalogue.checkpoints
        text = checkpoints.get(_BEGUN)
        begun = None if text is None else datetime.fromisoformat(text)
        if begun is None or not timedelta(0) <= self._now - begun < _GIVEN_UP:
            checkpoints.put(_BEGUN, self._now.isoformat())
            return self._now
        self._observer(Noted(f"going on with the update of {begun:%Y-%m-%d %H:%M}Z"))
        return begun

    def _settled(self, show: Show, since: datetime | None) -> bool:
        """Whether a show need not be asked about: in this update it was already, or its provider says so."""
        text = self._library.catalogue.checkpoints.get(_mark(show))
        if text is None:
            return False
        told = json.loads(text)
        asked = datetime.fromisoformat(told["asked"])
        if since is not None and asked >= since and since != self._now:
            return True
        try:
            provider = self._provider(show)
        except MedialibError:
            return False
        if provider is None or show.said_by("episodes") not in (told["provider"], show.source):
            return False
        if provider.name != told["provider"] or not offers(provider, SupportsChanges):
            return False
        changes = self._changed(provider)
        number = number_among(show.ids, provider.name)
        return number is not None and number in changes and changes[number].isoformat() == told["changed"]

    def _changed(self, provider: MetadataProvider) -> Mapping[int, datetime]:
        if provider.name not in self._changes:
            self._changes[provider.name] = {}
            if offers(provider, SupportsChanges):
                try:
                    self._changes[provider.name] = provider.changed_shows()
                except Cancelled:
                    raise
                except MedialibError as error:
                    self._observer(Noted(f"what has changed at {provider.name} is not known: {error}", level="warning"))
        return self._changes[provider.name]

    def settle(self, show: Show) -> None:
        """Remember that a show was asked about."""
        provider = self._provider(show)
        if provider is None or self._rules.episodes_only:
            return
        changed = self._changed(provider).get(number_among(show.ids, provider.name) or 0) if self._listening else None
        told = {
            "provider": provider.name,
            "asked": self._now.isoformat(),
            "changed": None if changed is None else changed.isoformat(),
        }
        self._library.catalogue.checkpoints.put(_mark(show), json.dumps(told))

    def end(self) -> None:
        """Remember that every show was dealt with."""
        if not self._rules.shows:
            self._library.catalogue.checkpoints.remove(_BEGUN)

    # ------------------------------------------------------------------------------------------------------- planning

    def plan(self, show: Show) -> ShowUpdate | None:
        """What is new of a show; None, with a remark, if it cannot be asked about."""
        self._asked += 1
        self._observer(RecordsRead("asking about shows", self._asked))
        try:
            update = self._planned(show)
        except Cancelled:
            raise
        except MedialibError as error:
            if self._single:
                raise
            self._remark(show, str(error))
            return None
        if update is not None:
            self.planned.append(update)
        return update

    def _planned(self, show: Show) -> ShowUpdate | None:
        provider = self._provider(show)
        if provider is None:
            if self._single:
                raise UsageError(
                    f"{show.title!r} was entered by its name, so there is nobody to ask about it",
                    remedy=f"Say which show it is: medialib shows fix {show.key}.",
                )
            if self._rules.shows:
                self._remark(show, f"{show.title!r} goes by no provider's number: medialib shows fix {show.key}")
            return None
        if self._failures.get(provider.name, 0) >= _PATIENCE:
            self._remark(show, f"{show.title!r} was not asked about, since {provider.name} failed before")
            return None
        # before a show is asked about: what changes after this is seen the next time
        changes = self._changed(provider) if self._listening else {}
        library = self._library
        many = len(self._known) > 1 and not self._single
        try:
            update = plan_update_show(
                show,
                TitleLookup(provider),
                library.catalogue,
                library.roots,
                library.route_rules.policy,
                library.clock,
                follow=self._rules.follow,
                episodes_only=self._rules.episodes_only,
                fresh=number_among(show.ids, provider.name) in changes,
                prefix=f"{self._asked}." if many else "",
                index=self._index,
                teller=self._teller(show, provider),
                configuration=library.settings.digest,
            )
        except AuthenticationFailed:
            self._failures[provider.name] = _PATIENCE
            raise
        except TransientError:
            self._failures[provider.name] = self._failures.get(provider.name, 0) + 1
            raise
        self._failures[provider.name] = 0
        return update

    def _teller(self, show: Show, provider: MetadataProvider) -> TitleLookup | None:
        """Who said a show's episodes, where that is another than who said the show."""
        name = show.said_by("episodes")
        if name in (provider.name, show.source) or number_among(show.ids, name) is None:
            return None
        return TitleLookup(self._library.providers.named(name))

    def _provider(self, show: Show) -> MetadataProvider | None:
        """Who is asked about a show: its source, else whoever goes by its ids; None for one without any."""
        if show.ids == ExternalIds():
            return None
        if number_among(show.ids, show.source) is not None:
            return self._library.providers.named(show.source)
        return self._library.providers.for_ids(show.ids)

    def _remark(self, show: Show, reason: str) -> None:
        home = home_of(show, self._library.route_rules.policy)
        place = Place("tv", show.folder or show.key) if isinstance(home, Unrouted) else home
        self.remarks.append(Remark("out of reach", place, reason))


def _joined(empty: Plan, plans: Sequence[Plan], remarks: Iterable[Remark] = ()) -> Plan:
    return attrs.evolve(
        empty,
        actions=tuple(action for plan in plans for action in plan.actions),
        remarks=(*(remark for plan in plans for remark in plan.remarks), *remarks),
    )


def _mark(show: Show) -> str:
    return f"{UPDATE}: {show.key}"
