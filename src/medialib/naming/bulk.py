"""Many names at once, on one thread, on all cores, or on a cluster: the same call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Literal

from medialib.naming.parse import parse_name
from medialib.naming.parsed import ParsedName
from medialib.parallel import in_order

if TYPE_CHECKING:
    # loads logging and threads, which a reader of names alone has no use for
    from concurrent.futures import Executor

__all__ = ["parse_names"]

_AHEAD = 8


def parse_names(
    names: Iterable[str],
    *,
    kind: Literal["episode", "movie"] | None = None,
    executor: Executor | None = None,
    chunk: int = 1000,
) -> Iterator[ParsedName]:
    """Each name as `parse_name` reads it, in order, as they come: nothing is collected first.

    With an `executor`, chunks of so many names are read on it; a process pool uses all cores, and what
    ``dask.distributed.Client.get_executor()`` gives is one too. At most eight chunks are under way, so a stream of any
    length takes little memory. Raises ValueError for a chunk of less than one name, and WorkersLost where those who
    read are gone.

    >>> [parsed.season for parsed in parse_names(["Show.S01E02.mkv", "Show.S02E01.mkv"])]
    [1, 2]
    """
    if chunk < 1:
        raise ValueError(f"a chunk has at least one name, not {chunk}")
    if executor is None:
        return (parse_name(name, kind=kind) for name in names)
    return _on_executor(iter(names), kind, executor, chunk)


def _on_executor(
    names: Iterator[str], kind: Literal["episode", "movie"] | None, executor: Executor, chunk: int
) -> Iterator[ParsedName]:
    pieces = iter(lambda: tuple(islice(names, chunk)), ())
    for _, future in in_order(pieces, lambda piece: executor.submit(_read, piece, kind), ahead=_AHEAD):
        yield from future.result()


def _read(names: tuple[str, ...], kind: Literal["episode", "movie"] | None) -> tuple[ParsedName, ...]:
    return tuple(parse_name(name, kind=kind) for name in names)
