"""What a filter finds: conditions on events, deliveries and refused requests as SQL. Values are bound, never written
into a statement.

The words a person types are read elsewhere; here a key is one of those below and a value has its type already.
Content and free words are told by SQL only roughly: `contents` has the last word on each row that is found.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, false, not_, or_, select, text, true

from bridge.model import Said
from bridge.state import EventState, State
from bridge.store.database.dialect import holds, like, texts
from bridge.store.database.transaction import Transaction
from bridge.store.tables import (
    CONFLICTS,
    FAILED,
    SETTLED,
    deliveries,
    events,
    payloads,
    rejections,
)

Kind = Literal["received", "events", "deliveries", "refused"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One thing that must hold, or must not. Text may hold `*` for anything; an int is a row's id.

    `text` is part of a reason or of content; `payload.…` and `headers.…` are places in a request. `since` and `until`
    are moments, the latter's own not included.
    """

    key: str
    value: str | int | datetime
    negated: bool = False


Filter = Sequence[Condition]  # all hold; several of one key: one of them does

DUPLICATE = "duplicate"
REFUSED = "refused"
# The words of a state or an outcome; every other text is free.
_CHOICES: dict[str, tuple[str, ...]] = {
    "state": (*EventState,),
    "outcome": (*Said,),
    "is": (DUPLICATE, REFUSED),
}
CHOICES: dict[Kind, dict[str, tuple[str, ...]]] = {
    "deliveries": {"state": (*State,)},
    "events": _CHOICES,
    "received": _CHOICES,
    "refused": {},
}
_OF_EVENTS: dict[str, Any] = {
    "state": events.c.state,
    "outcome": events.c.outcome,
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
_OF_REFUSED: dict[str, Any] = {
    name: rejections.c[name] for name in ("source", "reason", "path", "remote")
}
_BOTH = ("id", "event", "since", "until")
BORROWED = tuple(key for key in _OF_DELIVERIES if key not in _OF_EVENTS)
_EVENTS = (*_OF_EVENTS, "is", *BORROWED, *_BOTH)
KEYS: dict[Kind, tuple[str, ...]] = {
    "deliveries": (*_OF_DELIVERIES, "type", *_BOTH),
    "events": _EVENTS,
    "received": (*_EVENTS, "reason", "path", "remote"),
    "refused": (*_OF_REFUSED, "since", "until"),
}
MOMENTS = ("since", "until")
TEXT = "text"
CONTENT = ("payload.", "headers.")

# The words of the partial index that holds a value: a query that may use it has to say them too.
_INDEXED: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "state": (SETTLED, lambda value: value not in (State.WAITING, State.SENDING)),
    "code": (FAILED, lambda value: value not in ("", "delivered")),
}


def is_content(condition: Condition) -> bool:
    """Whether it asks for what a row holds, which SQL tells only roughly."""
    return condition.key == TEXT or condition.key.startswith(CONTENT)


def exactly(conditions: Filter) -> Filter:
    """The same conditions. Raises ValueError where SQL alone would find other rows than they say."""
    if any(map(is_content, conditions)):
        raise ValueError("what is found by content has to be looked at")
    return conditions


def deliveries_that(tx: Transaction, conditions: Filter) -> ColumnElement[bool]:
    """The deliveries that a filter is about; more of them, where it asks for content."""
    return _all(tx, conditions, _delivery)


def refused_that(tx: Transaction, conditions: Filter) -> ColumnElement[bool]:
    """The refused requests that a filter is about: they have no content, and none of the keys of events but few."""
    return _all(tx, conditions, _refused)


def events_that(tx: Transaction, conditions: Filter) -> ColumnElement[bool]:
    """The events that a filter is about; rule, ticket and the like are those of one of their deliveries.

    More of them, where it asks for content.
    """
    borrowed = [one for one in conditions if one.key in BORROWED]
    own = [one for one in conditions if one.key not in BORROWED]
    condition = _all(tx, own, _event)
    for negated in (False, True):
        positive = [_positive(one) for one in borrowed if one.negated is negated]
        # Without a delivery of the kind: each `-key:` on its own, as every condition stands for itself.
        groups = (
            [[one] for one in positive] if negated else [positive] if positive else []
        )
        for group in groups:
            wanted = _all(tx, group, _delivery)
            has = select(deliveries.c.id).where(
                deliveries.c.event == events.c.id, wanted
            )
            there = has.correlate(events).exists()
            condition = and_(condition, not_(there) if negated else there)
    return condition


def _all(
    tx: Transaction, conditions: Iterable[Condition], one: Any
) -> ColumnElement[bool]:
    """Every condition, but one is enough of those that ask for another value of the same key."""
    either: dict[str, list[ColumnElement[bool]]] = {}
    every: list[ColumnElement[bool]] = [true()]
    for condition in conditions:
        if condition.negated and is_content(condition):
            continue  # roughly found is not found
        holding = one(tx, _positive(condition))
        if condition.negated:
            every.append(not_(holding))
        elif condition.key in (*MOMENTS, TEXT):
            every.append(holding)
        else:
            either.setdefault(condition.key, []).append(holding)
    return and_(*every, *(or_(*group) for group in either.values()))


def _delivery(tx: Transaction, condition: Condition) -> ColumnElement[bool]:
    value = condition.value
    match condition.key:
        case "id":
            return deliveries.c.id == value
        case "since":
            return deliveries.c.created_at >= value
        case "until":
            return deliveries.c.created_at < value
        case "event" if isinstance(value, int):
            return deliveries.c.event == value
        case "event" | "type":
            return _of_its_event(_event(tx, condition))
        case "text":
            reason = deliveries.c.reason.icontains(value, autoescape=True)
            body = holds(tx, deliveries.c.body, str(value))
            return or_(reason, body, _of_its_event(_content(tx, condition)))
    if is_content(condition):
        return _of_its_event(_content(tx, condition))
    return _text(tx, _OF_DELIVERIES, condition)


def _of_its_event(wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    mine = select(events.c.id).where(events.c.id == deliveries.c.event, wanted)
    return mine.correlate(deliveries).exists()


def _event(tx: Transaction, condition: Condition) -> ColumnElement[bool]:
    value = condition.value
    match condition.key:
        case "id":
            return events.c.id == value
        case "since":
            return events.c.received_at >= value
        case "until":
            return events.c.received_at < value
        case "is":
            return text(CONFLICTS) if value == DUPLICATE else false()  # type: ignore[return-value]
        case "reason" | "path" | "remote":
            return false()
        case "text":
            listed, said = texts(tx, events.c.decisions, "reason")
            fits = said.icontains(value, autoescape=True)
            told = select(listed).where(fits).correlate(events).exists()
            return or_(told, _content(tx, condition))
        case "event" if isinstance(value, int):
            return events.c.id == value
        case "event":
            return _matches(tx, events.c.event_id, str(value))
    if is_content(condition):
        return _content(tx, condition)
    return _text(tx, _OF_EVENTS, condition)


def _content(tx: Transaction, condition: Condition) -> ColumnElement[bool]:
    """Roughly: the text, or each piece of the value, stands somewhere in its request."""
    value = str(condition.value)
    if condition.key == TEXT:
        columns = (payloads.c.headers, payloads.c.body)
        wanted = [or_(*(holds(tx, column, value) for column in columns))]
        looked_up = holds(tx, events.c.fetched, value)
        return or_(_of_its_request(wanted), looked_up)
    headers = condition.key.startswith("headers.")
    column = payloads.c.headers if headers else payloads.c.body
    pieces = filter(None, value.split("*"))
    return _of_its_request([holds(tx, column, one) for one in pieces])


def _of_its_request(wanted: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    mine = select(payloads.c.id).where(payloads.c.id == events.c.payload_id, *wanted)
    return mine.correlate(events).exists()


def _refused(tx: Transaction, condition: Condition) -> ColumnElement[bool]:
    value = condition.value
    match condition.key:
        case "since":
            return rejections.c.received_at >= value
        case "until":
            return rejections.c.received_at < value
        case "text":
            columns = (rejections.c[name] for name in ("reason", "path", "remote"))
            return or_(*(one.icontains(value, autoescape=True) for one in columns))
        case "is" if value == REFUSED:
            return true()
        case key if key in _OF_REFUSED:
            return _text(tx, _OF_REFUSED, condition)
    return false()


def _text(
    tx: Transaction, columns: Mapping[str, Any], condition: Condition
) -> ColumnElement[bool]:
    key, value = condition.key, str(condition.value)
    fits = _matches(tx, columns[key], value)
    words, holding = _INDEXED.get(key, ("", None))
    if columns is _OF_DELIVERIES and holding and "*" not in value and holding(value):
        return and_(fits, text(words))
    if columns is _OF_EVENTS and key == "outcome":
        # Not yet known is not that: a comparison with NULL would be neither.
        return and_(fits, events.c.outcome.is_not(None))
    return fits


def _matches(tx: Transaction, column: Any, value: str) -> ColumnElement[bool]:
    fits: ColumnElement[bool]
    fits = like(tx, column, value) if "*" in value else column == value
    return fits


def _positive(condition: Condition) -> Condition:
    return replace(condition, negated=False)
