"""Routing: what each rule says to an event, why, and what it wants sent."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bridge.mapping import build, route, try_event
from bridge.model import Event, Said
from bridge.strict import json

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = """version: 1
source: { name: shop, provider: stripe, verify: { secret: { env: S } } }
rules:
"""
AMOUNT = """  - id: amount
    target: vambe.update_amount
    auth: { api_key: { env: K } }
    fields: { ticket_id: a1b2c3d4-e5f6-7890-abcd-ef1234567890, amount: "{{ event.amount }}" }
"""
NOTE = """  - id: note
    target: kapture.update_ticket
    connection: { subdomain: acme }
    auth: { basic_token: { env: K } }
    fields: { ticket_id: "{{ event.ticket }}", sub_status: PS }
"""
EACH = """  - id: each
    target: kapture.update_ticket
    connection: { subdomain: acme }
    auth: { basic_token: { env: K } }
    for_each: { in: "{{ event.tickets }}", as: ticket, max: 3 }
    fields: { ticket_id: "{{ ticket }}", sub_status: "S{{ index }}" }
"""


def event(payload=None, **changes):
    values = {
        "source": "shop",
        "event_id": "evt_1",
        "type": "invoice.paid",
        "occurred_at": NOW - timedelta(minutes=1),
        "received_at": NOW,
        "payload": {"amount": 5, "ticket": "T1"} if payload is None else payload,
        "headers": {},
    }
    return Event(**{**values, **changes})


def decide(rule, happened=None, environment=""):
    """What one rule says to one event."""
    loaded = build({"a.yaml": HEAD + rule}, {})
    assert loaded.ruleset is not None, loaded.findings
    [decision] = route(happened or event(), loaded.ruleset, environment=environment)
    return decision


def sent(rule, happened=None, environment=""):
    """The one call that a rule wants made."""
    decision = decide(rule, happened, environment)
    assert decision.said is Said.MATCHED, decision.reason
    [rendered] = decision.rendered
    return rendered


def with_keys(rule, *lines):
    return rule + "".join(f"    {line}\n" for line in lines)


def test_a_matching_rule_gives_the_whole_call():
    """Everything a delivery needs: the call, its ticket, lane, time and keys."""
    found = sent(AMOUNT, environment="prod")
    assert json.loads(found.call.body) == {
        "ticket_id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "amount": 5,
    }
    assert found.ticket == "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
    assert found.lane == f"{found.connection.tenant}/{found.ticket}"
    assert found.at == NOW - timedelta(minutes=1)
    assert (found.stale, found.hold, found.shadow) == ("skip", "", False)
    assert found.idempotency_key == "prod:shop:evt_1:amount:"


def test_one_decision_per_rule_in_file_order():
    """A rule that fails does not keep the others from being heard."""
    ruleset = build({"a.yaml": HEAD + NOTE + AMOUNT + EACH}, {}).ruleset
    decisions = route(event({"amount": 5}), ruleset)
    assert [(one.rule, one.said.value) for one in decisions] == [
        ("note", "error"),
        ("amount", "matched"),
        ("each", "error"),
    ]
    assert route(event(source="other"), ruleset) == ()


@pytest.mark.parametrize(
    "events, said",
    [
        ("[invoice.paid]", "matched"),
        ("[customer.created, invoice.paid]", "matched"),
        ("[invoice.*]", "matched"),
        ("['*.paid']", "matched"),
        ("[invoice]", "no_match"),
        ("[invoice?paid]", "no_match"),
        ("[invoice.paid.late]", "no_match"),
    ],
)
def test_events_are_exact_or_patterns_with_a_star(events, said):
    """Only * is special, and a type is matched whole."""
    assert decide(with_keys(AMOUNT, f"events: {events}")).said == said


def test_the_reason_names_the_types_that_were_compared():
    """An operator reads why without opening the rule."""
    decision = decide(with_keys(AMOUNT, "events: [customer.created]"))
    assert decision.reason == "event type invoice.paid is not customer.created"
    assert decision.place == "a.yaml:8"


def test_the_reason_of_a_condition_shows_the_values():
    """Both sides of what was compared."""
    decision = decide(
        with_keys(AMOUNT, "when: event.amount > 7 and event.ticket == 'T2'")
    )
    assert decision.said is Said.NO_MATCH
    assert "event.amount > 7 and event.ticket == 'T2' is false: " in decision.reason
    assert "event.amount is 5" in decision.reason


def test_a_condition_that_fails_is_an_error_and_never_no_match():
    """A misspelt path in `when` would otherwise silently do nothing for ever."""
    decision = decide(with_keys(AMOUNT, "when: event.amuont > 7"))
    assert decision.said is Said.ERROR
    assert decision.diagnostic.code == "E301"
    assert (
        decision.diagnostic.message
        == "event.amuont is missing: event has the keys amount, ticket"
    )
    assert decision.diagnostic.excerpt == "    when: event.amuont > 7"
    assert (decision.diagnostic.place.line, decision.diagnostic.place.column) == (8, 11)


def test_a_condition_that_gives_text_is_an_error():
    """Nothing is taken for true that is not true."""
    decision = decide(with_keys(AMOUNT, "when: event.ticket"))
    assert (decision.said, decision.diagnostic.code) == (Said.ERROR, "E320")


@pytest.mark.parametrize(
    "value, word",
    [(None, "null"), ("", "''"), ({}, "a mapping of 0"), ([], "a list of 0")],
)
def test_what_is_not_present_skips_the_rule(value, word):
    """Missing, null and empty are not present."""
    rule = with_keys(AMOUNT, "skip_if_missing: [event.ticket]")
    decision = decide(rule, event({"amount": 5, "ticket": value}))
    assert (decision.said, decision.reason) == (Said.SKIPPED, f"event.ticket is {word}")
    assert decide(rule, event({"amount": 5})).reason == "event.ticket is missing"
    assert decide(rule, event({"amount": 5, "ticket": 0})).said is Said.MATCHED


def test_let_is_evaluated_when_it_is_used_and_not_before():
    """A name that this event cannot give hurts nobody who does not ask for it."""
    rule = with_keys(AMOUNT, 'let: { bad: "{{ event.nothing | upper ~ 1 }}", five: 5 }')
    assert decide(rule).said is Said.MATCHED
    failed = decide(with_keys(rule, "when: five == 5 and bad == 'X'"))
    assert failed.diagnostic.place.line == 8


def test_a_reason_never_turns_a_decision_into_an_error():
    """What a condition did not get to is not evaluated for the sake of the account."""
    rule = with_keys(
        AMOUNT,
        'let: { bad: "{{ event.ticket + 1 }}" }',
        "when: event.amount > 7 and bad == 1",
    )
    decision = decide(rule)
    assert decision.said is Said.NO_MATCH
    assert "event.amount is 5" in decision.reason and "bad is" not in decision.reason


def test_an_error_in_let_is_placed_in_let():
    """Not in the field that used the name."""
    rule = (
        AMOUNT.replace("event.amount", "sum")
        + '    let: { sum: "{{ event.ticket + 1 }}" }\n'
    )
    assert decide(rule).diagnostic.place.line == 8


@pytest.mark.parametrize(
    "value, code", [("5", "E324"), (None, "E307"), ("absent", "E301")]
)
def test_a_value_that_the_operation_does_not_take_is_an_error_at_its_field(value, code):
    """Text is not a number; null and missing are not left out silently."""
    payload = {} if value == "absent" else {"amount": value}
    found = decide(AMOUNT, event(payload)).diagnostic
    assert (found.code, found.place.line) == (code, 7)
    assert "5" not in found.message


def test_a_time_that_reaches_a_field_is_an_error():
    """A time has no one written form, so the rule says which."""
    found = decide(NOTE.replace("event.ticket", "meta.received_at")).diagnostic
    assert found.code == "E302" and "datetime(" in found.help


def test_omit_leaves_a_field_out_at_any_depth():
    """Never sent as null or empty."""
    rule = NOTE.replace(
        "sub_status: PS",
        'sub_status: PS, extra: { a: "{{ omit }}", b: ["{{ omit }}", 1] }',
    )
    rule = rule.replace(
        "sub_status: PS", 'sub_status: PS, comment: "{{ event.note | default(omit) }}"'
    )
    [body] = json.loads(sent(rule).call.body)
    assert body == {"ticket_id": "T1", "sub_status": "PS", "extra": {"b": [1]}}


def test_numbers_stay_exact():
    """A Decimal of the payload is sent digit by digit."""
    assert (
        b'"amount":19.99' in sent(AMOUNT, event({"amount": Decimal("19.99")})).call.body
    )
    assert decide(AMOUNT, event({"amount": 2**70 + 1})).said is Said.ERROR


def test_for_each_gives_one_call_per_item():
    """With a key, a lane and an idempotency key of its own."""
    found = decide(EACH, event({"tickets": ["A", "B:1"]})).rendered
    assert [json.loads(one.call.body)[0]["sub_status"] for one in found] == ["S0", "S1"]
    assert [one.key for one in found] == ["A", "B:1"]
    assert [one.idempotency_key for one in found] == [
        ":shop:evt_1:each:A",
        ":shop:evt_1:each:B%3A1",
    ]
    assert len({one.lane for one in found}) == 2


@pytest.mark.parametrize(
    "tickets, code",
    [
        (["A", "A"], "E322"),
        (["A", 5], "E324"),
        (["A", "B", "C", "D"], "E303"),
        ("A", "E321"),
    ],
)
def test_for_each_is_all_or_nothing(tickets, code):
    """One bad item, a repeated key or one too many: nothing is sent for any of them."""
    decision = decide(EACH, event({"tickets": tickets}))
    assert (decision.said, decision.rendered, decision.diagnostic.code) == (
        Said.ERROR,
        (),
        code,
    )


def test_an_empty_list_is_said_so():
    """No call, and not silently."""
    decision = decide(EACH, event({"tickets": []}))
    assert (decision.said, decision.reason) == (
        Said.SKIPPED,
        "for_each gave an empty list",
    )


def test_items_with_one_idempotency_key_are_an_error():
    """The store would take the second for a repetition of the first."""
    rule = with_keys(EACH, 'idempotency_key: "{{ meta.event_id }}"')
    assert decide(rule, event({"tickets": ["A", "B"]})).diagnostic.code == "E322"


def test_mode_off_and_shadow():
    """off says so and renders nothing; shadow renders what it will not send."""
    off = decide(with_keys(AMOUNT, "mode: off"))
    assert (off.said, off.reason, off.place) == (
        Said.SKIPPED,
        "mode is off",
        "a.yaml:8",
    )
    assert sent(with_keys(AMOUNT, "mode: shadow")).shadow


def test_events_that_are_too_old_are_skipped():
    """Measured by the provider's own time, against the time of receipt."""
    rule = with_keys(AMOUNT, "max_event_age: 30s")
    assert decide(rule).reason == "the event is 60 s old, more than 30 s"
    assert decide(rule, event(occurred_at=NOW)).said is Said.MATCHED
    assert decide(rule, event(occurred_at=None)).said is Said.MATCHED


def test_hold_if_sees_the_rendered_fields():
    """And says why it holds."""
    rule = with_keys(AMOUNT, "hold_if: fields.amount > 4")
    assert sent(rule).hold == "fields.amount > 4 is true: fields.amount is 5"
    assert sent(rule, event({"amount": 4})).hold == ""


def test_calls_that_make_a_ticket_wait_for_nobody():
    """Without a ticket each has a lane of its own, else one that fails would hold up all others."""
    rule = NOTE.replace("update_ticket", "add_ticket")
    rule = rule.replace('ticket_id: "{{ event.ticket }}", sub_status: PS', "title: new")
    lanes = {sent(rule, event(event_id=id)).lane for id in ("e1", "e2")}
    assert len(lanes) == 2


def test_ordering_may_be_said_otherwise():
    """The lane's key, the time that is newer, and whether older ones are sent."""
    rule = with_keys(
        NOTE,
        'ordering: { key: "c-{{ event.n }}", at: event.t | parse_date, stale: send }',
    )
    found = sent(rule, event({"ticket": "T1", "n": 7, "t": 1_772_366_340}))
    assert found.lane.endswith("/c-7")
    assert found.at == datetime.fromtimestamp(1_772_366_340, UTC)
    assert found.stale == "send"
    bare = decide(
        with_keys(NOTE, "ordering: { at: event.n }"), event({"ticket": "T1", "n": 7})
    )
    assert bare.diagnostic.code == "E323"


@pytest.mark.parametrize(
    ("written", "carried"),
    [("true", True), ("false", False), ("true, stale: send", True)],
)
def test_coalesce_goes_with_the_call(written, carried):
    """What the rule says of updates that wait stands in its calls; unless it says so, each is sent."""
    found = sent(with_keys(NOTE, f"ordering: {{ coalesce: {written} }}"))
    assert found.coalesce is carried
    assert sent(NOTE).coalesce is False


def test_a_phone_number_is_of_the_connections_country():
    """Where neither number nor rule says a country, that of the connection holds, in `let` as in fields."""
    rule = AMOUNT.replace("ticket_id: a1b2c3d4-e5f6-7890-abcd-ef1234567890", "{number}")
    let = 'let: { phone: "{{ event.phone | e164 }}" }'
    for number, keys in (("{{ event.phone | e164 }}", ()), ("{{ phone }}", (let,))):
        text = rule.replace("{number}", f'contact_number: "{number}"')
        here = with_keys(text, "connection: { country: CL }", *keys)
        happened = event({"amount": 5, "phone": "9 8765 4321"})
        assert sent(here, happened).fields["contact_number"] == "+56987654321"
        assert decide(with_keys(text, *keys), happened).diagnostic.code == "E309"
    other = rule.replace(
        "{number}", "contact_number: \"{{ event.phone | e164('BR') }}\""
    )
    happened = event({"amount": 5, "phone": "(11) 98765-4321"})
    found = sent(with_keys(other, "connection: { country: CL }"), happened)
    assert found.fields["contact_number"] == "+5511987654321"


def test_no_event_is_newer_than_its_receipt_and_five_minutes():
    """A sender's clock that runs ahead must not shut out what comes after."""
    ahead = event(occurred_at=NOW + timedelta(days=9))
    assert sent(AMOUNT, ahead).at == NOW + timedelta(minutes=5)
    assert sent(AMOUNT, event(occurred_at=None)).at is None


def test_an_unknown_outcome_holds_where_a_field_appends():
    """A comment must not be written twice; a rule may say otherwise."""
    comment = NOTE.replace("sub_status: PS", "sub_status: PS, comment: hello")
    assert sent(comment).retries.on_ambiguous == "hold"
    assert sent(NOTE).retries.on_ambiguous == "retry"
    assert (
        sent(
            with_keys(comment, "retries: { on_ambiguous: retry }")
        ).retries.on_ambiguous
        == "retry"
    )


@pytest.mark.parametrize("id", ["x" * 300, "línea", "a\nb", "\ud800"])
def test_odd_or_long_idempotency_keys_are_hashed(id):
    """They become a header."""
    key = sent(AMOUNT, event(event_id=id)).idempotency_key
    assert len(key) == 64 and key.isalnum()


@pytest.mark.parametrize("id", [" outer", "outer\t", "x" * 201])
def test_a_key_of_the_rule_that_no_header_carries_is_hashed(id):
    """A header loses outer blanks on its way, so two keys would be one there."""
    rule = with_keys(AMOUNT, 'idempotency_key: "{{ meta.event_id }}"')
    key = sent(rule, event(event_id=id)).idempotency_key
    assert len(key) == 64 and key.isalnum()


def test_two_events_and_items_never_share_an_idempotency_key():
    """Colons in ids and keys do not make two different things look alike."""
    one = decide(EACH, event({"tickets": ["k"]}, event_id="e:each")).rendered[0]
    other = decide(EACH, event({"tickets": ["each:k"]}, event_id="e")).rendered[0]
    assert one.idempotency_key != other.idempotency_key


def test_payload_text_is_never_read_as_an_expression():
    """What a sender writes stays text."""
    found = sent(NOTE, event({"ticket": "{{ 7 * 7 }}"}))
    assert found.fields["ticket_id"] == "{{ 7 * 7 }}"


def test_try_gives_every_step_with_its_value():
    """The same evaluation, for a person to read."""
    rule = with_keys(AMOUNT, 'let: { a: "{{ event.amount }}" }', "when: a > 4")
    ruleset = build({"a.yaml": HEAD + rule}, {}).ruleset
    [trial] = try_event(event(), ruleset)
    steps = [(step.formula.name, step.value) for step in trial.steps]
    assert steps == [("let.a", 5), ("when", True), ("fields.amount", 5)]
    assert (trial.decision,) == route(event(), ruleset)
