"""Responses: what a rule makes of answers before its vendor does, and tests that say what a vendor answers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import vendors
from bridge.mapping import CODES, build, judge, load, route, run_cases
from bridge.mapping.findings.diagnostics import concise
from bridge.model import Call, Event, Reply, Response, Verdict

AMOUNT = vendors.operation("vambe.update_amount")
CALL = Call(method="POST", path="/x", body=b"{}")
NOT_FOUND = {"message": "Active ticket not found for contact"}

RULES = """version: 1
source: { name: shop, provider: stripe, verify: { secret: { env: S } } }
rules:
  - id: amount
    target: vambe.update_amount
    auth: { api_key: { env: K } }
    fields: { contact_number: "+56912345678", amount: "{{ event.n }}" }
    responses:
      - { when: response.status == 404 and 'Active' in response.body.message, do: retry, note: it may heal }
      - { when: response.status == 409, do: ok }
    retries: { max_attempts: 3, initial: 10s, max_age: 1h }
"""
BODY = '{"id": "evt_1", "type": "paid", "created": 1772366340, "n": 5}'


def reply(status=200, body=b"", headers=()):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers=dict(headers), body=raw, elapsed=0.1)


def judged(answer, *responses, operation=AMOUNT, call=CALL):
    """The outcome, and the responses that could not be tried."""
    failed = []
    found = [Response(when=when, do=do) for when, do in responses]
    outcome = judge(
        operation,
        call,
        answer,
        found,
        lambda response, error: failed.append((response.when, error.code)),
    )
    return outcome, failed


@pytest.mark.parametrize(
    "do, verdict, code",
    [
        ("retry", Verdict.RETRY, "http_404"),
        ("fail", Verdict.FAILED, "http_404"),
        ("ok", Verdict.DELIVERED, "delivered"),
        ("ignore", Verdict.DELIVERED, "ignored"),
    ],
)
def test_a_response_says_what_an_answer_means(do, verdict, code):
    """An answer that was accepted as an error is told apart from a success by its code."""
    outcome, failed = judged(reply(404), ("response.status == 404", do))
    assert (outcome.verdict, outcome.code, failed) == (verdict, code, [])
    assert "404" in outcome.reason and "response.status == 404" in outcome.reason


def test_the_note_is_the_reason_that_a_person_reads():
    """It stands where the expression stands without one."""
    noted = Response(when="true", do="fail", note="this tenant says no")
    outcome = judge(AMOUNT, CALL, reply(200), [noted], lambda *_: None)
    assert outcome.reason == (
        "the vendor answered 200, for which the rule says fail: this tenant says no"
    )


def test_the_first_response_that_fits_counts_and_else_the_vendor():
    """Responses are tried in their order; where none fits, nothing is different."""
    responses = [
        ("response.status == 404", "retry"),
        ("response.status >= 400", "ignore"),
    ]
    assert judged(reply(404), *responses)[0].verdict is Verdict.RETRY
    assert judged(reply(422), *responses)[0].code == "ignored"
    for status in (200, 302):
        answer = reply(status)
        assert judged(answer, *responses)[0] == AMOUNT.judge(CALL, answer)


@pytest.mark.parametrize(
    "when, answer",
    [
        ("response.status == 404", reply(404)),
        (
            "response.headers['retry-after'] == '7'",
            reply(503, b"", {"retry-after": "7"}),
        ),
        ("response.body.errors.0.code == 7", reply(400, {"errors": [{"code": 7}]})),
        ("response.body.n == 0.1 + 0.2", reply(400, b'{"n": 0.3}')),
        ("'gone' in response.body", reply(502, b"<h1>gone</h1>")),
        ("response.body is not defined", reply(404, b" \n")),
        ("response.body.code | default(0) == 0", reply(502, b"<h1>gone</h1>")),
    ],
)
def test_a_response_sees_status_headers_and_body(when, answer):
    """The body is its JSON value with exact numbers, else its text, and missing where there is none."""
    outcome, failed = judged(answer, (when, "ignore"))
    assert (outcome.code, failed) == ("ignored", [])


@pytest.mark.parametrize(
    "when, code",
    [
        ("response.body.message == 'x'", "E301"),
        ("response.body | number > 1", "E302"),
        ("response.status", "E320"),
        ("response.status ==", "E201"),
    ],
)
def test_a_response_that_cannot_be_tried_is_reported_and_passed_over(when, code):
    """The next response is tried, and then the vendor's judgement: an answer is never lost."""
    answer = reply(404, b"<h1>gone</h1>")
    assert judged(answer, (when, "ok")) == (AMOUNT.judge(CALL, answer), [(when, code)])
    outcome, failed = judged(answer, (when, "ok"), ("true", "ignore"))
    assert (outcome.code, failed) == ("ignored", [(when, code)])


def test_a_retry_repeats_only_what_the_vendor_says_is_left():
    """Which part of a call was done is the vendor's to know, whatever the rule makes of the answer."""
    fields = {"ticketId": "b8c9f8c4-0b6a-4b2a-8f8f-0c9d9e2f5a1a", "newLevel": "Done"}
    operation = vendors.operation("tolky.update_ticket")
    call = operation.build({**fields, "subject": "x"}, {})
    answer = reply(500, {"error": "MoveTicketError"})
    outcome, _ = judged(
        answer, ("response.status == 500", "retry"), operation=operation, call=call
    )
    assert json.loads(outcome.call.body) == fields


def test_what_was_done_in_part_is_not_looked_up_again():
    """Made anew, the call would do its first part a second time: what is left is sent, as the vendor says."""
    fields = {"ticketId": "b8c9f8c4-0b6a-4b2a-8f8f-0c9d9e2f5a1a", "newLevel": "Done"}
    operation = vendors.operation("tolky.update_ticket")
    call = operation.build({**fields, "subject": "x"}, {})
    answer = reply(500, {"error": "MoveTicketError"})
    rule = ("response.status == 500", "look_up_again")
    outcome, _ = judged(answer, rule, operation=operation, call=call)
    assert outcome == operation.judge(call, answer) and outcome.call
    whole, _ = judged(reply(500), rule, operation=operation, call=call)
    assert (whole.code, whole.call) == ("look_up_again", None)


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_is_judged_without_an_exception(status, body):
    """Answers are as hostile as payloads."""
    when = "response.body.a.0 | lower == 'x' or response.headers.b > 1"
    outcome, _ = judged(reply(status, body), (when, "ok"), ("response.body > 1", "ok"))
    assert outcome.reason


def build_rules(text=RULES):
    return build({"a.yaml": text}, {})


def found(old, new):
    """The findings after a change, as one line each, but for the rule that no test covers."""
    assert old in RULES
    findings = build_rules(RULES.replace(old, new)).findings
    return [concise(one) for one in findings if one.code != "W601"]


def rendered(text=RULES):
    ruleset = build_rules(text).usable()
    event = Event(
        source="shop",
        event_id="e",
        type="paid",
        occurred_at=None,
        received_at=None,
        payload={"n": 5},
        headers={},
    )
    return route(event, ruleset)[0].rendered[0]


def test_a_rendered_call_carries_its_responses():
    """So that it is judged with them whatever becomes of its rule."""
    first, second = rendered().responses
    assert (first.do, first.note) == ("retry", "it may heal")
    assert second == Response(when="response.status == 409", do="ok")


def test_responses_of_a_rule_stand_instead_of_those_of_defaults():
    """A list is one decision: an order that is put together from two places would surprise."""
    defaults = "defaults: { responses: [{ when: response.status == 410, do: ignore }] }\nrules:"
    text = RULES.replace("rules:", defaults)
    assert [one.do for one in rendered(text).responses] == ["retry", "ok"]
    start = text.index("    responses:")
    without = text[:start] + text[text.index("    retries:") :]
    assert [one.do for one in rendered(without).responses] == ["ignore"]


NINE = "response.status == 409"


@pytest.mark.parametrize(
    "old, new, expected",
    [
        (
            NINE,
            "response.code == 409",
            "a.yaml:10:26: error[M113] 'response' has no 'code'",
        ),
        (
            NINE,
            "response.headers.Via is defined",
            "a.yaml:10:34: error[M113] header names are lower case here",
        ),
        (NINE, "event.n == 409", "a.yaml:10:17: error[E203] unknown name 'event'"),
        (
            NINE,
            "response.status | string",
            "a.yaml:10:17: error[M111] 'when' must give true or false, but gives text",
        ),
        (
            NINE,
            '"{{ response.status == 409 }}"',
            "a.yaml:10:17: error[M110] 'when' is already an expression",
        ),
        (
            "do: ok",
            "do: park",
            "a.yaml:10:45: error[M102] 'do' must be one of retry, fail, ok, ignore, look_up_again",
        ),
        (", do: ok", "", "a.yaml:10:9: error[M103] missing key 'do'"),
        (
            "note:",
            "nte:",
            "a.yaml:9:90: error[M101] unknown key 'nte'",
        ),
    ],
)
def test_a_mistake_in_a_response_is_found_before_an_answer_comes(old, new, expected):
    """At its place, once."""
    assert found(old, new) == [expected]


def test_a_response_has_no_tables():
    """It is judged days after its event, when the tables may be others."""
    text = RULES.replace(NINE, "response.status | lookup('codes')")
    findings = build_rules(text + "tables: { codes: { 404: true } }\n").findings
    assert [one.code for one in findings if one.code != "W601"] == ["M113"]


def run(folder, ending, rules=RULES):
    """The failures of a test whose call has this ending, as codes with messages."""
    (folder / "a.json").write_text(BODY)
    test = (
        f"tests: [{{ name: t, given: a.json, expect: {{ amount: {{ {ending} }} }} }}]\n"
    )
    (folder / "a.yaml").write_text(rules + test)
    loaded = load(folder, {})
    if loaded.ruleset is None:
        return [concise(one).partition(": ")[2] for one in loaded.findings]
    [result] = run_cases(loaded.ruleset, folder)
    return [
        f"{one.diagnostic.code} {one.diagnostic.message}" for one in result.failures
    ]


SLOW_DOWN = "{ status: 429, headers: { Retry-After: '2000' } }"  # max_age is 3600 s
GONE = "{ status: 404, body: { message: Active ticket not found for contact } }"


@pytest.mark.parametrize(
    "ending",
    [
        "final: waiting",
        "replies: [{ status: 200 }], final: delivered",
        "replies: [{ status: 409 }], final: delivered, body_contains: { amount: 5 }",
        "replies: [{ status: 404, body: { message: no } }], final: dead",
        "replies: [{ status: 401 }], final: parked",
        f"replies: [{GONE}], final: waiting",
        f"replies: [{GONE}, {GONE}, {{ status: 200 }}], final: delivered",
        f"replies: [{GONE}, {GONE}, {GONE}], final: dead",
        "replies: [timeout, refused, { status: 200 }], final: delivered",
        "replies: [{ status: 503, headers: { Retry-After: '7200' } }], final: waiting",  # an hour is the most
        "replies: [{ status: 200, body: <h1>log in</h1> }], final: waiting",
        f"replies: [{SLOW_DOWN}], final: waiting",
        f"replies: [{SLOW_DOWN}, {SLOW_DOWN}], final: dead",
    ],
)
def test_replies_take_a_call_through_its_attempts(tmp_path, ending):
    """Responses, vendor and retries work as they do while delivering: one reply is one attempt."""
    assert run(tmp_path, ending) == []


def test_without_the_response_a_404_does_not_heal(tmp_path):
    """The retry is the rule's doing and not the vendor's."""
    rules = RULES.replace("do: retry", "do: fail")
    [failure] = run(
        tmp_path, f"replies: [{GONE}, {{ status: 200 }}], final: delivered", rules
    )
    assert failure == (
        "T506 rule 'amount' should be delivered at reply 2, but is dead at reply 1: "
        "the vendor answered 404, for which the rule says fail: it may heal"
    )


@pytest.mark.parametrize(
    "ending, is_now",
    [
        (
            "replies: [{ status: 200 }, { status: 200 }], final: delivered",
            "delivered at reply 1",
        ),
        ("replies: [{ status: 503 }], final: dead", "waiting at reply 1"),
        ("final: held", "waiting before any reply"),
    ],
)
def test_another_end_fails(tmp_path, ending, is_now):
    """Also the right state too early: then an attempt that the test speaks of is never made."""
    [failure] = run(tmp_path, ending)
    assert failure.startswith("T506") and f"but is {is_now}" in failure


def test_a_call_that_waits_for_a_person_is_held(tmp_path):
    """Without replies the test asks whether it waits; with replies it was released."""
    rules = RULES + "    hold_if: fields.amount > 4\n"
    assert run(tmp_path, "final: held", rules) == []
    assert run(tmp_path, "replies: [{ status: 200 }], final: delivered", rules) == []


def test_an_unknown_outcome_of_an_appending_call_is_held(tmp_path):
    """As it is while delivering, unless the rule says otherwise."""
    rules = RULES.replace("max_attempts: 3,", "max_attempts: 3, on_ambiguous: hold,")
    assert run(tmp_path, "replies: [timeout], final: held", rules) == []
    assert run(tmp_path, "replies: [refused], final: waiting", rules) == []


def test_the_next_reply_answers_what_was_left_to_send(tmp_path):
    """After a part of a call was done, an answer about the rest is the success of all."""
    rules = RULES[: RULES.index("    responses:")].replace(
        "vambe.update_amount", "tolky.update_ticket"
    )
    rules = rules.replace("api_key:", "bearer:").replace(
        'contact_number: "+56912345678", amount: "{{ event.n }}"',
        "ticketId: b8c9f8c4-0b6a-4b2a-8f8f-0c9d9e2f5a1a, subject: Paid, newLevel: Done",
    )
    moved = "{ success: true, data: { operationsPerformed: { moved: true } } }"
    half = "{ status: 500, body: { error: MoveTicketError } }"
    done = f"{{ status: 200, body: {moved} }}"
    assert run(tmp_path, f"replies: [{half}, {done}], final: delivered", rules) == []
    assert run(tmp_path, f"replies: [{done}], final: dead", rules) == []


def test_each_call_of_a_list_has_its_own_replies(tmp_path):
    """One ticket's answers say nothing about another's."""
    rules = RULES.replace(
        "    target:", '    for_each: { in: "{{ [event.n, 6] }}", as: n }\n    target:'
    )
    both = f"amount: [ {{ replies: [{GONE}], final: waiting }}, {{ replies: [{{ status: 200 }}], final: delivered }} ]"
    (tmp_path / "a.json").write_text(BODY)
    test = f"tests: [{{ name: t, given: a.json, expect: {{ {both} }} }}]\n"
    (tmp_path / "a.yaml").write_text(rules + test)
    [result] = run_cases(load(tmp_path, {}).usable(), tmp_path)
    assert result.failures == ()


def test_a_response_that_cannot_be_tried_fails_its_test(tmp_path):
    """While delivering it would only be logged: the test is where a person can still correct it."""
    ending = "replies: [{ status: 404, body: <h1>gone</h1> }], final: dead"
    [failure] = run(tmp_path, ending)
    assert failure.startswith("T507 rule 'amount' cannot try 'response.status == 404")
    assert "gone" not in failure


@pytest.mark.parametrize(
    "ending, expected",
    [
        ("replies: [{ status: 200 }]", "error[M103] missing key 'final'"),
        ("replies: [], final: dead", "error[M102] 'replies' is empty"),
        ("replies: [{}], final: dead", "error[M103] missing key 'status'"),
        (
            "replies: [lost], final: dead",
            "error[M102] 'replies.0' must be one of timeout, refused",
        ),
        (
            "replies: [{ status: 99 }], final: dead",
            "error[M102] 'status' must be between 100 and 599",
        ),
        (
            "replies: [{ status: 200, bdy: 1 }], final: dead",
            "error[M101] unknown key 'bdy'",
        ),
        (
            "final: done",
            "error[M102] 'final' must be one of delivered, dead, held, parked, waiting",
        ),
        (
            "replies: [{ status: 200, body: [0.12345678901234567890] }], final: dead",
            "error[T502] no vendor can answer this: a JSON number cannot carry this value exactly: send it as text",
        ),
    ],
)
def test_a_mistake_in_replies_is_found(tmp_path, ending, expected):
    """By `check`, before any test is run."""
    assert run(tmp_path, ending) == [expected]


def test_the_new_codes_are_explained():
    """`bridge explain` knows what the tests above show."""
    assert {"M113", "T506", "T507"} <= set(CODES)
