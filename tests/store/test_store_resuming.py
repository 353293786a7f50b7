"""What a person lets go on by a connection's name: an open breaker, a vendor's own wait, a parked account."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from queueing import FAILED, REFUSED, VAMBE, known, made
from running import NOW

from bridge import tenants
from bridge.breaker import CLOSED
from bridge.store.queue import resuming

SECOND = timedelta(seconds=1)
SOON = NOW + SECOND
HALF = 1800  # an hour's half, in seconds


def named(name, host="vambe.example.com"):
    options = {"base_url": f"https://{host}", "concurrency": 9}
    return tenants.named(replace(VAMBE, name=name, options=options), {})


DOWN, RENAMED = named("vambe-cl"), named("vambe-chile")
ELSEWHERE = named("vambe-test", "test.example.com")


@pytest.fixture
def put(add):
    """Adds an update of a ticket through a connection."""

    def put(connection, ticket, **changes):
        lane = f"{connection.tenant}/{ticket}"
        return add(ticket, connection=connection, lane=lane, **changes)

    return put


@pytest.fixture
def broken(put, claim, finish, database):
    """Breaks a tenant by five failures, to be tried again after an hour; the ids of the five."""

    def broken(connection=DOWN):
        ids = [put(connection, f"t{number}") for number in range(5)]
        for item in claim():
            finish(item, FAILED, delay=3600)
        assert known(database, connection.tenant).broken_at == NOW
        return ids

    return broken


@pytest.fixture
def goes_on(database):
    def goes_on(name, now=SOON):
        return database.write(lambda c: resuming.resume_named(c, name, now))

    return goes_on


def closed(database, connection=DOWN):
    """Whether nothing is remembered of a tenant's failures."""
    row = known(database, connection.tenant)._mapping
    return {key: row[key] for key in asdict(CLOSED)} == asdict(CLOSED)


def test_an_open_breaker_is_closed(broken, put, claim, goes_on, database):
    """All that waits goes at once, in lane order, with the attempts it made; the time behind the breaker is no age."""
    ids = broken()
    behind = put(DOWN, "t0")
    assert claim(now=SOON) == []
    assert goes_on(DOWN.name)
    assert closed(database)
    found = claim(now=SOON)
    assert {item.id for item in found} == {*ids}
    assert behind not in {item.id for item in claim(now=SOON)}
    assert {item.attempts for item in found} == {1}
    assert {item.age for item in found} == {timedelta(0)}
    assert not goes_on(DOWN.name)


def test_a_half_open_breaker_is_closed(broken, claim, finish, goes_on, database):
    """What waits does not wait for the probe that is under way, whose failure then is the first one of a closed one."""
    broken()
    hour = timedelta(hours=1)
    (probe,) = claim(now=NOW + hour)
    finish(probe, FAILED, now=NOW + hour, delay=3600)
    later = NOW + 2 * hour
    (probe,) = claim(now=later)
    assert claim(now=later) == []
    assert goes_on(DOWN.name, later)
    assert len(claim(now=later)) == 4
    finish(probe, FAILED, now=later + SECOND)
    row = known(database, DOWN.tenant)
    assert (row.broken_at, row.failures) == (None, 1)


def test_a_vendor_that_is_still_down_breaks_again(broken, claim, finish, goes_on):
    """A person's word opens the way once: five failures close it as before."""
    broken()
    assert goes_on(DOWN.name)
    for item in claim(now=SOON):
        finish(item, FAILED, now=SOON)
    assert claim(now=SOON + 9 * SECOND) == []
    assert len(claim(now=SOON + 10 * SECOND)) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_what_a_vendor_asked_for_is_ended(
    put, claim, finish, goes_on, database, status
):
    """After a Retry-After of half an hour a person need not wait for it; the delivery keeps its age."""
    ids = [put(DOWN, "t0"), put(DOWN, "t1")]
    (item,) = claim(limit=1)
    finish(item, made(status, "retry", asks=HALF))
    assert claim(now=SOON) == []
    assert goes_on(DOWN.name)
    found = {item.id: item.age for item in claim(now=SOON)}
    assert found == {ids[0]: SECOND, ids[1]: timedelta(0)}


def test_an_open_breaker_and_what_its_vendor_asked_for_both_end(
    put, claim, finish, goes_on
):
    """The longer one would keep the connection stopped."""
    for number in range(5):
        put(DOWN, f"t{number}")
    for item in claim():
        finish(item, made(503, "retry", asks=HALF))
    assert goes_on(DOWN.name)
    assert len(claim(now=SOON)) == 5


def test_any_name_of_the_address_closes_it(broken, put, goes_on, database):
    """The breaker is the address's, so each connection to it is a name for it; another address's stays open."""
    broken(), broken(ELSEWHERE)
    put(RENAMED, "a")
    assert not goes_on("another")
    assert goes_on(RENAMED.name)
    assert closed(database)
    assert known(database, ELSEWHERE.tenant).broken_at == NOW


def test_parked_and_broken_go_on_together(broken, put, claim, finish, goes_on):
    """One command is enough, and each is stopped by neither then."""
    put(DOWN, "p")
    (item,) = claim()
    finish(item, REFUSED)
    assert goes_on(DOWN.name, NOW)
    (item,) = claim()
    broken()
    finish(item, REFUSED)
    assert claim(now=SOON) == []
    assert goes_on(DOWN.name)
    assert len(claim(now=SOON)) == 6


def test_a_rate_is_no_wait_that_a_person_ends(put, claim, finish, goes_on, database):
    """A connection in good health says that nothing was stopped, and its calls stay as far apart."""
    paced = tenants.named(replace(VAMBE, options={**DOWN.options, "rate": "0.1"}), {})
    put(paced, "t0"), put(paced, "t1")
    (item,) = claim()
    finish(item)
    before = known(database, paced.tenant).next_at
    assert before > SOON
    assert not goes_on(paced.name)
    assert known(database, paced.tenant).next_at == before
    assert claim(now=SOON) == []
