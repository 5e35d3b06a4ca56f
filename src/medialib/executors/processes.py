"""Processes of this machine that are replaced when they die, and what they were at is done again.

`concurrent.futures.ProcessPoolExecutor` ends as a whole when one of its processes dies, and does not tell who was at
what. Here each process has a line of its own to a thread of ours, so that both are known; that also costs a piece of
work less than half of the time that goes into handing it over and back.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any, ParamSpec, TypeVar

import attrs

from medialib.errors import WorkersLost
from medialib.executors.worker import STOPPING

__all__ = ["RenewedProcesses"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_TRIES = 3
_READY = b"ready"


@attrs.define(eq=False)
class _Task:
    work: Callable[[], Any]
    future: Future[Any]
    deaths: int = 0


@attrs.frozen
class _Line:
    """A process, and the end of the pipe that it listens to."""

    process: BaseProcess
    connection: Connection

    def close(self) -> int | None:
        """Let the process go, and wait for its end; returns its exit code."""
        self.connection.close()
        self.process.join()
        return self.process.exitcode


class RenewedProcesses(Executor):
    """An executor over so many processes (None: one for each processor that this process may use).

    One that is killed is replaced, and what it was at is done again, so the answers are those of one thread. Work that
    three processes died of ends in WorkersLost, alone; where processes die before they can begin, all work ends in
    BrokenExecutor. Work must be such that doing it twice does no harm. `shutdown` with `cancel_futures` also asks work
    under way to stop (see `medialib.executors.stopping`); the processes do not hear Ctrl-C, and end when the process
    that started them does, however it ends.

    What is handed over, and what comes back, must be picklable.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers if workers is not None else _processors()
        """How many processes there are."""
        self._context = multiprocessing.get_context("spawn")
        self._changed = threading.Condition()
        self._starting = threading.Lock()
        self._waiting: deque[_Task] = deque()
        self._idle = 0
        self._threads: list[threading.Thread] = []
        self._broken: BrokenExecutor | None = None
        self._closed = False
        # held open for as long as answers are wanted; the processes see when it is closed, or we are gone
        self._heard, self._wanted = self._context.Pipe(duplex=False)

    def submit(
        self, fn: Callable[_Arguments, _Result], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> Future[_Result]:
        """See `concurrent.futures.Executor.submit`; until a process takes it, the future can be cancelled."""
        future: Future[_Result] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("this executor is closed")
            if self._broken is not None:
                raise self._broken
            self._waiting.append(_Task(partial(fn, *args, **kwargs), future))
            if len(self._waiting) > self._idle and len(self._threads) < self.workers:
                thread = threading.Thread(target=self._serve, name="medialib-process", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()
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
            self._changed.notify_all()
        if wait:
            for thread in self._threads:
                thread.join()
            self._wanted.close()
            self._heard.close()

    def _serve(self) -> None:
        """Bring work to one process, and to another one when that has died, until there is no more."""
        line: _Line | None = None
        while (task := self._next()) is not None:
            try:
                line = line or self._start()
                # waits for the answer
                line.connection.send_bytes(ForkingPickler.dumps(task.work))
                answer = line.connection.recv_bytes()
            except (EOFError, ConnectionError):
                code = None if line is None else line.close()
                line = None
                self._died(task, code)
            except BrokenExecutor as error:
                task.future.set_exception(error)
            except Exception as error:  # noqa: BLE001 - what cannot be pickled may raise anything
                task.future.set_exception(error)
            else:
                _pass_on(answer, task.future)
        if line is not None:
            line.close()

    def _next(self) -> _Task | None:
        with self._changed:
            while True:
                while self._waiting:
                    task = self._waiting.popleft()
                    if task.future.running() or task.future.set_running_or_notify_cancel():
                        return task
                if self._closed:
                    return None
                self._idle += 1
                self._changed.wait()
                self._idle -= 1

    def _start(self) -> _Line:
        """A fresh process that is ready; raises BrokenExecutor, now and for all work, if none can be had."""
        code: object = None
        for _ in range(_TRIES):
            ours, theirs = self._context.Pipe()
            process = self._context.Process(target=_work, args=(theirs, self._heard), daemon=True)
            with self._starting, _deaf_children():
                process.start()
            theirs.close()
            line = _Line(process, ours)
            with suppress(EOFError, ConnectionError):
                if ours.recv_bytes() == _READY:
                    return line
            code = line.close()
        broken = BrokenExecutor(
            f"processes end before they can begin (exit code {code}); a script that asks for them must do so under "
            'if __name__ == "__main__"'
        )
        with self._changed:
            self._broken = broken
            given_up = list(self._waiting)
            self._waiting.clear()
        for task in given_up:
            if task.future.running() or task.future.set_running_or_notify_cancel():
                task.future.set_exception(broken)
        raise broken

    def _died(self, task: _Task, code: int | None) -> None:
        task.deaths += 1
        if task.deaths < _TRIES and not self._wanted.closed:
            with self._changed:
                self._waiting.appendleft(task)
                self._changed.notify()
            return
        task.future.set_exception(
            WorkersLost(
                f"{task.deaths} times the process that worked on it ended abruptly (exit code {code})",
                remedy="The system may lack memory, or somebody kills such processes.",
            )
        )


def _pass_on(answer: bytes, future: Future[Any]) -> None:
    try:
        done, result = pickle.loads(answer)  # noqa: S301 - it comes from a process of ours
    except Exception as error:  # noqa: BLE001 - whatever an answer of somebody else's class raises
        future.set_exception(error)
        return
    if done:
        future.set_result(result)
    else:
        future.set_exception(result)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes that are started meanwhile do not hear Ctrl-C, from their first moment on."""
    # started with the first process, it would let Ctrl-C in again before that one begins
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# ------------------------------------------------------------------------------------------------ in a process of ours


def _work(line: Connection, wanted: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    threading.Thread(target=_listen, args=(wanted,), name="medialib-wanted", daemon=True).start()
    with suppress(EOFError, ConnectionError):  # nobody waits any longer
        line.send_bytes(_READY)
        while True:
            line.send_bytes(_answer(line.recv_bytes()))


def _answer(asked: bytes) -> bytes | memoryview:
    try:
        return ForkingPickler.dumps((True, pickle.loads(asked)()))  # noqa: S301 - it comes from who started us
    except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
        error.add_note(f"in a process of its own:\n{traceback.format_exc()}")
        try:
            return ForkingPickler.dumps((False, error))
        except Exception:  # noqa: BLE001 - an exception need not be picklable
            return ForkingPickler.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))


def _listen(wanted: Connection) -> None:
    """Nothing is ever sent; the end of it means that nobody waits for answers."""
    wanted.poll(None)
    STOPPING.set()
    starter = multiprocessing.parent_process()
    if starter is not None:
        starter.join()
        os._exit(1)  # nobody is left to be told anything
