"""Routing in order of receipt while several workers route: what comes into being, in which order, and by whom."""

import threading
from contextlib import contextmanager

import pytest
from running import MAPPING
from sqlalchemy import text
from working import accept, paid

from bridge import mapping
from bridge.store import Database, routed, views
from bridge.worker import routing
from bridge.worker.asking import Asker
from bridge.worker.routing import Router


@pytest.fixture
def ruleset():
    return mapping.build({"rules.yaml": MAPPING}).usable()


@pytest.fixture
def second(database):
    """The same store as another worker opens it."""
    opened = Database(database.url.render_as_string(hide_password=False))
    yield opened
    opened.close()


def take_in(connection, ruleset, name):
    """Stores one paid invoice inside a transaction, as the front door would."""
    return accept(connection, ruleset, "stripe", paid(name)).ids[0]


def receive(database, ruleset, *names):
    for name in names:
        database.write(lambda c, name=name: take_in(c, ruleset, name))


def lane(database):
    """The event ids of the deliveries, in the order in which they would be sent."""
    query = text(
        "SELECT e.event_id FROM deliveries d JOIN events e ON e.id = d.event"
        " ORDER BY d.id"
    )
    with database.read() as connection:
        return list(connection.execute(query).scalars())


@contextmanager
def stopped_before_commit(database, ruleset, monkeypatch):
    """A worker that has recorded its batch and not committed it: yields the thread and what lets it go on."""
    recorded, go_on = threading.Event(), threading.Event()
    record = routed.record

    def slowly(*arguments):
        done = record(*arguments)
        if threading.current_thread() is first:
            recorded.set()
            go_on.wait(60)
        return done

    monkeypatch.setattr(routed, "record", slowly)
    router = Router(database, Asker(""))
    first = threading.Thread(target=lambda: router.route_waiting(ruleset))
    first.start()
    assert recorded.wait(60)
    try:
        yield first, go_on
    finally:
        go_on.set()
        first.join()


def test_later_event_does_not_overtake_an_uncommitted_batch(
    database, second, ruleset, monkeypatch
):
    """A worker that sees a newer event makes its delivery after those of the older ones, though another routes them.

    Fails when `waiting` reads past locked rows (SKIP LOCKED) or `routed` is not conditional on the state.
    """
    monkeypatch.setattr(routing, "PATIENCE", 0)  # both are at it
    receive(database, ruleset, "evt_0")
    Router(second, Asker("")).route_waiting(ruleset)  # what is slow at first is done
    receive(database, ruleset, "evt_1", "evt_2")
    with stopped_before_commit(database, ruleset, monkeypatch) as (first, go_on):
        if database.dialect == "postgresql":  # SQLite takes nothing in meanwhile
            receive(second, ruleset, "evt_3")
        router = Router(second, Asker(""))
        other = threading.Thread(target=lambda: router.route_waiting(ruleset))
        other.start()
        other.join(0.3)
        assert lane(second) == ["evt_0"]
        go_on.set()
        other.join(60)
        first.join(60)
    receive(second, ruleset, "evt_4")
    Router(second, Asker("")).route_waiting(ruleset)
    expected = ["evt_0", "evt_1", "evt_2", "evt_3", "evt_4"]
    if database.dialect == "sqlite":
        expected.remove("evt_3")
    assert lane(second) == expected


def test_event_that_was_committed_late_is_routed(database, second, ruleset):
    """A lower id that appears after a higher one was routed is found: events are claimed by state, not by a cursor."""
    if database.dialect == "sqlite":  # one writer: nothing is committed out of order
        receive(database, ruleset, "late", "early")
    else:
        with second.transaction() as slow:
            take_in(slow, ruleset, "late")
            receive(database, ruleset, "early")
            Router(database, Asker("")).route_waiting(ruleset)
            assert lane(database) == ["early"]
    Router(database, Asker("")).route_waiting(ruleset)
    assert sorted(lane(database)) == ["early", "late"]


def test_one_worker_routes_at_a_time(database, second, ruleset):
    """Who does not have the turn leaves the events to the one who has."""
    receive(database, ruleset, "evt_1")
    with database.turn("routing") as turn:
        assert turn.mine
        assert Router(second, Asker("")).route_waiting(ruleset) == 0
    with database.read() as connection:
        assert views.count_unrouted(connection) == 1
    assert Router(second, Asker("")).route_waiting(ruleset) == 1


def test_stopped_worker_does_not_keep_the_turn_for_ever(
    database, second, ruleset, monkeypatch
):
    """A worker that was denied for long enough routes anyway: the turn saves work and protects nothing."""
    receive(database, ruleset, "evt_1")
    router = Router(second, Asker(""))
    with database.turn("routing"):
        assert router.route_waiting(ruleset) == 0
        monkeypatch.setattr(routing, "PATIENCE", 0)
        assert router.route_waiting(ruleset) == 1


def test_turn_concerns_one_thing_and_ends(database, second):
    """A turn is denied while another has it, for this one thing, and is free again after it."""
    with database.turn("routing") as mine, second.turn("routing") as theirs:
        assert (mine.mine, theirs.mine) == (True, False)
        with second.turn("something else") as other:
            assert other.mine
    with second.turn("routing") as theirs:
        assert theirs.mine


def test_a_worker_leaves_what_it_does_not_know_alone(database, second, ruleset):
    """Events of a source that its rules lack wait for a worker that has it; those of other sources go on meanwhile."""
    other = MAPPING.replace(
        "source: { name: stripe,", "source: { name: shop, provider: stripe,"
    )
    assert other != MAPPING
    older = mapping.build({"rules.yaml": other}).usable()
    receive(database, ruleset, "evt_1", "evt_2")
    assert Router(second, Asker("")).route_waiting(older) == 0
    with database.read() as connection:
        assert [row["state"] for row in views.list_events(connection)] == ["stored"] * 2
    Router(database, Asker("")).route_waiting(ruleset)
    assert lane(database) == ["evt_1", "evt_2"]
