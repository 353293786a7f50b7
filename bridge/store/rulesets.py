"""Rulesets by hash with their text: a restart finds the last good one, and an event the one it was routed with."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from bridge.store.dialect import upsert
from bridge.store.tables import rulesets


def activate(
    connection: Connection, hash: str, texts: Mapping[str, str], now: datetime
) -> None:
    """Makes a ruleset the active one; its text is stored once."""
    statement = upsert(connection, rulesets)
    statement = statement.on_conflict_do_update(
        index_elements=["hash"], set_={"activated_at": statement.excluded.activated_at}
    )
    connection.execute(
        statement, {"hash": hash, "texts": dict(texts), "activated_at": now}
    )


def active(connection: Connection) -> tuple[str, dict[str, str]] | None:
    """Hash and texts of the active ruleset, None before the first."""
    query = select(rulesets).order_by(rulesets.c.activated_at.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.hash, row.texts)
