"""What is handed out comes back in order, and only so much is under way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import Cancelled, WorkersLost
from medialib.parallel import ExecutorChoice, in_order, in_tree_order, parse_executor


def failed(error: BaseException) -> Future[int]:
    future: Future[int] = Future()
    future.set_exception(error)
    return future


@given(st.lists(st.one_of(st.none(), st.integers())), st.integers(1, 5))
def test_every_item_comes_in_its_turn_with_what_it_came_to(items: list[int | None], ahead: int) -> None:
    """In order, with the future that was given for it; at most `ahead` begun and not yet given out."""
    begun, given_out = 0, 0
    with ThreadPoolExecutor(3) as pool:

        def begin(item: int | None) -> Future[int] | None:
            nonlocal begun
            begun += 1
            assert begun - given_out <= ahead
            return None if item is None else pool.submit(lambda: item * 2)

        found = []
        for item, future in in_order(iter(items), begin, ahead=ahead, stopped=lambda: False):
            given_out += 1
            found.append((item, None if future is None else future.result()))
    assert found == [(item, None if item is None else item * 2) for item in items]


trees = st.recursive(st.just(()), lambda below: st.lists(below, max_size=4).map(tuple), max_leaves=25)


@given(trees, st.integers(1, 5))
def test_a_tree_comes_from_the_top_down_and_from_left_to_right(tree: tuple, ahead: int) -> None:
    """Each before what is below it, and that before its next sibling, whoever ends first."""

    def walk(path: tuple[int, ...], node: tuple) -> Iterator[tuple[int, ...]]:
        yield path
        for number, child in enumerate(node):
            yield from walk((*path, number), child)

    def node_at(path: tuple[int, ...]) -> tuple:
        node = tree
        for number in path:
            node = node[number]
        return node

    begun, found = 0, []
    with ThreadPoolExecutor(3) as pool:

        def begin(path: tuple[int, ...]) -> Future[list[tuple[int, ...]]]:
            nonlocal begun
            begun += 1
            assert begun - len(found) <= ahead * (len(path) + 1)
            return pool.submit(lambda: [(*path, number) for number in range(len(node_at(path)))])

        for path, future in in_tree_order((), begin, lambda below: below, ahead=ahead):
            assert future.done()
            found.append(path)
    assert found == list(walk((), tree))


def test_below_what_failed_there_is_nothing() -> None:
    found = list(in_tree_order(1, lambda _: failed(OSError("gone")), lambda _: [1], ahead=2))
    assert [str(future.exception()) for _, future in found] == ["gone"]


def test_who_leaves_early_leaves_nothing_waiting() -> None:
    futures: list[Future[int]] = []

    def begin(item: int) -> Future[int]:
        futures.append(Future())
        if item == 0:
            futures[-1].set_result(0)
        return futures[-1]

    answers = in_order(range(10), begin, ahead=4)
    next(answers)
    answers.close()
    assert [future.cancelled() for future in futures] == [False, True, True, True]
    futures.clear()
    branches = in_tree_order(0, begin, lambda _: [1, 2, 3], ahead=2)
    next(branches)
    with pytest.raises(Cancelled, match="stopped"):
        list(in_order([1], begin, ahead=1, stopped=lambda: True))
    branches.close()


def test_what_takes_long_is_waited_for() -> None:
    future: Future[int] = Future()

    def stopped() -> bool:
        future.set_result(1)
        return False

    assert [each.result() for _, each in in_order([1], lambda _: future, ahead=1, stopped=stopped)] == [1]


def test_an_executor_that_gave_up_is_a_clear_error() -> None:
    def broken(_: int) -> Future[int]:
        raise BrokenExecutor("a process died")

    with pytest.raises(WorkersLost, match="a process died"):
        list(in_order([1], broken, ahead=1))
    with pytest.raises(WorkersLost, match="a process died"):
        list(in_order([1], lambda _: failed(BrokenExecutor("a process died")), ahead=1))
    given_up: Future[int] = Future()
    given_up.cancel()
    given_up.set_running_or_notify_cancel()
    with pytest.raises(WorkersLost, match="it was given up"):
        list(in_order([1], lambda _: given_up, ahead=1))


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("threads", ExecutorChoice("threads")),
        ("threads:8", ExecutorChoice("threads", 8)),
        ("processes:1024", ExecutorChoice("processes", 1024)),
        ("dask://cluster.example", ExecutorChoice("dask", host="cluster.example", port=8786)),
        ("dask://[::1]:9000", ExecutorChoice("dask", host="[::1]", port=9000)),
    ],
)
def test_who_does_the_work_is_read_and_written(text: str, choice: ExecutorChoice) -> None:
    assert parse_executor(text) == choice
    assert parse_executor(str(choice)) == choice


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("threads:0", "wants 1 to 1024 threads, got 0"),
        ("processes:1025", "wants 1 to 1024 processes, got 1025"),
        ("dask://host:0", "wants a port from 1 to 65535, got 0"),
        ("dask://host:99999", "wants a port"),
        ("threads:²", "wants threads"),
        ("dask://me:secret@host", "wants threads"),
        ("Threads\n", "wants threads"),
    ],
)
def test_what_chooses_nobody(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        parse_executor(text)
