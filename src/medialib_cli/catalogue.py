"""The catalogue as a whole: made, migrated, copied, backed up, restored, checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import attrs
import typer

from medialib.catalogue.copying import Summary
from medialib.config import SecretUrl
from medialib.errors import ConfigurationError, UsageError
from medialib.events import Observer, everyone
from medialib.library import administration
from medialib.observing import LogObserver
from medialib_cli.invocation import Invocation, command
from medialib_cli.observers import ProgressObserver
from medialib_cli.render import print_json, printable

__all__ = ["backup", "catalogue"]

catalogue = typer.Typer(no_args_is_help=True, help="Make, migrate, copy, back up, restore or check the catalogue.")


@catalogue.command()
@command
def init(invocation: Invocation) -> int:
    """Make the catalogue that the configuration names, unless it is there already."""
    with _at_work(invocation) as (url, observer):
        opened = administration.initialise(url, observer=observer)
    _answer(invocation, url, "made" if opened.made else "is there already", opened.identity, made=opened.made)
    return 0


@catalogue.command()
@command
def migrate(invocation: Invocation) -> int:
    """Bring an older catalogue up to date, after a backup, whose path is printed; every writing command does so too."""
    with _at_work(invocation) as (url, observer):
        opened = administration.migrate(url, observer=observer)
    step = opened.migrated
    said = "is up to date" if step is None else f"brought up to date from schema {step.before} to {step.revision}"
    lines = () if step is None else (f"backup: {step.backup}",)
    _answer(invocation, url, said, opened.identity, *lines, migrated=None if step is None else attrs.asdict(step))
    return 0


@catalogue.command()
@command
def copy(
    invocation: Invocation,
    to: Annotated[str, typer.Option("--to", metavar="URL", help="Path or address of a catalogue without content.")],
) -> int:
    """Copy everything into another catalogue, of any kind, and prove it by a digest. The configuration stays as it is.

    Prefer PGPASSWORD or ~/.pgpass to a password in the address: others on this machine can see a command line.
    """
    if "://" not in to and to != "memory:":
        to = str(Path(to).expanduser().absolute())
    with _at_work(invocation) as (url, observer), _naming_option("--to"):
        copied = administration.copy(url, to, observer=observer, cancelled=invocation.cancelled)
    there = str(SecretUrl(to))
    following = f'to go on with the copy: set url = "{there}" under [catalogue]'
    lines = (*_contents(copied.summary), following)
    _answer(invocation, url, f"copied to {there}", copied.identity, *lines, to=there, **_document(copied.summary))
    return 0


@catalogue.command()
@command
def backup(
    invocation: Invocation,
    to: Annotated[
        str | None, typer.Option("--to", metavar="PATH", help="File, or folder in which the name gets a time stamp.")
    ] = None,
) -> int:
    """Copy the catalogue, as it is at one moment, into an SQLite file; others may go on writing.

    Goes beside an SQLite catalogue, and for another kind into the user's own folder, unless --to names a place. The
    file has its name only once it was found whole.
    """
    with _at_work(invocation) as (url, observer):
        made = administration.back_up(
            url, None if to is None else Path(to), observer=observer, cancelled=invocation.cancelled
        )
    path = str(made.path)
    lines = _contents(made.summary)
    _answer(invocation, url, f"backed up to {path}", made.identity, *lines, path=path, **_document(made.summary))
    return 0


@catalogue.command()
@command
def restore(
    invocation: Invocation,
    path: Annotated[str, typer.Argument(metavar="PATH", help="A backup, of whatever kind of catalogue.")],
    without_backup: Annotated[
        bool,
        typer.Option("--without-backup", help="Also replace a content on a server that cannot be read any more."),
    ] = False,
) -> int:
    """Put a backup in the place of what the catalogue holds; that is kept, and where is printed."""
    with _at_work(invocation) as (url, observer):
        restored = administration.restore(
            Path(path), url, keep=not without_backup, observer=observer, cancelled=invocation.cancelled
        )
    aside = None if restored.aside is None else str(restored.aside)
    kept = () if aside is None else (f"what it held before: {aside}",)
    lines = (*_contents(restored.summary), *kept)
    said = f"restored from {path}"
    _answer(invocation, url, said, restored.identity, *lines, kept=aside, **_document(restored.summary))
    return 0


@catalogue.command()
@command
def check(invocation: Invocation) -> int:
    """Look for damage by every means, and read every record; nothing is changed. Exit code 3 if something is wrong."""
    with _at_work(invocation) as (url, observer):
        checked = administration.check(url, observer=observer, cancelled=invocation.cancelled)
    summary = {} if checked.summary is None else _document(checked.summary)
    code = 3 if checked.faults else 0
    lines = (*checked.faults, *(() if checked.summary is None else _contents(checked.summary)))
    said = f"is damaged: {len(checked.faults)} faults" if checked.faults else "is sound"
    _answer(invocation, url, said, None, *lines, code=code, faults=list(checked.faults), **summary)
    return code


@catalogue.command()
@command
def info(invocation: Invocation) -> int:
    """Say what the catalogue is and holds, with its digest."""
    with _at_work(invocation) as (url, observer):
        found = administration.describe(url, observer=observer, cancelled=invocation.cancelled)
    latest, writing = found.latest, found.writing
    lines = [f"kind: {found.kind}", *_contents(found.summary)]
    if found.bytes is not None:
        lines.append(f"size: {found.bytes} bytes")
    if latest is not None:
        lines.append(f"latest run: {latest.id} ({latest.verb}, {latest.state})")
    if writing is not None:
        lines.append(f"right to write: {writing.holder} until {writing.until.isoformat()}")
    more: dict[str, Any] = {
        "kind": found.kind,
        "bytes": found.bytes,
        "latest": None if latest is None else {"id": latest.id, "verb": latest.verb, "state": latest.state},
        "writing": None if writing is None else {"holder": writing.holder, "until": writing.until.isoformat()},
    }
    _answer(invocation, url, "", found.identity, *lines, **more, **_document(found.summary))
    return 0


@catalogue.callback()
def _catalogue() -> None:
    """Make, migrate, copy, back up, restore or check the catalogue."""


@contextmanager
def _at_work(invocation: Invocation) -> Iterator[tuple[str, Observer]]:
    """The address of the catalogue, and who is told of what is done, until the block ends; Ctrl-C stops in order."""
    settings = invocation.settings()
    shown = invocation.messages.is_terminal and not invocation.as_json
    with (
        invocation.logs(settings),
        invocation.signals(),
        ProgressObserver(invocation.messages, enabled=shown) as progress,
    ):
        yield settings.catalogue.address.reveal(), everyone(progress, LogObserver())


@contextmanager
def _naming_option(option: str) -> Iterator[None]:
    """What is wrong with an address on the command line is no fault of the configuration."""
    try:
        yield
    except ConfigurationError as error:
        said = "; ".join(problem.removeprefix("catalogue.url: ") for problem in error.problems)
        raise UsageError(f"{option}: {said or error.message}") from error


def _answer(
    invocation: Invocation, url: str, said: str, identity: str | None, *lines: str, code: int = 0, **document: Any
) -> None:
    """One sentence about the catalogue and its details, or all of it as JSON."""
    where = str(SecretUrl(url))
    if invocation.as_json:
        print_json({"catalogue": where, "identity": identity, **document, "exit_code": code})
        return
    invocation.output.print(printable(f"{where} {said}".rstrip()), markup=False)
    for line in (*(() if identity is None else (f"identity: {identity}",)), *lines):
        invocation.output.print(f"  {printable(line)}", markup=False)


def _contents(summary: Summary) -> tuple[str, ...]:
    counts = ", ".join(f"{count} {kind}" for kind, count in summary.counts.items() if count)
    return (f"holds: {counts or 'nothing yet'}", f"digest: {summary.digest}")


def _document(summary: Summary) -> dict[str, Any]:
    return {"digest": summary.digest, "counts": dict(summary.counts)}
