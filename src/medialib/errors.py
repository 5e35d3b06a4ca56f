"""What can go wrong, said so that a reader can act on it.

Every error of this library is a `MedialibError`: it says what happened and where, and carries a `remedy` where one is
known. Leaves that mean the same as a builtin are that builtin too, so ``except ConnectionError`` works. An expected
"no" (an unreadable name, an unknown show, a target that is taken) is never raised: it is a value with its reasons.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "AuthenticationFailed",
    "Banned",
    "Cancelled",
    "CatalogueBusy",
    "CatalogueCorrupt",
    "CatalogueError",
    "CatalogueFromTheFuture",
    "CatalogueMissing",
    "CatalogueOutOfReach",
    "CatalogueOutdated",
    "CatalogueRefused",
    "ConfigurationError",
    "ConnectionLost",
    "ContentChanged",
    "Drifted",
    "HostKeyChanged",
    "HostKeyUnknown",
    "InvalidPlan",
    "MedialibError",
    "NotIdentified",
    "OutOfReach",
    "PlanRefused",
    "Problem",
    "RateLimited",
    "RequestRefused",
    "ServiceUnavailable",
    "TargetTaken",
    "TransientError",
    "UnsafePath",
    "UnusableAnswer",
    "UnusableFile",
    "UsageError",
    "UserFacingProblems",
    "WorkersLost",
]


class MedialibError(Exception):
    """The root of every error that this library raises on purpose.

    >>> error = MedialibError("the library folder is read-only", remedy="Remount it writable.")
    >>> str(error)
    'the library folder is read-only. Remount it writable.'
    """

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        if self.remedy is None:
            return self.message
        return f"{self.message.rstrip('.')}. {self.remedy}"


class TransientError(MedialibError):
    """The same call may succeed later: a connection that dropped, a server that is busy."""


class ConnectionLost(TransientError, ConnectionError):
    """A remote stopped answering, or could not be connected to."""


class RateLimited(TransientError, ConnectionError):
    """A service asks for fewer calls, and went on asking for longer than we were ready to wait.

    `retry_after` is how many seconds it asks to be left alone, None where it did not say.
    """

    def __init__(self, message: str, *, remedy: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class Banned(RateLimited):
    """A service shut this address out; nothing at all is sent to it until `retry_after` seconds are over."""


class ServiceUnavailable(TransientError, ConnectionError):
    """A service answered that it cannot answer now (5xx), or did not answer in time.

    `retry_after` is how many seconds it asks to be left alone, None where it did not say.
    """

    def __init__(self, message: str, *, remedy: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class UnusableAnswer(TransientError, ValueError):
    """A service's answer was cut, empty or not in its documented form: never to be taken for "there is nothing"."""


class RequestRefused(MedialibError, ValueError):
    """A service refused a request as wrong (4xx); asking again in the same words would not help.

    `status` is the HTTP status, and `answer` what the service said besides, parsed where it is JSON and with every
    secret taken out; both are None where there was no answer, as for a redirect that is not followed.
    """

    def __init__(
        self, message: str, *, remedy: str | None = None, status: int | None = None, answer: object = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.answer = answer


class OutOfReach(MedialibError, OSError):
    """A place could not be read or written: never to be taken for an empty one."""


class AuthenticationFailed(MedialibError, PermissionError):
    """A remote refused every key and password that was offered."""


class HostKeyUnknown(MedialibError, ConnectionError):
    """A host is not among the known hosts, so nothing was sent to it."""


class HostKeyChanged(MedialibError, ConnectionError):
    """A host shows another key than the remembered one, so nothing was sent to it."""


class UnsafePath(MedialibError, ValueError):
    """A path leaves its root, or has a form that no file of ours may have."""


class TargetTaken(MedialibError, FileExistsError):
    """A file stands where another was to be placed; neither was touched."""


class ContentChanged(MedialibError):
    """Bytes are not those that were expected: a file changed while it was read, or a hash differs."""


class UnusableFile(MedialibError, ValueError):
    """A file is cut, damaged, or not in the form that it should have; nothing was taken from it."""


class UsageError(MedialibError, ValueError):
    """A call or a command line cannot be carried out as given (exit code 2)."""


class Problem(str):
    """One fault in a configuration: ``key.path: what is wrong, and what would be right``.

    >>> Problem.at(("remotes", "seedbox", "port"), "wants a whole number, got 'many'")
    'remotes.seedbox.port: wants a whole number, got 'many''
    """

    __slots__ = ()

    @classmethod
    def at(cls, path: Iterable[str | int], message: str) -> Problem:
        """Build a problem from the path of its key (strings, and list indices from 0)."""
        where = ".".join(str(part) for part in path)
        return cls(f"{where}: {message}" if where else message)

    def __repr__(self) -> str:
        return f"'{self}'"


class UserFacingProblems(MedialibError):
    """Several faults found at once, each worth a line of its own."""

    def __init__(self, message: str, problems: Iterable[str] = (), *, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {problem}" for problem in self.problems)])


class ConfigurationError(UserFacingProblems, ValueError):
    """The configuration cannot be used; `problems` names every fault with its key path (exit code 2)."""


class InvalidPlan(UserFacingProblems, ValueError):
    """A plan is not well-formed: unknown version, unknown action, an ``after`` that names nothing, a cycle."""


class PlanRefused(UserFacingProblems):
    """A well-formed plan may not be applied here: another catalogue, another configuration, a place outside a root."""


class Drifted(PlanRefused):
    """The world is no longer as the plan saw it; `problems` names each file. Nothing was done."""


class CatalogueError(MedialibError):
    """The catalogue cannot be used."""


class CatalogueMissing(CatalogueError, FileNotFoundError):
    """There is no catalogue yet at the given place."""


class CatalogueFromTheFuture(CatalogueError):
    """The catalogue was written by a newer medialib; it was not touched."""


class CatalogueOutdated(CatalogueError):
    """The catalogue was written by an older medialib, and may not be brought up to date where it is only read."""


class CatalogueCorrupt(CatalogueError):
    """The catalogue's file is damaged; it was not touched, and never is a fresh one put in its place."""


class CatalogueBusy(TransientError, CatalogueError):
    """Another process holds what is needed, and did not let go in time."""


class CatalogueOutOfReach(TransientError, CatalogueError, ConnectionError):
    """The server that keeps the catalogue cannot be reached, or the connection to it was lost."""


class CatalogueRefused(CatalogueError, PermissionError):
    """The server that keeps the catalogue does not let this account in, or not do what it must."""


class NotIdentified(UserFacingProblems, LookupError):
    """No title, or more than one, answers to what was asked for; `problems` lists the candidates with their ids."""


class WorkersLost(TransientError):
    """Processes or machines that did a part of the work ended before it was done, and nobody could take it over."""


class Cancelled(MedialibError):
    """The caller asked to stop; all that was begun is whole or recorded as begun."""
