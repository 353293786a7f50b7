"""A vendor that is down while much waits for it, and comes back (R-16): what its connection sends, what others get."""

import json
import time
from bisect import bisect_right
from dataclasses import replace
from datetime import timedelta

from history import judge
from running import eventually
from sqlalchemy import text
from traffic import MAPPING, Traffic, effects, history, read, settled, states

CONCURRENCY = 8  # of the connection whose vendor is down
WINDOW = timedelta(seconds=3)  # in which calls are counted
OTHERS = 5  # updates for the other vendor that are followed at each stage
PROBES = 350  # seconds: an open breaker tries again within five minutes


def drains(fleet, sandbox, count, rate, *faults):
    """Stores `count` events while a vendor is down, lets it come back, and judges all of it; a sentence of figures.

    Its connection has `rate` calls a second: fewer than two workers could send.
    """
    limited = f"{{ rate: {rate}, concurrency: {CONCURRENCY} }}"
    mapping = MAPPING.replace("{ concurrency: 16 }", limited)
    (fleet.bridge.folder / "mappings" / "rules.yaml").write_text(mapping)
    sandbox.fault("vambe", status=503, count=None)
    fleet.receivers()
    for _ in range(2):
        fleet.worker(*faults)
    traffic = Traffic(fleet.bridge.url, senders=8, lanes=25, pause=0, adds=10)
    with traffic:
        assert eventually(lambda: traffic.acknowledged() >= count, 600), fleet.tail()
    traffic.resend()
    waiting = others_go_on(fleet, sandbox, traffic)
    refused, before = len(sandbox.calls("vambe")), effects(sandbox)
    sandbox.reset()  # the vendor is back
    back = time.monotonic()
    assert eventually(lambda: sandbox.calls("vambe"), PROBES), fleet.tail()
    slowest = [follow(traffic, sandbox, "drain_0")]
    assert open_for(fleet, "vambe"), "another vendor's update came after all that waits"
    slowest += [follow(traffic, sandbox, f"drain_{n}") for n in range(1, OTHERS)]
    most = watched(fleet, waiting / rate * 5 + 60)
    seconds = time.monotonic() - back
    found = history(traffic, sandbox, fleet.bridge)
    found = replace(found, effects=[*before, *found.effects])
    assert judge(found) == []
    assert set(states(fleet.bridge)) == {"delivered"}
    assert refused <= 5 + CONCURRENCY + PROBES / 10, "an open breaker let calls through"
    busiest = at_most(sandbox.calls("vambe"), WINDOW)
    assert busiest <= rate * WINDOW.total_seconds() + CONCURRENCY + 1
    assert most <= CONCURRENCY
    return (
        f"{traffic.acknowledged()} events, {waiting} waiting, {refused} calls refused; drained {seconds:.0f} s "
        f"after the vendor was back, at most {busiest} calls in {WINDOW.total_seconds():.0f} s and {most} at once; "
        f"another vendor's updates took {max(slowest):.1f} s at most"
    )


def others_go_on(fleet, sandbox, traffic):
    """Everything for the other vendor is delivered, what is new too; how many deliveries wait for the one."""
    assert eventually(lambda: unrouted(fleet) == 0, 300), fleet.tail()
    assert eventually(lambda: open_for(fleet, "kapture") == 0, 60), fleet.tail()
    for number in range(OTHERS):
        follow(traffic, sandbox, f"down_{number}")
    return open_for(fleet, "vambe")


def follow(traffic, sandbox, event):
    """Sends an event for the other vendor; how many seconds its update took."""
    began = time.monotonic()
    assert traffic.post(event, event, "adds") == 202
    arrived = lambda: event in comments(sandbox)  # noqa: E731
    assert eventually(arrived), f"{event} waits though its vendor is well"
    return time.monotonic() - began


def comments(sandbox):
    """The events of the other vendor's calls."""
    return {json.loads(call.body)[0]["comment"] for call in sandbox.calls("kapture")}


_UNROUTED = text("SELECT count(*) FROM events WHERE state = 'stored'")
_OPEN = text("""SELECT count(*) FROM deliveries
    WHERE state IN ('waiting', 'sending') AND operation LIKE :vendor || '.%'""")
_SENDING = text("""SELECT count(*) FROM deliveries
    WHERE state = 'sending' AND operation LIKE 'vambe.%'""")


def unrouted(fleet):
    return read(fleet.bridge, _UNROUTED)[0][0]


def open_for(fleet, vendor):
    """How many deliveries of a vendor are not finished."""
    return read(fleet.bridge, _OPEN.bindparams(vendor=vendor))[0][0]


def watched(fleet, seconds):
    """Waits until everything is done; how many calls to the limited vendor were ever under way at once."""
    most = 0
    until = time.monotonic() + seconds
    database = fleet.bridge.database()
    try:
        while not settled(fleet.bridge, 0) and time.monotonic() < until:
            with database.read() as connection:
                most = max(most, connection.execute(_SENDING).scalar_one())
            time.sleep(0.1)
    finally:
        database.close()
    assert settled(fleet.bridge, 0), fleet.tail()
    return most


def at_most(calls, window):
    """The most calls in any window of that length."""
    times = sorted(call.when for call in calls)
    ends = (bisect_right(times, begin + window) for begin in times)
    return max(end - number for number, end in enumerate(ends))
