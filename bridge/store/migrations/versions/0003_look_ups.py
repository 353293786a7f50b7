"""Look-ups: deliveries whose answer is for their event, and the answers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds columns; without a `fetch` in the mapping files nothing is in them."""
    op.add_column("events", sa.Column("fetched", sa.LargeBinary()))
    op.add_column("deliveries", sa.Column("look_up", sa.Integer()))
