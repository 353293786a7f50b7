"""When a connection is left alone because its vendor is in trouble, and when it is tried again. Pure.

Closed, a breaker counts from the first failure on: WINDOW seconds of calls, and failures in a row. So a connection in
good health has nothing to remember. Open, nothing is sent but one probe at a time, REST seconds later and then twice as
long after each that fails. What answers mean for their own delivery is conclude.py's matter: an open breaker keeps
deliveries waiting, and uses up none of their attempts.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

IN_A_ROW = 5  # failures that open it
CALLS = 10  # from so many on the share of failures counts
SHARE = 0.5
WINDOW = timedelta(seconds=60)
REST = timedelta(seconds=10)
LONGEST = timedelta(minutes=5)

# Calls without an answer that say something about the vendor (NoReply.kind); the others are of our own making.
_SILENCE = frozenset({"refused", "dns", "tls", "timeout", "dropped"})


class Lesson(StrEnum):
    """What an attempt says about its vendor as a whole."""

    WELL = "well"  # it answered, were it to refuse one ticket
    ILL = "ill"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Breaker:
    """The state for one connection; without arguments: closed, and nothing to remember."""

    failures: int = 0  # in a row; of probes, while it is open
    window_from: datetime | None = None
    window_calls: int = 0
    window_failures: int = 0
    broken_at: datetime | None = None  # open since then
    probe_at: datetime | None = None  # the next call is let through then


CLOSED = Breaker()


def lesson(verdict: str, status: int | None, code: str) -> Lesson:
    """What the attempt with this verdict and code says; `status` is None without an answer.

    A vendor is ill that answers 5xx or 429, or not at all: other calls would fare the same now. A refusal, a wrong
    credential or an answer nobody understands is about one call: somebody was there to give it.
    """
    if status is None:
        return Lesson.ILL if code in _SILENCE else Lesson.NOTHING
    failed = verdict in ("retry", "unknown") and (status >= 500 or status == 429)
    return Lesson.ILL if failed else Lesson.WELL


def learn(
    breaker: Breaker,
    lesson: Lesson,
    *,
    claimed_at: datetime,
    now: datetime,
    retry_after: timedelta = timedelta(0),
) -> Breaker:
    """The state after an attempt that was claimed at `claimed_at`; `retry_after` is its answer's Retry-After."""
    if lesson is Lesson.NOTHING:
        return breaker
    if breaker.broken_at is not None:
        if claimed_at <= breaker.broken_at:
            return breaker  # it was under way when the breaker opened
        well = lesson is Lesson.WELL
        return CLOSED if well else _rest_longer(breaker, now, retry_after)
    counted = _count(breaker, lesson, now)
    return _open(now, retry_after) if _too_many(counted) else counted


def _count(breaker: Breaker, lesson: Lesson, now: datetime) -> Breaker:
    failed = lesson is Lesson.ILL
    failures = breaker.failures + 1 if failed else 0
    if breaker.window_from is None or now - breaker.window_from > WINDOW:
        if not failed:
            return CLOSED
        return Breaker(
            failures=failures, window_from=now, window_calls=1, window_failures=1
        )
    return replace(
        breaker,
        failures=failures,
        window_calls=breaker.window_calls + 1,
        window_failures=breaker.window_failures + failed,
    )


def _too_many(breaker: Breaker) -> bool:
    calls, failures = breaker.window_calls, breaker.window_failures
    return breaker.failures >= IN_A_ROW or (
        calls >= CALLS and failures >= calls * SHARE
    )


def _open(now: datetime, retry_after: timedelta) -> Breaker:
    return Breaker(broken_at=now, probe_at=now + max(REST, retry_after))


def _rest_longer(breaker: Breaker, now: datetime, retry_after: timedelta) -> Breaker:
    failures = breaker.failures + 1
    rest = min(REST * 2 ** min(failures, 10), LONGEST)
    return replace(breaker, failures=failures, probe_at=now + max(rest, retry_after))
