"""A signed webhook becomes a vendor update: real processes, real HTTP, the official Stripe signature."""

import json
import threading

import pytest
from running import bridge, eventually, post, sign, stripe_event, taken

from bridge.sandbox import DEFAULT_CREDENTIALS

pytestmark = pytest.mark.usefixtures("sandbox")

TICKET = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"


@pytest.fixture(scope="module")
def running(tmp_path_factory, vendors):
    with bridge(tmp_path_factory.mktemp("flow"), vendors, DEFAULT_CREDENTIALS) as made:
        made.start()
        yield made


def body_of(**changes):
    return json.dumps(stripe_event("invoice.paid__clp.http", **changes)).encode()


def test_signed_event_makes_exactly_one_call(running, sandbox):
    """One signed invoice.paid gives one POST of the amount with the key and JSON numbers."""
    answer = taken(running.url, body_of(id="evt_one"))
    assert len(answer.json()["events"]) == 1
    (call,) = eventually(lambda: sandbox.calls("vambe"))
    assert (call.method, call.path) == ("POST", "/api/public/ticket/amount")
    headers = {name.lower(): value for name, value in call.headers}
    assert headers["x-api-key"] == DEFAULT_CREDENTIALS["vambe"]
    assert json.loads(call.body) == {
        "ticket_id": TICKET,
        "amount": 150000,
        "currency": "CLP",
    }
    assert b'"amount":150000' in call.body
    assert sandbox.tickets("vambe")[TICKET]["amount"] == 150000


def test_one_changed_byte_is_refused_and_calls_nobody(running, sandbox):
    """A body that the signature does not cover gets 401, and nothing of it is kept."""
    body = body_of(id="evt_changed")
    answer = post(
        running.url,
        body.replace(b"150000", b"150001"),
        **{"Stripe-Signature": sign(body)},
    )
    unknown = post(running.url, body, source="nobody")
    assert answer.status_code == unknown.status_code == 401
    assert answer.content == unknown.content
    taken(running.url, body_of(id="evt_after"))
    assert len(eventually(lambda: sandbox.calls())) == 1


def test_fifty_copies_at_once_make_one_call(running, sandbox):
    """However often an event arrives, it is one event and one call."""
    body = body_of(id="evt_fifty")
    statuses = []
    threads = [
        threading.Thread(
            target=lambda: statuses.append(taken(running.url, body).status_code)
        )
        for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # None where the store was slow: what it took after its 503 is known already when it is sent again.
    assert len(statuses) == 50 and statuses.count(202) <= 1
    taken(running.url, body_of(id="evt_fifty_next"))
    eventually(lambda: len(sandbox.calls("vambe")) >= 2)
    assert len(sandbox.calls("vambe")) == 2


def test_tickets_of_one_event_each_get_their_call(running, sandbox):
    """for_each sends one call per ticket, each to its own ticket."""
    event = stripe_event("invoice.payment_failed__two_tickets.http", id="evt_two")
    taken(running.url, json.dumps(event).encode())
    eventually(lambda: len(sandbox.calls("kapture")) == 2)
    assert sorted(sandbox.tickets("kapture")) == ["713516551148", "713516551149"]


def test_rule_error_is_a_visible_dead_letter(running, sandbox):
    """An event whose rule fails is answered 2xx, and why nothing was sent can be read."""
    answer = taken(
        running.url, body_of(id="evt_bad", metadata={"vambe_ticket_id": "not a uuid"})
    )
    (id,) = answer.json()["events"]
    said = eventually(
        lambda: (lambda out: out if "dead" in out else "")(
            running.run("why", str(id)).stdout
        )
    )
    assert "paid-sets-amount" in said and "error" in said
    assert sandbox.calls() == []
    listed = running.run(
        "deliveries", "list", "--state", "dead", "--event", str(id), "--json"
    )
    assert json.loads(listed.stdout)["rule"] == "paid-sets-amount"


def test_vendor_that_answers_nonsense_leaves_an_attempt(running, sandbox):
    """A login page with status 200 is no success: what became of the call is unknown, and it is made again."""
    sandbox.fault("vambe", garbage=True, count=1)
    (id,) = taken(running.url, body_of(id="evt_nonsense")).json()["events"]
    listing = ("deliveries", "list", "--event", str(id), "--state", "delivered")
    listed = eventually(lambda: running.run(*listing, "--json").stdout)
    assert len(sandbox.calls("vambe")) == 2
    delivery = json.loads(listed)
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 2)
    shown = json.loads(
        running.run("deliveries", "show", str(delivery["id"]), "--json").stdout
    )
    assert [attempt["verdict"] for attempt in shown["attempts_made"]] == [
        "unknown",
        "delivered",
    ]


def test_metrics_and_health_are_on_their_binds(running):
    """Health is on both binds; metrics are on the admin bind alone."""
    import requests

    admin = f"http://127.0.0.1:{running.admin_port}"
    for url in (running.url, admin):
        assert requests.get(f"{url}/healthz", timeout=60).json() == {"status": "ok"}
        assert requests.get(f"{url}/readyz", timeout=60).json()["status"] == "ok"
    metrics = requests.get(f"{admin}/metrics", timeout=60).text
    assert 'bridge_hook_requests_total{result="accepted",source="stripe"}' in metrics
    assert "bridge_attempts_total{connection=" in metrics
    assert requests.get(f"{running.url}/metrics", timeout=60).status_code == 404
    assert requests.post(f"{admin}/hooks/stripe", timeout=60).status_code == 404


def test_no_secret_is_written_anywhere(running, sandbox):
    """Neither the log nor the database holds a credential or a signature."""
    taken(running.url, body_of(id="evt_canary"))
    eventually(lambda: sandbox.calls("vambe"))
    written = running.log.read_bytes()
    for file in running.folder.glob("bridge.db*"):
        written += file.read_bytes()
    for secret in (
        DEFAULT_CREDENTIALS["vambe"],
        DEFAULT_CREDENTIALS["kapture"],
        "whsec_test_secret",
    ):
        assert secret.encode() not in written
    assert b"v1=" not in written
