"""The actions that let go of files on a remote, once what was fetched stands proven in the library.

They are the only ones that change anything on a remote. Each carries the copy in the library that it rests on, which is
looked at again before it is carried out.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

from medialib.model import FileEntry, Place

__all__ = ["KeptCopy", "Release", "ReleaseFile", "ReleaseFolder", "ReleaseMark", "ReleaseMove"]


@attrs.frozen
class KeptCopy:
    """A file in the library with the content of one on the remote, as it was when that was proven."""

    place: Place
    """Where it stands."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change."""


@attrs.frozen
class ReleaseFile:
    """Delete a file on a remote. This cannot be taken back."""

    id: str
    """Identifier within the plan."""
    source: Place
    """The remote file."""
    size: int
    """Bytes, as listed."""
    mtime_ns: int
    """Time of last change, as listed."""
    copy: KeptCopy | None = None
    """Its copy in the library; None for a file that was never wanted, and goes with its unit."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""


@attrs.frozen
class ReleaseMove:
    """Give a remote file another place on the same remote, or (`back`) the one it had."""

    id: str
    """Identifier within the plan."""
    source: Place
    """Where it stands."""
    target: Place
    """Where it shall stand, in the same location; nothing may stand there."""
    size: int
    """Bytes, as listed."""
    mtime_ns: int
    """Time of last change, as listed."""
    copy: KeptCopy | None = None
    """Its copy in the library; None for a file that was never wanted, and goes with its unit."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""
    back: bool = False
    """Whether this takes a release back."""


@attrs.frozen
class ReleaseMark:
    """Put an empty file on a remote that says that a unit is not needed there any more, or (`back`) take it away."""

    id: str
    """Identifier within the plan."""
    place: Place
    """The empty file."""
    files: tuple[FileEntry, ...]
    """The files of the unit that were fetched, as listed; their paths start at the location's root."""
    copies: tuple[KeptCopy, ...]
    """Their copies in the library, in the same order."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""
    back: bool = False
    """Whether this takes a release back."""


@attrs.frozen
class ReleaseFolder:
    """Remove a folder on a remote if it is empty; one that is not stays, and that is no failure."""

    id: str
    """Identifier within the plan."""
    place: Place
    """The folder."""
    reason: str = ""
    """Why, for a reader."""
    after: tuple[str, ...] = ()
    """Identifiers of actions that must have been carried out before."""
    back: bool = False
    """Whether this takes a release back: the folder was made for it, and may stand where nothing is fetched from."""


Release: TypeAlias = ReleaseFile | ReleaseMove | ReleaseMark | ReleaseFolder
"""Anything that changes a remote."""
