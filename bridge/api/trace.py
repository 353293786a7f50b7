"""Why an event led to what it led to."""

from datetime import UTC, datetime
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from bridge.api.fields import Anything
from bridge.api.problems import not_found
from bridge.api.resource import Resource, parts
from bridge.services.trace import trace
from bridge.services.trace_json import markdown, trace_object
from bridge.services.trace_values import Trace

blueprint = Resource(
    "trace", "Why an event led to what it led to: what each rule said, then and now."
)


class ComparedSchema(Schema):
    """A value that an expression looked at."""

    expression = fields.String(required=True)
    value = Anything(required=True, allow_none=True)
    type = fields.String(required=True)


class FieldSchema(Schema):
    """A value that a rule made, and the paths of the payload that it came from."""

    key = fields.String(required=True)
    template = fields.String(required=True)
    value = Anything(required=True, allow_none=True)
    type = fields.String(required=True)
    paths = fields.List(fields.String(), required=True)
    index = fields.Integer(required=True, allow_none=True)


class LineSchema(Schema):
    """What one rule said; without a rule, what was said about the event as a whole."""

    rule = fields.String(required=True)
    said = fields.String(required=True)
    reason = fields.String(required=True)
    place = fields.String(required=True)
    text = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    decided_at = fields.String(required=True, allow_none=True)
    expression = fields.String(required=True)
    compared = fields.List(fields.Nested(ComparedSchema), required=True)
    fields_made = fields.List(
        fields.Nested(FieldSchema), required=True, attribute="fields", data_key="fields"
    )
    calls = fields.List(Anything(), required=True)
    known = fields.Boolean(required=True)
    differs = fields.Boolean(required=True)
    superseded = fields.Boolean(required=True)


class TraceSchema(Schema):
    """An event, what was said to it, and what would be said now."""

    event = Anything(required=True)
    summary = fields.String(required=True)
    notes = fields.List(fields.String(), required=True)
    changed = fields.Boolean(required=True)
    then = fields.List(fields.Nested(LineSchema), required=True)
    now = fields.List(fields.Nested(LineSchema), required=True)
    deliveries = fields.List(Anything(), required=True)


_LINE = {
    "rule": "paid-sets-amount",
    "said": "matched",
    "reason": "it matched",
    "place": "mappings/rules.yaml:6",
    "text": "events: [invoice.paid]",
    "code": None,
    "decided_at": "2026-11-30T08:00:00.000+00:00",
    "expression": "",
    "compared": [],
    "fields": [
        {
            "key": "fields.ticket_id",
            "template": "{{ inv.metadata.vambe_ticket_id | uuid }}",
            "value": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
            "type": "text",
            "paths": ["event.data.object.metadata.vambe_ticket_id"],
            "index": None,
        }
    ],
    "calls": [],
    "known": True,
    "differs": False,
    "superseded": False,
}
_EXAMPLE = {
    "event": {
        "id": 1,
        "source": "stripe",
        "event_id": "evt_1",
        "type": "invoice.paid",
        "received_at": "2026-11-30T08:00:00.000+00:00",
        "occurred_at": "2026-11-30T07:59:59.000+00:00",
        "state": "routed",
        "outcome": "matched",
        "conflicts": 0,
        "ruleset": "ca2c9e3040f9",
        "imported": None,
        "live": True,
        "payload_deleted": False,
        "fetched": False,
    },
    "summary": "1 of 2 rules matched; 1 update delivered to 4711",
    "notes": [],
    "changed": False,
    "then": [_LINE],
    "now": [{**_LINE, "decided_at": None}],
    "deliveries": [],
}


@blueprint.operation(
    "GET",
    "/events/<int:id>/trace",
    scope="read",
    gives=TraceSchema,
    example=_EXAMPLE,
    parameters={"id": 1},
)
def show_trace(id: int) -> Any:
    """Show what each rule said to an event, and what the current rules would say."""
    return trace_object(_trace(id))


@blueprint.operation(
    "GET",
    "/events/<int:id>/trace.md",
    scope="read",
    gives="text/markdown",
    example="# Event 1: `invoice.paid` from `stripe`",
    parameters={"id": 1},
)
def share_trace(id: int) -> Response:
    """Show the same as Markdown, to share."""
    return Response(markdown(_trace(id)), content_type="text/markdown; charset=utf-8")


def _trace(id: int) -> Trace:
    """Personal data is hidden."""
    kept = parts()
    found = trace(
        kept.database,
        id,
        active=kept.rules.current(),
        settings=kept.settings,
        now=datetime.now(UTC),
    )
    if found is None:
        raise not_found(f"event {id}")
    return found
