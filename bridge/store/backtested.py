"""Stored events in order of receipt, with what was made of them: what a backtest reads. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, text

from bridge.state import EventState
from bridge.store import events as stored_events
from bridge.store.database.dialect import among
from bridge.store.database.transaction import Transaction
from bridge.store.events import StoredEvent
from bridge.store.filtering import Filter, events_that
from bridge.store.tables import DEAD, deliveries, events

_MADE = tuple(
    deliveries.c[name]
    for name in (
        *("id", "event", "rule", "item_key", "operation", "connection", "ticket"),
        *("fields", "state", "reason"),
    )
)
# A sample takes the events whose number, mixed by these, is small: neighbours are not taken together.
_MIXED, _RANGE = 40_503, 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """The events of a filter when a backtest begins."""

    count: int
    through: int
    first: datetime | None
    last: datetime | None


def window(tx: Transaction, where: Filter) -> Window:
    """How many events a filter is about now, up to which number, and from when to when they were received."""
    columns = (
        func.count(),
        func.max(events.c.id),
        func.min(events.c.received_at, type_=events.c.received_at.type),
        func.max(events.c.received_at, type_=events.c.received_at.type),
    )
    row = tx.execute(select(*columns).where(events_that(tx, where))).one()
    return Window(count=row[0], through=row[1] or 0, first=row[2], last=row[3])


def share(count: int, wanted: int | None) -> int | None:
    """How much of the range of mixed numbers a sample of so many takes; None: all of it."""
    if wanted is None or wanted >= count:
        return None
    return max(wanted * _RANGE // count, 1)


def after(
    tx: Transaction,
    where: Filter,
    *,
    after: int,
    through: int,
    share: int | None,
    limit: int,
) -> tuple[StoredEvent, ...]:
    """The next events of a filter, oldest first, with their requests."""
    wanted = [events.c.id > after, events.c.id <= through, events_that(tx, where)]
    if share is not None:
        wanted.append(_mixed() < share)
    return stored_events.first_of(tx, and_(*wanted), limit)


def _mixed() -> ColumnElement[int]:
    mixed: ColumnElement[int] = (events.c.id % _RANGE) * _MIXED % _RANGE
    return mixed


def routed(tx: Transaction, ids: Sequence[int]) -> set[int]:
    """Which of these events were routed."""
    query = select(events.c.id).where(
        among(tx, events.c.id, ids), events.c.state == EventState.ROUTED
    )
    return set(tx.execute(query).scalars())


def made(
    tx: Transaction, ids: Sequence[int]
) -> Mapping[int, Sequence[Mapping[str, Any]]]:
    """Event → its deliveries without its look-ups, oldest first; an event without any is left out."""
    query = select(*_MADE).where(
        among(tx, deliveries.c.event, ids), deliveries.c.look_up.is_(None)
    )
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in tx.execute(query.order_by(deliveries.c.id)).mappings():
        found.setdefault(row["event"], []).append(dict(row))
    return found


def recent(
    tx: Transaction, looked_at: int = 500, most: int = 12
) -> Sequence[tuple[int, str, str]]:
    """Number, source and type of the newest event of each type, among the newest events."""
    newest = (
        select(events.c.id, events.c.source, events.c.type)
        .order_by(events.c.id.desc())
        .limit(looked_at)
        .subquery()
    )
    of_type = (newest.c.source, newest.c.type)
    last = func.max(newest.c.id)
    query = select(last, *of_type).group_by(*of_type).order_by(last.desc()).limit(most)
    return [(row[0], row[1], row[2]) for row in tx.execute(query)]


def dead(tx: Transaction, most: int = 5) -> Sequence[tuple[int, str, str]]:
    """Event, rule and code of the newest dead letters."""
    query = select(deliveries.c.event, deliveries.c.rule, deliveries.c.code)
    query = query.where(text(DEAD), deliveries.c.look_up.is_(None))
    rows = tx.execute(query.order_by(deliveries.c.id.desc()).limit(most))
    return [(row[0], row[1], row[2]) for row in rows]
