"""A worker notes what it routes, for the one that comes after its death."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds the table of notes."""
    op.create_table(
        "turns",
        sa.Column("what", sa.String(length=50), nullable=False),
        sa.Column("note", sa.String(length=50), nullable=False),
        sa.PrimaryKeyConstraint("what"),
    )
