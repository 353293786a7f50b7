"""Sources: where senders post, and when they were heard of."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields

from bridge.api.fields import Anything, Moment
from bridge.api.problems import not_found
from bridge.api.resource import Resource, parts
from bridge.errors import UnknownName
from bridge.services import sources

blueprint = Resource("sources", "Where senders post, and when they were heard of.")


class SourceSchema(Schema):
    """A source. Secrets are named, never shown; `usual` is the mean time between events, in seconds."""

    name = fields.String(required=True)
    provider = fields.String(required=True)
    url = fields.String(required=True)
    place = fields.String(required=True)
    secrets = fields.List(fields.String(), required=True)
    missing = fields.List(fields.String(), required=True)
    last = Moment(required=True, allow_none=True)
    usual = fields.Integer(required=True, allow_none=True)
    silent = fields.Boolean(required=True)
    refused = Anything(required=True)


class SourcesSchema(Schema):
    """Every configured source, by name."""

    data = fields.List(fields.Nested(SourceSchema), required=True)


EXAMPLE = {
    "name": "stripe",
    "provider": "Stripe",
    "url": "https://bridge.example/hooks/stripe",
    "place": "stripe.yaml:2:1",
    "secrets": ["{env: STRIPE_WEBHOOK_SECRET}"],
    "missing": [],
    "last": "2026-11-30T10:00:00.000+00:00",
    "usual": 40,
    "silent": False,
    "refused": [],
}


@blueprint.operation(
    "GET", "/sources", scope="read", gives=SourcesSchema, example={"data": [EXAMPLE]}
)
def list_sources() -> dict[str, Any]:
    """List the configured sources, by name."""
    kept, now = parts(), datetime.now(UTC)
    rules = kept.rules.current()
    found = sources.listed(kept.database, rules, kept.settings, now)
    return {"data": [sources.as_row(one) for one in found]}


@blueprint.operation(
    "GET",
    "/sources/<name>",
    scope="read",
    gives=SourceSchema,
    example=EXAMPLE,
    parameters={"name": "stripe"},
)
def show_source(name: str) -> dict[str, Any]:
    """Show a source."""
    kept, now = parts(), datetime.now(UTC)
    rules = kept.rules.current()
    try:
        found = sources.named(kept.database, rules, kept.settings, name, now)
    except UnknownName:
        raise not_found(f"source {name}") from None
    return sources.as_row(found)
