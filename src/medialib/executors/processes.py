"""Processes of this machine that are replaced when they die, and what they were at is done again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

import attrs

from medialib.errors import WorkersLost
from medialib.executors.worker import STOPPING

__all__ = ["RenewedProcesses"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_TRIES = 3


@attrs.define(eq=False)
class _Task:
    work: Callable[[], Any]
    future: Future[Any]
    deaths: int = 0


class RenewedProcesses(Executor):
    """An executor over so many processes (None: one for each processor that this process may use).

    When one of them is killed, fresh ones take their place and do again what was under way, so the answers are those of
    one thread. Work whose process died three times ends in WorkersLost. Work must be such that doing it twice does no
    harm. `shutdown` with `cancel_futures` also asks work under way to stop (see `medialib.executors.stopping`); the
    processes do not hear Ctrl-C, and end when the process that started them does, however it ends.

    What is handed over, and what comes back, must be picklable.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers if workers is not None else _processors()
        """How many processes there are."""
        self._context = multiprocessing.get_context("spawn")
        self._changed = threading.Condition()
        self._waiting: deque[_Task] = deque()
        self._under_way = 0
        # what was under way when a process died is done again one by one, so that the deadly piece alone is given up
        self._alone = False
        self._pool: ProcessPoolExecutor | None = None
        self._closed = False
        # held open for as long as answers are wanted; the processes see when it is closed, or we are gone
        self._heard, self._wanted = self._context.Pipe(duplex=False)

    def submit(
        self, fn: Callable[_Arguments, _Result], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> Future[_Result]:
        """See `concurrent.futures.Executor.submit`; until a process is free, the future can be cancelled."""
        future: Future[_Result] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("this executor is closed")
            self._waiting.append(_Task(partial(fn, *args, **kwargs), future))
        self._hand_out()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See `concurrent.futures.Executor.shutdown`."""
        with self._changed:
            self._closed = True
            if cancel_futures:
                for task in self._waiting:
                    task.future.cancel()
                self._waiting.clear()
                self._wanted.close()
            pool = self._pool
            if wait:
                self._changed.wait_for(lambda: not self._waiting and not self._under_way)
                pool = self._pool
            elif self._waiting:
                return  # whoever brings the last answer lets the processes go
        if pool is not None:
            pool.shutdown(wait=wait)
        if wait:
            self._wanted.close()
            self._heard.close()

    def _hand_out(self) -> None:
        """Give work to the processes: to each what it does, and one piece more, so that it need not wait for us.

        No lock of ours is held while one of the pool's is asked for: a pool that breaks tells of it holding its own.
        """
        while True:
            with self._changed:
                if not self._waiting or self._under_way > self.workers or self._alone:
                    return
                suspect = self._waiting[0].deaths > 0
                if suspect and self._under_way:
                    return
                task = self._waiting.popleft()
                if not task.future.running() and not task.future.set_running_or_notify_cancel():
                    continue
                self._under_way += 1
                self._alone = suspect
                pool = self._pool = self._pool or self._fresh()
            try:
                # never cancelled: a pool that breaks would stumble over it, and leave the rest without an answer
                with _deaf_children():
                    begun = pool.submit(task.work)
            except BrokenExecutor as error:
                self._died(task, pool, error)
            except (OSError, RuntimeError) as error:
                task.future.set_exception(error)  # no process can be started
                self._one_less()
            else:
                begun.add_done_callback(partial(self._ended, task, pool))

    def _fresh(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self.workers, mp_context=self._context, initializer=_at_start, initargs=(self._heard,)
        )

    def _ended(self, task: _Task, pool: ProcessPoolExecutor, begun: Future[Any]) -> None:
        error = begun.exception()
        if isinstance(error, BrokenExecutor):
            self._died(task, pool, error)
        else:
            if error is None:
                task.future.set_result(begun.result())
            else:
                task.future.set_exception(error)
            self._one_less()
        self._hand_out()

    def _died(self, task: _Task, pool: ProcessPoolExecutor, error: BrokenExecutor) -> None:
        task.deaths += 1
        given_up = task.deaths == _TRIES
        with self._changed:
            if self._pool is pool:
                self._pool = None
            given_up = given_up or self._wanted.closed
            if not given_up:
                self._waiting.appendleft(task)
        if given_up:
            task.future.set_exception(
                WorkersLost(
                    f"{task.deaths} times the process that worked on it ended abruptly: {error}",
                    remedy="The system may lack memory, or kill such processes; a script that asks for processes must "
                    'do so under if __name__ == "__main__".',
                )
            )
        self._one_less()

    def _one_less(self) -> None:
        with self._changed:
            self._under_way -= 1
            self._alone = False
            self._changed.notify_all()
            over = self._closed and not self._waiting and not self._under_way
            pool = self._pool
        if over and pool is not None:
            pool.shutdown(wait=False)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes that are started meanwhile do not hear Ctrl-C, from their first moment on."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _at_start(wanted: Connection) -> None:
    """What a fresh process does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    threading.Thread(target=_listen, args=(wanted,), name="medialib-wanted", daemon=True).start()


def _listen(wanted: Connection) -> None:
    """Nothing is ever sent; the end of it means that nobody waits for answers."""
    wanted.poll(None)
    STOPPING.set()
    starter = multiprocessing.parent_process()
    if starter is not None:
        starter.join()
        os._exit(1)  # nobody is left to be told anything
