"""Who has seen which incident. It still counts, until its cause is gone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from bridge.store.audit import By
from bridge.store.database.dialect import upsert
from bridge.store.database.transaction import Transaction
from bridge.store.tables import acknowledgements


def add(tx: Transaction, incident: str, by: By, now: datetime) -> None:
    """Notes who has seen an incident, in place of who saw it earlier."""
    values = {"at": now, "person": by.person, "reason": by.reason}
    made = upsert(tx, acknowledgements).values(incident=incident, **values)
    tx.execute(made.on_conflict_do_update(index_elements=["incident"], set_=values))


def remove(tx: Transaction, incident: str) -> bool:
    """Takes it back; False if nobody had seen it."""
    mine = acknowledgements.c.incident == incident
    return tx.execute(delete(acknowledgements).where(mine)).rowcount == 1


def listed(tx: Transaction) -> Mapping[str, Mapping[str, Any]]:
    """Incident → who has seen it."""
    rows = tx.execute(select(acknowledgements)).mappings()
    return {row["incident"]: dict(row) for row in rows}
