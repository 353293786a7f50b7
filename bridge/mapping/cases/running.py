"""Runs the tests of the mapping files: recorded payloads through `route`, compared with what each test expects.

Reads the recordings and nothing else; sends nothing. Recorded signatures are stale, so a test judges routing only.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from bridge.mapping.cases.events import CaseEvents, Unreadable
from bridge.mapping.cases.judging import judge
from bridge.mapping.cases.results import CaseResult, Failure
from bridge.mapping.rules.look_ups import look_up
from bridge.mapping.rules.route import Trial, scope_of, try_event, try_rule
from bridge.mapping.rules.ruleset import Case, Ruleset
from bridge.model import Diagnostic, Event, Place, Said
from bridge.strict.yaml import Node


def run_cases(
    ruleset: Ruleset, folder: Path, only: Collection[str] | None = None
) -> Iterator[CaseResult]:
    """All tests in file order, or those with the names in `only`, each run when its result is asked for.

    `folder` is the mappings folder.
    """
    events = CaseEvents(ruleset, folder)
    for case in ruleset.cases:
        if only is None or case.name in only:
            yield _with_lines(_run(case, ruleset, events), ruleset)


def _run(case: Case, ruleset: Ruleset, events: CaseEvents) -> CaseResult:
    try:
        return _judged(case, ruleset, events)
    except Unreadable as error:
        failure = _failure("T501", str(error), case.places[error.key], error.help)
        return CaseResult(case=case, failures=(failure,))


def _judged(case: Case, ruleset: Ruleset, given: CaseEvents) -> CaseResult:
    events = given.of(case)
    unfetched = [*_unfetched(case, ruleset, events)]
    if unfetched:
        return CaseResult(case=case, failures=tuple(unfetched[:1]))
    trials = [trial for event in events for trial in try_event(event, ruleset)]

    def ask_again(trial: Trial, again: Node) -> Trial:
        event = given.looked_up(trial.event, case, again)
        scope = scope_of(event, ruleset)
        live = replace(trial.rule, mode="live")  # what a shadow sends is played, too
        return try_rule(live, event, scope, ruleset, "")

    by_rule: dict[str, list[Trial]] = {}
    for trial in trials:
        by_rule.setdefault(trial.rule.id, []).append(trial)
    rules = ruleset.rules_of(case.source)
    failures = [
        failure
        for rule in rules
        for failure in judge(case, rule, by_rule.get(rule.id, []), ask_again)
    ]
    for name in sorted(case.expect.keys() - {rule.id for rule in rules}):
        message = f"rule '{name}' belongs to another source than this test"
        failures.append(_failure("T502", message, case.expect[name].place))
    return CaseResult(
        case=case,
        failures=tuple(failures),
        decisions=tuple(trial.decision for trial in trials),
    )


def _unfetched(case: Case, ruleset: Ruleset, events: list[Event]) -> Iterator[Failure]:
    """Why the rules would not be asked: a look-up that fails, or whose answer the test does not say."""
    for event in events:
        trial = look_up(event, ruleset)
        said = trial.decision.said if trial else Said.NO_MATCH
        if trial and said is Said.ERROR:
            error = trial.decision.diagnostic
            assert error is not None
            message = f"the look-up of the source fails: {error.code} {error.message}"
            help = f"at {error.place}" + (f": {error.help}" if error.help else "")
            yield _failure("T508", message, case.place, help)
        elif said is Said.MATCHED and case.fetched is None:
            message = (
                "the event is looked up first, but the test has no answer for that"
            )
            help = "write fetched: with the answer, or with a file that contains it"
            yield _failure("T508", message, case.place, help)


def _failure(code: str, message: str, place: Place, help: str = "") -> Failure:
    found = Diagnostic(code=code, message=message, place=place, help=help)
    return Failure(diagnostic=found)


def _with_lines(result: CaseResult, ruleset: Ruleset) -> CaseResult:
    """The result, each finding with its line of the file."""
    if result.passed:
        return result
    lines = [
        ruleset.line(one.diagnostic.place or result.case.place)
        for one in result.failures
    ]
    failures = tuple(
        replace(failure, diagnostic=replace(failure.diagnostic, excerpt=line))
        for failure, line in zip(result.failures, lines, strict=True)
    )
    return replace(result, failures=failures)
