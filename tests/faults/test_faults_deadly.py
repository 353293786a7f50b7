"""Events at which every worker dies: they are found and given up, and stop no other event."""

import pytest
from running import eventually
from traffic import Traffic, lane, settled, states

from bridge.store import views
from bridge.worker.deaths import MOST, TOLD

# Where routing can be when it kills the process: as it reads the event, applies rules to it, and stores what follows.
PLACES = [
    ("bridge.store.events", "_stored"),
    ("bridge.worker.asking", "Asker.ask"),
    ("bridge.store.routed", "record"),
]
MARK = "evt_deadly"
LIVES = 1 + MOST + 1  # all together, then alone, then the one that gives it up


def dead_letters(bridge):
    """The reasons of what was given up."""
    database = bridge.database()
    with database.read() as connection:
        rows = views.list_deliveries(connection)
    database.close()
    return [row["reason"] for row in rows if row["state"] == "dead"]


def live(fleet, *fault):
    """Workers one after another until everything is settled; how many of them died."""
    for died in range(2 * LIVES):
        worker = fleet.worker(fault)
        eventually(lambda: worker.code() is not None or settled(fleet.bridge, 0.1))
        if worker.code() is None:
            return died
    raise AssertionError(f"workers die without end: {fleet.tail()}")


@pytest.mark.slow
@pytest.mark.parametrize(("module", "path"), PLACES)
def test_a_deadly_event_is_given_up(running, sandbox, module, path):
    """R-35: the event at which each worker dies becomes a dead letter that says so; those around it are delivered.

    Fails when Turn.note does nothing, and when Notes.deadly is never true.
    """
    running.receivers()
    traffic = Traffic(running.bridge.url)
    for number in range(4):
        assert traffic.post(f"evt_before_{number}", lane(number)) == 202
    assert traffic.post(MARK, lane(1)) == 202
    for number in range(4):
        assert traffic.post(f"evt_after_{number}", lane(number)) == 202
    assert live(running, "deadly", module, path, MARK) == LIVES - 1
    assert sorted(states(running.bridge)) == ["dead", *["delivered"] * 8]
    assert dead_letters(running.bridge) == [TOLD]


@pytest.mark.slow
def test_two_deadly_events_are_both_given_up(on_sqlite, sandbox):
    """R-35: one of them first in line, and one alone as the last: each is found by itself."""
    on_sqlite.receivers()
    traffic = Traffic(on_sqlite.bridge.url)
    for name in (f"{MARK}_1", "evt_1", f"{MARK}_2"):
        assert traffic.post(name, lane(1)) == 202
    died = live(on_sqlite, "deadly", "bridge.worker.asking", "Asker.ask", MARK)
    assert died == 1 + 2 * MOST
    assert sorted(states(on_sqlite.bridge)) == ["dead", "dead", "delivered"]
    assert dead_letters(on_sqlite.bridge) == [TOLD, TOLD]
