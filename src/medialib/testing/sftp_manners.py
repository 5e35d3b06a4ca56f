"""Manners of SFTP servers, as data; `HostileSftpServer` has those that it is given.

Some are within the law (draft-ietf-secsh-filexfer-02): answers in any order, fewer bytes than were asked for, no
extensions, handles used again. Others are against it, and happen: answers given twice, or to nobody's question, a
connection that is closed on a reader that asks for much.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

__all__ = [
    "AnswersTwice",
    "AnswersUnasked",
    "Boasting",
    "EarlyEnd",
    "HandlesReused",
    "HangUp",
    "ImpossibleFrame",
    "LongReads",
    "Manner",
    "NarrowWindow",
    "NoExtensions",
    "OtherKind",
    "OutOfOrder",
    "Pause",
    "ReadLimit",
    "ShortReads",
]


@attrs.frozen
class OutOfOrder:
    """Answers are held until there are so many, or nothing more is asked, and then given in any order."""

    most: int = 16
    """Answers held."""


@attrs.frozen
class ShortReads:
    """Each read gives fewer bytes than it was asked for: from one to so many."""

    most: int
    """Bytes in an answer."""


@attrs.frozen
class NoExtensions:
    """Nothing but version 3 is announced, and every extended request is refused."""


@attrs.frozen
class Boasting:
    """``limits@openssh.com`` tells this, whatever is true: an answer has at most 255 KiB."""

    most_read: int
    """Bytes that a read may ask for, as it says."""


@attrs.frozen
class ReadLimit:
    """A read that asks for more is not served. ``limits@openssh.com`` are not told, or, with `Boasting`, wrongly."""

    most: int = 32768
    """Bytes that a read may ask for."""
    hangs_up: bool = False
    """Whether the connection ends by it; a refusal, if not."""


@attrs.frozen
class NarrowWindow:
    """So many bytes of requests may be under way, until the server says that it took some."""

    size: int
    """Bytes."""
    widens: bool = True
    """Whether it ever says so; if not, so many bytes of requests are all that a session takes."""


@attrs.frozen
class Pause:
    """After so many requests nothing is read, answered or acknowledged for a while, once in each session."""

    after: int
    """Requests that are answered before."""
    seconds: float | None
    """How long it lasts; None for ever."""


@attrs.frozen
class HangUp:
    """After so many files were opened, the next read ends the connection, with every session on it."""

    after_opens: int
    """Files that are opened on one connection before."""
    times: int = 1
    """How often it happens at all."""


@attrs.frozen
class EarlyEnd:
    """Reads from here on are answered as if the file ended."""

    at: int
    """Offset in each file."""
    times: int | None = None
    """How often at all; None for always."""


@attrs.frozen
class LongReads:
    """An answer has more bytes than were asked for."""

    more: int = 10
    """How many more."""


@attrs.frozen
class AnswersTwice:
    """Some answers are given twice."""

    every: int = 3
    """One in so many."""


@attrs.frozen
class AnswersUnasked:
    """Among the answers are some to numbers that never were asked, with bytes that no file has."""

    every: int = 3
    """After one in so many."""


@attrs.frozen
class OtherKind:
    """Some reads are answered with a handle, which answers nothing."""

    every: int = 5
    """One in so many."""


@attrs.frozen
class ImpossibleFrame:
    """After so many reads comes the announcement of an answer with 4 GiB."""

    after: int
    """Reads that are answered in a session before."""


@attrs.frozen
class HandlesReused:
    """A handle that was closed is the next one to be given out."""


Manner: TypeAlias = (
    OutOfOrder
    | ShortReads
    | NoExtensions
    | Boasting
    | ReadLimit
    | NarrowWindow
    | Pause
    | HangUp
    | EarlyEnd
    | LongReads
    | AnswersTwice
    | AnswersUnasked
    | OtherKind
    | ImpossibleFrame
    | HandlesReused
)
"""One way for a server to behave."""
