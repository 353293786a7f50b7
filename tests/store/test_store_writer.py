"""The writer under gevent: shared commits, and what happens to everyone when one job or the database fails."""

import threading
from contextlib import contextmanager

import gevent
import pytest
from sqlalchemy import text

from bridge.errors import StoreRefused, StoreUnavailable
from bridge.store import Database
from bridge.store.database.lock import FileLock
from bridge.store.database.writer import GroupWriter


@pytest.fixture
def opened(tmp_path):
    """A SQLite file with one table, written through a GroupWriter as a gevent process does."""
    database = Database(f"sqlite:///{tmp_path}/b.db")
    database._writer = GroupWriter(database.transaction)
    database.write(
        lambda c: c.exec_driver_sql("CREATE TABLE t (v TEXT UNIQUE, b BLOB)")
    )
    yield database
    database.close()


def put(value, size=0):
    def job(connection):
        values = {"v": value, "b": b"x" * size}
        connection.execute(text("INSERT INTO t VALUES (:v, :b)"), values)
        return value

    return job


def together(database, *jobs, timeout=60):
    """Writes jobs at once, so that they share a commit; each one's value or error."""

    def one(job):
        try:
            return database.write(job, timeout)
        except Exception as error:
            return error

    running = [gevent.spawn(one, job) for job in jobs]
    gevent.joinall(running)
    return [item.value for item in running]


def values(database):
    with database.read() as connection:
        return [
            row.v
            for row in connection.exec_driver_sql("SELECT v FROM t ORDER BY rowid")
        ]


def test_jobs_that_wait_together_share_a_commit(opened):
    """What queued while a commit ran is committed at once: far fewer transactions than jobs."""
    begun = []
    begin = opened.transaction

    @contextmanager
    def counting():
        begun.append(1)
        with begin() as connection:
            yield connection

    opened._writer = GroupWriter(counting)
    assert together(opened, *[put(str(number)) for number in range(50)]) == [
        str(number) for number in range(50)
    ]
    assert len(begun) < 10
    assert len(values(opened)) == 50


def test_failing_job_fails_alone(opened):
    """A job that raises, or that the database refuses, takes nothing else with it."""
    put_twice, raising = put("a"), lambda connection: 1 / 0
    first, refused, raised, last = together(
        opened, put("a"), put_twice, raising, put("b")
    )
    assert (first, last) == ("a", "b")
    assert isinstance(refused, StoreRefused) and isinstance(raised, ZeroDivisionError)
    assert values(opened) == ["a", "b"]


def test_full_disk_fails_everyone_in_the_commit(opened):
    """When SQLite rolls all back because the disk is full, nobody of that commit is told it is stored.

    Taking _check_alive out of engine.py, and letting _attempt swallow database errors, loses the first job.
    """
    opened.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 40"))
    results = together(opened, put("small"), put("big", 10_000_000), put("after"))
    assert all(isinstance(result, StoreUnavailable) for result in results)
    assert values(opened) == []
    assert "full" in str(results[1])


def test_writer_recovers_after_a_full_disk(opened):
    """When there is room again, the next write succeeds on a fresh connection."""
    opened.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 40"))
    together(opened, put("big", 10_000_000))
    assert together(opened, put("small")) == ["small"]
    assert values(opened) == ["small"]


def test_nobody_waits_for_ever(opened):
    """Whatever goes wrong around a transaction, every waiting caller gets an error and later ones are served."""
    begin, broken = opened.transaction, [True]

    @contextmanager
    def sometimes():
        if broken:
            raise RuntimeError("anything")
        with begin() as connection:
            yield connection

    opened._writer = GroupWriter(sometimes)
    assert all(
        isinstance(one, StoreUnavailable)
        for one in together(opened, put("a"), put("b"))
    )
    broken.clear()
    assert together(opened, put("c")) == ["c"]


def test_waiting_ends_after_the_timeout(opened):
    """A store that another process holds for too long is a 503, and nothing of it is stored when the lock is free."""
    held, release = threading.Event(), threading.Event()

    def hold():
        lock = FileLock(opened.url.database)
        with lock.held():
            held.set()
            release.wait(60)
        lock.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    (result,) = together(opened, put("late"), timeout=0.3)
    assert isinstance(result, StoreUnavailable)
    release.set()
    thread.join()
    assert together(opened, put("next")) == ["next"]
    assert values(opened) == ["next"]


def test_error_shows_no_values(opened):
    """What the database says of a statement never shows what was in it: it is a payload."""
    (error,) = together(
        opened, lambda c: c.execute(text("SELECT :v FROM nowhere"), {"v": "canary"})
    )
    assert "canary" not in str(error) and "canary" not in repr(error.__context__)


def test_refused_job_keeps_the_connection(opened):
    """A job's own fault is rolled back and costs no new connection: a sender could make us open one each time."""

    def of_writer(connection):
        return connection.connection.driver_connection

    opened.write(put("a"))
    before = opened.write(of_writer)
    with pytest.raises(StoreRefused):
        opened.write(put("a"))
    assert opened.write(of_writer) is before


def test_two_that_wait_for_each_other_both_get_through(database):
    """A deadlock between two processes ends as if it had not been: the one that PostgreSQL stops runs again.

    Fails on PostgreSQL when database_is_well does not know deadlocks. SQLite has one writer at a time.
    """
    second = Database(database.url.render_as_string(hide_password=False))
    insert = "INSERT INTO lane_marks (lane, rule, at) VALUES (:lane, 'r', 1) ON CONFLICT DO NOTHING"
    holding = [threading.Event(), threading.Event()]

    def crossing(mine, lanes):
        def job(connection):
            connection.execute(text(insert), {"lane": lanes[0]})
            holding[mine].set()
            holding[1 - mine].wait(0.5)
            connection.execute(text(insert), {"lane": lanes[1]})
            return mine

        return job

    done = []
    other = threading.Thread(
        target=lambda: done.append(second.write(crossing(1, "ba")))
    )
    other.start()
    done.append(database.write(crossing(0, "ab")))
    other.join(60)
    second.close()
    assert sorted(done) == [0, 1]
