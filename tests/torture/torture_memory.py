"""R-26 from end to end: neither memory nor work per event grows with what a bridge has taken."""

import itertools
import os
import time

from load import drive
from rig import bridge, folder, signed_events, vendor

EVENTS = int(os.environ.get("BRIDGE_TEST_EVENTS", "10000"))
ROUNDS = 5
WARM = 2_000  # events until caches and pools are full
GROWTH = 10.0  # MB of all processes for 10,000 events: 1 KB kept of each would be that
SLOWER = 1.5  # times the processor time of the first round; a busy machine's clocks are not exact


def test_memory_and_work_stay_flat():
    """After a warm-up `bridge serve` keeps nothing of an event in memory, and the last costs no more than the first."""
    with folder() as where, vendor() as calls:
        with bridge(where, BRIDGE_SANDBOX_URL=calls.url) as server:
            requests = signed_events("memory")
            through(server, calls, requests, WARM)
            before = server.megabytes()
            share = EVENTS // ROUNDS
            rounds = [through(server, calls, requests, share) for _ in range(ROUNDS)]
    for number, (megabytes, work, seconds) in enumerate(rounds, 1):
        print(
            f"\nafter {WARM + number * share:,} events {megabytes:.0f} MB, "
            f"{work * 1e3:.1f} ms of processor time each, {share / seconds:.0f} a second",
            end="",
        )
    growth = (rounds[-1][0] - before) / EVENTS * 10_000
    print(f"\n{before:.0f} MB after the warm-up; {growth:+.1f} MB for 10,000 events")
    assert growth < GROWTH
    assert rounds[-1][1] < rounds[0][1] * SLOWER


def through(server, calls, requests, count):
    """Sends so many events and waits for their calls; (MB then, processor seconds of each, seconds of all)."""
    calls.calls.clear()
    began, work = time.monotonic(), server.processor_seconds()
    events = itertools.islice(requests, count)
    answers = drive(server.port, events, seconds=600, connections=8)
    calls.wait_for(answers.statuses[202], seconds=600)
    seconds = time.monotonic() - began
    return (
        server.megabytes(),
        (server.processor_seconds() - work) / count,
        seconds,
    )
