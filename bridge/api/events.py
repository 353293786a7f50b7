"""What senders sent."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields

from bridge.api.fields import Anything, Moment
from bridge.api.finding import (
    COUNT_EXAMPLE,
    CountSchema,
    FilteredSchema,
    FoundSchema,
    counted,
    found,
    found_page,
)
from bridge.api.problems import not_found
from bridge.api.resource import Resource, parts
from bridge.services import payloads
from bridge.services.veiling import veiled_text
from bridge.store import events, views
from bridge.store.events import StoredEvent

blueprint = Resource("events", "What senders sent.")


class EventSchema(Schema):
    """One event, without its payload."""

    id = fields.Integer(required=True)
    source = fields.String(required=True)
    event_id = fields.String(required=True, metadata={"description": "Its sender's."})
    type = fields.String(required=True)
    received_at = Moment(required=True)
    occurred_at = Moment(required=True, allow_none=True)
    state = fields.String(required=True)
    outcome = fields.String(required=True, allow_none=True)
    conflicts = fields.Integer(
        required=True,
        metadata={"description": "How often the same id came with another body."},
    )
    ruleset = fields.String(required=True, allow_none=True)


class ListedEventSchema(EventSchema):
    """An event of a list."""

    summary = fields.String(required=True)
    tickets = fields.List(fields.String(), required=True)
    size = fields.Integer(required=True, allow_none=True)


class ShownEventSchema(EventSchema):
    """One event with what each rule said."""

    imported = Anything(required=True, allow_none=True)
    decisions = fields.List(fields.Dict(), required=True)


class PayloadSchema(Schema):
    """What an event contained; personal data and credentials are hidden."""

    value = Anything(
        required=True, allow_none=True, metadata={"description": "As the rules see it."}
    )
    fetched = Anything(required=True, allow_none=True)
    method = fields.String(required=True)
    target = fields.String(required=True)
    headers = fields.List(fields.List(fields.String()), required=True)
    size = fields.Integer(required=True)
    problem = fields.String(
        required=True, metadata={"description": "Why it cannot be shown, or nothing."}
    )


_EVENT: dict[str, Any] = {
    "id": 1,
    "source": "stripe",
    "event_id": "evt_1",
    "type": "invoice.paid",
    "received_at": "2026-11-30T08:00:00.000+00:00",
    "occurred_at": "2026-11-30T07:59:59.000+00:00",
    "state": "routed",
    "outcome": "matched",
    "conflicts": 0,
    "ruleset": "5f0c…",
}
_LISTED = {
    **_EVENT,
    "summary": "matched 1 of 2 rules, 1 update waiting",
    "tickets": ["4711"],
    "size": 812,
}
_ONE = {"id": 1}


@blueprint.operation(
    "GET",
    "/events",
    scope="read",
    query=FoundSchema,
    gives=found_page(ListedEventSchema),
    example={"data": [_LISTED], "next": None, "complete": True, "note": ""},
    parameters={"filter": "source:stripe"},
)
def list_events(query: dict[str, Any]) -> dict[str, Any]:
    """List the events that a filter finds, newest first."""
    return found("events", query)


@blueprint.operation(
    "GET",
    "/events/count",
    scope="read",
    query=FilteredSchema,
    gives=CountSchema,
    example=COUNT_EXAMPLE,
    parameters={"filter": "source:stripe"},
)
def count_events(query: dict[str, Any]) -> Any:
    """Count the events that a filter finds, up to 10,000."""
    return counted("events", query)


@blueprint.operation(
    "GET",
    "/events/<int:id>",
    scope="read",
    gives=ShownEventSchema,
    parameters=_ONE,
    example={
        **_EVENT,
        "imported": None,
        "decisions": [
            {
                "rule": "paid-sets-amount",
                "said": "matched",
                "reason": "event type is invoice.paid",
                "place": "stripe.yaml:5",
                "code": "",
                "decided_at": "2026-11-30T08:00:00.100+00:00",
            }
        ],
    },
)
def show_event(id: int) -> dict[str, Any]:
    """Show one event and what each rule said."""
    with parts().database.read() as tx:
        event = views.event(tx, id)
        said = views.decisions_of(tx, id)
    said = [{**one, "reason": veiled_text(one["reason"])} for one in said]
    if event is None:
        raise not_found(f"event {id}")
    return {**event, "decisions": said}


@blueprint.operation(
    "GET",
    "/events/<int:id>/payload",
    scope="read",
    gives=PayloadSchema,
    parameters=_ONE,
    example={
        "value": {"type": "invoice.paid", "amount": 5},
        "fetched": None,
        "method": "POST",
        "target": "/hooks/stripe",
        "headers": [["content-type", "application/json"]],
        "size": 812,
        "problem": "",
    },
)
def show_payload(id: int) -> Any:
    """Show what an event contained, with personal data hidden."""
    made, rules = parts(), parts().rules.current()
    return payloads.payload(_stored(id), rules, made.settings.environment)


@blueprint.operation(
    "GET",
    "/events/<int:id>/raw",
    scope="read",
    gives="text/plain",
    parameters=_ONE,
    example="POST /hooks/stripe HTTP/1.1\ncontent-type: application/json\n\n{}\n",
)
def show_raw(id: int) -> Response:
    """Show the request as it was received, with personal data hidden."""
    return Response(payloads.raw(_stored(id)), content_type="text/plain")


def _stored(id: int) -> StoredEvent:
    with parts().database.read() as tx:
        stored = events.load(tx, id)
    if stored is None:
        raise not_found(f"event {id}")
    return stored
