"""No event stops another: whatever one of them does to the bridge or its store, all others are routed and sent."""

import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from working import failed, paid

from bridge.store import routed
from bridge.store.queue import attempts
from bridge.store.tables import events
from bridge.worker import asking, recording

FOREVER = 60  # rounds: a batch that is tried for ever would take more


def route(bench):
    """Routes and sends until nothing is left; a round that fails is tried again, as the worker's loop does."""
    for _ in range(FOREVER):
        try:
            if not bench.worker.work_once():
                return bench.worker.join()
        except Exception:
            pass
        bench.worker.join()
    raise AssertionError("something is tried for ever")


def outcomes(bench):
    """Event id → what became of it, in order of receipt."""
    with bench.database.read() as connection:
        rows = connection.execute(events.select().order_by(events.c.id))
        return {row.event_id: row.outcome for row in rows}


def trap(database, ticket, sqlite, postgresql):
    """Makes the database do something to each delivery of a ticket."""
    if database.dialect == "sqlite":
        statements = [
            f"CREATE TRIGGER trap BEFORE INSERT ON deliveries WHEN NEW.ticket = '{ticket}' BEGIN {sqlite}; END"
        ]
    else:
        statements = [
            f"CREATE FUNCTION trap() RETURNS trigger AS $$ BEGIN {postgresql}; RETURN NEW; END $$ LANGUAGE plpgsql",
            "CREATE TRIGGER trap BEFORE INSERT ON deliveries FOR EACH ROW"
            f" WHEN (NEW.ticket = '{ticket}') EXECUTE FUNCTION trap()",
        ]
    for statement in statements:
        database.write(lambda c, sql=statement: c.exec_driver_sql(sql))


REFUSALS = {
    "a limit": "RAISE EXCEPTION 'x' USING ERRCODE = '54000'",
    "an internal error": "RAISE EXCEPTION 'x' USING ERRCODE = 'XX000'",
    "too little memory": "RAISE EXCEPTION 'x' USING ERRCODE = '53200'",
    "the end of the session": "PERFORM pg_terminate_backend(pg_backend_pid())",
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_the_database_does_not_take_is_buried(bench, what):
    """An event whose delivery fails in the database each time is a dead letter with the reason; others are sent."""
    raises = "SELECT RAISE(ABORT, 'no')"
    trap(bench.database, "poison", raises, REFUSALS[what])
    for number in range(3):
        bench.receive(failed(f"evt_{number}", tickets=f"{number}"))
    bench.receive(failed("evt_bad", tickets="poison"))
    bench.receive(failed("evt_last", tickets="9"))
    route(bench)
    found = outcomes(bench)
    assert found.pop("evt_bad") == "error"
    assert set(found.values()) == {"matched"}
    (dead,) = [row for row in bench.deliveries(state="dead") if not row["ticket"]]
    assert "store" in dead["reason"]


def test_a_very_long_ticket_stops_nobody(bench, sandbox):
    """A ticket of 16 KiB that does not compress is more than an index takes: it is routed like any other."""
    long = secrets.token_hex(8_000)
    bench.receive(failed("evt_bad", tickets=long))
    bench.receive(paid("evt_last"))
    route(bench)
    assert outcomes(bench) == {"evt_bad": "matched", "evt_last": "matched"}
    first, last = bench.deliveries()
    assert (first["ticket"][:50], len(first["ticket"]) < 1_100) == (long[:50], True)
    assert last["state"] == "delivered"
    assert bench.deliveries(ticket=long)[0]["id"] == first["id"]


@pytest.mark.parametrize("error", [MemoryError, RecursionError, TypeError])
@pytest.mark.parametrize("place", [(routed, "_rows"), (asking, "route")])
def test_what_fails_in_the_bridge_is_buried(bench, monkeypatch, error, place):
    """Memory that is short for one event, or a bug that it meets, is a dead letter which names it."""
    whole = getattr(*place)
    bad = bench.receive(failed("evt_bad"))

    def failing(what, *rest, **named):
        if bad in (getattr(what, "event", None), getattr(what, "id", None)):
            if not getattr(what, "decisions", ()) or what.decisions[0].rule:
                raise error
        return whole(what, *rest, **named)

    monkeypatch.setattr(*place, failing)
    bench.receive(paid("evt_last"))
    route(bench)
    assert outcomes(bench) == {"evt_bad": "error", "evt_last": "matched"}
    assert error.__name__ in bench.deliveries(state="dead")[0]["reason"]


def test_a_row_that_cannot_be_read_is_buried(bench):
    """An event whose stored headers are no JSON any more stops no other, also where reading the batch is what fails."""
    bad = bench.receive(failed("evt_bad"))
    bench.receive(paid("evt_last"))
    spoil = f"UPDATE payloads SET headers = '[' WHERE id = {bad}"
    bench.database.write(lambda c: c.exec_driver_sql(spoil))
    route(bench)
    assert outcomes(bench) == {"evt_bad": "error", "evt_last": "matched"}


def test_a_store_that_is_away_buries_nothing(bench, monkeypatch):
    """While the database takes nothing, events wait; when it is back, all of them are routed."""
    whole = bench.database.transaction
    away = OSError("no")

    def closed():
        raise away

    bench.receive(paid("evt_1"))
    monkeypatch.setattr(bench.database._writer, "_begin", closed)
    for _ in range(5):
        with pytest.raises(Exception, match="cannot take a write"):
            bench.worker.work_once()
    monkeypatch.setattr(bench.database._writer, "_begin", whole)
    route(bench)
    assert outcomes(bench) == {"evt_1": "matched"}


def test_an_answer_that_cannot_be_recorded_is_a_dead_letter(bench, monkeypatch):
    """What the store has against an attempt is told on its delivery, with what the vendor said; others are recorded."""
    whole = attempts._record

    def failing(database, recorded, now):
        for item, attempt, _ in recorded:
            if item.event == bad and attempt.outcome.code != recording.CODE:
                raise MemoryError
        return whole(database, recorded, now)

    monkeypatch.setattr(attempts, "_record", failing)
    bad = bench.receive(paid("evt_bad"))
    bench.receive(failed("evt_last"))
    route(bench)
    dead, *others = bench.deliveries()
    assert {row["state"] for row in others} == {"delivered"}
    assert (dead["state"], dead["code"]) == ("dead", "not_recorded")
    assert "HTTP 200" in dead["reason"] and "MemoryError" in dead["reason"]


def test_a_call_that_cannot_be_read_stops_no_claim(bench):
    """A delivery whose stored call is no JSON any more is a dead letter, and what is claimed with it is sent."""
    bad = bench.receive(paid("evt_bad"))
    bench.receive(failed("evt_last"))
    bench.worker._router.route_waiting(bench.ruleset)
    spoil = f"UPDATE deliveries SET call = '[' WHERE event = {bad}"
    bench.database.write(lambda c: c.exec_driver_sql(spoil))
    route(bench)
    dead, *others = bench.deliveries()
    assert (dead["state"], dead["code"]) == ("dead", "unreadable")
    assert {row["state"] for row in others} == {"delivered"}


@pytest.fixture
def count():
    numbers = iter(range(1_000_000))
    return lambda: next(numbers)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["good", "good", "store", "memory", "row"])))
def test_all_good_ones_are_routed_in_order(bench, count, kinds):
    """Any mix of good and poisoned events: each good one is matched, in order of receipt, each bad one an error."""
    numbers = [(kind, bench.receive(failed(f"e{count()}"))) for kind in kinds]
    bad = {kind: {id for one, id in numbers if one == kind} for kind in set(kinds)}
    for id in bad.get("row", ()):
        spoil = f"UPDATE payloads SET headers = '[' WHERE id = {id}"
        bench.database.write(lambda c, sql=spoil: c.exec_driver_sql(sql))
    whole_rows, whole_take = routed._rows, routed._take

    def rows(verdict, *rest):
        if verdict.event in bad.get("memory", ()) and verdict.decisions[0].rule:
            raise MemoryError
        return whole_rows(verdict, *rest)

    def take(connection, verdict, *rest):
        if verdict.event in bad.get("store", ()) and verdict.decisions[0].rule:
            connection.exec_driver_sql("SELECT 1 / 0, abs(-9223372036854775807 - 1)")
        return whole_take(connection, verdict, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routed, "_rows", rows)
        patch.setattr(routed, "_take", take)
        while bench.worker._router.route_waiting(bench.ruleset):
            pass
    with bench.database.read() as connection:
        found = {row.id: row.outcome for row in connection.execute(events.select())}
    for kind, id in numbers:
        assert found[id] == ("matched" if kind == "good" else "error")
    made = [row["event"] for row in bench.deliveries() if row["ticket"]]
    good = [id for kind, id in numbers if kind == "good"]
    assert [id for id in dict.fromkeys(made) if id in good] == good
