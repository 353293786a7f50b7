"""Fewer round trips to a server: what is sent together, what shares a commit, and that no promise got weaker by it."""

import os
import time

import gevent
import pytest
from queueing import FAILED, SENT, known, state
from running import NOW
from sqlalchemy import bindparam, insert, text
from sqlalchemy.exc import DBAPIError

from bridge.errors import StoreRefused, StoreUnavailable
from bridge.model import Event, Request
from bridge.store import Together, events, views
from bridge.store.database import postgres, prepared
from bridge.store.database.writer import GroupWriter
from bridge.store.queue import attempts
from bridge.store.tables import pauses

_ADD = insert(pauses).values(
    {name: bindparam(name) for name in ("id", "since", "person", "reason")}
)


def put(connection, id):
    """A row whose id may be there already."""
    values = {"id": id, "since": NOW, "person": "p", "reason": "r"}
    return prepared.execute(connection, _ADD, values)


def rows(database):
    with database.read() as connection:
        return connection.execute(text("SELECT count(*) FROM pauses")).scalar_one()


def trips(connection, work, file):
    """How many answers of the server were waited for, as libpq itself saw it."""
    raw = connection.connection.driver_connection
    with file.open("wb") as trace:
        raw.pgconn.trace(os.dup(trace.fileno()))
        work()
        raw.pgconn.untrace()
    return file.read_text(errors="replace").count("ReadyForQuery")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_many_are_recorded_in_three_round_trips(database, add, claim, tmp_path):
    """However many attempts end together. Without prepared.pipelined it is six for each of them."""
    for number in range(10):
        add(f"t{number}")
    made = [(item, SENT) for item in claim()]
    with database.transaction() as connection:
        assert (
            trips(
                connection,
                lambda: attempts.finish_all(connection, made, NOW),
                tmp_path / "t",
            )
            <= 3
        )


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_many_are_stored_in_one_round_trip(database, tmp_path):
    """However many requests share a commit: what brought an event is known before its number is."""
    taken = [(_request(f"{n}"), [_event(f"{n}")]) for n in range(10)]
    with database.transaction() as connection:
        count = trips(
            connection, lambda: events.accept_all(connection, taken), tmp_path / "t"
        )
    assert count == 1
    with database.read() as connection:
        waiting = events.waiting(connection, ["s"], 50)
    assert [one.event_id for one in waiting] == [f"{n}" for n in range(10)]
    assert all(one.request.body == one.event_id.encode() for one in waiting)


def _request(body):
    return Request(
        method="POST",
        target="/hooks/s",
        headers=(),
        body=body.encode(),
        received_at=NOW,
    )


def _event(id):
    seen = {"occurred_at": NOW, "received_at": NOW, "payload": {}, "headers": {}}
    return Event(source="s", event_id=id, type="t", **seen)


def test_what_fails_in_a_pipeline_is_raised(database):
    """As without one: the error is SQLAlchemy's, and says nothing of the values. Nothing of it is stored."""
    with pytest.raises(DBAPIError) as caught, database.transaction() as connection:
        with prepared.pipelined(connection):
            for id in (1, 1, 2):
                put(connection, id)
    assert type(caught.value).__name__ == "IntegrityError"
    assert rows(database) == 0


def test_failed_transaction_is_not_taken_for_stored(database):
    """A server takes COMMIT for ROLLBACK after a statement failed, without a word. Fails without require_whole."""

    def careless(connection):
        put(connection, 1)
        try:
            put(connection, 1)
        except DBAPIError:
            pass  # and goes on as if nothing had happened
        return "stored"

    try:
        said = database.write(careless)
    except StoreUnavailable:
        said = "refused"
    assert (said, rows(database)) in (("stored", 1), ("refused", 0))


@pytest.mark.parametrize("how", ["COMMIT", "ROLLBACK"])
def test_transaction_that_ended_by_itself_is_not_taken_for_stored(database, how):
    """Nobody is told that it is stored. Fails when only a failed statement is looked for, and on SQLite none."""

    def ending(connection):
        put(connection, 1)
        connection.exec_driver_sql(how)

    with pytest.raises(StoreUnavailable):
        database.write(ending)
    assert database.write(lambda connection: put(connection, 2) and "stored")


def test_value_that_no_column_takes_is_refused(database):
    """As SQLAlchemy does: it is the job's own fault, so that a worker makes a dead letter of it and goes on."""

    def job(connection):
        values = {"id": 1, "since": "canary", "person": "p", "reason": "r"}
        with prepared.pipelined(connection):
            prepared.execute(connection, _ADD, values)

    with pytest.raises(StoreRefused) as caught:
        database.write(job)
    assert "canary" not in str(caught.value)
    assert rows(database) == 0


def test_jobs_that_wait_together_are_done_at_once(database):
    """Each gets its own value, in the order in which they came. Fails when the writer runs them one by one."""
    seen = []

    def work(connection, items):
        seen.append(items)
        return [item * 2 for item in items]

    database._writer = GroupWriter(database.transaction)
    jobs = [
        gevent.spawn(database.write, Together(work, number)) for number in range(20)
    ]
    gevent.joinall(jobs)
    assert [job.value for job in jobs] == [number * 2 for number in range(20)]
    assert len(seen) < 10


def test_one_that_fails_takes_nothing_else_with_it(database):
    """What cannot be done together is done one by one."""

    def work(connection, ids):
        with prepared.pipelined(connection):
            for id in ids:
                put(connection, id)
        return ids

    def one(id):
        try:
            return database.write(Together(work, id))
        except Exception as error:
            return type(error).__name__

    database._writer = GroupWriter(database.transaction)
    jobs = [gevent.spawn(one, id) for id in (1, 2, 2, 3)]
    gevent.joinall(jobs)
    assert [job.value for job in jobs] == [1, 2, "StoreRefused", 3]
    assert rows(database) == 3


def test_lost_lease_among_several(database, add, claim):
    """Of several attempts that are recorded at once, one whose lease is lost writes nothing, and the others all."""
    ids = [add(f"t{number}") for number in range(3)]
    first, second, third = claim()
    database.write(
        lambda c: c.exec_driver_sql(
            f"UPDATE deliveries SET owner = 'x' WHERE id = {second.id}"
        )
        and None
    )
    made = [(item, SENT) for item in (first, second, third)]
    done = database.write(lambda c: attempts.finish_all(c, made, NOW))
    assert [after is not None for after in done] == [True, False, True]
    assert [state(database, id) for id in ids] == ["delivered", "sending", "delivered"]
    with database.read() as connection:
        assert [len(views.attempts_of(connection, id)) for id in ids] == [1, 0, 1]


def test_success_after_a_failure_is_counted(database, add, claim):
    """The breaker learns from a success that is recorded together with the failure before it.

    Fails when attempts._settle leaves a connection as well that something was just learnt of.
    """
    add("t1")
    add("t2")
    first, second = claim()
    made = [(first, FAILED), (second, SENT)]
    database.write(lambda c: attempts.finish_all(c, made, NOW) and None)
    assert known(database, "vambe-cl").window_calls == 2


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_connection_that_was_idle_is_tried(database, monkeypatch):
    """After a restart of the server the first look finds a new connection. Fails without postgres._try."""
    monkeypatch.setattr(postgres, "IDLE", 0.0)
    with database.read() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with database.transaction() as connection:
        connection.execute(text(f"SELECT pg_terminate_backend({pid})"))
    time.sleep(0.1)
    assert rows(database) == 0
