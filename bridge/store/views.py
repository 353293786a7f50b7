"""What people look at: events, decisions, deliveries and attempts as plain rows. Reads only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, case, func, literal_column, select, text, union_all

from bridge import model
from bridge.state import State
from bridge.store.database.columns import moment
from bridge.store.database.dialect import among
from bridge.store.database.transaction import Transaction
from bridge.store.filtering import Filter, deliveries_that, events_that, exactly
from bridge.store.imports import vouched
from bridge.store.queue import keys
from bridge.store.queue.lanes import BLOCKER
from bridge.store.tables import (
    BEHIND,
    CLAIMABLE,
    DEAD,
    HELD,
    SENDING,
    STORED,
    attempts,
    connections,
    deliveries,
    events,
    payloads,
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
    deliveries.c.ruleset,
    deliveries.c.look_up.is_not(None).label("look_up"),  # asks for its event's sake
)

# In the words of partial indexes, which hold all that is asked: stores hold millions of rows.
_COUNTED = (
    (State.WAITING, CLAIMABLE),
    (State.WAITING, BEHIND),
    (State.SENDING, SENDING),
    (State.HELD, HELD),
    (State.DEAD, DEAD),
)
_REQUEST = tuple(
    deliveries.c[name]
    for name in (
        "item_key",
        "lane",
        "at",
        "call",
        "body",
        "fields",
        "lease_until",
    )
)
_KEY = keys.KEY.label("idempotency_key")


def list_events(tx: Transaction, where: Filter = (), *, limit: int = 50) -> Rows:
    """The newest events that a filter is about, newest first."""
    query = select(*_EVENT).where(events_that(tx, exactly(where)))
    return _rows(tx, query.order_by(events.c.id.desc()).limit(limit))


def these_events(tx: Transaction, ids: Sequence[int]) -> Rows:
    """Events by their numbers, newest first, with what rules said and the `size` of the request, None once deleted."""
    size = case((payloads.c.pruned_at.is_(None), func.length(payloads.c.body)))
    query = select(*_EVENT, events.c.decisions, size.label("size"))
    mine = query.join(payloads, payloads.c.id == events.c.payload_id)
    found = mine.where(among(tx, events.c.id, ids)).order_by(events.c.id.desc())
    return _rows(tx, found)


def these_deliveries(tx: Transaction, ids: Sequence[int]) -> Rows:
    """Deliveries by their numbers, newest first."""
    mine = select(*_DELIVERY).where(among(tx, deliveries.c.id, ids))
    return _rows(tx, mine.order_by(deliveries.c.id.desc()))


def updates_of(tx: Transaction, ids: Sequence[int]) -> Rows:
    """The deliveries of these events, oldest first: just what a summary of an event says."""
    names = ("event", "ticket", "state", "code")
    columns = (deliveries.c[name] for name in names)
    query = select(*columns, deliveries.c.look_up.is_not(None).label("look_up"))
    mine = query.where(among(tx, deliveries.c.event, ids))
    return _rows(tx, mine.order_by(deliveries.c.id))


def event(tx: Transaction, id: int) -> Mapping[str, Any] | None:
    """One event without its payload; `imported` says who vouched for it, where its sender did not prove it."""
    rows = _rows(tx, select(*_EVENT).where(events.c.id == id))
    return {**rows[0], "imported": vouched(tx, id)} if rows else None


def decisions_of(tx: Transaction, event_id: int) -> Rows:
    """What each rule said, in the order it was said."""
    query = select(events.c.decisions).where(events.c.id == event_id)
    said = tx.execute(query).scalar_one_or_none() or []
    return [{**one, "decided_at": moment(one["decided_at"])} for one in said]


def list_deliveries(tx: Transaction, where: Filter = (), *, limit: int = 50) -> Rows:
    """The newest deliveries that a filter is about, newest first."""
    query = select(*_DELIVERY).where(deliveries_that(tx, exactly(where)))
    return _rows(tx, query.order_by(deliveries.c.id.desc()).limit(limit))


def delivery(tx: Transaction, id: int) -> Mapping[str, Any] | None:
    """One delivery with its request; credentials were never part of it."""
    rows = _rows(tx, select(*_DELIVERY, _KEY, *_REQUEST).where(deliveries.c.id == id))
    return rows[0] if rows else None


def ahead(tx: Transaction, id: int) -> Mapping[str, Any] | None:
    """Id and state of the delivery of its lane that this one waits for; None where it waits for none."""
    blocker = select(BLOCKER).where(deliveries.c.id == id).scalar_subquery()
    columns = (deliveries.c.id, deliveries.c.state)
    rows = _rows(tx, select(*columns).where(deliveries.c.id == blocker))
    return rows[0] if rows else None


def standing(
    tx: Transaction, known: model.Connection
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """What was learned about a connection's tenant and account; None while there is nothing to say."""
    names = known.tenant, known.account
    query = select(connections).where(connections.c.name.in_(names))
    rows = {row["name"]: row for row in _rows(tx, query)}
    return rows.get(known.tenant), rows.get(known.account)


def attempts_of(tx: Transaction, delivery_id: int) -> Rows:
    """Every call made for a delivery, first one first."""
    query = (
        select(attempts)
        .where(attempts.c.delivery == delivery_id)
        .order_by(attempts.c.id)
    )
    return _rows(tx, query)


def count_deliveries(tx: Transaction) -> Mapping[tuple[str, str], int]:
    """(connection, state) → how many, of the states that wait for something."""
    of = deliveries.c.connection
    counts = (
        select(of, literal_column(f"'{state}'"), func.count())
        .where(text(which))
        .group_by(of)
        for state, which in _COUNTED
    )
    totals: Counter[tuple[str, str]] = Counter()
    for name, state, count in tx.execute(union_all(*counts)):
        totals[name, state] += count
    return totals


def count_up_to(tx: Transaction, state: State, most: int) -> int:
    """How many deliveries are held or dead; counts no further than `most`, in the words of their partial index."""
    which = {State.HELD: HELD, State.DEAD: DEAD}[state]
    some = select(deliveries.c.connection).where(text(which)).limit(most).subquery()
    return int(tx.execute(select(func.count()).select_from(some)).scalar_one())


def count_unrouted(tx: Transaction) -> int:
    """How many events wait for the rules."""
    query = select(func.count()).select_from(events).where(text(STORED))
    return int(tx.execute(query).scalar_one())


def parked(tx: Transaction) -> Rows:
    """What waits for a person or a changed credential: `label` is the connection's name."""
    query = select(connections).where(connections.c.state == "parked")
    rows = _rows(tx, query.order_by(connections.c.since, connections.c.name))
    return [{**row, "label": row["label"] or row["name"]} for row in rows]


def failing(tx: Transaction) -> Rows:
    """What is left alone for a while because its calls failed: `label` is the connection's name."""
    known = connections.c
    query = select(connections).where(known.broken_at.is_not(None))
    rows = _rows(tx, query.order_by(known.broken_at, known.name))
    return [{**row, "label": row["label"] or row["name"]} for row in rows]


def _rows(tx: Transaction, query: Select[Any]) -> Rows:
    return [dict(row) for row in tx.execute(query).mappings()]
