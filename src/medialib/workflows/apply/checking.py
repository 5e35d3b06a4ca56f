"""Whether a plan may be applied here and now: every objection is found before anything is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from medialib.completeness import same_time
from medialib.errors import Drifted, PlanRefused
from medialib.model import FileEntry, Place
from medialib.planning import (
    RECYCLE,
    Absent,
    Fetch,
    KeptCopy,
    Plan,
    Purge,
    Release,
    ReleaseFile,
    ReleaseFolder,
    ReleaseMark,
    ReleaseMove,
    Unchanged,
    check_plan,
    effects,
    initial_preconditions,
)
from medialib.ports import Location
from medialib.workflows.apply.world import World

__all__ = ["check_world", "is_unchanged"]


def is_unchanged(entry: FileEntry | None, size: int, mtime_ns: int, location: Location) -> bool:
    """Whether a file is still the one with this size and time of last change."""
    return (
        entry is not None
        and entry.size == size
        and same_time(entry.mtime_ns, mtime_ns, location.traits.mtime_granularity_ns)
    )


def check_world(plan: Plan, world: World) -> None:
    """Refuse a plan that may not be applied.

    Raises InvalidPlan if it contradicts itself; PlanRefused if it is provisional, made for another catalogue or
    configuration, or names places that are not configured; Drifted, naming every file, if the world has changed since.
    """
    if plan.provisional:
        raise PlanRefused(
            "the plan is provisional: it rests on files that are not there yet", remedy="Run the command without -n."
        )
    check_plan(plan)
    problems = []
    if not plan.catalogue:
        if world.catalogue.journal.runs(1):
            problems.append("it was made before there was a catalogue, and this one has a history")
    elif plan.catalogue != world.catalogue.identity:
        problems.append(f"it was made for the catalogue {plan.catalogue}, this is {world.catalogue.identity}")
    if plan.configuration != world.configuration:
        problems.append("it was made under another configuration of remotes, folders or presets")
    problems.extend(_misplaced(plan, world))
    if problems:
        raise PlanRefused("the plan cannot be applied here", problems, remedy="Make it again.")
    drift = _drift(plan, world)
    if drift:
        raise Drifted(
            "the plan was not applied, since files are no longer as it saw them", drift, remedy="Make it again."
        )


def _misplaced(plan: Plan, world: World) -> list[str]:
    problems: dict[str, None] = {}
    for action in plan.actions:
        appear, vanish = effects(action)
        for place in (*appear, *vanish):
            try:
                if isinstance(action, Release):
                    world.releasing(place, action)
                else:
                    world.writable(place)
            except PlanRefused as error:
                problems[f"{action.id}: {error}"] = None
        if isinstance(action, Release):
            problems.update((f"{action.id}: {said}", None) for said in _unreleasable(action, world))
        if isinstance(action, Purge) and not action.place.path.startswith(f"{RECYCLE}/"):
            problems[f"{action.id}: {action.place} is not in the recycle folder"] = None
        if isinstance(action, Fetch):
            source = action.source
            if source.location not in world.locations:
                problems[f"{action.id}: no location is called {source.location!r}"] = None
            elif not _is_offered(source, world):
                problems[f"{action.id}: {source} is not in a configured folder of a remote"] = None
    return list(problems)


def _unreleasable(action: Release, world: World) -> Iterator[str]:
    """What a release names that it may not: copies that are not in the library, another remote, another folder."""
    if isinstance(action, ReleaseMark):
        copies: tuple[KeptCopy | None, ...] = action.copies
        gone = tuple(Place(action.place.location, file.path) for file in action.files)
    elif isinstance(action, ReleaseFolder):
        copies, gone = (), (action.place,)
    else:
        copies, gone = (action.copy,), (action.source,)
    for copy in copies:
        if copy is not None and (
            copy.place.location in world.remote_paths or copy.place.location not in world.locations
        ):
            yield f"{copy.place} is in no library"
    back = not isinstance(action, ReleaseFile) and action.back
    # what comes back, and the folders it leaves, may stand where nothing is fetched from
    yield from (
        f"{place} is not in a configured folder of a remote"
        for place in gone
        if not back and not _is_offered(place, world)
    )
    if isinstance(action, ReleaseMove) and action.target.location != action.source.location:
        yield f"{action.target} is on another remote than {action.source}"


def _is_offered(source: Place, world: World) -> bool:
    folders = world.remote_paths.get(source.location)
    if folders is None:
        return False
    return not folders or any(
        not folder or source.path == folder or source.path.startswith(f"{folder}/") for folder in folders
    )


def _drift(plan: Plan, world: World) -> list[str]:
    conditions = initial_preconditions(plan)
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for condition in conditions:
        wanted[condition.place.location].add(condition.place.path)
    found = {
        Place(name, path): entry
        for name, paths in wanted.items()
        for path, entry in world.locations[name].entries(sorted(paths)).items()
    }
    problems = []
    for condition in conditions:
        entry = found.get(condition.place)
        match condition:
            case Absent(place):
                if entry is not None:
                    problems.append(f"{place}: something stands there now")
            case Unchanged(place, size, mtime_ns):
                if entry is None:
                    problems.append(f"{place}: it is gone")
                elif not is_unchanged(entry, size, mtime_ns, world.locations[place.location]):
                    problems.append(f"{place}: it has changed")
    return problems
