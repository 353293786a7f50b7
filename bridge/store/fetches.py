"""Events that wait for a look-up before the rules are asked: `fetching` from when it is queued until it is answered.

The look-up itself is a delivery like any other, so it waits, is retried, parked and taken over as those are; its lane
is the object's, so the look-ups of one object follow each other. Each function here is part of the transaction that
moves that delivery. What follows what is in state.py.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Text, bindparam, cast, literal, update

from bridge.model import Decision, Said
from bridge.state import EventState
from bridge.store import decisions
from bridge.store.database import prepared
from bridge.store.database.dialect import among, announce
from bridge.store.database.prepared import Pending
from bridge.store.database.transaction import Transaction
from bridge.store.tables import events
from bridge.store.transition import event_transition

_BEGIN = event_transition(EventState.STORED, to=EventState.FETCHING).where(
    events.c.id == bindparam("row")
)


def begin(tx: Transaction, event: int) -> Pending:
    """Its look-up is queued in this transaction. It touches nothing when another router was first."""
    return prepared.execute(tx, _BEGIN, {"row": event})


def asked(tx: Transaction, asked: Collection[int]) -> None:
    """Their look-ups are made now: what an event says that comes from now on is not in their answers.

    An event that is known by its hash alone gives that name away, so that the same body is a new event again.
    """
    by_hash = events.c.event_id == literal("sha256:").concat(events.c.digest)
    own = events.c.event_id.concat("#").concat(cast(events.c.id, Text))
    mine = among(tx, events.c.id, asked)
    tx.execute(update(events).where(mine, by_hash).values(event_id=own))


def answered(
    tx: Transaction, event: int, answer: bytes, headers: Mapping[str, str]
) -> None:
    """The rules may be asked: the answer is JSON.

    That also holds where it was given up before: what a 403 ended is sent again when that was the credential's fault.
    """
    waits = EventState.FETCHING, EventState.ROUTED
    mine = event_transition(*waits, to=EventState.STORED).where(
        events.c.id == event, events.c.fetched.is_(None)
    )
    known = {"fetched": answer, "fetched_headers": dict(headers)}
    tx.execute(mine.values(outcome=None, **known))
    announce(tx)


def renewed(
    tx: Transaction, event: int, answer: bytes, headers: Mapping[str, str]
) -> None:
    """It was looked up again, for a delivery that its vendor refused: what is said of it now is what was answered."""
    values = {"fetched": answer, "fetched_headers": dict(headers)}
    mine = events.c.id == event, events.c.fetched.is_not(None)
    tx.execute(update(events).where(*mine).values(values))


def failed(tx: Transaction, event: int, reason: str, now: datetime) -> None:
    """It is a dead letter: no rule is asked until a person retries it."""
    said = f"its look-up failed: {reason}"
    _end(tx, event, Said.ERROR, said, now)


def dropped(tx: Transaction, event: int, reason: str, now: datetime) -> None:
    """A person cancelled it."""
    _end(tx, event, Said.SKIPPED, f"its look-up was {reason}", now)


def reopen(tx: Transaction, event: int) -> bool:
    """Looks it up again, with the rules of then. False where it is waiting already, or has its answer."""
    again = (
        event_transition(EventState.ROUTED, to=EventState.STORED)
        .where(events.c.id == event, events.c.fetched.is_(None))
        .values(outcome=None)
    )
    announce(tx)
    return tx.execute(again).rowcount == 1


def _end(tx: Transaction, event: int, said: Said, reason: str, now: datetime) -> None:
    mine = event_transition(EventState.FETCHING, to=EventState.ROUTED).where(
        events.c.id == event
    )
    ended = {"outcome": said.value, "routed_at": now}
    decision = Decision(rule="", said=said, reason=reason, place="")
    added = {"said": decisions.written([decision], now)}
    tx.execute(mine.values(**ended, decisions=decisions.JOINED), added)
