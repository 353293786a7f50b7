"""Erasing a person's content."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields, validate

from bridge.api.access import who
from bridge.api.fields import LARGEST, Flag, Text, Whole
from bridge.api.problems import Problem
from bridge.api.resource import Resource, parts
from bridge.services import erasing
from bridge.services.erasing import Plan
from bridge.store import Database

blueprint = Resource("erasing", "Erasing a person's content, wherever it is kept here.")


class ErasureSchema(Schema):
    """What to erase: events by their numbers, by a filter, or a ticket. `dry_run` only says what would go."""

    events = fields.List(
        Whole(least=1, most=LARGEST),
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=1_000),
    )
    filter = Text(load_default=None, allow_none=True, least=1, most=2_000)
    ticket = Text(load_default=None, allow_none=True, least=1)
    dry_run = Flag(load_default=True)
    reason = Text(load_default="")


class ErasureBlockedSchema(Schema):
    """What keeps a request from being erased."""

    event = fields.Integer(required=True)
    delivery = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True)
    message = fields.String(required=True)


class ErasedSchema(Schema):
    """What would go, or is gone; what is left, and what is not reached."""

    done = fields.Boolean(required=True)
    events = fields.List(fields.Integer(), required=True)
    besides = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "Not asked for, but of the same requests."},
    )
    ticket = fields.String(required=True, allow_none=True)
    ledger = fields.Integer(required=True)
    blocked = fields.List(fields.Nested(ErasureBlockedSchema), required=True)
    left = fields.List(fields.String(), required=True)


@blueprint.operation(
    "POST",
    "/erasures",
    scope="admin",
    body=ErasureSchema,
    given={"events": [1, 3], "dry_run": True, "reason": "asked by the customer"},
    gives=ErasedSchema,
    example={
        "done": False,
        "events": [3],
        "besides": [],
        "ticket": None,
        "ledger": 0,
        "blocked": [
            {
                "event": 1,
                "delivery": 1,
                "state": "dead",
                "message": "delivery 1 of event 1 is dead: `bridge cancel 1` first",
            }
        ],
        "left": [*erasing.LEFT],
    },
)
def erase_content(body: dict[str, Any]) -> Mapping[str, Any]:
    """Erase content for good, or say what would go. What may still be sent is left and named."""
    database, now = parts().database, datetime.now(UTC)
    plan = _planned(database, body, now)
    if not body["dry_run"]:
        plan = erasing.erase(database, plan, who().by(body["reason"]), now)
    return plan.as_mapping()


def _planned(database: Database, body: dict[str, Any], now: datetime) -> Plan:
    if sum(body[name] is not None for name in ("events", "filter", "ticket")) != 1:
        said = "give `events`, `filter` or `ticket`, one of them"
        raise Problem(400, said, remedy=said)
    if body["ticket"] is not None:
        return erasing.plan_ticket(database, body["ticket"])
    if body["events"] is not None:
        return erasing.plan_ids(database, body["events"])
    return erasing.plan_filter(database, erasing.read(body["filter"], now))
