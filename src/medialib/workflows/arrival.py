"""What the folders of a remote say of their files: read as they are listed, one folder at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Final

import attrs

from medialib.completeness import (
    LARGEST_MANIFEST,
    FolderView,
    Manifest,
    StabilityRules,
    Surroundings,
    folded,
    manifest_algorithm,
    parse_manifest,
    view_folder,
)
from medialib.errors import Cancelled, MedialibError, OutOfReach, TransientError
from medialib.model import FileEntry, RefusedEntry
from medialib.naming import unsafe_reason
from medialib.ports import Clock, Location

__all__ = ["Arrivals", "Folder", "by_folder", "folders_down_to"]


_FEW_FOLDERS: Final = 8
"""So many folders are asked for one by one; a list that names more, or wrong ones, costs one walk and no more."""


@attrs.frozen
class Folder:
    """A folder as a listing shows it, without what lies in the folders below it."""

    path: str
    """Path relative to the location's root."""
    entries: tuple[FileEntry | RefusedEntry, ...]
    """Its files, and what is refused, in the order of the listing."""

    @property
    def files(self) -> dict[str, FileEntry | None]:
        """Everything in it by name; None for what is refused."""
        return {_name(entry.path): entry if isinstance(entry, FileEntry) else None for entry in self.entries}


def by_folder(listing: Iterable[FileEntry | RefusedEntry]) -> Iterator[Folder]:
    """A walk's entries, folder by folder; no more than one folder is held at a time.

    Where the walk ends in an error, the folder before it is given all the same, since a folder is listed whole before
    the next one is; unless the connection is lost or the walk is stopped, which may be in the middle of one.

    >>> listing = [FileEntry("a", 1, 1), FileEntry("x/b", 1, 1), FileEntry("x/c", 1, 1)]
    >>> [(folder.path, len(folder.entries)) for folder in by_folder(listing)]
    [('', 1), ('x', 2)]
    """
    path = ""
    entries: list[FileEntry | RefusedEntry] = []
    try:
        for entry in listing:
            folder = entry.path.rpartition("/")[0]
            # a refused name may hold anything, a slash for one: it begins no folder
            begins = isinstance(entry, FileEntry) or unsafe_reason(entry.path) is None
            if folder != path and begins:
                if entries:
                    yield Folder(path, tuple(entries))
                path, entries = folder, []
            entries.append(entry)
    except MedialibError as error:
        if entries and not isinstance(error, TransientError | Cancelled):
            yield Folder(path, tuple(entries))
        raise
    if entries:
        yield Folder(path, tuple(entries))


def folders_down_to(location: Location, start: str, path: str) -> Iterator[Folder]:
    """The folders from `start` down to the one that holds `path`, each listed alone. Raises what the location does."""
    folder = path.rpartition("/")[0]
    way = [start]
    for part in folder.removeprefix(start).strip("/").split("/") if folder != start else ():
        way.append(f"{way[-1]}/{part}" if way[-1] else part)
    for each in way:
        first = next(by_folder(location.walk(each)), None)
        yield first if first is not None and first.path == each else Folder(each, ())


class Arrivals:
    """The folder that is looked at and those above it, each looked at as a whole when that is first asked for.

    What is not new needs no looking: where nothing is asked, no list of checksums is read.
    """

    def __init__(
        self,
        location: Location,
        rules: StabilityRules,
        clock: Clock,
        *,
        dealt_with: Callable[[str], bool],
    ) -> None:
        """`dealt_with` tells of a path of the location whether it was fetched, or recorded, before."""
        self._location = location
        self._rules = rules
        self._now = clock.now()
        self._dealt_with = dealt_with
        self._above: list[_Looked] = []

    def enter(self, folder: Folder) -> None:
        """Go on to the next folder of a walk."""
        while self._above and not _lies_in(folder.path, self._above[-1].folder.path):
            self._above.pop()
        self._above.append(_Looked(folder))

    def around(self, path: str) -> Surroundings:
        """What is said of the file at `path`, which lies in the folder that was entered last.

        Raises what the location does where it cannot be reached.
        """
        found = Surroundings()
        for looked in reversed(self._above):
            if looked.view is None:
                looked.view = self._look(looked.folder)
            inside = path.removeprefix(f"{looked.folder.path}/") if looked.folder.path else path
            found += looked.view.of(inside)
        return found

    def _look(self, folder: Folder) -> FolderView:
        files = folder.files
        manifests = [
            self._read(entry)
            for name, entry in files.items()
            if self._rules.manifests and entry is not None and manifest_algorithm(name) is not None
        ]
        prefix = f"{folder.path}/" if folder.path else ""
        wanted = {
            prefix + entry.path
            for manifest in manifests
            for entry in manifest.entries
            if "/" in entry.path and unsafe_reason(prefix + entry.path) is None
        }
        below = self._below(folder, wanted) if wanted else {}
        return view_folder(
            files,
            manifests,
            self._now,
            self._rules,
            below={path.removeprefix(prefix): entry for path, entry in below.items()},
            dealt_with=lambda path: self._dealt_with(prefix + path),
        )

    def _below(self, folder: Folder, wanted: set[str]) -> dict[str, FileEntry]:
        """Files that lists name in folders below, as they are really spelt."""
        found: dict[str, FileEntry] = {}
        if len({path.rpartition("/")[0] for path in wanted}) <= _FEW_FOLDERS:
            found |= self._location.entries(sorted(wanted))
        if len(found) < len(wanted):
            # lists are often written where letter case does not count, so the names that are there are looked through
            keys = {folded(path) for path in wanted}
            with suppress(OutOfReach):
                for entry in self._location.walk(folder.path):
                    if isinstance(entry, FileEntry) and folded(entry.path) in keys:
                        found[entry.path] = entry
        return found

    def _read(self, entry: FileEntry) -> Manifest:
        if entry.size > LARGEST_MANIFEST:
            return Manifest(entry.name, problem=f"has more than {LARGEST_MANIFEST} bytes, so it was not read")
        content = b""
        try:
            with self._location.open(entry.path) as stream:
                while len(content) <= LARGEST_MANIFEST and (more := stream.read(LARGEST_MANIFEST + 1 - len(content))):
                    content += more
        except TransientError:
            raise
        except (MedialibError, OSError) as error:
            return Manifest(entry.name, problem=f"cannot be read: {' '.join(str(error).split())}")
        return parse_manifest(entry.name, content)


@attrs.define
class _Looked:
    folder: Folder
    view: FolderView | None = None


def _lies_in(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _name(path: str) -> str:
    return path.rpartition("/")[2]
