"""Processes that live long settle before their work begins: what they loaded is no longer walked over."""

import subprocess
import sys

import pytest

RECEIVER = """
import bridge.app
from bridge.receive import server
server.post_worker_init(None)
print(gc.get_freeze_count())
"""
WORKER = """
import bridge.app, bridge.settings
from bridge.cli import main

class Stub:
    def run(self):
        print(gc.get_freeze_count())

bridge.app.create_worker = lambda settings, admin: Stub()
bridge.settings.load = lambda: None
import sys
sys.argv = ["bridge", "worker"]
main()
"""


@pytest.mark.parametrize("program", [RECEIVER, WORKER], ids=["receiver", "worker"])
def test_a_full_collection_leaves_out_what_was_loaded(program):
    """It stops every request and call for as long as it takes: 50 ms for modules alone."""
    done = subprocess.run(
        [sys.executable, "-c", f"import gc\n{program}"], capture_output=True, text=True
    )
    assert done.stdout.strip(), done.stderr
    assert int(done.stdout) > 100_000
