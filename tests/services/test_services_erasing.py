"""Erasing a person's content: nothing of it is left in the store, and nothing that may still be sent is touched."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from running import MAPPING
from sqlalchemy import insert, select, update
from state_guard import take_off
from working import TICKET, Bench, accept, paid

from bridge.errors import ConfigurationError, InputRefused
from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.services import erasing, finding, payloads, recording, rulesets, steer
from bridge.services.replay import Replayer
from bridge.services.trace import trace
from bridge.settings import Settings
from bridge.state import UNFINISHED, State
from bridge.store import events as stored_events
from bridge.store import ledger as ledger_rows
from bridge.store.audit import By
from bridge.store.tables import (
    attempts,
    audit,
    backtests,
    bulk_acts,
    bulk_items,
    deliveries,
    events,
    ledger,
    metadata,
)
from bridge.store.tables import payloads as requests

CANARY = "canary-4f1d@example.com"
OTHER = "b1b2c3d4-e5f6-7890-abcd-ef1234567890"
RULES = MAPPING.replace(
    "    target: vambe.update_amount",
    "    when: event.data.object.customer_email != 'none'\n    target: vambe.update_amount",
)
WHY = By(person="ana", reason="she asked for it")


@pytest.fixture
def bench(database, sandbox, monkeypatch):
    """A worker whose rules are in force, on both databases."""
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    monkeypatch.setenv("KAPTURE_TOKEN", DEFAULT_CREDENTIALS["kapture"])
    sandbox.know("vambe", TICKET, OTHER)
    made = Bench(database, sandbox, RULES)
    rulesets.activate(database, made.ruleset)
    return made


def now():
    return datetime.now(UTC)


def named(id, ticket=TICKET, mail=CANARY):
    event = paid(id, ticket=ticket)
    event["data"]["object"]["customer_email"] = mail
    return event


def delivered(bench, id, **given):
    """The number of an event whose update was delivered."""
    number = bench.receive(named(id, **given))
    bench.work()
    return number


def quoted(database, event):
    """Puts the canary wherever content of an event is kept."""
    text, data, object = CANARY, CANARY.encode(), {"event": event, "mail": CANARY}
    at = now()

    def job(tx):
        for table, values in (
            (requests, {"target": text, "headers": object}),
            (events, {"fetched": data, "fetched_headers": object}),
            (deliveries, {"call": object, "body": data, "fields": object}),
            (deliveries, {"reason": text}),
            (attempts, {"reason": text, "reply": data}),
            (ledger, {"fields": object}),
        ):
            tx.execute(update(table).values(values))
        shared = {"words": "id:1", "options": {}, "person": "ana", "reason": ""}
        for id, act, target in ((1, "replay", 1), (2, "reroute", event)):
            row = {"id": id, "act": act, "state": "finished", "planned_at": at}
            tx.execute(insert(bulk_acts).values(**row, **shared))
            row = {"bulk": id, "target": target, "state": "done"}
            tx.execute(insert(bulk_items).values(**row, message=text, why=text))
        row = {"asked": {}, "patch": "", "person": "ana", "state": "finished"}
        row |= {"started_at": at, "seen_at": at}
        tx.execute(insert(backtests).values(**row, result={"examples": [object]}))

    database.write(job)


def rows(database):
    """Every value of every table, as text."""
    with database.read() as tx:
        return "\n".join(
            str([*row])
            for table in metadata.sorted_tables
            for row in tx.execute(select(table))
        )


def bodies(database):
    """The bodies of all requests."""
    with database.read() as tx:
        return b"".join(tx.execute(select(requests.c.body)).scalars())


def test_nothing_of_it_is_left(bench):
    """The canary stands in no row of any table, and the audit trail says who and why, not what."""
    event = delivered(bench, "evt_1")
    quoted(bench.database, event)
    assert rows(bench.database).count(CANARY) > 14
    done = erasing.erase(
        bench.database, erasing.plan_ticket(bench.database, TICKET), WHY, now()
    )
    assert (done.events, done.ledger, [*done.blocked]) == ([event], 1, [])
    assert CANARY not in rows(bench.database)
    with bench.database.read() as tx:
        told = tx.execute(select(audit.c.person, audit.c.reason, audit.c.subject))
        told = [row for row in told.all() if row.reason == WHY.reason]
        assert [row.subject for row in told] == [
            {"events": [event]},
            {"ticket": TICKET, "ledger": 1},
        ]
    again = erasing.plan_ticket(bench.database, TICKET)
    assert ([*again.events], again.ledger) == ([event], 0)


def test_no_file_of_the_store_holds_it(sqlite, sandbox, monkeypatch):
    """On SQLite it is gone from the bytes of the database and of its log, not only from the rows."""
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    bench = Bench(sqlite, sandbox, RULES)
    sandbox.know("vambe", TICKET)
    rulesets.activate(sqlite, bench.ruleset)
    large = bench.receive(named("evt_1") | {"note": CANARY * 2_000})
    bench.work()
    folder = Path(sqlite.url.database).parent
    files = [path for path in folder.iterdir() if path.is_file()]
    assert any(CANARY.encode() in path.read_bytes() for path in files)
    plan = erasing.plan_ids(sqlite, [large])
    erasing.erase(sqlite, plan, WHY, now())
    for path in files:
        assert CANARY.encode() not in path.read_bytes(), path.name


def test_others_keep_theirs(bench):
    """What belongs to other tickets and events stays as it is."""
    mine = delivered(bench, "evt_1")
    other = delivered(bench, "evt_2", ticket=OTHER, mail="other@example.com")
    plan = erasing.plan_ticket(bench.database, TICKET)
    erasing.erase(bench.database, plan, WHY, now())
    left = rows(bench.database)
    assert CANARY not in left and "other@example.com" in left
    with bench.database.read() as tx:
        (row,) = ledger_rows.of_ticket(tx, OTHER, 5)
        assert row["fields"] and row["event"] == other != mine


@pytest.mark.parametrize("state", [*UNFINISHED, State.DEAD])
def test_what_may_still_be_sent_is_left(bench, state):
    """Unfinished and dead deliveries keep all that they came from, and are named with what to do."""
    event = delivered(bench, "evt_1")

    def job(tx):
        take_off(tx)
        tx.execute(update(deliveries).values(state=state))

    bench.database.write(job)
    before = rows(bench.database)
    plan = erasing.plan_ids(bench.database, [event])
    assert [*plan.events] == [] and plan.blocked[0].delivery == 1
    assert str(state) in plan.blocked[0].message.replace("being sent", "sending")
    assert rows(bench.database) == before
    done = erasing.erase(bench.database, plan, WHY, now())
    assert (done.events, rows(bench.database)) == ([], before)


def test_a_cancelled_one_goes(bench, sandbox):
    """Once it is cancelled, a dead letter is erased like any other."""
    sandbox.fault("vambe", status=422, count=1)
    event = delivered(bench, "evt_1")
    assert bench.states() == [State.DEAD]
    assert not erasing.plan_ids(bench.database, [event]).events
    steer.cancel(bench.database, [1])
    plan = erasing.plan_ids(bench.database, [event])
    erasing.erase(bench.database, plan, WHY, now())
    assert CANARY not in rows(bench.database)


def test_an_event_that_waits_is_left(bench):
    """Its rules were not asked yet: it keeps its request."""
    event = bench.receive(named("evt_1"))
    plan = erasing.plan_ids(bench.database, [event])
    assert [one.message for one in plan.blocked] == [
        f"event {event} waits for the rules"
    ]
    erasing.erase(bench.database, plan, WHY, now())
    assert CANARY.encode() in bodies(bench.database)


def test_what_changed_since_the_plan_is_left(bench):
    """A plan promises nothing: what is replayed before it is done keeps what it needs, and is named."""
    event = delivered(bench, "evt_1")
    plan = erasing.plan_ids(bench.database, [event])
    sent = Replayer(bench.database)
    assert sent.send(sent.plan(1), By()).ok
    done = erasing.erase(bench.database, plan, WHY, now())
    assert done.events == [] and done.blocked[0].delivery == 2
    bench.work()
    assert bench.states() == [State.DELIVERED, State.DELIVERED]


def test_a_request_goes_as_a_whole(database, bench):
    """What came in the same request is erased with it, and the plan says so first."""
    first, second = delivered(bench, "evt_1"), delivered(bench, "evt_2")
    shared = select(events.c.payload_id).where(events.c.id == first).scalar_subquery()
    database.write(lambda tx: tx.execute(update(events).values(payload_id=shared)))
    plan = erasing.plan_ids(database, [first])
    assert ([*plan.events], [*plan.besides]) == ([first, second], [second])


def test_a_reason_is_needed(bench):
    """Nothing is erased without one."""
    plan = erasing.plan_ids(bench.database, [delivered(bench, "evt_1")])
    for reason in ("", "  "):
        with pytest.raises(InputRefused):
            erasing.erase(bench.database, plan, By(person="a", reason=reason), now())
    assert CANARY in rows(bench.database)


def test_content_is_found_however_old(bench):
    """A filter by content looks at everything, not only at the last day: else a person's content would stay."""
    event = delivered(bench, "evt_1")
    old = datetime(2026, 1, 1, tzinfo=UTC)
    bench.database.write(lambda tx: tx.execute(update(events).values(received_at=old)))
    where = erasing.read(f"payload.data.object.customer_email={CANARY}", now())
    assert [*erasing.plan_filter(bench.database, where).events] == [event]
    assert not finding.find(bench.database, "events", CANARY, now=now()).rows


def test_every_face_says_it_is_gone(bench):
    """Trace, payload, recording, replay and search hold nothing of it any more, and say why."""
    event = delivered(bench, "evt_1")
    words = f"since:7d payload.data.object.customer_email={CANARY}"
    assert finding.find(bench.database, "events", words, now=now()).rows
    plan = erasing.plan_ids(bench.database, [event])
    erasing.erase(bench.database, plan, WHY, now())
    assert not finding.find(bench.database, "events", words, now=now()).rows
    found = trace(
        bench.database,
        event,
        active=bench.ruleset,
        settings=Settings(),
        now=now(),
        revealed=True,
    )
    assert found.event["payload_deleted"] and found.now == ()
    assert {line.reason for line in found.then} == {"erased"}
    assert CANARY not in repr(found)
    with bench.database.read() as tx:
        stored = stored_events.load(tx, event)
        (written,) = ledger_rows.of_ticket(tx, TICKET, 5)
    assert (written["event"], written["fields"]) == (event, {})
    gone = payloads.payload(stored, bench.ruleset, "", revealed=True)
    assert (gone.value, gone.headers) == (None, ()) and "deleted" in gone.problem
    with pytest.raises(ConfigurationError, match="erased"):
        recording.recorded(stored, mask=False)
    for rules in (None, bench.ruleset):
        problem = Replayer(bench.database, rules=rules).plan(1).problem
        assert "erased" in problem
    assert bench.states() == [State.DELIVERED]


def test_a_sender_that_sends_it_again_is_recognised(bench):
    """Its id stays, so the same event from its sender leads to nothing."""
    event = delivered(bench, "evt_1")
    plan = erasing.plan_ids(bench.database, [event])
    erasing.erase(bench.database, plan, WHY, now())
    again = bench.database.write(
        lambda tx: accept(tx, bench.ruleset, "stripe", named("evt_1"))
    )
    assert [*again.ids] == [event] and CANARY not in rows(bench.database)
