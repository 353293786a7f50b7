"""Why an event led to what it led to: what was said then, what would be said now, and the values behind it."""

from datetime import UTC, datetime, timedelta

import pytest
from running import MAPPING
from sqlalchemy import update
from working import TICKET, Bench, failed, paid

from bridge import mapping
from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.services import rulesets
from bridge.services.trace import trace
from bridge.services.trace_json import markdown, trace_object
from bridge.settings import Settings
from bridge.store.keeping.retention import Keep, forget
from bridge.store.tables import events

KEEP = Keep(
    payloads=timedelta(days=30), events=timedelta(days=90), ledger=timedelta(days=400)
)
ASKS = MAPPING.replace(
    "    target: vambe.update_amount",
    "    when: event.data.object.customer_email != 'none'\n    target: vambe.update_amount",
)


@pytest.fixture
def bench(database, sandbox, monkeypatch):
    """A worker whose rules are in force, on both databases."""
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    monkeypatch.setenv("KAPTURE_TOKEN", DEFAULT_CREDENTIALS["kapture"])
    sandbox.know("vambe", TICKET)
    made = Bench(database, sandbox, ASKS)
    rulesets.activate(database, made.ruleset)
    return made


def traced(bench, id, active=None, **more):
    """The trace, with the rules in force or others."""
    now = datetime.now(UTC)
    rules = active or bench.ruleset
    return trace(bench.database, id, active=rules, settings=Settings(), now=now, **more)


def routed(bench, event):
    """The number of an event that a worker has been at."""
    id = bench.receive(event)
    bench.work()
    return id


def test_each_rule_says_what_it_decided_and_from_which_values(bench):
    """A line has its place and text, the values compared with types, and the payload path of each field."""
    found = traced(bench, routed(bench, paid("evt_1")), revealed=True)
    assert found.summary == f"1 of 2 rules matched; 1 update delivered to {TICKET}"
    matched, other = found.then
    assert (matched.rule, matched.said) == ("paid-sets-amount", "matched")
    assert matched.place == "mappings/rules.yaml:8"
    assert matched.text == "when: event.data.object.customer_email != 'none'"
    (compared,) = matched.compared
    assert compared.expression == "event.data.object.customer_email"
    assert compared.type == "text"
    fields = {field.key: field for field in matched.fields}
    amount = fields["fields.amount"]
    assert amount.template == "{{ inv.amount_paid | from_minor(inv.currency) }}"
    assert (amount.value, amount.type) == (150000, "number")
    assert amount.paths[0] == "event.data.object.amount_paid"
    assert other.said == "no_match" and "event type invoice.paid" in other.reason
    assert matched.decided_at is not None and not found.changed


def test_then_stays_when_the_rules_change(bench):
    """What was said is shown as it was said; what differs now is marked on both sides, and nothing else is."""
    id = routed(bench, paid("evt_1"))
    text = ASKS.replace("{{ inv.currency | upper }}", "USD")
    found = traced(bench, id, mapping.build({"rules.yaml": text}).usable())
    assert [line.differs for line in found.then] == [True, False]
    assert [line.differs for line in found.now] == [True, False]
    currency = [one.value for one in found.now[0].fields if "currency" in one.key]
    assert currency == ["USD"] and found.changed
    before = [one.value for one in found.then[0].fields if "currency" in one.key]
    assert before == ["CLP"]


def test_a_rule_that_is_gone_is_explained_by_the_rules_of_then(bench):
    """The ruleset of then is stored with its text: the values are found even if its rule was removed."""
    id = routed(bench, paid("evt_1"))
    text = ASKS.replace("paid-sets-amount", "another-name")
    found = traced(bench, id, mapping.build({"rules.yaml": text}).usable())
    assert found.then[0].known and found.then[0].fields
    assert [line.rule for line in found.now if line.differs] == ["another-name"]


def test_values_are_shown_only_if_they_lead_to_the_same_words(bench):
    """A stored decision that nothing in the store can explain is shown as it is, without values."""
    id = routed(bench, paid("evt_1"))
    said = [
        {"rule": "paid-sets-amount", "said": "skipped", "reason": "mode is off"}
        | {"place": "rules.yaml:6", "code": None, "decided_at": 1}
    ]
    own = update(events).where(events.c.id == id).values(decisions=said)
    bench.database.write(lambda tx: tx.execute(own))
    (line,) = traced(bench, id).then
    assert (line.said, line.reason) == ("skipped", "mode is off")
    assert not line.known and not line.fields


def test_reasons_remain_when_the_payload_is_gone(bench):
    """After the retention period what was said is there; the rules cannot be asked, and a note says why."""
    id = routed(bench, paid("evt_1"))
    forget(bench.database, KEEP, datetime.now(UTC) + timedelta(days=40), lambda _: None)
    found = traced(bench, id)
    assert [line.said for line in found.then] == ["matched", "no_match"]
    assert found.now == () and found.then[0].text.startswith("when:")
    assert (
        "its payload was deleted; the decisions and their reasons remain" in found.notes
    )


def test_personal_data_is_hidden_unless_revealed(bench):
    """E-mail addresses are in no reason, value, request or delivery of a trace, nor in what is shared of it."""
    event = paid("evt_1")
    event["data"]["object"]["customer_email"] = "jane.roe@example.com"
    id = routed(bench, event)
    assert "jane.roe@example.com" in str(trace_object(traced(bench, id, revealed=True)))
    hidden = traced(bench, id)
    assert "jane.roe" not in str(trace_object(hidden)) + markdown(hidden)
    assert "<e-mail>" in str(trace_object(hidden))


def test_an_error_shows_what_the_expression_read(bench):
    """A failed rule names its expression, the value that it read, and the code of the error."""
    id = routed(bench, paid("evt_1", ticket="no uuid"))
    found = traced(bench, id)
    line = found.then[0]
    assert (line.said, bool(line.code)) == ("error", True)
    assert line.expression == "{{ inv.metadata.vambe_ticket_id | uuid }}"
    assert [one.value for one in line.compared] == ["no uuid"]
    assert found.summary.startswith("no rule matched (2 asked); 1 rule failed")


def test_items_of_a_list_name_their_own_place(bench):
    """Each item of for_each has its index, and its own updates are counted with their tickets."""
    bench.sandbox.know("kapture", "1", "2")
    found = traced(bench, routed(bench, failed("evt_1", "1,2")))
    line = found.then[1]
    assert [one.index for one in line.fields if one.key == "fields.ticket_id"] == [0, 1]
    assert len(line.calls) == 2 and len(found.deliveries) == 2


def test_what_waits_says_until_when(bench):
    """A delivery that waits has its outlook, and a replay names what it repeats."""
    bench.sandbox.fault("vambe", status=503)
    (row,) = traced(bench, routed(bench, paid("evt_1"))).deliveries
    assert row["outlook"].startswith("waits: ") or "attempt 2 is at" in row["outlook"]


def test_an_event_that_was_not_routed_says_so(bench):
    """Before a worker was at it nothing was said, and nothing is guessed."""
    found = traced(bench, bench.receive(paid("evt_1")))
    assert (found.then, found.now) == ((), ())
    assert found.summary == "not routed yet: waiting for a worker"
    assert traced(bench, 99) is None


def test_a_payload_is_kept_until_a_day_that_is_named(bench):
    """The note counts from the receipt, by the settings."""
    found = traced(bench, bench.receive(paid("evt_1")))
    until = found.event["received_at"] + timedelta(days=30)
    assert f"is kept until {until.day} {until:%B %Y} or longer" in found.notes[-1]


def test_markdown_cannot_be_broken_out_of(bench):
    """What a sender wrote is text in the shared trace: no link, no HTML, no line of its own."""
    event = paid("evt_1")
    event["type"] = "invoice.paid"
    event["data"]["object"]["currency"] = "``<img src=x>`` [x](javascript:1)\n# head"
    text = markdown(traced(bench, routed(bench, event), revealed=True))
    assert "\n# head" not in text
    assert all("```" in line for line in text.splitlines() if "<img" in line)
