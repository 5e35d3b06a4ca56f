"""Work side by side, told of on one thread."""

from __future__ import annotations

import threading

import pytest

from medialib.events import BytesMoved, Event
from medialib.workflows.apply.lanes import Lanes


def test_small_ones_come_together_and_a_big_one_alone() -> None:
    lanes: Lanes[int] = Lanes(2, 100, lambda event: None)
    gate = threading.Event()

    def wait() -> int:
        gate.wait(5)
        return 1

    assert lanes.has_room(1000)
    lanes.begin(1, 60, wait)
    assert not lanes.has_room(41)
    assert lanes.has_room(40)
    lanes.begin(2, 40, wait)
    assert not lanes.has_room(0)
    assert lanes.settle(0) is None
    gate.set()
    ended = {found[0] for found in (lanes.settle(5), lanes.settle(5)) if found is not None}
    assert ended == {1, 2}
    assert len(lanes) == 0
    assert lanes.settle(None) is None


def test_what_a_lane_tells_is_heard_where_it_is_settled() -> None:
    heard: list[tuple[Event, int]] = []
    lanes: Lanes[str] = Lanes(1, 1, lambda event: heard.append((event, threading.get_ident())))
    moved = BytesMoved("f1", 5)

    def work() -> str:
        lanes.tell(moved)
        return "done"

    lanes.begin(7, 1, work)
    assert lanes.settle(5) == (7, "done")
    assert heard == [(moved, threading.get_ident())]


def test_what_work_raises_is_raised_and_the_rest_can_be_waited_for() -> None:
    lanes: Lanes[None] = Lanes(2, 10, lambda event: None)
    gate = threading.Event()

    def fail() -> None:
        raise KeyError("work")

    def wait() -> None:
        gate.wait(5)

    lanes.begin(1, 1, wait)
    lanes.begin(2, 1, fail)
    with pytest.raises(KeyError):
        lanes.settle(5)
    gate.set()
    lanes.abandon()
    assert len(lanes) == 0
