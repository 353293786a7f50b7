"""Judges a vendor's answers by the `responses` of a rule before the vendor itself does. Pure.

A delivery keeps the text of its responses, so that it is judged as it was rendered, whatever became of its rule.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

from bridge.conclude import LOOK_UP_AGAIN
from bridge.errors import Malformed
from bridge.mapping.expressions import (
    ExpressionError,
    Scope,
    compile_expression,
    kind_of,
)
from bridge.model import Call, Json, NoReply, Outcome, Reply, Response, Verdict
from bridge.retry import judge_silence
from bridge.strict import json
from bridge.vendors import Operation

Report: TypeAlias = Callable[[Response, ExpressionError], None]

_VERDICTS = {
    "retry": Verdict.RETRY,
    "fail": Verdict.FAILED,
    "ok": Verdict.DELIVERED,
    "ignore": Verdict.DELIVERED,
    "look_up_again": Verdict.RETRY,
}
SECOND_LOOKS = 3  # of one delivery, one after each answer that asks for it
# Else the answer's status.
_CODES = {"ok": "delivered", "ignore": "ignored", LOOK_UP_AGAIN: LOOK_UP_AGAIN}

_compiled = lru_cache(maxsize=1_000)(compile_expression)


def judge(
    operation: Operation,
    call: Call,
    reply: Reply | NoReply,
    responses: Sequence[Response],
    report: Report,
) -> Outcome:
    """What an answer, or none, means: as the first response that fits says, else as the vendor does. Never raises.

    A response that cannot be evaluated for this answer does not fit, and `report` is told. What is left of a call that
    was done in part stays the vendor's to say, so that a retry never repeats the part that was done.
    """
    if isinstance(reply, NoReply):
        return judge_silence(reply)
    outcome = operation.judge(call, reply)
    fitting = _first_fitting(responses, reply, report) if responses else None
    if fitting is None:
        return outcome
    again = fitting.do == LOOK_UP_AGAIN
    if again and outcome.call:
        return outcome  # made anew, it would do a second time what was done
    account = fitting.note or fitting.when
    return Outcome(
        verdict=_VERDICTS[fitting.do],
        reason=f"the vendor answered {reply.status}, for which the rule says {fitting.do}: {account}",
        code=_CODES.get(fitting.do, f"http_{reply.status}"),
        limit=SECOND_LOOKS + 1 if again else None,
        call=outcome.call,
    )


def _first_fitting(
    responses: Sequence[Response], reply: Reply, report: Report
) -> Response | None:
    scope = Scope(names={"response": _parts(reply)})
    for response in responses:
        try:
            if _fits(response, scope):
                return response
        except ExpressionError as error:
            report(response, error)
    return None


def _fits(response: Response, scope: Scope) -> bool:
    value = _compiled(response.when).evaluate(scope)
    if isinstance(value, bool):
        return value
    message = f"'when' must give true or false, but gave {kind_of(value)}"
    raise ExpressionError("E320", message, help="compare it, or check: is present")


def _parts(reply: Reply) -> dict[str, Json]:
    """What `response` holds; an answer without a body has none."""
    parts: dict[str, Json] = {"status": reply.status, "headers": {**reply.headers}}
    return {**parts, "body": _body(reply.body)} if reply.body.strip() else parts


def _body(body: bytes) -> Json:
    try:
        return json.loads(body)
    except Malformed:
        return body.decode("utf-8", "replace")
