"""A catalogue in a PostgreSQL database: one for many processes on many machines.

Tables, migrations and repositories are those of SQLite. What differs is here: how it is connected to, that several
write at once (each call is whole by itself, rows are the locks), and that leases go by the server's clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import Connection, create_engine, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateSchema

from medialib.catalogue.memory import MemoryCatalogue
from medialib.catalogue.postgresql_address import PostgresqlAddress, read_address
from medialib.catalogue.postgresql_bulk import copy_in
from medialib.catalogue.postgresql_failures import explain, explain_connecting
from medialib.catalogue.publishing import private_folder, stamped
from medialib.catalogue.schema import REVISIONS
from medialib.catalogue.sql import SqlCatalogue, create_schema, pending_revisions
from medialib.catalogue.sql_store import Backend
from medialib.errors import CatalogueCorrupt, CatalogueError, CatalogueMissing, CatalogueOutdated
from medialib.events import CatalogueMigrated, Observer, nobody
from medialib.ports import Catalogue, CatalogueTraits

__all__ = ["LEAST_SERVER", "connect", "open_postgresql", "stored_revision"]

LEAST_SERVER = 13
"""The oldest major version of the server that is taken."""

_SESSION = """
    SELECT set_config('TimeZone', 'UTC', false), set_config('lock_timeout', %(wait)s, false),
        set_config('idle_in_transaction_session_timeout', '5min', false),
        set_config('default_transaction_read_only', %(read_only)s, false),
        set_config('search_path', coalesce(quote_ident(%(schema)s), current_setting('search_path')), false)
"""
_TABLES = text(
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')"
)


_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('medialib'), hashtext(coalesce(:schema, current_schema(), '')))")


def open_postgresql(
    url: str, *, read_only: bool = False, create: bool = True, observer: Observer = nobody
) -> Catalogue:
    """Open the catalogue in a PostgreSQL database: ``postgresql://user@host:port/database``, percent-encoded.

    The password comes from the address, or from where libpq looks for one (``PGPASSWORD``, ``~/.pgpass``). Options
    after ``?`` are libpq's, and ``schema`` (that holds the tables; made if it is missing), ``timeout`` (seconds to
    wait for another process) and ``backups`` (folder of this machine for the backup before a migration). The database
    must be there; its tables are made if `create` allows it. An older schema is brought up to date in one transaction,
    after a backup into a file, of which `observer` is told.

    Read-only, the server itself refuses every write; where there is no catalogue yet, it is an empty one without
    identity.

    Raises ConfigurationError for an address that cannot be read, CatalogueMissing for an unknown database (and, if
    `create` is False, for one without tables), CatalogueOutOfReach, CatalogueRefused for a wrong password or missing
    rights, CatalogueFromTheFuture, CatalogueOutdated for an older schema that is opened read-only, CatalogueBusy, and
    CatalogueError for a server that is too old and a database of something else or of another encoding than UTF-8.
    """
    address = read_address(url)
    connection = connect(address, read_only=read_only)
    with _closing_on_failure(connection, address.where):
        revision = _look(connection, address)
        if revision is None and (read_only or not create):
            if not create:
                raise CatalogueMissing(
                    f"there is no catalogue at {address.where}",
                    remedy="The first run that writes makes one; check catalogue.url.",
                )
            _let_go(connection)
            return MemoryCatalogue(read_only=True, identity="")
        if revision is None or pending_revisions(revision, where=address.where):
            if read_only:
                raise CatalogueOutdated(
                    f"the catalogue at {address.where} has the older schema {revision}, and was opened to be read only",
                    remedy="The next run that writes brings it up to date.",
                )
            _make_or_migrate(connection, address, observer)
        backend = Backend(
            insert=insert,
            begin=_begin,
            explain=lambda error: explain(error, address.where),
            bulk=copy_in,
            clock=_server_time,
        )
        return SqlCatalogue(connection, backend, read_only=read_only, traits=CatalogueTraits(own_clock=True))


def connect(address: PostgresqlAddress, *, read_only: bool) -> Connection:
    """A connection that begins no transactions by itself, and is made again by itself if it was lost.

    Raises as `open_postgresql` does for what has to do with the server.
    """

    def connected() -> psycopg.Connection[tuple[object, ...]]:
        try:
            raw = psycopg.connect(**address.parameters, autocommit=True)
        except psycopg.Error as error:
            raise explain_connecting(error, address.where) from None
        try:
            _refuse_server(raw.info.server_version, raw.info.parameter_status("server_encoding") or "", address.where)
            raw.execute(
                _SESSION,
                {
                    "wait": str(round(address.timeout * 1000)),
                    "read_only": "on" if read_only else "off",
                    "schema": address.schema,
                },
            )
        except BaseException:
            raw.close()
            raise
        return raw

    engine = create_engine(
        "postgresql+psycopg://",
        creator=connected,
        poolclass=NullPool,
        paramstyle="format",
        hide_parameters=True,
        use_native_hstore=False,
    )
    return engine.connect()


def stored_revision(connection: Connection, where: str) -> str | None:
    """The schema revision of the catalogue; None where there are no tables.

    Raises CatalogueError for tables of something else, CatalogueCorrupt for a catalogue without its revision.
    """
    tables = set(connection.scalars(_TABLES))
    if not tables:
        return None
    if not {"alembic_version", "catalogue_identity"} <= tables:
        raise CatalogueError(
            f"there are tables at {where}, but no catalogue of medialib; they were not touched",
            remedy="Name a database of its own, or a schema: ?schema=medialib at the end of catalogue.url.",
        )
    found = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    if len(found) != 1:
        raise CatalogueCorrupt(
            f"the catalogue at {where} is damaged: it has {len(found)} schema revisions",
            remedy="Restore a backup of it; it was not touched.",
        )
    return str(found[0])


def _look(connection: Connection, address: PostgresqlAddress) -> str | None:
    with connection.begin():
        _begin(connection, False)
        return stored_revision(connection, address.where)


def _make_or_migrate(connection: Connection, address: PostgresqlAddress, observer: Observer) -> None:
    with connection.begin():
        _begin(connection, True)
        # Two processes may start on a fresh database, or with a new medialib: the second finds all done.
        connection.execute(_ALONE, {"schema": address.schema})
        if address.schema is not None:
            connection.execute(CreateSchema(address.schema, if_not_exists=True))
        revision = stored_revision(connection, address.where)
        if revision is None:
            create_schema(connection, identity=uuid.uuid4().hex, created=datetime.now(UTC))
        elif pending_revisions(revision, where=address.where):
            from medialib.catalogue.migrating import migrate

            backup = _back_up_first(connection, address, revision)
            migrate(connection)
            observer(CatalogueMigrated(address.where, revision, REVISIONS[-1], str(backup)))


def _back_up_first(connection: Connection, address: PostgresqlAddress, revision: str) -> Path:
    from medialib.catalogue.portable import back_up_rows

    # What others would write after their table was copied would be in no backup.
    quote = connection.dialect.identifier_preparer.quote
    tables = ", ".join(quote(name) for name in sorted(connection.scalars(_TABLES)))
    connection.exec_driver_sql(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
    return back_up_rows(connection, revision, stamped(private_folder(address.backups) / "postgresql-catalogue"))


@contextmanager
def _closing_on_failure(connection: Connection, where: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        _let_go(connection)
        raise explain(error, where) from error
    except BaseException:
        _let_go(connection)
        raise


def _let_go(connection: Connection) -> None:
    connection.close()
    connection.engine.dispose()


def _refuse_server(version: int, encoding: str, where: str) -> None:
    if version < LEAST_SERVER * 10_000:
        raise CatalogueError(
            f"the server of the catalogue at {where} is PostgreSQL {version // 10_000}; the oldest that is taken is "
            f"{LEAST_SERVER}",
            remedy="Move the database to a newer server.",
        )
    if encoding != "UTF8":
        raise CatalogueError(
            f"the database of the catalogue at {where} has the encoding {encoding}, which cannot hold every name",
            remedy="Make one with createdb --encoding=UTF8 --template=template0.",
        )


def _begin(connection: Connection, write: bool) -> None:
    # Questions of one call see one moment. Who writes sees what others have written up to each statement, so that
    # waiting for a row ends with its new content, not with a failure.
    mode = "READ COMMITTED READ WRITE" if write else "REPEATABLE READ READ ONLY"
    connection.exec_driver_sql(f"BEGIN ISOLATION LEVEL {mode}")


def _server_time(connection: Connection) -> datetime:
    moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return moment
