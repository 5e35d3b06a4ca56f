"""Plan where everything in the incoming folder belongs, from its names and what the catalogue knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import Event

import attrs

from medialib.completeness import nearly_same_time, temporary_reason
from medialib.errors import Cancelled
from medialib.events import LocationWalked, Observer, nobody
from medialib.filters import judge_path
from medialib.model import Episode, FileEntry, Holding, Movie, Place, RefusedEntry, Show, Unit
from medialib.naming import ParsedName, parse_name
from medialib.planning import Action, AddMovie, AddShow, Move, Plan, Remark
from medialib.ports import PART_SUFFIXES, CancelToken, Catalogue, Clock, Location, SupportsWriters, WritableLocation
from medialib.routing import (
    Companion,
    Rival,
    Route,
    Routed,
    RoutingPolicy,
    Settle,
    Unrouted,
    better_of,
    extension_of,
    pair_companions,
    route,
    split_stem,
)
from medialib.workflows.by_content import ContentLookup, Evidence, Told, looks_like_anime, weigh
from medialib.workflows.claiming import Claims
from medialib.workflows.describing import NewVideo, plan_nfo
from medialib.workflows.drafting import Draft
from medialib.workflows.homes import Homes
from medialib.workflows.lookup import TitleLookup
from medialib.workflows.route_rules import VIDEO_EXTENSIONS, RouteRules
from medialib.workflows.shelf import Shelf
from medialib.workflows.titles import Titles

__all__ = ["plan_route"]


@attrs.frozen
class _Waiting:
    """A video that has a place."""

    entry: FileEntry
    record: Show | Movie
    decided: Routed
    episodes: tuple[Episode, ...]
    folder: str
    """The folder that the title has already though it is called otherwise; empty where there is none."""


@attrs.frozen
class _Placed:
    """A video that stands in the library, or will by the actions named."""

    place: Place
    holding: Holding
    after: tuple[str, ...] = ()
    replaces: bool = False


def plan_route(
    incoming: Location,
    roots: Mapping[str, WritableLocation],
    catalogue: Catalogue,
    rules: RouteRules,
    clock: Clock,
    *,
    lookup: TitleLookup | None = None,
    settle: Settle | None = None,
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
    What cannot be placed without a guess is left with a remark, and so is what would stand where something stands,
    unless the rules say which is kept; `settle` asks a person where they say so. A file that was linked or copied to
    its place is left alone for as long as it stands there.

    Raises OutOfReach if the incoming folder or a root that is needed cannot be read, or a root is suddenly empty, and
    Cancelled when asked to stop.
    """
    titles = Titles(catalogue, shows=rules.unknown_shows, movies=rules.unknown_movies, lookup=lookup, observer=observer)
    token = cancelled if cancelled is not None else Event()
    planning = _Routing(incoming, roots, catalogue, titles, rules, clock.now(), settle, token)
    provisional = tuple(arriving) if arriving is not None else ()
    coming = {entry.path for entry in provisional}
    count = 0
    for entry in incoming.walk():
        planning.go_on()
        count += 1
        if isinstance(entry, RefusedEntry):
            planning.draft.remark("refused", entry.path, entry.reason)
        elif entry.path not in coming:
            planning.sort(entry)
    observer(LocationWalked(incoming.name, "", count, done=True))
    for entry in provisional:
        planning.sort(entry)
    planning.plan_all(contents)
    return Plan(
        kind="route",
        created=planning.draft.now,
        catalogue=catalogue.identity,
        configuration=configuration,
        actions=tuple(planning.draft.actions),
        remarks=tuple(planning.draft.remarks),
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
        now: datetime,
        settle: Settle | None,
        cancelled: CancelToken,
    ) -> None:
        self._incoming = incoming
        self._catalogue = catalogue
        self._rules = rules
        self._cancelled = cancelled
        self._titles = titles
        self._shelf = Shelf(incoming, roots, catalogue)
        self._homes = Homes(
            self._shelf, {name: root for name, root in roots.items() if name != rules.review}, rules.policy
        )
        self.draft = Draft(incoming.name, now, rules.recycle)
        self._claims = Claims(
            self.draft,
            incoming,
            self._shelf,
            rules.conflicts,
            keeps_sources=any(way != "move" for way in rules.ways),
            settle=settle,
            cancelled=cancelled,
        )
        self._videos: list[FileEntry] = []
        self._companions: list[FileEntry] = []
        self._doubtful: dict[str, ParsedName] = {}
        self._fresh: list[NewVideo] = []
        self._known: dict[str, _Placed] = {}
        self._told: dict[str, Told] = {}

    # ------------------------------------------------------------------------------------------------------ sorting

    def go_on(self) -> None:
        """Raise Cancelled when asked to stop."""
        if self._cancelled.is_set():
            raise Cancelled("stopped while routes were planned")

    def sort(self, entry: FileEntry) -> None:
        """Put an incoming file with the videos, the companions, or what is left."""
        extension = extension_of(entry.path)
        verdict = judge_path(entry.path, self._rules.paths)
        remark = self.draft.remark
        if entry.path.endswith(PART_SUFFIXES):
            remark("partial", entry.path, "it has not arrived whole")
        elif not verdict:
            remark("excluded", entry.path, "; ".join(verdict.reasons))
        elif (temporary := temporary_reason(entry.path, self._rules.temporary_names)) is not None:
            remark("partial", entry.path, temporary)
        elif isinstance(self._incoming, SupportsWriters) and self._incoming.being_written(entry.path):
            remark("still arriving", entry.path, "another program has it open for writing")
        elif extension in VIDEO_EXTENSIONS:
            self._videos.append(entry)
        elif extension in self._rules.companions:
            self._companions.append(entry)
        else:
            remark("excluded", entry.path, "it is neither a video nor a companion of one")

    # ----------------------------------------------------------------------------------------------------- planning

    def plan_all(self, contents: ContentLookup | None = None) -> None:
        """Plan every sorted file, then the folders that end up empty."""
        entries = {entry.path: entry for entry in (*self._videos, *self._companions)}
        for entry in entries.values():
            self._recognise(entry)
        if contents is not None:
            self._told = dict(contents.files(self._incoming, self._unsure()))
        placed: dict[str, _Placed] = dict(self._known)
        for waiting in self._in_order([found for found in map(self._read, self._sorted_videos()) if found is not None]):
            self.go_on()
            found = self._place_video(waiting)
            if found is not None:
                placed[waiting.entry.path] = found
        for path, parsed in self._doubtful.items():
            least = self._rules.policy.minimum_confidence
            self._put_aside(
                entries[path], f"its name is read with a confidence of {parsed.confidence:.2f}, below {least:.2f}"
            )
        pairs = pair_companions(
            sorted(entry.path for entry in self._videos), sorted(entry.path for entry in self._companions)
        )
        for pair in (each for each in pairs if each.path not in self._known):
            if isinstance(pair, Companion) and pair.video in self._doubtful:
                self._put_aside(entries[pair.path], f"travels with {pair.video.rpartition('/')[2]}: {pair.reason}")
            elif isinstance(pair, Companion):
                self._place_companion(entries[pair.path], pair, placed.get(pair.video))
            else:
                self._place_orphan(entries[pair.path], pair.reason, placed)
        if self._rules.nfo:
            plan_nfo(self.draft, self._fresh, self._claims.is_free)
        self.draft.remove_folders(entries)

    def _sorted_videos(self) -> list[FileEntry]:
        return sorted((each for each in self._videos if each.path not in self._known), key=lambda entry: entry.path)

    def _recognise(self, entry: FileEntry) -> None:
        """Leave a file alone that was linked or copied to its place."""
        self.go_on()
        found = self._shelf.placed_from(entry)
        if found is not None:
            self._known[entry.path] = _Placed(*found)
            self.draft.remark("known", entry.path, f"placed already at {found[0]}")

    def _read(self, entry: FileEntry) -> _Waiting | None:
        """What a video is of and where it belongs; None with a remark if that cannot be told."""
        self.go_on()
        named = parse_name(entry.path)
        told = self._told.get(entry.path)
        evidence = Evidence(named) if told is None else weigh(named, told, self._titles)
        parsed, said = evidence.parsed, "".join(f"; {reason}" for reason in evidence.reasons)
        if (
            self._rules.review is not None
            and told is None
            and parsed.confidence < self._rules.policy.minimum_confidence
        ):
            self._doubtful[entry.path] = parsed
            return None
        titled = evidence.titled or self._titles.of(parsed)
        if isinstance(titled, Unrouted):
            self.draft.remark("unrouted", entry.path, f"{titled}{said}")
            return None
        decided = self._decide(entry, parsed, titled.record, self._rules.policy)
        if isinstance(decided, Unrouted):
            self.draft.remark("unrouted", entry.path, f"{decided}{said}")
            return None
        decided = attrs.evolve(decided, reasons=(*evidence.reasons, titled.why, *decided.reasons))
        if told is not None:
            details = {**decided.holding.details, "ed2k": told.ed2k}
            decided = attrs.evolve(decided, holding=attrs.evolve(decided.holding, details=details))
            if evidence.overrides:
                self._dispute(entry, named, decided)
        self._homes.take(titled.record, decided.place, entry.size)
        episodes = self._titles.episodes(titled.record, parsed)
        folder = self._homes.folder_of(titled.record)
        return _Waiting(entry, titled.record, decided, () if isinstance(episodes, Unrouted) else episodes, folder)

    def _unsure(self) -> list[str]:
        """The videos that are here and may be known by their content better than by their names."""
        found = []
        for entry in self._sorted_videos():
            parsed = parse_name(entry.path)
            known = self._titles.known(parsed)
            here = self._incoming.entry(entry.path) is not None
            if here and looks_like_anime(parsed, None if known is None else known.record):
                found.append(entry.path)
        return found

    def _dispute(self, entry: FileEntry, named: ParsedName, decided: Routed) -> None:
        """Say so where the name alone would have led elsewhere."""
        known = self._titles.known(named)
        alone = None if known is None else self._decide(entry, named, known.record, self._rules.policy)
        if isinstance(alone, Routed) and alone.holding.unit != decided.holding.unit:
            reason = f"its name says {alone.place}, its content {decided.place}: {decided.reasons[0]}"
            self.draft.remarks.append(Remark("disputed", self.draft.place(entry.path), reason))

    def _in_order(self, waiting: list[_Waiting]) -> list[_Waiting]:
        """Of the files of one episode or film the better one first, where that is to be kept; else as they are."""
        if self._rules.conflicts != "better":
            return waiting
        by_unit: defaultdict[Unit | None, list[_Waiting]] = defaultdict(list)
        for each in waiting:
            holding, others = each.decided.holding, by_unit[each.decided.holding.unit]
            worse = (
                index
                for index, other in enumerate(others)
                if better_of(holding, [Rival(other.decided.place, other.decided.holding)]).winner == "new"
            )
            others.insert(next(worse, len(others)), each)
        return [each for others in by_unit.values() for each in others]

    def _decide(self, entry: FileEntry, parsed: ParsedName, record: Show | Movie, policy: RoutingPolicy) -> Route:
        episodes = self._titles.episodes(record, parsed)
        if isinstance(episodes, Unrouted):
            return episodes
        home = self._homes.of(record, parsed, entry.size)
        kept = attrs.evolve(home.policy, minimum_confidence=policy.minimum_confidence)
        decided = route(entry.path, parsed, home.record, kept, episodes=episodes)
        if isinstance(decided, Unrouted):
            return decided
        return attrs.evolve(decided, reasons=(*decided.reasons, *home.reasons))

    def _place_video(self, waiting: _Waiting) -> _Placed | None:
        entry, record, decided = waiting.entry, waiting.record, waiting.decided
        assert decided.holding.unit is not None
        other = self._titles.sharing(record, self._rules.policy)
        if other is not None:
            reason = f"{record.title!r} would share the folder of {other.title!r} ({other.key})"
            self.draft.remark("collision", entry.path, f"{reason}. Give one of them another folder.")
            return None
        claim = self._claims.video(entry, decided)
        if claim is None:
            return None
        entering, after = self._titles.entering(record, first=len(self.draft.actions) + 1)
        self.draft.actions.extend(_in_folder(action, waiting.folder) for action in entering)
        reasons = (*decided.reasons, *claim.reasons)
        mover = self._move(entry, claim.place, decided.holding, reasons, (*after, *claim.after))
        self._fresh.append(NewVideo(record, decided.holding.unit, claim.place, mover, waiting.episodes))
        for place, found in claim.loses:
            self.draft.displace(place, found, f"{claim.place} is kept instead", (mover,))
        return _Placed(claim.place, decided.holding, (mover,), replaces=bool(claim.after or claim.loses))

    def _place_companion(self, entry: FileEntry, pair: Companion, video: _Placed | None) -> None:
        if video is None:
            self.draft.remark("unrouted", entry.path, f"it travels with {pair.video}, which is not routed")
            return
        reason = f"travels with {pair.video.rpartition('/')[2]}: {pair.reason}"
        self._place_beside(entry, video, pair.suffix, reason)

    def _place_orphan(self, entry: FileEntry, why: str, placed: Mapping[str, _Placed]) -> None:
        """A companion without a video beside it may belong to one in the library, or on its way there."""
        parsed = parse_name(entry.path)
        titled = self._titles.known(parsed)
        if titled is None:
            self.draft.remark("unrouted", entry.path, f"{why}, and no video of the library has its name")
            return
        record = titled.record
        decided = self._decide(entry, parsed, record, attrs.evolve(self._rules.policy, minimum_confidence=0.0))
        wanted = decided.holding.unit if isinstance(decided, Routed) else None
        videos: dict[Place, _Placed] = {}
        if wanted is not None:
            videos = {
                row.place: _Placed(row.place, row.holding)
                for row in self._shelf.of_title(wanted)
                if row.holding.role == "video" and row.holding.unit == wanted
            } | {video.place: video for video in placed.values() if video.holding.unit == wanted}
        if wanted is None or len(videos) != 1:
            self.draft.remark("unrouted", entry.path, f"{why}, and {len(videos)} videos of the library have its name")
            return
        (video,) = videos.values()
        _, stem, extension = split_stem(video.place.path)
        pair = pair_companions([f"{stem}.{extension}"], [entry.path.rpartition("/")[2]])[0]
        if not isinstance(pair, Companion):
            self.draft.remark("unrouted", entry.path, pair.reason)
            return
        self._place_beside(entry, video, pair.suffix, f"travels with {video.place}")

    def _place_beside(self, entry: FileEntry, video: _Placed, suffix: str, reason: str) -> None:
        holding = Holding(video.holding.unit, "companion", release=entry.path)
        folder, stem, _ = split_stem(video.place.path)
        claim = self._claims.companion(
            entry, Place(video.place.location, f"{folder}/{stem}{suffix}"), replaces=video.replaces
        )
        if claim is not None:
            self._move(entry, claim.place, holding, (reason,), (*video.after, *claim.after))

    def _put_aside(self, entry: FileEntry, reason: str) -> None:
        """Place a file where a person looks at it, under the name that it has."""
        assert self._rules.review is not None
        place = Place(self._rules.review, entry.path)
        claim = self._claims.companion(entry, place, replaces=False)
        if claim is not None:
            self._move(entry, claim.place, None, (reason, "for you to look at"), claim.after)

    # --------------------------------------------------------------------------------------------- moves and folders

    def _move(
        self,
        entry: FileEntry,
        place: Place,
        holding: Holding | None,
        reasons: tuple[str, ...],
        after: tuple[str, ...],
    ) -> str:
        """Plan to place a file; returns the name of the action that does."""
        source = self.draft.place(entry.path)
        top, slash, _ = entry.path.partition("/")
        name = self.draft.name("m")
        self.draft.append(
            entry,
            Move(
                name,
                source,
                place,
                entry.size,
                entry.mtime_ns,
                None if holding is None else attrs.evolve(holding, sha256=self._received_hash(entry, source)),
                unit=top if slash else None,
                reason="; ".join(reasons),
                after=after,
                ways=self._rules.ways,
            ),
        )
        return name

    def _received_hash(self, entry: FileEntry, source: Place) -> str | None:
        known = self._catalogue.known_files.by_local(source)
        if known is None or known.size != entry.size or not nearly_same_time(known.mtime_ns, entry.mtime_ns):
            return None
        return known.sha256


def _in_folder(action: Action, folder: str) -> Action:
    """The action that enters a title, with the folder that it has already."""
    if folder and isinstance(action, AddShow):
        return attrs.evolve(action, show=attrs.evolve(action.show, folder=folder))
    if folder and isinstance(action, AddMovie):
        return attrs.evolve(action, movie=attrs.evolve(action.movie, folder=folder))
    return action
