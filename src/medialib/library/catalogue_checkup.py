"""The part of the check-up that is about the catalogue: whatever keeps it, what stands on this machine is looked into.

Where a database does not keep everything itself, as Milvus, the file beside it is checked as an SQLite catalogue is.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import attrs

from medialib.catalogue import open_catalogue
from medialib.catalogue.condition import condition_of, mounted_network
from medialib.config import CatalogueSettings
from medialib.errors import CatalogueBusy, CatalogueOutdated, MedialibError
from medialib.ports import Catalogue, Clock
from medialib.workflows.apply.session import LEASE
from medialib.workflows.doctor import CatalogueFacts, Check, failure, judge_catalogue, judge_mode, judge_writing
from medialib.workflows.holders import holder_is_dead

__all__ = ["CatalogueCheckup", "mode_of"]

_BESIDE = "catalogue: file beside"


@attrs.define
class CatalogueCheckup:
    """Looks at the catalogue for every check of one check-up; threads may share it."""

    settings: CatalogueSettings
    clock: Clock
    mount_table: Path | str
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)
    _opened: list[Catalogue | None] = attrs.field(factory=list, init=False)
    _unopened: MedialibError | None = attrs.field(default=None, init=False)

    def checks(self) -> Iterator[Check]:
        """Whether it can be used, and whether somebody is at work on it or died over it."""
        file, beside = self.settings.sqlite_file, self._beside()
        if file is None:
            yield self._database()
        else:
            yield from judge_catalogue(self._facts(file))
        if beside is not None:
            facts = self._facts(beside)
            # one that is not there yet is told of by the database
            yield from (check for check in judge_catalogue(facts, _BESIDE) if facts.there or check.state != "ok")
        catalogue = self.opened()
        if catalogue is not None:
            yield from self._writing(catalogue)
        elif beside is not None and beside.exists():
            # who keeps others out of a Milvus has the lease in the file, which anybody may read
            with suppress(MedialibError), closing(open_catalogue(beside, read_only=True)) as kept:
                yield from self._writing(kept)

    def permissions(self) -> Iterator[Check]:
        """Whether others on this machine can read it."""
        file = self.settings.sqlite_file or self._beside()
        mode = None if file is None else mode_of(file)
        if mode is not None:
            yield judge_mode("catalogue", str(file), mode, forbidden=0o077, why="tells what you have")

    def opened(self) -> Catalogue | None:
        """The catalogue as it is at the moment, opened once for all checks; None if it cannot be."""
        with self._lock:
            if not self._opened:
                try:
                    self._opened.append(open_catalogue(self.settings.address.reveal(), read_only=True))
                except MedialibError as error:
                    self._unopened = error  # the check of the catalogue tells why
                    self._opened.append(None)
            return self._opened[0]

    def close(self) -> None:
        """Let go of the catalogue, if it was opened; no check may be at work any more."""
        with self._lock:
            for catalogue in self._opened:
                if catalogue is not None:
                    catalogue.close()

    def _writing(self, catalogue: Catalogue) -> Iterator[Check]:
        if catalogue.identity:
            lease = catalogue.leases.get(LEASE)
            dead = lease is not None and holder_is_dead(lease.holder)
            yield judge_writing(lease, catalogue.journal.runs(), self.clock.now(), dead=dead)

    def _database(self) -> Check:
        shown, began = str(self.settings.url), self.clock.monotonic()
        catalogue = self.opened()
        took = self.clock.monotonic() - began
        match self._unopened:
            case None:
                pass
            case CatalogueOutdated():
                finding = f"{shown} has an older schema: the next run that writes brings it up to date"
                return Check("catalogue", "ok", finding)
            case CatalogueBusy():
                # somebody works with it, so it can be worked with
                return failure("catalogue", self._unopened, state="warning", seconds=took)
            case _:
                return failure("catalogue", self._unopened, seconds=took)
        there = catalogue is not None and catalogue.identity
        finding = f"{shown} answers" if there else f"none yet: the first run that writes makes it at {shown}"
        return Check("catalogue", "ok", finding, None, took)

    def _beside(self) -> Path | None:
        """The SQLite file that belongs to a catalogue in Milvus; None for other kinds."""
        url = self.settings.url.reveal()
        if not url.startswith("milvus:"):
            return None
        from medialib.catalogue.milvus_address import read_address

        try:
            return read_address(url).file
        except MedialibError:
            return None  # opening it tells why

    def _facts(self, file: Path) -> CatalogueFacts:
        folder = next(above for above in file.parents if above.exists())
        network = mounted_network(folder, self.mount_table)
        try:
            condition = condition_of(file)
        except MedialibError as error:
            return CatalogueFacts(str(file), True, network, problem=failure("catalogue", error))
        writable = os.access(folder, os.W_OK | os.X_OK) and (condition is None or os.access(file, os.W_OK))
        if condition is None:
            return CatalogueFacts(str(file), False, network, writable)
        return CatalogueFacts(
            str(file), True, network, writable, condition.faults, condition.revision, condition.pending
        )


def mode_of(file: Path) -> int | None:
    """The permission bits of a file; None if there is none that could be asked."""
    try:
        return stat.S_IMODE(file.expanduser().stat().st_mode)
    except OSError:
        return None
