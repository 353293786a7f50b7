"""Backtests that a page or the API started."""

import sqlalchemy as sa
from alembic import op

from bridge.store.database.columns import Identity

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Adds their table."""
    op.create_table(
        "backtests",
        sa.Column("id", Identity, nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("patch", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("message", sa.Text(), nullable=False, server_default=""),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("total", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("result", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
