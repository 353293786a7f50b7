"""For routing events again: what they led to, and which events a filter finds. Reads only."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from bridge.store.database.transaction import Transaction
from bridge.store.filtering import Filter, events_that, exactly
from bridge.store.selecting import AGAIN
from bridge.store.tables import deliveries, events

_COLUMNS = tuple(
    deliveries.c[name]
    for name in ("id", "rule", "item_key", "operation", "lane", "call", "body", "state")
)


def state(tx: Transaction, event: int) -> str | None:
    """The event's own state."""
    query = select(events.c.state).where(events.c.id == event)
    return tx.execute(query).scalar_one_or_none()


def before(tx: Transaction, event: int) -> Sequence[Mapping[str, Any]]:
    """The event's deliveries, without its look-ups."""
    query = select(*_COLUMNS).where(
        deliveries.c.event == event, deliveries.c.look_up.is_(None)
    )
    return [dict(row) for row in tx.execute(query).mappings()]


def look_up(tx: Transaction, event: int) -> Mapping[str, Any] | None:
    """The event's latest look-up that no other one took the place of, by its id and state."""
    query = select(deliveries.c.id, deliveries.c.state).where(
        deliveries.c.event == event,
        deliveries.c.look_up.is_not(None),
        deliveries.c.code != AGAIN,
    )
    latest = query.order_by(deliveries.c.id.desc()).limit(1)
    row = tx.execute(latest).mappings().first()
    return dict(row) if row else None


def newest(tx: Transaction) -> int:
    """The number of the newest event; 0 where there is none."""
    return tx.execute(select(func.max(events.c.id))).scalar_one() or 0


def count(tx: Transaction, where: Filter) -> int:
    """How many events a filter is about."""
    query = select(func.count()).select_from(events)
    wanted = events_that(tx, exactly(where))
    return int(tx.execute(query.where(wanted)).scalar_one())


def matching(
    tx: Transaction, where: Filter, *, after: int, through: int, limit: int
) -> list[int]:
    """The numbers of a filter's events, oldest first, behind `after`; more, where it asks for content."""
    query = select(events.c.id).where(
        events.c.id > after, events.c.id <= through, events_that(tx, where)
    )
    return list(tx.execute(query.order_by(events.c.id).limit(limit)).scalars())
