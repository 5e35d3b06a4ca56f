"""What lies in the recycle folders, and which of it may go for good: what is too old, or more than has room."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from medialib.completeness import in_words
from medialib.errors import UsageError
from medialib.model import FileEntry, Place
from medialib.planning import RECYCLE, Discard, Plan, Purge, Remark
from medialib.ports import Catalogue, Clock, WritableLocation

__all__ = ["RecycleRules", "Recycled", "plan_purge", "recycled", "what_goes"]

_STAMP: Final = re.compile(r"(?:undo-.+-)?(\d{8}T\d{6}Z)")


@attrs.frozen
class RecycleRules:
    """How long, and how much, is kept in the recycle folder of each location."""

    keep: timedelta | None = None
    """What is older may go; None: age is no reason."""
    size: int | None = None
    """Bytes: of what is more, the oldest may go; None: size is no reason."""


@attrs.frozen
class Recycled:
    """A file in a recycle folder."""

    place: Place
    """Where it lies."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change, as it had when it was put there."""
    since: datetime | None
    """When it was put there, UTC; None where that cannot be told."""
    run: str | None = None
    """The run that put it there; None for one that the journal knows nothing of."""
    source: Place | None = None
    """Where it stood before."""
    reason: str = ""
    """Why it was put there."""


def recycled(locations: Mapping[str, WritableLocation], catalogue: Catalogue) -> tuple[Recycled, ...]:
    """Everything in the recycle folders of locations, the oldest first. Raises OutOfReach for one that is not there."""
    found: list[Recycled] = []
    for name, location in locations.items():
        if location.has_folder(RECYCLE):
            entries = (entry for entry in location.walk(RECYCLE) if isinstance(entry, FileEntry))
            found += [_with_origin(name, entry, catalogue) for entry in entries]
    return tuple(sorted(found, key=_by_age))


def _with_origin(location: str, entry: FileEntry, catalogue: Catalogue) -> Recycled:
    place = Place(location, entry.path)
    stamp = _STAMP.fullmatch(entry.path.removeprefix(f"{RECYCLE}/").partition("/")[0])
    since = None if stamp is None else datetime.strptime(stamp[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    there = Recycled(place, entry.size, entry.mtime_ns, since)
    for run, line in catalogue.journal.touching(place):
        if isinstance(line.action, Discard) and line.action.target == place:
            there = attrs.evolve(there, run=run, source=line.action.source, reason=line.action.reason)
    return there


def _by_age(item: Recycled) -> tuple[bool, datetime, Place]:
    # what has no age comes last: it never goes for its age
    return (item.since is None, item.since or datetime.max.replace(tzinfo=UTC), item.place)


def what_goes(items: Iterable[Recycled], rules: RecycleRules, now: datetime) -> tuple[tuple[Recycled, str], ...]:
    """What may go, and why, the oldest first. What has no known age stays.

    >>> now = datetime(2024, 5, 17, tzinfo=UTC)
    >>> items = [Recycled(Place("tv", f"{day}"), 10, 0, now - timedelta(days=day)) for day in (40, 20, 10)]
    >>> [(item.place.path, why) for item, why in what_goes(items, RecycleRules(timedelta(days=30), 15), now)]
    [('40', 'older than 30 d'), ('20', 'more than 15 bytes in the recycle folder of tv')]
    """
    ordered = sorted(items, key=_by_age)
    going: dict[Place, tuple[Recycled, str]] = {}
    for item in ordered:
        if rules.keep is not None and item.since is not None and now - item.since > rules.keep:
            going[item.place] = (item, f"older than {in_words(rules.keep)}")
    if rules.size is not None:
        for location in dict.fromkeys(item.place.location for item in ordered):
            left = [item for item in ordered if item.place.location == location and item.place not in going]
            size = sum(item.size for item in left)
            for item in left:
                if size <= rules.size or item.since is None:
                    break
                size -= item.size
                going[item.place] = (item, f"more than {rules.size} bytes in the recycle folder of {location}")
    return tuple(sorted(going.values(), key=lambda each: _by_age(each[0])))


def plan_purge(
    locations: Mapping[str, WritableLocation],
    catalogue: Catalogue,
    rules: RecycleRules,
    clock: Clock,
    *,
    configuration: str = "",
) -> Plan:
    """Plan to delete, for good, what may go from the recycle folders of locations, and nothing else.

    Raises UsageError for rules by which nothing ever goes, OutOfReach for a location that is not there.
    """
    if rules.keep is None and rules.size is None:
        raise UsageError(
            "nothing says what may go from the recycle folder",
            remedy="Set library.recycle_keep or library.recycle_size, or give --older-than or --above.",
        )
    now = clock.now()
    found = recycled(locations, catalogue)
    actions = [
        Purge(f"p{number}", item.place, item.size, item.mtime_ns, reason)
        for number, (item, reason) in enumerate(what_goes(found, rules, now), start=1)
    ]
    remarks = [
        Remark("excluded", item.place, "its folder does not tell when it was put there")
        for item in found
        if item.since is None
    ]
    return Plan("recycle", now, catalogue.identity, configuration, tuple(actions), tuple(remarks))
