"""What a rule said to all events of a test, and what a test would expect of that. Pure."""

from typing import TypeAlias

from bridge.mapping.cases.compare import seen
from bridge.mapping.rules.route import Trial
from bridge.model import STRONGEST, Delivery, Said

Calls: TypeAlias = list[tuple[Trial, Delivery]]


def expectation(trials: list[Trial]) -> object:
    """What a test would expect of a rule that did this; `trials` are the rule's own, one per event."""
    said, trial = heard(trials)
    return outcome_of(said, trial, calls_of(trials))


def outcome_of(said: Said, trial: Trial | None, made: Calls) -> object:
    """The same of what a rule said and made."""
    if said is Said.ERROR:
        return {"error": code_of(trial)}
    if said is not Said.MATCHED:
        return said.value
    calls = [seen(rendered.call) for _, rendered in made]
    return calls[0] if len(calls) == 1 else calls


def calls_of(trials: list[Trial]) -> Calls:
    """The calls, each with the trial that made it."""
    return [(trial, one) for trial in trials for one in trial.decision.rendered]


def code_of(trial: Trial | None) -> str:
    """Of the error, if it was one."""
    found = trial.decision.diagnostic if trial else None
    return found.code if found else ""


def heard(trials: list[Trial]) -> tuple[Said, Trial | None]:
    """What the rule said on the whole, and the first event that it said so to."""
    for said in STRONGEST:
        for trial in trials:
            if trial.decision.said is said:
                return said, trial
    return Said.NO_MATCH, None
