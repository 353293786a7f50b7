"""What an error of a database says: whether it is away, or does not take this one thing."""

import secrets
import sqlite3
from itertools import count

import psycopg
import pytest
from running import NOW
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from bridge.errors import StoreLost, StoreRefused, StoreUnavailable
from bridge.store.database import faults
from bridge.store.database.columns import LONGEST, bounded
from bridge.store.database.jobs import Entry
from bridge.store.queue import lanes
from bridge.store.tables import lane_marks

# Statements that are wrong by themselves, in the classes that psycopg and sqlite3 give to lost connections as well.
POSTGRESQL = {
    "a row too long for an index": "INSERT INTO t VALUES ('{long}')",
    "a number out of range": "SELECT 2147483647::int + 1",
    "an internal error": "SELECT ('x' || repeat('y', 1000))::regclass",
    "a division": "SELECT 1 / 0",
    "text that is no number": "SELECT 'x'::int",
}
SQLITE = {
    "a value too big": "SELECT zeroblob(2147483648)",
    "a duplicate": "INSERT INTO t VALUES ('a'), ('a')",
    "too many values": f"SELECT {','.join(str(n) for n in range(3000))}",
    "an overflow": "SELECT abs(-9223372036854775807 - 1)",
}


def filled(database):
    database.write(lambda c: c.exec_driver_sql("CREATE TABLE t (v TEXT UNIQUE)"))
    return database


def commit(database, jobs):
    """What became of jobs that share a commit."""
    entries = [Entry(job) for job in jobs]
    return [done for _, done in database._writer._commit(lambda: entries)]


@pytest.mark.parametrize("what", POSTGRESQL)
def test_what_postgresql_does_not_take_is_its_own_fault(postgres, what):
    """A statement that fails by itself is refused, whatever class its error has, and the next job is carried out."""
    sql = POSTGRESQL[what].format(long=secrets.token_hex(4_000))
    with pytest.raises(StoreRefused):
        filled(postgres).write(lambda c: c.exec_driver_sql(sql))
    assert postgres.write(lambda c: c.exec_driver_sql("SELECT 1").scalar()) == 1


@pytest.mark.parametrize("what", SQLITE)
def test_what_sqlite_does_not_take_is_its_own_fault(sqlite, what):
    """The same on SQLite, by its result code."""
    with pytest.raises(StoreRefused):
        filled(sqlite).write(lambda c: c.exec_driver_sql(SQLITE[what]))
    assert sqlite.write(lambda c: c.exec_driver_sql("SELECT 1").scalar()) == 1


def test_a_session_that_ends_is_a_loss(postgres):
    """The server may be away, or end each session at this one thing: it is told apart from both."""
    end = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(StoreLost):
        postgres.write(lambda c: c.exec_driver_sql(end))
    assert postgres.write(lambda c: c.exec_driver_sql("SELECT 1").scalar()) == 1


AWAY = ("53100", "58030", "57P03", "08006", "53300", "25006", "28P01", "XX001")
OWN = ("54000", "22003", "23505", "22P05", "XX000", "21000", "22001")


@pytest.mark.parametrize("state", AWAY + OWN)
def test_a_sqlstate_decides(state):
    """Connection, disk, shutdown, resources: away. A limit of the program, a value, a constraint: its own fault."""
    error = DBAPIError("", None, psycopg.errors.lookup(state)("x"))
    assert faults.database_is_well(error) is (state in OWN)


@pytest.mark.parametrize(
    "code", ["BUSY", "IOERR_FSYNC", "FULL", "READONLY", "CANTOPEN", "CORRUPT", "NOMEM"]
)
def test_a_code_of_sqlite_decides(code):
    """What concerns the file, the disk or memory is not the statement's fault."""
    driver_error = sqlite3.OperationalError("x")
    driver_error.sqlite_errorcode = getattr(sqlite3, f"SQLITE_{code}")
    assert not faults.database_is_well(OperationalError("", None, driver_error))


def test_a_job_at_which_the_session_ends_fails_alone(postgres):
    """Of jobs that share a commit, the one that ends the server's session each time takes no other with it."""
    filled(postgres)
    end = "SELECT pg_terminate_backend(pg_backend_pid())"
    jobs = [
        lambda c, n=n: c.execute(text("INSERT INTO t VALUES (:v)"), {"v": f"{n}"})
        for n in range(5)
    ]
    jobs.insert(2, lambda c: c.exec_driver_sql(end))
    done = commit(postgres, jobs)
    failed = [place for place, one in enumerate(done) if hasattr(one, "error")]
    assert failed == [2] and isinstance(done[2].error, StoreLost)
    with postgres.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 5


def test_nobody_waits_for_a_database_that_is_away(postgres):
    """When the connection is lost again and again, it is tried a few times, not once for every job."""
    tries = count()

    def away(connection):
        next(tries)
        raise OperationalError("", None, psycopg.OperationalError("gone"))

    done = commit(postgres, [away] * 200)
    assert all(isinstance(one.error, StoreUnavailable) for one in done)
    assert next(tries) < 5


def test_memory_that_is_short_for_one_job_fails_it_alone(database):
    """A MemoryError of one job is handed to whoever asked for it; those that shared its commit are done."""

    def heavy(connection):
        raise MemoryError

    one, two, three = commit(database, [lambda c: 1, heavy, lambda c: 3])
    assert (one.value, three.value) == (1, 3)
    assert isinstance(two.error, MemoryError)


@pytest.mark.parametrize("size", [LONGEST, LONGEST + 1, 100_000])
def test_text_in_an_index_is_bounded(database, size):
    """A longer key keeps its beginning and a hash, is found by the whole of it, and differs from others like it."""
    values = [("é" * size)[:size] + end for end in ("a", "b")]
    insert = lane_marks.insert()
    rows = [{"lane": value, "rule": "r", "at": None} for value in values]
    for row in rows:
        row["at"] = NOW
        database.write(lambda c, row=row: c.execute(insert, row))
    with database.read() as connection:
        query = lane_marks.select().where(lane_marks.c.lane == values[1])
        (found,) = connection.execute(query)
    assert len(found.lane.encode()) <= LONGEST
    assert found.lane.startswith("é" * 100)
    assert bounded(found.lane) == found.lane


def test_no_statement_grows_with_what_waits(database):
    """A claim may note 70,000 deliveries at once: more than either database takes parameters."""
    many = {id: id + 1 for id in range(1, 70_001)}
    database.write(lambda c: lanes.put_behind(c, many))
    database.write(lambda c: lanes.free(c, [*many]))
