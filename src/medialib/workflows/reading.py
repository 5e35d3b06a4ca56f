"""Reading the content of many files, on threads, processes or a cluster; each answer in its turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TypeAlias, TypeVar

import attrs

from medialib.errors import Cancelled, MedialibError
from medialib.executors import saying_where, shares_memory, stopping, tasks_ahead, this_host
from medialib.model import DigestAlgorithm
from medialib.parallel import in_order
from medialib.ports import CancelToken, Location, SupportsReopening, offers
from medialib.workflows.hashing import Content, read_content

__all__ = ["Arrived", "Failure", "Reading", "hash_files", "read_each"]

Failure: TypeAlias = MedialibError | OSError
"""Why a file could not be read."""

_THREADS = 4
"""So many files are read at once, where the caller has not chosen otherwise."""

_Subject = TypeVar("_Subject")


@attrs.frozen
class Reading:
    """A file to be read, and what for."""

    location: Location
    """Where it is."""
    path: str
    """Its path there."""
    algorithms: tuple[DigestAlgorithm, ...]
    """What its content is to come to under each of these."""


Arrived: TypeAlias = Callable[[Reading, int], None]
"""Told of so many bytes of a file that were read: block by block on threads, else once the file is done."""


def hash_files(
    location: Location,
    paths: Iterable[str],
    algorithms: Sequence[DigestAlgorithm] = ("sha256",),
    *,
    executor: Executor | None = None,
    cancelled: CancelToken | None = None,
    arrived: Arrived | None = None,
) -> Iterator[tuple[str, Content | Failure]]:
    """What each file comes to, in order; for one that cannot be read, why. Any number of paths takes little memory.

    See `read_each` for who reads, and what is raised.
    """
    wanted = tuple(algorithms)
    read = read_each(
        paths,
        lambda path: Reading(location, path, wanted),
        executor=executor,
        cancelled=cancelled,
        arrived=arrived,
    )
    for path, found in read:
        assert found is not None
        yield path, found


def read_each(
    subjects: Iterable[_Subject],
    reading: Callable[[_Subject], Reading | None],
    *,
    executor: Executor | None = None,
    cancelled: CancelToken | None = None,
    arrived: Arrived | None = None,
) -> Iterator[tuple[_Subject, Content | Failure | None]]:
    """Each subject, in order, with what its file came to, why it could not be read, or None if there is none to read.

    Files are read by `executor`, or by four threads. One that hands work to other processes or machines is given what
    opens the location again there, without secrets; what stands where it cannot be opened again so (behind a server of
    which only we know the password) is read by threads here. A file that a worker cannot see is a failure that names
    the worker's machine.

    Raises WorkersLost where an executor gave up for good, and Cancelled soon after `cancelled`; what another process or
    machine has begun by then is ended there, or finished unheard.
    """
    token: CancelToken = cancelled if cancelled is not None else threading.Event()
    with ExitStack() as opened:
        begin = _Beginning(executor, token, arrived, opened)
        ahead = tasks_ahead(begin.threads() if executor is None else executor)

        def begun(subject: _Subject) -> Future[Content] | None:
            if token.is_set():
                raise Cancelled("stopped before every file was read")
            wanted = reading(subject)
            return None if wanted is None else begin(wanted)

        for subject, future in in_order(subjects, begun, ahead=ahead, stopped=token.is_set):
            yield subject, None if future is None else _outcome(future)


def _outcome(future: Future[Content]) -> Content | Failure:
    try:
        return future.result()
    except Cancelled:
        raise
    except (MedialibError, OSError) as error:
        return error


@attrs.define
class _Beginning:
    """Hands a file to whoever shall read it."""

    executor: Executor | None
    cancelled: CancelToken
    arrived: Arrived | None
    opened: ExitStack
    _threads: Executor | None = None

    def __call__(self, reading: Reading) -> Future[Content]:
        executor = self.executor
        if executor is None or shares_memory(executor) or not offers(reading.location, SupportsReopening):
            return self.threads().submit(self._read_here, reading)
        future = executor.submit(
            _read_there, reading.location.reopening(), reading.path, reading.algorithms, this_host()
        )
        if self.arrived is not None:
            future.add_done_callback(partial(self._told, reading))
        return future

    def threads(self) -> Executor:
        """Threads of this process: those of the caller, or our own."""
        if self._threads is None:
            if self.executor is not None and shares_memory(self.executor):
                self._threads = self.executor
            else:
                self._threads = self.opened.enter_context(
                    ThreadPoolExecutor(_THREADS, thread_name_prefix="medialib-read")
                )
        return self._threads

    def _read_here(self, reading: Reading) -> Content:
        arrived = None if self.arrived is None else partial(self.arrived, reading)
        return read_content(reading.location, reading.path, reading.algorithms, self.cancelled, arrived)

    def _told(self, reading: Reading, future: Future[Content]) -> None:
        if self.arrived is not None and not future.cancelled() and future.exception() is None:
            self.arrived(reading, future.result().size)


def _read_there(
    reopen: Callable[[], Location], path: str, algorithms: tuple[DigestAlgorithm, ...], asked_by: str
) -> Content:
    with saying_where(asked_by):
        return read_content(reopen(), path, algorithms, stopping())
