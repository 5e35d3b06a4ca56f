"""A plan of routes in the making: its actions and remarks, with their names, as more than one room adds to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from medialib.model import FileEntry, Place
from medialib.planning import Action, Discard, Move, Remark, RemarkKind, RemoveFolder
from medialib.routing import split_stem

__all__ = ["Draft"]


class Draft:
    """What is planned so far for the files of one location; `recycle` is the folder that what goes is put into."""

    def __init__(self, location: str, now: datetime, recycle: str) -> None:
        self.location = location
        self.now = now
        self._recycle = f"{recycle}/{now:%Y%m%dT%H%M%SZ}"
        self.actions: list[Action] = []
        self.remarks: list[Remark] = []
        self.left: set[str] = set()
        self.planned: dict[str, Action] = {}
        """By the path of an incoming file what is done with it."""

    def name(self, letter: str) -> str:
        """An identifier for the next action."""
        return f"{letter}{len(self.actions) + 1}"

    def place(self, path: str) -> Place:
        """An incoming file's place."""
        return Place(self.location, path)

    def remark(self, kind: RemarkKind, path: str, reason: str) -> None:
        """Leave an incoming file where it is."""
        self.left.add(path)
        self.remarks.append(Remark(kind, self.place(path), reason))

    def append(self, entry: FileEntry, action: Action) -> None:
        """Do something with an incoming file."""
        self.planned[entry.path] = action
        self.actions.append(action)

    def recycle(
        self, entry: FileEntry, reason: str, *, duplicate_of: Place | None = None, after: tuple[str, ...] = ()
    ) -> None:
        """Put an incoming file into the recycle folder."""
        name, source = self.name("d"), self.place(entry.path)
        bin_ = Place(self.location, f"{self._recycle}/{len(self.actions) + 1}/{entry.path}")
        discard = Discard(name, source, bin_, entry.size, entry.mtime_ns, duplicate_of, reason, after)
        self.append(entry, discard)
        self.remarks.append(Remark("duplicate", source, reason))

    def displace(self, place: Place, found: FileEntry, reason: str, after: tuple[str, ...] = ()) -> str:
        """Put a file of the library into the recycle folder of its root; returns the action's name."""
        name = self.name("d")
        bin_ = Place(place.location, f"{self._recycle}/{len(self.actions) + 1}/{place.path}")
        self.actions.append(Discard(name, place, bin_, found.size, found.mtime_ns, reason=reason, after=after))
        return name

    def remove_folders(self, entries: Iterable[str]) -> None:
        """Remove the folders, deepest first, of which every file has another place now; `entries` are their paths."""
        below: defaultdict[str, list[str]] = defaultdict(list)
        planned = self.planned
        staying = {path for path in self.left if path not in planned}
        for path in entries:
            action = planned.get(path)
            if isinstance(action, Move) and not action.may_take_away:
                staying.add(path)
            folder = split_stem(path)[0]
            while folder:
                if action is not None:
                    below[folder].append(action.id)
                folder = folder.rpartition("/")[0]
        kept = set()
        for path in staying:
            folder = path.rpartition("/")[0]
            while folder:
                kept.add(folder)
                folder = folder.rpartition("/")[0]
        for folder in sorted(below, key=lambda name: (-name.count("/"), name)):
            if folder not in kept:
                reason = "everything in it has its place"
                self.actions.append(RemoveFolder(self.name("r"), self.place(folder), reason, tuple(below[folder])))
