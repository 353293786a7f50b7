"""The worker over a real store and real HTTP: what becomes of events and deliveries, one step at a time."""

import json
import uuid
from datetime import timedelta

import gevent
import pytest
from running import MAPPING
from working import TICKET, Bench, failed, paid

from bridge import mapping
from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.services import steer
from bridge.store import views
from bridge.worker import loop
from bridge.worker.asking import Asker
from bridge.worker.routing import Router


def test_event_becomes_a_delivered_call(bench, sandbox):
    """The stored event is routed and delivered, with its decision, attempt and answer on record."""
    bench.receive(paid("evt_1"))
    bench.work()
    (row,) = bench.deliveries()
    assert (row["state"], row["ticket"]) == ("delivered", TICKET)
    (attempt,) = bench.attempts(row["id"])
    assert (attempt["status"], attempt["verdict"]) == (200, "delivered")
    assert sandbox.tickets("vambe")[TICKET]["amount"] == 150000


def test_failing_rule_stops_nothing_else(bench, sandbox):
    """One poisonous event among others is a dead letter with its reason; all others are delivered."""
    for number in range(10):
        bench.receive(paid(f"evt_{number}", ticket="poison" if number == 4 else TICKET))
    bench.work()
    assert bench.states().count("delivered") == 9
    (dead,) = bench.deliveries(state="dead")
    assert dead["code"].startswith("E3") and dead["rule"] == "paid-sets-amount"
    assert len(sandbox.calls("vambe")) == 9


def test_payload_that_cannot_be_read_again_is_a_dead_letter(bench, sandbox):
    """A stored body that no longer parses is visible, and the next event goes on."""
    bench.accept("stripe", paid("evt_1"), kept=b"not json")
    bench.receive(paid("evt_2"))
    bench.work()
    assert bench.states() == ["dead", "delivered"]


def test_retry_keeps_the_order_of_its_ticket(bench, sandbox):
    """While the first update of a ticket waits for its retry, the second does not overtake it."""
    sandbox.fault("vambe", status=503, count=1)
    bench.receive(paid("evt_1", amount=1))
    bench.work()
    bench.receive(paid("evt_2", amount=2))
    bench.work()
    assert bench.states() == ["waiting", "waiting"]
    bench.make_due()
    bench.work()
    assert bench.states() == ["delivered", "delivered"]
    assert [json.loads(call.body)["amount"] for call in sandbox.calls("vambe")] == [
        1,
        1,
        2,
    ]


def test_retry_after_is_honoured(bench, sandbox):
    """A vendor that asks for time gets at least that much."""
    sandbox.fault("vambe", status=429, headers={"Retry-After": "600"}, count=1)
    bench.receive(paid("evt_1"))
    bench.work()
    (row,) = bench.deliveries()
    assert row["due_at"] >= row["created_at"] + timedelta(seconds=599)


def test_refusal_is_a_dead_letter_at_once(bench, sandbox):
    """A ticket that the vendor does not know is not tried again."""
    sandbox.know("vambe", "0f4f3a52-6b1d-4c0e-9a57-3d2b8e6c7f10")
    bench.receive(paid("evt_1"))
    bench.work()
    (row,) = bench.deliveries()
    assert (row["state"], row["code"], row["attempts"]) == ("dead", "http_404", 1)


def test_wrong_credentials_park_the_connection(bench, sandbox, monkeypatch):
    """401 burns nothing: everything of the connection waits, other connections go on, resume sends all in order."""
    monkeypatch.setenv("VAMBE_API_KEY", "wrong")
    for number in (1, 2, 3):
        bench.receive(paid(f"evt_{number}", amount=number))
    bench.receive(failed("evt_other"))
    bench.work()
    assert bench.states() == ["waiting", "waiting", "waiting", "delivered"]
    assert len(sandbox.calls("vambe")) == 1
    first = bench.deliveries()[0]
    assert first["attempts"] == 0
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    bench.work()
    assert len(sandbox.calls("vambe")) == 1
    assert steer.resume(bench.database, first["connection"]) is True
    bench.work()
    assert bench.states() == ["delivered"] * 4
    amounts = [json.loads(call.body)["amount"] for call in sandbox.calls("vambe")]
    assert amounts == [1, 1, 2, 3]


def test_missing_secret_parks_without_a_call(bench, sandbox, monkeypatch):
    """A secret that vanished while running is treated as wrong credentials, before anything is sent."""
    bench.receive(paid("evt_1"))
    monkeypatch.delenv("VAMBE_API_KEY")
    bench.work()
    (row,) = bench.deliveries()
    assert (row["state"], row["attempts"]) == ("waiting", 0)
    assert "VAMBE_API_KEY" in row["reason"]
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    ("event", "vendor", "state"),
    [(paid("evt_1"), "vambe", "waiting"), (failed("evt_1"), "kapture", "held")],
)
def test_dropped_answer_is_an_unknown_outcome(bench, sandbox, event, vendor, state):
    """After an answer got lost a replacing call is retried, an appending one is held for a person."""
    sandbox.fault(vendor, drop="after")
    bench.receive(event)
    bench.work()
    (row,) = bench.deliveries()
    assert row["state"] == state
    (attempt,) = bench.attempts(row["id"])
    assert (attempt["verdict"], attempt["status"]) == ("unknown", None)


@pytest.mark.parametrize("status", [408, 500, 502, 504])
@pytest.mark.parametrize(
    ("event", "vendor", "state"),
    [(paid("evt_1"), "vambe", "waiting"), (failed("evt_1"), "kapture", "held")],
)
def test_a_gateway_says_no_more_than_silence(
    bench, sandbox, event, vendor, state, status
):
    """Its error is an unknown outcome: a replacing call is retried, an appending one is sent once and then held."""
    sandbox.fault(vendor, status=status, body="<html>gateway</html>")
    bench.receive(event)
    bench.work()
    bench.make_due()
    bench.work()
    (row,) = bench.deliveries()
    assert row["state"] == ("held" if state == "held" else "delivered")
    first = bench.attempts(row["id"])[0]
    assert (first["verdict"], first["status"]) == ("unknown", status)
    assert len(sandbox.calls(vendor)) == (1 if state == "held" else 2)


@pytest.mark.parametrize(
    ("event", "state"), [(paid("evt_1"), "delivered"), (failed("evt_1"), "held")]
)
def test_vanished_worker_is_an_unknown_outcome(bench, sandbox, event, state):
    """What a dead worker was sending is taken over, counted as an attempt, and sent again only where harmless."""
    bench.receive(event)
    Router(bench.database, Asker("")).route_waiting(bench.ruleset)
    assert len(bench.lose().items) == 1
    assert bench.worker.keep_leases_once() == 1
    bench.make_due()
    bench.work()
    (row,) = bench.deliveries()
    assert row["state"] == state
    assert bench.attempts(row["id"])[0]["code"] == "worker_lost"


def test_held_delivery_is_sent_when_released(bench, sandbox):
    """A person lets a held call go, and it is made once."""
    sandbox.fault("kapture", drop="before")
    bench.receive(failed("evt_1"))
    bench.work()
    (row,) = bench.deliveries()
    assert row["state"] == "held"
    (done,) = steer.release(bench.database, [row["id"]])
    assert done.ok
    bench.work()
    assert bench.states() == ["delivered"]


def test_retried_dead_letter_is_sent_again(bench, sandbox):
    """A person sends a dead letter again after the cause is gone."""
    sandbox.know("vambe", "0f4f3a52-6b1d-4c0e-9a57-3d2b8e6c7f10")
    bench.receive(paid("evt_1"))
    bench.work()
    (row,) = bench.deliveries()
    sandbox.know("vambe", TICKET)
    (done,) = steer.retry(bench.database, [row["id"]], bench.ruleset, "")
    assert done.ok
    bench.work()
    assert bench.states() == ["delivered"]
    assert [attempt["number"] for attempt in bench.attempts(row["id"])] == [1, 2]


def test_retried_rule_error_is_routed_with_the_rules_of_now(bench, sandbox):
    """A dead letter without a request is routed again, and ends when its successor is stored."""
    bench.receive(paid("evt_1", ticket="not-a-uuid"))
    bench.work()
    (row,) = bench.deliveries()
    fixed = MAPPING.replace('"{{ inv.metadata.vambe_ticket_id | uuid }}"', TICKET)
    ruleset = mapping.build({"rules.yaml": fixed}).usable()
    (done,) = steer.retry(bench.database, [row["id"]], ruleset, "")
    assert done.ok, done.message
    bench.work()
    assert bench.states() == ["cancelled", "delivered"]


def test_cancelled_delivery_frees_its_ticket(bench, sandbox):
    """Dropping what waits lets the next update of the ticket go."""
    sandbox.fault("vambe", status=503, count=1)
    bench.receive(paid("evt_1", amount=1))
    bench.work()
    bench.receive(paid("evt_2", amount=2))
    (done,) = steer.cancel(bench.database, [bench.deliveries()[0]["id"]])
    assert done.ok
    bench.work()
    assert bench.states() == ["cancelled", "delivered"]


def test_test_mode_event_is_skipped_in_production(database, sandbox):
    """In production nothing that a sender's test mode made reaches a vendor, and why is on record."""
    bench = Bench(database, sandbox, environment="production")
    id = bench.receive(paid("evt_1", livemode=False))
    bench.receive(paid("evt_2", livemode=True))
    bench.work()
    assert len(sandbox.calls("vambe")) == 1
    with database.read() as connection:
        (decision,) = views.decisions_of(connection, id)
    assert (decision["said"], decision["rule"]) == ("skipped", "")


def test_secret_in_an_answer_is_masked(bench, sandbox):
    """A vendor's error page that repeats our credential leaves no trace of it in the store."""
    key = DEFAULT_CREDENTIALS["vambe"]
    sandbox.fault("vambe", status=400, body=json.dumps({"message": f"bad key {key}"}))
    bench.receive(paid("evt_1"))
    bench.work()
    (attempt,) = bench.attempts(bench.deliveries()[0]["id"])
    assert attempt["reply"] == b'{"message": "bad key <secret>"}'


def test_idempotency_key_is_sent_where_a_header_takes_it(
    database, sandbox, monkeypatch
):
    """http.request sends the delivery's key, the same on every attempt."""
    monkeypatch.setenv("TOKEN", "t0ken-for-http")
    text = """
version: 1
source: { name: stripe, verify: { secret: { env: STRIPE_WEBHOOK_SECRET } } }
rules:
  - id: any
    target: http.request
    connection: { base_url: "https://example.com" }
    auth: { bearer: { env: TOKEN } }
    fields: { method: POST, path: /x, body: { id: "{{ event.id }}" } }
"""
    bench = Bench(database, sandbox, text=text, environment="test")
    sandbox.fault("http", status=503, count=1)
    bench.receive(paid("evt_1"))
    bench.work()
    bench.make_due()
    bench.work()
    sent = [dict(call.headers) for call in sandbox.calls("http")]
    keys = [
        {name.lower(): value for name, value in headers.items()}["idempotency-key"]
        for headers in sent
    ]
    assert keys == ["test:stripe:evt_1:any:"] * 2


def test_rate_spaces_calls_and_waits_no_longer(database, sandbox, monkeypatch):
    """At 5 calls a second four take three fifths of a second, and the worker does not sleep longer than that.

    A machine that stalls brings calls together, and not each time; without a rate they are together in each try. A
    worker that does not ask when the rate allows the next call sleeps for RECHECK, here a minute.
    """
    monkeypatch.setattr(loop, "RECHECK", 60.0)
    text = MAPPING.replace(
        "    auth: { api_key:", "    connection: { rate: 5 }\n    auth: { api_key:"
    )
    bench = Bench(database, sandbox, text=text)
    assert any(spread(bench, sandbox, tried) >= 0.55 for tried in range(3))


def spread(bench, sandbox, tried):
    """The seconds from the first to the last of four calls, each for a ticket of its own."""
    sandbox.reset()
    for number in range(4):
        ticket = str(uuid.UUID(int=number, version=4))
        bench.receive(paid(f"evt_{tried}_{number}", ticket=ticket))
    worker = bench.new_worker()
    running = gevent.spawn(worker.run)
    with gevent.Timeout(40):
        while len(sandbox.calls("vambe")) < 4:
            gevent.sleep(0.01)
    worker.stop()
    running.join()
    times = [call.when for call in sandbox.calls("vambe")]
    return (times[-1] - times[0]).total_seconds()


def test_reloads_under_traffic_lose_and_misroute_nothing(sqlite, sandbox):
    """A thousand reloads while events are routed: each event meets one whole ruleset, the one it is recorded with."""
    rulesets = [
        mapping.build(
            {"rules.yaml": MAPPING.replace("sub_status: PS", f"sub_status: {key}")}
        )
        for key in ("AA", "BB", "CC")
    ]
    by_hash = {
        item.usable().hash: key for item, key in zip(rulesets, ("AA", "BB", "CC"))
    }
    bench = Bench(sqlite, sandbox)
    number = 0
    for turn in range(1_000):
        bench.ruleset = rulesets[turn % 3].usable()
        if turn % 20 == 0:
            bench.receive(failed(f"evt_{turn}", str(turn)))
            number += 1
        if turn % 7 == 0:
            bench.worker.work_once()
    bench.work()
    assert bench.states() == ["delivered"] * number
    with sqlite.read() as connection:
        hashes = dict(
            connection.exec_driver_sql("SELECT ticket, ruleset FROM deliveries").all()
        )
    for call in sandbox.calls("kapture"):
        (sent,) = json.loads(call.body)
        assert sent["sub_status"] == by_hash[hashes[sent["ticket_id"]]]


def test_stopped_worker_takes_nothing_new(bench, sandbox):
    """After stop, run returns without starting what waits."""
    bench.receive(paid("evt_1"))
    bench.worker.stop()
    bench.worker.run()
    assert sandbox.calls() == []


def test_delivery_without_a_request_stops_nobody(bench, sandbox):
    """A waiting row whose request is gone, however that came, is a dead letter; its lane and all others go on."""
    for number in (1, 2):
        bench.receive(paid(f"evt_{number}", amount=number))
    Router(bench.database, Asker("")).route_waiting(bench.ruleset)
    first = bench.deliveries()[0]["id"]
    bench.database.write(
        lambda c: c.exec_driver_sql(
            f"UPDATE deliveries SET call = NULL WHERE id = {first}"
        )
    )
    bench.work()
    assert bench.states() == ["dead", "delivered"]
    assert bench.deliveries()[0]["code"] == "no_request"
