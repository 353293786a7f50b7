"""What attempts teach: of an account, that it is parked or goes on; of a tenant, its breaker. Budgets are budgets.py's.

All workers share it, so it is changed one at a time; what is in good health is only read. Rows are known by the names
of tenants.py, which no edit of the mapping files changes; `label` is what people call the connection.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
)
from sqlalchemy import Connection as Database
from sqlalchemy import (
    Row,
    bindparam,
    case,
    insert,
    or_,
    select,
    text,
    type_coerce,
    update,
)

from bridge import breaker
from bridge.breaker import Breaker, Lesson
from bridge.model import Connection
from bridge.store import keys, prepared
from bridge.store.columns import microseconds
from bridge.store.dialect import QUEUE, one_at_a_time, upsert
from bridge.store.leases import Claimed
from bridge.store.tables import (
    BEHIND,
    CLAIMABLE,
    connection_specs,
    connections,
    deliveries,
)

FORBIDDEN = "http_403"
REFUSALS = (
    3  # lanes in a row that a vendor forbids: then it is the credential, not the ticket
)
_BUSY = (429, 503)  # with Retry-After they speak of the vendor, not of one call
_REMEMBERED = 100  # of the deliveries that a 403 ended

_BREAKER = tuple(Breaker.__dataclass_fields__)
_TROUBLED = select(connections.c.name).where(
    connections.c.name.in_([bindparam("tenant"), bindparam("account")]),
    or_(
        connections.c.state != "open",
        connections.c.forbidden.is_not(None),
        connections.c.window_from.is_not(None),
        connections.c.broken_at.is_not(None),
    ),
)


def park(
    database: Database, name: str, reason: str, now: datetime, label: str = ""
) -> None:
    """Stops an account: nothing of it is due until it is resumed. Parking twice keeps the first time and reason."""
    one_at_a_time(database, QUEUE)
    statement = upsert(database, connections)
    statement = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={
            name: statement.excluded[name]
            for name in ("label", "state", "reason", "since")
        },
        where=connections.c.state != "parked",
    )
    row = {"name": name, "label": label or name, "state": "parked", "reason": reason}
    database.execute(statement, {**row, "since": now})


def resume(
    database: Database, name: str, now: datetime, reason: str = "resumed"
) -> bool:
    """Lets a parked account go on: what waits is due at once, and the time parked does not count as age."""
    one_at_a_time(database, QUEUE)
    known = _load(database, name)
    if known is None or known.state != "parked":
        return False
    _save(database, name, state="open", reason=reason, since=now, forbidden=None)
    due_at_once(database, connection_specs.c.account, known, known.since, now)
    return True


def due_at_once(
    database: Database,
    of: ColumnElement[Any],
    known: Row[Any],
    since: datetime,
    now: datetime,
) -> None:
    """Ends the waits for a retry of a tenant or an account: `of` is that column of the specs.

    What was due before `since` is late since then, which the next claim takes off.
    """
    due_at, age_from, stopped, at = (
        type_coerce(deliveries.c.due_at, BigInteger),
        type_coerce(deliveries.c.age_from, BigInteger),
        microseconds(since),
        microseconds(now),
    )
    columns = connection_specs.c.name, connection_specs.c.hash
    query = select(*columns).where(of == known.name)
    specs = database.execute(query).all()
    age = case((age_from < stopped, stopped - age_from), else_=0)
    due = case((due_at < at, due_at), else_=at)
    for which in (CLAIMABLE, BEHIND):  # in the words of an index each
        database.execute(
            update(deliveries)
            .where(
                text(which),
                deliveries.c.connection.in_({row.name for row in specs}),
                deliveries.c.spec.in_([row.hash for row in specs]),
                due_at > stopped,
                or_(due_at > at, due_at > age_from),
            )
            .values(due_at=due, age_from=due - age)
        )


def learn(
    database: Database,
    item: Claimed,
    *,
    verdict: str,
    status: int | None,
    code: str,
    asked: timedelta,
    now: datetime,
    well: set[str],
) -> bool:
    """What one attempt says about its tenant and account; whether that parks it although the verdict alone does not.

    Of those in `well` there was nothing to remember, so that a success changes nothing.

    An account that was parked before the attempt was claimed has let it through to try its credentials: any answer
    to the call itself shows that they are right.
    """
    connection = item.connection
    both = {connection.tenant, connection.account}
    lesson = breaker.lesson(verdict, status, code)
    if lesson is Lesson.NOTHING:
        return False
    forbidden = code == FORBIDDEN and verdict == "failed" and not item.responses
    if lesson is Lesson.WELL and not forbidden and both <= well:
        return False
    well -= both
    one_at_a_time(database, QUEUE)
    tenant = _load_or_make(database, connection.tenant, connection, now)
    after = breaker.learn(
        _breaker(tenant), lesson, claimed_at=item.claimed_at, now=now, asked=asked
    )
    _save(database, tenant.name, **{key: getattr(after, key) for key in _BREAKER})
    if asked and lesson is Lesson.ILL and status in _BUSY:
        _leave_alone(database, tenant, now + asked)
    name = connection.account
    if forbidden:
        account = _load_or_make(database, name, connection, now)
        return account.state == "parked" or _forbid(database, item, account, now)
    known = _load(database, name)
    if known is None:
        return False
    if verdict == "delivered":
        _save(database, name, forbidden=None)
    probed = known.state == "parked" and item.claimed_at > known.since
    if probed and lesson is Lesson.WELL and verdict != "park":
        resume(database, name, now, "its credentials are accepted again")
    return False


def _leave_alone(database: Database, known: Row[Any], until: datetime) -> None:
    """Sends nothing before the vendor wants it: what one call was told holds for the others."""
    if known.next_at is None or known.next_at < until:
        _save(database, known.name, next_at=until)


def _forbid(database: Database, item: Claimed, known: Row[Any], now: datetime) -> bool:
    """Notes a 403. Whether it is the credential's fault: then what it ended before waits again, as if never sent."""
    ended = [*(known.forbidden or ()), [item.id, item.lane]][-_REMEMBERED:]
    if len({lane for _, lane in ended}) < REFUSALS:
        _save(database, known.name, forbidden=ended)
        return False
    _save(database, known.name, forbidden=None)
    _wait_again(database, [id for id, _ in ended], now)
    return True


def _wait_again(database: Database, ids: Sequence[int], now: datetime) -> None:
    """Of these, those that a 403 ended, unless their idempotency key was used by another since."""
    ended = deliveries.c.state == "dead", deliveries.c.code == FORBIDDEN
    query = select(deliveries.c.id).where(deliveries.c.id.in_(ids), *ended)
    dead = database.execute(query.with_for_update()).scalars().all()
    again = [id for id in dead if keys.retake(database, id)]
    database.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(again))
        .values(
            state="waiting",
            attempts=deliveries.c.attempts - 1,
            due_at=now,
            age_from=now,
            finished_at=None,
        )
    )


def trouble(database: Database, connection: Connection) -> Any:
    """The rows of this are the tenants and accounts about which there is something to remember: see `learn`."""
    names = {"tenant": connection.tenant, "account": connection.account}
    return prepared.execute(database, _TROUBLED, names)


def _breaker(known: Row[Any]) -> Breaker:
    return Breaker(**{key: known._mapping[key] for key in _BREAKER})


def _load(database: Database, name: str) -> Row[Any] | None:
    query = select(connections).where(connections.c.name == name)
    return database.execute(query).one_or_none()


def _load_or_make(
    database: Database, name: str, connection: Connection, now: datetime
) -> Row[Any]:
    if known := _load(database, name):
        return known
    row = {"name": name, "label": connection.name, "state": "open", "reason": ""}
    made = insert(connections).values(**row, since=now).returning(connections)
    return database.execute(made).one()


def _save(database: Database, name: str, **values: Any) -> None:
    database.execute(
        update(connections).where(connections.c.name == name).values(values)
    )
