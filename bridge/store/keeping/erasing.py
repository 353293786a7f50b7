"""Deletes the content of some requests at once, because a person asks for it; how long it was kept does not matter.

As `retention` empties them, and also what quotes them: reasons, the ledger's values, items of bulk acts, results of
backtests. What may still be sent is left, with all that it came from. Whoever calls it decides which requests.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from bridge.model import Json
from bridge.state import EventState
from bridge.store.database.dialect import among
from bridge.store.database.transaction import Transaction
from bridge.store.keeping.retention import IS_OVER, empty, settled
from bridge.store.tables import (
    attempts,
    backtests,
    bulk_acts,
    bulk_items,
    deliveries,
    events,
    ledger,
    payloads,
)

# In place of a reason.
ERASED = "erased"
# No request is too young.
_ANY_AGE = datetime(9000, 1, 1, tzinfo=UTC)


def requests_of(tx: Transaction, ids: Sequence[int]) -> list[int]:
    """The requests that these events came in."""
    query = select(events.c.payload_id).where(among(tx, events.c.id, ids)).distinct()
    return [*tx.execute(query).scalars()]


def events_of(tx: Transaction, requests: Sequence[int]) -> list[int]:
    """All events of these requests."""
    query = select(events.c.id).where(among(tx, events.c.payload_id, requests))
    return [*tx.execute(query.order_by(events.c.id)).scalars()]


def needed(
    tx: Transaction, requests: Sequence[int]
) -> list[tuple[int, int | None, str]]:
    """What keeps these requests from being erased: event, delivery and its state; without one, an event's own."""
    came_of_it = events.outerjoin(
        deliveries, and_(deliveries.c.event == events.c.id, ~IS_OVER)
    )
    unrouted = events.c.state != EventState.ROUTED
    state = func.coalesce(deliveries.c.state, events.c.state)
    query = (
        select(events.c.id, deliveries.c.id, state)
        .select_from(came_of_it)
        .where(
            among(tx, events.c.payload_id, requests),
            or_(unrouted, deliveries.c.id.is_not(None)),
        )
    )
    rows = tx.execute(query.order_by(events.c.id, deliveries.c.id))
    return [(event, delivery, state) for event, delivery, state in rows]


def count_ledger(tx: Transaction, ticket: str) -> int:
    """How many updates of a ticket the ledger has values of."""
    query = select(func.count()).select_from(ledger)
    return int(tx.execute(query.where(_of_ticket(ticket))).scalar_one())


def erase(tx: Transaction, requests: Sequence[int], now: datetime) -> list[int]:
    """Erases those of the requests that nothing needs; their events."""
    wanted = and_(among(tx, payloads.c.id, requests), settled(_ANY_AGE))
    keys = [*tx.execute(select(payloads.c.id).where(wanted)).scalars()]
    ids = events_of(tx, keys)
    empty(tx, keys, now)
    _reasons(tx, ids)
    _ledger(tx, ids)
    return ids


def erase_ledger(tx: Transaction, ticket: str) -> None:
    """Erases what was written into a ticket, also by events that are gone."""
    tx.execute(update(ledger).where(_of_ticket(ticket)).values(fields={}))


def erase_quotes(tx: Transaction, ids: Sequence[int]) -> None:
    """Erases what bulk acts and ended backtests quote of these events."""
    made = select(deliveries.c.id).where(among(tx, deliveries.c.event, ids))
    routes = select(bulk_acts.c.id).where(bulk_acts.c.act == "reroute")
    for about, targets in (
        (bulk_items.c.bulk.in_(routes), among(tx, bulk_items.c.target, ids)),
        (bulk_items.c.bulk.not_in(routes), bulk_items.c.target.in_(made)),
    ):
        mine = update(bulk_items).where(about, targets, bulk_items.c.message != "")
        tx.execute(mine.values(message=ERASED, why=ERASED))
    query = select(backtests.c.id, backtests.c.result)
    results = tx.execute(query.where(backtests.c.result.is_not(None)))
    asked = {*ids}
    quoting = [id for id, result in results if asked & {*_numbers(result)}]
    tx.execute(delete(backtests).where(backtests.c.id.in_(quoting)))


def _of_ticket(ticket: str) -> ColumnElement[bool]:
    return and_(ledger.c.ticket == ticket, ledger.c.fields != {})


def _reasons(tx: Transaction, ids: Sequence[int]) -> None:
    """Those of decisions, deliveries and attempts: a rule's quotes values, a vendor's quotes what it was sent."""
    mine = select(events.c.id, events.c.decisions).where(among(tx, events.c.id, ids))
    said = [
        {"event": id, "said": [{**one, "reason": ERASED} for one in decisions]}
        for id, decisions in tx.execute(mine)
        if decisions
    ]
    if said:
        one = update(events).where(events.c.id == bindparam("event"))
        quiet = one.values(decisions=bindparam("said", type_=events.c.decisions.type))
        tx.execute(quiet, said)
    came_of_it = and_(among(tx, deliveries.c.event, ids), IS_OVER)
    made = select(deliveries.c.id).where(came_of_it)
    for table, is_theirs in (
        (deliveries, came_of_it),
        (attempts, attempts.c.delivery.in_(made)),
    ):
        told = update(table).where(is_theirs, table.c.reason != "")
        tx.execute(told.values(reason=ERASED))


def _ledger(tx: Transaction, ids: Sequence[int]) -> None:
    """By ticket, because the ledger has no index of events."""
    tickets = select(deliveries.c.ticket).where(among(tx, deliveries.c.event, ids))
    written = and_(ledger.c.ticket.in_(tickets), among(tx, ledger.c.event, ids))
    tx.execute(update(ledger).where(written).values(fields={}))


def _numbers(result: Json) -> Iterator[Any]:
    """The events that the result of a backtest names."""
    if isinstance(result, dict):
        if isinstance(result.get("event"), int):
            yield result["event"]
        result = [*result.values()]
    for one in result if isinstance(result, list) else ():
        yield from _numbers(one)
