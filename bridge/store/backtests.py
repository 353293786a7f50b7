"""Backtests that were started from a page or the API: what was asked, how far it is, and its result."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from bridge.model import Json
from bridge.store.database.dialect import one_at_a_time
from bridge.store.database.transaction import Transaction
from bridge.store.tables import backtests

KEPT = 20
# A run that gave no sign of life for so long is over.
LOST = timedelta(seconds=60)
_LISTED = [column for column in backtests.c if column.name not in ("result", "patch")]


def begin(
    tx: Transaction,
    asked: Mapping[str, Json],
    patch: str,
    person: str,
    total: int,
    now: datetime,
) -> int | None:
    """The number of a new run; None while another one runs. Forgets the oldest."""
    one_at_a_time(tx, "backtest")
    if running(tx, now) is not None:
        return None
    oldest = select(backtests.c.id).order_by(backtests.c.id.desc()).offset(KEPT - 1)
    tx.execute(
        delete(backtests).where(backtests.c.id.in_([*tx.execute(oldest).scalars()]))
    )
    row: dict[str, Any] = {"asked": dict(asked), "patch": patch, "person": person}
    row |= {"state": "running", "started_at": now, "seen_at": now, "total": total}
    made = insert(backtests).values(row).returning(backtests.c.id)
    return int(tx.execute(made).scalar_one())


def running(tx: Transaction, now: datetime) -> int | None:
    """The run that is under way; one without a sign of life does not count."""
    query = select(backtests.c.id).where(
        backtests.c.state == "running", backtests.c.seen_at > now - LOST
    )
    return tx.execute(query.limit(1)).scalar_one_or_none()


def progress(tx: Transaction, id: int, done: int, now: datetime) -> bool:
    """Notes how far a run is; whether it should go on."""
    mine = update(backtests).where(backtests.c.id == id, backtests.c.state == "running")
    changed = tx.execute(mine.values(done=done, seen_at=now).returning(backtests.c.id))
    return changed.first() is not None


def end(
    tx: Transaction, id: int, state: str, result: Json, message: str, now: datetime
) -> None:
    """Ends a run that is under way: finished, failed or cancelled."""
    mine = update(backtests).where(backtests.c.id == id, backtests.c.state == "running")
    tx.execute(mine.values(state=state, result=result, message=message, ended_at=now))


def load(tx: Transaction, id: int) -> Mapping[str, Any] | None:
    """One run with its result."""
    rows = tx.execute(select(backtests).where(backtests.c.id == id)).mappings()
    found = rows.one_or_none()
    return dict(found) if found else None


def newest(tx: Transaction) -> Sequence[Mapping[str, Any]]:
    """All runs without their results, newest first."""
    query = select(*_LISTED).order_by(backtests.c.id.desc()).limit(KEPT)
    return [dict(row) for row in tx.execute(query).mappings()]
