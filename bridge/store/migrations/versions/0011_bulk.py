"""Bulk acts with their items, and who has seen which incident."""

import sqlalchemy as sa
from alembic import op

from bridge.store.database.columns import Identity

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds three tables."""
    op.create_table(
        "bulk_acts",
        sa.Column("id", Identity, nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("wait", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.String(length=40), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_bulk_acts_state", "bulk_acts", ["state"])
    op.create_table(
        "bulk_items",
        sa.Column("id", Identity, nullable=False),
        sa.Column("bulk", Identity, nullable=False),
        sa.Column("target", Identity, nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False, server_default=""),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("message", sa.Text(), nullable=False, server_default=""),
        sa.Column("why", sa.Text(), nullable=False, server_default=""),
        sa.Column("adds", sa.String(length=100), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["bulk"], ["bulk_acts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_bulk_items_bulk", "bulk_items", ["bulk", "state", "id"])
    op.create_table(
        "acknowledgements",
        sa.Column("incident", sa.String(length=100), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident"),
    )
