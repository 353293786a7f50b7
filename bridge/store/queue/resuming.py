"""Resumes a connection by its name: a parked account, or a tenant whose breaker is open or that asked for a wait.

What people paused is resumed in pauses.py.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, literal, or_, select, update

from bridge.breaker import CLOSED
from bridge.store.database.columns import Moment
from bridge.store.database.dialect import QUEUE, announce, one_at_a_time
from bridge.store.database.transaction import Transaction
from bridge.store.queue.connections import due_at_once, resume
from bridge.store.tables import connection_specs, connections


def resume_named(tx: Transaction, called: str, now: datetime) -> bool:
    """Resumes everything that has this name; False if nothing of it was stopped."""
    one_at_a_time(tx, QUEUE)
    stopped = _stopped(tx, called, now)
    for row in stopped:
        if row.state == "parked":
            resume(tx, row.name, now)
        _close(tx, row, now)
    if stopped:
        announce(tx)
    return bool(stopped)


def _stopped(tx: Transaction, called: str, now: datetime) -> Sequence[Row[Any]]:
    """The stopped ones with this name, or, after a renaming, with this old name.

    A rate moves `next_at` as well; what a vendor asked for comes with a failure, which opens the window.
    """
    of, by = connections.c, connection_specs.c
    asked = and_(of.window_from.is_not(None), of.next_at > literal(now, Moment))
    query = select(connections).where(
        or_(of.state == "parked", of.broken_at.is_not(None), asked),
        or_(
            of.label == called,
            of.name == called,
            of.name.in_(select(by.account).where(by.name == called)),
            of.name.in_(select(by.tenant).where(by.name == called)),
        ),
    )
    return tx.execute(query.order_by(of.name)).all()


def _close(tx: Transaction, row: Row[Any], now: datetime) -> None:
    """Forgets the failures and what the vendor asked for: all that waits is due, and the next call goes at once."""
    closed = {**asdict(CLOSED), "next_at": None}
    mine = update(connections).where(connections.c.name == row.name)
    tx.execute(mine.values(closed))
    due_at_once(tx, connection_specs.c.tenant, row, row.broken_at or now, now)
