"""Files that come into being whole, under their name, or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from medialib.errors import OutOfReach, TargetTaken

__all__ = ["out_of_reach", "private_folder", "publish", "stamped"]

_STAMP = re.compile(r"\.\d{8}T\d{12}Z\.bak")
_YOUNG = 60.0  # seconds


def out_of_reach(message: str, number: int | None, *, remedy: str | None = None) -> OutOfReach:
    """An `OutOfReach` that carries the errno of the `OSError` it also is.

    >>> out_of_reach("the disk is full", errno.ENOSPC).errno == errno.ENOSPC
    True
    """
    failure = OutOfReach(message, remedy=remedy)
    failure.errno = number
    return failure


def stamped(path: Path) -> Path:
    """The name of a backup made now of what is kept at `path`: with a UTC stamp to the microsecond, and ``.bak``."""
    return path.with_name(f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.bak")


def private_folder(folder: Path | None = None) -> Path:
    """A folder for backups, made with mode 0700 if it is missing; None for the user's own, ``$XDG_DATA_HOME/medialib``.

    Raises OutOfReach if it cannot be made.
    """
    if folder is None:
        named = os.environ.get("XDG_DATA_HOME", "")
        # The XDG specification has relative values ignored.
        folder = (Path(named) if named.startswith("/") else Path.home() / ".local" / "share") / "medialib"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise out_of_reach(f"the folder {folder} cannot be made: {error.strerror}", error.errno) from error
    return folder


def publish(data: bytes, target: Path, *, replace: bool = False) -> None:
    """Write a file whole under its name, or not at all; nothing is replaced unless `replace` says so.

    What a process that was killed over a file of this name, or over a backup of it, has left in the folder is removed.
    """
    _remove_leftovers(target)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                with suppress(OSError):  # not every disk has locks; the time of last change has to do there
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if part.read_bytes() != data:
                raise out_of_reach(f"{target} does not read back as it was written", errno.EIO)
            if replace:
                part.replace(target)
            else:
                _name_once(part, target)
        finally:
            part.unlink(missing_ok=True)
        _flush_folder(target.parent)
    except (OutOfReach, TargetTaken):
        raise
    except OSError as error:
        raise out_of_reach(f"{target} cannot be written: {error.strerror}", error.errno) from error


def _remove_leftovers(target: Path) -> None:
    name = re.escape(_STAMP.sub("", target.name))
    ours = re.compile(rf"\.{name}(?:{_STAMP.pattern})?\.[0-9a-f]{{8}}\.part")
    with suppress(OSError):  # what cannot be tidied up does no harm
        for left in [entry.path for entry in os.scandir(target.parent) if ours.fullmatch(entry.name)]:
            with suppress(OSError):
                _remove_unless_written(Path(left))


def _remove_unless_written(part: Path) -> None:
    """Remove a file unless somebody is still at it: then it is locked, or young; BlockingIOError if it is locked."""
    with part.open("rb") as stream:
        # Young ones may be made just now, and not locked yet.
        if time.time() - os.fstat(stream.fileno()).st_mtime < _YOUNG:
            return
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink(missing_ok=True)


def _name_once(part: Path, target: Path) -> None:
    try:
        os.link(part, target)
    except FileExistsError:
        raise TargetTaken(f"{target} exists already, nothing was copied") from None
    except OSError:
        # No hard links here (exFAT, SMB): the name was free a moment ago, which is the best such a disk offers.
        part.rename(target)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
