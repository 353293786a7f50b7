"""One delivery with what a person needs to decide, the acts on it, and the story of its ticket."""

from datetime import UTC, datetime, timedelta

import pytest
from running import MAPPING
from working import TICKET, Bench, failed, paid

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.services import acting, inspecting, rulesets, story
from bridge.services.pausing import pause
from bridge.services.sent import curl_of, request_of
from bridge.settings import Settings
from bridge.store import views
from bridge.store.audit import By
from bridge.store.keeping import Keep
from bridge.store.keeping.retention import forget
from bridge.store.pauses import Scope

OTHER = "0f4f3a52-6b1d-4c0e-9a57-3d2b8e6c7f10"
BY = By(person="ana", reason="the ticket is back")
KEEP = Keep(
    payloads=timedelta(days=30), events=timedelta(days=90), ledger=timedelta(days=400)
)


ASKING = MAPPING.replace('"Payment failed"', '"Ask {{ inv.customer_email }}"')


@pytest.fixture
def bench(database, sandbox, monkeypatch):
    """A worker whose rules are in force, on both databases."""
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    monkeypatch.setenv("KAPTURE_TOKEN", DEFAULT_CREDENTIALS["kapture"])
    sandbox.know("vambe", TICKET)
    made = Bench(database, sandbox, ASKING)
    rulesets.activate(database, made.ruleset)
    return made


def put(bench, *events):
    """Receives events, works through them; the deliveries, oldest first."""
    for event in events:
        bench.receive(event)
    bench.work()
    return bench.deliveries()


def look(bench, id, **more):
    """What the page of a delivery has."""
    return inspecting.inspect(bench.database, id, now=datetime.now(UTC), **more)


def do(bench, id, name, **more):
    """One act by a person."""
    settings, rules = Settings(), bench.ruleset
    return acting.act(
        bench.database, id, name, rules=rules, settings=settings, by=BY, **more
    )


def allowed(found):
    """The acts that can be done."""
    return {choice.name for choice in found.choices if not choice.refusal}


def test_a_failed_delivery_has_its_request_its_answer_and_its_remedy(bench):
    """The request is shown as it went out with its credentials masked, and what of the answer decided is named."""
    put(bench, paid("evt_1", ticket=OTHER))
    found = look(bench, 1)
    assert found.request.url.endswith("/api/public/ticket/amount")
    assert ("x-api-key", "<secret>") in found.request.headers
    assert OTHER in found.request.body
    (attempt,) = found.attempts
    assert (attempt.status, attempt.decided_by) == (404, "the status 404")
    assert "Ticket not found" in attempt.answer
    assert found.remedy is not None and found.remedy.step
    assert DEFAULT_CREDENTIALS["vambe"] not in str(found)


def test_acts_that_are_refused_say_why_before_the_click(bench):
    """The reason of the page is the sentence that the act itself would give."""
    put(bench, paid("evt_1"), paid("evt_2", ticket=OTHER))
    delivered, dead = look(bench, 1), look(bench, 2)
    assert allowed(delivered) == {"replay"}
    assert allowed(dead) == {"retry", "cancel", "replay"}
    for found in (delivered, dead):
        for choice in found.choices:
            if choice.refusal:
                done = do(bench, found.delivery["id"], choice.name)
                assert (done.ok, done.message) == (False, choice.refusal)


def test_a_stale_act_does_nothing(bench):
    """What was seen must still be so: otherwise nothing is done, and the message says to look again."""
    put(bench, paid("evt_1", ticket=OTHER))
    seen = look(bench, 1).seen
    assert do(bench, 1, "cancel", seen=seen).ok
    again = do(bench, 1, "retry", seen=seen)
    assert not again.ok and "look again" in again.message
    assert bench.states() == ["cancelled"]


def test_each_act_is_done_by_name(bench):
    """Retry, replay with the same request and with the current rules; an unknown name is refused."""
    put(bench, paid("evt_1", ticket=OTHER))
    bench.sandbox.know("vambe", OTHER)
    assert do(bench, 1, "retry").ok
    bench.work()
    assert do(bench, 1, "replay").ok
    assert do(bench, 1, "replay", current=True).ok
    bench.work()
    assert bench.states() == ["delivered"] * 3
    assert set(look(bench, 1).replays) == {2, 3}
    assert look(bench, 3).delivery["person"] == "ana"


def test_fields_say_what_was_sent_last_and_what_is_newer(bench):
    """Beside each value stands the ledger's last one of the same ticket; one sent since this was made is newer."""
    put(bench, paid("evt_1", amount=100))
    put(bench, paid("evt_2", amount=200))
    first = {field.name: field for field in look(bench, 1).fields}["amount"]
    second = {field.name: field for field in look(bench, 2).fields}["amount"]
    assert (first.value, first.last["value"], first.newer) == (100, 200, True)
    assert (second.value, second.last["value"], second.newer) == (200, 100, False)


def test_a_waiting_delivery_names_the_one_that_goes_first(bench):
    """The lane is told, and a replay says that it has not finished yet."""
    bench.sandbox.fault("vambe", status=503)
    put(bench, paid("evt_1"), paid("evt_2"))
    found = look(bench, 2)
    assert found.ahead["id"] == 1
    assert "delivery 1 is ahead in its lane" in found.outlook
    assert "replay" not in allowed(found)


def test_the_request_can_be_pasted(bench):
    """As a curl command, with the credentials masked."""
    put(bench, paid("evt_1"))
    with bench.database.read() as tx:
        row = views.delivery(tx, 1)
    lines = curl_of(request_of(bench.database, row))
    assert lines[0].startswith("curl -X POST https://")
    assert any("x-api-key: <secret>" in line for line in lines)


def test_a_ticket_is_told_after_its_events_are_gone(bench):
    """The ledger outlives events and payloads: what was sent, by which rule and event, and when."""
    put(bench, paid("evt_1", amount=100))
    put(bench, paid("evt_2", ticket=OTHER))
    do(bench, 2, "cancel")
    put(bench, paid("evt_3", ticket=OTHER))
    do(bench, 3, "cancel")
    later = datetime.now(UTC) + timedelta(days=100)
    forget(bench.database, KEEP, later, lambda _: None)
    assert look(bench, 1) is None
    told = story.of_ticket(bench.database, TICKET, later, 50)
    (row,) = told["sent"]
    assert (row["fields"]["amount"], row["rule"]) == (100, "paid-sets-amount")
    assert told["summary"].startswith("1 update accepted")


def test_a_ticket_says_what_waits_and_who_paused_it(bench):
    """What is not over stands with its outlook, dead letters too; a pause of this ticket names its person."""
    put(bench, paid("evt_1", ticket=OTHER))
    pause(bench.database, Scope(ticket=OTHER), BY)
    put(bench, paid("evt_2", ticket=OTHER))
    told = story.of_ticket(bench.database, OTHER, datetime.now(UTC), 50)
    assert [row["state"] for row in told["open"]] == ["dead", "waiting"]
    assert "paused by ana" in told["open"][1]["outlook"]
    assert [row["person"] for row in told["pauses"]] == ["ana"]
    other = story.of_ticket(bench.database, TICKET, datetime.now(UTC), 50)
    assert (other["sent"], other["open"], other["pauses"]) == ([], [], [])


def test_personal_data_of_a_delivery_is_hidden_unless_revealed(bench):
    """It is in no field, request or answer; revealed it is there."""
    event = failed("evt_1", "1")
    event["data"]["object"]["customer_email"] = "jane.roe@example.com"
    bench.sandbox.know("kapture", "1")
    put(bench, event)
    assert "jane.roe" in str(look(bench, 1, revealed=True))
    assert "jane.roe" not in str(look(bench, 1))
    now = datetime.now(UTC)
    assert "jane.roe" not in str(story.of_ticket(bench.database, "1", now, 50))
