"""What people look at: events, decisions, deliveries and attempts as plain rows. Reads only."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from bridge.store.tables import attempts, connections, decisions, deliveries, events

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
)


def list_events(connection: Connection, *, source: str | None, limit: int) -> Rows:
    """The newest events, newest first."""
    query = select(*_EVENT).order_by(events.c.id.desc()).limit(limit)
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
    state: str | None = None,
    event_id: int | None = None,
    connection_name: str | None = None,
    limit: int = 50,
) -> Rows:
    """The newest deliveries, newest first."""
    query = select(*_DELIVERY).order_by(deliveries.c.id.desc()).limit(limit)
    for column, value in (
        (deliveries.c.state, state),
        (deliveries.c.event, event_id),
        (deliveries.c.connection, connection_name),
    ):
        query = query if value is None else query.where(column == value)
    return _rows(connection, query)


def delivery(connection: Connection, id: int) -> Mapping[str, Any] | None:
    """One delivery with its request; credentials were never part of it."""
    request = (deliveries.c.call, deliveries.c.body, deliveries.c.fields)
    found = _rows(connection, select(*_DELIVERY, *request).where(deliveries.c.id == id))
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
    waiting = deliveries.c.state.in_(("waiting", "sending", "held", "dead"))
    columns = (deliveries.c.connection, deliveries.c.state)
    query = select(*columns, func.count()).where(waiting).group_by(*columns)
    return {(name, state): count for name, state, count in connection.execute(query)}


def count_unrouted(connection: Connection) -> int:
    """How many events wait for the rules."""
    query = select(func.count()).select_from(events).where(events.c.state == "stored")
    return int(connection.execute(query).scalar_one())


def parked(connection: Connection) -> Rows:
    """The connections that wait for a person or a changed credential."""
    return _rows(connection, select(connections).where(connections.c.state == "parked"))


def _rows(connection: Connection, query: Select[Any]) -> Rows:
    return [dict(row) for row in connection.execute(query).mappings()]
