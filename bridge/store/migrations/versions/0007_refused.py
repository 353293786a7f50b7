"""Refused requests say where they were sent, so that a mistyped URL is found."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds the path; of those before it is not known."""
    path = sa.Column("path", sa.String(120), nullable=False, server_default="")
    op.add_column("rejections", path)
