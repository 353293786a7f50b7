"""Leases that ran out are judged each by itself, and so is what a claim takes: what cannot be read stops nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from queueing import LEASE, VAMBE, state
from running import NOW
from sqlalchemy import select, update

from bridge.store import fetches, views
from bridge.store.database.columns import Encoded
from bridge.store.queue import burying, leases
from bridge.store.tables import connection_specs
from bridge.store.tables import deliveries as rows

LATER = NOW + LEASE + timedelta(seconds=1)


def break_spec(database, id, text):
    """Another hand at the connection that a delivery goes through; no other delivery has it."""
    mine = select(rows.c.spec).where(rows.c.id == id).scalar_subquery()
    change = update(connection_specs).where(connection_specs.c.hash == mine)
    database.write(lambda c: c.execute(change.values(spec=text)) and None)


def break_row(database, id, **columns):
    change = update(rows).where(rows.c.id == id).values(columns)
    database.write(lambda c: c.execute(change) and None)


BROKEN = {
    "spec that is no JSON": lambda db, id: break_spec(db, id, Encoded("{")),
    "spec without a vendor": lambda db, id: break_spec(db, id, {"name": "x"}),
    "spec of another kind": lambda db, id: break_spec(db, id, [1]),
    "call without a path": lambda db, id: break_row(db, id, call={"method": "POST"}),
    "call that is no JSON": lambda db, id: break_row(db, id, call=Encoded("{")),
    "no call": lambda db, id: break_row(db, id, call=None),
    "retries of another release": lambda db, id: break_row(
        db, id, retries={"patience": 3}
    ),
    "retries that are a list": lambda db, id: break_row(db, id, retries=[1]),
    "responses without a meaning": lambda db, id: break_row(
        db, id, responses=[{"when": "x"}]
    ),
}


@pytest.fixture
def lose(database):
    """As if a worker had claimed these and vanished."""

    def lose(*ids):
        lost = {"state": "sending", "owner": "gone", "lease_until": NOW + LEASE}
        for id in ids:
            break_row(database, id, **lost)

    return lose


def look(database, id):
    """What became of a delivery; what cannot be read of it is left out."""
    columns = ("state", "attempts", "owner", "reason")
    with database.read() as connection:
        query = select(*(rows.c[name] for name in columns)).where(rows.c.id == id)
        return connection.execute(query).one()


def take_over(database):
    taken = database.write(lambda c: leases.take_over(c, "me", LATER, LATER + LEASE))
    return [item.id for item in taken]


def own_spec(name):
    """A connection that no other delivery of these tests has, so that no process remembers it."""
    return replace(VAMBE, options={"country": "CL", "base_url": f"https://{name}"})


@pytest.mark.parametrize("kind", BROKEN)
def test_a_lost_lease_that_cannot_be_read_stops_no_other(
    add, claim, database, lose, kind
):
    """It is a dead letter that says it may have been sent, counted as an attempt; its lane and the batch go on."""
    first, broken, last = (
        add(f"t{n}", connection=own_spec(f"{kind}-{n}".replace(" ", "-")))
        for n in range(3)
    )
    behind = add("t1")
    lose(first, broken, last)
    BROKEN[kind](database, broken)
    assert take_over(database) == [first, last]
    found = look(database, broken)
    assert (found.state, found.attempts, found.owner) == ("dead", 1, None)
    assert "may or may not have it" in found.reason
    with database.read() as connection:
        (made,) = views.attempts_of(connection, broken)
    assert (made["verdict"], made["code"], made["number"]) == (
        "unknown",
        "worker_lost",
        1,
    )
    assert [item.id for item in claim(now=LATER)] == [behind]


@pytest.mark.parametrize("kind", BROKEN)
def test_what_a_claim_cannot_read_stops_no_other(add, claim, database, kind):
    """It is a dead letter that was never tried; the one behind it in its lane goes next."""
    first, broken, last = (
        add(f"t{n}", connection=own_spec(f"{kind}-{n}-c".replace(" ", "-")))
        for n in range(3)
    )
    behind = add("t1", connection=own_spec(f"{kind}-behind".replace(" ", "-")))
    BROKEN[kind](database, broken)
    assert {item.id for item in claim()} == {first, last}
    found = look(database, broken)
    assert (found.state, found.attempts) == ("dead", 0)
    assert "may or may not" not in found.reason
    assert [item.id for item in claim()] == [behind]


@pytest.mark.parametrize("kind", ["no call", "call without a path"])
def test_a_look_up_that_cannot_be_read_ends_its_event(
    add, receive, database, lose, kind
):
    """Its event waits for it no longer: it is routed without a rule, and says why."""
    event = receive("thin")
    id = add(
        look_up=0, rule="", connection=own_spec(f"look-up-{kind}".replace(" ", "-"))
    )
    break_row(database, id, event=event)
    database.write(lambda c: fetches.begin(c, event) and None)
    lose(id)
    BROKEN[kind](database, id)
    assert take_over(database) == []
    with database.read() as connection:
        assert views.event(connection, event)["state"] == "routed"
        (said,) = views.decisions_of(connection, event)
    assert said["said"] == "error" and "its look-up failed" in said["reason"]
    assert state(database, id) == "dead"


def test_only_the_owner_buries(add, claim, database):
    """Whoever lost the lease meanwhile changes nothing."""
    add()
    (item,) = claim()
    taken = replace(item, owner="another")
    assert not database.write(
        lambda c: burying.bury(c, taken, "x", "it is odd", NOW, sent=True)
    )
    assert state(database, item.id) == "sending"
