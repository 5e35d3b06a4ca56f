"""Which name a file that is routed gets, and what becomes of what is there already."""

from __future__ import annotations

from collections import defaultdict

import attrs

from medialib.model import FileEntry, Holding, InventoryFile, Place, Unit
from medialib.naming import collision_key, parse_name
from medialib.planning import RemarkKind
from medialib.ports import CancelToken, Location
from medialib.routing import (
    Conflict,
    ConflictPolicy,
    Rival,
    Routed,
    Settle,
    Settlement,
    better_of,
    details_of,
    is_complete,
    named_apart,
    parts_of_one,
    split_stem,
)
from medialib.workflows.drafting import Draft
from medialib.workflows.hashing import content_hash
from medialib.workflows.shelf import Shelf

__all__ = ["Claim", "Claims"]


@attrs.frozen
class Claim:
    """A place that a file has got."""

    place: Place
    """Where it is to stand."""
    after: tuple[str, ...] = ()
    """The actions that make room for it there."""
    reasons: tuple[str, ...] = ()
    """Why this one, and not what stood in its way, for a reader."""
    loses: tuple[tuple[Place, FileEntry], ...] = ()
    """Files under other names that go once it stands there."""


@attrs.frozen
class _InTheWay:
    """A file at the same name, or another of the same episode or film."""

    rival: Rival
    found: FileEntry | None
    """None: it is itself still to come, by an earlier action of the plan."""
    same_name: bool


class Claims:
    """The names that are given away in one plan, by what stands in the library and what the policy says.

    `keeps_sources` says that incoming files may stay where they are once they are placed (they are linked or copied):
    then none of them is put into the recycle folder for being the lesser one.
    """

    def __init__(
        self,
        draft: Draft,
        incoming: Location,
        shelf: Shelf,
        policy: ConflictPolicy,
        *,
        keeps_sources: bool,
        settle: Settle | None,
        cancelled: CancelToken,
    ) -> None:
        self._draft = draft
        self._incoming = incoming
        self._shelf = shelf
        self._policy = policy
        self._keeps_sources = keeps_sources
        self._settle = settle
        self._cancelled = cancelled
        self._targets: dict[tuple[str, str], tuple[FileEntry, Holding]] = {}
        self._coming: defaultdict[Unit | None, list[tuple[FileEntry, Place, Holding]]] = defaultdict(list)
        self._displaced: set[tuple[str, str]] = set()

    def video(self, entry: FileEntry, decided: Routed) -> Claim | None:
        """The name that a video gets; None if it gets none, which is planned or remarked on."""
        place, holding = decided.place, decided.holding
        spot, found = self._shelf.at(place)
        if found is not None and _key(spot) not in self._displaced and self._is_there(entry, spot, found):
            return None
        others = self._in_the_way(entry, place, holding)
        if self._policy == "refuse":
            others = [each for each in others if each.same_name]
        if not others:
            return self._grant(entry, place, holding)
        verdict = better_of(holding, [each.rival for each in others])
        match self._policy:
            case "both":
                return self._beside(entry, place, holding, others)
            case "better":
                return self._by_quality(entry, place, holding, others, verdict)
            case "ask":
                return self._as_asked(entry, place, holding, others, verdict)
        self._refuse(entry, others[0])
        return None

    def companion(self, entry: FileEntry, place: Place, *, replaces: bool) -> Claim | None:
        """The name that a companion gets; with `replaces`, what stands there goes, as the video beside it did."""
        other = self._targets.get(_key(place))
        if other is not None:
            self._collide(entry, place, other[0])
            return None
        spot, found = self._shelf.at(place)
        if found is not None and self._is_there(entry, spot, found):
            return None
        after: tuple[str, ...] = ()
        if found is not None and replaces:
            after = (self._draft.displace(spot, found, "its video is replaced by a better one"),)
        elif found is not None:
            self._refuse(entry, _InTheWay(Rival(spot, Holding()), found, True))
            return None
        self._targets[_key(place)] = (entry, Holding())
        return Claim(place, after)

    def is_free(self, place: Place) -> bool:
        """Whether nothing stands at a place, or is to stand there."""
        return _key(place) not in self._targets and self._shelf.at(place)[1] is None

    # ---------------------------------------------------------------------------------------------- what is in the way

    def _is_there(self, entry: FileEntry, place: Place, found: FileEntry) -> bool:
        """Whether what stands at a file's place is that file already; says so, and plans for the second of the two."""
        if self._shelf.is_same_file(entry.path, place) and (self._keeps_sources or self._shelf.was_kept(entry.path)):
            self._draft.remark("known", entry.path, f"it stands at {place} too: two names of one file")
            return True
        if found.size != entry.size or not self._same_content(entry, place):
            return False
        reason = f"the same content stands at {place}"
        if self._keeps_sources:
            self._draft.remark("duplicate", entry.path, reason)
        else:
            self._draft.recycle(entry, reason, duplicate_of=place)
        return True

    def _same_content(self, entry: FileEntry, place: Place) -> bool:
        if self._incoming.entry(entry.path) is None:
            return False  # still to come
        return content_hash(self._incoming, entry.path, self._cancelled) == content_hash(
            self._shelf.root(place), place.path, self._cancelled
        )

    def _in_the_way(self, entry: FileEntry, place: Place, holding: Holding) -> list[_InTheWay]:
        """Whatever has the same name first, then other files of the same episode or film; each once."""
        seen: dict[tuple[str, str], _InTheWay] = {}
        planned = self._targets.get(_key(place))
        if planned is not None:
            other, its = planned
            seen[_key(place)] = _InTheWay(Rival(self._draft.place(other.path), its), None, True)
        spot, found = self._shelf.at(place)
        if found is not None and _key(spot) not in self._displaced:
            seen.setdefault(_key(spot), _InTheWay(Rival(spot, self._known(spot, holding.unit)), found, True))
        if holding.unit is None:
            return list(seen.values())
        for other, its_place, its in self._coming[holding.unit]:
            if not parts_of_one(holding, its):
                seen.setdefault(_key(its_place), _InTheWay(Rival(self._draft.place(other.path), its), None, False))
        for row in self._shelf.of_title(holding.unit):
            if row.holding.role != "video" or row.holding.unit != holding.unit or parts_of_one(holding, row.holding):
                continue
            stands = self._shelf.stands(row)
            if stands is not None and _key(row.place) not in self._displaced:
                seen.setdefault(_key(row.place), _InTheWay(Rival(row.place, _told(row)), stands, False))
        return list(seen.values())

    def _known(self, place: Place, unit: Unit | None) -> Holding:
        """What the inventory says of a file; for one that it lacks, what its name says."""
        rows = self._shelf.of_title(unit) if unit is not None else ()
        row = next((row for row in rows if row.place == place), None)
        return Holding(details=details_of(parse_name(place.path))) if row is None else _told(row)

    # ----------------------------------------------------------------------------------------------------- what is done

    def _grant(
        self,
        entry: FileEntry,
        place: Place,
        holding: Holding,
        *,
        after: tuple[str, ...] = (),
        reasons: tuple[str, ...] = (),
        loses: tuple[tuple[Place, FileEntry], ...] = (),
    ) -> Claim:
        self._targets[_key(place)] = (entry, holding)
        self._coming[holding.unit].append((entry, place, holding))
        return Claim(place, after, reasons, loses)

    def _beside(self, entry: FileEntry, place: Place, holding: Holding, others: list[_InTheWay]) -> Claim:
        """Keep both: under a name of its own where the name is taken."""
        if not any(each.same_name for each in others):
            return self._grant(entry, place, holding)

        def taken(path: str) -> bool:
            other = Place(place.location, path)
            return _key(other) in self._targets or self._shelf.at(other)[1] is not None

        path, added = named_apart(place.path, holding, taken)
        reason = f"beside {others[0].rival.place}, as {added}"
        return self._grant(entry, Place(place.location, path), holding, reasons=(reason,))

    def _by_quality(
        self, entry: FileEntry, place: Place, holding: Holding, others: list[_InTheWay], verdict: Settlement
    ) -> Claim | None:
        if verdict.winner == "new" and all(each.found is not None for each in others):
            return self._replace(entry, place, holding, others, verdict)
        if verdict.winner == "old":
            self._lose(entry, others, verdict)
        else:
            self._undecided(entry, others, verdict)
        return None

    def _as_asked(
        self, entry: FileEntry, place: Place, holding: Holding, others: list[_InTheWay], verdict: Settlement
    ) -> Claim | None:
        rivals = tuple(each.rival for each in others)
        conflict = Conflict(Rival(self._draft.place(entry.path), holding), rivals, verdict)
        answer = None if self._settle is None else self._settle(conflict)
        match answer:
            case "new" if all(each.found is not None for each in others):
                return self._replace(entry, place, holding, others, Settlement("new", ("as you said",)))
            case "old":
                self._lose(entry, others, Settlement("old", ("as you said",)))
            case "both":
                return self._beside(entry, place, holding, others)
            case _:
                self._undecided(entry, others, verdict)
        return None

    def _replace(
        self, entry: FileEntry, place: Place, holding: Holding, others: list[_InTheWay], verdict: Settlement
    ) -> Claim:
        """Have what is in the way put into the recycle folder: what has the name at once, the rest afterwards."""
        why = "; ".join(verdict.reasons)
        after: list[str] = []
        loses: list[tuple[Place, FileEntry]] = []
        stem = _stem(place)
        for each in others:
            assert each.found is not None
            old = each.rival.place
            self._displaced.add(_key(old))
            if each.same_name:
                reason = f"{self._draft.place(entry.path)} is kept instead: {why}"
                after.append(self._draft.displace(old, each.found, reason))
            else:
                loses.append((old, each.found))
            if _stem(old) != stem:
                loses += self._beside_video(old, holding.unit)
        names = ", ".join(str(each.rival.place) for each in others)
        reasons = (f"instead of {names}: {why}",)
        return self._grant(entry, place, holding, after=tuple(after), reasons=reasons, loses=tuple(loses))

    def _beside_video(self, video: Place, unit: Unit | None) -> list[tuple[Place, FileEntry]]:
        """What travels with a video that goes, as far as the inventory has it."""
        rows = () if unit is None else self._shelf.of_title(unit)
        folder, stem, _ = split_stem(video.path)
        beside = [row.place for row in rows if row.holding.role == "companion"]
        found = [
            (place, self._shelf.root(place).entry(place.path))
            for place in beside
            if place.location == video.location and place.path.startswith(f"{folder}/{stem}.")
        ]
        return [(place, stands) for place, stands in found if stands is not None]

    def _lose(self, entry: FileEntry, others: list[_InTheWay], verdict: Settlement) -> None:
        reason = f"{others[0].rival.place} is kept: {'; '.join(verdict.reasons)}"
        if self._keeps_sources:
            self._draft.remark("duplicate", entry.path, reason)
            return
        movers = (self._draft.planned.get(each.rival.place.path) for each in others if each.found is None)
        self._draft.recycle(entry, reason, after=tuple(mover.id for mover in movers if mover is not None))

    def _undecided(self, entry: FileEntry, others: list[_InTheWay], verdict: Settlement) -> None:
        names = ", ".join(str(each.rival.place) for each in others)
        kind: RemarkKind = "collision" if any(each.found is None for each in others) else "conflict"
        said = "; ".join(verdict.reasons)
        if verdict.winner is not None:
            said = f"{'this' if verdict.winner == 'new' else 'that'} is the better one: {said}"
        self._draft.remark(kind, entry.path, f"{names} is of the same; {said}; neither is touched")

    def _refuse(self, entry: FileEntry, other: _InTheWay) -> None:
        place, found = other.rival.place, other.found
        if found is None:
            self._draft.remark("collision", entry.path, f"{place} comes to the same name")
        elif found.size == entry.size and self._incoming.entry(entry.path) is None:
            said = f"a file of the same size stands at {place}; whether it is the same will be seen once this is here"
            self._draft.remark("conflict", entry.path, said)
        else:
            self._draft.remark("conflict", entry.path, f"another file stands at {place}; neither is touched")

    def _collide(self, entry: FileEntry, place: Place, other: FileEntry) -> None:
        source = self._draft.place(other.path)
        self._draft.remark("collision", entry.path, f"{source} comes to the same name {place}")


def _told(row: InventoryFile) -> Holding:
    """What the inventory says of a file; of one that was entered as it stood, what its name says."""
    if is_complete(row.holding.details):
        return row.holding
    return attrs.evolve(row.holding, details=details_of(parse_name(row.holding.release or row.place.path)))


def _key(place: Place) -> tuple[str, str]:
    return (place.location, collision_key(place.path))


def _stem(place: Place) -> tuple[str, str, str]:
    folder, stem, _ = split_stem(place.path)
    return (place.location, collision_key(folder), collision_key(stem))
