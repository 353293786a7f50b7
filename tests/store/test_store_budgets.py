"""Budgets, shared by all workers through the store: concurrency, rate, turns between sources, pauses, the breaker."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from queueing import FAILED, ODD, VAMBE, known, made
from running import NOW

from bridge.store.queue import claims as queue
from bridge.store.queue.budgets import AHEAD, CONCURRENCY, PROBING
from bridge.store.tables import pauses

SECOND = timedelta(seconds=1)
OTHER = replace(VAMBE, name="other")


def with_options(**options):
    return replace(VAMBE, options=options)


def look(database, now=NOW, **more):
    with database.read() as connection:
        return queue.look(connection, now, **more)


def pause(database, **columns):
    row = {"since": NOW, "person": "me", "reason": "a test", **columns}
    database.write(lambda c: c.execute(pauses.insert().values(row)) and None)


def test_connection_gets_four_calls_at_once(add, claim, finish):
    """Over all workers together: what one sends leaves less to the next. Without Budget.running this fails."""
    for number in range(6):
        add(f"t{number}")
    first = claim("one", limit=3)
    second = claim("two")
    assert (len(first), len(second), CONCURRENCY) == (3, 1, 4)
    assert claim("three") == []
    finish(first[0])
    assert len(claim("three")) == 1


def test_connection_without_room_hides_no_other(add, claim):
    """However much of it is due before, what others have due is found."""
    for number in range(200):
        add(f"t{number}", connection=with_options(concurrency=1))
    other = add("t1", connection=OTHER)
    assert other in [item.id for item in claim()]
    assert claim() == []


def test_rate_spaces_calls_of_all_workers(add, claim, finish, database):
    """At two a second the next call may start half a second after the one before, whoever makes it."""
    for number in range(3):
        add(f"t{number}", connection=with_options(rate=2))
    assert len(claim("one")) == 1
    assert claim("two") == []
    outlook = look(database)
    half = timedelta(seconds=0.5)
    assert (outlook.due, outlook.next_at) == (False, NOW + half - AHEAD)
    (second,) = claim("two", now=NOW + half)
    assert second.wait == 0
    assert len(claim("one", now=NOW + 10 * SECOND)) == 1


def test_high_rate_hands_out_several_calls_at_once(add, claim):
    """A claim gives what the rate allows within AHEAD, each with its own time to wait."""
    for number in range(20):
        add(f"t{number}", connection=with_options(rate=100, concurrency=50))
    waits = [item.wait for item in claim()]
    assert waits == pytest.approx([number / 100 for number in range(11)], abs=1e-4)


def test_quiet_time_saves_up_no_burst(add, claim):
    """After a minute of nothing calls are as far apart as ever."""
    connection = with_options(rate=1)
    add("t1", connection=connection)
    assert len(claim()) == 1
    add("t2", connection=connection), add("t3", connection=connection)
    assert len(claim(now=NOW + 60 * SECOND)) == 1


def test_retry_that_comes_due_is_known(add, claim, finish, database):
    """A worker may rest until then and no longer."""
    add()
    (item,) = claim()
    finish(item, ODD)
    assert look(database).next_at == NOW + 5 * SECOND
    assert look(database, now=NOW + 5 * SECOND).due


def test_burst_of_one_source_leaves_others_their_turn(add, claim, finish):
    """With ten thousand times more waiting of one source, another's delivery goes in one of the next claims.

    Without the order in queue._by_source it would wait for all of them.
    """
    slow = with_options(concurrency=2)
    for number in range(60):
        add(f"t{number}", source="loud", connection=slow)
    quiet = add("q", source="quiet", connection=slow, now=NOW + SECOND)
    for turn in range(3):
        items = claim(now=NOW + 2 * SECOND)
        if quiet in [item.id for item in items]:
            return
        finish(items[0])
    raise AssertionError("the quiet source waited")


def test_sources_share_one_slot(add, claim, finish):
    """One call at a time, many claims: chance gives both sources their part."""
    one = with_options(concurrency=1)
    for number in range(30):
        add(f"a{number}", source="a", connection=one)
        add(f"b{number}", source="b", connection=one, rule="r2", now=NOW + SECOND)
    rules = Counter()
    for _ in range(24):
        (item,) = claim(now=NOW + 2 * SECOND)
        rules[item.rule] += 1
        finish(item)
    assert min(rules["r"], rules["r2"]) >= 2


def test_rules_of_a_source_take_turns(add, claim):
    """A long line of one rule does not keep another rule of the source waiting."""
    for number in range(10):
        add(f"t{number}")
    other = add("x", rule="r2", now=NOW)
    assert other in [item.id for item in claim(limit=2)]


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"source": "s"},
        {"rule": "r"},
        {"connection": "vambe-cl"},
        {"ticket": "t1"},
        {"source": "s", "rule": "r", "connection": "vambe-cl", "ticket": "t1"},
    ],
)
def test_paused_delivery_is_not_due(add, claim, database, columns):
    """A pause stops what agrees with every column that is set, and all of it when none is."""
    add("t1")
    pause(database, **columns)
    assert claim() == []
    database.write(lambda c: c.execute(pauses.delete()) and None)
    assert len(claim()) == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"source": "x"},
        {"rule": "x"},
        {"connection": "x"},
        {"ticket": "x"},
        {"rule": "r", "ticket": "x"},
        {"source": "x", "ticket": "t1"},
    ],
)
def test_pause_of_something_else_stops_nothing(add, claim, database, columns):
    """One column that differs is enough to be left alone."""
    add("t1")
    pause(database, **columns)
    assert look(database).due
    assert len(claim()) == 1


def test_paused_ticket_hides_nothing_behind_it(add, claim, database):
    """However many deliveries of it are due first."""
    for number in range(150):
        add("t1", lane=f"own-{number}")
    other = add("t2")
    pause(database, ticket="t1")
    assert [item.id for item in claim()] == [other]


def break_it(add, claim, finish, now=NOW):
    """Five calls that fail open the breaker."""
    for number in range(5):
        add(f"down-{number}", now=now, connection=with_options(concurrency=9))
    for _ in range(3):
        for item in claim(now=now):
            finish(item, FAILED, now=now)


def test_open_breaker_holds_the_connection_alone(add, claim, finish, database):
    """Nothing of it is claimed, nothing of it is burnt, and others go on. Without Budget.room this fails."""
    break_it(add, claim, finish)
    assert known(database, VAMBE.name).broken_at == NOW
    waiting = add("t1")
    other = add("t1", connection=OTHER)
    later = NOW + 9 * SECOND
    assert [item.id for item in claim(now=later)] == [other]
    assert look(database, now=later).next_at == NOW + 10 * SECOND
    assert not look(database, now=later).due
    assert waiting not in [item.id for item in claim(now=later)]


def test_late_failure_makes_the_rest_no_longer(add, claim, finish, database):
    """A call that was under way when the breaker opened is not a probe. Without Claimed.claimed_at it would count."""
    for number in range(4):
        add(f"late-{number}", connection=with_options(concurrency=9))
    late = claim()[0]
    break_it(add, claim, finish)
    before = known(database, VAMBE.name).probe_at
    finish(late, FAILED, now=NOW + SECOND)
    assert known(database, VAMBE.name).probe_at == before


def test_one_probe_goes_through(add, claim, finish, database):
    """One call, on whatever host; the others wait for what it brings."""
    break_it(add, claim, finish)
    later = NOW + 10 * SECOND
    assert len(claim("one", now=later)) == 1
    assert claim("two", now=later) == []
    assert claim("two", now=later + PROBING - SECOND) == []
    # A probe that nobody ever finishes does not stop the connection for good.
    assert len(claim("two", now=later + PROBING)) == 1


def test_probe_that_succeeds_opens_the_connection(add, claim, finish, database):
    """What waits goes on in its order, with the attempts it had."""
    break_it(add, claim, finish)
    later = NOW + 10 * SECOND
    (probe,) = claim(now=later)
    finish(probe, now=later)
    assert known(database, VAMBE.name).broken_at is None
    assert [item.attempts for item in claim(now=later)] == [1, 1, 1, 1]


def test_probe_that_fails_rests_longer(add, claim, finish, database):
    """Twice as long each time, and Retry-After is obeyed."""
    break_it(add, claim, finish)
    later = NOW + 10 * SECOND
    (probe,) = claim(now=later)
    finish(probe, FAILED, now=later)
    assert known(database, VAMBE.name).probe_at == later + 20 * SECOND
    (probe,) = claim(now=later + 20 * SECOND)
    asking = made(503, "retry", asks=3600)
    finish(probe, asking, now=later + 20 * SECOND)
    assert known(database, VAMBE.name).probe_at == later + 3620 * SECOND


def test_connection_in_good_health_is_not_written(add, claim, finish, database):
    """A success teaches nothing new: workers do not wait for each other at the connection's row."""
    add()
    (item,) = claim()
    finish(item)
    assert known(database, VAMBE.name) is None


def test_time_behind_the_breaker_is_no_age(add, claim, finish):
    """A delivery whose retry came due while the breaker was open is not older for it."""
    break_it(add, claim, finish)
    week = NOW + timedelta(days=7)
    (probe,) = claim(now=week)
    assert probe.age == 5 * SECOND
