"""Round after round something else is done to a living bridge, on both databases (R-29 to R-33); most end by kill -9.

Edits of connections and rules, stalled disks and locks, stopped processes, floods, poisoned events, vendors in trouble.
`make torture ROUNDS=300`. A run says its seed: with it in BRIDGE_TEST_SEED the same is done again.
"""

import os
import random
import time

import pytest
from storm import KEY, Storm

from bridge.sandbox.server import SandboxServer

ROUNDS = int(os.environ.get("BRIDGE_TEST_ROUNDS", "100"))
SEED = os.environ.get("BRIDGE_TEST_SEED")


@pytest.fixture(name="sandbox")
def _sandbox():
    with SandboxServer(credentials={"vambe": KEY}) as server:
        yield server


def test_storm(running, sandbox):
    """Whatever is done: nothing acknowledged is lost, each ticket keeps its order, and every sender is answered."""
    seed, began = int(SEED or random.randrange(2**32)), time.monotonic()
    print(f"\nseed {seed}")
    storm = Storm(running, sandbox, random.Random(seed))
    for number in range(1, ROUNDS + 1):
        storm.round(number)
    findings = storm.finish()
    print(
        f"{ROUNDS} rounds in {time.monotonic() - began:.0f} s, seed {seed}: "
        f"{storm.traffic.acknowledged()} acknowledged, {len(findings)} findings"
    )
    assert not findings, "\n".join([*findings, storm.told()])
