"""Workers that vanish, stand still or live in another hour, and vendors that take a call and do not answer."""

import os
import signal

import pytest
from history import judge
from running import eventually
from storm_machine import stopped
from traffic import Traffic, attempts, effects, history, lane, settled, states

SHORT = ("lease", 1.5)  # seconds, in place of the 15 of production, for who loses it
# Looks for lost leases often, and keeps its own through a stall of seconds.
WATCHFUL = ("put", "bridge.worker.loop", "RENEW", 0.5)
# The server ends a transaction after seconds, in place of the 30 of production.
IMPATIENT = ("put", "bridge.store.database.postgres", "LONGEST", "3s")
ONE, TWO = lane(1), lane(2)


@pytest.mark.slow
def test_an_effect_without_an_answer_is_an_unknown_outcome(on_sqlite, sandbox):
    """R-07, R-08: the vendor applies a call and the connection breaks: recorded as unknown; what replaces is sent
    again, what appends is held for a person. Fails when retry.judge_silence gives RETRY for a call that was sent.
    """
    sandbox.fault("vambe", drop="after")
    sandbox.fault("kapture", drop="after")
    on_sqlite.receivers()
    on_sqlite.worker()
    traffic = Traffic(on_sqlite.bridge.url)
    assert traffic.post("evt_replaced", ONE) == 202
    assert traffic.post("evt_added", "77", "adds") == 202
    assert eventually(lambda: sorted(states(on_sqlite.bridge)) == ["delivered", "held"])
    assert [item.event for item in effects(sandbox)].count("evt_replaced") == 2
    assert [item.event for item in effects(sandbox)].count("evt_added") == 1
    unknown = {
        event
        for event, verdict, _ in attempts(on_sqlite.bridge)
        if verdict == "unknown"
    }
    assert unknown == {"evt_replaced", "evt_added"}
    assert judge(history(traffic, sandbox, on_sqlite.bridge)) == []


@pytest.mark.slow
def test_a_lost_lease_is_taken_over(running, sandbox):
    """R-09: a worker is killed during a call; another records an unknown outcome and sends again.

    Fails when Keeper.once no longer takes over. How soon it does: torture_load.py.
    """
    sandbox.fault("vambe", delay=30)
    running.receivers()
    victim = running.worker(SHORT)
    traffic = Traffic(running.bridge.url)
    assert traffic.post("evt_1", ONE) == 202
    assert eventually(lambda: states(running.bridge) == ["sending"])
    running.worker(WATCHFUL)
    victim.kill()
    lost = ("evt_1", "unknown", "worker_lost")
    assert eventually(lambda: lost in attempts(running.bridge))
    assert settled(running.bridge)
    assert judge(history(traffic, sandbox, running.bridge)) == []


@pytest.mark.slow
def test_a_stopped_worker_that_wakes_may_not_write(running, sandbox):
    """R-10, R-11: a worker stands still after the vendor's answer; another of the same command and environment takes
    over and finishes. Awake again, the first records nothing: the other's attempt is the last.

    Fails when attempts.finish does not ask for the lease's owner.
    """
    running.receivers()
    sleeper = running.worker(SHORT, ("freeze", "sent, not recorded", 1))
    traffic = Traffic(running.bridge.url)
    assert traffic.post("evt_1", ONE) == 202
    assert eventually(lambda: effects(sandbox))
    running.worker(WATCHFUL)
    assert eventually(lambda: states(running.bridge) == ["delivered"]), running.tail()
    os.kill(sleeper.pid, signal.SIGCONT)
    assert eventually(lambda: "not recorded: lease lost" in running.tail())
    said = [verdict for _, verdict, _ in attempts(running.bridge)]
    assert said[-2:] == ["unknown", "delivered"]  # before: what it did not send in time
    assert judge(history(traffic, sandbox, running.bridge)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "point",
    ["routed, not committed", "claimed, not committed", "in the middle of recording"],
)
def test_a_worker_that_stands_still_in_a_transaction_stops_nobody(
    on_postgresql, sandbox, point
):
    """R-10: PostgreSQL takes the locks of a worker that is stopped inside a transaction, also between the statements
    of a pipeline, and another worker goes on with the same tickets.

    Fails, in the middle of recording, without transaction_timeout.
    """
    running = on_postgresql
    running.receivers()
    frozen = running.worker(SHORT, IMPATIENT, ("freeze", point, 1))
    traffic = Traffic(running.bridge.url)
    for number in range(5):
        assert traffic.post(f"evt_{number}", ONE) == 202
    assert eventually(lambda: stopped(frozen.pid))
    running.worker(WATCHFUL)
    assert settled(running.bridge, 60), running.tail()
    assert judge(history(traffic, sandbox, running.bridge)) == []


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [3600, -3])
def test_the_clock_jumps(running, sandbox, seconds):
    """R-25: the host's clock jumps under a worker while a call is under way: nothing is lost, repeated or overtaken.

    Fails, on SQLite, when Keeper.once looks for lost leases before it renews its own.
    """
    sandbox.fault("vambe", delay=5)
    running.receivers()
    worker = running.worker(WATCHFUL, ("jump", seconds))
    traffic = Traffic(running.bridge.url, adds=1_000)
    with traffic:
        assert eventually(lambda: "sending" in states(running.bridge))
        os.kill(worker.pid, signal.SIGUSR1)
        assert eventually(lambda: traffic.acknowledged() > 20)
    assert settled(running.bridge), running.tail()
    assert judge(history(traffic, sandbox, running.bridge)) == []
    assert {verdict for _, verdict, _ in attempts(running.bridge)} == {"delivered"}


@pytest.mark.slow
def test_retries_come_by_the_database_clock(on_postgresql, sandbox):
    """R-25: a worker whose host is an hour ahead retries after the rule's second, not after an hour.

    Fails when attempts.finish counts the delay from the host's time.
    """
    running = on_postgresql
    sandbox.fault("vambe", status=503)
    running.receivers()
    worker = running.worker(("jump", 3600))
    assert eventually(lambda: "worker started" in running.tail())
    os.kill(worker.pid, signal.SIGUSR1)
    traffic = Traffic(running.bridge.url)
    assert traffic.post("evt_1", ONE) == 202
    assert settled(running.bridge), running.tail()
    assert [verdict for _, verdict, _ in attempts(running.bridge)] == [
        "retry",
        "delivered",
    ]
