"""From what one rule did with an event to a line of a trace: its place, its values, and where they came from. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bridge.mapping import Ruleset, Step, Trial
from bridge.model import Decision
from bridge.services.origins import origins
from bridge.services.trace_values import Compared, Field, Line
from bridge.services.trial_json import rule_object, typed_object

_DECIDING = ("when", "skip_if_missing", "hold_if")


def line_of(
    decision: Decision, ruleset: Ruleset, trial: Trial | None, folder: Path
) -> Line:
    """What a rule says; the values are those of `trial`, if that came to the same decision."""
    found = decision.diagnostic
    line = Line(
        rule=decision.rule,
        said=decision.said.value,
        reason=decision.reason,
        place=placed(folder, decision.place),
        text=text_at([ruleset], decision.place),
        code=found.code if found else None,
    )
    if trial is None or trial.decision.reason != decision.reason:
        return line
    expression, compared = _deciding(trial)
    return replace(
        line,
        expression=expression,
        compared=tuple(compared),
        fields=tuple(_fields(trial)),
        calls=_calls(trial, folder),
        known=True,
    )


def placed(folder: Path, place: str) -> str:
    """A place in the mapping files, from the current folder."""
    return f"{folder}/{place}" if place else ""


def text_at(rulesets: Sequence[Ruleset], place: str) -> str:
    """The line at a place, from the first ruleset that has its file."""
    file, _, line = place.rpartition(":")
    for one in rulesets:
        lines = one.texts.get(file, "").splitlines()
        if line.isdecimal() and 0 < int(line) <= len(lines):
            return lines[int(line) - 1].strip()
    return ""


def _deciding(trial: Trial) -> tuple[str, Iterator[Compared]]:
    """The expression that decided, and the values it looked at."""
    step = trial.failed or next(
        (one for one in reversed(trial.steps) if one.formula.name in _DECIDING), None
    )
    if step is None:
        return "", iter(())
    looked = (
        step.read() if trial.failed else step.formula.expression.explain(step.scope)
    )
    return step.formula.expression.source, _values(looked)


def _values(values: Sequence[tuple[str, object]]) -> Iterator[Compared]:
    for text, value in values:
        typed = typed_object(value)
        yield Compared(expression=text, value=typed["value"], type=str(typed["type"]))


def _fields(trial: Trial) -> Iterator[Field]:
    """Each field with its expression, then those that are written as they are."""
    steps = [one for one in trial.steps if one.formula.name.startswith("fields.")]
    for step in steps:
        yield _field(trial, step)
    written = {step.formula.name.split(".")[1] for step in steps}
    constants = {
        name: value
        for call in trial.decision.rendered
        for name, value in call.fields.items()
        if name not in written
    }
    for name, value in constants.items():
        typed = typed_object(value)
        yield Field(
            key=f"fields.{name}",
            template="",
            value=typed["value"],
            type=str(typed["type"]),
            paths=(),
            index=None,
        )


def _field(trial: Trial, step: Step) -> Field:
    index = step.scope.names.get("index")
    typed = typed_object(step.value)
    return Field(
        key=step.formula.name,
        template=step.formula.expression.source,
        value=typed["value"],
        type=str(typed["type"]),
        paths=origins(trial.rule, step.formula, index),
        index=index if isinstance(index, int) else None,
    )


def _calls(trial: Trial, folder: Path) -> tuple[Mapping[str, Any], ...]:
    calls: Any = rule_object(trial, folder)["calls"]
    return tuple(calls)
