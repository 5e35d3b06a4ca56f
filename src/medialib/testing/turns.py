"""Threads that take turns: one runs at a time, and who comes next is drawn by chance that can be repeated.

What several threads do together is done in another order each time, so that a failure is seldom had again, and the
steps of all of them cannot be counted. Inside `Turns` the threads, locks and queues of some modules are others, which
hand the turn on; the threads are real, and so is all they do. Time stands still while anybody can go on: only then does
the first of those that wait for a while give up waiting.

>>> import random, types
>>> module = types.SimpleNamespace(threading=threading)
>>> def story(seed):
...     told = []
...     def tell(word):
...         for _ in range(2):
...             turns.step()
...             told.append(word)
...     with Turns(random.Random(seed), module) as turns:
...         for word in "abc":
...             module.threading.Thread(target=tell, args=(word,)).start()
...     return "".join(told)
>>> story(1) == story(1)
True
>>> len({story(seed) for seed in range(20)}) > 5
True
"""

from __future__ import annotations

import queue
import random
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace, TracebackType
from typing import Any, Generic, TypeVar

import attrs

__all__ = ["Stuck", "Turns"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_PATIENCE = 60.0
_MOST_TIMEOUTS = 10_000
_BEGINNING = datetime(2024, 5, 17, 12, tzinfo=UTC)


class Stuck(AssertionError):
    """Every thread waits for another, or for time to pass again and again."""


class _Gone(BaseException):
    """Ends a thread that nobody will ever wake."""


@attrs.define(eq=False)
class _Member:
    """A thread that takes turns."""

    number: int
    gate: threading.Semaphore = attrs.field(factory=lambda: threading.Semaphore(0))
    ready: Callable[[], bool] = attrs.field(default=lambda: True)
    until: float | None = None


class Turns:
    """A context manager. `chances` draws who comes next; `modules` are those whose threads take turns.

    In each of them ``threading``, ``queue``, ``time`` and ``ThreadPoolExecutor`` are replaced, as far as they have
    them. What is made of these must be made inside. At the end every thread that was begun is waited for. Raises
    `Stuck` on the thread that entered if no thread could go on, and what a thread died of, if nothing else is raised.
    """

    def __init__(self, chances: random.Random, *modules: Any) -> None:
        self._chances = chances
        self._modules = modules
        self._replaced: list[tuple[Any, str, Any]] = []
        self._members: dict[int, _Member] = {}
        self._begun = 0
        self._now = 0.0
        self._timeouts = 0
        self._stuck = False
        self._ending = False
        self._died_of: list[BaseException] = []
        self.switches = 0
        """How often the turn went to another thread."""

    def __enter__(self) -> Turns:
        self._main = self._joined()
        self._members[threading.get_ident()] = self._main
        replacements = {
            "threading": SimpleNamespace(
                Thread=self._thread,
                Lock=lambda: _Lock(self),
                RLock=lambda: _Lock(self),
                Event=lambda: _Event(self),
                get_ident=threading.get_ident,
            ),
            "queue": SimpleNamespace(
                Queue=lambda maxsize=0: _Queue(self, maxsize),
                SimpleQueue=_Generic(lambda: _Queue(self, 0)),
                Empty=queue.Empty,
                Full=queue.Full,
            ),
            "time": SimpleNamespace(monotonic=self.monotonic, sleep=self.sleep),
            "ThreadPoolExecutor": lambda workers, **_: _Pool(self, workers),
        }
        for module in self._modules:
            for name, replacement in replacements.items():
                if hasattr(module, name):
                    self._replaced.append((module, name, getattr(module, name)))
                    setattr(module, name, replacement)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self._ending = True
            self._stuck = False
            self.wait(lambda: len(self._members) == 1)
        finally:
            for module, name, original in reversed(self._replaced):
                setattr(module, name, original)
            self._members.clear()
        if error is None and self._died_of:
            raise self._died_of[0]

    def now(self) -> datetime:
        """With the two that follow, `medialib.ports.Clock`: it goes on only while every thread waits."""
        return _BEGINNING + timedelta(seconds=self._now)

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let others go on for so long."""
        self.wait(lambda: False, seconds)

    def step(self) -> None:
        """Let another thread go first, or not."""
        self.wait(lambda: True)

    def wait(self, ready: Callable[[], bool], seconds: float | None = None) -> bool:
        """Let others go on until `ready`, at most so many seconds; whether it is. Others' threads just go on."""
        me = self._members.get(threading.get_ident())
        if me is None:
            return ready()
        me.ready, me.until = ready, None if seconds is None else self._now + seconds
        chosen = self._next()
        if chosen is not me:
            self.switches += 1
            chosen.gate.release()
            if not me.gate.acquire(timeout=_PATIENCE):
                raise Stuck("a thread kept its turn: it waits for something that does not take turns")
        me.until = None
        if me is self._main and self._stuck:
            self._stuck = False
            raise Stuck("every thread waits for another")
        if me is not self._main and self._ending and not ready() and seconds is None:
            raise _Gone
        return ready()

    # ---------------------------------------------------------------------------------------------------- inner works

    def _joined(self) -> _Member:
        self._begun += 1
        return _Member(self._begun)

    def _next(self) -> _Member:
        members = self._members.values()
        able = [member for member in members if member.ready()]
        if able:
            self._timeouts = 0
            return self._chances.choice(able)
        late = [member for member in members if member.until is not None]
        self._timeouts += 1
        if late and self._timeouts < _MOST_TIMEOUTS:
            first = min(late, key=lambda member: (member.until, member.number))
            assert first.until is not None
            self._now = max(self._now, first.until)
            return first
        if self._ending and len(self._members) > 1:
            # they wait for orders that never come
            return next(member for member in members if member is not self._main)
        self._stuck = True
        return self._main

    def begin(self, work: Callable[[], object], name: str) -> Callable[[], bool]:
        """Do `work` on a thread that takes turns; tells whether it is over."""
        member = self._joined()
        over = False

        def run() -> None:
            nonlocal over
            member.gate.acquire()
            try:
                with suppress(_Gone):
                    work()
            except BaseException as error:  # noqa: BLE001 - raised again at the end
                self._died_of.append(error)
            over = True
            del self._members[threading.get_ident()]
            self._next().gate.release()

        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        assert thread.ident is not None
        self._members[thread.ident] = member
        self.step()
        return lambda: over

    def _thread(
        self,
        target: Callable[..., object],
        args: Iterable[Any] = (),
        name: str = "",
        daemon: bool = False,
    ) -> _Thread:
        return _Thread(self, lambda: target(*args), name)


class _Thread:
    def __init__(self, turns: Turns, work: Callable[[], object], name: str) -> None:
        self._turns, self._work, self.name = turns, work, name
        self._over: Callable[[], bool] = lambda: False

    def start(self) -> None:
        self._over = self._turns.begin(self._work, self.name)

    def join(self, timeout: float | None = None) -> None:
        self._turns.wait(lambda: self._over(), timeout)


class _Lock:
    """Either kind of lock."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._holder: int | None = None
        self._depth = 0

    def acquire(self) -> bool:
        me = threading.get_ident()
        self._turns.wait(lambda: self._holder in (None, me))
        self._holder = me
        self._depth += 1
        return True

    def release(self) -> None:
        self._depth -= 1
        if not self._depth:
            self._holder = None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class _Event:
    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._set = False

    def set(self) -> None:
        self._set = True

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float | None = None) -> bool:
        return self._turns.wait(self.is_set, timeout)


class _Generic:
    """What is made by a call, and may have a type in brackets before."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __getitem__(self, _: object) -> _Generic:
        return self

    def __call__(self) -> Any:
        return self._make()


class _Queue(Generic[_Item]):
    """Either kind of queue."""

    def __init__(self, turns: Turns, most: int) -> None:
        self._turns = turns
        self._most = most
        self._items: deque[_Item] = deque()

    def put(self, item: _Item, timeout: float | None = None) -> None:
        if not self._turns.wait(lambda: not self._most or len(self._items) < self._most, timeout):
            raise queue.Full
        self._items.append(item)

    def get(self, timeout: float | None = None) -> _Item:
        if not self._turns.wait(lambda: bool(self._items), timeout):
            raise queue.Empty
        return self._items.popleft()

    def get_nowait(self) -> _Item:
        self._turns.step()
        if not self._items:
            raise queue.Empty
        return self._items.popleft()

    def empty(self) -> bool:
        return not self._items


class _Pool:
    """As many threads as are wanted for each call of `map`."""

    def __init__(self, turns: Turns, workers: int) -> None:
        self._turns = turns
        self._workers = workers

    def map(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        waiting = deque(enumerate(items))
        results: dict[int, _Result | BaseException] = {}
        count = len(waiting)

        def serve() -> None:
            while waiting:
                number, item = waiting.popleft()
                try:
                    results[number] = work(item)
                except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
                    results[number] = error

        for worker in range(min(self._workers, count)):
            self._turns.begin(serve, f"worker-{worker}")
        for number in range(count):
            self._turns.wait(lambda number=number: number in results)  # type: ignore[misc]
            result = results[number]
            if isinstance(result, BaseException):
                waiting.clear()
                raise result
            yield result

    def shutdown(self) -> None:
        """Every worker ends by itself."""
