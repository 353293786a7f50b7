"""The answer to a look-up is kept with its headers: a call may have to name its ETag."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Adds them; answers of before have none."""
    op.add_column("events", sa.Column("fetched_headers", sa.Text()))
