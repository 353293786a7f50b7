"""Records attempts: the attempt, the delivery's next state, the lane's newest time and next delivery, and what the
answer says about the connection.

Only the owner of the lease may write any of it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from random import random
from typing import Any, TypeAlias

from sqlalchemy import Dialect, bindparam, func, insert, select

from bridge.conclude import WELL, Conclusion, conclude
from bridge.model import Attempt, Reply
from bridge.state import FINISHED, State
from bridge.store import calls, fetches, ledger
from bridge.store.database import prepared
from bridge.store.database.columns import encoded
from bridge.store.database.dialect import upsert
from bridge.store.database.prepared import Pending
from bridge.store.database.transaction import Transaction
from bridge.store.queue import connections, keys, lanes
from bridge.store.queue.leases import Claimed
from bridge.store.tables import attempts, deliveries, lane_marks
from bridge.store.transition import transition

KEPT = 64 * 1024  # bytes of an answer

_other = attempts.alias()
_MADE = select(func.count()).where(_other.c.delivery == bindparam("delivery"))
_OWN = (
    *("delivery", "started_at", "elapsed_ms", "status", "verdict", "code", "reason"),
    "reply",
)
_RECORD = insert(attempts).values(
    number=_MADE.scalar_subquery() + 1, **{name: bindparam(name) for name in _OWN}
)


Made: TypeAlias = tuple[Claimed, Attempt]
Recorded: TypeAlias = tuple[Claimed, Attempt, Conclusion]


def finish_all(
    tx: Transaction,
    made: Sequence[Made],
    now: datetime,
    chance: Callable[[], float] = random,
) -> list[Conclusion | None]:
    """Records attempts in their order, and what follows from each.

    None, and nothing written, for each whose lease was lost meanwhile. `chance` gives 0.0 up to 1.0: see conclude.py.
    """
    finished = _settle(tx, made, now, [chance() for _ in made])
    mine = [(*one, concluded) for one, concluded in zip(made, finished) if concluded]
    if mine:
        with prepared.pipelined(tx):
            _record(tx, mine, now)
    for one in mine:
        _tell(tx, *one, now)
    return finished


def _settle(
    tx: Transaction, made: Sequence[Made], now: datetime, chances: Sequence[float]
) -> list[Conclusion | None]:
    """What each delivery becomes; None where the lease was lost.

    What was delivered is written at once. The others take their turns: what one teaches about its connection moves what
    waits, and may park it before the next.
    """
    usual = [
        conclude(attempt, item.tried, WELL, now, chance)
        for (item, attempt), chance in zip(made, chances)
    ]
    with prepared.pipelined(tx):
        written = {
            place: _write(tx, *one, concluded, now)
            for place, (one, concluded) in enumerate(zip(made, usual))
            if concluded.state == State.DELIVERED
        }
        used = {item.connection.account: item.connection for item, _ in made}
        trouble = [connections.trouble(tx, one) for one in used.values()]
    ill = {row.name for pending in trouble for row in pending.rows()}
    finished: list[Conclusion | None] = []
    for place, (item, attempt) in enumerate(made):
        concluded, health = usual[place], WELL
        names = {item.connection.tenant, item.connection.account}
        learns = concluded.health != WELL or not ill.isdisjoint(names)
        if learns:
            health = connections.health(tx, item.connection)
            concluded = conclude(attempt, item.tried, health, now, chances[place])
        done = written.get(place) or _write(tx, item, attempt, concluded, now)
        if done.touched() != 1:
            finished.append(None)
            continue
        if learns:
            ill |= names
            connections.learn(tx, item.connection, health, concluded, now)
        finished.append(concluded)
    return finished


def _write(
    tx: Transaction,
    item: Claimed,
    attempt: Attempt,
    concluded: Conclusion,
    now: datetime,
) -> Pending:
    """It touches nothing when the lease was lost."""
    values: dict[str, object] = {
        "code": concluded.code,
        "reason": concluded.reason,
        "attempts": item.attempts + concluded.counts,
        "due_at": now + timedelta(seconds=concluded.delay),
        "finished_at": now if concluded.state in FINISHED else None,
        "owner": None,
        "lease_until": None,
    }
    if call := attempt.outcome.call:
        values |= {"call": calls.to_json(call), "body": call.body}
    if anew := attempt.outcome.anew:
        values |= {
            **{"call": calls.to_json(anew.call), "body": anew.call.body},
            **{"fields": encoded(anew.fields), "at": anew.at, "stale": anew.stale},
            "own_key": anew.idempotency_key or None,
        }
    bound = {f"new_{name}": value for name, value in values.items()}
    bound |= {"number": item.id, "holder": item.owner}
    return prepared.execute(tx, _ending(concluded.state, (*values,)), bound)


@lru_cache
def _ending(state: State, columns: tuple[str, ...]) -> Any:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    mine = deliveries.c.id == bindparam("number")
    owned = deliveries.c.owner == bindparam("holder")
    return transition(State.SENDING, to=state).where(mine, owned).values(values)


def _record(tx: Transaction, made: Sequence[Recorded], now: datetime) -> None:
    """What every attempt leaves behind; nothing of it is asked for."""
    prepared.each(tx, _RECORD, [_row(item, attempt) for item, attempt, _ in made])
    again = {id for _, _, concluded in made for id in concluded.again}
    for item, _, concluded in made:
        if concluded.state in keys.ENDED and item.id not in again:
            keys.free(tx, item.id)
    accepted = [
        (item, attempt)
        for item, attempt, concluded in made
        if item.look_up is None and concluded.state == State.DELIVERED
    ]
    timed = [_mark(item, now) for item, _ in accepted if item.at is not None]
    prepared.each(tx, _marking(tx.dialect), timed)
    statuses = [(item.id, attempt.status) for item, attempt in accepted]
    ledger.record(tx, statuses, now)
    lanes.advance(tx, {item.lane for item, _, _ in made})


def _row(item: Claimed, attempt: Attempt) -> dict[str, Any]:
    outcome, answer = attempt.outcome, attempt.answer
    return {
        "delivery": item.id,
        "started_at": attempt.started_at,
        "elapsed_ms": round(answer.elapsed * 1000) if answer else 0,
        "status": attempt.status,
        "verdict": outcome.verdict.value,
        "code": outcome.code,
        "reason": outcome.reason,
        "reply": answer.body[:KEPT] if isinstance(answer, Reply) else None,
    }


def _tell(
    tx: Transaction,
    item: Claimed,
    attempt: Attempt,
    concluded: Conclusion,
    now: datetime,
) -> None:
    """What a look-up came to, where its event waits for that. Nothing was updated, so nothing is in the ledger."""
    if item.look_up is not None and concluded.state == State.DEAD:
        fetches.failed(tx, item.event, concluded.reason, now)
    if fetched := attempt.fetched:
        tell = fetches.renewed if item.look_up is None else fetches.answered
        tell(tx, item.event, fetched.body, fetched.headers)


def _mark(item: Claimed, now: datetime) -> dict[str, Any]:
    """The time of the lane's and rule's newest delivered update, as a row."""
    return {"lane": item.lane, "rule": item.rule, "at": item.at, "marked_at": now}


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
