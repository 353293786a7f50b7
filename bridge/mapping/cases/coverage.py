"""Which rules the tests have set in motion: what each rule said, counted over results. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bridge.mapping.cases.failures import CaseResult
from bridge.mapping.rules.ruleset import Rule, Ruleset
from bridge.model import Said


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
