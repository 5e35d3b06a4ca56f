"""Reading names, and telling the story of a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from medialib.errors import UsageError
from medialib.naming import parse_name
from medialib_cli.invocation import Invocation, command
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
) -> int:
    """Read release names or paths, and say what was understood and why.

    With --json, one JSON object a line.
    """
    hints: dict[str | None, Literal["episode", "movie"] | None] = {None: None, "episode": "episode", "movie": "movie"}
    if kind not in hints:
        raise UsageError(f"--kind is episode or movie, not {kind!r}")
    for name in names if names else (line.rstrip("\n") for line in sys.stdin):
        parsed = parse_name(name, kind=hints[kind])
        if invocation.as_json:
            import json

            print(json.dumps(parsed.to_dict()))
            continue
        invocation.output.print(parsed)
        for field, value in parsed.to_dict().items():
            if field != "name":
                shown = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
                invocation.output.print(f"  {field:<18} {printable(shown)}", markup=False)
        for reason in parsed.reasons:
            invocation.output.print(f"  why: {printable(reason)}", markup=False)
    return 0


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
        story = library.explain(named, auto_add=auto_add)
    if invocation.as_json:
        print_json(story.to_dict())
    else:
        for line in story.lines():
            invocation.output.print(printable(line), markup=False)
    return 0
