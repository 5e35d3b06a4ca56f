"""The check-up: what works, what does not, and what to do about it."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Annotated

import attrs
import typer

from medialib.errors import OutOfReach
from medialib.library import SystemClock, examine, examine_configuration
from medialib.workflows.doctor import Check, failure, worst
from medialib_cli.invocation import Invocation, command
from medialib_cli.render import print_json, printable

__all__ = ["doctor"]

_LOGGER = logging.getLogger("medialib")
_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red", "skipped": "dim"}
_LEVELS = {"ok": logging.INFO, "skipped": logging.INFO, "warning": logging.WARNING, "failed": logging.ERROR}


@command
def doctor(
    invocation: Invocation,
    write_test: Annotated[
        bool, typer.Option("--write-test", help="Make, rename and remove a small file in each local folder.")
    ] = False,
    seconds: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Give up on a check after so long.")
    ] = 60,
) -> int:
    """Check everything the configuration names, and say what is wrong and what to do about it.

    Python, configuration, permissions, catalogue, folders, disks, every remote with its host key, login, folders and
    clock, and each metadata provider. Nothing is changed. Exit code 3 if a check failed; warnings are no failure.
    """
    named = None if invocation.config is None else Path(invocation.config)
    settings, checks = examine_configuration(named, os.environ)
    found: list[Check] = []
    more: Iterable[Check] = ()
    with ExitStack() as stack:
        if settings is not None:
            try:
                stack.enter_context(invocation.logs(settings))
            except OutOfReach as error:
                checks = (*checks, failure("log file", error))
            stack.enter_context(invocation.signals())
            clock, cancelled = SystemClock(), invocation.cancelled
            more = examine(settings, clock=clock, cancelled=cancelled, write_test=write_test, seconds=seconds)
        for check in chain(checks, more):
            found.append(check)
            _tell(check, invocation)
    code = 2 if settings is None else 3 if worst(found) == "failed" else 0
    counts: Counter[str] = Counter(check.state for check in found)
    if invocation.as_json:
        print_json({"checks": [attrs.asdict(check) for check in found], "counts": dict(counts), "exit_code": code})
    else:
        said = ", ".join(f"[{_COLOURS[state]}]{counts[state]} {state}[/]" for state in _COLOURS if counts[state])
        invocation.output.print(f"{len(found)} checks: {said}")
    return code


def _tell(check: Check, invocation: Invocation) -> None:
    """Log a check, and draw it as soon as it is known, for some take long."""
    finding = printable(check.finding)
    _LOGGER.log(_LEVELS[check.state], "%s: %s", check.subject, finding, extra={"medialib_answered": True})
    if not invocation.as_json:
        took = "" if check.seconds is None else f" ({check.seconds:.2f} s)"
        invocation.output.print(attrs.evolve(check, subject=printable(check.subject), finding=finding + took))
