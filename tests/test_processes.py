"""Processes that live long settle before their work begins: what they loaded is no longer walked over."""

import platform
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


MEMORY = """
import psutil
from bridge import processes
processes.settle()
held = lambda: psutil.Process().memory_info().rss / 2**20
bytearray(2**20)  # freed at once: from here on glibc would keep such blocks among the small ones
before = held()
large = [(bytearray(2**20), bytes(50_000)) for _ in range(60)]
small = [pair[1] for pair in large]
full = held() - before
del large
print(full > 60, held() - before < 20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no glibc")
def test_what_large_requests_took_goes_back_to_the_system():
    """Small things that outlive a flood do not hold the memory of it."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True
    )
    assert done.stdout == "True True\n", done.stdout + done.stderr
