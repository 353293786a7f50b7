"""What follows an attempt: the schedule, its ends, and the part that Retry-After has in it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model import NoReply, Outcome, Retries, Verdict
from bridge.retry import (
    DELAYS,
    JITTER,
    MAX_AGE,
    MAX_DELAY,
    judge_silence,
    next_step,
)
from bridge.retry_after import MOST

NOW = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)
OUTCOMES = st.builds(
    Outcome,
    verdict=st.sampled_from(Verdict),
    reason=st.just("the vendor answered 503."),
    code=st.just("http_503"),
    limit=st.none() | st.integers(1, 20),
)
RETRIES = st.builds(
    Retries,
    max_attempts=st.none() | st.integers(1, 100),
    max_age=st.none() | st.floats(0, 10**7),
    initial=st.none() | st.floats(0.001, 10**6),
    max_delay=st.none() | st.floats(0, 10**6),
    max_retry_after=st.none() | st.integers(0, 10**6),
    on_ambiguous=st.sampled_from(["retry", "hold"]),
)


def outcome(verdict=Verdict.RETRY, limit=None):
    reason = "the vendor answered 503"
    return Outcome(verdict=verdict, reason=reason, code="http_503", limit=limit)


def step(given=None, *, attempts=1, age=0.0, asked=None, random=0.0, **retries):
    return next_step(
        given or outcome(),
        attempts=attempts,
        age=age,
        retries=Retries(**retries),
        reply_headers=None if asked is None else {"retry-after": asked},
        now=NOW,
        random=lambda: random,
    )


def test_schedule_as_promised():
    """Without settings of its own a delivery is tried ten times, at the promised distances, and is then dead."""
    steps = [step(attempts=attempts) for attempts in range(1, 11)]
    assert [item.delay for item in steps[:9]] == list(DELAYS[1:])
    assert {item.state for item in steps[:9]} == {"waiting"}
    assert steps[9].state == "dead"


def test_default_schedule_fits_its_age():
    """All ten attempts, each as late as jitter allows, happen within the default max_age."""
    assert sum(DELAYS) * (1 + JITTER) < MAX_AGE


def test_more_attempts_than_delays():
    """A rule that wants more attempts gets them at the last distance."""
    assert step(attempts=30, max_attempts=50, max_age=10**8).delay == DELAYS[-1]


def test_own_schedule_doubles_up_to_its_cap():
    """`initial` starts an exponential schedule, which ends at max_delay, or at a day."""
    delays = [step(attempts=n, initial=2, max_delay=10).delay for n in range(1, 6)]
    assert delays == [2, 4, 8, 10, 10]
    capped = step(attempts=90, initial=2, max_attempts=99, max_age=10**9)
    assert capped.delay == MAX_DELAY


def test_max_delay_caps_the_default_schedule():
    """`max_delay` alone keeps the usual schedule below it."""
    assert [step(attempts=n, max_delay=60).delay for n in (1, 2, 3)] == [5, 60, 60]


@pytest.mark.parametrize(
    ("verdict", "on_ambiguous", "state"),
    [
        (Verdict.DELIVERED, "retry", "delivered"),
        (Verdict.FAILED, "retry", "dead"),
        (Verdict.PARK, "retry", "parked"),
        (Verdict.RETRY, "hold", "waiting"),
        (Verdict.UNKNOWN, "retry", "waiting"),
        (Verdict.UNKNOWN, "hold", "held"),
    ],
)
def test_state_of_each_verdict(verdict, on_ambiguous, state):
    """Each verdict has its state; on_ambiguous decides where the outcome is unknown, and only there."""
    following = step(outcome(verdict), on_ambiguous=on_ambiguous)
    assert (following.state, following.code) == (state, "http_503")


@pytest.mark.parametrize(
    ("limit", "max_attempts", "last"),
    [(3, None, 3), (3, 2, 2), (30, None, 10), (None, 2, 2), (None, 12, 12)],
)
def test_lower_bound_of_attempts_counts(limit, max_attempts, last):
    """The cause's own limit holds whatever the rule allows, and never extends it."""
    states = [
        step(
            outcome(limit=limit),
            attempts=attempts,
            max_attempts=max_attempts,
            max_age=10**9,
        ).state
        for attempts in (last - 1, last)
    ]
    assert states == ["waiting", "dead"]


def test_reason_of_a_dead_letter():
    """A dead letter says the cause and which end it met."""
    assert step(attempts=10).reason == "the vendor answered 503 (attempt 10, the last)"
    assert "max_age of 60 s" in step(attempts=3, max_age=60).reason


def test_age_ends_before_the_wait():
    """A wait that would end after max_age is not begun; one that ends exactly then is."""
    assert step(attempts=2, age=300, max_age=600).state == "waiting"
    assert step(attempts=2, age=301, max_age=600).state == "dead"


def test_age_does_not_touch_what_is_parked_or_held():
    """Wrong credentials and unknown outcomes wait for a person however old they are."""
    old = 10**9
    assert step(outcome(Verdict.PARK), attempts=99, age=old).state == "parked"
    held = step(outcome(Verdict.UNKNOWN), attempts=99, age=old, on_ambiguous="hold")
    assert held.state == "held"


def test_retry_after_outranks_the_schedule():
    """A longer Retry-After is obeyed, beyond max_delay, too; a shorter one changes nothing."""
    assert step(asked="120", max_delay=10).delay == 120
    assert step(attempts=3, asked="120").delay == DELAYS[3]


@given(
    OUTCOMES,
    RETRIES,
    st.integers(1, 200),
    st.floats(0, 10**7),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.integers(-10, 10**7),
)
def test_bounds_of_every_step(given, retries, attempts, age, random, asked):
    """Whatever the settings, a wait is within its bounds, never before Retry-After, and never past the last attempt."""
    following = next_step(
        given,
        attempts=attempts,
        age=age,
        retries=retries,
        reply_headers={} if asked is None else {"retry-after": str(asked)},
        now=NOW,
        random=lambda: random,
    )
    assert following.code == given.code
    if following.state != "waiting":
        assert following.delay == 0
        return
    allowed = MOST if retries.max_retry_after is None else retries.max_retry_after
    least = min(max(asked or 0, 0), allowed)
    cap = MAX_DELAY if retries.max_delay is None else retries.max_delay
    assert least <= following.delay <= max(cap, least)
    assert age + following.delay <= (
        MAX_AGE if retries.max_age is None else retries.max_age
    )
    assert attempts < (retries.max_attempts or len(DELAYS))
    assert given.limit is None or attempts < given.limit


@given(RETRIES, st.integers(1, 60), st.floats(0, 1, exclude_max=True))
def test_waits_grow(retries, attempts, random):
    """A later attempt never waits less, and jitter only ever adds, up to a fifth."""
    endless = Retries(
        max_attempts=1000,
        max_age=1e12,
        initial=retries.initial,
        max_delay=retries.max_delay,
    )

    def delay(attempts, random):
        return next_step(
            outcome(),
            attempts=attempts,
            age=0,
            retries=endless,
            reply_headers=None,
            now=NOW,
            random=lambda: random,
        ).delay

    plain = delay(attempts, 0.0)
    assert plain <= delay(attempts + 1, 0.0)
    assert plain <= delay(attempts, random) <= plain * (1 + JITTER)


@pytest.mark.parametrize(
    ("kind", "sent", "verdict"),
    [
        ("dns", False, Verdict.RETRY),
        ("refused", False, Verdict.RETRY),
        ("tls", False, Verdict.RETRY),
        ("timeout", False, Verdict.RETRY),
        ("timeout", True, Verdict.UNKNOWN),
        ("dropped", True, Verdict.UNKNOWN),
        ("policy", False, Verdict.FAILED),
        ("credentials", False, Verdict.PARK),
    ],
)
def test_silence(kind, sent, verdict):
    """A call without an answer is tried again if it cannot have arrived; else its outcome is unknown."""
    silent = NoReply(kind=kind, message="nobody answered", sent=sent, elapsed=1.0)
    judged = judge_silence(silent)
    assert (judged.verdict, judged.code, judged.reason) == (
        verdict,
        kind,
        "nobody answered",
    )
