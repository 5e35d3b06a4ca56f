"""What a folder that files are carried to looks like, and whether files can be made and renamed in it.

Only the trial writes, and only in medialib's own folder below the one that is tried; what it makes, it removes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from medialib.errors import ConnectionLost
from medialib.ports import SupportsSettling, WritableLocation

__all__ = ["FolderLook", "look_at_destination", "look_at_folder", "rename_works"]

_OWN_FOLDER = ".medialib"


@attrs.frozen
class FolderLook:
    """A folder as it is now; `medialib.workflows.doctor.FolderFacts` says what each field means."""

    kind: str
    """``folder``, ``missing``, ``other`` or ``unreadable``."""
    problem: str = ""
    """Why it cannot be read."""
    empty: bool = False
    """Whether nothing is in it but medialib's own folder."""
    writable: bool | None = None
    """Whether files can be made in it."""
    tried: bool = False
    """Whether `writable` was found out by making one."""
    device: int | None = None
    """Number of the disk that it lies on."""
    free: int | None = None
    """Bytes that can still be written."""


def look_at_folder(path: Path, *, write_test: bool = False) -> FolderLook:
    """Look at a folder; with `write_test`, make a file of a few bytes in it and remove that again. Raises nothing.

    >>> look_at_folder(Path("/there/is/no/such/folder")).kind
    'missing'
    """
    try:
        status = path.stat()
        if not path.is_dir():
            return FolderLook("other")
        with os.scandir(path) as entries:
            empty = all(entry.name == _OWN_FOLDER for entry in entries)
        disk = os.statvfs(path)
    except FileNotFoundError:
        return FolderLook("missing")
    except NotADirectoryError:
        return FolderLook("missing")
    except OSError as error:
        return FolderLook("unreadable", error.strerror or type(error).__name__)
    # Asking for permissions sees a disk that is mounted read-only, too; what a server refuses only shows on trial.
    writable = os.access(path, os.W_OK | os.X_OK)
    if write_test and writable:
        writable = _can_write(path)
    return FolderLook(
        "folder",
        empty=empty,
        writable=writable,
        tried=write_test,
        device=status.st_dev,
        free=disk.f_bavail * disk.f_frsize,
    )


def look_at_destination(location: WritableLocation, *, write_test: bool = False) -> FolderLook:
    """Look at a folder behind an address; with `write_test`, as `look_at_folder` does.

    Raises MedialibError if it cannot be asked, or if it is missing.
    """
    location.has_folder("")
    empty = next(iter(location.walk()), None) is None
    writable = None
    if write_test:
        try:
            _make_there(location)
            writable = True
        except OSError as error:
            if isinstance(error, ConnectionLost):
                raise
            writable = False
    return FolderLook("folder", empty=empty, writable=writable, tried=write_test, free=location.free_bytes())


def rename_works(source: Path, target: Path) -> bool:
    """Whether a file can be renamed from one folder into the other, found out by doing it. Raises nothing."""
    try:
        with _trial_folder(source) as begin, _trial_folder(target) as end:
            name = f"doctor-{secrets.token_hex(8)}.tmp"
            _make(begin / name)
            try:
                (begin / name).rename(end / name)
            finally:
                for file in (begin / name, end / name):
                    file.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _can_write(path: Path) -> bool:
    try:
        with _trial_folder(path) as folder:
            file = folder / f"doctor-{secrets.token_hex(8)}.tmp"
            try:
                _make(file)
            finally:
                file.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _make_there(location: WritableLocation) -> None:
    made = location.make_folder(_OWN_FOLDER)
    part = location.part(f"{_OWN_FOLDER}/doctor-{secrets.token_hex(8)}.tmp")
    try:
        with part.write(0) as sink:
            sink.write(b"medialib doctor\n")
        if isinstance(part, SupportsSettling):
            part.settle(mtime_ns=0)
    finally:
        part.discard()
        if made:
            location.remove_folder(_OWN_FOLDER)


def _make(file: Path) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, b"medialib doctor\n")
        os.fsync(descriptor)  # a disk that is full may say so only now
    finally:
        os.close(descriptor)


@contextmanager
def _trial_folder(path: Path) -> Iterator[Path]:
    """Medialib's own folder, which readers of media pass over; one that had to be made is removed again."""
    folder = path / _OWN_FOLDER
    made = not folder.exists()
    if made:
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        if made:
            with suppress(OSError):  # another medialib began to use it meanwhile
                folder.rmdir()
