"""The promise of the front door at its own size: 200 hostile connections of each kind for 30 s, beside signed posts."""

import json
import os
import time

import hostile
import pytest
from besieged import processor, receiver, siege, taken
from rawsockets import NoVendors
from running import bridge

from bridge.sandbox import DEFAULT_CREDENTIALS

COUNT, SECONDS, RATE = 200, 30.0, 1_000
PAUSE = 0.02  # seconds between signed posts
LATE = 1.0  # seconds: what 99 of 100 signed posts take at most
GONE = 15.0 + 1.5  # seconds: the time limit, and a moment in which one lingers


@pytest.fixture
def front(tmp_path):
    with bridge(tmp_path, NoVendors, DEFAULT_CREDENTIALS) as made:
        made.start("--no-worker")
        yield made


@pytest.mark.parametrize("kind", hostile.KINDS)
def test_no_client_takes_the_receiver(front, kind):
    """T-37 T-38 T-39: by default settings, each signed post is taken, 99 of 100 within a second; nobody stays."""
    pid, rate = receiver(front), (RATE,) if kind == "a flood" else ()
    with siege(front, kind, COUNT, *rate) as around:
        began, spent, found = time.monotonic(), processor(pid), []
        while time.monotonic() - began < SECONDS:
            found.append(taken(front, f"evt_{len(found)}"))
            time.sleep(PAUSE)
        spent = (processor(pid) - spent) / (time.monotonic() - began)
        report = around.lift()
    assert all(ok for ok, _ in found)
    waited = sorted(seconds for _, seconds in found)
    p99 = waited[int(len(waited) * 0.99)]
    told = {"p50": waited[len(waited) // 2], "p99": p99, "processor": spent, **report}
    log = os.path.getsize(front.log) // len(found)
    print(f"\n{kind}: {len(found)} posts", json.dumps(told), f"log {log} bytes a post")
    assert p99 < LATE and report["longest"] < GONE and not report["left"]
    assert receiver(front) == pid and "WORKER TIMEOUT" not in front.log.read_text()
