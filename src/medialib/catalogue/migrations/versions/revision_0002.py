"""Shows say by which order their episodes are numbered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from medialib.catalogue.columns import EscapedText

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All shows that are there are numbered as they were broadcast."""
    op.add_column("shows", sa.Column("episode_order", EscapedText(), nullable=False, server_default="aired"))
