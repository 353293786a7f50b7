"""Requests that were refused."""

from typing import Any

from marshmallow import Schema, fields

from bridge.api.fields import Moment
from bridge.api.finding import (
    COUNT_EXAMPLE,
    CountSchema,
    FilteredSchema,
    FoundSchema,
    counted,
    found,
    found_page,
)
from bridge.api.resource import Resource

blueprint = Resource(
    "refused", "Requests that were refused: why, never what they held."
)


class RefusedSchema(Schema):
    """Refused requests that are alike, of one second."""

    id = fields.Integer(required=True)
    source = fields.String(required=True)
    received_at = Moment(required=True)
    reason = fields.String(required=True)
    status = fields.Integer(required=True)
    path = fields.String(required=True, allow_none=True)
    remote = fields.String(required=True, allow_none=True)
    size = fields.Integer(required=True, allow_none=True)
    count = fields.Integer(required=True)
    summary = fields.String(required=True)


_REFUSED = {
    "id": 1,
    "source": "stripe",
    "received_at": "2026-11-30T08:00:00.000+00:00",
    "reason": "wrong_signature",
    "status": 401,
    "path": "/hooks/stripe",
    "remote": "192.0.2.7",
    "size": 812,
    "count": 1,
    "summary": "refused: wrong_signature (401), metadata only",
}


@blueprint.operation(
    "GET",
    "/refused",
    scope="read",
    query=FoundSchema,
    gives=found_page(RefusedSchema),
    example={"data": [_REFUSED], "next": None, "complete": True, "note": ""},
)
def list_refused(query: dict[str, Any]) -> dict[str, Any]:
    """List refused requests, newest first."""
    return found("refused", query)


@blueprint.operation(
    "GET",
    "/refused/count",
    scope="read",
    query=FilteredSchema,
    gives=CountSchema,
    example=COUNT_EXAMPLE,
)
def count_refused(query: dict[str, Any]) -> Any:
    """Count refused requests, up to 10,000."""
    return counted("refused", query)
