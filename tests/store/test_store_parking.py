"""Wrong credentials: the connection is parked and nothing is burnt; changed ones are tried once; then all goes on."""

from datetime import timedelta

import pytest
from queueing import (
    DEAD,
    FAILED,
    FORBIDDEN,
    REFUSED,
    SENT,
    VAMBE,
    known,
    row,
    state,
)
from running import NOW

from bridge.model import Response
from bridge.store.queue import claims as queue
from bridge.store.queue import connections

DAYS = timedelta(days=6)


@pytest.fixture
def parked(add, claim, finish, database):
    """A parked connection with three deliveries; their ids."""
    ids = [add("t1"), add("t1"), add("t2")]
    item, other = claim()
    finish(item, REFUSED)
    finish(other, REFUSED)
    return ids


def resume(database, now):
    return database.write(lambda c: connections.resume(c, VAMBE.name, now))


def test_six_days_parked_and_nothing_is_dead(parked, claim, finish, database):
    """R-27: resumed by hand after six days, everything is sent at once, in lane order, with no attempt used up."""
    later = NOW + DAYS
    assert claim(now=later) == []
    assert resume(database, later)
    sent = []
    for _ in range(2):
        for item in claim(now=later):
            assert (item.attempts, item.age) == (0, timedelta(0))
            sent.append(item.id)
            finish(item, now=later)
    assert sent == [parked[0], parked[2], parked[1]]
    assert [state(database, id) for id in parked] == ["delivered"] * 3


def test_resuming_ends_the_waits_for_a_retry(add, claim, finish, database):
    """What was to be tried hours later is due at once, and only the time before it was parked is its age."""
    waiting = add("t1")
    add("t2")
    first, second = claim()
    finish(first, FAILED, delay=86_400)
    hour = NOW + timedelta(hours=1)
    finish(second, REFUSED, now=hour)
    later = hour + timedelta(hours=2)
    resume(database, later)
    again = {item.id: item for item in claim(now=later)}[waiting]
    assert again.age == timedelta(hours=1)


def test_parked_connection_stays_as_it_was_parked(parked, claim, finish, database):
    """A second refusal changes neither since when nor why."""
    before = known(database, VAMBE.name)
    (probe,) = claim(now=NOW + DAYS, probes=[VAMBE.name])
    finish(probe, REFUSED, now=NOW + DAYS)
    after = known(database, VAMBE.name)
    assert (after.state, after.since) == ("parked", before.since)
    assert row(database, probe.id).attempts == 0


def test_probe_is_one_call(parked, claim, database):
    """However many workers try, and never while one of its calls is under way."""
    assert len(claim("one", now=NOW + DAYS, probes=[VAMBE.name])) == 1
    assert claim("two", now=NOW + DAYS, probes=[VAMBE.name]) == []


@pytest.mark.parametrize(
    "attempt",
    [SENT, DEAD],
)
def test_probe_that_is_answered_resumes(parked, claim, finish, database, attempt):
    """Any answer to the call itself shows that the credentials are right."""
    (probe,) = claim(now=NOW + DAYS, probes=[VAMBE.name])
    finish(probe, attempt, now=NOW + DAYS)
    assert known(database, VAMBE.name).state == "open"
    assert len(claim(now=NOW + DAYS)) == 2


def test_probe_that_meets_a_failing_vendor_says_nothing(
    parked, claim, finish, database
):
    """A vendor that is down does not tell whether the credentials are right."""
    (probe,) = claim(now=NOW + DAYS, probes=[VAMBE.name])
    finish(probe, FAILED, now=NOW + DAYS)
    assert known(database, VAMBE.name).state == "parked"


def test_success_of_a_call_from_before_resumes_nothing(add, claim, finish, database):
    """Of two calls under way, the one that is refused parks; the other was made with who knows which credentials."""
    add("t1"), add("t2")
    first, second = claim()
    finish(first, REFUSED, now=NOW + timedelta(seconds=1))
    finish(second, now=NOW + timedelta(seconds=2))
    assert known(database, VAMBE.name).state == "parked"


def forbid(add, claim, finish, *tickets):
    """A 403 for one delivery of each of these tickets; the deliveries."""
    ids = []
    for ticket in tickets:
        ids.append(add(ticket))
        (item,) = claim()
        finish(item, FORBIDDEN)
    return ids


def test_three_forbidden_lanes_are_the_credential(add, claim, finish, database):
    """The third 403 in a row parks, and what the first two ended waits again with no attempt used up.

    Without conclude._forbidden all three stay dead.
    """
    ids = forbid(add, claim, finish, "t1", "t2", "t3")
    assert known(database, VAMBE.name).state == "parked"
    rows = [row(database, id) for id in ids]
    assert [(one.state, one.attempts) for one in rows] == [("waiting", 0)] * 3
    assert claim(now=NOW + DAYS) == []
    resume(database, NOW + DAYS)
    assert [item.id for item in claim(now=NOW + DAYS)] == ids


def test_one_forbidden_ticket_is_a_dead_letter(add, claim, finish, database):
    """Several times the same lane says nothing about the credential."""
    ids = forbid(add, claim, finish, "t1", "t1", "t1", "t2")
    assert [state(database, id) for id in ids] == ["dead"] * 4
    assert known(database, VAMBE.name).state == "open"


def test_success_between_clears_the_credential(add, claim, finish, database):
    """It may do something, so what is forbidden is about the tickets."""
    forbid(add, claim, finish, "t1", "t2")
    add("t4")
    (item,) = claim()
    finish(item)
    ids = forbid(add, claim, finish, "t3", "t5")
    assert [state(database, id) for id in ids] == ["dead"] * 2


def test_rule_that_judges_answers_itself_is_believed(add, claim, finish, database):
    """Where the rule says what a 403 means, three of them park nothing."""
    own = (Response(when="response.status == 403", do="fail"),)
    for ticket in ("t1", "t2", "t3"):
        id = add(ticket, responses=own)
        (item,) = claim()
        finish(item, FORBIDDEN)
        assert state(database, id) == "dead"


def test_forbidden_probe_stays_parked(add, claim, finish, database):
    """The probe of a connection that was parked for its 403s is not burnt by one more."""
    forbid(add, claim, finish, "t1", "t2", "t3")
    (probe,) = claim(now=NOW + DAYS, probes=[VAMBE.name])
    finish(probe, FORBIDDEN, now=NOW + DAYS)
    assert state(database, probe.id) == "waiting"
    assert known(database, VAMBE.name).state == "parked"


def test_what_waits_for_a_parked_connection_is_known(parked, database):
    """A worker learns which connections it could try, with the references to their secrets."""
    with database.read() as connection:
        assert queue.parked(connection) == {VAMBE.name: [VAMBE]}
