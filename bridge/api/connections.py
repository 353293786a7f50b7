"""Connections: the ticket systems that are called."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields

from bridge.api.fields import Moment
from bridge.api.problems import not_found
from bridge.api.resource import Resource, parts
from bridge.errors import UnknownName
from bridge.greenlets import off_the_loop
from bridge.services import connections

blueprint = Resource("connections", "The ticket systems that are called.")


class ConnectionSchema(Schema):
    """A connection. It is parked, failing, waiting (until `next_at`), paused or open; secrets are named only."""

    name = fields.String(required=True)
    vendor = fields.String(required=True)
    tenant = fields.String(required=True)
    state = fields.String(required=True)
    reason = fields.String(required=True)
    since = Moment(required=True, allow_none=True)
    next_at = Moment(required=True, allow_none=True)
    failures = fields.Integer(required=True)
    rate = fields.String(required=True)
    concurrency = fields.String(required=True)
    secrets = fields.List(fields.String(), required=True)
    waiting = fields.Integer(required=True)
    oldest = Moment(required=True, allow_none=True)
    held = fields.Integer(required=True)
    dead = fields.Integer(required=True)


class ConnectionsSchema(Schema):
    """Every connection, by name."""

    data = fields.List(fields.Nested(ConnectionSchema), required=True)


class ReachedSchema(Schema):
    """Whether it can be called, and what was found."""

    ok = fields.Boolean(required=True)
    message = fields.String(required=True)


EXAMPLE = {
    "name": "vambe-59c0cf",
    "vendor": "Vambe",
    "tenant": "vambe-0f1e2d3c",
    "state": "open",
    "reason": "",
    "since": None,
    "next_at": None,
    "failures": 0,
    "rate": "",
    "concurrency": "",
    "secrets": ["{env: VAMBE_API_KEY}"],
    "waiting": 0,
    "oldest": None,
    "held": 0,
    "dead": 0,
}


@blueprint.operation(
    "GET",
    "/connections",
    scope="read",
    gives=ConnectionsSchema,
    example={"data": [EXAMPLE]},
)
def list_connections() -> dict[str, Any]:
    """List connections with what waits for them, by name."""
    kept = parts()
    found = connections.listed(kept.database, kept.rules.current(), datetime.now(UTC))
    return {"data": [connections.as_row(one) for one in found]}


@blueprint.operation(
    "GET",
    "/connections/<name>",
    scope="read",
    gives=ConnectionSchema,
    example=EXAMPLE,
    parameters={"name": "vambe-59c0cf"},
)
def show_connection(name: str) -> dict[str, Any]:
    """Show a connection."""
    kept, now = parts(), datetime.now(UTC)
    try:
        found = connections.named(kept.database, kept.rules.current(), name, now)
    except UnknownName:
        raise not_found(f"connection {name}") from None
    return connections.as_row(found)


@blueprint.operation(
    "POST",
    "/connections/<name>/check",
    scope="operate",
    gives=ReachedSchema,
    example={"ok": True, "message": "vambe-59c0cf can be called"},
    parameters={"name": "vambe-59c0cf"},
)
def check_connection(name: str) -> dict[str, Any]:
    """Try name, network policy, TCP and TLS of a connection. Sends nothing."""
    kept = parts()
    try:
        well, said = off_the_loop(
            lambda: connections.check(kept.rules.current(), kept.settings, name)
        )
    except UnknownName:
        raise not_found(f"connection {name}") from None
    return {"ok": well, "message": said}
