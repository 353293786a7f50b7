"""Acts on many deliveries or events: plan, start, progress, pause, resume, cancel."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields, validate

from bridge.api.access import who
from bridge.api.fields import (
    LARGEST,
    Anything,
    Digits,
    Flag,
    Moment,
    Paged,
    Text,
    Whole,
    page_of,
)
from bridge.api.problems import Problem
from bridge.api.resource import Resource, parts
from bridge.services import bulk
from bridge.services.bulk import Asked, Bulk
from bridge.services.bulk_looks import Looker
from bridge.store import Database
from bridge.store.audit import By

blueprint = Resource(
    "bulk", "Acts on many deliveries or events, planned before they are done."
)


class BulkSchema(Schema):
    """A bulk act as it stands now."""

    id = fields.Integer(required=True)
    act = fields.String(required=True)
    words = fields.String(required=True)
    options = Anything(required=True)
    person = fields.String(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True)
    planned_at = Moment(required=True)
    started_at = Moment(required=True, allow_none=True)
    ended_at = Moment(required=True, allow_none=True)
    per_minute = fields.Integer(required=True)
    total = fields.Integer(required=True)
    to_do = fields.Integer(required=True)
    counts = Anything(required=True)


class BulkPlanSchema(BulkSchema):
    """A bulk act with what it would do: tickets, fields that a repeated call adds to, and what is left out."""

    tickets = fields.Integer(required=True)
    adds = Anything(required=True)
    left = Anything(required=True)


class BulkItemSchema(Schema):
    """One delivery or event of a bulk act."""

    id = fields.Integer(required=True)
    target = fields.Integer(required=True)
    ticket = fields.String(required=True)
    state = fields.String(required=True)
    message = fields.String(required=True)
    why = fields.String(required=True)


class NewBulkSchema(Schema):
    """What to plan. `words`: numbers, `cause:ID`, or a filter of deliveries (`reroute`: of events)."""

    act = fields.String(required=True, validate=validate.OneOf(bulk.ACTS))
    words = Text(required=True, least=1)
    current = Flag(load_default=False)
    rule = Text(load_default="")
    newest = Flag(load_default=None, allow_none=True)
    force = Flag(load_default=False)


class BulkStartSchema(Schema):
    """How to do it: at most so many items per minute."""

    reason = Text(load_default="")
    per_minute = Whole(least=1, most=60_000, load_default=round(bulk.RATE * 60))


class BulkReasonSchema(Schema):
    """Why."""

    reason = Text(load_default="")


class BulkItemsSchema(Schema):
    """Which items."""

    state = fields.String(
        load_default="",
        validate=validate.OneOf(("", "new", "eligible", "left", "done", "failed")),
    )
    cursor = Digits(load_default=0, most=LARGEST)
    limit = Digits(least=1, most=200, load_default=50)


EXAMPLE: dict[str, object] = {
    "id": 1,
    "act": "retry",
    "words": "state:dead code:http_404",
    "options": {"current": False, "rule": "", "newest": False, "force": False},
    "person": "ana",
    "reason": "",
    "state": "planned",
    "planned_at": "2026-11-30T10:00:00.000+00:00",
    "started_at": None,
    "ended_at": None,
    "per_minute": 600,
    "total": 1,
    "to_do": 1,
    "counts": {"eligible": 1},
}
_PLAN = {**EXAMPLE, "tickets": 1, "adds": {}, "left": []}
_ITEM = {
    "id": 1,
    "target": 7,
    "ticket": "4711",
    "state": "eligible",
    "message": "is dead: the vendor answered 404",
    "why": "",
}


@blueprint.operation(
    "GET",
    "/bulk",
    scope="read",
    query=Paged,
    gives=page_of(BulkSchema),
    example={"data": [EXAMPLE], "next": None},
)
def list_bulk(query: dict[str, Any]) -> dict[str, Any]:
    """List bulk acts, newest first."""
    limit, cursor = query["limit"], query["cursor"]
    if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 17):
        raise Problem(400, "this cursor is not of this list", code="bad_cursor")
    before = int(cursor) if cursor else None
    found = bulk.listed(parts().database, before=before, limit=limit)
    last = str(found[-1].id) if len(found) == limit else None
    return {"data": [bulk.as_row(one) for one in found], "next": last}


@blueprint.operation(
    "POST",
    "/bulk",
    scope="operate",
    body=NewBulkSchema,
    given={"act": "retry", "words": "state:dead"},
    gives=BulkPlanSchema,
    example=_PLAN,
    status=201,
)
def plan_bulk(body: dict[str, Any]) -> dict[str, Any]:
    """Plan an act on all that the words find. Nothing is done yet."""
    kept = parts()
    looker = Looker(
        rules=kept.rules.current(),
        environment=kept.settings.environment,
        max_rendered=kept.settings.max_rendered,
    )
    by = who().by("")
    id = bulk.plan(kept.database, Asked(**body), looker, by, datetime.now(UTC))
    return _plan(kept.database, bulk.shown(kept.database, id))


@blueprint.operation(
    "GET",
    "/bulk/<int:id>",
    scope="read",
    gives=BulkPlanSchema,
    example=_PLAN,
    parameters={"id": 1},
)
def show_bulk(id: int) -> dict[str, Any]:
    """Show a plan, or how far it is."""
    database = parts().database
    return _plan(database, bulk.shown(database, id))


@blueprint.operation(
    "GET",
    "/bulk/<int:id>/items",
    scope="read",
    query=BulkItemsSchema,
    gives=page_of(BulkItemSchema),
    example={"data": [_ITEM], "next": None},
    parameters={"id": 1},
)
def list_bulk_items(id: int, query: dict[str, Any]) -> dict[str, Any]:
    """List the items of a bulk act, in the order in which they are done."""
    states = (query["state"],) if query["state"] else ()
    rows = bulk.items(
        parts().database, id, states, after=query["cursor"], limit=query["limit"]
    )
    last = str(rows[-1]["id"]) if len(rows) == query["limit"] else None
    return {"data": rows, "next": last}


@blueprint.operation(
    "POST",
    "/bulk/<int:id>/start",
    scope="operate",
    body=BulkStartSchema,
    given={"reason": "the tickets are back", "per_minute": 600},
    gives=BulkSchema,
    example={
        **EXAMPLE,
        "state": "running",
        "started_at": "2026-11-30T10:01:00.000+00:00",
    },
    parameters={"id": 1},
    sends=True,
)
def start_bulk(id: int, body: dict[str, Any]) -> dict[str, object]:
    """Let the workers do a plan."""
    by, now = who().by(body["reason"]), datetime.now(UTC)
    rate = body["per_minute"] / 60
    return bulk.as_row(bulk.start(parts().database, id, by, now, rate))


def _changed(
    do: Callable[[Database, int, By, datetime], Bulk], id: int, body: dict[str, Any]
) -> dict[str, object]:
    by = who().by(body["reason"])
    return bulk.as_row(do(parts().database, id, by, datetime.now(UTC)))


@blueprint.operation(
    "POST",
    "/bulk/<int:id>/pause",
    scope="operate",
    body=BulkReasonSchema,
    given={"reason": "the vendor is slow"},
    gives=BulkSchema,
    example={**EXAMPLE, "state": "paused"},
    parameters={"id": 1},
    sends=True,
)
def pause_bulk(id: int, body: dict[str, Any]) -> dict[str, object]:
    """Stop after the item that is being done."""
    return _changed(bulk.pause, id, body)


@blueprint.operation(
    "POST",
    "/bulk/<int:id>/resume",
    scope="operate",
    body=BulkReasonSchema,
    given={"reason": "the vendor is well"},
    gives=BulkSchema,
    example={**EXAMPLE, "state": "running"},
    parameters={"id": 1},
    sends=True,
)
def resume_bulk(id: int, body: dict[str, Any]) -> dict[str, object]:
    """Continue a paused bulk act."""
    return _changed(bulk.resume, id, body)


@blueprint.operation(
    "POST",
    "/bulk/<int:id>/cancel",
    scope="operate",
    body=BulkReasonSchema,
    given={"reason": "no longer needed"},
    gives=BulkSchema,
    example={**EXAMPLE, "state": "cancelled"},
    parameters={"id": 1},
    sends=True,
)
def cancel_bulk(id: int, body: dict[str, Any]) -> dict[str, object]:
    """End a bulk act for good; what is done stays done."""
    return _changed(bulk.cancel, id, body)


def _plan(database: Database, found: Bulk) -> dict[str, Any]:
    preview = bulk.preview(database, found.id)
    more = {"tickets": preview.tickets, "adds": preview.adds, "left": preview.left}
    return {**bulk.as_row(found), **more}
