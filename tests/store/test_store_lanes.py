"""Lanes: whatever happens to deliveries, each lane goes one at a time in order, and none ever stands still."""

import random
import secrets
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from queueing import DEAD, HELD, LEASE, ODD, SENT, row, state
from running import NOW

from bridge.state import UNFINISHED
from bridge.store import deliveries
from bridge.store.queue import lanes, leases


def person(database, id, allowed, to):
    return database.write(
        lambda c: deliveries.change_state(c, id, allowed, to, "by a person", NOW)
    )


def test_what_waits_behind_is_looked_at_once(add, claim, database):
    """A claim notes what it saw behind another delivery of the lane, so that the next claim need not look again."""
    add("t1")
    second = add("t1")
    claim()
    assert row(database, second).behind


@pytest.mark.parametrize("attempt", [SENT, DEAD])
def test_finished_delivery_lets_the_next_one_come(
    add, claim, finish, database, attempt
):
    """In the transaction that ends the first one. Without lanes.advance in attempts._record this fails."""
    add("t1")
    second, third = add("t1"), add("t1")
    (item,) = claim()
    finish(item, attempt)
    assert [row(database, id).behind for id in (second, third)] == [False, True]
    assert [one.id for one in claim()] == [second]


def test_cancelled_delivery_lets_the_next_one_come(add, claim, finish, database):
    """A person who drops what is held sets its lane going."""
    first, second = add("t1"), add("t1")
    (item,) = claim()
    finish(item, HELD)
    assert person(database, first, ("held",), "cancelled")
    assert [one.id for one in claim()] == [second]


def test_stale_delivery_lets_the_next_one_come(add, claim, finish):
    """One that is skipped in a claim stops nobody in the next."""
    add("t1", at=NOW, stale="skip")
    (item,) = claim()
    add("t1", at=NOW - timedelta(1), stale="skip")
    last = add("t1", at=NOW, stale="skip")
    assert claim() == []
    finish(item)
    assert claim() == []
    assert [one.id for one in claim()] == [last]


def test_lane_that_stands_still_is_found(add, claim, database):
    """What an older release leaves noted at the front of its lane is set free by a worker's round."""
    id = add("t1")
    database.write(lambda c: c.exec_driver_sql("UPDATE deliveries SET behind = true"))
    assert claim() == []
    with database.read() as connection:
        assert lanes.stranded(connection) == [id]
    database.write(lambda c: lanes.free(c, [id]))
    assert [item.id for item in claim()] == [id]


def test_nothing_is_stranded_behind_what_is_on_its_way(add, claim, database):
    """What has a reason to wait is left alone, also behind a younger one that is being sent."""
    add("t1"), add("t1")
    claim()
    with database.read() as connection:
        assert lanes.stranded(connection) == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "claim", "done", "again", "dead", "hold", "lost", "person"]
        ),
        st.integers(0, 7),
    ),
    max_size=25,
)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_any_history_keeps_lanes_in_order_and_going(
    database, add, claim, finish, steps
):
    """Random histories: two calls of a lane are never under way together, none overtakes, and in the end all is done.

    Without BLOCKER's second half, or without advance anywhere, a history is found that breaks it.
    """
    play = Play(database, add, claim, finish)
    for what, number in steps:
        play.step(what, number)
    play.finish_everything()


class Play:
    """One history: what was added, what is being sent, and the checks after each step."""

    def __init__(self, database, add, claim, finish):
        self.database, self.add, self.claim, self.finish = database, add, claim, finish
        self.now, self.sending, self.ids = NOW, [], []
        self.name = secrets.token_hex(4)  # examples share a store, not lanes

    def step(self, what, number):
        self.now += timedelta(seconds=number)
        if what == "add":
            self.ids.append(self.add(f"{self.name}-{number % 3}"))
        elif what == "claim":
            self.take()
        elif what == "person":
            self.move(number)
        elif what == "lost":
            self.lose()
        elif self.sending:
            item = self.sending.pop(number % len(self.sending))
            made = {"done": SENT, "again": ODD, "dead": DEAD, "hold": HELD}[what]
            self.finish(item, made, now=self.now)

    def take(self):
        before = self.rows()
        for item in self.claim(now=self.now, chance=random.Random(0).random):
            lane = [one for one in before if one.lane == item.lane]
            assert not any(one.state == "sending" for one in lane)
            older = [one.state for one in lane if one.id < item.id]
            assert not set(older) & set(UNFINISHED)
            self.sending.append(item)

    def move(self, number):
        if not self.ids:
            return
        id = self.ids[number % len(self.ids)]
        found = state(self.database, id)
        to = "cancelled" if number % 2 and found == "held" else "waiting"
        if found in ("held", "dead"):
            person(self.database, id, (found,), to)

    def lose(self):
        self.now += LEASE + timedelta(seconds=1)
        until = self.now + LEASE
        taken = self.database.write(
            lambda c: leases.take_over(c, f"o{self.now}", self.now, until)
        )
        self.sending = list(taken)

    def rows(self):
        return [row(self.database, id) for id in self.ids]

    def finish_everything(self):
        for _ in range(len(self.ids) * 3 + 3):
            self.now += timedelta(minutes=1)
            for one in self.rows():
                if one.state == "held":
                    person(self.database, one.id, ("held",), "waiting")
            self.take()
            for item in self.sending:
                self.finish(item, now=self.now)
            self.sending = []
        assert not any(one.state in UNFINISHED for one in self.rows())
