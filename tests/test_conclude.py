"""What follows an attempt: for the delivery, by schedule and Retry-After, and for what is known of its connection."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.breaker import CLOSED, IN_A_ROW, LONGEST, Breaker
from bridge.conclude import FORBIDDEN, LOOK_UP_AGAIN, WELL, Health, Tried, conclude
from bridge.model import Attempt, NoReply, Outcome, Reply, Retries, Verdict
from bridge.retry import DELAYS, JITTER, MAX_AGE, MAX_DELAY, judge_silence
from bridge.retry_after import MOST

NOW = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
STATES = {"delivered", "waiting", "held", "dead", "skipped"}
OUTCOMES = st.builds(
    Outcome,
    verdict=st.sampled_from(Verdict),
    reason=st.just("the vendor answered 503."),
    code=st.sampled_from(["http_503", FORBIDDEN, LOOK_UP_AGAIN, "timeout", "ok"]),
    limit=st.none() | st.integers(1, 20),
    settled=st.sampled_from(["", "", "", "waiting", "held", "dead", "skipped"]),
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
CHANCES = st.floats(0, 1)
MOMENTS = st.timedeltas(-timedelta(days=9), timedelta(0)).map(lambda ago: NOW + ago)
BREAKERS = st.just(CLOSED) | st.builds(
    Breaker,
    failures=st.integers(0, 9),
    window_from=MOMENTS,
    window_calls=st.integers(0, 20),
    window_failures=st.integers(0, 9),
)
BREAKERS |= MOMENTS.map(lambda at: Breaker(broken_at=at, probe_at=at + 10 * SECOND))
HEALTHS = st.builds(
    Health,
    breaker=BREAKERS,
    next_at=st.none() | MOMENTS,
    parked_at=st.none() | MOMENTS,
    forbidden=st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from("abcd")), max_size=9
    ).map(tuple),
)
TRIED = st.builds(
    Tried,
    retries=RETRIES,
    id=st.integers(1, 9),
    lane=st.sampled_from("abcd"),
    attempts=st.integers(0, 200),
    age=st.floats(0, 10**7),
    claimed_at=MOMENTS,
    believed=st.booleans(),
    second_look=st.booleans(),
)
SAID = st.none() | st.integers(-10, 10**7).map(str)


def answered(status, asked=None):
    if status is None:
        return None
    headers = {} if asked is None else {"retry-after": asked}
    return Reply(status=status, headers=headers, body=b"", elapsed=0.1)


ANSWERS = st.builds(
    answered, st.sampled_from([None, 200, 403, 404, 429, 500, 503]), SAID
)
ATTEMPTS = st.builds(Attempt, started_at=st.just(NOW), outcome=OUTCOMES, answer=ANSWERS)


def outcome(verdict=Verdict.RETRY, limit=None, code="http_503"):
    reason = "the vendor answered 503"
    return Outcome(verdict=verdict, reason=reason, code=code, limit=limit)


def tried(attempts=1, age=0.0, retries=Retries(), **more):
    """A delivery; `attempts` counts the one that is concluded."""
    given = {"attempts": attempts - 1, "age": age, "retries": retries}
    return Tried(**{**given, "claimed_at": NOW - SECOND, **more})


def step(
    given=None, *, attempts=1, age=0.0, asked=None, chance=0.0, health=WELL, **retries
):
    made = Attempt(
        started_at=NOW, outcome=given or outcome(), answer=answered(503, asked)
    )
    own = tried(attempts, age, Retries(**retries))
    return conclude(made, own, health, NOW, chance)


@given(ATTEMPTS, TRIED, HEALTHS, CHANCES)
def test_everything_has_one_conclusion(attempt, tried, health, chance):
    """Whatever was answered, whatever is known: one state, and nothing that contradicts it."""
    one = conclude(attempt, tried, health, NOW, chance)
    assert one.state in STATES and one.reason
    assert one.delay >= 0 and (one.delay == 0 or one.state == "waiting")
    given = attempt.outcome
    succeeded = given.verdict in (Verdict.DELIVERED, Verdict.REUSED)
    assert (one.state == "delivered") == (succeeded and not given.settled)
    if one.parks:
        assert one.state == "waiting" and not one.counts and one.health.parked_at
    if one.again:
        assert one.parks and not health.parked_at and tried.id not in one.again
    assert not (health.parked_at is None and one.health.parked_at and not one.parks)
    assert conclude(attempt, tried, health, NOW, chance) == one


@given(ATTEMPTS, TRIED, HEALTHS, CHANCES)
def test_health_changes_no_success(attempt, tried, health, chance):
    """The store writes what was delivered before it looks at what is known of the connection."""
    usual = conclude(attempt, tried, WELL, NOW, chance)
    if usual.state == "delivered":
        here = conclude(attempt, tried, health, NOW, chance)
        assert replace(here, health=WELL) == replace(usual, health=WELL)


@given(ATTEMPTS, TRIED, HEALTHS, CHANCES)
def test_no_header_stops_a_connection_for_long(attempt, tried, health, chance):
    """An hour at most, or what the rule's max_retry_after allows, however long the vendor asks for."""
    after = conclude(attempt, tried, health, NOW, chance).health
    own = tried.retries.max_retry_after
    most = NOW + timedelta(seconds=MOST if own is None else own)
    assert after.next_at is None or after.next_at <= max(most, health.next_at or most)
    if after.breaker.probe_at != health.breaker.probe_at and after.breaker.probe_at:
        assert after.breaker.probe_at <= max(most, NOW + LONGEST)


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
        (Verdict.PARK, "retry", "waiting"),
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
    parked = step(outcome(Verdict.PARK), attempts=99, age=old)
    assert (parked.state, parked.parks, parked.counts) == ("waiting", True, False)
    held = step(outcome(Verdict.UNKNOWN), attempts=99, age=old, on_ambiguous="hold")
    assert held.state == "held"


def test_retry_after_outranks_the_schedule():
    """A longer Retry-After is obeyed, beyond max_delay, too; a shorter one changes nothing."""
    assert step(asked="120", max_delay=10).delay == 120
    assert step(attempts=3, asked="120").delay == DELAYS[3]


@given(ATTEMPTS, TRIED, CHANCES)
def test_bounds_of_every_wait(attempt, tried, chance):
    """Whatever the settings, a wait is within its bounds, never before Retry-After, and never past the last attempt."""
    given = attempt.outcome
    one = conclude(attempt, tried, WELL, NOW, chance)
    if one.state != "waiting" or one.parks or given.settled:
        return
    retries, attempts = tried.retries, tried.attempts + 1
    assert attempts < (retries.max_attempts or len(DELAYS))
    assert given.limit is None or attempts < given.limit
    oldest = MAX_AGE if retries.max_age is None else retries.max_age
    assert tried.age + one.delay <= oldest
    if given.code == LOOK_UP_AGAIN:
        return
    allowed = MOST if retries.max_retry_after is None else retries.max_retry_after
    least = min(max(int(attempt.headers.get("retry-after", 0)), 0), allowed)
    cap = MAX_DELAY if retries.max_delay is None else retries.max_delay
    assert least <= one.delay <= max(cap, least)


@given(RETRIES, st.integers(1, 60), CHANCES, SAID)
def test_waits_grow(retries, attempts, chance, asked):
    """A later attempt never waits less, and jitter only ever adds, up to a fifth."""
    given = {"max_attempts": 1000, "max_age": 1e12, "asked": asked}
    given |= {"initial": retries.initial, "max_delay": retries.max_delay}

    def delay(attempts, chance):
        return step(attempts=attempts, chance=chance, **given).delay

    assert delay(attempts, chance) <= delay(attempts + 1, chance)
    plain = delay(attempts, 0.0)
    assert plain <= delay(attempts, chance) <= plain * (1 + JITTER)


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


FORBIDS = outcome(Verdict.FAILED, code=FORBIDDEN)
KNOWN = ((1, "a"), (2, "b"))


def forbid(health=WELL, **own):
    made = Attempt(started_at=NOW, outcome=FORBIDS, answer=answered(403))
    return conclude(made, tried(**{"id": 3, "lane": "c", **own}), health, NOW, 0.0)


def test_a_403_is_the_tickets_fault():
    """It is a dead letter, and remembered with its lane."""
    one = forbid()
    assert (one.state, one.parks) == ("dead", False)
    assert one.health == Health(forbidden=((3, "c"),))


def test_a_403_in_three_lanes_is_the_credentials_fault():
    """The account stops, and what ended before waits again. Two lanes are not enough, however many 403s they met."""
    one = forbid(Health(forbidden=KNOWN))
    assert (one.state, one.counts, one.parks) == ("waiting", False, True)
    assert one.again == (1, 2)
    assert one.health == Health(parked_at=NOW)
    assert forbid(Health(forbidden=KNOWN), lane="a").state == "dead"
    assert forbid(Health(forbidden=KNOWN), id=2).again == (1,)  # sent once more


def test_a_403_that_its_rule_judges_is_believed():
    """Where the rule says what a 403 means, it says nothing of the credential."""
    one = forbid(Health(forbidden=KNOWN), believed=True)
    assert (one.state, one.health) == ("dead", Health(forbidden=KNOWN))


def test_a_403_of_a_parked_account_burns_nothing():
    """It waits with the others, parked since when it was."""
    since = NOW - timedelta(days=1)
    one = forbid(Health(parked_at=since))
    assert (one.state, one.parks, one.again) == ("waiting", True, ())
    assert one.health.parked_at == since


def test_success_clears_the_credential():
    """It may do something, so what was forbidden was about the tickets."""
    known = Health(forbidden=KNOWN)
    made = Attempt(
        started_at=NOW, outcome=outcome(Verdict.DELIVERED), answer=answered(200)
    )
    assert conclude(made, tried(), known, NOW, 0.0).health == WELL


@pytest.mark.parametrize(
    ("status", "verdict", "claimed", "goes_on"),
    [
        (200, Verdict.DELIVERED, SECOND, True),
        (404, Verdict.FAILED, SECOND, True),
        (503, Verdict.RETRY, SECOND, False),  # a vendor that is down says nothing
        (401, Verdict.PARK, SECOND, False),
        (200, Verdict.DELIVERED, -SECOND, False),  # it was under way before
    ],
)
def test_a_probe_that_is_answered_opens_its_account(status, verdict, claimed, goes_on):
    """Any answer to a call that was let through since shows that the credentials are right."""
    since = NOW - timedelta(hours=1)
    made = Attempt(
        started_at=NOW, outcome=outcome(verdict, code="x"), answer=answered(status)
    )
    own = tried(claimed_at=since + claimed)
    after = conclude(made, own, Health(parked_at=since), NOW, 0.0).health
    assert (after.parked_at is None) == goes_on


def test_failures_in_a_row_open_the_breaker():
    """What one connection's answers teach adds up from one conclusion to the next."""
    health = WELL
    for _ in range(IN_A_ROW):
        health = step(health=health).health
    assert health.breaker.broken_at == NOW


def test_what_a_busy_vendor_asks_for_holds_for_its_connection():
    """The longest wait counts, whichever answer comes last."""
    health = WELL
    for asked in ("30", "90", "5"):
        health = step(health=health, asked=asked).health
    assert health.next_at == NOW + 90 * SECOND


def test_a_second_look_that_fails_is_made_again():
    """The delivery still needs its look-up, waits for no other's account, and says what was in the way."""
    own = tried(second_look=True)

    def after(verdict):
        made = Attempt(started_at=NOW, outcome=outcome(verdict), answer=answered(503))
        return conclude(made, own, WELL, NOW, 0.0)

    assert after(Verdict.RETRY).code == LOOK_UP_AGAIN
    parked = after(Verdict.PARK)
    assert (parked.code, parked.delay, parked.counts) == (LOOK_UP_AGAIN, 60, False)
    assert after(Verdict.FAILED).reason.startswith("its look-up was not made again: ")
