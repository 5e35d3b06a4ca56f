"""Dividing long work among several processes or machines that have one catalogue, by leases.

The work is cut into shares by the names of what is worked on, so that everybody cuts alike without asking. A share
belongs to whoever has its lease; its result is entered once, in the catalogue, and then it is done for good. A lease
whose holder is gone lapses, and the share is taken over by somebody else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import attrs

from medialib.errors import Cancelled, UsageError
from medialib.events import Observer, Waiting, nobody
from medialib.ports import CancelToken, Catalogue, Clock
from medialib.workflows.leasing import HeldLeases

__all__ = ["SharedRun", "share_of"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_FORMAT = "medialib.shared-run/1"
_KEPT = timedelta(days=90)
_ITEMS_IN_A_SHARE = 16
_MOST_SHARES = 4096
_LOOKED_EVERY = 0.5


def share_of(name: str, shares: int) -> int:
    """The share, counted from 0, that something of this name belongs to: the same for everybody.

    >>> share_of("tv:Show/a.mkv", 8), share_of("tv:Show/b.mkv", 8)
    (4, 1)
    """
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8]) % shares


@attrs.frozen
class SharedRun:
    """A run that several work on: all who give the same catalogue, kind and name.

    What was done in it stays done: whoever joins later does the rest, or finds that there is none. It is forgotten 90
    days after it began. Raises UsageError for a name with other characters than letters, digits, ``.``, ``_``, ``-``.
    """

    catalogue: Catalogue
    """The one that all of them have."""
    clock: Clock
    """Where time comes from."""
    kind: str
    """What is done, as ``verify``."""
    name: str = attrs.field()
    """What the user calls this run."""
    scope: Sequence[str]
    """What is worked on, for all of them alike."""
    lease_seconds: float = 60.0
    """So long after its holder's last sign of life, a share is free again."""

    @name.validator
    def _check(self, _: object, name: str) -> None:
        if _NAME.fullmatch(name) is None:
            raise UsageError(
                f"{name!r} is no name for a shared run",
                remedy="Letters, digits, dots, - and _ make one, a hundred at the most: 2024-05.",
            )

    def divide(
        self,
        items: Iterable[_Item],
        name_of: Callable[[_Item], str],
        work: Callable[[Iterable[_Item]], Iterator[_Result]],
        report: Callable[[Sequence[_Result]], Mapping[str, Any]],
        *,
        observer: Observer = nobody,
        cancelled: CancelToken,
    ) -> Iterator[_Result]:
        """Do `work` on those of `items` that nobody else does, until every share of the run was done by somebody.

        `work` gives one result an item, in their order, and may take items ahead. What `report` makes of the results of
        a share (data for JSON) is entered once the share is done. Gives the results of this process alone; those of a
        share that was lost meanwhile, because no sign of life of ours arrived for too long, are given and not entered.

        Raises UsageError for a run of another scope, Cancelled when asked to stop while others are waited for, and what
        `work` raises; what was not finished is then free for others.
        """
        groups: dict[int, list[_Item]] = {}
        with HeldLeases(self.catalogue, self.clock, seconds=self.lease_seconds) as held:
            listed = list(items)
            shares = self._agree(len(listed), held)
            for item in listed:
                groups.setdefault(share_of(name_of(item), shares), []).append(item)
            waited_for = ""
            while left := self._left(shares):
                claimed: deque[int] = deque()
                results: list[_Result] = []
                for result in work(self._claim(left, groups, claimed, held, report)):
                    results.append(result)
                    yield result
                    if len(results) == len(groups[claimed[0]]):
                        self._enter(claimed.popleft(), report(results), held)
                        results = []
                        waited_for = ""
                if cancelled.is_set():
                    raise Cancelled("stopped before all of it was done")
                waited_for = self._wait(shares, waited_for, observer)

    def reports(self) -> Iterator[Mapping[str, Any]]:
        """What was entered for each share that is done, in the order of the shares."""
        plan = self._plan()
        for share in range(0 if plan is None else plan["shares"]):
            text = self.catalogue.checkpoints.get(self._share_name(share))
            if text is not None:
                yield json.loads(text)

    def _claim(
        self,
        left: Sequence[int],
        groups: Mapping[int, Sequence[_Item]],
        claimed: deque[int],
        held: HeldLeases,
        report: Callable[[Sequence[_Result]], Mapping[str, Any]],
    ) -> Iterator[_Item]:
        """The items of each share that can be had, once it is ours; one without items is done at once."""
        # everybody begins at another place, so that nobody asks for what others have just taken
        start = share_of(held.holder, len(left))
        for share in (*left[start:], *left[:start]):
            name = self._share_name(share)
            if held.take(name).holder != held.holder:
                continue
            if self.catalogue.checkpoints.get(name) is not None:
                held.give_back(name)  # done since we looked
            elif share in groups:
                claimed.append(share)
                yield from groups[share]
            else:
                self._enter(share, report(()), held)

    def _enter(self, share: int, report: Mapping[str, Any], held: HeldLeases) -> None:
        name = self._share_name(share)
        with self.catalogue.transaction():
            if held.still_has(name):
                self.catalogue.checkpoints.put(name, json.dumps(report, sort_keys=True))
        held.give_back(name)

    def _wait(self, shares: int, waited_for: str, observer: Observer) -> str:
        """Let others come to an end, or their leases; says once who they are."""
        left = self._left(shares)
        if not left:
            return ""
        lease = self.catalogue.leases.get(self._share_name(left[0]))
        holder = "" if lease is None else lease.holder
        if holder and holder != waited_for:
            observer(Waiting(f"{len(left)} of {shares} shares of {self.name}", holder))
        if holder:
            self.clock.sleep(_LOOKED_EVERY)
        return holder

    def _left(self, shares: int) -> list[int]:
        done = set(self.catalogue.checkpoints.names())
        return [share for share in range(shares) if self._share_name(share) not in done]

    def _agree(self, items: int, held: HeldLeases) -> int:
        """Into how many shares the work is cut: the first to come decides."""
        while (plan := self._plan()) is None:
            if held.take(self._plan_name).holder != held.holder:
                self.clock.sleep(_LOOKED_EVERY / 10)
                continue
            if self._plan() is None:
                self._forget_old_runs()
                shares = min(max(-(-items // _ITEMS_IN_A_SHARE), 1), _MOST_SHARES)
                made = {
                    "format": _FORMAT,
                    "shares": shares,
                    "scope": list(self.scope),
                    "made": self.clock.now().isoformat(),
                }
                self.catalogue.checkpoints.put(self._plan_name, json.dumps(made))
            held.give_back(self._plan_name)
        if plan["format"] != _FORMAT:
            raise UsageError(
                f"the shared run {self.name} was begun by another version of medialib", remedy="Choose another name."
            )
        if plan["scope"] != list(self.scope):
            raise UsageError(
                f"the shared run {self.name} is about something else: {' '.join(plan['scope'])}",
                remedy="Give the same files and options as the others, or choose another name.",
            )
        shares = plan["shares"]
        assert isinstance(shares, int)
        return shares

    def _forget_old_runs(self) -> None:
        prefix = f"{_PREFIX}/{self.kind}/"
        names = [name for name in self.catalogue.checkpoints.names() if name.startswith(prefix)]
        for name in names:
            if name.count("/") > prefix.count("/"):
                continue  # a share of one
            made = json.loads(self.catalogue.checkpoints.get(name) or "{}").get("made")
            if made is not None and self.clock.now() - datetime.fromisoformat(made) > _KEPT:
                for each in (*(share for share in names if share.startswith(f"{name}/")), name):
                    self.catalogue.checkpoints.remove(each)

    def _plan(self) -> Any:
        text = self.catalogue.checkpoints.get(self._plan_name)
        return None if text is None else json.loads(text)

    @property
    def _plan_name(self) -> str:
        return f"{_PREFIX}/{self.kind}/{self.name}"

    def _share_name(self, share: int) -> str:
        return f"{self._plan_name}/{share:06}"


_PREFIX = "shared"
