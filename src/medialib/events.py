"""Happenings that an observer (a progress bar, a log, a metric) is told of.

The library calls an `Observer` with one frozen value at a time; it never prints. An observer must return quickly and
must not raise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import attrs

from medialib.model import Place

__all__ = [
    "ActionFinished",
    "ActionStarted",
    "BytesFetched",
    "BytesMoved",
    "CatalogueMigrated",
    "Event",
    "FileHashed",
    "HashingStarted",
    "LocationWalked",
    "Noted",
    "Observer",
    "PlanFinished",
    "PlanStarted",
    "RecordsRead",
    "Waiting",
    "everyone",
    "nobody",
]


@attrs.frozen
class LocationWalked:
    """A listing has come this far, or has ended."""

    location: str
    """Name of the location."""
    path: str
    """The folder the listing started from."""
    files: int
    """Files seen so far."""
    done: bool
    """Whether the listing is complete."""


@attrs.frozen
class PlanStarted:
    """A plan is about to be applied."""

    run: str
    """Identifier of the run in the journal."""
    actions: int
    """How many actions it has."""
    bytes: int
    """How many bytes they will carry over a network or between disks, as far as is known."""


@attrs.frozen
class ActionStarted:
    """An action's intention is in the journal and it is being carried out."""

    action: str
    """Identifier of the action."""
    summary: str
    """One line for a reader."""
    bytes: int
    """Bytes that it will carry; 0 for a rename."""


@attrs.frozen
class BytesMoved:
    """More bytes of an action have arrived."""

    action: str
    """Identifier of the action."""
    count: int
    """Bytes since the last such event."""


@attrs.frozen
class ActionFinished:
    """An action came to its end."""

    action: str
    """Identifier of the action."""
    result: Literal["done", "failed", "skipped"]
    """How it ended."""
    detail: str = ""
    """Why, for what failed or was skipped."""


@attrs.frozen
class PlanFinished:
    """All that could be done of a plan was done."""

    run: str
    """Identifier of the run in the journal."""
    done: int
    """Actions carried out."""
    failed: int
    """Actions that failed."""
    skipped: int
    """Actions not tried, because one they come after was not carried out."""


@attrs.frozen
class HashingStarted:
    """Files are about to be read, to see whether they are what they were."""

    files: int
    """How many."""
    bytes: int
    """How many bytes they have."""


@attrs.frozen
class FileHashed:
    """A file was read, or looked at where reading it would prove nothing. `BytesMoved` tells of its bytes before."""

    place: Place
    """The file."""
    state: str
    """What it was found to be: ``whole``, ``corrupt`` …"""


@attrs.frozen
class Waiting:
    """Somebody else holds what is needed."""

    what: str
    """What is waited for."""
    holder: str
    """Who holds it."""


@attrs.frozen
class RecordsRead:
    """Something of many records is gone through as a whole (a catalogue, a file of IMDb's): how far that has come."""

    purpose: str
    """What it is read for, or what is read: ``copying``, ``proving``, ``title.akas`` …"""
    records: int
    """Records so far."""
    done: bool = False
    """Whether all were read."""


@attrs.frozen
class BytesFetched:
    """A file that a service gives away is on its way, and this much of it has arrived."""

    what: str
    """Name of the file."""
    bytes: int
    """Bytes so far, those of earlier tries included."""
    total: int | None = None
    """Bytes of the whole file; None where the service does not say."""
    done: bool = False
    """Whether it is all there."""


@attrs.frozen
class CatalogueMigrated:
    """A catalogue with an older schema was brought up to date."""

    where: str
    """The catalogue, for people."""
    before: str
    """The revision its schema had."""
    revision: str
    """The revision it has now."""
    backup: str
    """Path of the backup that was made first."""


@attrs.frozen
class Noted:
    """Something a reader should know that changes no decision."""

    message: str
    """One line."""
    place: Place | None = None
    """What it is about."""
    level: Literal["debug", "info", "warning"] = "info"
    """How much it matters."""


Event: TypeAlias = (
    LocationWalked
    | PlanStarted
    | ActionStarted
    | BytesMoved
    | ActionFinished
    | PlanFinished
    | HashingStarted
    | FileHashed
    | Waiting
    | RecordsRead
    | BytesFetched
    | CatalogueMigrated
    | Noted
)
"""Anything an observer may be told."""

Observer: TypeAlias = Callable[[Event], None]
"""Called with each event, on the thread where it happened."""


def nobody(event: Event) -> None:
    """An observer that does nothing.

    >>> nobody(Noted("a quiet word"))
    """


def everyone(*observers: Observer) -> Observer:
    """One observer that tells several, in order.

    >>> heard = []
    >>> everyone(heard.append, nobody)(Noted("hello"))
    >>> heard
    [Noted(message='hello', place=None, level='info')]
    """

    def tell(event: Event) -> None:
        for observer in observers:
            observer(event)

    return tell
