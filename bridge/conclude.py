"""What becomes of a delivery after an attempt, and what the attempt teaches about its connection. Pure.

No clock, no chance, no store: `now` and `chance` are given. What an answer means is said before (Outcome); when a retry
comes is retry.py's, and when a vendor is left alone breaker.py's. Here they come to one conclusion.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge import breaker, retry
from bridge.breaker import CLOSED, Breaker, Lesson
from bridge.model import Attempt, Outcome, Retries, Verdict
from bridge.retry_after import asked
from bridge.state import FINISHED, State

LOOK_UP_AGAIN = "look_up_again"  # the code of a delivery whose call is to be made anew
FORBIDDEN = "http_403"
# Lanes in a row that a vendor forbids: then it is the credential, not the ticket.
REFUSALS = 3
REMEMBERED = 100  # of the deliveries that a 403 ended
PARKED = 60.0  # seconds until it is looked up again with credentials that were refused
_BUSY = (429, 503)  # with Retry-After they speak of the vendor, not of one call


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """The delivery that was tried."""

    retries: Retries
    id: int = 0
    lane: str = ""
    attempts: int = 0  # that counted before this one
    # Seconds, without the time spent parked, paused, held or behind an open breaker.
    age: float = 0.0
    claimed_at: datetime
    believed: bool = False  # its rule says itself what answers mean
    second_look: bool = False  # what was asked is its event's look-up, once more


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """What is known of a connection; without arguments: nothing, all is well."""

    breaker: Breaker = CLOSED  # of its tenant
    next_at: datetime | None = None  # its tenant is left alone until then
    parked_at: datetime | None = None  # its account is stopped since then
    # Deliveries of its account that a 403 ended since the last success, each with its lane.
    forbidden: tuple[tuple[int, str], ...] = ()


WELL = Health()


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """What a delivery becomes, and what is known of its connection from now on."""

    state: State
    code: str  # groups dead letters
    reason: str  # one sentence for a person
    delay: float = 0.0  # seconds until it is due again
    counts: bool = True  # whether the attempt counts against max_attempts
    parks: bool = False  # it waits for its account
    again: tuple[int, ...] = ()  # deliveries that ended before, and wait again
    health: Health = WELL


def conclude(
    attempt: Attempt, tried: Tried, health: Health, now: datetime, chance: float
) -> Conclusion:
    """The one thing that follows. `chance` is 0.0 up to 1.0: how much of the jitter a retry gets."""
    wait = asked(attempt.headers, now, tried.retries)
    known = _of_tenant(attempt, tried, health, now, timedelta(seconds=wait))
    if _is_forbidden(attempt.outcome, tried):
        return _forbidden(attempt.outcome, tried, known, now)
    own = _own(attempt.outcome, tried, wait, chance)
    known = _of_account(attempt, tried, known, now)
    return own if known is WELL else replace(own, health=known)


def _own(outcome: Outcome, tried: Tried, wait: float, chance: float) -> Conclusion:
    """What becomes of the delivery, whatever is known of its connection."""
    match outcome.verdict:
        case _ if outcome.settled:
            # It was not sent: a call that is still to be made has all its attempts.
            counts = outcome.settled in FINISHED
            return replace(_ending(outcome.settled, outcome), counts=counts)
        case Verdict.DELIVERED | Verdict.REUSED:
            return _ending(State.DELIVERED, outcome)
        case Verdict.FAILED:
            return _dead(outcome, tried)
        case Verdict.PARK:
            return _parked(outcome, tried)
        case Verdict.UNKNOWN if tried.retries.on_ambiguous == "hold":
            return _ending(State.HELD, outcome)
    made, retries = tried.attempts + 1, tried.retries
    most = len(retry.DELAYS) if retries.max_attempts is None else retries.max_attempts
    if made >= min(most, outcome.limit or most):
        return _dead(outcome, tried, f" (attempt {made}, the last)")
    delay = max(retry.planned(made, retries, chance), wait)
    oldest = retry.MAX_AGE if retries.max_age is None else retries.max_age
    if tried.age + delay > oldest:
        limit = f"its next attempt would be later than its max_age of {oldest:g} s"
        return _dead(outcome, tried, f" ({limit})")
    if outcome.code == LOOK_UP_AGAIN:
        delay = 0.0
    return _waiting(outcome, tried, delay)


def _ending(state: State, outcome: Outcome, reason: str = "") -> Conclusion:
    return Conclusion(state=state, code=outcome.code, reason=reason or outcome.reason)


def _dead(outcome: Outcome, tried: Tried, why: str = "") -> Conclusion:
    before = "its look-up was not made again: " if tried.second_look else ""
    return _ending(State.DEAD, outcome, f"{before}{outcome.reason}{why}")


def _waiting(outcome: Outcome, tried: Tried, delay: float) -> Conclusion:
    """It is due again. What was to be looked up still is."""
    code = LOOK_UP_AGAIN if tried.second_look else outcome.code
    return Conclusion(
        state=State.WAITING, code=code, reason=outcome.reason, delay=delay
    )


def _parked(outcome: Outcome, tried: Tried) -> Conclusion:
    """It waits for its account, and nothing is used up. Another's account, that of a look-up, does not hold it back."""
    delay = PARKED if tried.second_look else 0.0
    waiting = _waiting(outcome, tried, delay)
    return replace(waiting, counts=False, parks=True)


def _of_tenant(
    attempt: Attempt, tried: Tried, health: Health, now: datetime, wait: timedelta
) -> Health:
    """What the vendor's answer says of the vendor: its breaker, and when it wants the next call."""
    lesson = _lesson(attempt)
    if lesson is Lesson.WELL and health.breaker == CLOSED:
        return health
    learnt = breaker.learn(
        health.breaker, lesson, claimed_at=tried.claimed_at, now=now, retry_after=wait
    )
    next_at = health.next_at
    if wait and lesson is Lesson.ILL and attempt.status in _BUSY:
        # What one call was told holds for the others.
        next_at = max(next_at or now, now + wait)
    return replace(health, breaker=learnt, next_at=next_at)


def _of_account(
    attempt: Attempt, tried: Tried, health: Health, now: datetime
) -> Health:
    """What it says of the credentials.

    An account that was parked before the attempt was claimed has let it through to try them: any answer to the call
    itself shows that they are right.
    """
    verdict = attempt.outcome.verdict
    if verdict is Verdict.PARK:
        stopped = replace(health, parked_at=health.parked_at or now)
        return health if attempt.outcome.settled else stopped
    since, forbidden = health.parked_at, health.forbidden
    answered = _lesson(attempt) is Lesson.WELL
    if since and answered and tried.claimed_at > since:
        return replace(health, parked_at=None, forbidden=())
    if verdict is Verdict.DELIVERED and answered and forbidden:
        return replace(health, forbidden=())
    return health


def _lesson(attempt: Attempt) -> Lesson:
    outcome = attempt.outcome
    return breaker.lesson(outcome.verdict, attempt.status, outcome.code)


def _is_forbidden(outcome: Outcome, tried: Tried) -> bool:
    failed = outcome.verdict is Verdict.FAILED and not outcome.settled
    return failed and outcome.code == FORBIDDEN and not tried.believed


def _forbidden(
    outcome: Outcome, tried: Tried, health: Health, now: datetime
) -> Conclusion:
    """A 403 is the ticket's fault, until enough lanes met one: then what they ended waits again, as if never sent."""
    if health.parked_at:
        return replace(_parked(outcome, tried), health=health)
    mine = (tried.id, tried.lane)
    ended = (*health.forbidden, mine)[-REMEMBERED:]
    if len({lane for _, lane in ended}) < REFUSALS:
        return replace(_dead(outcome, tried), health=replace(health, forbidden=ended))
    parked = replace(health, parked_at=now, forbidden=())
    again = tuple(id for id, _ in health.forbidden if id != tried.id)
    return replace(_parked(outcome, tried), again=again, health=parked)
