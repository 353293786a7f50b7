"""Idempotency keys: used up by what a vendor has or may have, let go by everything else."""

import threading

import pytest
from queueing import FAILED, FORBIDDEN, HELD, SENT, made, row
from running import NOW

from bridge.store import deliveries

LOST = made(None, "unknown", "timeout", settled="dead")


@pytest.fixture
def key(add):
    """Adds a delivery of one and the same key, each for a ticket of its own."""

    def key(ticket, **changes):
        return add(ticket=ticket, **{"idempotency_key": "k", **changes})

    return key


def shown(database, id):
    found = row(database, id)
    return found.state, found.code, found.reason


def cancelled(database, id):
    return database.write(
        lambda c: deliveries.change_state(
            c, id, ("waiting", "held", "dead"), "cancelled", "no", NOW
        )
    )


def again(database, id):
    return database.write(
        lambda c: deliveries.change_state(c, id, ("dead",), "waiting", "once more", NOW)
    )


@pytest.mark.parametrize(
    "attempt",
    [SENT, HELD, LOST],
)
def test_what_the_vendor_may_have_uses_its_key_up(
    key, claim, finish, database, attempt
):
    """Delivered, held for an unknown outcome, or dead after one: the next one is skipped, and names it."""
    first = key("a")
    (item,) = claim()
    finish(item, attempt)
    state, code, reason = shown(database, key("b"))
    assert (state, code) == ("skipped", "same_key")
    assert f"delivery {first} " in reason


def test_what_waits_or_is_being_sent_uses_its_key_up(key, claim, database):
    """Two of one key are never on their way together."""
    key("a")
    assert shown(database, key("b"))[0] == "skipped"
    claim()
    assert shown(database, key("c"))[0] == "skipped"


def test_what_was_refused_lets_its_key_go(key, claim, finish, database):
    """A dead letter that the vendor certainly does not have uses nothing up."""
    first = key("a")
    (item,) = claim()
    finish(item, FORBIDDEN)
    assert shown(database, first)[0] == "dead"
    assert shown(database, key("b"))[0] == "waiting"


def test_what_was_cancelled_lets_its_key_go(key, database):
    """Nobody sent it, so the next one goes."""
    assert cancelled(database, key("a"))
    assert shown(database, key("b"))[0] == "waiting"


def test_what_was_cancelled_after_an_unknown_outcome_keeps_its_key(
    key, claim, finish, database
):
    """A person who gives up does not know either whether the vendor has it."""
    first = key("a")
    (item,) = claim()
    finish(item, HELD)
    assert cancelled(database, first)
    assert shown(database, key("b"))[0] == "skipped"


def test_a_rehearsal_uses_nothing_up(key, database):
    """What mode shadow renders is sent by nobody."""
    assert shown(database, key("a", shadow=True))[0] == "shadow"
    assert shown(database, key("b"))[0] == "waiting"


def test_what_is_skipped_uses_nothing_up(key, claim, finish, database):
    """An update that came too late leaves its key to another one."""
    newer = key("a", idempotency_key="other", at=NOW, stale="skip")
    (item,) = claim()
    finish(item)
    assert item.id == newer
    old = key("a", at=NOW.replace(year=NOW.year - 1), stale="skip")
    claim()
    assert shown(database, old)[:2] == ("skipped", "stale")
    assert shown(database, key("b"))[0] == "waiting"


def test_a_dead_letter_needs_its_key_to_be_sent_again(key, claim, finish, database):
    """Whoever comes second waits for a person: a retry does not send what another one sent meanwhile."""
    first = key("a")
    (item,) = claim()
    finish(item, FORBIDDEN)
    second = key("b")
    assert not again(database, first)
    assert cancelled(database, second)
    assert again(database, first)
    assert shown(database, key("c"))[0] == "skipped"


def test_a_retry_of_its_own_is_no_repetition(key, claim, finish, database):
    """What waits for its next try still has its key."""
    first = key("a")
    (item,) = claim()
    finish(item, FAILED)
    assert shown(database, first)[0] == "waiting"
    assert shown(database, key("b"))[0] == "skipped"


def test_two_at_once_are_one(key, database):
    """The database alone decides between deliveries that come together."""
    made = []
    threads = [
        threading.Thread(target=lambda n=n: made.append(key(f"t{n}"))) for n in range(8)
    ]
    key("warm", idempotency_key="another")  # the source's event is there
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = sorted(shown(database, id)[0] for id in made)
    assert states == ["skipped"] * 7 + ["waiting"]
