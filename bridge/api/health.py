"""Whether the bridge is well, and which rules are in force."""

from typing import Any

from marshmallow import Schema, fields

from bridge.api.fields import page_of
from bridge.api.resource import Resource, parts
from bridge.mapping.findings import concise
from bridge.services import doctor, health

blueprint = Resource(
    "health", "Whether the bridge is well, and with which rules it runs."
)


class HealthSchema(Schema):
    """What /readyz says."""

    status = fields.String(
        required=True, metadata={"description": "ok, degraded or unavailable"}
    )
    ruleset = fields.String(required=True)
    errors = fields.List(fields.String(), required=True)
    unrouted = fields.Integer()
    parked = fields.List(fields.String())
    reason = fields.String()


class CheckSchema(Schema):
    """The result of one check."""

    what = fields.String(required=True)
    ok = fields.Boolean(required=True)
    message = fields.String(required=True)


class RulesetSchema(Schema):
    """The rules in force."""

    hash = fields.String(required=True)
    degraded = fields.Boolean(
        required=True,
        metadata={"description": "The folder has errors; the last good rules run."},
    )
    errors = fields.List(fields.String(), required=True)
    sources = fields.List(fields.String(), required=True)
    rules = fields.List(fields.String(), required=True)


@blueprint.operation(
    "GET",
    "/health",
    scope="read",
    gives=HealthSchema,
    example={
        "status": "ok",
        "ruleset": "5f0c…",
        "errors": [],
        "unrouted": 0,
        "parked": [],
    },
)
def show_health() -> dict[str, Any]:
    """Show whether requests are accepted, and with which rules."""
    made = parts()
    return health.ready(made.database, made.rules.active, made.settings.min_free)[1]


@blueprint.operation(
    "GET",
    "/doctor",
    scope="admin",
    gives=page_of(CheckSchema),
    example={
        "data": [
            {"what": "settings", "ok": True, "message": "all settings are readable"}
        ],
        "next": None,
    },
)
def list_checks() -> dict[str, Any]:
    """Check everything that a bridge needs, as `bridge doctor` does."""
    return {"data": [*doctor.examine(parts().settings)], "next": None}


@blueprint.operation(
    "GET",
    "/rulesets/current",
    scope="read",
    gives=RulesetSchema,
    example={
        "hash": "5f0c…",
        "degraded": False,
        "errors": [],
        "sources": ["stripe"],
        "rules": ["paid-sets-amount"],
    },
)
def show_ruleset() -> dict[str, Any]:
    """Show the rules in force."""
    active = parts().rules.active
    return {
        "hash": active.ruleset.hash,
        "degraded": active.degraded,
        "errors": [concise(error) for error in active.errors],
        "sources": [*active.ruleset.sources],
        "rules": [rule.id for rule in active.ruleset.rules],
    }
