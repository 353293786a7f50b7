"""What people steer by: filters as SQL, pauses, the audit trail, and deliveries that are sent once more."""

from dataclasses import replace
from datetime import timedelta

import pytest
from running import NOW
from sqlalchemy import update

from bridge.model import (
    Call,
    Connection,
    Decided,
    Decision,
    Delivery,
    Event,
    Request,
    Said,
)
from bridge.services.finding import find
from bridge.store import (
    audit,
    deliveries,
    events,
    pauses,
    replays,
    routed,
    selecting,
    views,
)
from bridge.store.audit import By
from bridge.store.pauses import Scope
from bridge.store.queue import claims as queue
from bridge.store.tables import deliveries as rows

ANA = By(person="ana", reason="a test")
CALL = Call(method="POST", path="/x", query=(), headers=(), body=b"{}")


@pytest.fixture
def receive(database):
    """Stores an event of a source, with one decision; its id."""

    def receive(event_id, source="stripe", type="invoice.paid", now=NOW, said=None):
        request = Request(
            method="POST", target="/hooks/s", headers=(), body=b"{}", received_at=now
        )
        event = Event(
            source=source,
            event_id=event_id,
            type=type,
            occurred_at=now,
            received_at=now,
            payload={},
            headers={},
        )
        reason = said or "it matched"
        decision = Decision(rule="r", said=Said.MATCHED, reason=reason, place="a:1")

        def job(connection):
            id = events.accept(connection, request, [event]).ids[0]
            if said:
                verdict = Decided(event=id, decisions=(decision,))
                routed.record(connection, [verdict], "hash", now)
            return id

        return database.write(job)

    return receive


@pytest.fixture
def add(database, receive):
    """Stores a delivery of an event of its own; its id."""
    numbers = iter(range(100))

    def add(rule="paid-sets", ticket="t1", connection="vambe-cl", now=NOW, **event):
        event_id = receive(f"evt_{next(numbers)}", now=now, **event)
        rendered = Delivery(
            rule=rule,
            key="",
            operation="vambe.update_amount",
            connection=Connection(name=connection, vendor="vambe", options={}, auth={}),
            fields={"amount": 1},
            call=CALL,
            ticket=ticket,
            lane=f"{connection}/{ticket}",
            at=NOW,
            idempotency_key=f"key-{event_id}",
        )
        return database.write(
            lambda c: deliveries.add(c, event_id, "hash", rendered, now)
        )

    return add


@pytest.fixture
def found(database):
    """The ids that a filter finds, in the order they came to be."""

    def found(text, kind="deliveries"):
        rows = find(database, kind, text, now=NOW + timedelta(seconds=1)).rows
        return [row["id"] for row in reversed(rows)]

    return found


def move(database, id, to, reason="because"):
    states = ("waiting", "held", "dead")
    database.write(
        lambda c: deliveries.change_state(c, id, states, to, reason, NOW, ANA)
    )


def test_a_filter_finds_deliveries(database, add, found):
    """Keys must all hold, values of one key are alternatives, a dash turns a word round."""
    three = add(connection="getfly", now=NOW - timedelta(days=2))
    one = add()
    two = add(rule="paid-adds", ticket="50%_[x]", source="hubspot", type="deal.won")
    move(database, three, "cancelled", "Not needed, 100%")
    assert found("rule:paid-*") == [three, one, two]
    assert found("rule:paid-sets -connection:getfly") == [one]
    assert found("source:hubspot") == found("type:deal.*") == [two]
    assert found("state:cancelled connection:vambe-cl") == []
    assert found("connection:getfly connection:vambe-cl source:stripe") == [three, one]
    assert found("-type:deal.won -state:cancelled") == [one]
    assert found("since:24h") == [one, two]
    assert found("until:2026-11-20") == [three]
    assert found('since:7d "not NEEDED" 100%') == [three]
    assert found('"not NEEDED" 100%') == []  # words are looked for in the last day
    assert found("-needed") == [one, two]
    assert found("event:evt_1 event:1") == [three, one]
    assert found("ticket:50%_[x]") == found("ticket:50%_[*") == [two]


def test_signs_that_a_database_knows_are_themselves(add, found):
    """Only `*` stands for something; case counts."""
    add(rule="paid")
    for text in ("rule:p%", "rule:pai_*", "rule:[p]aid*", "rule:?aid*", "rule:PAID*"):
        assert found(text) == [], text
    for text in ("rule:*", "rule:p*d", "rule:*paid*"):
        assert found(text) == [1], text


def test_a_filter_finds_events(database, add, receive, found):
    """An event by what it is, by its deliveries together, and by the words of a decision."""
    one = add(ticket="t1", rule="a")
    two = add(ticket="t2", rule="b", source="hubspot")
    three = receive("evt_x", type="deal.won", said="event.amount is 0")
    assert found("source:hubspot", "events") == [two]
    assert found("ticket:t1 rule:a", "events") == [one]
    assert found("ticket:t1 rule:b", "events") == []
    assert found("-rule:a -ticket:t2", "events") == [three]
    assert found("state:routed outcome:matched", "events") == [three]
    assert found("-outcome:matched", "events") == [one, two]
    assert found('"AMOUNT is 0"', "events") == [three]
    assert found("type:deal.* event:evt_x", "events") == [three]


def test_what_an_act_is_about(database, add):
    """Only deliveries in the states that it can touch, oldest first, up to where it began."""
    ids = [add(rule=name) for name in ("a", "b", "a")]
    move(database, ids[1], "cancelled")
    with database.read() as connection:
        states = ("waiting", "cancelled")
        counted = selecting.tally(connection, (), states)
        assert counted == {("waiting", "a"): 2, ("cancelled", "b"): 1}
        bounds = {"after": ids[0], "through": ids[1], "limit": 5}
        assert selecting.matching(connection, (), states, **bounds) == [ids[1]]
        assert selecting.states(connection, [ids[1], 99]) == {ids[1]: "cancelled"}


def test_a_pause_is_there_once(database):
    """The same scope twice is one pause, with the first time and reason; another scope is another."""
    scope = Scope(rule="a", ticket="t")
    assert database.write(lambda c: pauses.add(c, scope, ANA, NOW)) is True
    later = NOW + timedelta(hours=1)
    assert database.write(lambda c: pauses.add(c, scope, By(), later)) is False
    assert database.write(lambda c: pauses.add(c, Scope(), ANA, NOW)) is True
    with database.read() as connection:
        first, second = pauses.listed(connection)
    assert (first["since"], first["person"], str(pauses.scope_of(first))) == (
        NOW,
        "ana",
        "rule a and ticket t",
    )
    assert str(pauses.scope_of(second)) == "everything"
    assert database.write(lambda c: pauses.remove(c, Scope(rule="a"))) is False
    assert database.write(lambda c: pauses.remove(c, scope)) is True
    assert database.write(lambda c: pauses.remove(c, scope)) is False


def test_pauses_that_stop_a_delivery(database, add):
    """Those whose every set column agrees."""
    id = add(rule="a", ticket="t1")
    for scope in (Scope(rule="a"), Scope(rule="a", ticket="t2"), Scope(source="no")):
        database.write(lambda c: pauses.add(c, scope, ANA, NOW))
    with database.read() as connection:
        row = views.delivery(connection, id)
        stopping = pauses.stopping(connection, row)
    assert [str(pauses.scope_of(one)) for one in stopping] == ["rule a"]


def test_paused_time_is_no_age(database, add):
    """While a pause agrees nothing is claimed; six days later it is as old as it was, so no retry is lost to it."""
    id, minute = add(), timedelta(minutes=1)
    tried = update(rows).where(rows.c.id == id)
    tried = tried.values(attempts=1, due_at=NOW, age_from=NOW - minute)
    database.write(lambda c: c.execute(tried))
    scope = Scope(rule="paid-sets", source="stripe", ticket="t1", connection="vambe-cl")

    def claim(now):
        lease = timedelta(seconds=15)
        claimed = database.write(lambda c: queue.claim(c, f"me-{now}", now, lease, 9))
        return claimed.items

    database.write(lambda c: pauses.add(c, scope, ANA, NOW))
    assert claim(NOW + timedelta(days=5)) == ()
    database.write(lambda c: pauses.remove(c, scope))
    (item,) = claim(NOW + timedelta(days=6))
    assert (item.id, item.age) == (id, minute)


def test_acts_are_listed_newest_first(database):
    """Each row has who, what, to what and why."""
    for name in ("retry", "cancel"):
        database.write(lambda c: audit.record(c, ANA, name, {"deliveries": [1]}, NOW))
    with database.read() as connection:
        (row,) = audit.newest(connection, limit=1)
    assert (row["action"], row["person"], row["reason"]) == ("cancel", "ana", "a test")
    assert (row["subject"], row["at"]) == ({"deliveries": [1]}, NOW)


def test_a_repeat_is_a_new_delivery(database, add):
    """The same request behind what is there, with an age, attempts and an idempotency key of its own."""
    old = add()
    move(database, old, "cancelled")
    later = NOW + timedelta(days=1)
    new = database.write(lambda c: replays.repeat(c, old, ANA, later, force=False))
    with database.read() as connection:
        first, second = views.delivery(connection, old), views.delivery(connection, new)
    assert new > old and second["replay_of"] == old
    assert (second["state"], second["attempts"], second["due_at"]) == (
        "waiting",
        0,
        later,
    )
    for name in ("call", "body", "fields", "at", "lane", "event", "rule", "source"):
        assert first[name] == second[name], name
    assert second["idempotency_key"].startswith(first["idempotency_key"] + "-again-")
    assert (second["person"], second["because"]) == ("ana", "a test")


def test_a_key_stays_short_enough_for_a_header():
    """A key of the longest kind leaves room for what makes it new; no key stays none."""
    assert len(replays.fresh_key("k" * 200)) <= 200
    assert replays.fresh_key("k") != replays.fresh_key("k")
    assert replays.fresh_key(None) is None


def test_cancelling_lets_the_next_of_the_lane_go(database, add, monkeypatch):
    """What a person takes out of the front of a lane is followed by the one behind it."""
    first, second = add(), add()
    with database.read() as connection:
        assert views.ahead(connection, second) == {"id": first, "state": "waiting"}
        assert views.ahead(connection, first) is None
    moved = []
    monkeypatch.setattr(
        deliveries.lanes, "advance", lambda c, lanes: moved.extend(lanes)
    )
    move(database, first, "cancelled")
    assert moved == ["vambe-cl/t1"]
    with database.read() as connection:
        assert views.ahead(connection, second) is None


def test_who_moved_a_delivery_is_on_it(database, add):
    """Person and reason of the last act; a state that does not fit changes nothing."""
    id = add()
    refused = replace(ANA, person="bob")
    assert not database.write(
        lambda c: deliveries.change_state(
            c, id, ("held",), "cancelled", "no", NOW, refused
        )
    )
    move(database, id, "cancelled")
    with database.read() as connection:
        row = views.delivery(connection, id)
    assert (row["state"], row["person"], row["because"]) == (
        "cancelled",
        "ana",
        "a test",
    )
