"""What an attempt leaves behind: its record, the delivery's next state, the lane's newest time, a parked connection.

Only the owner of the lease may write any of it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection as Database
from sqlalchemy import and_, func, insert, select, update

from bridge.model import Call
from bridge.store import calls, connections
from bridge.store.dialect import upsert
from bridge.store.queue import Claimed
from bridge.store.tables import attempts, deliveries, lane_marks


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


@dataclass(frozen=True, kw_only=True, slots=True)
class After:
    """What a delivery becomes after an attempt."""

    state: str  # waiting, held, delivered, dead
    code: str
    reason: str
    due_at: datetime
    counts: bool = True  # whether the attempt counts against max_attempts
    parks: bool = False  # stops the connection
    call: Call | None = None  # what is left to send


def finish(
    database: Database,
    item: Claimed,
    attempt: Attempt,
    after: After,
    now: datetime,
) -> bool:
    """Records the attempt and the new state. False, and nothing written, when the lease was lost meanwhile."""
    values: dict[str, object] = {
        "state": after.state,
        "code": after.code,
        "reason": after.reason,
        "attempts": item.attempts + after.counts,
        "due_at": after.due_at,
        "finished_at": now if after.state in ("delivered", "dead") else None,
        "owner": None,
        "lease_until": None,
    }
    if after.call:
        values |= {"call": calls.to_json(after.call), "body": after.call.body}
    mine = and_(
        deliveries.c.id == item.id,
        deliveries.c.owner == item.owner,
        deliveries.c.state == "sending",
    )
    if database.execute(update(deliveries).where(mine).values(values)).rowcount == 0:
        return False
    _record(database, item, attempt)
    if after.state == "delivered":
        _mark(database, item)
    if after.parks:
        connections.park(database, item.connection.name, after.reason, now)
    return True


def _record(database: Database, item: Claimed, attempt: Attempt) -> None:
    made = select(func.count()).where(attempts.c.delivery == item.id)
    database.execute(
        insert(attempts),
        {
            "delivery": item.id,
            "number": database.execute(made).scalar_one() + 1,
            "started_at": attempt.started_at,
            "elapsed_ms": round(attempt.elapsed * 1000),
            "status": attempt.status,
            "verdict": attempt.verdict,
            "code": attempt.code,
            "reason": attempt.reason,
            "reply": attempt.reply,
        },
    )


def _mark(database: Database, item: Claimed) -> None:
    """Remembers the newest delivered time of the lane and rule."""
    if item.at is None:
        return
    statement = upsert(database, lane_marks)
    statement = statement.on_conflict_do_update(
        index_elements=["lane", "rule"],
        set_={"at": statement.excluded.at},
        where=lane_marks.c.at < statement.excluded.at,
    )
    database.execute(statement, {"lane": item.lane, "rule": item.rule, "at": item.at})
