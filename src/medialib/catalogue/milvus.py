"""A catalogue in Milvus: titles and files in its collections, and an SQLite file beside it for what it is unfit for.

Milvus finds rows and vectors, and knows neither transactions nor "only if it is not there yet". So the journal, the
checkpoints, the leases and the sightings are in the SQLite file, and every change to Milvus is written there first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

from medialib.catalogue.counting import count_rows
from medialib.catalogue.gates import Gate
from medialib.catalogue.milvus_address import BESIDE, read_address
from medialib.catalogue.milvus_files import MilvusInventory, MilvusKnownFiles
from medialib.catalogue.milvus_log import Log, read_log
from medialib.catalogue.milvus_rows import EPISODES, INVENTORY, KNOWN_FILES, SHOWS, TABLES
from medialib.catalogue.milvus_server import DEFAULT_PORT, MilvusConnection, connect_embedded, connect_server
from medialib.catalogue.milvus_store import MilvusStore
from medialib.catalogue.milvus_tables import MilvusTables, NoRows
from medialib.catalogue.milvus_titles import MilvusEpisodes, MilvusMovies, MilvusShows
from medialib.catalogue.sql import SqlCatalogue
from medialib.catalogue.sql_files import SqlSightings
from medialib.catalogue.sql_journal import SqlCheckpoints, SqlJournal, SqlLeases
from medialib.catalogue.sqlite import open_sqlite
from medialib.errors import CatalogueCorrupt, CatalogueError, CatalogueFromTheFuture, CatalogueMissing
from medialib.events import Observer, nobody
from medialib.ports import CatalogueTraits, ShowCounts

__all__ = ["BESIDE", "MilvusCatalogue", "open_embedded_milvus", "open_milvus", "open_milvus_server"]

_FORMAT = "1"
_OWNER = "owner"
_KEPT_BESIDE = ("sightings", "journal", "checkpoints", "leases")


def open_milvus(
    url: str, *, read_only: bool = False, create: bool = True, observer: Observer = nobody
) -> MilvusCatalogue:
    """Open the catalogue at an address, ``milvus:///path.db`` or ``milvus://host:port/database?beside=/path.sqlite``.

    Raises ConfigurationError for another form of address, and as the two functions below do.
    """
    address = read_address(url)
    if address.folder is not None:
        return open_embedded_milvus(
            address.folder, read_only=read_only, create=create, busy_timeout=address.timeout, observer=observer
        )
    return open_milvus_server(
        address.host,
        address.port,
        beside=address.file,
        database=address.database,
        token=address.token,
        secure=address.secure,
        read_only=read_only,
        create=create,
        busy_timeout=address.timeout,
        observer=observer,
    )


def open_embedded_milvus(
    path: Path | str,
    *,
    read_only: bool = False,
    create: bool = True,
    busy_timeout: float = 30.0,
    observer: Observer = nobody,
) -> MilvusCatalogue:
    """Open the catalogue in a folder that a Milvus inside this process keeps (Milvus Lite); its name ends in ``.db``.

    One process at a time may have it open, for looking too: Milvus Lite has no other way. The SQLite file is in that
    folder. `observer` is told where Milvus could not be told of a change at once.

    Raises CatalogueBusy, with the remedy, while another process has it; CatalogueMissing (only if `create` is False);
    ConfigurationError where pymilvus is not installed; and as `open_sqlite` does for the file beside.
    """
    folder = Path(path)
    if not str(folder).endswith(".db"):
        raise CatalogueError(
            f"{folder} does not end in .db, as Milvus Lite wants", remedy="Rename it, or name another."
        )
    file = folder / BESIDE
    if not file.exists():
        if not create:
            raise CatalogueMissing(
                f"there is no catalogue at {folder}", remedy="The first run that writes makes one; check catalogue.url."
            )
        if read_only and not folder.exists():
            return _nothing_yet(file, processes=False)
    with ExitStack() as opened:
        connection = connect_embedded(folder, timeout=busy_timeout)
        opened.callback(connection.close)
        catalogue = _open(connection, file, read_only=read_only, busy_timeout=busy_timeout, observer=observer)
        opened.pop_all()
        return catalogue


def open_milvus_server(
    host: str,
    port: int = DEFAULT_PORT,
    *,
    beside: Path | str,
    database: str = "default",
    token: str = "",
    secure: bool = False,
    read_only: bool = False,
    create: bool = True,
    busy_timeout: float = 30.0,
    observer: Observer = nobody,
) -> MilvusCatalogue:
    """Open the catalogue in a database of a Milvus server, with the SQLite file `beside` on this machine.

    Any number of processes of this machine may have it open. Another machine may not: the file beside belongs to the
    catalogue, and a network file system is refused. `token` is ``user:password`` or a key.

    Raises ConnectionLost, AuthenticationFailed, CatalogueMissing (if `create` is False, or the server lacks the
    database of a catalogue whose file is there), CatalogueError for collections that belong to another catalogue, and
    as `open_sqlite` does for the file beside.
    """
    file = Path(beside)
    if not create and not file.exists():
        raise CatalogueMissing(f"there is no file {file} beside the catalogue", remedy="Check catalogue.url.")
    with ExitStack() as opened:
        making = create and not read_only
        try:
            connection = connect_server(
                host, port, database=database, token=token, secure=secure, create=making, timeout=busy_timeout
            )
        except CatalogueMissing:
            if making or file.exists():
                raise
            return _nothing_yet(file, processes=True)
        opened.callback(connection.close)
        catalogue = _open(connection, file, read_only=read_only, busy_timeout=busy_timeout, observer=observer)
        opened.pop_all()
        return catalogue


def _nothing_yet(file: Path, *, processes: bool) -> MilvusCatalogue:
    """What is seen of a catalogue that is still to be made."""
    empty = open_sqlite(file, read_only=True)
    traits = CatalogueTraits(processes=processes, kept_beside=_KEPT_BESIDE)
    return MilvusCatalogue(MilvusStore(NoRows(), empty, None, unwritten=dict), empty, traits)


def _open(
    connection: MilvusConnection, file: Path, *, read_only: bool, busy_timeout: float, observer: Observer
) -> MilvusCatalogue:
    traits = CatalogueTraits(processes=connection.embedded is None, kept_beside=_KEPT_BESIDE)
    with ExitStack() as opened:
        tables = MilvusTables(connection)
        beside = open_sqlite(file, read_only=read_only, busy_timeout=busy_timeout, observer=observer)
        opened.callback(beside.close)
        lock = file.with_name(f"{file.name}.lock")
        gate = None if read_only and not lock.exists() else Gate(lock, patience=busy_timeout)
        if gate is not None:
            opened.callback(gate.close)
        if read_only:
            _refuse_strangers(tables, beside, connection.where, file)
            unwritten = partial(read_log, file) if file.exists() else dict
            store = MilvusStore(tables, beside, gate, unwritten=unwritten)
        else:
            assert gate is not None
            with gate.alone():
                with beside.store.writing() as database:
                    Log(database).prepare()
                _refuse_strangers(tables, beside, connection.where, file)
                with beside.store.writing() as database:
                    owner = _owner(Log(database), beside)
                if connection.embedded is None and tables.owner() is None:
                    tables.claim(owner)
                with beside.store.writing() as database:
                    Log(database).note("format", _FORMAT)
            store = MilvusStore(tables, beside, gate, observer=observer)
            store.mend()
        opened.pop_all()
        return MilvusCatalogue(store, beside, traits)


def _refuse_strangers(tables: MilvusTables, beside: SqlCatalogue, where: str, file: Path) -> None:
    """Raise CatalogueError unless the collections and the file beside belong together, and are all there."""
    with beside.store.reading() as database:
        log = Log(database)
        form, used = (log.state("format"), log.used()) if log.prepared() else (None, frozenset())
        mine = _owner(log, beside) if log.prepared() else beside.identity
    if form is not None and form != _FORMAT:
        raise CatalogueFromTheFuture(
            f"{where} has rows of format {form}, this medialib knows {_FORMAT}; it was not touched",
            remedy="Update medialib.",
        )
    # after the log, which is told of a collection once it is there: another process may be making its first ones
    there = tables.tables()
    owner = tables.owner()
    if owner not in (None, mine) or (form is None and owner is None and there):
        raise CatalogueError(
            f"the collections in {where} belong to another catalogue than {file}; nothing was touched",
            remedy="Name the file that belongs to them, or another database.",
        )
    if not used <= there:
        raise CatalogueCorrupt(
            f"{where} has lost its {', '.join(sorted(used - there))}",
            remedy=f"Restore a backup of it together with {file}.",
        )


def _owner(log: Log, beside: SqlCatalogue) -> str:
    """What the collections are claimed by: the first identity of the file beside, whatever it took over later."""
    return log.state(_OWNER) or beside.identity


class MilvusCatalogue:
    """`ports.Catalogue` in Milvus and an SQLite file; see `open_embedded_milvus` and `open_milvus_server`."""

    def __init__(self, store: MilvusStore, beside: SqlCatalogue, traits: CatalogueTraits) -> None:
        self._store = store
        self._beside = beside
        self._traits = traits
        self._shows = MilvusShows(store)
        self._episodes = MilvusEpisodes(store)
        self._movies = MilvusMovies(store)
        self._known_files = MilvusKnownFiles(store)
        self._inventory = MilvusInventory(store)

    @property
    def identity(self) -> str:
        """What tells this catalogue from every other."""
        return self._beside.identity

    @property
    def traits(self) -> CatalogueTraits:
        """How it differs from others."""
        return self._traits

    @property
    def read_only(self) -> bool:
        """Whether writes are refused."""
        return self._store.read_only

    @property
    def shows(self) -> MilvusShows:
        """Shows with their aliases."""
        return self._shows

    @property
    def episodes(self) -> MilvusEpisodes:
        """Episodes of the shows."""
        return self._episodes

    @property
    def movies(self) -> MilvusMovies:
        """Films."""
        return self._movies

    @property
    def known_files(self) -> MilvusKnownFiles:
        """Remote files that were dealt with."""
        return self._known_files

    @property
    def sightings(self) -> SqlSightings:
        """First looks at remote files; kept beside."""
        return self._beside.sightings

    @property
    def inventory(self) -> MilvusInventory:
        """Files in the library."""
        return self._inventory

    @property
    def journal(self) -> SqlJournal:
        """Runs and their lines; kept beside."""
        return self._beside.journal

    @property
    def checkpoints(self) -> SqlCheckpoints:
        """Where long work had got to; kept beside."""
        return self._beside.checkpoints

    @property
    def leases(self) -> SqlLeases:
        """Who may write; kept beside."""
        return self._beside.leases

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, for what this thread does inside."""
        return self._store.transaction()

    def show_counts(self, shows: Collection[str]) -> Mapping[str, ShowCounts]:
        """What there is of each of these shows, by key."""
        with self._store.reading():
            return count_rows(shows, self._store.all(EPISODES), self._store.all(INVENTORY))

    def remotes(self) -> tuple[str, ...]:
        """The names of the remotes that known files or sightings are of, sorted."""
        with self._store.reading():
            return tuple(sorted({file.remote for file in self._store.all(KNOWN_FILES)} | {*self._beside.remotes()}))

    def adopt(self, identity: str) -> None:
        """Take over the identity of the catalogue that is copied into this one, which must be empty."""
        with self._store.writing():
            if any(self._store.all(table) for table in TABLES.values()):
                raise CatalogueError("only an empty catalogue takes over the identity of another")
            with self._beside.store.writing() as database:
                # Milvus was told of the first one, and takes part in no transaction.
                log = Log(database)
                log.note(_OWNER, _owner(log, self._beside))
            self._beside.adopt(identity)

    def clear(self) -> None:
        """Forget everything but the identity and the leases."""
        with self._store.writing():
            for table in TABLES.values():
                self._store.remove(table, [table.key(value) for value in self._store.all(table)])
            self._beside.clear()

    def faults(self) -> tuple[str, ...]:
        """What is wrong with the file beside, and episodes of shows that are not there."""
        with self._store.reading():
            shows = {show.key for show in self._store.all(SHOWS)}
            orphans = sum(episode.show not in shows for episode in self._store.all(EPISODES))
            found = self._beside.faults()
        return (*found, f"{orphans} rows of episodes refer to nothing in shows") if orphans else found

    def close(self) -> None:
        """Let go of Milvus and of the file beside. Calling it twice is fine."""
        self._store.close()
