"""Lanes, marks and what was learned go by tenant and account instead of a connection's name; keys can be freed."""

import sqlalchemy as sa
from alembic import op

from bridge.store.queue import keys, relaning

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds columns, makes the claim's index anew, and gives what waits its new names."""
    for name in ("name", "tenant", "account"):
        op.add_column("connection_specs", sa.Column(name, sa.String(length=200)))
    op.add_column(
        "connections",
        sa.Column("label", sa.String(length=200), server_default="", nullable=False),
    )
    op.add_column("pauses", sa.Column("accounts", sa.Text()))
    op.add_column("deliveries", sa.Column("own_key", sa.Text()))
    op.drop_index("ix_deliveries_claim", "deliveries")
    where = sa.text("state = 'waiting' AND NOT behind")
    op.create_index(
        "ix_deliveries_claim",
        "deliveries",
        ["connection", "spec", "source", "rule", "due_at", "id"],
        sqlite_where=where,
        postgresql_where=where,
    )
    relaning.relane(op.get_bind())
    keys.free_ended(op.get_bind())
