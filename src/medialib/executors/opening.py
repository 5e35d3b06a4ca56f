"""From what a user says to an executor, and to its end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

from medialib.errors import UsageError
from medialib.parallel import ExecutorChoice, parse_executor

__all__ = ["open_executor", "tasks_ahead"]

_AHEAD = 32
_AHEAD_FOR_EACH = 4


@contextmanager
def open_executor(choice: str | ExecutorChoice, *, timeout: float = 10.0) -> Iterator[Executor]:
    """The executor that ``threads[:N]``, ``processes[:N]`` or ``dask://scheduler:8786`` chooses, until the block ends.

    What has not been begun by then is given up, and processes are asked to stop. A Dask cluster, for which the extra
    ``medialib[dask]`` is needed, is waited for at most `timeout` seconds.

    Raises UsageError for another text and where the extra is absent; OutOfReach if no scheduler answers, if it has no
    workers, or if they have no medialib of the same version.
    """
    if isinstance(choice, str):
        try:
            choice = parse_executor(choice)
        except ValueError as error:
            raise UsageError(f"an executor {error}") from None
    if choice.kind == "dask":
        from medialib.executors.cluster import open_cluster  # loads dask

        with open_cluster(choice.host, choice.port, timeout=timeout) as cluster:
            yield cluster
        return
    executor: Executor
    if choice.kind == "threads":
        executor = ThreadPoolExecutor(choice.workers, thread_name_prefix="medialib-work")
    else:
        from medialib.executors.processes import RenewedProcesses  # loads multiprocessing

        executor = RenewedProcesses(choice.workers)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def tasks_ahead(executor: Executor) -> int:
    """How many pieces of work should be under way, so that no worker waits for us and memory stays bounded.

    >>> tasks_ahead(ThreadPoolExecutor(2))
    32
    """
    workers: int = getattr(executor, "workers", 1)
    return max(_AHEAD, _AHEAD_FOR_EACH * workers)
