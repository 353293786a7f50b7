"""Makes dead letters of deliveries that the bridge cannot send: their row is unreadable, or its request is gone.

However that came, it must not stop the others. A person sees it, with a reason.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from bridge.state import State
from bridge.store import fetches
from bridge.store.database.transaction import Transaction
from bridge.store.queue import keys, lanes
from bridge.store.tables import attempts, deliveries
from bridge.store.transition import transition

_AGAIN = "replay its event with the current rules"
_LOST = "its worker stopped while sending: the vendor may or may not have it"


def bury(
    tx: Transaction, item: Any, code: str, why: str, now: datetime, *, sent: bool
) -> bool:
    """Ends a delivery that its owner holds; False when somebody else does by now.

    `item` is a Claimed, or a row with its id, owner, event, lane and look_up. What may have been `sent` counts as an
    attempt, of which nobody knows how it ended.
    """
    reason = f"{why}: {_AGAIN}"
    if sent:
        reason = f"{_LOST}; {reason}, once you know"
    mine = transition(State.SENDING, to=State.DEAD).where(
        deliveries.c.id == item.id, deliveries.c.owner == item.owner
    )
    ended = mine.values(
        code=code,
        reason=reason,
        attempts=deliveries.c.attempts + int(sent),
        finished_at=now,
        owner=None,
        lease_until=None,
    )
    if not tx.execute(ended).rowcount:
        return False
    if sent:
        _record(tx, item.id, reason, now)
    keys.free(tx, item.id)
    lanes.advance(tx, [item.lane])
    if item.look_up is not None:
        fetches.failed(tx, item.event, reason, now)
    return True


def _record(tx: Transaction, id: int, reason: str, now: datetime) -> None:
    made = select(func.count()).where(attempts.c.delivery == id)
    said = {"verdict": "unknown", "code": "worker_lost", "reason": reason}
    tx.execute(
        insert(attempts).values(
            delivery=id,
            number=made.scalar_subquery() + 1,
            started_at=now,
            elapsed_ms=0,
            **said,
        )
    )
