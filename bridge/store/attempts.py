"""What an attempt leaves behind: its record, the delivery's next state, the lane's newest time and next delivery, and
what it teaches about the connection.

Only the owner of the lease may write any of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement
from sqlalchemy import Connection as Database
from sqlalchemy import Dialect, and_, bindparam, func, insert, select, update

from bridge.model import Call, Rendered
from bridge.store import calls, connections, fetches, keys, lanes, ledger, prepared
from bridge.store.columns import encoded
from bridge.store.dialect import upsert
from bridge.store.leases import Claimed
from bridge.store.tables import FINISHED, attempts, deliveries, lane_marks

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

    state: str  # waiting, held, delivered, dead, skipped
    code: str
    reason: str
    delay: float = 0.0  # seconds until it is due again
    counts: bool = True  # whether the attempt counts against max_attempts
    parks: bool = False  # stops the connection
    call: Call | None = None  # what is left to send
    anew: Rendered | None = None  # what is to be sent instead
    fetched: bytes = b""  # of a look-up that was answered
    fetched_headers: Mapping[str, str] = field(default_factory=dict)


Made: TypeAlias = tuple[Claimed, Attempt, After]


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
    (finished,) = finish_all(database, [(item, attempt, after)], now)
    return finished


def finish_all(
    database: Database, made: Sequence[Made], now: datetime
) -> list[After | None]:
    """As `finish`, for several in their order."""
    finished = _settle(database, made, now)
    with prepared.pipelined(database):
        for (item, attempt, _), after in zip(made, finished):
            if after:
                _record(database, item, attempt, after, now)
    for (item, _, _), after in zip(made, finished):
        if after and item.look_up is not None:
            _tell(database, item, after, now)
        elif after and after.fetched:
            answer = after.fetched, after.fetched_headers
            fetches.renewed(database, item.event, *answer)
    return finished


def _settle(
    database: Database, made: Sequence[Made], now: datetime
) -> list[After | None]:
    """What each delivery becomes; None where the lease was lost.

    What was delivered is written at once. The others take their turns: what one teaches about its connection moves what
    waits, and may park it before the next.
    """
    with prepared.pipelined(database):
        written = {
            place: _write(database, item, after, now, _OWNED)
            for place, (item, _, after) in enumerate(made)
            if after.state == "delivered"
        }
        used = {item.connection.account: item.connection for item, _, _ in made}
        trouble = [connections.trouble(database, one) for one in used.values()]
    well = {*used, *(one.tenant for one in used.values())}
    well -= {name for found in trouble for (name,) in found.fetchall()}
    finished: list[After | None] = []
    for place, (item, attempt, after) in enumerate(made):
        done = written.get(place) or _write(database, item, after, now, _OWNED)
        mine = done.rowcount == 1
        become = _learn(database, item, attempt, after, now, well) if mine else None
        finished.append(become)
    return finished


def _learn(
    database: Database,
    item: Claimed,
    attempt: Attempt,
    after: After,
    now: datetime,
    well: set[str],
) -> After:
    """What the delivery becomes, its connection considered, which it may park."""
    parks = connections.learn(
        database,
        item,
        verdict=attempt.verdict,
        status=attempt.status,
        code=attempt.code,
        asked=timedelta(seconds=attempt.retry_after),
        now=now,
        well=well,
    )
    if parks:
        after = replace(after, state="waiting", parks=True, counts=False)
        _write(database, item, after, now)
    if after.parks:  # now: the next attempt may be a 403, or a probe that opens it
        account, label = item.connection.account, item.connection.name
        connections.park(database, account, after.reason, now, label)
    return after


def _write(
    database: Database,
    item: Claimed,
    after: After,
    now: datetime,
    *where: ColumnElement[bool],
) -> Any:
    """The rowcount of what it returns is 0 when nothing agreed."""
    values: dict[str, object] = {
        "state": after.state,
        "code": after.code,
        "reason": after.reason,
        "attempts": item.attempts + after.counts,
        "due_at": now + timedelta(seconds=after.delay),
        "finished_at": now if after.state in FINISHED else None,
        "owner": None,
        "lease_until": None,
    }
    if after.call:
        values |= {"call": calls.to_json(after.call), "body": after.call.body}
    if anew := after.anew:
        values |= {
            **{"call": calls.to_json(anew.call), "body": anew.call.body},
            **{"fields": encoded(anew.fields), "at": anew.at, "stale": anew.stale},
            "own_key": anew.idempotency_key or None,
        }
    bound = {f"new_{name}": value for name, value in values.items()}
    bound |= {"number": item.id, "holder": item.owner}
    return prepared.execute(database, _update((*values,), where), bound)


@lru_cache
def _update(columns: tuple[str, ...], where: tuple[ColumnElement[bool], ...]) -> Any:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    one = update(deliveries).where(deliveries.c.id == bindparam("number"), *where)
    return one.values(values)


def _record(
    database: Database, item: Claimed, attempt: Attempt, after: After, now: datetime
) -> None:
    """What every attempt leaves behind; nothing of it is asked for."""
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
    if after.state in ("dead", "skipped"):
        keys.free(database, item.id)
    if item.look_up is None and after.state == "delivered":
        _mark(database, item, now)
        ledger.record(database, item.id, attempt.status, now)
    lanes.advance(database, item.lane)


def _tell(database: Database, item: Claimed, after: After, now: datetime) -> None:
    """What a look-up came to: its event waits for that. Nothing was updated, so nothing is in the ledger."""
    if after.state == "delivered":
        fetches.answered(database, item.event, after.fetched, after.fetched_headers)
    elif after.state == "dead":
        fetches.failed(database, item.event, after.reason, now)


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
