"""R-01, R-14: kill -9 again and again, at random moments and at named points, on both databases.

`make torture ROUNDS=1000`; each test says at the end what it really did.
"""

import os
import random
import time

from history import judge
from points import POINTS
from running import eventually
from traffic import Traffic, history, settled

ROUNDS = int(os.environ.get("BRIDGE_TEST_ROUNDS", "100"))
LEASE = ("lease", 1.5)


def life(fleet, traffic, chance):
    """One life of the bridge: half of them end at a point, half at any moment; either process or both at once."""
    point = chance.choice([*POINTS, *[None] * len(POINTS)])
    receiving = point in ("inserted, not committed", "committed, not answered")
    death = [("die", point, chance.randint(1, 30))] if point else []
    worker = fleet.worker(LEASE, *([] if receiving else death))
    receivers = fleet.receivers(*(death if receiving else []))
    victim = receivers if receiving else worker
    with traffic:
        if point:
            eventually(lambda: victim.code() is not None, seconds=3)
        else:
            time.sleep(chance.uniform(0, 0.8))
        fleet.kill()


def test_kill_9_rounds(running, sandbox):
    """After every round the next life takes over; at the end everything acknowledged has ended as it should."""
    seed = random.randrange(2**32)
    chance, began = random.Random(seed), time.monotonic()
    traffic = Traffic(running.bridge.url, senders=2, pause=0.05)
    for _ in range(ROUNDS):
        life(running, traffic, chance)
    running.worker(LEASE)
    running.receivers()
    traffic.resend()
    assert settled(running.bridge, 600 + 2 * ROUNDS), running.tail()
    found = history(traffic, sandbox, running.bridge)
    unknown = sum(item.unknown for item in found.ended)
    print(
        f"\n{ROUNDS} rounds in {time.monotonic() - began:.0f} s, seed {seed}: {traffic.acknowledged()} acknowledged, "
        f"{len(found.effects)} effects, {unknown} unknown outcomes, {len(judge(found))} findings"
    )
    assert judge(found) == []
    assert unknown > 0, "no round ended during a call: nothing was shown"
