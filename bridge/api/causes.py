"""Dead letters and held deliveries by cause."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields, validate

from bridge.api.fields import Moment
from bridge.api.resource import Resource, parts
from bridge.services import causes
from bridge.state import State

blueprint = Resource(
    "causes", "Dead letters and held deliveries, by what they have in common."
)


class RemedySchema(Schema):
    """What to do about them."""

    title = fields.String(required=True)
    step = fields.String(required=True)
    then = fields.String(required=True)


class CauseSchema(Schema):
    """Deliveries with the same code, rule and connection; failed rules also with the same message."""

    id = fields.String(required=True)
    state = fields.String(required=True)
    code = fields.String(required=True)
    rule = fields.String(required=True)
    connection = fields.String(required=True)
    said = fields.String(required=True)
    count = fields.Integer(required=True)
    tickets = fields.Integer(required=True)
    first = Moment(required=True)
    last = Moment(required=True)
    bars = fields.List(fields.Integer(), required=True)
    remedy = fields.Nested(RemedySchema, required=True)
    example = fields.Integer(required=True)
    ruleset = fields.String(required=True)
    filter = fields.String(required=True)


class CausesSchema(Schema):
    """The causes, the largest first. If `complete` is false, only the newest of `total` were looked at."""

    data = fields.List(fields.Nested(CauseSchema), required=True)
    total = fields.Integer(required=True)
    complete = fields.Boolean(required=True)


class WhichSchema(Schema):
    """Which deliveries."""

    state = fields.String(
        load_default="dead", validate=validate.OneOf(("dead", "held"))
    )


EXAMPLE = {
    "id": "0f1e2d3c4b5a",
    "state": "dead",
    "code": "http_404",
    "rule": "paid-sets-amount",
    "connection": "vambe",
    "said": "",
    "count": 3,
    "tickets": 3,
    "first": "2026-11-29T10:00:00.000+00:00",
    "last": "2026-11-30T10:00:00.000+00:00",
    "bars": [0] * 27 + [3],
    "remedy": {
        "title": "ticket not found",
        "step": "Check the ticket.",
        "then": "replay",
    },
    "example": 7,
    "ruleset": "",
    "filter": "state:dead code:http_404 rule:paid-sets-amount connection:vambe",
}


@blueprint.operation(
    "GET",
    "/causes",
    scope="read",
    query=WhichSchema,
    gives=CausesSchema,
    example={"data": [EXAMPLE], "total": 3, "complete": True},
)
def list_causes(query: dict[str, Any]) -> dict[str, Any]:
    """List dead letters or held deliveries by cause, the largest first."""
    state = State.HELD if query["state"] == "held" else State.DEAD
    found = causes.listed(parts().database, state, datetime.now(UTC))
    rows = [causes.as_row(cause) for cause in found.causes]
    return {"data": rows, "total": found.total, "complete": found.complete}
