"""A folder on a disk of this machine, as the place that files are carried to."""

# os, not pathlib: it speaks in plain strings, which carry undecodable names, and in descriptors.
# ruff: noqa: PTH100, PTH102, PTH106, PTH108, PTH111, PTH112, PTH116, PTH121, PTH123, PTH208

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from operator import attrgetter
from typing import BinaryIO

import attrs

from medialib.errors import ContentChanged, OutOfReach, TargetTaken, UnsafePath
from medialib.model import FileEntry, RefusedEntry
from medialib.naming import collision_key, unsafe_reason
from medialib.ports import FolderListing, LocationTraits, Part, WritableLocation
from medialib.transfer.linking import link_without_replacing
from medialib.transfer.local_part import LocalPart
from medialib.transfer.ownership import Ownership
from medialib.transfer.placing import rename_without_replacing
from medialib.transfer.writers import open_for_writing

__all__ = ["LocalLocation"]

_OWN_FOLDER = ".medialib"
_REMEDY = "Is the disk mounted?"
# Seconds for which a listing of a folder that nobody else seems to have changed is believed.
_LISTED_FOR = 1.0
_FOLDERS_KNOWN = 1000
_BY_NAME: Callable[[os.DirEntry[str]], str] = attrgetter("name")


class LocalLocation:
    """The files below `root`. See `medialib.ports.WritableLocation` for what it promises.

    `file_mode` and `folder_mode` are permission bits, `owner` and `group` names or numbers, for what is placed and
    made; left out, they are as the system makes them. Raises `UsageError` for an owner that this machine does not know.
    """

    def __init__(
        self,
        name: str,
        root: str | os.PathLike[str],
        *,
        file_mode: int | None = None,
        folder_mode: int | None = None,
        owner: str | int | None = None,
        group: str | int | None = None,
    ) -> None:
        self._name = name
        self._root = os.path.abspath(os.path.expanduser(root))
        self._ownership = Ownership.of(file_mode=file_mode, folder_mode=folder_mode, owner=owner, group=group)
        self._lock = threading.Lock()
        self._touched: dict[str, None] = {}
        self._names: dict[str, _Names] = {}
        # Folders that no link leads out of the root, and until when that is believed.
        self._seen_within: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<LocalLocation {self._name} {self._root}>"

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    @property
    def traits(self) -> LocationTraits:
        """Nanoseconds, by this machine's clock."""
        return LocationTraits()

    def address(self, path: str) -> str:
        """The full path on this machine."""
        return f"{self._root.rstrip('/')}/{path}" if path else self._root

    # ------------------------------------------------------------------------------------------------------- reading

    def walk(self, path: str = "") -> Iterator[FileEntry | RefusedEntry]:
        """See `Location.walk`: a folder's files by name, then its folders by name, each with what it holds."""
        if path:
            self._safe(path)
            self._within(path)
        waiting = [path]
        while waiting:
            listing = self._listed(waiting.pop())
            yield from listing.entries
            waiting += reversed(listing.folders)

    def list_folder(self, path: str) -> FolderListing:
        """See `SupportsFolderListing.list_folder`."""
        if path:
            self._safe(path)
            self._within(path)
        return self._listed(path)

    def _listed(self, path: str) -> FolderListing:
        try:
            with os.scandir(self.address(path)) as entries:
                listed = sorted(entries, key=_BY_NAME)
        except OSError as error:
            raise self._out_of_reach(path, error) from None
        files: list[FileEntry | RefusedEntry] = []
        folders: list[str] = []
        above = f"{path}/" if path else ""
        for entry in listed:
            name = entry.name
            try:
                if above and _is_plain(name) and entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    files.append(FileEntry(above + name, status.st_size, status.st_mtime_ns))
                    continue
                found = self._seen(above + name, entry)
            except FileNotFoundError:
                continue  # gone since the folder was listed
            except OSError as error:
                raise self._out_of_reach(above + name, error) from None
            if isinstance(found, str):
                folders.append(found)
            elif found is not None:
                files.append(found)
        return FolderListing(tuple(files), tuple(folders))

    def reopening(self) -> Callable[[], LocalLocation]:
        """See `SupportsReopening.reopening`: the same path, on whichever machine that is."""
        return partial(LocalLocation, self._name, self._root)

    def entry(self, path: str) -> FileEntry | None:
        """See `Location.entry`."""
        self._safe(path)
        found = self._status(path)
        if found is None or not stat.S_ISREG(found.st_mode):
            return None
        self._within(path)
        return FileEntry(path, found.st_size, found.st_mtime_ns)

    def entries(self, paths: Iterable[str]) -> Mapping[str, FileEntry]:
        """See `Location.entries`. On a disk a question a file costs less than a listing."""
        found = ((path, self.entry(path)) for path in paths)
        return {path: entry for path, entry in found if entry is not None}

    def open(self, path: str, *, offset: int = 0) -> BinaryIO:
        """See `Location.open`."""
        if self.entry(path) is None:
            raise FileNotFoundError(f"{self._name}:{path}")
        try:
            stream = open(self.address(path), "rb", buffering=0)  # noqa: SIM115
        except FileNotFoundError:
            raise FileNotFoundError(f"{self._name}:{path}") from None
        except OSError as error:
            raise self._out_of_reach(path, error) from None
        stream.seek(offset)
        return stream

    def close(self) -> None:
        """Nothing is held open."""

    # ------------------------------------------------------------------------------------------------------- writing

    def make_folder(self, path: str) -> tuple[str, ...]:
        """See `WritableLocation.make_folder`. A folder that differs only in case or form is in the way, too."""
        self._safe(path)
        self._require_root()
        made: list[str] = []
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            found = self._status(folder)
            if found is not None:
                if not stat.S_ISDIR(found.st_mode):
                    raise TargetTaken(f"{self._name}:{folder} is a file, where a folder is wanted")
                self._within(folder)
                continue
            self._refuse_collision(folder)
            try:
                os.mkdir(self.address(folder))
            except FileExistsError:
                continue  # another process was faster
            except OSError as error:
                raise self._out_of_reach(folder, error) from None
            try:
                self._ownership.apply(self.address(folder), folder=True)
            except BaseException:
                os.rmdir(self.address(folder))
                raise
            made.append(folder)
            self._touch(folder)
        return tuple(made)

    def part(self, path: str) -> Part:
        """See `WritableLocation.part`."""
        self._safe(path)
        folder, now = path.rpartition("/")[0], time.monotonic()
        if now > self._seen_within.get(folder, 0.0):
            self._within(folder)
            if len(self._seen_within) > _FOLDERS_KNOWN:
                self._seen_within.clear()
            self._seen_within[folder] = now + _LISTED_FOR
        return LocalPart(
            self.address(path),
            f"{self._name}:{path}",
            ownership=self._ownership,
            free=lambda: self._refuse_collision(path),
            touched=lambda named: self._touch(path, named=named),
        )

    def rename(self, source: str, target: WritableLocation, path: str) -> int | None:
        """See `WritableLocation.rename`. A link is not moved: it would come to point elsewhere."""
        self._safe(source)
        self._within(source.rpartition("/")[0])
        if not isinstance(target, LocalLocation):
            return None
        target._safe(path)
        target._within(path.rpartition("/")[0])
        before = self._own_status(source)
        if stat.S_ISLNK(before.st_mode):
            raise UnsafePath(f"{self._name}:{source} is a link, and links are not moved")
        target._require_folder(path.rpartition("/")[0])
        here, there = self.address(source), target.address(path)
        if here != there:
            target._refuse_collision(path, besides=here)
        moved = False
        try:
            # Before the name, so that a refusal leaves everything in its place.
            target._ownership.apply(here)
            moved = rename_without_replacing(here, there)
        except FileExistsError:
            raise TargetTaken(f"{target._name}:{path} is taken") from None
        except FileNotFoundError:
            raise FileNotFoundError(f"{self._name}:{source}") from None
        except PermissionError as error:
            raise self._out_of_reach(source, error) from None
        finally:
            if not moved and target._ownership != Ownership():
                with contextlib.suppress(OSError):
                    Ownership(stat.S_IMODE(before.st_mode), None, before.st_uid, before.st_gid).apply(here)
        if not moved:
            return None
        self._touch(source)
        target._touch(path)
        return os.stat(there).st_mtime_ns

    def hardlink(self, source: str, target: WritableLocation, path: str) -> int | None:
        """See `SupportsLinking.hardlink`."""
        if not isinstance(target, LocalLocation):
            return None
        found = self._linkable(source, target, path)
        if not target._ownership.fits(found):
            return None
        try:
            if not link_without_replacing(self.address(source), target.address(path)):
                return None
        except FileExistsError:
            raise TargetTaken(f"{target._name}:{path} is taken") from None
        except FileNotFoundError:
            raise FileNotFoundError(f"{self._name}:{source}") from None
        except PermissionError as error:
            raise self._out_of_reach(source, error) from None
        target._touch(path, named=True)
        return found.st_mtime_ns

    def reflink(self, source: str, target: WritableLocation, path: str, *, size: int, mtime_ns: int) -> int | None:
        """See `SupportsLinking.reflink`."""
        if not isinstance(target, LocalLocation):
            return None
        self._linkable(source, target, path)
        part = target.part(path)
        assert isinstance(part, LocalPart)
        if not part.clone(self.address(source), size):
            return None
        placed = part.publish(mtime_ns=mtime_ns)
        part.discard()  # what an earlier try had copied
        return placed

    def is_same_file(self, source: str, target: WritableLocation, path: str) -> bool:
        """See `SupportsLinking.is_same_file`."""
        if not isinstance(target, LocalLocation):
            return False
        self._safe(source)
        target._safe(path)
        try:
            return os.path.samefile(self.address(source), target.address(path))
        except OSError:
            return False

    def _linkable(self, source: str, target: LocalLocation, path: str) -> os.stat_result:
        """What stands at `source`, once it is sure that it may get the name `path` in `target` too."""
        self._safe(source)
        self._within(source.rpartition("/")[0])
        target._safe(path)
        target._within(path.rpartition("/")[0])
        found = self._own_status(source)
        if stat.S_ISLNK(found.st_mode):
            raise UnsafePath(f"{self._name}:{source} is a link, and links are not moved")
        target._require_folder(path.rpartition("/")[0])
        target._refuse_collision(path)
        return found

    def remove(self, path: str, *, size: int, mtime_ns: int) -> None:
        """See `WritableLocation.remove`."""
        found = self.entry(path)
        if found is None:
            raise ContentChanged(f"{self._name}:{path} is gone")
        if (found.size, found.mtime_ns) != (size, mtime_ns):
            raise ContentChanged(f"{self._name}:{path} is not the file it was: it was not removed")
        try:
            os.unlink(self.address(path))
        except OSError as error:
            raise self._out_of_reach(path, error) from None
        self._touch(path)

    def remove_folder(self, path: str) -> bool:
        """See `WritableLocation.remove_folder`."""
        if not path:
            return False
        self._safe(path)
        self._within(path.rpartition("/")[0])
        try:
            os.rmdir(self.address(path))
        except PermissionError as error:
            raise self._out_of_reach(path, error) from None
        except OSError:
            return False  # absent, not empty, or no folder
        self._touch(path)
        return True

    def has_folder(self, path: str) -> bool:
        """See `WritableLocation.has_folder`."""
        if path:
            self._safe(path)
        found = self._status(path)
        if found is None or not stat.S_ISDIR(found.st_mode):
            return False
        self._within(path)
        return True

    def being_written(self, path: str) -> bool | None:
        """See `SupportsWriters.being_written`."""
        self._safe(path)
        return open_for_writing(self.address(path))

    def free_bytes(self) -> int | None:
        """See `WritableLocation.free_bytes`."""
        try:
            disk = os.statvfs(self._root)
        except OSError as error:
            raise self._out_of_reach("", error) from None
        return disk.f_bavail * disk.f_frsize

    def flush(self) -> None:
        """See `WritableLocation.flush`: every folder whose names changed is synced, once."""
        with self._lock:
            touched, self._touched = list(self._touched), {}
        for folder in touched:
            try:
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            except FileNotFoundError:
                continue  # removed since; the folder above is synced for that
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    # ---------------------------------------------------------------------------------------------------- inner works

    def _safe(self, path: str) -> None:
        reason = unsafe_reason(path)
        if reason is not None:
            raise UnsafePath(f"{self._name} has no usable path {path!r}: {reason}")

    def _within(self, path: str) -> None:
        """Refuse a path that a link leads out of the root."""
        root, here = os.path.realpath(self._root), os.path.realpath(self.address(path))
        if here != root and not here.startswith(root.rstrip("/") + "/"):
            raise UnsafePath(f"{self._name}:{path} is, or passes through, a link that leaves {self._name}")

    def _status(self, path: str) -> os.stat_result | None:
        """What stands there, links followed; None if nothing does although the root is there."""
        try:
            return os.stat(self.address(path))
        except (FileNotFoundError, NotADirectoryError):
            self._require_root()
            return None
        except OSError as error:
            raise self._out_of_reach(path, error) from None

    def _own_status(self, path: str) -> os.stat_result:
        try:
            return os.lstat(self.address(path))
        except (FileNotFoundError, NotADirectoryError):
            self._require_root()
            raise FileNotFoundError(f"{self._name}:{path}") from None
        except OSError as error:
            raise self._out_of_reach(path, error) from None

    def _require_root(self) -> None:
        if not os.path.isdir(self._root):
            raise OutOfReach(f"{self._name} is not there: {self._root} is no folder", remedy=_REMEDY)

    def _require_folder(self, path: str) -> None:
        if not self.has_folder(path):
            raise OutOfReach(f"{self._name} has no folder {self.address(path)}", remedy=_REMEDY)

    def _out_of_reach(self, path: str, error: OSError) -> OutOfReach:
        what = error.strerror or type(error).__name__
        if isinstance(error, PermissionError):
            return OutOfReach(f"{self.address(path)}: {what}", remedy="Check the rights of the account that runs this.")
        return OutOfReach(f"{self.address(path)}: {what}", remedy=_REMEDY)

    def _seen(self, path: str, entry: os.DirEntry[str]) -> FileEntry | RefusedEntry | str | None:
        """A listed entry as a file, a refusal, the path of a folder to enter, or None if it is passed over."""
        reason = unsafe_reason(path)
        if reason is not None:
            return RefusedEntry(path, reason)
        if path == _OWN_FOLDER:
            return None
        if entry.is_dir(follow_symlinks=False):
            return path
        if not entry.is_symlink():
            found = entry.stat(follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode):
                return RefusedEntry(path, "it is neither a file nor a folder")
            return FileEntry(path, found.st_size, found.st_mtime_ns)
        try:
            self._within(path)
            found = os.stat(self.address(path))
        except UnsafePath:
            return RefusedEntry(path, f"it is a link that leaves {self._name}")
        except OSError:
            return RefusedEntry(path, "it is a link to nothing")
        if stat.S_ISDIR(found.st_mode):
            return RefusedEntry(path, "it is a link to a folder")
        if not stat.S_ISREG(found.st_mode):
            return RefusedEntry(path, "it is a link to something that is no file")
        return FileEntry(path, found.st_size, found.st_mtime_ns)

    def _refuse_collision(self, path: str, *, besides: str = "") -> None:
        """Raise TargetTaken if the folder has a name that a file system without case or form takes for this one.

        `besides` is the address of a file that is about to leave its name. The names of a folder are listed anew
        when others have changed it, and once a second at least.
        """
        folder, _, name = path.rpartition("/")
        for other in self._alike(folder, collision_key(name)):
            if self.address(f"{folder}/{other}" if folder else other) == besides:
                continue
            if other == name:
                raise TargetTaken(f"{self._name}:{path} is taken")
            raise TargetTaken(f"{self._name}:{path} differs only in case or form from {other!r}, which stands there")

    def _alike(self, folder: str, key: str) -> list[str]:
        """The names in a folder that have this key."""
        address = self.address(folder)
        try:
            with self._lock:
                names = self._names.pop(folder, None) or _Names()
                if names.changed_ns != os.stat(address).st_mtime_ns or time.monotonic() - names.listed > _LISTED_FOR:
                    names.list_again(address)
                self._names[folder] = names
                if len(self._names) > _FOLDERS_KNOWN:
                    self._names.pop(next(iter(self._names)))
                found = sorted(names.by_key.get(key, ()))
        except OSError as error:
            raise self._out_of_reach(folder, error) from None
        # what we ourselves renamed or removed since is not
        return [name for name in found if os.path.lexists(f"{address}/{name}")]

    def _touch(self, path: str, *, named: bool = False) -> None:
        """Names in the folder of `path` have changed by our doing; it stands there now if `named`."""
        folder, _, name = path.rpartition("/")
        address = self.address(folder)
        with self._lock:
            self._touched[address] = None
            names = self._names.get(folder)
            if names is not None and named:
                names.add(name)
                with contextlib.suppress(OSError):
                    names.changed_ns = os.stat(address).st_mtime_ns


def _is_plain(name: str) -> bool:
    """Whether a name that a listing gave is safe below a folder that is: told quickly of nearly all names."""
    return name.isascii() and name.isprintable() and "\\" not in name and len(name) < 256


@attrs.define
class _Names:
    """The names in a folder as they were listed, by what a file system without case or form takes them for."""

    listed: float = 0.0
    changed_ns: int = -1
    keys: dict[str, str] = attrs.field(factory=dict)
    by_key: dict[str, set[str]] = attrs.field(factory=dict)

    def list_again(self, address: str) -> None:
        """List them; only the keys of new ones are computed, which is what takes long in a folder of thousands."""
        self.changed_ns, self.listed = os.stat(address).st_mtime_ns, time.monotonic()
        present = set(os.listdir(address))
        for gone in self.keys.keys() - present:
            self.by_key[self.keys.pop(gone)].discard(gone)
        for new in present - self.keys.keys():
            self.add(new)

    def add(self, name: str) -> None:
        """It stands there."""
        self.keys[name] = collision_key(name)
        self.by_key.setdefault(self.keys[name], set()).add(name)
