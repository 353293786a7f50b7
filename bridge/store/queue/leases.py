"""Leases: a delivery that is being sent belongs to one claim, and only its owner may finish it.

An owner that stops renewing loses it: somebody else takes over, and judges what may or may not have been sent.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Text,
    bindparam,
    case,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from bridge.conclude import LOOK_UP_AGAIN, Tried
from bridge.model import Delivery, Json, Response, Retries
from bridge.state import State
from bridge.store import calls, fetches, specs
from bridge.store.database import prepared
from bridge.store.database.columns import microseconds
from bridge.store.database.dialect import QUEUE, among, one_at_a_time
from bridge.store.database.transaction import Transaction
from bridge.store.queue import keys
from bridge.store.queue.burying import bury
from bridge.store.tables import SENDING, deliveries
from bridge.store.transition import transition
from bridge.strict import json

# What a Claimed is made of. JSON comes as text, because most of it was read before.
_TAKEN = (
    *(
        deliveries.c[name]
        for name in (
            *("id", "owner", "event", "attempts", "age_from", "code", "rule"),
            *("item_key", "operation", "spec", "body", "ticket", "lane", "at"),
            *("stale", "coalesce", "look_up"),
        )
    ),
    keys.KEY.label("idempotency_key"),
    *(
        type_coerce(deliveries.c[name], Text).label(name)
        for name in ("call", "fields", "retries", "responses")
    ),
)
_late = bindparam("moment", type_=BigInteger) - type_coerce(
    deliveries.c.due_at, BigInteger
)
_age_from = type_coerce(deliveries.c.age_from, BigInteger)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed(Delivery):
    """A delivery that this owner may send now."""

    id: int
    owner: str  # of the lease, new for each claim
    event: int
    code: str  # of its last outcome
    attempts: int  # made before this one
    age: timedelta  # since its first attempt, without the time it was stopped
    claimed_at: datetime  # by the database's clock
    wait: float  # seconds from then until its connection's rate allows the call

    @property
    def second_look(self) -> bool:
        """Whether its event is looked up once more before anything is sent."""
        return self.code == LOOK_UP_AGAIN and self.look_up is None

    @property
    def tried(self) -> Tried:
        """What matters of it once it was tried."""
        return Tried(
            retries=self.retries,
            id=self.id,
            lane=self.lane,
            attempts=self.attempts,
            age=self.age.total_seconds(),
            claimed_at=self.claimed_at,
            believed=bool(self.responses),
            second_look=self.second_look,
        )


def lease(
    tx: Transaction,
    owner: str,
    starts: Mapping[int, datetime],
    now: datetime,
    until: datetime,
) -> tuple[Claimed, ...]:
    """Makes deliveries this owner's: their ids, with the time from which each may be sent.

    What a delivery waited for beyond its own due time (its lane, its connection, a pause, a bridge that was down) is
    no fault of its: `age_from` moves on by as much, so that its age is the time between its own attempts.
    """
    values: dict[str, Any] = {
        "holder": owner,
        "until": until,
        "moment": microseconds(now),
    }
    values |= prepared.listed("number", starts)
    rows = prepared.execute(tx, _leasing(len(starts)), values).rows()
    items = _owned(tx, rows, starts, now)
    if looked_up := [item.event for item in items if item.look_up is not None]:
        fetches.asked(tx, looked_up)
    return items


@lru_cache(maxsize=100)
def _leasing(count: int) -> Any:
    mine = prepared.one_of(deliveries.c.id, "number", count)
    taken = transition(State.WAITING, to=State.SENDING).where(mine)
    return taken.values(
        owner=bindparam("holder"),
        lease_until=bindparam("until"),
        age_from=case((_late > 0, _age_from + _late), else_=_age_from),
    ).returning(*_TAKEN)


def renew(tx: Transaction, items: Collection[Claimed], until: datetime) -> None:
    """Keeps the leases of what is still being sent."""
    mine = deliveries.c.owner.in_({item.owner for item in items})
    ids = among(tx, deliveries.c.id, [item.id for item in items])
    tx.execute(update(deliveries).where(mine, ids).values(lease_until=until))


def any_lost(tx: Transaction, now: datetime) -> bool:
    """Whether a lease ran out."""
    query = select(deliveries.c.id).where(text(SENDING), deliveries.c.lease_until < now)
    return tx.execute(query.limit(1)).first() is not None


def take_over(
    tx: Transaction, owner: str, now: datetime, until: datetime
) -> tuple[Claimed, ...]:
    """Deliveries whose owner stopped renewing: they may have been sent, and are now this owner's to judge."""
    one_at_a_time(tx, QUEUE)
    lost = update(deliveries).where(text(SENDING), deliveries.c.lease_until < now)
    taken = lost.values(owner=owner, lease_until=until).returning(*_TAKEN)
    return _owned(tx, tx.execute(taken), {}, now, sent=True)


def _owned(
    tx: Transaction,
    taken: Iterable[Any],
    starts: Mapping[int, datetime],
    now: datetime,
    *,
    sent: bool = False,
) -> tuple[Claimed, ...]:
    """Each by itself: one that cannot be read becomes a dead letter, and the others go on."""
    claimed = []
    for row in sorted(taken, key=lambda row: int(row.id)):
        try:
            claimed.append(_claimed(tx, row, starts.get(row.id, now), now))
        except SQLAlchemyError:
            raise
        except Exception as error:  # whatever its columns hold, it is one delivery's
            bury(tx, row, *_problem(row, error), now, sent=sent)
    return tuple(claimed)


def _problem(row: Any, error: Exception) -> tuple[str, str]:
    """Code and words."""
    if row.call is None:
        return "no_request", "its request is gone"
    name = type(error).__name__
    return "unreadable", f"what is stored of it cannot be read ({name})"


def _claimed(tx: Transaction, row: Any, start: datetime, now: datetime) -> Claimed:
    connection = specs.load(tx, row.spec)
    if connection.vendor == specs.UNREADABLE:
        raise ValueError("its connection")
    return Claimed(
        id=row.id,
        owner=row.owner,
        event=row.event,
        code=row.code,
        attempts=row.attempts,
        age=now - row.age_from,
        claimed_at=now,
        wait=max((start - now).total_seconds(), 0.0),
        rule=row.rule,
        key=row.item_key,
        operation=row.operation,
        connection=connection,
        fields=_fields(row.fields),
        call=calls.from_json(row.call, row.body),
        ticket=row.ticket,
        lane=row.lane,
        at=row.at,
        stale=row.stale,
        coalesce=row.coalesce,
        idempotency_key=row.idempotency_key or "",
        retries=_retries(row.retries),
        responses=_responses(row.responses) if row.responses else (),
        look_up=row.look_up,
    )


def _fields(text: str | None) -> Mapping[str, Json]:
    stored: Any = json.loads(text.encode()) if text else {}
    return stored  # type: ignore[no-any-return]


@lru_cache(maxsize=100)
def _retries(text: str) -> Retries:
    stored: Any = json.loads(text.encode())
    return Retries(**stored)


@lru_cache(maxsize=100)
def _responses(text: str) -> tuple[Response, ...]:
    stored: Any = json.loads(text.encode())
    return tuple(Response(**item) for item in stored)
