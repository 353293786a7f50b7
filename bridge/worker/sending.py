"""One attempt of a delivery: where and as whom, the call, what the answer means.

Sends and judges; the loop claims before, and what follows is concluded where it is recorded. Secrets do not leave
outbound.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from bridge import log, mapping, metrics, vendors
from bridge.conclude import FORBIDDEN, LOOK_UP_AGAIN
from bridge.errors import ConfigurationError, UnknownName
from bridge.mapping import ExpressionError
from bridge.model import Attempt, Call, NoReply, Outcome, Reply, Response, Verdict
from bridge.outbound import Outbound, resolve_target
from bridge.state import State
from bridge.store.queue import Claimed
from bridge.vendors import Operation
from bridge.worker import fetching
from bridge.worker.refused_credentials import RefusedCredentials

TIMEOUT = 30.0  # seconds for a whole call, where the connection says nothing

_log = log.get("worker")


def attempt(
    item: Claimed, outbound: Outbound, refused: RefusedCredentials, start_by: float
) -> Attempt:
    """Makes one call. Whatever happens has an attempt to record; `refused` is told of a refusal.

    Nothing is sent after `start_by`, a time.monotonic(): a host that was suspended may have lost its lease.
    """
    started = datetime.now(UTC)
    try:
        find = vendors.operation if item.look_up is None else vendors.look_up
        operation = find(item.operation)
        target = resolve_target(item.connection)
    except UnknownName as error:
        return _unsent(Verdict.FAILED, "unknown_operation", str(error))
    except ConfigurationError as error:  # a secret that went missing: nothing is burnt
        return _unsent(Verdict.PARK, error.reason, str(error))
    call = _with_key(item)
    answer = outbound.send(call, target, timeout=_timeout(item), start_by=start_by)
    outcome = _judge(operation, item, call, answer)
    if outcome.verdict is Verdict.PARK or outcome.code == FORBIDDEN:
        refused.note(item.connection.account, target)
    metrics.ATTEMPTS.labels(item.connection.name, outcome.verdict.value).inc()
    metrics.ATTEMPT_SECONDS.labels(item.connection.name).observe(answer.elapsed)
    looked_up = item.look_up is not None and outcome.verdict is Verdict.DELIVERED
    return Attempt(
        started_at=started,
        outcome=outcome,
        answer=answer,
        fetched=fetching.kept(answer) if looked_up else None,
    )


def _judge(
    operation: Operation, item: Claimed, call: Call, answer: Reply | NoReply
) -> Outcome:
    try:
        outcome = mapping.judge(operation, call, answer, item.responses, _report(item))
        if item.look_up is None or isinstance(answer, NoReply):
            return outcome
        return fetching.judged(outcome, answer)
    except Exception as error:
        # The call was made: its attempt must be recorded, whatever we make of the answer.
        reason = f"the bridge could not judge the answer ({type(error).__name__})"
        return Outcome(verdict=Verdict.UNKNOWN, reason=reason, code="not_judged")


def unasked(reason: str) -> Attempt:
    """What is recorded of a delivery whose look-up cannot be made again: a dead letter."""
    return _unsent(Verdict.FAILED, LOOK_UP_AGAIN, reason, settled=State.DEAD)


def taken_over(item: Claimed) -> Attempt:
    """What is recorded of a delivery whose worker vanished: it may have been sent, and that counts as an attempt."""
    reason = "its worker stopped while sending it: the vendor may or may not have received it"
    if item.second_look:  # it was asking, which does no harm
        return _unsent(Verdict.RETRY, LOOK_UP_AGAIN, reason)
    return _unsent(Verdict.UNKNOWN, "worker_lost", reason)


def _report(item: Claimed) -> Callable[[Response, ExpressionError], None]:
    """Logs a response that cannot be tried on an answer: it is passed over, so nothing is lost by it."""

    def report(response: Response, error: ExpressionError) -> None:
        _log.warning(
            "response passed over",
            delivery_id=item.id,
            event_id=item.event,
            rule=item.rule,
            when=response.when,
            code=error.code,
            error=error.message,
        )

    return report


def _with_key(item: Claimed) -> Call:
    """The call with its idempotency key, where the vendor has a header for one."""
    key = vendors.get(item.connection.vendor).key_header(item.idempotency_key)
    return replace(item.call, headers=(*item.call.headers, *key)) if key else item.call


def _timeout(item: Claimed) -> float:
    seconds = item.connection.options.get("timeout")
    return min(float(str(seconds)), TIMEOUT) if seconds is not None else TIMEOUT


def _unsent(
    verdict: Verdict, code: str, reason: str, settled: State | None = None
) -> Attempt:
    outcome = Outcome(verdict=verdict, reason=reason, code=code, settled=settled)
    return Attempt(started_at=datetime.now(UTC), outcome=outcome)
