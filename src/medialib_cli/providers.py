"""Who is asked about titles: which providers there are, and IMDb's index on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import attrs
import typer
from rich.table import Table
from rich.text import Text

from medialib.config import Settings
from medialib.errors import UsageError
from medialib.events import Observer, everyone
from medialib.library import make_imdb_index, provider_states
from medialib.observing import LogObserver
from medialib.providers.imdb_import import ImdbImport
from medialib_cli.invocation import Invocation, command
from medialib_cli.observers import ProgressObserver
from medialib_cli.render import counted, print_json, printable

__all__ = ["providers"]

providers = typer.Typer(no_args_is_help=True, help="List who can be asked about titles; make the index of IMDb's.")
imdb = typer.Typer(no_args_is_help=True, help="The index of IMDb's titles on this machine.")
providers.add_typer(imdb, name="imdb")


@providers.command("list")
@command
def list_providers(invocation: Invocation) -> int:
    """List the metadata providers: which are asked, in which order, and what each wants. Nobody is asked anything."""
    states = provider_states(invocation.settings(), os.environ)
    if invocation.as_json:
        print_json({"providers": [attrs.asdict(state) for state in states], "exit_code": 0})
        return 0
    table = Table("asked", "provider", "films", "state", box=None, pad_edge=False)
    for state in states:
        turn = "" if state.turn is None else f"{state.turn}."
        cells = (turn, state.name, "yes" if state.movies else "no", state.finding)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    invocation.output.print(table)
    return 0


@imdb.command("import")
@command
def import_index(
    invocation: Invocation,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE|FOLDER]...", help="IMDb's files, packed or not.")
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch them from IMDb first: about 1 GB, for non-commercial use only.")
    ] = False,
) -> int:
    """Make the index of IMDb's titles, from its own files (title.basics.tsv.gz and others), or make it anew.

    The index that is there serves until the new one is finished. What was broken off begins again when it is called
    again; what was fetched by then is not fetched twice.
    """
    if bool(files) == download:
        raise UsageError("it wants IMDb's files or their folder, or else --download", remedy="Name one of the two.")
    with _at_work(invocation) as (settings, observer):
        done = make_imdb_index(settings, os.environ, files or None, observer=observer, cancelled=invocation.cancelled)
    return _answer(invocation, done)


@contextmanager
def _at_work(invocation: Invocation) -> Iterator[tuple[Settings, Observer]]:
    settings = invocation.settings()
    shown = invocation.messages.is_terminal and not invocation.as_json
    with (
        invocation.logs(settings),
        invocation.signals(),
        ProgressObserver(invocation.messages, enabled=shown) as progress,
    ):
        yield settings, everyone(progress, LogObserver())


def _answer(invocation: Invocation, done: ImdbImport) -> int:
    """What the index holds now, and what had to be left out: then not all was done that was asked for."""
    index, code = done.index, 3 if done.refused else 0
    if invocation.as_json:
        told = {"path": str(index.path), "made": index.made.isoformat(), "counts": dict(index.counts)}
        print_json({"index": told, "read": dict(done.read), "refused": dict(done.refused), "exit_code": code})
        return code
    invocation.output.print(printable(f"{index.path} holds {index.listed}"), markup=False)
    for name, count in done.refused.items():
        invocation.output.print(f"  {name}: {counted(count, 'line')} not in its form, left out", markup=False)
    return code
