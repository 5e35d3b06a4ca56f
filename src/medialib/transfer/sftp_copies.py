"""Files copied from a server and to it: what stands under a final name, here or there, is always whole."""

# os, not pathlib: it speaks in plain strings, which carry undecodable names, and in descriptors.
# ruff: noqa: PTH103, PTH105, PTH108, PTH110, PTH120, PTH123

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fsspec import AbstractFileSystem
from fsspec.callbacks import DEFAULT_CALLBACK

from medialib.errors import ConnectionLost, OutOfReach
from medialib.transfer.sftp_ranges import Stretches
from medialib.transfer.sftp_reading import write_pieces
from medialib.transfer.sftp_small_files import ReadAhead

if TYPE_CHECKING:
    from medialib.transfer.sftp import SftpFileSystem
    from medialib.transfer.sftp_channel import SftpChannel

__all__ = ["Shopping", "cat_ranges", "fetch", "fetch_all", "send", "temporary"]

_GET_AT_ONCE = 2**22
_PUT_AT_ONCE = 2**20
_FILES_AT_ONCE = 64
Stretch = tuple[int | None, int | None]


def temporary(path: str) -> str:
    """A name beside `path` that no other file has."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{name[:40]}.{secrets.token_hex(4)}.part"


class Shopping(AbstractFileSystem):  # type: ignore[misc]  # fsspec ships no types
    """Finds out what fsspec's own ``get`` would fetch and where to, and fetches nothing: a list for `fetch_all`."""

    cachable = False

    def __init__(self, filesystem: SftpFileSystem) -> None:
        super().__init__()
        self._filesystem = filesystem
        self.known: dict[str, dict[str, Any]] = {}
        """What was learnt of each path on the way."""
        self.wanted: list[tuple[str, str]] = []
        """Remote and local path of each."""

    def _strip_protocol(self, path: Any) -> Any:
        return self._filesystem._strip_protocol(path)

    def _parent(self, path: str) -> str:
        return str(self._filesystem._parent(path))

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        """As the server says."""
        return self._filesystem.ls(path, detail=detail)

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """As the server says, once; links followed."""
        path = self._strip_protocol(path)
        if path not in self.known or self.known[path]["islink"]:
            self.known[path] = {**self._filesystem.info(path), "islink": False}
        return self.known[path]

    def exists(self, path: str, **kwargs: Any) -> bool:
        """As the server says."""
        path = self._strip_protocol(path)
        return path in self.known or self._filesystem.exists(path)

    def find(
        self, path: str, maxdepth: int | None = None, withdirs: bool = False, detail: bool = False, **kwargs: Any
    ) -> Any:
        """As the server says. A folder that cannot be listed is an error: what is in it would not be missed."""
        found = self._filesystem.find(path, maxdepth, withdirs, detail=True, on_error="raise")
        self.known |= {name: info for name, info in found.items() if info}
        return found if detail else list(found)

    def get_file(
        self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, outfile: Any = None, **kwargs: Any
    ) -> None:
        """Put it on the list."""
        self.wanted.append((self._strip_protocol(rpath), os.fspath(lpath)))


def fetch_all(
    filesystem: SftpFileSystem, wanted: Sequence[tuple[str, str]], known: Mapping[str, dict[str, Any]], callback: Any
) -> None:
    """Fetch files, in order, as `fetch` does, small ones read ahead. Folders are made. Raises FileNotFoundError."""
    found = {path: info for path, info in known.items() if info.get("type") != "link" and not info["islink"]}
    missing = [remote for remote, _ in wanted if remote not in found]
    found |= {path: filesystem.info(path) for path in dict.fromkeys(missing)}
    ahead = ReadAhead(filesystem.session, canonical=False)
    files = [remote for remote, _ in wanted if found[remote]["type"] == "file"]
    ahead.expect((path, found[path]["size"], found[path]["mtime"]) for path in dict.fromkeys(files))
    callback.set_size(len(wanted))
    made: set[str] = set()
    try:
        for remote, local in callback.wrap(wanted):
            info = found[remote]
            with callback.branched(remote, local) as child:
                folder = local if info["type"] == "directory" else os.path.dirname(local) or "."
                if folder not in made:
                    os.makedirs(folder, exist_ok=True)
                    made.add(folder)
                if info["type"] == "other":
                    # to open a pipe would stop the server until somebody writes to it
                    raise OutOfReach(f"{remote} is neither a file nor a folder")
                if info["type"] != "directory":
                    small = ahead.take(remote)
                    fetch(filesystem, remote, local, info["size"], child, at_hand=small and small.content)
    finally:
        ahead.expect(())


def fetch(
    filesystem: SftpFileSystem, remote: str, local: str, size: int, callback: Any, *, at_hand: bytes | None = None
) -> None:
    """Fetch a file under a temporary name, then rename it. `at_hand` is its content, where that was read ahead."""
    callback.set_size(size)
    partial = temporary(local)
    try:
        with open(partial, "wb", buffering=0) as sink:
            if at_hand is not None:
                write_pieces(sink.fileno(), [memoryview(at_hand)] if at_hand else [])
                callback.relative_update(len(at_hand))
            else:
                with filesystem.open_reader(remote, size=size, whole=True) as reader:
                    while pieces := reader.pieces(_GET_AT_ONCE):
                        write_pieces(sink.fileno(), pieces)
                        callback.relative_update(sum(map(len, pieces)))
        os.replace(partial, local)
    except BaseException:
        if os.path.exists(partial):
            os.unlink(partial)
        raise


def send(filesystem: SftpFileSystem, source: Any, path: str, callback: Any = DEFAULT_CALLBACK) -> None:
    """Send a stream under a temporary name, then rename it."""
    partial = temporary(path)
    try:
        with filesystem.open(partial, "wb", buffering=0) as sink:
            for chunk in iter(lambda: source.read(_PUT_AT_ONCE), b""):
                sink.write(chunk)
                callback.relative_update(len(chunk))
        filesystem.mv(partial, path)
    except BaseException:
        if filesystem.exists(partial):
            filesystem._rm(partial)
        raise


def cat_ranges(filesystem: SftpFileSystem, paths: Sequence[str], stretches: Sequence[Stretch]) -> list[bytes | OSError]:
    """The bytes of a stretch of each path, or why there are none; up to 64 files are under way at once.

    A lost connection is one answer to all that it carried, never fewer bytes.
    """
    by_path: dict[str, list[int]] = {}
    for number, path in enumerate(paths):
        by_path.setdefault(path, []).append(number)
    results: list[bytes | OSError] = [b""] * len(paths)
    order = list(by_path)
    for first in range(0, len(order), _FILES_AT_ONCE):
        group = order[first : first + _FILES_AT_ONCE]
        wanted = {path: [stretches[number] for number in by_path[path]] for path in group}
        for path, found in _read(filesystem, wanted).items():
            for place, number in enumerate(by_path[path]):
                results[number] = found if isinstance(found, OSError) else found[place]
    return results


def _read(filesystem: SftpFileSystem, wanted: Mapping[str, Sequence[Stretch]]) -> dict[str, list[bytes] | OSError]:
    session = filesystem.session

    def ask(channel: SftpChannel) -> tuple[SftpChannel, dict[str, Stretches]]:
        pipeline = channel.pipeline
        read_size = min(pipeline.limits.read, session.read_size)
        with pipeline.lock:
            reading = {
                path: Stretches(pipeline, path.encode("utf-8", "surrogateescape"), parts, read_size=read_size)
                for path, parts in wanted.items()
            }
        pipeline.settle(lambda: all(one.done() for one in reading.values()))
        return channel, reading

    try:
        channel, reading = session.run(f"reading {len(wanted)} files", ask)
    except ConnectionLost as lost:
        return dict.fromkeys(wanted, lost)
    results: dict[str, list[bytes] | OSError] = {}
    for path, one in reading.items():
        try:
            with session.translating(channel, f"reading {path}"):
                results[path] = one.result()
        except FileNotFoundError:
            results[path] = FileNotFoundError(path)
        except OSError as error:
            results[path] = error
    return results
