"""Deliveries as they come to be, one row per call that a rule wants made, and as people move them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection as Database
from sqlalchemy import and_, bindparam, select, update

from bridge.model import Rendered, Retries
from bridge.store import calls, fetches, lanes, prepared, specs
from bridge.store.audit import By
from bridge.store.columns import Encoded, encoded
from bridge.store.tables import deliveries, events

_NOTHING = encoded({})
_SOURCE = select(events.c.source).where(events.c.id == bindparam("event"))


def add(
    database: Database, event: int, ruleset: str, rendered: Rendered, now: datetime
) -> int:
    """Stores one call to make; its id. The same idempotency key of the same rule is kept as skipped, not sent."""
    row = {
        **_blank(database, event, rendered.rule, ruleset, now),
        "item_key": rendered.key,
        "operation": rendered.operation,
        "connection": rendered.connection.name,
        "spec": specs.keep(database, rendered.connection),
        "ticket": rendered.ticket,
        "lane": rendered.lane,
        "call": calls.to_json(rendered.call),
        "body": rendered.call.body,
        "fields": rendered.fields,
        "at": rendered.at,
        "stale": rendered.stale,
        "coalesce": rendered.coalesce,
        "retries": _retries(rendered.retries),
        "responses": [asdict(item) for item in rendered.responses] or None,
        "idempotency_key": rendered.idempotency_key or None,
        "look_up": rendered.look_up,
        "state": (
            "shadow" if rendered.shadow else "held" if rendered.hold else "waiting"
        ),
        "code": "hold_if" if rendered.hold else "",
        "reason": rendered.hold,
        "finished_at": now if rendered.shadow else None,
    }
    id = prepared.insert_or_ignore(database, deliveries, row)
    if id is None:
        repeated = "another delivery of this rule has the same idempotency key"
        row |= {
            "idempotency_key": None,
            "state": "skipped",
            "code": "same_key",
            "reason": repeated,
        }
        row["finished_at"] = now
        id = prepared.insert(database, deliveries, row)
    return int(id)


@lru_cache(maxsize=100)
def _retries(retries: Retries) -> Encoded:
    return encoded(asdict(retries))


def add_failed(
    database: Database,
    event: int,
    ruleset: str,
    rule: str,
    code: str,
    reason: str,
    now: datetime,
) -> None:
    """Stores a rule's error as a dead letter without a request."""
    row = _blank(database, event, rule, ruleset, now)
    row |= {"state": "dead", "code": code, "reason": reason, "finished_at": now}
    prepared.insert(database, deliveries, row)


def _blank(
    database: Database, event: int, rule: str, ruleset: str, now: datetime
) -> dict[str, object]:
    (source,) = prepared.execute(database, _SOURCE, {"event": event}).fetchone()
    return {
        "event": event,
        "source": source,
        "rule": rule,
        "ruleset": ruleset,
        "item_key": "",
        "operation": "",
        "connection": "",
        "ticket": "",
        "lane": "",
        "stale": "send",
        "retries": _NOTHING,
        "code": "",
        "reason": "",
        "attempts": 0,
        "due_at": now,
        "created_at": now,
        "age_from": now,
    }


def change_state(
    database: Database,
    id: int,
    allowed: Sequence[str],
    to: str,
    reason: str,
    now: datetime,
    by: By | None = None,
) -> bool:
    """Moves one delivery by a person's hand; False when its state is not one of `allowed` at this moment.

    What waits again starts with fresh attempts and a fresh age.
    """
    values: dict[str, object] = {"state": to, "reason": reason, "code": to}
    if by is not None:
        values |= {"person": by.person, "because": by.reason}
    if to == "waiting":
        values |= {"attempts": 0, "age_from": now, "due_at": now, "finished_at": None}
    else:
        values["finished_at"] = now
    movable = and_(deliveries.c.id == id, deliveries.c.state.in_(allowed))
    moved = update(deliveries).where(movable).values(values)
    columns = (deliveries.c.lane, deliveries.c.event, deliveries.c.look_up)
    row = database.execute(moved.returning(*columns)).one_or_none()
    if row and row.lane and to != "waiting":
        lanes.advance(database, row.lane)
    if row and row.look_up is not None and to == "cancelled":
        fetches.dropped(database, row.event, reason, now)
    return row is not None
