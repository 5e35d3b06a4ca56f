"""Fetches that do not wait for each other: small files announced ahead and settled together, others side by side."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from medialib.errors import MedialibError, TransientError
from medialib.events import ActionStarted, BytesMoved, Observer
from medialib.model import FileEntry, KnownFile, Place
from medialib.planning import Action, Fetch, Outcome, bytes_carried, describe, effects
from medialib.ports import CancelToken, SupportsReadingAhead, offers
from medialib.workflows.apply.attempting import Attempts
from medialib.workflows.apply.lanes import Lanes
from medialib.workflows.apply.performing import Arrived, publish, receive
from medialib.workflows.apply.room import Room
from medialib.workflows.apply.world import World

__all__ = ["Fetching", "Numbered", "independent_fetches"]

Numbered = tuple[int, Action]
"""An action with its number in the journal."""

_SMALL = 2**20
"""Files up to so many bytes come one after the other, announced ahead."""
_AT_ONCE = 2**26
"""Larger ones come side by side up to so many bytes together, or one alone."""
_ANNOUNCED = 256
_UNPUBLISHED = 2**23
"""At most so many bytes wait for others before they have their names, since a crash may lose them."""
_SETTLED_TOGETHER = 8
_TURN_SECONDS = 1.0
_WORTH_ONE_QUESTION = 16


def independent_fetches(actions: deque[Numbered]) -> list[tuple[int, Fetch]]:
    """Take, from the front of `actions`, the fetches that do not wait for each other."""
    taken: list[tuple[int, Fetch]] = []
    ids: set[str] = set()
    places: set[Place] = set()
    while actions:
        sequence, action = actions[0]
        if not isinstance(action, Fetch) or ids.intersection(action.after):
            break
        touched = {place for found in effects(action) for place in found}
        if places & touched:
            break
        actions.popleft()
        taken.append((sequence, action))
        ids.add(action.id)
        places |= touched
    return taken


class Fetching:
    """The fetches of one plan. `ended` is told each outcome, on the thread that calls `work`."""

    def __init__(
        self,
        world: World,
        fetches: Sequence[Fetch],
        attempts: Attempts,
        observer: Observer,
        cancelled: CancelToken,
        ended: Callable[[int, Fetch, Outcome], None],
    ) -> None:
        self._world = world
        self._attempts = attempts
        self._observer = observer
        self._cancelled = cancelled
        self._ended = ended
        self._room = Room(world)
        self._announced = _Announced(world, fetches)
        self._previous = _Previous(world, fetches)
        self._waiting: list[tuple[int, Arrived]] = []
        self._waiting_bytes = 0
        self._waiting_since = 0.0
        self._abandoned = threading.Event()
        self._lanes: Lanes[Arrived | Outcome] = Lanes(world.transfers, _AT_ONCE, observer)
        self._under_way: dict[int, Fetch] = {}
        self._pool: ThreadPoolExecutor | None = None

    def work(
        self, run: Sequence[tuple[int, Fetch]], refusal: Callable[[Fetch], Outcome | None], turn: Callable[[], None]
    ) -> None:
        """Carry out fetches that do not wait for each other.

        `refusal` tells which are not to be begun; `turn` is called often, for the caller to commit what has ended.
        """
        self._announced.next(run)
        for sequence, action in run:
            alone = self._comes_alone(action)
            if not alone:
                self._publish()
                while not self._lanes.has_room(action.size):
                    self._listen(turn)
            turn()
            refused = refusal(action)
            if refused is not None:
                self._ended(sequence, action, refused)
                continue
            self._observer(ActionStarted(action.id, describe(action), bytes_carried(action)))
            if alone:
                self._came(sequence, action, self._received(action, self._observer))
                self._hear(0)
            else:
                self._under_way[sequence] = action
                self._lanes.begin(sequence, action.size, self._on_a_lane(action))
        self._publish()
        while self._lanes:
            self._listen(turn)

    def close(self) -> None:
        """Forget what was announced, and wait for what is under way, which stops."""
        self._abandoned.set()
        self._announced.forget()
        self._lanes.abandon()
        if self._pool is not None:
            self._pool.shutdown()

    # ----------------------------------------------------------------------------------------------------- inner works

    def _comes_alone(self, action: Fetch) -> bool:
        """Whether a file is fetched on the present thread: the small, and those that no journey delays."""
        source = self._world.location(action.source)
        return self._world.transfers == 1 or action.size <= _SMALL or not offers(source, SupportsReadingAhead)

    def _received(self, action: Fetch, observer: Observer) -> Arrived | Outcome:
        def arrived(count: int) -> None:
            observer(BytesMoved(action.id, count))

        def once() -> Arrived:
            return receive(action, self._world, self._room, cancelled=self, arrived=arrived)

        return self._attempts.of(action, once, observer)

    def is_set(self) -> bool:
        """Whether what is under way shall stop."""
        return self._cancelled.is_set() or self._abandoned.is_set()

    def _on_a_lane(self, action: Fetch) -> Callable[[], Arrived | Outcome]:
        def work() -> Arrived | Outcome:
            came = self._received(action, self._lanes.tell)
            if isinstance(came, Arrived):
                try:
                    came.settle()
                except (MedialibError, OSError) as error:
                    return self._attempts.failed(action, error)
            return came

        return work

    def _listen(self, turn: Callable[[], None]) -> None:
        """Wait for a lane, a little while at most."""
        self._hear(_TURN_SECONDS)
        turn()

    def _hear(self, seconds: float) -> None:
        ended = self._lanes.settle(seconds)
        if ended is not None:
            sequence, came = ended
            self._came(sequence, self._under_way.pop(sequence), came, settled=True)

    def _came(self, sequence: int, action: Fetch, came: Arrived | Outcome, *, settled: bool = False) -> None:
        if isinstance(came, Outcome):
            self._end(sequence, action, came)
            return
        if settled:
            self._end(sequence, action, self._named(came))
            return
        now = self._world.clock.monotonic()
        if not self._waiting:
            self._waiting_since = now
        self._waiting.append((sequence, came))
        self._waiting_bytes += action.size
        if self._waiting_bytes > _UNPUBLISHED or now - self._waiting_since > _TURN_SECONDS:
            self._publish()

    def _publish(self) -> None:
        """See together on the disk what waits, then give each its name."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        failures = self._settled([came for _, came in waiting])
        for (sequence, came), failure in zip(waiting, failures, strict=True):
            outcome = self._named(came) if failure is None else self._attempts.failed(came.action, failure)
            self._end(sequence, came.action, outcome)

    def _settled(self, waiting: Sequence[Arrived]) -> list[MedialibError | OSError | None]:
        if len(waiting) < 2:
            return [_settle(came) for came in waiting]
        # A disk that is asked for several files at once writes its own journal once for all.
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_SETTLED_TOGETHER, thread_name_prefix="medialib-settle")
        return list(self._pool.map(_settle, waiting))

    def _named(self, came: Arrived) -> Outcome:
        action = came.action
        try:
            # the row is asked for before the file has its name: from there on nothing may fail
            return publish(came, self._world, self._previous.of(action))
        except (MedialibError, OSError) as error:
            if not isinstance(error, TransientError):
                return self._attempts.failed(action, error)

        def again() -> Outcome:
            fresh = receive(action, self._world, self._room, cancelled=self, arrived=lambda count: None)
            return publish(fresh, self._world, self._previous.of(action))

        return self._attempts.of(action, again, self._observer)

    def _end(self, sequence: int, action: Fetch, outcome: Outcome) -> None:
        self._room.release(action, arrived=outcome.result == "done")
        self._ended(sequence, action, outcome)


def _settle(came: Arrived) -> MedialibError | OSError | None:
    try:
        came.settle()
    except (MedialibError, OSError) as error:
        return error
    return None


class _Announced:
    """Tells remotes which files will be opened next."""

    def __init__(self, world: World, fetches: Sequence[Fetch]) -> None:
        self._fetches = fetches
        self._at = 0
        self._places: dict[str, SupportsReadingAhead] = {}
        for name in {fetch.source.location for fetch in fetches}:
            location = world.locations[name]
            if offers(location, SupportsReadingAhead):
                self._places[name] = location

    def next(self, run: Sequence[tuple[int, Fetch]]) -> None:
        """These come now, and after them the next of the plan."""
        coming = self._fetches[self._at : self._at + _ANNOUNCED]
        self._at += len(run)
        for name, location in self._places.items():
            location.expect(
                FileEntry(fetch.source.path, fetch.size, fetch.mtime_ns)
                for fetch in coming
                if fetch.source.location == name
            )

    def forget(self) -> None:
        """Nothing more comes."""
        for location in self._places.values():
            location.expect(())


class _Previous:
    """What the catalogue knows of files before they are fetched: of many, asked for in one question a remote."""

    def __init__(self, world: World, fetches: Sequence[Fetch]) -> None:
        self._world = world
        self._wanted: defaultdict[str, list[str]] = defaultdict(list)
        for fetch in fetches:
            self._wanted[fetch.source.location].append(fetch.source.path)
        self._rows: dict[str, dict[str, KnownFile]] = {}

    def of(self, action: Fetch) -> KnownFile | None:
        """The row of one file."""
        remote, location = action.source.location, self._world.location(action.source)
        path = location.address(action.source.path)
        if len(self._wanted[remote]) < _WORTH_ONE_QUESTION:
            return self._world.catalogue.known_files.get(remote, path)
        if remote not in self._rows:
            wanted = {location.address(path) for path in self._wanted[remote]}
            rows = self._world.catalogue.known_files.of_remote(remote)
            self._rows[remote] = {row.path: row for row in rows if row.path in wanted}
        return self._rows[remote].get(path)
