"""Running on and answering others."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from medialib.errors import UsageError
from medialib.library import open_library
from medialib.observing import LogObserver
from medialib.service import TOOLS, Desk
from medialib_cli.invocation import Invocation, command

__all__ = ["mcp"]


@command
def mcp(
    invocation: Invocation,
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help="Let plans be applied and runs be undone; otherwise it only reads.")
    ] = False,
) -> int:
    """Serve a language model on standard input and output, by the Model Context Protocol (MCP).

    Started by the model's program, which says so in its configuration; ends when that closes standard input.
    """
    try:
        from medialib.service.server import serve_stdio
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed", remedy="Install medialib[mcp].") from None
    settings = invocation.settings()
    opener = partial(open_library, settings, observer=LogObserver())
    with invocation.logs(settings):
        serve_stdio(Desk(lambda only, token: opener(read_only=only, cancelled=token), allow_writes=allow_writes), TOOLS)
    return 0
