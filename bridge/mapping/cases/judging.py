"""What a rule made of a test's events, against what the test expects of it. Pure; reads no file.

A failure also says which expectation would make the test pass. There is none for errors and for vendors' answers: a
person must decide those.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from bridge.mapping.cases.compare import Difference, compare_call
from bridge.mapping.cases.events import UNDATED
from bridge.mapping.cases.outcomes import Calls, calls_of, code_of, heard, outcome_of
from bridge.mapping.cases.replies import Played, play
from bridge.mapping.cases.results import Edit, Failure, Reason
from bridge.mapping.reading.cases import ENDING_KEYS
from bridge.mapping.rules.evaluate import Step
from bridge.mapping.rules.route import Trial
from bridge.mapping.rules.ruleset import Case, Rule
from bridge.mapping.rules.second_looks import Anew, made_anew
from bridge.model import Delivery, Diagnostic, Place, Said
from bridge.state import State
from bridge.strict.yaml import Node, plain

_ENDING_KEPT = "replies and final are never rewritten"
_ERROR_KEPT = "a person must decide whether the rule should fail here"

# A rule asked once more: of an earlier trial, and of `again` in the test. May raise Unreadable.
AskAgain: TypeAlias = Callable[[Trial, Node], Trial]


def judge(
    case: Case, rule: Rule, trials: list[Trial], ask_again: AskAgain
) -> list[Failure]:
    """What is not as the test expects of one rule; `trials` are the rule's own, one per event."""
    said, trial = heard(trials)
    hearing = _Hearing(
        case=case,
        rule=rule,
        expected=case.expect.get(rule.id),
        path=(rule.id,),
        said=said,
        trial=trial,
        made=calls_of(trials),
        ask_again=ask_again,
    )
    return hearing.failures()


@dataclass(frozen=True, kw_only=True)
class _Hearing:
    """One rule in one test, or one call of it that is looked up again."""

    case: Case
    rule: Rule
    expected: Node | None  # None where the test does not name the rule
    path: tuple[str | int, ...]  # from `expect` to what is expected
    said: Said
    trial: Trial | None  # None: the recording holds no event
    made: Calls
    ask_again: AskAgain
    before: Played = Played()  # what was answered to the call before

    @property
    def wanted(self) -> object:
        return plain(self.expected) if self.expected else Said.NO_MATCH.value

    @property
    def place(self) -> Place:
        return self.expected.place if self.expected else self.case.place

    @property
    def code(self) -> str:
        return code_of(self.trial)

    def failures(self) -> list[Failure]:
        """What is not as expected."""
        wanted = self.wanted
        if isinstance(wanted, str):
            good, text = self.said.value == wanted, wanted
        elif isinstance(wanted, Mapping) and "error" in wanted:
            good, text = self.code == wanted["error"], f"error {wanted['error']}"
        elif self.said is Said.MATCHED:
            return self.calls()
        else:
            good, text = False, "a call"
        return [] if good else [self.otherwise(text)]

    def calls(self) -> list[Failure]:
        """What is not as expected of the calls."""
        expected, made = self.expected, self.made
        assert expected is not None
        several = isinstance(expected.value, list)
        wanted = expected.value if isinstance(expected.value, list) else [expected]
        if len(made) != len(wanted):
            number = f"made {len(made)} calls, the test expects {len(wanted)}"
            return [self.outcome("T504", f"rule '{self.rule.id}' {number}")]
        failures: list[Failure] = []
        for at, (node, (trial, rendered)) in enumerate(zip(wanted, made, strict=True)):
            where = (*self.path, at) if several else self.path
            for difference in compare_call(node, rendered, trial):
                failures.append(self.differs(difference, where))
            failures += self.endings(node, trial, rendered, where)
        return failures

    def endings(
        self,
        node: Node,
        trial: Trial,
        rendered: Delivery,
        where: tuple[str | int, ...],
    ) -> list[Failure]:
        """What is not as expected of how one call ends, or goes on."""
        now = self.case.at or UNDATED
        played, found = play(node, rendered, now, self.before)
        again = node.get("again")
        if again is None or found:
            return [Failure(diagnostic=one, kept=_ENDING_KEPT) for one in found]
        anew = self.ask_again(trial, again)
        became = made_anew([anew.decision], rendered)
        then = replace(
            self,
            expected=again.get("expect"),
            path=(*where, "again", "expect"),
            trial=anew,
            said=anew.decision.said,
            made=[(anew, became.rendered)] if became.rendered else [],
            before=played,
        )
        return then.failures() if became.rendered else then.uncalled(became)

    def uncalled(self, became: Anew) -> list[Failure]:
        """What is not as expected where nothing is to be sent any more."""
        if self.said is not Said.MATCHED:
            return self.failures()
        if became.state == State.SKIPPED:
            return replace(self, said=Said.SKIPPED).failures()
        if self.wanted == {"final": became.state}:
            return []
        message = f"rule '{self.rule.id}' makes no call: {became.reason}"
        found = Diagnostic(code="T506", message=message, place=self.place)
        return [Failure(diagnostic=found, kept=_ENDING_KEPT)]

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
        message = f"rule '{self.rule.id}' should give {wanted}, but gave {said}"
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
            failure,
            edit=Edit(
                path=self.path, value=outcome_of(self.said, self.trial, self.made)
            ),
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
