"""What one rule did with an event, for people: the reason, each value, each request as curl."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from bridge.mapping import Formula, Step, Trial, shown
from bridge.services.curl import curl


def describe(trial: Trial, folder: Path) -> Iterator[str]:
    """The lines for one rule: what it decided and why, then each value and the requests. `folder` precedes places."""
    decision = trial.decision
    place = f"{folder}/{decision.place}"
    name = decision.rule or "look-up"
    yield f"{decision.said.value:9} {name}: {decision.reason}  ({place})"
    for step in trial.steps:
        formula = step.formula
        yield f"    {formula.name:24} {written(formula)} → {typed(step.value)}"
    if trial.failed:
        yield f"    {trial.failed.formula.name:24} {written(trial.failed.formula)} → failed{_read(trial.failed)}"
    for rendered in decision.rendered:
        yield ""
        yield from (f"    {line}" for line in curl(rendered, trial.rule.options))


def _read(step: Step) -> str:
    """What a failed formula read."""
    read = ", ".join(f"{text} is {typed(value)}" for text, value in step.read())
    return f": {read}" if read else ""


def written(formula: Formula) -> str:
    """An expression as the mapping file has it, on one line."""
    return " ".join(formula.expression.source.split())


def typed(value: object) -> str:
    """A value and, if it is not obvious, its type: '1' : text, 1 : number."""
    match value:
        case str():
            return f"{shown(value)} : text"
        case bool():
            return f"{shown(value)} : boolean"
        case int() | Decimal():
            return f"{shown(value)} : number"
        case _:
            return shown(value)
