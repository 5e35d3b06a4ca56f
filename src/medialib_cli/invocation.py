"""What every command shares: options, settings, the library, progress, logs, and an orderly answer to Ctrl-C."""

from __future__ import annotations

import inspect
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

from medialib.config import Settings, load_settings
from medialib.errors import OutOfReach
from medialib.events import Observer, everyone
from medialib.library import Library, Work, open_library
from medialib.observing import JsonFormatter, LogObserver, is_answered, log_remarks, text_formatter
from medialib.planning import Plan, dump_plan
from medialib.routing import Settle
from medialib.workflows.lookup import Ask
from medialib_cli.asking import ask_at, settle_at
from medialib_cli.observers import ProgressObserver
from medialib_cli.render import EXIT_BY_STATE, counted, print_json, show_work, work_document

__all__ = ["AsJson", "Config", "DryRun", "Invocation", "LogFile", "SavePlan", "Verbose", "command"]

Config = Annotated[str | None, typer.Option("--config", "-c", metavar="FILE", help="Configuration file.")]
Verbose = Annotated[int, typer.Option("--verbose", "-v", count=True, help="Say more: -v each step, -vv everything.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")]
LogFile = Annotated[str | None, typer.Option("--log-file", metavar="FILE", help="Append a log to this file.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Print the plan; change nothing, not one byte.")]
SavePlan = Annotated[
    str | None, typer.Option("--save-plan", metavar="FILE", help="Write the plan there instead of applying it.")
]


_EVERYTHING = 2
"""So many -v say all that there is to say, and twice what the answer says as well."""


class LogFileHandler(logging.FileHandler):
    """A log file; once it cannot be written (a full disk), that is said once and the work goes on."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Called by logging when a line could not be written."""
        error = sys.exc_info()[1]
        logging.getLogger("medialib").removeHandler(self)
        print(f"medialib: warning: the log file {self.baseFilename} cannot be written: {error}", file=sys.stderr)


class Output(Console):
    """Standard output; once its reader has left, the rest goes nowhere, and the exit code stays what it is."""

    def on_broken_pipe(self) -> None:
        """Called by rich when the reader of a pipe has left."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Invocation:
    """One call of a command: its options, whether given before or behind the command's name."""

    def __init__(
        self,
        ctx: typer.Context,
        *,
        config: str | None = None,
        verbose: int = 0,
        as_json: bool = False,
        log_file: str | None = None,
    ) -> None:
        given: dict[str, Any] = ctx.obj or {}
        self.config = config or given.get("config")
        self.verbosity: int = verbose + given.get("verbose", 0)
        self.as_json: bool = as_json or given.get("as_json", False)
        self.log_file = log_file or given.get("log_file")
        self._log_level: str | None = given.get("log_level")
        self.cancelled = threading.Event()
        self._asking = False
        self.output = Output(highlight=False, soft_wrap=True, emoji=False)
        self.messages = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
        self._progress = ProgressObserver(self.messages, enabled=False)

    def settings(self) -> Settings:
        """The configuration; what looks odd in it is said on standard error."""
        settings = load_settings(None if self.config is None else Path(self.config), environment=os.environ)
        for warning in settings.warnings:
            self.warn(warning)
        return settings

    def answer(self, verb: str, work: Work, *, applied: bool) -> int:
        """Draw what was planned or done, or print it as JSON; returns the exit code."""
        code = EXIT_BY_STATE[work.state]
        if self.as_json:
            print_json(work_document(verb, work, applied=applied, exit_code=code))
        else:
            show_work(work, self.output, verbosity=self.verbosity, applied=applied)
        return code

    def tell(self, found: RenderableType, document: dict[str, Any], *, attention: bool) -> int:
        """Draw what was found, or print it as JSON; returns the exit code: 3 if it needs attention."""
        code = 3 if attention else 0
        if self.as_json:
            print_json({**document, "exit_code": code})
        else:
            self.output.print(found)
        return code

    def perform(
        self, verb: str, plan: Callable[[Library], Plan], *, dry_run: bool, save_plan: str | None = None
    ) -> int:
        """Make a plan and apply it, or only draw or save it; returns the exit code."""
        applied = not dry_run and save_plan is None
        with self.library(read_only=dry_run) as (library, observer):
            if applied:
                make = partial(plan, library)
                work = library.plan_and_apply(verb, make, observer=observer, cancelled=self.cancelled)
            else:
                work = Work((plan(library),))
            self.finish(work, save_plan)
        return self.answer(verb, work, applied=applied)

    def finish(self, work: Work, save_plan: str | None = None) -> None:
        """Log what was left alone, and save the first plan if that was asked; call it while `library` lasts."""
        log_remarks(work.remarks, work.run)
        if save_plan is not None:
            plan = work.plans[0]
            Path(save_plan).write_text(dump_plan(plan), encoding="ascii")
            self.messages.print(f"{plan.kind}: plan of {counted(len(plan), 'action')} saved to {save_plan}")

    def ask(self) -> Ask | None:
        """How a person is asked; None where there is no terminal, or a machine reads."""
        return None if self.as_json else ask_at(self.messages, quiet=self._quiet)

    def settle(self) -> Settle | None:
        """How a person is asked which of two files to keep; None where there is no terminal, or a machine reads."""
        return None if self.as_json else settle_at(self.messages, quiet=self._quiet)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """No progress is drawn while a question stands, and Ctrl-C is an answer to it."""
        self._asking = True
        self._progress.pause()
        try:
            yield
        finally:
            self._asking = False
            self._progress.resume()

    def warn(self, message: str) -> None:
        """One line on standard error."""
        print(f"medialib: warning: {message}", file=sys.stderr)

    @contextmanager
    def library(
        self, *, read_only: bool, connecting: Collection[str] | None = ()
    ) -> Iterator[tuple[Library, Observer]]:
        """The library and the observer that shows what it does, until the block ends.

        `connecting` names remotes that will be asked at once; None: all of them.

        The first Ctrl-C (or SIGTERM) asks for an orderly stop; the second one interrupts at once.
        """
        settings = self.settings()
        log = LogObserver()
        with (
            self.logs(settings),
            self.signals(),
            open_library(
                settings,
                read_only=read_only,
                connecting=connecting,
                observer=log,
                cancelled=self.cancelled,
            ) as library,
        ):
            show_progress = self.messages.is_terminal and not self.as_json
            with ProgressObserver(self.messages, enabled=show_progress) as progress:
                self._progress = progress
                yield library, everyone(progress, log)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Until the block ends, the first Ctrl-C (or SIGTERM) sets `cancelled`, and the second one interrupts."""

        def stop(number: int, frame: object) -> None:
            if self.cancelled.is_set() or self._asking:
                raise KeyboardInterrupt
            self.cancelled.set()
            print("medialib: stopping in order; once more to stop at once", file=sys.stderr)

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    @contextmanager
    def logs(self, settings: Settings) -> Iterator[None]:
        """Until the block ends, what the library logs goes to the screen, as far as asked, and to the log file."""
        logger = logging.getLogger("medialib")
        levels = {0: logging.WARNING, 1: logging.INFO}
        handlers: list[logging.Handler] = []
        screen = logging.StreamHandler(sys.stderr)
        screen.setLevel((self._log_level or "").upper() or levels.get(self.verbosity, logging.DEBUG))
        screen.setFormatter(logging.Formatter("medialib: %(message)s"))
        if self.verbosity < _EVERYTHING:
            screen.addFilter(lambda record: not is_answered(record))
        handlers.append(screen)
        path = self.log_file or settings.log.file
        if path is not None:
            try:
                file = LogFileHandler(path, encoding="utf-8", errors="backslashreplace", delay=False)
            except OSError as error:
                raise OutOfReach(
                    f"the log file {path} cannot be written: {error.strerror}", remedy="Choose another with --log-file."
                ) from None
            file.setLevel(settings.log.level.upper())
            file.setFormatter(JsonFormatter() if settings.log.format == "json" else text_formatter())
            handlers.append(file)
        logger.setLevel(min(handler.level for handler in handlers))
        logger.propagate = False
        for handler in handlers:
            logger.addHandler(handler)
        try:
            yield
        finally:
            for handler in handlers:
                logger.removeHandler(handler)
                # what a full disk would not take was said when it was written
                with suppress(OSError):
                    handler.close()


def command(function: Callable[..., int]) -> Callable[..., int]:
    """A command that takes the shared options too: its first parameter, `invocation`, is made from them.

    The result has the signature that typer reads: the context, the function's own options, then the shared ones.
    """
    given = inspect.signature(function, eval_str=True)
    own = [parameter for parameter in given.parameters.values() if parameter.name != "invocation"]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (default, annotation) in _SHARED.items()
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)

    def run(ctx: typer.Context, **values: Any) -> int:
        invocation = Invocation(ctx, **{name: values.pop(name) for name in _SHARED})
        return function(invocation, **values)

    run.__name__, run.__doc__, run.__module__ = function.__name__, function.__doc__, function.__module__
    parameters = [context, *own, *shared]
    run.__signature__ = inspect.Signature(parameters, return_annotation=int)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


_SHARED: dict[str, tuple[Any, Any]] = {
    "config": (None, Config),
    "verbose": (0, Verbose),
    "as_json": (False, AsJson),
    "log_file": (None, LogFile),
}
"""The options that every command has: their defaults and types."""
