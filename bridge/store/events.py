"""Events: taken in once, and handed to routing in order of receipt.

The unique insert alone decides what is new; nothing here looks before it inserts.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, false, func, literal, select, text, update

from bridge.model import Event, Request
from bridge.store import inserting, prepared
from bridge.store.dialect import announce
from bridge.store.tables import events, payloads

# Besides the provider's allow-list: needed to read the body again.
_KEPT_HEADERS = ("content-type",)


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


def accept(
    connection: Connection, request: Request, received: Sequence[Event]
) -> Accepted:
    """Stores what is new of one request's events; the request itself once, and only if any of them is new."""
    (accepted,) = accept_all(connection, [(request, received)])
    return accepted


def accept_all(
    connection: Connection, requests: Sequence[tuple[Request, Sequence[Event]]]
) -> list[Accepted]:
    """As `accept`, for several requests in their order."""
    with prepared.pipelined(connection):
        made = [
            _insert_payload(connection, request, received) if received else None
            for request, received in requests
        ]
    payload_ids = [cursor and prepared.key(cursor) for cursor in made]
    with prepared.pipelined(connection):
        added = [
            [_insert_event(connection, event, id) for event in received]
            for (_, received), id in zip(requests, payload_ids)
        ]
    ids = [[prepared.key(cursor) for cursor in cursors] for cursors in added]
    return [
        _accepted(connection, received, payload_id, own)
        for (_, received), payload_id, own in zip(requests, payload_ids, ids)
    ]


def _accepted(
    connection: Connection, received: Sequence[Event], payload_id: Any, ids: list[Any]
) -> Accepted:
    """What became of one request, of whose events those without an id were there before."""
    if not received:  # an empty batch
        return Accepted(ids=(), new=0)
    for place, event in enumerate(received):
        if ids[place] is None and _known(connection, event) is None:
            # Since the insert it gave its name away (fetches.asked): this one is new.
            ids[place] = prepared.key(_insert_event(connection, event, payload_id))
    new = sum(id is not None for id in ids)
    if new == 0:
        connection.execute(payloads.delete().where(payloads.c.id == payload_id))
    else:
        announce(connection)
    if new == len(ids):
        return Accepted(ids=tuple(ids), new=new)
    known = [_known(connection, event) for event in received]
    return Accepted(
        ids=tuple(row.id for row in known),
        new=new,
        conflicts=sum(
            _note_conflict(connection, row, event)
            for row, event in zip(known, received)
        ),
    )


def _insert_payload(
    connection: Connection, request: Request, received: Sequence[Event]
) -> Any:
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
    return inserting.insert(connection, payloads, values)


def _insert_event(connection: Connection, event: Event, payload_id: Any) -> Any:
    """The new row's key; no row when the source already sent this event id."""
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
        "state": "stored",
    }
    return inserting.insert_or_ignore(connection, events, values)


def _known(connection: Connection, event: Event) -> Any:
    """The row of this event id, which from here on keeps it until the transaction ends."""
    query = select(events.c.id, events.c.digest).where(
        events.c.source == event.source, events.c.event_id == event.event_id
    )
    return connection.execute(query.with_for_update(key_share=True)).one_or_none()


def _note_conflict(connection: Connection, row: Any, event: Event) -> bool:
    """Counts the same id with another body on the event, where a person sees it; the first body stays."""
    if row.digest == event.digest:
        return False
    connection.execute(
        update(events)
        .where(events.c.id == row.id)
        .values(conflicts=events.c.conflicts + 1)
    )
    return True


def any_waiting(connection: Connection, sources: Collection[str]) -> bool:
    """Whether `waiting` would find anything."""
    found = prepared.execute(connection, _any_unrouted(frozenset(sources)), {})
    return prepared.key(found) is not None


def waiting(
    connection: Connection, sources: Collection[str], limit: int
) -> tuple[StoredEvent, ...]:
    """The oldest events of these sources that were not routed yet, in order of receipt.

    Across sources: two of them may update one ticket, and the one received first goes first.
    """
    rows = prepared.ask(connection, _oldest_unrouted(frozenset(sources), limit))
    return tuple(map(_stored, rows.all()))


def load(connection: Connection, id: int) -> StoredEvent | None:
    """One event with its request, whatever its state."""
    row = connection.execute(_with_request().where(events.c.id == id)).one_or_none()
    return None if row is None else _stored(row)


def named(connection: Connection, event_id: str) -> tuple[StoredEvent, ...]:
    """The events that a sender's id means, with their requests: at most one per source."""
    query = _with_request().where(events.c.event_id == event_id).order_by(events.c.id)
    return tuple(map(_stored, connection.execute(query)))


@lru_cache(maxsize=20)
def _any_unrouted(sources: frozenset[str]) -> Any:
    return select(events.c.id).where(*_unrouted(sources)).limit(1)


@lru_cache(maxsize=20)
def _oldest_unrouted(sources: frozenset[str], limit: int) -> Any:
    query = _with_request().where(*_unrouted(sources))
    return query.order_by(events.c.id).limit(limit)


def _unrouted(sources: Iterable[str]) -> tuple[Any, ...]:
    """The very words of ix_events_stored, and nothing for another index: else a look passes by all routed events."""
    among = [literal(name) for name in sorted(sources)]
    one_of = func.coalesce(events.c.source, "").in_(among) if among else false()
    return text("events.state = 'stored'"), one_of


def _with_request() -> Select[Any]:
    return select(
        events,
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
        request=Request(
            method=row.method,
            target=row.target,
            headers=tuple(row.headers.items()),
            body=row.body,
            received_at=row.received_at,
        ),
    )
