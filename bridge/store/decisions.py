"""What each rule said to an event, in the order it was said, and what that came to for the event as a whole."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from bridge.model import Decision, Said
from bridge.store import inserting
from bridge.store.tables import decisions, events

_STRONGEST = (Said.ERROR, Said.MATCHED, Said.SKIPPED, Said.NO_MATCH)


def outcome(said: Iterable[Said]) -> str:
    """The strongest word that was said."""
    found = set(said)
    return next(
        (kind.value for kind in _STRONGEST if kind in found), Said.NO_MATCH.value
    )


def add(
    connection: Connection, event: int, said: Sequence[Decision], now: datetime
) -> None:
    """Adds decisions to an event's history."""
    for decision in said:
        row = {
            "event": event,
            "rule": decision.rule,
            "said": decision.said.value,
            "reason": decision.reason,
            "place": decision.place,
            "code": decision.diagnostic.code if decision.diagnostic else None,
            "decided_at": now,
        }
        inserting.insert(connection, decisions, row)


def revise(
    connection: Connection, event: int, said: Sequence[Decision], now: datetime
) -> None:
    """Adds decisions of a later routing: the event's outcome is from now on that of each rule's last word."""
    add(connection, event, said, now)
    columns = (decisions.c.rule, decisions.c.said)
    query = select(*columns).where(decisions.c.event == event).order_by(decisions.c.id)
    last: dict[str, Said] = {}
    for rule, word in connection.execute(query):
        last.pop("", None)  # about the event as a whole: it held until a rule was asked
        last[rule] = Said(word)
    mine = update(events).where(events.c.id == event)
    connection.execute(mine.values(outcome=outcome(last.values())))
