"""`responses` of a rule: reads them, and judges a vendor's answers by them before the vendor itself does. Pure.

A delivery keeps the text of its responses, so that it is judged as it was rendered, whatever became of its rule.
"""

from collections.abc import Callable, Iterator, Sequence
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
from bridge.mapping.findings import suggest
from bridge.mapping.findings.places import place_in
from bridge.mapping.reading.formulas import Writer, check_header
from bridge.mapping.reading.known import Known
from bridge.mapping.rules.ruleset import Formula
from bridge.mapping.values.kinds import NUMBERS
from bridge.model import Call, Json, NoReply, Outcome, Reply, Response, Verdict
from bridge.retry import judge_silence
from bridge.strict import json
from bridge.strict.yaml import Node
from bridge.vendors import Operation

Report: TypeAlias = Callable[[Response, ExpressionError], None]

_PARTS = ("status", "headers", "body")  # of `response`
_KINDS = ((("response", "status"), NUMBERS),)
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


def read_responses(node: Node | None, known: Known) -> tuple[Response, ...]:
    """The responses of a rule; what is wrong with them is a finding. The node's shape was checked."""
    items = node.value if node and isinstance(node.value, list) else []
    write = Writer(known=known, names=("response",), kinds=_KINDS)
    return tuple(response for item in items for response in _read(item, write))


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
    message = f"'when' must give true or false, this gave {kind_of(value)}"
    raise ExpressionError("E320", message, help="compare it, or ask: is present")


def _parts(reply: Reply) -> dict[str, Json]:
    """What `response` holds; an answer without a body has none."""
    parts: dict[str, Json] = {"status": reply.status, "headers": {**reply.headers}}
    return {**parts, "body": _body(reply.body)} if reply.body.strip() else parts


def _body(body: bytes) -> Json:
    try:
        return json.loads(body)
    except Malformed:
        return body.decode("utf-8", "replace")


def _read(item: Node, write: Writer) -> Iterator[Response]:
    """The response, or none after a finding."""
    when, do, note = item.get("when"), item.get("do"), item.get("note")
    formula = write.condition("when", when)
    if formula is None or do is None:
        return
    _check_answer(formula, write.known)
    yield Response(
        when=formula.expression.source,
        do=str(do.value),
        note=str(note.value) if note else "",
    )


def _check_answer(formula: Formula, known: Known) -> None:
    """Findings for what no answer has: it is judged long after its event, without the ruleset's tables."""
    if formula.expression.tables:
        message = "a response sees the answer alone, so there are no tables"
        help = "compare with a list: in [400, 404]"
        known.findings.add("M113", message, formula.node.place, help)
    for _, part, *rest in (path for path in formula.expression.paths if path[1:]):
        if part not in _PARTS:
            message = f"'response' has no '{part}'"
            _add(part, message, suggest(part, _PARTS), formula.node, known)
        elif part == "headers":
            check_header(rest, formula.node, known)


def _add(name: str, message: str, help: str, node: Node, known: Known) -> None:
    """A finding about a name in an expression."""
    start = str(node.value).find(name)
    place = place_in(node, start, start + len(name))
    known.findings.add("M113", message, place, help)
