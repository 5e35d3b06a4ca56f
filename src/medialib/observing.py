"""Observers that keep a record of what happens: lines of a log, and JSON for machines.

An event becomes a record of the standard logger ``medialib`` by `LogObserver`, from where it goes wherever the program
that uses this library sends its logs; `text_formatter` and `JsonFormatter` write the lines of a file.
`JsonLinesObserver` needs no logging: it writes every event to a stream.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import attrs

from medialib.events import (
    ActionFinished,
    ActionStarted,
    CatalogueMigrated,
    Event,
    FileHashed,
    HashingStarted,
    LocationWalked,
    Noted,
    PlanFinished,
    PlanStarted,
    Waiting,
)
from medialib.planning import Remark

__all__ = [
    "JsonFormatter",
    "JsonLinesObserver",
    "LogObserver",
    "event_document",
    "event_line",
    "is_answered",
    "log_remarks",
    "text_formatter",
]

# As libraries do: what is said reaches the handlers of the program, and nobody's screen where it has none.
logging.getLogger("medialib").addHandler(logging.NullHandler())

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
_ENDINGS: Final = {"done": logging.DEBUG, "skipped": logging.WARNING, "failed": logging.ERROR}
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def event_document(event: Event) -> dict[str, Any]:
    r"""An event as plain data: its name in ``event``, then its fields.

    >>> from medialib.events import BytesMoved
    >>> event_document(BytesMoved("f1", 7))
    {'event': 'bytes_moved', 'action': 'f1', 'count': 7}
    >>> event_document(Noted("left alone"))["place"] is None
    True
    """
    return {"event": _WORD.sub("_", type(event).__name__).lower(), **attrs.asdict(event)}


def event_line(event: Event) -> tuple[int, str] | None:
    r"""The level (as in `logging`) and the text by which a log tells of an event: one line that any stream can take.

    Control characters and undecodable bytes of names are spelt out, so that no name can forge a line of its own. None
    for what comes too often to be told: bytes that move, listings that are not at their end.

    >>> event_line(ActionFinished("f1", "failed", "the disk is full"))
    (40, 'f1: failed: the disk is full')
    >>> event_line(Noted("a\nb\udcff"))
    (20, 'a\\nb\\udcff')
    >>> event_line(LocationWalked("seedbox", "", files=500, done=False)) is None
    True
    """
    match event:
        case LocationWalked(done=True):
            level, text = logging.INFO, f"listed {event.location}:{event.path}, {event.files} files"
        case PlanStarted():
            level, text = logging.INFO, f"run {event.run}: {event.actions} actions, {event.bytes} bytes to carry"
        case ActionStarted():
            level, text = logging.INFO, f"{event.action}: {event.summary}"
        case ActionFinished():
            detail = f": {event.detail}" if event.detail else ""
            level, text = _ENDINGS[event.result], f"{event.action}: {event.result}{detail}"
        case PlanFinished():
            text = f"run {event.run}: {event.done} done, {event.failed} failed, {event.skipped} skipped"
            level = logging.INFO
        case HashingStarted():
            level, text = logging.INFO, f"reading {event.files} files, {event.bytes} bytes"
        case FileHashed():
            level, text = logging.DEBUG, f"{event.place}: {event.state}"
        case Waiting():
            level, text = logging.WARNING, f"waiting for {event.what} ({event.holder})"
        case CatalogueMigrated():
            text = f"{event.where} brought up to date from schema {event.before} to {event.revision}"
            level, text = logging.INFO, f"{text}; backup at {event.backup}"
        case Noted():
            place = f"{event.place}: " if event.place is not None else ""
            level, text = _LEVELS[event.level], f"{place}{event.message}"
        case _:
            return None
    return level, _printable(text)


class LogObserver:
    """Writes what happens to a logger, with the run that it belongs to.

    Failures are errors; what was skipped, and waiting, are warnings; steps are info, and their good end is debug. Each
    record carries the event (``medialib_event``) and the run's identifier (``medialib_run``; None outside a run). May
    be called from several threads.

    >>> LogObserver()(Noted("a quiet word", level="debug"))
    """

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logging.getLogger("medialib") if logger is None else logger
        self._run: str | None = None

    def __call__(self, event: Event) -> None:
        """Log `event`."""
        if isinstance(event, PlanStarted):
            self._run = event.run
        # a failed action is part of what a command, or a `Report`, answers in the end
        _log(self._logger, event, self._run, answered=isinstance(event, ActionFinished))
        if isinstance(event, PlanFinished):
            self._run = None


def log_remarks(remarks: Iterable[Remark], run: str | None = None, logger: logging.Logger | None = None) -> None:
    """Log what a plan left alone and why: as a warning where it needs somebody's attention, else as debug.

    `run` is the run that the plan was part of, if it was applied.
    """
    told = logging.getLogger("medialib") if logger is None else logger
    for remark in remarks:
        event = Noted(f"{remark.kind}: {remark.reason}", remark.place, "warning" if remark.needs_attention else "debug")
        _log(told, event, run, answered=True)


def is_answered(record: logging.LogRecord) -> bool:
    """Whether a command's own answer will say the same: such a record is for a file, and not for the screen as well.

    >>> is_answered(logging.makeLogRecord({"msg": "the disk is full"}))
    False
    """
    return bool(getattr(record, "medialib_answered", False))


class JsonLinesObserver:
    r"""Writes one JSON object a line for each event: ``time`` (UTC), ``event``, ``run`` where known, then its fields.

    Names that are not valid text survive as escapes. A stream that cannot be written (a full disk, a pipe whose reader
    has left) never breaks what is observed: the first failure is kept in `failure`, and nothing more is written.
    `skip` are names of events to leave out, such as ``bytes_moved``. May be called from several threads.

    >>> import io
    >>> stream = io.StringIO()
    >>> observer = JsonLinesObserver(stream, now=lambda: datetime(2024, 5, 17, 12, tzinfo=UTC))
    >>> observer(ActionStarted("f1", "fetch a\udcff.mkv", 7))
    >>> print(stream.getvalue(), end="")
    {"time": "2024-05-17T12:00:00.000Z", "event": "action_started", "action": "f1", "summary": "fetch a\udcff.mkv", ...}
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        skip: Iterable[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.failure: OSError | ValueError | None = None
        """Why nothing is written any more; None while all is well."""
        self._stream = stream
        self._skip = frozenset(skip)
        self._now = now
        self._run: str | None = None
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Write `event`."""
        document = event_document(event)
        with self._lock:
            if isinstance(event, PlanStarted):
                self._run = event.run
            if self.failure is None and document["event"] not in self._skip:
                known = {} if self._run is None else {"run": self._run}
                try:
                    self._stream.write(_json({"time": _stamp(self._now()), **known, **document}) + "\n")
                    self._stream.flush()
                except (OSError, ValueError) as error:  # ValueError: it was closed
                    self.failure = error
            if isinstance(event, PlanFinished):
                self._run = None


class JsonFormatter(logging.Formatter):
    """Formats log records as JSON, one object a line.

    Each has ``time`` (UTC), ``level``, ``logger``, ``message`` and, where known, ``run``; a record of an event has its
    ``event`` and fields besides, an exception its ``exception``. Names that are not valid text survive as escapes.

    >>> record = logging.makeLogRecord({"name": "medialib", "levelname": "INFO", "msg": "hello", "created": 0.0})
    >>> print(JsonFormatter().format(record))
    {"time": "1970-01-01T00:00:00.000Z", "level": "info", "logger": "medialib", "message": "hello"}
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`."""
        document: dict[str, Any] = {
            "time": _stamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        run = getattr(record, "medialib_run", None)
        if run is not None:
            document["run"] = run
        event = getattr(record, "medialib_event", None)
        if event is not None:
            # what a note says is its message; its place follows
            document |= {key: value for key, value in event_document(event).items() if key not in ("message", "level")}
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return _json(document)


class _TextFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        run = getattr(record, "medialib_run", None)
        # set on every record, since a format cannot leave a field out
        record.medialib_where = "" if run is None else f" [{_printable(run)}]"
        return super().format(record)


def text_formatter() -> logging.Formatter:
    """A formatter for lines that people read: UTC time, level, run where known, message.

    >>> print(text_formatter().format(logging.makeLogRecord({"levelname": "INFO", "msg": "hello", "created": 0.0})))
    1970-01-01T00:00:00Z INFO hello
    """
    return _TextFormatter("%(asctime)sZ %(levelname)s%(medialib_where)s %(message)s", "%Y-%m-%dT%H:%M:%S")


def _printable(text: str) -> str:
    # the stream of somebody's log may be strict: a name in it must not be what a run fails over
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


def _log(logger: logging.Logger, event: Event, run: str | None, *, answered: bool) -> None:
    line = event_line(event)
    if line is not None:
        level, text = line
        known = {"medialib_run": run, "medialib_event": event, "medialib_answered": answered}
        logger.log(level, "%s", text, extra=known)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _json(document: dict[str, Any]) -> str:
    # ASCII: lone surrogates, which carry undecodable names, are written as escapes and read back as they were
    return json.dumps(document, ensure_ascii=True)
