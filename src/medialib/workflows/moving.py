"""Moves of files that stand in the library to where they belong now: videos with all that goes with them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import attrs

from medialib.model import Episode, Holding, InventoryFile, Movie, Place, Show, Unit
from medialib.naming import collision_key, companion_suffix, parse_name
from medialib.planning import Action, Remark
from medialib.routing import RoutingPolicy, Unrouted, extension_of, route, split_stem
from medialib.workflows.arranging import Wish, arrange
from medialib.workflows.folder_names import FolderNames
from medialib.workflows.route_rules import VIDEO_EXTENSIONS

__all__ = ["Belongs", "Moves", "Routing", "move_rows"]

_ENDS: Final = re.compile(r"[.\-_ ]")
"""What may follow the name of a video in that of a companion."""


@attrs.frozen
class Belongs:
    """Where a video belongs."""

    place: Place
    """The place."""
    holding: Holding
    """What the inventory is to say of it."""
    reason: str
    """Why, for a reader."""


Decide: TypeAlias = Callable[[InventoryFile], "Belongs | Unrouted"]
"""Where the video of a row belongs."""


@attrs.frozen
class Moves:
    """What is to be done, and what is left."""

    actions: tuple[Action, ...]
    """Moves, and removals of the folders that end up empty."""
    remarks: tuple[Remark, ...]
    """What stays where it is although it belongs elsewhere, and why."""


@attrs.frozen
class Routing:
    """Where the videos of one show or film belong."""

    title: Show | Movie
    """The show or film."""
    policy: RoutingPolicy
    """Where things are kept and how they are named."""
    episodes: tuple[Episode, ...] = ()
    """What is known of the show's episodes."""

    def unit_by_name(self, row: InventoryFile) -> Belongs | Unrouted:
        """Where a row's video belongs, holding what its release name says that it holds."""
        release = row.holding.release or row.place.path
        elsewhere = row.place.location in {rule.name for rule in self.policy.roots}
        policy = self.policy.within(row.place.location) if elsewhere else self.policy
        decided = route(release, parse_name(release), self.title, policy, episodes=self.episodes)
        if isinstance(decided, Unrouted):
            return decided
        holding = attrs.evolve(row.holding, unit=decided.holding.unit)
        return Belongs(decided.place, holding, f"of {self.title.title!r}")

    def unit_as_recorded(self, row: InventoryFile) -> Belongs | Unrouted:
        """Where a row's video belongs, if its name says that it holds what the inventory says."""
        found = self.unit_by_name(row)
        if isinstance(found, Unrouted):
            return found
        if found.holding.unit == row.holding.unit:
            # the name that it has today may be the only one that told what it is
            release = row.holding.release or row.place.path
            return attrs.evolve(found, holding=attrs.evolve(row.holding, release=release))
        read, known = found.holding.unit, row.holding.unit
        return Unrouted(f"its name is read as {_said(read)}, and the catalogue has it as {_said(known)}")


def move_rows(
    rows: Iterable[InventoryFile], decide: Decide, names: FolderNames, *, after: tuple[str, ...] = ()
) -> Moves:
    """Plan that the files of some rows come to where they belong; see `arrange`.

    A video moves with its companions, recorded or not, or none of them moves. `after` names actions that come before.
    """
    return _Moving(tuple(rows), names).plan(decide, after)


class _Moving:
    """The wishes of some rows in the making."""

    def __init__(self, rows: Sequence[InventoryFile], names: FolderNames) -> None:
        self._names = names
        self._rows = {row.place: row for row in rows}
        self._videos = {row.place: row for row in rows if row.holding.role == "video"}
        self._remarks: list[Remark] = []

    def plan(self, decide: Decide, after: tuple[str, ...]) -> Moves:
        """The wishes of all videos, each with its companions, arranged."""
        belongs: dict[Place, Belongs] = {}
        for row in self._videos.values():
            decided = decide(row)
            if isinstance(decided, Unrouted):
                self._remarks.append(Remark("unrouted", row.place, str(decided)))
            else:
                belongs[row.place] = decided
        with_each = self._companions(belongs)
        groups = [
            [
                _wish(self._videos[place], there.place, there.holding, there.reason),
                *(self._following(companion, suffix, place, there) for companion, suffix in with_each[place]),
            ]
            for place, there in belongs.items()
        ]
        arranged = arrange(groups, self._names, after=after)
        self._remarks += [Remark("conflict", wish.source, why) for wish, why in arranged.left]
        return Moves(arranged.actions, tuple(self._remarks))

    def _companions(self, belongs: Mapping[Place, Belongs]) -> Mapping[Place, list[tuple[Place, str]]]:
        """By video, what goes with it, and what its name adds to the video's stem."""
        found: defaultdict[Place, list[tuple[Place, str]]] = defaultdict(list)
        of_folder: defaultdict[Place, set[str]] = defaultdict(set)
        for place in self._rows:
            of_folder[_folder(place)].add(_name(place))
        for folder in dict.fromkeys(_folder(place) for place in self._videos):
            for companion, video, suffix in self._beside(folder, of_folder[folder]):
                found[video].append((companion, suffix))
        seen = {companion for several in found.values() for companion, _ in several}
        for row in self._rows.values():
            if row.holding.role == "companion" and row.place not in seen:
                by_release = self._by_release(row)
                if by_release is not None:
                    found[by_release[0]].append((row.place, by_release[1]))
        following = {companion for place in belongs for companion, _ in found[place]}
        for row in self._rows.values():
            if row.holding.role == "companion" and row.place not in following:
                self._remarks.append(Remark("unrouted", row.place, "the video that it travels with is not moved"))
        return found

    def _beside(self, folder: Place, recorded: Collection[str]) -> Iterator[tuple[Place, Place, str]]:
        """The companions in a folder, each with the video whose name it begins with, the longest such name."""
        listed = self._names.files(folder) if self._names.has(folder.location) else {}
        names = {*listed, *recorded}
        videos = sorted(name for name in names if extension_of(name) in VIDEO_EXTENSIONS)
        by_stem: defaultdict[str, list[str]] = defaultdict(list)
        for video in videos:
            by_stem[collision_key(split_stem(video)[1])].append(video)
        for name in sorted(names.difference(videos)):
            companion = _in(folder, name)
            if companion not in self._rows and listed.get(name) is None:
                continue
            found = _longest(name, by_stem)
            if found is not None and _in(folder, found[0]) in self._videos:
                yield companion, _in(folder, found[0]), found[1]

    def _by_release(self, row: InventoryFile) -> tuple[Place, str] | None:
        """The video of one that does not stand beside it, as after a crash: by the names that both came under."""
        if row.holding.release is None:
            return None
        name = row.holding.release.rpartition("/")[2]
        for video in self._videos.values():
            if video.holding.release is not None:
                suffix = companion_suffix(split_stem(video.holding.release)[1], name)
                if suffix is not None:
                    return video.place, suffix
        return None

    def _following(self, companion: Place, suffix: str, video: Place, there: Belongs) -> Wish:
        folder, stem, _ = split_stem(there.place.path)
        target = Place(there.place.location, f"{folder}/{stem}{suffix}" if folder else f"{stem}{suffix}")
        row = self._rows.get(companion)
        if row is not None:
            same = there.holding.unit == self._videos[video].holding.unit
            holding = row.holding if same else attrs.evolve(row.holding, unit=there.holding.unit)
            return _wish(row, target, holding, there.reason)
        entry = self._names.entry(companion)
        assert entry is not None
        return Wish(companion, target, entry.size, entry.mtime_ns, None, None, "it goes with its video")


def _longest(name: str, by_stem: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """The video whose stem is the longest that a name begins with, and what the name adds to that.

    Of several it is one whose stem is spelt so, else the first.
    """
    for end in sorted((found.start() for found in _ENDS.finditer(name)), reverse=True):
        fitting = [
            (video, suffix)
            for video in by_stem.get(collision_key(name[:end]), ())
            if (suffix := companion_suffix(split_stem(video)[1], name)) is not None
        ]
        if fitting:
            return min(fitting, key=lambda each: not name.startswith(split_stem(each[0])[1]))
    return None


def _wish(row: InventoryFile, target: Place, holding: Holding, reason: str) -> Wish:
    if row.place == target and holding.unit == row.holding.unit:
        holding = row.holding
    return Wish(row.place, target, row.size, row.mtime_ns, row.holding, holding, reason)


def _folder(place: Place) -> Place:
    return Place(place.location, place.path.rpartition("/")[0])


def _name(place: Place) -> str:
    return place.path.rpartition("/")[2]


def _in(folder: Place, name: str) -> Place:
    return Place(folder.location, f"{folder.path}/{name}" if folder.path else name)


def _said(unit: Unit | None) -> str:
    if unit is None:
        return "nothing known"
    if unit.season is not None:
        return f"S{unit.season:02}" + "".join(f"E{number:02}" for number in unit.episodes)
    return str(unit.aired or ", ".join(str(number) for number in unit.episodes) or unit.kind)
