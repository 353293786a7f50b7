"""The state of accounts (parked or not) and of tenants (their breaker). For budgets see budgets.py.

What an attempt teaches about them is for conclude.py to say. All workers share it, so it is changed one at a time;
what is in good health is only read. Rows are known by the names of tenants.py, which no edit of the mapping files
changes; `label` is what people call the connection.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    bindparam,
    case,
    or_,
    select,
    text,
    type_coerce,
    update,
)

from bridge.breaker import Breaker
from bridge.conclude import FORBIDDEN, WELL, Conclusion, Health
from bridge.model import Connection
from bridge.state import State
from bridge.store.database import prepared
from bridge.store.database.columns import microseconds
from bridge.store.database.dialect import QUEUE, one_at_a_time, upsert
from bridge.store.database.prepared import Pending
from bridge.store.database.transaction import Transaction
from bridge.store.queue import keys
from bridge.store.tables import (
    BEHIND,
    CLAIMABLE,
    connection_specs,
    connections,
    deliveries,
)
from bridge.store.transition import transition

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
    tx: Transaction, name: str, reason: str, now: datetime, label: str = ""
) -> None:
    """Stops an account: nothing of it is due until it is resumed. Parking twice keeps the first time and reason."""
    one_at_a_time(tx, QUEUE)
    row = {"label": label or name, "state": "parked", "reason": reason, "since": now}
    going = connections.c.state != "parked"
    statement = upsert(tx, connections).values(name=name, **row)
    tx.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_=row, where=going)
    )


def resume(tx: Transaction, name: str, now: datetime, reason: str = "resumed") -> bool:
    """Lets a parked account go on: what waits is due at once, and the time parked does not count as age."""
    one_at_a_time(tx, QUEUE)
    mine = connections.c.name == name, connections.c.state == "parked"
    known = tx.execute(select(connections).where(*mine)).one_or_none()
    if known is None:
        return False
    going = {"state": "open", "reason": reason, "since": now, "forbidden": None}
    tx.execute(update(connections).where(*mine).values(going))
    due_at_once(tx, connection_specs.c.account, known, known.since, now)
    return True


def due_at_once(
    tx: Transaction,
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
    specs = tx.execute(query).all()
    age = case((age_from < stopped, stopped - age_from), else_=0)
    due = case((due_at < at, due_at), else_=at)
    for which in (CLAIMABLE, BEHIND):  # in the words of an index each
        tx.execute(
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


def health(tx: Transaction, connection: Connection) -> Health:
    """What is known of a connection; nobody else changes it before this transaction ends."""
    one_at_a_time(tx, QUEUE)
    names = connection.tenant, connection.account
    query = select(connections).where(connections.c.name.in_(names))
    known: Any = {row.name: row for row in tx.execute(query)}
    current = WELL
    if tenant := known.get(connection.tenant):
        closed_or_not = Breaker(**{key: tenant._mapping[key] for key in _BREAKER})
        current = replace(current, breaker=closed_or_not, next_at=tenant.next_at)
    if account := known.get(connection.account):
        since = account.since if account.state == "parked" else None
        ended = tuple((id, lane) for id, lane in account.forbidden or ())
        current = replace(current, parked_at=since, forbidden=ended)
    return current


def learn(
    tx: Transaction,
    connection: Connection,
    before: Health,
    concluded: Conclusion,
    now: datetime,
) -> None:
    """Stores what is otherwise than `before`, and moves what waits for it."""
    after = concluded.health
    if (after.breaker, after.next_at) != (before.breaker, before.next_at):
        learnt = {**asdict(after.breaker), "next_at": after.next_at}
        _save(tx, connection.tenant, connection, now, **learnt)
    account = connection.account
    if after.forbidden != before.forbidden:
        ended = [[*one] for one in after.forbidden] or None
        _save(tx, account, connection, now, forbidden=ended)
    if after.parked_at and not before.parked_at:
        park(tx, account, concluded.reason, now, connection.name)
        _wait_again(tx, concluded.again, now)
    elif before.parked_at and not after.parked_at:
        resume(tx, account, now, "its credentials are accepted again")


def _wait_again(tx: Transaction, ids: Sequence[int], now: datetime) -> None:
    """Of these, those that a 403 ended, unless their idempotency key was used by another since."""
    ended = deliveries.c.state == State.DEAD, deliveries.c.code == FORBIDDEN
    query = select(deliveries.c.id).where(deliveries.c.id.in_(ids), *ended)
    dead = tx.execute(query.with_for_update()).scalars().all()
    again = [id for id in dead if keys.retake(tx, id)]
    tx.execute(
        transition(State.DEAD, to=State.WAITING)
        .where(deliveries.c.id.in_(again))
        .values(
            attempts=deliveries.c.attempts - 1,
            due_at=now,
            age_from=now,
            finished_at=None,
        )
    )


def trouble(tx: Transaction, connection: Connection) -> Pending:
    """Its rows name the tenants and accounts about which something is known."""
    names = {"tenant": connection.tenant, "account": connection.account}
    return prepared.execute(tx, _TROUBLED, names)


def _save(
    tx: Transaction, name: str, connection: Connection, now: datetime, **values: Any
) -> None:
    row = {"name": name, "label": connection.name, "state": "open", "reason": ""}
    statement = upsert(tx, connections).values(**row, since=now, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
