"""Order, rate and breaker are the tenant's, parking is the account's; a connection's name is nobody's."""

from dataclasses import replace
from datetime import timedelta

import pytest
from queueing import FAILED, REFUSED, VAMBE, known, row, state
from running import NOW

from bridge import tenants
from bridge.model import SecretRef
from bridge.store import measures, pauses, specs
from bridge.store.audit import By
from bridge.store.pauses import Scope
from bridge.store.queue import backlogs
from bridge.store.queue import claims as queue
from bridge.store.queue import connections, relaning, resuming

ANA = By(person="ana", reason="a test")
SECOND = timedelta(seconds=1)


def named(name="vambe-cl", key="VAMBE_API_KEY", **options):
    one = replace(
        VAMBE,
        name=name,
        options=options,
        auth={"api_key": SecretRef(kind="env", name=key)},
    )
    return tenants.named(one, {})


OLD, RENAMED = named(), named("vambe-chile")
RATED = named("vambe-1a2b3c", rate=5)
OWN = named("vambe-cl-4d5e6f", key="ANOTHER_KEY")
ELSEWHERE = named("test", base_url="https://test.example.com")


@pytest.fixture
def put(add):
    """Adds an update of a ticket through a connection."""

    def put(connection, ticket="t1", **changes):
        lane = f"{connection.tenant}/{ticket}"
        return add(ticket, connection=connection, lane=lane, **changes)

    return put


@pytest.mark.parametrize("other", [RENAMED, RATED, OWN])
def test_an_edited_connection_overtakes_nothing(put, claim, finish, other):
    """What waits for its retry goes before what comes by another name, rate or credential; R-14."""
    old = put(OLD)
    (item,) = claim()
    finish(item, FAILED)
    new = put(other)
    assert claim() == []
    (item,) = claim(now=NOW + 5 * SECOND)
    assert item.id == old
    finish(item)
    assert [one.id for one in claim(now=NOW + 5 * SECOND)] == [new]


@pytest.mark.parametrize("other", [RENAMED, RATED, OWN])
def test_what_is_stale_stays_stale(put, claim, finish, database, other):
    """The mark of what was delivered is the ticket's, by whatever connection."""
    put(OLD, at=NOW, stale="skip")
    (item,) = claim()
    finish(item)
    late = put(other, at=NOW - SECOND, stale="skip")
    assert claim() == []
    assert state(database, late) == "skipped"


def test_a_parked_account_holds_its_lane_and_no_other(put, claim, finish, database):
    """A wrong token stops what it sends, what waits behind that in a lane, and nothing else of the tenant."""
    old = put(OLD)
    (item,) = claim()
    finish(item, REFUSED)
    behind, beside = put(OWN), put(OWN, "t2")
    assert [one.id for one in claim()] == [beside]
    assert claim() == []
    database.write(lambda c: connections.resume(c, OLD.account, NOW))
    (item,) = claim()
    assert item.id == old
    finish(item)
    assert [one.id for one in claim()] == [behind]


def test_a_parked_account_in_front_of_its_line_hides_no_other(
    put, claim, finish, database
):
    """A connection whose credential was edited keeps its name: what the old one sent does not stand in the way."""
    edited = named(key="ANOTHER_KEY")
    put(OLD)
    (item,) = claim()
    finish(item, REFUSED)
    for number in range(queue._LOOKS + 1):
        put(OLD, f"old-{number}")
    new = put(edited, "new")
    assert [one.id for one in claim()] == [new]


@pytest.mark.parametrize("called", [OLD, RENAMED])
def test_a_renamed_connection_stays_parked(put, claim, finish, database, called):
    """As long as it is the same credential; either name resumes it."""
    put(OLD)
    (item,) = claim()
    finish(item, REFUSED)
    new = put(RENAMED, "t2")
    assert claim() == []
    with database.read() as connection:
        assert set(queue.parked(connection)) == {OLD.account}
        assert measures.connection_states(connection)[OLD.name] == (True, False)
    assert not database.write(lambda c: resuming.resume_named(c, "another", NOW))
    assert database.write(lambda c: resuming.resume_named(c, called.name, NOW))
    assert new in {one.id for one in claim()}


def test_the_breaker_is_the_tenants(put, claim, finish, database):
    """A vendor that is down is down for every name and credential, and for no other tenant."""
    for number in range(5):
        put(OLD if number % 2 else OWN, f"t{number}", source=f"s{number}")
        for item in claim():
            finish(item, FAILED, delay=3600)
    assert known(database, OLD.tenant).broken_at == NOW
    put(RENAMED, "a"), put(OWN, "b")
    other = put(ELSEWHERE, "c")
    assert [one.id for one in claim()] == [other]


def test_a_rate_is_the_tenants(put, claim):
    """Two connections of one tenant have the smaller of their rates together; a third that says none has it too."""
    for number in range(3):
        for one in (OLD, RATED, named("fast", rate=50)):
            put(one, f"{one.name}-{number}")
    taken = [len(claim(now=NOW + n * SECOND / 10)) for n in range(11)]
    assert sum(taken) <= 6


def test_concurrency_is_the_tenants(put, claim):
    """Four calls at once for a tenant, or the smallest that one of its connections says."""
    for one in (OLD, RENAMED, OWN):
        for number in range(4):
            put(one, f"{one.name}-{number}")
    assert len(claim()) == 4
    put(named("narrow", concurrency=2), "n")
    assert claim() == []


def test_a_limit_that_cannot_be_read_stops_nobody(put, claim):
    """A rate that is a reference counts as none."""
    id = put(named(rate=SecretRef(kind="env", name="RATE")))
    assert [one.id for one in claim()] == [id]


def test_a_pause_follows_a_connection_to_its_new_name(put, claim, database):
    """And stops no other credential of the tenant."""
    scope = Scope(connection=OLD.name)
    accounts = {OLD.account}
    database.write(lambda c: pauses.add(c, scope, ANA, NOW, accounts))
    put(OLD, "a"), put(RENAMED, "b")
    own = put(OWN, "c")
    assert [one.id for one in claim()] == [own]
    with database.read() as connection:
        assert [one.connection.name for one in backlogs.all_of(connection)] == []
    database.write(lambda c: pauses.remove(c, scope))
    assert len(claim()) == 2


def test_what_waits_follows_its_reference(put, claim, finish, database, monkeypatch):
    """An address that an environment variable gives may change: what waits stands in line where it will go to."""
    ref = SecretRef(kind="env", name="VAMBE_URL")
    monkeypatch.setenv("VAMBE_URL", "https://old.example.com")
    before = tenants.named(replace(VAMBE, options={"base_url": ref}))
    old = put(before)
    (item,) = claim()
    finish(item, FAILED)
    monkeypatch.setenv("VAMBE_URL", "https://new.example.com/")
    after = tenants.named(before)
    assert database.write(relaning.relane) == 1
    assert row(database, old).lane == f"{after.tenant}/t1"
    new = put(after)
    (item,) = claim(now=NOW + 5 * SECOND)
    assert (item.id, item.connection.tenant) == (old, after.tenant)
    finish(item)
    assert [one.id for one in claim(now=NOW + 5 * SECOND)] == [new]
    assert database.write(relaning.relane) == 0


def test_a_path_follows_its_reference(add, database, monkeypatch):
    """Whose lane is a hash of the whole address."""
    ref = SecretRef(kind="env", name="ERP_URL")
    monkeypatch.setenv("ERP_URL", "https://old.example.com/v1")
    plain = replace(VAMBE, vendor="http", options={"base_url": ref}, auth={})
    lanes = []
    before = tenants.named(plain)
    lane = tenants.path_lane(*tenants.root(before), "/t/7")
    id = add("/t/7", connection=before, lane=lane)
    monkeypatch.setenv("ERP_URL", "https://new.example.com")
    lanes.append(tenants.path_lane(*tenants.root(tenants.named(plain)), "/t/7"))
    database.write(relaning.relane)
    assert [row(database, id).lane] == lanes


def test_an_address_that_is_not_known_here_is_left_alone(put, database, monkeypatch):
    """A process without the environment variable changes nothing."""
    ref = SecretRef(kind="env", name="VAMBE_URL")
    monkeypatch.setenv("VAMBE_URL", "https://old.example.com")
    one = tenants.named(replace(VAMBE, options={"base_url": ref}))
    id = put(one)
    lane = row(database, id).lane
    monkeypatch.delenv("VAMBE_URL")
    assert database.write(relaning.relane) == 0
    assert row(database, id).lane == lane


def test_a_spec_says_whose_it_is(put, database):
    """Name, tenant and account stand beside it, and come back."""
    id = put(OWN)
    with database.read() as connection:
        found = specs.of(connection, id)
    assert found == OWN and found.identity == OWN.identity
