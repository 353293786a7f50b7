"""The ledger: one row per update that a vendor accepted, kept when the event, the delivery and their payloads are gone.

It names them by their numbers, which are never given twice, and holds what was written into the ticket.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, bindparam, insert, select

from bridge.store.database import prepared
from bridge.store.database.columns import Moment
from bridge.store.database.transaction import Transaction
from bridge.store.tables import deliveries, events, ledger

_COPIED = (
    deliveries.c.event,
    events.c.source,
    events.c.event_id,
    deliveries.c.rule,
    deliveries.c.ruleset,
    deliveries.c.connection,
    deliveries.c.operation,
    deliveries.c.ticket,
    deliveries.c.fields,
    deliveries.c.person,
    deliveries.c.because.label("reason"),
)

_own: dict[str, Any] = {
    "at": bindparam("now", type_=Moment),
    "status": bindparam("answer", type_=Integer),
    "delivery": deliveries.c.id,
}
_columns: list[Any] = [*_own.values(), *_COPIED]
_RECORD = insert(ledger).from_select(
    [*_own, *(column.name for column in _COPIED)],
    select(*_columns)
    .join_from(deliveries, events)
    .where(deliveries.c.id == bindparam("number")),
)


def record(
    tx: Transaction, accepted: Iterable[tuple[int, int | None]], now: datetime
) -> None:
    """Writes what was accepted (deliveries, each with the status), in the transaction that makes them delivered."""
    rows = [{"now": now, "answer": status, "number": id} for id, status in accepted]
    prepared.each(tx, _RECORD, rows)


def of_ticket(tx: Transaction, ticket: str, limit: int) -> Sequence[Mapping[str, Any]]:
    """What was written into a ticket, newest first."""
    query = select(ledger).where(ledger.c.ticket == ticket)
    rows = tx.execute(query.order_by(ledger.c.id.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]


def below(
    tx: Transaction, id: int, limit: int, ticket: str | None
) -> Sequence[Mapping[str, Any]]:
    """What was written before a row, into one ticket or all, newest first."""
    query = select(ledger).where(ledger.c.id < id).order_by(ledger.c.id.desc())
    if ticket is not None:
        query = query.where(ledger.c.ticket == ticket)
    return [dict(row) for row in tx.execute(query.limit(limit)).mappings()]
