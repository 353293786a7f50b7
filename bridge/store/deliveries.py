"""Deliveries: one row per call that a rule wants made. Adds them, and moves them for people."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Dialect, and_, bindparam, case, literal, select, update

from bridge.model import Decision, Delivery, Retries
from bridge.state import State
from bridge.store import calls, fetches, specs
from bridge.store.audit import By
from bridge.store.database import prepared
from bridge.store.database.columns import Encoded, Moment, encoded
from bridge.store.database.dialect import upsert
from bridge.store.database.prepared import Pending
from bridge.store.database.transaction import Transaction
from bridge.store.queue import keys, lanes
from bridge.store.tables import deliveries, events
from bridge.store.transition import transition

Row: TypeAlias = dict[str, Any]

_NOTHING = encoded({})
_SOURCE = (
    select(events.c.source).where(events.c.id == bindparam("event")).scalar_subquery()
)


def add(
    tx: Transaction, event: int, ruleset: str, rendered: Delivery, now: datetime
) -> int:
    """Stores one call to make; its id. The same idempotency key of the same rule is kept as skipped, not sent."""
    rows = [to_send(event, ruleset, rendered, now)]
    (id,) = ids(tx, rows, put(tx, rows, [rendered]))
    return id


def put(
    tx: Transaction, rows: Sequence[Row], rendered: Iterable[Delivery]
) -> list[Pending]:
    """Stores rows of `to_send` and `failed` in their order, and where `rendered` go; what `ids` asks for."""
    specs.keep(tx, (item.connection for item in rendered))
    return [_insert(tx, row) for row in rows]


def ids(tx: Transaction, rows: Sequence[Row], made: Sequence[Pending]) -> list[int]:
    """The ids of what was put; what repeats a delivery that is there gets one as skipped."""
    numbers = [one.key() for one in made]
    return [id or _add_repeated(tx, row) for id, row in zip(numbers, rows)]


def _add_repeated(tx: Transaction, row: Row) -> int:
    key = row["idempotency_key"]
    other = keys.user(tx, row["rule"], key)
    if other is None:  # it was let go since
        if id := _insert(tx, row).key():
            return id
        other = keys.user(tx, row["rule"], key)
    repeated = {
        "idempotency_key": None,
        "own_key": key,
        "state": State.SKIPPED,
        "code": "same_key",
        "reason": f"delivery {other} of this rule has the same idempotency key",
        "finished_at": row["created_at"],
    }
    id = _insert(tx, {**row, **repeated}).key()
    assert id is not None  # without a key nothing stands against it
    return id


def to_send(event: int, ruleset: str, rendered: Delivery, now: datetime) -> Row:
    """One call to make."""
    return {
        **_blank(event, rendered.rule, ruleset, now),
        "item_key": rendered.key,
        "operation": rendered.operation,
        "connection": rendered.connection.name,
        "spec": specs.digest(rendered.connection),
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
        # A rehearsal uses up nothing.
        "idempotency_key": (
            None if rendered.shadow else rendered.idempotency_key or None
        ),
        "own_key": rendered.idempotency_key or None if rendered.shadow else None,
        "look_up": rendered.look_up,
        "state": _first_state(rendered),
        "code": "hold_if" if rendered.hold else "",
        "reason": rendered.hold,
        "finished_at": now if rendered.shadow else None,
    }


def _first_state(rendered: Delivery) -> State:
    if rendered.shadow:
        return State.SHADOW
    return State.HELD if rendered.hold else State.WAITING


@lru_cache(maxsize=100)
def _retries(retries: Retries) -> Encoded:
    return encoded(asdict(retries))


def failed(event: int, ruleset: str, decision: Decision, now: datetime) -> Row:
    """A rule's error, as a dead letter without a request."""
    code = decision.diagnostic.code if decision.diagnostic else "error"
    row = _blank(event, decision.rule, ruleset, now)
    row |= {"state": State.DEAD, "code": code, "reason": decision.reason}
    return {**row, "finished_at": now}


def _blank(event: int, rule: str, ruleset: str, now: datetime) -> Row:
    return {
        "event": event,
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


def _insert(tx: Transaction, row: Row) -> Pending:
    """Adds a row of its event's source."""
    return prepared.execute(tx, _inserting(tx.dialect, (*row,)), row)


@lru_cache(maxsize=50)
def _inserting(dialect: Dialect, columns: tuple[str, ...]) -> Any:
    bound: dict[str, Any] = {
        name: bindparam(name, type_=deliveries.c[name].type) for name in columns
    }
    statement = upsert(dialect, deliveries).values({**bound, "source": _SOURCE})
    return statement.on_conflict_do_nothing().returning(deliveries.c.id)


def change_state(
    tx: Transaction,
    id: int,
    allowed: Sequence[State],
    to: State,
    reason: str,
    now: datetime,
    by: By | None = None,
    code: str = "",
) -> bool:
    """Moves one delivery by a person's hand; False when its state is not one of `allowed` at this moment.

    What waits again starts with fresh attempts and a fresh age, and needs its idempotency key (keys.py).
    """
    values: dict[str, object] = {"reason": reason, "code": code or to}
    if by is not None:
        values |= {"person": by.person, "because": by.reason}
    if to == State.WAITING:
        values |= {"attempts": 0, "age_from": now, "due_at": now, "finished_at": None}
    else:
        values["finished_at"] = now
    if to == State.WAITING and not _may_wait(tx, id, allowed):
        return False
    moved = transition(*allowed, to=to).where(deliveries.c.id == id).values(values)
    columns = (deliveries.c.lane, deliveries.c.event, deliveries.c.look_up)
    row = tx.execute(moved.returning(*columns)).one_or_none()
    if row and to != State.WAITING:
        keys.free(tx, id)
        if row.lane:
            lanes.advance(tx, [row.lane])
    if row and row.look_up is not None and to == State.CANCELLED:
        fetches.dropped(tx, row.event, reason, now)
    return row is not None


def _may_wait(tx: Transaction, id: int, allowed: Sequence[State]) -> bool:
    """Whether it can be moved, and its key is its own again."""
    movable = deliveries.c.id == id, deliveries.c.state.in_(allowed)
    locked = select(deliveries.c.id).where(*movable).with_for_update()
    return tx.execute(locked).first() is not None and keys.retake(tx, id)


def hurry(tx: Transaction, id: int, now: datetime, by: By) -> bool:
    """Ends the wait of one delivery for its next attempt; False when it does not wait.

    It keeps its attempts, its age and the reason for which it waited. Whether it may go is its lane's to say.
    """
    due = case(
        (deliveries.c.due_at > now, literal(now, Moment)), else_=deliveries.c.due_at
    )
    waits = and_(deliveries.c.id == id, deliveries.c.state == State.WAITING)
    said = {"person": by.person, "because": by.reason}
    hurried = update(deliveries).where(waits).values(due_at=due, **said)
    return tx.execute(hurried).rowcount == 1
