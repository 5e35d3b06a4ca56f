"""What a plan is applied through, and how failures of the outside are said."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs

from medialib.errors import MedialibError, PlanRefused
from medialib.model import Place
from medialib.planning import Release, ReleaseFile, ReleaseFolder, ReleaseMark, ReleaseMove
from medialib.ports import Catalogue, Clock, Location, SupportsRelease, Transfer, WritableLocation
from medialib.workflows.apply.proving import ProofLevel

__all__ = ["ReleaseMode", "World", "say_failure"]

ReleaseMode: TypeAlias = Literal["keep", "delete", "move", "mark"]
"""What becomes of files on a remote once they are proven in the library."""


@attrs.frozen(kw_only=True)
class World:
    """The ports that plans are applied through. A plan names locations; only those here exist for it."""

    catalogue: Catalogue
    """What is remembered."""
    locations: Mapping[str, Location]
    """Every configured location by name; those that may be written to are `WritableLocation`."""
    transfer: Transfer
    """Carries bytes."""
    clock: Clock
    """Where time comes from."""
    configuration: str = ""
    """Digest of the settings; plans made under others are refused."""
    remote_paths: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    """The remotes, which are never written to, and the folders of each that may be fetched from; empty: all of it."""
    minimum_free: int = 0
    """Bytes that must stay free on a disk that is fetched to."""
    releases: Mapping[str, ReleaseMode] = attrs.field(factory=dict)
    """What may be done to files on a remote once they are proven in the library; nothing for one that is not here."""
    transfers: int = 1
    """How many files may be under way at once; several only from remotes where each question is a journey."""
    proof: ProofLevel = "received"
    """How far a received file is proven before it has its name."""
    writes_to: Mapping[str, WritableLocation] = attrs.field(init=False, repr=False, eq=False)
    """Those of `locations` that can be written to, remotes apart."""

    @writes_to.default
    def _writable_locations(self) -> Mapping[str, WritableLocation]:
        return {
            name: location
            for name, location in self.locations.items()
            if name not in self.remote_paths and isinstance(location, WritableLocation)
        }

    def location(self, place: Place) -> Location:
        """Where `place` is; raises PlanRefused for a location that is not configured."""
        try:
            return self.locations[place.location]
        except KeyError:
            raise PlanRefused(
                f"{place}: no location is called {place.location!r}",
                remedy=f"Configured are {', '.join(sorted(self.locations)) or 'none'}.",
            ) from None

    def writable(self, place: Place) -> WritableLocation:
        """Where `place` is; raises PlanRefused for a location that is not configured or not ours to write to."""
        self.location(place)
        try:
            return self.writes_to[place.location]
        except KeyError:
            raise PlanRefused(f"{place}: {place.location!r} is only ever read") from None

    def releasing(self, place: Place, action: Release) -> SupportsRelease:
        """The remote that `action` changes; raises PlanRefused where the configuration does not want that."""
        location = self.location(place)
        mode = self.releases.get(place.location, "keep")
        if mode not in _MODES[type(action)]:
            raise PlanRefused(
                f"{place}: the configuration does not let this be done there (release = {mode!r})",
                remedy=f"Set remotes.{place.location}.release to {' or '.join(map(repr, _MODES[type(action)]))}.",
            )
        if not isinstance(location, SupportsRelease):
            raise PlanRefused(f"{place}: {place.location!r} is of a kind that cannot be released from")
        return location


_MODES: dict[type, tuple[ReleaseMode, ...]] = {
    ReleaseFile: ("delete",),
    ReleaseMove: ("move",),
    ReleaseMark: ("mark",),
    ReleaseFolder: ("delete", "move"),
}
_REMEDIES = {
    errno.ENOSPC: "Make room on that disk, then run the same command again.",
    errno.EDQUOT: "Make room in that quota, then run the same command again.",
    errno.EROFS: "Mount it writable, then run the same command again.",
    errno.EACCES: "Check owner and mode of the folder.",
    errno.EPERM: "Check owner and mode of the folder.",
    errno.EIO: "The disk reports an error: check it before anything else.",
}


def say_failure(error: MedialibError | OSError) -> str:
    """One line for a reader: what went wrong, where, and what to do.

    >>> say_failure(OSError(errno.ENOSPC, "No space left on device", "/library/a.mkv"))
    '/library/a.mkv: No space left on device. Make room on that disk, then run the same command again.'
    """
    if isinstance(error, MedialibError):
        return str(error)
    text = error.strerror or type(error).__name__
    if error.filename is not None:
        text = f"{os.fsdecode(error.filename)}: {text}"
    remedy = _REMEDIES.get(error.errno or 0)
    return f"{text}. {remedy}" if remedy else text
