"""The command ``medialib``: a lazy group, so that help and completion load nothing but typer.

Exit codes: 0 all done; 1 failed; 2 wrong usage or configuration; 3 done in part, or something needs attention;
130 interrupted.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any, Literal, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["COMMANDS", "EXIT_CODES", "Entry", "app", "load_command", "main"]

EXIT_CODES = {
    0: "everything that was asked for is done (or there was nothing to do)",
    1: "it failed: nothing was done, nothing of it succeeded, or only what `medialib history` lists",
    2: "the command line or the configuration is wrong; nothing was done",
    3: "done in part: something failed, was refused or needs your attention, and is named",
    130: "interrupted; what was begun is whole, or is resumed by the next run",
}
"""What an exit code means."""


class Entry(NamedTuple):
    """Where a command lives, known without importing it."""

    module: str
    """Module of `medialib_cli`."""
    name: str
    """Function or `typer.Typer` in it."""
    help: str
    """One line for the list of commands."""
    hidden: bool = False
    """Whether it is another spelling that the list leaves out."""


COMMANDS: dict[str, Entry] = {
    "sync": Entry("main_job", "sync", "Fetch what is new and put it where it belongs: the main job."),
    "download": Entry("main_job", "download", "Fetch what is new on the remotes into the incoming folder."),
    "route": Entry("main_job", "route", "Move what is in the incoming folder to where it belongs."),
    "release": Entry("release", "release", "Let go, on the remotes, of what is proven to stand in the library."),
    "bootstrap": Entry("bootstrap", "bootstrap", "Take note of what is there already."),
    "shows": Entry("shows", "shows", "Enter and correct shows as metadata providers describe them."),
    "providers": Entry("providers", "providers", "List who is asked about titles; make the index of IMDb's."),
    "library": Entry("library", "library", "Look after what stands in the library."),
    "catalogue": Entry("catalogue", "catalogue", "Make, migrate, copy, back up, restore or check the catalogue."),
    "plan": Entry("plans", "plan", "Show or apply a saved plan."),
    "undo": Entry("plans", "undo", "Take the last run back, or a named one."),
    "history": Entry("plans", "history", "List past runs, or what one of them did."),
    "parse": Entry("names", "parse", "Read release names and say what was understood."),
    "explain": Entry("names", "explain", "Tell why a file is where it is, or would go where it would go."),
    "config": Entry("configuration", "config", "Write, show, check or migrate the configuration."),
    "doctor": Entry("doctor", "doctor", "Check the configuration, remotes, disks and the catalogue; change nothing."),
    "mcp": Entry("service", "mcp", "Serve a language model: the Model Context Protocol on standard input and output."),
    "demo": Entry("demo", "demo", "Watch it work on a sample remote in a temporary folder: no key, no network."),
    "download-from-remote": Entry("main_job", "download", "Another spelling of download.", hidden=True),
    "route-files": Entry("main_job", "route", "Another spelling of route.", hidden=True),
    "fix-show": Entry("shows", "fix", "Another spelling of shows fix.", hidden=True),
    "add-show": Entry("shows", "add", "Another spelling of shows add.", hidden=True),
    "backup-db": Entry("catalogue", "backup", "Another spelling of catalogue backup.", hidden=True),
    "bootstrap-downloads": Entry("bootstrap", "downloads", "Another spelling of bootstrap downloads.", hidden=True),
    "bootstrap-tv-shows": Entry("bootstrap", "shows", "Another spelling of bootstrap shows.", hidden=True),
    "bootstrap-shows": Entry("bootstrap", "shows", "Another spelling of bootstrap shows.", hidden=True),
    "bootstrap-episodes": Entry("bootstrap", "episodes", "Another spelling of bootstrap episodes.", hidden=True),
    "bootstrap-movies": Entry("bootstrap", "movies", "Another spelling of bootstrap movies.", hidden=True),
    "bootstrap-inventory": Entry("bootstrap", "inventory", "Another spelling of bootstrap inventory.", hidden=True),
}
"""Every command of the top level."""


def load_command(name: str) -> Any:
    """The real command of that name, imported now."""
    entry = COMMANDS[name]
    found = getattr(import_module(f"medialib_cli.{entry.module}"), entry.name)
    if isinstance(found, typer.Typer):
        # not get_command, which would offer completion of the shell at every group
        group = typer.main.get_group(found)
        group.name = name
        return group
    single = typer.Typer(add_completion=False)
    single.command(name=name, help=found.__doc__ or entry.help)(found)
    command = typer.main.get_command(single)
    command.name = name
    return command


class LazyGroup(TyperGroup):
    """Lists its commands from `COMMANDS`, and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What the list of commands needs to know; the real command once it was called."""
        if cmd_name in self.commands or cmd_name not in COMMANDS:
            return self.commands.get(cmd_name)
        entry = COMMANDS[cmd_name]
        return TyperCommand(name=cmd_name, help=entry.help, short_help=entry.help, hidden=entry.hidden)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command that is called, and resolve it."""
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = load_command(args[0])
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"medialib {version('medialib')}")
        raise typer.Exit


def _older(names: str, text: str, metavar: str | None = None) -> Any:
    """A flag of an older program: taken, and left out of the help."""
    return typer.Option(names, help=text, metavar=metavar, hidden=True)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    config: Annotated[str | None, typer.Option("--config", "-c", metavar="FILE", help="Configuration file.")] = None,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Say more: -v each step, -vv everything.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")] = False,
    log_file: Annotated[
        str | None, typer.Option("--log-file", metavar="FILE", help="Append a log of everything to this file.")
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        typer.Option("--log-level", "--logging-level", help="Print log messages of this level and above."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    download: Annotated[bool, _older("-d", "download")] = False,
    route: Annotated[bool, _older("-r", "route")] = False,
    refresh: Annotated[bool, _older("--full-sftp-table-refresh", "bootstrap downloads")] = False,
    create_show: Annotated[str | None, _older("--create-show", "shows add", "NAME")] = None,
    search_show: Annotated[str | None, _older("--search-show", "shows search --provider", "NAME")] = None,
    update_show: Annotated[tuple[str, int] | None, _older("--update-show", "shows fix --tvdb-id", "SHOW TVDB")] = None,
    update_episodes: Annotated[str | None, _older("--update-episodes", "shows update --episodes", "SHOW")] = None,
    update_all: Annotated[bool, _older("--update-all-episodes", "shows update --episodes --all")] = False,
    dry_run: Annotated[bool, _older("--dry-run", "with one of the flags above")] = False,
) -> None:
    """Fetch, understand and shelve films, series and anime on disks of your own.

    Everything is planned before it is done (-n shows the plan), journalled while it is done, and can be undone.
    """
    ctx.obj = {
        "config": config,
        "verbose": verbose,
        "as_json": as_json,
        "log_file": log_file,
        "log_level": log_level,
    }
    older = (download, route, refresh, create_show, search_show, update_show, update_episodes, update_all)
    if any(older) or dry_run:
        from medialib_cli.older_flags import OlderFlags, command_of

        words = command_of(OlderFlags(*older), before=ctx.invoked_subcommand, dry_run=dry_run)
        group: Any = ctx.command
        with group.make_context(ctx.info_name, [*_shared(ctx.obj), *words]) as inner:
            code = group.invoke(inner)
        raise typer.Exit(code if isinstance(code, int) else 0)
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def _shared(given: dict[str, Any]) -> list[str]:
    """Options that every command has, as words again."""
    named = {"config": "--config", "log_file": "--log-file", "log_level": "--log-level"}
    words = [word for name, option in named.items() if given[name] for word in (option, given[name])]
    return [*words, *["-v"] * given["verbose"], *(["--json"] if given["as_json"] else [])]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # a name that the terminal's encoding lacks is spelt out; what was done must never end in a traceback
            stream.reconfigure(errors="backslashreplace")
    command = typer.main.get_command(app)
    try:
        code = command.main(args=words, prog_name="medialib", standalone_mode=False)
    except BaseException as error:  # noqa: BLE001 - every end of a command passes here
        from medialib_cli.failures import exit_code_for

        code = exit_code_for(error, as_json="--json" in words)
    if arguments is None:
        # What is left is let go with the process: looking through all of it for cycles first takes a fifth of a second.
        gc.freeze()
    sys.exit(code if isinstance(code, int) else 0)
