"""What becomes of a call when its vendor answers as a test says: responses, vendor and retry schedule. Pure.

Retries come when they are planned, without jitter. A call that waits for a person counts as released once it has
replies; without any, a test asks only whether it waits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bridge import vendors
from bridge.conclude import WELL, Tried, conclude
from bridge.mapping.expressions import ExpressionError
from bridge.mapping.known import Known
from bridge.mapping.responses import judge
from bridge.mapping.schema import EndingShape
from bridge.mapping.shape import check
from bridge.model import (
    Attempt,
    Call,
    Diagnostic,
    NoReply,
    Outcome,
    Rendered,
    Reply,
    Response,
)
from bridge.state import State
from bridge.strict import json
from bridge.strict.yaml import Node, plain

ENDING_KEYS = frozenset({"replies", "final"})

_SILENT = {
    "timeout": NoReply(
        kind="timeout", message="the vendor did not answer", sent=True, elapsed=0.0
    ),
    "refused": NoReply(
        kind="refused", message="the vendor took no call", sent=False, elapsed=0.0
    ),
}


def check_ending(call: Node, known: Known) -> None:
    """Findings about `replies` and `final` of one expected call, where it has any of them."""
    parts = {key: call.get(key) for key in ENDING_KEYS}
    given = {key: node for key, node in parts.items() if node}
    if not given:
        return
    ending = replace(call, value=given)
    for reply in _items(check(EndingShape(), ending, known.findings)):
        try:
            _body(reply)
        except ValueError as error:
            place = (reply.get("body") or reply).place
            known.findings.add("T502", f"no vendor can answer this: {error}", place)


def compare_ending(
    call: Node, rendered: Rendered, now: datetime
) -> Iterator[Diagnostic]:
    """What is not as a test expects of a call's end; nothing where the test expects nothing of it.

    The replies must be used up: a call that ends before the last of them does not do what the test says.
    """
    final = call.get("final")
    if final is None:
        return
    replies = _items(call)
    found: list[Diagnostic] = []
    state, reason, used = _play(rendered, replies, now, found)
    yield from found
    if (state, used) != (final.value, len(replies)):
        wanted = f"should be {final.value} {_at(len(replies))}"
        message = f"rule '{rendered.rule}' {wanted}, but is {state} {_at(used)}"
        said = f": {reason}" if reason else ""
        yield Diagnostic(code="T506", message=message + said, place=final.place)


def _play(
    rendered: Rendered,
    replies: Sequence[Node],
    now: datetime,
    found: list[Diagnostic],
) -> tuple[str, str, int]:
    """The state after the replies, why, and how many of them were used."""
    state: str = State.HELD if rendered.hold else State.WAITING
    reason = ""
    call, age = rendered.call, 0.0
    for used, node in enumerate(replies, 1):
        answer = _answer(node)
        outcome = _outcome(rendered, call, answer, node, found)
        at = now + timedelta(seconds=age)
        attempt = Attempt(started_at=at, outcome=outcome, answer=answer)
        tried = Tried(
            retries=rendered.retries, attempts=used - 1, age=age, claimed_at=at
        )
        step = conclude(attempt, tried, WELL, at, 0.0)
        state, reason = "parked" if step.parks else step.state, step.reason
        if state != State.WAITING:
            return state, reason, used
        call, age = outcome.call or call, age + step.delay
    return state, reason, len(replies)


def _outcome(
    rendered: Rendered,
    call: Call,
    answer: Reply | NoReply,
    node: Node,
    found: list[Diagnostic],
) -> Outcome:
    def report(response: Response, error: ExpressionError) -> None:
        message = f"rule '{rendered.rule}' cannot try '{response.when}' on this answer: {error.message}"
        help = error.help or "guard it, as with | default('')"
        found.append(
            Diagnostic(code="T507", message=message, place=node.place, help=help)
        )

    operation = vendors.operation(rendered.operation)
    return judge(operation, call, answer, rendered.responses, report)


def _answer(node: Node) -> Reply | NoReply:
    """The answer that a test describes; its shape was checked."""
    if isinstance(node.value, str):
        return _SILENT[node.value]
    status, headers = plain(node.get("status")), plain(node.get("headers"))
    assert isinstance(status, int)
    pairs = headers.items() if isinstance(headers, dict) else ()
    return Reply(
        status=status,
        headers={name.lower(): str(value) for name, value in pairs},
        body=_body(node),
        elapsed=0.0,
    )


def _body(reply: Node) -> bytes:
    """The body as it would arrive. Raises ValueError for a number that JSON cannot carry."""
    body = reply.get("body")
    if body is None:
        return b""
    return (
        body.value.encode() if isinstance(body.value, str) else json.dumps(plain(body))
    )


def _at(reply: int) -> str:
    return f"at reply {reply}" if reply else "before any reply"


def _items(call: Node) -> list[Node]:
    node = call.get("replies")
    return node.value if node and isinstance(node.value, list) else []
