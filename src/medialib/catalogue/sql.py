"""A catalogue in a relational database.

What differs between databases comes in as a `Backend`; everything else is SQLAlchemy Core over one schema.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, func, insert, select, text, update

from medialib.catalogue.schema import REVISIONS, identities, known_files, leases, metadata, sightings
from medialib.catalogue.sql_counts import count_shows
from medialib.catalogue.sql_files import SqlInventory, SqlKnownFiles, SqlSightings
from medialib.catalogue.sql_journal import SqlCheckpoints, SqlJournal, SqlLeases
from medialib.catalogue.sql_store import Backend, Store
from medialib.catalogue.sql_titles import SqlEpisodes, SqlMovies, SqlShows
from medialib.errors import CatalogueCorrupt, CatalogueError, CatalogueFromTheFuture
from medialib.ports import CatalogueTraits, ShowCounts

__all__ = ["SqlCatalogue", "create_schema", "pending_revisions"]

# As Alembic itself makes it, so that both ways to a fresh catalogue lead to the same one.
_STAMP_TABLE = (
    "CREATE TABLE alembic_version ("
    "version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)

_CONTENTS = [table for table in reversed(metadata.sorted_tables) if table not in (identities, leases)]
"""What a catalogue is emptied of, those that refer to others first."""


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
        self._adopting = False
        self._identity = self._stored_identity()
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
        # Whether what was taken over stays is known to the transaction that it is part of.
        return self._stored_identity() if self._adopting else self._identity

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

    def show_counts(self, shows: Collection[str]) -> Mapping[str, ShowCounts]:
        """What there is of each of these shows, by key."""
        return count_shows(self._store, shows)

    def remotes(self) -> tuple[str, ...]:
        """The names of the remotes that known files or sightings are of, sorted."""
        found: set[str] = set()
        with self._store.reading() as connection:
            for table in (known_files, sightings):
                rows = connection.execute(select(table.c.remote, table.c.long_keys).distinct())
                found.update((long_keys or {}).get("remote", remote) for remote, long_keys in rows)
        return tuple(sorted(found))

    def adopt(self, identity: str) -> None:
        """Take over the identity of the catalogue that is copied into this one, which must be empty."""
        with self._store.writing() as connection:
            if not identity or any(connection.scalar(select(exists().select_from(table))) for table in _CONTENTS):
                raise CatalogueError("only an empty catalogue takes over the identity of another")
            self._adopting = True
            connection.execute(update(identities).values(identity=identity))

    def clear(self) -> None:
        """Forget everything but the identity and the leases."""
        with self._store.writing() as connection:
            for table in _CONTENTS:
                connection.execute(delete(table))

    def faults(self) -> tuple[str, ...]:
        """Rows that refer to nothing, a revision that is not this one's, and what the database itself finds."""
        found: list[str] = []
        with self._store.reading() as connection:
            revisions = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
            if list(revisions) != [REVISIONS[-1]]:
                found.append(f"the schema is {', '.join(map(str, revisions)) or 'none'} in place of {REVISIONS[-1]}")
            for table in metadata.sorted_tables:
                for constraint in sorted(table.foreign_key_constraints, key=lambda each: str(each.name)):
                    parent = constraint.referred_table
                    matches = and_(*(key.parent == key.column for key in constraint.elements))
                    orphans = select(func.count()).select_from(table).where(~exists().where(matches))
                    if count := connection.scalar(orphans):
                        found.append(f"{count} rows of {table.name} refer to nothing in {parent.name}")
            if connection.dialect.name == "sqlite":
                said = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
                found += [str(fault) for fault in said if fault != "ok"]
        return tuple(found)

    def _stored_identity(self) -> str:
        with self._store.reading() as connection:
            found = connection.scalars(select(identities.c.identity)).all()
        if len(found) != 1:
            raise CatalogueCorrupt(
                f"the catalogue has {len(found)} identities in place of one", remedy="Restore a backup of it."
            )
        return str(found[0])

    def close(self) -> None:
        """Let go of the database. Calling it twice is fine."""
        self._store.close()
