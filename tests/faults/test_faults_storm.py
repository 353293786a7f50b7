"""A few rounds of bad weather, on both databases: nothing is lost, nothing overtakes, and every sender is answered."""

import random

import pytest
from storm import DEEDS, KEY, Storm

from bridge.sandbox.server import SandboxServer

# Each deed at least once; in this order, so that what waits after one is there when the next is done.
ROUNDS = (
    ("trouble", "edit"),
    ("wrong key", "two workers"),
    ("edit before", "flood", "echo"),
    ("lock held", "known batch", "poison"),
    ("broken file", "worker stops", "comes and goes"),
    ("slow disk", "dies"),
)
LONG = {"crowd", "receiver stops"}  # in `make torture`


@pytest.fixture(name="sandbox")
def _sandbox():
    with SandboxServer(credentials={"vambe": KEY}) as server:
        yield server


@pytest.mark.slow
def test_a_storm_breaks_no_promise(running, sandbox):
    """R-29 to R-33: rules are edited, the store stands still, strangers flood, vendors are in trouble.

    Fails when lanes are keyed by the connection's name, when a store that stands still stops what comes after it, and
    when a gateway's page counts as a call that had no effect.
    """
    storm = Storm(running, sandbox, random.Random(29))
    for number, deeds in enumerate(ROUNDS, 1):
        storm.round(number, *deeds)
    findings = storm.finish()
    assert not findings, "\n".join([*findings, storm.told()])


def test_every_deed_is_done():
    """A deed that no short round does would be seen to fail in the long run alone."""
    assert {deed for deeds in ROUNDS for deed in deeds} | LONG == set(DEEDS)
