"""What vendors accepted."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields

from bridge.api.fields import Anything, Moment, Paged, Text, page_of
from bridge.api.resource import Resource, parts
from bridge.services import records

blueprint = Resource("ledger", "Every update that a vendor accepted.")


class UpdateSchema(Schema):
    """One accepted update."""

    id = fields.Integer(required=True)
    at = Moment(required=True)
    ticket = fields.String(required=True, allow_none=True)
    connection = fields.String(required=True)
    operation = fields.String(required=True)
    fields_ = Anything(
        required=True, allow_none=True, data_key="fields", attribute="fields"
    )
    status = fields.Integer(required=True, allow_none=True)
    rule = fields.String(required=True)
    ruleset = fields.String(required=True, allow_none=True)
    event = fields.Integer(required=True)
    source = fields.String(required=True)
    event_id = fields.String(required=True)
    delivery = fields.Integer(required=True)
    person = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class LedgerSchema(Paged):
    """The query of the ledger."""

    ticket = Text(load_default=None, metadata={"description": "Only of this ticket."})


@blueprint.operation(
    "GET",
    "/ledger",
    scope="read",
    query=LedgerSchema,
    gives=page_of(UpdateSchema),
    example={
        "data": [
            {
                "id": 1,
                "at": "2026-11-30T08:00:01.000+00:00",
                "ticket": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
                "connection": "vambe",
                "operation": "vambe.update_amount",
                "fields": {"amount": 19990, "currency": "CLP"},
                "status": 200,
                "rule": "paid-sets-amount",
                "ruleset": "5f0c…",
                "event": 1,
                "source": "stripe",
                "event_id": "evt_1",
                "delivery": 1,
                "person": "",
                "reason": "",
            }
        ],
        "next": None,
    },
)
def list_updates(query: dict[str, Any]) -> dict[str, Any]:
    """List accepted updates, newest first; they outlive payloads."""
    page = records.updates(
        parts().database,
        query["ticket"],
        cursor=query["cursor"],
        limit=query["limit"],
        now=datetime.now(UTC),
    )
    return {"data": page.rows, "next": page.next or None}
