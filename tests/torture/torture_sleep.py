"""A host that is suspended between the claim and the call, for longer than its lease (R-10)."""

import os
import signal
import time

from history import judge
from running import eventually
from scenarios import LEASE
from traffic import Traffic, history, lane, settled, states


def test_a_worker_that_wakes_sends_nothing_old(running, sandbox):
    """Awake again, it must not send what another has taken over: a newer update of the ticket is there already."""
    running.receivers()
    sleeper = running.worker(LEASE, ("freeze", "claimed, not sent", 1))
    traffic = Traffic(running.bridge.url)
    assert traffic.post("evt_1", lane(1)) == 202
    assert eventually(lambda: states(running.bridge) == ["sending"])
    running.worker(LEASE)
    assert eventually(lambda: states(running.bridge) == ["delivered"])
    assert traffic.post("evt_2", lane(1)) == 202
    assert settled(running.bridge)
    os.kill(sleeper.pid, signal.SIGCONT)
    time.sleep(2)
    assert judge(history(traffic, sandbox, running.bridge)) == []
