"""The rules in force, and the rulesets of earlier days."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, fields

from bridge.api.fields import Moment, Text, page_of
from bridge.api.resource import Resource, parts
from bridge.services import rule_rows, rule_views, ruleset_versions

blueprint = Resource("rules", "The rules in force, and those of earlier days.")

_RULE = {
    "id": "paid-sets-amount",
    "description": "",
    "place": "rules.yaml:5",
    "source": "stripe",
    "events": ["invoice.paid"],
    "target": "vambe.update_amount",
    "connection": "vambe-59c0cf",
    "mode": "live",
    "tests": 1,
    "hits": 41,
    "errors": 0,
    "skipped": 2,
    "no_match": 7,
    "last_hit": "2026-11-30T08:00:00.000+00:00",
}
_VERSION = {
    "hash": "5f0c…",
    "active": True,
    "activated_at": "2026-11-30T08:00:00.000+00:00",
    "until": None,
    "events": 41,
    "first_event": 1,
    "last_event": 41,
}


class RuleRowSchema(Schema):
    """One rule in force. Counts are of the last seven days, at most of the newest 20,000 events."""

    id = fields.String(required=True)
    description = fields.String(required=True)
    place = fields.String(required=True)
    source = fields.String(required=True)
    events = fields.List(fields.String(), required=True)
    target = fields.String(required=True)
    connection = fields.String(required=True)
    mode = fields.String(required=True)
    tests = fields.Integer(required=True)
    hits = fields.Integer(required=True)
    errors = fields.Integer(required=True)
    skipped = fields.Integer(required=True)
    no_match = fields.Integer(required=True)
    last_hit = Moment(required=True, allow_none=True)


class RuleCaseSchema(Schema):
    """A test that expects something of a rule."""

    name = fields.String(required=True)
    place = fields.String(required=True)


class RuleTextSchema(RuleRowSchema):
    """One rule in force with its text."""

    cases = fields.List(fields.Nested(RuleCaseSchema), required=True)
    text = fields.String(required=True)
    first_line = fields.Integer(required=True)


class VersionSchema(Schema):
    """A ruleset that was active. Events are counted among the newest 20,000."""

    hash = fields.String(required=True)
    active = fields.Boolean(required=True)
    activated_at = Moment(required=True)
    until = Moment(required=True, allow_none=True)
    events = fields.Integer(required=True)
    first_event = fields.Integer(required=True, allow_none=True)
    last_event = fields.Integer(required=True, allow_none=True)


class FileDiffSchema(Schema):
    """One file that differs: added, removed or changed."""

    file = fields.String(required=True)
    kind = fields.String(required=True)
    lines = fields.List(fields.String(), required=True)


class VersionDiffSchema(Schema):
    """What differs between two rulesets."""

    before = fields.String(required=True)
    after = fields.String(required=True)
    files = fields.List(fields.Nested(FileDiffSchema), required=True)


class OtherSchema(Schema):
    """The other ruleset."""

    to = Text(
        load_default="",
        metadata={
            "description": "The beginning of its hash; without it, the active one.",
            "example": "",
        },
    )


@blueprint.operation(
    "GET",
    "/rules",
    scope="read",
    gives=page_of(RuleRowSchema),
    example={"data": [_RULE], "next": None},
)
def list_rules() -> dict[str, Any]:
    """List the rules in force with what they said lately."""
    made = parts()
    now = datetime.now(UTC)
    found = rule_views.listed(made.database, made.rules.current(), now=now)
    return {"data": [rule_rows.rule(one) for one in found.rules], "next": None}


@blueprint.operation(
    "GET",
    "/rules/<name>",
    scope="read",
    gives=RuleTextSchema,
    parameters={"name": "paid-sets-amount"},
    example={
        **_RULE,
        "cases": [],
        "text": "  - id: paid-sets-amount",
        "first_line": 5,
    },
)
def show_rule(name: str) -> dict[str, Any]:
    """Show one rule in force with its text and its tests."""
    made = parts()
    now = datetime.now(UTC)
    found = rule_views.detail(made.database, made.rules.current(), name, now=now)
    return rule_rows.detail(found)


@blueprint.operation(
    "GET",
    "/rulesets",
    scope="read",
    gives=page_of(VersionSchema),
    example={"data": [_VERSION], "next": None},
)
def list_rulesets() -> dict[str, Any]:
    """List the newest rulesets, the active one first."""
    found = ruleset_versions.versions(parts().database)
    return {"data": [rule_rows.version(one) for one in found], "next": None}


@blueprint.operation(
    "GET",
    "/rulesets/<hash>/diff",
    scope="read",
    query=OtherSchema,
    gives=VersionDiffSchema,
    parameters={"hash": "active"},
    example={"before": "5f0c…", "after": "5f0c…", "files": []},
)
def compare_rulesets(hash: str, query: dict[str, Any]) -> dict[str, Any]:
    """Show what differs between two rulesets: a hash, its beginning, or `active`."""
    return rule_rows.diff(ruleset_versions.diff(parts().database, hash, query["to"]))
