"""A vendor that asks to be left alone: what one call was told holds for its connection, on all hosts, for a while."""

from dataclasses import replace
from datetime import timedelta

import pytest
from queueing import FAILED, LEASE, VAMBE, known, made
from running import NOW
from sqlalchemy import event

from bridge.store.queue import claims as queue

SECOND = timedelta(seconds=1)
OTHER = replace(VAMBE, name="other")
LATER = NOW + 90 * SECOND


def asking(status=429, seconds=90):
    return made(status, "retry", asks=seconds)


def look(database, now=NOW):
    with database.read() as connection:
        return queue.look(connection, now)


@pytest.mark.parametrize("status", [429, 503])
def test_one_answer_stops_its_connection_and_no_other(
    add, claim, finish, database, status
):
    """After a 429 or 503 with Retry-After nothing goes to that vendor before its time; another's goes at once."""
    for number in range(3):
        add(f"t{number}")
    first, *_ = claim(limit=1)
    finish(first, asking(status))
    other = add("t9", connection=OTHER)
    assert [item.id for item in claim("another host")] == [other]
    assert not look(database).due
    assert look(database).next_at <= LATER
    assert claim(now=LATER - SECOND) == []
    assert len(claim(now=LATER)) == 3


def test_waiting_for_the_vendor_is_no_age(add, claim, finish):
    """What waited only because its vendor wanted so is as young as before."""
    first, second = add("t1"), add("t2")
    (item,) = claim(limit=1)
    finish(item, asking(seconds=3600))
    late = NOW + timedelta(hours=1)
    ages = {item.id: item.age for item in claim(now=late)}
    assert ages == {first: timedelta(hours=1), second: timedelta(0)}


def test_other_answers_stop_only_their_own_delivery(add, claim, finish):
    """A 500, a refusal, or a 429 that its rule calls final says nothing of other calls."""
    for number in range(4):
        add(f"t{number}")
    for attempt in (
        asking(500),
        made(404, "failed", asks=90),
        made(429, "failed", asks=90),
    ):
        (item,) = claim(limit=1)
        finish(item, attempt)
    assert len(claim()) == 1


def test_the_longest_wait_holds(add, claim, finish, database):
    """Calls that were under way at once are told different times: the last one counts, in whatever order they end."""
    for number in range(3):
        add(f"t{number}")
    items = claim()
    for item, seconds in zip(items, (30, 90, 5)):
        finish(item, asking(seconds=seconds))
    assert known(database, VAMBE.name).next_at == LATER


def test_success_of_a_call_under_way_ends_no_wait(add, claim, finish):
    """It was sent before the vendor asked."""
    for number in range(3):
        add(f"t{number}")
    first, second = claim(limit=2)
    finish(first, asking())
    finish(second)
    assert claim() == []


def test_open_breaker_and_its_vendors_wait_agree(add, claim, finish, database):
    """No probe goes before both allow it, and an idle worker sleeps until then instead of looking all the time."""
    for number in range(6):
        add(f"t{number}", connection=replace(VAMBE, options={"concurrency": 6}))
    first, *rest = claim()
    finish(first, asking())
    for item in rest:
        finish(item, FAILED)
    assert known(database, VAMBE.name).probe_at < LATER
    between = LATER - 30 * SECOND
    assert claim(now=between) == []
    outlook = look(database, between)
    assert not outlook.due and outlook.next_at == LATER
    assert len(claim(now=LATER)) == 1


def test_a_wait_that_is_over_costs_no_writes(add, claim, finish, database):
    """Claims of a connection without a rate do not touch its row, though a wait was in it once."""
    add("t1"), add("t2")
    (item,) = claim(limit=1)
    finish(item, asking(seconds=1))
    seen = []

    def job(connection):
        event.listen(
            connection, "before_cursor_execute", lambda *it: seen.append(it[2])
        )
        return queue.claim(connection, "me", NOW + 10 * SECOND, LEASE, limit=2)

    assert len(database.write(job).items) == 2
    assert [said for said in seen if "INTO connections" in said] == []
