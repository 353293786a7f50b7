"""What a rule made of a test's events, against what the test expects of it. Pure; reads no file.

A failure says also which expectation would make it go, where a test may be given one: whether an error is right, and
what vendors answer, a person has to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bridge.mapping.case_events import UNDATED
from bridge.mapping.case_replies import ENDING_KEYS, compare_ending
from bridge.mapping.compare import Difference, compare_call, seen
from bridge.mapping.evaluate import Step
from bridge.mapping.failures import Edit, Failure, Reason
from bridge.mapping.route import Trial
from bridge.mapping.ruleset import Case, Rule
from bridge.model import Diagnostic, Place, Rendered, Said
from bridge.strict.yaml import Node, plain

# What a rule said to several events of one body: the first of these that any of them met.
_ORDER = (Said.ERROR, Said.MATCHED, Said.SKIPPED, Said.NO_MATCH)

_ENDING_KEPT = "replies and final are never rewritten"
_ERROR_KEPT = "whether it should be an error is for a person to say"


def judge(case: Case, rule: Rule, trials: list[Trial]) -> list[Failure]:
    """What is not as the test expects of one rule; `trials` are the rule's own, one per event."""
    said, trial = _heard(trials)
    hearing = _Hearing(case=case, rule=rule, trials=trials, said=said, trial=trial)
    wanted = hearing.wanted
    if isinstance(wanted, str):
        good, text = said.value == wanted, wanted
    elif isinstance(wanted, Mapping) and "error" in wanted:
        good, text = hearing.code == wanted["error"], f"error {wanted['error']}"
    elif said is Said.MATCHED:
        return hearing.calls()
    else:
        good, text = False, "a call"
    return [] if good else [hearing.otherwise(text)]


def expectation(trials: list[Trial]) -> object:
    """What a test would expect of a rule that did this; `trials` are the rule's own, one per event."""
    said, trial = _heard(trials)
    if said is Said.ERROR:
        return {"error": _code(trial)}
    if said is not Said.MATCHED:
        return said.value
    made = [rendered for trial in trials for rendered in trial.decision.rendered]
    calls = [seen(rendered.call) for rendered in made]
    return calls[0] if len(calls) == 1 else calls


def _code(trial: Trial | None) -> str:
    """Of the error, if it was one."""
    found = trial.decision.diagnostic if trial else None
    return found.code if found else ""


def _heard(trials: list[Trial]) -> tuple[Said, Trial | None]:
    """What the rule said on the whole, and the first event that it said so to."""
    for said in _ORDER:
        for trial in trials:
            if trial.decision.said is said:
                return said, trial
    return Said.NO_MATCH, None


@dataclass(frozen=True, kw_only=True)
class _Hearing:
    """One rule in one test."""

    case: Case
    rule: Rule
    trials: list[Trial]
    said: Said
    trial: Trial | None  # None: the recording holds no event

    @property
    def expected(self) -> Node | None:
        """None where the test does not name the rule."""
        return self.case.expect.get(self.rule.id)

    @property
    def wanted(self) -> object:
        return plain(self.expected) if self.expected else Said.NO_MATCH.value

    @property
    def place(self) -> Place:
        return self.expected.place if self.expected else self.case.place

    @property
    def code(self) -> str:
        return _code(self.trial)

    def made(self) -> Iterator[tuple[Trial, Rendered]]:
        """The calls, each with the trial that made it."""
        return (
            (trial, rendered)
            for trial in self.trials
            for rendered in trial.decision.rendered
        )

    def calls(self) -> list[Failure]:
        """What is not as expected of the calls."""
        expected, made = self.expected, [*self.made()]
        assert expected is not None
        several = isinstance(expected.value, list)
        wanted = expected.value if isinstance(expected.value, list) else [expected]
        if len(made) != len(wanted):
            number = f"made {len(made)} calls, the test expects {len(wanted)}"
            return [self.outcome("T504", f"rule '{self.rule.id}' {number}")]
        failures: list[Failure] = []
        for at, (node, (trial, rendered)) in enumerate(zip(wanted, made, strict=True)):
            where = (self.rule.id, at) if several else (self.rule.id,)
            for difference in compare_call(node, rendered, trial):
                failures.append(self.differs(difference, where))
            for found in compare_ending(node, rendered, self.case.at or UNDATED):
                failures.append(Failure(diagnostic=found, kept=_ENDING_KEPT))
        return failures

    def differs(self, difference: Difference, where: tuple[str | int, ...]) -> Failure:
        """The failure of one value."""
        message = f"rule '{self.rule.id}': {difference.path} differs"
        path = (*where, difference.key, *difference.keys)
        return Failure(
            diagnostic=Diagnostic(code="T505", message=message, place=difference.place),
            difference=difference,
            edit=Edit(path=path, value=difference.actual),
        )

    def otherwise(self, wanted: str) -> Failure:
        """The failure of a rule that said something else."""
        said = f"{self.said.value} {self.code}".strip()
        message = f"rule '{self.rule.id}' should have given {wanted}, but said {said}"
        failure = self.outcome("T503", message)
        if self.trial is None:
            return failure
        found = self.trial.decision.diagnostic
        help = found.help if found else ""
        diagnostic = replace(failure.diagnostic, help=help)
        return replace(failure, diagnostic=diagnostic, reason=_reason(self.trial))

    def outcome(self, code: str, message: str) -> Failure:
        """A failure that another outcome of the rule would make go."""
        failure = Failure(
            diagnostic=Diagnostic(code=code, message=message, place=self.place)
        )
        if _has(self.wanted, ENDING_KEYS):
            return replace(failure, kept=_ENDING_KEPT)
        if _has(self.wanted, {"error"}) != (self.said is Said.ERROR):
            return replace(failure, kept=_ERROR_KEPT)
        return replace(
            failure, edit=Edit(path=(self.rule.id,), value=expectation(self.trials))
        )


def _has(wanted: object, keys: "frozenset[str] | set[str]") -> bool:
    """Whether an expected outcome, or one of several calls, has one of these keys."""
    parts = wanted if isinstance(wanted, list) else [wanted]
    return any(isinstance(one, Mapping) and keys & one.keys() for one in parts)


def _reason(trial: Trial) -> Reason:
    """Why the rule said it, and what the expression that decided had to do with."""
    decision, found = trial.decision, trial.decision.diagnostic
    step = _deciding(trial)
    return Reason(
        text=found.message if found else decision.reason,
        place=str(found.place) if found else decision.place,
        read=step.read() if step else (),
    )


def _deciding(trial: Trial) -> Step | None:
    """The step that decided; none where the reason tells its values already."""
    found, when = trial.decision.diagnostic, trial.rule.when
    if trial.failed or trial.decision.said not in (Said.ERROR, Said.MATCHED):
        return trial.failed
    for step in trial.steps:
        if found and step.formula.node.place == found.place:
            return step
        if not found and step.formula is when:
            return step
    return None
