"""The queue: deliveries claimed under a lease, one at a time per lane, finished only by their owner.

Times come from the caller; nothing here sends anything or holds a transaction across a call.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection as Database
from sqlalchemy import Row, Select, and_, case, exists, or_, select, type_coerce, update

from bridge.model import Call, Connection, Response, Retries
from bridge.store import calls, specs
from bridge.store.columns import Moment
from bridge.store.dialect import one_at_a_time
from bridge.store.tables import UNFINISHED, connection_specs
from bridge.store.tables import connections as connection_states
from bridge.store.tables import deliveries, lane_marks

_CANDIDATES = 500  # rows looked at in one claim: enough to find other lanes behind a busy connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A delivery that this owner may send now."""

    id: int
    owner: str  # of the lease, new for each claim
    event: int
    rule: str
    operation: str
    connection: Connection
    call: Call
    lane: str
    at: datetime | None
    retries: Retries
    responses: tuple[Response, ...]
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
    off: Collection[str] = (),
) -> list[Claimed]:
    """Takes what is due, the head of each lane only, at most `free` of each connection; marks stale ones skipped.

    A lane's head is its oldest unfinished delivery. Deliveries of a parked connection and of the rules in `off` are
    not due. `owner` must be new for each claim: a worker that lost a lease is not the owner of its own later one.
    """
    one_at_a_time(database, "claim")  # a head that two workers see would be sent twice
    taken: list[int] = []
    used: Counter[str] = Counter()
    full: set[str] = set()
    while len(taken) < limit:
        heads = _heads(now, off, full).where(deliveries.c.id.not_in(taken))
        rows = database.execute(heads.limit(_CANDIDATES)).all()
        taken += _take(database, rows, free, used, full, now, limit - len(taken))
        if len(rows) < _CANDIDATES:
            break
    return _lease(database, owner, taken, now, now + lease)


def _take(
    database: Database,
    rows: Sequence[Row[Any]],
    free: Callable[[Connection], int],
    used: Counter[str],
    full: set[str],
    now: datetime,
    limit: int,
) -> Iterator[int]:
    """The ids of rows that may be sent; adds to `full` the connections that have no room left."""
    for row in rows:
        if limit == 0:
            return
        connection = specs.from_json(row.connection_spec)
        if used[connection.name] >= free(connection):
            full.add(connection.name)
        elif _is_stale(database, row):
            _skip(database, row.id, now)
        else:
            used[connection.name] += 1
            limit -= 1
            yield row.id


def _lease(
    database: Database, owner: str, ids: Sequence[int], now: datetime, until: datetime
) -> list[Claimed]:
    """Marks what is still waiting as this owner's, and reads it. Age counts from the first attempt."""
    if not ids:
        return []
    database.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids), deliveries.c.state == "waiting")
        .values(
            state="sending",
            owner=owner,
            lease_until=until,
            age_from=case(
                (deliveries.c.attempts == 0, type_coerce(now, Moment)),
                else_=deliveries.c.age_from,
            ),
        )
    )
    query = _with_spec(deliveries).where(deliveries.c.owner == owner)
    return [
        _claimed(row, now) for row in database.execute(query.order_by(deliveries.c.id))
    ]


def any_due(database: Database, now: datetime, off: Collection[str] = ()) -> bool:
    """Whether a claim would find anything: a read, so that an idle worker never takes the write lock."""
    return database.execute(_heads(now, off).limit(1)).first() is not None


def any_lost(database: Database, now: datetime) -> bool:
    """Whether a lease ran out."""
    query = select(deliveries.c.id).where(
        deliveries.c.state == "sending", deliveries.c.lease_until < now
    )
    return database.execute(query.limit(1)).first() is not None


def _with_spec(*columns: Any) -> Select[Any]:
    """Deliveries with the connection they were rendered for; a rule's error has none and is never sent."""
    spec = connection_specs.c.spec.label("connection_spec")
    return select(*columns, spec).join(
        connection_specs, connection_specs.c.hash == deliveries.c.spec
    )


def _heads(
    now: datetime, off: Collection[str], full: Collection[str] = ()
) -> Select[Any]:
    """What is due at the head of its lane, without the request: most of what a claim looks at it does not take."""
    other = deliveries.alias("other")
    blocked = exists().where(
        other.c.lane == deliveries.c.lane,
        or_(
            and_(other.c.id < deliveries.c.id, other.c.state.in_(UNFINISHED)),
            # A dead letter that a person sends again comes before what is being sent now.
            and_(other.c.id > deliveries.c.id, other.c.state == "sending"),
        ),
    )
    parked = exists().where(
        connection_states.c.name == deliveries.c.connection,
        connection_states.c.state == "parked",
    )
    columns = ("id", "rule", "lane", "at", "stale", "due_at")
    query = _with_spec(*(deliveries.c[name] for name in columns)).where(
        deliveries.c.state == "waiting",
        deliveries.c.due_at <= now,
        deliveries.c.rule.not_in(off),
        deliveries.c.connection.not_in(full),
        ~blocked,
        ~parked,
    )
    return query.order_by(deliveries.c.due_at, deliveries.c.id)


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


def renew(database: Database, items: Collection[Claimed], until: datetime) -> None:
    """Keeps the leases of what is still being sent."""
    mine = deliveries.c.owner.in_({item.owner for item in items})
    ids = deliveries.c.id.in_([item.id for item in items])
    database.execute(update(deliveries).where(mine, ids).values(lease_until=until))


def take_over(
    database: Database, owner: str, now: datetime, until: datetime
) -> list[Claimed]:
    """Deliveries whose owner stopped renewing: they may have been sent, and are now this owner's to judge."""
    one_at_a_time(database, "claim")
    lost = and_(deliveries.c.state == "sending", deliveries.c.lease_until < now)
    database.execute(
        update(deliveries).where(lost).values(owner=owner, lease_until=until)
    )
    query = _with_spec(deliveries).where(deliveries.c.owner == owner)
    return [_claimed(row, now) for row in database.execute(query)]


def _claimed(row: Row[Any], now: datetime) -> Claimed:
    return Claimed(
        id=row.id,
        owner=row.owner,
        event=row.event,
        rule=row.rule,
        operation=row.operation,
        connection=specs.from_json(row.connection_spec),
        call=calls.from_json(row.call, row.body),
        lane=row.lane,
        at=row.at,
        retries=Retries(**row.retries),
        responses=tuple(Response(**item) for item in row.responses or ()),
        attempts=row.attempts,
        age=now - row.age_from,
        idempotency_key=row.idempotency_key,
    )
