"""What stops deliveries: pauses, and connections that are parked or failing."""

from typing import Any

from marshmallow import Schema, fields

from bridge.api.access import who
from bridge.api.fields import Flag, Moment, Text, page_of
from bridge.api.problems import Problem, not_found
from bridge.api.resource import Resource, parts
from bridge.services import pausing, steer
from bridge.store.pauses import COLUMNS, Scope

blueprint = Resource("pauses", "What stops deliveries. Events are still received.")


class StoppedSchema(Schema):
    """One pause, or one parked or failing connection."""

    what = fields.String(required=True)
    kind = fields.String(
        required=True, metadata={"description": "paused, parked or failing"}
    )
    since = Moment(required=True)
    by = fields.String(required=True)
    reason = fields.String(required=True)
    resume = fields.String(
        required=True, metadata={"description": "The command that resumes it."}
    )


class ScopeSchema(Schema):
    """Which deliveries: those that agree with all that is given."""

    source = Text(load_default=None, allow_none=True, least=1, most=100)
    rule = Text(load_default=None, allow_none=True, least=1)
    connection = Text(load_default=None, allow_none=True, least=1, most=200)
    ticket = Text(load_default=None, allow_none=True, least=1)
    all = Flag(load_default=False, metadata={"description": "All deliveries."})
    reason = Text(load_default="")


class ReasonSchema(Schema):
    """Why."""

    reason = Text(load_default="")


class ToldSchema(Schema):
    """What is so now."""

    message = fields.String(required=True)


@blueprint.operation(
    "GET",
    "/pauses",
    scope="read",
    gives=page_of(StoppedSchema),
    example={
        "data": [
            {
                "what": "rule failed-adds-comment",
                "kind": "paused",
                "since": "2026-11-30T08:00:00.000+00:00",
                "by": "ana",
                "reason": "the vendor is down",
                "resume": "bridge resume --rule failed-adds-comment",
            }
        ],
        "next": None,
    },
)
def list_pauses() -> dict[str, Any]:
    """List what is paused, parked or failing."""
    return {"data": pausing.listed(parts().database), "next": None}


@blueprint.operation(
    "POST",
    "/pauses",
    scope="operate",
    body=ScopeSchema,
    given={"rule": "paid-sets-amount", "reason": "the vendor is down"},
    gives=ToldSchema,
    example={"message": "rule paid-sets-amount paused"},
    sends=True,
)
def make_pause(body: dict[str, Any]) -> dict[str, str]:
    """Pause the deliveries that match all that is given, on all hosts."""
    scope, rules = _scope(body), parts().rules.current()
    pausing.check(parts().database, scope, rules)
    new = pausing.pause(parts().database, scope, who().by(body["reason"]), rules)
    return {"message": f"{scope} {'paused' if new else 'was already paused'}"}


@blueprint.operation(
    "POST",
    "/pauses/end",
    scope="operate",
    body=ScopeSchema,
    given={"rule": "failed-adds-comment", "reason": "the vendor is back"},
    gives=ToldSchema,
    example={"message": "rule failed-adds-comment resumed"},
    sends=True,
)
def end_pause(body: dict[str, Any]) -> dict[str, str]:
    """Resume what was paused with the same scope."""
    scope = _scope(body)
    if not pausing.resume(parts().database, scope, who().by(body["reason"])):
        raise not_found(f"pause of exactly this: {scope}")
    return {"message": f"{scope} resumed"}


@blueprint.operation(
    "POST",
    "/connections/<path:name>/resume",
    scope="operate",
    body=ReasonSchema,
    given={"reason": "the key was renewed"},
    gives=ToldSchema,
    parameters={"name": "kapture-699292"},
    example={"message": "connection kapture-699292 resumed"},
    sends=True,
)
def resume_connection(name: str, body: dict[str, Any]) -> dict[str, str]:
    """Resume a parked or failing connection; a failing one is tried at once."""
    if not steer.resume(parts().database, name, who().by(body["reason"])):
        raise not_found(f"parked or failing connection '{name}'")
    return {"message": f"connection {name} resumed"}


def _scope(body: dict[str, Any]) -> Scope:
    scope = Scope(**{name: body[name] for name in COLUMNS})
    if bool(scope.as_mapping()) == body["all"]:
        said = "give a source, rule, connection or ticket, or `all` alone"
        raise Problem(400, said, remedy=said)
    return scope
