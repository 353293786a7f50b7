"""What became of a test: the values that judging gives, and that reports and `bridge test --update` read."""

from dataclasses import dataclass

from bridge.mapping.cases.compare import Difference
from bridge.mapping.expressions import Missing, Value
from bridge.mapping.rules.ruleset import Case
from bridge.model import Decision, Diagnostic


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why a rule said what it said. May hold payload values: for the terminal of whoever recorded them."""

    text: str
    place: str  # file:line or file:line:column of what decided
    read: tuple[
        tuple[str, Value | Missing], ...
    ] = ()  # path as written → what stood there


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
