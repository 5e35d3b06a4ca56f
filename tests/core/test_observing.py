"""What observers write: log records, JSON lines, and what happens when they cannot."""

from __future__ import annotations

import io
import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialib.events import (
    ActionFinished,
    ActionStarted,
    BytesFetched,
    BytesMoved,
    CatalogueMigrated,
    Event,
    FileHashed,
    HashingStarted,
    LocationWalked,
    Noted,
    PlanFinished,
    PlanStarted,
    RecordsRead,
    Waiting,
)
from medialib.model import Place
from medialib.observing import (
    JsonFormatter,
    JsonLinesObserver,
    LogObserver,
    event_document,
    event_line,
    is_answered,
    log_remarks,
    text_formatter,
)
from medialib.planning import Remark
from medialib.testing.worlds import MemoryWorld

names = st.text(st.characters() | st.characters(categories=["Cs"]))
places = st.builds(Place, names, names)
events = st.one_of(
    st.builds(LocationWalked, names, names, st.integers(0), st.booleans()),
    st.builds(PlanStarted, names, st.integers(0), st.integers(0)),
    st.builds(ActionStarted, names, names, st.integers(0)),
    st.builds(BytesMoved, names, st.integers(0)),
    st.builds(ActionFinished, names, st.sampled_from(["done", "failed", "skipped"]), names),
    st.builds(PlanFinished, names, st.integers(0), st.integers(0), st.integers(0)),
    st.builds(HashingStarted, st.integers(0), st.integers(0)),
    st.builds(FileHashed, places, names),
    st.builds(Waiting, names, names),
    st.builds(RecordsRead, names, st.integers(0), st.booleans()),
    st.builds(BytesFetched, names, st.integers(0), st.none() | st.integers(0), st.booleans()),
    st.builds(CatalogueMigrated, names, names, names, names),
    st.builds(Noted, names, st.none() | places, st.sampled_from(["debug", "info", "warning"])),
)


class Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.kept: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record)


def own_logger() -> tuple[logging.Logger, Records]:
    logger, records = logging.Logger("medialib", logging.DEBUG), Records()
    logger.addHandler(records)
    return logger, records


@given(st.lists(events))
def test_every_event_is_one_line_of_json_that_reads_back(happened: list[Event]) -> None:
    stream = io.StringIO()
    observer = JsonLinesObserver(stream, now=lambda: datetime(2024, 5, 17, tzinfo=UTC))
    for event in happened:
        observer(event)
    assert stream.getvalue().isascii()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == len(happened)
    for event, line in zip(happened, lines, strict=True):
        assert line.pop("time") == "2024-05-17T00:00:00.000Z"
        assert line["event"].replace("_", "") == type(event).__name__.lower()
        if "run" not in attrs.asdict(event):
            line.pop("run", None)
        assert {"event": line.pop("event"), **line} == event_document(event)


@given(events)
def test_every_event_can_be_logged_in_both_forms(event: Event) -> None:
    logger, records = own_logger()
    LogObserver(logger)(event)
    assert len(records.kept) == (0 if event_line(event) is None else 1)
    for record in records.kept:
        document = json.loads(JsonFormatter().format(record))
        assert document["level"] in ("debug", "info", "warning", "error")
        assert document["event"] == event_document(event)["event"]
        line = text_formatter().format(record)
        assert line.isprintable()
        assert line.partition("Z ")[0].count(":") == 2


def test_failures_waiting_and_warnings_are_not_below_warning() -> None:
    for event in (
        ActionFinished("f1", "failed", "why"),
        ActionFinished("f1", "skipped", "why"),
        Waiting("the lease", "me"),
        Noted("odd", level="warning"),
    ):
        line = event_line(event)
        assert line is not None
        assert line[0] >= logging.WARNING


def test_records_carry_the_run_from_its_begin_to_its_end() -> None:
    logger, records = own_logger()
    observer = LogObserver(logger)
    stream = io.StringIO()
    lines = JsonLinesObserver(stream, skip=["bytes_moved"])
    for event in (
        Noted("before"),
        PlanStarted("r1", 1, 0),
        BytesMoved("f1", 5),
        Noted("within"),
        PlanFinished("r1", 1, 0, 0),
        Noted("after"),
    ):
        observer(event)
        lines(event)
    runs = [json.loads(JsonFormatter().format(record)).get("run") for record in records.kept]
    assert runs == [None, "r1", "r1", "r1", None]
    assert [json.loads(line).get("run") for line in stream.getvalue().splitlines()] == runs
    assert "[r1] within" in text_formatter().format(records.kept[2])
    assert "[" not in text_formatter().format(records.kept[4])


def test_a_full_disk_never_breaks_a_run() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    world = MemoryWorld()
    world.remote.put("Show.S01E01.mkv", b"content", mtime_ns=world.clock.ago(hours=1))
    stream = os.fdopen(os.open(full, os.O_WRONLY), "w", buffering=1)
    observer = JsonLinesObserver(stream)
    observer(Noted("lost"))
    assert isinstance(observer.failure, OSError)
    observer(PlanStarted("r1", 1, 1))
    with pytest.raises(OSError, match="No space left"):
        stream.close()
    closed = io.StringIO()
    closed.close()
    late = JsonLinesObserver(closed)
    late(Noted("lost"))
    assert isinstance(late.failure, ValueError)


def test_what_is_left_alone_is_logged_and_the_screen_need_not_repeat_it() -> None:
    logger, records = own_logger()
    log_remarks(
        [
            Remark("out of reach", Place("box", "tv"), "no answer"),
            Remark("excluded", Place("box", "a.nfo"), "*.nfo"),
        ],
        "r1",
        logger,
    )
    assert [record.levelno for record in records.kept] == [logging.WARNING, logging.DEBUG]
    assert all(is_answered(record) for record in records.kept)
    document = json.loads(JsonFormatter().format(records.kept[0]))
    assert document["message"] == "box:tv: out of reach: no answer"
    assert document["place"] == {"location": "box", "path": "tv"}
    assert document["run"] == "r1"


def test_an_exception_is_part_of_its_record() -> None:
    logger, records = own_logger()
    try:
        raise ValueError("odd")
    except ValueError:
        logger.exception("it broke")
    assert "ValueError: odd" in json.loads(JsonFormatter().format(records.kept[0]))["exception"]
    assert "ValueError: odd" in text_formatter().format(records.kept[0])


def test_all_kinds_of_events_are_tried_here() -> None:
    assert len(get_args(Event)) == 13
