"""The trace of an event and the story of a ticket, for programs."""

import faces
import pytest
from running import MAPPING
from working import TICKET, Bench, failed, paid

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.services import rulesets

EMAIL = "jane.roe@example.com"
ASKING = MAPPING.replace('"Payment failed"', '"Ask {{ inv.customer_email }}"')


@pytest.fixture
def ask(sqlite, tmp_path, sandbox, monkeypatch):
    """Asks the API of a bridge that was at two events."""
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_x")
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    monkeypatch.setenv("KAPTURE_TOKEN", DEFAULT_CREDENTIALS["kapture"])
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "rules.yaml").write_text(ASKING)
    sandbox.know("vambe", TICKET)
    sandbox.know("kapture", "1")
    bench = Bench(sqlite, sandbox, ASKING)
    rulesets.activate(sqlite, bench.ruleset)
    event = failed("evt_2", "1")
    event["data"]["object"]["customer_email"] = EMAIL
    for one in (paid("evt_1"), event):
        bench.receive(one)
    bench.work()
    client = faces.admin(faces.parts(sqlite, tmp_path))
    token = faces.bearer(sqlite, "viewer")
    return lambda path, headers=token: client.get(f"/api/v1{path}", headers=headers)


def test_a_trace_has_each_rule_with_its_values(ask):
    """Then and now stand beside each other, in the shape of `bridge why --json`."""
    found = ask("/events/1/trace").get_json()
    assert found["summary"] == f"1 of 2 rules matched; 1 update delivered to {TICKET}"
    assert [line["said"] for line in found["then"]] == ["matched", "no_match"]
    fields = {one["key"]: one for one in found["then"][0]["fields"]}
    assert fields["fields.amount"]["paths"][0] == "event.data.object.amount_paid"
    assert found["changed"] is False and found["deliveries"][0]["id"] == 1


def test_a_trace_is_shared_as_markdown(ask):
    """The same facts as text."""
    answer = ask("/events/1/trace.md")
    assert answer.content_type == "text/markdown; charset=utf-8"
    assert answer.text.startswith("# Event 1: `invoice.paid` from `stripe`")


def test_a_ticket_has_what_was_written(ask):
    """Rows of the ledger; a ticket that nobody knows has none, and any characters are a ticket."""
    found = ask(f"/tickets/{TICKET}").get_json()
    assert found["sent"][0]["fields"]["amount"] == 150000
    for name in ("none", "a/b", "a%2Fb", "x.json"):
        assert ask(f"/tickets/{name}").get_json()["sent"] == []
    assert ask("/tickets/none").get_json()["ticket"] == "none"


def test_personal_data_is_in_no_answer(ask):
    """A token that may read sees no e-mail address."""
    for path in ("/events/2/trace", "/events/2/trace.md", "/tickets/1"):
        answer = ask(path)
        assert answer.status_code == 200 and EMAIL not in answer.text, path
    assert "<e-mail>" in ask("/tickets/1").text


def test_strangers_and_unknown_events_are_refused(ask):
    """Without a token 401, an event that is not there 404."""
    assert ask("/events/1/trace", headers={}).status_code == 401
    assert ask("/tickets/1", headers={}).status_code == 401
    assert ask("/events/99/trace").status_code == 404
