"""The rule language: mapping files in, decisions and rendered calls out.

    load(folder) ─▶ Loaded(ruleset, findings) ─▶ route(event, ruleset) ─▶ Decisions with their Rendered calls

Pure but for reading its folder and the recordings of its tests: no clock, no store, no socket. Other rooms use only
what this module offers. Reading order: schema.py (what a file may hold), load.py, rules.py, ruleset.py (the values),
route.py, evaluate.py, render.py.
"""

from bridge.mapping.cases import CaseResult, Failure, read_recording, run_cases
from bridge.mapping.codes import CODES, explain
from bridge.mapping.compare import ABSENT, Difference
from bridge.mapping.environment import SecretCode, missing_secrets
from bridge.mapping.evaluate import Step
from bridge.mapping.expressions import ExpressionError
from bridge.mapping.folder import fingerprint
from bridge.mapping.load import build, load
from bridge.mapping.recorded import check_recorded, unheard
from bridge.mapping.recordings import Recordings, read_recordings
from bridge.mapping.responses import judge
from bridge.mapping.route import Trial, route, try_event
from bridge.mapping.ruleset import Case, Loaded, Rule, Ruleset, Source

__all__ = [
    "ABSENT",
    "CODES",
    "Case",
    "CaseResult",
    "Difference",
    "ExpressionError",
    "Failure",
    "Loaded",
    "Recordings",
    "Rule",
    "Ruleset",
    "SecretCode",
    "Source",
    "Step",
    "Trial",
    "build",
    "check_recorded",
    "explain",
    "judge",
    "fingerprint",
    "load",
    "missing_secrets",
    "read_recording",
    "read_recordings",
    "route",
    "run_cases",
    "try_event",
    "unheard",
]
