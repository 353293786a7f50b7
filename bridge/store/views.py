"""What people look at: events, decisions, deliveries and attempts as plain rows. Reads only."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select, text, union_all

from bridge.store.filtering import Filter, deliveries_that, events_that
from bridge.store.lanes import BLOCKER
from bridge.store.tables import (
    UNFINISHED,
    attempts,
    connections,
    decisions,
    deliveries,
    events,
)

Rows = Sequence[Mapping[str, Any]]

_EVENT = (
    events.c.id,
    events.c.source,
    events.c.event_id,
    events.c.type,
    events.c.received_at,
    events.c.occurred_at,
    events.c.state,
    events.c.outcome,
    events.c.conflicts,
    events.c.ruleset,
)
_DELIVERY = (
    deliveries.c.id,
    deliveries.c.event,
    deliveries.c.source,
    deliveries.c.rule,
    deliveries.c.operation,
    deliveries.c.connection,
    deliveries.c.ticket,
    deliveries.c.state,
    deliveries.c.code,
    deliveries.c.reason,
    deliveries.c.attempts,
    deliveries.c.due_at,
    deliveries.c.created_at,
    deliveries.c.finished_at,
    deliveries.c.replay_of,
    deliveries.c.person,
    deliveries.c.because,
)

# In the words of partial indexes: stores hold millions of finished rows.
_UNFINISHED = text(f"deliveries.state IN {UNFINISHED}")
_DEAD = text("deliveries.state = 'dead'")
_UNROUTED = text("events.state = 'stored'")
_REQUEST = tuple(
    deliveries.c[name]
    for name in (
        "item_key",
        "lane",
        "at",
        "idempotency_key",
        "call",
        "body",
        "fields",
        "lease_until",
    )
)


def list_events(
    connection: Connection,
    *,
    where: Filter = (),
    source: str | None = None,
    limit: int = 50,
) -> Rows:
    """The newest events that a filter is about, newest first."""
    query = select(*_EVENT).order_by(events.c.id.desc()).limit(limit)
    query = query.where(events_that(connection, where))
    return _rows(
        connection, query.where(events.c.source == source) if source else query
    )


def event(connection: Connection, id: int) -> Mapping[str, Any] | None:
    """One event without its payload."""
    found = _rows(connection, select(*_EVENT).where(events.c.id == id))
    return found[0] if found else None


def decisions_of(connection: Connection, event_id: int) -> Rows:
    """What each rule said, in the order it was said."""
    query = (
        select(decisions).where(decisions.c.event == event_id).order_by(decisions.c.id)
    )
    return _rows(connection, query)


def list_deliveries(
    connection: Connection,
    *,
    where: Filter = (),
    state: str | None = None,
    event_id: int | None = None,
    limit: int = 50,
) -> Rows:
    """The newest deliveries that a filter is about, newest first."""
    query = select(*_DELIVERY).order_by(deliveries.c.id.desc()).limit(limit)
    query = query.where(deliveries_that(connection, where))
    for column, value in (
        (deliveries.c.state, state),
        (deliveries.c.event, event_id),
    ):
        query = query if value is None else query.where(column == value)
    return _rows(connection, query)


def delivery(connection: Connection, id: int) -> Mapping[str, Any] | None:
    """One delivery with its request; credentials were never part of it."""
    found = _rows(
        connection, select(*_DELIVERY, *_REQUEST).where(deliveries.c.id == id)
    )
    return found[0] if found else None


def ahead(connection: Connection, id: int) -> Mapping[str, Any] | None:
    """Id and state of the delivery of its lane that this one waits for; None where it waits for none."""
    blocker = select(BLOCKER).where(deliveries.c.id == id).scalar_subquery()
    columns = (deliveries.c.id, deliveries.c.state)
    found = _rows(connection, select(*columns).where(deliveries.c.id == blocker))
    return found[0] if found else None


def connection_state(connection: Connection, name: str) -> Mapping[str, Any] | None:
    """What was learned about a connection; None while there is nothing to say."""
    query = select(connections).where(connections.c.name == name)
    found = _rows(connection, query)
    return found[0] if found else None


def attempts_of(connection: Connection, delivery_id: int) -> Rows:
    """Every call made for a delivery, first one first."""
    query = (
        select(attempts)
        .where(attempts.c.delivery == delivery_id)
        .order_by(attempts.c.id)
    )
    return _rows(connection, query)


def count_deliveries(connection: Connection) -> Mapping[tuple[str, str], int]:
    """(connection, state) → how many, of the states that wait for something."""
    columns = (deliveries.c.connection, deliveries.c.state)
    counts = (
        select(*columns, func.count()).where(which).group_by(*columns)
        for which in (_UNFINISHED, _DEAD)
    )
    found = connection.execute(union_all(*counts))
    return {(name, state): count for name, state, count in found}


def count_unrouted(connection: Connection) -> int:
    """How many events wait for the rules."""
    query = select(func.count()).select_from(events).where(_UNROUTED)
    return int(connection.execute(query).scalar_one())


def parked(connection: Connection) -> Rows:
    """The connections that wait for a person or a changed credential."""
    return _rows(connection, select(connections).where(connections.c.state == "parked"))


def _rows(connection: Connection, query: Select[Any]) -> Rows:
    return [dict(row) for row in connection.execute(query).mappings()]
