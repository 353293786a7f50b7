"""What a filter finds: conditions on events and deliveries as SQL. Values are bound, never written into a statement.

The words a person types are read elsewhere; here a key is one of those below and a value has its type already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, true

from bridge.model import Said
from bridge.state import EventState, State
from bridge.store.database.dialect import like, texts
from bridge.store.database.transaction import Transaction
from bridge.store.tables import deliveries, events

Kind = Literal["events", "deliveries"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One thing that must hold, or must not. Text may hold `*` for anything; an int is a row's id.

    `reason` is part of the reason that is shown; `since` and `until` are moments, the latter's own not included.
    """

    key: str
    value: str | int | datetime
    negated: bool = False


Filter = Sequence[Condition]  # all hold; several of one key: one of them does

# The words of a state or an outcome; every other text is free.
CHOICES: dict[Kind, dict[str, tuple[str, ...]]] = {
    "deliveries": {"state": (*State,)},
    "events": {
        "state": (*EventState,),
        "outcome": (*Said,),
    },
}
_OF_EVENTS: dict[str, Any] = {
    "state": events.c.state,
    "outcome": func.coalesce(events.c.outcome, ""),
    "source": events.c.source,
    "type": events.c.type,
}
_OF_DELIVERIES: dict[str, Any] = {
    "state": deliveries.c.state,
    "source": deliveries.c.source,
    "rule": deliveries.c.rule,
    "connection": deliveries.c.connection,
    "ticket": deliveries.c.ticket,
    "operation": deliveries.c.operation,
    "code": deliveries.c.code,
}
_BOTH = ("event", "since", "until")
_BORROWED = tuple(key for key in _OF_DELIVERIES if key not in _OF_EVENTS)
KEYS: dict[Kind, tuple[str, ...]] = {
    "deliveries": (*_OF_DELIVERIES, "type", *_BOTH),
    "events": (*_OF_EVENTS, *_BORROWED, *_BOTH),
}
MOMENTS = ("since", "until")


def deliveries_that(tx: Transaction, conditions: Filter) -> ColumnElement[bool]:
    """The deliveries that a filter is about."""
    return _all(tx, conditions, _delivery)


def events_that(tx: Transaction, conditions: Filter) -> ColumnElement[bool]:
    """The events that a filter is about; rule, ticket and the like are those of one of their deliveries."""
    borrowed = [one for one in conditions if one.key in _BORROWED]
    own = [one for one in conditions if one.key not in _BORROWED]
    condition = _all(tx, own, _event)
    for negated in (False, True):
        positive = [_positive(one) for one in borrowed if one.negated is negated]
        # Without a delivery of the kind: each `-key:` on its own, as every condition stands for itself.
        groups = (
            [[one] for one in positive] if negated else [positive] if positive else []
        )
        for group in groups:
            wanted = _all(tx, group, _delivery)
            # Not EXISTS: it would look at each event's deliveries, this looks at all of them once.
            has = events.c.id.in_(select(deliveries.c.event).where(wanted))
            condition = and_(condition, not_(has) if negated else has)
    return condition


def _all(
    tx: Transaction, conditions: Iterable[Condition], one: Any
) -> ColumnElement[bool]:
    """Every condition, but one is enough of those that ask for another value of the same key."""
    either: dict[str, list[ColumnElement[bool]]] = {}
    every: list[ColumnElement[bool]] = [true()]
    for condition in conditions:
        holds = one(tx, condition)
        if condition.negated:
            every.append(not_(holds))
        elif condition.key in (*MOMENTS, "reason"):
            every.append(holds)
        else:
            either.setdefault(condition.key, []).append(holds)
    return and_(*every, *(or_(*group) for group in either.values()))


def _delivery(tx: Transaction, condition: Condition) -> ColumnElement[bool]:
    value = condition.value
    match condition.key:
        case "since":
            return deliveries.c.created_at >= value
        case "until":
            return deliveries.c.created_at < value
        case "reason":
            return deliveries.c.reason.icontains(value, autoescape=True)
        case "event" if isinstance(value, int):
            return deliveries.c.event == value
        case "event" | "type":
            wanted = _event(tx, condition)
            return deliveries.c.event.in_(select(events.c.id).where(wanted))
    return _text(tx, _OF_DELIVERIES[condition.key], str(value))


def _event(tx: Transaction, condition: Condition) -> ColumnElement[bool]:
    value = condition.value
    match condition.key:
        case "since":
            return events.c.received_at >= value
        case "until":
            return events.c.received_at < value
        case "reason":
            listed, said = texts(tx, events.c.decisions, "reason")
            fits = said.icontains(value, autoescape=True)
            return select(listed).where(fits).correlate(events).exists()
        case "event" if isinstance(value, int):
            return events.c.id == value
        case "event":
            return _text(tx, events.c.event_id, str(value))
    return _text(tx, _OF_EVENTS[condition.key], str(value))


def _text(tx: Transaction, column: Any, value: str) -> ColumnElement[bool]:
    fits: ColumnElement[bool]
    fits = like(tx, column, value) if "*" in value else column == value
    return fits


def _positive(condition: Condition) -> Condition:
    return Condition(key=condition.key, value=condition.value)
