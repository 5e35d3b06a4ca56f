"""An fsspec file system over SFTP that trusts only hosts it knows, never mistakes a lost connection for an end of file,
and connects again by itself.

It is registered with fsspec as ``medialib-sftp``; fsspec's own ``sftp`` is left as it is.
"""

# os, not pathlib: it speaks in plain strings, which carry undecodable names, and in descriptors.
# ruff: noqa: PTH112, PTH123

from __future__ import annotations

import io
import os
import stat
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from fsspec.callbacks import DEFAULT_CALLBACK

from medialib.errors import OutOfReach
from medialib.transfer.session import SshSession
from medialib.transfer.sftp_channel import SftpChannel
from medialib.transfer.sftp_copies import Shopping, cat_ranges, fetch_all, send, temporary
from medialib.transfer.sftp_looking import LookingFileSystem, raw
from medialib.transfer.sftp_messages import OpenFor
from medialib.transfer.sftp_names import RemoteAttributes
from medialib.transfer.sftp_reading import SftpReader
from medialib.transfer.sftp_writing import SftpWriter

__all__ = ["SftpFileSystem"]

_FLAGS = {
    "rb": OpenFor.READ,
    "wb": OpenFor.WRITE | OpenFor.CREATE | OpenFor.TRUNCATE,
    "xb": OpenFor.WRITE | OpenFor.CREATE | OpenFor.EXCLUSIVE,
    "ab": OpenFor.WRITE | OpenFor.CREATE,
}


class SftpFileSystem(LookingFileSystem):
    """Files on an SSH server.

    Paths are those of the server: absolute, or relative to the account's home. Instances are not shared by fsspec's
    cache, and neither tokens, pickles nor texts of them hold `password` or `passphrase`: a copy made by pickle must
    authenticate by key or agent. Nothing connects before the first use. Several threads may use one instance.

    >>> SftpFileSystem("seedbox.example", port=2222, username="ann", password="secret")
    <SftpFileSystem ann@seedbox.example:2222>
    """

    # ------------------------------------------------------------------------------------------------- opening a file

    def open_reader(self, path: str, *, size: int, offset: int = 0, whole: bool = False) -> SftpReader:
        """An unbuffered reader that asks ahead; `size` is a hint of how far, `whole` tells that all of it is wanted.

        Raises FileNotFoundError.
        """

        def begin() -> SftpReader:
            channel, handle = self._handle(self.session, path, "rb")
            return SftpReader(self.session, channel, handle, size=size, name=path, offset=offset, whole=whole)

        reader = self.session.retried(begin)
        if whole:
            reader.reinforce(lambda session: self._handle(session, path, "rb"))
        return reader

    def open_examined(
        self, path: str, *, offset: int, at_once: bool, allowed: Callable[[RemoteAttributes, str], None]
    ) -> SftpReader:
        """A reader of the whole file, if `allowed`, which is told what it is and its canonical path, does not raise.

        With `at_once` all is asked for together, opening included, which is for what is known to be a file: to open a
        pipe would stop the server until somebody writes to it. Raises FileNotFoundError.
        """

        def begin() -> SftpReader:
            channel = self.session.lease()
            handle = None
            try:
                with self.session.translating(channel, f"opening {path}"):
                    examined = channel.examine(raw(path), opens=at_once)
                handle = examined.handle
                allowed(examined.found, examined.canonical)
                with self.session.translating(channel, f"opening {path}"):
                    if examined.refused is not None:
                        raise examined.refused
                    handle = handle or channel.open(raw(path), OpenFor.READ)
            except BaseException:
                if handle is not None and channel.alive():
                    channel.forget(handle)
                self.session.release(channel)
                raise
            size = examined.found.size
            return SftpReader(self.session, channel, handle, size=size, name=path, offset=offset, whole=True)

        reader = self.session.retried(begin)
        reader.reinforce(lambda session: self._handle(session, path, "rb"))
        return reader

    def _handle(self, session: SshSession, path: str, mode: str) -> tuple[SftpChannel, bytes]:
        """Open a file on a channel that is leased until its stream is closed."""
        channel = session.lease()
        try:
            with session.translating(channel, f"opening {path}"):
                return channel, channel.open(raw(path), _FLAGS[mode])
        except BaseException:
            session.release(channel)
            raise

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: Any = None,
        **kwargs: Any,
    ) -> BinaryIO:
        if mode not in ("rb", "wb", "ab", "xb"):
            raise ValueError(f"mode {mode!r} is not one of rb, wb, ab, xb")
        if mode == "rb":
            info = self.info(path)
            if info["type"] == "directory":
                raise IsADirectoryError(path)
            return io.BufferedReader(self.open_reader(path, size=info["size"]), buffer_size=block_size or 2**18)
        if self.auto_mkdir:
            self.makedirs(self._parent(path), exist_ok=True)
        target = path if autocommit else temporary(path)
        offset = self.info(path)["size"] if mode == "ab" and self.exists(path) else 0
        try:
            channel, handle = self.session.retried(lambda: self._handle(self.session, target, mode), idempotent=False)
        except OutOfReach:
            # Version 3 has no word for "exists": OpenSSH calls it a failure like any other.
            if mode == "xb" and self.exists(path):
                raise FileExistsError(path) from None
            raise

        def settle(good: bool) -> None:
            if good and target != path:
                self.mv(target, path)
            elif not good:
                self._rm(target)

        return SftpWriter(self.session, channel, handle, name=path, offset=offset, settle=settle)

    # ------------------------------------------------------------------------------------------------------- changing

    def mkdir(self, path: str, create_parents: bool = True, mode: int = 0o777, **kwargs: Any) -> None:
        """Make a folder. Raises FileExistsError if something is there."""
        path = self._strip_protocol(path)
        if create_parents and self._parent(path) and not self.exists(self._parent(path)):
            self.makedirs(self._parent(path), exist_ok=True)
        try:
            self.session.run(f"making {path}", lambda channel: channel.make_folder(raw(path), mode), idempotent=False)
        except OutOfReach:
            if self.exists(path):
                raise FileExistsError(path) from None
            raise

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make a folder and those above it."""
        path = self._strip_protocol(path)
        missing = []
        at = path
        while at not in ("", "/") and not self.exists(at):
            missing.append(at)
            at = self._parent(at)
        if not missing and not exist_ok:
            raise FileExistsError(path)
        for folder in reversed(missing):
            try:
                self.mkdir(folder, create_parents=False)
            except FileExistsError:
                continue  # another thread was faster

    def rmdir(self, path: str) -> None:
        """Remove an empty folder."""
        path = self._strip_protocol(path)
        self.session.run(f"removing {path}", lambda channel: channel.remove_folder(raw(path)), idempotent=False)

    def _rm(self, path: str) -> None:
        path = self._strip_protocol(path)

        def remove(channel: SftpChannel) -> None:
            if stat.S_ISDIR(channel.lstat(raw(path)).mode):
                channel.remove_folder(raw(path))
            else:
                channel.remove(raw(path))

        self.session.run(f"removing {path}", remove, idempotent=False)

    def mv(self, path1: str, path2: str, recursive: bool = False, maxdepth: int | None = None, **kwargs: Any) -> None:
        """Rename a file or folder by one step, replacing what stands there (``posix-rename@openssh.com``)."""
        source, target = self._strip_protocol(path1), self._strip_protocol(path2)
        self.session.run(
            f"renaming {source}", lambda channel: channel.rename(raw(source), raw(target)), idempotent=False
        )

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        """Copy a file through here: SFTP version 3 has no copy of its own. Folders are made."""
        if self.isdir(path1):
            self.makedirs(path2, exist_ok=True)
            return
        self.makedirs(self._parent(self._strip_protocol(path2)), exist_ok=True)
        with self.open(path1, "rb") as source:
            send(self, source, self._strip_protocol(path2))

    def touch(self, path: str, truncate: bool = True, **kwargs: Any) -> None:
        """Make an empty file, or, with ``truncate=False``, set an existing one's time to now."""
        path = self._strip_protocol(path)
        if not truncate and self.exists(path):
            now = int(time.time())
            self.session.run(f"touching {path}", lambda channel: channel.set_times(raw(path), now, now))
            return
        self.open(path, "wb").close()

    def put_file(
        self, lpath: Any, rpath: str, callback: Any = DEFAULT_CALLBACK, mode: str = "overwrite", **kwargs: Any
    ) -> None:
        """Send a file under a temporary name, then rename it: what stands under `rpath` is always whole."""
        rpath = self._strip_protocol(rpath)
        if mode == "create" and self.exists(rpath):
            raise FileExistsError(rpath)
        if os.path.isdir(lpath):
            self.makedirs(rpath, exist_ok=True)
            return
        self.makedirs(self._parent(rpath), exist_ok=True)
        with open(lpath, "rb") as source:
            callback.set_size(os.fstat(source.fileno()).st_size)
            send(self, source, rpath, callback)

    def get(
        self,
        rpath: Any,
        lpath: Any,
        recursive: bool = False,
        callback: Any = DEFAULT_CALLBACK,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Fetch files as fsspec does, small ones 64 at a time; each has a temporary name until it is whole.

        Unlike fsspec's own, it raises if a folder below cannot be listed.
        """
        if kwargs:
            super().get(rpath, lpath, recursive, callback, maxdepth, **kwargs)
            return
        shopping = Shopping(self)
        shopping.get(rpath, lpath, recursive, maxdepth=maxdepth)
        fetch_all(self, shopping.wanted, shopping.known, callback)

    def get_file(
        self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, outfile: Any = None, **kwargs: Any
    ) -> None:
        """Fetch a file under a temporary name, then rename it: what stands under `lpath` is always whole."""
        if outfile is not None or hasattr(lpath, "write"):
            super().get_file(rpath, lpath, callback=callback, outfile=outfile, **kwargs)
            return
        rpath, lpath = self._strip_protocol(rpath), os.fspath(lpath)
        fetch_all(self, [(rpath, lpath)], {rpath: self.info(rpath)}, callback)

    def cat_ranges(
        self,
        paths: Any,
        starts: Any,
        ends: Any,
        max_gap: int | None = None,
        on_error: str = "return",
        **kwargs: Any,
    ) -> list[Any]:
        """Stretches of files, 64 files at a time; an error stands in its place, or is raised if `on_error` says so.

        `max_gap` changes nothing: requests do not wait for each other, so joining near ones would save no time.
        """
        if not isinstance(paths, list):
            raise TypeError("paths are not a list")
        starts = starts if isinstance(starts, list) else [starts] * len(paths)
        ends = ends if isinstance(ends, list) else [ends] * len(paths)
        if not len(starts) == len(ends) == len(paths):
            raise ValueError("there are not as many starts and ends as paths")
        found = cat_ranges(self, [self._strip_protocol(path) for path in paths], list(zip(starts, ends, strict=True)))
        if on_error != "return":
            for result in found:
                if isinstance(result, OSError):
                    raise result
        return found

    def cat(self, path: Any, recursive: bool = False, on_error: str = "raise", **kwargs: Any) -> Any:
        """Whole files, as in fsspec, many at a time."""
        paths = self.expand_path(path, recursive=recursive)
        if kwargs or (len(paths) == 1 and not isinstance(path, list) and paths[0] == self._strip_protocol(path)):
            return super().cat(path, recursive=recursive, on_error=on_error, **kwargs)
        found = dict(zip(paths, self.cat_ranges(paths, None, None), strict=True))
        for result in found.values():
            if isinstance(result, OSError) and on_error == "raise":
                raise result
        return {one: result for one, result in found.items() if on_error == "return" or isinstance(result, bytes)}
