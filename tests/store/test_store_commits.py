"""Requests that share a commit, and commits that fail: at the server, in the middle, or without an answer."""

from contextlib import contextmanager

import gevent
import psycopg
import pytest
from receiving import event, request
from running import NOW
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import OperationalError

from bridge.errors import StoreRefused, StoreUnavailable
from bridge.store import Together
from bridge.store.database import prepared
from bridge.store.database.writer import GroupWriter
from bridge.store.events import accept_all
from bridge.store.tables import events, payloads, rulesets

CUT = OperationalError(
    "COMMIT", None, psycopg.OperationalError("the connection is lost")
)
_RULESET = insert(rulesets).values(
    {name: bindparam(name) for name in ("hash", "texts", "activated_at")}
)


def _add_ruleset(connection, hash):
    """A row whose key may be there already."""
    values = {"hash": hash, "texts": {}, "activated_at": NOW}
    return prepared.execute(connection, _RULESET, values)


SEVERAL = [  # what requests hold: (event id, digest) of each of their events
    [("a", "1"), ("b", "1")],
    [],
    [("b", "1")],
    [("a", "2"), ("c", "1"), ("c", "2")],
    [("d", "1")],
    [("d", "1"), ("e", "1")],
]


def test_requests_with_the_same_events_in_one_commit(database):
    """Each is told the ids of its own events, of which one is stored; the same id with another body is a conflict, but
    for two bodies that one request has."""
    requests = [
        (request(str(number).encode()), [event(*one) for one in held])
        for number, held in enumerate(SEVERAL)
    ]
    database._writer = GroupWriter(database.transaction)
    jobs = [gevent.spawn(database.write, Together(accept_all, one)) for one in requests]
    gevent.joinall(jobs)
    with database.read() as connection:
        query = select(events.c.event_id, events.c.id, events.c.conflicts)
        rows = connection.execute(query.order_by(events.c.id)).all()
        query = select(payloads.c.body).order_by(payloads.c.body)
        bodies = list(connection.execute(query).scalars())
    ids = {name: id for name, id, _ in rows}
    assert [name for name, _, _ in rows] == ["a", "b", "c", "d", "e", "c:2"]
    assert [count for _, _, count in rows] == [1, 0, 0, 0, 0, 0]
    assert bodies == [b"0", b"3", b"4", b"5"]  # the others held nothing new
    told = [(job.value.ids, job.value.new, job.value.conflicts) for job in jobs]
    expected = [(2, 0), (0, 0), (0, 0), (2, 1), (1, 0), (1, 0)]
    names = [[name for name, _ in held] for held in SEVERAL]
    names[3] = ["a", "c", "c:2"]
    assert told == [
        (tuple(ids[name] for name in held), *counts)
        for held, counts in zip(names, expected)
    ]


@pytest.mark.parametrize("lost", ["before", "after"])
def test_commit_without_an_answer_is_not_tried_again(database, monkeypatch, lost):
    """Nobody is told that it is stored, and it is not done a second time: sent again, it is a duplicate if it was."""
    taken = (request(b"{}"), [event("a", "1")])
    done = []

    def job(connection):
        done.append(1)
        return accept_all(connection, [taken])

    transaction = database.transaction

    @contextmanager
    def cut():
        with transaction() as connection:
            yield connection
            if lost == "before":
                raise CUT
        raise CUT

    writer = type(database._writer)
    database._writer = writer(cut)
    with pytest.raises(StoreUnavailable):
        database.write(job)
    database._writer = writer(transaction)
    assert len(done) == 1
    (accepted,) = database.write(job)
    assert accepted.new == (1 if lost == "before" else 0)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_statements_of_a_failed_pipeline_can_be_run_again(database):
    """The driver prepares what it runs often, and knows what an error kept it from preparing: whenever that comes."""
    for before in range(8):
        name, twice = f"n{before}", [f"w{before}"] * 2

        def failing(connection):
            with prepared.pipelined(connection):
                for id in (name, *twice, "x", "y"):
                    _add_ruleset(connection, id)

        with pytest.raises(StoreRefused):
            database.write(failing)
        database.write(lambda connection: _add_ruleset(connection, name) and None)
    with database.read() as connection:
        assert len(connection.execute(select(rulesets.c.hash)).all()) == 8


def test_full_disk_fails_every_request_of_a_commit(sqlite):
    """SQLite takes back what it had of the transaction: no request of it is told that it is stored."""
    sqlite.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 60"))
    sqlite._writer = GroupWriter(sqlite.transaction)
    bodies = [b"small", b"x" * 10_000_000, b"after"]

    def one(number, body):
        taken = (request(body), [event(f"e{number}", "1")])
        return sqlite.write(Together(accept_all, taken))

    jobs = [gevent.spawn(one, *pair) for pair in enumerate(bodies)]
    for job in jobs:
        with pytest.raises(StoreUnavailable):
            job.get()
    with sqlite.read() as connection:
        assert connection.execute(select(events.c.id)).all() == []
