"""Deletes what is older than its retention period, in steps small enough not to delay intake.

A request and all that came of it (its events, deliveries, attempts) age together, from its receipt or from
the end of its last delivery, whichever is later: first the payloads go, the request's and those of its deliveries, then
the rows. As long as one of its events is unrouted, or one of its deliveries unfinished or dead, all of it stays.
What waits is told from the states that are over, so that a state nobody thought of here is kept.

The rows of rulesets and connection_specs stay for good: few, and what the ledger and old deliveries refer to.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    and_,
    delete,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from bridge.state import UNFINISHED, EventState, State
from bridge.store.database.columns import Moment
from bridge.store.database.engine import Database
from bridge.store.database.transaction import Transaction
from bridge.store.keeping.walk import Step, walk
from bridge.store.queue.keys import KEY
from bridge.store.rejections import KEPT_FOR as REJECTIONS
from bridge.store.tables import (
    DEAD,
    attempts,
    audit,
    bulk_acts,
    bulk_items,
    deliveries,
    events,
    lane_marks,
    ledger,
    payloads,
    rejections,
)

KEYS = timedelta(days=30)  # idempotency keys; event ids are kept as long as events are

_UNFINISHED: list[ColumnElement[str]] = [
    literal_column(f"'{state}'") for state in UNFINISHED
]  # as the partial indexes have them
# Nobody will send these again.
OVER = State.DELIVERED, State.CANCELLED, State.SKIPPED, State.SHADOW
# Said once more by what forgets: on PostgreSQL a replay may have been committed since the transaction looked.
IS_OVER = deliveries.c.state.in_(OVER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Keep:
    """How long things are kept."""

    payloads: timedelta
    events: timedelta
    ledger: timedelta  # and the audit trail


def steps(keep: Keep, now: datetime) -> tuple[Step, ...]:
    """All that is to be forgotten at this time."""
    return (
        _rows_of_requests(now - keep.events),
        _payloads(now - keep.payloads, now),
        _idempotency_keys(now - KEYS),
        _lane_marks(now - keep.events),
        _old("ledger rows", ledger.c.id, ledger.c.at, now - keep.ledger),
        _old("audit rows", audit.c.id, audit.c.at, now - keep.ledger),
        *_bulk_acts(now - keep.ledger),
        _old("rejections", rejections.c.id, rejections.c.received_at, now - REJECTIONS),
    )


def forget(
    database: Database, keep: Keep, now: datetime, rest: Callable[[float], None]
) -> Counter[str]:
    """Walks every table once; what was forgotten, by name. `rest` sleeps: twice as long as each step took."""
    done: Counter[str] = Counter()
    for step in steps(keep, now):
        with database.turn("forgetting") as turn:
            if turn.mine:
                done[step.name] += walk(database, step, rest)
    return +done


def settled(before: datetime) -> ColumnElement[bool]:
    """Requests that nothing needs any more, and nothing happened to since."""
    needed = or_(
        events.c.state != EventState.ROUTED,
        deliveries.c.state.not_in(OVER),
        deliveries.c.finished_at >= before,
    )
    came_of_it = events.outerjoin(deliveries, deliveries.c.event == events.c.id)
    needing = select(events.c.id).select_from(came_of_it)
    needing = needing.where(events.c.payload_id == payloads.c.id, needed)
    return and_(payloads.c.received_at < before, ~needing.exists())


def _payloads(before: datetime, now: datetime) -> Step:
    """Empties requests, and what was rendered from them and answered to that."""

    def act(tx: Transaction, keys: Sequence[int]) -> None:
        empty(tx, keys, now)

    due = and_(payloads.c.pruned_at.is_(None), settled(before))
    return _of_requests("payloads", due, act, before)


def empty(tx: Transaction, keys: Sequence[int], now: datetime) -> None:
    """Empties settled requests by their numbers, and marks them; reasons, states and times stay."""
    made = _deliveries_of(keys)
    nothing = {"target": "", "headers": {}, "body": b"", "pruned_at": now}
    tx.execute(update(payloads).where(payloads.c.id.in_(keys)).values(nothing))
    tx.execute(
        update(events)
        .where(events.c.payload_id.in_(keys))
        .values(fetched=None, fetched_headers=None)
    )
    tx.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(made), IS_OVER)
        .values(call=None, body=None, fields=None)
    )
    tx.execute(update(attempts).where(attempts.c.delivery.in_(made)).values(reply=None))


def _rows_of_requests(before: datetime) -> Step:
    """Deletes requests and all that came of them, but never the newest: SQLite would give its numbers once more."""

    def act(tx: Transaction, keys: Sequence[int]) -> None:
        made, received = _deliveries_of(keys), _events_of(keys)
        for statement in (
            delete(attempts).where(attempts.c.delivery.in_(made)),
            # One that is left has a foreign key that refuses its event's end: the next pass looks again.
            delete(deliveries).where(deliveries.c.event.in_(received), IS_OVER),
            delete(events).where(events.c.payload_id.in_(keys)),
            delete(payloads).where(payloads.c.id.in_(keys)),
        ):
            tx.execute(statement)

    newest_delivery = select(func.max(deliveries.c.id)).scalar_subquery()
    its_event = select(deliveries.c.event).where(deliveries.c.id == newest_delivery)
    its_payload = select(events.c.payload_id).where(
        events.c.id == its_event.scalar_subquery()
    )
    newest = select(func.max(payloads.c.id)).scalar_subquery()
    due = and_(
        settled(before),
        payloads.c.id < newest,
        payloads.c.id.is_distinct_from(its_payload.scalar_subquery()),
    )
    return _of_requests("requests", due, act, before)


def _of_requests(
    name: str,
    due: ColumnElement[bool],
    act: Callable[[Transaction, Sequence[int]], None],
    before: datetime,
) -> Step:
    """What is done to requests by their number, the oldest first."""
    key, time = payloads.c.id, payloads.c.received_at
    return Step(name=name, key=key, due=due, act=act, time=time, until=before)


def _idempotency_keys(before: datetime) -> Step:
    """Lets a rule use a key again."""

    def act(tx: Transaction, keys: Sequence[int]) -> None:
        mine = update(deliveries).where(deliveries.c.id.in_(keys))
        tx.execute(mine.values(own_key=KEY, idempotency_key=None))

    due = and_(
        deliveries.c.idempotency_key.is_not(None),
        deliveries.c.state.in_(OVER),
        deliveries.c.finished_at < before,
    )
    return Step(
        name="idempotency keys",
        key=deliveries.c.id,
        due=due,
        act=act,
        time=deliveries.c.created_at,
        until=before,
    )


def _lane_marks(before: datetime) -> Step:
    """Marks that nobody compares with any more, of lanes in which nothing may be sent again."""
    made = func.coalesce(lane_marks.c.marked_at, lane_marks.c.at, type_=Moment)

    def act(tx: Transaction, keys: Sequence[str]) -> None:
        old = and_(lane_marks.c.lane.in_(keys), made < before)
        tx.execute(delete(lane_marks).where(old))

    unfinished = select(deliveries.c.id).where(
        deliveries.c.lane == lane_marks.c.lane, deliveries.c.state.in_(_UNFINISHED)
    )
    dead = select(deliveries.c.lane).where(text(DEAD))
    due = and_(
        made < before,
        ~unfinished.exists(),
        lane_marks.c.lane.not_in(dead),
    )
    return Step(name="lane marks", key=lane_marks.c.lane, due=due, act=act)


def _old(name: str, key: Column[Any], time: Column[Any], before: datetime) -> Step:
    """Deletes the rows of a table that nothing refers to."""

    def act(tx: Transaction, keys: Sequence[int]) -> None:
        tx.execute(delete(key.table).where(key.in_(keys)))

    return Step(name=name, key=key, due=time < before, act=act, time=time, until=before)


def _bulk_acts(before: datetime) -> tuple[Step, Step]:
    """Deletes bulk acts that are over and plans that nobody started, the items first: an act may have many."""
    act = bulk_acts.c
    over = act.state.not_in(("running", "paused"))
    old = and_(over, func.coalesce(act.ended_at, act.planned_at) < before)
    of_old = bulk_items.c.bulk.in_(select(act.id).where(old))
    empty = and_(old, act.id.not_in(select(bulk_items.c.bulk)))

    def remove(tx: Transaction, keys: Sequence[int]) -> None:
        tx.execute(delete(bulk_items).where(bulk_items.c.id.in_(keys)))

    def close(tx: Transaction, keys: Sequence[int]) -> None:
        tx.execute(delete(bulk_acts).where(act.id.in_(keys)))

    return (
        Step(name="items of bulk acts", key=bulk_items.c.id, due=of_old, act=remove),
        Step(name="bulk acts", key=act.id, due=empty, act=close),
    )


def _events_of(keys: Sequence[int]) -> Any:
    return select(events.c.id).where(events.c.payload_id.in_(keys))


def _deliveries_of(keys: Sequence[int]) -> Any:
    return select(deliveries.c.id).where(deliveries.c.event.in_(_events_of(keys)))
