"""Age: the time between a delivery's own attempts, and no time that something stopped it."""

import secrets
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from queueing import ODD, VAMBE
from running import NOW

from bridge.store.queue import connections

SECONDS = st.integers(0, 10_000)
# How late each claim was for whatever reason, how long its call took, and the wait until the next attempt.
ROUNDS = st.lists(st.tuples(SECONDS, st.integers(0, 30), SECONDS), max_size=6)


def seconds(number):
    return timedelta(seconds=number)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rounds=ROUNDS)
def test_lateness_is_no_age(add, claim, finish, database, rounds):
    """Behind a lane, a pause, an open breaker, mode off or with the bridge down: age is calls and waits alone.

    Without the move of age_from in leases.lease this fails.
    """
    add(secrets.token_hex(4))
    due, expected = NOW, 0
    for late, call, wait in rounds:
        now = due + seconds(late)
        (item,) = claim(now=now)
        assert item.age == seconds(expected)
        finish(item, ODD, now=now + seconds(call), delay=wait)
        due, expected = now + seconds(call + wait), expected + call + wait
    (item,) = claim(now=due)
    assert item.age == seconds(expected)
    finish(item, now=due)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wait=SECONDS, before=SECONDS, parked=SECONDS, late=SECONDS)
def test_parked_time_is_no_age(
    add, claim, finish, database, wait, before, parked, late
):
    """A connection parked at any point of a wait, for any time: its age is what was waited before, no more.

    Without connections.due_at_once this fails.
    """
    add(secrets.token_hex(4))
    (item,) = claim()
    finish(item, ODD, delay=wait)
    since = NOW + seconds(before)
    until = since + seconds(parked)
    database.write(lambda c: connections.park(c, VAMBE.name, "no", since))
    database.write(lambda c: connections.resume(c, VAMBE.name, until))
    (again,) = claim(now=until + seconds(late))
    assert again.age == seconds(min(wait, before))
    finish(again, now=until + seconds(late))
