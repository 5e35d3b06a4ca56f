"""The first schema.

Written out rather than taken from ``schema.py``: a migration says what was true when it was released.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medialib.catalogue.columns import EscapedText, Instant, Json, KeyText, WholeNumber

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables; the identity is for the caller to enter."""
    _make_titles()
    _make_files()
    _make_journal()
    _make_observations()


def _make_titles() -> None:
    op.create_table(
        "catalogue_identity",
        sa.Column("identity", EscapedText(), nullable=False),
        sa.Column("created", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name="pk_catalogue_identity"),
    )
    op.create_table(
        "shows",
        sa.Column("key", KeyText(), nullable=False),
        sa.Column("title", EscapedText(), nullable=False),
        sa.Column("year", WholeNumber),
        sa.Column("type", EscapedText(), nullable=False),
        sa.Column("folder", EscapedText(), nullable=False),
        sa.Column("tmdb", sa.BigInteger()),
        sa.Column("tvdb", sa.BigInteger()),
        sa.Column("tvmaze", sa.BigInteger()),
        sa.Column("anidb", sa.BigInteger()),
        sa.Column("imdb", EscapedText()),
        sa.Column("language", EscapedText()),
        sa.Column("status", EscapedText()),
        sa.Column("genres", Json(), nullable=False),
        sa.Column("source", EscapedText(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_shows"),
    )
    op.create_table(
        "show_aliases",
        sa.Column("show", KeyText(), nullable=False),
        sa.Column("position", WholeNumber, nullable=False),
        sa.Column("alias", EscapedText(), nullable=False),
        sa.PrimaryKeyConstraint("show", "position", name="pk_show_aliases"),
        sa.ForeignKeyConstraint(["show"], ["shows.key"], name="fk_show_aliases_show", ondelete="CASCADE"),
    )
    op.create_index("ix_show_aliases_alias", "show_aliases", ["alias"])
    op.create_table(
        "episodes",
        sa.Column("show", KeyText(), nullable=False),
        sa.Column("season", WholeNumber, nullable=False),
        sa.Column("number", WholeNumber, nullable=False),
        sa.Column("title", EscapedText()),
        sa.Column("absolute", WholeNumber),
        sa.Column("aired", sa.Date()),
        sa.PrimaryKeyConstraint("show", "season", "number", name="pk_episodes"),
        sa.ForeignKeyConstraint(["show"], ["shows.key"], name="fk_episodes_show", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_episodes_show_absolute", "episodes", ["show", "absolute"])
    op.create_index("ix_episodes_show_aired", "episodes", ["show", "aired"])
    op.create_table(
        "movies",
        sa.Column("key", KeyText(), nullable=False),
        sa.Column("title", EscapedText(), nullable=False),
        sa.Column("year", WholeNumber),
        sa.Column("folder", EscapedText(), nullable=False),
        sa.Column("tmdb", sa.BigInteger()),
        sa.Column("tvdb", sa.BigInteger()),
        sa.Column("tvmaze", sa.BigInteger()),
        sa.Column("anidb", sa.BigInteger()),
        sa.Column("imdb", EscapedText()),
        sa.Column("source", EscapedText(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_movies"),
    )
    op.create_table(
        "movie_aliases",
        sa.Column("movie", KeyText(), nullable=False),
        sa.Column("position", WholeNumber, nullable=False),
        sa.Column("alias", EscapedText(), nullable=False),
        sa.PrimaryKeyConstraint("movie", "position", name="pk_movie_aliases"),
        sa.ForeignKeyConstraint(["movie"], ["movies.key"], name="fk_movie_aliases_movie", ondelete="CASCADE"),
    )
    op.create_index("ix_movie_aliases_alias", "movie_aliases", ["alias"])


def _make_files() -> None:
    op.create_table(
        "known_files",
        sa.Column("remote", KeyText(), nullable=False),
        sa.Column("path", KeyText(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("state", EscapedText(), nullable=False),
        sa.Column("recorded", Instant(), nullable=False),
        sa.Column("sha256", EscapedText()),
        sa.Column("local_location", KeyText()),
        sa.Column("local_path", KeyText()),
        sa.PrimaryKeyConstraint("remote", "path", name="pk_known_files"),
    )
    op.create_index("ix_known_files_local_location_local_path", "known_files", ["local_location", "local_path"])
    op.create_table(
        "inventory",
        sa.Column("location", KeyText(), nullable=False),
        sa.Column("path", KeyText(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("recorded", Instant(), nullable=False),
        sa.Column("unit_kind", KeyText()),
        sa.Column("unit_key", KeyText()),
        sa.Column("season", WholeNumber),
        sa.Column("episodes", Json()),
        sa.Column("aired", sa.Date()),
        sa.Column("role", EscapedText(), nullable=False),
        sa.Column("sha256", KeyText()),
        sa.Column("release", EscapedText()),
        sa.Column("details", Json(), nullable=False),
        sa.PrimaryKeyConstraint("location", "path", name="pk_inventory"),
    )
    op.create_index("ix_inventory_sha256", "inventory", ["sha256"])
    op.create_index("ix_inventory_unit_kind_unit_key", "inventory", ["unit_kind", "unit_key"])


def _make_journal() -> None:
    op.create_table(
        "journal_runs",
        sa.Column("id", KeyText(), nullable=False),
        sa.Column("verb", EscapedText(), nullable=False),
        sa.Column("started", Instant(), nullable=False),
        sa.Column("state", EscapedText(), nullable=False),
        sa.Column("finished", Instant()),
        sa.Column("undoes", EscapedText()),
        sa.Column("configuration", EscapedText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journal_runs"),
    )
    op.create_index("ix_journal_runs_started_id", "journal_runs", ["started", "id"])
    op.create_table(
        "journal_lines",
        sa.Column("run", KeyText(), nullable=False),
        sa.Column("sequence", WholeNumber, nullable=False),
        sa.Column("action", Json(), nullable=False),
        sa.Column("outcome", Json()),
        sa.PrimaryKeyConstraint("run", "sequence", name="pk_journal_lines"),
        sa.ForeignKeyConstraint(["run"], ["journal_runs.id"], name="fk_journal_lines_run"),
    )
    op.create_table(
        "journal_places",
        sa.Column("location", KeyText(), nullable=False),
        sa.Column("path", KeyText(), nullable=False),
        sa.Column("run", KeyText(), nullable=False),
        sa.Column("sequence", WholeNumber, nullable=False),
        sa.PrimaryKeyConstraint("location", "path", "run", "sequence", name="pk_journal_places"),
        sa.ForeignKeyConstraint(
            ["run", "sequence"],
            ["journal_lines.run", "journal_lines.sequence"],
            name="fk_journal_places_run_sequence",
        ),
        sqlite_with_rowid=False,
    )


def _make_observations() -> None:
    op.create_table(
        "sightings",
        sa.Column("remote", KeyText(), nullable=False),
        sa.Column("path", KeyText(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("seen", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("remote", "path", name="pk_sightings"),
    )
    op.create_table(
        "checkpoints",
        sa.Column("name", KeyText(), nullable=False),
        sa.Column("text", EscapedText(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_checkpoints"),
    )
    op.create_table(
        "leases",
        sa.Column("name", KeyText(), nullable=False),
        sa.Column("holder", EscapedText(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
