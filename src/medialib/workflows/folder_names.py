"""What stands in folders, by name as the least of file systems compares them, looked up once a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from medialib.model import FileEntry, Place
from medialib.naming import collision_key
from medialib.ports import Location, SupportsFolderListing, WritableLocation, offers

__all__ = ["FolderNames", "folders_above"]


@attrs.define
class _Folder:
    """What one folder holds."""

    files: dict[str, FileEntry | None] = attrs.field(factory=dict)
    """By name; None for what is listed and is no file that may be touched."""
    folders: set[str] = attrs.field(factory=set)
    """Names of folders in it."""
    by_key: dict[str, list[str]] = attrs.field(factory=dict)
    """Names of all of them by their keys."""

    def add(self, name: str) -> None:
        """It stands there."""
        self.by_key.setdefault(collision_key(name), []).append(name)


class FolderNames:
    """What stands in the folders of some locations, as it was when each was first asked for."""

    def __init__(self, locations: Mapping[str, WritableLocation]) -> None:
        self._locations = locations
        self._folders: dict[Place, _Folder] = {}
        self.in_the_way: set[Place] = set()
        """Folders that stand where a file was wanted: they stay, even if they end up empty."""

    def has(self, location: str) -> bool:
        """Whether there is such a location."""
        return location in self._locations

    def entry(self, place: Place) -> FileEntry | None:
        """The file at a place, or None."""
        folder, _, name = place.path.rpartition("/")
        return self._folder(Place(place.location, folder)).files.get(name)

    def files(self, folder: Place) -> Mapping[str, FileEntry | None]:
        """The files in a folder by name; None for what may not be touched."""
        return self._folder(folder).files

    def folders(self, folder: Place) -> set[str]:
        """The names of the folders in a folder."""
        return self._folder(folder).folders

    def alike(self, place: Place) -> list[str]:
        """The names beside `place` that differ from its own in letter case or Unicode form at most."""
        folder, _, name = place.path.rpartition("/")
        return self._folder(Place(place.location, folder)).by_key.get(collision_key(name), [])

    def twins(self, place: Place) -> list[str]:
        """The names on the way to a file, its own with them, that another beside them differs from in letter case or
        form alone."""
        parts = place.path.split("/")
        paths = ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        alike = (self.alike(Place(place.location, path)) for path in paths)
        return [name for names in alike if len(names) > 1 for name in sorted(names)]

    def is_seen_as(self, place: Place) -> bool:
        """Whether the location itself takes a name that is not listed for one that is: it does not tell case or form
        apart."""
        folder, _, name = place.path.rpartition("/")
        if name in self._folder(Place(place.location, folder)).files:
            return False
        return self._locations[place.location].entry(place.path) is not None

    def settled(self, place: Place) -> Place | str:
        """The place with each of its folders spelt as it stands there, or why it can be none.

        A folder that is not there is there from now on, so that all that come to it spell it alike.
        """
        *parts, name = place.path.split("/")
        path = ""
        for part in parts:
            here = self._folder(Place(place.location, path))
            names = here.by_key.get(collision_key(part), [])
            if len(names) > 1:
                return f"the names {' and '.join(sorted(names))} differ in letter case or form alone"
            spelt = names[0] if names else part
            below = f"{path}/{spelt}" if path else spelt
            if not names:
                here.folders.add(spelt)
                here.add(spelt)
                self._folders[Place(place.location, below)] = _Folder()
            elif spelt not in here.folders:
                return f"{place.location}:{below} is a file, where a folder is wanted"
            path = below
        settled = Place(place.location, f"{path}/{name}" if path else name)
        folder = next((alike for alike in self.alike(settled) if self._is_folder(settled, alike)), None)
        if folder is None and not offers(self._locations[place.location], SupportsFolderListing):
            # an empty one is not seen there
            folder = name if self._locations[place.location].has_folder(settled.path) else None
        if folder is not None:
            self.in_the_way.add(Place(place.location, f"{path}/{folder}" if path else folder))
            return f"{settled} is a folder"
        return settled

    def forget(self, place: Place) -> None:
        """The file that stood there has gone."""
        folder, _, name = place.path.rpartition("/")
        here = self._folder(Place(place.location, folder))
        if here.files.pop(name, None) is not None:
            here.by_key[collision_key(name)].remove(name)

    def _is_folder(self, place: Place, name: str) -> bool:
        folder = place.path.rpartition("/")[0]
        return name in self._folder(Place(place.location, folder)).folders

    def _folder(self, place: Place) -> _Folder:
        if place not in self._folders:
            self._folders[place] = self._listed(place)
        return self._folders[place]

    def _listed(self, place: Place) -> _Folder:
        location, found = self._locations[place.location], _Folder()
        if place.path and not location.has_folder(place.path):
            return found
        for name, entry in _names_in(location, place.path):
            if isinstance(entry, bool):
                found.folders.add(name)
            else:
                found.files[name] = entry
            found.add(name)
        return found


def folders_above(path: str) -> Iterator[str]:
    """The folders that a path lies in, the nearest first.

    >>> list(folders_above("Show/Season 01/a.mkv"))
    ['Show/Season 01', 'Show']
    """
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _names_in(location: Location, path: str) -> Iterator[tuple[str, FileEntry | bool | None]]:
    """What one folder holds: files, None for what may not be touched, and True for folders."""
    start = len(path) + 1 if path else 0
    if offers(location, SupportsFolderListing):
        listing = location.list_folder(path)
        for entry in listing.entries:
            yield entry.path[start:], entry if isinstance(entry, FileEntry) else None
        for folder in listing.folders:
            yield folder[start:], True
        return
    seen: set[str] = set()
    for entry in location.walk(path):
        name, slash, _ = entry.path[start:].partition("/")
        if not slash:
            yield name, entry if isinstance(entry, FileEntry) else None
        elif name not in seen:
            seen.add(name)
            yield name, True
