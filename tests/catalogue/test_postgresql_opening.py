"""Opening a catalogue in PostgreSQL: what is made, what is refused, and what becomes of connections."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.schema import CreateSchema

from medialib.catalogue import open_catalogue
from medialib.catalogue.migrating import migrate
from medialib.catalogue.postgresql import LEAST_SERVER, _refuse_server, connect
from medialib.catalogue.postgresql_address import read_address
from medialib.catalogue.schema import REVISIONS, metadata
from medialib.errors import (
    CatalogueBusy,
    CatalogueCorrupt,
    CatalogueError,
    CatalogueFromTheFuture,
    CatalogueMissing,
    CatalogueOutdated,
    CatalogueOutOfReach,
    CatalogueRefused,
    ConfigurationError,
    TransientError,
)
from medialib.events import CatalogueMigrated, Event
from medialib.model import Show
from medialib.testing.catalogue_rows import known
from medialib.testing.postgresql import PostgresqlServer

PASSWORD = "correct/horse@battery:50%"
WRITTEN = "correct%2Fhorse%40battery%3A50%25"


@pytest.fixture
def url(postgresql_server: PostgresqlServer) -> str:
    """A schema of the test's own, and connections that are told from those of others."""
    url = postgresql_server.fresh_url()
    return f"{url}&application_name={schema_of(url)}"


@pytest.fixture(scope="module")
def guest(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """An account that needs its password, and owns a database of its own."""
    name = f"guest_{secrets.token_hex(4)}"
    postgresql_server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    postgresql_server.execute(f"CREATE DATABASE {name} OWNER {name}")
    yield name
    postgresql_server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    postgresql_server.execute(f"DROP ROLE {name}")


def schema_of(url: str) -> str:
    return str(read_address(url).schema)


def tables(server: PostgresqlServer, url: str) -> set[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
    return {name for (name,) in server.execute(query, schema_of(url))}


def fails(url: str, kind: type[CatalogueError], *, read_only: bool = False) -> str:
    """Opening fails so; what a reader sees of it, the whole chain of causes included."""
    with pytest.raises(kind) as caught:
        open_catalogue(url, read_only=read_only)
    assert PASSWORD not in (shown := "".join(traceback.format_exception(caught.value)))
    assert WRITTEN not in shown
    assert "battery" not in shown.replace(PASSWORD, "")
    return str(caught.value)


# ----------------------------------------------------------------------------------------------------------- connecting


def test_a_server_that_is_not_there(postgresql_server: PostgresqlServer) -> None:
    said = fails("postgresql://me@127.0.0.1:1/films", CatalogueOutOfReach)
    assert "the catalogue at me@127.0.0.1:1/films cannot be reached" in said
    assert "Connection refused" in said
    assert "Is it running" in said
    assert issubclass(CatalogueOutOfReach, TransientError)


def test_a_database_that_is_not_there_is_not_made(postgresql_server: PostgresqlServer) -> None:
    said = fails(postgresql_server.url("films"), CatalogueMissing)
    assert "there is no database" in said
    assert "createdb films" in said


@pytest.mark.parametrize("password", ["", ":hunter2", f":{WRITTEN}x"])
def test_a_wrong_password_is_said_and_not_shown(postgresql_server: PostgresqlServer, guest: str, password: str) -> None:
    url = f"postgresql://{guest}{password}@127.0.0.1:{postgresql_server.port}/{guest}"
    said = fails(url, CatalogueRefused)
    assert "refuses to open the catalogue" in said
    assert "catalogue.password" in said
    assert "hunter2" not in said


def test_a_password_in_the_address_the_environment_or_a_file(
    postgresql_server: PostgresqlServer, guest: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    where = f"127.0.0.1:{postgresql_server.port}/{guest}"
    catalogue = open_catalogue(f"postgresql://{guest}:{WRITTEN}@{where}")
    identity = catalogue.identity
    catalogue.close()
    passfile = tmp_path / "pgpass"
    passfile.write_text("*:*:*:*:" + PASSWORD.replace(":", "\\:") + "\n")
    passfile.chmod(0o600)
    for address in (f"postgresql://{guest}@{where}?passfile={passfile}", f"POSTGRES://{guest}@{where}"):
        looking = open_catalogue(address, read_only=True)
        assert looking.identity == identity
        looking.close()
        monkeypatch.setenv("PGPASSWORD", PASSWORD)


def test_an_account_without_rights_is_told_which(postgresql_server: PostgresqlServer, guest: str) -> None:
    url = f"postgresql://{guest}:{WRITTEN}@127.0.0.1:{postgresql_server.port}/medialib"
    assert "grant it CREATE" in fails(url, CatalogueRefused)
    assert "grant it CREATE" in fails(f"{url}?schema=new", CatalogueRefused)


def test_servers_that_are_too_old_or_of_another_encoding(postgresql_server: PostgresqlServer) -> None:
    with pytest.raises(CatalogueError, match=f"PostgreSQL 9; the oldest that is taken is {LEAST_SERVER}"):
        _refuse_server(90_624, "UTF8", "db")
    postgresql_server.execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")
    try:
        assert "createdb --encoding=UTF8" in fails(postgresql_server.url("ascii"), CatalogueError)
    finally:
        postgresql_server.execute("DROP DATABASE ascii")


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{PASSWORD}@db/films",
        "postgresql://me:battery@staple@db/films",
        "postgresql://me:battery%zz@db/films",
        "postgresql://me:battery@[::1/films",
        "postgresql://me:battery@db:port/films",
        "postgresql://me:bat/tery@db/films",
        "postgresql://me:12/battery@db/films",
        "postgresql://me:bat#tery@db/films",
        "postgresql://me@db/films?password=battery@staple",
        "postgresql://me@db/films?battery=1",
        "postgresql://me@db/films?timeout=battery",
        "postgresql://me@db/films?timeout=0",
        "postgresql://me@db/films?schema=",
    ],
)
def test_addresses_that_cannot_be_read_are_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_catalogue(url)
    shown = "".join(traceback.format_exception(caught.value, chain=True))
    for part in ("battery", "staple", "tery"):
        assert part not in shown.replace(__file__, "")


# ------------------------------------------------------------------------------------------ what is there, and what not


def test_looking_makes_nothing(postgresql_server: PostgresqlServer, url: str) -> None:
    looking = open_catalogue(url, read_only=True)
    assert (looking.identity, looking.read_only, list(looking.shows.all())) == ("", True, [])
    with pytest.raises(CatalogueError):
        looking.shows.add(Show("a", "A"))
    looking.close()
    with pytest.raises(CatalogueMissing):
        open_catalogue(url, create=False)
    assert tables(postgresql_server, url) == set()
    assert not postgresql_server.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", schema_of(url))


def test_the_server_itself_refuses_writes_of_who_only_looks(url: str) -> None:
    open_catalogue(url).close()
    connection = connect(read_address(url), read_only=True)
    with pytest.raises(Exception, match="read-only transaction"):
        connection.exec_driver_sql("DELETE FROM shows")
    connection.close()


def test_many_that_start_at_once_find_one_catalogue(url: str) -> None:
    gate = Barrier(4)

    def identity(_: int) -> str:
        gate.wait(10)
        catalogue = open_catalogue(url)
        catalogue.close()
        return catalogue.identity

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(identity, range(4)))) == 1


def test_tables_of_something_else_are_left_alone(postgresql_server: PostgresqlServer, url: str) -> None:
    schema = schema_of(url)
    postgresql_server.execute(f"CREATE SCHEMA {schema} CREATE TABLE shows (id int)")
    for read_only in (True, False):
        said = fails(url, CatalogueError, read_only=read_only)
        assert "no catalogue of medialib; they were not touched" in said
        assert "?schema=medialib" in said
    assert tables(postgresql_server, url) == {"shows"}


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_catalogue_is_refused_and_left_alone(
    postgresql_server: PostgresqlServer, url: str, read_only: bool
) -> None:
    open_catalogue(url).close()
    postgresql_server.execute("UPDATE alembic_version SET version_num = '9999'", schema=schema_of(url))
    assert "revision 9999, this medialib knows up to" in fails(url, CatalogueFromTheFuture, read_only=read_only)


@pytest.mark.parametrize("damage", ["DELETE FROM catalogue_identity", "DELETE FROM alembic_version"])
def test_a_catalogue_that_does_not_say_which_it_is(postgresql_server: PostgresqlServer, url: str, damage: str) -> None:
    open_catalogue(url).close()
    postgresql_server.execute(damage, schema=schema_of(url))
    for read_only in (True, False):
        fails(url, CatalogueCorrupt, read_only=read_only)


def test_an_older_schema_is_brought_up_to_date_and_is_then_the_same(
    postgresql_server: PostgresqlServer, url: str, tmp_path: Path
) -> None:
    url = f"{url}&backups={tmp_path}"
    address = read_address(url)
    connection = connect(address, read_only=False)
    with connection.begin():
        connection.execute(CreateSchema(schema_of(url)))
        assert migrate(connection, REVISIONS[0]) == REVISIONS[:1]
        connection.exec_driver_sql("INSERT INTO catalogue_identity VALUES ('0123', now())")
        connection.exec_driver_sql(
            "INSERT INTO shows (key, title, type, folder, genres, source) "
            "VALUES ('a', 'A', 'standard', '', '[]', 'user')"
        )
    assert "older schema 0001" in fails(url, CatalogueOutdated, read_only=True)
    heard: list[Event] = []
    catalogue = open_catalogue(url, observer=heard.append)
    (backup,) = tmp_path.iterdir()
    assert heard == [CatalogueMigrated(address.where, REVISIONS[0], REVISIONS[-1], str(backup))]
    assert (catalogue.identity, list(catalogue.shows.all())) == ("0123", [Show("a", "A")])
    catalogue.close()
    with connection.begin():
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    connection.close()


def test_a_prefix_query_uses_the_index(postgresql_server: PostgresqlServer, url: str) -> None:
    open_catalogue(url).close()
    asked = {
        "pk_known_files": "SELECT * FROM known_files WHERE remote = 'a' AND path >= '/' AND path < '0' ORDER BY path",
        "pk_journal_places": "SELECT * FROM journal_places WHERE location = 'a' AND path = 'b'",
        "ix_episodes_show_absolute": "SELECT * FROM episodes WHERE show = 'a' AND absolute = 3",
        "ix_inventory_sha256": "SELECT * FROM inventory WHERE sha256 = 'a'",
    }
    # Tables that are empty are read whole unless that is forbidden.
    settings = f"-c%20enable_seqscan%3Doff%20-c%20search_path%3D{schema_of(url)}"
    with psycopg.connect(postgresql_server.url(options=settings)) as connection:
        for index, query in asked.items():
            plan = connection.execute(f"EXPLAIN {query}".encode()).fetchall()
            assert any(f"using {index}" in line or f"on {index}" in line for (line,) in plan), plan


# -------------------------------------------------------------------------------------------- connections that are lost


def cut(server: PostgresqlServer, url: str) -> None:
    """End every connection that the catalogue has."""
    query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s"
    assert server.execute(query, schema_of(url))


def test_a_connection_that_was_lost_between_two_calls_is_made_again(
    postgresql_server: PostgresqlServer, url: str
) -> None:
    catalogue = open_catalogue(url)
    for text in ("1", "2"):
        cut(postgresql_server, url)
        catalogue.checkpoints.put("a", text)
        cut(postgresql_server, url)
        assert catalogue.checkpoints.get("a") == text
    catalogue.close()


def test_a_transaction_whose_connection_was_lost_is_lost_whole(postgresql_server: PostgresqlServer, url: str) -> None:
    catalogue = open_catalogue(url)

    def write(*, catching: bool) -> None:
        with catalogue.transaction():
            catalogue.checkpoints.put("a", "1")
            cut(postgresql_server, url)
            if catching:
                with pytest.raises(CatalogueOutOfReach):
                    catalogue.checkpoints.get("a")
            catalogue.checkpoints.put("b", "2")

    with pytest.raises(CatalogueOutOfReach, match="was lost; what was under way was not written"):
        write(catching=False)
    assert catalogue.checkpoints.names() == ()
    with pytest.raises(CatalogueError, match="failed earlier"):
        write(catching=True)
    catalogue.checkpoints.put("c", "3")
    assert catalogue.checkpoints.names() == ("c",)
    catalogue.close()


def test_a_connection_lost_at_the_last_moment_is_not_told_as_either(
    postgresql_server: PostgresqlServer, url: str
) -> None:
    catalogue = open_catalogue(url)
    schema = schema_of(url)
    postgresql_server.execute(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$",
        schema=schema,
    )
    postgresql_server.execute(
        "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON checkpoints DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION die()",
        schema=schema,
    )
    with pytest.raises(CatalogueError, match="it may or may not") as caught:
        catalogue.checkpoints.put("a", "1")
    assert not isinstance(caught.value, TransientError)
    assert catalogue.checkpoints.names() == ()
    catalogue.close()


# ------------------------------------------------------------------------------------------------------ several at once


def test_who_waits_too_long_for_another_is_told(url: str) -> None:
    holder, waiter = open_catalogue(url), open_catalogue(f"{url}&timeout=0.1")
    holder.checkpoints.put("a", "0")
    with holder.transaction():
        holder.checkpoints.put("a", "1")
        with pytest.raises(CatalogueBusy, match="held by another process"):
            waiter.checkpoints.put("a", "2")
        waiter.checkpoints.put("b", "3")  # Rows are the locks: what nobody holds is free.
        assert waiter.checkpoints.get("a") == "0"
    waiter.checkpoints.put("a", "4")
    assert holder.checkpoints.get("a") == "4"
    holder.close()
    waiter.close()


def test_of_two_that_wait_for_each_other_one_gives_up(url: str) -> None:
    both = [open_catalogue(f"{url}&options=-c%20deadlock_timeout%3D20ms") for _ in range(2)]
    gate = Barrier(2)

    def work(index: int) -> str:
        try:
            with both[index].transaction():
                both[index].checkpoints.put(str(index), "")
                gate.wait(10)
                both[index].checkpoints.put(str(1 - index), "")
        except CatalogueBusy:
            return "gave up"
        return "done"

    for name in ("0", "1"):
        both[0].checkpoints.put(name, "")
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(work, range(2))) == ["done", "gave up"]
    for catalogue in both:
        catalogue.close()


def test_many_rows_from_two_sides_never_wait_in_a_ring(url: str) -> None:
    both = [open_catalogue(url) for _ in range(2)]
    names = [f"{number:03}" for number in range(200)]

    def work(index: int) -> None:
        for _ in range(5):
            both[index].known_files.put(known(name) for name in (names if index else reversed(names)))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    assert len(list(both[0].known_files.of_remote("seedbox"))) == 200
    for catalogue in both:
        catalogue.close()
