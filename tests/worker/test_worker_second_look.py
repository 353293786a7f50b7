"""`do: look_up_again`: a call that came too late is made anew of what is true now, in its place of the lane."""

import pytest
from sqlalchemy import text
from vault import VaultBench

from bridge import mapping
from bridge.store import events

AGAIN = """
    responses:
      - { when: "response.status in [409, 412]", do: look_up_again, note: somebody else was first }
"""
OPEN = {"total": 10, "open": True}


@pytest.fixture
def bench(database, sandbox, vault):
    return VaultBench(database, sandbox, vault, AGAIN)


def verdicts(bench, id):
    return [(row["status"], row["verdict"]) for row in bench.attempts(id)]


def test_the_call_is_made_anew_of_a_fresh_look_up(bench, vault, database):
    """The version that was refused is never sent again; the delivery and the event have what is true now."""
    vault.meddle = [True]
    bench.receive("a", 5)
    bench.work()
    assert vault.boxes["a"] == (3, {"total": 1015, "open": True})
    assert [method for method, _ in vault.calls] == ["GET", "PUT", "GET", "PUT"]
    (update,) = bench.updates()
    assert (update["state"], update["code"]) == ("delivered", "delivered")
    assert verdicts(bench, update["id"]) == [
        (412, "retry"),
        (200, "looked_up"),
        (200, "delivered"),
    ]
    shown = bench.shown(update["id"])
    assert shown["fields"]["body"]["total"] == 1015
    with database.read() as connection:
        (stored,) = events.named(connection, "1")
    assert stored.fetched_headers["etag"] == '"v2"' and b"1010" in stored.fetched


@pytest.mark.parametrize("status", [409, 412])
def test_each_version_has_a_key_of_its_own(bench, vault, status):
    """A vendor that knows calls by their keys would answer the new version as it answered the old one."""
    vault.say = {"PUT": [status, status]}
    bench.receive("a", 5)
    bench.work()
    assert bench.updates()[0]["state"] == "delivered"
    assert len(vault.keys) == len(set(vault.keys)) == 3 and all(vault.keys)


def test_it_ends(bench, vault):
    """Three fresh look-ups at most; then it is a dead letter, and a retry by a person begins anew."""
    vault.meddle = [True] * 4
    bench.receive("a", 5)
    bench.work()
    (update,) = bench.updates()
    assert (update["state"], update["code"]) == ("dead", "look_up_again")
    assert [method for method, _ in vault.calls].count("PUT") == 4
    assert vault.boxes["a"][1]["total"] == 4010


def test_the_lane_keeps_its_order(bench, vault):
    """What stands behind waits for the new version, and nothing is lost or counted twice."""
    for number, more in enumerate((1, 2, 3)):
        bench.receive("a", more, id=str(number))
    vault.meddle = [True]
    bench.work()
    assert vault.boxes["a"][1]["total"] == 1016
    rows = bench.updates()
    assert [row["state"] for row in rows] == ["delivered"] * 3
    ended = [row["finished_at"] for row in rows]
    assert ended == sorted(ended)


def test_other_lanes_go_on(bench, vault):
    """Only the ticket of the refused call waits for its look-up."""
    vault.say = {"PUT": [412]}
    bench.receive("a", 5)
    bench.receive("b", 2, id="2")
    bench.work()
    assert vault.boxes["a"][1]["total"] == 15 and vault.boxes["b"][1]["total"] == 3


def refused(bench, vault):
    """A delivery whose call was refused, and whose worker does nothing more."""
    vault.say = {"PUT": [412]}
    bench.receive("a", 5)
    for _ in range(50):
        bench.worker.work_once()
        bench.worker.join()
        if any(row["code"] == "look_up_again" for row in bench.updates()):
            (update,) = bench.updates()
            assert update["state"] == "waiting"
            return update["id"]
    raise AssertionError("the call was not refused")


def test_another_worker_goes_on_after_a_crash(bench, vault):
    """That the look-up is next stands in the store: whoever claims the delivery makes it."""
    refused(bench, vault)
    bench.worker = bench.new_worker()
    bench.work()
    assert bench.updates()[0]["state"] == "delivered"
    assert [method for method, _ in vault.calls] == ["GET", "PUT", "GET", "PUT"]


@pytest.mark.parametrize("ambiguous", ["retry", "hold"])
def test_a_crash_while_it_asks_is_no_unknown_outcome(
    database, sandbox, vault, ambiguous
):
    """A look-up changes nothing, so it is made again, also where an unknown outcome would be held."""
    more = f"    retries: {{ on_ambiguous: {ambiguous} }}"
    bench = VaultBench(database, sandbox, vault, AGAIN + more)
    id = refused(bench, vault)
    assert [item.id for item in bench.lose().items] == [id]
    assert bench.new_worker().keep_leases_once() == 1
    (update,) = bench.updates()
    assert (update["state"], update["code"]) == ("waiting", "look_up_again")
    bench.make_due()
    bench.work()
    assert bench.updates()[0]["state"] == "delivered"
    assert vault.boxes["a"] == (2, {"total": 15, "open": True})


def test_what_needs_nothing_any_more_is_skipped(bench, vault):
    """The rule is asked again: where it says no, nothing is sent, and what stands behind goes on."""
    refused(bench, vault)
    vault.boxes["a"] = (9, {"total": 10, "open": False})
    bench.receive("b", 2, id="2")
    bench.work()
    first, second = bench.updates()
    assert (first["state"], second["state"]) == ("skipped", "delivered")
    assert "nothing to send" in first["reason"]
    assert vault.boxes["a"][0] == 9


@pytest.mark.parametrize("status", [500, 429, 404])
def test_a_look_up_that_fails_is_tried_again(bench, vault, status):
    """It has its own outcome: the call that was refused is not sent again meanwhile."""
    refused(bench, vault)
    vault.say = {"GET": [status]}
    bench.work()
    (update,) = bench.updates()
    assert (update["state"], update["code"]) == ("waiting", "look_up_again")
    bench.make_due()
    bench.work()
    assert bench.updates()[0]["state"] == "delivered"
    assert [method for method, _ in vault.calls].count("PUT") == 2


def test_a_look_up_that_is_refused_parks_its_own_connection(bench, vault, database):
    """401 of the look-up is about its credentials, not about those of the call."""
    refused(bench, vault)
    vault.say = {"GET": [401]}
    bench.work()
    with database.read() as connection:
        query = text("SELECT name FROM connections WHERE state = 'parked'")
        parked = list(connection.execute(query).scalars())
    assert parked == [bench.ruleset.sources["shop"].fetch.rule.connection.account]
    assert bench.updates()[0]["state"] == "waiting"
    assert [method for method, _ in vault.calls].count("GET") == 2
    bench.make_due()
    bench.work()
    assert bench.updates()[0]["state"] == "delivered"


def test_a_call_for_another_ticket_is_a_person_s(database, sandbox, vault):
    """Its place would be in another lane: it is a dead letter that says so."""
    bench = VaultBench(database, sandbox, vault, AGAIN)
    moved = bench.ruleset.texts["rules.yaml"].replace(
        'method: PUT\n      path: "/boxes/{{ event.box }}"',
        "method: PUT\n      path: \"/boxes/{{ 'a' if fetched.total < 50 else 'b' }}\"",
    )

    bench.ruleset = mapping.build({"rules.yaml": moved}).usable()
    vault.meddle = [True]
    bench.receive("a", 5)
    bench.work()
    (update,) = bench.updates()
    assert (update["state"], update["code"]) == ("dead", "looked_up")
    assert "another ticket" in update["reason"]
    assert vault.boxes["b"][0] == 7


def test_items_of_for_each_are_made_anew_one_by_one(database, sandbox, vault):
    """The item that was refused has its own new version; the others are left alone."""
    bench = VaultBench(database, sandbox, vault, AGAIN)
    many = bench.ruleset.texts["rules.yaml"].replace(
        "    when: fetched.open\n",
        "    for_each: { in: \"{{ ['a', 'b'] }}\", as: box, key: \"{{ box }}\" }\n",
    )
    many = many.replace(
        'path: "/boxes/{{ event.box }}"\n      headers',
        'path: "/boxes/{{ box }}"\n      headers',
    )

    bench.ruleset = mapping.build({"rules.yaml": many}).usable()
    vault.boxes["b"] = (1, OPEN)
    vault.meddle = [True, False]
    bench.receive("a", 5)
    bench.work()
    states = sorted(row["state"] for row in bench.updates())
    assert states == ["delivered", "delivered"]
    totals = sorted(held["total"] for _, held in vault.boxes.values())
    assert totals == [15, 1015]
