"""What a person may do to one delivery or one event. Many at once are bulk acts."""

from typing import Any

from marshmallow import Schema, fields, validate

from bridge.api.access import who
from bridge.api.fields import Flag, Text
from bridge.api.problems import Problem, not_found
from bridge.api.resource import Resource, parts
from bridge.services import acting
from bridge.services.acts import Done
from bridge.services.rerouting import Rerouter, told, unchanged
from bridge.store import views
from bridge.worker.asking import Asker

blueprint = Resource("acts", "What a person may do to one delivery or one event.")

_ONE = {"id": 1}


class ActSchema(Schema):
    """Why, and what you saw."""

    reason = Text(load_default="")
    seen = Text(
        load_default="",
        metadata={"description": "Refuses the act if the delivery changed since."},
    )


class ReplaySchema(ActSchema):
    """How to send it again."""

    rules = fields.String(
        load_default="original", validate=validate.OneOf(("original", "current"))
    )
    force = Flag(
        load_default=False,
        metadata={"description": "Also if a newer update was delivered."},
    )


class RerouteSchema(Schema):
    """How to route an event again."""

    rule = Text(load_default="", metadata={"description": "Only by this rule."})
    force = Flag(
        load_default=False,
        metadata={"description": "Also send updates that are out of date."},
    )
    dry_run = Flag(
        load_default=False, metadata={"description": "Only tell what would be sent."}
    )
    reason = Text(load_default="")


class DoneSchema(Schema):
    """What was done."""

    id = fields.Integer(required=True)
    message = fields.String(required=True)


@blueprint.operation(
    "POST",
    "/deliveries/<int:id>/retry",
    scope="operate",
    body=ActSchema,
    given={"reason": "the vendor is back"},
    gives=DoneSchema,
    parameters=_ONE,
    example={"id": 1, "message": "retried by ana: the vendor is back"},
    sends=True,
)
def retry_delivery(id: int, body: dict[str, Any]) -> Done:
    """Send a dead letter again, or a waiting delivery now; its lane keeps its order."""
    return _act(id, "retry", body)


@blueprint.operation(
    "POST",
    "/deliveries/<int:id>/release",
    scope="operate",
    body=ActSchema,
    given={"reason": "checked with finance"},
    gives=DoneSchema,
    parameters={"id": 2},
    example={"id": 2, "message": "released by ana: checked with finance"},
    sends=True,
)
def release_delivery(id: int, body: dict[str, Any]) -> Done:
    """Release a held delivery."""
    return _act(id, "release", body)


@blueprint.operation(
    "POST",
    "/deliveries/<int:id>/cancel",
    scope="operate",
    body=ActSchema,
    given={"reason": "no longer wanted"},
    gives=DoneSchema,
    parameters=_ONE,
    example={"id": 1, "message": "cancelled by ana: no longer wanted"},
    sends=True,
)
def cancel_delivery(id: int, body: dict[str, Any]) -> Done:
    """Cancel a waiting, held or dead delivery; its lane continues."""
    return _act(id, "cancel", body)


@blueprint.operation(
    "POST",
    "/deliveries/<int:id>/replay",
    scope="operate",
    body=ReplaySchema,
    given={"rules": "original", "force": True, "reason": "the ticket was restored"},
    gives=DoneSchema,
    parameters={"id": 3},
    example={"id": 3, "message": "replayed as delivery 9 by ana"},
    sends=True,
)
def replay_delivery(id: int, body: dict[str, Any]) -> Done:
    """Send a finished delivery again: the same request, or its event routed with the current rules."""
    return _act(
        id, "replay", body, current=body["rules"] == "current", force=body["force"]
    )


def _act(id: int, name: str, body: dict[str, Any], **how: bool) -> Done:
    made = parts()
    with made.database.read() as tx:
        if views.delivery(tx, id) is None:
            raise not_found(f"delivery {id}")
    act = acting.act(
        made.database,
        id,
        name,
        rules=made.rules.current(),
        settings=made.settings,
        by=who().by(body["reason"]),
        seen=body["seen"],
        **how,
    )
    return _done(act)


@blueprint.operation(
    "POST",
    "/events/<int:id>/reroute",
    scope="operate",
    body=RerouteSchema,
    given={"dry_run": True, "reason": "the rule was wrong"},
    gives=DoneSchema,
    parameters=_ONE,
    example={"id": 1, "message": "nothing new: paid-sets-amount matched"},
    sends=True,
)
def reroute_event(id: int, body: dict[str, Any]) -> Done:
    """Route one event again with the current rules; only new updates are sent."""
    made = parts()
    with made.database.read() as tx:
        if views.event(tx, id) is None:
            raise not_found(f"event {id}")
    router = Rerouter(
        made.database,
        made.rules.current(),
        Asker(made.settings.environment, made.settings.max_rendered),
        rule=body["rule"],
        force=body["force"],
        named=True,
    )
    plan = router.plan(id)
    if body["dry_run"]:
        adds = plan.said or plan.looks_up
        message = f"would be rerouted: {told(plan)}" if adds else ""
        return _done(Done(id=id, ok=True, message=message) if adds else unchanged(plan))
    return _done(router.send(plan, who().by(body["reason"])))


def _done(act: Done) -> Done:
    """The answer to an act. Raises Problem if it was refused."""
    if not act.ok:
        raise Problem(409, act.message, code="not_done", remedy=act.message)
    return act
