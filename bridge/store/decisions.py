"""Decisions: what each rule said to an event, in that order, and the result for the event as a whole.

It is one document on the event: a list with at least one element, or none at all. So two of them are joined as text, in
the statement that writes the event's state.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Text, bindparam, func, type_coerce, update

from bridge.model import STRONGEST, Decision, Said
from bridge.store.database.columns import microseconds, storable
from bridge.store.database.transaction import Transaction
from bridge.store.tables import events

_before = type_coerce(events.c.decisions, Text)
_open = func.substr(_before, 1, func.length(_before) - 1).concat(",")
_joined = func.coalesce(_open, "[").concat(bindparam("said", type_=Text))
# A value of events.c.decisions: what was said before, and behind it `said`, which `written` gives.
JOINED = func.coalesce(_joined, _before)


def outcome(said: Iterable[Said]) -> str:
    """The strongest word that was said."""
    kinds = set(said)
    return next(
        (kind.value for kind in STRONGEST if kind in kinds), Said.NO_MATCH.value
    )


def written(said: Sequence[Decision], now: datetime) -> str | None:
    """What JOINED adds; None where nothing was said."""
    at = microseconds(now)
    listed = [
        {
            "rule": decision.rule,
            "said": decision.said.value,
            "reason": storable(decision.reason),
            "place": decision.place,
            "code": decision.diagnostic.code if decision.diagnostic else None,
            "decided_at": at,
        }
        for decision in said
    ]
    return json.dumps(listed, separators=(",", ":"))[1:] if listed else None


def revise(
    tx: Transaction, event: int, said: Sequence[Decision], now: datetime
) -> None:
    """Adds decisions of a later routing: the event's outcome is from now on that of each rule's last word."""
    mine = update(events).where(events.c.id == event)
    adding = mine.values(decisions=JOINED).returning(events.c.decisions)
    listed = tx.execute(adding, {"said": written(said, now)}).scalar_one()
    last: dict[str, Said] = {}
    for one in listed or ():
        last.pop("", None)  # about the event as a whole: it held until a rule was asked
        last[one["rule"]] = Said(one["said"])
    tx.execute(mine.values(outcome=outcome(last.values())))
