"""schemathesis asks every operation with what its description allows, and with what it does not."""

import os

import schemathesis
from api_world import make
from faces import admin, bearer, parts
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from bridge.sandbox import DEFAULT_CREDENTIALS

# Of each operation and mode; `make explore` draws others.
EXAMPLES = 50 if os.environ.get("HYPOTHESIS_PROFILE") == "patient" else 4
# A filter, a cursor and a name are any text in the description; what they may say is not.
REFUSED = (400, 401, 403, 404, 409, 422)
SHOULD_BE_REFUSED = (400, 404, 405, 406, 409, 413, 415, 422)


def test_no_request_finds_a_defect(sqlite, sandbox, tmp_path, monkeypatch):
    """No 500, no answer that the document does not describe, no wrong input that is taken, no right one refused."""
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    made = parts(sqlite, tmp_path)
    bench = make(sqlite, sandbox)
    made.rules.active = type(made.rules.active)(ruleset=bench.ruleset)
    app, token = admin(made).application, bearer(sqlite)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    for name, statuses in (
        ("positive_data_acceptance", ("2xx", *REFUSED)),
        ("negative_data_rejection", SHOULD_BE_REFUSED),
    ):
        check = getattr(schema.config.checks, name)
        check.expected_statuses = [str(status) for status in statuses]
    asked = 0
    for operation in schema.get_all_operations():
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
            asked += fuzzed(operation.ok(), mode, token)
    assert asked > 100


def fuzzed(operation, mode, token):
    """Asks an operation; how often."""
    asked = 0

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        nonlocal asked
        asked += 1
        case.headers.update(token)
        case.call_and_validate(checks=CHECKS.get_all())

    ask()
    return asked
