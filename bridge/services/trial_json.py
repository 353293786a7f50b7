"""What the rules did with an event, for programs, in the shape that docs/terminal.md promises: keys are only added."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bridge.mapping import Rule, Step, Trial
from bridge.mapping.expressions import Missing, Omit, kind_of
from bridge.mapping.findings import to_dict
from bridge.model import Delivery, Event
from bridge.services.curl import headers_of, url_of
from bridge.strict import json

_CONDITIONS = frozenset({"when", "skip_if_missing", "hold_if"})


def event_object(
    event: Event,
    trials: Iterable[Trial],
    folder: Path,
    passed_over: str,
    look_up: Trial | None,
) -> dict[str, object]:
    """One event with what every rule did. `folder` precedes places; `passed_over` is why a worker would run no rule.

    `look_up` is the look-up that comes first, shown as a rule without a name.
    """
    return {
        "event": {
            "id": event.id,
            "source": event.source,
            "event_id": event.event_id,
            "type": event.type,
            "occurred_at": plain(event.occurred_at),
            "received_at": plain(event.received_at),
            "live": event.live,
            "passed_over": passed_over or None,
            "fetched": plain(event.fetched),
            "fetched_headers": plain(event.fetched_headers),
        },
        "look_up": rule_object(look_up, folder) if look_up else None,
        "rules": [rule_object(trial, folder) for trial in trials],
    }


def plain(value: object) -> object:
    """A value for JSON: a number that a double would change becomes text, a time RFC 3339, a missing value null."""
    match value:
        case bool() | str() | None:
            return value
        case int() | Decimal():
            digits = f"{value:f}" if isinstance(value, Decimal) else str(value)
            return value if json.exact_number(value) else digits
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case Missing() | Omit():
            return None
    raise TypeError(f"no value of an expression is a {type(value).__name__}")


def rule_object(trial: Trial, folder: Path) -> dict[str, object]:
    """What one rule did with an event."""
    decision = trial.decision
    groups: dict[str, list[object]] = {"conditions": [], "fields": [], "values": []}
    for step in trial.steps:
        groups[_group(step.formula.name)].append(_step(step, folder))
    finding, failed = decision.diagnostic, trial.failed
    return {
        "rule": decision.rule,
        "outcome": decision.said.value,
        "reason": decision.reason,
        "place": f"{folder}/{decision.place}",
        "diagnostic": to_dict(finding, str(folder)) if finding else None,
        "failed": _failed(failed, folder) if failed else None,
        **groups,
        "calls": [_call(rendered, trial.rule) for rendered in decision.rendered],
    }


def _group(name: str) -> str:
    if name in _CONDITIONS:
        return "conditions"
    return "fields" if name.startswith("fields.") else "values"


def _step(step: Step, folder: Path) -> dict[str, object]:
    formula = step.formula
    shown = {**_formula(step, folder), **typed_object(step.value)}
    if formula.name in _CONDITIONS:
        shown["compared"] = _named(formula.expression.explain(step.scope))
    return shown


def _failed(step: Step, folder: Path) -> dict[str, object]:
    """The failed formula, with what it read."""
    return {**_formula(step, folder), "compared": _named(step.read())}


def _formula(step: Step, folder: Path) -> dict[str, object]:
    formula = step.formula
    return {
        "key": formula.name,
        # Only for_each has this name.
        "index": plain(step.scope.names.get("index")),
        "expression": formula.expression.source,
        "place": f"{folder}/{formula.node.place}",
    }


def _named(values: Iterable[tuple[str, object]]) -> list[dict[str, object]]:
    return [{"expression": text, **typed_object(value)} for text, value in values]


def _call(rendered: Delivery, rule: Rule) -> dict[str, object]:
    body = rendered.call.body
    return {
        "item": rendered.key,
        "operation": rendered.operation,
        "connection": rendered.connection.name,
        "ticket": rendered.ticket,
        "lane": rendered.lane,
        "at": plain(rendered.at),
        "stale": rendered.stale,
        "coalesce": rendered.coalesce,
        "hold": rendered.hold,
        "shadow": rendered.shadow,
        "idempotency_key": rendered.idempotency_key,
        "fields": plain(rendered.fields),
        "request": {
            "method": rendered.call.method,
            "url": url_of(rendered, rule.options),
            "headers": [list(header) for header in headers_of(rendered)],
            "body": None if body is None else body.decode("utf-8", "backslashreplace"),
        },
    }


def typed_object(value: object) -> dict[str, Any]:
    """`a number` is called number here: text, number, boolean, null, list, mapping, time, missing or omit."""
    kind = "boolean" if isinstance(value, bool) else kind_of(value).removeprefix("a ")
    return {"value": plain(value), "type": kind}
