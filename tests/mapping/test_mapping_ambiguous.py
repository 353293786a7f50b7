"""A call that adds something is never repeated blindly: what is held, what is tried again, who decides."""

import pytest

from bridge.mapping import build, load, run_cases
from bridge.mapping.findings.diagnostics import concise

HEAD = """version: 1
source: { name: shop, provider: stripe, verify: { secret: { env: S } } }
rules:
"""
RULE = """  - id: call
    target: %s
    connection: { %s }
    auth: { %s: { env: K } }
    fields: { %s }
"""
BODY = '{"id": "evt_1", "type": "paid", "created": 1772366340, "n": 5}'
TICKET = "ticketId: b8c9f8c4-0b6a-4b2a-8f8f-0c9d9e2f5a1a"
KAPTURE, GETFLY = "subdomain: acme", "host: acme.getflycrm.com"
API = 'base_url: "https://api.example.com"'


def rule(target, fields, connection=API, auth="bearer"):
    return HEAD + RULE % (target, connection, auth, fields)


ADDING = {
    "kapture makes a ticket": rule(
        "kapture.add_ticket", "title: Printer", KAPTURE, "basic_token"
    ),
    "kapture adds a comment": rule(
        "kapture.update_ticket",
        "ticket_id: '7', sub_status: P, comment: Paid",
        KAPTURE,
        "basic_token",
    ),
    "getfly makes a ticket": rule(
        "getfly.create_ticket", "ticket_title: Printer", GETFLY, "api_key"
    ),
    "tolky adds a reason": rule(
        "tolky.update_ticket", f"{TICKET}, subject: Paid, reason: Paid"
    ),
    "tolky moves": rule("tolky.move_stage", f"{TICKET}, newLevel: Done"),
    "tolky moves beside": rule(
        "tolky.update_ticket", f"{TICKET}, subject: Paid, newLevel: Done"
    ),
    "POST": rule("http.request", "method: POST, path: /x, body: { a: 1 }"),
    "PATCH": rule("http.request", "method: PATCH, path: /x"),
    "POST by an expression": rule(
        "http.request", "method: \"{{ 'POST' if event.n == 5 else 'PUT' }}\", path: /x"
    ),
    "PUT that adds": rule("http.request", "method: PUT, path: /x, repeatable: false"),
    "POST with a fixed header": rule(
        "http.request", "method: POST, path: /x, headers: { X-Team: billing }"
    ),
}
REPLACING = {
    "vambe sets an amount": rule(
        "vambe.update_amount",
        'contact_number: "+56912345678", amount: 5',
        auth="api_key",
    ),
    "kapture sets a status": rule(
        "kapture.update_ticket", "ticket_id: '7', sub_status: P", KAPTURE, "basic_token"
    ),
    "getfly sets a status": rule(
        "getfly.update_ticket", "ticket_code: A7, status_name: Done", GETFLY, "api_key"
    ),
    "tolky sets a subject": rule("tolky.update_ticket", f"{TICKET}, subject: Paid"),
    "PUT": rule("http.request", "method: PUT, path: /x"),
    "DELETE": rule("http.request", "method: DELETE, path: /x"),
    "POST that may be repeated": rule(
        "http.request", "method: POST, path: /x, repeatable: true"
    ),
    "POST with a key header": rule(
        "http.request",
        'method: POST, path: /x, headers: { x-idempotency-key: "{{ event.id }}" }',
    ),
    "POST with the rule's key": rule("http.request", "method: POST, path: /x")
    + '    idempotency_key: "{{ event.id }}"\n',
}
PAGE = "<html><h1>Bad gateway</h1></html>"
PERHAPS = [
    "timeout",
    "{ status: 408 }",
    "{ status: 500 }",
    "{ status: 500, body: { error: boom } }",
    f"{{ status: 502, body: {PAGE} }}",
    "{ status: 504, body: <html> }",
    "{ status: 504, headers: { Retry-After: '5' } }",
    f"{{ status: 503, body: {PAGE} }}",
    "{ status: 503, body: upstream connect error or disconnect/reset before headers }",
    f"{{ status: 524, body: {PAGE} }}",
    "{ status: 599 }",
]
NOT_APPLIED = [
    "refused",
    "{ status: 429 }",
    f"{{ status: 429, body: {PAGE} }}",
    "{ status: 503 }",
    "{ status: 503, body: { error: busy } }",
    f"{{ status: 503, headers: {{ Retry-After: '5' }}, body: {PAGE} }}",
]


def ends(folder, rules, reply, final):
    """What is not as the test of a rule says: one reply, and the state after it."""
    ending = f"{{ replies: [{reply}], final: {final} }}"
    test = f"tests: [{{ name: t, given: a.json, expect: {{ call: {ending} }} }}]\n"
    (folder / "a.json").write_text(BODY)
    (folder / "a.yaml").write_text(rules + test)
    [result] = run_cases(load(folder, {}).usable(), folder)
    return [failure.message for failure in result.failures]


@pytest.mark.parametrize("reply", PERHAPS)
@pytest.mark.parametrize("rules", ADDING.values(), ids=ADDING)
def test_a_call_that_adds_waits_for_a_person(tmp_path, rules, reply):
    """Silence, 408, 500, 502, 504 and a gateway's page all mean that it may have been applied."""
    assert ends(tmp_path, rules, reply, "held") == []


@pytest.mark.parametrize("reply", PERHAPS)
@pytest.mark.parametrize("rules", REPLACING.values(), ids=REPLACING)
def test_a_call_that_replaces_is_tried_again(tmp_path, rules, reply):
    """The same answers hold up nothing that a second call cannot spoil."""
    assert ends(tmp_path, rules, reply, "waiting") == []


@pytest.mark.parametrize("reply", NOT_APPLIED)
@pytest.mark.parametrize("rules", ADDING.values(), ids=ADDING)
def test_a_call_that_was_turned_away_is_tried_again(tmp_path, rules, reply):
    """429, 503 from a vendor and a call that never left say that nothing was applied."""
    assert ends(tmp_path, rules, reply, "waiting") == []


@pytest.mark.parametrize("name", sorted(ADDING.keys() - {"PUT that adds"}))
def test_an_undocumented_success_of_a_call_that_adds_is_held(tmp_path, name):
    """A 2xx that is a login page or says nothing that its vendor documents may be a success all the same."""
    by_status = "http.request" in ADDING[name]
    for body in (PAGE, "{ ok: 1 }"):
        reply, final = f"{{ status: 200, body: {body} }}", "held"
        if by_status:
            final = "delivered"
        assert ends(tmp_path, ADDING[name], reply, final) == []


def test_a_documented_refusal_stays_what_it_says(tmp_path):
    """Where the vendor says which part failed, only that part is sent again, and a refusal stays final."""
    move = ADDING["tolky moves beside"]
    failed = "{ status: 500, body: { error: MoveTicketError } }"
    assert ends(tmp_path, move, failed, "waiting") == []
    assert ends(tmp_path, move, "{ status: 404 }", "dead") == []
    assert ends(tmp_path, move, "{ status: 401 }", "parked") == []
    inside = "{ status: 200, body: { message: ServerFailure, status: failed } }"
    assert ends(tmp_path, ADDING["kapture adds a comment"], inside, "held") == []


def test_the_rule_has_the_last_word(tmp_path):
    """on_ambiguous and responses are written by somebody who knows the vendor."""
    retried = ADDING["POST"] + "    retries: { on_ambiguous: retry }\n"
    assert ends(tmp_path, retried, "timeout", "waiting") == []
    held = REPLACING["PUT"] + "    retries: { on_ambiguous: hold }\n"
    assert ends(tmp_path, held, "{ status: 502 }", "held") == []
    both = REPLACING["POST that may be repeated"]
    both += "    retries: { on_ambiguous: hold }\n"
    assert ends(tmp_path, both, "{ status: 502 }", "held") == []
    again = "    responses: [{ when: response.status == 502, do: retry }]\n"
    assert ends(tmp_path, ADDING["POST"] + again, "{ status: 502 }", "waiting") == []


@pytest.mark.parametrize(
    "name, said",
    [
        ("POST", "'body' twice"),
        ("PATCH", "'path' twice"),
        ("PUT that adds", "'path' twice"),
        ("tolky moves", "'newLevel' twice"),
        ("PUT", ""),
        ("POST that may be repeated", ""),
        ("POST with a key header", ""),
        ("POST with the rule's key", ""),
    ],
)
def test_check_warns_where_a_retry_may_add_twice(name, said):
    """on_ambiguous: retry beside a call that adds is a warning, which `repeatable: true` answers."""
    rules = {**ADDING, **REPLACING}[name] + "    retries: { on_ambiguous: retry }\n"
    found = [one for one in build({"a.yaml": rules}).findings if one.code == "W602"]
    assert [said in one.message for one in found] == ([True] if said else [])
    assert all("on_ambiguous: hold" in one.help for one in found), concise(found[0])


def test_repeatable_is_true_or_false_and_is_not_sent(tmp_path):
    """It is a word to the bridge; only http.request has it, since the other operations know themselves."""
    wrong = rule("http.request", "method: POST, path: /x, repeatable: sure")
    [finding] = [one for one in build({"a.yaml": wrong}).findings if one.code[0] == "M"]
    assert "needs true or false" in finding.message
    other = ADDING["kapture makes a ticket"].replace(
        "title:", "repeatable: true, title:"
    )
    loaded = build({"a.yaml": other})
    assert any("repeatable" in one.message for one in loaded.findings)
    (tmp_path / "a.json").write_text(BODY)
    test = "tests: [{ name: t, given: a.json, expect: { call: { body: { a: 1 } } } }]\n"
    rules = rule(
        "http.request", "method: POST, path: /x, repeatable: true, body: { a: 1 }"
    )
    (tmp_path / "a.yaml").write_text(rules + test)
    [result] = run_cases(load(tmp_path, {}).usable(), tmp_path)
    assert result.failures == ()
