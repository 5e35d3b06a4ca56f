"""Long work cut into plans of bearable size."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from medialib.errors import Cancelled, OutOfReach
from medialib.events import Noted, Observer
from medialib.model import FileEntry, Place, RefusedEntry
from medialib.naming import is_of_the_system
from medialib.planning import Action, Plan, Remark, RemarkKind
from medialib.ports import CancelToken, Catalogue, Clock, Location, SupportsFolderListing, offers

__all__ = ["Gathering", "Piece", "joined", "refuse_empty", "top_of"]


@attrs.frozen
class Piece:
    """A part of the work."""

    plan: Plan
    """What is to be done of it."""
    known: int = 0
    """So much was looked at besides that the catalogue has as it is."""


def joined(pieces: Iterable[Piece]) -> Piece:
    """All pieces as one, which none of them may have been applied for.

    Raises ValueError if there is none.
    """
    found = list(pieces)
    if not found:
        raise ValueError("there is nothing to join")
    plan = attrs.evolve(
        found[0].plan,
        actions=tuple(action for piece in found for action in piece.plan.actions),
        remarks=tuple(remark for piece in found for remark in piece.plan.remarks),
    )
    return Piece(plan, sum(piece.known for piece in found))


class Gathering:
    """What has been found out since the last piece. Identifiers go on from piece to piece."""

    def __init__(
        self,
        verb: str,
        catalogue: Catalogue,
        clock: Clock,
        configuration: str,
        cancelled: CancelToken | None,
        *,
        size: int,
    ) -> None:
        self._verb = verb
        self._catalogue = catalogue
        self._clock = clock
        self._configuration = configuration
        self._cancelled = cancelled
        self._size = size
        self._named = 0
        self._actions: list[Action] = []
        self._remarks: list[Remark] = []
        self.known = 0

    def go_on(self) -> None:
        """Raise Cancelled when asked to stop."""
        if self._cancelled is not None and self._cancelled.is_set():
            raise Cancelled(f"{self._verb} was stopped")

    def name(self) -> str:
        """A new identifier."""
        self._named += 1
        return f"a{self._named}"

    def add(self, action: Action) -> None:
        """Something is to be done."""
        self._actions.append(action)

    def remark(self, kind: RemarkKind, place: Place, reason: str) -> None:
        """Something is left alone."""
        self._remarks.append(Remark(kind, place, reason))

    @property
    def full(self) -> bool:
        """Whether there is enough for a piece."""
        return len(self._actions) >= self._size

    @property
    def begun(self) -> bool:
        """Whether there is anything to be done."""
        return bool(self._actions)

    def take(self) -> Piece:
        """Everything since the last piece."""
        plan = Plan(
            self._verb,
            self._clock.now(),
            self._catalogue.identity,
            self._configuration,
            tuple(self._actions),
            tuple(self._remarks),
        )
        piece = Piece(plan, self.known)
        self._actions, self._remarks, self.known = [], [], 0
        return piece


def top_of(location: Location) -> tuple[tuple[str, ...], tuple[FileEntry, ...], tuple[RefusedEntry, ...]]:
    """The folders at the root of a location, by name, without those of the system; its files there; what is refused.

    Raises as `Location.walk` does.
    """
    if offers(location, SupportsFolderListing):
        listing = location.list_folder("")
        folders, entries = set(listing.folders), list(listing.entries)
    else:
        walked = list(location.walk())
        folders = {entry.path.partition("/")[0] for entry in walked if "/" in entry.path}
        entries = [entry for entry in walked if "/" not in entry.path]
    return (
        tuple(sorted(name for name in folders if not is_of_the_system(name))),
        tuple(entry for entry in entries if isinstance(entry, FileEntry)),
        tuple(entry for entry in entries if isinstance(entry, RefusedEntry)),
    )


def refuse_empty(location: Location, catalogue: Catalogue, observer: Observer, *, known: bool = False) -> None:
    """Raise OutOfReach for a root without files though the catalogue knows some, or (`known`) folders; else tell."""
    if known or next(iter(catalogue.inventory.all(location.name)), None) is not None:
        raise OutOfReach(
            f"{location.address('')} is empty, though the catalogue knows what stands in it",
            remedy="Is the disk mounted?",
        )
    observer(Noted(f"{location.address('')} is empty", level="warning"))
