"""Runs the tests of the mapping files: recorded payloads through `route`, compared with what each test expects.

Reads the recordings and nothing else; sends nothing. Recorded signatures are stale, so a test judges routing only.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from bridge import providers
from bridge.errors import Refused
from bridge.mapping.case_replies import compare_ending
from bridge.mapping.compare import Difference, compare_call
from bridge.mapping.patch import NoSuchPath, patched
from bridge.mapping.route import Trial, try_event
from bridge.mapping.ruleset import Case, Rule, Ruleset
from bridge.model import Diagnostic, Event, Place, Rendered, Request, Said
from bridge.strict import http
from bridge.strict.yaml import Node, plain

_MAX_BYTES = 2 * 1024 * 1024
_UNDATED = datetime(2026, 1, 1, tzinfo=UTC)  # the clock where event and test have none
# What a rule said to several events of one body: the first of these that any of them met.
_ORDER = (Said.ERROR, Said.MATCHED, Said.SKIPPED, Said.NO_MATCH)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """One thing that is not as a test expects. The diagnostic holds no payload values; the others may."""

    diagnostic: Diagnostic
    difference: Difference | None = None
    reason: str = ""  # why the rule said what it said


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseResult:
    """What became of one test."""

    case: Case
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures


class _Unreadable(Exception):
    """A recording that cannot be used, and which key of the test is to blame."""

    def __init__(self, message: str, help: str, key: str) -> None:
        super().__init__(message)
        self.help, self.key = help, key


def run_cases(
    ruleset: Ruleset, folder: Path, only: Collection[str] | None = None
) -> tuple[CaseResult, ...]:
    """All tests in file order, or those with the names in `only`. `folder` is the mappings folder."""
    wanted = [case for case in ruleset.cases if only is None or case.name in only]
    return tuple(_run(case, ruleset, folder) for case in wanted)


def read_recording(path: Path, source: str) -> Request:
    """A recorded request: `.http` as it is, any other file as a JSON body. Raises OSError or ValueError."""
    with path.open("rb") as file:
        raw = file.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise ValueError("it is larger than 2 MiB")
    if path.suffix == ".http":
        return http.parse(raw, _UNDATED)
    return Request(
        method="POST",
        target=f"/hooks/{source}",
        headers=(("Content-Type", "application/json"),),
        body=raw,
        received_at=_UNDATED,
    )


def _run(case: Case, ruleset: Ruleset, folder: Path) -> CaseResult:
    try:
        events = _events(case, ruleset, folder)
    except _Unreadable as error:
        place = case.places[error.key]
        diagnostic = Diagnostic(
            code="T501", message=str(error), place=place, help=error.help
        )
        return _result(case, [Failure(diagnostic=diagnostic)], ruleset)
    trials: dict[str, list[Trial]] = {}
    for event in events:
        for trial in try_event(event, ruleset):
            trials.setdefault(trial.rule.id, []).append(trial)
    failures = [
        failure
        for rule in ruleset.rules_of(case.source)
        for failure in _judge(case, rule, trials.get(rule.id, []))
    ]
    others = case.expect.keys() - {rule.id for rule in ruleset.rules_of(case.source)}
    for name in sorted(others):
        message = f"rule '{name}' is one of another source than this test"
        failures.append(_failure("T502", message, case, case.expect[name].place))
    return _result(case, failures, ruleset)


def _result(case: Case, failures: list[Failure], ruleset: Ruleset) -> CaseResult:
    """The result, each finding with its line."""
    lines = [ruleset.line(one.diagnostic.place or case.place) for one in failures]
    shown = (
        replace(failure, diagnostic=replace(failure.diagnostic, excerpt=line))
        for failure, line in zip(failures, lines, strict=True)
    )
    return CaseResult(case=case, failures=tuple(shown))


def _events(case: Case, ruleset: Ruleset, folder: Path) -> list[Event]:
    """The events of the recording, patched; each arrives at the test's time, else when it occurred."""
    path = folder / Path(case.place.file).parent / case.given
    provider = ruleset.sources[case.source].provider
    try:
        recorded = read_recording(path, case.source)
        request = patched(recorded, provider, case.patch)
        events = providers.read(provider, case.source, providers.trust(request))
    except OSError as error:
        message = f"'{case.given}' cannot be read: {error.strerror}"
        raise _Unreadable(message, _near(path), "given") from None
    except NoSuchPath as error:
        raise _Unreadable(str(error), error.help, "patch") from None
    except (ValueError, Refused) as error:
        message = f"'{case.given}' cannot be used: {error}"
        raise _Unreadable(message, "", "given") from None
    return [
        replace(event, received_at=case.at or event.occurred_at or _UNDATED)
        for event in events
    ]


def _near(path: Path) -> str:
    """What a path may have meant: a file of nearly that name beside it."""
    beside = (one.name for one in path.parent.glob("*") if one.is_file())
    near = get_close_matches(path.name, beside, n=1)
    start = "a path starts at the folder of the mapping file"
    return f"did you mean '{near[0]}'?" if near else start


def _judge(case: Case, rule: Rule, trials: list[Trial]) -> list[Failure]:
    """What a rule made of the recording's events, against what the test expects of it."""
    expected = case.expect.get(rule.id)
    met = {trial.decision.said for trial in trials}
    said = next((one for one in _ORDER if one in met), Said.NO_MATCH)
    trial = next((one for one in trials if one.decision.said is said), None)
    wanted = plain(expected) if expected else "no_match"
    place = expected.place if expected else case.place
    if isinstance(wanted, str):
        good = said.value == wanted
        return [] if good else [_other(case, rule, wanted, said, trial, place)]
    if isinstance(wanted, Mapping) and "error" in wanted:
        return _judge_error(case, rule, str(wanted["error"]), said, trial, place)
    if said is not Said.MATCHED or expected is None:
        return [_other(case, rule, "a call", said, trial, place)]
    return _judge_calls(case, rule, expected, trials)


def _judge_error(
    case: Case, rule: Rule, code: str, said: Said, trial: Trial | None, place: Place
) -> list[Failure]:
    found = (
        trial.decision.diagnostic.code if trial and trial.decision.diagnostic else ""
    )
    if said is Said.ERROR and found == code:
        return []
    return [_other(case, rule, f"error {code}", said, trial, place)]


def _judge_calls(
    case: Case, rule: Rule, expected: Node, trials: list[Trial]
) -> list[Failure]:
    wanted = expected.value if isinstance(expected.value, list) else [expected]
    made: list[tuple[Trial, Rendered]] = [
        (trial, rendered) for trial in trials for rendered in trial.decision.rendered
    ]
    if len(made) != len(wanted):
        message = (
            f"rule '{rule.id}' made {len(made)} calls, the test expects {len(wanted)}"
        )
        return [_failure("T504", message, case, expected.place)]
    found = []
    for node, (trial, rendered) in zip(wanted, made, strict=True):
        for difference in compare_call(node, rendered, trial):
            message = f"rule '{rule.id}': {difference.path} differs"
            place = difference.place
            found.append(_failure("T505", message, case, place, difference))
        ending = compare_ending(node, rendered, case.at or _UNDATED)
        found += [Failure(diagnostic=diagnostic) for diagnostic in ending]
    return found


def _other(
    case: Case, rule: Rule, wanted: str, said: Said, trial: Trial | None, place: Place
) -> Failure:
    message = f"rule '{rule.id}' should have given {wanted}, but said {said.value}"
    decision = trial.decision if trial else None
    found = decision.diagnostic if decision else None
    reason = f"{decision.reason} ({decision.place})" if decision else ""
    if found:
        message += f" {found.code}"
        reason = f"{found.message} ({found.place})"
    failure = _failure("T503", message, case, place)
    help = found.help if found else ""
    diagnostic = replace(failure.diagnostic, help=help)
    return replace(failure, diagnostic=diagnostic, reason=reason)


def _failure(
    code: str,
    message: str,
    case: Case,
    place: Place | None = None,
    difference: Difference | None = None,
) -> Failure:
    place = place or case.place
    diagnostic = Diagnostic(code=code, message=message, place=place)
    return Failure(diagnostic=diagnostic, difference=difference)
