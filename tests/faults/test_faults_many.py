"""Many at once: copies of one event, workers on one lane, one event that nobody can deliver."""

import pytest
from backlog import drains
from scenarios import LEASE, copies_are_one, one_poisoned, workers_on_few_lanes
from traffic import Traffic, history, lane, settled


@pytest.mark.slow
def test_copies_of_an_event_are_one(running):
    """R-04: 50 copies of 10 events, posted at once to two processes, are 10 events.

    Fails when events.accept looks for the event first instead of leaving it to the unique insert.
    """
    copies_are_one(running, copies=50, keys=10)


@pytest.mark.slow
def test_a_duplicate_after_a_restart_is_one(on_sqlite, sandbox):
    """R-05: the sender repeats an event after a crash and a restart: 200, one row, one update.

    Fails when the store makes up an id of its own for what it gets.
    """
    on_sqlite.receivers()
    on_sqlite.worker(LEASE)
    traffic = Traffic(on_sqlite.bridge.url)
    assert traffic.post("evt_1", lane(1)) == 202
    assert settled(on_sqlite.bridge)
    on_sqlite.kill()
    on_sqlite.receivers()
    on_sqlite.worker(LEASE)
    assert traffic.post("evt_1", lane(1)) == 200
    assert settled(on_sqlite.bridge)
    found = history(traffic, sandbox, on_sqlite.bridge)
    assert found.stored == ["evt_1"] and len(found.effects) == 1


@pytest.mark.slow
def test_workers_that_crash_keep_lanes_in_order(on_postgresql, sandbox):
    """R-14: four lanes, eight workers, five kills: at the vendor every lane is in order of receipt.

    Fails when a claim takes more than the head of a lane.
    """
    found = workers_on_few_lanes(on_postgresql, sandbox, crashes=5)
    assert len(found.effects) > 20


@pytest.mark.slow
def test_one_poisoned_event_stops_nobody(on_sqlite, sandbox):
    """R-17: one event becomes a dead letter, all others are delivered.

    Fails when the router stores a rule's error without a dead letter for it.
    """
    one_poisoned(on_sqlite, sandbox, count=200)


@pytest.mark.slow
def test_what_waits_for_a_vendor_that_was_down_drains_in_order(on_sqlite, sandbox):
    """R-16: 270 updates wait for a vendor that is down: when it is back they come in lane order and within the rate
    and concurrency of their connection; another vendor's updates do not wait for that.

    Fails when Budget.spend does not move `next_at` on, and when an open breaker lets more than a probe through.
    """
    drains(on_sqlite, sandbox, 300, 25, ("rest", 1))
