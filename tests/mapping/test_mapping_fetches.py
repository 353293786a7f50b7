"""`fetch` in a mapping file: what it may say, who sees the answer, and what a test has to say about it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bridge import mapping
from bridge.model import Event, Said

MAPPING = """version: 1
source:
  name: shop
  provider: generic
  verify: { scheme: token, header: X-Token, secret: { env: SHOP_SECRET } }
  event: { id: body.id, type: body.type }
  fetch:
    when: event.order is present
    target: http.request
    connection: { base_url: https://shop.example.com }
    auth: { bearer: { env: SHOP_TOKEN } }
    fields: { method: GET, path: "/orders/{{ event.order }}", query: { part: "{{ event.part | default('all') }}" } }
    cache: 1m
    retries: { max_attempts: 3 }
rules:
  - id: paid
    events: [order.*]
    when: fetched.paid == true
    target: kapture.update_ticket
    connection: { subdomain: acme }
    auth: { basic_token: { env: KAPTURE_TOKEN } }
    fields: { ticket_id: "{{ fetched.ticket }}", sub_status: P }
tests:
  - name: a paid order
    given: order.json
    fetched: { paid: true, ticket: T1 }
    expect: { paid: { body: [ { ticket_id: T1, sub_status: P } ] } }
"""
ORDER = '{"id": "1", "type": "order.paid", "order": "77"}'
NOW = datetime(2026, 3, 1, tzinfo=UTC)
EVENT = Event(
    source="shop",
    event_id="1",
    type="order.paid",
    occurred_at=NOW,
    received_at=NOW,
    payload={"order": "77"},
    headers={},
)


def ruleset(text=MAPPING):
    return mapping.build({"shop.yaml": text}, {}).usable()


def findings(text):
    found = mapping.build({"shop.yaml": text}, {}).findings
    return [f"{one.code} {one.message}" for one in found]


def asked(**payload):
    event = replace(EVENT, payload={"order": "77", **payload})
    return mapping.look_up(event, ruleset()).decision


def run(tmp_path, text=MAPPING):
    (tmp_path / "shop.yaml").write_text(text)
    (tmp_path / "order.json").write_text(ORDER)
    loaded = mapping.load(tmp_path, {}).usable()
    [result] = mapping.run_cases(loaded, tmp_path)
    return [one.diagnostic for one in result.failures]


def test_the_call_is_made_of_the_event():
    """Method, address, credentials by reference, retries, and for how long its answer is good."""
    [call] = asked().rendered
    assert (call.call.method, call.call.path) == ("GET", "/orders/77")
    assert call.connection.options["base_url"] == "https://shop.example.com"
    assert str(call.connection.auth["bearer"]) == "{env: SHOP_TOKEN}"
    assert (call.look_up, call.retries.max_attempts) == (60, 3)
    assert (call.idempotency_key, call.at, call.stale) == ("", None, "send")


def test_what_is_asked_for_names_the_object():
    """Without a key, path and query do; so look-ups of one object share a lane, and no other."""
    lanes = [
        asked(**more).rendered[0].lane for more in ({}, {"part": "a"}, {"order": "8"})
    ]
    assert lanes == [
        "fetch:shop//orders/77?part=all",
        "fetch:shop//orders/77?part=a",
        "fetch:shop//orders/8?part=all",
    ]


def test_key_names_the_object():
    """Where the address does not tell objects apart."""
    text = MAPPING.replace("cache: 1m", 'key: "{{ event.order }}"')
    [call] = mapping.look_up(EVENT, ruleset(text)).decision.rendered
    assert (call.ticket, call.lane) == ("77", "fetch:shop/77")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_look_up_is_never_held(method):
    """Asking twice does no harm, also where an API wants its questions as POST."""
    rules = ruleset(MAPPING.replace("method: GET", f"method: {method}"))
    trial = mapping.look_up(EVENT, rules)
    assert trial.decision.rendered[0].retries.on_ambiguous == "retry"


def test_event_that_when_leaves_out_is_not_looked_up():
    """Its rules are asked without `fetched`."""
    assert asked(order="").said is Said.NO_MATCH


@pytest.mark.parametrize("type", ["ping", "customer.created"])
def test_event_that_no_rule_takes_is_not_looked_up(type):
    """Nobody would hear of the answer."""
    assert mapping.look_up(replace(EVENT, type=type), ruleset()) is None


def test_rule_that_is_off_needs_no_look_up():
    """It does nothing, so nobody would hear of the answer."""
    text = MAPPING.replace("  - id: paid\n", "  - id: paid\n    mode: off\n")
    assert mapping.look_up(EVENT, ruleset(text)) is None


def test_look_up_that_cannot_be_made_is_an_error_with_its_place():
    """Like a field of a rule."""
    decision = mapping.look_up(replace(EVENT, payload={"order": None}), ruleset())
    assert decision.decision.said is Said.NO_MATCH
    text = MAPPING.replace("    when: event.order is present\n", "")
    event = replace(EVENT, payload={})
    found = mapping.look_up(event, ruleset(text)).decision
    assert (found.said, found.place) == (Said.ERROR, "shop.yaml:11")
    assert found.rule == "" and found.diagnostic.code == "E301"


def test_rules_see_the_answer():
    """As `fetched`, exactly as it was answered."""
    event = replace(EVENT, fetched={"paid": True, "ticket": "T1"})
    [decision] = mapping.route(event, ruleset())
    assert decision.rendered[0].fields["ticket_id"] == "T1"


def test_without_an_answer_fetched_is_missing():
    """Never null, so that a rule which needs it is an error and not a wrong update."""
    [decision] = mapping.route(EVENT, ruleset())
    assert decision.said is Said.ERROR and "fetched is missing" in decision.reason


def test_fetched_is_a_name_only_where_the_source_fetches():
    """Elsewhere it is as unknown as any other."""
    start, end = MAPPING.index("  fetch:"), MAPPING.index("rules:")
    text = MAPPING[:start] + MAPPING[end:].replace("fetched.ticket", "fetched.number")
    found = findings(text)
    assert found.count("E203 unknown name 'fetched'") == 2
    assert not [one for one in findings(MAPPING) if one.startswith("E")]


def test_fetch_itself_knows_no_fetched():
    """It is what asks."""
    text = MAPPING.replace("event.order is present", "fetched is present")
    assert findings(text) == ["E203 unknown name 'fetched'"]


def test_let_may_not_take_the_name():
    """An expression would not see which one is meant."""
    text = MAPPING.replace("    events: [order.*]", '    let: { fetched: "x" }')
    assert findings(text) == [
        "M112 'fetched' is reserved: it already means something else in expressions"
    ]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (
            "http.request\n    connection: { base",
            "http.reqest\n    connection: { base",
            "M105",
        ),
        (
            "http.request\n    connection: { base",
            "vambe.update_amount\n    connection: { base",
            "M105",
        ),
        ("cache: 1m", "cache: 60", "M102"),
        ("cache: 1m", "caches: 1m", "M101"),
        ("max_attempts: 3", "on_ambiguous: hold", "M101"),
        ("method: GET, ", "", "M106"),
        ("method: GET", "method: DELETE", "M102"),
        (
            "    auth: { bearer: { env: SHOP_TOKEN } }",
            "    auth: { bearer: abc123 }",
            "A401",
        ),
        ("{{ event.order }}", "{{ evnt.order }}", "E203"),
    ],
)
def test_mistake_in_fetch_is_found(old, new, found):
    """With the codes that the same mistake has in a rule."""
    assert MAPPING.count(old) == 1
    [first, *_] = findings(MAPPING.replace(old, new))
    assert first.split()[0] in found.split()


def test_secrets_and_address_of_a_look_up_are_looked_after():
    """A variable that is not set is found before anything is asked."""
    missing = mapping.missing_secrets(ruleset(), {})
    assert any("SHOP_TOKEN" in one.message for one in missing)


def test_test_says_what_is_answered(tmp_path):
    """In the test, or in a file beside the mapping."""
    assert run(tmp_path) == []
    (tmp_path / "answer.json").write_text('{"paid": true, "ticket": "T1"}')
    text = MAPPING.replace("{ paid: true, ticket: T1 }", "answer.json")
    assert run(tmp_path, text) == []


def test_test_without_an_answer_fails(tmp_path):
    """It would show what never happens: rules that are asked without what was looked up."""
    [found] = run(
        tmp_path, MAPPING.replace("    fetched: { paid: true, ticket: T1 }\n", "")
    )
    assert found.code == "T508" and "fetched" in found.help


def test_test_of_a_look_up_that_fails_says_where(tmp_path):
    """The place of the expression, not of the rule that would have waited for it."""
    text = MAPPING.replace("event.order is present", "event.order.number == '7'")
    [found] = run(tmp_path, text)
    assert found.code == "T508" and "shop.yaml:8" in found.help


@pytest.mark.parametrize("content", ["[1", "12", '"text"'])
def test_file_that_is_no_answer_is_refused(tmp_path, content):
    """As a worker would refuse it."""
    (tmp_path / "answer.json").write_text(content)
    text = MAPPING.replace("{ paid: true, ticket: T1 }", "answer.json")
    [found] = run(tmp_path, text)
    assert found.code == "T501" and "answer.json" in found.message
    (tmp_path / "answer.json").unlink()
    [found] = run(tmp_path, text)
    assert found.code == "T501" and "cannot be read" in found.message


ETAG = MAPPING.replace(
    "fields: { ticket_id", 'fields: { comment: "{{ fetched_headers.etag }}", ticket_id'
).replace(
    "fetched: { paid: true, ticket: T1 }",
    "fetched: { paid: true, ticket: T1 }\n    fetched_headers: { ETag: W/7 }",
)


def test_rules_see_the_headers_of_the_answer():
    """By names in lower case; one that is not there is missing, as any other value is."""
    event = replace(
        EVENT,
        fetched={"paid": True, "ticket": "T1"},
        fetched_headers={"etag": 'W/"7"', "x-count": "3"},
    )
    for name, value in (("etag", 'W/"7"'), ("x-count", "3")):
        text = ETAG.replace("fetched_headers.etag", f"fetched_headers['{name}']")
        (decision,) = mapping.route(event, ruleset(text))
        assert decision.rendered[0].fields["comment"] == value
    text = ETAG.replace("fetched_headers.etag", "fetched_headers.link")
    (decision,) = mapping.route(event, ruleset(text))
    assert decision.said is Said.ERROR and "fetched_headers.link" in decision.reason


def test_a_test_says_what_its_headers_are(tmp_path):
    """In whatever case they are written."""
    (tmp_path / "order.json").write_text(ORDER)
    expected = "sub_status: P, comment: W/7 }"
    text = ETAG.replace("sub_status: P } ]", expected + " ]")
    (result,) = mapping.run_cases(ruleset(text), tmp_path)
    assert not result.failures
    (result,) = mapping.run_cases(ruleset(text.replace("W/7 }\n", "W/8 }\n")), tmp_path)
    assert result.failures


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (".etag", ".ETag", "M113 header names are lower case here"),
        (".etag", "['ETag']", "M113 header names are lower case here"),
        ("  fetch:", "  x-fetch:", None),
        ("{ ETag: W/7 }", "[W/7]", "M102"),
    ],
)
def test_mistakes_with_headers_of_an_answer(old, new, found):
    """Each is told where it stands; without `fetch` there is no such name."""
    said = findings(ETAG.replace(old, new, 1))
    assert said and (found is None or any(one.startswith(found) for one in said)), said
