"""How an error ends a command: one clear line, the right exit code, no traceback for what was foreseen."""

from __future__ import annotations

import json
import os
import sys

import typer
from typer._click.exceptions import ClickException

from medialib.errors import Cancelled, ConfigurationError, InvalidPlan, MedialibError, UsageError, UserFacingProblems
from medialib.workflows.apply import say_failure

__all__ = ["exit_code_for"]


def exit_code_for(error: BaseException, *, as_json: bool) -> int:
    """Say what went wrong on standard error (and as JSON on standard output), and return the exit code.

    Anything that was not foreseen is raised again: a traceback is what its author needs.
    """
    match error:
        case typer.Exit():
            return error.exit_code
        case KeyboardInterrupt() | Cancelled() | typer.Abort():
            _say("interrupted", 130, as_json, error)
            return 130
        case ClickException():
            error.show(file=sys.stderr)
            return error.exit_code
        case BrokenPipeError():
            # whoever read our output has left; what it would have said is in the journal
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        case ConfigurationError() | UsageError() | InvalidPlan():
            _say(str(error), 2, as_json, error)
            return 2
        case MedialibError() | OSError():
            _say(say_failure(error), 1, as_json, error)
            return 1
        case _:
            raise error


def _say(text: str, code: int, as_json: bool, error: BaseException) -> None:
    print(f"medialib: {text}", file=sys.stderr)
    if as_json:
        problems = list(error.problems) if isinstance(error, UserFacingProblems) else []
        # a class of our own that nobody can import tells a program nothing: the one above it is documented
        kind = next(each.__name__ for each in type(error).__mro__ if not each.__name__.startswith("_"))
        document = {"error": {"kind": kind, "message": text, "problems": problems}, "exit_code": code}
        print(json.dumps(document, indent=1))
