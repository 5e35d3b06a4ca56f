"""Looking after what stands in the library."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from medialib.errors import MedialibError, UsageError
from medialib.library import Library, keep_verification, shared_verification, verification_of, verify_files
from medialib.library.care import verify_quickly
from medialib.planning import unstructure
from medialib.workflows.verifications import Verification
from medialib.workflows.verified import BROKEN, FileState, FoundBroken, RunReport, Verified, run_report
from medialib_cli.care import duplicates, missing, new_seasons, rename, stale, stats
from medialib_cli.invocation import Invocation, command
from medialib_cli.recycle import recycle
from medialib_cli.render import counted, print_json, printable

__all__ = ["library"]

_COLOURS: dict[FileState, str] = {
    "whole": "green",
    "unproven": "dim",
    "misidentified": "yellow",
    "changed": "yellow",
    "corrupt": "red",
    "missing": "red",
    "unreadable": "red",
}

library = typer.Typer(no_args_is_help=True, help="Look after what stands in the library.")
library.command("missing")(missing)
library.command("duplicates")(duplicates)
library.command("stale")(stale)
library.command("rename")(rename)
library.command("new-seasons")(new_seasons)
library.command("stats")(stats)


library.command("recycle")(recycle)


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
    anidb: Annotated[
        bool,
        typer.Option("--anidb", help="Also ask AniDB by their content which episodes videos of anime are."),
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare sizes and times with the inventory; read nothing.")
    ] = False,
    executor: Annotated[
        str | None, typer.Option("--executor", metavar="WHO", help="Who reads: threads:N, processes:N or dask://host.")
    ] = None,
    share: Annotated[
        str | None,
        typer.Option("--share", metavar="NAME", help="Divide the run of this name with others on the same catalogue."),
    ] = None,
) -> int:
    """Read files and say of each whether it is what it was: by its name, the remote, what was received, the inventory.

    Names the first place on its way where its bytes were others. No file is changed; explain tells when it was verified
    last. Exit code 3 if something is corrupt, changed, missing, unreadable or misidentified. With --share, whatever was
    verified under that name stays verified.
    """
    if bool(paths) == everything:
        raise UsageError("say what to verify", remedy="Name files or folders, or give --all.")
    subjects = None if everything else paths
    if quick:
        return _look(invocation, subjects, executor, reading=remote or anidb or share is not None)
    found: list[Verified] = []
    together: RunReport | None = None
    with (
        # what AniDB is asked has to be counted
        invocation.library(read_only=share is None and not anidb) as (opened, observer),
        opened.executor(executor) as workers,
    ):
        began = opened.clock.now()
        shared = (
            None if share is None else shared_verification(opened, share, subjects, remotes=remote, by_content=anidb)
        )
        for each in verify_files(
            opened,
            subjects,
            remotes=remote,
            by_content=anidb,
            executor=workers,
            shared=shared,
            observer=observer,
            cancelled=invocation.cancelled,
        ):
            found.append(each)
            _tell(each, invocation)
        if shared is not None:
            together = run_report(shared)
        verification = verification_of(opened, subjects, began, found if together is None else together)
    _remember(opened, verification, invocation)
    counts = Counter(each.state for each in found) if together is None else together.counts
    code = 3 if BROKEN.intersection(counts) else 0
    if invocation.as_json:
        document = {"files": [_document(each) for each in found], "counts": dict(counts), "exit_code": code}
        print_json(document if together is None else {**document, "broken": [_told(each) for each in together.broken]})
        return code
    if together is not None:
        _tell_of_others(together, found, invocation)
    said = ", ".join(f"[{_COLOURS[state]}]{counts[state]} {state}[/]" for state in _COLOURS if counts.get(state))
    here = "" if together is None else f", {len(found)} of them here"
    invocation.output.print(counted(sum(counts.values()), "file") + here + (f": {said}" if said else ""))
    return code


def _look(invocation: Invocation, subjects: list[str] | None, executor: str | None, *, reading: bool) -> int:
    if reading:
        raise UsageError("--quick reads nothing, so there is nothing to ask or to divide")
    with invocation.library(read_only=True) as (opened, _), opened.executor(executor) as workers:
        found = verify_quickly(opened, subjects, executor=workers, cancelled=invocation.cancelled)
    return invocation.tell(found, found.as_data(), attention=bool(found.broken))


@library.callback()
def _library() -> None:
    """Look after what stands in the library."""


def _remember(opened: Library, verification: Verification, invocation: Invocation) -> None:
    """Keep when this was verified; that it cannot be kept is no reason to call the files broken."""
    try:
        keep_verification(opened, verification)
    except (MedialibError, OSError) as error:
        invocation.warn(f"it cannot be remembered that this was verified: {error}")


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


def _tell_of_others(together: RunReport, found: list[Verified], invocation: Invocation) -> None:
    """Draw what others of a shared run found to be wrong."""
    own = {each.place for each in found}
    for each in together.broken:
        if each.place not in own:
            invocation.output.print(f"  [{_COLOURS[each.state]}]{each.state}[/] ", end="")
            text = f"{each.text.removeprefix(f'{each.state} ')}; found by {each.host}"
            invocation.output.print(printable(text), markup=False)


def _told(found: FoundBroken) -> dict[str, Any]:
    return {"place": unstructure(found.place), "state": found.state, "text": found.text, "host": found.host}


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
