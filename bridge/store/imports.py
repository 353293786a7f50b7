"""Events that a person imported: stored like received ones, and marked by the audit trail.

The audit row of an import is written in the transaction of its events, with the moment they were received at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from bridge.model import Event, Json, Request
from bridge.store import audit
from bridge.store.audit import By
from bridge.store.database.transaction import Transaction
from bridge.store.events import accept
from bridge.store.tables import audit as acts
from bridge.store.tables import events

ACTION = "import"
_ASKED = 1_000  # ids in one question: databases limit the values of a statement


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What became of some events: how many were new, seen before, and seen before with another body."""

    new: int = 0
    known: int = 0
    conflicts: int = 0

    def __add__(self, other: "Imported") -> "Imported":
        return Imported(
            new=self.new + other.new,
            known=self.known + other.known,
            conflicts=self.conflicts + other.conflicts,
        )


def take(
    tx: Transaction,
    source: str,
    requests: Sequence[tuple[Request, Sequence[Event]]],
    by: By,
    now: datetime,
) -> Imported:
    """Stores what is new of these requests of one source, all received at `now`, and who vouches for it."""
    last = tx.execute(select(func.coalesce(func.max(events.c.id), 0)))
    before = last.scalar_one()
    accepted = [accept(tx, request, received) for request, received in requests]
    here = (events.c.source == source, events.c.received_at == now)
    rows = tx.execute(select(events.c.id).where(events.c.id > before, *here))
    ids = sorted(rows.scalars())
    done = Imported(
        new=len(ids),
        known=sum(len(one.ids) for one in accepted) - len(ids),
        conflicts=sum(one.conflicts for one in accepted),
    )
    if ids:
        subject: Json = {"source": source, "events": [*ids], "known": done.known}
        audit.record(tx, by, ACTION, subject, now)
    return done


def known(tx: Transaction, source: str, names: Sequence[str]) -> set[str]:
    """Those of a sender's event ids that are in the store."""
    query = select(events.c.event_id).where(events.c.source == source)
    there: set[str] = set()
    for start in range(0, len(names), _ASKED):
        those = events.c.event_id.in_(names[start : start + _ASKED])
        there.update(tx.execute(query.where(those)).scalars())
    return there


def vouched(tx: Transaction, id: int) -> str | None:
    """Who imported an event, and why; None for one that its sender proved."""
    act = and_(acts.c.at == events.c.received_at, acts.c.action == ACTION)
    query = select(acts).join(events, act).where(events.c.id == id)
    for row in tx.execute(query):
        if id in row.subject["events"]:
            return By(person=row.person, reason=row.reason).did("").strip()
    return None
