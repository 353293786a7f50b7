"""What SQLite and PostgreSQL spell differently: inserts that may conflict, the time, one transaction at a time."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table) -> Any:
    """An INSERT that takes on_conflict_do_update()."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def insert_or_ignore(connection: Connection, table: Table) -> Any:
    """An INSERT that leaves a row as it is when a unique one is there already."""
    return upsert(connection, table).on_conflict_do_nothing()


def clock(connection: Connection) -> datetime:
    """The time that all processes agree on: the database's, where they may run on several hosts."""
    if connection.dialect.name != "postgresql":
        return datetime.now(UTC)
    found: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found.astimezone(UTC)


def one_at_a_time(connection: Connection, what: str) -> None:
    """Waits for other transactions that do the same; SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtext(:what))"), {"what": what}
        )
