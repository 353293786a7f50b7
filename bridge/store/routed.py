"""Stores the result of routing a batch of events: their states, what the rules said, and the deliveries that follow."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import bindparam

from bridge.model import Decided, Said
from bridge.state import EventState
from bridge.store import decisions, deliveries, fetches
from bridge.store.database import prepared
from bridge.store.database.prepared import Pending
from bridge.store.database.transaction import Transaction
from bridge.store.deliveries import Row
from bridge.store.tables import events
from bridge.store.transition import event_transition

_ROUTED = (
    event_transition(EventState.STORED, to=EventState.ROUTED)
    .where(events.c.id == bindparam("row"))
    .values(
        ruleset=bindparam("hash"),
        routed_at=bindparam("now"),
        outcome=bindparam("strongest"),
        decisions=decisions.JOINED,
    )
)


def record(
    tx: Transaction, decided: Sequence[Decided], ruleset: str, now: datetime
) -> list[Decided]:
    """Stores them in their order; returns those that no other router recorded before.

    Every event is taken before the first delivery is made: worker/routing.py says why that keeps their order.
    """
    with prepared.pipelined(tx):
        taken = [_take(tx, one, ruleset, now) for one in decided]
    mine = [one for one, did in zip(decided, taken) if did.touched() == 1]
    deliver(tx, mine, ruleset, now)
    return mine


def deliver(
    tx: Transaction, decided: Iterable[Decided], ruleset: str, now: datetime
) -> None:
    """Adds the deliveries that decisions call for: one per rendered call, a dead letter per error."""
    rows = [row for one in decided for row in _rows(one, ruleset, now)]
    if not rows:
        return
    calls = [rendered for one in decided for rendered in one.rendered]
    with prepared.pipelined(tx):
        put = deliveries.put(tx, rows, calls)
    deliveries.ids(tx, rows, put)


def _take(tx: Transaction, one: Decided, ruleset: str, now: datetime) -> Pending:
    if one.look_up:
        return fetches.begin(tx, one.event)
    strongest = decisions.outcome(decision.said for decision in one.decisions)
    values = {"row": one.event, "hash": ruleset, "now": now, "strongest": strongest}
    values["said"] = decisions.written(one.decisions, now)
    return prepared.execute(tx, _ROUTED, values)


def _rows(one: Decided, ruleset: str, now: datetime) -> Iterator[Row]:
    if one.look_up:
        yield deliveries.to_send(one.event, ruleset, one.look_up, now)
    for decision in one.decisions:
        for rendered in decision.rendered:
            yield deliveries.to_send(one.event, ruleset, rendered, now)
        if decision.said is Said.ERROR:
            yield deliveries.failed(one.event, ruleset, decision, now)
