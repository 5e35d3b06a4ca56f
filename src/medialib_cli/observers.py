"""Who is told of what happens at a terminal: a progress bar. Logs are the library's: `medialib.observing`."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

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

__all__ = ["ProgressObserver"]


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

    def pause(self) -> None:
        """Draw nothing until `resume`."""
        self._progress.stop()

    def resume(self) -> None:
        """Draw again."""
        self._progress.start()

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
            case HashingStarted():
                progress.reset(self._total, total=event.bytes or None, visible=True, description="reading")
            case FileHashed():
                progress.update(self._total, description=str(event.place)[-70:])
            case RecordsRead():
                described = f"{event.purpose}: {event.records} records"
                progress.update(self._listing, description=described, visible=not event.done)
            case BytesFetched():
                whole = "" if event.total is None else f" of {event.total / 1e6:.0f}"
                described = f"fetching {event.what}: {event.bytes / 1e6:.0f}{whole} MB"
                progress.update(self._listing, description=described, visible=not event.done)
            case Waiting() | ActionFinished() | CatalogueMigrated() | Noted():
                return
