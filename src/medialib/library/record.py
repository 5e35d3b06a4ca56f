"""The record of wired ports, and the verbs over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Literal, assert_never

import attrs

from medialib.config import Settings
from medialib.errors import UsageError
from medialib.events import Observer, nobody
from medialib.executors import open_executor
from medialib.http import HttpOptions
from medialib.library.providers import Providers
from medialib.library.rules import folders_of, looking_up, path_rules, release_rules, route_rules, stability_rules
from medialib.library.work import Verb, Work
from medialib.matching import TitleRules
from medialib.model import ExternalIds, FileEntry
from medialib.planning import Fetch, Plan
from medialib.ports import CancelToken, Catalogue, Clock, Location, Transfer, WritableLocation
from medialib.routing import Settle
from medialib.workflows.apply import Report, Session, World, writing
from medialib.workflows.by_content import ContentLookup
from medialib.workflows.fetch import FetchRules, Observations, Source, emptied_mark, plan_baseline, plan_fetch
from medialib.workflows.fix import plan_fix_show
from medialib.workflows.lookup import AIRED, Ask, TitleLookup
from medialib.workflows.release import ReleaseSource, plan_release
from medialib.workflows.route import plan_route
from medialib.workflows.route_rules import RouteRules
from medialib.workflows.shows import plan_add_show
from medialib.workflows.undo import plan_undo

__all__ = ["INCOMING", "REVIEW", "Library"]

INCOMING = "incoming"
"""Name of the location that files arrive in."""
REVIEW = "review"
"""Name of the location for files that a person is to look at."""


@attrs.frozen(kw_only=True)
class Library:
    """Everything that a configuration names, wired together.

    Use it as a context manager, or call `close`. The ``plan_…`` methods read; `writing` and `apply` write.
    """

    settings: Settings
    """What it was made from."""
    catalogue: Catalogue
    """What is remembered."""
    remotes: Mapping[str, Location]
    """The remotes by name."""
    incoming: WritableLocation | None
    """Where fetched files arrive; None if none is configured."""
    roots: Mapping[str, WritableLocation]
    """The library's roots by name: ``tv``, ``anime``, ``movies``, as far as configured, and those of your own."""
    providers: Providers
    """Who is asked about titles."""
    transfer: Transfer
    """Carries bytes."""
    clock: Clock
    """Where time comes from."""
    http: HttpOptions = HttpOptions()
    """How services are asked."""
    review: WritableLocation | None = None
    """Where files are put that a person is to look at; None if they are left."""

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections and of the catalogue."""
        for location in self.locations.values():
            location.close()
        self.providers.close()
        self.catalogue.close()

    @property
    def locations(self) -> dict[str, Location]:
        """Every location by name."""
        found: dict[str, Location] = {**self.remotes, **self.roots}
        if self.incoming is not None:
            found[INCOMING] = self.incoming
        if self.review is not None:
            found[REVIEW] = self.review
        return found

    @property
    def kept(self) -> dict[str, WritableLocation]:
        """The locations that hold files of ours, by name: the roots, and the incoming folder."""
        return dict(self.roots) if self.incoming is None else {**self.roots, INCOMING: self.incoming}

    @property
    def world(self) -> World:
        """What plans are applied through."""
        return World(
            catalogue=self.catalogue,
            locations=self.locations,
            transfer=self.transfer,
            clock=self.clock,
            configuration=self.settings.digest,
            remote_paths={name: folders_of(self.settings, name) for name in self.remotes},
            minimum_free=self.settings.download.minimum_free,
            releases={name: remote.release for name, remote in self.settings.remotes.items()},
            transfers=self.settings.download.transfers,
            proof=self.settings.download.verify,
        )

    def plan_download(
        self,
        *,
        remote: str | None = None,
        observer: Observer = nobody,
        cancelled: CancelToken | None = None,
        record: bool = False,
        allow_empty: bool = False,
    ) -> Plan:
        """Plan to fetch what is new on all remotes, or on one.

        With `record`, first looks at files that may still be arriving are remembered for the next time; `allow_empty`
        believes a remote folder that has become empty. Raises UsageError if there is nothing to fetch from or to, and
        as `plan_fetch` does.
        """
        return plan_fetch(
            self._sources(remote),
            self._incoming(),
            self.catalogue,
            FetchRules(path_rules(self.settings), stability_rules(self.settings), allow_empty=allow_empty),
            self.clock,
            configuration=self.settings.digest,
            observer=observer,
            observe=self._remember if record else None,
            cancelled=cancelled,
        )

    def plan_baseline(
        self, *, remote: str | None = None, observer: Observer = nobody, cancelled: CancelToken | None = None
    ) -> Plan:
        """Plan to record everything on all remotes, or on one, as known without fetching it."""
        return plan_baseline(
            self._sources(remote),
            self.catalogue,
            self.clock,
            configuration=self.settings.digest,
            observer=observer,
            cancelled=cancelled,
        )

    def plan_route(
        self,
        *,
        after: Plan | None = None,
        auto_add: bool = False,
        identify_by_hash: bool = False,
        ask: Ask | None = None,
        settle: Settle | None = None,
        observer: Observer = nobody,
        cancelled: CancelToken | None = None,
    ) -> Plan:
        """Plan to move what is in the incoming folder to where it belongs.

        With `after`, a download plan that was not applied, the routes of what it would fetch are planned too; such a
        plan is provisional. `auto_add` looks titles up that the catalogue does not know, whatever the settings say of
        them; `identify_by_hash` asks what files are by their content, whatever the settings say of that; `ask` asks a
        person where a title is ambiguous, `settle` which of two files to keep. Raises UsageError if no incoming folder
        is configured or hashes cannot be computed, ConfigurationError if an account is wanted that is not set, and as
        `plan_route` does.
        """
        arriving = None
        if after is not None:
            arriving = [
                FileEntry(action.target.path, action.size, action.mtime_ns)
                for action in after.actions
                if isinstance(action, Fetch)
            ]
        with self.executor() as workers:
            by_content = identify_by_hash or self.settings.routing.identify_by_hash
            contents = self.contents(workers, observer, cancelled) if by_content else None
            return plan_route(
                self._incoming(),
                self.roots if self.review is None else {**self.roots, REVIEW: self.review},
                self.catalogue,
                self.route_rules_with(auto_add=auto_add),
                self.clock,
                lookup=self.lookup(ask),
                settle=settle,
                contents=contents,
                arriving=arriving,
                configuration=self.settings.digest,
                observer=observer,
                cancelled=cancelled,
            )

    def contents(
        self, executor: Executor | None, observer: Observer = nobody, cancelled: CancelToken | None = None
    ) -> ContentLookup:
        """Who is asked what files are by their content.

        Raises ConfigurationError if an account is wanted that is not set, UsageError if hashes cannot be computed.
        """
        return ContentLookup(self.providers.files, executor=executor, observer=observer, cancelled=cancelled)

    @property
    def route_rules(self) -> RouteRules:
        """How incoming files are routed, as configured."""
        return route_rules(self.settings, self.roots)

    def route_rules_with(self, *, auto_add: bool) -> RouteRules:
        """How incoming files are routed, with unknown titles looked up if `auto_add` says so."""
        provider = self.providers.preferred
        traits = None if provider is None else provider.traits
        return looking_up(self.route_rules, traits) if auto_add else self.route_rules

    def plan_show(
        self,
        what: Literal["add", "fix"],
        title: str,
        *,
        ids: ExternalIds | None = None,
        override_folder: bool = False,
        order: str = AIRED,
        ask: Ask | None = None,
        rules: TitleRules | None = None,
    ) -> Plan:
        """Plan to enter a show as its provider describes it, or to make another one of a show that is known.

        `rules` are for the latter. See `medialib.workflows.shows.plan_add_show` and
        `medialib.workflows.fix.plan_fix_show`. Raises UsageError if no provider can be asked, and as those do.
        """
        provider = self.providers.chosen() if ids is None else self.providers.for_ids(ids)
        plan = plan_add_show if what == "add" else partial(plan_fix_show, rules=rules)
        return plan(
            title,
            TitleLookup(provider, ask=ask),
            self.catalogue,
            self.roots,
            self.route_rules.policy,
            self.clock,
            ids=ids,
            override_folder=override_folder,
            order=order,
            configuration=self.settings.digest,
        )

    def executor(self, chosen: str | None = None) -> AbstractContextManager[Executor | None]:
        """Who reads files: as `chosen`, else as configured, else None. See `medialib.executors.open_executor`."""
        choice = self.settings.work.executor if chosen is None else chosen
        return nullcontext() if choice is None else open_executor(choice)

    def plan_release(
        self, *, remote: str | None = None, observer: Observer = nobody, cancelled: CancelToken | None = None
    ) -> Plan:
        """Plan to let go of what stands proven in the library, on all remotes that want it or on one.

        Raises UsageError if no remote wants it, and as `medialib.workflows.release.plan_release` does.
        """
        sources = [
            ReleaseSource(source.location, release_rules(self.settings, source.location.name), source.paths)
            for source in self._sources(remote)
        ]
        if all(source.rules.mode == "keep" for source in sources):
            raise UsageError(
                "nothing is ever released, as configured",
                remedy="Set release of a remote to 'delete', 'move' or 'mark'.",
            )
        return plan_release(
            sources,
            self.roots,
            self.catalogue,
            self.clock,
            configuration=self.settings.digest,
            observer=observer,
            cancelled=cancelled,
        )

    def plan_undo(self, run: str | None = None) -> Plan:
        """Plan to take back the named run, or the latest; raises UsageError if there is none."""
        return plan_undo(self.catalogue, self.clock, run=run, configuration=self.settings.digest)

    def preview(
        self,
        verb: Verb,
        *,
        remote: str | None = None,
        allow_empty: bool = False,
        auto_add: bool = False,
        identify_by_hash: bool = False,
        ask: Ask | None = None,
        settle: Settle | None = None,
        observer: Observer = nobody,
        cancelled: CancelToken | None = None,
    ) -> Work:
        """What `perform` would do, as plans alone; nothing changes.

        The routes of a ``sync`` are provisional: they rest on the names on the remote.
        """
        download = partial(
            self.plan_download, remote=remote, allow_empty=allow_empty, observer=observer, cancelled=cancelled
        )
        route = partial(
            self.plan_route,
            auto_add=auto_add,
            identify_by_hash=identify_by_hash,
            ask=ask,
            settle=settle,
            observer=observer,
            cancelled=cancelled,
        )
        match verb:
            case "download":
                return Work((download(),))
            case "route":
                return Work((route(),))
            case "bootstrap downloads":
                return Work((self.plan_baseline(remote=remote, observer=observer, cancelled=cancelled),))
            case "sync":
                fetches = download()
                return Work((fetches, route(after=fetches)))
            case _:
                assert_never(verb)

    def perform(
        self,
        verb: Verb,
        *,
        remote: str | None = None,
        allow_empty: bool = False,
        auto_add: bool = False,
        identify_by_hash: bool = False,
        ask: Ask | None = None,
        settle: Settle | None = None,
        observer: Observer = nobody,
        cancelled: CancelToken | None = None,
        wait: float | None = None,
    ) -> Work:
        """Plan and apply one verb, in one run, with nobody else writing in between.

        ``sync`` downloads, then routes what stands in the incoming folder. `remote` and `allow_empty` are for what
        downloads; `auto_add`, `identify_by_hash`, `ask` and `settle` for what routes. Raises what planning raises, and
        what `Session.apply` does.
        """
        plans: list[Plan] = []
        reports: list[Report] = []
        with self.writing(verb, observer=observer, cancelled=cancelled, wait=wait) as session:
            if verb in ("download", "sync"):
                plans.append(
                    self.plan_download(
                        remote=remote, allow_empty=allow_empty, observer=observer, cancelled=cancelled, record=True
                    )
                )
                reports.append(session.apply(plans[-1]))
            if verb == "bootstrap downloads":
                plans.append(self.plan_baseline(remote=remote, observer=observer, cancelled=cancelled))
                reports.append(session.apply(plans[-1]))
            if verb in ("route", "sync") and not any(report.cancelled for report in reports):
                plans.append(
                    self.plan_route(
                        auto_add=auto_add,
                        identify_by_hash=identify_by_hash,
                        ask=ask,
                        settle=settle,
                        observer=observer,
                        cancelled=cancelled,
                    )
                )
                reports.append(session.apply(plans[-1]))
        return Work(tuple(plans), tuple(reports))

    def undo(
        self, run: str | None = None, *, observer: Observer = nobody, cancelled: CancelToken | None = None
    ) -> Work:
        """Plan and apply the undo of the named run, or of the latest, with nobody else writing in between."""
        return self.plan_and_apply("undo", partial(self.plan_undo, run), observer=observer, cancelled=cancelled)

    def plan_and_apply(
        self,
        verb: str,
        plan: Callable[[], Plan],
        *,
        observer: Observer = nobody,
        cancelled: CancelToken | None = None,
    ) -> Work:
        """Make a plan and apply it, with nobody else writing in between."""
        with self.writing(verb, observer=observer, cancelled=cancelled) as session:
            made = plan()
            return Work((made,), (session.apply(made),))

    @contextmanager
    def writing(
        self,
        verb: str,
        *,
        observer: Observer = nobody,
        cancelled: CancelToken | None = None,
        wait: float | None = None,
    ) -> Iterator[Session]:
        """Hold the right to write; plans made inside cannot be overtaken. See `medialib.workflows.apply.writing`."""
        with writing(self.world, verb, observer=observer, cancelled=cancelled, wait=wait) as session:
            yield session

    def apply(
        self,
        plan: Plan,
        *,
        observer: Observer = nobody,
        cancelled: CancelToken | None = None,
        wait: float | None = None,
    ) -> Report:
        """Carry out a plan in a run of its own."""
        with self.writing(plan.kind, observer=observer, cancelled=cancelled, wait=wait) as session:
            return session.apply(plan)

    def lookup(self, ask: Ask | None = None) -> TitleLookup | None:
        """Who is asked about titles during one piece of planning; None if there is nobody."""
        provider = self.providers.preferred
        return None if provider is None else TitleLookup(provider, ask=ask)

    def _sources(self, remote: str | None) -> tuple[Source, ...]:
        if not self.remotes:
            raise UsageError("no remote is configured", remedy="Name one under [remotes.<name>].")
        if remote is not None and remote not in self.remotes:
            raise UsageError(f"no remote is called {remote!r}", remedy=f"There are {', '.join(sorted(self.remotes))}.")
        names = sorted(self.remotes) if remote is None else [remote]
        return tuple(Source(self.remotes[name], folders_of(self.settings, name)) for name in names)

    def _incoming(self) -> WritableLocation:
        if self.incoming is None:
            raise UsageError("no incoming folder is configured", remedy="Set download.incoming.")
        return self.incoming

    def _remember(self, change: Observations) -> None:
        if change.anything:
            with self.catalogue.transaction():
                self.catalogue.sightings.put(change.seen)
                self.catalogue.sightings.remove(change.remote, change.settled)
                for folder in change.emptied:
                    self.catalogue.checkpoints.put(emptied_mark(change.remote, folder), self.clock.now().isoformat())
                for folder in change.filled:
                    self.catalogue.checkpoints.remove(emptied_mark(change.remote, folder))
