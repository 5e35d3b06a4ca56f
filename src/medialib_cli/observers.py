"""Who is told of what happens: a progress bar on a terminal, and the log."""

from __future__ import annotations

import logging
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

from medialib.events import (
    ActionFinished,
    ActionStarted,
    BytesMoved,
    Event,
    LocationWalked,
    Noted,
    PlanFinished,
    PlanStarted,
    Waiting,
)

__all__ = ["ProgressObserver", "log_observer"]

_LOGGER = logging.getLogger("medialib")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


class ProgressObserver:
    """Draws listings and transfers while they go on; silent where it is not enabled."""

    def __init__(self, console: Console, *, enabled: bool) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            transient=True,
            disable=not enabled,
        )
        self._listing = self._progress.add_task("", visible=False, total=None)
        self._total = self._progress.add_task("", visible=False, total=None)

    def __enter__(self) -> ProgressObserver:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Redraw what `event` changes."""
        progress = self._progress
        match event:
            case LocationWalked():
                progress.update(
                    self._listing,
                    description=f"listing {event.location}: {event.files} files",
                    visible=not event.done,
                )
            case PlanStarted():
                progress.reset(self._total, total=event.bytes or None, visible=True, description="working")
            case ActionStarted():
                progress.update(self._total, description=event.summary[:70])
            case BytesMoved():
                progress.advance(self._total, event.count)
            case PlanFinished():
                progress.update(self._total, visible=False)
            case Waiting() | ActionFinished() | Noted():
                return


def log_observer(event: Event) -> None:
    """Write what happened to the logger ``medialib``."""
    match event:
        case LocationWalked(done=True):
            _LOGGER.info("listed %s:%s, %d files", event.location, event.path, event.files)
        case PlanStarted():
            _LOGGER.info("run %s: %d actions, %d bytes to carry", event.run, event.actions, event.bytes)
        case ActionStarted():
            _LOGGER.info("%s: %s", event.action, event.summary)
        case ActionFinished():
            # failures are part of a command's own answer: the log repeats them, the screen does not
            level = logging.DEBUG if event.result == "done" else logging.INFO
            _LOGGER.log(level, "%s: %s%s", event.action, event.result, f": {event.detail}" if event.detail else "")
        case PlanFinished():
            _LOGGER.info("run %s: %d done, %d failed, %d skipped", event.run, event.done, event.failed, event.skipped)
        case Waiting():
            _LOGGER.warning("waiting for %s (%s)", event.what, event.holder)
        case Noted():
            place = f"{event.place}: " if event.place is not None else ""
            _LOGGER.log(_LEVELS[event.level], "%s%s", place, event.message)
        case LocationWalked() | BytesMoved():
            return
