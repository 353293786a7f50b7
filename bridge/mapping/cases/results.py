"""What became of tests: the values that judging gives, and that reports and `bridge test --update` read. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bridge.mapping.cases.compare import Difference
from bridge.mapping.expressions import Missing, Value
from bridge.mapping.rules.ruleset import Case, Rule, Ruleset
from bridge.model import Decision, Diagnostic, Said


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why a rule said what it said. May hold payload values: for the terminal of whoever recorded them."""

    text: str
    place: str  # file:line or file:line:column of what decided
    # Each path as it is written, with what stood there.
    read: tuple[tuple[str, Value | Missing], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """What a test would have to expect for a failure to go."""

    path: tuple[str | int, ...]  # from `expect`: rule, index of the call, key …
    value: object  # ABSENT: the key goes


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """One thing that is not as a test expects. The diagnostic holds no payload values; the others may."""

    diagnostic: Diagnostic
    difference: Difference | None = None
    reason: Reason | None = None
    edit: Edit | None = None  # None: another expected value is not the remedy
    kept: str = ""  # then: why the test has to stay as it is


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseResult:
    """What became of one test."""

    case: Case
    failures: tuple[Failure, ...]
    decisions: tuple[Decision, ...] = ()  # of every rule for every event of it

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleCoverage:
    """What one rule said to all events of the tests."""

    rule: Rule
    said: Mapping[Said, int]  # every Said has its number
    calls: int

    @property
    def never_matched(self) -> bool:
        """Whether no test has seen it do anything, though it could."""
        return not self.said[Said.MATCHED] and self.rule.mode != "off"


def cover(ruleset: Ruleset, results: Iterable[CaseResult]) -> tuple[RuleCoverage, ...]:
    """One of each rule, in file order."""
    said: Counter[tuple[str, Said]] = Counter()
    calls: Counter[str] = Counter()
    for result in results:
        for decision in result.decisions:
            said[decision.rule, decision.said] += 1
            calls[decision.rule] += len(decision.rendered)
    return tuple(
        RuleCoverage(
            rule=rule,
            said={one: said[rule.id, one] for one in Said},
            calls=calls[rule.id],
        )
        for rule in ruleset.rules
    )
