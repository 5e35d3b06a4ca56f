"""Transfers around another pass what every transfer passes; and what each is for."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from medialib.errors import ConnectionLost
from medialib.model import FileEntry
from medialib.ports import Transfer
from medialib.testing.locations import MemoryBackdoor, MemoryLocation
from medialib.testing.transfers import InterruptedLocation, TransferConformance
from medialib.testing.worlds import ManualClock
from medialib.transfer import StreamTransfer
from medialib.transfer.wrapping import Budget, ObservedTransfer, RetryingTransfer, ThrottledTransfer


class Wrapped(TransferConformance):
    wrap: Callable[[Transfer], Transfer]

    @pytest.fixture
    def transfer(self) -> Transfer:
        return type(self).wrap(StreamTransfer(chunk=2**18))

    @pytest.fixture
    def source(self) -> MemoryLocation:
        return MemoryLocation("source")

    @pytest.fixture
    def source_backdoor(self, source: MemoryLocation) -> MemoryBackdoor:
        return MemoryBackdoor(source)

    @pytest.fixture
    def target(self) -> MemoryLocation:
        return MemoryLocation("target")

    @pytest.fixture
    def target_backdoor(self, target: MemoryLocation) -> MemoryBackdoor:
        return MemoryBackdoor(target)


class TestRetrying(Wrapped):
    # one try: the suite asks what a single loss leaves behind
    wrap = staticmethod(lambda inner: RetryingTransfer(inner, ManualClock(), tries=1))


class TestThrottled(Wrapped):
    clock = ManualClock()
    wrap = staticmethod(lambda inner: ThrottledTransfer(inner, Budget(10**6, ManualClock()), TestThrottled.clock))


class TestObserved(Wrapped):
    wrap = staticmethod(lambda inner: ObservedTransfer(inner, lambda entry, count: None))


class TestAllTogether(Wrapped):
    @staticmethod
    def wrap(inner: Transfer) -> Transfer:
        clock = ManualClock()
        throttled = ThrottledTransfer(inner, Budget(10**6, clock), clock)
        return ObservedTransfer(RetryingTransfer(throttled, clock, tries=1), lambda entry, count: None)


CONTENT = bytes(1_000_000)


@pytest.fixture
def source() -> MemoryLocation:
    return MemoryLocation("source")


@pytest.fixture
def entry(source: MemoryLocation) -> FileEntry:
    return source.put("a.mkv", CONTENT, mtime_ns=5)


@pytest.mark.parametrize(("losses", "comes"), [(2, True), (3, False)])
def test_what_is_lost_twice_is_tried_a_third_time_and_told_of_once(
    source: MemoryLocation, entry: FileEntry, losses: int, comes: bool
) -> None:
    cut = InterruptedLocation(source, after=300_000, times=losses)
    counts: list[int] = []
    part = MemoryLocation("target").part("a.mkv")
    transfer = RetryingTransfer(StreamTransfer(chunk=2**16), ManualClock())

    def receive() -> None:
        transfer.receive(cut, entry, part, cancelled=threading.Event(), arrived=counts.append)

    if comes:
        receive()
        assert sum(counts) == len(CONTENT)
    else:
        with pytest.raises(ConnectionLost):
            receive()
        assert sum(counts) == 900_000


def test_a_budget_is_kept_to_by_all_that_share_it(source: MemoryLocation, entry: FileEntry) -> None:
    clock = ManualClock()
    budget, target = Budget(100_000, clock), MemoryLocation("target")
    for name in ("a.mkv", "b.mkv"):
        transfer = ThrottledTransfer(StreamTransfer(chunk=2**16), budget, clock)
        transfer.receive(source, entry, target.part(name), cancelled=threading.Event(), arrived=lambda count: None)
    # two megabytes at a tenth of one a second, of which a second's worth comes at once
    assert clock.monotonic() == pytest.approx(19, abs=0.01)


def test_a_listener_hears_of_every_byte(source: MemoryLocation, entry: FileEntry) -> None:
    heard: list[tuple[str, int]] = []
    transfer = ObservedTransfer(StreamTransfer(), lambda file, count: heard.append((file.path, count)))
    part = MemoryLocation("target").part("a.mkv")
    transfer.receive(source, entry, part, cancelled=threading.Event(), arrived=lambda count: None)
    assert sum(count for path, count in heard if path == "a.mkv") == len(CONTENT)
