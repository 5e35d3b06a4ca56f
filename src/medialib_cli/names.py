"""Reading names, and telling the story of a file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Literal, TextIO

import typer

from medialib.errors import OutOfReach, UsageError
from medialib.library import explain as explain_subject
from medialib.naming import parse_names
from medialib_cli.invocation import Invocation, command
from medialib_cli.readings import show_reading, show_tree
from medialib_cli.render import print_json, printable

__all__ = ["explain", "parse"]


@command
def parse(
    invocation: Invocation,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Names; none: one a line from input.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="episode|movie", help="What they are known to be.")
    ] = None,
    tree: Annotated[
        str | None, typer.Option("--tree", metavar="FOLDER", help="Read the names of all files below a folder.")
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option("--executor", metavar="WHO", help="Who reads: processes:N or dask://host."),
    ] = None,
) -> int:
    """Read release names or paths, and say what was understood and why.

    From input, one name a line; empty lines are passed over. With --json, one JSON object a line. With --tree, the
    files below a folder, by folder.
    """
    hints: dict[str | None, Literal["episode", "movie"] | None] = {None: None, "episode": "episode", "movie": "movie"}
    if kind not in hints:
        raise UsageError(f"--kind is episode or movie, not {kind!r}")
    if tree is not None and names:
        raise UsageError("--tree reads the names below a folder, and no others")
    given = _files_below(Path(tree)) if tree is not None else names if names else _lines(sys.stdin)
    with _workers(executor) as workers:
        read = parse_names(given, kind=hints[kind], executor=workers)
        if invocation.as_json:
            for parsed in read:
                sys.stdout.write(json.dumps(parsed.to_dict()) + "\n")
        elif tree is not None:
            show_tree(tree, read, invocation.output)
        else:
            for parsed in read:
                show_reading(parsed, invocation.output)
    return 0


def _workers(chosen: str | None) -> AbstractContextManager[Executor | None]:
    if chosen is None:
        return nullcontext()
    from medialib.executors import open_executor  # loads what most readings do without

    return open_executor(chosen)


def _lines(source: TextIO | None) -> Iterator[str]:
    """The names in an input, one a line; lines without one, and an input that was closed, have none."""
    for line in source or ():
        if name := line.rstrip("\r\n"):
            yield name


def _files_below(folder: Path) -> Iterator[str]:
    """The paths of all files below a folder, relative to it, folder by folder."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder")

    def fail(error: OSError) -> None:
        raise OutOfReach(f"{error.filename}: {error.strerror}", remedy="Check owner and mode of the folder.")

    for here, folders, files in os.walk(folder, onerror=fail):
        folders.sort()
        for name in sorted(files):
            yield str((Path(here) / name).relative_to(folder))


@command
def explain(
    invocation: Invocation,
    subject: Annotated[
        str, typer.Argument(metavar="PATH|TITLE", help="A file, a place (tv:…, seedbox:…), or a title.")
    ],
    auto_add: Annotated[
        bool, typer.Option("--auto-add", help="Look up a name that the catalogue does not know, and tell every score.")
    ] = False,
) -> int:
    """Tell the whole story of a file: read how, matched with what, routed why, and what the journal says of it."""
    with invocation.library(read_only=True) as (library, _):
        named = str(Path(subject).absolute()) if Path(subject).exists() else subject
        story = explain_subject(library, named, auto_add=auto_add)
    if invocation.as_json:
        print_json(story.to_dict())
    else:
        for line in story.lines():
            invocation.output.print(printable(line), markup=False)
    return 0
