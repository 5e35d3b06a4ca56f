"""Any fsspec file system as a `WritableLocation`: what it cannot do by one step is told by its traits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any, BinaryIO, Unpack

import attrs

from medialib.errors import ContentChanged, MedialibError, OutOfReach, TargetTaken, UnsafePath, UsageError
from medialib.naming import collision_key
from medialib.ports import LocationTraits, Part, WritableLocation
from medialib.transfer.addressing import AddressOptions, is_sftp, open_filesystem
from medialib.transfer.destination_part import DestinationPart
from medialib.transfer.local import LocalLocation
from medialib.transfer.remote import FsspecLocation
from medialib.transfer.trees import AnyTree, RawEntry, SftpTree, Tree
from medialib.transfer.writable_trees import AnyWritableTree, WritableTree

__all__ = ["FsspecDestination", "open_destination"]

_REMEDY = "Is the disk mounted there?"
_EMPTY_ROOT = "Nothing is under it, and it holds no empty folders: put a file .medialib/root there, once."
# Seconds for which a listing of a folder is believed, where only names that differ in case or form are looked for.
_LISTED_FOR = 1.0
_FOLDERS_KNOWN = 1000


class FsspecDestination(FsspecLocation):
    """The files below `root` on an fsspec file system, to be written to. See `medialib.ports.WritableLocation`.

    Over `SftpFileSystem` everything is used that the server offers; any other file system must be able to give a whole
    file its name, else `UsageError` is raised. `file_mode` and `folder_mode` are permission bits, for SFTP alone;
    `hash_commands` lets an SSH server be told to hash what it received, which else is read back.
    """

    def __init__(
        self,
        name: str,
        filesystem: Any,
        root: str,
        *,
        most_names: int = 10_000_000,
        file_mode: int | None = None,
        folder_mode: int | None = None,
        hash_commands: bool = False,
    ) -> None:
        super().__init__(name, filesystem, root, most_names=most_names)
        self._writing = _writable(filesystem, self._tree, file_mode, folder_mode, hash_commands)
        self._lock = threading.Lock()
        self._names: dict[str, _Names] = {}

    def __repr__(self) -> str:
        return f"<FsspecDestination {self._name}>"

    @property
    def traits(self) -> LocationTraits:
        """How it differs from a local disk; over SFTP the server is asked, once."""
        return self._writing.traits

    def make_folder(self, path: str) -> tuple[str, ...]:
        """See `WritableLocation.make_folder`. A folder that differs only in case or form is in the way, too."""
        self._check(path)
        made: list[str] = []
        if self.has_folder(path):
            return ()
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            found = self._look(folder)
            if found is not None:
                if found.kind != "folder":
                    raise TargetTaken(f"{self._name}:{folder} is a file, where a folder is wanted")
                self._within(folder, self._canonical_root())
                continue
            self._refuse_collision(folder)
            if self._writing.make_folder(self.address(folder)):
                made.append(folder)
                self._note_named(folder)
        return tuple(made)

    def part(self, path: str) -> Part:
        """See `WritableLocation.part`."""
        self._check(path)
        folder = path.rpartition("/")[0]
        return DestinationPart(
            self._writing,
            self.address(path),
            f"{self._name}:{path}",
            open_at=self._open_at,
            ready=lambda: self._require_folder(folder),
            free=lambda: self._refuse_collision(path),
            named=lambda: self._note_named(path),
        )

    def rename(self, source: str, target: WritableLocation, path: str) -> int | None:
        """See `WritableLocation.rename`. A link is not moved: it would come to point elsewhere."""
        self._check(source)
        if not isinstance(target, FsspecDestination):
            return None
        target._check(path)
        here, there = self.address(source), target.address(path)
        standing = self._writing.standing(here)
        if standing is not None and standing.kind == "link":
            raise UnsafePath(f"{self._name}:{source} is a link, and links are not moved")
        before = self.entry(source)
        if before is None:
            raise FileNotFoundError(f"{self._name}:{source}")
        target._require_folder(path.rpartition("/")[0])
        same = self._writing.same(target._writing)
        target._refuse_collision(path, besides=here if same and here != there else "")
        if not same or not self.traits.renames:
            return None
        try:
            self._writing.give_name(here, there)
        except FileExistsError:
            raise TargetTaken(f"{target._name}:{path} is taken") from None
        except FileNotFoundError:
            raise FileNotFoundError(f"{self._name}:{source}") from None
        target._note_named(path)
        after = target.entry(path)
        return before.mtime_ns if after is None else after.mtime_ns

    def remove(self, path: str, *, size: int, mtime_ns: int) -> None:
        """See `WritableLocation.remove`."""
        found = self.entry(path)
        if found is None:
            raise ContentChanged(f"{self._name}:{path} is gone")
        if (found.size, found.mtime_ns) != (size, mtime_ns):
            raise ContentChanged(f"{self._name}:{path} is not the file it was: it was not removed")
        try:
            self._writing.remove(self.address(path))
        except FileNotFoundError:
            raise ContentChanged(f"{self._name}:{path} is gone") from None

    def remove_folder(self, path: str) -> bool:
        """See `WritableLocation.remove_folder`."""
        if not path:
            return False
        self._check(path)
        if not self.has_folder(path) or not self.traits.holds_folders:
            return False
        try:
            self._writing.remove_folder(self.address(path))
        except FileNotFoundError:
            return False
        except (OSError, MedialibError):
            # Not every file system says why: only what is empty and stays all the same is a refusal.
            if not self.has_folder(path) or self._listed(path):
                return False
            raise
        return True

    def has_folder(self, path: str) -> bool:
        """See `WritableLocation.has_folder`."""
        if path:
            self._check(path)
        found = self._look(path)
        if found is None or found.kind != "folder":
            if not path:
                raise self._absent("")
            if found is None:
                self._require_root()
            return False
        self._within(path, self._canonical_root())
        return True

    def free_bytes(self) -> int | None:
        """See `WritableLocation.free_bytes`."""
        return self._writing.free_bytes(self.address(""))

    def flush(self) -> None:
        """Nothing is left to be asked for: `traits` say what lasts."""

    # ---------------------------------------------------------------------------------------------------- inner works

    def _look(self, path: str) -> RawEntry | None:
        return self._asking("looking at", path, lambda: self._tree.look(self.address(path)))

    def _require_root(self) -> None:
        found = self._look("")
        if found is None or found.kind != "folder":
            raise self._absent("")

    def _require_folder(self, path: str) -> None:
        if not path:
            self._require_root()
        elif self.traits.holds_folders and not self.has_folder(path):
            raise OutOfReach(f"{self._name} has no folder {self.address(path)}", remedy=_REMEDY)

    def _absent(self, path: str) -> OutOfReach:
        if path or self.traits.holds_folders:
            return OutOfReach(
                f"{self._name} has no folder {self.address(path)}",
                remedy="Check the configured path, and that the disk behind it is mounted.",
            )
        return OutOfReach(f"{self._name} is not there: {self.address('')}", remedy=_EMPTY_ROOT)

    def _open_at(self, address: str) -> BinaryIO:
        def allowed(found: RawEntry, canonical: str) -> None:
            if found.kind != "file":
                raise FileNotFoundError(address)
            self._keep_within(address, canonical)

        return self._asking(
            "opening", address, lambda: self._tree.open(address, offset=0, listed=False, allowed=allowed)
        )

    def _listed(self, folder: str) -> list[RawEntry]:
        reader = self._tree.reader()
        try:
            return self._listing(reader, folder, ())
        finally:
            reader.close()

    def _refuse_collision(self, path: str, *, besides: str = "") -> None:
        """Raise TargetTaken if the folder has a name that a file system without case or form takes for this one.

        `besides` is the address of a file that is about to leave its name.
        """
        folder, _, name = path.rpartition("/")
        with self._lock:
            names = self._names.get(folder)
        if names is None or time.monotonic() - names.listed > _LISTED_FOR:
            found = self._listed(folder) if self._holds(folder) else []
            names = _Names.of(entry.name for entry in found)
            with self._lock:
                self._names[folder] = names
                if len(self._names) > _FOLDERS_KNOWN:
                    self._names.pop(next(iter(self._names)))
        for other in sorted(names.by_key.get(collision_key(name), ())):
            address = self.address(f"{folder}/{other}" if folder else other)
            if address == besides:
                continue
            # What was renamed or removed since is not in the way.
            if self._writing.standing(address) is None:
                continue
            if other == name:
                raise TargetTaken(f"{self._name}:{path} is taken")
            raise TargetTaken(f"{self._name}:{path} differs only in case or form from {other!r}, which stands there")

    def _holds(self, folder: str) -> bool:
        """Whether there is something to list; where folders need not be made, none means that it is empty."""
        return not folder or self.traits.holds_folders or self.has_folder(folder)

    def _note_named(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        with self._lock:
            names = self._names.get(folder)
            if names is not None:
                names.add(name)


@attrs.define
class _Names:
    """The names in a folder as they were listed, by what a file system without case or form takes them for."""

    listed: float
    by_key: dict[str, set[str]] = attrs.field(factory=dict)

    @classmethod
    def of(cls, names: Iterable[str]) -> _Names:
        made = cls(time.monotonic())
        for name in names:
            made.add(name)
        return made

    def add(self, name: str) -> None:
        self.by_key.setdefault(collision_key(name), set()).add(name)


def _writable(
    filesystem: Any, tree: Tree, file_mode: int | None, folder_mode: int | None, hash_commands: bool
) -> WritableTree:
    if isinstance(tree, SftpTree):
        from medialib.transfer.sftp_writable import SftpWritableTree

        return SftpWritableTree(filesystem, file_mode=file_mode, folder_mode=folder_mode, hash_commands=hash_commands)
    assert isinstance(tree, AnyTree)
    return AnyWritableTree(filesystem, tree)


def open_destination(
    name: str,
    url: str,
    *,
    file_mode: int | None = None,
    folder_mode: int | None = None,
    **how: Unpack[AddressOptions],
) -> WritableLocation:
    """The writable location behind an address; nothing connects before it is used.

    Addresses and keywords are those of `open_location`; ``file://`` and a plain path are a `LocalLocation`. Raises
    `UsageError` as that does, for a kind of file system that files cannot be carried to, and for modes where it has
    none.

    >>> open_destination("tv", "sftp://ann@nas.example/volume1/tv").address("a.mkv")
    '/volume1/tv/a.mkv'
    >>> open_destination("tv", "data://tv")
    Traceback (most recent call last):
    medialib.errors.UsageError: files cannot be carried to data://: ...
    """
    if "://" not in url or url.startswith("file://"):
        return LocalLocation(name, url.removeprefix("file://"), file_mode=file_mode, folder_mode=folder_mode)
    filesystem, root = open_filesystem(name, url, **how)
    if not is_sftp(url) and (file_mode is not None or folder_mode is not None):
        raise UsageError(
            f"{name}: files there have no modes", remedy="Leave file_mode and folder_mode out, or use sftp://."
        )
    return FsspecDestination(
        name,
        filesystem,
        root,
        file_mode=file_mode,
        folder_mode=folder_mode,
        hash_commands=how.get("hash_commands", False),
    )
