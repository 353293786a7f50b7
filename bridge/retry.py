"""What follows an attempt: delivered, tried again and when, held for a person, parked, or dead. Pure.

No clock, no randomness, no store: `now` and `random` are given. What an answer means is its vendor's to say (Outcome);
here that meaning and the rule's retries give the next state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.model import NoReply, Outcome, Retries, Verdict
from bridge.retry_after import asked

# DELAYS[n] seconds lie between attempt n and attempt n + 1: the first attempt is made at once, the tenth is the last.
DELAYS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
MAX_AGE = 4 * 86_400.0
MAX_DELAY = 86_400.0
JITTER = 0.2  # a delay is up to this part longer than planned, never shorter

_DOUBLINGS = 32  # 2 ** 32 s is 136 years: more would only overflow


@dataclass(frozen=True, kw_only=True, slots=True)
class Next:
    """The next state of a delivery.

    delivered: done. waiting: due again after `delay`. held: waits for a person. dead: a dead letter. parked: waits for
    its connection; this attempt used up nothing, so the caller does not count it.
    """

    state: str  # delivered, waiting, held, dead or parked
    delay: float = 0.0  # seconds; 0 unless waiting
    reason: str  # one sentence for a person
    code: str  # the outcome's own: groups dead letters, labels metrics


def judge_silence(no_reply: NoReply) -> Outcome:
    """What a call without an answer means: the counterpart of a vendor's judge."""
    if no_reply.kind == "policy":
        verdict = Verdict.FAILED
    elif no_reply.kind == "credentials":
        verdict = Verdict.PARK
    elif no_reply.sent:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.RETRY
    return Outcome(verdict=verdict, reason=no_reply.message, code=no_reply.kind)


def next_step(
    outcome: Outcome,
    *,
    attempts: int,
    age: float,
    retries: Retries,
    reply_headers: Mapping[str, str] | None,
    now: datetime,
    random: Callable[[], float],
) -> Next:
    """What follows the attempt that had this outcome.

    `attempts` counts it. `age` is in seconds, without the time spent parked, paused, held or behind an open breaker.
    `reply_headers` have lower-case names. `random` gives 0.0 up to 1.0.

    A retry waits as DELAYS says or, where the rule sets `initial`, that long and then twice as long each time; up to a
    fifth longer, so that deliveries which failed together come back apart; `max_delay` at most; and never less than
    the answer's Retry-After, as far as the rule allows that. It is dead instead when its attempts are used up (the
    rule's `max_attempts`, or the outcome's own lower `limit`), or when the wait would end after `max_age`.
    """
    match outcome.verdict:
        case Verdict.DELIVERED:
            return _end("delivered", outcome)
        case Verdict.FAILED:
            return _end("dead", outcome)
        case Verdict.PARK:
            return _end("parked", outcome)
        case Verdict.UNKNOWN if retries.on_ambiguous == "hold":
            return _end("held", outcome)
    allowed = len(DELAYS) if retries.max_attempts is None else retries.max_attempts
    if outcome.limit is not None:
        allowed = min(allowed, outcome.limit)
    if attempts >= allowed:
        return _end("dead", outcome, f"{outcome.reason} (attempt {attempts}, the last)")
    wanted = asked(reply_headers or {}, now, retries)
    delay = max(_planned(attempts, retries, random), wanted)
    max_age = MAX_AGE if retries.max_age is None else retries.max_age
    if age + delay > max_age:
        limit = f"its next attempt would come after its max_age of {max_age:g} s"
        return _end("dead", outcome, f"{outcome.reason} ({limit})")
    return Next(state="waiting", delay=delay, reason=outcome.reason, code=outcome.code)


def _end(state: str, outcome: Outcome, reason: str = "") -> Next:
    return Next(state=state, reason=reason or outcome.reason, code=outcome.code)


def _planned(attempts: int, retries: Retries, random: Callable[[], float]) -> float:
    """The wait before the attempt that follows `attempts` of them, jitter included."""
    if retries.initial is not None:
        planned = retries.initial * 2.0 ** min(attempts - 1, _DOUBLINGS)
    else:
        planned = float(DELAYS[min(attempts, len(DELAYS) - 1)])
    most = MAX_DELAY if retries.max_delay is None else retries.max_delay
    return min(planned * (1 + JITTER * random()), most)
