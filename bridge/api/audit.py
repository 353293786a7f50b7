"""What people did."""

from typing import Any

from marshmallow import Schema, fields

from bridge.api.fields import Anything, Moment, Paged, page_of
from bridge.api.resource import Resource, parts
from bridge.store import audit

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
    example={"data": [], "next": None},
)
def list_audit(query: dict[str, Any]) -> dict[str, Any]:
    """List what people did, newest first."""
    with parts().database.read() as tx:
        rows = audit.newest(tx, limit=query["limit"])
    return {"data": rows, "next": None}
