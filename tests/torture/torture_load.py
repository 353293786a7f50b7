"""The long forms of what tests/faults shows briefly: R-04, R-09, R-14 and R-17 at the promises' own sizes."""

import time

from running import eventually
from scenarios import copies_are_one, one_poisoned, workers_on_few_lanes
from traffic import Traffic, attempts, lane, states

LEASE = 15  # seconds, as in production


def test_copies_of_an_event_are_one(running):
    """R-04: 50 copies of 200 events are 200 events."""
    copies_are_one(running, copies=50, keys=200)


def test_workers_that_crash_keep_lanes_in_order(running, sandbox):
    """R-14: eight workers on four lanes, sixty kills."""
    found = workers_on_few_lanes(running, sandbox, crashes=60)
    print(f"\n{len(found.effects)} effects in order")


def test_one_poisoned_event_stops_nobody(running, sandbox):
    """R-17: 999 of 1,000 events are delivered."""
    one_poisoned(running, sandbox, count=1_000)


def test_a_lost_lease_is_taken_over(running, sandbox):
    """R-09: with the lease of production, a killed worker's call is taken over within lease + 5 s."""
    sandbox.fault("vambe", delay=3)
    running.receivers()
    victim = running.worker()
    traffic = Traffic(running.bridge.url)
    assert traffic.post("evt_1", lane(1)) == 202
    assert eventually(lambda: states(running.bridge) == ["sending"])
    running.worker()
    victim.kill()
    killed = time.monotonic()
    lost = ("evt_1", "unknown", "worker_lost")
    assert eventually(lambda: lost in attempts(running.bridge), LEASE + 5)
    print(f"\ntaken over after {time.monotonic() - killed:.1f} s")
