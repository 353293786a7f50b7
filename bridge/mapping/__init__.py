"""The rule language: mapping files in, decisions and rendered calls out.

    load(folder) ─▶ Loaded(ruleset, findings) ─▶ route(event, ruleset) ─▶ Decisions with their Delivery calls

Pure but for reading its folder and the recordings of its tests: no clock, no store, no socket. Other rooms use only
what this module and the `__init__` of its rooms offer. A room imports only from rooms above it:

    values        what expressions handle, and how much of it one event may use up
    functions     the helpers behind `|` and `is`
    expressions   the language: compiled once, evaluated for every event
    findings      what is wrong, where, and how it is shown
    form          the keys of a mapping file
    rules         the ruleset as values; what it makes of an event: route, render, judge
    reading       from texts to a ruleset: load, build
    cases         runs the tests of mapping files
    jsonschema    the same form, for editors

Reading order: form/schema.py (what a file may hold), reading/load.py, rules/ruleset.py (the values), rules/route.py.
"""

from bridge.mapping.cases.compare import ABSENT, Absent, Difference
from bridge.mapping.cases.events import read_answer, read_recording
from bridge.mapping.cases.outcomes import expectation
from bridge.mapping.cases.patch import CannotPatch, patched
from bridge.mapping.cases.recorded import check_recorded, unheard
from bridge.mapping.cases.recordings import read_recordings
from bridge.mapping.cases.results import (
    CaseResult,
    Failure,
    Reason,
    RuleCoverage,
    cover,
)
from bridge.mapping.cases.running import run_cases
from bridge.mapping.cases.updates import Update, update_cases
from bridge.mapping.expressions import ExpressionError, TooLong, while_others_wait
from bridge.mapping.findings.codes import CODES, explain
from bridge.mapping.reading.allow import UNPROVEN
from bridge.mapping.reading.environment import SecretCode, missing_secrets
from bridge.mapping.reading.folder import fingerprint
from bridge.mapping.reading.load import build, load
from bridge.mapping.rules.answers import judge
from bridge.mapping.rules.evaluate import Step, shown
from bridge.mapping.rules.look_ups import look_up
from bridge.mapping.rules.route import Trial, passed_over, route, try_event
from bridge.mapping.rules.ruleset import (
    Allow,
    Case,
    Formula,
    Loaded,
    Rule,
    Ruleset,
    Source,
)
from bridge.mapping.rules.second_looks import made_anew

__all__ = [
    "ABSENT",
    "Absent",
    "Allow",
    "CODES",
    "CannotPatch",
    "Case",
    "CaseResult",
    "Difference",
    "ExpressionError",
    "Failure",
    "Formula",
    "Loaded",
    "Reason",
    "Rule",
    "RuleCoverage",
    "Ruleset",
    "SecretCode",
    "Source",
    "Step",
    "TooLong",
    "Trial",
    "UNPROVEN",
    "Update",
    "build",
    "check_recorded",
    "cover",
    "expectation",
    "explain",
    "fingerprint",
    "judge",
    "load",
    "look_up",
    "made_anew",
    "missing_secrets",
    "passed_over",
    "patched",
    "read_answer",
    "read_recording",
    "read_recordings",
    "route",
    "run_cases",
    "shown",
    "try_event",
    "unheard",
    "update_cases",
    "while_others_wait",
]
