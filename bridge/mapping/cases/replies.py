"""What becomes of a call when its vendor answers as a test says: responses, vendor and retry schedule. Pure.

Retries come when they are planned, without jitter. A call that waits for a person counts as released once it has
replies; without any, a test asks only whether it waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge import vendors
from bridge.conclude import LOOK_UP_AGAIN, WELL, Tried, conclude
from bridge.mapping.expressions import ExpressionError
from bridge.mapping.reading.cases import body_of
from bridge.mapping.rules.answers import judge
from bridge.model import (
    Attempt,
    Call,
    Delivery,
    Diagnostic,
    NoReply,
    Outcome,
    Reply,
    Response,
)
from bridge.state import State
from bridge.strict.yaml import Node, plain

_SILENT = {
    "timeout": NoReply(
        kind="timeout", message="the vendor did not answer", sent=True, elapsed=0.0
    ),
    "refused": NoReply(
        kind="refused", message="the vendor took no call", sent=False, elapsed=0.0
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """What became of a call so far: how often it was tried, and how many seconds that took."""

    state: str = State.WAITING
    reason: str = ""
    code: str = ""
    attempts: int = 0
    age: float = 0.0


def play(
    call: Node, rendered: Delivery, now: datetime, before: Played
) -> tuple[Played, list[Diagnostic]]:
    """What becomes of a call as a test has it answered, and what of that is not as the test expects.

    The replies must be used up: a call that ends before the last of them does not do what the test says.
    """
    final, again = call.get("final"), call.get("again")
    if final is None and again is None:
        return before, []
    replies = call.items("replies")
    found: list[Diagnostic] = []
    played = _play(rendered, replies, now, before, found)
    state, used = played.state, played.attempts - before.attempts
    looks = state == State.WAITING and played.code == LOOK_UP_AGAIN
    wanted = str(final.value) if final else "looked up again"
    is_wanted = state == wanted if final else looks
    if not is_wanted or used != len(replies):
        message = (
            f"rule '{rendered.rule}' should be {wanted} {_at(len(replies))},"
            f" but is {state} {_at(used)}"
        )
        reason = f": {played.reason}" if played.reason else ""
        place = final.place if final else call.keys["again"].place
        found.append(Diagnostic(code="T506", message=message + reason, place=place))
    return played, found


def _play(
    rendered: Delivery,
    replies: Sequence[Node],
    now: datetime,
    before: Played,
    found: list[Diagnostic],
) -> Played:
    """What it is after the replies, or those that it took to end."""
    played = replace(
        before, state=State.HELD if rendered.hold else State.WAITING, code=""
    )
    call = rendered.call
    for node in replies:
        answer = _answer(node)
        outcome = _outcome(rendered, call, answer, node, found)
        at = now + timedelta(seconds=played.age)
        attempt = Attempt(started_at=at, outcome=outcome, answer=answer)
        tried = Tried(
            retries=rendered.retries,
            attempts=played.attempts,
            age=played.age,
            claimed_at=at,
        )
        step = conclude(attempt, tried, WELL, at, 0.0)
        played = Played(
            state="parked" if step.parks else step.state,
            reason=step.reason,
            code=step.code,
            attempts=played.attempts + 1,
            age=played.age + step.delay,
        )
        if played.state != State.WAITING:
            break
        call = outcome.call or call
    return played


def _outcome(
    rendered: Delivery,
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
        body=body_of(node),
        elapsed=0.0,
    )


def _at(reply: int) -> str:
    return f"at reply {reply}" if reply else "before any reply"
