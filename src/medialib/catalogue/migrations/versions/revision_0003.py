"""Rows keep keys whole that were too long for an index. Nothing asks for an alias by its text, so that index goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medialib.catalogue.columns import Json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = ("shows", "movies", "known_files", "inventory", "journal_runs", "sightings", "checkpoints")


def upgrade() -> None:
    """No key of the rows that are there was cut."""
    for table in _TABLES:
        op.add_column(table, sa.Column("long_keys", Json()))
    op.drop_index("ix_show_aliases_alias", "show_aliases")
    op.drop_index("ix_movie_aliases_alias", "movie_aliases")
