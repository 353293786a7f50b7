"""The calls to vendors."""

from datetime import UTC, datetime
from typing import Any

from flask import Response
from marshmallow import Schema, fields

from bridge.api.delivery_examples import DELIVERY, SHOWN
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
from bridge.api.problems import Problem, not_found
from bridge.api.resource import Resource, parts
from bridge.services import sent
from bridge.services.inspecting import Inspected, inspect
from bridge.services.veiling import veiled_text
from bridge.store import views

blueprint = Resource(
    "deliveries", "The calls to vendors: waiting, delivered, held, dead."
)

_ONE = {"id": 1}


class DeliverySchema(Schema):
    """One delivery."""

    id = fields.Integer(required=True)
    event = fields.Integer(required=True)
    source = fields.String(required=True)
    rule = fields.String(required=True)
    operation = fields.String(required=True)
    connection = fields.String(required=True)
    ticket = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    due_at = Moment(required=True, allow_none=True)
    created_at = Moment(required=True)
    finished_at = Moment(required=True, allow_none=True)
    replay_of = fields.Integer(required=True, allow_none=True)
    person = fields.String(required=True, allow_none=True)
    because = fields.String(required=True, allow_none=True)
    look_up = fields.Boolean(required=True)


class RequestSchema(Schema):
    """The request, without credentials."""

    method = fields.String(required=True)
    url = fields.String(required=True)
    headers = fields.List(fields.List(fields.String()), required=True)
    body = fields.String(required=True)


class AttemptSchema(Schema):
    """One call and its answer."""

    number = fields.Integer(required=True)
    started_at = Moment(required=True)
    elapsed_ms = fields.Integer(required=True)
    status = fields.Integer(required=True, allow_none=True)
    verdict = fields.String(required=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)
    decided_by = fields.String(required=True)
    answer = fields.String(required=True)
    cut = fields.Boolean(required=True)


class FieldSchema(Schema):
    """A value, and what the ledger has for the same field of the ticket."""

    name = fields.String(required=True)
    value = Anything(required=True, allow_none=True)
    last = Anything(required=True, allow_none=True)
    newer = fields.Boolean(required=True)


class ChoiceSchema(Schema):
    """An act, and why it cannot be done now."""

    name = fields.String(required=True)
    refusal = fields.String(required=True)
    usual = fields.Boolean(required=True)


class ShownDeliverySchema(DeliverySchema):
    """One delivery with its request, its attempts and what comes next."""

    outlook = fields.String(required=True)
    request = fields.Nested(RequestSchema, required=True, allow_none=True)
    attempts_made = fields.List(fields.Nested(AttemptSchema), required=True)
    fields_ = fields.List(
        fields.Nested(FieldSchema), required=True, data_key="fields", attribute="fields"
    )
    ahead = Anything(
        required=True,
        allow_none=True,
        metadata={"description": "The delivery of its lane that goes first."},
    )
    key_used_by = fields.Integer(required=True, allow_none=True)
    choices = fields.List(fields.Nested(ChoiceSchema), required=True)
    seen = fields.String(
        required=True,
        metadata={"description": "Give it back with an act: see `seen` there."},
    )


@blueprint.operation(
    "GET",
    "/deliveries",
    scope="read",
    query=FoundSchema,
    gives=found_page(DeliverySchema),
    example={"data": [DELIVERY], "next": None, "complete": True, "note": ""},
    parameters={"filter": "state:dead"},
)
def list_deliveries(query: dict[str, Any]) -> dict[str, Any]:
    """List the deliveries that a filter finds, newest first."""
    return found("deliveries", query, _veiled)


@blueprint.operation(
    "GET",
    "/deliveries/count",
    scope="read",
    query=FilteredSchema,
    gives=CountSchema,
    example=COUNT_EXAMPLE,
    parameters={"filter": "state:dead"},
)
def count_deliveries(query: dict[str, Any]) -> Any:
    """Count the deliveries that a filter finds, up to 10,000."""
    return counted("deliveries", query)


@blueprint.operation(
    "GET",
    "/deliveries/<int:id>",
    scope="read",
    gives=ShownDeliverySchema,
    parameters=_ONE,
    example=SHOWN,
)
def show_delivery(id: int) -> dict[str, Any]:
    """Show one delivery: its request, every attempt with its answer, and what comes next."""
    found = _inspected(id)
    return {
        **found.delivery,
        "outlook": found.outlook,
        "request": found.request,
        "attempts_made": found.attempts,
        "fields": found.fields,
        "ahead": found.ahead,
        "key_used_by": found.key_used_by,
        "choices": found.choices,
        "seen": found.seen,
    }


@blueprint.operation(
    "GET",
    "/deliveries/<int:id>/curl",
    scope="read",
    gives="text/plain",
    parameters=_ONE,
    example="curl -X PATCH 'https://api.example.com/tickets/4711' \\\n  -H 'x-api-key: <secret>'\n",
)
def show_curl(id: int) -> Response:
    """Show the request as a curl command, with <secret> in place of credentials."""
    with parts().database.read() as tx:
        row = views.delivery(tx, id)
    if row is None:
        raise not_found(f"delivery {id}")
    request = sent.request_of(parts().database, row)
    if request is None:
        said = f"delivery {id} has no request, or it was deleted"
        raise Problem(409, said, code="no_request", remedy="replay its event instead")
    text = "\n".join((*sent.curl_of(request), ""))
    return Response(veiled_text(text), content_type="text/plain")


def _inspected(id: int) -> Inspected:
    found = inspect(parts().database, id, now=datetime.now(UTC))
    if found is None:
        raise not_found(f"delivery {id}")
    return found


def _veiled(row: Any) -> dict[str, Any]:
    return {**row, "reason": row["reason"] and veiled_text(row["reason"])}
