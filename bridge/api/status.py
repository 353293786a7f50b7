"""The state of the bridge in one look, and who has seen what."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields

from bridge.api.access import who
from bridge.api.fields import Anything, Moment, Text
from bridge.api.resource import Resource, parts
from bridge.services import home

blueprint = Resource("status", "Whether anyone needs to act, and why.")


class IncidentSchema(Schema):
    """One thing that needs a person."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True)
    step = fields.String(required=True)
    since = Moment(required=True, allow_none=True)
    count = fields.Integer(required=True)
    subject = fields.String(required=True)
    seen_by = fields.String(required=True)
    seen_at = Moment(required=True, allow_none=True)
    seen_why = fields.String(required=True)


class HourSchema(Schema):
    """What happened in one hour."""

    start = Moment(required=True)
    received = fields.Integer(required=True)
    delivered = fields.Integer(required=True)
    failed = fields.Integer(required=True)


class OldestSchema(Schema):
    """A delivery that waits longest, with what comes next."""

    id = fields.Integer(required=True)
    connection = fields.String(required=True)
    ticket = fields.String(required=True)
    since = Moment(required=True)
    outlook = fields.String(required=True)


class StatusSchema(Schema):
    """The state of the bridge. It is `calm` if nobody needs to act."""

    at = Moment(required=True)
    verdict = fields.String(required=True)
    calm = fields.Boolean(required=True)
    unrouted = fields.Integer(required=True)
    dead = fields.Integer(required=True)
    held = fields.Integer(required=True)
    ruleset = fields.String(required=True)
    ruleset_since = Moment(required=True, allow_none=True)
    findings = fields.List(fields.String(), required=True)
    incidents = fields.List(fields.Nested(IncidentSchema), required=True)
    hours = fields.List(fields.Nested(HourSchema), required=True)
    waiting = fields.List(fields.Nested(OldestSchema), required=True)
    paused = Anything(required=True)


class SeenSchema(Schema):
    """Which incident somebody has seen."""

    incident = Text(required=True, least=1, most=100)
    reason = Text(load_default="")


class AcknowledgedSchema(Schema):
    """The incident that was seen."""

    incident = fields.String(required=True)
    person = fields.String(required=True)


EXAMPLE: dict[str, object] = {
    "at": "2026-11-30T10:00:00.000+00:00",
    "verdict": "all well; last event 14 s ago",
    "calm": True,
    "unrouted": 0,
    "dead": 0,
    "held": 0,
    "ruleset": "0f" * 32,
    "ruleset_since": "2026-11-30T09:00:00.000+00:00",
    "findings": [],
    "incidents": [],
    "hours": [],
    "waiting": [],
    "paused": [],
}


@blueprint.operation(
    "GET", "/status", scope="read", gives=StatusSchema, example=EXAMPLE
)
def show_status() -> dict[str, Any]:
    """Show whether anyone needs to act: incidents, the last 24 hours, what waits."""
    return home.as_row(home.look(parts(), datetime.now(UTC)))


@blueprint.operation(
    "POST",
    "/status/acknowledgements",
    scope="operate",
    body=SeenSchema,
    given={"incident": "dead:0f1e2d3c4b5a", "reason": "the vendor is told"},
    gives=AcknowledgedSchema,
    example={"incident": "dead:0f1e2d3c4b5a", "person": "ana"},
    status=201,
    sends=True,
)
def acknowledge_incident(body: dict[str, Any]) -> dict[str, str]:
    """Say that you have seen an incident. It counts until its cause is gone."""
    by = who().by(body["reason"])
    home.acknowledge(parts().database, body["incident"], by, datetime.now(UTC))
    return {"incident": body["incident"], "person": by.person}
