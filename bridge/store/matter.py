"""What is stored of events and deliveries, for whoever searches it: requests, reasons, calls. Reads only."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bridge.store.database.dialect import among
from bridge.store.database.transaction import Transaction
from bridge.store.tables import deliveries, events, payloads

_REQUEST = (events.c.item, events.c.fetched, payloads.c.headers, payloads.c.body)


def of_events(tx: Transaction, ids: Sequence[int]) -> list[Mapping[str, Any]]:
    """One row each, in the order of the ids."""
    query = (
        select(events.c.id, events.c.decisions, *_REQUEST)
        .join(payloads, payloads.c.id == events.c.payload_id)
        .where(among(tx, events.c.id, ids))
    )
    rows = {
        row["id"]: {
            **row,
            "reasons": [one["reason"] for one in row["decisions"] or ()],
            "call": None,
        }
        for row in tx.execute(query).mappings()
    }
    return [rows[id] for id in ids if id in rows]


def of_deliveries(tx: Transaction, ids: Sequence[int]) -> list[Mapping[str, Any]]:
    """The same of deliveries, with the request of their event."""
    own = (deliveries.c.id, deliveries.c.reason, deliveries.c.body.label("call"))
    query = (
        select(*own, *_REQUEST)
        .join(events, events.c.id == deliveries.c.event)
        .join(payloads, payloads.c.id == events.c.payload_id)
        .where(among(tx, deliveries.c.id, ids))
    )
    rows = {
        row["id"]: {**row, "reasons": [row["reason"]]}
        for row in tx.execute(query).mappings()
    }
    return [rows[id] for id in ids if id in rows]
