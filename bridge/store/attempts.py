"""What an attempt leaves behind: its record, the delivery's next state, the lane's newest time and next delivery, and
what it teaches about the connection.

Only the owner of the lease may write any of it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import Connection as Database
from sqlalchemy import Dialect, and_, bindparam, func, insert, select, update

from bridge.model import Call
from bridge.store import calls, connections, fetches, lanes, ledger, prepared
from bridge.store.dialect import upsert
from bridge.store.leases import Claimed
from bridge.store.tables import attempts, deliveries, lane_marks

_OWNED = and_(
    deliveries.c.owner == bindparam("holder"), deliveries.c.state == "sending"
)
_other = attempts.alias()
_MADE = select(func.count()).where(_other.c.delivery == bindparam("delivery"))
_OWN = (
    *("delivery", "started_at", "elapsed_ms", "status", "verdict", "code", "reason"),
    "reply",
)
_RECORD = insert(attempts).values(
    number=_MADE.scalar_subquery() + 1, **{name: bindparam(name) for name in _OWN}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One HTTP call of a delivery, as recorded."""

    started_at: datetime
    elapsed: float  # seconds
    status: int | None  # None: no answer
    verdict: str
    code: str
    reason: str
    reply: bytes | None  # at most 64 KiB
    retry_after: float = 0.0  # seconds that the vendor asks to wait


@dataclass(frozen=True, kw_only=True, slots=True)
class After:
    """What a delivery becomes after an attempt."""

    state: str  # waiting, held, delivered, dead
    code: str
    reason: str
    delay: float = 0.0  # seconds until it is due again
    counts: bool = True  # whether the attempt counts against max_attempts
    parks: bool = False  # stops the connection
    call: Call | None = None  # what is left to send
    fetched: bytes = b""  # of a look-up that was answered


def finish(
    database: Database,
    item: Claimed,
    attempt: Attempt,
    after: After,
    now: datetime,
) -> After | None:
    """Records the attempt and the new state, which what is known about the connection may change.

    None, and nothing written, when the lease was lost meanwhile.
    """
    if not _write(database, item, after, now, _OWNED):
        return None
    if _learn(database, item, attempt, now):
        after = replace(after, state="waiting", parks=True, counts=False)
        _write(database, item, after, now)
    _record(database, item, attempt)
    if item.look_up is not None:
        _tell(database, item, after, now)
    elif after.state == "delivered":
        _mark(database, item, now)
        ledger.record(database, item.id, attempt.status, now)
    if after.parks:
        connections.park(database, item.connection.name, after.reason, now)
    lanes.advance(database, item.lane)
    return after


def _write(
    database: Database,
    item: Claimed,
    after: After,
    now: datetime,
    *where: ColumnElement[bool],
) -> bool:
    values: dict[str, object] = {
        "state": after.state,
        "code": after.code,
        "reason": after.reason,
        "attempts": item.attempts + after.counts,
        "due_at": now + timedelta(seconds=after.delay),
        "finished_at": now if after.state in ("delivered", "dead") else None,
        "owner": None,
        "lease_until": None,
    }
    if after.call:
        values |= {"call": calls.to_json(after.call), "body": after.call.body}
    bound = {f"new_{name}": value for name, value in values.items()}
    bound |= {"number": item.id, "holder": item.owner}
    statement = _update((*values,), where)
    return bool(prepared.execute(database, statement, bound).rowcount == 1)


@lru_cache
def _update(columns: tuple[str, ...], where: tuple[ColumnElement[bool], ...]) -> Any:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    one = update(deliveries).where(deliveries.c.id == bindparam("number"), *where)
    return one.values(values)


def _tell(database: Database, item: Claimed, after: After, now: datetime) -> None:
    """What a look-up came to, where its event waits for it. Nothing was updated, so nothing is in the ledger."""
    if after.state == "delivered":
        fetches.answered(database, item.event, after.fetched)
    elif after.state == "dead":
        fetches.failed(database, item.event, after.reason, now)


def _learn(database: Database, item: Claimed, attempt: Attempt, now: datetime) -> bool:
    return connections.learn(
        database,
        item,
        verdict=attempt.verdict,
        status=attempt.status,
        code=attempt.code,
        asked=timedelta(seconds=attempt.retry_after),
        now=now,
    )


def _record(database: Database, item: Claimed, attempt: Attempt) -> None:
    row = {
        "delivery": item.id,
        "started_at": attempt.started_at,
        "elapsed_ms": round(attempt.elapsed * 1000),
        "status": attempt.status,
        "verdict": attempt.verdict,
        "code": attempt.code,
        "reason": attempt.reason,
        "reply": attempt.reply,
    }
    prepared.execute(database, _RECORD, row)


def _mark(database: Database, item: Claimed, now: datetime) -> None:
    """Remembers the newest delivered time of the lane and rule."""
    if item.at is None:
        return
    values = {"lane": item.lane, "rule": item.rule, "at": item.at, "marked_at": now}
    prepared.execute(database, _marking(database.dialect), values)


@lru_cache
def _marking(dialect: Dialect) -> Any:
    columns = lane_marks.c
    bound: dict[str, Any] = {column.name: bindparam(column.name) for column in columns}
    statement = upsert(dialect, lane_marks).values(bound)
    newer = columns.at < statement.excluded.at
    return statement.on_conflict_do_update(
        index_elements=[columns.lane, columns.rule],
        set_={"at": statement.excluded.at, "marked_at": statement.excluded.marked_at},
        where=newer,
    )
