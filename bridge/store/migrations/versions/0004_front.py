"""Refused requests: a row may stand for several that are alike."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds a column; each row that is there stands for one."""
    count = sa.Column("count", sa.Integer(), nullable=False, server_default="1")
    op.add_column("rejections", count)
