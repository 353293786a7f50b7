"""Events: stored once each, and handed to routing in order of receipt.

The unique insert alone decides what is new; a look before it only saves work.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Integer,
    Select,
    bindparam,
    false,
    func,
    literal,
    select,
    text,
)

from bridge.model import Event, Request
from bridge.state import EventState
from bridge.store import known
from bridge.store.database import prepared
from bridge.store.database.dialect import add, announce, newest, upsert
from bridge.store.database.prepared import Pending
from bridge.store.database.transaction import Transaction
from bridge.store.tables import STORED, events, payloads

# Besides the provider's allow-list: needed to read the body again.
_KEPT_HEADERS = ("content-type",)
_LARGE = 16 * 1024  # bytes of a body that is not written in vain
_RECEIVED = (
    *("source", "event_id", "type", "occurred_at", "received_at", "payload_id", "item"),
    *("live", "digest", "state"),
)
_COLUMNS = [column for column in events.c if column is not events.c.decisions]


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """What became of the events of one request, in their order."""

    ids: tuple[int, ...]
    new: int  # how many were not seen before
    conflicts: int = 0  # how many were seen before with another body


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredEvent:
    """An event that waits to be routed, with the request it came in."""

    id: int
    source: str
    event_id: str
    type: str
    occurred_at: datetime | None
    received_at: datetime
    payload_id: int
    item: int | None
    live: bool
    request: Request
    pruned: bool = False  # the request is empty: it was kept long enough
    fetched: bytes | None = None  # the answer to its look-up: JSON
    fetched_headers: Mapping[str, str] = field(default_factory=dict)


def accept(tx: Transaction, request: Request, received: Sequence[Event]) -> Accepted:
    """Stores what is new of one request's events; the request itself once, and only if any of them is new."""
    (accepted,) = accept_all(tx, [(request, received)])
    return accepted


def accept_all(
    tx: Transaction, requests: Sequence[tuple[Request, Sequence[Event]]]
) -> list[Accepted]:
    """As `accept`, for several requests in their order; what is known costs a statement or two for all of them."""
    taking = [_Taking(request, [*received]) for request, received in requests]
    _look(tx, [one for one in taking if one.is_costly()])
    _add(tx, taking)
    _look(tx, taking)
    _add(tx, taking)  # twins, and what gave its name away (fetches.asked)
    _look(tx, taking)
    _tidy(tx, taking)
    return [one.accepted() for one in taking]


@dataclass
class _Taking:
    """A request on its way in: the ids of its events as they become known, and which of them are other bodies."""

    request: Request
    received: list[Event]
    payload: Pending | None = None  # as it was inserted
    ids: list[int | None] = field(init=False)
    new: int = 0
    conflicts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ids = [None] * len(self.received)

    @cached_property
    def twins(self) -> frozenset[tuple[str, str]]:
        """The names that two of its events share."""
        return known.twins(self.received)

    def is_costly(self) -> bool:
        """Whether it is worth a look before anything of it is written, in case that it is here already."""
        return len(self.received) > 1 or len(self.request.body) > _LARGE

    def missing(self) -> list[tuple[int, Event]]:
        """The events without an id, with their places."""
        if None not in self.ids:
            return []
        pairs = enumerate(zip(self.ids, self.received))
        return [(place, event) for place, (id, event) in pairs if id is None]

    def accepted(self) -> Accepted:
        """What became of it."""
        ids = tuple(id for id in self.ids if id is not None)
        return Accepted(ids=ids, new=self.new, conflicts=len(self.conflicts))


def _look(tx: Transaction, taking: Sequence[_Taking]) -> None:
    """Finds the events that are here already, and gives those a name of their own whose id a twin has."""
    missing = [(one, *pair) for one in taking for pair in one.missing()]
    rows = known.find(tx, [event for _, _, event in missing])
    other = []
    for (one, place, event), row in zip(missing, rows):
        if row is not None and row.digest != event.digest:
            other.append((one, place, event, row))
        elif row is not None:
            one.ids[place] = row.id
    names = [known.apart(event) for _, _, event, _ in other]
    for (one, place, event, row), named, own in zip(
        other, names, known.find(tx, names)
    ):
        if own is None and (event.source, event.event_id) in one.twins:
            one.received[place] = named
            continue
        one.ids[place] = (own or row).id
        if own is None:
            one.conflicts.append(row.id)


def _add(tx: Transaction, taking: Sequence[_Taking]) -> None:
    """Inserts the events that have no id yet, behind their request; one that is here already stays without."""
    if not any(one.missing() for one in taking):
        return
    added = []
    with prepared.pipelined(tx):
        for one in taking:
            missing = one.missing()
            number = one.payload.key() if one.payload else None
            if missing and not one.payload:
                one.payload = _insert_payload(tx, one.request, one.received)
            for place, event in missing:
                added.append((one, place, _insert_event(tx, event, number)))
    for one, place, made in added:
        one.ids[place] = id = made.key()
        one.new += id is not None


def _tidy(tx: Transaction, taking: Sequence[_Taking]) -> None:
    """Removes the payloads that brought nothing new, counts conflicts, and tells workers of the rest."""
    if any(one.new for one in taking):
        announce(tx)
    idle = [one.payload.key() for one in taking if one.payload and not one.new]
    if idle:
        tx.execute(payloads.delete().where(payloads.c.id.in_(idle)))
    if conflicts := [id for one in taking for id in one.conflicts]:
        known.note_conflicts(tx, conflicts)


def _insert_payload(
    tx: Transaction, request: Request, received: Sequence[Event]
) -> Pending:
    kept = dict(received[0].headers)
    kept |= {
        name: request.values(name)[0] for name in _KEPT_HEADERS if request.values(name)
    }
    values = {
        "received_at": request.received_at,
        "method": request.method,
        "target": request.target,
        "headers": kept,
        "body": request.body,
    }
    return add(tx, payloads, values)


def _insert_event(tx: Transaction, event: Event, payload_id: int | None) -> Pending:
    """The new row's key; no row when the source already sent this event id. It is of the newest payload without one."""
    values = {
        "source": event.source,
        "event_id": event.event_id,
        "type": event.type,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "payload_id": payload_id,
        "item": event.item,
        "live": event.live,
        "digest": event.digest,
        "state": EventState.STORED,
    }
    return prepared.execute(tx, _inserting(tx.dialect), values)


def waiting_sizes(tx: Transaction, sources: Collection[str], limit: int) -> list[int]:
    """The bytes of what `waiting` would read now, event by event: bodies may be large. They are not read for it."""
    sizes = prepared.execute(tx, _sizes(frozenset(sources), limit))
    return [row.size for row in sizes.rows()]


def waiting(
    tx: Transaction, sources: Collection[str], limit: int
) -> tuple[StoredEvent, ...]:
    """The oldest events of these sources that were not routed yet, in order of receipt.

    Across sources: two of them may update one ticket, and the one received first goes first.
    """
    query = _oldest_unrouted(frozenset(sources))
    return tuple(map(_stored, prepared.execute(tx, query, {"most": limit}).rows()))


def waiting_ids(
    tx: Transaction, sources: Collection[str], limit: int
) -> list[tuple[int, str]]:
    """The same events by their numbers and sources alone, where reading one may be what fails."""
    query = select(events.c.id, events.c.source).where(*_unrouted(frozenset(sources)))
    rows = tx.execute(query.order_by(events.c.id).limit(limit))
    return [(row.id, row.source) for row in rows]


def load(tx: Transaction, id: int) -> StoredEvent | None:
    """One event with its request, whatever its state."""
    row = tx.execute(_with_request().where(events.c.id == id)).one_or_none()
    return None if row is None else _stored(row)


def first_of(
    tx: Transaction, condition: ColumnElement[bool], limit: int
) -> tuple[StoredEvent, ...]:
    """The first events that a condition holds for, in order of receipt, whatever their state."""
    query = _with_request().where(condition).order_by(events.c.id).limit(limit)
    return tuple(map(_stored, tx.execute(query)))


def named(tx: Transaction, event_id: str) -> tuple[StoredEvent, ...]:
    """The events that a sender's id means, with their requests: at most one per source."""
    query = _with_request().where(events.c.event_id == event_id).order_by(events.c.id)
    return tuple(map(_stored, tx.execute(query)))


@lru_cache
def _inserting(dialect: Dialect) -> Any:
    """Statements that are sent together do not know yet which number the payload got."""
    bound: dict[str, Any] = {
        name: bindparam(name, type_=events.c[name].type) for name in _RECEIVED
    }
    bound["payload_id"] = func.coalesce(
        bound["payload_id"], newest(dialect, payloads.c.id)
    )
    adding = upsert(dialect, events).values(bound)
    return adding.on_conflict_do_nothing().returning(events.c.id)


@lru_cache(maxsize=20)
def _sizes(sources: frozenset[str], limit: int) -> Any:
    body = func.length(payloads.c.body)
    fetched = func.coalesce(func.length(events.c.fetched), 0)
    query = select((body + fetched).label("size")).join(
        payloads, payloads.c.id == events.c.payload_id
    )
    return query.where(*_unrouted(sources)).order_by(events.c.id).limit(limit)


@lru_cache(maxsize=20)
def _oldest_unrouted(sources: frozenset[str]) -> Any:
    query = _with_request().where(*_unrouted(sources))
    return query.order_by(events.c.id).limit(bindparam("most", type_=Integer))


def _unrouted(sources: Iterable[str]) -> tuple[Any, ...]:
    """The very words of ix_events_stored, and nothing for another index: else a look passes by all routed events."""
    among = [literal(name) for name in sorted(sources)]
    one_of = func.coalesce(events.c.source, "").in_(among) if among else false()
    return text(f"events.{STORED}"), one_of


def _with_request() -> Select[Any]:
    return select(
        *_COLUMNS,
        payloads.c.method,
        payloads.c.target,
        payloads.c.headers,
        payloads.c.body,
        payloads.c.pruned_at,
    ).join(payloads, payloads.c.id == events.c.payload_id)


def _stored(row: Any) -> StoredEvent:
    return StoredEvent(
        id=row.id,
        source=row.source,
        event_id=row.event_id,
        type=row.type,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        payload_id=row.payload_id,
        item=row.item,
        live=row.live,
        pruned=row.pruned_at is not None,
        fetched=row.fetched,
        fetched_headers=row.fetched_headers or {},
        request=Request(
            method=row.method,
            target=row.target,
            headers=tuple(row.headers.items()),
            body=row.body,
            received_at=row.received_at,
        ),
    )
