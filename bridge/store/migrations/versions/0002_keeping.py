"""Pauses, budgets and breakers shared by all workers, the ledger, the audit trail, and pruned payloads."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Adds tables and columns; what exists keeps its meaning, so the release before runs on it."""
    op.add_column("payloads", sa.Column("pruned_at", sa.BigInteger()))
    _extend_connections()
    _extend_lane_marks()
    _extend_deliveries()
    _replace_queue_indexes()
    _create_pauses()
    _create_ledger()
    _create_audit()


def _extend_connections() -> None:
    for name in ("failures", "window_calls", "window_failures"):
        op.add_column(
            "connections",
            sa.Column(name, sa.Integer(), server_default="0", nullable=False),
        )
    for name in ("next_at", "window_from", "broken_at", "probe_at"):
        op.add_column("connections", sa.Column(name, sa.BigInteger()))
    op.add_column("connections", sa.Column("forbidden", sa.Text()))


def _extend_lane_marks() -> None:
    """A mark is forgotten by when it was made: the event's own time may be years ago."""
    op.add_column("lane_marks", sa.Column("marked_at", sa.BigInteger()))


def _extend_deliveries() -> None:
    """A delivery knows its source itself, so that a claim can look at it without the event."""
    op.add_column(
        "deliveries",
        sa.Column("source", sa.String(length=100), server_default="", nullable=False),
    )
    op.execute(
        "UPDATE deliveries SET source ="
        " (SELECT source FROM events WHERE events.id = deliveries.event)"
    )
    op.add_column(
        "deliveries",
        sa.Column("coalesce", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "deliveries",
        sa.Column("behind", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("deliveries", sa.Column("replay_of", IDENTITY))
    op.add_column("deliveries", sa.Column("person", sa.Text()))
    op.add_column("deliveries", sa.Column("because", sa.Text()))


def _replace_queue_indexes() -> None:
    """Claims go by connection, source and rule, and never look at what waits behind another; counts look at no row."""
    op.drop_index("ix_deliveries_due", "deliveries")
    op.drop_index("ix_deliveries_dead", "deliveries")
    for name, columns, predicate in (
        (
            "ix_deliveries_claim",
            ["connection", "source", "rule", "due_at", "id"],
            "state = 'waiting' AND NOT behind",
        ),
        (
            "ix_deliveries_behind",
            ["lane", "id", "connection"],
            "state = 'waiting' AND behind",
        ),
        ("ix_deliveries_sending", ["lane"], "state = 'sending'"),
        ("ix_deliveries_held", ["connection"], "state = 'held'"),
        ("ix_deliveries_dead", ["id", "connection"], "state = 'dead'"),
    ):
        where = sa.text(predicate)
        op.create_index(
            name, "deliveries", columns, sqlite_where=where, postgresql_where=where
        )
    if op.get_bind().dialect.name == "postgresql":
        _keep_queue_healthy()


def _keep_queue_healthy() -> None:
    """Every delivery and its attempts change their row a few times and then never: dead rows go by number, at once.

    By default a table is vacuumed when a fifth of it is dead, which a hot queue in a table of finished rows is not for
    days. Renewed leases and connections change no indexed column: room in their pages keeps that off the indexes.
    """
    op.execute(
        "ALTER TABLE deliveries SET (fillfactor = 85,"
        " autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,"
        " autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)"
    )
    op.execute(
        "ALTER TABLE connections SET (fillfactor = 50,"
        " autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200)"
    )


def _create_pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("source", sa.String(length=100)),
        sa.Column("rule", sa.Text()),
        sa.Column("connection", sa.String(length=200)),
        sa.Column("ticket", sa.Text()),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("delivery", IDENTITY, nullable=False),
        sa.Column("event", IDENTITY, nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("ruleset", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("operation", sa.String(length=100), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_ledger_ticket", "ledger", ["ticket", "id"])
    op.create_index("ix_ledger_at", "ledger", ["at"])


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
