"""A whole catalogue as a stream of records, its digest, and how it is copied into another one of any kind."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import attrs

from medialib.catalogue.lines import action_data, outcome_data
from medialib.errors import Cancelled, CatalogueCorrupt, CatalogueError
from medialib.events import Observer, RecordsRead, nobody
from medialib.model import Episode, InventoryFile, KnownFile, Movie, Show, Sighting
from medialib.planning import Performed, unstructure
from medialib.ports import CancelToken, Catalogue, Run, SupportsCopying

__all__ = [
    "UNFINISHED",
    "Checkpoint",
    "JournalLine",
    "Record",
    "Summary",
    "copy_catalogue",
    "copyable",
    "is_empty",
    "records_of",
    "summarise",
]

UNFINISHED: Final = "medialib: a copy into this catalogue is not finished"
"""Name of the checkpoint that stands in a catalogue without transactions while another one is copied into it."""

_BATCH = 1000


@attrs.frozen
class JournalLine:
    """A line of the journal with the run it belongs to."""

    run: str
    """Identifier of the run."""
    performed: Performed
    """The line."""


@attrs.frozen
class Checkpoint:
    """A named text that long work keeps its place with."""

    name: str
    """Its name."""
    text: str
    """Its text."""


Record: TypeAlias = Show | Episode | Movie | KnownFile | Sighting | InventoryFile | Run | JournalLine | Checkpoint
"""Anything that a copy of a catalogue has. Leases are none: who holds one holds it in one catalogue."""

_KINDS: Final[Mapping[type, str]] = {
    Show: "shows",
    Episode: "episodes",
    Movie: "films",
    KnownFile: "known files",
    Sighting: "sightings",
    InventoryFile: "inventory",
    Run: "runs",
    JournalLine: "journal lines",
    Checkpoint: "checkpoints",
}


@attrs.frozen
class Summary:
    """What a catalogue holds. Two with the same digest hold the same, whatever kinds they are of."""

    digest: str
    """SHA-256 of all records in one form and order, 64 lower-case hexadecimal digits; the identity is no part of it."""
    counts: Mapping[str, int] = attrs.field(hash=False)
    """How many records there are of each kind, all kinds named."""

    @property
    def records(self) -> int:
        """How many records there are of all kinds."""
        return sum(self.counts.values())


def copyable(catalogue: Catalogue) -> SupportsCopying:
    """The same catalogue as one that can be copied; raises CatalogueError for a kind that cannot be."""
    if not isinstance(catalogue, SupportsCopying):
        raise CatalogueError(
            f"a {type(catalogue).__name__} cannot be copied as a whole",
            remedy="Its package has to implement medialib.ports.SupportsCopying.",
        )
    return catalogue


def records_of(catalogue: Catalogue) -> Iterator[Record]:
    """Every record, in an order that is the same for all kinds of catalogues, and in which they can be entered.

    Within a transaction of a catalogue that was opened read-only they are all of one moment. In memory at a time are
    the shows, the episodes of one show, the known files of one remote, the inventory, the runs, or the lines of a run.
    """
    remotes = copyable(catalogue).remotes()
    for show in catalogue.shows.all():
        yield show
        yield from catalogue.episodes.of_show(show.key)
    yield from catalogue.movies.all()
    for remote in remotes:
        yield from catalogue.known_files.of_remote(remote)
        yield from catalogue.sightings.of_remote(remote).values()
    yield from catalogue.inventory.all()
    for run in reversed(catalogue.journal.runs()):
        yield run
        for line in catalogue.journal.lines(run.id):
            yield JournalLine(run.id, line)
    for name in catalogue.checkpoints.names():
        if name != UNFINISHED:
            yield Checkpoint(name, catalogue.checkpoints.get(name) or "")


def is_empty(catalogue: Catalogue) -> bool:
    """Whether a catalogue holds no record."""
    return next(records_of(catalogue), None) is None


def summarise(
    catalogue: Catalogue,
    *,
    purpose: str = "reading",
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Summary:
    """Read every record; what they come to.

    Raises CatalogueCorrupt for one that cannot be read, and Cancelled soon after the caller asks to stop.

    >>> from medialib.catalogue import MemoryCatalogue
    >>> summarise(MemoryCatalogue()).digest == hashlib.sha256().hexdigest()
    True
    """
    tally = _Tally(purpose, observer, cancelled)
    with catalogue.transaction():
        for record in records_of(catalogue):
            tally.add(record)
    return tally.summary()


def copy_catalogue(
    source: Catalogue,
    target: Catalogue,
    *,
    replace: bool = False,
    observer: Observer = nobody,
    cancelled: CancelToken | None = None,
) -> Summary:
    """Copy all that `source` holds into `target`, with its identity, and prove it by reading that back.

    All of it happens in one transaction of the target, or nothing. Where the target has no transactions, the checkpoint
    `UNFINISHED` stands in it meanwhile, by which a later call knows that what is there may go. With `replace`, what the
    target holds goes. Others may go on writing to the source if it was opened read-only: what is copied is of one
    moment. Leases are not copied.

    Raises CatalogueError if the target is not empty (unless `replace`), if one of the two is of a kind that cannot be
    copied or the source is none that is there; CatalogueCorrupt for what cannot be read, and for a copy that is not
    what was copied; Cancelled soon after the caller asks to stop; and as the catalogues do.
    """
    taking = copyable(target)
    if source is target:
        raise CatalogueError("a catalogue is not copied into itself")
    copyable(source)
    if not source.identity:
        raise CatalogueError("there is no catalogue to copy")
    with target.transaction():
        if replace or (not target.traits.transactions and target.checkpoints.get(UNFINISHED) is not None):
            taking.clear()
        if not is_empty(target):
            raise CatalogueError(
                "the catalogue that was to be copied to is not empty; nothing was copied",
                remedy="Name one that is not there yet.",
            )
        taking.adopt(source.identity)
        if not target.traits.transactions:
            target.checkpoints.put(UNFINISHED, source.identity)
        written = _write(source, target, _Tally("copying", observer, cancelled))
        read = summarise(target, purpose="proving", observer=observer, cancelled=cancelled)
        if read != written:
            raise CatalogueCorrupt(
                f"the copy is not what was copied ({_difference(written, read)}); it was not kept",
                remedy="Is somebody else writing to one of the two? If not, please report it.",
            )
        if not target.traits.transactions:
            target.checkpoints.remove(UNFINISHED)
    return written


class _Tally:
    """Counts records and hashes them, tells how far it has come, and stops when it is asked to."""

    def __init__(self, purpose: str, observer: Observer, cancelled: CancelToken | None) -> None:
        self._purpose = purpose
        self._observer = observer
        self._cancelled = cancelled
        self._digest = hashlib.sha256()
        self._counts: Counter[str] = Counter()
        self._records = 0

    def add(self, record: Record) -> None:
        self._digest.update(_canonical(record))
        self._counts[_KINDS[type(record)]] += 1
        self._records += 1
        if self._records % _BATCH == 0:
            self._observer(RecordsRead(self._purpose, self._records))
            if self._cancelled is not None and self._cancelled.is_set():
                raise Cancelled("stopped while a catalogue was read; nothing was changed")

    def summary(self) -> Summary:
        self._observer(RecordsRead(self._purpose, self._records, done=True))
        return Summary(self._digest.hexdigest(), {kind: self._counts[kind] for kind in _KINDS.values()})


def _write(source: Catalogue, target: Catalogue, tally: _Tally) -> Summary:
    writers: dict[type, Callable[[list[Any]], object]] = {
        Show: _one_by_one(target.shows.add),
        Episode: target.episodes.put,
        Movie: _one_by_one(target.movies.add),
        KnownFile: target.known_files.put,
        Sighting: target.sightings.put,
        InventoryFile: target.inventory.put,
        Run: _one_by_one(target.journal.begin),
        JournalLine: lambda lines: _write_lines(target, lines),
        Checkpoint: _one_by_one(lambda found: target.checkpoints.put(found.name, found.text)),
    }
    # Kinds that refer to others come after them here as they do in the stream, so one at a time may wait to be written.
    waiting: dict[type, list[Record]] = {kind: [] for kind in _KINDS}

    def flush() -> None:
        for kind, records in waiting.items():
            if records:
                writers[kind](records)
                waiting[kind] = []

    with source.transaction():
        for record in records_of(source):
            tally.add(record)
            waiting[type(record)].append(record)
            if len(waiting[type(record)]) >= _BATCH:
                flush()
    flush()
    return tally.summary()


def _one_by_one(enter: Callable[[Any], None]) -> Callable[[list[Any]], None]:
    def enter_all(records: list[Any]) -> None:
        for record in records:
            enter(record)

    return enter_all


def _write_lines(target: Catalogue, lines: Iterable[JournalLine]) -> None:
    runs: dict[str, list[Performed]] = {}
    for line in lines:
        runs.setdefault(line.run, []).append(line.performed)
    for run, performed in runs.items():
        numbers = target.journal.intend(run, [line.action for line in performed])
        if numbers != tuple(line.sequence for line in performed):
            raise CatalogueCorrupt(f"the lines of run {run} are not numbered without gaps", remedy="Restore a backup.")
        target.journal.complete(run, [(line.sequence, line.outcome) for line in performed if line.outcome is not None])


def _canonical(record: Record) -> bytes:
    """A record as a line of JSON that is the same wherever it was kept, and different from that of every other."""
    data: Any
    match record:
        case JournalLine():
            outcome = record.performed.outcome
            data = {
                "run": record.run,
                "sequence": record.performed.sequence,
                "action": action_data(record.performed.action),
                "outcome": None if outcome is None else outcome_data(outcome),
            }
        case _:
            data = unstructure(record)
    text = json.dumps([_KINDS[type(record)], data], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # Two lone surrogates are not the one character that JSON's escapes would make of them.
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _difference(written: Summary, read: Summary) -> str:
    """What differs, for a reader.

    >>> _difference(Summary("a", {"shows": 2}), Summary("b", {"shows": 1}))
    'shows: 2 written, 1 read'
    """
    differing = [
        f"{kind}: {count} written, {read.counts[kind]} read"
        for kind, count in written.counts.items()
        if read.counts[kind] != count
    ]
    return "; ".join(differing) or "as many records, with other content"
