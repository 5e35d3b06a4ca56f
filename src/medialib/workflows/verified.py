"""What was found of files that were verified, by this process and by others of the same run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args

import attrs

from medialib.executors import this_host
from medialib.integrity import Broken, HashChain
from medialib.model import Place
from medialib.workflows.sharing import SharedRun

__all__ = ["BROKEN", "FileState", "FoundBroken", "RunReport", "Verified", "run_report", "share_report"]

FileState: TypeAlias = Literal["whole", "unproven", "misidentified", "changed", "corrupt", "missing", "unreadable"]
"""``whole``: it is what it was. ``unproven``: nothing is known that it could be compared with. ``misidentified``: it is
whole, and whoever knows it by its content says that it is another episode than the library says. ``changed``: other
bytes and another size or time than recorded, as after an edit. ``corrupt``: other bytes than there should be, and
nothing says that anybody changed it. ``missing``: recorded, and not there. ``unreadable``: it could not be looked at,
so nothing is known."""

BROKEN: frozenset[FileState] = frozenset(("misidentified", "changed", "corrupt", "missing", "unreadable"))
"""The states that need somebody's attention."""


@attrs.frozen
class Verified:
    """What was found of one file."""

    place: Place
    """The file; a location's root where that could not be looked at."""
    state: FileState
    """What it is."""
    chain: HashChain = HashChain()
    """Everything that is known of its bytes."""
    broken: Broken | None = None
    """The first hop at which its bytes were others, if there is one."""
    notes: tuple[str, ...] = ()
    """What could not be told, and why, for a reader."""

    def __str__(self) -> str:
        said = () if self.broken is None else (f"broken at {self.broken.hop}: {self.broken.evidence}",)
        return f"{self.state} {self.place}" + "".join(f"; {text}" for text in (*said, *self.notes))


@attrs.frozen
class FoundBroken:
    """A file that somebody of a shared run found to need attention."""

    place: Place
    """The file."""
    state: FileState
    """What it is."""
    text: str
    """What there is to say of it, as `str` of a `Verified`."""
    host: str
    """The machine that looked."""


@attrs.frozen
class RunReport:
    """What a shared run has come to so far, whoever did it."""

    counts: Mapping[FileState, int]
    """How many files are in each state that there is."""
    broken: tuple[FoundBroken, ...]
    """The files that need attention."""


def share_report(found: Sequence[Verified]) -> dict[str, Any]:
    """What is entered for a share of a shared run: data for JSON.

    >>> sorted(share_report([Verified(Place("tv", "a.mkv"), "missing")]))
    ['broken', 'counts', 'host']
    """
    return {
        "host": this_host(),
        "counts": dict(Counter(each.state for each in found)),
        "broken": [
            {"location": each.place.location, "path": each.place.path, "state": each.state, "text": str(each)}
            for each in found
            if each.state in BROKEN
        ],
    }


def run_report(run: SharedRun) -> RunReport:
    """What everybody's shares of a shared run that are done come to."""
    counts: Counter[FileState] = Counter()
    broken: list[FoundBroken] = []
    for share in run.reports():
        counts.update(share["counts"])
        broken += [
            FoundBroken(Place(each["location"], each["path"]), each["state"], each["text"], share["host"])
            for each in share["broken"]
        ]
    order = get_args(FileState)
    return RunReport(
        {state: counts[state] for state in order if counts[state]},
        tuple(sorted(broken, key=lambda each: (each.place.location, each.place.path))),
    )
