"""From settings to a `Library`: the record of wired ports, and the verbs over them.

The only file that knows every adapter. Nothing connects or opens before it is needed, so a library can be made from any
valid configuration.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias, assert_never

import attrs

from medialib.catalogue import open_catalogue
from medialib.completeness import StabilityRules
from medialib.config import Settings, load_settings
from medialib.errors import ConfigurationError, UsageError
from medialib.events import Observer, nobody
from medialib.filters import PathRules
from medialib.model import FileEntry
from medialib.naming import JELLYFIN, ORIGINAL, PLEX
from medialib.planning import Fetch, Plan, Remark
from medialib.ports import CancelToken, Catalogue, Clock, Location, Transfer, WritableLocation
from medialib.routing import RoutingPolicy
from medialib.transfer.local import LocalLocation
from medialib.transfer.remote import open_location
from medialib.transfer.stream import StreamTransfer
from medialib.workflows.apply import Report, Session, World, writing
from medialib.workflows.explain import Story, explain_name, explain_place, explain_title, place_of
from medialib.workflows.fetch import FetchRules, Observations, Source, emptied_mark, plan_baseline, plan_fetch
from medialib.workflows.route import RouteRules, plan_route
from medialib.workflows.undo import plan_undo

__all__ = ["Library", "SystemClock", "Verb", "Work", "open_library"]

Verb: TypeAlias = Literal["sync", "download", "route", "bootstrap downloads"]
"""What a library can be told to do in one go."""

INCOMING = "incoming"
"""Name of the location that files arrive in."""
_PRESETS = {preset.name: preset for preset in (ORIGINAL, PLEX, JELLYFIN)}


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        time.sleep(seconds)


@attrs.frozen
class Work:
    """What a verb planned and what came of it."""

    plans: tuple[Plan, ...]
    """The plans in the order they were made."""
    reports: tuple[Report, ...] = ()
    """What came of each; empty where nothing was applied."""

    @property
    def run(self) -> str | None:
        """Identifier of the run in the journal; None if nothing was done."""
        return next((report.run for report in self.reports if report.run is not None), None)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Everything that was left alone, and why."""
        return tuple(remark for plan in self.plans for remark in plan.remarks)

    @property
    def state(self) -> Literal["done", "partial", "failed", "interrupted"]:
        """``done`` only if all was done and nothing needs attention; ``failed`` if something failed and nothing was
        done."""
        if any(report.cancelled for report in self.reports):
            return "interrupted"
        done = sum(report.count("done") for report in self.reports)
        missed = sum(report.count("failed") + report.count("skipped") for report in self.reports)
        if missed:
            return "partial" if done else "failed"
        return "partial" if any(remark.needs_attention for remark in self.remarks) else "done"


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
    """The library's roots by name: ``tv``, ``anime``, ``movies``, as far as configured."""
    transfer: Transfer
    """Carries bytes."""
    clock: Clock
    """Where time comes from."""

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections and of the catalogue."""
        for location in self.locations.values():
            location.close()
        self.catalogue.close()

    @property
    def locations(self) -> dict[str, Location]:
        """Every location by name."""
        found: dict[str, Location] = {**self.remotes, **self.roots}
        if self.incoming is not None:
            found[INCOMING] = self.incoming
        return found

    @property
    def world(self) -> World:
        """What plans are applied through."""
        return World(
            catalogue=self.catalogue,
            locations=self.locations,
            transfer=self.transfer,
            clock=self.clock,
            configuration=self.settings.digest,
            remote_paths={name: self._folders(name) for name in self.remotes},
            minimum_free=self.settings.download.minimum_free,
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
            FetchRules(
                self._paths(),
                StabilityRules(self.settings.download.stability, self.settings.download.two_looks),
                allow_empty=allow_empty,
            ),
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
        self, *, after: Plan | None = None, observer: Observer = nobody, cancelled: CancelToken | None = None
    ) -> Plan:
        """Plan to move what is in the incoming folder to where it belongs.

        With `after`, a download plan that was not applied, the routes of what it would fetch are planned too; such a
        plan is provisional. Raises UsageError if no incoming folder is configured, and as `plan_route` does.
        """
        arriving = None
        if after is not None:
            arriving = [
                FileEntry(action.target.path, action.size, action.mtime_ns)
                for action in after.actions
                if isinstance(action, Fetch)
            ]
        return plan_route(
            self._incoming(),
            self.roots,
            self.catalogue,
            self.route_rules,
            self.clock,
            arriving=arriving,
            configuration=self.settings.digest,
            observer=observer,
            cancelled=cancelled,
        )

    @property
    def route_rules(self) -> RouteRules:
        """How incoming files are routed, as configured."""
        routing = self.settings.routing
        companions = frozenset(routing.companions)
        return RouteRules(
            RoutingPolicy(
                tv="tv" if "tv" in self.roots else None,
                anime="anime" if "anime" in self.roots else None,
                movies="movies" if "movies" in self.roots else None,
                preset=_PRESETS[self.settings.library.preset],
                minimum_confidence=routing.minimum_confidence,
            ),
            unknown_shows=routing.unknown_shows,
            unknown_movies=routing.unknown_movies,
            companions=companions | {"nfo"} if routing.keep_nfo else companions,
            paths=self._paths(),
        )

    def explain(self, subject: str) -> Story:
        """The story of a file (``location:path`` or a full path), of a title, or of a release name."""
        place = place_of(subject, self.locations)
        if place is not None:
            return explain_place(place, self.catalogue, self.locations, self.route_rules)
        told = explain_title(subject, self.catalogue)
        return told if told is not None else explain_name(subject, self.catalogue, self.route_rules)

    def plan_undo(self, run: str | None = None) -> Plan:
        """Plan to take back the named run, or the latest; raises UsageError if there is none."""
        return plan_undo(self.catalogue, self.clock, run=run, configuration=self.settings.digest)

    def preview(
        self,
        verb: Verb,
        *,
        remote: str | None = None,
        observer: Observer = nobody,
        cancelled: CancelToken | None = None,
        **options: bool,
    ) -> Work:
        """What `perform` would do, as plans alone; nothing changes.

        The routes of a ``sync`` are provisional: they rest on the names on the remote.
        """
        match verb:
            case "download":
                return Work((self.plan_download(remote=remote, observer=observer, cancelled=cancelled, **options),))
            case "route":
                return Work((self.plan_route(observer=observer, cancelled=cancelled),))
            case "bootstrap downloads":
                return Work((self.plan_baseline(remote=remote, observer=observer, cancelled=cancelled),))
            case "sync":
                download = self.plan_download(remote=remote, observer=observer, cancelled=cancelled, **options)
                return Work((download, self.plan_route(after=download, observer=observer, cancelled=cancelled)))
            case _:
                assert_never(verb)

    def perform(
        self,
        verb: Verb,
        *,
        remote: str | None = None,
        observer: Observer = nobody,
        cancelled: CancelToken | None = None,
        wait: float | None = None,
        **options: bool,
    ) -> Work:
        """Plan and apply one verb, in one run, with nobody else writing in between.

        ``sync`` downloads, then routes what stands in the incoming folder. `options` are those of `plan_download`.
        Raises what planning raises, and what `Session.apply` does.
        """
        plans: list[Plan] = []
        reports: list[Report] = []
        with self.writing(verb, observer=observer, cancelled=cancelled, wait=wait) as session:
            if verb in ("download", "sync"):
                plans.append(
                    self.plan_download(remote=remote, observer=observer, cancelled=cancelled, record=True, **options)
                )
                reports.append(session.apply(plans[-1]))
            if verb == "bootstrap downloads":
                plans.append(self.plan_baseline(remote=remote, observer=observer, cancelled=cancelled))
                reports.append(session.apply(plans[-1]))
            if verb in ("route", "sync") and not any(report.cancelled for report in reports):
                plans.append(self.plan_route(observer=observer, cancelled=cancelled))
                reports.append(session.apply(plans[-1]))
        return Work(tuple(plans), tuple(reports))

    def undo(
        self, run: str | None = None, *, observer: Observer = nobody, cancelled: CancelToken | None = None
    ) -> Work:
        """Plan and apply the undo of the named run, or of the latest, with nobody else writing in between."""
        with self.writing("undo", observer=observer, cancelled=cancelled) as session:
            plan = self.plan_undo(run)
            return Work((plan,), (session.apply(plan),))

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

    def _sources(self, remote: str | None) -> tuple[Source, ...]:
        if not self.remotes:
            raise UsageError("no remote is configured", remedy="Name one under [remotes.<name>].")
        if remote is not None and remote not in self.remotes:
            raise UsageError(f"no remote is called {remote!r}", remedy=f"There are {', '.join(sorted(self.remotes))}.")
        names = sorted(self.remotes) if remote is None else [remote]
        return tuple(Source(self.remotes[name], self._folders(name)) for name in names)

    def _folders(self, remote: str) -> tuple[str, ...]:
        """The folders of a remote that are looked at; the empty one is all of it, which a configuration calls ``.``."""
        return tuple("" if path == "." else path for path in self.settings.remotes[remote].paths) or ("",)

    def _incoming(self) -> WritableLocation:
        if self.incoming is None:
            raise UsageError("no incoming folder is configured", remedy="Set download.incoming.")
        return self.incoming

    def _paths(self) -> PathRules:
        download = self.settings.download
        include = (*download.include, "*.nfo") if self.settings.routing.keep_nfo else download.include
        return PathRules(download.exclude, include)

    def _remember(self, change: Observations) -> None:
        if change.anything:
            with self.catalogue.transaction():
                self.catalogue.sightings.put(change.seen)
                self.catalogue.sightings.remove(change.remote, change.settled)
                for folder in change.emptied:
                    self.catalogue.checkpoints.put(emptied_mark(change.remote, folder), self.clock.now().isoformat())
                for folder in change.filled:
                    self.catalogue.checkpoints.remove(emptied_mark(change.remote, folder))


def open_library(
    settings: Settings | Path | str | None = None,
    *,
    read_only: bool = False,
    environment: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    observer: Observer = nobody,
) -> Library:
    """Wire up what `settings` name: a `Settings`, the path of a configuration file, or None for the user's own.

    With `read_only` nothing of the catalogue changes, not one byte; if there is none yet, an empty one in memory takes
    its place. `observer` is told of what opening had to do (a migration and its backup).

    Raises ConfigurationError for settings that cannot be used, and CatalogueError if the catalogue cannot.
    """
    surroundings = os.environ if environment is None else environment
    if not isinstance(settings, Settings):
        settings = load_settings(None if settings is None else Path(settings), environment=surroundings)
    catalogue = open_catalogue(settings.catalogue.url.reveal(), read_only=read_only, observer=observer)
    library = settings.library
    local = partial(
        LocalLocation,
        file_mode=library.file_mode,
        folder_mode=library.folder_mode,
        owner=library.owner,
        group=library.group,
    )
    incoming = settings.download.incoming
    return Library(
        settings=settings,
        catalogue=catalogue,
        remotes={name: _open_remote(settings, name) for name in settings.remotes},
        incoming=None if incoming is None else local(INCOMING, str(incoming)),
        # two names for one folder would not see each other's files
        roots={
            name: local(name, str(root))
            for name, root in library.roots.items()
            if name != "anime" or root != library.tv
        },
        transfer=StreamTransfer(),
        clock=SystemClock() if clock is None else clock,
    )


def _sftp_path(path: str) -> str:
    """A path as an address holds it: absolute, or from the login folder on."""
    if path.startswith("/"):
        return path
    return "/~" if path == "." else f"/~/{path}"


def _open_remote(settings: Settings, name: str) -> Location:
    remote = settings.remotes[name]
    address = remote.address
    url = remote.url
    if address.scheme == "sftp":
        host = f"[{address.host}]" if ":" in (address.host or "") else address.host
        url = f"sftp://{host}{_sftp_path(address.path)}"
    elif address.scheme == "file":
        url = address.path
    try:
        return open_location(
            name,
            url,
            port=address.port,
            username=address.username,
            password=None if remote.password is None else remote.password.reveal(),
            key_file=None if remote.key_file is None else str(remote.key_file),
            passphrase=None if remote.key_passphrase is None else remote.key_passphrase.reveal(),
            agent=remote.agent,
            known_hosts=str(remote.known_hosts),
            timeout=remote.timeout.total_seconds(),
            keepalive=remote.keepalive.total_seconds(),
            options=remote.revealed_options(),
        )
    except UsageError as error:
        raise ConfigurationError(f"remotes.{name}: {error}") from None
