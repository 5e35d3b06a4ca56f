"""What is done with a catalogue as a whole, by its address: made, migrated, backed up, restored, copied, checked.

All of it works for every kind of catalogue. Who only reads (`back_up`, `check`, `describe`) holds up nobody; who writes
holds the right to write meanwhile, and is refused while another medialib is at work.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from medialib.catalogue import open_catalogue
from medialib.catalogue.copying import UNFINISHED, Summary, copy_catalogue, is_empty, summarise
from medialib.catalogue.publishing import private_folder, stamped
from medialib.config import SecretUrl
from medialib.errors import CatalogueBusy, CatalogueCorrupt, CatalogueMissing, MedialibError, TargetTaken, UsageError
from medialib.events import CatalogueMigrated, Event, Observer, everyone, nobody
from medialib.http import SystemClock
from medialib.ports import CancelToken, Catalogue, Lease, Run, SupportsChecking
from medialib.workflows.apply.session import LEASE
from medialib.workflows.leasing import HeldLeases

__all__ = [
    "Backup",
    "Checked",
    "Copied",
    "Description",
    "Opened",
    "Restored",
    "back_up",
    "check",
    "copy",
    "describe",
    "initialise",
    "migrate",
    "restore",
]


@attrs.frozen
class Opened:
    """A catalogue that is there and up to date."""

    identity: str
    """What tells it from every other."""
    made: bool
    """Whether it was made now."""
    migrated: CatalogueMigrated | None
    """From which schema to which it was brought, and its backup; None if there was nothing to do."""


@attrs.frozen
class Backup:
    """A backup that was made."""

    path: Path
    """The file."""
    identity: str
    """Identity of the catalogue, which the backup has too."""
    summary: Summary
    """What it holds."""


@attrs.frozen
class Restored:
    """A catalogue that was restored."""

    identity: str
    """Its identity now: that of the backup."""
    summary: Summary
    """What it holds now."""
    aside: Path | None
    """Where what it held before is kept; None if it held nothing, or was not to be kept."""


@attrs.frozen
class Copied:
    """A catalogue that was copied."""

    identity: str
    """The identity that both have."""
    summary: Summary
    """What both hold."""


@attrs.frozen
class Checked:
    """What a check found."""

    faults: tuple[str, ...]
    """What is wrong, one line a fault; empty if nothing is."""
    summary: Summary | None
    """What the catalogue holds; None if that could not all be read."""


@attrs.frozen
class Description:
    """A catalogue at a glance."""

    address: str
    """Where it is, without any password."""
    kind: str
    """What keeps it: the scheme of its address."""
    identity: str
    """What tells it from every other."""
    summary: Summary
    """What it holds."""
    bytes: int | None
    """Bytes of its file, its log included; None where it has none on this machine."""
    latest: Run | None
    """The run that began last, if there was one."""
    writing: Lease | None
    """Who holds the right to write, lapsed or not; None if nobody does."""


def initialise(url: str, *, observer: Observer = nobody) -> Opened:
    """Make the catalogue at an address, unless it is there; an older one is brought up to date after a backup.

    Raises as `medialib.catalogue.open_catalogue` does.
    """
    try:
        return migrate(url, observer=observer)
    except CatalogueMissing:
        return _opened(url, create=True, observer=observer)


def migrate(url: str, *, observer: Observer = nobody) -> Opened:
    """Bring a catalogue up to date, after a backup. Raises CatalogueMissing, and as `open_catalogue` does."""
    return _opened(url, create=False, observer=observer)


def back_up(
    url: str, to: Path | None = None, *, observer: Observer = nobody, cancelled: CancelToken | None = None
) -> Backup:
    """Copy a catalogue as it is at one moment into an SQLite file, while others may go on writing to it.

    `to` is the file, or a folder that is there, in which the name gets a UTC time stamp; None stands for the folder of
    an SQLite catalogue, and the user's own folder for another one. The file has its name only once it was opened again
    and found whole; it has mode 0600.

    Raises TargetTaken for a file that is there, OutOfReach for a place that cannot be written, Cancelled, and as
    `open_catalogue` and `medialib.catalogue.copying.copy_catalogue` do.
    """
    target = _backup_path(url, to)
    if os.path.lexists(target):
        raise TargetTaken(f"{target} exists already, nothing was copied", remedy="Name another file, or a folder.")
    file = _sqlite_file(url)
    if file is None:
        from medialib.catalogue.portable import back_up as make_portable

        with closing(open_catalogue(url, read_only=True, create=False)) as source:
            summary = make_portable(source, target, observer=observer, cancelled=cancelled)
            return Backup(target, source.identity, summary)
    from medialib.catalogue.sqlite import backup_sqlite

    backup_sqlite(file, target)
    try:
        return _read(target, observer, cancelled)
    except BaseException:
        target.unlink()
        raise


def restore(
    backup: Path,
    url: str,
    *,
    keep: bool = True,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
    lease_seconds: float = 60.0,
) -> Restored:
    """Put the content of a backup in the place of what a catalogue of any kind holds, or where there is none.

    What it held is kept: an SQLite file beside it, anything else as a backup in the user's own folder. Where it cannot
    be read, and so not be kept either, nothing is done, unless `keep` is False. The backup is proven before anything is
    touched, and what was restored is read back. `lease_seconds` is as for `copy`.

    Raises CatalogueMissing, CatalogueCorrupt, CatalogueFromTheFuture or CatalogueError for a backup that is none,
    CatalogueBusy while somebody works on the catalogue, UsageError for a catalogue that is the backup, and as
    `open_catalogue` does.
    """
    file = _sqlite_file(url)
    if file is not None and file.exists() and backup.exists() and file.samefile(backup):
        raise UsageError(f"{backup} is the catalogue itself", remedy="Name a backup of it.")
    _refuse_damaged(backup)
    wanted = _read(backup, observer, cancelled)
    if file is not None:
        from medialib.catalogue.sqlite import restore_sqlite

        private_folder(file.parent)
        aside = restore_sqlite(backup, file)
    else:
        aside = _replace(backup, url, keep, observer, cancelled, lease_seconds)
    _prove(url, wanted.identity, wanted.summary, observer, cancelled)
    return Restored(wanted.identity, wanted.summary, aside)


def copy(
    url: str,
    to: str,
    *,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
    lease_seconds: float = 60.0,
) -> Copied:
    """Copy all that a catalogue holds into an empty one, of any kind, that is made if it is not there yet.

    Nobody may write to either meanwhile. The digests of what was read, of what is in the copy, and of what is there
    when it is opened again are the same, or CatalogueCorrupt is raised. A copy that does not come to its end leaves the
    target empty. The right to write is renewed all the while, and lapses so many seconds after a death on another
    machine. Raises CatalogueError for a target that is not empty, CatalogueCorrupt for a damaged file before anything
    is written, CatalogueBusy, Cancelled, and as `open_catalogue` does.
    """
    file = _sqlite_file(url)
    if file is not None:
        _refuse_damaged(file)
    with closing(open_catalogue(url, create=False, observer=observer)) as source, _alone(url, source, lease_seconds):
        with closing(open_catalogue(to, observer=observer)) as target, _alone(to, target, lease_seconds):
            if not target.traits.persistent:
                raise UsageError("a copy in memory is forgotten at once", remedy="Name a file or a server.")
            with _one_moment(url, source) as seen:
                summary = copy_catalogue(seen, target, observer=observer, cancelled=cancelled)
        _prove(to, source.identity, summary, observer, cancelled)
        return Copied(source.identity, summary)


def check(url: str, *, observer: Observer = nobody, cancelled: CancelToken | None = None) -> Checked:
    """Look for damage without changing anything: by what the database itself checks, and by reading every record.

    Raises CatalogueMissing, CatalogueFromTheFuture, Cancelled, and as `open_catalogue` does for what cannot be looked
    into; damage is in the answer.
    """
    try:
        file = _sqlite_file(url)
        if file is not None:
            from medialib.catalogue.sqlite import check_sqlite

            if faults := check_sqlite(file):
                return Checked(faults, None)
        with closing(open_catalogue(url, read_only=True, create=False)) as catalogue:
            return _checked(catalogue, observer, cancelled)
    except CatalogueCorrupt as error:
        return Checked((str(error),), None)


def describe(url: str, *, observer: Observer = nobody, cancelled: CancelToken | None = None) -> Description:
    """Read a whole catalogue and say what it is. Raises CatalogueMissing, Cancelled, and as `open_catalogue` does."""
    file = _sqlite_file(url)
    with closing(open_catalogue(url, read_only=True, create=False)) as catalogue:
        summary = summarise(catalogue, observer=observer, cancelled=cancelled)
        return Description(
            address=str(SecretUrl(url)),
            kind=_kind(url),
            identity=catalogue.identity,
            summary=summary,
            bytes=None if file is None else sum(each.stat().st_size for each in _files(file)),
            latest=next(iter(catalogue.journal.runs(1)), None),
            writing=catalogue.leases.get(LEASE),
        )


def _opened(url: str, *, create: bool, observer: Observer) -> Opened:
    heard: list[CatalogueMigrated] = []

    def listen(event: Event) -> None:
        if isinstance(event, CatalogueMigrated):
            heard.append(event)

    with closing(open_catalogue(url, create=create, observer=everyone(observer, listen))) as catalogue:
        return Opened(catalogue.identity, create, heard[-1] if heard else None)


def _replace(
    backup: Path,
    url: str,
    keep: bool,
    observer: Observer,
    cancelled: CancelToken | None,
    lease_seconds: float,
) -> Path | None:
    """Restore into what is no file of ours, in one transaction; where the content it had is kept."""
    from medialib.catalogue.portable import back_up as make_portable

    with closing(open_catalogue(url, observer=observer)) as target, _alone(url, target, lease_seconds):
        aside = stamped(private_folder() / f"{_kind(url)}-catalogue") if keep else None
        try:
            if aside is not None and is_empty(target):
                aside = None
            if aside is not None:
                with _one_moment(url, target) as seen:
                    make_portable(seen, aside, observer=observer, cancelled=cancelled)
        except CatalogueCorrupt as error:
            raise CatalogueCorrupt(
                f"what the catalogue holds cannot be read, and so not be kept: {error.message}; nothing was restored",
                remedy="To do without it: --without-backup.",
            ) from error
        with closing(open_catalogue(backup, read_only=True)) as source:
            copy_catalogue(source, target, replace=True, observer=observer, cancelled=cancelled)
    return aside


@contextmanager
def _alone(url: str, catalogue: Catalogue, seconds: float) -> Iterator[None]:
    """Hold the right to write, renewed all the while, or raise CatalogueBusy.

    It is renewed through a connection of its own, because everything is done in one transaction of `catalogue`. Where
    that keeps all other writers out, as in a file, renewing waits for its end; and so does who would take it over.
    """
    with ExitStack() as opened:
        keeper = catalogue
        if catalogue.traits.processes and catalogue.traits.persistent:
            keeper = opened.enter_context(closing(open_catalogue(url)))
        held = opened.enter_context(HeldLeases(keeper, SystemClock(), seconds=seconds))
        lease = held.take(LEASE)
        if lease.holder != held.holder:
            raise CatalogueBusy(
                f"another medialib ({lease.holder}) is at work on the catalogue",
                remedy="Wait for it to end, then run the same command again.",
            )
        try:
            yield
        finally:
            # What went wrong inside is what is to be told; a lease that stays lapses.
            with suppress(MedialibError):
                held.give_back(LEASE)


@contextmanager
def _one_moment(url: str, catalogue: Catalogue) -> Iterator[Catalogue]:
    """The same catalogue opened read-only, which is seen as it is at one moment.

    Where no other process can have it open there is no second way in, and nobody who could write meanwhile.
    """
    if not catalogue.traits.processes:
        yield catalogue
        return
    with closing(open_catalogue(url, read_only=True)) as seen:
        yield seen


def _read(backup: Path, observer: Observer, cancelled: CancelToken | None) -> Backup:
    with closing(open_catalogue(backup, read_only=True, create=False)) as kept:
        summary = summarise(kept, purpose="proving", observer=observer, cancelled=cancelled)
        return Backup(backup, kept.identity, summary)


def _refuse_damaged(backup: Path) -> None:
    from medialib.catalogue.sqlite import check_sqlite

    if faults := check_sqlite(backup):
        raise CatalogueCorrupt(f"{backup} is damaged: {'; '.join(faults)}", remedy="Name another backup.")


def _prove(url: str, identity: str, summary: Summary, observer: Observer, cancelled: CancelToken | None) -> None:
    """Open a catalogue that was written to again, and compare."""
    with closing(open_catalogue(url, read_only=True, create=False)) as there:
        found = summarise(there, purpose="proving", observer=observer, cancelled=cancelled)
        if found != summary or there.identity != identity:
            raise CatalogueCorrupt(
                f"{SecretUrl(url)} does not hold what was written to it",
                remedy="Has somebody else written to it meanwhile? medialib catalogue check looks for damage.",
            )


def _checked(catalogue: Catalogue, observer: Observer, cancelled: CancelToken | None) -> Checked:
    faults: list[str] = []
    summary: Summary | None = None
    if isinstance(catalogue, SupportsChecking):
        faults += catalogue.faults()
    try:
        if catalogue.checkpoints.get(UNFINISHED) is not None:
            faults.append("a copy into it was not finished: copy again")
        summary = summarise(catalogue, purpose="checking", observer=observer, cancelled=cancelled)
    except CatalogueCorrupt as error:
        faults.append(str(error))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        faults.append(f"a record cannot be read ({type(error).__name__}: {error}). Restore a backup.")
    return Checked(tuple(faults), summary)


def _backup_path(url: str, to: Path | None) -> Path:
    file = _sqlite_file(url)
    name = f"{_kind(url)}-catalogue" if file is None else file.name
    if to is None:
        return stamped((private_folder() if file is None else file.parent) / name)
    return stamped(to / name) if to.is_dir() else to


def _kind(url: str) -> str:
    return urlsplit(url).scheme.lower() if "://" in url or url == "memory:" else "sqlite"


def _sqlite_file(url: str) -> Path | None:
    if _kind(url) != "sqlite":
        return None
    if "://" not in url:
        return Path(url).expanduser()
    from medialib.catalogue.sqlite import read_address

    return read_address(url)[0]


def _files(file: Path) -> Iterator[Path]:
    yield from (each for suffix in ("", "-wal") if (each := file.with_name(file.name + suffix)).exists())
