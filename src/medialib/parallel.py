"""Work that is handed to an executor piece by piece: answers come in order, and only so much is under way at once.

Everything here works with any `concurrent.futures.Executor`, and knows none. `medialib.executors` opens them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import attrs

from medialib.errors import Cancelled, WorkersLost

if TYPE_CHECKING:
    # loads logging and threads, which a reader of names alone has no use for
    from concurrent.futures import Future

__all__ = ["ExecutorChoice", "in_order", "in_tree_order", "parse_executor"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Handed = TypeVar("_Handed", bound="Future[Any] | None")

_LOOKED_EVERY = 0.2
_MOST_WORKERS = 1024
_FORM = re.compile(
    r"(?P<kind>threads|processes)(?::(?P<workers>[0-9]{1,9}))?"
    r"|dask://(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]?#]+)(?::(?P<port>[0-9]{1,9}))?/?",
    re.ASCII,
)


@attrs.frozen
class ExecutorChoice:
    """Who does the work, as a user says it."""

    kind: Literal["threads", "processes", "dask"]
    """Threads of this process, processes of this machine, or the workers of a Dask cluster."""
    workers: int | None = None
    """How many threads or processes; None leaves it to the machine."""
    host: str = ""
    """Where the scheduler of a cluster is: a name or an address, IPv6 in brackets."""
    port: int = 0
    """TCP port of the scheduler."""

    def __str__(self) -> str:
        if self.kind == "dask":
            return f"dask://{self.host}:{self.port}"
        return self.kind if self.workers is None else f"{self.kind}:{self.workers}"


def parse_executor(text: str) -> ExecutorChoice:
    """What ``threads[:N]``, ``processes[:N]`` or ``dask://scheduler[:8786]`` chooses; raises ValueError for others.

    >>> parse_executor("processes:4").workers
    4
    >>> str(parse_executor("dask://cluster.example"))
    'dask://cluster.example:8786'
    >>> parse_executor("fibres")
    Traceback (most recent call last):
        ...
    ValueError: wants threads, threads:N, processes, processes:N or dask://scheduler:8786, got 'fibres'
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"wants threads, threads:N, processes, processes:N or dask://scheduler:8786, got {text!r}")
    if found["host"] is not None:
        port = int(found["port"] or 8786)
        if not 1 <= port <= 65_535:
            raise ValueError(f"wants a port from 1 to 65535, got {port}")
        return ExecutorChoice("dask", host=found["host"], port=port)
    workers = None if found["workers"] is None else int(found["workers"])
    if workers is not None and not 1 <= workers <= _MOST_WORKERS:
        raise ValueError(f"wants 1 to {_MOST_WORKERS} {found['kind']}, got {workers}")
    return ExecutorChoice("threads" if found["kind"] == "threads" else "processes", workers)


def in_order(
    items: Iterable[_Item],
    begin: Callable[[_Item], _Handed],
    *,
    ahead: int,
    stopped: Callable[[], bool] | None = None,
) -> Iterator[tuple[_Item, _Handed]]:
    """Each item, in order, with the future that `begin` gave for it, once that has ended.

    At most `ahead` items are begun and not yet given out, however many there are; `begin` gives None for one that
    wants no work. What waits is cancelled when the caller leaves early. Raises Cancelled soon after `stopped` says so,
    and WorkersLost where the executor gave up.
    """
    source = iter(items)
    waiting: deque[tuple[_Item, _Handed]] = deque()
    try:
        while True:
            for item in islice(source, ahead - len(waiting)):
                waiting.append((item, _begin(begin, item)))
            if not waiting:
                return
            item, future = waiting[0]
            _see_ended(future, stopped)
            waiting.popleft()
            yield item, future
    finally:
        _cancel(future for _, future in waiting)


def in_tree_order(
    root: _Item,
    begin: Callable[[_Item], Future[_Result]],
    below: Callable[[_Result], Sequence[_Item]],
    *,
    ahead: int,
    stopped: Callable[[], bool] | None = None,
) -> Iterator[tuple[_Item, Future[_Result]]]:
    """The items of a tree, each before what its result says is `below` it, and that before the item's next sibling.

    For the rest it is as `in_order`, with at most `ahead` items for each level of the tree; below an item whose future
    has failed there is nothing.
    """
    waiting: deque[_Begun[_Item, _Result]] = deque([_Begun(root)])
    try:
        while waiting:
            for node in islice(waiting, ahead):
                if node.future is None:
                    node.future = _begin(begin, node.item)
            head = waiting[0]
            assert head.future is not None
            _see_ended(head.future, stopped)
            waiting.popleft()
            if head.future.exception() is None:
                waiting.extendleft(_Begun(child) for child in reversed(below(head.future.result())))
            yield head.item, head.future
    finally:
        _cancel(node.future for node in waiting)


@attrs.define(eq=False)
class _Begun(Generic[_Item, _Result]):
    item: _Item
    future: Future[_Result] | None = None


def _begin(begin: Callable[[_Item], _Handed], item: _Item) -> _Handed:
    from concurrent.futures import BrokenExecutor

    try:
        return begin(item)
    except BrokenExecutor as error:
        raise _lost(error) from None


def _see_ended(future: Future[Any] | None, stopped: Callable[[], bool] | None) -> None:
    if future is None:
        return
    from concurrent.futures import BrokenExecutor, wait

    while not future.done() and not wait([future], None if stopped is None else _LOOKED_EVERY).done:
        if stopped is not None and stopped():
            raise Cancelled("stopped while others were at work")
    if future.cancelled():
        raise _lost("it was given up")
    error = future.exception()
    if isinstance(error, BrokenExecutor):
        raise _lost(error) from None


def _lost(why: object) -> WorkersLost:
    return WorkersLost(
        f"those who did the work are gone before its end: {why}",
        remedy="Run the same command again, once they are back.",
    )


def _cancel(futures: Iterable[Future[Any] | None]) -> None:
    for future in futures:
        if future is not None:
            future.cancel()
