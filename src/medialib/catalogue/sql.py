"""A catalogue in a relational database.

What differs between databases comes in as a `Backend`; everything else is SQLAlchemy Core over one schema.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, insert, select, text

from medialib.catalogue.schema import REVISIONS, identities, metadata
from medialib.catalogue.sql_files import SqlInventory, SqlKnownFiles, SqlSightings
from medialib.catalogue.sql_journal import SqlCheckpoints, SqlJournal, SqlLeases
from medialib.catalogue.sql_store import Backend, Store
from medialib.catalogue.sql_titles import SqlEpisodes, SqlMovies, SqlShows
from medialib.errors import CatalogueCorrupt, CatalogueFromTheFuture
from medialib.ports import CatalogueTraits

__all__ = ["SqlCatalogue", "create_schema", "pending_revisions"]

# As Alembic itself makes it, so that both ways to a fresh catalogue lead to the same one.
_STAMP_TABLE = (
    "CREATE TABLE alembic_version ("
    "version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def create_schema(connection: Connection, *, identity: str, created: datetime) -> None:
    """Make every table of the newest revision in an empty database, without loading Alembic."""
    metadata.create_all(connection, checkfirst=False)
    connection.execute(text(_STAMP_TABLE))
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": REVISIONS[-1]})
    connection.execute(insert(identities), [{"identity": identity, "created": created}])


def pending_revisions(revision: str, *, where: str) -> tuple[str, ...]:
    """The revisions that a catalogue of the given one still needs, oldest first.

    Raises CatalogueFromTheFuture for a revision that this medialib does not know.

    >>> pending_revisions(REVISIONS[-1], where="catalogue.db")
    ()
    """
    if revision not in REVISIONS:
        raise CatalogueFromTheFuture(
            f"{where} has schema revision {revision}, this medialib knows up to {REVISIONS[-1]}; it was not touched",
            remedy="Update medialib, or restore a backup that this version made.",
        )
    return REVISIONS[REVISIONS.index(revision) + 1 :]


class SqlCatalogue:
    """`ports.Catalogue` over a relational database; `sqlite.open_sqlite` makes one.

    Raises CatalogueCorrupt if the database does not say which catalogue it is.
    """

    def __init__(
        self, connection: Connection, backend: Backend, *, read_only: bool, traits: CatalogueTraits | None = None
    ) -> None:
        self._store = Store(connection, backend, read_only=read_only)
        self._traits = CatalogueTraits() if traits is None else traits
        with self._store.reading() as usable:
            found = usable.scalars(select(identities.c.identity)).all()
        if len(found) != 1:
            raise CatalogueCorrupt(
                f"the catalogue has {len(found)} identities in place of one", remedy="Restore a backup of it."
            )
        self._identity: str = found[0]
        self._shows = SqlShows(self._store)
        self._episodes = SqlEpisodes(self._store)
        self._movies = SqlMovies(self._store)
        self._known_files = SqlKnownFiles(self._store)
        self._sightings = SqlSightings(self._store)
        self._inventory = SqlInventory(self._store)
        self._journal = SqlJournal(self._store)
        self._checkpoints = SqlCheckpoints(self._store)
        self._leases = SqlLeases(self._store)

    @property
    def identity(self) -> str:
        """What tells this catalogue from every other."""
        return self._identity

    @property
    def traits(self) -> CatalogueTraits:
        """How it differs from others."""
        return self._traits

    @property
    def read_only(self) -> bool:
        """Whether writes are refused."""
        return self._store.read_only

    @property
    def store(self) -> Store:
        """The connection, for those who keep tables of their own in the same database and the same transactions."""
        return self._store

    @property
    def shows(self) -> SqlShows:
        """Shows with their aliases."""
        return self._shows

    @property
    def episodes(self) -> SqlEpisodes:
        """Episodes of the shows."""
        return self._episodes

    @property
    def movies(self) -> SqlMovies:
        """Films."""
        return self._movies

    @property
    def known_files(self) -> SqlKnownFiles:
        """Remote files that were dealt with."""
        return self._known_files

    @property
    def sightings(self) -> SqlSightings:
        """First looks at remote files."""
        return self._sightings

    @property
    def inventory(self) -> SqlInventory:
        """Files in the library."""
        return self._inventory

    @property
    def journal(self) -> SqlJournal:
        """Runs and their lines."""
        return self._journal

    @property
    def checkpoints(self) -> SqlCheckpoints:
        """Where long work had got to."""
        return self._checkpoints

    @property
    def leases(self) -> SqlLeases:
        """Who may write."""
        return self._leases

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, for what this thread does inside."""
        return self._store.transaction()

    def close(self) -> None:
        """Let go of the database. Calling it twice is fine."""
        self._store.close()
