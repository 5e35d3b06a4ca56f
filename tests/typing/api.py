"""The public names as a type checker sees them; checked by mypy --strict, never run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never, assert_type

from medialib.catalogue import MemoryCatalogue, open_catalogue
from medialib.completeness import Complete, StabilityRules, StillArriving, Unknown, judge_completeness
from medialib.config import Secret, Settings, load_settings, parse_settings
from medialib.errors import ConfigurationError, HostKeyChanged, MedialibError
from medialib.events import Event, Noted, Observer, everyone
from medialib.filters import PathRules, Verdict, judge_path
from medialib.http import HttpOptions
from medialib.library import Library, Work, open_library
from medialib.matching import (
    Chosen,
    Identified,
    NotChosen,
    TitleIndex,
    Unidentified,
    choose_title,
    identify,
    known_title,
    wanted_title,
)
from medialib.metadata import EpisodeMetadata, FileMetadata, TitleMetadata, with_absolute_numbers
from medialib.model import Episode, FileEntry, Place, RefusedEntry, Show, Sighting
from medialib.naming import PLEX, ParsedName, parse_name
from medialib.planning import Action, Fetch, Plan, dump_plan, load_plan
from medialib.ports import Catalogue, Clock, FileProvider, Location, MetadataProvider, Transfer, WritableLocation
from medialib.providers.anidb import AnidbProvider
from medialib.providers.anidb_udp import AnidbFiles
from medialib.providers.tmdb import TmdbProvider
from medialib.providers.tvdb import TvdbProvider
from medialib.providers.tvmaze import TvmazeProvider
from medialib.routing import Routed, RoutingPolicy, Unrouted, route
from medialib.selection import Selected, Unselected, select
from medialib.transfer import LocalLocation, StreamTransfer, open_destination, open_location
from medialib.workflows.apply import Report


def asking_a_provider(folder: Path) -> tuple[EpisodeMetadata, ...]:
    """Each provider is one; what is chosen is a closed set."""
    options = HttpOptions(cache=folder, patience=5)
    providers: tuple[MetadataProvider, ...] = (
        TvmazeProvider(options=options),
        TmdbProvider("key", options=options),
        TvdbProvider("key", options=options),
        AnidbProvider("client", 1, options=options),
    )
    files: FileProvider = AnidbFiles("me", "password", "client", 1, options=options)
    assert_type(files.file(7, ["0" * 32]), FileMetadata | None)
    offered = providers[0].search("The Long Voyage", year=2011)
    assert_type(offered, tuple[TitleMetadata, ...])
    match choose_title(wanted_title("The Long Voyage (2011)"), offered):
        case Chosen(title=title):
            return with_absolute_numbers(providers[0].episodes(title.id), providers[0].orders(title.id))
        case NotChosen(reason=reason):
            assert_type(reason, str)
            return ()
        case other:
            assert_never(other)


def reading_a_name() -> None:
    """As in the README."""
    parsed = parse_name("Lighthouse.Arithmetic.S01E03.1080p.WEB-DL.H264-KILN.mkv")
    assert_type(parsed, ParsedName)
    assert_type(parsed.title, str | None)
    assert_type(parsed.season, int | None)
    assert_type(parsed.episode, int | float | None)
    assert_type(parsed.resolution, str | None)
    assert_type(parsed.reasons, tuple[str, ...])
    parse_name("a", kind="film")  # type: ignore[arg-type]
    parsed.title = "another"  # type: ignore[misc]


def judging_a_filter() -> None:
    """As in the README."""
    rules = PathRules(exclude=("sample", "*.nfo"))
    verdict = judge_path("Pack/Sample/lighthouse.mkv", rules)
    assert_type(verdict, Verdict)
    assert_type(verdict.reasons, tuple[str, ...])
    assert_type(bool(verdict), bool)


def deciding_a_place(parsed: ParsedName, episodes: Iterator[Episode]) -> Place | str:
    """As in the README; the answers are a closed set."""
    show = Show("lighthouse-arithmetic", "Lighthouse Arithmetic", year=2021)
    match identify(parsed, TitleIndex([known_title(show)])):
        case Identified(title=title):
            assert_type(title.key, str)
        case Unidentified(reason=reason):
            return reason
        case other:
            assert_never(other)
    answer = route(parsed.name, parsed, show, RoutingPolicy(tv="tv", preset=PLEX), episodes=episodes)
    assert_type(answer, Routed | Unrouted)
    if isinstance(answer, Unrouted):
        return answer.reason
    return answer.place


def judging_wholeness(entry: FileEntry, sighting: Sighting | None) -> str:
    """Three answers, no fourth."""
    match judge_completeness(entry, sighting, datetime.now(UTC), StabilityRules()):
        case Complete(evidence) | StillArriving(evidence) | Unknown(evidence):
            return evidence
        case other:
            assert_never(other)


def choosing(answer: str) -> tuple[int, ...]:
    """What a person types."""
    match select(answer, 10, new={3}):
        case Selected(numbers):
            return numbers
        case Unselected():
            return ()
        case other:
            assert_never(other)


def planning_and_applying(observer: Observer) -> None:
    """As in the README."""
    with open_library("config.toml") as library:
        assert_type(library, Library)
        fetched = library.apply(library.plan_download(), observer=everyone(observer, print))
        assert_type(fetched, Report)
        assert_type(fetched.run, str | None)
        placed = library.apply(library.plan_route())
        undone = [library.apply(library.plan_undo(run)) for run in (placed.run, fetched.run)]
        assert_type(undone, list[Report])
        assert_type(library.preview("sync"), Work)
        work = library.perform("sync", allow_empty=True)
        assert_type(work.plans, tuple[Plan, ...])
        library.perform("synchronise")  # type: ignore[arg-type]
        with library.writing("route") as session:
            assert_type(session.apply(library.plan_route()), Report)


def plans(plan: Plan) -> Plan:
    """Plans are values."""
    for action in plan.actions:
        assert_type(action, Action)
        if isinstance(action, Fetch):
            assert_type(action.source, Place)
    assert_type(plan.only("f1").without("f2"), Plan)
    assert_type(dump_plan(plan), str)
    return load_plan(dump_plan(plan))


def adapters_keep_the_protocols() -> tuple[Transfer, Catalogue]:
    """What ships fits the ports."""
    local: WritableLocation = LocalLocation("tv", "/srv/tv")
    far: WritableLocation = open_destination("movies", "sftp://user@nas.example/movies")
    assert_type(far.traits.exclusive, bool)
    remote: Location = open_location("seedbox", "sftp://user@seedbox.example/downloads")
    transfer: Transfer = StreamTransfer()
    memory: Catalogue = MemoryCatalogue()
    stored: Catalogue = open_catalogue("catalogue.db", read_only=True)
    for entry in remote.walk():
        assert_type(entry, FileEntry | RefusedEntry)
    assert_type(local.rename("a", local, "b"), int | None)
    assert_type(stored.shows.get("key"), Show | None)
    return transfer, memory


def settings(environment: Mapping[str, str]) -> Settings:
    """From a file, or from data."""
    try:
        read = load_settings(Path("config.toml"), environment=environment)
    except ConfigurationError as error:
        assert_type(error.problems, tuple[str, ...])
        read = parse_settings({}, folder=Path(), environment=environment)
    for remote in read.remotes.values():
        assert_type(remote.password, Secret | None)
    return read


def errors_are_builtins_too(error: HostKeyChanged) -> tuple[ConnectionError, MedialibError]:
    """``except ConnectionError`` works."""
    return error, error


def observing(event: Event) -> str | None:
    """Events are a union of values."""
    return event.message if isinstance(event, Noted) else None


class StandingClock:
    """A class of one's own is a `Clock` by its shape."""

    def now(self) -> datetime:
        """UTC."""
        return datetime(2024, 5, 17, tzinfo=UTC)

    def monotonic(self) -> float:
        """Seconds."""
        return 0.0

    def sleep(self, seconds: float) -> None:
        """No time passes."""


def own_clock() -> Clock:
    """Structural."""
    return StandingClock()
