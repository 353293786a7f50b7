"""Rows of any age and state, written straight into the tables, and what a store holds of them."""

import itertools
from datetime import timedelta

from running import NOW
from sqlalchemy import func, insert, select
from state_guard import take_off

from bridge.state import FINISHED
from bridge.store.tables import (
    attempts,
    deliveries,
    events,
    lane_marks,
    metadata,
    payloads,
)

_numbers = itertools.count(1)


def days(number):
    """That many days before NOW."""
    return NOW - timedelta(days=number)


def request(connection, age, states=("routed",)):
    """A request of this many days with an event for each state; the ids of its events."""
    values = {
        "received_at": days(age),
        "method": "POST",
        "target": "/hooks/shop?token=1",
        "headers": {"a": "b"},
        "body": b"{}",
    }
    payload = _insert(connection, payloads, values)
    return [_event(connection, payload, age, state) for state in states]


def _event(connection, payload, age, state):
    values = {
        "source": "shop",
        "event_id": f"e{next(_numbers)}",
        "type": "paid",
        "received_at": days(age),
        "payload_id": payload,
        "live": True,
        "digest": "d",
        "state": state,
        "decisions": [{"rule": "r", "said": "matched", "reason": ""}],
    }
    return _insert(connection, events, values)


def delivery(connection, event, state, age, **changes):
    """A delivery of an event, finished this many days ago where its state is one that ends; its id."""
    values = {
        "event": event,
        "source": "shop",
        "rule": "r",
        "item_key": "",
        "operation": "vambe.update_amount",
        "connection": "vambe",
        "ticket": "t1",
        "lane": "vambe/t1",
        "call": {"method": "POST"},
        "body": b"{}",
        "fields": {"amount": 1},
        "stale": "send",
        "idempotency_key": f"k{next(_numbers)}",
        "retries": {},
        "ruleset": "hash",
        "state": state,
        "code": "",
        "reason": "",
        "attempts": 1,
        "due_at": days(age),
        "created_at": days(age),
        "age_from": days(age),
        "finished_at": days(age) if state in FINISHED else None,
        **changes,
    }
    id = _insert(connection, deliveries, values)
    made = {"number": 1, "started_at": days(age), "elapsed_ms": 1, "status": 200}
    said = {"verdict": "delivered", "code": "ok", "reason": "", "reply": b"{}"}
    _insert(connection, attempts, {"delivery": id, **made, **said})
    return id


def mark(connection, lane, age):
    """The newest delivered time of a lane."""
    values = {"lane": lane, "rule": "r", "at": days(age)}
    connection.execute(insert(lane_marks), values)


def count(connection, table):
    """How many rows a table has."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def clear(connection):
    """Empties every table."""
    for table in reversed(metadata.sorted_tables):
        connection.execute(table.delete())


def _insert(connection, table, values):
    take_off(connection)
    statement = insert(table).values(values).returning(table.c.id)
    return connection.execute(statement).scalar_one()
