"""Walks a table along its key, one window at a time, and handles the rows that are due.

No read and no write is long, so that intake does not notice, and no table needs an index for it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, select

from bridge.store.database.engine import Database
from bridge.store.database.transaction import Transaction

WINDOW = 1_000  # rows looked at in one read
BATCH = 50  # keys that one write concerns

Rest = Callable[[float], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One kind of forgetting: which rows of a table, told by an integer or text key, and what is done to them."""

    name: str
    key: Column[Any]
    due: ColumnElement[bool]
    # Gets the keys of rows that are due; afterwards they are not due any more.
    act: Callable[[Transaction, Sequence[Any]], None]
    # Where the key grows with a time: no row behind a window without one before `until` is due. A single row does not
    # say so: its time may be of a clock that was wrong.
    time: Column[Any] | None = None
    until: datetime | None = None


def walk(database: Database, step: Step, rest: Rest) -> int:
    """Walks once; how many rows were due. `rest` sleeps, for twice as long as each step took."""
    count = 0
    for low, high in _windows(database, step, rest):
        mine = and_(step.key.between(low, high), step.due)
        due = select(step.key).where(mine).distinct().limit(BATCH)
        while (made := _batch(database, step, due, rest)) == BATCH:
            count += made
        count += made
    return count


def _windows(database: Database, step: Step, rest: Rest) -> Iterator[tuple[Any, Any]]:
    """The first and last key of each window, in order."""
    columns = (step.key,) if step.time is None else (step.key, step.time)
    query = select(*columns).order_by(step.key).limit(WINDOW)
    last = None
    while True:
        began = time.monotonic()
        with database.read() as tx:
            after = query if last is None else query.where(step.key > last)
            rows = tx.execute(after).all()
        if not rows or (step.until and all(row[1] >= step.until for row in rows)):
            return
        last = rows[-1][0]
        rest(2 * (time.monotonic() - began))
        yield rows[0][0], last


def _batch(database: Database, step: Step, due: Any, rest: Rest) -> int:
    """Forgets up to BATCH rows; how many. What is due is decided again in the transaction that forgets it."""
    began = time.monotonic()
    with database.read() as tx:
        if tx.execute(due.limit(1)).first() is None:
            return 0

    def job(tx: Transaction) -> int:
        keys = tx.execute(due).scalars().all()
        if keys:
            step.act(tx, keys)
        return len(keys)

    made = database.write(job)
    rest(2 * (time.monotonic() - began))
    return made
