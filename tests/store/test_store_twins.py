"""Two events under one id that came in one request: both are kept, and known again however they come again."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
import receiving
from sqlalchemy import select

from bridge.store import events
from bridge.store.tables import events as rows


def event(digest, id="a", source="s"):
    return receiving.event(id, digest, source)


def take(database, *received):
    return database.write(
        lambda connection: events.accept(connection, receiving.request(), received)
    )


def stored(database):
    with database.read() as connection:
        query = select(rows.c.digest, rows.c.conflicts).order_by(rows.c.id)
        return [tuple(row) for row in connection.execute(query)]


A, B, C = event("digest-a"), event("digest-b"), event("digest-c")
SHIPMENTS = [(A,), (B,), (A, B), (B, A), (C, A), (A, B, C), (C, B, A)]


@pytest.mark.parametrize("order", [(A, B), (B, A), (A, B, C), (C, A, B)])
def test_twins_are_kept_and_known_however_they_come_again(database, order):
    """Each has a row of its own; alone, beside others and in any order it is that row, and no conflict."""
    first = take(database, *order)
    assert first.new == len(set(first.ids)) == len(order)
    row = dict(zip((one.digest for one in order), first.ids))
    for shipment in SHIPMENTS:
        if all(one in order for one in shipment):
            again = take(database, *shipment)
            assert again.ids == tuple(row[one.digest] for one in shipment)
            assert (again.new, again.conflicts) == (0, 0)


@pytest.mark.parametrize(
    "alone, together", [*itertools.product((A, B), ((A, B), (B, A)))]
)
def test_a_twin_that_came_alone_before_is_no_second_event(database, alone, together):
    """Whichever of the two came first: the pair then adds the other one alone."""
    first = take(database, alone)
    both = take(database, *together)
    assert (both.new, both.conflicts) == (1, 0)
    assert both.ids[together.index(alone)] == first.ids[0]
    assert len(stored(database)) == 2


def test_what_never_came_together_is_a_conflict(database):
    """Another body under the id of an event is no event; so it stays beside an event of another id or source."""
    take(database, A)
    second = take(database, B, event("digest-b", id="b"), event("digest-b", source="z"))
    assert (second.new, second.conflicts) == (2, 1)
    assert stored(database)[0] == ("digest-a", 1)


def test_an_event_that_is_named_like_a_twin_is_not_taken_for_it(database):
    """The name of a twin holds its content: an event of that very id and another content is a conflict there."""
    take(database, A, B)
    odd = event("digest-x", id=f"a:{B.digest[:16]}")
    assert take(database, odd).conflicts == 1
    assert [digest for digest, _ in stored(database)] == ["digest-a", "digest-b"]


def test_twins_that_come_at_once_are_two_events(database):
    """Receivers that take the pair at the same moment, in both orders, make two rows together."""
    with ThreadPoolExecutor(6) as threads:
        orders = [(A, B), (B, A), (B,)] * 4
        done = list(threads.map(lambda order: take(database, *order), orders))
    assert sum(one.new for one in done) == len(stored(database)) == 2
