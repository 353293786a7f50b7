"""What routing came to: the states of a batch of events with what the rules said, and the deliveries that follow."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam

from bridge.model import Decision, Rendered, Said
from bridge.state import EventState
from bridge.store import decisions, deliveries, fetches, prepared
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What the rules say to one event, or the look-up that must be made before they are asked."""

    event: int
    decisions: tuple[Decision, ...]
    look_up: Rendered | None = None


def record(
    connection: Connection, verdicts: Sequence[Verdict], ruleset: str, now: datetime
) -> list[bool]:
    """Stores them in their order; False for each event that another router recorded first.

    Every event is taken before the first delivery is made: worker/routing.py says why that keeps their order.
    """
    with prepared.pipelined(connection):
        taken = [_take(connection, verdict, ruleset, now) for verdict in verdicts]
    mine = [cursor.rowcount == 1 for cursor in taken]
    own = [verdict for verdict, is_mine in zip(verdicts, mine) if is_mine]
    rows = [row for verdict in own for row in _rows(verdict, ruleset, now)]
    with prepared.pipelined(connection):
        put = deliveries.put(connection, rows, _rendered(own))
    deliveries.ids(connection, rows, put)
    return mine


def deliver(
    connection: Connection,
    event: int,
    ruleset: str,
    said: Sequence[Decision],
    now: datetime,
) -> None:
    """Adds the deliveries that decisions call for: one per rendered call, a dead letter per error."""
    verdict = Verdict(event=event, decisions=tuple(said))
    rows = [*_rows(verdict, ruleset, now)]
    put = deliveries.put(connection, rows, _rendered([verdict]))
    deliveries.ids(connection, rows, put)


def _take(connection: Connection, verdict: Verdict, ruleset: str, now: datetime) -> Any:
    if verdict.look_up:
        return fetches.begin(connection, verdict.event)
    strongest = decisions.outcome(decision.said for decision in verdict.decisions)
    values = {"row": verdict.event, "hash": ruleset, "now": now}
    values |= {
        "strongest": strongest,
        "said": decisions.written(verdict.decisions, now),
    }
    return prepared.execute(connection, _ROUTED, values)


def _rows(verdict: Verdict, ruleset: str, now: datetime) -> Iterator[Row]:
    if verdict.look_up:
        yield deliveries.to_send(verdict.event, ruleset, verdict.look_up, now)
    for decision in verdict.decisions:
        for rendered in decision.rendered:
            yield deliveries.to_send(verdict.event, ruleset, rendered, now)
        if decision.said is Said.ERROR:
            yield deliveries.failed(verdict.event, ruleset, decision, now)


def _rendered(verdicts: Iterable[Verdict]) -> Iterator[Rendered]:
    for verdict in verdicts:
        for decision in verdict.decisions:
            yield from decision.rendered
        if verdict.look_up:
            yield verdict.look_up
