"""Indexes for finding: by what events and deliveries are of, by outcome, state, ticket and code."""

from alembic import op
from sqlalchemy import text

revision = "0014"
down_revision = "0013"

_INDEXES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("ix_events_kind", "events", ("source", "type"), ""),
    ("ix_events_outcome", "events", ("outcome",), "outcome IS NOT NULL"),
    ("ix_events_conflicts", "events", (), "conflicts > 0"),
    (
        "ix_deliveries_kind",
        "deliveries",
        ("rule", "connection", "operation", "source"),
        "",
    ),
    ("ix_deliveries_ticket", "deliveries", ("ticket",), ""),
    (
        "ix_deliveries_settled",
        "deliveries",
        ("state",),
        "state NOT IN ('waiting', 'sending')",
    ),
    (
        "ix_deliveries_failed",
        "deliveries",
        ("code",),
        "code NOT IN ('', 'delivered')",
    ),
)


def upgrade() -> None:
    """Adds them; a million rows take some seconds."""
    for name, table, columns, words in _INDEXES:
        where = text(words) if words else None
        op.create_index(
            name,
            table,
            [*columns, "id"],
            sqlite_where=where,
            postgresql_where=where,
        )
