"""What is well and what is not: checks, each judged from facts that somebody else gathered.

Nothing here touches a disk or a network: `medialib.library.checkup` gathers the facts and runs the checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, TypeAlias

import attrs

from medialib.errors import MedialibError
from medialib.ports import Lease, Run

__all__ = [
    "CatalogueFacts",
    "Check",
    "CheckState",
    "FolderFacts",
    "failure",
    "judge_catalogue",
    "judge_disks",
    "judge_folder",
    "judge_index",
    "judge_mode",
    "judge_python",
    "judge_writing",
    "worst",
]

CheckState: TypeAlias = Literal["ok", "warning", "failed", "skipped"]
_ORDER: tuple[CheckState, ...] = ("skipped", "ok", "warning", "failed")
_LEAST_PYTHON = (3, 11)
_OLDEST_INDEX = 60
"""Days after which an index is old: IMDb gives its files anew each day, and seasons go on."""


@attrs.frozen
class Check:
    """One thing that was looked at, and what was found.

    >>> Check("catalogue", "failed", "the file is damaged", "Restore a backup.").__rich__()
    '[red]failed [/] catalogue: the file is damaged. Restore a backup.'
    """

    subject: str
    """What was looked at: ``remote seedbox: host key``."""
    state: CheckState
    """``warning``: works, and should be looked at. ``skipped``: could not be told, and is no fault by itself."""
    finding: str
    """What was found, one line."""
    remedy: str | None = None
    """What to do, where something is to be done."""
    seconds: float | None = None
    """How long it took, where that is worth knowing."""

    def __rich__(self) -> str:
        colour = {"ok": "green", "warning": "yellow", "failed": "red", "skipped": "dim"}[self.state]
        remedy = f". {self.remedy}" if self.remedy else ""
        text = f"{self.subject}: {self.finding.rstrip('.') if remedy else self.finding}{remedy}".replace("[", r"\[")
        return f"[{colour}]{self.state:<7}[/] {text}"


@attrs.frozen
class FolderFacts:
    """What a folder of this machine looks like."""

    path: str
    """Where it is."""
    kind: Literal["folder", "missing", "other", "unreadable"]
    """What stands there."""
    problem: str = ""
    """Why it cannot be read."""
    empty: bool = False
    """Whether nothing is in it (medialib's own folder does not count)."""
    writable: bool | None = None
    """Whether files can be made in it; None where that was not asked."""
    tried: bool = False
    """Whether `writable` was found out by making a file, not by asking for permissions."""
    device: int | None = None
    """Number of the disk that it lies on."""
    free: int | None = None
    """Bytes that can still be written."""


@attrs.frozen
class CatalogueFacts:
    """What the file of a catalogue looks like."""

    path: str
    """Where it is."""
    there: bool
    """Whether there is one."""
    network: str | None = None
    """Kind of network file system that it lies on; None for a local disk, or where that cannot be told."""
    writable: bool = True
    """Whether the file and its folder (or the nearest folder above that is there) can be written to."""
    faults: tuple[str, ...] = ()
    """What an integrity check found, a line each."""
    revision: str | None = None
    """Its schema."""
    pending: int = 0
    """How many steps of its schema are to be taken."""
    problem: Check | None = None
    """Why it could not be looked into."""


def worst(checks: Iterable[Check]) -> CheckState:
    """The state that sums them up.

    >>> worst([Check("a", "ok", ""), Check("b", "warning", ""), Check("c", "skipped", "")])
    'warning'
    """
    return max((check.state for check in checks), key=_ORDER.index, default="skipped")


def failure(subject: str, error: Exception, *, state: CheckState = "failed", seconds: float | None = None) -> Check:
    """The check that `error` ended. Of what was not foreseen, only the kind is told: its text may hold anything.

    >>> failure("remote box: login", ValueError("something secret")).finding
    'ended by an unforeseen ValueError'
    """
    match error:
        case MedialibError():
            lines = str(error.message).splitlines()
            return Check(subject, state, " ".join(lines), error.remedy, seconds)
        case OSError():
            return Check(subject, state, error.strerror or type(error).__name__, None, seconds)
        case _:
            finding = f"ended by an unforeseen {type(error).__name__}"
            return Check(subject, state, finding, "Please report it, with what `medialib -vv` says.", seconds)


def judge_python(version: tuple[int, int, int], implementation: str) -> Check:
    """Whether this Python is one that medialib is made for.

    >>> judge_python((3, 10, 4), "cpython").state, judge_python((3, 12, 1), "cpython").finding
    ('failed', 'cpython 3.12.1')
    """
    shown = f"{implementation} {'.'.join(str(number) for number in version)}"
    if version[:2] < _LEAST_PYTHON:
        least = ".".join(str(number) for number in _LEAST_PYTHON)
        return Check("python", "failed", f"{shown} is too old", f"Install Python {least} or later.")
    return Check("python", "ok", shown)


def judge_folder(name: str, facts: FolderFacts, *, known: int = 0, needed: int = 0) -> tuple[Check, ...]:
    """What to think of a folder that files arrive in, or a root of the library.

    `known` files are said by the catalogue to stand in it; `needed` bytes should be free.

    >>> [check.finding for check in judge_folder("tv", FolderFacts("/srv/tv", "folder", empty=True), known=7)]
    ['/srv/tv is empty, though the catalogue knows 7 files in it']
    """
    subject = f"folder {name}"
    match facts.kind:
        case "missing":
            remedy = "Mount the disk that it is on, or make it: mkdir. medialib never makes it by itself."
            return (Check(subject, "failed", f"{facts.path} is not there", remedy),)
        case "other":
            return (Check(subject, "failed", f"{facts.path} is no folder", "Name a folder in the configuration."),)
        case "unreadable":
            finding = f"{facts.path} cannot be read: {facts.problem}"
            return (Check(subject, "failed", finding, "Check its permissions, and the disk."),)
    if facts.empty and known:
        finding = f"{facts.path} is empty, though the catalogue knows {known} files in it"
        return (Check(subject, "failed", finding, "Is its disk mounted? Nothing was taken for lost."),)
    return (Check(subject, "ok", facts.path), *_writable(subject, facts), *_space(subject, facts, needed))


def judge_disks(
    incoming: FolderFacts, roots: Mapping[str, FolderFacts], tried: Mapping[str, bool]
) -> tuple[Check, ...]:
    """Whether a move from where files arrive to each root is a rename, or a copy.

    `tried` tells for which roots a rename was tried, and whether it worked. Folders that are not there are left out.

    >>> here, there = FolderFacts("/a", "folder", device=1), FolderFacts("/b", "folder", device=2)
    >>> [check.finding for check in judge_disks(here, {"tv": there}, {})]
    ['on another disk than incoming: files are copied there, checked, then removed from incoming']
    """
    found = []
    for name, root in roots.items():
        if incoming.device is None or root.device is None:
            continue
        renamed = tried.get(name)
        if renamed:
            finding = "a file was renamed from incoming to here: moves cost nothing"
        elif renamed is not None or incoming.device != root.device:
            why = "on another disk than incoming" if incoming.device != root.device else "no rename leads here"
            finding = f"{why}: files are copied there, checked, then removed from incoming"
        else:
            # mounts of one disk at two places, and some unions of disks, have one number and refuse all the same
            finding = "on the disk of incoming, by its number: moves are renames, or copies if the disk refuses"
        found.append(Check(f"move to {name}", "ok", finding))
    return tuple(found)


def judge_mode(subject: str, path: str, mode: int, *, forbidden: int, why: str) -> Check:
    """Whether the permission bits of a file keep others out.

    >>> judge_mode("key of box", "/k", 0o644, forbidden=0o077, why="holds a private key").finding
    '/k has mode 0644, and holds a private key'
    """
    subject = f"permissions: {subject}"
    if mode & forbidden:
        return Check(subject, "warning", f"{path} has mode {mode:04o}, and {why}", f"chmod 600 {path}")
    return Check(subject, "ok", f"{path} has mode {mode:04o}")


def judge_catalogue(facts: CatalogueFacts, subject: str = "catalogue") -> tuple[Check, ...]:
    """What to think of the catalogue's file, or of one that belongs to it, which `subject` names.

    >>> [check.state for check in judge_catalogue(CatalogueFacts("/c.db", True, faults=("row 3 is missing",)))]
    ['failed']
    """
    found = []
    if facts.network is not None:
        finding = f"{facts.path} lies on a network file system ({facts.network}), on which SQLite loses data"
        found.append(Check(subject, "failed", finding, "Keep it on a local disk; backups of it may go there."))
    if facts.problem is not None:
        return (*found, attrs.evolve(facts.problem, subject=subject))
    if not facts.writable:
        finding = f"{facts.path} cannot be written"
        found.append(Check(subject, "failed", finding, "Check owner and mode of the file and of its folder."))
    if not facts.there:
        if not found:
            found.append(Check(subject, "ok", f"none yet: the first run that writes makes {facts.path}"))
        return tuple(found)
    if facts.faults:
        more = f" (and {len(facts.faults) - 1} more)" if len(facts.faults) > 1 else ""
        remedy = "Restore a backup of it (*.bak: medialib catalogue restore); it was not touched."
        return (*found, Check(subject, "failed", f"{facts.path} is damaged: {facts.faults[0]}{more}", remedy))
    if facts.pending:
        finding = f"{facts.path} is whole; schema {facts.revision} is {facts.pending} behind"
        found.append(Check(subject, "ok", f"{finding}: the next run that writes brings it up to date, after a backup"))
    else:
        found.append(Check(subject, "ok", f"{facts.path} is whole; schema {facts.revision}"))
    return tuple(found)


def judge_index(name: str, listed: str, made: datetime, now: datetime) -> Check:
    """Whether an index that a provider answers from is too old to know what came out lately; `listed` is what it holds.

    >>> from datetime import UTC
    >>> judge_index("imdb", "7 films", datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 5, 17, tzinfo=UTC)).finding
    'made 137 days ago: 7 films'
    """
    days = (now - made).days
    finding = f"made {days} days ago: {listed}"
    if days > _OLDEST_INDEX:
        remedy = f"To know what came out since: medialib providers {name} import --download"
        return Check(f"provider {name}: index", "warning", finding, remedy)
    return Check(f"provider {name}: index", "ok", finding)


def judge_writing(lease: Lease | None, runs: Iterable[Run], now: datetime, *, dead: bool) -> Check:
    """Whether somebody is at work on the catalogue, or died over it. `dead`: the lease's holder has ended.

    >>> from datetime import UTC, timedelta
    >>> now = datetime(2024, 5, 17, tzinfo=UTC)
    >>> judge_writing(Lease("writing", "nas:7:x", now + timedelta(minutes=1)), [], now, dead=True).finding
    'nas:7:x died while it held the right to write'
    """
    subject, later = "catalogue: writers", "Nothing to do: the next run takes it over."
    if lease is not None and dead:
        return Check(subject, "warning", f"{lease.holder} died while it held the right to write", later)
    if lease is not None and lease.until > now:
        return Check(subject, "ok", f"{lease.holder} is at work; others wait for it")
    left = [run.id for run in runs if run.state == "running"]
    if left:
        remedy = "Nothing to do: the next run that writes finishes or takes back what was open."
        return Check(subject, "warning", f"run {left[0]} was broken off", remedy)
    return Check(subject, "ok", "nobody is at work, nothing was left open")


def _writable(subject: str, facts: FolderFacts) -> tuple[Check, ...]:
    if facts.writable is None:
        return ()
    if not facts.writable:
        remedy = "Check owner and mode, and that the disk is mounted writable."
        return (Check(f"{subject}: writing", "failed", f"{facts.path} cannot be written to", remedy),)
    how = "a file was made and removed" if facts.tried else "permissions allow it (--write-test tries it)"
    return (Check(f"{subject}: writing", "ok", how),)


def _space(subject: str, facts: FolderFacts, needed: int) -> tuple[Check, ...]:
    if facts.free is None:
        return ()
    subject = f"{subject}: space"
    if facts.free < max(needed, 1):
        finding = f"{_size(facts.free)} are free, {_size(needed)} must stay so (download.minimum_free)"
        return (Check(subject, "failed", finding if needed else "the disk is full", "Make room on that disk."),)
    return (Check(subject, "ok", f"{_size(facts.free)} are free"),)


def _size(count: int) -> str:
    """A number of bytes, rounded down for a reader.

    >>> _size(1536), _size(5 << 30)
    ('1.5 KiB', '5.0 GiB')
    """
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.1f} {unit}" if unit != "B" else f"{count} B"
        size /= 1024
    return f"{size:.1f} TiB"
