"""The configuration: write a first one, show what holds, check it, bring an older program's into our form."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from medialib.config import (
    STARTER_CONFIGURATION,
    NativeForm,
    Settings,
    migrate_configuration,
    native_form,
    settings_to_dict,
    user_configuration_folder,
    write_migration,
)
from medialib.errors import UsageError
from medialib_cli.invocation import Invocation, command
from medialib_cli.render import print_json

__all__ = ["config"]

config = typer.Typer(no_args_is_help=True, help="Write, show, check or migrate the configuration.")


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
    invocation.output.print(f"# {_named(settings)}", markup=False)
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
        document = {"file": str(settings.source), "dialect": settings.dialect, "warnings": list(settings.warnings)}
        print_json({**document, "exit_code": 0})
    else:
        invocation.output.print(f"{_named(settings)}: ok", markup=False)
    return 0


@config.command()
@command
def migrate(
    invocation: Invocation,
    file: Annotated[str | None, typer.Argument(metavar="[FILE]", help="Which; default: the one that is used.")] = None,
    form: Annotated[
        NativeForm | None,
        typer.Option("--format", metavar="toml|yaml", help="Which form; default: as OUT ends, or toml."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="OUT", help="Write a new file instead of printing.")
    ] = None,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Write keys in the clear, in place of ${VARIABLES}.")
    ] = False,
) -> int:
    """Print the configuration of an older program in medialib's own form, with what each key came of."""
    source = file or invocation.config
    target = None if output is None else Path(output)
    migration = migrate_configuration(
        None if source is None else Path(source),
        environment=os.environ,
        form=native_form(target, form),
        with_secrets=with_secrets,
    )
    if target is not None:
        write_migration(migration, target)
    for warning in migration.warnings:
        invocation.warn(warning)
    for name, key in migration.variables.items():
        invocation.messages.print(f"set {name} to what {key} is in {migration.source}", markup=False)
    if invocation.as_json:
        document = {"file": str(migration.source), "dialect": migration.dialect, "format": migration.form}
        rest = {"variables": dict(migration.variables), "warnings": list(migration.warnings), "exit_code": 0}
        print_json({**document, "text": migration.text, "output": output, **rest})
    elif target is not None:
        invocation.output.print(f"wrote {target}; check it with: medialib config validate {target}", markup=False)
    else:
        print(migration.text, end="")
    return 0


def _named(settings: Settings) -> str:
    """The file of a configuration, and the older program whose form it has."""
    return f"{settings.source}" + (f" (a configuration of {settings.dialect})" if settings.dialect else "")
