"""The workers of a Dask cluster, as an executor."""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, InvalidStateError
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from medialib.errors import OutOfReach, UsageError, WorkersLost

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["ClusterWorkers", "open_cluster"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_WATCHED_EVERY = 0.5
_CONNECTED = "running"
_CLOSED = "closed"


class ClusterWorkers(Executor):
    """What `Client.get_executor` gives, with its failures said in our words.

    The scheduler hands what a dead worker was at to another one. Work that several workers died of ends in WorkersLost,
    and all work in BrokenExecutor where the scheduler is gone. What a worker has begun it finishes, whether or not that
    is still wanted.
    """

    def __init__(self, client: Client, workers: int) -> None:
        self.workers = workers
        """How many pieces of work the cluster did at once when it was opened."""
        self._client = client
        self._executor = client.get_executor(pure=False)
        self._unanswered: set[Future[Any]] = set()
        self._ended = threading.Event()
        threading.Thread(target=self._watch, name="medialib-cluster", daemon=True).start()

    def submit(
        self, fn: Callable[_Arguments, _Result], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> Future[_Result]:
        """See `concurrent.futures.Executor.submit`."""
        future: Future[_Result] = Future()
        self._unanswered.add(future)
        future.add_done_callback(self._unanswered.discard)
        if self._client.status == _CLOSED:
            _fail(future, _gone())
            return future
        begun = self._executor.submit(fn, *args, **kwargs)
        future.add_done_callback(partial(self._cancel, begun))
        begun.add_done_callback(partial(_pass_on, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See `concurrent.futures.Executor.shutdown`."""
        if self._client.status == _CONNECTED:
            self._executor.shutdown(wait=wait and not cancel_futures)
        self._ended.set()

    def _cancel(self, begun: Future[Any], future: Future[Any]) -> None:
        if future.cancelled() and self._client.status == _CONNECTED:
            begun.cancel()

    def _watch(self) -> None:
        """A client that has lost its scheduler forgets about answers that it was just fetching."""
        while not self._ended.wait(_WATCHED_EVERY):
            if self._client.status == _CLOSED:
                for future in tuple(self._unanswered):
                    _fail(future, _gone())


@contextmanager
def open_cluster(host: str, port: int, *, timeout: float) -> Iterator[ClusterWorkers]:
    """The workers of the scheduler at `host` and `port`, until the block ends.

    Raises UsageError where dask.distributed is not installed, and OutOfReach if within `timeout` seconds no scheduler
    answers or no worker comes, or if a worker has no medialib of this version.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(
            "dask:// wants dask.distributed, which is not installed", remedy='Install it: pip install "medialib[dask]".'
        ) from None
    where = f"dask://{host}:{port}"
    try:
        client = Client(f"tcp://{host}:{port}", timeout=timeout, set_as_default=False, name="medialib")
    except (OSError, ValueError) as error:
        raise OutOfReach(
            f"{where}: no Dask scheduler answers there: {error}", remedy="Start one with: dask scheduler."
        ) from None
    try:
        try:
            client.wait_for_workers(1, timeout=timeout)
        except TimeoutError:
            raise OutOfReach(
                f"{where}: the scheduler has no workers", remedy=f"Start one: dask worker {host}:{port}."
            ) from None
        _see_same_medialib(client, where)
        cluster = ClusterWorkers(client, sum(client.nthreads().values()))
        try:
            yield cluster
        finally:
            cluster.shutdown(cancel_futures=True)
    finally:
        client.close(timeout=timeout)


def _see_same_medialib(client: Client, where: str) -> None:
    ours = importlib.metadata.version("medialib")
    told = client.run(importlib.metadata.version, "medialib", on_error="return")
    others = {worker: "none" if isinstance(version, Exception) else version for worker, version in told.items()}
    wrong = [f"{worker} has {version}" for worker, version in sorted(others.items()) if version != ours]
    if wrong:
        raise OutOfReach(
            f"{where}: its workers need medialib {ours}, and {', '.join(wrong)}",
            remedy="Install the same medialib for the workers as here.",
        )


def _pass_on(future: Future[Any], begun: Future[Any]) -> None:
    error = _gone() if begun.cancelled() else begun.exception()
    if error is None:
        with suppress(InvalidStateError):  # cancelled meanwhile
            future.set_result(begun.result())
    elif type(error).__name__ == "KilledWorker":
        _fail(future, WorkersLost(f"several workers of the cluster died while they were at it: {error}"))
    else:
        _fail(future, error)


def _fail(future: Future[Any], error: BaseException) -> None:
    with suppress(InvalidStateError):  # answered, or cancelled, meanwhile
        future.set_exception(error)


def _gone() -> BrokenExecutor:
    # as a pool that is broken: it is of no use to go on
    return BrokenExecutor("the Dask scheduler went away, or was told to give the work up")
