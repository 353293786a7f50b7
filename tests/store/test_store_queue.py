"""The queue: claims in lane order, leases, and what a finished attempt leaves behind."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from queueing import CALL, DEAD, HELD, LEASE, ODD, VAMBE, made, state
from running import NOW

from bridge.model import Response, Retries
from bridge.store import Database, deliveries, views
from bridge.store.queue import claims as queue
from bridge.store.queue import leases


def test_claimed_delivery_is_what_was_rendered(add, claim):
    """The call, the connection with its references and the retries come back exactly as they were stored."""
    retries = Retries(max_attempts=3, max_age=60, on_ambiguous="hold")
    add(retries=retries)
    (item,) = claim()
    assert (item.call, item.connection, item.retries) == (CALL, VAMBE, retries)
    assert item.responses == ()


def test_claimed_delivery_knows_its_responses(add, claim, database):
    """In their order, whether it is claimed or taken over: they judge its answers whatever became of its rule."""
    responses = (
        Response(when="response.status == 404", do="retry", note="may heal: “später”"),
        Response(when="true", do="ignore"),
    )
    add(responses=responses)
    (item,) = claim()
    later = NOW + LEASE + timedelta(seconds=1)
    (taken,) = database.write(
        lambda c: leases.take_over(c, "other", later, later + LEASE)
    )
    assert item.responses == taken.responses == responses


def test_claimed_delivery_is_not_claimed_again(add, claim):
    """A lease keeps others away."""
    add()
    assert len(claim("one")) == 1
    assert claim("two") == []


def test_lane_goes_one_at_a_time_in_order(add, claim, finish):
    """The second delivery of a ticket waits until the first is finished."""
    first, second = add("t1"), add("t1")
    (item,) = claim()
    assert item.id == first
    assert claim() == []
    finish(item)
    assert [item.id for item in claim()] == [second]


def test_lanes_do_not_wait_for_each_other(add, claim):
    """Deliveries of different tickets are claimed together."""
    ids = [add("t1"), add("t2"), add("t3")]
    assert [item.id for item in claim()] == ids


@pytest.mark.parametrize("blocking", [ODD, HELD])
def test_unfinished_delivery_blocks_its_lane(add, claim, finish, blocking):
    """A delivery that is retried later or held lets nothing of its lane overtake it."""
    add("t1"), add("t1")
    (item,) = claim()
    finish(item, blocking, delay=300)
    assert claim() == []


def test_dead_letter_frees_its_lane(add, claim, finish):
    """What will not be tried again stops nothing."""
    add("t1")
    second = add("t1")
    (item,) = claim()
    finish(item, DEAD)
    assert [item.id for item in claim()] == [second]


def test_retry_is_not_due_before_its_time(add, claim, finish):
    """A rescheduled delivery is claimed at due_at, and knows how often it was tried."""
    add()
    (item,) = claim()
    due = NOW + timedelta(seconds=5)
    finish(item, ODD, delay=5)
    assert claim(now=due - timedelta(seconds=1)) == []
    (again,) = claim(now=due)
    assert again.attempts == 1


def test_held_delivery_is_not_claimed(add, claim, database):
    """What waits for a person is not sent."""
    id = add(hold="amount over the limit")
    assert claim() == []
    assert state(database, id) == "held"


def test_shadow_delivery_is_recorded_and_never_sent(add, claim, database):
    """Shadow mode leaves the rendered call to look at."""
    id = add(shadow=True)
    assert claim() == []
    assert state(database, id) == "shadow"


def test_rule_that_is_off_holds_what_waits(add, claim):
    """Deliveries of a rule in mode off stay where they are until it is on again."""
    add()
    assert claim(off=["r"]) == []
    assert len(claim()) == 1


def test_attempt_of_a_lost_lease_is_not_written(add, claim, finish, database):
    """A worker that wakes after its delivery was taken over may write nothing."""
    id = add()
    (item,) = claim("slept")
    later = NOW + LEASE + timedelta(seconds=1)
    taken = database.write(lambda c: leases.take_over(c, "awake", later, later + LEASE))
    assert [one.id for one in taken] == [id]
    assert finish(item) is None
    assert state(database, id) == "sending"
    with database.read() as connection:
        assert views.attempts_of(connection, id) == []


def test_renewed_lease_is_not_taken_over(add, claim, database):
    """A call that takes long keeps its delivery as long as its worker renews."""
    add()
    (item,) = claim("busy")
    later = NOW + LEASE + timedelta(seconds=1)
    database.write(lambda c: leases.renew(c, [item], later + LEASE))
    taken = database.write(lambda c: leases.take_over(c, "other", later, later + LEASE))
    assert taken == ()


def test_worker_is_not_the_owner_of_its_own_later_claim(add, claim, finish, database):
    """What an old call of the same worker brings is not written onto the delivery's next claim."""
    add()
    (old,) = claim("me")
    later = NOW + LEASE + timedelta(seconds=1)
    (lost,) = database.write(
        lambda c: leases.take_over(c, "other", later, later + LEASE)
    )
    finish(lost, ODD, delay=0)
    (new,) = claim("me")
    assert finish(old) is None
    assert finish(new) is not None


def test_retried_dead_letter_waits_for_what_is_being_sent(add, claim, finish, database):
    """Two calls of one lane are never under way together, whichever of them is older."""
    first = add("t1")
    add("t1")
    (item,) = claim()
    finish(item, DEAD)
    (second,) = claim()
    database.write(
        lambda c: deliveries.change_state(
            c, first, ("dead",), "waiting", "retried", NOW
        )
    )
    assert claim() == []
    finish(second)
    assert [one.id for one in claim()] == [first]


def test_two_claimers_never_get_the_same_delivery(add, database):
    """However many workers claim at once, each delivery goes to one. Without one_at_a_time PostgreSQL fails this."""
    wide = replace(VAMBE, options={"country": "CL", "concurrency": 99})
    ids = [add(f"t{number}", connection=wide) for number in range(20)]
    url = database.url.render_as_string(hide_password=False)
    got, barrier = [], threading.Barrier(4)

    def work(name):
        own = Database(url)
        barrier.wait()
        for turn in range(5):
            mine = f"{name}-{turn}"
            got.extend(own.write(lambda c: queue.claim(c, mine, NOW, LEASE, 3)).items)
        own.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(item.id for item in got) == ids


def test_stale_update_is_skipped(add, claim, finish, database):
    """With stale: skip an update older than the newest delivered one of its lane and rule is not sent."""
    add(at=NOW, stale="skip")
    (item,) = claim()
    finish(item)
    older = add(at=NOW - timedelta(seconds=1), stale="skip")
    same = add(at=NOW, stale="skip")
    assert [item.id for item in claim()] == []  # the older one is skipped in this claim
    assert state(database, older) == "skipped"
    assert [item.id for item in claim()] == [same]


def test_replacement_call_is_what_is_sent_next(add, claim, finish):
    """Where a part was applied, only what is left is sent again."""
    add()
    (item,) = claim()
    rest = replace(CALL, body=b'{"newLevel":"x"}')
    finish(item, made(200, "retry", "partial", call=rest), delay=0)
    (again,) = claim()
    assert again.call == rest


def test_same_idempotency_key_is_kept_but_not_sent(add, claim, database):
    """A second delivery with the key of an earlier one of its rule is visible as skipped."""
    add("t1", idempotency_key="once")
    second = add("t2", idempotency_key="once")
    assert state(database, second) == "skipped"
    assert len(claim()) == 1


def test_look_agrees_with_claim(add, claim, database):
    """The cheap look before a claim says no exactly when a claim would find nothing."""

    def due():
        with database.read() as connection:
            return queue.look(connection, NOW).due

    assert due() is False
    add("t1"), add("t1")
    assert due() is True
    claim()
    assert due() is False


def test_a_person_moves_what_may_be_moved(add, database):
    """Held and dead deliveries go on with fresh attempts; others stay as they are."""
    id = add(hold="because")

    def change(allowed, to):
        return database.write(
            lambda c: deliveries.change_state(c, id, allowed, to, "by a person", NOW)
        )

    assert change(("dead",), "waiting") is False
    assert change(("held",), "waiting") is True
    assert state(database, id) == "waiting"
