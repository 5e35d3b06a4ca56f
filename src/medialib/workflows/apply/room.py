"""Whether there is room for a file, counting what is still to come of those under way."""

from __future__ import annotations

import threading

import attrs

from medialib.errors import MedialibError, OutOfReach
from medialib.planning import Fetch
from medialib.workflows.apply.world import World

__all__ = ["Room"]


@attrs.define
class _Disk:
    left: int | None = None
    claims: dict[str, tuple[int, int]] = attrs.field(factory=dict)
    """Of each file what is to come, and how much was there before."""


class Room:
    """What is free where files arrive. Asked once for all files that are under way together; threads may share it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._disks: dict[str, _Disk] = {}
        self._lock = threading.Lock()

    def claim(self, action: Fetch, arrived_before: int) -> None:
        """Have the rest of a file counted, until `release`; raises `OutOfReach` if there is no room for it."""
        name, coming = action.target.location, action.size - arrived_before
        with self._lock:
            disk = self._disks.setdefault(name, _Disk())
            if action.id in disk.claims:
                return  # another try: it was counted at the first
            if not disk.claims:
                disk.left = self._world.writable(action.target).free_bytes()
            if disk.left is not None:
                if disk.left - coming < self._world.minimum_free:
                    raise OutOfReach(
                        f"{action.target}: not enough room: {coming} bytes are to come, {disk.left} are free and"
                        f" {self._world.minimum_free} are to stay so",
                        remedy="Make room, then run the same command again.",
                    )
                disk.left -= coming
            disk.claims[action.id] = coming, arrived_before

    def release(self, action: Fetch, *, arrived: bool) -> None:
        """The file is under way no longer: what is free is told by the disk again once that is true of all.

        Until then others may have what it does not take up, unless it `arrived`.
        """
        with self._lock:
            disk = self._disks.get(action.target.location)
            if disk is None or action.id not in disk.claims:
                return
            coming, before = disk.claims.pop(action.id)
            if disk.left is not None and disk.claims and not arrived:
                disk.left += coming - max(0, self._kept(action) - before)

    def _kept(self, action: Fetch) -> int:
        """How much of a file that failed is kept for another try; all of it where that cannot be told."""
        try:
            record = self._world.writable(action.target).part(action.target.path).record
        except (MedialibError, OSError):
            return action.size
        return 0 if record is None else record.offset
