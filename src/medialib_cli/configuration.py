"""The configuration: write a first one, show what holds, check it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from medialib.config import STARTER_CONFIGURATION, settings_to_dict, user_configuration_folder
from medialib.errors import UsageError
from medialib_cli.invocation import Invocation, command
from medialib_cli.render import print_json

__all__ = ["config"]

config = typer.Typer(no_args_is_help=True, help="Write, show or check the configuration.")


@config.command()
@command
def init(
    invocation: Invocation,
    file: Annotated[str | None, typer.Argument(metavar="[FILE]", help="Where; default: the user's own folder.")] = None,
) -> int:
    """Write a commented configuration to start from. A file that is there is never replaced."""
    path = Path(file) if file is not None else user_configuration_folder(os.environ) / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(STARTER_CONFIGURATION)
        path.chmod(0o600)
    except FileExistsError:
        raise UsageError(f"{path} is there already", remedy="Name another file, or edit this one.") from None
    invocation.output.print(f"wrote {path}; edit it, then: medialib config validate", markup=False)
    return 0


@config.command()
@command
def show(invocation: Invocation) -> int:
    """Print every setting that holds, defaults and environment included; secrets stay hidden."""
    settings = invocation.settings()
    document = settings_to_dict(settings)
    if invocation.as_json:
        print_json(document)
        return 0
    invocation.output.print(f"# {settings.source}", markup=False)
    for section, values in document.items():
        for key, value in values.items():
            invocation.output.print(f"{section}.{key} = {value!r}", markup=False)
    return 0


@config.command()
@command
def validate(
    invocation: Invocation,
    file: Annotated[str | None, typer.Argument(metavar="[FILE]", help="Which; default: the one that is used.")] = None,
) -> int:
    """Check the configuration and name every fault at once, with its key path."""
    invocation.config = file or invocation.config
    settings = invocation.settings()
    if invocation.as_json:
        print_json({"file": str(settings.source), "warnings": list(settings.warnings), "exit_code": 0})
    else:
        invocation.output.print(f"{settings.source}: ok", markup=False)
    return 0
