"""R-02: 500 power cuts, spread over several recordings with seeds of their own."""

import random

import pytest
from fleet import fleet
from powercut import broken_promises
from scenarios import record
from traffic import MAPPING

RECORDINGS, CUTS, EVENTS = 5, 100, 300


@pytest.mark.parametrize("number", range(RECORDINGS))
def test_power_cuts(nursery, tmp_path, sandbox, number):
    """Nothing promised is missing after any of the cuts of a recording."""
    seed = random.randrange(2**32)
    with fleet(nursery, tmp_path, sandbox, MAPPING) as running:
        log = record(running, EVENTS)
    found, judged = broken_promises(tmp_path, log, CUTS, seed=seed)
    print(f"\n{CUTS} cuts, seed {seed}: {len(log)} steps, {judged} promises judged")
    assert found == []
