"""What /metrics says about the store besides counts: how long things have waited, and what is stopped. Reads only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, union_all

from bridge.store.database.transaction import Transaction
from bridge.store.tables import (
    BEHIND,
    CLAIMABLE,
    STORED,
    connections,
    deliveries,
    events,
    pauses,
    rulesets,
)


def _firsts() -> Any:
    """The oldest waiting delivery of each connection, by what the indexes hold: no other row is read."""
    of = deliveries.c.connection
    firsts = (
        select(func.min(deliveries.c.id)).where(text(which)).group_by(of)
        for which in (CLAIMABLE, BEHIND)
    )
    return union_all(*firsts)


def oldest_waiting(tx: Transaction) -> Mapping[str, datetime]:
    """Connection → when the oldest delivery that waits for it came to be."""
    of = deliveries.c.connection
    oldest = select(of, func.min(deliveries.c.created_at)).group_by(of)
    query = oldest.where(deliveries.c.id.in_(_firsts()))
    return {name: since for name, since in tx.execute(query)}


def oldest_waiting_ids(tx: Transaction, limit: int) -> Sequence[int]:
    """The oldest waiting deliveries, at most one in front and one behind of each connection, oldest first."""
    query = select(deliveries.c.id).where(deliveries.c.id.in_(_firsts()))
    ordered = query.order_by(deliveries.c.created_at, deliveries.c.id)
    return tx.execute(ordered.limit(limit)).scalars().all()


def oldest_unrouted(tx: Transaction) -> datetime | None:
    """When the oldest event that waits for the rules was received."""
    query = select(events.c.received_at).where(text(STORED))
    query = query.order_by(events.c.id).limit(1)
    return tx.execute(query).scalar_one_or_none()


def connection_states(tx: Transaction) -> Mapping[str, tuple[bool, bool]]:
    """Name → whether it is parked, and whether its breaker is open; of those that anything was learned about."""
    of = connections.c
    query = select(of.name, of.label, of.state, of.broken_at)
    states: dict[str, tuple[bool, bool]] = {}
    for name, label, state, broken_at in tx.execute(query):
        parked, is_open = states.get(label or name, (False, False))
        is_parked, is_broken = state == "parked", broken_at is not None
        states[label or name] = (parked or is_parked, is_open or is_broken)
    return states


def pauses_in_force(tx: Transaction) -> int:
    """How many pauses there are."""
    query = select(func.count()).select_from(pauses)
    return int(tx.execute(query).scalar_one())


def ruleset_since(tx: Transaction) -> datetime | None:
    """Since when the active ruleset is the active one; None before the first."""
    newest = rulesets.c.activated_at
    query = select(newest).order_by(newest.desc()).limit(1)
    return tx.execute(query).scalar_one_or_none()
