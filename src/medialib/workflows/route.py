"""Plan where everything in the incoming folder belongs, from its names and what the catalogue knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from threading import Event
from typing import Literal

import attrs

from medialib.completeness import TEMPORARY_NAMES, nearly_same_time, temporary_reason
from medialib.errors import Cancelled, OutOfReach
from medialib.events import LocationWalked, Observer, nobody
from medialib.filters import PathRules, judge_path
from medialib.model import FileEntry, Holding, Movie, Place, RefusedEntry, Show
from medialib.naming import ParsedName, collision_key, parse_name
from medialib.planning import Action, Discard, Move, Plan, Remark, RemoveFolder
from medialib.ports import PART_SUFFIXES, CancelToken, Catalogue, Clock, Location, SupportsWriters, WritableLocation
from medialib.routing import (
    Companion,
    Route,
    Routed,
    RoutingPolicy,
    Unrouted,
    extension_of,
    pair_companions,
    route,
    split_stem,
)
from medialib.workflows.by_content import ContentLookup, Evidence, Told, looks_like_anime, weigh
from medialib.workflows.hashing import content_hash
from medialib.workflows.lookup import TitleLookup
from medialib.workflows.titles import Titles, UnknownTitles

__all__ = ["VIDEO_EXTENSIONS", "RouteRules", "plan_route"]

VIDEO_EXTENSIONS = frozenset(
    (
        *("3gp", "asf", "avi", "divx", "flv", "iso", "m2ts", "m4v", "mkv", "mov", "mp4"),
        *("mpeg", "mpg", "mts", "ogm", "rmvb", "ts", "vob", "webm", "wmv"),
    )
)
"""Extensions of files that are routed by their own name, lower case without dot."""


@attrs.frozen
class RouteRules:
    """How incoming files are routed."""

    policy: RoutingPolicy = RoutingPolicy()
    """Where things are kept and how they are named."""
    unknown_shows: UnknownTitles = "by-name"
    """What becomes of a show that the catalogue does not know."""
    unknown_movies: UnknownTitles = "by-name"
    """The same for films."""
    companions: frozenset[str] = frozenset(("srt", "ass", "ssa", "sub", "idx", "vtt", "sup"))
    """Extensions of files that travel with a video, lower case without dot."""
    paths: PathRules = PathRules()
    """Which names are wanted."""
    temporary_names: tuple[str, ...] = TEMPORARY_NAMES
    """Patterns of names of what is not finished, as `medialib.completeness.temporary_reason` reads them."""
    recycle: str = ".medialib/recycle"
    """Folder, relative to a location's root, that duplicates go to."""


def plan_route(
    incoming: Location,
    roots: Mapping[str, WritableLocation],
    catalogue: Catalogue,
    rules: RouteRules,
    clock: Clock,
    *,
    lookup: TitleLookup | None = None,
    contents: ContentLookup | None = None,
    arriving: Iterable[FileEntry] | None = None,
    configuration: str = "",
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Plan:
    """Plan the moves of all files in `incoming` into the library `roots` (by location name).

    With `arriving`, files that are to come there are planned for too, and the plan is provisional. A show or film that
    the catalogue does not know is entered under the name it goes by, or as `lookup` finds it, if the rules say so; a
    show that came from a provider is looked up again for episodes that are new. With `contents`, files that look like
    anime, or whose title is not known, are read, and asked about by their content, which then outweighs their names
    (see `medialib.workflows.by_content.weigh`). Folders that end up empty are removed.
    What cannot be placed without a guess, or would stand where something stands, is left with a remark.

    Raises OutOfReach if the incoming folder or a root that is needed cannot be read, or a root is suddenly empty, and
    Cancelled when asked to stop.
    """
    titles = Titles(catalogue, shows=rules.unknown_shows, movies=rules.unknown_movies, lookup=lookup, observer=observer)
    token = cancelled if cancelled is not None else Event()
    planning = _Routing(incoming, roots, catalogue, titles, rules, clock, token)
    provisional = tuple(arriving) if arriving is not None else ()
    coming = {entry.path for entry in provisional}
    count = 0
    for entry in incoming.walk():
        planning.go_on()
        count += 1
        if isinstance(entry, RefusedEntry):
            planning.remark("refused", entry.path, entry.reason)
        elif entry.path not in coming:
            planning.sort(entry)
    observer(LocationWalked(incoming.name, "", count, done=True))
    for entry in provisional:
        planning.sort(entry)
    planning.plan_all(contents)
    return Plan(
        kind="route",
        created=planning.now,
        catalogue=catalogue.identity,
        configuration=configuration,
        actions=tuple(planning.actions),
        remarks=tuple(planning.remarks),
        provisional=arriving is not None,
    )


class _Routing:
    """One plan in the making."""

    def __init__(
        self,
        incoming: Location,
        roots: Mapping[str, WritableLocation],
        catalogue: Catalogue,
        titles: Titles,
        rules: RouteRules,
        clock: Clock,
        cancelled: CancelToken,
    ) -> None:
        self._incoming = incoming
        self._roots = roots
        self._catalogue = catalogue
        self._rules = rules
        self._cancelled = cancelled
        self.now = clock.now()
        self._recycle = f"{rules.recycle}/{self.now:%Y%m%dT%H%M%SZ}"
        self._titles = titles
        self._targets: dict[tuple[str, str], Place] = {}
        self._checked: set[str] = set()
        self._siblings: dict[tuple[str, str], dict[str, FileEntry]] = {}
        self._videos: list[FileEntry] = []
        self._companions: list[FileEntry] = []
        self._left: set[str] = set()
        self._planned: dict[str, Action] = {}
        self._told: dict[str, Told] = {}
        self.actions: list[Action] = []
        self.remarks: list[Remark] = []

    # ------------------------------------------------------------------------------------------------------ sorting

    def remark(
        self,
        kind: Literal[
            "refused", "excluded", "partial", "still arriving", "unrouted", "conflict", "collision", "duplicate"
        ],
        path: str,
        reason: str,
    ) -> None:
        """Leave a file where it is."""
        self._left.add(path)
        self.remarks.append(Remark(kind, Place(self._incoming.name, path), reason))

    def go_on(self) -> None:
        """Raise Cancelled when asked to stop."""
        if self._cancelled.is_set():
            raise Cancelled("stopped while routes were planned")

    def sort(self, entry: FileEntry) -> None:
        """Put an incoming file with the videos, the companions, or what is left."""
        extension = extension_of(entry.path)
        verdict = judge_path(entry.path, self._rules.paths)
        if entry.path.endswith(PART_SUFFIXES):
            self.remark("partial", entry.path, "it has not arrived whole")
        elif not verdict:
            self.remark("excluded", entry.path, "; ".join(verdict.reasons))
        elif (temporary := temporary_reason(entry.path, self._rules.temporary_names)) is not None:
            self.remark("partial", entry.path, temporary)
        elif isinstance(self._incoming, SupportsWriters) and self._incoming.being_written(entry.path):
            self.remark("still arriving", entry.path, "another program has it open for writing")
        elif extension in VIDEO_EXTENSIONS:
            self._videos.append(entry)
        elif extension in self._rules.companions:
            self._companions.append(entry)
        else:
            self.remark("excluded", entry.path, "it is neither a video nor a companion of one")

    # ----------------------------------------------------------------------------------------------------- planning

    def plan_all(self, contents: ContentLookup | None = None) -> None:
        """Plan every sorted file, then the folders that end up empty."""
        if contents is not None:
            self._told = dict(contents.files(self._incoming, self._unsure()))
        entries = {entry.path: entry for entry in (*self._videos, *self._companions)}
        routed: dict[str, Routed] = {}
        for video in sorted(self._videos, key=lambda entry: entry.path):
            self.go_on()
            placed = self._plan_video(video)
            if placed is not None:
                routed[video.path] = placed
        pairs = pair_companions(
            sorted(entry.path for entry in self._videos), sorted(entry.path for entry in self._companions)
        )
        for pair in pairs:
            if isinstance(pair, Companion):
                self._plan_companion(entries[pair.path], pair, routed.get(pair.video))
            else:
                self._plan_orphan(entries[pair.path], pair.reason, routed)
        self._plan_folders(entries)

    def _plan_video(self, entry: FileEntry) -> Routed | None:
        named = parse_name(entry.path)
        told = self._told.get(entry.path)
        evidence = Evidence(named) if told is None else weigh(named, told, self._titles)
        parsed, said = evidence.parsed, "".join(f"; {reason}" for reason in evidence.reasons)
        titled = evidence.titled or self._titles.of(parsed)
        if isinstance(titled, Unrouted):
            self.remark("unrouted", entry.path, f"{titled}{said}")
            return None
        decided = self._decide(entry, parsed, titled.record, self._rules.policy)
        if isinstance(decided, Unrouted):
            self.remark("unrouted", entry.path, f"{decided}{said}")
            return None
        decided = attrs.evolve(decided, reasons=(*evidence.reasons, titled.why, *decided.reasons))
        if told is not None:
            details = {**decided.holding.details, "ed2k": told.ed2k}
            decided = attrs.evolve(decided, holding=attrs.evolve(decided.holding, details=details))
            if evidence.overrides:
                self._dispute(entry, named, decided)
        other = self._titles.sharing(titled.record, self._rules.policy)
        if other is not None:
            reason = f"{titled.record.title!r} would share the folder of {other.title!r} ({other.key})"
            self.remark("collision", entry.path, f"{reason}. Give one of them another folder.")
            return None
        if not self._claim(entry, decided.place):
            return None
        entering, after = self._titles.entering(titled.record, first=len(self.actions) + 1)
        self.actions.extend(entering)
        self._move(entry, decided, after)
        return decided

    def _unsure(self) -> list[str]:
        """The videos that are here and may be known by their content better than by their names."""
        found = []
        for entry in sorted(self._videos, key=lambda video: video.path):
            parsed = parse_name(entry.path)
            known = self._titles.known(parsed)
            if self._is_here(entry) and looks_like_anime(parsed, None if known is None else known.record):
                found.append(entry.path)
        return found

    def _dispute(self, entry: FileEntry, named: ParsedName, decided: Routed) -> None:
        """Say so where the name alone would have led elsewhere."""
        known = self._titles.known(named)
        alone = None if known is None else self._decide(entry, named, known.record, self._rules.policy)
        if isinstance(alone, Routed) and alone.holding.unit != decided.holding.unit:
            reason = f"its name says {alone.place}, its content {decided.place}: {decided.reasons[0]}"
            self.remarks.append(Remark("disputed", Place(self._incoming.name, entry.path), reason))

    def _decide(self, entry: FileEntry, parsed: ParsedName, record: Show | Movie, policy: RoutingPolicy) -> Route:
        episodes = self._titles.episodes(record, parsed)
        if isinstance(episodes, Unrouted):
            return episodes
        return route(entry.path, parsed, record, policy, episodes=episodes)

    def _plan_companion(self, entry: FileEntry, pair: Companion, video: Routed | None) -> None:
        if video is None:
            self.remark("unrouted", entry.path, f"it travels with {pair.video}, which is not routed")
            return
        folder, stem, _ = split_stem(video.place.path)
        place = Place(video.place.location, f"{folder}/{stem}{pair.suffix}")
        holding = Holding(video.holding.unit, "companion", release=entry.path)
        decided = Routed(place, holding, (f"travels with {pair.video.rpartition('/')[2]}: {pair.reason}",))
        if self._claim(entry, place):
            mover = self._planned.get(pair.video)
            self._move(entry, decided, (mover.id,) if mover is not None else ())

    def _plan_orphan(self, entry: FileEntry, why: str, routed: Mapping[str, Routed]) -> None:
        """A companion without a video beside it may belong to one in the library, or on its way there."""
        parsed = parse_name(entry.path)
        titled = self._titles.known(parsed)
        if titled is None:
            self.remark("unrouted", entry.path, f"{why}, and no video of the library has its name")
            return
        record = titled.record
        kind: Literal["episode", "movie"] = "episode" if isinstance(record, Show) else "movie"
        decided = self._decide(entry, parsed, record, attrs.evolve(self._rules.policy, minimum_confidence=0.0))
        wanted = decided.holding.unit if isinstance(decided, Routed) else None
        videos: dict[Place, tuple[str, ...]] = {
            row.place: ()
            for row in self._catalogue.inventory.of_unit(kind, record.key)
            if row.holding.role == "video" and row.holding.unit == wanted
        } | {video.place: (self._planned[path].id,) for path, video in routed.items() if video.holding.unit == wanted}
        if wanted is None or len(videos) != 1:
            self.remark("unrouted", entry.path, f"{why}, and {len(videos)} videos of the library have its name")
            return
        ((video, after),) = videos.items()
        folder, stem, extension = split_stem(video.path)
        pair = pair_companions([f"{stem}.{extension}"], [entry.path.rpartition("/")[2]])[0]
        if not isinstance(pair, Companion):
            self.remark("unrouted", entry.path, pair.reason)
            return
        place = Place(video.location, f"{folder}/{stem}{pair.suffix}")
        holding = Holding(wanted, "companion", release=entry.path)
        if self._claim(entry, place):
            self._move(entry, Routed(place, holding, (f"travels with {video}",)), after)

    # ------------------------------------------------------------------------------------------------- targets, moves

    def _claim(self, entry: FileEntry, place: Place) -> bool:
        """Whether `place` is free for `entry`; if not, the remark, or the recycling of a duplicate, is planned."""
        root = self._root(place)
        key = (place.location, collision_key(place.path))
        other = self._targets.get(key)
        if other is not None:
            self.remark("collision", entry.path, f"{other} comes to the same name {place}")
            return False
        place, standing = self._standing(root, place)
        if standing is None:
            self._targets[key] = Place(self._incoming.name, entry.path)
            return True
        if standing.size == entry.size and self._same_content(entry, root, place):
            bin_ = Place(self._incoming.name, f"{self._recycle}/{len(self.actions) + 1}/{entry.path}")
            source = Place(self._incoming.name, entry.path)
            reason = f"the same content stands at {place}"
            self._append(
                entry, Discard(self._name("d"), source, bin_, entry.size, entry.mtime_ns, place, reason=reason)
            )
            self.remarks.append(Remark("duplicate", source, reason))
        elif standing.size == entry.size and not self._is_here(entry):
            reason = f"a file of the same size stands at {place}; whether it is the same will be seen once this is here"
            self.remark("conflict", entry.path, reason)
        else:
            self.remark("conflict", entry.path, f"another file stands at {place}; neither is touched")
        return False

    def _standing(self, root: WritableLocation, place: Place) -> tuple[Place, FileEntry | None]:
        """What stands at `place`, or beside it under a name that differs in letter case or Unicode form alone."""
        entry = root.entry(place.path)
        folder = split_stem(place.path)[0]
        if entry is not None or not root.has_folder(folder):
            return place, entry
        if (place.location, folder) not in self._siblings:
            self._siblings[place.location, folder] = {
                collision_key(found.path): found for found in root.walk(folder) if isinstance(found, FileEntry)
            }
        twin = self._siblings[place.location, folder].get(collision_key(place.path))
        return (place, None) if twin is None else (Place(place.location, twin.path), twin)

    def _root(self, place: Place) -> WritableLocation:
        root = self._roots[place.location]
        if place.location not in self._checked:
            self._checked.add(place.location)
            rows = self._catalogue.inventory.all(place.location)
            if next(iter(rows), None) is not None and next(iter(root.walk()), None) is None:
                raise OutOfReach(
                    f"{root.address('')} is empty, though the catalogue knows files in it",
                    remedy="Is the disk mounted?",
                )
        return root

    def _is_here(self, entry: FileEntry) -> bool:
        """Whether the file has arrived; in a provisional plan it may still be to come."""
        return self._incoming.entry(entry.path) is not None

    def _same_content(self, entry: FileEntry, root: Location, place: Place) -> bool:
        if not self._is_here(entry):
            return False
        return content_hash(self._incoming, entry.path, self._cancelled) == content_hash(
            root, place.path, self._cancelled
        )

    def _move(self, entry: FileEntry, decided: Routed, after: tuple[str, ...]) -> None:
        source = Place(self._incoming.name, entry.path)
        top, slash, _ = entry.path.partition("/")
        self._append(
            entry,
            Move(
                self._name("m"),
                source,
                decided.place,
                entry.size,
                entry.mtime_ns,
                attrs.evolve(decided.holding, sha256=self._received_hash(entry, source)),
                unit=top if slash else None,
                reason="; ".join(decided.reasons),
                after=after,
            ),
        )

    def _received_hash(self, entry: FileEntry, source: Place) -> str | None:
        known = self._catalogue.known_files.by_local(source)
        if known is None or known.size != entry.size or not nearly_same_time(known.mtime_ns, entry.mtime_ns):
            return None
        return known.sha256

    def _append(self, entry: FileEntry, action: Action) -> None:
        self._planned[entry.path] = action
        self.actions.append(action)

    def _name(self, letter: str) -> str:
        return f"{letter}{len(self.actions) + 1}"

    def _plan_folders(self, entries: Mapping[str, FileEntry]) -> None:
        """Remove the folders, deepest first, of which every file has another place now."""
        below: defaultdict[str, list[str]] = defaultdict(list)
        staying = {path for path in self._left if path not in self._planned}
        for path in entries:
            folder = split_stem(path)[0]
            while folder:
                if path in self._planned:
                    below[folder].append(self._planned[path].id)
                folder = folder.rpartition("/")[0]
        kept = set()
        for path in staying:
            folder = path.rpartition("/")[0]
            while folder:
                kept.add(folder)
                folder = folder.rpartition("/")[0]
        for folder in sorted(below, key=lambda name: (-name.count("/"), name)):
            if folder not in kept:
                self.actions.append(
                    RemoveFolder(
                        self._name("r"),
                        Place(self._incoming.name, folder),
                        "everything in it has its place",
                        tuple(below[folder]),
                    )
                )
