"""The rule language: mapping files in, decisions and rendered calls out.

    load(folder) ─▶ Loaded(ruleset, findings) ─▶ route(event, ruleset) ─▶ Decisions with their Delivery calls

Pure but for reading its folder and the recordings of its tests: no clock, no store, no socket. Other rooms use only
what this module offers. Reading order: schema.py (what a file may hold), load.py, rules.py, ruleset.py (the values),
route.py, evaluate.py, render.py.
"""

from bridge.mapping.case_events import read_answer, read_recording
from bridge.mapping.case_outcomes import expectation
from bridge.mapping.case_updates import Left, Update, update_cases
from bridge.mapping.cases import run_cases
from bridge.mapping.codes import CODES, explain
from bridge.mapping.compare import ABSENT, Absent, Difference
from bridge.mapping.coverage import RuleCoverage, cover
from bridge.mapping.environment import SecretCode, missing_secrets
from bridge.mapping.evaluate import Step
from bridge.mapping.expressions import ExpressionError, TooLong, while_others_wait
from bridge.mapping.failures import CaseResult, Edit, Failure, Reason
from bridge.mapping.fetches import look_up
from bridge.mapping.folder import fingerprint
from bridge.mapping.load import build, load
from bridge.mapping.recorded import check_recorded, unheard
from bridge.mapping.recordings import Recordings, read_recordings
from bridge.mapping.responses import judge
from bridge.mapping.route import Trial, passed_over, route, try_event
from bridge.mapping.ruleset import Case, Loaded, Rule, Ruleset, Source
from bridge.mapping.second_looks import made_anew

__all__ = [
    "ABSENT",
    "Absent",
    "CODES",
    "Case",
    "CaseResult",
    "Difference",
    "Edit",
    "ExpressionError",
    "Failure",
    "Left",
    "Loaded",
    "Reason",
    "Recordings",
    "Rule",
    "RuleCoverage",
    "Ruleset",
    "SecretCode",
    "Source",
    "Step",
    "TooLong",
    "Trial",
    "Update",
    "build",
    "check_recorded",
    "cover",
    "expectation",
    "explain",
    "judge",
    "fingerprint",
    "load",
    "look_up",
    "made_anew",
    "missing_secrets",
    "passed_over",
    "read_answer",
    "read_recording",
    "read_recordings",
    "route",
    "run_cases",
    "try_event",
    "unheard",
    "update_cases",
    "while_others_wait",
]
