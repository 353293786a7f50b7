"""What a replay of one delivery would do, before it does it. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.model import Decision, Delivery
from bridge.services.requests import request_lines


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A value that the current rules change; None on the side that has none."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The replay of one delivery. With a `problem` it is not sent."""

    id: int
    problem: str = ""
    delivery: Mapping[str, Any]
    # By the current rules; None: the same request.
    decision: Decision | None = None
    rendered: Delivery | None = None
    changes: tuple[Change, ...] = ()


def told(plan: Plan) -> str:
    """A plan in one line: the request, and what the current rules change in it; or why there is none."""
    if plan.problem:
        return plan.problem
    if plan.delivery["look_up"]:
        return "would make the look-up again"
    if plan.rendered is None:
        said = f"would send again: {next(request_lines(plan.delivery))}"
    else:
        call = plan.rendered.call
        said = f"would send: {call.method} {call.path}"
    changes = "".join(
        f"; {change.name}: {_value(change.before)} → {_value(change.after)}"
        for change in plan.changes
    )
    return f"{said}, ticket {plan.delivery['ticket']}{changes}"


def _value(value: object) -> str:
    return "–" if value is None else str(value)


def changes(row: Mapping[str, Any], rendered: Delivery) -> list[Change]:
    """The fields and targets that differ, in the order of the rule."""
    before: dict[str, object] = dict(row["fields"] or {})
    after: dict[str, object] = dict(rendered.fields)
    before |= {name: row[name] for name in ("operation", "connection", "ticket")}
    after |= {
        "operation": rendered.operation,
        "connection": rendered.connection.name,
        "ticket": rendered.ticket,
    }
    return [
        Change(name=name, before=before.get(name), after=after.get(name))
        for name in {**after, **before}
        if before.get(name) != after.get(name)
    ]
