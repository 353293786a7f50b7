"""Attempts that share a commit come to the same as if each had been recorded alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from queueing import (
    FAILED,
    FORBIDDEN,
    HELD,
    REFUSED,
    SENT,
    VAMBE,
    known,
    made,
    row,
    state,
)
from running import NOW
from sqlalchemy import select

from bridge.store.queue import attempts, connections, lanes
from bridge.store.tables import attempts as attempts_table
from bridge.store.tables import connections as connections_table
from bridge.store.tables import deliveries, events, lane_marks, ledger

LATER = NOW + timedelta(seconds=20)
WIDE = [
    replace(VAMBE, name=name, options={"country": "CL", "concurrency": 50})
    for name in ("one", "two")
]
SLOWER = made(503, "retry", asks=90)
ENDINGS = (SENT, FAILED, SLOWER, FORBIDDEN, REFUSED)


class Undone(Exception):
    """Takes a transaction back."""


def _everything(connection):
    """All that an attempt leaves behind, without the numbers of rows."""
    left = {}
    for table in (attempts_table, connections_table, deliveries, lane_marks, ledger):
        columns = [column for column in table.c if column.name != "id"]
        if table is deliveries:
            # `behind` is a note, which only must not outlive what it waits for.
            columns = [column for column in table.c if column.name != "behind"]
            assert lanes.stranded(connection) == []
        rows = connection.execute(select(*columns)).all()
        left[table.name] = sorted(map(repr, rows))
    query = select(events.c.id, events.c.state, events.c.outcome, events.c.fetched)
    left["events"] = sorted(map(repr, connection.execute(query)))
    return left


def _left(database, parked, work):
    """What `work` returns and leaves behind, some connections being parked; all of it is taken back."""
    since = NOW + timedelta(seconds=5)
    with pytest.raises(Undone) as caught, database.transaction() as connection:
        for name in sorted(parked):
            connections.park(connection, name, "x", since)
        done = work(connection)
        raise Undone(done, _everything(connection))
    return caught.value.args


def _made(item, attempt, after_parking, lost):
    """What one attempt came to."""
    if after_parking:
        item = replace(item, claimed_at=NOW + timedelta(seconds=10))
    if lost == 0:
        item = replace(item, owner="somebody else")
    if item.look_up is not None and attempt is SENT:
        attempt = replace(attempt, fetched=attempt.answer)
    return item, attempt


def _alone(connection, made):
    return [done for one in made for done in _together(connection, [one])]


def _together(connection, made):
    return attempts.finish_all(connection, made, LATER, chance=lambda: 0.5)


def test_attempts_come_to_the_same_together_as_one_by_one(database, add, claim):
    """In every order: parked, forbidden, failed, delivered, of a lease that was lost, of a probe, of a look-up.

    Fails when finish_all parks connections after it learned from all attempts, and when it writes what waits before it
    learned from the attempts before it.
    """
    for number in range(8):
        add(f"t{number}", connection=WIDE[number % 2])
        add(f"t{number}", connection=WIDE[number % 2])  # waits behind it
    for number in range(2):
        add(f"l{number}", connection=WIDE[number % 2], look_up=0)
    claimed = claim()
    claim()  # notes what waits
    assert len(claimed) == 10

    ended = st.tuples(st.sampled_from(ENDINGS), st.booleans(), st.integers(0, 9))

    @settings(
        max_examples=20,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        order=st.permutations(claimed),
        endings=st.lists(ended, min_size=1, max_size=10),
        parked=st.sets(st.sampled_from(["one", "two"])),
    )
    def same(order, endings, parked):
        made = [_made(item, *ending) for item, ending in zip(order, endings)]
        done, left = _left(database, parked, lambda c: _together(c, made))
        expected, alone = _left(database, parked, lambda c: _alone(c, made))
        assert done == expected
        assert left == alone

    same()


def test_every_403_of_one_commit_waits_once_the_connection_is_parked(
    database, add, claim
):
    """The third lane in a row parks it: what was forbidden before waits again, and what comes after is not burnt.

    Fails when the connection is parked only after all of them were looked at.
    """
    ids = [add(f"t{number}") for number in range(4)]
    made = [(item, FORBIDDEN) for item in claim()]
    done = database.write(lambda c: attempts.finish_all(c, made, NOW))
    assert [after.parks for after in done] == [False, False, True, True]
    assert [state(database, id) for id in ids] == ["waiting"] * 4
    assert known(database, VAMBE.name).state == "parked"


def test_what_waits_again_keeps_its_key(database, add, claim):
    """Nobody else may take it: all three of one commit are sent again once the connection goes on.

    Fails when finish_all lets go of the key of whatever ended in it.
    """
    ids = [add(f"t{number}") for number in range(3)]
    forbidden = [(item, FORBIDDEN) for item in claim()]
    database.write(lambda c: attempts.finish_all(c, forbidden, NOW) and None)
    assert all(row(database, id).idempotency_key for id in ids)


def test_accepted_probe_opens_what_an_older_call_found_closed(database, add, claim):
    """A 401 of a call from before the parking does not close it again, when the probe's success comes after it.

    Fails when the connection is parked only after both were looked at.
    """
    add("t1")
    add("t2")
    first, second = claim()
    since = NOW + timedelta(seconds=5)
    database.write(lambda c: connections.park(c, VAMBE.name, "x", since))
    probe = replace(second, claimed_at=NOW + timedelta(seconds=10))
    made = [(first, REFUSED), (probe, SENT)]
    database.write(lambda c: attempts.finish_all(c, made, LATER) and None)
    assert known(database, VAMBE.name).state == "open"


def test_old_and_new_owner_of_one_delivery_in_one_commit(database, add, claim):
    """A worker that wakes after its delivery was taken over writes nothing, and the other all the same."""
    id = add("t1")
    (mine,) = claim()
    old = replace(mine, owner="somebody before")
    made = [(old, SENT), (mine, HELD), (old, SENT)]
    done = database.write(lambda c: attempts.finish_all(c, made, NOW))
    assert [one and one.state for one in done] == [None, "held", None]
    assert state(database, id) == "held"
