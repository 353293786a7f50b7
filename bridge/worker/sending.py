"""One attempt of a delivery: where and as whom, the call, what the answer means, what follows.

Sends and judges; the loop claims before and records after. Secrets do not leave outbound.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from bridge import log, mapping, metrics, retry, retry_after, vendors
from bridge.errors import ConfigurationError, UnknownName
from bridge.mapping import LOOK_UP_AGAIN, ExpressionError
from bridge.model import Call, NoReply, Outcome, Reply, Response, Verdict
from bridge.outbound import Outbound, resolve_target
from bridge.store.attempts import After, Attempt
from bridge.store.connections import FORBIDDEN
from bridge.store.leases import Claimed
from bridge.vendors import Operation
from bridge.worker import fetching
from bridge.worker.refusals import Refusals

STORED_REPLY = 64 * 1024  # bytes of an answer that are kept
TIMEOUT = 30.0  # seconds for a whole call, where the connection says nothing

_log = log.get("worker")


def attempt(
    item: Claimed, outbound: Outbound, refusals: Refusals, start_by: float
) -> tuple[Attempt, After]:
    """Makes one call. Whatever happens has an attempt to record and a next state; `refusals` is told of a refusal.

    Nothing is sent after `start_by`, a time.monotonic(): a host that was suspended may have lost its lease.
    """
    started = datetime.now(UTC)
    try:
        find = vendors.operation if item.look_up is None else vendors.look_up
        operation = find(item.operation)
        target = resolve_target(item.connection)
    except UnknownName as error:
        return _unsent(item, started, Verdict.FAILED, "unknown_operation", str(error))
    except ConfigurationError as error:  # a secret that went missing: nothing is burnt
        return _unsent(item, started, Verdict.PARK, error.reason, str(error))
    call = _with_key(item)
    answer = outbound.send(call, target, timeout=_timeout(item), start_by=start_by)
    outcome = _judge(operation, item, call, answer)
    if outcome.verdict is Verdict.PARK or outcome.code == FORBIDDEN:
        refusals.note(item.connection.account, target)
    metrics.ATTEMPTS.labels(item.connection.name, outcome.verdict.value).inc()
    metrics.ATTEMPT_SECONDS.labels(item.connection.name).observe(answer.elapsed)
    return _conclude(item, started, outcome, answer)


def _judge(
    operation: Operation, item: Claimed, call: Call, answer: Reply | NoReply
) -> Outcome:
    if isinstance(answer, NoReply):
        return retry.judge_silence(answer)
    try:
        outcome = mapping.judge(operation, call, answer, item.responses, _report(item))
        return outcome if item.look_up is None else fetching.judged(outcome, answer)
    except (
        Exception
    ) as error:  # the call was made: its attempt must be recorded, whatever we make of the answer
        reason = f"the bridge could not judge the answer ({type(error).__name__})"
        return Outcome(verdict=Verdict.UNKNOWN, reason=reason, code="not_judged")


def unasked(item: Claimed, reason: str) -> tuple[Attempt, After]:
    """What becomes of a delivery whose look-up cannot be made again: a dead letter."""
    return _unsent(item, datetime.now(UTC), Verdict.FAILED, LOOK_UP_AGAIN, reason)


def taken_over(item: Claimed) -> tuple[Attempt, After]:
    """What becomes of a delivery whose worker vanished: it may have been sent, and that counts as an attempt."""
    reason = (
        "the worker that was sending this stopped: the vendor may or may not have it"
    )
    outcome = Outcome(verdict=Verdict.UNKNOWN, reason=reason, code="worker_lost")
    if item.code == LOOK_UP_AGAIN:  # it was asking, which does no harm
        outcome = replace(outcome, verdict=Verdict.RETRY, code=LOOK_UP_AGAIN)
    return _conclude(item, datetime.now(UTC), outcome, None)


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
    header = vendors.get(item.connection.vendor).idempotency_header
    if not header or not item.idempotency_key:
        return item.call
    return replace(
        item.call, headers=(*item.call.headers, (header, item.idempotency_key))
    )


def _timeout(item: Claimed) -> float:
    asked = item.connection.options.get("timeout")
    return min(float(str(asked)), TIMEOUT) if asked is not None else TIMEOUT


def _unsent(
    item: Claimed, started: datetime, verdict: Verdict, code: str, reason: str
) -> tuple[Attempt, After]:
    outcome = Outcome(verdict=verdict, reason=reason, code=code)
    return _conclude(item, started, outcome, None)


def _conclude(
    item: Claimed,
    started: datetime,
    outcome: Outcome,
    answer: Reply | NoReply | None,
) -> tuple[Attempt, After]:
    now = datetime.now(UTC)
    reply = answer if isinstance(answer, Reply) else None
    looks_up = item.look_up is not None
    headers = reply.headers if reply else {}
    step = retry.next_step(
        outcome,
        attempts=item.attempts + 1,
        age=item.age.total_seconds(),
        retries=item.retries,
        reply_headers=headers,
        now=now,
        random=random.random,
    )
    parks = step.state == "parked"
    # The whole answer, with its event.
    kept = reply if looks_up and step.state == "delivered" else None
    after = After(
        state="waiting" if parks else step.state,
        code=step.code,
        reason=step.reason,
        delay=0.0 if step.code == LOOK_UP_AGAIN else step.delay,
        counts=not parks,
        parks=parks,
        call=outcome.call,
        fetched=kept.body if kept else b"",
        fetched_headers=fetching.headers_of(kept) if kept else {},
    )
    recorded = Attempt(
        started_at=started,
        elapsed=answer.elapsed if answer else 0.0,
        status=reply.status if reply else None,
        verdict=outcome.verdict.value,
        code=outcome.code,
        reason=outcome.reason,
        reply=reply.body[:STORED_REPLY] if reply else None,
        retry_after=retry_after.asked(headers, now, item.retries),
    )
    return recorded, after
