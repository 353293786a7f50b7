"""Two independent readings of the vendors' pages agree: what bridge.vendors builds, the sandbox takes, and back."""

from pathlib import Path

import pytest
import requests

from bridge import vendors
from bridge.model import Reply, Verdict
from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.secret import Secret
from bridge.strict.yaml import compose, plain

TRANSCRIPTS = Path(__file__).parents[1] / "vendors" / "transcripts"
OPERATIONS = vendors.operations()
LOOK_UPS = tuple(op for op in vendors.look_ups() if op not in OPERATIONS)


def fields_of(op):
    """The fields of the operation's first recorded success."""
    path = min((TRANSCRIPTS / op.name).glob("success*.yaml"))
    node, _ = compose(path.read_text("utf-8"), path.name)
    return plain(node)["fields"]


def credentials(op, secret=None):
    vendor = vendors.get(op.vendor)
    if not vendor.auth_required:
        return ()
    secret = Secret(secret or DEFAULT_CREDENTIALS[op.vendor])
    return vendor.credentials({vendor.auth[0].name: secret})


def deliver(sandbox, op, call, headers):
    """Send a call the plain way and judge its answer."""
    base = vendors.get(op.vendor).base_url({"base_url": f"{sandbox.url}/{op.vendor}"})
    answer = requests.request(
        call.method,
        base + call.path,
        params=call.query,
        data=call.body,
        headers=dict(call.headers + headers),
        timeout=60,
    )
    reply = Reply(status=answer.status_code, headers={}, body=answer.content, elapsed=0)
    return op.judge(call, reply)


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_a_success_is_delivered(sandbox, op):
    """A recorded success is taken by the sandbox, changes a ticket, and is judged as delivered."""
    call = op.build(fields_of(op), {})
    outcome = deliver(sandbox, op, call, credentials(op))
    assert outcome.verdict is Verdict.DELIVERED, outcome
    assert len(sandbox.tickets(op.vendor)) == 1
    assert [record.applied for record in sandbox.calls()] == [True]


@pytest.mark.parametrize("op", LOOK_UPS, ids=lambda op: op.name)
def test_a_look_up_is_answered_and_changes_nothing(sandbox, op):
    """What is known is told, what is not is a failure; and no ticket is made by asking."""
    call = op.build(fields_of(op), {})
    assert deliver(sandbox, op, call, credentials(op)).verdict is Verdict.DELIVERED
    assert sandbox.tickets(op.vendor) == {}
    assert [record.applied for record in sandbox.calls()] == [False]
    sandbox.know(op.vendor, "other")
    assert deliver(sandbox, op, call, credentials(op)).verdict is Verdict.FAILED


@pytest.mark.parametrize("op", [*OPERATIONS, *LOOK_UPS], ids=lambda op: op.name)
def test_a_login_page_is_an_unknown_outcome(sandbox, op):
    """A 200 with a login page is no delivery, except to http.request, which reads the status alone."""
    sandbox.fault(op.vendor, garbage=True)
    outcome = deliver(sandbox, op, op.build(fields_of(op), {}), credentials(op))
    expected = Verdict.DELIVERED if op.vendor == "http" else Verdict.UNKNOWN
    assert outcome.verdict is expected


@pytest.mark.parametrize(
    "op",
    [op for op in (*OPERATIONS, *LOOK_UPS) if op.vendor != "http"],
    ids=lambda op: op.name,
)
def test_a_wrong_credential_parks(sandbox, op):
    """Each vendor's own way of refusing a credential stops the connection."""
    call = op.build(fields_of(op), {})
    outcome = deliver(sandbox, op, call, credentials(op, "wrong"))
    assert outcome.verdict is Verdict.PARK


@pytest.mark.parametrize(
    "name",
    ["vambe.update_amount", "kapture.update_ticket", "getfly.update_ticket", "tolky.move_stage"],
)  # fmt: skip
def test_an_unknown_ticket_fails(sandbox, name):
    """Each vendor's own way of not knowing a ticket is permanent."""
    op = vendors.operation(name)
    sandbox.know(op.vendor, "other")
    outcome = deliver(sandbox, op, op.build(fields_of(op), {}), credentials(op))
    assert outcome.verdict is Verdict.FAILED


def test_only_the_move_is_left(sandbox):
    """After a failed move, its replacement finishes the job: one update, one move, one reason."""
    op = vendors.operation("tolky.update_ticket")
    ticket = "b8c9f8c4-0b6a-4b2a-8f8f-0c9d9e2f5a1a"
    fields = {"ticketId": ticket, "subject": "s", "newLevel": "Feito", "reason": "r"}
    sandbox.fault("tolky", step="move")
    first = deliver(sandbox, op, op.build(fields, {}), credentials(op))
    assert first.verdict is Verdict.RETRY
    second = deliver(sandbox, op, first.call, credentials(op))
    assert second.verdict is Verdict.DELIVERED
    events = sandbox.tickets("tolky")[ticket]["events"]
    assert events == ["info: subject", "status: Feito", "Motivo: r"]
