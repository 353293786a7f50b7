"""Asking the rules: a question that decides and stores nothing, for any number of greenlets."""

import pytest
from working import Bench, paid

from bridge import providers
from bridge.store import events
from bridge.worker.asking import Asker
from bridge.worker.routing import Router


@pytest.fixture
def bench(sqlite, sandbox):
    return Bench(sqlite, sandbox)


def stored(bench, id):
    with bench.database.read() as connection:
        return events.load(connection, bench.receive(paid(id)))


def test_two_that_ask_at_once_each_get_their_own_event(bench, monkeypatch):
    """One is read while another is: each has its own payload."""
    first, second = stored(bench, "evt_1"), stored(bench, "evt_2")
    source, asker, between = bench.ruleset.sources["stripe"], Asker(""), []
    take = providers.take

    def slow(*given):
        found = take(*given)
        if not between:
            between.append(None)
            between[0] = asker.event(source, second)
        return found

    monkeypatch.setattr(providers, "take", slow)
    event = asker.event(source, first)
    assert [event.payload["id"], between[0].payload["id"]] == ["evt_1", "evt_2"]


def test_asking_stores_nothing(bench):
    """The rules are asked about an event as often as one likes; it waits to be routed all the same."""
    event = stored(bench, "evt_1")
    said = [Asker("").decide(bench.ruleset, event) for _ in range(2)]
    assert said[0] == said[1] and said[0][0].rendered
    assert bench.deliveries() == []
    assert Router(bench.database, Asker("")).route_waiting(bench.ruleset) == 1
