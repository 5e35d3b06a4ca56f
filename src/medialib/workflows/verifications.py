"""When files were verified last: one small note a verification, kept with the catalogue's checkpoints.

A note says what was verified, when, and what was wrong. What it covers and does not name was found not to be wrong. It
is an observation: losing it loses nothing but the answer to "when?".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

import attrs

from medialib.model import Place, utc
from medialib.ports import Catalogue
from medialib.workflows.verified import FileState, FoundBroken

__all__ = ["LastVerified", "Verification", "last_verified", "remember_verification"]

_PREFIX: Final = "verified"
_FORMAT: Final = "medialib.verified/1"
_TOGETHER: Final = 10
"""So much that was wrong stands in one text, which no catalogue may cut."""
_KEPT: Final = 50


@attrs.frozen
class Verification:
    """What a verification looked at, and what it found."""

    began: datetime
    """When the files were listed, UTC."""
    ended: datetime
    """When the last of them had been read, UTC."""
    scope: tuple[Place, ...]
    """Files and folders; a location's root is the empty path."""
    counts: Mapping[FileState, int]
    """How many files were in each state."""
    broken: tuple[FoundBroken, ...] = ()
    """The files that need attention; a location's root where that could not be looked at."""


@attrs.frozen
class LastVerified:
    """When a file was verified last."""

    when: datetime
    """When that verification ended, UTC."""
    place: Place
    """Where the file stood then."""
    broken: FoundBroken | None
    """What was wrong with it; None if nothing was."""


def remember_verification(verification: Verification, catalogue: Catalogue) -> None:
    """Keep a verification, and forget the earlier ones that looked at nothing besides."""
    name = f"{_PREFIX}/{utc(verification.began):%Y%m%dT%H%M%S.%fZ}"
    broken = iter(verification.broken)
    pieces = list(iter(lambda: list(islice(broken, _TOGETHER)), []))
    head = {
        "format": _FORMAT,
        "began": verification.began.isoformat(),
        "ended": verification.ended.isoformat(),
        "scope": [[place.location, place.path] for place in verification.scope],
        "counts": dict(verification.counts),
        "pieces": len(pieces),
    }
    with catalogue.transaction():
        earlier = list(_heads(catalogue))
        for number, (before, read) in enumerate(earlier):
            covered = all(_covers(verification.scope, Place(*each)) for each in read["scope"])
            if covered or number >= _KEPT:
                for piece in range(read["pieces"]):
                    catalogue.checkpoints.remove(f"{before}/{piece:04}")
                catalogue.checkpoints.remove(before)
        for piece, found in enumerate(pieces):
            catalogue.checkpoints.put(f"{name}/{piece:04}", json.dumps([_written(each) for each in found]))
        catalogue.checkpoints.put(name, json.dumps(head, sort_keys=True))


def last_verified(
    stood: Sequence[tuple[Place, datetime, datetime | None]], catalogue: Catalogue
) -> LastVerified | None:
    """The last verification that looked at a file, which stood at each of these places from one instant to another.

    Only what began while the file stood there, and before it left, is believed to have looked at it.
    """
    for name, read in _heads(catalogue):
        began, ended = (datetime.fromisoformat(read[key]) for key in ("began", "ended"))
        scope = [Place(*each) for each in read["scope"]]
        for place, since, until in stood:
            if since <= began and (until is None or ended <= until) and _covers(scope, place):
                wrong = next((each for each in _broken(catalogue, name, read) if _covers([each.place], place)), None)
                return LastVerified(ended, place, wrong)
    return None


def _heads(catalogue: Catalogue) -> Iterator[tuple[str, Any]]:
    """What is kept, latest first."""
    names = [each for each in catalogue.checkpoints.names() if each.startswith(f"{_PREFIX}/") and each.count("/") == 1]
    for name in sorted(names, reverse=True):
        read = json.loads(catalogue.checkpoints.get(name) or "{}")
        if read.get("format") == _FORMAT:
            yield name, read


def _broken(catalogue: Catalogue, name: str, read: Mapping[str, Any]) -> Iterator[FoundBroken]:
    for piece in range(read["pieces"]):
        for each in json.loads(catalogue.checkpoints.get(f"{name}/{piece:04}") or "[]"):
            yield FoundBroken(Place(each["location"], each["path"]), each["state"], each["text"], each["host"])


def _written(found: FoundBroken) -> dict[str, str]:
    place = found.place
    # a few hundred letters say what is wrong
    text = found.text[:400]
    return {"location": place.location, "path": place.path, "state": found.state, "text": text, "host": found.host}


def _covers(scope: Iterable[Place], place: Place) -> bool:
    return any(
        each.location == place.location
        and (not each.path or place.path == each.path or place.path.startswith(f"{each.path}/"))
        for each in scope
    )
