"""Every vendor keeps the same contract: shown by transcripts, and by what holds for any input."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vendor_contract import check, contracted, missing_verdicts, transcripts

from bridge import vendors
from bridge.errors import UnknownName
from bridge.model import Reply, Verdict

ALL = transcripts()
OPERATIONS = tuple(contracted().values())
EXAMPLES = {
    op.name: next(t for t in ALL if t.operation == op.name).content["fields"]
    for op in OPERATIONS
}


def reply(status, body=b"", **more):
    return Reply(status=status, headers={}, body=body, elapsed=0.1, **more)


def call_of(op):
    return op.build(EXAMPLES[op.name], {})


@pytest.mark.parametrize("transcript", ALL, ids=str)
def test_transcript(transcript):
    """A transcript's fields give exactly its call, and its reply exactly its outcome."""
    check(transcript)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_every_operation_shows_its_answers(op):
    """An operation without a success, a permanent, a retryable and a stopping answer is not finished."""
    found = [item for item in ALL if item.operation == op.name]
    assert missing_verdicts(found) == set()


def test_no_transcript_without_an_operation():
    """A transcript of an operation that does not exist proves nothing."""
    known = {op.name for op in OPERATIONS}
    assert {item.operation for item in ALL} == known


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
@pytest.mark.parametrize("status", [401, 403])
def test_park_is_what_the_vendor_declares(op, status):
    """401 stops every connection, 403 only those of a vendor that says so."""
    stops = status == 401 or vendors.get(op.vendor).parks_on_403
    verdict = op.judge(call_of(op), reply(status)).verdict
    assert (verdict is Verdict.PARK) == stops


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_declared_fields_exist(op):
    """Identifiers, combinations, appending and HTML fields name fields of the schema."""
    known = set(op.schema().fields)
    groups = [op.ticket, *op.exactly_one, *op.at_least_one, op.appends, op.html]
    named = {name for group in groups for name in group}
    named |= {name.partition(".")[0] for one in op.conflicts for name in one[:2]}
    assert named <= known


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_examples_are_valid(op):
    """The example of every field, which docs and editor show, passes the field's own check."""
    fields = op.schema().fields
    wrong = {n: f.problem_of(f.metadata["example"]) for n, f in fields.items()}
    assert {name: problem for name, problem in wrong.items() if problem} == {}
    assert all(field.metadata["title"] for field in fields.values())


@pytest.mark.parametrize("op", vendors.look_ups(), ids=lambda op: op.name)
def test_a_look_up_adds_nothing(op):
    """It may be repeated at any time, and its order against updates says nothing."""
    assert not op.appends and not op.replaces


def test_what_asks_is_no_target_of_a_rule():
    """Only http.request is both; what else asks says where it belongs, and what does not says what does."""
    both = {op.name for op in vendors.operations()} & {
        op.name for op in vendors.look_ups()
    }
    assert both == {"http.request"}
    with pytest.raises(UnknownName, match="only reads: .* fetch of a"):
        vendors.operation("kapture.get_ticket")
    with pytest.raises(UnknownName, match="changes something: .* tolky.get_tickets$"):
        vendors.look_up("tolky.move_stage")


def test_a_truncated_2xx_is_no_failure():
    """Where an answer was cut, no operation that appends is sent again by itself."""
    for op in OPERATIONS:
        for body in (b'{"status":"ok","x":"', b"[[[", b"<html>", b""):
            outcome = op.judge(call_of(op), reply(200, body, truncated=True))
            assert outcome.verdict in (Verdict.DELIVERED, Verdict.UNKNOWN)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(
    "status statusCode success data operationsPerformed updated moved ticket_code error code message ticket_id".split()
)
LIKELY = st.recursive(
    st.sampled_from(["success", "failed", "ok", 404, True, False, None, "", 10**400]),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(KEYS, inner, max_size=4),
)


@given(
    status=st.integers(100, 999),
    body=st.binary()
    | JSON.map(lambda x: json.dumps(x).encode())
    | LIKELY.map(lambda x: json.dumps(x).encode() if x != 10**400 else b"1" * 9000),
    truncated=st.booleans(),
)
def test_judge_never_raises(status, body, truncated):
    """Whatever a vendor answers, there is an outcome, and only a 2xx is ever a delivery."""
    for op in OPERATIONS:
        outcome = op.judge(call_of(op), reply(status, body, truncated=truncated))
        assert outcome.reason and outcome.code
        if outcome.verdict is Verdict.DELIVERED:
            assert 200 <= status <= 299


@pytest.mark.parametrize("body", [b"[" * 200_000, b"9" * 500_000])
def test_judge_survives_odd_json(body):
    """Deep nesting and endless digits are answers like any other."""
    for op in OPERATIONS:
        assert op.judge(call_of(op), reply(200, body)).code


@pytest.mark.parametrize(
    "body", [b'\xef\xbb\xbf{"status":"ok"}', b'{"status":"ok","n":NaN,"n":1}']
)
def test_lenient_reading_of_answers(body):
    """What a vendor's own JSON library lets through does not make a failure of a success."""
    op = vendors.operation("vambe.update_amount")
    assert op.judge(call_of(op), reply(200, body)).verdict is Verdict.DELIVERED


@given(text=st.text(min_size=1))
def test_text_reaches_the_wire_unchanged(text):
    """Any text of a payload is found again in the JSON body, character by character."""
    cases = {
        "vambe.update_metadata": ("metadata", {"note": text}),
        "kapture.update_ticket": ("comment", text),
        "getfly.update_ticket": ("ticket_content", text),
        "tolky.update_ticket": ("reason", text),
        "http.request": ("body", {"note": text}),
    }
    for name, (field, value) in cases.items():
        op = vendors.operation(name)
        body = json.loads(op.build({**EXAMPLES[name], field: value}, {}).body)
        body = body[0] if isinstance(body, list) else body
        assert (body if name == "http.request" else body[field]) == value


@given(amount=st.decimals(allow_nan=False, allow_infinity=False) | st.integers())
def test_amounts_are_exact_or_refused(amount):
    """An amount that passes the check is the same number on the wire."""
    op = vendors.operation("vambe.update_amount")
    fields = {**EXAMPLES[op.name], "amount": amount}
    if not vendors.check_fields(op, fields):
        sent = json.loads(op.build(fields, {}).body, parse_float=Decimal)
        assert sent["amount"] == amount


def test_the_move_alone_is_judged_as_a_move():
    """After a failed move the stored replacement is a call whose own success is delivered."""
    op = vendors.operation("tolky.update_ticket")
    fields = {**EXAMPLES[op.name], "subject": "x", "newLevel": "y"}
    failed = reply(500, b'{"error":"MoveTicketError"}')
    rest = op.judge(op.build(fields, {}), failed).call
    done = b'{"success":true,"data":{"operationsPerformed":{"moved":true}}}'
    assert op.judge(rest, reply(200, done)).verdict is Verdict.DELIVERED
    assert op.judge(replace(rest), failed).call is None
