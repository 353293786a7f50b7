"""Coalescing: what a newer update of the same rule replaces whole is not sent, and nothing else is dropped."""

from dataclasses import replace
from datetime import timedelta

import pytest
from queueing import CALL, HELD, ODD, REFUSED, UNKNOWN, row, state
from running import NOW

from bridge.store import deliveries

SECOND = timedelta(seconds=1)


@pytest.fixture
def update(add):
    """Adds an update that may be coalesced, of some fields."""

    def update(*names, **changes):
        fields = dict.fromkeys(names or ("amount",), 1)
        return add(**{"fields": fields, "coalesce": True, **changes})

    return update


def sent(claim, finish, rounds=6):
    """The ids of what is sent, in order, until nothing is due."""
    found = []
    for _ in range(rounds):
        for item in claim():
            found.append(item.id)
            finish(item)
    return found


def test_older_update_is_superseded(update, claim, finish, database):
    """Of those that wait only the newest is sent, and each other one names it."""
    ids = [update() for _ in range(4)]
    assert sent(claim, finish) == [ids[-1]]
    old = row(database, ids[0])
    assert (old.state, old.code) == ("skipped", "superseded")
    assert f"delivery {ids[-1]} " in old.reason


def test_fields_that_the_newer_one_lacks_are_sent(update, claim, finish):
    """An update that sets more than a newer one is not replaced by it."""
    both, one = update("amount", "stage"), update("amount")
    wide = update("amount", "note")
    assert sent(claim, finish) == [both, wide]
    assert one not in (both, wide)


@pytest.mark.parametrize(
    ("older", "newer", "replaced"),
    [
        ({"body": {"a": 1}}, {"body": {"b": 1}}, False),
        ({"body": {"a": 1}}, {"body": {"a": 2, "b": 1}}, True),
        ({"body": {"a": {"x": 1}}}, {"body": {"a": {"y": 1}}}, False),
        ({"body": {"a": {"x": 1}}}, {"body": {"a": 1}}, False),
        ({"body": {"a": [1, 2]}}, {"body": {"a": [3]}}, True),
        ({"body": {"a": {}}}, {"body": {"a": {"x": 1}}}, False),
        ({"body": "a"}, {"body": "b"}, True),
    ],
)
def test_every_leaf_counts(update, claim, finish, older, newer, replaced):
    """What stands inside a field is compared too: a newer update replaces only what it sets itself."""
    first, second = update(fields=older), update(fields=newer)
    assert sent(claim, finish) == ([second] if replaced else [first, second])


@pytest.mark.parametrize(
    "changes", [{"method": "PUT"}, {"path": "/other"}, {"query": (("a", "2"),)}]
)
def test_another_address_is_another_update(update, claim, finish, changes):
    """Two calls of one lane that go to two addresses, or by two methods, do not stand for each other."""
    first = update()
    second = update(call=replace(CALL, **changes))
    assert sent(claim, finish) == [first, second]


def test_off_by_default(add, claim, finish):
    """Without the key every update is sent."""
    ids = [add(), add()]
    assert sent(claim, finish) == ids


@pytest.mark.parametrize(
    "between",
    [
        {"rule": "r2"},
        {"ticket": "t9", "lane": "vambe-cl/t1"},
        {"operation": "vambe.update_stage"},
        {"coalesce": False},
        {"hold": "by a rule"},
    ],
)
def test_nothing_is_dropped_across_something_else(update, claim, finish, between):
    """Another rule's delivery in between, or one that is held, ends what may be replaced."""
    first = update()
    second = update(**between)
    update()
    (item,) = claim()
    assert item.id == first
    assert second


@pytest.mark.parametrize("attempt", [UNKNOWN, ODD])
def test_what_may_have_been_applied_is_sent_again(
    update, claim, finish, database, attempt
):
    """An update with an attempt behind it keeps its place, also after a person gave it fresh attempts."""
    first = update()
    (item,) = claim()
    finish(item, attempt, delay=0)
    update()
    assert [item.id for item in claim()] == [first]


def test_refused_for_its_credentials_may_be_replaced(update, claim, finish, database):
    """A 401 proves that nothing was applied."""
    first = update()
    (item,) = claim()
    finish(item, REFUSED)
    second = update()
    database.write(lambda c: c.exec_driver_sql("UPDATE connections SET state = 'open'"))
    assert sent(claim, finish) == [second]
    assert state(database, first) == "skipped"


def test_older_time_replaces_nothing(update, claim, finish):
    """An update that will be found stale must not take a newer one's place."""
    newer = update(at=NOW, stale="skip")
    update(at=NOW - SECOND, stale="skip")
    assert sent(claim, finish) == [newer]


def test_stale_against_what_was_delivered_replaces_nothing(update, claim, finish):
    """The lane's newest delivered time counts as well."""
    update(at=NOW, stale="skip")
    assert len(sent(claim, finish)) == 1
    forced = update(at=NOW - 2 * SECOND, stale="send")
    update(at=NOW - SECOND, stale="skip")
    assert sent(claim, finish) == [forced]


def test_being_sent_is_not_touched(update, claim, finish, database):
    """What is under way ends as it ends; what waits behind it may be replaced meanwhile."""
    first = update()
    (item,) = claim()
    second, third = update(), update()
    finish(item)
    assert state(database, first) == "delivered"
    assert sent(claim, finish) == [third]
    assert state(database, second) == "skipped"


def test_unknown_outcome_after_hold_is_sent(update, claim, finish, database):
    """A held one that a person releases was perhaps applied: it goes, although its attempts count from nothing."""
    first = update()
    (item,) = claim()
    finish(item, HELD)
    second = update()
    database.write(
        lambda c: deliveries.change_state(c, first, ("held",), "waiting", "go", NOW)
    )
    assert sent(claim, finish) == [first, second]
