from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

import medialib.catalogue
from medialib.catalogue.migrating import migrate
from medialib.catalogue.schema import REVISIONS, metadata
from medialib.catalogue.sqlite import check_sqlite, migrate_file, open_sqlite
from medialib.errors import CatalogueCorrupt, CatalogueError
from medialib.events import CatalogueMigrated, Event
from medialib.model import Episode, Holding, InventoryFile, KnownFile, Movie, Place, Show, Sighting, Unit
from medialib.planning import Fetch, Move, Outcome

NOON = datetime(2024, 5, 17, 12, tzinfo=UTC)
FIXTURES = Path(__file__).parent


def migrated(path: Path) -> None:
    """Make a database by the migrations alone."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        assert migrate(connection) == REVISIONS
    engine.dispose()


def schema_of(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert revision == (REVISIONS[-1],)
    return {name: "".join(sql.split()) for name, sql in rows}


def test_both_ways_to_a_fresh_catalogue_lead_to_the_same(tmp_path: Path) -> None:
    migrated(tmp_path / "migrated.db")
    open_sqlite(tmp_path / "created.db").close()
    made, grown = schema_of(tmp_path / "created.db"), schema_of(tmp_path / "migrated.db")
    assert made == grown


def test_the_migrations_lead_to_the_tables_in_the_code(tmp_path: Path) -> None:
    migrated(tmp_path / "migrated.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}", poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_known_revisions_are_those_of_the_scripts() -> None:
    folder = Path(medialib.catalogue.__file__).parent / "migrations"
    scripts = ScriptDirectory(str(folder))
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == REVISIONS
    assert scripts.get_heads() == [REVISIONS[-1]]


def test_the_tables_can_be_made_on_postgresql() -> None:
    for table in metadata.sorted_tables:
        text = str(CreateTable(table).compile(dialect=postgresql.dialect()))
        assert "DATETIME" not in text
        if any(column.type.__class__.__name__ == "EscapedText" for column in table.c):
            assert 'COLLATE "C"' in text


def test_a_prefix_query_uses_the_index(tmp_path: Path) -> None:
    open_sqlite(tmp_path / "c.db").close()
    with closing(sqlite3.connect(tmp_path / "c.db")) as connection:
        asked = {
            "known_files": "SELECT * FROM known_files WHERE remote = 'a' AND path >= '/' AND path < '0' ORDER BY path",
            "journal_places": "SELECT * FROM journal_places WHERE location = 'a' AND path = 'b'",
            "episodes": "SELECT * FROM episodes WHERE show = 'a' AND absolute = 3",
            "inventory": "SELECT * FROM inventory WHERE unit_kind = 'a' AND unit_key = 'b'",
        }
        for table, query in asked.items():
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
            assert all(line.startswith(f"SEARCH {table} USING") for line in plan), plan


# ----------------------------------------------------------------------------------------------------- released schemas


@pytest.mark.parametrize("revision", ["0001", "0003"])
def test_a_catalogue_of_an_earlier_revision_opens(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "catalogue.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FIXTURES / f"released_{revision}.sql").read_text(encoding="utf-8"))
    looking = open_sqlite(path, read_only=True)
    writing = open_sqlite(path)
    for catalogue in (looking, writing):
        assert catalogue.identity == "0123456789abcdef0123456789abcdef"
        assert list(catalogue.shows.all()) == [
            Show("caf\udce9", "O'Brien\x00", 2008, "anime", ("x, y", "z"), genres=("Drama",))
        ]
        assert list(catalogue.episodes.of_show("caf\udce9")) == [Episode("caf\udce9", 1, 1, "Pilot", 1, NOON.date())]
        assert list(catalogue.movies.all()) == [Movie("heat", "Heat", 1995, ("Heat 95",))]
        known = KnownFile("seedbox", "/a.mkv", 7, 8, "fetched", NOON, "ab" * 32, Place("incoming", "a.mkv"))
        assert list(catalogue.known_files.of_remote("seedbox")) == [known]
        assert catalogue.sightings.of_remote("seedbox") == {"/b": Sighting("seedbox", "/b", 1, 2, NOON)}
        holding = Holding(Unit("episode", "caf\udce9", 1, (1,)), sha256="ab" * 32, details={"source": "WEB"})
        assert list(catalogue.inventory.all()) == [InventoryFile(Place("tv", "a.mkv"), 7, 8, NOON, holding)]
        fetch = Fetch("f1", Place("seedbox", "a.mkv"), Place("incoming", "a.mkv"), 7, 8)
        move = Move("m1", Place("incoming", "a.mkv"), Place("tv", "a.mkv"), 7, 8, holding, after=("f1",))
        lines = list(catalogue.journal.lines("20240517T120000Z-abcdef"))
        assert [(line.action, line.outcome) for line in lines] == [(fetch, Outcome("done", known=known)), (move, None)]
        assert catalogue.checkpoints.get("page") == "5"
        lease = catalogue.leases.get("apply")
        assert lease is not None
        assert lease.holder == "me"
        catalogue.close()
    assert check_sqlite(path) == ()


def _bring(path: Path, migrate_step: object, heard: list[Event]) -> None:
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection = create_engine("sqlite://", creator=lambda: raw, poolclass=NullPool).connect()
    try:
        migrate_file(connection, raw, path, heard.append, migrate_step, wanted=(*REVISIONS, "next"))  # type: ignore[arg-type]
    finally:
        connection.close()


def test_an_older_schema_is_brought_up_to_date_after_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    catalogue = open_sqlite(path)
    catalogue.shows.add(Show("a", "A"))
    catalogue.close()

    def step(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE later (id INTEGER)")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'next'")

    heard: list[Event] = []
    _bring(path, step, heard)
    (note,) = heard
    (backup,) = tmp_path.glob("catalogue.db.*.bak")
    assert note == CatalogueMigrated(str(path), REVISIONS[-1], "next", str(backup))
    assert check_sqlite(backup) == () == check_sqlite(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("next",)]
    old = open_sqlite(backup)
    assert [show.key for show in old.shows.all()] == ["a"]
    old.close()


def test_a_migration_that_fails_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    open_sqlite(path).close()
    before = schema_of(path)

    def breaks(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE later (id INTEGER)")
        raise ZeroDivisionError

    def orphans(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO show_aliases VALUES ('nobody', 0, 'x')")

    for step, failure in ((breaks, ZeroDivisionError), (orphans, CatalogueError)):
        with pytest.raises(failure):
            _bring(path, step, [])
        assert schema_of(path) == before
        assert check_sqlite(path) == ()


@pytest.mark.parametrize(
    "damage",
    [
        'UPDATE journal_lines SET action = \'{"action":"explode"}\'',
        'UPDATE journal_lines SET outcome = \'{"result":"perhaps"}\'',
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "catalogue.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FIXTURES / "released_0001.sql").read_text(encoding="utf-8"))
        connection.execute(damage)
        connection.commit()
    catalogue = open_sqlite(path)
    with pytest.raises(CatalogueCorrupt, match="line 1 of run 20240517T120000Z-abcdef"):
        list(catalogue.journal.lines("20240517T120000Z-abcdef"))
    catalogue.close()


@pytest.mark.parametrize("damage", ["DELETE FROM catalogue_identity", "DELETE FROM alembic_version"])
def test_a_catalogue_that_does_not_say_which_it_is(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "catalogue.db"
    open_sqlite(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(damage)
        connection.commit()
    for read_only in (True, False):
        with pytest.raises(CatalogueCorrupt):
            open_sqlite(path, read_only=read_only)
