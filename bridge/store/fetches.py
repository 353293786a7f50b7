"""Events that wait for a look-up before the rules are asked: `fetching` from when it is queued until it is answered.

The look-up itself is a delivery like any other, so it waits, is retried, parked and taken over as those are; its lane
is the object's, so the look-ups of one object follow each other. Each function here is part of the transaction that
moves that delivery. What follows what is in state.py.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, Text, bindparam, cast, literal, update

from bridge.model import Decision, Said
from bridge.state import EventState
from bridge.store import decisions, prepared
from bridge.store.dialect import among, announce
from bridge.store.prepared import Pending
from bridge.store.tables import events
from bridge.store.transition import event_transition

_BEGIN = event_transition(EventState.STORED, to=EventState.FETCHING).where(
    events.c.id == bindparam("row")
)


def begin(connection: Connection, event: int) -> Pending:
    """Its look-up is queued in this transaction. It touches nothing when another router was first."""
    return prepared.execute(connection, _BEGIN, {"row": event})


def asked(connection: Connection, asked: Collection[int]) -> None:
    """Their look-ups are made now: what an event says that comes from now on is not in their answers.

    An event that is known by its hash alone gives that name away, so that the same body is a new event again.
    """
    by_hash = events.c.event_id == literal("sha256:").concat(events.c.digest)
    own = events.c.event_id.concat("#").concat(cast(events.c.id, Text))
    mine = among(connection, events.c.id, asked)
    connection.execute(update(events).where(mine, by_hash).values(event_id=own))


def answered(
    connection: Connection, event: int, answer: bytes, headers: Mapping[str, str]
) -> None:
    """The rules may be asked: the answer is JSON.

    That also holds where it was given up before: what a 403 ended is sent again when that was the credential's fault.
    """
    waits = EventState.FETCHING, EventState.ROUTED
    mine = event_transition(*waits, to=EventState.STORED).where(
        events.c.id == event, events.c.fetched.is_(None)
    )
    known = {"fetched": answer, "fetched_headers": dict(headers)}
    connection.execute(mine.values(outcome=None, **known))
    announce(connection)


def renewed(
    connection: Connection, event: int, answer: bytes, headers: Mapping[str, str]
) -> None:
    """It was looked up again, for a delivery that its vendor refused: what is said of it now is what was answered."""
    values = {"fetched": answer, "fetched_headers": dict(headers)}
    mine = events.c.id == event, events.c.fetched.is_not(None)
    connection.execute(update(events).where(*mine).values(values))


def failed(connection: Connection, event: int, reason: str, now: datetime) -> None:
    """It is a dead letter: no rule is asked until a person retries it."""
    said = f"its look-up failed: {reason}"
    _end(connection, event, Said.ERROR, said, now)


def dropped(connection: Connection, event: int, reason: str, now: datetime) -> None:
    """A person cancelled it."""
    _end(connection, event, Said.SKIPPED, f"its look-up was {reason}", now)


def reopen(connection: Connection, event: int) -> bool:
    """Looks it up again, with the rules of then. False where it is waiting already, or has its answer."""
    again = (
        event_transition(EventState.ROUTED, to=EventState.STORED)
        .where(events.c.id == event, events.c.fetched.is_(None))
        .values(outcome=None)
    )
    announce(connection)
    return connection.execute(again).rowcount == 1


def _end(
    connection: Connection, event: int, said: Said, reason: str, now: datetime
) -> None:
    mine = event_transition(EventState.FETCHING, to=EventState.ROUTED).where(
        events.c.id == event
    )
    ended = {"outcome": said.value, "routed_at": now}
    decision = Decision(rule="", said=said, reason=reason, place="")
    added = {"said": decisions.written([decision], now)}
    connection.execute(mine.values(**ended, decisions=decisions.JOINED), added)
