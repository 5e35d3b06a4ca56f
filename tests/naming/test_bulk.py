"""Many names at once are read as each alone, in order, wherever they are read."""

from __future__ import annotations

import os
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.naming import parse_name
from medialib.naming.bulk import parse_names

NAMES = tuple(f"Show.{number}.S01E{number:02}.1080p.WEB-GRP.mkv" for number in range(1, 60))


@given(st.lists(st.sampled_from(NAMES), max_size=30), st.integers(1, 7), st.sampled_from(("episode", "movie", None)))
def test_order_and_readings_are_those_of_one_thread(names: list[str], chunk: int, kind: object) -> None:
    alone = [parse_name(name, kind=kind) for name in names]  # type: ignore[arg-type]
    with ThreadPoolExecutor(2) as executor:
        assert list(parse_names(names, kind=kind, executor=executor, chunk=chunk)) == alone  # type: ignore[arg-type]
    assert list(parse_names(names, kind=kind)) == alone  # type: ignore[arg-type]


def test_on_processes() -> None:
    with ProcessPoolExecutor(2) as executor:
        assert list(parse_names(iter(NAMES), executor=executor, chunk=10)) == [parse_name(name) for name in NAMES]


class Counting(Executor):
    """Runs at once, and remembers how much was handed over."""

    def __init__(self) -> None:
        self.handed = 0

    def submit(self, work, /, *arguments, **named):  # type: ignore[no-untyped-def]
        self.handed += 1
        future: Future[object] = Future()
        future.set_result(work(*arguments, **named))
        return future


def test_an_endless_stream_is_read_as_it_comes() -> None:
    def endless():  # type: ignore[no-untyped-def]
        while True:
            yield "Show.S01E01.mkv"

    executor = Counting()
    stream = parse_names(endless(), executor=executor, chunk=5)
    assert next(iter(stream)).season == 1
    assert executor.handed <= 8
    stream.close()  # type: ignore[attr-defined]


def test_a_chunk_has_names() -> None:
    with pytest.raises(ValueError, match="at least one"):
        parse_names([], chunk=0)


def test_names_that_no_text_has() -> None:
    odd = [os.fsdecode(b"Show.S01E01.\xff.mkv"), "", "\x00", "🎬"]
    with ThreadPoolExecutor(1) as executor:
        assert [parsed.name for parsed in parse_names(odd, executor=executor)] == odd
