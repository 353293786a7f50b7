"""kill -9 at named points: what was answered 2xx arrives, once or with a recorded reason, in order (R-01, R-06)."""

import random

import pytest
from history import judge
from points import POINTS
from running import eventually
from scenarios import LEASE
from traffic import Traffic, history, settled


def crash(fleet, traffic, point, passes):
    """One life of the bridge, which ends when it comes to the point for the n-th time."""
    receiving = point in ("inserted, not committed", "committed, not answered")
    death = ("die", point, passes)
    worker = fleet.worker(LEASE, *([] if receiving else [death]))
    receivers = fleet.receivers(*([death] if receiving else []))
    with traffic:
        victim, before = receivers if receiving else worker, traffic.acknowledged()
        assert eventually(lambda: victim.code() is not None), fleet.tail()
        if not receiving:
            assert eventually(lambda: traffic.acknowledged() > before + 2)
        fleet.kill()


def crash_at(fleet, sandbox, points, chance):
    """One life after another ends at each point; afterwards everything acknowledged has ended as it should."""
    traffic = Traffic(fleet.bridge.url)
    for point in points:
        crash(fleet, traffic, point, chance.randint(1, 4))
    fleet.worker(LEASE)
    fleet.receivers()
    traffic.resend()
    assert settled(fleet.bridge), fleet.tail()
    assert judge(history(traffic, sandbox, fleet.bridge)) == []
    return traffic


@pytest.mark.slow
def test_a_crash_at_any_point_loses_nothing(on_sqlite, sandbox):
    """R-01, R-06: a life of the bridge ends at each of the points.

    Fails when Front answers before the store has committed, when a claim is not undone by a take-over, and when the
    event's state and its deliveries are written in two transactions.
    """
    traffic = crash_at(on_sqlite, sandbox, POINTS, random.Random(11))
    assert traffic.acknowledged() > 2 * len(POINTS)


@pytest.mark.slow
def test_a_crash_on_postgresql_loses_nothing(on_postgresql, sandbox):
    """R-01: the same at the points that lie between the database and somebody else."""
    points = ("committed, not answered", "claimed, not sent", "sent, not recorded")
    crash_at(on_postgresql, sandbox, points, random.Random(12))
