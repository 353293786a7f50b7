"""Events: taken in once, handed to routing in order of receipt, and what each rule said to them.

The unique insert alone decides what is new; nothing here looks before it inserts.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select, text, update

from bridge.model import Decision, Event, Request
from bridge.store import decisions, prepared
from bridge.store.dialect import announce
from bridge.store.tables import events, payloads

# Besides the provider's allow-list: needed to read the body again.
_KEPT_HEADERS = ("content-type",)

_ROUTED = (
    update(events)
    .where(events.c.id == bindparam("row"), events.c.state == "stored")
    .values(
        state="routed",
        ruleset=bindparam("hash"),
        routed_at=bindparam("now"),
        outcome=bindparam("strongest"),
    )
)


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
    if not received:  # an empty batch
        return Accepted(ids=(), new=0)
    payload_id = _insert_payload(connection, request, received)
    ids = [_insert_event(connection, event, payload_id) for event in received]
    new = sum(id is not None for id in ids)
    if new == 0:
        connection.execute(payloads.delete().where(payloads.c.id == payload_id))
    else:
        announce(connection)
    if new == len(ids):
        return Accepted(ids=tuple(id for id in ids if id is not None), new=new)
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
) -> int:
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
    return prepared.insert(connection, payloads, values)


def _insert_event(connection: Connection, event: Event, payload_id: int) -> Any:
    """The new row's id; None when the source already sent this event id."""
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
    id = prepared.insert_or_ignore(connection, events, values)
    if id is None and _known(connection, event) is None:
        # Since the insert it gave its name away (fetches.asked): this one is new.
        id = prepared.insert_or_ignore(connection, events, values)
    return id


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
    query = select(events.c.id).where(*_unrouted(sources)).limit(1)
    return connection.execute(query).first() is not None


def waiting(
    connection: Connection, sources: Collection[str], limit: int
) -> tuple[StoredEvent, ...]:
    """The oldest events of these sources that were not routed yet, in order of receipt.

    Across sources: two of them may update one ticket, and the one received first goes first.
    """
    query = _with_request().where(*_unrouted(sources))
    rows = connection.execute(query.order_by(events.c.id).limit(limit))
    return tuple(map(_stored, rows))


def load(connection: Connection, id: int) -> StoredEvent | None:
    """One event with its request, whatever its state."""
    row = connection.execute(_with_request().where(events.c.id == id)).one_or_none()
    return None if row is None else _stored(row)


def named(connection: Connection, event_id: str) -> tuple[StoredEvent, ...]:
    """The events that a sender's id means, with their requests: at most one per source."""
    query = _with_request().where(events.c.event_id == event_id).order_by(events.c.id)
    return tuple(map(_stored, connection.execute(query)))


def routed(
    connection: Connection,
    id: int,
    ruleset: str,
    said: Sequence[Decision],
    now: datetime,
) -> bool:
    """Records the decisions. False when another router was first: then nothing may be recorded.

    The caller stores the deliveries in the same transaction.
    """
    strongest = decisions.outcome(decision.said for decision in said)
    values = {"row": id, "hash": ruleset, "now": now, "strongest": strongest}
    if prepared.execute(connection, _ROUTED, values).rowcount == 0:
        return False
    decisions.add(connection, id, said, now)
    return True


def _unrouted(sources: Collection[str]) -> tuple[Any, ...]:
    """The very words of ix_events_stored, and nothing for another index: else a look passes by all routed events."""
    return text("events.state = 'stored'"), func.coalesce(events.c.source, "").in_(
        sources
    )


def _with_request() -> Select[Any]:
    return select(
        events,
        payloads.c.method,
        payloads.c.target,
        payloads.c.headers,
        payloads.c.body,
        payloads.c.pruned_at,
    ).join(payloads, payloads.c.id == events.c.payload_id)


def _stored(row: Row[Any]) -> StoredEvent:
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
