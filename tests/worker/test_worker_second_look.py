"""`do: look_up_again`: a call that came too late is made anew of what is true now, in its place of the lane."""

import pytest
from sqlalchemy import text
from vault import VaultBench

from bridge import mapping
from bridge.services import steer
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


def changed(bench, old, new):
    """Other rules are in force from now on."""
    text = bench.ruleset.texts["rules.yaml"]
    assert old in text
    bench.ruleset = mapping.build({"rules.yaml": text.replace(old, new)}).usable()


def test_a_rule_s_own_limit_counts(database, sandbox, vault):
    """Refusals are attempts of the delivery: max_attempts below the bridge's own limit ends it earlier."""
    bench = VaultBench(
        database, sandbox, vault, f"{AGAIN}    retries: {{ max_attempts: 2 }}"
    )
    vault.meddle = [True] * 4
    bench.receive("a", 5)
    bench.work()
    (update,) = bench.updates()
    assert (update["state"], update["attempts"]) == ("dead", 2)
    assert [method for method, _ in vault.calls].count("PUT") == 2


@pytest.mark.parametrize("status", [500, 404])
def test_a_look_up_that_keeps_failing_ends(database, sandbox, vault, status):
    """It uses up the attempts of the delivery, which is a dead letter then, and what stands behind it goes on."""
    bench = VaultBench(
        database, sandbox, vault, f"{AGAIN}    retries: {{ max_attempts: 4 }}"
    )
    refused(bench, vault)
    vault.say = {"GET": [status] * 20}
    for _ in range(12):
        bench.work()
        bench.make_due()
    (update,) = bench.updates()
    assert update["state"] == "dead"
    assert update["reason"].startswith("its look-up was not made again: ")
    assert [method for method, _ in vault.calls].count("PUT") == 1
    vault.say = {}
    bench.receive("a", 2, id="2")
    bench.work()
    assert bench.updates()[1]["state"] == "delivered"


def test_a_retry_by_a_person_begins_anew(bench, vault):
    """A dead letter of too many refusals has its four attempts again, the first of them a fresh look-up."""
    vault.meddle = [True] * 4
    bench.receive("a", 5)
    bench.work()
    (dead,) = bench.updates()
    (done,) = steer.retry(bench.database, [dead["id"]], bench.ruleset, "")
    assert done.ok, done.message
    vault.meddle = [True]
    bench.work()
    assert bench.updates()[0]["state"] == "delivered"
    assert vault.boxes["a"][1]["total"] == 5015


def test_the_look_up_is_made_although_its_answer_is_kept(bench, vault):
    """`cache` spares look-ups of events; a call that was refused is never made of what is known to be old."""
    changed(bench, "  fetch:\n", "  fetch:\n    cache: 1h\n")
    vault.meddle = [True]
    bench.receive("a", 5)
    bench.work()
    assert [method for method, _ in vault.calls] == ["GET", "PUT", "GET", "PUT"]
    bench.receive("a", 1, id="2")
    bench.work()
    assert bench.updates()[0]["state"] == "delivered"


def test_new_values_may_have_to_be_held(database, sandbox, vault):
    """hold_if is asked about what would be sent now, and a person lets it go."""
    more = f"{AGAIN}    hold_if: fields.body.total > 100"
    bench = VaultBench(database, sandbox, vault, more)
    vault.meddle = [True]
    bench.receive("a", 5)
    bench.work()
    (update,) = bench.updates()
    assert update["state"] == "held" and "total > 100" in update["reason"]
    assert vault.boxes["a"][1]["total"] == 1010
    assert steer.release(bench.database, [update["id"]])[0].ok
    bench.work()
    assert vault.boxes["a"][1]["total"] == 1015


@pytest.mark.parametrize(
    ("old", "new", "state", "reason"),
    [
        ("    when:", "    mode: shadow\n    when:", "skipped", "mode is shadow"),
        ("id: add-to-box", "id: another", "dead", "its rule no longer exists"),
        ("fetched.total +", "fetched.sum +", "dead", "fetched.sum is missing"),
        ("name: shop\n", "name: shop-2\n", "dead", "is no longer declared"),
    ],
)
def test_rules_that_changed_meanwhile(bench, vault, old, new, state, reason):
    """The rules in force decide; where they cannot, it is a dead letter that says why, and nothing is sent."""
    refused(bench, vault)
    changed(bench, old, new)
    bench.work()
    (update,) = bench.updates()
    assert update["state"] == state and reason in update["reason"], update["reason"]
    assert [method for method, _ in vault.calls].count("PUT") == 1


def test_a_source_that_looks_nothing_up_any_more(bench, vault):
    """The call that was refused cannot be made anew: it is a dead letter that says so."""
    refused(bench, vault)
    text = bench.ruleset.texts["rules.yaml"].replace(AGAIN, "")
    text = text.replace(text[text.index("  fetch:") : text.index("rules:")], "")
    text = text.replace("    when: fetched.open\n", "    when: event.type == 'none'\n")
    text = text.replace("fetched.total", "1").replace("{{ fetched_headers.etag }}", "v")
    bench.ruleset = mapping.build({"rules.yaml": text}).usable()
    bench.work()
    (update,) = bench.updates()
    assert update["state"] == "dead"
    assert update["reason"].startswith("its look-up cannot be made again: ")
