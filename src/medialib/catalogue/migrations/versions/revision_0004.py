"""Titles say where they come from, and who said what their source did not; films their language and genres, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medialib.catalogue.columns import EscapedText, Json

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of the titles that are there, nothing of this is known."""
    op.add_column("movies", sa.Column("language", EscapedText()))
    op.add_column("movies", sa.Column("genres", Json(), nullable=False, server_default="[]"))
    for table in ("shows", "movies"):
        op.add_column(table, sa.Column("countries", Json(), nullable=False, server_default="[]"))
        op.add_column(table, sa.Column("provenance", Json(), nullable=False, server_default="{}"))
