"""Idempotency keys: which delivery uses a key, and when the key is free again.

`idempotency_key` holds a delivery's key while it uses it up, and is unique for each rule, so that the database alone
decides between two that come at once. A delivery that ended, and whose vendor certainly does not have it, lets go of
its key; `own_key` keeps what it was: it is sent with the call, and shown. One that is sent again has to take it again.
"""

import re

from sqlalchemy import (
    ColumnElement,
    Update,
    and_,
    bindparam,
    exists,
    func,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from bridge.state import FINISHED, State
from bridge.store.database import prepared
from bridge.store.database.transaction import Transaction
from bridge.store.tables import attempts, deliveries

# Without an update at the vendor.
ENDED = [state for state in FINISHED if state is not State.DELIVERED]
_AGAIN = re.compile("(-again-[0-9a-f]{8})+$")  # of a replay: replays.fresh_key
_ROWS = 1_000  # at once

# What is sent and shown.
KEY = func.coalesce(deliveries.c.own_key, deliveries.c.idempotency_key)
# An answer that leaves open whether the call was applied, or says that a part was.
_PERHAPS = exists().where(
    attempts.c.delivery == deliveries.c.id,
    or_(
        *(attempts.c.verdict == verdict for verdict in ("unknown", "delivered")),
        *(attempts.c.code == code for code in ("partial", "move_failed")),
    ),
)
_other = deliveries.alias("other")


def _freeing(which: ColumnElement[bool]) -> Update:
    values = {"own_key": KEY, "idempotency_key": null()}
    held = deliveries.c.idempotency_key.is_not(None)
    return update(deliveries).where(which, held, ~_PERHAPS).values(values)


_FREE = _freeing(deliveries.c.id == bindparam("number"))


def user(tx: Transaction, rule: str, key: str) -> int | None:
    """The delivery that uses up a rule's key."""
    query = select(deliveries.c.id).where(
        deliveries.c.rule == rule, deliveries.c.idempotency_key == key
    )
    return tx.execute(query).scalar_one_or_none()


def used_by(tx: Transaction, id: int) -> int | None:
    """The other delivery that uses up the key of this one."""
    query = select(deliveries.c.rule, KEY).where(deliveries.c.id == id)
    rule, key = tx.execute(query).one()
    holder = user(tx, rule, _root(key)) if key else None
    return None if holder == id else holder


def free(tx: Transaction, id: int) -> None:
    """Lets go of the key of a delivery that ended, unless its vendor may have it."""
    prepared.execute(tx, _FREE, {"number": id})


def free_ended(tx: Transaction) -> None:
    """The same for all that ended before an older release let go of anything; in batches."""
    last = 0
    held = and_(
        deliveries.c.idempotency_key.is_not(None), deliveries.c.state.in_(ENDED)
    )
    while True:
        query = select(deliveries.c.id).where(held, deliveries.c.id > last)
        ids = tx.execute(query.order_by(deliveries.c.id).limit(_ROWS)).scalars()
        if not (numbers := ids.all()):
            return
        last = numbers[-1]
        tx.execute(_freeing(deliveries.c.id.in_(numbers)))


def retake(tx: Transaction, id: int) -> bool:
    """Takes the key again for a delivery that will be sent again; False when another one has used it up since.

    A replay goes in any case: a person asked for it to be sent once more.
    """
    columns = (KEY, deliveries.c.idempotency_key, deliveries.c.replay_of)
    query = select(*columns).where(deliveries.c.id == id)
    key, held, replay_of = tx.execute(query).one()
    if held is not None or key is None:
        return True
    return _take(tx, id, _root(key)) or replay_of is not None


def inherit(tx: Transaction, id: int, key: str | None) -> None:
    """Uses up, for a replay, the key of what it repeats, where that let it go."""
    if key:
        _take(tx, id, _root(key))


def _root(key: str) -> str:
    return _AGAIN.sub("", key)


def _take(tx: Transaction, id: int, key: str) -> bool:
    """Whether the key is this delivery's now."""
    taken = exists().where(
        _other.c.rule == deliveries.c.rule, _other.c.idempotency_key == key
    )
    mine = update(deliveries).where(deliveries.c.id == id, ~taken)
    try:
        with tx.begin_nested():  # another one may take it at this moment
            values = {"own_key": KEY, "idempotency_key": key}
            return tx.execute(mine.values(values)).rowcount == 1
    except IntegrityError:
        return False
