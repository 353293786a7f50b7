"""INSERT … ON CONFLICT, which SQLAlchemy spells per database."""

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table) -> Any:
    """An INSERT that takes on_conflict_do_update()."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def insert_or_ignore(connection: Connection, table: Table) -> Any:
    """An INSERT that leaves a row as it is when a unique one is there already."""
    return upsert(connection, table).on_conflict_do_nothing()
