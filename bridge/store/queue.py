"""The queue: deliveries claimed under a lease, one at a time per lane, finished only by their owner.

Times come from the caller; nothing here sends anything or holds a transaction across a call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection as Database
from sqlalchemy import Row, Select, exists, select, update

from bridge.model import Call, Connection, Retries
from bridge.store import calls, specs
from bridge.store.tables import (
    UNFINISHED,
    connection_specs,
)
from bridge.store.tables import connections as connection_states
from bridge.store.tables import deliveries, lane_marks

_CANDIDATES = 500  # rows looked at in one claim: enough to find other lanes behind a busy connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A delivery that this owner may send now."""

    id: int
    event: int
    rule: str
    operation: str
    connection: Connection
    call: Call
    lane: str
    at: datetime | None
    retries: Retries
    attempts: int  # made before this one
    age: timedelta  # since it was created, without the time it was stopped
    idempotency_key: str | None


def claim(
    database: Database,
    owner: str,
    now: datetime,
    lease: timedelta,
    free: Callable[[Connection], int],
    limit: int,
) -> list[Claimed]:
    """Takes what is due, the head of each lane only, at most `free` of each connection; marks stale ones skipped.

    A lane's head is its oldest unfinished delivery. A parked connection's deliveries are not due.
    """
    claimed: list[Claimed] = []
    used: dict[str, int] = {}
    for row in database.execute(_heads(now)):
        connection = specs.from_json(row.connection_spec)
        if used.get(connection.name, 0) >= free(connection):
            continue
        if _is_stale(database, row):
            _skip(database, row.id, now)
            continue
        used[connection.name] = used.get(connection.name, 0) + 1
        claimed.append(_claimed(row, connection, now))
        if len(claimed) == limit:
            break
    if claimed:
        database.execute(
            update(deliveries)
            .where(deliveries.c.id.in_([item.id for item in claimed]))
            .values(state="sending", owner=owner, lease_until=now + lease)
        )
    return claimed


def any_due(database: Database, now: datetime) -> bool:
    """Whether a claim would find anything: a read, so that an idle worker never takes the write lock."""
    return database.execute(_heads(now).limit(1)).first() is not None


def any_lost(database: Database, now: datetime) -> bool:
    """Whether a lease ran out."""
    query = select(deliveries.c.id).where(
        deliveries.c.state == "sending", deliveries.c.lease_until < now
    )
    return database.execute(query.limit(1)).first() is not None


def _with_spec() -> Select[Any]:
    """Deliveries with the connection they were rendered for; a rule's error has none and is never sent."""
    spec = connection_specs.c.spec.label("connection_spec")
    return select(deliveries, spec).join(
        connection_specs, connection_specs.c.hash == deliveries.c.spec
    )


def _heads(now: datetime) -> Select[Any]:
    earlier = deliveries.alias("earlier")
    blocked = exists().where(
        earlier.c.lane == deliveries.c.lane,
        earlier.c.id < deliveries.c.id,
        earlier.c.state.in_(UNFINISHED),
    )
    parked = exists().where(
        connection_states.c.name == deliveries.c.connection,
        connection_states.c.state == "parked",
    )
    query = _with_spec().where(
        deliveries.c.state == "waiting", deliveries.c.due_at <= now, ~blocked, ~parked
    )
    return query.order_by(deliveries.c.due_at, deliveries.c.id).limit(_CANDIDATES)


def _is_stale(database: Database, row: Row[Any]) -> bool:
    if row.stale != "skip" or row.at is None:
        return False
    query = select(lane_marks.c.at).where(
        lane_marks.c.lane == row.lane, lane_marks.c.rule == row.rule
    )
    newest = database.execute(query).scalar_one_or_none()
    return newest is not None and row.at < newest


def _skip(database: Database, id: int, now: datetime) -> None:
    reason = "a newer update of this ticket by this rule was delivered before"
    database.execute(
        update(deliveries)
        .where(deliveries.c.id == id)
        .values(state="skipped", code="stale", reason=reason, finished_at=now)
    )


def renew(database: Database, owner: str, ids: Sequence[int], until: datetime) -> None:
    """Keeps the leases of what is still being sent."""
    database.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids), deliveries.c.owner == owner)
        .values(lease_until=until)
    )


def take_over(
    database: Database, owner: str, now: datetime, until: datetime
) -> list[Claimed]:
    """Deliveries whose owner stopped renewing: they may have been sent, and are now this owner's to judge."""
    query = _with_spec().where(
        deliveries.c.state == "sending", deliveries.c.lease_until < now
    )
    rows = database.execute(query.limit(_CANDIDATES)).all()
    if rows:
        database.execute(
            update(deliveries)
            .where(deliveries.c.id.in_([row.id for row in rows]))
            .values(owner=owner, lease_until=until)
        )
    return [_claimed(row, specs.from_json(row.connection_spec), now) for row in rows]


def _claimed(row: Row[Any], connection: Connection, now: datetime) -> Claimed:
    return Claimed(
        id=row.id,
        event=row.event,
        rule=row.rule,
        operation=row.operation,
        connection=connection,
        call=calls.from_json(row.call, row.body),
        lane=row.lane,
        at=row.at,
        retries=Retries(**row.retries),
        attempts=row.attempts,
        age=now - row.age_from,
        idempotency_key=row.idempotency_key,
    )
