"""The story of a ticket."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields

from bridge.api.fields import MOST, PAGE, Anything, Digits, Moment
from bridge.api.resource import Resource, parts
from bridge.services import story

blueprint = Resource(
    "tickets", "What was written into a ticket, and what is still to come."
)


class TicketQuerySchema(Schema):
    """How many updates."""

    limit = Digits(
        least=1,
        most=MOST,
        load_default=PAGE,
        metadata={"description": "Updates, the newest first."},
    )


class UpdateSchema(Schema):
    """One update that a vendor accepted, as the ledger keeps it after payloads are gone."""

    id = fields.Integer(required=True)
    at = Moment(required=True)
    delivery = fields.Integer(required=True)
    event = fields.Integer(required=True)
    source = fields.String(required=True)
    event_id = fields.String(required=True)
    rule = fields.String(required=True)
    ruleset = fields.String(required=True)
    connection = fields.String(required=True)
    operation = fields.String(required=True)
    values = Anything(
        required=True, allow_none=True, attribute="fields", data_key="fields"
    )
    status = fields.Integer(required=True, allow_none=True)
    person = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class OpenSchema(Schema):
    """A delivery that is not over, with what comes next."""

    id = fields.Integer(required=True)
    event = fields.Integer(required=True)
    rule = fields.String(required=True)
    connection = fields.String(required=True)
    state = fields.String(required=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)
    attempts = fields.Integer(required=True)
    due_at = Moment(required=True)
    outlook = fields.String(required=True)


class TicketPauseSchema(Schema):
    """A pause that holds the ticket's deliveries back."""

    since = Moment(required=True)
    person = fields.String(required=True)
    reason = fields.String(required=True)


class TicketSchema(Schema):
    """A ticket: what was sent to it, what waits, what is paused."""

    ticket = fields.String(required=True)
    summary = fields.String(required=True)
    sent = fields.List(fields.Nested(UpdateSchema), required=True)
    open = fields.List(fields.Nested(OpenSchema), required=True)
    pauses = fields.List(fields.Nested(TicketPauseSchema), required=True)


@blueprint.operation(
    "GET",
    "/tickets/<path:ticket>",
    scope="read",
    query=TicketQuerySchema,
    gives=TicketSchema,
    example={
        "ticket": "4711",
        "summary": "0 updates accepted",
        "sent": [],
        "open": [],
        "pauses": [],
    },
    parameters={"ticket": "4711"},
)
def show_ticket(ticket: str, query: dict[str, Any]) -> Any:
    """Show what was written into a ticket, by which rule, event and person, and what is still to come.

    A ticket that nothing is known of has empty lists: every ticket has an address.
    """
    return story.of_ticket(parts().database, ticket, datetime.now(UTC), query["limit"])
