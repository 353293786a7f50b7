"""Tries to sign in with a password, from where and whether they were right: what limits guessing on all hosts."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from bridge.store.database.dialect import one_at_a_time
from bridge.store.database.transaction import Transaction
from bridge.store.tables import sign_ins

KEPT_FOR = timedelta(days=30)


def hashed(name: str) -> str:
    """What stands for a name."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def begin(tx: Transaction) -> None:
    """Waits for other tries: each is counted before the next is judged."""
    one_at_a_time(tx, "sign in")


def add(tx: Transaction, *, who: str, address: str, now: datetime) -> int:
    """Records a try as wrong, until it is known to be right; its number."""
    row = {"at": now, "who": who, "address": address, "well": False}
    made = insert(sign_ins).values(row).returning(sign_ins.c.id)
    tx.execute(delete(sign_ins).where(sign_ins.c.at < now - KEPT_FOR))
    return int(tx.execute(made).scalar_one())


def was_right(tx: Transaction, id: int) -> None:
    """Records that a try was right."""
    tx.execute(update(sign_ins).where(sign_ins.c.id == id).values(well=True))


def forgive(tx: Transaction, who: str) -> None:
    """Forgets the wrong tries for a name."""
    wrong = (sign_ins.c.who == who, ~sign_ins.c.well)
    tx.execute(delete(sign_ins).where(*wrong))


def wrong(
    tx: Transaction,
    *,
    since: datetime,
    limit: int,
    who: str | None = None,
    address: str | None = None,
) -> Sequence[datetime]:
    """The times of the newest wrong tries, at most `limit`: for a name, from an address, or both."""
    query = select(sign_ins.c.at).where(sign_ins.c.at > since, ~sign_ins.c.well)
    if who is not None:
        query = query.where(sign_ins.c.who == who)
    if address is not None:
        query = query.where(sign_ins.c.address == address)
    query = query.order_by(sign_ins.c.at.desc()).limit(limit)
    return tx.execute(query).scalars().all()


def last_right(tx: Transaction, *, who: str, address: str) -> datetime | None:
    """When this name last signed in from this address."""
    query = (
        select(sign_ins.c.at)
        .where(sign_ins.c.who == who, sign_ins.c.address == address, sign_ins.c.well)
        .order_by(sign_ins.c.at.desc())
        .limit(1)
    )
    return tx.execute(query).scalar_one_or_none()
