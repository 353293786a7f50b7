"""Imported events: stored like received ones, on either database, with who vouches for them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from running import NOW

from bridge.model import Event, Request
from bridge.store import audit, events, imports, views
from bridge.store.audit import By
from bridge.store.imports import Imported

ANA = By(person="ana", reason="hook was off")
REQUEST = Request(
    method="POST", target="/hooks/shop", headers=(), body=b"{}", received_at=NOW
)
FIRST = Event(
    source="shop",
    event_id="evt_1",
    type="paid",
    occurred_at=None,
    received_at=NOW,
    payload={},
    headers={},
    digest="d1",
)
SECOND = replace(FIRST, event_id="evt_2", digest="d2")


def take(database, *batches, now=NOW, by=ANA):
    """Imports batches of events as requests of their own."""
    requests = [
        (
            replace(REQUEST, received_at=now),
            [replace(one, received_at=now) for one in batch],
        )
        for batch in batches
    ]
    return database.write(lambda c: imports.take(c, "shop", requests, by, now))


def vouched(database, *ids):
    with database.read() as connection:
        return [views.event(connection, id)["imported"] for id in ids]


def test_what_is_new_is_stored_with_who_vouches_for_it(database):
    """One audit row in the same transaction names the new events alone."""
    other = replace(FIRST, digest="other")
    assert take(database, [FIRST, SECOND], [other]) == Imported(
        new=2, known=1, conflicts=1
    )
    assert vouched(database, 1, 2) == ["by ana: hook was off"] * 2
    with database.read() as connection:
        (row,) = audit.newest(connection, limit=9)
    assert row["subject"] == {"source": "shop", "events": [1, 2], "known": 1}
    assert (row["action"], row["person"]) == ("import", "ana")


def test_what_was_received_keeps_its_own_proof(database):
    """An event that its sender proved does not become an imported one, and nothing new is no act."""
    database.write(lambda c: events.accept(c, REQUEST, [FIRST]))
    later = NOW + timedelta(seconds=1)
    assert take(database, [FIRST], now=later) == Imported(known=1)
    assert vouched(database, 1) == [None]
    with database.read() as connection:
        assert audit.newest(connection, limit=9) == []


def test_an_event_received_in_the_same_microsecond_is_told_apart(database):
    """The audit row names its events: a common moment alone proves nothing."""
    database.write(lambda c: events.accept(c, REQUEST, [FIRST]))
    assert take(database, [SECOND]) == Imported(new=1)
    assert vouched(database, 1, 2) == [None, "by ana: hook was off"]


def test_a_failed_import_leaves_nothing(database):
    """Events and audit row come and go together."""

    class Broken(Exception):
        pass

    def job(connection):
        imports.take(connection, "shop", [(REQUEST, [FIRST])], ANA, NOW)
        raise Broken

    with pytest.raises(Broken):
        database.write(job)
    with database.read() as connection:
        assert views.event(connection, 1) is None
        assert audit.newest(connection, limit=9) == []


def test_known_finds_ids_of_that_sender_alone(database):
    """Another sender's event of the same id is another event."""
    take(database, [FIRST])
    with database.read() as connection:
        assert imports.known(connection, "shop", ["evt_1", "evt_2"]) == {"evt_1"}
        assert imports.known(connection, "erp", ["evt_1"]) == set()
