"""Looking after what stands in the library."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from medialib.errors import UsageError
from medialib.planning import unstructure
from medialib.workflows.verify import BROKEN, FileState, Verified
from medialib_cli.invocation import Invocation, command
from medialib_cli.render import counted, print_json, printable

__all__ = ["library"]

_COLOURS: dict[FileState, str] = {
    "whole": "green",
    "unproven": "dim",
    "changed": "yellow",
    "corrupt": "red",
    "missing": "red",
    "unreadable": "red",
}

library = typer.Typer(no_args_is_help=True, help="Look after what stands in the library.")


@library.command("verify")
@command
def verify(
    invocation: Invocation,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="File or folder, in full or as location:path (tv:Show/Season 01)."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything in the library and in incoming.")] = False,
    remote: Annotated[
        bool, typer.Option("--remote", help="Also ask the remotes what their own copies come to, where they tell.")
    ] = False,
) -> int:
    """Read files and say of each whether it is what it was: by its name, the remote, what was received, the inventory.

    Names the first place on its way where its bytes were others. Nothing is changed. Exit code 3 if something is
    corrupt, changed, missing or unreadable.
    """
    if bool(paths) == everything:
        raise UsageError("say what to verify", remedy="Name files or folders, or give --all.")
    found: list[Verified] = []
    with invocation.library(read_only=True) as (opened, observer):
        for each in opened.verify(
            None if everything else paths, remotes=remote, observer=observer, cancelled=invocation.cancelled
        ):
            found.append(each)
            _tell(each, invocation)
    counts = Counter(each.state for each in found)
    code = 3 if BROKEN.intersection(counts) else 0
    if invocation.as_json:
        print_json({"files": [_document(each) for each in found], "counts": dict(counts), "exit_code": code})
    else:
        said = ", ".join(f"[{_COLOURS[state]}]{counts[state]} {state}[/]" for state in _COLOURS if counts[state])
        invocation.output.print(counted(len(found), "file") + (f": {said}" if said else ""))
    return code


@library.callback()
def _library() -> None:
    """Look after what stands in the library."""


def _tell(verified: Verified, invocation: Invocation) -> None:
    """Draw what is wrong as soon as it is known; with -v every file, with its chain."""
    if invocation.as_json or (verified.state not in BROKEN and not invocation.verbosity and not verified.notes):
        return
    state = f"[{_COLOURS[verified.state]}]{verified.state}[/]"
    invocation.output.print(f"  {state} ", end="")
    invocation.output.print(printable(str(verified).removeprefix(f"{verified.state} ")), markup=False)
    if invocation.verbosity:
        for facts in verified.chain.hops:
            invocation.output.print(f"      {printable(str(facts))}", markup=False)


def _document(verified: Verified) -> dict[str, Any]:
    broken = verified.broken
    return {
        "place": unstructure(verified.place),
        "state": verified.state,
        "broken": None if broken is None else {"hop": broken.hop, "evidence": broken.evidence},
        "hops": [
            {
                "hop": facts.hop,
                "digests": {digest.algorithm: digest.value for digest in facts.digests},
                "size": facts.size,
                "source": facts.source,
            }
            for facts in verified.chain.hops
        ],
        "notes": list(verified.notes),
    }
