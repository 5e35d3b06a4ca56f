"""Where the tools of a service work: a library that is opened for each call, and the plans that were made."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, TypeAlias

from medialib.errors import Cancelled, UsageError
from medialib.library import Library
from medialib.planning import Plan
from medialib.ports import CancelToken
from medialib.service.tools import Tool

__all__ = ["Desk", "OpenLibrary"]

OpenLibrary: TypeAlias = Callable[[bool, CancelToken], AbstractContextManager[Library]]
"""Opens the library until the block ends: whether it is only read, and what tells that nobody waits any more."""

_KEPT: Final = 50
"""So many plans are remembered; the oldest are forgotten first."""


class Desk:
    """What the calls of one server share. One call is at work at a time.

    The library is opened for each call and closed behind it: what other programs did meanwhile is seen, and no
    catalogue is held that another program may want for itself. Unless `allow_writes`, it is opened to be read only, and
    tools that write are refused.
    """

    def __init__(self, open_library: OpenLibrary, *, allow_writes: bool = False) -> None:
        self._open = open_library
        self.allow_writes = allow_writes
        self._plans: dict[str, Plan] = {}
        self._turn = threading.Lock()
        self._stopping = threading.Event()
        self.cancelled: CancelToken = self._stopping
        """What tells the call at work that nobody waits for it any more."""

    def run(self, tool: Tool, arguments: dict[str, Any], cancelled: CancelToken | None = None) -> dict[str, Any]:
        """What a tool answers, as plain data.

        Waits until the call before it has ended. Raises UsageError for arguments that it cannot take and for one that
        writes where that is not allowed, Cancelled, and what the tool raises.
        """
        if tool.writes and not self.allow_writes:
            raise UsageError(
                f"{tool.name} writes, and this server only reads", remedy="Start it with medialib mcp --allow-writes."
            )
        request = tool.read(arguments)
        with self._turn:
            self.cancelled = _Either(self._stopping, self._stopping if cancelled is None else cancelled)
            if self.cancelled.is_set():
                raise Cancelled("nobody waits for the answer any more")
            return tool.answer(self, request)

    def stop(self) -> None:
        """Let the call at work end in order, and no other begin; returns when it has ended."""
        self._stopping.set()
        with self._turn:
            self._plans.clear()

    @contextmanager
    def library(self) -> Iterator[Library]:
        """The library, as it is now, until the block ends."""
        with self._open(not self.allow_writes, self.cancelled) as library:
            yield library

    def keep(self, plan: Plan) -> str:
        """Remember a plan; returns what it is called from now on."""
        name = f"plan-{secrets.token_hex(4)}"
        self._plans[name] = plan
        while len(self._plans) > _KEPT:
            del self._plans[next(iter(self._plans))]
        return name

    def plan(self, name: str) -> Plan:
        """A plan that was made here; raises UsageError if there is none of that name."""
        if name not in self._plans:
            raise UsageError(
                f"there is no plan {name!r} here: it was applied, is forgotten, or was never made",
                remedy="Make it again; only plans of this server's own tools are applied.",
            )
        return self._plans[name]

    def forget(self, name: str) -> None:
        """Forget a plan, once it was applied."""
        self._plans.pop(name, None)


class _Either:
    """Stops when either of two tokens says so."""

    def __init__(self, first: CancelToken, second: CancelToken) -> None:
        self._first, self._second = first, second

    def is_set(self) -> bool:
        return self._first.is_set() or self._second.is_set()
