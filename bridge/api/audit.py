"""What people did."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields

from bridge.api.fields import Anything, Moment, Paged, page_of
from bridge.api.resource import Resource, parts
from bridge.services import records

blueprint = Resource("audit", "What people did: who, when, to what, and why.")


class ActSchema(Schema):
    """One act of a person."""

    id = fields.Integer(required=True)
    at = Moment(required=True)
    person = fields.String(required=True)
    action = fields.String(required=True)
    subject = Anything(required=True)
    reason = fields.String(required=True)


@blueprint.operation(
    "GET",
    "/audit",
    scope="read",
    query=Paged,
    gives=page_of(ActSchema),
    example={
        "data": [
            {
                "id": 1,
                "at": "2026-11-30T08:00:00.000+00:00",
                "person": "ana",
                "action": "pause",
                "subject": {"rule": "paid-sets-amount"},
                "reason": "the vendor is down",
            }
        ],
        "next": None,
    },
)
def list_audit(query: dict[str, Any]) -> dict[str, Any]:
    """List what people did, newest first."""
    page = records.acts(
        parts().database,
        cursor=query["cursor"],
        limit=query["limit"],
        now=datetime.now(UTC),
    )
    return {"data": page.rows, "next": page.next or None}
