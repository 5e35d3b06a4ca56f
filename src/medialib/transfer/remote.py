"""Any fsspec file system as a `Location`: what is read of it obeys the law, whatever the file system lets through."""

from __future__ import annotations

import io
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, TypeVar, Unpack

from medialib.errors import ConnectionLost, MedialibError, OutOfReach, UnsafePath
from medialib.model import FileEntry, RefusedEntry
from medialib.naming import unsafe_reason
from medialib.ports import Location, LocationTraits
from medialib.transfer.addressing import AddressOptions, is_sftp, open_filesystem
from medialib.transfer.trees import AnyTree, FolderReader, RawEntry, SftpTree, Tree

__all__ = ["FsspecLocation", "open_location"]

_OWN_FOLDER = ".medialib"
_ASKED_AHEAD = 64
_DEEPEST = 100
# Seconds for which what was found on reading a file ahead answers the question what it is.
_CONFIRMED_FOR = 5.0
_PLAIN_NAME = re.compile(r"(?!\.{1,2}\Z)[\w .,;()\[\]{}'&+!@#$%=~-]{1,200}\Z", re.ASCII).match
_Result = TypeVar("_Result")


class FsspecLocation:
    """The files below `root` on an fsspec file system. See `medialib.ports.Location` for what it promises.

    `root` is a whole path on that file system. Over `SftpFileSystem` listings are asked for ahead and reading runs with
    many requests under way; any other file system is used as fsspec offers it. Folders more than 100 deep are refused,
    and a walk that meets more than `most_names` names in all raises `OutOfReach`: a server's tree need not end.
    """

    def __init__(self, name: str, filesystem: Any, root: str, *, most_names: int = 10_000_000) -> None:
        self._name = name
        self._most_names = most_names
        protocol = filesystem.protocol
        sftp = "medialib-sftp" in ((protocol,) if isinstance(protocol, str) else protocol)
        self._tree: Tree = SftpTree(filesystem) if sftp else AnyTree(filesystem)
        self._given_root = root
        self._known_root: str | None = None
        self._known_canonical_root: str | None = None
        self._root_believed_until = 0.0
        self._resolving = threading.RLock()
        self._expected: dict[str, FileEntry] = {}
        self._confirmed: dict[str, tuple[FileEntry, float]] = {}

    def __repr__(self) -> str:
        return f"<FsspecLocation {self._name}>"

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    @property
    def traits(self) -> LocationTraits:
        """How it differs from others."""
        return self._tree.traits

    def address(self, path: str) -> str:
        """The full path on the file system."""
        root = self._root()
        return f"{root.rstrip('/')}/{path}" if path else root

    def walk(self, path: str = "") -> Iterator[FileEntry | RefusedEntry]:
        """See `Location.walk`: a folder's files by name, then its folders by name, each with what it holds."""
        if path:
            self._check(path)
        canonical_root = self._canonical_root(anew=True)
        if path:
            self._within(path, canonical_root)
        reader = self._tree.reader()
        met = 0
        try:
            waiting = [path]
            while waiting:
                folder = waiting.pop()
                following = [self.address(later) for later in reversed(waiting[-_ASKED_AHEAD:])]
                listing = self._listing(reader, folder, following)
                met += len(listing)
                if met > self._most_names:
                    raise OutOfReach(
                        f"{self._name} lists more than {self._most_names} names, and there may be no end to it",
                        remedy="Name the folders that are wanted in the remote's paths.",
                    )
                folders: list[str] = []
                for entry in sorted(listing):
                    found = self._seen(folder, entry, canonical_root)
                    if isinstance(found, str):
                        folders.append(found)
                    elif found is not None:
                        yield found
                waiting += reversed(folders)
        finally:
            reader.close()

    def entry(self, path: str) -> FileEntry | None:
        """See `Location.entry`."""
        self._check(path)
        confirmed = self._confirmed.pop(path, None)
        if confirmed is not None and time.monotonic() < confirmed[1]:
            return confirmed[0]
        examined = self._asking("looking at", path, lambda: self._tree.examine(self.address(path)))
        if examined is None:
            if self._asking("looking at", "", lambda: self._tree.look(self._root())) is None:
                raise self._absent("")
            return None
        found, canonical = examined
        if found.kind != "file":
            return None
        self._keep_within(path, canonical)
        return FileEntry(path, found.size, found.mtime_ns)

    def entries(self, paths: Iterable[str]) -> Mapping[str, FileEntry]:
        """See `Location.entries`: a folder in which two or more are wanted is listed once, a single file asked for."""
        by_folder: defaultdict[str, list[str]] = defaultdict(list)
        for path in paths:
            self._check(path)
            by_folder[path.rpartition("/")[0]].append(path)
        found: dict[str, FileEntry] = {}
        for folder, wanted in by_folder.items():
            if len(wanted) == 1:
                single = self.entry(wanted[0])
                found |= {} if single is None else {wanted[0]: single}
            else:
                found |= self._entries_of(folder, wanted)
        return found

    def open(self, path: str, *, offset: int = 0) -> BinaryIO:
        """See `Location.open`."""
        listed = path in self._expected
        at_hand = self._taken(path)
        if at_hand is not None:
            return io.BytesIO(at_hand[offset:])
        self._check(path)
        self._canonical_root()  # asked for first: nothing else is while a file is being opened

        def allowed(found: RawEntry, canonical: str) -> None:
            if found.kind != "file":
                raise FileNotFoundError(f"{self.name}:{path}")
            self._keep_within(path, canonical)

        try:
            return self._asking(
                "opening",
                path,
                lambda: self._tree.open(self.address(path), offset=offset, listed=listed, allowed=allowed),
            )
        except FileNotFoundError:
            self.entry(path)  # raises if it is the root that is gone
            raise FileNotFoundError(f"{self.name}:{path}") from None

    def expect(self, entries: Iterable[FileEntry]) -> None:
        """See `ports.SupportsReadingAhead`. `entry`, asked right after `open`, then tells what was found on reading."""
        self._confirmed.clear()
        self._expected = {entry.path: entry for entry in entries}
        self._tree.expect(
            (self.address(entry.path), entry.size, entry.mtime_ns)
            for entry in self._expected.values()
            if unsafe_reason(entry.path) is None
        )

    def at_hand(self, path: str) -> bool:
        """See `ports.SupportsReadingAhead`."""
        asked_before = path in self._expected and self._known_canonical_root is not None
        return asked_before and self._tree.at_hand(self.address(path))

    def close(self) -> None:
        """Let go of connections."""
        self._tree.close()

    # ---------------------------------------------------------------------------------------------------- inner works

    def _taken(self, path: str) -> bytes | None:
        """The content of an expected file that was read ahead and lies within the root."""
        expected = self._expected.pop(path, None)
        taken = None if expected is None else self._tree.taken(self.address(path))
        if expected is None or taken is None or not _lies_within(taken[1], self._canonical_root()):
            return None
        self._confirmed[path] = expected, time.monotonic() + _CONFIRMED_FOR
        return taken[0]

    def _root(self) -> str:
        if self._known_root is None:
            self._known_root = self._tree.absolute(self._given_root)
        return self._known_root

    def _check(self, path: str) -> None:
        reason = unsafe_reason(path)
        if reason is not None:
            raise UnsafePath(f"{self._name} has no usable path {path!r}: {reason}")

    def _canonical_root(self, *, anew: bool = False) -> str:
        """The root with every link followed; `anew`, what was found some time ago is not believed."""
        with self._resolving:
            known = self._known_canonical_root
            if known is None or (anew and time.monotonic() > self._root_believed_until):
                known = self._asking("resolving", "", lambda: self._tree.resolve(self._root()))
                self._known_canonical_root, self._root_believed_until = known, time.monotonic() + _CONFIRMED_FOR
            return known

    def _keep_within(self, path: str, canonical: str) -> None:
        if self._tree.links and not _lies_within(canonical, self._canonical_root()):
            raise UnsafePath(f"{self._name}:{path} is, or passes through, a link that leaves {self._name}")

    def _within(self, path: str, canonical_root: str, *, link: bool = False) -> None:
        canonical = self._asking("resolving", path, lambda: self._tree.resolve(self.address(path), link=link))
        if not _lies_within(canonical, canonical_root):
            raise UnsafePath(f"{self._name}:{path} is, or passes through, a link that leaves {self._name}")

    def _seen(self, folder: str, entry: RawEntry, canonical_root: str) -> FileEntry | RefusedEntry | str | None:
        """A listed entry as a file, a refusal, the path of a folder to enter, or None if it is passed over."""
        path = f"{folder}/{entry.name}" if folder else entry.name
        if "/" in entry.name:
            return RefusedEntry(path, "its name holds a slash, which no file's name can")
        # The folder was judged when it was met, and most names are plain: for those the long way says the same.
        reason = None if _PLAIN_NAME(entry.name) else unsafe_reason(path)
        if reason is not None:
            return RefusedEntry(path, reason)
        if path == _OWN_FOLDER:
            return None
        if entry.kind == "file":
            return FileEntry(path, entry.size, entry.mtime_ns)
        if entry.kind == "folder":
            return path if path.count("/") < _DEEPEST else RefusedEntry(path, f"it lies {_DEEPEST} folders deep")
        if entry.kind == "other":
            return RefusedEntry(path, "it is neither a file nor a folder")
        try:
            target = self._asking("looking at", path, lambda: self._tree.look(self.address(path)))
            if target is None:
                return RefusedEntry(path, "it is a link to nothing")
            self._within(path, canonical_root, link=True)
        except UnsafePath:
            return RefusedEntry(path, f"it is a link that leaves {self._name}")
        except OutOfReach:
            # one link that leads in a circle, or where we may not look, must not hide all other files
            return RefusedEntry(path, "it is a link that cannot be followed")
        if target.kind == "folder":
            return RefusedEntry(path, "it is a link to a folder")
        if target.kind != "file":
            return RefusedEntry(path, "it is a link to something that is no file")
        return FileEntry(path, target.size, target.mtime_ns)

    def _entries_of(self, folder: str, wanted: list[str]) -> dict[str, FileEntry]:
        examined = self._asking("looking at", folder, lambda: self._tree.examine(self.address(folder)))
        if examined is None or examined[0].kind != "folder":
            if not folder:
                raise self._absent("")
            self.entry(folder)  # raises if it is the root that is gone
            return {}
        self._keep_within(folder, examined[1])
        canonical_root = self._canonical_root()
        reader = self._tree.reader()
        try:
            listing = self._listing(reader, folder, ())
        finally:
            reader.close()
        by_name = {entry.name: entry for entry in listing}
        found: dict[str, FileEntry] = {}
        for path in wanted:
            entry = by_name.get(path.rpartition("/")[2])
            seen = None if entry is None else self._seen(folder, entry, canonical_root)
            if isinstance(seen, FileEntry):
                found[path] = seen
        return found

    def _listing(self, reader: FolderReader, folder: str, following: Iterable[str]) -> list[RawEntry]:
        return self._asking("listing", folder, lambda: reader.take(self.address(folder), following))

    def _absent(self, path: str) -> OutOfReach:
        return OutOfReach(
            f"{self._name} has no folder {self.address(path)}",
            remedy="Check the configured path, and that the disk behind it is mounted.",
        )

    def _asking(self, doing: str, path: str, question: Callable[[], _Result]) -> _Result:
        """Ask the file system; whatever it cannot answer is a place out of reach, said in one line."""
        try:
            return question()
        except MedialibError:
            raise
        except FileNotFoundError:
            if doing == "opening":
                raise
            raise self._absent(path) from None
        except (ConnectionError, TimeoutError) as error:
            raise ConnectionLost(f"{doing} {self._name}:{path} failed: {_line(error)}", remedy="Try again.") from None
        except OSError as error:
            raise OutOfReach(f"{doing} {self._name}:{path} failed: {_line(error)}") from None


def _lies_within(canonical: str, canonical_root: str) -> bool:
    return canonical == canonical_root or canonical.startswith(canonical_root.rstrip("/") + "/")


def _line(error: OSError) -> str:
    return error.strerror or " ".join(str(error).split()) or type(error).__name__


def open_location(name: str, url: str, **how: Unpack[AddressOptions]) -> Location:
    """The location behind an address; nothing connects before it is used.

    ``sftp://[user@]host[:port]/path`` is a folder on an SSH server (``/~/path`` starts at the account's home). A plain
    path or ``file://`` is a folder here (`LocalLocation`). Any other address is left to fsspec. The keywords are those
    of `AddressOptions`. Raises `UsageError` for an address that cannot be read, or a kind that fsspec does not know or
    has no package for.

    >>> open_location("films", "/srv/films").address("a.mkv")
    '/srv/films/a.mkv'
    >>> open_location("seedbox", "sftp://ann@seedbox.example/downloads").address("a.mkv")
    '/downloads/a.mkv'
    """
    scheme = url.partition("://")[0] if "://" in url else ""
    if scheme in ("", "file"):
        from medialib.transfer.local_remote import LocalRemote

        return LocalRemote(name, url.removeprefix("file://"))
    filesystem, root = open_filesystem(name, url, **how)
    if is_sftp(url):
        from medialib.transfer.sftp_location import SftpLocation

        return SftpLocation(name, filesystem, root, hash_commands=how.get("hash_commands", False))
    return FsspecLocation(name, filesystem, root)
