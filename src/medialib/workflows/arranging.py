"""The order in which files can take each other's places: chains, circles, and names that only differ in letter case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import attrs

from medialib.completeness import nearly_same_time
from medialib.model import Holding, Place
from medialib.naming import collision_key, unsafe_reason
from medialib.planning import Action, Move, RemoveFolder, SetHolding
from medialib.workflows.folder_names import FolderNames, folders_above

__all__ = ["Arrangement", "Wish", "arrange"]

_Key: TypeAlias = tuple[str, str]


@attrs.frozen
class Wish:
    """A file, and where it shall stand."""

    source: Place
    """Where it stands."""
    target: Place
    """Where it shall stand; may be the same."""
    size: int
    """Bytes, as recorded or listed."""
    mtime_ns: int
    """Time of last change, as recorded or listed."""
    previous: Holding | None
    """What the inventory says of it; None if it has no row."""
    holding: Holding | None
    """What the inventory shall say of it."""
    reason: str = ""
    """Why, for a reader."""


@attrs.frozen
class Arrangement:
    """How wishes come true."""

    actions: tuple[Action, ...]
    """In order."""
    left: tuple[tuple[Wish, str], ...]
    """The wish of each group that stays as it is by which it does, and why."""


def arrange(groups: Iterable[Sequence[Wish]], names: FolderNames, *, after: tuple[str, ...] = ()) -> Arrangement:
    """Plan the moves by which every group of files comes to its places, all of a group or none of it.

    Nothing is planned onto a name that is taken, also by a name that differs in letter case or Unicode form alone: the
    file that stands there goes first, if it goes; files that want each other's names go by way of a third. Folders that
    end up empty are removed. Of two groups that want one name, that which stands there gets it, else the first. What is
    planned once is all that can be: of what stands afterwards, nothing more is planned. `after` names actions that all
    of this comes after.
    """
    arranging = _Arranging(names, after)
    arranging.place([tuple(group) for group in groups])
    arranging.remove_folders()
    return Arrangement(tuple(arranging.actions), tuple(arranging.left))


@attrs.define(eq=False)
class _File:
    """A wish on its way."""

    wish: Wish
    target: Place
    now: Place
    moved_by: str | None = None


@attrs.define(eq=False)
class _Group:
    files: list[_File]

    @property
    def moving(self) -> list[_File]:
        """Those that are not where they shall be."""
        return [file for file in self.files if file.now != file.target]


class _Arranging:
    """One arrangement in the making."""

    def __init__(self, names: FolderNames, after: tuple[str, ...]) -> None:
        self._names = names
        self._after = after
        self._pending: list[_Group] = []
        self._placed: dict[_Key, _File] = {}
        """What came to a name, and stands there."""
        self._gone: dict[Place, str] = {}
        """What stood at a place at first, and the action by which it went."""
        self._forgotten: set[Place] = set()
        """Those of them that the names do not have any more."""
        self._vacated: dict[_Key, str] = {}
        """The action by which a name was last given up."""
        self._folders_left: defaultdict[Place, list[str]] = defaultdict(list)
        self.actions: list[Action] = []
        self.left: list[tuple[Wish, str]] = []

    # ---------------------------------------------------------------------------------------------------- taking wishes

    def place(self, groups: Sequence[Sequence[Wish]]) -> None:
        """Move what can be moved; what a file was in the way of that has gone by then is tried once more."""
        refused = [(group, said) for group in groups if (said := self._take(group)) is not None]
        self._go()
        while refused and self._gone.keys() - self._forgotten:
            for place in self._gone.keys() - self._forgotten:
                self._forgotten.add(place)
                self._names.forget(place)
            refused = [(group, said) for group, _ in refused if (said := self._take(group)) is not None]
            self._go()
        self.left += [said for _, said in refused]
        for group in self._pending:
            file, other = next((file, other) for file in group.moving if (other := self._taken_by(file)) is not None)
            self.left.append((file.wish, f"something stands at {file.target}, or is to stand there: {other}"))

    def _take(self, group: Sequence[Wish]) -> tuple[Wish, str] | None:
        """Note what a group wants, unless it cannot have it; then the wish by which it cannot, and why."""
        files: list[_File] = []
        wanted: set[_Key] = set()
        for wish in group:
            target, reason = self._settled(wish)
            if reason is None and _key(target) in wanted:
                reason = f"another file that goes with it is to stand at {target}, too"
            if reason is not None:
                return wish, reason
            wanted.add(_key(target))
            files.append(_File(wish, target, wish.source))
        taken = _Group(files)
        if taken.moving:
            self._pending.append(taken)
        else:
            for file in files:
                self._say(file)
        return None

    def _settled(self, wish: Wish) -> tuple[Place, str | None]:
        """Where a file is to stand, and why it cannot."""
        if wish.source == wish.target:
            return wish.target, None
        unsafe = unsafe_reason(wish.target.path)
        if unsafe is not None:
            return wish.target, f"its path would be {wish.target.path!r}: {unsafe}"
        for place in (wish.source, wish.target):
            if not self._names.has(place.location):
                return wish.target, f"the folder {place.location!r} is not configured"
        standing = self._names.entry(wish.source)
        if standing is None or standing.size != wish.size or not nearly_same_time(standing.mtime_ns, wish.mtime_ns):
            return wish.target, "it is not there, or not as the catalogue has it"
        twins = self._names.twins(wish.source)
        if twins:
            # what is moved away could not come back
            return wish.target, f"names differ in letter case or form alone: {', '.join(twins)}"
        settled = self._names.settled(wish.target)
        return (wish.target, settled) if isinstance(settled, str) else (settled, None)

    # ----------------------------------------------------------------------------------------------------------- moving

    def _go(self) -> None:
        """Move whatever can be moved, until nothing can."""
        while self._pending:
            waiting = [group for group in self._pending if not self._go_if_free(group)]
            if len(waiting) < len(self._pending):
                self._pending = waiting
                continue
            circles = self._in_circles()
            if not circles:
                break
            self._go_round(circles)
            self._pending = [group for group in self._pending if group.moving]

    def _go_round(self, circles: list[_Group]) -> None:
        """Move those that want each other's places, before anybody else takes one; some go by way of a third name."""
        aside: list[_Group] = []
        while circles:
            waiting = [group for group in circles if not self._go_if_free(group)]
            if len(waiting) == len(circles):
                group = next(group for group in waiting if group not in aside)
                aside.append(group)
                for file in group.moving:
                    self._move(file, self._aside(file))
            circles = waiting

    def _go_if_free(self, group: _Group) -> bool:
        if any(self._taken_by(file) is not None for file in group.moving):
            return False
        for file in group.files:
            if file.now == file.target:
                self._say(file)
                continue
            if _key(file.now) == _key(file.target) and self._names.is_seen_as(file.target):
                self._move(file, self._aside(file))
            self._move(file, file.target)
        return True

    def _taken_by(self, file: _File) -> Place | None:
        """What else stands where a file shall stand."""
        placed = self._placed.get(_key(file.target))
        if placed is not None and placed is not file:
            return placed.now
        folder = file.target.path.rpartition("/")[0]
        for name in self._names.alike(file.target):
            other = Place(file.target.location, f"{folder}/{name}" if folder else name)
            if other != file.now and other not in self._gone:
                return other
        return None

    def _in_circles(self) -> list[_Group]:
        """Those groups whose places are taken by nothing but each other, and wanted by no other of them."""
        inside = list(self._pending)
        while True:
            places = {file.now for group in inside for file in group.moving}
            wanted: set[_Key] = set()
            kept = []
            for group in inside:
                keys = {_key(file.target) for file in group.moving}
                taken = (self._taken_by(file) for file in group.moving)
                if keys.isdisjoint(wanted) and all(other is None or other in places for other in taken):
                    kept.append(group)
                    wanted |= keys
            if len(kept) == len(inside):
                return kept
            inside = kept

    def _aside(self, file: _File) -> Place:
        """A name in its own folder that a file has on its way to another."""
        folder, _, name = file.now.path.rpartition("/")
        _, dot, extension = name.rpartition(".")
        number = len(self.actions) + 1
        while True:
            free = f".medialib-{number}{dot}{extension if dot else ''}"
            place = Place(file.now.location, f"{folder}/{free}" if folder else free)
            if not self._names.alike(place) and _key(place) not in self._placed:
                return place
            number += 1

    def _move(self, file: _File, target: Place) -> None:
        name, wish = f"m{len(self.actions) + 1}", file.wish
        # a folder may be wanted where a file stood
        paths = (Place(target.location, folder) for folder in (target.path, *folders_above(target.path)))
        before = (*(self._vacated.get(_key(place)) for place in paths), file.moved_by)
        after = tuple(dict.fromkeys((*self._after, *(each for each in before if each is not None))))
        self.actions.append(
            Move(name, file.now, target, wish.size, wish.mtime_ns, wish.holding, reason=wish.reason, after=after)
        )
        self._placed.pop(_key(file.now), None)
        if file.moved_by is None:
            self._gone[file.now] = name
            for folder in folders_above(file.now.path):
                self._folders_left[Place(file.now.location, folder)].append(name)
        self._vacated[_key(file.now)] = name
        file.now, file.moved_by = target, name
        self._placed[_key(target)] = file

    def _say(self, file: _File) -> None:
        """Note what the inventory is to say of a file that stays where it is."""
        wish = file.wish
        if wish.previous is not None and wish.holding is not None and wish.holding != wish.previous:
            name = f"m{len(self.actions) + 1}"
            self.actions.append(SetHolding(name, wish.source, wish.previous, wish.holding, wish.reason, self._after))

    # ---------------------------------------------------------------------------------------------------------- folders

    def remove_folders(self) -> None:
        """Remove the folders of which nothing is left, deepest first."""
        used = {
            Place(file.now.location, folder)
            for file in self._placed.values()
            for folder in folders_above(file.now.path)
        }
        going: set[Place] = set()
        for place in sorted(self._folders_left, key=lambda each: (-each.path.count("/"), each)):
            files = (Place(place.location, f"{place.path}/{name}") for name in self._names.files(place))
            folders = (Place(place.location, f"{place.path}/{name}") for name in self._names.folders(place))
            empty = all(file in self._gone for file in files) and all(folder in going for folder in folders)
            if place not in used and empty and place not in self._names.in_the_way:
                going.add(place)
                name = f"r{len(self.actions) + 1}"
                after = tuple(self._folders_left[place])
                self.actions.append(RemoveFolder(name, place, "its files have moved", after))


def _key(place: Place) -> _Key:
    return (place.location, collision_key(place.path))
