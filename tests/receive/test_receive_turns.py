"""Nobody waits for somebody else's large event: it is read beside the loop, when it comes in and when it is routed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parents[1] / "support"


@pytest.mark.parametrize("kind", ["objects", "lists", "packed"])
def test_a_large_event_never_holds_the_loop(kind, tmp_path):
    """T-48: of what a hostile megabyte takes, no half is done between two turns of the loop."""
    command = [sys.executable, SUPPORT / "loop_turns.py", kind, tmp_path]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout.splitlines()[-1])
    assert (said["status"], said["routed"]) == (202, 1)
    for longest, spent, turns in (said["receiving"], said["routing"]):
        assert longest < spent / 2
        assert turns >= 10
