"""Watch the main job work on a sample, in a folder of its own: no key, no network, nothing outside that folder."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import attrs
import typer
from rich.markup import escape
from rich.tree import Tree

from medialib.config import Settings, load_settings
from medialib.errors import UsageError
from medialib.library import Library, Work
from medialib.model import FileEntry, InventoryFile, Place
from medialib.planning import Move
from medialib.ports import Catalogue
from medialib_cli.demo_sample import (
    CONFIGURATION,
    EPISODES,
    EXPLAINED,
    LINKS,
    MOVIES,
    SHOWS,
    SampleFile,
    kept_files,
    sample_files,
)
from medialib_cli.invocation import AsJson, Invocation, LogFile, Verbose
from medialib_cli.render import (
    EXIT_BY_STATE,
    print_json,
    printable,
    show_remarks,
    show_report,
    show_work,
    work_document,
)

__all__ = ["demo", "lay_out", "surprises"]

Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="Where; a new or empty folder. Default: a new temporary one, kept."),
]


@attrs.frozen
class Sample:
    """A sample that was laid out on this disk."""

    folder: Path
    """Everything is in it."""
    files: tuple[SampleFile, ...]
    """The files on the seedbox that this disk could hold."""
    kept: tuple[InventoryFile, ...]
    """What the library holds from the start."""

    @property
    def configuration(self) -> Path:
        """The configuration file."""
        return self.folder / "medialib.toml"


class _SampleInvocation(Invocation):
    """A call whose settings are the sample's alone: MEDIALIB_LIBRARY__TV must not lead it into a real library."""

    def settings(self) -> Settings:
        """The sample's configuration."""
        return load_settings(Path(self.config or ""), environment={})


def demo(
    ctx: typer.Context,
    folder: Folder = None,
    verbose: Verbose = 0,
    as_json: AsJson = False,
    log_file: LogFile = None,
) -> int:
    """Watch the main job at work on a sample: a seedbox of some 60 files, laid out in a folder of its own.

    No key, no network, invented titles. The folder is kept, with a configuration to go on with.
    """
    sample = lay_out(_empty_folder(folder))
    invocation = _SampleInvocation(
        ctx, config=str(sample.configuration), verbose=verbose, as_json=as_json, log_file=log_file
    )
    with invocation.library(read_only=False) as (library, observer):
        _enter(sample, library.catalogue)
        preview = library.preview("sync", observer=observer)
        if not invocation.as_json:
            _show_preview(sample, preview, invocation)
        work = library.perform("sync", observer=observer, cancelled=invocation.cancelled)
        odd = surprises(sample.files, work)
        code = 0 if not odd else max(EXIT_BY_STATE[work.state], 1)
        if invocation.as_json:
            print_json(_document(sample, preview, work, odd, code))
        else:
            _show_outcome(sample, library, work, odd, invocation)
    return code


# ---------------------------------------------------------------------------------------------------------- laying out


def lay_out(folder: Path, files: Iterable[SampleFile] | None = None) -> Sample:
    """Write the sample, or one with other `files` on its seedbox, into an empty folder.

    What this disk cannot hold (a line break in a name, a link) is left out. Raises OSError if it cannot be written.
    """
    remote = folder / "remote"
    for path in (remote, folder / "incoming", *(folder / "library" / root for root in ("tv", "anime", "movies"))):
        path.mkdir(parents=True)
    (folder / "medialib.toml").write_text(CONFIGURATION, encoding="utf-8")
    now = time.time()
    written = [file for file in (sample_files() if files is None else files) if _write(remote / file.path, file, now)]
    written += [SampleFile(name, b"", 0, "refused") for name, target in LINKS.items() if _link(remote / name, target)]
    kept = []
    for file in kept_files():
        path = folder / "library" / file.place.location / file.place.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        status = path.stat()
        recorded = datetime.fromtimestamp(now, UTC)
        kept.append(InventoryFile(file.place, status.st_size, status.st_mtime_ns, recorded, file.holding))
    return Sample(folder, tuple(written), tuple(kept))


def _empty_folder(wanted: Path | None) -> Path:
    if wanted is None:
        return Path(tempfile.mkdtemp(prefix="medialib-demo-")).absolute()
    if wanted.exists() and not wanted.is_dir():
        raise UsageError(f"{wanted} is not a folder", remedy="Name a new or empty folder.")
    if wanted.exists() and any(wanted.iterdir()):
        raise UsageError(f"{wanted} is not empty", remedy="Name a new or empty folder: the demo writes over nothing.")
    wanted.mkdir(parents=True, exist_ok=True)
    return wanted.absolute()


def _write(path: Path, file: SampleFile, now: float) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(file.content)
    except OSError:
        if file.fate == "refused":
            return False
        raise
    changed = now - 3600 * file.hours
    os.utime(path, (changed, changed))
    return True


def _link(path: Path, target: str) -> bool:
    try:
        path.symlink_to(target)
    except (OSError, NotImplementedError):
        return False
    return True


def _enter(sample: Sample, catalogue: Catalogue) -> None:
    """What the catalogue knows before the first run: administration, so no plan and no journal."""
    with catalogue.transaction():
        for show in SHOWS:
            catalogue.shows.add(show)
        for movie in MOVIES:
            catalogue.movies.add(movie)
        catalogue.episodes.put(EPISODES)
        catalogue.inventory.put(sample.kept)


# ------------------------------------------------------------------------------------------------------------- judging


def surprises(files: Iterable[SampleFile], work: Work) -> tuple[str, ...]:
    """Where the run ended otherwise than the sample was made to end, a line each; empty if all is as designed."""
    remarks = {remark.place.path: remark.kind for remark in work.remarks}
    placed: set[str] = set()
    odd = []
    for line in (line for report in work.reports for line in report.lines):
        if line.outcome is None or line.outcome.result != "done":
            result = "open" if line.outcome is None else f"{line.outcome.result}: {line.outcome.detail}"
            odd.append(f"action {line.action.id}: {result}")
        elif isinstance(line.action, Move):
            placed.add(line.action.source.path)
    for file in files:
        fate = "placed" if file.path in placed else remarks.get(file.path, "not seen")
        if fate != file.fate:
            odd.append(f"{file.path}: {fate}, where {file.fate!r} was expected")
    if work.state == "interrupted":
        odd.append("the run was interrupted")
    return tuple(odd)


# ------------------------------------------------------------------------------------------------------------- showing


def _show_preview(sample: Sample, preview: Work, invocation: Invocation) -> None:
    output = invocation.output
    output.print(f"[bold]A sample to watch, in[/] {escape(printable(str(sample.folder)))}")
    output.print(
        f"  remote/    plays the seedbox: {len(sample.files)} files. All titles are invented.\n"
        "  incoming/  is where fetched files arrive, library/ is where they belong.\n"
        f"  The catalogue knows {len(SHOWS)} shows, {len(MOVIES)} films and {len(sample.kept)} files in the library."
    )
    output.print("\n[bold]1. What a sync would do, and why[/] (so far nothing has been fetched or moved)\n")
    show_work(preview, output, verbosity=invocation.verbosity, applied=False)


def _show_outcome(sample: Sample, library: Library, work: Work, odd: tuple[str, ...], invocation: Invocation) -> None:
    output = invocation.output
    output.print("\n[bold]2. What it did[/]\n")
    for plan, report in zip(work.plans, work.reports, strict=False):
        output.print(f"  {plan.kind}: ", end="")
        show_report(report, output)
    output.print("\n[bold]3. The library now[/]\n")
    # rich cuts the lines of a tree at the terminal's width; a name that is cut says nothing
    output.width = max(output.width, 300)
    output.print(_tree(library, frozenset(row.place for row in sample.kept)))
    output.print("\n[bold]4. What was left alone, and why[/]\n")
    show_remarks(work.remarks, output, verbosity=1)
    output.print(
        "\nA real sync of this would end with exit code 3: names that are refused, and files that cannot be placed\n"
        "without a guess, want a look. Here they are meant to be there."
    )
    output.print("\n[bold]5. Go on yourself[/]")
    for said, command in _next_commands(sample, work):
        output.print(f"\n  {said}:\n    {printable(shlex.join(command))}", markup=False)
    for line in odd:
        invocation.warn(f"not as designed: {printable(line)}")


def _tree(library: Library, before: frozenset[Place]) -> Tree:
    """The library's files, those that were there before marked."""
    tree = Tree("library")
    for name, location in library.roots.items():
        branches = {"": tree.add(name)}
        for entry in location.walk():
            if not isinstance(entry, FileEntry):
                continue
            parts = entry.path.split("/")
            for depth in range(1, len(parts)):
                folder = "/".join(parts[:depth])
                if folder not in branches:
                    branches[folder] = branches["/".join(parts[: depth - 1])].add(escape(printable(parts[depth - 1])))
            note = "  [dim](was here before)[/]" if Place(name, entry.path) in before else ""
            branches[entry.folder].add(escape(printable(entry.name)) + note)
    return tree


def _next_commands(sample: Sample, work: Work) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What can be done next, and the command that does it."""
    medialib = (*_own_name(), "-c", str(sample.configuration))
    commands = [
        ("The runs so far", (*medialib, "history")),
        ("The whole story of one file", (*medialib, "explain", str(EXPLAINED))),
        ("What is known by a title", (*medialib, "explain", "Nine Spoons of Rain")),
        ("Again: nothing is fetched twice (the file that just changed is, in five minutes)", (*medialib, "sync")),
    ]
    if work.run is not None:
        commands += [
            ("Every line of this run", (*medialib, "history", work.run)),
            ("What taking it back would do", (*medialib, "undo", "-n", work.run)),
            ("Take it back: the library is as it was, the seedbox was never touched", (*medialib, "undo", work.run)),
        ]
    return tuple(commands)


def _own_name() -> tuple[str, ...]:
    """How to call medialib again from the same shell, as it was called now, with the sample's settings alone."""
    overriding = sorted(name for name in os.environ if name.startswith("MEDIALIB_") and "__" in name)
    prefix = ("env", *(word for name in overriding for word in ("-u", name))) if overriding else ()
    if "UV_RUN_RECURSION_DEPTH" in os.environ:
        return (*prefix, "uv", "run", "medialib")
    program = Path(sys.argv[0])
    if program.name != "medialib":
        return (*prefix, sys.executable, "-m", "medialib_cli")
    found = shutil.which("medialib")
    known = found is not None and program.exists() and program.samefile(found)
    return (*prefix, "medialib" if known else str(program.absolute()))


def _document(sample: Sample, preview: Work, work: Work, odd: tuple[str, ...], code: int) -> dict[str, object]:
    return {
        **work_document("sync", work, applied=True, exit_code=code),
        "folder": str(sample.folder),
        "configuration": str(sample.configuration),
        "preview": work_document("sync", preview, applied=False, exit_code=EXIT_BY_STATE[preview.state]),
        "surprises": list(odd),
        "next": [{"what": said, "command": list(command)} for said, command in _next_commands(sample, work)],
    }
