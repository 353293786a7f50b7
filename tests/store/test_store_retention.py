"""What is forgotten when, and above all what is not."""

import sqlite3
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import aging
import pytest
from aging import days
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import NOW
from sqlalchemy import insert, select, update

from bridge.errors import StoreRefused
from bridge.state import FINISHED, UNFINISHED
from bridge.store import Database, bulk, migrate, replays
from bridge.store.audit import By
from bridge.store.keeping import retention, walk
from bridge.store.keeping.retention import Keep
from bridge.store.tables import (
    attempts,
    audit,
    bulk_acts,
    bulk_items,
    deliveries,
    events,
    lane_marks,
    ledger,
    payloads,
    rejections,
)

KEEP = Keep(
    payloads=timedelta(days=30), events=timedelta(days=90), ledger=timedelta(days=400)
)
OVER = {"delivered", "cancelled", "skipped", "shadow"}


def forget(database, now=NOW, keep=KEEP):
    return retention.forget(database, keep, now, lambda seconds: None)


def rows(database, *columns):
    with database.read() as connection:
        return connection.execute(select(*columns).order_by(columns[0])).all()


def with_newest(connection):
    (event,) = aging.request(connection, 0)
    aging.delivery(connection, event, "delivered", 0)


def test_payloads_go_first(database):
    """After 30 days the request, what was rendered from it and what was answered are empty; the rest stays."""

    def fill(connection):
        (event,) = aging.request(connection, 31)
        aging.delivery(connection, event, "delivered", 31)

    database.write(fill)
    assert forget(database)["payloads"] == 1
    ((_, body, headers, target, pruned),) = rows(
        database,
        payloads.c.id,
        payloads.c.body,
        payloads.c.headers,
        payloads.c.target,
        payloads.c.pruned_at,
    )
    assert (body, headers, target, pruned) == (b"", {}, "", NOW)
    ((_, call, sent, fields),) = rows(
        database,
        deliveries.c.id,
        deliveries.c.call,
        deliveries.c.body,
        deliveries.c.fields,
    )
    assert (call, sent, fields) == (None, None, None)
    assert rows(database, attempts.c.status, attempts.c.reply) == [(200, None)]
    assert forget(database) == {}


def test_rows_go_later(database):
    """After 90 days nothing is left of a request, and the newest numbers stay, so that none is given twice."""

    def fill(connection):
        (event,) = aging.request(connection, 91)
        aging.delivery(connection, event, "delivered", 91)
        (event,) = aging.request(connection, 91)
        aging.delivery(connection, event, "cancelled", 91)

    database.write(fill)
    forget(database)
    with database.read() as connection:
        for table in (payloads, events, deliveries, attempts):
            assert aging.count(connection, table) == 1, table.name
    assert rows(database, deliveries.c.id, deliveries.c.state) == [(2, "cancelled")]


def test_no_number_is_given_twice(database):
    """The ledger names events and deliveries by number: the newest of each stays, whichever request it came from."""

    def fill(connection):
        (event,) = aging.request(connection, 91)
        return event, aging.delivery(connection, event, "delivered", 91)

    event, delivery = database.write(fill)
    database.write(lambda c: aging.request(c, 91))  # nothing came of this one
    database.write(lambda c: aging.request(c, 91))
    assert forget(database)["requests"] == 1
    (newer,) = database.write(lambda c: aging.request(c, 0))
    assert newer == event + 3
    again = database.write(lambda c: aging.delivery(c, newer, "delivered", 0))
    assert again == delivery + 1
    assert forget(database)["requests"] == 2


@pytest.mark.parametrize("state", [*UNFINISHED, "dead"])
def test_what_may_still_be_sent_keeps_all_it_came_from(database, state):
    """An unfinished or dead delivery keeps its request, its event and what came of that, however old."""

    def fill(connection):
        (event,) = aging.request(connection, 4_000)
        aging.delivery(connection, event, state, 4_000)
        aging.delivery(connection, event, "delivered", 4_000)
        with_newest(connection)

    database.write(fill)
    done = forget(database)
    assert done == {"idempotency keys": 1}  # of the delivered one
    assert all(body for _, body in rows(database, payloads.c.id, payloads.c.body))
    assert [call for _, call in rows(database, deliveries.c.id, deliveries.c.call)]


def test_an_event_that_waits_for_the_rules_stays(database):
    """An event that no rule was asked about is kept, and so is what came with it."""
    database.write(lambda c: aging.request(c, 400, ("stored", "routed")))
    database.write(with_newest)
    assert forget(database) == {}


def test_age_counts_from_the_last_thing_that_happened(database):
    """A delivery that ended yesterday keeps a request of last year for as long as a new one."""

    def fill(connection):
        (event,) = aging.request(connection, 365)
        aging.delivery(connection, event, "delivered", 1)
        with_newest(connection)

    database.write(fill)
    assert forget(database) == {}
    assert forget(database, NOW + timedelta(days=30))["payloads"] == 1


def test_idempotency_keys_are_free_again_after_30_days(database):
    """However short payloads are kept, a key is unique per rule for 30 days after its delivery ended."""

    def fill(connection):
        (event,) = aging.request(connection, 40)
        aging.delivery(connection, event, "delivered", 31, idempotency_key="old")
        aging.delivery(connection, event, "delivered", 29, idempotency_key="young")
        aging.delivery(connection, event, "waiting", 40, idempotency_key="open")

    database.write(fill)
    short = Keep(
        payloads=timedelta(days=1), events=KEEP.events, ledger=timedelta(days=1)
    )
    forget(database, keep=short)
    found = rows(database, deliveries.c.id, deliveries.c.idempotency_key)
    assert [key for _, key in found] == [None, "young", "open"]


def test_lane_marks_go_where_nothing_can_come_back(database):
    """A mark older than any event is dropped, unless something of its lane may still be sent."""

    def fill(connection):
        (event,) = aging.request(connection, 200)
        aging.delivery(connection, event, "dead", 200, lane="dead")
        aging.delivery(connection, event, "held", 200, lane="held")
        for lane in ("dead", "held", "quiet"):
            aging.mark(connection, lane, 91)
        aging.mark(connection, "young", 89)
        aging.mark(connection, "backfilled", 400)
        made = update(lane_marks).where(lane_marks.c.lane == "backfilled")
        connection.execute(made.values(marked_at=NOW))

    database.write(fill)
    assert forget(database)["lane marks"] == 1
    assert {lane for (lane,) in rows(database, lane_marks.c.lane)} == {
        "backfilled",  # marked now, by an old event: others still compare with it
        "dead",
        "held",
        "young",
    }


def test_ledger_audit_and_rejections_have_their_own_age(database):
    """The ledger and the audit trail stay for 400 days, refusals for 7."""
    update_ = {"delivery": 1, "event": 1, "source": "s", "event_id": "e", "rule": "r"}
    update_ |= {"ruleset": "h", "connection": "c", "operation": "o", "ticket": "t"}
    update_ |= {"fields": {}, "status": 200}
    act = {"person": "p", "action": "retry", "subject": {}, "reason": ""}
    refused = {"source": "s", "reason": "r", "status": 401, "remote": "", "size": 0}

    def fill(connection):
        for age in (401, 399):
            connection.execute(insert(ledger), {**update_, "at": days(age)})
            connection.execute(insert(audit), {**act, "at": days(age)})
        for age in (8, 6):
            at = {"received_at": days(age)}
            connection.execute(insert(rejections), {**refused, **at})

    database.write(fill)
    assert forget(database) == {"ledger rows": 1, "audit rows": 1, "rejections": 1}
    assert rows(database, ledger.c.at) == [(days(399),)]


def test_bulk_acts_go_with_the_ledger_unless_they_are_under_way(database):
    """A bulk act that ended or was never started is deleted with its items; one under way stays."""

    def fill(tx):
        for age, state in (
            (401, "finished"),
            (401, "planned"),
            (401, "paused"),
            (399, "finished"),
        ):
            id = bulk.add(tx, "retry", "state:dead", {}, "ana", days(age))
            bulk.freeze(tx, id, [1, 2])
            tx.execute(
                update(bulk_acts).where(bulk_acts.c.id == id).values(state=state)
            )

    database.write(fill)
    assert forget(database) == {"items of bulk acts": 4, "bulk acts": 2}
    assert len(rows(database, bulk_items.c.id)) == 4
    assert rows(database, bulk_acts.c.state) == [("finished",), ("paused",)]


def test_one_pass_at_a_time(database):
    """Another worker that is at it is not joined."""
    database.write(lambda c: aging.request(c, 31))
    other = type(database)(database.url.render_as_string(hide_password=False))
    with other.turn("forgetting") as turn:
        assert turn.mine and forget(database) == {}
    other.close()
    assert forget(database)["payloads"] == 1


def test_writes_are_short(database, monkeypatch):
    """However much is due, a write concerns a batch, and the pass rests after each."""
    database.write(lambda c: [aging.request(c, 31) for _ in range(120)])
    monkeypatch.setattr(walk, "WINDOW", 100)
    rests = []
    done = retention.forget(database, KEEP, NOW, rests.append)
    assert done == {"payloads": 120}
    assert len(rests) > 120 / walk.BATCH and all(seconds > 0 for seconds in rests)


STATES = st.sampled_from([*UNFINISHED, *FINISHED])
AGES = st.integers(0, 200)
REQUESTS = st.lists(
    st.tuples(
        AGES,
        st.lists(
            st.tuples(
                st.sampled_from(["stored", "routed", "routed"]),
                st.lists(st.tuples(STATES, AGES), max_size=3),
            ),
            min_size=1,
            max_size=3,
        ),
    ),
    max_size=6,
)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(requests=REQUESTS, later=st.lists(st.integers(0, 100), min_size=1, max_size=3))
def test_whatever_happened(database, requests, later):
    """Of any history, pruned at any times: what may be sent keeps all it needs, event ids stay, what is over goes."""
    database.write(aging.clear)
    needed = database.write(lambda c: _live(c, requests))
    elapsed = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "WINDOW", 2)
        patch.setattr(walk, "BATCH", 1)
        for wait in later:
            elapsed += wait
            forget(database, NOW + timedelta(days=elapsed))
            _check(database, needed, elapsed)
        forget(database, NOW + timedelta(days=1_000))
    _check_end(database, needed)


def _live(connection, requests):
    """Stores a history; what of it must stay for ever: ids of events, of deliveries, and (event, age) of all."""
    kept = {"events": set(), "deliveries": set(), "ages": []}
    for age, held in requests:
        ids = aging.request(connection, age, [state for state, _ in held])
        made = [
            (event, state, aging.delivery(connection, event, state, min(ended, age)))
            for event, (_, calls) in zip(ids, held, strict=True)
            for state, ended in calls
        ]
        kept["ages"] += [(event, age) for event in ids]
        kept["deliveries"] |= {id for _, state, id in made if state not in OVER}
        open_ = {event for event, state, _ in made if state not in OVER}
        open_ |= {e for e, (at, _) in zip(ids, held, strict=True) if at == "stored"}
        kept["events"] |= open_
    with_newest(connection)
    return kept


def _check(database, needed, elapsed):
    with database.read() as connection:
        bodies = dict(
            connection.execute(
                select(events.c.id, payloads.c.body).join(
                    payloads, payloads.c.id == events.c.payload_id
                )
            ).all()
        )
        calls = dict(
            connection.execute(select(deliveries.c.id, deliveries.c.call)).all()
        )
        owners = connection.execute(select(deliveries.c.event)).scalars().all()
        tried = connection.execute(select(attempts.c.delivery)).scalars().all()
    assert all(bodies.get(event) for event in needed["events"])
    assert all(calls.get(id) for id in needed["deliveries"])
    assert {event for event, age in needed["ages"] if age + elapsed < 30} <= set(bodies)
    assert set(owners) <= set(bodies) and set(tried) <= set(calls)


def _check_end(database, needed):
    """Of what is over only the newest request is left, and what shares its request with something that stays."""
    with database.read() as connection:
        found = select(events.c.payload_id, events.c.id, deliveries.c.state).outerjoin(
            deliveries, deliveries.c.event == events.c.id
        )
        left = {}
        for payload, event, state in connection.execute(found):
            left.setdefault(payload, []).append((event, state))
    newest = max(left)
    for payload, held in left.items():
        kept = any(
            event in needed["events"] or state not in {*OVER, None}
            for event, state in held
        )
        assert kept or payload == newest


def test_the_file_stays_as_large_as_what_is_kept(sqlite, tmp_path):
    """A year of the same traffic, pruned day by day, needs no more room than its first months: pages are used again."""
    sizes = []
    file = tmp_path / "bridge.db"
    for day in range(0, 360, 15):
        now = NOW + timedelta(days=day)

        def receive(connection, at=-day):
            for _ in range(20):
                (event,) = aging.request(connection, at)
                aging.delivery(connection, event, "delivered", at, body=b"x" * 4_000)

        sqlite.write(receive)
        forget(sqlite, now)
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        sizes.append(file.stat().st_size)
    assert sizes[-1] <= 1.1 * sizes[8], sizes


@pytest.mark.parametrize(("step", "age"), [("payloads", 31), ("requests", 91)])
def test_a_replay_that_comes_in_between_is_sent(postgres, step, age):
    """On PostgreSQL a replay may be committed between the look and the forgetting: it keeps its request, and stays."""
    migrate(postgres)
    other = Database(postgres.url.render_as_string(hide_password=False))
    (event,) = postgres.write(lambda c: aging.request(c, age))
    old = postgres.write(lambda c: aging.delivery(c, event, "delivered", age))
    postgres.write(with_newest)
    (wanted,) = (one for one in retention.steps(KEEP, NOW) if one.name == step)
    made = []

    def act(connection, keys):
        made.append(
            other.write(lambda c: replays.repeat(c, old, By(), NOW, force=False))
        )
        wanted.act(connection, keys)

    with suppress(StoreRefused):
        walk.walk(postgres, replace(wanted, act=act), lambda seconds: None)
    other.close()
    found = rows(postgres, deliveries.c.id, deliveries.c.state, deliveries.c.call)
    assert (made[0], "waiting", {"method": "POST"}) in [tuple(row) for row in found]


def test_a_time_of_a_wrong_clock_stops_nothing(database):
    """One row from the future does not keep what is behind it for ever."""

    def fill(connection):
        aging.request(connection, -4_000)
        for _ in range(3):
            aging.request(connection, 91)
        aging.request(connection, 0)

    database.write(fill)
    assert forget(database)["requests"] == 3
