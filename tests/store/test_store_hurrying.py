"""Waiting that a person ends: due now, in lane order, with the attempts and the age that it had."""

from datetime import timedelta

import pytest
from queueing import FAILED, row
from running import MAPPING, NOW
from sqlalchemy import update
from state_guard import by_hand

from bridge import mapping
from bridge.services import steer
from bridge.state import State
from bridge.store import audit, deliveries, replays, tables
from bridge.store.audit import By

ANA = By(person="ana", reason="it is back")
HOUR = timedelta(hours=1)


@pytest.fixture
def hurry(database):
    return lambda id, now=NOW: database.write(
        lambda c: deliveries.hurry(c, id, now, ANA)
    )


@pytest.fixture
def retry(database):
    """`bridge retry` of ids: what it says of each."""
    rules = mapping.build({"rules.yaml": MAPPING}).usable()
    return lambda *ids: steer.retry(database, ids, rules, "", ANA)


@pytest.fixture
def fail(claim, finish):
    """One attempt that failed, to be made again after an hour; its delivery."""

    def fail(now=NOW):
        (item,) = claim(now=now, limit=1)
        finish(item, FAILED, now=now, delay=3600)
        return item.id

    return fail


def test_what_waits_is_due_now(add, claim, fail, hurry, database):
    """It keeps attempts, age and reason, and says who hurried it."""
    add()
    id, later = fail(), NOW + HOUR / 2
    assert claim(now=later) == []
    assert hurry(id, later)
    found = row(database, id)
    assert (found.state, found.attempts, found.reason) == (
        "waiting",
        1,
        FAILED.outcome.reason,
    )
    assert (found.person, found.because) == ("ana", "it is back")
    (item,) = claim(now=later)
    assert (item.id, item.attempts, item.age) == (id, 1, HOUR / 2)


def test_hurrying_never_delays(add, claim, hurry, database):
    """What was due before stays due since then."""
    id = add()
    assert hurry(id, NOW + HOUR)
    assert row(database, id).due_at == NOW


def test_hurrying_overtakes_nothing(add, claim, fail, hurry):
    """One that stands behind another waits for it all the same, and follows it by itself."""
    add(), add()
    first = fail()
    second = first + 1
    assert hurry(second)
    assert claim() == []
    assert hurry(first)
    assert [item.id for item in claim()] == [first]


@pytest.mark.parametrize("state", [one for one in State if one is not State.WAITING])
def test_only_what_waits_is_hurried(add, hurry, database, state):
    """Everything else is as it was, its due time too."""
    id = add()
    mine = update(tables.deliveries).where(tables.deliveries.c.id == id)
    by_hand(database, lambda c: c.execute(mine.values(state=state)))
    before = row(database, id)
    assert not hurry(id, NOW - HOUR)
    assert row(database, id) == before


def test_what_is_being_sent_is_left_alone(add, claim, retry, database):
    """A retry is refused while the call is under way; its lease and its lane's next one are as they were."""
    id, behind = add(), add()
    claim()
    before = row(database, id)
    (done,) = retry(id)
    assert not done.ok
    assert done.message == "not retried: it is sending, not waiting or dead"
    assert row(database, id) == before
    assert retry(behind)[0].ok
    assert claim() == []


def test_its_own_key_does_not_stand_in_its_way(add, fail, retry):
    """What waits holds its idempotency key, which is no reason to refuse it."""
    add()
    assert retry(fail())[0].ok


def test_a_replay_that_waits_is_hurried(add, claim, finish, fail, retry, database):
    """It was asked for although the key of what it repeats is used up."""
    old = add()
    (item,) = claim()
    finish(item)
    database.write(lambda c: replays.repeat(c, old, ANA, NOW, force=False))
    (done,) = retry(fail())
    assert done.ok, done.message


def test_a_waiting_one_named_twice_is_hurried_once(add, fail, retry, database):
    """The audit trail counts deliveries, not words; one that was dead keeps its fresh start."""
    add()
    id = fail()
    assert [done.ok for done in retry(id, id)] == [True]
    with database.read() as connection:
        (act,) = audit.newest(connection, limit=9)
    assert act["subject"] == {"deliveries": [id]}
