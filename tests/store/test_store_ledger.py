"""The ledger: written with the success itself, and readable when everything else is gone."""

from datetime import timedelta

import aging
from running import NOW
from sqlalchemy import update

from bridge.store import ledger
from bridge.store.keeping import retention
from bridge.store.keeping.retention import Keep
from bridge.store.tables import deliveries

KEEP = Keep(
    payloads=timedelta(days=30), events=timedelta(days=90), ledger=timedelta(days=400)
)


def delivered(connection, age=0, **changes):
    """A delivery that its vendor accepted, and its row in the ledger."""
    (event,) = aging.request(connection, age)
    id = aging.delivery(connection, event, "delivered", age, **changes)
    ledger.record(connection, [(id, 200)], aging.days(age))
    return id


def of_ticket(database, ticket="t1", limit=10):
    with database.read() as connection:
        return ledger.of_ticket(connection, ticket, limit)


def test_row_answers_who_wrote_what_and_why(database):
    """What was written, by which rule of which ruleset, for which event, what the vendor said, and who wanted it."""
    database.write(lambda c: delivered(c, person="ana", because="the key was wrong"))
    (row,) = of_ticket(database)
    assert row.pop("event_id").startswith("e")
    assert row == {
        "id": 1,
        "at": NOW,
        "delivery": 1,
        "event": 1,
        "source": "shop",
        "rule": "r",
        "ruleset": "hash",
        "connection": "vambe",
        "operation": "vambe.update_amount",
        "ticket": "t1",
        "fields": {"amount": 1},
        "status": 200,
        "person": "ana",
        "reason": "the key was wrong",
    }


def test_newest_first_and_no_more_than_asked_for(database):
    """A ticket's history begins with what it shows now."""
    for amount in (1, 2, 3):
        database.write(lambda c: delivered(c, fields={"amount": amount}))
    database.write(lambda c: delivered(c, ticket="t2"))
    found = [row["fields"]["amount"] for row in of_ticket(database, limit=2)]
    assert found == [3, 2]


def test_it_outlives_what_it_tells_of(database):
    """After the event, the delivery and their payloads are gone the answer is the same; after 400 days it is gone."""
    database.write(lambda c: delivered(c, age=200))
    database.write(lambda c: aging.delivery(c, *aging.request(c, 0), "delivered", 0))
    before = of_ticket(database)
    retention.forget(database, KEEP, NOW, lambda seconds: None)
    with database.read() as connection:
        assert aging.count(connection, deliveries) == 1
    assert of_ticket(database) == before != []
    later = NOW + timedelta(days=201)
    retention.forget(database, KEEP, later, lambda seconds: None)
    assert of_ticket(database) == []


def test_it_does_not_change_with_the_delivery(database):
    """What was written is written: a later replay or cancellation adds, and alters nothing."""
    database.write(delivered)
    before = of_ticket(database)
    database.write(
        lambda c: c.execute(update(deliveries).values(fields=None, rule="x"))
    )
    assert of_ticket(database) == before
