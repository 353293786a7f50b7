"""Fixtures of the queue's tests: deliveries put in, claimed and finished one by one, at any time."""

import itertools
from dataclasses import replace

import pytest
from queueing import CALL, LEASE, SENT, VAMBE
from receiving import event
from receiving import request as sent
from running import NOW

from bridge.model import Delivery, Retries
from bridge.store import Database, deliveries, events
from bridge.store.queue import attempts
from bridge.store.queue import claims as queue


@pytest.fixture(params=["sqlite", "postgresql"])
def untouched(request, tmp_path):
    """A database without tables, for those of an older release."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgres")
        return
    store = Database(f"sqlite:///{tmp_path}/bridge.db")
    yield store
    store.close()


@pytest.fixture
def receive(database):
    """Stores an event of a source; its id."""
    numbers = itertools.count()

    def receive(source="s"):
        made = event(f"e{next(numbers)}", source=source)
        return database.write(
            lambda connection: events.accept(connection, sent(b"{}"), [made])
        ).ids[0]

    return receive


@pytest.fixture
def add(database, receive):
    counter = itertools.count()

    events_of = {}

    def add(ticket="t1", source="s", now=NOW, **changes):
        if source not in events_of:
            events_of[source] = receive(source)
        connection = changes.pop("connection", VAMBE)
        rendered = Delivery(
            rule="r",
            key="",
            operation="vambe.update_amount",
            connection=connection,
            fields={"amount": 150000},
            call=CALL,
            ticket=ticket,
            lane=f"{connection.name}/{ticket}",
            at=NOW,
            idempotency_key=f"key-{next(counter)}",
        )
        rendered = replace(rendered, **changes)
        return database.write(
            lambda c: deliveries.add(c, events_of[source], "hash", rendered, now)
        )

    return add


@pytest.fixture
def claim(database):
    numbers = itertools.count()

    def claim(owner="me", now=NOW, limit=100, **more):
        mine = f"{owner}-{next(numbers)}"
        made = database.write(lambda c: queue.claim(c, mine, now, LEASE, limit, **more))
        return list(made.items)

    return claim


@pytest.fixture
def finish(database):
    def finish(item, attempt=SENT, now=NOW, delay=5):
        """Records an attempt; what waits then does so for so many seconds."""
        endless = {"max_attempts": 10**6, "max_age": 10**9}
        retries = Retries(initial=10**9, max_delay=delay, **endless)
        made = [(replace(item, retries=retries), attempt)]
        (concluded,) = database.write(lambda c: attempts.finish_all(c, made, now))
        return concluded

    return finish
