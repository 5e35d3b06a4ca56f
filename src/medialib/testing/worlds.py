"""A small world in memory: a remote, an incoming folder, library roots, a catalogue, and a clock that obeys.

For tests of workflows, and of whatever is built on them. Everything in it is a real adapter that keeps state.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from medialib.catalogue.memory import MemoryCatalogue
from medialib.completeness import StabilityRules
from medialib.filters import PathRules
from medialib.model import FileEntry
from medialib.planning import Plan, Way
from medialib.ports import Catalogue, Location, MetadataProvider, Transfer
from medialib.routing import ConflictPolicy, RoutingPolicy, Settle
from medialib.testing.memory_location import MemoryLocation
from medialib.transfer.stream import StreamTransfer
from medialib.workflows.apply import Report, World, writing
from medialib.workflows.fetch import FetchRules, Source, plan_fetch
from medialib.workflows.lookup import Ask, TitleLookup
from medialib.workflows.release import ReleaseRules, ReleaseSource, plan_release
from medialib.workflows.route import plan_route
from medialib.workflows.route_rules import RouteRules
from medialib.workflows.titles import UnknownTitles
from medialib.workflows.undo import plan_undo

__all__ = ["ManualClock", "MemoryWorld"]


class ManualClock:
    """A clock that stands still until told to go on; sleeping moves it."""

    def __init__(self, start: datetime = datetime(2024, 5, 17, 12, tzinfo=UTC)) -> None:
        self._now = start
        self._start = start

    def now(self) -> datetime:
        """The instant it shows, UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since it was made, by its own reckoning."""
        return (self._now - self._start).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Go on by so many seconds, at once."""
        self._now += timedelta(seconds=seconds)

    def ago(self, **length: float) -> int:
        """The instant so long before now, as file times are: nanoseconds since the epoch."""
        return int((self._now - timedelta(**length)).timestamp()) * 10**9


@attrs.define
class MemoryWorld:
    """A world whose remote, incoming folder and library are in memory.

    >>> world = MemoryWorld()
    >>> _ = world.remote.put("Show.S01E01.mkv", b"content", mtime_ns=world.clock.ago(hours=1))
    >>> [report.count("done") for report in world.sync()]
    [1, 2]
    >>> sorted(world.tv.files)
    ['Show/Season 01/Show.S01E01.mkv']
    """

    clock: ManualClock = attrs.field(factory=ManualClock)
    """Where time comes from."""
    catalogue: Catalogue = attrs.field(factory=MemoryCatalogue)
    """What is remembered."""
    remote: MemoryLocation = attrs.field(factory=lambda: MemoryLocation("remote"))
    """Where files are fetched from."""
    incoming: MemoryLocation = attrs.field(factory=lambda: MemoryLocation("incoming", disks={"": "disk"}))
    """Where files arrive."""
    tv: MemoryLocation = attrs.field(factory=lambda: MemoryLocation("tv", disks={"": "disk"}))
    """Series; on the disk of the incoming folder."""
    movies: MemoryLocation = attrs.field(factory=lambda: MemoryLocation("movies"))
    """Films; on a disk of their own."""
    exclude: tuple[str, ...] = ("sample", "*.nfo")
    """Patterns of what is not wanted."""
    stability: StabilityRules = StabilityRules()
    """When a file is believed to be whole."""
    release: ReleaseRules = ReleaseRules()
    """What becomes of the remote's units."""
    ways: tuple[Way, ...] = ("move",)
    """How files are placed."""
    conflicts: ConflictPolicy = "refuse"
    """What becomes of a file whose place is taken."""
    provider: MetadataProvider | None = None
    """Who is asked about titles that the catalogue does not know; None: they are entered by their names."""

    transfer: Transfer = attrs.field(factory=StreamTransfer)
    """Who carries bytes."""
    transfers: int = 1
    """How many files may be under way at once from a remote that is a `FarLocation`."""

    @property
    def locations(self) -> tuple[MemoryLocation, ...]:
        """All four."""
        return (self.remote, self.incoming, self.tv, self.movies)

    @property
    def world(self) -> World:
        """The ports that plans are applied through."""
        named: dict[str, Location] = {location.name: location for location in self.locations}
        return World(
            catalogue=self.catalogue,
            locations=named,
            transfer=self.transfer,
            transfers=self.transfers,
            clock=self.clock,
            configuration="configuration",
            remote_paths={"remote": ()},
            releases={"remote": self.release.mode},
        )

    def before_each(self, hook: Callable[[str, str], None]) -> None:
        """Call `hook` with the name and path of every operation on every location."""
        for location in self.locations:
            location.before = hook

    def plan_fetch(self, *, record: bool = True) -> Plan:
        """Plan to fetch what is new; first looks are remembered if `record` says so."""
        return plan_fetch(
            [Source(self.remote)],
            self.incoming,
            self.catalogue,
            FetchRules(PathRules(self.exclude), self.stability),
            self.clock,
            configuration="configuration",
            observe=(lambda change: self.catalogue.sightings.put(change.seen)) if record else None,
        )

    @property
    def rules(self) -> RouteRules:
        """How incoming files are routed."""
        unknown: UnknownTitles = "by-name" if self.provider is None else "look-up"
        return RouteRules(
            RoutingPolicy(tv="tv", movies="movies"),
            unknown_shows=unknown,
            unknown_movies=unknown,
            paths=PathRules(self.exclude),
            ways=self.ways,
            conflicts=self.conflicts,
        )

    def plan_show(self, workflow: Callable[..., Plan], title: str, *, ask: Ask | None = None, **options: Any) -> Plan:
        """Plan to add or fix a show as the provider describes it, by one of the workflows that do, with its options."""
        assert self.provider is not None, "give the world a provider first"
        lookup = TitleLookup(self.provider, ask=ask)
        roots, policy = {"tv": self.tv}, self.rules.policy
        return workflow(
            title, lookup, self.catalogue, roots, policy, self.clock, configuration="configuration", **options
        )

    def apply(self, plan: Plan) -> Report:
        """Carry out a plan in a run of its own."""
        with writing(self.world, plan.kind) as session:
            return session.apply(plan)

    def plan_route(
        self, rules: RouteRules | None = None, *, ask: Ask | None = None, settle: Settle | None = None
    ) -> Plan:
        """Plan to route what is in the incoming folder."""
        return plan_route(
            self.incoming,
            {"tv": self.tv, "movies": self.movies},
            self.catalogue,
            self.rules if rules is None else rules,
            self.clock,
            lookup=None if self.provider is None else TitleLookup(self.provider, ask=ask),
            settle=settle,
            configuration="configuration",
        )

    def sync(self) -> tuple[Report, Report]:
        """Fetch what is new, then route it, in one run."""
        with writing(self.world, "sync") as session:
            return session.apply(self.plan_fetch()), session.apply(self.plan_route())

    def plan_release(self) -> Plan:
        """Plan to let go, on the remote, of what stands proven in the library."""
        rules = attrs.evolve(self.release, paths=PathRules(self.exclude))
        return plan_release(
            [ReleaseSource(self.remote, rules)],
            {"tv": self.tv, "movies": self.movies},
            self.catalogue,
            self.clock,
            configuration="configuration",
        )

    def undo(self, run: str | None = None) -> Report:
        """Take a run back."""
        with writing(self.world, "undo") as session:
            return session.apply(plan_undo(self.catalogue, self.clock, run=run, configuration="configuration"))

    def contents(self) -> dict[str, bytes]:
        """Every file of the incoming folder and the library, by ``location:path``; medialib's own folder left out."""
        return {
            f"{location.name}:{path}": file.content
            for location in (self.incoming, self.tv, self.movies)
            for path, file in location.files.items()
            if not path.startswith(".medialib/")
        }

    def listed(self) -> tuple[FileEntry, ...]:
        """What the remote lists, as a walk gives it, without what it refuses."""
        return tuple(entry for entry in self.remote.walk() if isinstance(entry, FileEntry))
